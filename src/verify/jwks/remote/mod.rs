//! A key set that is fetched, refreshed, and retained during outages.
//!
//! [`RemoteKeys`] serves requests from its `snapshot` without a lock. Fetches run in single flight, in a
//! separate task. `control` determines when one may start: it backs off after failures, and limits the
//! rate of refetches for unknown and replaced keys.

mod control;
mod freshness;
mod remote_keys;
mod settings;
mod snapshot;

pub(crate) use self::{
    remote_keys::{Current, Refetch, RemoteKeys, Status, Waiter},
    settings::RemoteSettings,
    snapshot::Snapshot,
};
