//! Times and allocations of rows: on one thread in `rounds`, on two in `threads`.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench reports by panic"
)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "nanoseconds of a moment, and few digits of them"
)]
#![allow(unreachable_pub, reason = "there is nobody outside a bench")]

pub mod rounds;
pub mod threads;
