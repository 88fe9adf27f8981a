//! The processors of all replicas that verification takes, in addition to the rest of the requests.

use portcullis::{JwtVerifier, Verify};

use crate::{
    costs::Costs,
    defaults::{TOKEN_CACHE, token_overhead},
    fleet::{bearer, headers},
    random::Random,
    row::Row,
    service::SERVICE,
    simulation::simulate,
    support::{issuer::Issuer, minter::Minter},
};

/// How many requests are simulated.
const REQUESTS: u64 = 50_000;

const SEEN: &str = "seen, RS256, one of many";
const FIRST_SEEN: &str = "first seen, RS256, and remembered";

/// Simulates the cache of one replica.
pub fn rows(costs: &Costs) -> Vec<Row> {
    let (seen, first) = (costs.of_request(SEEN), costs.of_request(FIRST_SEEN));
    let of = |hits: f64| SERVICE.requests_per_second * (hits * seen + (1.0 - hits) * first);
    let per_token = bytes_of_entry();
    let cached = TOKEN_CACHE / per_token;
    let of_one = SERVICE.tokens / SERVICE.replicas;
    // A tenth of the tokens with a tenth of the cache, which is as often hit.
    let (tokens, all) = (SERVICE.tokens / 10.0, 0.12 * SERVICE.tokens * per_token);
    let mut rows = vec![
        Row::new("RS256, each token is sent to one replica", "")
            .on_paper("R · seen", of(1.0))
            .simulated(of(hits(of_one, TOKEN_CACHE))),
        Row::new("RS256, any replica gets any token, 32 MiB of cache", "")
            .on_paper("R · first seen · (1 − C ÷ N)", of(cached / SERVICE.tokens))
            .simulated(of(hits(tokens, TOKEN_CACHE / 10.0))),
        Row::new("RS256, any replica gets any token, a cache for all of them", "")
            .on_paper("R · seen", of(1.0))
            .simulated(of(hits(tokens, all))),
    ];
    for (name, row) in [
        ("ES256, no token is cached", "first seen, ES256"),
        ("each request has a DPoP proof with ES256", "seen, RS256, with a proof, ES256"),
        ("each request has a DPoP proof with EdDSA", "seen, RS256, with a proof, EdDSA"),
        ("forged signatures with RS256", "rejected, bad signature, RS256"),
        ("tokens with an unknown `kid`", "rejected, unknown kid"),
    ] {
        let cores = SERVICE.requests_per_second * costs.of_request(row);
        rows.push(Row::new(name, "").on_paper("R · cost", cores));
    }
    rows
}

/// The bytes that the cache counts for one of the simulated tokens.
pub fn bytes_of_entry() -> f64 {
    let token = Minter::new(&Issuer::new(0)).mint(0);
    let claims = token.split('.').nth(1).unwrap_or_default().len() * 3 / 4;
    token_overhead() + (token.len() + claims) as f64
}

/// Returns the part of requests whose token is in a cache of `bytes`, if each of `tokens` is used equally often.
fn hits(tokens: f64, bytes: f64) -> f64 {
    simulate(async {
        let issuer = Issuer::new(0);
        let minter = Minter::new(&issuer);
        let verifier = issuer.hmac_verifier().token_cache(bytes as usize).build();
        let verifier = verifier.expect("a valid configuration");
        // The cache is filled before the hits are counted.
        for token in 0..tokens.min(4.0 * bytes / bytes_of_entry()) as u64 {
            verify(&verifier, &minter.mint(token)).await;
        }
        let (mut random, mut hits) = (Random::new(1), 0);
        for _ in 0..REQUESTS {
            let token = minter.mint(random.below(tokens as u64));
            if verifier.cached(token.as_bytes()).is_some() {
                hits += 1;
            } else {
                verify(&verifier, &token).await;
            }
        }
        f64::from(hits) / REQUESTS as f64
    })
}

/// Verifies a valid token, which is cached.
pub async fn verify(verifier: &JwtVerifier, token: &str) {
    let outcome = verifier.verify(bearer(&headers(token))).wait().await;
    assert!(outcome.is_ok(), "a valid token");
}
