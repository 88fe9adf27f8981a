//! The systems that the examples implement, each tested with the commands of its documentation.
//!
//! The commands are curl command lines, as in the documentation and at the head of each example. Each one is
//! sent twice: by a client on a plain socket, so that `cargo test` needs only Rust, and by the real curl, in the
//! tests that `--ignored` selects.
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
// Some tests include an example, to control its clock, and each example includes the support of the examples.
#![allow(clippy::duplicate_mod)]

mod dataloy;
mod halo_cms;
mod halo_integrations;
mod harmony_cms;
mod page;
mod regards;
mod support;
