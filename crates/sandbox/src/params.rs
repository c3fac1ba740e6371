//! Parameters of a request, wherever they are: query, form, JSON body.

use serde_json::{Map, Value};

use super::error::Refusal;

/// Every parameter by name; a later source replaces an earlier one. Texts from query and form stay
/// text; a JSON body keeps its types.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Params(Map<String, Value>);

impl Params {
    pub(crate) fn of(map: Map<String, Value>) -> Self {
        Self(map)
    }

    pub(crate) fn add_encoded(&mut self, text: &[u8]) {
        for (name, value) in url::form_urlencoded::parse(text) {
            self.0.insert(name.into_owned(), Value::String(value.into_owned()));
        }
    }

    /// Adds a JSON object; anything else is no set of parameters.
    pub(crate) fn add_json(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(map)) => {
                self.0.extend(map);
                Ok(())
            }
            _ => Err(Refusal::parameter("The request body is not a JSON object")),
        }
    }

    /// Adds the text fields of a multipart body; files among them are left out.
    pub(crate) fn add_multipart(&mut self, body: &[u8], content_type: &str) -> Result<(), Refusal> {
        let boundary = content_type.split(';').find_map(|part| part.trim().strip_prefix("boundary="));
        let boundary = boundary.ok_or_else(|| Refusal::parameter("The multipart body has no boundary"))?;
        let text = String::from_utf8_lossy(body);
        for part in text.split(&format!("--{}", boundary.trim_matches('"'))).skip(1) {
            let Some((head, value)) = part.split_once("\r\n\r\n") else { continue };
            let name = head.split_once("name=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(name, _)| name);
            if let Some(name) = name.filter(|_| !head.contains("filename=")) {
                let value = value.strip_suffix("\r\n").unwrap_or(value);
                self.0.insert(name.to_owned(), Value::from(value));
            }
        }
        Ok(())
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null() && value != "")
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(crate) fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Text; numbers and booleans as their JSON text. Empty counts as absent.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::Null => None,
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        self.text(name)
            .map(|text| match text.to_ascii_lowercase().as_str() {
                "true" | "1" => Ok(true),
                "false" | "0" => Ok(false),
                _ => Err(Refusal::parameter(format_args!("Param {name} must be a boolean"))),
            })
            .transpose()
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.text(name)
            .map(|text| text.parse().map_err(|_| Refusal::parameter(format_args!("Param {name} must be an integer"))))
            .transpose()
    }

    /// A list of texts: JSON array, its text, or comma-separated.
    pub(crate) fn list(&self, name: &str) -> Result<Option<Vec<String>>, Refusal> {
        if !self.has(name) {
            return Ok(None);
        }
        let wrong = || Refusal::parameter(format_args!("Param {name} must be an array of strings"));
        let items = match &self.0[name] {
            Value::Array(items) => items.clone(),
            Value::String(text) => match serde_json::from_str(text) {
                Ok(Value::Array(items)) => items,
                _ if text.starts_with('[') => loose(text).ok_or_else(wrong)?,
                _ => text.split(',').map(|part| Value::from(part.trim())).collect(),
            },
            Value::Number(number) => vec![Value::Number(number.clone())],
            _ => return Err(wrong()),
        };
        items
            .into_iter()
            .map(|item| match item {
                Value::String(text) => Ok(text),
                Value::Number(number) => Ok(number.to_string()),
                _ => Err(wrong()),
            })
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// A list of objects: JSON array or its text, also with bare keys and single quotes.
    pub(crate) fn objects(&self, name: &str) -> Result<Option<Vec<Map<String, Value>>>, Refusal> {
        if !self.has(name) {
            return Ok(None);
        }
        let wrong = || Refusal::parameter(format_args!("Param {name} must be an array of objects"));
        let Some(Value::Array(items)) = self.json(name) else { return Err(wrong()) };
        items
            .into_iter()
            .map(|item| match item {
                Value::Object(map) => Ok(map),
                _ => Err(wrong()),
            })
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// An object, as such or as JSON text.
    pub(crate) fn object(&self, name: &str) -> Result<Option<Map<String, Value>>, Refusal> {
        if !self.has(name) {
            return Ok(None);
        }
        match self.json(name) {
            Some(Value::Object(map)) => Ok(Some(map)),
            _ => Err(Refusal::parameter(format_args!("Param {name} must be an object"))),
        }
    }

    fn json(&self, name: &str) -> Option<Value> {
        match self.0.get(name)? {
            Value::String(text) => serde_json::from_str(text).ok().or_else(|| loose(text).map(Value::Array)),
            other => Some(other.clone()),
        }
    }
}

/// An array as people type it: bare keys, single quotes. Rewritten to JSON, then parsed.
fn loose(text: &str) -> Option<Vec<Value>> {
    let mut json = String::with_capacity(text.len() + 16);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' | '\'' => {
                let mut word = String::new();
                loop {
                    match rest.next()? {
                        '\\' => word.push(rest.next()?),
                        end if end == c => break,
                        other => word.push(other),
                    }
                }
                json.push_str(&Value::String(word).to_string());
            }
            c if c.is_alphabetic() || c == '_' => {
                let mut word = String::from(c);
                while let Some(next) = rest.next_if(|c| c.is_alphanumeric() || *c == '_' || *c == '.') {
                    word.push(next);
                }
                match word.as_str() {
                    "true" | "false" | "null" => json.push_str(&word),
                    "True" | "False" => json.push_str(&word.to_lowercase()),
                    _ => json.push_str(&Value::String(word).to_string()),
                }
            }
            other => json.push(other),
        }
    }
    match serde_json::from_str(&json).ok()? {
        Value::Array(items) => Some(items),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn one(name: &str, value: Value) -> Params {
        Params(Map::from_iter([(name.to_owned(), value)]))
    }

    #[test]
    fn lists_are_read_however_they_are_written() {
        for value in
            [json!("1,2"), json!("[\"1\",\"2\"]"), json!("[1,2]"), json!(["1", 2]), json!("['1','2']"), json!("1, 2")]
        {
            assert_eq!(one("children", value).list("children").unwrap().unwrap(), ["1", "2"]);
        }
        assert!(one("children", json!("[{}]")).list("children").is_err());
    }

    #[test]
    fn objects_are_read_with_bare_keys_and_single_quotes() {
        let tags = one("user_tags", json!("[{username:'x',x:0.5,y:1}]")).objects("user_tags").unwrap().unwrap();
        assert_eq!(Value::Object(tags[0].clone()), json!({ "username": "x", "x": 0.5, "y": 1 }));
        assert!(one("user_tags", json!("[1]")).objects("user_tags").is_err());
    }

    #[test]
    fn booleans_and_numbers_come_typed_or_as_text() {
        assert_eq!(one("a", json!(true)).flag("a").unwrap(), Some(true));
        assert_eq!(one("a", json!("0")).flag("a").unwrap(), Some(false));
        assert!(one("a", json!("maybe")).flag("a").is_err());
        assert_eq!(one("a", json!("1500")).number("a").unwrap(), Some(1500));
        assert_eq!(one("a", json!("")).number("a").unwrap(), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_a_list_panic(text in ".{0,40}") {
            let params = one("a", Value::String(text));
            let _ = (params.list("a"), params.objects("a"), params.object("a"));
        }
    }
}
