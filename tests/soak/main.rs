//! Services whose issuer, introspection endpoint and Redis fail at random times in random ways, each behind a proxy.
//! `.ci/run interop` runs this for 30 seconds and `.ci/run soak` for 10 minutes, with `redis-server` in the path. By hand:
//! `SOAK_SECONDS=60 SOAK_SEED=7 cargo test --workspace --all-features --test soak -- --ignored --nocapture`.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::match_bool,
    unreachable_pub,
    reason = "tests report by panic, and share by `pub`"
)]

mod client;
mod memory;
mod proxy;
mod random;
mod record;
mod replicas;
#[allow(dead_code, reason = "the tests of Redis use all of it")]
#[path = "../redis/server.rs"]
mod server;
mod tokens;

use std::{
    env,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{task::JoinSet, time::sleep};

use crate::{
    memory::Memory,
    proxy::{Fault, Proxy},
    random::Random,
    record::SLACK,
    replicas::Replicas,
    tokens::Tokens,
};

const API: &str = "https://api.example";

/// The size of the caches of verified tokens. It is small, so that they are full before memory is compared.
const TOKEN_CACHE: usize = 256 * 1024;

/// How much the resident set may grow between the second quarter of a run and the last one.
const GROWTH: u64 = 8 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes as long as `SOAK_SECONDS` says, and needs redis-server"]
async fn faults_of_sockets_cause_no_wrong_response_and_no_growth() {
    let number =
        |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let seed = number("SOAK_SEED").unwrap_or(20);
    let duration = Duration::from_secs(number("SOAK_SECONDS").unwrap_or(30));
    println!("seed {seed}, {} s", duration.as_secs());
    let mut random = Random::new(seed);
    let soak = Arc::new(Soak {
        tokens: Tokens::start().await.unwrap(),
        replicas: Replicas::start().await.unwrap(),
        end: Instant::now() + duration,
    });

    let mut tasks = JoinSet::new();
    for (target, numbers) in
        [Target::Issuer, Target::Introspection, Target::Redis].map(|target| (target, random.fork()))
    {
        tasks.spawn(Arc::clone(&soak).cause_faults(target, numbers));
    }
    for _ in 0..4 {
        tasks.spawn(Arc::clone(&soak).send_tokens(random.fork()));
        tasks.spawn(Arc::clone(&soak).send_to_replicas(random.fork()));
    }
    tasks.spawn(Arc::clone(&soak).change(random.fork()));
    tasks.spawn(Arc::clone(&soak).revoke(random.fork()));
    tasks.spawn(Arc::clone(&soak).pass_time());

    let mut memory = Memory::default();
    while Instant::now() < soak.end && soak.wrong().is_empty() {
        memory.sample();
        sleep(Duration::from_millis(250)).await;
    }
    if soak.wrong().is_empty() {
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }
    }
    soak.report(&memory);
}

#[derive(Clone, Copy)]
enum Target {
    Issuer,
    Introspection,
    Redis,
}

struct Soak {
    tokens: Tokens,
    replicas: Replicas,
    end: Instant,
}

impl Soak {
    fn is_running(&self) -> bool {
        Instant::now() < self.end
    }

    /// Sleeps, but not beyond the end.
    async fn sleep(&self, time: Duration) {
        sleep(time.min(self.end.saturating_duration_since(Instant::now()))).await;
    }

    fn proxy(&self, target: Target) -> &Proxy {
        match target {
            Target::Issuer => &self.tokens.issuer_proxy,
            Target::Introspection => &self.tokens.introspection_proxy,
            Target::Redis => &self.replicas.proxy,
        }
    }

    async fn cause_faults(self: Arc<Self>, target: Target, mut random: Random) {
        let proxy = self.proxy(target);
        // The services have started when the first one comes.
        self.sleep(random.millis(1000..2000)).await;
        while self.is_running() {
            proxy.set(Some(Fault::random(&mut random)));
            self.sleep(random.millis(200..5000)).await;
            proxy.set(None);
            // Now and then, longer than a recovery may take.
            let pause = if random.below(4) == 0 { 12_000..14_000 } else { 200..3000 };
            self.sleep(random.millis(pause)).await;
        }
    }

    async fn send_tokens(self: Arc<Self>, mut random: Random) {
        while self.is_running() {
            self.tokens.send_jwt(&mut random).await;
            self.tokens.send_opaque(&mut random).await;
            self.sleep(random.millis(5..60)).await;
        }
    }

    async fn send_to_replicas(self: Arc<Self>, mut random: Random) {
        while self.is_running() {
            self.replicas.send(&mut random).await;
            if random.below(4) == 0 {
                self.replicas.send_proof().await;
            }
            self.sleep(random.millis(5..60)).await;
        }
    }

    /// Rotates keys, and revokes tokens at the issuer.
    async fn change(self: Arc<Self>, mut random: Random) {
        while self.is_running() {
            self.sleep(random.millis(3000..6000)).await;
            self.tokens.revoke(&mut random);
            if random.below(2) == 0 {
                self.tokens.rotate();
            }
        }
    }

    async fn revoke(self: Arc<Self>, mut random: Random) {
        while self.is_running() {
            self.replicas.revoke(&mut random).await;
            self.sleep(random.millis(300..1500)).await;
        }
    }

    async fn pass_time(self: Arc<Self>) {
        let mut last = Instant::now();
        while self.is_running() {
            sleep(Duration::from_millis(20)).await;
            let now = Instant::now();
            self.tokens.pass(now - last);
            last = now;
        }
    }

    fn records(&self) -> [&record::Record; 5] {
        let (tokens, replicas) = (&self.tokens, &self.replicas);
        [
            &tokens.jwts,
            &tokens.introspected,
            &replicas.serving,
            &replicas.rejecting,
            &replicas.proofs,
        ]
    }

    fn wrong(&self) -> Vec<String> {
        self.records().into_iter().flat_map(record::Record::wrong).collect()
    }

    fn report(&self, memory: &Memory) {
        for (name, target) in [
            ("issuer", Target::Issuer),
            ("introspection", Target::Introspection),
            ("Redis", Target::Redis),
        ] {
            println!("{name}: {} faults", self.proxy(target).faults());
        }
        for record in self.records() {
            println!("{record}");
        }
        let memory = memory.early_and_late();
        if let Some((early, late)) = memory {
            println!("resident: {} KiB early, {} KiB late", early / 1024, late / 1024);
        }

        let wrong = self.wrong();
        assert!(wrong.is_empty(), "wrong responses:\n{}", wrong.join("\n"));
        // Otherwise, the run shows nothing.
        for record in self.records() {
            assert!(record.count(200) > 0, "{record}");
        }
        for record in [&self.tokens.introspected, &self.replicas.rejecting, &self.replicas.proofs] {
            assert!(record.count(503) > 0, "{record}");
        }
        for record in self.records() {
            let (slowest, documented) = record.recovery();
            assert!(slowest <= documented + SLACK, "{record}");
        }
        let (early, late) = memory.unwrap_or_default();
        assert!(late <= early + GROWTH, "{early} bytes, and then {late}");
    }
}
