//! Several issuers behind one layer.

mod dispatch;
mod outage;
mod readiness;
mod setup;
mod tenants;
