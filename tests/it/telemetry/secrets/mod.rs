//! No token and no secret is shown: not in events, not in answers, not by `Debug` or `Display`.

mod rejected;
mod search;
mod service;
mod types;
