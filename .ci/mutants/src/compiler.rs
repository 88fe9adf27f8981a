use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::Result;
use crate::mutant::Mutant;
use crate::scratch::Scratch;

/// Builds the tests of the copy, and finds the mutants that don't compile.
#[derive(Debug)]
pub struct Compiler<'a> {
    pub scratch: Scratch,
    pub mutants: &'a [Mutant],
    /// The mutants that aren't in the copy, with the compiler's message for those that don't compile.
    pub left_out: BTreeMap<usize, Option<String>>,
    /// The directory of the build.
    pub target: PathBuf,
}

impl Compiler<'_> {
    /// Builds a test program, without the mutants that don't compile, and returns its path.
    pub fn build(&mut self, arguments: &[&str]) -> Result<PathBuf> {
        loop {
            let left_out: BTreeSet<usize> = self.left_out.keys().copied().collect();
            self.scratch.write(self.mutants, &left_out)?;
            let (program, errors) = self.cargo(arguments)?;
            if let Some(program) = program {
                return Ok(program);
            }
            let mut found = BTreeMap::new();
            let mut unclear = Vec::new();
            for error in &errors {
                match self.culprit(error) {
                    Some(mutant) => {
                        found.entry(mutant).or_insert_with(|| Some(error.message.clone()));
                    }
                    None => unclear.push(error),
                }
            }
            for function in unclear.iter().filter_map(|error| error.called()) {
                let mutants = self.scratch.in_const_functions(function);
                let left = mutants.filter(|mutant| !left_out.contains(mutant));
                found.extend(left.map(|mutant| (mutant, None)));
            }
            // An error outside of the mutants can be a consequence of the others.
            if found.is_empty() {
                for error in unclear {
                    let suspects = self.suspects(error, &left_out);
                    eprintln!("{}: not switched: {suspects:?}", error.rendered());
                    found.extend(suspects.into_iter().map(|mutant| (mutant, None)));
                }
            }
            if found.is_empty() {
                return Err("the copy doesn't build, even without mutants".into());
            }
            eprintln!("{} mutants are left out", found.len());
            self.left_out.extend(found);
        }
    }

    fn cargo(&self, arguments: &[&str]) -> Result<(Option<PathBuf>, Vec<Diagnostic>)> {
        let output = Command::new("cargo")
            .args(["test", "--no-run", "--message-format", "json", "--all-features"])
            .args(arguments)
            .current_dir(&self.scratch.root)
            .env("CARGO_TARGET_DIR", &self.target)
            .stderr(Stdio::inherit())
            .output()?;
        let mut program = None;
        let mut errors = Vec::new();
        for line in String::from_utf8(output.stdout)?.lines() {
            let message: Message = serde_json::from_str(line)?;
            program = message.executable.or(program);
            errors.extend(message.message.filter(|diagnostic| diagnostic.level == "error"));
        }
        Ok((program.filter(|_| output.status.success()), errors))
    }

    /// Returns the mutant that contains an error, which is the one of the first span that is in any.
    fn culprit(&self, error: &Diagnostic) -> Option<usize> {
        let primary =
            |wanted: bool| error.spans.iter().filter(move |span| span.is_primary == wanted);
        let children = error.children.iter().flat_map(|child| &child.spans);
        primary(true).chain(primary(false)).chain(children).find_map(|span| {
            let schemata = self.scratch.schemata(&span.file_name)?;
            schemata.owner(span.byte_start)
        })
    }

    fn suspects(&self, error: &Diagnostic, left_out: &BTreeSet<usize>) -> Vec<usize> {
        let around = |span: &Span| {
            let schemata = self.scratch.schemata(&span.file_name)?;
            Some(schemata.around(span.byte_start, left_out))
        };
        error.spans.iter().filter_map(around).find(|some| !some.is_empty()).unwrap_or_default()
    }

    /// Returns the root of the copy.
    pub fn root(&self) -> &Path {
        &self.scratch.root
    }
}

#[derive(Deserialize)]
struct Message {
    executable: Option<PathBuf>,
    message: Option<Diagnostic>,
}

#[derive(Deserialize)]
struct Diagnostic {
    level: String,
    message: String,
    code: Option<Code>,
    rendered: Option<String>,
    spans: Vec<Span>,
    children: Vec<Diagnostic>,
}

impl Diagnostic {
    /// Returns the function that must be constant for its caller, or the constant that is used in a macro.
    fn called(&self) -> Option<&str> {
        self.code.as_ref().filter(|code| ["E0015", "E0425"].contains(&&*code.code))?;
        let path = self.message.split('`').nth(1)?;
        path.rsplit("::").find(|segment| !segment.starts_with('<'))
    }

    fn rendered(&self) -> &str {
        self.rendered.as_deref().unwrap_or(&self.message)
    }
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Deserialize)]
struct Span {
    file_name: String,
    byte_start: usize,
    is_primary: bool,
}
