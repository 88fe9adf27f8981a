//! tokio as shuttle models it, with a clock that stands still until a scenario advances it, and with runtimes that can
//! shut down.

pub mod runtime;
pub mod time;

pub use shuttle_tokio::{sync, task};
