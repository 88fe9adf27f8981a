//! `quick_cache`, with points at which other threads may run.

pub use quick_cache::{Equivalent, UnitWeighter, Weighter};

/// The cache with locks. They are the real ones: each is released before another thread runs.
pub mod sync {
    use std::{
        hash::{BuildHasher, Hash},
        ops::Deref,
    };

    pub use quick_cache::sync::DefaultLifecycle;
    use quick_cache::{Equivalent, Lifecycle, UnitWeighter, Weighter, sync as real};
    use races_model::point;

    type DefaultHashBuilder = std::hash::RandomState;

    /// See the real one.
    #[derive(Debug)]
    pub struct Cache<
        Key,
        Val,
        We = UnitWeighter,
        B = DefaultHashBuilder,
        L = DefaultLifecycle<Key, Val>,
    >(real::Cache<Key, Val, We, B, L>);

    impl<Key: Eq + Hash, Val: Clone> Cache<Key, Val> {
        pub fn new(items: usize) -> Self {
            let (hasher, lifecycle) = (DefaultHashBuilder::new(), DefaultLifecycle::default());
            Self(real::Cache::with(items, items as u64, UnitWeighter, hasher, lifecycle))
        }
    }

    impl<Key, Val, We, B, L> Cache<Key, Val, We, B, L>
    where
        Key: Eq + Hash,
        Val: Clone,
        We: Weighter<Key, Val> + Clone,
        B: BuildHasher + Clone,
        L: Lifecycle<Key, Val> + Clone,
    {
        pub fn with(items: usize, weight: u64, weighter: We, hasher: B, lifecycle: L) -> Self {
            Self(real::Cache::with(items, weight, weighter, hasher, lifecycle))
        }

        pub fn get<Q: Hash + Equivalent<Key> + ?Sized>(&self, key: &Q) -> Option<Val> {
            point();
            self.0.get(key)
        }

        pub fn insert(&self, key: Key, value: Val) {
            point();
            self.0.insert(key, value);
        }

        pub fn remove<Q: Hash + Equivalent<Key> + ?Sized>(&self, key: &Q) -> Option<(Key, Val)> {
            point();
            self.0.remove(key)
        }
    }

    impl<Key, Val, We, B, L> Deref for Cache<Key, Val, We, B, L> {
        type Target = real::Cache<Key, Val, We, B, L>;

        fn deref(&self) -> &Self::Target {
            &self.0
        }
    }
}
