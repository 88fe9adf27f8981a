//! Several issuers behind one layer.

mod dispatch;
mod outage;
mod readiness;
mod replacement;
mod setup;
mod tenant_renewal;
mod tenants;
mod unverified_tenants;
