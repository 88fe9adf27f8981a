//! What the benches share: `rows` lists what is measured, the others are what it is made of.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a bench reports by panic"
)]
#![allow(unreachable_pub, reason = "a bench has no users")]

pub mod baseline;
pub mod figure;
pub mod fixture;
pub mod issuer;
pub mod minter;
pub mod proofs;
pub mod raw;
pub mod rows;
pub mod services;
pub mod strangers;
pub mod subject;
