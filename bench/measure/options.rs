//! What a bench is told on its command line.

use std::{env, path::PathBuf};

/// `--quick`, `--tsv FILE`, and parts of the names of rows.
#[derive(Debug)]
pub struct Options {
    /// A tenth of the rounds.
    pub quick: bool,
    /// Where figures go for scripts.
    pub tsv: Option<PathBuf>,
    /// Options that only one bench knows, such as `--defaults`.
    pub others: Vec<String>,
    /// Only rows whose names contain one of these, if there are any.
    pub filters: Vec<String>,
}

impl Options {
    pub fn from_env() -> Self {
        let mut options = Self { quick: false, tsv: None, others: Vec::new(), filters: Vec::new() };
        let mut arguments = env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                // Cargo's own word for "this is a bench".
                "--bench" => {}
                "--quick" => options.quick = true,
                "--tsv" => {
                    options.tsv = Some(arguments.next().expect("a file after --tsv").into());
                }
                other if other.starts_with("--") => options.others.push(argument),
                _ => options.filters.push(argument),
            }
        }
        options
    }

    /// Whether a row of that name was asked for.
    pub fn chooses(&self, name: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|part| name.contains(part.as_str()))
    }
}
