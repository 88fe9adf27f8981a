use std::ops::Range;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::Result;

/// One change of the source, as cargo-mutants lists it.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// The description with the file, the line and the column, which is unique.
    pub name: String,
    /// The path of the file from the root of the repository.
    pub file: String,
    /// What is changed.
    pub genre: Genre,
    /// The text that replaces the span.
    pub replacement: String,
    /// The first and the last position of what is replaced, as line and column from 1.
    span: Range<(usize, usize)>,
}

/// The kinds of mutants.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub enum Genre {
    /// An operator with two operands has become another one.
    BinaryOperator,
    /// The body of a function has become a constant value.
    FnValue,
    /// An arm of a match is gone.
    MatchArm,
    /// The guard of an arm has become true or false.
    MatchArmGuard,
    /// A field of a struct has the value of the base.
    StructField,
    /// An operator with one operand is gone.
    UnaryOperator,
}

impl Mutant {
    /// Lists the mutants of the repository at `root`, which are those that `.cargo/mutants.toml` selects.
    pub fn list(root: &Path) -> Result<Vec<Self>> {
        let output = Command::new("cargo")
            .args(["mutants", "--list", "--json"])
            .current_dir(root)
            .output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        let listed: Vec<Listed> = serde_json::from_slice(&output.stdout)?;
        let place = |position: &Position| (position.line, position.column);
        Ok(listed
            .into_iter()
            .map(|listed| Self {
                span: place(&listed.span.start)..place(&listed.span.end),
                name: listed.name,
                file: listed.file,
                genre: listed.genre,
                replacement: listed.replacement,
            })
            .collect())
    }

    /// Returns the bytes of `text`, the text of its file, that it replaces.
    pub fn bytes(&self, text: &str) -> Option<Range<usize>> {
        let offset = |(line, column): (usize, usize)| {
            let start = match line {
                1 => 0,
                _ => text.match_indices('\n').nth(line - 2)?.0 + 1,
            };
            let line = text.get(start..)?;
            let (within, _) = line.char_indices().chain([(line.len(), ' ')]).nth(column - 1)?;
            Some(start + within)
        };
        Some(offset(self.span.start)?..offset(self.span.end)?)
    }

    /// Returns the name without the line and the column, which change with the file.
    pub fn description(&self) -> String {
        let change = self.name.splitn(4, ':').nth(3).unwrap_or_default();
        format!("{}:{change}", self.file)
    }

    /// Returns the directory of its file without `src/`.
    pub fn room(&self) -> &str {
        let folder = self.file.rsplit_once('/').map_or("", |(folder, _)| folder);
        folder.strip_prefix("src/").unwrap_or(folder)
    }
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    file: String,
    genre: Genre,
    replacement: String,
    span: Span,
}

#[derive(Deserialize)]
struct Span {
    start: Position,
    end: Position,
}

#[derive(Deserialize)]
struct Position {
    line: usize,
    column: usize,
}
