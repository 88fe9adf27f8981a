//! The configurations of `docs/issuers.md`, against tokens and documents as those issuers make them.
//! Shapes are recorded; keys, tenants and people are made up.

mod auth0;
mod cognito;
mod entra_id;
mod google;
mod keycloak;
mod okta;
mod page;
mod recorded;
