//! One value of a YAML file and its place.

use std::ops::Range;

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub value: Value,
    /// In bytes of the file. For a list or a map without brackets only its beginning; see [`Node::place`].
    pub span: Range<usize>,
    /// A comment right behind a value without quotes: the reader may have meant it as text.
    pub cut: Option<Range<usize>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `plain`: without quotes and not a block, so it may be a number, a boolean or null.
    Scalar {
        text: Box<str>,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One field of a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: Box<str>,
    pub key_span: Range<usize>,
    pub value: Node,
}

impl Node {
    /// The text of a scalar as YAML understands it, whatever its type.
    pub fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            Value::List(_) | Value::Map(_) => None,
        }
    }

    fn plain(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, plain: true } => Some(text),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.plain(), Some("" | "~" | "null" | "Null" | "NULL"))
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self.plain()? {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => None,
        }
    }

    /// Decimal only: `0x10` and `010` mean different things to different readers.
    pub fn as_whole(&self) -> Option<i64> {
        let text = self.plain()?;
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let is_decimal =
            digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
        if is_decimal { text.parse().ok() } else { None }
    }

    /// A finite number.
    pub fn as_number(&self) -> Option<f64> {
        let text = self.plain()?;
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let looks_numeric = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            && digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
        if looks_numeric { text.parse().ok().filter(|number: &f64| number.is_finite()) } else { None }
    }

    /// What the value is, for messages.
    pub fn describe(&self) -> &'static str {
        match &self.value {
            Value::List(_) => "a list",
            Value::Map(_) => "a group of fields",
            Value::Scalar { .. } if self.is_null() => "nothing",
            Value::Scalar { .. } if self.as_bool().is_some() => "true or false",
            Value::Scalar { .. } if self.as_number().is_some() => "a number",
            Value::Scalar { .. } => "text",
        }
    }

    /// The bytes to underline: a scalar's own, else those of the first scalar inside.
    pub fn place(&self) -> Range<usize> {
        match &self.value {
            Value::Scalar { .. } => self.span.clone(),
            Value::List(nodes) => nodes.first().map_or_else(|| self.span.clone(), Node::place),
            Value::Map(entries) => entries.first().map_or_else(|| self.span.clone(), |entry| entry.key_span.clone()),
        }
    }

    /// How many nodes and bytes of text a copy of this value costs.
    pub(super) fn weight(&self) -> (usize, usize) {
        let sum = |weights: &mut dyn Iterator<Item = (usize, usize)>| {
            weights.fold((1, 0), |(nodes, bytes), (n, b)| (nodes + n, bytes + b))
        };
        match &self.value {
            Value::Scalar { text, .. } => (1, text.len()),
            Value::List(nodes) => sum(&mut nodes.iter().map(Self::weight)),
            Value::Map(entries) => sum(&mut entries.iter().map(|entry| {
                let (nodes, bytes) = entry.value.weight();
                (nodes + 1, bytes + entry.key.len())
            })),
        }
    }
}
