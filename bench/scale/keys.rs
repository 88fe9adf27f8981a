//! The load of the issuer: metadata and keys.

use std::time::Duration;

use crate::{
    defaults::{BACKOFF, COOLDOWN, FETCH_TIMEOUT, FRESHNESS, METADATA, MIN_FRESHNESS, REFRESH_AT},
    fleet::Fleet,
    key_server::{Arrival, Condition},
    row::Row,
    service::SERVICE,
    simulation::simulate,
};

const SECOND: Duration = Duration::from_secs(1);
/// How often a replica gets a request where it matters. Real ones get hundreds in that time.
const TICK: Duration = Duration::from_millis(100);
const REPLICAS: usize = SERVICE.replicas as usize;

/// Simulates 500 replicas and their issuer.
pub fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(refreshes());
    rows.push(metadata());
    rows.extend(start());
    rows.push(unknown_keys());
    rows.extend(rotations());
    rows.extend(outages());
    rows.extend(verifications());
    rows
}

fn refreshes() -> [Row; 3] {
    [
        ("keys, without `Cache-Control`", None, FRESHNESS),
        ("keys, with `no-store` or `max-age` of up to a minute", Some("no-store"), MIN_FRESHNESS),
        ("keys, with `max-age=86400`", Some("max-age=86400"), 86_400.0),
    ]
    .map(|(name, cache_control, freshness)| {
        let interval = REFRESH_AT * freshness;
        let per_second = simulate(async {
            let mut fleet = Fleet::new(REPLICAS, cache_control, true);
            fleet.start_within(Duration::from_secs_f64(interval)).await;
            let (from, to) = (2.0 * interval, 6.0 * interval);
            fleet.run_until(to, Duration::from_secs_f64(interval / 500.0)).await;
            fleet.server.count(from, to, |it| it.is_for_keys) / (to - from)
        });
        let formula = format!("n ÷ (0.8 · {freshness} s)");
        let (unit, times) = if freshness > 1000.0 { ("per hour", 3600.0) } else { ("per s", 1.0) };
        Row::new(name, unit)
            .on_paper(formula, SERVICE.replicas / interval * times)
            .simulated(per_second * times)
    })
}

/// Simulates a tenth of the replicas for four days.
fn metadata() -> Row {
    let per_hour = simulate(async {
        let mut fleet = Fleet::new(REPLICAS / 10, None, true);
        fleet.start_within(Duration::from_secs_f64(METADATA)).await;
        fleet.run_until(4.0 * METADATA, 20 * SECOND).await;
        let requests = fleet.server.count(METADATA, 4.0 * METADATA, |it| !it.is_for_keys);
        10.0 * requests / (3.0 * METADATA) * 3600.0
    });
    Row::new("metadata", "per hour")
        .on_paper("n ÷ 24 h", SERVICE.replicas / METADATA * 3600.0)
        .simulated(per_hour)
}

/// All replicas are started at once, and follow the issuer for two hours.
fn start() -> [Row; 2] {
    let (first, later) = simulate(async {
        let mut fleet = Fleet::new(REPLICAS, None, true);
        fleet.start_within(Duration::ZERO).await;
        fleet.run_until(10.0, TICK).await;
        fleet.run_until(7200.0, SECOND).await;
        let all = fleet.server.requests();
        (busiest_second(&all, 0.0, 10.0), busiest_second(&all, 3600.0, 7200.0))
    });
    [
        Row::new("all replicas start at once: metadata and keys, in the busiest second", "")
            .on_paper("2 n", 2.0 * SERVICE.replicas)
            .simulated(first),
        Row::new("all replicas started at once an hour ago: keys, in the busiest second", "")
            .on_paper("n", SERVICE.replicas)
            .simulated(later),
    ]
}

/// Tokens with an unknown `kid` reach every replica all the time.
fn unknown_keys() -> Row {
    let per_second = simulate(async {
        let mut fleet = Fleet::new(REPLICAS, None, true);
        fleet.start_within(10 * SECOND).await;
        let unknown = fleet.mint(Some("unknown"));
        fleet.run_with(&[unknown], 110.0, TICK).await;
        fleet.server.count(10.0, 110.0, |it| it.is_for_keys) / 100.0
    });
    Row::new("keys, while tokens with an unknown `kid` reach every replica", "per s")
        .on_paper("n ÷ 10 s", SERVICE.replicas / COOLDOWN)
        .simulated(per_second)
}

