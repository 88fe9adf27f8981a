//! URLs of other servers: which ones are accepted, where they lead, and how they are shown.

#[cfg(feature = "_remote")]
mod network;
mod parse;
mod shown;

#[cfg(feature = "_remote")]
pub(crate) use self::shown::shown;
#[cfg(feature = "_remote")]
pub(crate) use self::{
    network::{Network, is_same_host},
    parse::is_loopback,
};
pub(crate) use self::{
    parse::{EndpointError, Query, parse},
    shown::redact,
};
