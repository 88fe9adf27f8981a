//! What replicas cost the Redis that they share: proofs, guesses, revocations, and reading the list of revocations.
//!
//! ```text
//! cargo bench -p portcullis-bench --bench redis                # a list of a million revocations: about a minute
//! cargo bench -p portcullis-bench --bench redis -- --quick     # of a hundred thousand
//! ```
//!
//! It needs `redis-server` and Linux. The results are of the server's main thread, which executes all commands, so they
//! hardly depend on how this bench is built. The bench `scale` computes from them what one server can do.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    reason = "counters of one machine"
)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a bench reports by panic"
)]
#![allow(unreachable_pub, reason = "a bench has no users")]

#[allow(dead_code, reason = "each bench uses another part")]
#[path = "../measure/mod.rs"]
mod measure;
mod server;
#[allow(dead_code, reason = "each bench uses another part")]
#[path = "../support/mod.rs"]
mod support;

use std::{
    future::Future,
    time::{Duration, SystemTime},
};

use aws_lc_rs::digest;
use http::{HeaderMap, header::AUTHORIZATION};
use measure::{options::Options, tsv::Tsv};
use portcullis::{
    BasicCredentials, BasicVerifier, Secret, Verify,
    binding::{ReplayKey, ReplayStore},
    verify::{Revocation, Revocations},
};
use server::{Server, Work};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinSet,
    time::sleep,
};

/// The number of connected replicas.
const REPLICAS: usize = 50;

/// How many revocations become one write, at most: see `BATCH` of `src/verify/sharing.rs`.
const BATCH: usize = 500;

fn main() {
    let options = Options::from_env();
    let (count, entries) = if options.quick { (20_000, 100_000) } else { (200_000, 1_000_000) };
    let Some(server) = Server::start() else {
        println!("redis-server isn't installed");
        return;
    };
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let tsv = Tsv::create("redis", options.tsv.as_deref());
    let mut bench = Bench { server, runtime, tsv };
    println!("{:52}{:>10}{:>10}{:>10}", "for one, at the server", "CPU µs", "commands", "bytes");
    bench.proofs(count);
    bench.guesses(count / 10);
    bench.idle();
    bench.revocations(if options.quick { 200 } else { 1000 });
    bench.list(entries);
}

struct Bench {
    server: Server,
    runtime: Runtime,
    tsv: Tsv,
}

impl Bench {
    /// Stores proofs: one after another on each connection, as with replicas that share a server that isn't busy, and many
    /// at once on each, as with a busy server.
    fn proofs(&mut self, count: usize) {
        let expires_at = SystemTime::now() + Duration::from_secs(60);
        for (row, at_once) in [("proof", 1), ("proof, 20 at once on each connection", 20)] {
            let stores: Vec<_> = (0..REPLICAS).map(|_| self.server.replica().replays()).collect();
            let each = count / REPLICAS / at_once;
            let work = self.work_of(async {
                let mut tasks = JoinSet::new();
                for task in 0..REPLICAS * at_once {
                    let store = stores[task % REPLICAS].clone();
                    tasks.spawn(async move {
                        for proof in 0..each {
                            let key = ReplayKey::from(digest_of(&format!("{row} {task} {proof}")));
                            let is_new = store.insert(key, expires_at).wait().await;
                            assert!(is_new.expect("Redis works"), "a proof is stored once");
                        }
                    });
                }
                tasks.join_all().await;
            });
            self.report(row, work, REPLICAS * at_once * each);
        }
    }

    /// Checks wrong passwords, each of another user.
    fn guesses(&mut self, count: usize) {
        let key = || Secret::from("a secret of thirty-two bytes, or more");
        let verifiers: Vec<_> = (0..REPLICAS)
            .map(|_| {
                BasicVerifier::builder(async |_| Ok(None))
                    .shared_guess_limit(self.server.replica().guesses(), key())
                    .build()
                    .expect("a valid configuration")
            })
            .collect();
        let each = count / REPLICAS;
        let work = self.work_of(async {
            let mut tasks = JoinSet::new();
            for (replica, verifier) in verifiers.into_iter().enumerate() {
                tasks.spawn(async move {
                    for user in 0..each {
                        let user = format!("{replica}-{user}:wrong");
                        let value =
                            format!("Basic {}", base64_simd::STANDARD.encode_to_string(user));
                        let value = value.parse().expect("a header value");
                        let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
                        let credentials = BasicCredentials::from_headers(&headers);
                        let rejected = verifier.verify(credentials.expect("valid")).wait().await;
                        assert!(rejected.is_err());
                    }
                });
            }
            tasks.join_all().await;
        });
        self.report("wrong password", work, REPLICAS * each);
    }

