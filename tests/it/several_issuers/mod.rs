//! Several issuers behind one layer: each token is its own issuer's business.

mod choice;
mod outage;
mod readiness;
mod setting;
