//! The systems that the examples stand for, each driven by the commands of its own document.
//!
//! A command is written as the document has it, `curl …`, and stands so in the example's header too.
//! Each is sent twice: by a client on a plain socket, so that `cargo test` needs Rust and nothing else,
//! and by the real curl, in tests that `cargo test --test systems -- --ignored` runs.
//!
//! `cargo test` builds the examples first. Where these tests alone are wanted it doesn't: then run
//! `cargo build --examples` before.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests report by panic"
)]
// Some tests have an example inside, to turn its clock; each has the examples' support inside itself.
#![allow(clippy::duplicate_mod)]

mod dataloy;
mod halo_cms;
mod halo_integrations;
mod harmony_cms;
mod page;
mod regards;
mod support;
