//! The load that a service of a million requests per second puts on its issuers, its introspection endpoint and its
//! Redis: on paper, and in a simulation.
//!
//! ```text
//! cargo bench -p portcullis-bench --bench scale
//! cargo bench -p portcullis-bench --bench scale -- --tsv figures.tsv issuer introspection
//! ```
//!
//! - Keys and introspection are simulated with the crate's own verifiers and defaults, HTTP in memory, and a clock that
//!   jumps to the next event. Only the jitter of their back-off and the hashes of their caches differ between runs.
//! - Redis is simulated as a server that executes one command after another, each for the time that the bench `redis`
//!   measured.
//! - Processors and memory follow from the results of the other benches in docs/performance, and from the hit rates of
//!   the crate's caches.
//!
//! The formulas know nothing about the simulation, so a difference between the two is an error in either.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers of a simulation"
)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a bench reports by panic"
)]
#![allow(unreachable_pub, reason = "a bench has no users")]

mod clock;
mod costs;
mod defaults;
mod endpoint;
mod events;
mod fleet;
mod introspections;
mod key_server;
mod keys;
mod limit;
mod list;
#[allow(dead_code, reason = "each bench uses another part")]
#[path = "../measure/mod.rs"]
mod measure;
mod memory;
mod population;
mod processors;
mod proofs;
mod random;
mod redis_server;
mod replica;
mod revocations;
mod row;
mod service;
mod simulation;
#[allow(dead_code, reason = "each bench uses another part")]
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;

use costs::Costs;
use defaults::RedisDefaults;
use measure::{options::Options, tsv::Tsv};
use row::Row;
use service::SERVICE;

fn main() {
    let options = Options::from_env();
    let mut tsv = Tsv::create("scale", options.tsv.as_deref());
    let (costs, defaults) = (Costs::read(), RedisDefaults::read());
    for (name, value) in SERVICE.assumptions() {
        println!("{name:66}{value:>14}");
        tsv.write(&format!("assumed: {name}"), "value", value, None);
    }
    let groups: [(&str, &dyn Fn() -> Vec<Row>); 7] = [
        ("issuer", &keys::rows),
        ("introspection", &introspections::rows),
        ("proofs", &|| proofs::rows(&costs, &defaults)),
        ("revocations", &|| revocations::rows(&costs, &defaults)),
        ("list", &|| list::rows(&costs, &defaults)),
        ("processors", &|| processors::rows(&costs)),
        ("memory", &|| memory::rows(&costs, &defaults)),
    ];
    for (group, rows) in groups {
        if options.chooses(group) {
            println!("\n{group:66}{:>14}{:>14}", "on paper", "simulated");
            let (rows, mut names) = (rows(), BTreeSet::new());
            assert!(rows.iter().all(|row| names.insert(&row.name)), "two rows with the same name");
            for row in &rows {
                row.report(group, &mut tsv);
            }
        }
    }
    println!("\nlimits");
    for limit in limit::all(&costs, &defaults) {
        limit.report(&mut tsv);
    }
}
