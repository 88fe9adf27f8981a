use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::process::{End, Process};
use crate::suite::{Suite, Test};

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// A test failed.
    Killed { test: String },
    /// The tests took too long.
    TimedOut { test: String },
    /// All tests that reach it passed.
    Survived { tests: usize },
    /// It doesn't compile.
    Unviable { reason: String },
    /// It can't be switched: it has to be built alone.
    NotSwitched,
}

/// The tests that decide about one mutant.
#[derive(Debug)]
pub struct Trial<'a> {
    pub suite: &'a Suite,
    pub number: usize,
    pub name: &'a str,
}

impl Trial<'_> {
    /// Runs the tests that reach the mutant until one fails, in groups that become longer.
    pub fn run(&self) -> Outcome {
        let reaching = self.suite.reaching(self.name);
        let mut rest = &*reaching;
        let mut budget = 1.0;
        while let Some(&(Test { program, .. }, _)) = rest.first() {
            let mut seconds = 0.0;
            let fits = |(test, needed): &&(&Test, f64)| {
                let fits = seconds == 0.0 || seconds + needed <= budget;
                seconds += needed;
                test.program == *program && fits
            };
            let size = rest.iter().take_while(fits).count();
            let (group, later) = rest.split_at(size);
            if let Some(outcome) = self.group(group) {
                return outcome;
            }
            rest = later;
            budget *= 3.0;
        }
        Outcome::Survived { tests: reaching.len() }
    }

    fn group(&self, group: &[(&Test, f64)]) -> Option<Outcome> {
        let first = group.first()?.0;
        let names: Vec<_> = group.iter().map(|(test, _)| &*test.name).collect();
        let seconds: f64 = group.iter().map(|(_, seconds)| seconds).sum();
        let program = &self.suite.programs[first.program];
        let number = self.number.to_string();
        let process = Process {
            program,
            tests: &names,
            variables: &[("MUTANT", &number)],
            limit: Duration::from_secs_f64(20.0 + 10.0 * seconds),
        };
        // A test that fails without the mutant as well proves nothing.
        for _ in 0..3 {
            let (tests, outcome) = match process.run() {
                End::Passed => return None,
                End::TimedOut => (&*names, Outcome::TimedOut { test: names.join(" ") }),
                End::Failed(Some(test)) => (&[&*test.clone()] as &[&str], Outcome::Killed { test }),
                End::Failed(None) => (&*names, Outcome::Killed { test: names.join(" ") }),
            };
            if (Process { tests, variables: &[], ..process }).run() == End::Passed {
                return Some(outcome);
            }
        }
        None
    }
}
