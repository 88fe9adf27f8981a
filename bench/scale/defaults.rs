//! The defaults of the crate that determine the load.
//!
//! The simulations of keys and introspection run the crate's own verifiers, so a default that differs from these
//! numbers shows as a difference between the columns. The simulation of Redis doesn't run the crate, so its numbers
//! are read from the crate's source.

use std::time::Duration;

/// How long keys are fresh if the issuer doesn't specify it, and at least.
pub const FRESHNESS: f64 = 600.0;
pub const MIN_FRESHNESS: f64 = 60.0;
/// The part of the freshness after which keys are refreshed.
pub const REFRESH_AT: f64 = 0.8;
/// How long metadata is used.
pub const METADATA: f64 = 86_400.0;
/// The time between two fetches for unknown keys.
pub const COOLDOWN: f64 = 10.0;
/// The mean delay after repeated failures: between half and all of a minute.
pub const BACKOFF: f64 = 45.0;
/// The time limit of a fetch.
pub const FETCH_TIMEOUT: f64 = 5.0;
/// How long an introspection is cached, and one of an inactive token.
pub const INTROSPECTED: f64 = 60.0;
pub const INACTIVE: f64 = 5.0;
/// How many introspected tokens are cached.
pub const INTROSPECTED_TOKENS: f64 = 10_000.0;
/// How many introspections may run at a time for new tokens: all but a quarter of 100.
pub const PERMITS: f64 = 75.0;
/// How long one waits for a permit.
pub const QUEUE: f64 = 5.0;
/// The bytes of the cache of verified tokens.
pub const TOKEN_CACHE: f64 = 33_554_432.0;
/// The proofs of a store in memory.
pub const PROOFS: f64 = 1e6;

/// The private constants of the crate that determine the load of Redis.
#[derive(Debug, Clone, Copy)]
pub struct RedisDefaults {
    /// How long a read of the stream waits.
    pub block: Duration,
    /// The revocations that are read at once, of the stream and of the list.
    pub page: f64,
    pub page_of_list: f64,
    /// The time limit of a command.
    pub timeout: Duration,
    /// The delay after a failure.
    pub retry: Duration,
    /// How long a proof is accepted.
    pub proof: Duration,
}

impl RedisDefaults {
    pub fn read() -> Self {
        let (feed, settings) =
            (include_str!("../../src/redis/feed.rs"), include_str!("../../src/redis/settings.rs"));
        let sharing = include_str!("../../src/verify/sharing.rs");
        let proof = include_str!("../../src/verify/binding/dpop/verifier.rs");
        Self {
            block: duration(feed, "BLOCK"),
            page: number(constant(feed, "PAGE")),
            page_of_list: number(constant(feed, "LIST_PAGE")),
            timeout: duration(settings, "TIMEOUT"),
            retry: duration(sharing, "RETRY_INTERVAL"),
            proof: duration(proof, "MAX_AGE"),
        }
    }
}

/// The bytes of a cached token in addition to its texts.
pub fn token_overhead() -> f64 {
    number(constant(include_str!("../../src/verify/jwt/token_cache.rs"), "OVERHEAD"))
}

/// Returns the value of `const NAME: … = value;`.
fn constant<'a>(source: &'a str, name: &str) -> &'a str {
    let start = format!("const {name}: ");
    let found = source.split_once(&start).and_then(|(_, rest)| rest.split_once(" = "));
    let value = found.and_then(|(_, rest)| rest.split_once(';'));
    value.unwrap_or_else(|| panic!("the crate has no constant {name}")).0
}

fn duration(source: &str, name: &str) -> Duration {
    let value = constant(source, name);
    let call = value.strip_prefix("Duration::from_").and_then(|call| call.strip_suffix(')'));
    match call.and_then(|call| call.split_once('(')) {
        Some(("millis", number)) => Duration::from_millis(number.parse().expect("a number")),
        Some(("secs", number)) => Duration::from_secs(number.parse().expect("a number")),
        _ => panic!("{name} is {value}, which isn't in milliseconds or seconds"),
    }
}

fn number(text: &str) -> f64 {
    text.replace('_', "").parse().expect("a number")
}
