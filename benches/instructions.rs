//! One row, so many times, for a tool that counts instructions.
//!
//! ```text
//! cargo bench --bench instructions --all-features --no-run
//! valgrind --tool=callgrind --toggle-collect='*::measured' <the executable> 100 'seen, RS256'
//! ```
//!
//! Only what happens inside `measured` is to be counted: keys, tokens and requests are made before,
//! and each token has been sent once. Without arguments it lists the rows.

#![allow(clippy::expect_used, reason = "a bench reports by panic")]

#[allow(dead_code, reason = "what rows are held against is another bench's matter")]
mod support;

use std::env;

use support::{fixture::Fixture, rows, subject::Batch};
use tokio::runtime::Runtime;

/// Enough for each request of a batch to have a token of its own, soon minted under a slow tool.
const POOL_SIZE: usize = 16;

fn main() {
    let arguments: Vec<_> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [times, name] = arguments.as_slice() else {
        for row in rows::all() {
            println!("{}", row.name);
        }
        return;
    };
    let times = times.parse().expect("how many times");
    let rows = rows::all();
    let row = rows.iter().find(|row| row.name == name).expect("the name of a row");
    let fixture = Fixture::new(POOL_SIZE);
    let mut subject = row.subject(&fixture);
    fixture.runtime.block_on(subject.check());
    measured(&fixture.runtime, subject.prepare(times));
}

#[inline(never)]
fn measured(runtime: &Runtime, batch: Batch) {
    runtime.block_on(batch.run());
}
