//! The unvalidated document.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};

/// A value in any data format. It doesn't implement `Debug`, because it may contain secrets.
#[derive(Clone, PartialEq)]
pub(super) enum Node {
    Bool(bool),
    Float(f64),
    Integer(i64),
    List(Vec<Node>),
    Null,
    /// In the order of the document. A name may appear twice, which is reported as a problem.
    Table(Vec<(String, Node)>),
    Text(String),
}

impl Node {
    /// Returns the type of the value, for problem reports.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "a boolean",
            Self::Float(_) => "a float",
            Self::Integer(_) => "an integer",
            Self::List(_) => "a list",
            Self::Null => "null",
            Self::Table(_) => "a table",
            Self::Text(_) => "a string",
        }
    }

    /// Writes a canonical form, in which documents that differ only in the order of members are equal.
    pub(super) fn write_canonical(&self, out: &mut Vec<u8>) {
        let write = |out: &mut Vec<u8>, tag: u8, bytes: &[u8]| {
            out.push(tag);
            out.extend(bytes.len().to_be_bytes());
            out.extend(bytes);
        };
        match self {
            Self::Bool(value) => write(out, b'b', &[u8::from(*value)]),
            Self::Float(value) => write(out, b'f', &value.to_be_bytes()),
            Self::Integer(value) => write(out, b'i', &value.to_be_bytes()),
            Self::List(nodes) => {
                write(out, b'l', &nodes.len().to_be_bytes());
                for node in nodes {
                    node.write_canonical(out);
                }
            }
            Self::Null => write(out, b'n', &[]),
            Self::Table(members) => {
                let mut members: Vec<_> = members.iter().collect();
                members.sort_by(|(one, _), (other, _)| one.cmp(other));
                write(out, b't', &members.len().to_be_bytes());
                for (name, node) in members {
                    write(out, b'm', name.as_bytes());
                    node.write_canonical(out);
                }
            }
            Self::Text(text) => write(out, b's', text.as_bytes()),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table, a list, a string, a number or a boolean")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        // No setting is that large, so the exact value doesn't matter.
        Ok(Node::Integer(i64::try_from(value).unwrap_or(i64::MAX)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = items.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = items.next_entry()? {
            members.push(member);
        }
        Ok(Node::Table(members))
    }
}
