//! Authorization by guards and by policy tables: scopes and their hierarchies, roles, claims, authorization details,
//! and
//! how the user authenticated.

mod authorization_details;
mod empty_policies;
mod hierarchy;
mod mcp;
mod policies;
mod require;
mod roles;
mod step_up;
