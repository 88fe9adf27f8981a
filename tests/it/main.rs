//! Every behaviour at the level where its user meets it: a service and a request.

mod own_tokens;
mod support;
