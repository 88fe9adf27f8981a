//! State that replicas share through Redis or Valkey.
//!
//! [`Redis`] configures the servers. [`RedisRevocations`] shares revocations, so that each takes effect on every
//! replica. [`RedisReplays`] shares the DPoP proofs that were used, so that each is accepted once. `RedisGuesses` (with the
//! `basic` feature) shares the attempts to guess the password of each account.
//!
//! ```
//! # #[cfg(feature = "dpop")]
//! # fn main() -> Result<(), portcullis::ConfigError> {
//! use portcullis::{
//!     binding::Dpop, redis::Redis, verify::{OutagePolicy, Revocations},
//! };
//!
//! let redis = Redis::new("redis://127.0.0.1:6379")?;
//! let revocations =
//!     Revocations::builder().shared(redis.revocations()).outage(OutagePolicy::Reject).build()?;
//! let dpop = Dpop::builder("https://api.example").replay_store(redis.replays()).build()?;
//! # let _ = dpop;
//! assert!(revocations.readiness().is_shared());
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "dpop"))]
//! # fn main() {}
//! ```
//!
//! A connection is opened on first use. Every operation has a time limit, and no lock is held while waiting for a
//! server. Redis 6.2 or later and Valkey are supported, as a single server, with Sentinel, or as a cluster.
//
// `settings` is the public type, `servers` connects, `link` is one connection, and `connections` the one that requests
// share. `store` adds revocations with `script`, and `feed` reads them.

mod connections;
mod failure;
mod feed;
#[cfg(feature = "basic")]
mod guesses;
mod link;
#[cfg(all(feature = "dpop", feature = "_jwt"))]
mod replays;
mod revocations;
mod script;
mod servers;
mod settings;
mod store;

#[cfg(feature = "basic")]
pub use self::guesses::RedisGuesses;
#[cfg(all(feature = "dpop", feature = "_jwt"))]
pub use self::replays::RedisReplays;
pub use self::{revocations::RedisRevocations, settings::Redis};
