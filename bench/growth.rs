//! How the cost of a request grows: with the tokens in the cache, with keys, with issuers, and with
//! the length of a token; and what stored DPoP proofs take. How it grows with threads is told by `requests`.
//!
//! ```text
//! cargo bench -p portcullis-bench --bench growth                     # ten million tokens: some minutes
//! cargo bench -p portcullis-bench --bench growth -- --quick          # a hundred thousand
//! cargo bench -p portcullis-bench --bench growth -- --tsv figures.tsv keys issuers
//! ```
//!
//! Memory is what Rust allocated and has not freed, of all that the verifier and its cache hold.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    reason = "bytes of one machine"
)]
#![allow(clippy::expect_used, reason = "a bench reports by panic")]

#[allow(dead_code, reason = "each bench uses another part")]
mod measure;
#[allow(dead_code, reason = "each bench uses another part")]
mod support;

use std::time::{Duration, Instant, SystemTime};

use aws_lc_rs::digest;
use axum::{Router, http::StatusCode};
use measure::{machine, memory::Filled, options::Options, report, rounds, tsv::Tsv};
use portcullis::{
    Algorithm::{EdDsa, Rs256},
    binding::{MemoryReplayStore, ReplayKey, ReplayStore},
};
use support::{
    fixture::{Fixture, Memory},
    issuer::Issuer,
    minter::Minter,
    raw::Raw,
    rows::{self, Row},
    services, strangers,
    subject::Subject,
};

/// How many requests come before a token comes again, but for the tokens in the cache.
const POOL_SIZE: usize = 64;

const KEYS: [usize; 7] = [1, 2, 5, 10, 20, 50, 100];
const ISSUERS: [usize; 5] = [1, 2, 5, 10, 20];
const BYTES: [usize; 6] = [512, 1024, 2048, 4096, 8192, 16_384];

/// The bounds of caches to fill: the default one, and one that holds near a million tokens.
const BOUNDS: [(&str, usize); 2] = [("32 MiB", 32 << 20), ("1 GiB", 1 << 30)];

fn main() {
    let options = Options::from_env();
    let rounds = if options.quick { 30 } else { 300 };
    let most: u64 = if options.quick { 100_000 } else { 10_000_000 };
    let mut tsv = Tsv::create("growth", options.tsv.as_deref());
    let fixture = Fixture::new(POOL_SIZE);
    report::header(rounds, &format!("pools of {POOL_SIZE} tokens"));

    let groups: [(&str, fn() -> Vec<Row>); 3] =
        [("keys", keys), ("issuers", issuers), ("size", size)];
    for (group, rows) in groups {
        if options.chooses(group) {
            let rows: Vec<_> = rows::baselines().into_iter().chain(rows()).collect();
            report::table(&rows, &rounds::measure(&rows, &fixture, rounds), &mut tsv);
        }
    }
    if options.chooses("tokens") {
        println!("\n{:42}{:>9}{:>14}{:>9}", "tokens met, each once", "median", "bytes", "each");
        for (bound, bytes) in BOUNDS {
            fill(&fixture, bound, bytes, most, &mut tsv);
        }
        println!("the process is of {} MiB", machine::resident_bytes() >> 20);
    }
    if options.chooses("proofs") {
        println!("\n{:42}{:>9}{:>14}{:>9}", "DPoP proofs in memory", "each ns", "bytes", "each");
        store_proofs(&fixture, &mut tsv);
    }
}

/// Sends ten tokens, then a hundred, and so on: each once, and then some of them again.
fn fill(fixture: &Fixture, bound: &str, bytes: usize, most: u64, tsv: &mut Tsv) {
    let minter = Minter::new(&fixture.issuer);
    let length = minter.mint(0).len() as i64;
    let mut cache = Filled::new(fixture, bytes, minter);
    let empty = cache.bytes();
    for count in (1..).map(|power| 10_u64.pow(power)).take_while(|count| *count <= most) {
        cache.fill(count);
        let (ns, kept) = (cache.time(count), cache.bytes());
        let row = format!("tokens, {bound}, {count}");
        print!("{row:42}{ns:>9.0}{kept:>14}");
        tsv.write(&row, "median ns", format_args!("{ns:.1}"), None);
        let bar = (count == most).then_some(bytes as f64);
        tsv.write(&row, "bytes in memory", kept, bar);
        // Where nothing had to leave yet, we know how many are there.
        if (count as i64) * (length + 1400) < bytes as i64 {
            let each = (kept - empty) / count as i64 - length;
            print!("{each:>9}");
            // With few tokens it is the cache itself that shows.
            let bar = (count >= 1000).then_some(700.0);
            tsv.write(&row, "bytes each beyond its length", each, bar);
        }
        println!();
    }
}

