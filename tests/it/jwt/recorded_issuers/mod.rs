//! The configurations in `docs/issuers.md`, with tokens and documents as these issuers create them. Their
//! structure is recorded; keys, tenants and users are fictitious.

mod auth0;
mod cognito;
mod entra_id;
mod google;
mod keycloak;
mod okta;
mod page;
mod recorded;
