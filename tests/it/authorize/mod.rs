//! Authorization by guards and by policy tables: scopes, roles, claims, and how the user authenticated.
//! Authorization by guards, by policy tables and by `authorization_details`, and scope hierarchies.

mod authorization_details;
mod hierarchy;
mod policies;
mod require;
mod roles;
mod step_up;
