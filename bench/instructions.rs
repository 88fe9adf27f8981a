//! Rows for a tool that counts instructions, each so many times.
//!
//! ```text
//! bench/instructions.py              # counts, and compares with the figures in bench/instructions.tsv
//! bench/instructions.py --renew      # counts, and writes them there
//! ```
//!
//! That script builds this, and runs it under callgrind with the number of times and the names of the
//! rows. Only what happens inside `measured` is counted: keys, tokens and requests are made before,
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
    let mut arguments = env::args().skip(1).filter(|argument| argument != "--bench");
    let rows = rows::all();
    let Some(times) = arguments.next() else {
        for row in rows {
            println!("{}", row.name);
        }
        return;
    };
    let times = times.parse().expect("how many times");
    let fixture = Fixture::new(POOL_SIZE);
    for name in arguments {
        let row = rows.iter().find(|row| row.name == name).expect("the name of a row");
        let mut subject = row.subject(&fixture);
        fixture.runtime.block_on(subject.check());
        measured(&fixture.runtime, subject.prepare(times));
    }
}

#[inline(never)]
fn measured(runtime: &Runtime, batch: Batch) {
    runtime.block_on(batch.run());
}
