//! Times and allocations of rows: on one thread in `rounds`, on two in `threads`,
//! beside strangers in `flood`. `report` tells them
//! to people, and to scripts by `tsv`.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a bench reports by panic"
)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "nanoseconds of a moment, and few digits of them"
)]
#![allow(unreachable_pub, reason = "a bench has no users")]

pub mod flood;
pub mod machine;
pub mod memory;
pub mod options;
pub mod percentile;
pub mod report;
pub mod rounds;
pub mod threads;
pub mod tsv;
