//! The standard library, with locks and atomics that the model checker schedules.

pub use ::std::*;

/// Locks and atomics. `OnceLock` and `LazyLock` are the real ones: what initializes them in this crate never waits.
pub mod sync {
    pub use ::std::sync::*;
    pub use shuttle::sync::{
        Barrier, Condvar, Mutex, MutexGuard, Once, RwLock, RwLockReadGuard, RwLockWriteGuard, mpsc,
    };

    /// Atomics. The checker treats every access as sequentially consistent.
    pub mod atomic {
        pub use ::std::sync::atomic::*;
        pub use shuttle::sync::atomic::{
            AtomicBool, AtomicI32, AtomicI64, AtomicIsize, AtomicU8, AtomicU16, AtomicU32,
            AtomicU64, AtomicUsize,
        };
    }
}

/// Threads of the checker.
pub mod thread {
    pub use ::std::thread::*;
    pub use shuttle::thread::{JoinHandle, spawn};
}
