//! Issuers that are found when their first token comes.

mod concurrent_requests;
mod directory;
mod eviction;
mod flood;
mod resolver;
