//! Tables for people, and the same figures for scripts.

use super::{flood::Flooded, machine, rounds::Results, threads::Scaling, tsv::Tsv};
use crate::support::{
    figure::Figure,
    rows::{ROUTER, Row},
};

/// How much worse than the router's a row's scaling may be, in percent.
const SCALING: f64 = -10.0;

pub fn header(rounds: usize, about: &str) {
    let (processor, threads) = (machine::processor(), machine::threads());
    let profile = if cfg!(debug_assertions) { "NOT OPTIMISED: worthless" } else { "optimised" };
    println!("{processor}, {threads} threads; {profile}; {rounds} rounds; {about}");
    println!(
        "time: ns for one, the median of all rounds and the lowest tenth; allocations: Rust's"
    );
}

pub fn table(rows: &[Row], results: &Results, tsv: &mut Tsv) {
    let wide = wide(rows.iter().map(|row| row.name));
    println!("\n{:wide$}{:>9}{:>9}{:>7}{:>8}", "one thread", "median", "low", "allocs", "bytes");
    for row in rows {
        let measured = &results[row.name];
        let (median, low) = (measured.median(), measured.low());
        let (allocations, bytes) = (measured.allocations, measured.bytes);
        tsv.write(row.name, "median ns", format_args!("{median:.1}"), None);
        tsv.write(row.name, "low ns", format_args!("{low:.1}"), None);
        tsv.write(row.name, "allocations", allocations, None);
        tsv.write(row.name, "bytes", bytes, None);
        let mut describe = |&(figure, limit): &(Figure, Option<f64>)| {
            let value = measured.figure(figure, results);
            tsv.write(row.name, &figure.name(), format_args!("{value:.4}"), limit);
            let text = figure.describe(value);
            match limit {
                Some(limit) => {
                    format!("{text}; at most {limit}: {}", verdict(value <= limit))
                }
                None => text,
            }
        };
        let figures: Vec<_> = row.figures.iter().map(&mut describe).collect();
        print!("{:wide$}{median:>9.0}{low:>9.0}{allocations:>7}{bytes:>8}  ", row.name);
        println!("{}", figures.join(&format!("\n{:1$}", "", wide + 35)));
    }
}

pub fn scaling(rows: &[Scaling], tsv: &mut Tsv) {
    let Some(router) = rows.first() else { return };
    let wide = wide(rows.iter().map(|row| row.name));
    println!("\n{:wide$}{:>9}{:>9}{:>7}", "two threads", "alone", "together", "factor");
    for row in rows {
        let (alone, together, factor) = (row.alone(), row.together(), row.factor());
        let beside = row.beside(router);
        tsv.write(row.name, "two threads, factor", format_args!("{factor:.3}"), None);
        let name = format!("two threads, % on {ROUTER}");
        tsv.write(row.name, &name, format_args!("{beside:.1}"), Some(SCALING));
        print!("{:wide$}{alone:>9.0}{together:>9.0}{factor:>7.2}", row.name);
        println!(
            "  {beside:+.1} % on {ROUTER}; at least {SCALING}: {}",
            verdict(beside >= SCALING)
        );
    }
}

pub fn flood(rows: &[Flooded], tsv: &mut Tsv) {
    println!("\n{:20}{:16}{:>9}{:>9}", "during a flood", "beside", "median", "99 %");
    for row in rows {
        for beside in &row.beside {
            let (median, high) = (beside.percentile(50), beside.percentile(99));
            println!("{:20}{:16}{median:>9.0}{high:>9.0}", row.name, beside.neighbour);
            let name = format!("{}, beside {}", row.name, beside.neighbour);
            tsv.write(&name, "median ns", format_args!("{median:.0}"), None);
            tsv.write(&name, "99 % ns", format_args!("{high:.0}"), None);
        }
    }
}

/// The width of a column of names.
fn wide<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    names.map(|name| name.chars().count()).max().unwrap_or_default() + 2
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}
