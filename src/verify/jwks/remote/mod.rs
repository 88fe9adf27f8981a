//! A key set that is fetched, refreshed, and retained during outages.
//!
//! [`RemoteKeys`] serves requests from its `snapshot` without a lock. Fetches run in single flight, in a
//! separate task. `control` determines when one may start: it backs off after failures, and limits the
//! rate of refetches for unknown and replaced keys.

mod control;
mod freshness;
mod remote_keys;
mod settings;
mod shared;
mod snapshot;
mod waiter;

pub(crate) use self::{
    remote_keys::{Refetch, RemoteKeys, Status},
    settings::RemoteSettings,
    shared::Current,
    snapshot::Snapshot,
    waiter::Waiter,
};
