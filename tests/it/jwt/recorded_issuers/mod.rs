//! The configurations in `docs/issuers.md`, with tokens and documents as these issuers create them. Their
//! structure is recorded; keys, tenants and users are fictitious.

mod adfs;
mod auth0;
mod azure_b2c;
mod cloudflare_access;
mod cognito;
mod entra_id;
mod firebase;
mod github_actions;
mod gitlab;
mod google;
mod google_iap;
mod keycloak;
mod kubernetes;
mod okta;
mod page;
mod recorded;
mod spiffe;
mod zitadel;
