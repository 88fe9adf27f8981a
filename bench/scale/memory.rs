//! The memory of one replica.

use std::time::{Duration, SystemTime};

use portcullis::{
    binding::{MemoryReplayStore, ReplayKey, ReplayStore},
    verify::{Revocation, Revocations},
};

use crate::{
    clock::SimulatedClock,
    costs::Costs,
    defaults::{INTROSPECTED_TOKENS, RedisDefaults},
    endpoint::Endpoint,
    population::Population,
    replica::Replica,
    row::Row,
    service::SERVICE,
    simulation::simulate,
    support::{issuer::Issuer, minter::Minter},
};

/// The slots and the bytes of a full list of revocations: see docs/revocation.md.
const SLOTS: f64 = 64.0 * 32_768.0;
const BYTES_OF_SLOT: f64 = 25.0;

/// Allocates what a replica holds.
pub fn rows(costs: &Costs, defaults: &RedisDefaults) -> Vec<Row> {
    let length = Minter::new(&Issuer::new(0)).mint(0).len() as f64;
    let each = length + costs.get("tokens, 32 MiB, 10000", "bytes each beyond its length");
    let of_one = SERVICE.tokens / SERVICE.replicas;
    let proofs = SERVICE.requests_of_one() * (defaults.proof.as_secs_f64() + 1.0);
    let of_proof = costs.get("proofs, 1000000", "bytes each");
    [
        Row::new("verified tokens, each sent to one replica", "MB")
            .on_paper("N ÷ n · (token + 859 bytes)", of_one * each)
            .simulated(verified(of_one)),
        Row::new("verified tokens, if each replica caches all of them", "MB")
            .on_paper("N · (token + 859 bytes)", SERVICE.tokens * each)
            .simulated(verified(SERVICE.tokens / 20.0) * 20.0),
        Row::new("10,000 introspected tokens", "MB").simulated(introspected()),
        Row::new("a million revocations", "MB")
            .on_paper("64 · 2^15 slots · 25 bytes", SLOTS * BYTES_OF_SLOT)
            .simulated(revoked()),
        Row::new("used proofs in memory, if a proof is always sent to the same replica", "MB")
            .on_paper("R ÷ n · 61 s · 52 bytes", proofs * of_proof)
            .simulated(used(proofs)),
    ]
    .map(|row| Row { on_paper: row.on_paper / 1e6, simulated: row.simulated / 1e6, ..row })
    .into()
}

fn verified(tokens: f64) -> f64 {
    let issuer = Issuer::new(0);
    let minter = Minter::new(&issuer);
    allocated(|| {
        let verifier = issuer.hmac_verifier().token_cache(1 << 30).build();
        let verifier = verifier.expect("a valid configuration");
        simulate(async {
            for token in 0..tokens as u64 {
                crate::processors::verify(&verifier, &minter.mint(token)).await;
            }
        });
        verifier
    })
}

fn introspected() -> f64 {
    let population = Population { tokens: INTROSPECTED_TOKENS as u64, lifetime: SERVICE.lifetime };
    allocated(|| {
        simulate(async {
            let clock = SimulatedClock::new();
            let endpoint = Endpoint::new(1.0, false);
            let mut replica = Replica::new(1, clock, &endpoint, |builder| {
                builder.cache_for(Duration::from_secs(600))
            });
            let rate = SERVICE.requests_of_one();
            let time = Duration::from_secs(60);
            replica.run(time, rate, |random| population.any(random, clock)).await;
            replica
        })
    })
}

fn revoked() -> f64 {
    allocated(|| {
        let revocations = Revocations::new();
        for number in 0..1_000_000 {
            drop(revocations.revoke(&Revocation::token_id(number.to_string())));
        }
        revocations
    })
}

fn used(proofs: f64) -> f64 {
    let expires_at = SystemTime::now() + Duration::from_secs(600);
    allocated(|| {
        let store = MemoryReplayStore::new();
        simulate(async {
            for number in 0..proofs as u64 {
                // Keys are digests, whose bytes are evenly distributed.
                let mut random = crate::random::Random::new(number);
                let key = std::array::from_fn(|_| random.below(256) as u8);
                let is_new = store.insert(ReplayKey::from(key), expires_at).wait().await;
                assert!(is_new.is_ok_and(|it| it), "there is room");
            }
        });
        store
    })
}

/// Returns how many bytes the result of a function has allocated.
fn allocated<T>(create: impl FnOnce() -> T) -> f64 {
    let mut created = None;
    let info = allocation_counter::measure(|| created = Some(create()));
    drop(created);
    info.bytes_current as f64
}
