//! The switch between the mutants, which is added to the copy of the crate. It isn't a part of the runner.
#![allow(warnings)]

use ::std::fs::File;
use ::std::io::Write;
use ::std::sync::atomic::{AtomicBool, Ordering};
use ::std::sync::{Mutex, OnceLock};

const COUNT: usize = 0; // The runner replaces this number.

struct Mode {
    active: u32,
    reached: Option<Mutex<File>>,
}

static MODE: OnceLock<Mode> = OnceLock::new();
static SEEN: [AtomicBool; COUNT] = [const { AtomicBool::new(false) }; COUNT];

/// Returns whether `mutant` is the active one, and records that a test reached it.
#[inline]
pub(crate) fn is(mutant: u32) -> bool {
    let mode = MODE.get_or_init(mode);
    if let Some(file) = &mode.reached {
        if !SEEN[mutant as usize].swap(true, Ordering::Relaxed) {
            let mut file = file.lock().unwrap();
            file.write_all(format!("{mutant}\n").as_bytes()).unwrap();
        }
    }
    mode.active == mutant
}

fn mode() -> Mode {
    let number = |name| ::std::env::var(name).ok();
    Mode {
        active: number("MUTANT").map_or(u32::MAX, |text| text.parse().unwrap()),
        reached: number("MUTANTS_REACHED").map(|path| Mutex::new(File::create(path).unwrap())),
    }
}

/// One of two iterators, for functions that return `impl Iterator`.
#[derive(Clone)]
pub(crate) enum Either<A, B> {
    Left(A),
    Right(B),
}

impl<A: Iterator, B: Iterator<Item = A::Item>> Iterator for Either<A, B> {
    type Item = A::Item;

    fn next(&mut self) -> Option<A::Item> {
        match self {
            Self::Left(iterator) => iterator.next(),
            Self::Right(iterator) => iterator.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Self::Left(iterator) => iterator.size_hint(),
            Self::Right(iterator) => iterator.size_hint(),
        }
    }
}
