//! Guards and tables of policies.

mod policies;
mod require;
