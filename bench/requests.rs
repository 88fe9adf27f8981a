//! What a request costs behind our layers, beside the least that it could cost.
//!
//! ```text
//! cargo bench -p portcullis-bench --bench requests --features tonic
//! cargo bench -p portcullis-bench --bench requests --features tonic -- --quick --tsv figures.tsv 'first seen'
//! ```
//!
//! A row is one request through an axum router in process: the clone of the router, the call, the
//! drop of the response. Making the request isn't counted. All rows take turns in many rounds, and
//! are compared round by round, so that a busy machine disturbs the times, but hardly the ratios.
//! The bars are printed, and not enforced: times are for people to judge.

#[cfg(feature = "tonic")]
mod grpc;
#[allow(dead_code, reason = "each bench uses another part")]
mod measure;
#[allow(dead_code, reason = "each bench uses another part")]
mod support;

use std::collections::BTreeSet;

use measure::{flood, options::Options, report, rounds, threads, tsv::Tsv};
use support::{
    fixture::Fixture,
    rows::{self, ROUTER, Row},
};

/// How many requests come before a token comes again.
const POOL_SIZE: usize = 512;

fn main() {
    let options = Options::from_env();
    let (rounds, rounds_of_two) = if options.quick { (50, 5) } else { (500, 50) };
    let mut tsv = Tsv::create("requests", options.tsv.as_deref());

    let all = rows::all().into_iter();
    #[cfg(feature = "tonic")]
    let all = all.chain(grpc::rows());
    let rows = chosen(all.collect(), &options);
    let fixture = Fixture::new(POOL_SIZE);
    report::header(rounds, &format!("pools of {POOL_SIZE} tokens"));
    report::table(&rows, &rounds::measure(&rows, &fixture, rounds), &mut tsv);
    report::scaling(&threads::measure(&rows, &fixture, rounds_of_two), &mut tsv);
    if options.chooses("flood") {
        report::flood(&flood::measure(&fixture, rounds_of_two), &mut tsv);
    }
}

/// The rows that were asked for, and those that they are compared with.
fn chosen(rows: Vec<Row>, options: &Options) -> Vec<Row> {
    let mut names = BTreeSet::from([ROUTER]);
    let mut waiting: Vec<_> = rows.iter().filter(|row| options.chooses(row.name)).collect();
    while let Some(row) = waiting.pop() {
        if names.insert(row.name) {
            let others: Vec<_> =
                row.figures.iter().flat_map(|(figure, _)| figure.others()).collect();
            waiting.extend(rows.iter().filter(|row| others.contains(&row.name)));
        }
    }
    rows.into_iter().filter(|row| names.contains(row.name)).collect()
}
