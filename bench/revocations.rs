//! What the revocation list takes: memory for each entry, and time for each request.
//!
//! ```text
//! cargo bench -p portcullis-bench --bench revocations               # a million entries: about a minute
//! cargo bench -p portcullis-bench --bench revocations -- --quick    # a hundred thousand
//! ```
//!
//! If `redis-server` is installed, the last rows have a list that is shared through it: while nothing is revoked, and
//! while another replica revokes as fast as Redis takes it.
//!
//! The time is that of looking up a cached token, in turns over 64 tokens, as the median of the rounds. `unchanged` is
//! the usual case. `changed` is the first time after a revocation, when each token is looked up in the list.

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

use std::{
    hint::black_box,
    net::TcpListener,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use measure::{options::Options, percentile::percentile, tsv::Tsv};
use portcullis::{
    Algorithm::Es256,
    BearerToken, JwtVerifier, Verify,
    redis::Redis,
    verify::{Revocation, Revocations},
};
use support::issuer::Issuer;
use tokio::runtime::Runtime;

const POOL_SIZE: usize = 64;
const ROUNDS: usize = 400;

/// The bars: of memory for a full list, and of nanoseconds that it adds to an empty one.
const BYTES: f64 = 64e6;
const FULL_NS: f64 = 100.0;

fn main() {
    let options = Options::from_env();
    let most: u64 = if options.quick { 100_000 } else { 1_000_000 };
    let mut tsv = Tsv::create("revocations", options.tsv.as_deref());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let issuer = Issuer::new(POOL_SIZE);
    let tokens = issuer.tokens(Es256);
    println!(
        "{:>10}{:>14}{:>9}{:>12}{:>10}{:>12}",
        "entries", "bytes", "peak", "unchanged", "adds", "changed"
    );

    let mut without = None;
    for count in [0, 1000, most] {
        let mut list = None;
        let info = allocation_counter::measure(|| {
            let revocations = Revocations::new();
            for number in 0..count {
                drop(revocations.revoke(&Revocation::token_id(number.to_string())));
            }
            list = Some(revocations);
        });
        let revocations = list.expect("a list");
        assert_eq!(revocations.len() as u64, count);
        let verifier = verifier(&issuer, &revocations, &tokens, &runtime);
        let unchanged = percentile((0..ROUNDS).map(|_| lookups(&verifier, &tokens)).collect(), 50);
        let changed = (count > 0).then(|| {
            let rounds = (0..ROUNDS / 4).map(|round| {
                // Not one of the tokens; the list keeps its size.
                drop(revocations.revoke(&Revocation::session(format!("session {round}"))));
                lookups(&verifier, &tokens)
            });
            percentile(rounds.collect(), 50)
        });
        let adds = unchanged - *without.get_or_insert(unchanged);
        let changed_text = changed.map_or_else(String::new, |ns| format!("{ns:.0}"));
        println!(
            "{count:>10}{:>14}{:>9}{unchanged:>9.1} ns{adds:>7.1} ns{changed_text:>9} ns",
            info.bytes_current,
            format!("{} MB", info.bytes_max / 1_000_000),
        );
        let row = format!("revocations, {count}");
        let bar = (count == 1_000_000).then_some(BYTES);
        tsv.write(&row, "bytes in memory", info.bytes_current, bar);
        tsv.write(&row, "bytes at most, while it grows", info.bytes_max, bar);
        tsv.write(&row, "ns of a cached token", format_args!("{unchanged:.1}"), None);
        tsv.write(&row, "ns added to a cached token", format_args!("{adds:.1}"), Some(FULL_NS));
        if let Some(ns) = changed {
            tsv.write(&row, "ns of a cached token after a change", format_args!("{ns:.1}"), None);
        }
    }
    with_redis(&issuer, &tokens, &mut tsv);
}

/// Returns a verifier that has cached these tokens.
fn verifier(
    issuer: &Issuer,
    revocations: &Revocations,
    tokens: &[String],
    runtime: &Runtime,
) -> JwtVerifier {
    let verifier = issuer.verifier().revocations(revocations.clone()).build();
    let verifier = verifier.expect("a verifier");
    runtime.block_on(async {
        for token in tokens {
            let mut headers = http::HeaderMap::new();
            let line = format!("Bearer {token}").parse().expect("a header");
            headers.insert(http::header::AUTHORIZATION, line);
            let token = BearerToken::from_headers(&headers).expect("a token");
            verifier.verify(token).wait().await.expect("a valid token");
        }
    });
    verifier
}

/// Looks up cached tokens while their list is shared through Redis, which is idle, and then busy.
fn with_redis(issuer: &Issuer, tokens: &[String], tsv: &mut Tsv) {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port");
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.port().to_string(), "--bind", "127.0.0.1", "--save", ""]);
    let Ok(mut server) = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn() else {
        println!("redis-server isn't installed");
        return;
    };
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().expect("a runtime");
    let redis = || Redis::new(&format!("redis://{port}")).expect("a URL").revocations();
    let share = || Revocations::builder().shared(redis()).build().expect("a list");
    let (reader, writer) = (share(), share());
    for list in [&reader, &writer] {
        while runtime.block_on(list.warm_up()).is_err() {
            sleep(Duration::from_millis(100));
        }
    }
    let verifier = verifier(issuer, &reader, tokens, &runtime);
    let (is_done, revoked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    for row in ["shared, Redis idle", "shared, Redis busy"] {
        let before = reader.len();
        let start = Instant::now();
        let mut times = Vec::new();
        while start.elapsed() < Duration::from_secs(3) {
            times.push(lookups(&verifier, tokens));
        }
        let arrived = reader.len() - before;
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        let per_second = arrived as f64 / start.elapsed().as_secs_f64();
        println!("{row:42}{mean:>9.1} ns on average, {per_second:.0} revocations/s arrive");
        tsv.write(row, "mean ns of a cached token", format_args!("{mean:.1}"), None);
        tsv.write(row, "revocations per second", format_args!("{per_second:.0}"), None);
        if row.ends_with("idle") {
            let (writer, is_done, revoked) =
                (writer.clone(), Arc::clone(&is_done), Arc::clone(&revoked));
            runtime.spawn(async move {
                while !is_done.load(Ordering::Relaxed) {
                    let number = revoked.fetch_add(100, Ordering::Relaxed);
                    let ids = (number..number + 100).map(|number| number.to_string());
                    let all: Vec<_> =
                        ids.map(|id| writer.revoke(&Revocation::token_id(id))).collect();
                    for one in all {
                        one.await.expect("Redis works");
                    }
                }
            });
            sleep(Duration::from_millis(200));
        }
    }
    is_done.store(true, Ordering::Relaxed);
    drop(runtime);
    drop(server.kill());
    drop(server.wait());
}

/// Looks up each token, and returns the time of one in nanoseconds.
fn lookups(verifier: &JwtVerifier, tokens: &[String]) -> f64 {
    let start = Instant::now();
    for token in tokens {
        assert!(black_box(verifier.cached(black_box(token.as_bytes()))).is_some());
    }
    start.elapsed().as_secs_f64() * 1e9 / tokens.len() as f64
}
