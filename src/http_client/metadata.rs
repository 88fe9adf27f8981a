//! Metadata of issuers: OpenID Connect Discovery 1.0 §4 and RFC 8414.

use std::fmt;

use http::Uri;
use serde::Deserialize;
use serde_json::Value;

use super::{DocumentError, HttpClient, HttpError, get, read_object, require_json};
use crate::url::{self, Query};

/// An address that metadata names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Member {
    IntrospectionEndpoint,
    JwksUri,
}

/// Why metadata names no address that we can use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MetadataError {
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error("the metadata of issuer `{issuer}` can't be used: {problem}")]
    Unusable { issuer: String, problem: String },
}

/// Finds an address of the issuer's. Asks at each well-known place until one answers with metadata
/// of exactly that issuer that has the address.
pub(crate) async fn discover(
    client: &dyn HttpClient,
    issuer: &str,
    member: Member,
    allow_http: bool,
) -> Result<Uri, MetadataError> {
    let mut first_error = None;
    for place in well_known(issuer) {
        match read(client, &place, issuer, member, allow_http).await {
            Ok(address) => return Ok(address),
            // A body that is too long is an answer, if a poor one.
            Err(
                error @ MetadataError::Document(DocumentError::Http {
                    source: HttpError::TimedOut { .. } | HttpError::Transport(_),
                    ..
                }),
            ) => return Err(error),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.unwrap_or_else(|| unusable(issuer, "it is not an address")))
}

async fn read(
    client: &dyn HttpClient,
    place: &str,
    issuer: &str,
    member: Member,
    allow_http: bool,
) -> Result<Uri, MetadataError> {
    #[derive(Deserialize)]
    struct Metadata {
        issuer: String,
        introspection_endpoint: Option<Value>,
        jwks_uri: Option<Value>,
    }
    let place: Uri = place.parse().map_err(|_| unusable(issuer, "it is not an address"))?;
    let response = require_json(&place, get(client, &place, None).await?)?;
    let metadata: Metadata = read_object(response.body())
        .ok_or_else(|| unusable(issuer, &format!("`{place}` is not metadata of an issuer")))?;
    if metadata.issuer != issuer {
        return Err(unusable(issuer, &format!("`{place}` names another issuer")));
    }
    let address = match member {
        Member::IntrospectionEndpoint => metadata.introspection_endpoint,
        Member::JwksUri => metadata.jwks_uri,
    };
    let address = address.as_ref().and_then(Value::as_str);
    let address =
        address.ok_or_else(|| unusable(issuer, &format!("`{place}` names no `{member}`")))?;
    url::parse(address, Query::Allowed, allow_http)
        .map_err(|problem| unusable(issuer, &format!("its `{member}` is {problem}")))
}

fn unusable(issuer: &str, problem: &str) -> MetadataError {
    MetadataError::Unusable { issuer: issuer.to_owned(), problem: problem.to_owned() }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IntrospectionEndpoint => "introspection_endpoint",
            Self::JwksUri => "jwks_uri",
        })
    }
}

/// The places where metadata may stand: appended to the issuer (OpenID Connect), or put between
/// host and path (RFC 8414 §3.1, for both documents).
fn well_known(issuer: &str) -> Vec<String> {
    let base = issuer.strip_suffix('/').unwrap_or(issuer);
    let Some(host_start) = base.find("://").map(|at| at.saturating_add(3)) else {
        return Vec::new();
    };
    let path_start = base
        .get(host_start..)
        .and_then(|rest| rest.find('/'))
        .map_or(base.len(), |at| host_start.saturating_add(at));
    let (origin, path) = base.split_at_checked(path_start).unwrap_or((base, ""));
    let mut places = vec![
        format!("{base}/.well-known/openid-configuration"),
        format!("{origin}/.well-known/oauth-authorization-server{path}"),
    ];
    if !path.is_empty() {
        places.push(format!("{origin}/.well-known/openid-configuration{path}"));
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_has_the_locations_of_both_standards() {
        let oidc = ".well-known/openid-configuration";
        let oauth = ".well-known/oauth-authorization-server";
        for (issuer, places) in [
            (
                "https://as.example",
                vec![format!("https://as.example/{oidc}"), format!("https://as.example/{oauth}")],
            ),
            (
                "https://as.example/",
                vec![format!("https://as.example/{oidc}"), format!("https://as.example/{oauth}")],
            ),
            (
                "https://as.example/realms/one",
                vec![
                    format!("https://as.example/realms/one/{oidc}"),
                    format!("https://as.example/{oauth}/realms/one"),
                    format!("https://as.example/{oidc}/realms/one"),
                ],
            ),
        ] {
            assert_eq!(well_known(issuer), places);
        }
    }
}