    /// Has replicas wait for revocations that don't come.
    fn idle(&mut self) {
        const SECONDS: usize = 4;
        let lists = self.lists(REPLICAS);
        let work = self.work_of(async { sleep(Duration::from_secs(SECONDS as u64)).await });
        drop(lists);
        self.report("idle replica, for a second", work, REPLICAS * SECONDS);
    }

    /// Revokes tokens, one at a time, and then in batches. Each revocation is delivered to one replica, or to all.
    fn revocations(&mut self, count: usize) {
        for (name, at_once, pause) in [("revocation", 1, 4), ("revocation, in batches", BATCH, 100)]
        {
            let rounds = (count / at_once).max(4);
            let mut of_one = None;
            for replicas in [1, REPLICAS + 1] {
                let lists = self.lists(replicas);
                let before = lists[0].len();
                let work = self.work_of(async {
                    for round in 0..rounds {
                        let ids = (0..at_once).map(|n| format!("{name} {replicas} {round} {n}"));
                        let all: Vec<_> =
                            ids.map(|id| lists[0].revoke(&Revocation::token_id(id))).collect();
                        for one in all {
                            one.await.expect("Redis works");
                        }
                        sleep(Duration::from_millis(pause)).await;
                    }
                    while lists.iter().any(|list| list.len() < before + rounds * at_once) {
                        sleep(Duration::from_millis(5)).await;
                    }
                });
                let Some(of_one) = of_one else {
                    of_one = Some(work);
                    self.report(&format!("{name}, with one replica"), work, rounds * at_once);
                    continue;
                };
                let row = format!("{name}, for each further replica");
                self.report(&row, work - of_one, rounds * at_once * REPLICAS);
            }
        }
    }

    /// Has replicas start that read the whole list.
    fn list(&mut self, entries: usize) {
        const STARTS: usize = 3;
        let writer = self.lists(1).remove(0);
        self.runtime.block_on(async {
            for batch in 0..entries / BATCH {
                let ids = (0..BATCH).map(|n| format!("list {batch} {n}"));
                let all: Vec<_> = ids.map(|id| writer.revoke(&Revocation::token_id(id))).collect();
                for one in all {
                    one.await.expect("Redis works");
                }
            }
        });
        let all = writer.len();
        drop(writer);
        self.tsv.write("list", "revocations", all, None);
        let redis = self.server.replica();
        let work = self.work_of(async {
            for _ in 0..STARTS {
                let list = Revocations::builder().shared(redis.revocations()).build();
                let list = list.expect("a valid configuration");
                while list.warm_up().await.is_err() {}
                assert_eq!(list.len(), all);
            }
        });
        self.report(
            "1000 revocations of the list, for a starting replica",
            work,
            STARTS * all / 1000,
        );
    }

    /// Returns the revocation lists of connected replicas.
    fn lists(&self, replicas: usize) -> Vec<Revocations> {
        self.runtime.block_on(async {
            // Within a second, the tasks of earlier lists have ended.
            sleep(Duration::from_secs(2)).await;
            let mut lists = Vec::new();
            for _ in 0..replicas {
                let store = self.server.replica().revocations();
                let list = Revocations::builder().shared(store).build();
                let list = list.expect("a valid configuration");
                while list.warm_up().await.is_err() {}
                lists.push(list);
            }
            lists
        })
    }

    fn work_of(&mut self, task: impl Future) -> Work {
        let before = self.server.work();
        self.runtime.block_on(task);
        self.server.work() - before
    }

    fn report(&mut self, row: &str, work: Work, count: usize) {
        let each = |total: f64| total / count as f64;
        let (cpu, commands) = (each(work.cpu.as_secs_f64() * 1e6), each(work.commands as f64));
        let bytes = each(work.sent_bytes as f64);
        println!("{row:52}{cpu:>10.2}{commands:>10.3}{bytes:>10.0}");
        self.tsv.write(row, "CPU µs", format_args!("{cpu:.3}"), None);
        self.tsv.write(row, "commands", format_args!("{commands:.3}"), None);
        self.tsv.write(row, "bytes sent", format_args!("{bytes:.0}"), None);
    }
}

fn digest_of(text: &str) -> [u8; 32] {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    digest.as_ref().try_into().expect("32 bytes")
}
