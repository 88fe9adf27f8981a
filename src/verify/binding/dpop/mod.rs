//! DPoP (RFC 9449): a proof that the client signs for each request.
//
// `proof` parses proofs, `jwk` is the key in a proof, `target` compares URLs, `nonce` generates and verifies
// nonces, and `replay` stores used proofs. `verifier` runs the checks in order of their cost, and `builder`
// configures it.

mod builder;
mod jwk;
mod memory_replay_store;
mod nonce;
mod proof;
mod replay;
mod target;
mod verifier;

pub use self::{
    builder::DpopBuilder,
    memory_replay_store::MemoryReplayStore,
    replay::{Replay, ReplayFuture, ReplayKey, ReplayStore},
    verifier::Dpop,
};
