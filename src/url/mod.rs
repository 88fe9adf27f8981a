//! URLs of other servers: which are accepted, which network they lead to, and how they are shown.

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
