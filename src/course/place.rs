//! Where in a YAML file something stands: the file once more, as a tree whose nodes know their place.
//!
//! The types that a course is read into know no places, and need none: what is wrong with a value is said by whoever
//! reads it, and what is wrong between values is said by [`super::lint`], which looks their place up here.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::Spanned;

/// A place in a file: line and column, both from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct At {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl At {
    fn of<T>(spanned: &Spanned<T>) -> Self {
        let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        Self { line: number(spanned.referenced.line()), column: number(spanned.referenced.column()) }
    }
}

/// A value with its place.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Where it begins.
    pub at: At,
    /// What it is.
    pub value: Value,
}

/// What a node is.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// Keys with their places, and their values, in the order of the file.
    Map(Vec<(String, At, Node)>),
    /// Items.
    List(Vec<Node>),
    /// A text.
    Text(String),
    /// A number, a truth value, or nothing.
    #[default]
    Other,
}

impl Node {
    /// Reads a file; an empty tree where it is no YAML.
    pub fn read(text: &str) -> Self {
        super::read_yaml(text).unwrap_or_default()
    }

    /// What stands under a key, or as the item with this number (from 0).
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|(name, ..)| name == key).map(|(.., node)| node),
            Value::List(items) => items.get(key.parse::<usize>().ok()?),
            _ => None,
        }
    }

    /// Where the last key of a path stands (`cases`, `wrong`, `stale`), or the nearest above it that exists.
    pub fn at(&self, path: &[&str]) -> At {
        let Some((first, rest)) = path.split_first() else { return self.at };
        match &self.value {
            Value::Map(entries) => match entries.iter().find(|(name, ..)| name == first) {
                Some((_, at, _)) if rest.is_empty() => *at,
                // A path that ends early is answered by the key, not by the value that begins below it.
                Some((_, at, node)) if node.get(rest[0]).is_none() => *at,
                Some((.., node)) => node.at(rest),
                None => self.at,
            },
            Value::List(_) => self.get(first).map_or(self.at, |node| node.at(rest)),
            _ => self.at,
        }
    }

    /// Items of a list, none for anything else.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// Keys with places and values, none for anything but a map.
    pub fn entries(&self) -> &[(String, At, Node)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Every text in it, keys aside, in the order of the file.
    pub fn texts(&self) -> Vec<(At, &str)> {
        match &self.value {
            Value::Map(entries) => entries.iter().flat_map(|(.., node)| node.texts()).collect(),
            Value::List(items) => items.iter().flat_map(Node::texts).collect(),
            Value::Text(text) => vec![(self.at, text.as_str())],
            Value::Other => Vec::new(),
        }
    }
}

/// A value is wrapped, so that the reader says where it stands.
struct Plain(Value);

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Plain>::deserialize(deserializer)?;
        Ok(Self { at: At::of(&spanned), value: spanned.value.0 })
    }
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Plain)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any YAML value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, node)) = map.next_entry::<Spanned<String>, Node>()? {
            let at = At::of(&key);
            entries.push((key.value, at, node));
        }
        Ok(Value::Map(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# a comment
title: A title # and another
checks:
  - id: built
    check: { http: { port: 8080, body: { contains: [\"ä\", two] } } }
task: |
  First.
  Second.
";

    fn at(line: usize, column: usize) -> At {
        At { line, column }
    }

    #[test]
    fn everything_is_where_it_stands_in_the_file() {
        let tree = Node::read(TEXT);
        assert_eq!(tree.at(&["title"]), at(2, 1));
        assert_eq!(tree.at(&["checks", "0", "id"]), at(4, 5));
        assert_eq!(tree.at(&["checks", "0", "check", "http", "body"]), at(5, 34));
        let contains = tree.get("checks").and_then(|checks| checks.get("0")?.get("check")?.get("http")?.get("body"));
        let contains = contains.and_then(|body| body.get("contains")).unwrap().items();
        assert_eq!((contains[1].at, contains[1].text()), (at(5, 58), Some("two")));
    }

    #[test]
    fn a_path_that_ends_early_gives_the_nearest_key() {
        let tree = Node::read(TEXT);
        assert_eq!(tree.at(&["checks", "0", "weight"]), at(4, 5));
        assert_eq!(tree.at(&["title", "x"]), at(2, 1));
        assert_eq!(tree.at(&["nothing"]), at(2, 1));
    }

    #[test]
    fn what_is_no_yaml_is_an_empty_tree() {
        assert!(Node::read("a: [").texts().is_empty());
    }
}
