use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::process::{End, Process};
use crate::queue;

/// A test program.
#[derive(Clone, Debug)]
pub struct Program {
    pub path: PathBuf,
    /// The directory in which cargo runs it.
    pub directory: PathBuf,
}

/// A test of one of the programs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Test {
    /// The position of the program: that of the library is the first.
    pub program: usize,
    pub name: String,
}

/// What a test does without any mutant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measured {
    pub seconds: f64,
    /// The names of the mutants that it reaches.
    pub reached: BTreeSet<String>,
}

/// All tests, with the mutants that each reaches.
#[derive(Debug, Default)]
pub struct Suite {
    pub programs: Vec<Program>,
    pub tests: BTreeMap<Test, Measured>,
    /// The tests that fail without any mutant, each in a separate process.
    pub failing: Vec<Test>,
}

impl Suite {
    /// Runs each test once in its own process, except those in `known`.
    pub fn measure(
        programs: Vec<Program>,
        names: &[&str],
        known: BTreeMap<Test, Measured>,
        jobs: usize,
        scratch: &std::path::Path,
    ) -> Result<Self> {
        let mut listed = Vec::new();
        for (program, Program { path, directory }) in programs.iter().enumerate() {
            let list = ["--list", "--format", "terse"];
            let output = Command::new(path).args(list).current_dir(directory).output()?;
            for line in String::from_utf8(output.stdout)?.lines() {
                if let Some(name) = line.strip_suffix(": test") {
                    listed.push(Test { program, name: name.to_owned() });
                }
            }
        }
        let mut tests = known;
        tests.retain(|test, _| listed.contains(test));
        listed.retain(|test| !tests.contains_key(test));
        eprintln!("{} tests to measure", listed.len());
        let results = queue::run(&listed, jobs, |job, test| {
            let file = scratch.join(format!("reached.{job}"));
            let started = Instant::now();
            let process = Process {
                program: &programs[test.program],
                tests: &[&test.name],
                variables: &[("MUTANTS_REACHED", &file.to_string_lossy())],
                limit: Duration::from_mins(5),
            };
            let end = process.run();
            let seconds = started.elapsed().as_secs_f64();
            let lines = fs::read_to_string(&file).unwrap_or_default();
            let _ = fs::remove_file(&file);
            let numbers = lines.lines().filter_map(|line| line.parse::<usize>().ok());
            let reached = numbers.filter_map(|number| Some((*names.get(number)?).to_owned()));
            (end, Measured { seconds, reached: reached.collect() })
        });
        let mut failing = Vec::new();
        for (test, (end, measured)) in listed.into_iter().zip(results) {
            match end {
                End::Passed => {
                    tests.insert(test, measured);
                }
                _ => failing.push(test),
            }
        }
        Ok(Self { programs, tests, failing })
    }

    /// Returns the tests that reach a mutant: those of the library first, the fast ones first.
    pub fn reaching(&self, mutant: &str) -> Vec<(&Test, f64)> {
        let mut reaching: Vec<_> = self
            .tests
            .iter()
            .filter(|(_, measured)| measured.reached.contains(mutant))
            .map(|(test, measured)| (test, measured.seconds))
            .collect();
        reaching.sort_by(|a, b| a.0.program.cmp(&b.0.program).then(a.1.total_cmp(&b.1)));
        reaching
    }
}
