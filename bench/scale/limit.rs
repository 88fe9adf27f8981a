//! Where a design breaks.

use crate::{
    costs::Costs,
    defaults::{INTROSPECTED, INTROSPECTED_TOKENS, PERMITS, PROOFS, RedisDefaults, TOKEN_CACHE},
    list,
    measure::tsv::Tsv,
    processors, revocations,
    service::SERVICE,
};

/// A number beyond which a design doesn't work, and an alternative.
#[derive(Debug)]
pub struct Limit {
    name: &'static str,
    unit: &'static str,
    formula: &'static str,
    value: f64,
    then: &'static str,
}

/// Computes the limits from the costs and the defaults.
pub fn all(costs: &Costs, defaults: &RedisDefaults) -> Vec<Limit> {
    let (n, capacity) = (SERVICE.replicas, SERVICE.endpoint_capacity);
    let interval = SERVICE.tokens / SERVICE.requests_per_second;
    let kept = defaults.proof.as_secs_f64() + 1.0;
    vec![
        Limit {
            name: "introspection, any replica gets any token",
            unit: "tokens in use",
            formula: "μ T ÷ n",
            value: capacity * INTROSPECTED / n,
            then: "send each token to one replica, or issue JWTs",
        },
        Limit {
            name: "introspection, each token is sent to one replica",
            unit: "tokens in use",
            formula: "μ (T + N ÷ R)",
            value: capacity * (INTROSPECTED + interval),
            then: "raise `cache_for`, and revoke through the shared list; or issue JWTs",
        },
        Limit {
            name: "the cache of introspected tokens",
            unit: "tokens per replica",
            formula: "C",
            value: INTROSPECTED_TOKENS,
            then: "raise `cache_capacity` to the tokens of a replica",
        },
        Limit {
            name: "permits as a protection of the endpoint",
            unit: "replicas",
            formula: "μ d ÷ 75",
            value: capacity * SERVICE.introspection.as_secs_f64() / PERMITS,
            then: "limit the rate at the endpoint, and lower `max_concurrent`",
        },
        Limit {
            name: "the cache of verified JWTs",
            unit: "tokens per replica",
            formula: "32 MiB ÷ entry",
            value: TOKEN_CACHE / processors::bytes_of_entry(),
            then: "nothing has to be done: each request then costs a verification",
        },
        Limit {
            name: "one Redis for DPoP proofs",
            unit: "requests per s",
            formula: "1 ÷ c",
            value: 1.0 / costs.of_redis("proof"),
            then: "`Redis::cluster`, with a shard for each 70 % of it",
        },
        Limit {
            name: "DPoP proofs in the memory of one process",
            unit: "requests per s",
            formula: "10^6 ÷ 61 s",
            value: PROOFS / kept,
            then: "raise `MemoryReplayStore::with_capacity`",
        },
        Limit {
            name: "one Redis for password checks that aren't cached",
            unit: "per s",
            formula: "1 ÷ c",
            value: 1.0 / costs.of_redis("wrong password"),
            then: "`Redis::cluster`",
        },
        Limit {
            name: "one Redis for revocations",
            unit: "per s",
            formula: "1 ÷ (p + n · q')",
            value: revocations::most(costs, defaults),
            then: "revoke by subject or session; or a custom `RevocationStore` with fan-out",
        },
        Limit {
            name: "replicas that read a long list of revocations at the same time",
            unit: "replicas",
            formula: "500 ms ÷ c",
            value: list::most_at_once(costs, defaults),
            then: "start replicas in groups, or raise `Redis::timeout`",
        },
    ]
}

impl Limit {
    /// Prints the limit, and writes it.
    pub fn report(&self, tsv: &mut Tsv) {
        let Self { name, unit, formula, value, then } = self;
        println!("{name:66}{value:>14.0} {unit}: {then}");
        let row = format!("limit: {name}");
        tsv.write(&row, "unit", unit, None);
        tsv.write(&row, "formula", formula, None);
        tsv.write(&row, "value", value, None);
        tsv.write(&row, "then", then, None);
    }
}
