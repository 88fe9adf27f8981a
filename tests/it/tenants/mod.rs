//! Issuers that are found when their first token comes.

mod crowd;
mod directory;
mod flood;
mod forgetting;
mod resolver;
