//! Authorization by guards and by policy tables.

mod policies;
mod require;
