//! Races of the library, under a model checker. `std`, `tokio`, `arc_swap` and `quick_cache` are the crates beside this
//! folder, here as in the library.

mod introspection;
mod keys;
mod replays;
mod revocations;
mod support;
mod token_cache;
