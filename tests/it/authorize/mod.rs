//! Authorization by guards and by policy tables: scopes, roles, claims, and how the user authenticated.

mod policies;
mod require;
mod roles;
mod step_up;
