//! Reads the members of a table, and collects their problems.

use std::{fs, time::Duration};

use super::{node::Node, problems::Problems};
use crate::{Secret, digest::sha256};

/// A table of the document. Each member is read once. Members that weren't read are reported as unknown.
pub(super) struct Table<'a> {
    path: String,
    members: &'a [(String, Node)],
    read: Vec<&'static str>,
    /// Members that are treated as absent, because they were already reported.
    ignored: &'a [&'static str],
}

impl<'a> Table<'a> {
    /// Reads the table at `path`. Reports any other value.
    pub(super) fn of(node: &'a Node, path: String, problems: &mut Problems) -> Option<Self> {
        if let Node::Table(members) = node {
            return Some(Self { path, members, read: Vec::new(), ignored: &[] });
        }
        problems.add(path, format_args!("must be a table, not {}", node.kind()));
        None
    }

    /// Treats these members as absent.
    pub(super) fn ignoring(mut self, members: &'a [&'static str]) -> Self {
        self.ignored = members;
        self
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Returns a member, and marks it as known.
    pub(super) fn node(&mut self, name: &'static str) -> Option<&'a Node> {
        self.read.push(name);
        if self.ignored.contains(&name) {
            return None;
        }
        let found = self.members.iter().find(|(member, _)| member == name);
        found.map(|(_, node)| node).filter(|node| **node != Node::Null)
    }

    /// Returns whether there is a member with this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(member, node)| member == name && *node != Node::Null)
    }

    /// Reads a nested table.
    pub(super) fn table(
        &mut self,
        name: &'static str,
        problems: &mut Problems,
    ) -> Option<Table<'a>> {
        let node = self.node(name)?;
        Self::of(node, self.path_of(name), problems)
    }

    /// Reads a list of tables.
    pub(super) fn tables(&mut self, name: &'static str, problems: &mut Problems) -> Vec<Table<'a>> {
        let Some(node) = self.node(name) else { return Vec::new() };
        let path = self.path_of(name);
        let Node::List(nodes) = node else {
            problems.add(path, format_args!("must be a list, not {}", node.kind()));
            return Vec::new();
        };
        let tables = nodes.iter().enumerate();
        tables
            .filter_map(|(place, node)| Self::of(node, format!("{path}[{place}]"), problems))
            .collect()
    }

    /// Reads a string. Reports it if it is absent.
    pub(super) fn required_text(
        &mut self,
        name: &'static str,
        problems: &mut Problems,
    ) -> Option<&'a str> {
        let text = self.text(name, problems);
        if !self.has(name) {
            problems.add(self.path_of(name), "must be set");
        }
        text
    }

    pub(super) fn text(&mut self, name: &'static str, problems: &mut Problems) -> Option<&'a str> {
        match self.node(name)? {
            Node::Text(text) => Some(text),
            other => {
                problems.add(
                    self.path_of(name),
                    format_args!("must be a string, not {}", other.kind()),
                );
                None
            }
        }
    }

    /// Reads a list of strings, or a single string.
    pub(super) fn texts(&mut self, name: &'static str, problems: &mut Problems) -> Vec<&'a str> {
        let path = self.path_of(name);
        match self.node(name) {
            None => Vec::new(),
            Some(Node::Text(text)) => vec![text],
            // An empty list would mean that nothing is required, although it may be intended to allow nothing.
            Some(Node::List(nodes)) if nodes.is_empty() => {
                problems.add(path, "must not be empty; remove it instead");
                Vec::new()
            }
            Some(Node::List(nodes)) => texts(nodes, &path, problems),
            Some(other) => {
                problems.add(path, format_args!("must be a list of strings, not {}", other.kind()));
                Vec::new()
            }
        }
    }

    pub(super) fn flag(&mut self, name: &'static str, problems: &mut Problems) -> bool {
        match self.node(name) {
            None => false,
            Some(Node::Bool(flag)) => *flag,
            Some(other) => {
                let path = self.path_of(name);
                problems.add(path, format_args!("must be true or false, not {}", other.kind()));
                false
            }
        }
    }

    pub(super) fn number(&mut self, name: &'static str, problems: &mut Problems) -> Option<u64> {
        let node = self.node(name)?;
        let number = match node {
            Node::Integer(number) => u64::try_from(*number).ok(),
            _ => None,
        };
        if number.is_none() {
            let found = if let Node::Integer(_) = node { "a negative number" } else { node.kind() };
            let path = self.path_of(name);
            problems.add(path, format_args!("must be a non-negative integer, not {found}"));
        }
        number
    }

    pub(super) fn seconds(
        &mut self,
        name: &'static str,
        problems: &mut Problems,
    ) -> Option<Duration> {
        self.number(name, problems).map(Duration::from_secs)
    }

    pub(super) fn size(&mut self, name: &'static str, problems: &mut Problems) -> Option<usize> {
        self.number(name, problems).map(|number| usize::try_from(number).unwrap_or(usize::MAX))
    }

    /// Reads a string that has to be one of these choices.
    pub(super) fn choice<T: Copy>(
        &mut self,
        name: &'static str,
        choices: &[(&str, T)],
        problems: &mut Problems,
    ) -> Option<T> {
        let text = self.text(name, problems)?;
        let chosen = choices.iter().find(|(choice, _)| *choice == text);
        if chosen.is_none() {
            let names: Vec<_> = choices.iter().map(|(choice, _)| format!("`{choice}`")).collect();
            let path = self.path_of(name);
            problems.add(path, format_args!("`{text}`: must be one of {}", names.join(", ")));
        }
        chosen.map(|(_, meaning)| *meaning)
    }

    /// Reads a secret from a member, or from the file that another member names. The digest of the file is added to
    /// `digests`.
    pub(super) fn secret(
        &mut self,
        [name, file]: [&'static str; 2],
        digests: &mut Vec<u8>,
        problems: &mut Problems,
    ) -> Option<Secret> {
        if self.has(name) && self.has(file) {
            problems.add(self.path_of(file), format_args!("can't be combined with `{name}`"));
        }
        let from_file = self.file(file, digests, problems);
        let given = self.text(name, problems);
        let text = given.map(str::to_owned).or(from_file)?;
        if text.is_empty() {
            problems.add(self.path_of(if given.is_some() { name } else { file }), "empty");
        }
        Some(Secret::from(text))
    }

    /// Reads the file that a member names, without white space at the end.
    pub(super) fn file(
        &mut self,
        name: &'static str,
        digests: &mut Vec<u8>,
        problems: &mut Problems,
    ) -> Option<String> {
        let path = self.text(name, problems)?;
        read_file(path, self.path_of(name), digests, problems)
    }

    /// Reports unknown members, and members that appear twice.
    pub(super) fn finish(self, problems: &mut Problems) {
        for (place, (name, _)) in self.members.iter().enumerate() {
            if self.members.iter().take(place).any(|(other, _)| other == name) {
                problems.add(self.path_of(name), "appears twice");
            } else if !self.read.contains(&&**name) {
                let mut known: Vec<_> = self.read.clone();
                known.sort_unstable();
                known.dedup();
                let known = known.join("`, `");
                problems
                    .add(self.path_of(name), format_args!("unknown; expected one of: `{known}`"));
            }
        }
    }

    /// Returns all members of a table whose names are not fixed.
    pub(super) const fn members(&self) -> &'a [(String, Node)] {
        self.members
    }
}

/// Reads a file, and adds its digest to `digests`.
pub(super) fn read_file(
    file: &str,
    path: String,
    digests: &mut Vec<u8>,
    problems: &mut Problems,
) -> Option<String> {
    match fs::read_to_string(file) {
        Ok(mut text) => {
            digests.extend(sha256(text.as_bytes()));
            // Truncated in place, so that no copy of a secret stays in memory.
            text.truncate(text.trim_end().len());
            Some(text)
        }
        Err(error) => {
            problems.add(path, format_args!("`{file}`: {error}"));
            None
        }
    }
}

fn texts<'a>(nodes: &'a [Node], path: &str, problems: &mut Problems) -> Vec<&'a str> {
    let mut texts = Vec::new();
    for (place, node) in nodes.iter().enumerate() {
        match node {
            Node::Text(text) => texts.push(&**text),
            other => {
                let path = format!("{path}[{place}]");
                problems.add(path, format_args!("must be a string, not {}", other.kind()));
            }
        }
    }
    texts
}
