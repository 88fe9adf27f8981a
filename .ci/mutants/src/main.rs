//! Tests all mutants of the critical files with one build: each is in the program behind a switch, and only the
//! tests that reach it run.
//!
//! ```text
//! portcullis-mutants [--again] [--untested] [--jobs N] [--only TEXT] [--slowest SECONDS] [--fastest SECONDS]
//! ```
//!
//! With `--again`, only the mutants that no test has killed are tested, and only new tests are measured first. After
//! a change of `src`, run it without. Those that `equivalent.txt` lists, and with `--untested` all that survived, aren't
//! tested again. `--only` selects the mutants whose names contain a text. Tests that take longer than
//! `--slowest` aren't used, and those that take less than `--fastest` only if they are new.

mod compiler;
mod mutant;
mod process;
mod queue;
mod report;
mod schemata;
mod scratch;
mod site;
mod suite;
mod trial;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};

use serde::Serialize;
use serde::de::DeserializeOwned;

use self::compiler::Compiler;
use self::mutant::Mutant;
use self::scratch::Scratch;
use self::site::Obstacle;
use self::suite::{Program, Suite, Test};
use self::trial::{Outcome, Trial};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[derive(Debug)]
struct Options {
    again: bool,
    untested: bool,
    jobs: usize,
    only: String,
    slowest: f64,
    fastest: f64,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self {
            again: false,
            untested: false,
            jobs: 2,
            only: String::new(),
            slowest: 3.0,
            fastest: 0.0,
        };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
            match &*argument {
                "--again" => options.again = true,
                "--untested" => options.untested = true,
                "--jobs" => options.jobs = value()?.parse()?,
                "--slowest" => options.slowest = value()?.parse()?,
                "--fastest" => options.fastest = value()?.parse()?,
                "--only" => options.only = value()?,
                _ => return Err(format!("unknown option: {argument}").into()),
            }
        }
        Ok(options)
    }
}

fn main() -> Result<()> {
    let options = Options::parse(env::args().skip(1))?;
    let root = env::current_dir()?;
    let folder = root.join("target/mutants-all");
    fs::create_dir_all(&folder)?;

    let mutants = Mutant::list(&root)?;
    let scratch = Scratch::copy(&root, folder.join("source"), &mutants)?;
    let mut outcomes: BTreeMap<String, Outcome> =
        load(&folder.join("outcomes.json"), options.again);
    let mut left_out = BTreeMap::new();
    for (number, obstacle) in scratch.obstacles() {
        let invalid = match obstacle {
            Obstacle::Invalid(reason) => Some(reason.to_owned()),
            Obstacle::Constant | Obstacle::Unknown => None,
        };
        left_out.insert(number, invalid);
    }
    for (number, mutant) in mutants.iter().enumerate() {
        match outcomes.get(&mutant.name) {
            Some(Outcome::Unviable { reason }) => {
                left_out.insert(number, Some(reason.clone()));
            }
            Some(Outcome::NotSwitched) => {
                left_out.insert(number, None);
            }
            _ => {}
        }
    }
    // Not that of the repository: cargo doesn't distinguish the copy from it.
    let target =
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| folder.join("build"), PathBuf::from);
    let mut compiler = Compiler { scratch, mutants: &mutants, left_out, target };
    let library = compiler.build(&["--package", "portcullis", "--lib"])?;
    let integration = compiler.build(&["--package", "portcullis-tests", "--test", "it"])?;
    // The second build can have left out more mutants.
    let library = compiler.build(&["--package", "portcullis", "--lib"]).unwrap_or(library);
    for (&number, reason) in &compiler.left_out {
        let outcome = match reason {
            Some(reason) => Outcome::Unviable { reason: reason.clone() },
            None => Outcome::NotSwitched,
        };
        outcomes.insert(mutants[number].name.clone(), outcome);
    }
    save(&folder.join("outcomes.json"), &outcomes)?;
    let programs = vec![
        Program { path: library, directory: compiler.root().to_owned() },
        Program { path: integration, directory: compiler.root().join("tests") },
    ];

    let names: Vec<&str> = mutants.iter().map(|mutant| &*mutant.name).collect();
    let known: Vec<_> = load(&folder.join("tests.json"), options.again);
    let known: BTreeMap<_, _> = known.into_iter().collect();
    let old: BTreeSet<_> = known.keys().cloned().collect();
    let mut suite = Suite::measure(programs, &names, known, options.jobs, &folder)?;
    save(&folder.join("tests.json"), &suite.tests.iter().collect::<Vec<_>>())?;
    for Test { name, .. } in &suite.failing {
        eprintln!("not used, because it fails without a mutant: {name}");
    }
    suite.tests.retain(|test, measured| {
        let is_used = measured.seconds >= options.fastest || !old.contains(test);
        is_used && measured.seconds <= options.slowest
    });
    let equivalent: BTreeSet<&str> =
        include_str!("../equivalent.txt").lines().filter(|line| !line.starts_with('#')).collect();

    let pending: Vec<usize> = (0..mutants.len())
        .filter(|&number| {
            let name = &mutants[number].name;
            let is_known = equivalent.contains(&*mutants[number].description());
            let is_decided = |outcome| {
                options.untested || is_known || !matches!(outcome, &Outcome::Survived { .. })
            };
            name.contains(&options.only) && !outcomes.get(name).is_some_and(is_decided)
        })
        .collect();
    eprintln!("{} mutants to test", pending.len());
    let outcomes = Mutex::new(outcomes);
    let tested = AtomicUsize::new(0);
    queue::run(&pending, options.jobs, |_, &number| {
        let name = names[number];
        let outcome = Trial { suite: &suite, number, name }.run();
        if let Ok(mut outcomes) = outcomes.lock() {
            outcomes.insert(name.to_owned(), outcome);
            // Another run can go on from here.
            if tested.fetch_add(1, Ordering::Relaxed) % 10 == 9 {
                let _ = save(&folder.join("outcomes.json"), &*outcomes);
            }
        }
    });
    let outcomes = outcomes.into_inner()?;
    save(&folder.join("outcomes.json"), &outcomes)?;
    let report = report::report(&mutants, &outcomes, &equivalent);
    fs::write(folder.join("report.md"), &report)?;
    print!("{report}");
    Ok(())
}

fn load<T: DeserializeOwned + Default>(path: &Path, again: bool) -> T {
    let text = fs::read_to_string(path).ok().filter(|_| again);
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

fn save<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    Ok(fs::write(path, serde_json::to_string_pretty(value)?)?)
}
