//! Field selection: `id,caption,children.limit(2){id,media_type}`.

use serde_json::{Map, Value};

use super::error::{PARAMETER, Refusal};

/// One selected field.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// `limit(2)`
    pub(crate) limit: Option<usize>,
    /// `metric(reach,views)`
    pub(crate) metric: Option<String>,
    /// `breakdown(action_type)`
    pub(crate) breakdown: Option<String>,
    pub(crate) sub: Vec<Field>,
}

/// Nesting beyond this is a mistake or an attack.
const MAX_DEPTH: usize = 8;

/// # Errors
///
/// Code 2500 when braces or names make no sense.
pub(crate) fn parse(text: &str) -> Result<Vec<Field>, Refusal> {
    let mut parser = Parser { rest: text.trim() };
    let fields = parser.fields(0).filter(|_| parser.rest.is_empty());
    fields.ok_or_else(|| Refusal { code: 2500, ..PARAMETER.because("Syntax error in field expansion: fields") })
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn fields(&mut self, depth: usize) -> Option<Vec<Field>> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut fields = Vec::new();
        loop {
            fields.push(self.field(depth)?);
            if !self.eat(',') {
                return Some(fields);
            }
        }
    }

    fn field(&mut self, depth: usize) -> Option<Field> {
        let mut field = Field { name: self.word()?, ..Field::default() };
        while self.eat('.') {
            let modifier = self.word()?;
            let value = self.eat('(').then(|| self.until(')')).flatten()?;
            match modifier.as_str() {
                "limit" => field.limit = Some(value.parse().ok()?),
                "metric" => field.metric = Some(value),
                "breakdown" => field.breakdown = Some(value),
                _ => {}
            }
        }
        if self.eat('{') {
            field.sub = self.fields(depth + 1)?;
            self.eat('}').then_some(())?;
        }
        Some(field)
    }

    fn word(&mut self) -> Option<String> {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        (!word.is_empty()).then(|| word.to_owned())
    }

    fn until(&mut self, end: char) -> Option<String> {
        let (value, rest) = self.rest.split_once(end)?;
        self.rest = rest.trim_start();
        Some(value.trim().to_owned())
    }

    fn eat(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }
}

/// Something with fields.
pub(crate) trait Node {
    /// How Meta calls the type: `IGMedia`.
    const TYPE: &'static str;

    /// The value of a field: `Ok(None)` when it exists and this object has none, `Err(())` when no
    /// object of this type has it.
    fn field(&self, field: &Field) -> Result<Option<Value>, Unknown>;
}

/// Why a field has no value.
#[derive(Debug)]
pub(crate) enum Unknown {
    /// No object of this type has it.
    Field,
    /// A field below it is wrong.
    Below(Refusal),
}

/// The selected fields of a node, and always its id.
///
/// # Errors
///
/// Code 100 when a field does not exist: the whole request fails.
pub(crate) fn select(node: &impl Node, fields: &[Field]) -> Result<Value, Refusal> {
    let mut map = Map::new();
    let id = Field { name: "id".into(), ..Field::default() };
    for field in fields.iter().chain([&id]) {
        match node.field(field) {
            Ok(Some(value)) => {
                map.insert(field.name.clone(), value);
            }
            Ok(None) => {}
            Err(Unknown::Below(refusal)) => return Err(refusal),
            Err(Unknown::Field) => return Err(nonexisting(&field.name, type_of(node))),
        }
    }
    Ok(Value::Object(map))
}

fn type_of<N: Node>(_: &N) -> &'static str {
    N::TYPE
}

pub(crate) fn nonexisting(name: &str, node_type: &str) -> Refusal {
    Refusal::parameter(format_args!("Tried accessing nonexisting field ({name}) on node type ({node_type})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_nest_and_take_limits() {
        let fields = parse("id, children.limit(2){id,media_type},caption").unwrap();
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["id", "children", "caption"]);
        assert_eq!(fields[1].limit, Some(2));
        assert_eq!(fields[1].sub[1].name, "media_type");
        let insights = &parse("insights.metric(reach, views).breakdown(x)").unwrap()[0];
        assert_eq!((insights.metric.as_deref(), insights.breakdown.as_deref()), (Some("reach, views"), Some("x")));
    }

    #[test]
    fn broken_braces_are_refused() {
        for text in ["", "id,", "children{id", "children{id}}", "a b", "children.limit(x)", "é"] {
            assert_eq!(parse(text).unwrap_err().code, 2500, "{text}");
        }
        assert!(parse(&"a{".repeat(100_000)).is_err());
    }
}
