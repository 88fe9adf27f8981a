//! Runs a simulation.

use std::future::Future;

use tokio::runtime::Builder;

/// Runs a simulation on one thread, with a clock that jumps to the next timer whenever all tasks wait.
pub fn simulate<T>(simulation: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(simulation)
}
