//! Tenants, which are resolved when their first token arrives.

mod concurrent_requests;
mod directory;
mod eviction;
mod flood;
mod resolver;
