//! As much of GitHub's expressions as the files of this repository use.

use serde_json::{Value, json};

/// Replaces every `${{ … }}` of a text.
pub fn interpolate(text: &str, contexts: &Value) -> String {
    let mut done = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        let (expression, after) = after.split_once("}}").unwrap();
        done.push_str(before);
        done.push_str(&shown(&evaluate(expression, contexts)));
        rest = after;
    }
    done + rest
}

/// The value of one expression.
pub fn evaluate(expression: &str, contexts: &Value) -> Value {
    let mut parser = Parser { rest: expression.trim(), contexts };
    let value = parser.or();
    assert!(parser.rest.is_empty(), "not understood: {} of {expression}", parser.rest);
    value
}

pub fn is_true(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false)) && *value != json!("") && *value != json!(0)
}

pub fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

struct Parser<'a> {
    rest: &'a str,
    contexts: &'a Value,
}

impl<'a> Parser<'a> {
    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest.strip_prefix(token);
        if let Some(rest) = found {
            self.rest = rest.trim_start();
        }
        found.is_some()
    }

    fn or(&mut self) -> Value {
        let mut value = self.and();
        while self.eat("||") {
            let other = self.and();
            if !is_true(&value) {
                value = other;
            }
        }
        value
    }

    fn and(&mut self) -> Value {
        let mut value = self.compared();
        while self.eat("&&") {
            let other = self.compared();
            if is_true(&value) {
                value = other;
            }
        }
        value
    }

    fn compared(&mut self) -> Value {
        let left = self.unary();
        for (token, wanted) in [("==", true), ("!=", false)] {
            if self.eat(token) {
                let right = self.unary();
                return json!((shown(&left) == shown(&right)) == wanted);
            }
        }
        left
    }

    fn unary(&mut self) -> Value {
        if self.eat("!") {
            return json!(!is_true(&self.unary()));
        }
        if self.eat("(") {
            let value = self.or();
            assert!(self.eat(")"));
            return value;
        }
        if let Some(text) = self.rest.strip_prefix('\'') {
            let (text, rest) = text.split_once('\'').unwrap();
            self.rest = rest.trim_start();
            return json!(text);
        }
        let name = self.name();
        if self.eat("(") {
            let mut arguments = Vec::new();
            while !self.eat(")") {
                arguments.push(self.or());
                self.eat(",");
            }
            return self.call(name, &arguments);
        }
        match name {
            "true" => json!(true),
            "false" => json!(false),
            _ => name.split('.').fold(self.contexts.clone(), |value, part| value[part].clone()),
        }
    }

    fn name(&mut self) -> &'a str {
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || "_.-".contains(c))).unwrap_or(self.rest.len());
        assert!(end > 0, "not understood: {}", self.rest);
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        name
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Value {
        let failed = is_true(&self.contexts["job"]["failed"]);
        match name {
            "success" => json!(!failed),
            "failure" => json!(failed),
            "always" => json!(true),
            "format" => {
                let mut text = shown(&arguments[0]);
                for (place, argument) in arguments[1..].iter().enumerate() {
                    text = text.replace(&format!("{{{place}}}"), &shown(argument));
                }
                json!(text)
            }
            _ => panic!("unknown function {name}"),
        }
    }
}

#[test]
fn expressions_mean_what_they_mean_at_github() {
    let contexts =
        json!({ "inputs": { "late": true, "n": "3", "none": "" }, "steps": { "a": { "outputs": { "x": "1" } } } });
    assert_eq!(interpolate("a ${{ inputs.n }} b", &contexts), "a 3 b");
    assert_eq!(interpolate("${{ inputs.late && '--late' || '' }}", &contexts), "--late");
    assert_eq!(interpolate("${{ inputs.none && format('--n={0}', inputs.none) || '' }}", &contexts), "");
    assert_eq!(interpolate("${{ inputs.n && format('--n={0}', inputs.n) || '' }}", &contexts), "--n=3");
    assert!(is_true(&evaluate("steps.a.outputs.x == '1' && steps.b.outputs.hit != 'true'", &contexts)));
    assert!(!is_true(&evaluate("!(success() || failure())", &contexts)));
}
