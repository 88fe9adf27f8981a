//! Trusted issuers and policies as data: a file in TOML, JSON or YAML, read with a crate of your choice.
//!
//! Use it if operators configure which issuers your service trusts. Deserialize a [`Configuration`] with serde, and
//! call [`build`](Configuration::build), which reports every problem at once, each with its path in the document.
//! Unknown members are rejected. To apply a changed file at run time, replace the issuers in an
//! [`IssuersHandle`](crate::issuers::IssuersHandle): entries that didn't change keep their keys and caches.
//!
//! ```toml
//! audience = "https://api.example"          # of each entry that has no audience itself
//!
//! [[issuers]]
//! issuer = "https://as.example"
//! algorithms = ["RS256", "ES256"]
//! role_claims = ["/realm_access/roles"]
//!
//! [[issuers]]
//! issuer = "https://partner.example"
//! audience = ["https://partner-api.example", "https://api.example"]
//! jwks_uri = "https://partner.example/jwks"
//! required_claims = { azp = "partner-app" }
//!
//! [introspection]                           # of tokens that aren't JWTs
//! endpoint = "https://as.example/introspect"
//! client_id = "orders"
//! client_secret_file = "/run/secrets/introspection"
//!
//! [policies]
//! unlisted = "deny"
//! rows = [
//!     { path = "/health", access = "anonymous" },
//!     { method = "GET", path = "/orders/{*rest}", scopes = ["orders:read"] },
//!     { method = "POST", path = "/transfers", scopes = ["pay"], acr = ["urn:example:mfa"], max_age_seconds = 300 },
//! ]
//! ```
//!
//! # Members
//!
//! Each list may also be a single string. Each secret `x` may be replaced with `x_file`, the path of a file that
//! contains it. White space at the end of the file is ignored.
//!
//! | at the top level | |
//! |---|---|
//! | `audience` | the audiences for entries that set none |
//! | `issuers` | a list of issuers |
//! | `introspection` | introspects tokens that aren't JWTs; without `issuers`, every token |
//! | `policies` | `rows`, `unlisted` (`deny` by default, or `authenticated`), `forwarding` |
//! | `token_cache_bytes` | the size of the cache of verified tokens |
//!
//! | of an issuer | as in [`JwtVerifierBuilder`](crate::jwt::JwtVerifierBuilder) |
//! |---|---|
//! | `issuer` | the value of `iss`; must be set |
//! | `audience`, `clients` | `audience`, `client` |
//! | `jwks_uri`, `metadata_url`, `metadata_issuer` | same options |
//! | `jwk_set_file`, `public_key_files` | paths of a JWK Set, and of keys in PEM form |
//! | `hmac_algorithm`, `hmac_secret` | `hmac_secret` |
//! | `algorithms`, `profile`, `accepted_types` | same options |
//! | `leeway_seconds`, `max_lifetime_seconds`, `outage_tolerance_seconds`, `max_keys` | same options |
//! | `scope_claims`, `role_claims`, `required_claims`, `numeric_identifiers` | `scope_claim`, `roles`, `require_claim`, same option |
//! | `introspection` | introspects the JWTs of this issuer; only `issuer` may be set then |
//! | `dangerous` | `any_audience`, `accept_id_tokens`, `plain_http`, `private_addresses`: each `true` |
//!
//! | of an introspection | as in [`IntrospectionVerifierBuilder`](crate::introspection::IntrospectionVerifierBuilder) |
//! |---|---|
//! | `endpoint` | the URL; must be set |
//! | `client_id`, `client_secret`, `authentication` | `basic` by default, or `post` |
//! | `bearer_token` | instead of a client |
//! | `issuer`, `audience` | same options |
//! | `ignore_audience` | `without_audience` if it is `true` |
//! | `cache_seconds`, `negative_cache_seconds`, `max_lifetime_seconds` | `cache_for`, `negative_cache_for`, `max_lifetime` |
//! | `scope_claims`, `role_claims`, `numeric_identifiers` | `scope_claim`, `roles`, same option |
//! | `dangerous` | `any_audience`, `plain_http`, `private_addresses` |
//!
//! | of a row | |
//! |---|---|
//! | `path`, or `grpc` | a path pattern, or a gRPC method |
//! | `method` | an HTTP method; any by default |
//! | `access` | `anonymous`, `authenticated` or `deny`, if nothing else is required |
//! | `scopes`, `any_scope` | all of these scopes, or one of them |
//! | `roles`, `any_role` | all of these roles, or one of them |
//! | `claims` | claims by name or JSON pointer, with the value that each must have |
//! | `acr`, `max_age_seconds` | the authentication of the user (RFC 9470) |

mod attempts;
mod claim_members;
#[expect(clippy::module_inception, reason = "the file holds the type of that name")]
mod configuration;
mod environment;
#[cfg(feature = "introspection")]
mod introspection;
mod issuer;
mod node;
mod policies;
mod problems;
mod table;

pub use self::{
    configuration::{Configuration, Configured},
    problems::{Problem, Problems},
};