/// The issuer signs with a new key: in quiet times, and while tokens with an unknown `kid` arrive.
fn rotations() -> [Row; 3] {
    let (requests, quiet) = simulate(async {
        let mut fleet = Fleet::new(REPLICAS, None, true);
        fleet.start_within(10 * SECOND).await;
        fleet.run_until(20.0, TICK).await;
        fleet.server.issuer.rotate_keys(true);
        let (token, rotated) = (fleet.mint(None), fleet.clock.seconds());
        fleet.run_until_accepted(&token, &[], Duration::from_millis(1)).await;
        let seconds = fleet.clock.seconds() - rotated;
        (fleet.server.count(rotated, rotated + 1.0, |it| it.is_for_keys), seconds)
    });
    let flooded = simulate(async {
        let mut fleet = Fleet::new(REPLICAS, None, true);
        fleet.start_within(10 * SECOND).await;
        let unknown = [fleet.mint(Some("unknown"))];
        // Shortly after a fetch, which is the worst moment.
        fleet.run_with(&unknown, 30.3, TICK).await;
        fleet.server.issuer.rotate_keys(true);
        let (token, rotated) = (fleet.mint(None), fleet.clock.seconds());
        fleet.run_until_accepted(&token, &unknown, TICK).await;
        fleet.clock.seconds() - rotated
    });
    let response = SERVICE.key_response.as_secs_f64();
    [
        Row::new("keys, in the second in which tokens of a new key arrive", "")
            .on_paper("n", SERVICE.replicas)
            .simulated(requests),
        Row::new("until all replicas accept tokens of a new key", "s")
            .on_paper("a response of the issuer", response)
            .simulated(quiet),
        Row::new("until all replicas accept them, while tokens with an unknown `kid` arrive", "s")
            .on_paper("the cool-down of 10 s", COOLDOWN)
            .simulated(flooded),
    ]
}

/// The issuer responds with 503, or not at all, for an hour. All tokens are accepted, because keys are kept for a day.
fn outages() -> [Row; 2] {
    let outage = |condition| {
        simulate(async move {
            let mut fleet = Fleet::new(REPLICAS, None, true);
            fleet.start_within(60 * SECOND).await;
            fleet.server.set(condition);
            fleet.run_until(5400.0, SECOND).await;
            assert!(fleet.accepts().await, "the keys are kept");
            fleet.server.count(1800.0, 5400.0, |_| true) / 3600.0
        })
    };
    // Half a tick passes between the end of a delay and the next request.
    let pause = BACKOFF + SECOND.as_secs_f64() / 2.0;
    let response = 2.0 * SERVICE.key_response.as_secs_f64();
    [
        Row::new("the issuer responds with 503: requests", "per s")
            .on_paper("2 n ÷ 45 s", 2.0 * SERVICE.replicas / (pause + response))
            .simulated(outage(Condition::Failing)),
        Row::new("the issuer doesn't respond: requests", "per s")
            .on_paper("n ÷ (45 s + 5 s)", SERVICE.replicas / (pause + FETCH_TIMEOUT))
            .simulated(outage(Condition::Hanging)),
    ]
}

/// A token is used all the time, and verified again when its issuer's keys may have changed.
fn verifications() -> [Row; 2] {
    let interval = REFRESH_AT * FRESHNESS;
    [("without an `ETag`", false, 3600.0 / interval), ("with an `ETag`", true, 0.0)].map(
        |(name, has_etag, on_paper)| {
            let per_hour = simulate(async move {
                let mut fleet = Fleet::new(10, None, has_etag);
                fleet.start_within(60 * SECOND).await;
                fleet.run_until(600.0, SECOND).await;
                let before = fleet.verified;
                fleet.run_until(600.0 + 4.0 * 3600.0, SECOND).await;
                (fleet.verified - before) as f64 / 10.0 / 4.0
            });
            let formula = if has_etag { "0" } else { "1 h ÷ (0.8 · 600 s)" };
            Row::new(format!("verifications of a cached token, {name}"), "per hour")
                .on_paper(formula, on_paper)
                .simulated(per_hour)
        },
    )
}

fn busiest_second(requests: &[Arrival], from: f64, to: f64) -> f64 {
    let within: Vec<_> =
        requests.iter().map(|it| it.second).filter(|it| (from..to).contains(it)).collect();
    let (mut start, mut most) = (0, 0);
    for (end, second) in within.iter().enumerate() {
        while within[start] + 1.0 <= *second {
            start += 1;
        }
        most = most.max(end + 1 - start);
    }
    most as f64
}
