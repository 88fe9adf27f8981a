//! Every behaviour at the level where its user meets it: a service and a request.

mod introspection;
mod support;
