//! Several issuers behind one layer: each token is its own issuer's business.

mod dispatch;
mod outage;
mod readiness;
mod setup;
mod tenants;
