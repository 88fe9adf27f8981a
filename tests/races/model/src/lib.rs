//! The model checker: runs a scenario under many schedules of its threads and tasks.

use std::sync::{Mutex, PoisonError};

use shuttle::{
    Config, MaxSteps, Runner,
    scheduler::{DfsScheduler, PctScheduler, RandomScheduler, Scheduler},
    sync::atomic::{AtomicBool, Ordering},
};

/// How many schedules a check runs.
const SCHEDULES: usize = 1500;

/// Runs `scenario` under schedules with up to two preemptions at random points (PCT), which find bugs that need a thread
/// to be delayed for long, and some under entirely random ones. The schedules are the same each time, unless
/// `RACES_SEED` is set. `RACES_SCHEDULES` is how many they are.
pub fn check(scenario: impl Fn() + Send + Sync + Copy + 'static) {
    let seed = setting("RACES_SEED").unwrap_or(20);
    let schedules = setting("RACES_SCHEDULES").map_or(SCHEDULES, |it| it as usize);
    run(PctScheduler::new_from_seed(seed, 3, schedules * 4 / 5), scenario);
    run(RandomScheduler::new_from_seed(seed, schedules / 5), scenario);
}

/// Runs `scenario` under every schedule there is. It has to be small.
pub fn check_all(scenario: impl Fn() + Send + Sync + 'static) -> usize {
    run(DfsScheduler::new(None, false), scenario)
}

fn run(scheduler: impl Scheduler + 'static, scenario: impl Fn() + Send + Sync + 'static) -> usize {
    // The statics of the library are of the checker as well, which runs on one thread.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let mut config = Config::new();
    config.stack_size = 512 * 1024;
    config.max_steps = MaxSteps::FailAfter(100_000);
    config.silence_warnings = true;
    Runner::new(scheduler, config).run(scenario)
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

/// A point at which other threads and tasks may run. Each operation on shared state that isn't one of the checker's
/// has to come after one.
pub fn point() {
    AtomicBool::new(false).load(Ordering::SeqCst);
}
