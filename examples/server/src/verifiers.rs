//! The verifiers of tokens and passwords.

use std::{collections::HashMap, sync::Arc};

use portcullis::{
    Algorithm, BasicCredentials, BasicVerifier, Identity, IntrospectionVerifier, Issuers,
    JwtVerifier, Policies, ScopeSet, Secret,
    error::TokenFault,
    introspection::IntrospectionVerifierBuilder,
    jwt::{AudienceGiven, JwtVerifierBuilder, Profile},
    verify::Revocations,
};
use serde_json::Value;

use crate::{
    config,
    environment::{bad, choice, invalid, list, read, require, seconds},
    resource::resource,
};

/// Returns the verifier of JWTs, and of other tokens by introspection. Without issuers, every token is introspected. A
/// policy table can only be configured in the file `CONFIG`.
pub(crate) fn issuers(revocations: &Revocations) -> Result<(Issuers, Option<Policies>), String> {
    if let Some(configured) = config::trust(revocations)? {
        return Ok((configured.issuers, configured.policies));
    }
    let mut issuers = Issuers::builder().revocations(revocations.clone());
    let introspection_url = read::<String>("INTROSPECTION_URL")?;
    if let Some(url) = &introspection_url {
        issuers = issuers.opaque(introspection(url, revocations)?);
    }
    let names = list("ISSUER")?;
    if names.is_empty() && introspection_url.is_none() {
        require("ISSUER")?;
    }
    let jwks_uri = read::<String>("JWKS_URI")?;
    if let Some(uri) = jwks_uri.as_deref().filter(|_| names.len() > 1) {
        return Err(bad("JWKS_URI", uri, "there are several issuers"));
    }
    for name in names {
        issuers = issuers.trust(jwt(&name, jwks_uri.as_deref())?);
    }
    Ok((issuers.build().map_err(|error| invalid(&error))?, None))
}

fn jwt(issuer: &str, jwks_uri: Option<&str>) -> Result<JwtVerifier, String> {
    let profile = [("relaxed", Profile::Relaxed), ("rfc9068", Profile::Rfc9068)];
    let mut verifier = with_audiences(issuer)?;
    verifier = verifier.profile(choice("PROFILE", &profile)?.unwrap_or(Profile::Relaxed));
    if let Some(uri) = jwks_uri {
        verifier = verifier.jwks_uri(uri);
    }
    if let Some(names) = read::<String>("ALGORITHMS")? {
        let algorithms = names.split(',').map(|name| name.trim().parse::<Algorithm>());
        let algorithms = algorithms.collect::<Result<Vec<_>, _>>();
        verifier =
            verifier.algorithms(algorithms.map_err(|error| bad("ALGORITHMS", &names, error))?);
    }
    for place in list("SCOPE_CLAIM")? {
        verifier = verifier.scope_claim(place);
    }
    for place in list("ROLES_CLAIM")? {
        verifier = verifier.roles(place);
    }
    if let Some(lifetime) = seconds("MAX_LIFETIME")? {
        verifier = verifier.max_lifetime(lifetime);
    }
    for (name, value) in required_claims()? {
        verifier = verifier.require_claim(name, value);
    }
    verifier.build().map_err(|error| invalid(&error))
}

fn with_audiences(issuer: &str) -> Result<JwtVerifierBuilder<AudienceGiven>, String> {
    let builder = JwtVerifier::builder(issuer);
    let mut audiences = list("AUDIENCE")?.into_iter();
    let first = match (audiences.next(), resource()?) {
        (Some(audience), _) => builder.audience(audience),
        (None, Some(resource)) => builder.resource(&resource),
        (None, None) => builder.audience(require("AUDIENCE")?),
    };
    Ok(audiences.fold(first, JwtVerifierBuilder::audience))
}

fn introspection(url: &str, revocations: &Revocations) -> Result<IntrospectionVerifier, String> {
    let client_id = require("INTROSPECTION_CLIENT_ID")?;
    let secret = require("INTROSPECTION_CLIENT_SECRET")?;
    let builder = IntrospectionVerifier::builder(url).revocations(revocations.clone());
    let builder = match choice("INTROSPECTION_AUTH", &[("basic", false), ("post", true)])? {
        Some(true) => builder.client_secret_post(client_id, secret),
        _ => builder.client_secret_basic(client_id, secret),
    };
    let is_required = choice("INTROSPECTION_AUDIENCE", &[("required", true), ("ignore", false)])?;
    let mut audiences = list("AUDIENCE")?.into_iter();
    let verifier = match (is_required, audiences.next(), resource()?) {
        (Some(false), None, _) => builder.without_audience(),
        (Some(false), Some(audience), _) => builder.without_audience().audience(audience),
        (_, Some(audience), _) => builder.audience(audience),
        (_, None, Some(resource)) => builder.resource(&resource),
        (_, None, None) => builder.audience(require("AUDIENCE")?),
    };
    let mut verifier = audiences.fold(verifier, IntrospectionVerifierBuilder::audience);
    for place in list("SCOPE_CLAIM")? {
        verifier = verifier.scope_claim(place);
    }
    for place in list("ROLES_CLAIM")? {
        verifier = verifier.roles(place);
    }
    if let Some(lifetime) = seconds("MAX_LIFETIME")? {
        verifier = verifier.max_lifetime(lifetime);
    }
    let required = required_claims()?;
    if !required.is_empty() {
        verifier = verifier.check(move |identity| {
            let claims = identity.claims::<HashMap<String, Value>>()?;
            let has = |(name, value): &(String, String)| {
                claims.get(name).and_then(Value::as_str) == Some(value.as_str())
            };
            if required.iter().all(has) { Ok(()) } else { Err(TokenFault::Claims.into()) }
        });
    }
    verifier.build().map_err(|error| invalid(&error))
}

/// Parses comma-separated claims, `name=value`.
fn required_claims() -> Result<Vec<(String, String)>, String> {
    let pair = |text: String| match text.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => Err(bad("REQUIRE_CLAIM", text, "not `name=value` with commas between")),
    };
    list("REQUIRE_CLAIM")?.into_iter().map(pair).collect()
}

/// Parses users with plain-text passwords. Only for testing.
pub(crate) fn users(list_of_users: &str) -> Result<BasicVerifier, String> {
    let mut users = HashMap::new();
    for user in list_of_users.split(',') {
        let (name, password) = user
            .split_once(':')
            .ok_or_else(|| bad("BASIC_USERS", "…", "not `user:password` with commas between"))?;
        users.insert(name.to_owned(), Secret::from(password));
    }
    let users = Arc::new(users);
    let scopes: ScopeSet = list("BASIC_SCOPES")?.iter().map(String::as_str).collect();
    let verifier = BasicVerifier::builder(move |credentials: BasicCredentials| {
        let (users, scopes) = (Arc::clone(&users), scopes.clone());
        async move {
            let name = credentials.user_id();
            let given = Secret::from(credentials.password());
            let is_right = users.get(name).is_some_and(|password| *password == given);
            Ok(is_right.then(|| Identity::assertion().subject(name).scopes(scopes).build()))
        }
    });
    verifier.build().map_err(|error| error.to_string())
}
