//! As fast as it goes: the CPU time of a request.

use std::{sync::Arc, time::Duration};

use portcullis::{
    Algorithm::{Es256, Rs256},
    testing::TestIssuer,
};

use crate::{
    load::{Load, Outcome},
    server::Server,
    tokens,
    tsv::Tsv,
};

struct Row {
    name: &'static str,
    status: u16,
    /// What is sent in each round.
    rounds: Vec<Load>,
    cpu_time: Duration,
    outcome: Outcome,
}

/// All rows take turns, so that what disturbs the machine disturbs them alike.
pub fn measure(server: &Server, issuer: &TestIssuer, quick: bool, tsv: &mut Tsv) {
    let (rounds, count) = if quick { (2, 2_000) } else { (5, 10_000) };
    let seconds = Duration::from_millis(if quick { 300 } else { 1_000 });
    let again = |name, status, requests: Arc<[Vec<u8>]>| {
        let load = Load { requests, repeats: true, connections: 8, every: None, time: seconds };
        Row::new(name, status, vec![load; rounds])
    };
    let once = |name, algorithm| {
        let all = tokens::good(issuer, algorithm, rounds * count);
        let load = |requests: &[Vec<u8>]| {
            let time = Duration::from_secs(30);
            Load { requests: requests.into(), repeats: false, connections: 8, every: None, time }
        };
        Row::new(name, 200, all.chunks(count).map(load).collect())
    };
    let mut rows = [
        again("no authentication", 200, tokens::only("/healthz", None)),
        again("seen, RS256", 200, tokens::good(issuer, Rs256, 1)),
        again("seen, RS256, one of 1000", 200, tokens::good(issuer, Rs256, 1000)),
        once("first seen, RS256", Rs256),
        once("first seen, ES256", Es256),
        again("rejected, no token", 401, tokens::only("/read", None)),
        again("rejected, garbage", 401, tokens::only("/read", Some("garbage"))),
    ];
    for round in 0..rounds {
        for row in &mut rows {
            row.take(round, server);
        }
    }
    println!(
        "\n{:28}{:>10}{:>12}{:>9}{:>9}{:>9}",
        "8 connections, one worker", "CPU µs", "requests/s", "median", "99 %", "others"
    );
    for row in &rows {
        row.report(tsv);
    }
}

impl Row {
    fn new(name: &'static str, status: u16, rounds: Vec<Load>) -> Self {
        Self { name, status, rounds, cpu_time: Duration::ZERO, outcome: Outcome::default() }
    }

    fn take(&mut self, round: usize, server: &Server) {
        let before = server.cpu_time();
        let load = self.rounds[round].clone();
        let outcome = load.start(server.address).join().expect("no panic");
        self.cpu_time += server.cpu_time().saturating_sub(before);
        self.outcome.add(outcome);
    }

    fn report(&self, tsv: &mut Tsv) {
        let Self { name, status, cpu_time, outcome, .. } = self;
        let requests = outcome.latencies.len() as f64;
        let cpu = cpu_time.as_secs_f64() * 1e6 / requests;
        let rate = requests / outcome.took.as_secs_f64();
        let (median, high) = (outcome.percentile(50), outcome.percentile(99));
        let others = outcome.others_than(*status);
        println!("{name:28}{cpu:>10.2}{rate:>12.0}{median:>9.0}{high:>9.0}{others:>9}");
        tsv.write(name, "CPU µs", format_args!("{cpu:.2}"), None);
        tsv.write(name, "requests/s", format_args!("{rate:.0}"), None);
        tsv.write(name, "median µs", format_args!("{median:.0}"), None);
        tsv.write(name, "99 % µs", format_args!("{high:.0}"), None);
        tsv.write(name, "other answers", others, Some(0.0));
    }
}
