//! The load of Redis by used DPoP proofs and wrong passwords: one command for each.

use crate::{
    costs::Costs, defaults::RedisDefaults, random::Random, redis_server::RedisServer, row::Row,
    service::SERVICE,
};

/// How busy a server may be.
const UTILIZATION: f64 = 0.7;

/// The bytes of a proof in Redis 7.0: see docs/revocation.md.
const BYTES: f64 = 181.0;

pub fn rows(costs: &Costs, defaults: &RedisDefaults) -> Vec<Row> {
    let cost = costs.of_redis("proof");
    let shards = (SERVICE.requests_per_second * cost / UTILIZATION).ceil();
    let rate = SERVICE.requests_per_second / shards;
    let load = serve(rate, cost, defaults);
    let overloaded = serve(SERVICE.requests_per_second, cost, defaults);
    // Proofs are kept for a second longer than they are accepted.
    let kept = defaults.proof.as_secs_f64() + 1.0;
    vec![
        Row::new("processors of Redis, if each request has a proof", "")
            .on_paper("R · c", SERVICE.requests_per_second * cost)
            .simulated(load.utilization * shards),
        Row::new("memory of all servers", "GB")
            .on_paper("R · 61 s · 181 bytes", SERVICE.requests_per_second * kept * BYTES / 1e9)
            .simulated(load.rate * shards * kept * BYTES / 1e9),
        Row::new(format!("mean wait for one of {shards} servers, which are busy for 70 %"), "µs")
            .on_paper("ρ c ÷ 2 (1 − ρ)", {
                let utilization = rate * cost;
                utilization * cost / (2.0 * (1.0 - utilization)) * 1e6
            })
            .simulated(load.mean_wait * 1e6),
        Row::new("a single server for all: requests that it completes in time", "%")
            .on_paper("those of the first moments", {
                let in_time =
                    defaults.timeout.as_secs_f64() / (SERVICE.requests_per_second * cost - 1.0);
                in_time / SECONDS * 100.0
            })
            .simulated(overloaded.in_time * 100.0),
    ]
}

/// How long proofs arrive.
const SECONDS: f64 = 1.0;

struct Load {
    /// Proofs per second.
    rate: f64,
    utilization: f64,
    mean_wait: f64,
    /// The part of them whose commands end within the time limit.
    in_time: f64,
}

/// Proofs arrive at one server at random.
fn serve(per_second: f64, cost: f64, defaults: &RedisDefaults) -> Load {
    let (mut random, mut server) = (Random::new(1), RedisServer::default());
    let (mut now, mut waited, mut in_time) = (0.0, 0.0, 0_u64);
    loop {
        now += random.interval(per_second);
        if now > SECONDS {
            break;
        }
        let took = server.execute(now, cost) - now;
        waited += took - cost;
        in_time += u64::from(took <= defaults.timeout.as_secs_f64());
    }
    let count = server.commands as f64;
    Load {
        rate: count / SECONDS,
        utilization: server.busy / SECONDS,
        mean_wait: waited / count,
        in_time: in_time as f64 / count,
    }
}
