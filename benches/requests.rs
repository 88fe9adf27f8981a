//! What a request costs behind our layers, beside the least that it could cost.
//!
//! ```text
//! cargo bench --bench requests --all-features
//! cargo bench --bench requests --all-features -- --quick 'first seen'
//! ```
//!
//! A row is one request through an axum router in process: the clone of the router, the call, the
//! drop of the response. Making the request isn't counted. All rows take turns in many rounds, and
//! are compared round by round, so that a busy machine disturbs the times, but hardly the ratios.
//! The bars are printed, and not enforced: times are for people to judge.

mod measure;
mod support;

use std::{collections::BTreeSet, env, fs, thread};

use measure::{
    rounds::{self, Results},
    threads::{self, Scaling},
};
use support::{
    figure::Figure,
    fixture::Fixture,
    rows::{self, ROUTER, Row},
};

/// How many requests come before a token comes again.
const POOL_SIZE: usize = 512;

/// How much worse than the router's a row's scaling may be, in percent.
const SCALING: f64 = -10.0;

fn main() {
    let arguments: Vec<_> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let (options, filters): (Vec<_>, Vec<_>) =
        arguments.iter().partition(|argument| argument.starts_with("--"));
    let quick = options.iter().any(|option| *option == "--quick");
    let (rounds, rounds_of_two) = if quick { (50, 5) } else { (500, 50) };

    let rows = chosen(rows::all(), &filters);
    let fixture = Fixture::new(POOL_SIZE);
    print_header(rounds);
    print_table(&rows, &rounds::measure(&rows, &fixture, rounds));
    print_scaling(&threads::measure(&rows, &fixture, rounds_of_two));
}

/// The rows whose names contain one of `filters`, and those that they are compared with.
fn chosen(rows: Vec<Row>, filters: &[&String]) -> Vec<Row> {
    let is_asked_for =
        |row: &&Row| filters.is_empty() || filters.iter().any(|part| row.name.contains(*part));
    let mut names = BTreeSet::from([ROUTER]);
    let mut waiting: Vec<_> = rows.iter().filter(is_asked_for).collect();
    while let Some(row) = waiting.pop() {
        if names.insert(row.name) {
            let others: Vec<_> =
                row.figures.iter().flat_map(|(figure, _)| figure.others()).collect();
            waiting.extend(rows.iter().filter(|row| others.contains(&row.name)));
        }
    }
    rows.into_iter().filter(|row| names.contains(row.name)).collect()
}

fn print_header(rounds: usize) {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown processor", |line| line.trim_start_matches(['\t', ':', ' ']));
    let threads = thread::available_parallelism().map_or(0, usize::from);
    let profile = if cfg!(debug_assertions) { "NOT OPTIMISED: worthless" } else { "optimised" };
    println!("{model}, {threads} threads; {profile}; {rounds} rounds; pools of {POOL_SIZE} tokens");
    println!(
        "time: ns for one, the median of all rounds and the lowest tenth; allocations: Rust's"
    );
}

fn print_table(rows: &[Row], results: &Results) {
    println!("\n{:42}{:>9}{:>9}{:>7}{:>8}", "one thread", "median", "low", "allocs", "bytes");
    for row in rows {
        let measured = &results[row.name];
        let describe = |&(figure, limit): &(Figure, Option<f64>)| {
            let value = measured.figure(figure, results);
            let text = figure.describe(value);
            match limit {
                Some(limit) => {
                    format!("{text}; at most {limit}: {}", verdict(figure.meets(value, limit)))
                }
                None => text,
            }
        };
        let figures: Vec<_> = row.figures.iter().map(describe).collect();
        let (median, low) = (measured.median(), measured.low());
        print!("{:42}{median:>9.0}{low:>9.0}", row.name);
        print!("{:>7}{:>8}  ", measured.allocations, measured.bytes);
        println!("{}", figures.join(&format!("\n{:77}", "")));
    }
}

fn print_scaling(rows: &[Scaling]) {
    let Some(router) = rows.first() else { return };
    println!("\n{:42}{:>9}{:>9}{:>7}", "two threads", "alone", "together", "factor");
    for row in rows {
        let (alone, together, factor) = (row.alone(), row.together(), row.factor());
        print!("{:42}{alone:>9.0}{together:>9.0}{factor:>7.2}", row.name);
        let beside = row.beside(router);
        println!(
            "  {beside:+.1} % on {ROUTER}; at least {SCALING}: {}",
            verdict(beside >= SCALING)
        );
    }
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}
