//! The systems that the examples stand for, each driven by the commands of its own document.
//!
//! A command is written as the document has it, `curl …`, and stands so in the example's header too.
//! Each is sent twice: by a client on a plain socket, so that `cargo test` needs Rust and nothing else,
//! and by the real curl, in the tests that `--ignored` selects.
//!
//! `cargo test --workspace --all-features` builds the examples, which are binaries, and so does
//! `cargo test --workspace --all-features --test binary --test systems`.

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
