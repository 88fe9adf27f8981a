//! A key set that is fetched, kept fresh and kept through outages.
//!
//! [`RemoteKeys`] answers requests from its `snapshot` without a lock. Whatever needs the network is a
//! `flight`: a task of its own, one at a time, which requests may wait for and can't cancel. When
//! one may start is `control`'s to say: back-off after failures, a cool-down for unknown keys.

mod control;
mod flight;
mod remote_keys;
mod settings;
mod snapshot;

pub(crate) use self::{
    flight::Waiter,
    remote_keys::{Current, Newer, RemoteKeys},
    settings::RemoteSettings,
    snapshot::Snapshot,
};
