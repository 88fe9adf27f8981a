//! Every behaviour at the level where its user meets it: a service and a request.

#[cfg(feature = "password-hash")]
mod basic;
mod support;
