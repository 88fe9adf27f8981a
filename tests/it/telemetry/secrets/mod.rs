//! No token and no secret is shown in events, in responses, or by `Debug` and `Display`.

mod rejected;
mod search;
mod service;
mod types;