/// Stores ten proofs, then a hundred, and so on up to a million: as many as a store holds by default.
fn store_proofs(fixture: &Fixture, tsv: &mut Tsv) {
    for count in (1..=6).map(|power| 10_u64.pow(power)) {
        let keys: Vec<_> = (0..count).map(|n| ReplayKey::from(digest_of(n))).collect();
        let expires_at = SystemTime::now() + Duration::from_secs(3600);
        let mut store = None;
        let mut took = Duration::ZERO;
        let info = allocation_counter::measure(|| {
            // A shard gets more than its share of them by chance, and none is to be full.
            let proofs = MemoryReplayStore::with_capacity(2 * keys.len() + 1000);
            let start = Instant::now();
            fixture.runtime.block_on(async {
                for key in &keys {
                    let is_new = proofs.insert(*key, expires_at).wait().await;
                    assert!(is_new.expect("room"));
                }
            });
            took = start.elapsed();
            store = Some(proofs);
        });
        assert_eq!(store.map(|store| store.len() as u64), Some(count));
        let ns = took.as_secs_f64() * 1e9 / count as f64;
        // The most that it takes is while a table is copied into one of twice the size.
        let (kept, most) = (info.bytes_current, info.bytes_max as i64 / count as i64);
        let (row, each) = (format!("proofs, {count}"), kept / count as i64);
        println!("{row:42}{ns:>9.0}{kept:>14}{each:>9}, {most} at most");
        // With few proofs it is the store itself that shows.
        let bar = (count == 1_000_000).then_some(100.0);
        tsv.write(&row, "bytes each", each, bar);
        tsv.write(&row, "bytes each at most", most, bar);
    }
}

fn digest_of(n: u64) -> [u8; 32] {
    let digest = digest::digest(&digest::SHA256, &n.to_be_bytes());
    digest.as_ref().try_into().expect("32 bytes")
}

fn keys() -> Vec<Row> {
    let row = |name: &'static str, count, memory, sent: fn(&Issuer) -> Vec<String>, status| {
        Row::new(name, move |it| {
            let issuer = Issuer::with_keys(count, POOL_SIZE);
            Subject::bearers(protected(it, &issuer, memory), &sent(&issuer), status)
        })
    };
    KEYS.iter()
        .flat_map(|&count| {
            let (seen, first) = (named("keys, seen", count), named("keys, first seen", count));
            let unknown = named("keys, unknown kid", count);
            [
                row(
                    seen,
                    count,
                    Memory::Default,
                    |issuer| issuer.tokens(Rs256).to_vec(),
                    StatusCode::OK,
                ),
                row(
                    first,
                    count,
                    Memory::None,
                    |issuer| issuer.tokens(Rs256).to_vec(),
                    StatusCode::OK,
                ),
                row(
                    unknown,
                    count,
                    Memory::Default,
                    |issuer| strangers::unknown_kid(issuer).to_vec(),
                    StatusCode::UNAUTHORIZED,
                ),
            ]
        })
        .collect()
}

fn issuers() -> Vec<Row> {
    let row = |name: &'static str, count, memory| {
        Row::new(name, move |it| {
            let app = services::for_identity().layer(it.layer_of_issuers(count, memory));
            Subject::bearers(app, &*it.issuer.tokens(Rs256), StatusCode::OK)
        })
    };
    ISSUERS
        .iter()
        .flat_map(|&count| {
            [
                row(named("issuers, seen", count), count, Memory::Default),
                row(named("issuers, first seen", count), count, Memory::None),
            ]
        })
        .collect()
}

fn size() -> Vec<Row> {
    let row = |name: &'static str, bytes, memory| {
        Row::new(name, move |it| {
            let app = protected(it, &it.issuer, memory);
            Subject::bearers(app, &it.issuer.tokens_of(EdDsa, bytes), StatusCode::OK)
        })
    };
    let raw = |name: &'static str, bytes| {
        Row::new(name, move |it| {
            Subject::raw(Raw::of(&it.issuer, EdDsa, &it.issuer.tokens_of(EdDsa, bytes)))
        })
    };
    BYTES
        .iter()
        .flat_map(|&bytes| {
            [
                raw(named("size, raw", bytes), bytes),
                row(named("size, seen", bytes), bytes, Memory::Default),
                row(named("size, first seen", bytes), bytes, Memory::None),
            ]
        })
        .collect()
}

fn protected(it: &Fixture, issuer: &Issuer, memory: Memory) -> Router {
    services::for_identity().layer(it.layer(issuer, memory))
}

fn named(what: &str, count: usize) -> &'static str {
    format!("{what}, {count}").leak()
}
