//! arc-swap, with points at which other threads may run.

use std::{fmt, sync::Arc};

pub use arc_swap::{Guard, RefCnt};
use races_model::point;

pub type ArcSwap<T> = ArcSwapAny<Arc<T>>;
pub type ArcSwapOption<T> = ArcSwapAny<Option<Arc<T>>>;

/// See the real one.
pub struct ArcSwapAny<T: RefCnt>(arc_swap::ArcSwapAny<T>);

impl<T: RefCnt> ArcSwapAny<T> {
    pub fn load(&self) -> Guard<T> {
        point();
        self.0.load()
    }

    pub fn load_full(&self) -> T {
        point();
        self.0.load_full()
    }

    pub fn store(&self, value: T) {
        point();
        self.0.store(value);
    }
}

impl<T> ArcSwap<T> {
    pub fn new(value: Arc<T>) -> Self {
        Self(arc_swap::ArcSwapAny::new(value))
    }
}

impl<T> ArcSwapOption<T> {
    pub fn empty() -> Self {
        Self(arc_swap::ArcSwapAny::empty())
    }
}

impl<T: RefCnt> fmt::Debug for ArcSwapAny<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ArcSwap")
    }
}
