//! The metadata of issuers (OpenID Connect Discovery 1.0 §4, RFC 8414).

use std::{borrow::Cow, fmt};

use http::Uri;
use serde::Deserialize;
use serde_json::Value;

use super::{
    AddressPolicy, DocumentError, HttpClient, HttpError, MAX_BODY, PeerAddress, Target, get,
    read_object, require_json,
};
use crate::url::{self, EndpointError, Network, Query, is_same_host, redact};

/// The maximum length of a value of the metadata in an error, in characters.
const MAX_SHOWN: usize = 200;

/// A URL in the metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Member {
    IntrospectionEndpoint,
    JwksUri,
}

/// The URLs in the metadata that are accepted in addition to `https` on public hosts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LearnedUrls {
    pub(crate) allow_http: bool,
    pub(crate) allow_private: bool,
}

/// The reason why there is no usable URL in the metadata.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MetadataError {
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error("issuer `{issuer}` isn't a URL, so it has no metadata")]
    NotAUrl { issuer: String },
    #[error("`{place}` isn't the metadata of an issuer")]
    NotMetadata { place: String },
    #[error(
        "`{place}` is the metadata of issuer `{found}`, but the configured issuer is `{expected}`; the two \
         have to be equal, including a final slash"
    )]
    OtherIssuer { place: String, found: String, expected: String },
    #[error("the metadata at `{place}` has no `{member}`")]
    Missing { place: String, member: Member },
    #[error("invalid `{member}` `{found}` in the metadata at `{place}`: {problem}")]
    InvalidUrl { place: String, member: Member, found: String, problem: EndpointError },
    #[error(
        "invalid `{member}` `{found}` in the metadata at `{place}`: not a public address, which the issuer \
         has; see `dangerous().private_addresses()`"
    )]
    NotPublic { place: String, member: Member, found: String },
}

impl MetadataError {
    /// Returns a hint if the error is a common mistake.
    pub(crate) fn hint(&self) -> Option<Cow<'static, str>> {
        let Self::OtherIssuer { found, expected, .. } = self else { return None };
        Some(match found.split_once('{') {
            Some(_) => format!(
                "`{found}` stands for many tenants: configure the issuer of one tenant, or trust all of them with \
                 `Issuers::builder().tenants(\"{found}\", \u{2026})`"
            )
            .into(),
            None if found.trim_end_matches('/') == expected.trim_end_matches('/') => {
                format!("configure the issuer as `{found}`, exactly as it is in its metadata").into()
            }
            None => format!(
                "the `issuer` in the metadata is `{found}`: configure that, or `metadata_issuer(\"{found}\")` if the \
                 `iss` of tokens is `{expected}`"
            )
            .into(),
        })
    }
}

/// Discovers a URL of an issuer. Requests the metadata at each well-known URL, until a response is the
/// metadata of exactly this issuer and contains the URL.
pub(crate) async fn discover(
    client: &dyn HttpClient,
    issuer: &str,
    member: Member,
    allowed: LearnedUrls,
) -> Result<Target, MetadataError> {
    let not_a_url = || MetadataError::NotAUrl { issuer: shorten(issuer) };
    let mut first_error = None;
    for place in well_known(issuer) {
        let place: Uri = place.parse().map_err(|_| not_a_url())?;
        match read(client, &place, issuer, member, allowed).await {
            Ok(target) => return Ok(target),
            // The server is unreachable, so the other URLs aren't tried. A body that is too long is
            // a response, though.
            Err(
                error @ MetadataError::Document(DocumentError::Http {
                    source:
                        HttpError::ConnectionClosed(_)
                        | HttpError::TimedOut { .. }
                        | HttpError::Transport(_),
                    ..
                }),
            ) => return Err(error),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.unwrap_or_else(not_a_url))
}

/// Reads a URL of an issuer from the metadata at `place`.
pub(crate) async fn read(
    client: &dyn HttpClient,
    place: &Uri,
    issuer: &str,
    member: Member,
    allowed: LearnedUrls,
) -> Result<Target, MetadataError> {
    #[derive(Deserialize)]
    struct Metadata {
        issuer: String,
        introspection_endpoint: Option<Value>,
        jwks_uri: Option<Value>,
    }
    let target = Target::configured(place.clone());
    let response = require_json(&target, get(client, &target, None, MAX_BODY).await?)?;
    let url_of_metadata = || target.to_string();
    let metadata: Metadata = read_object(response.body())
        .ok_or_else(|| MetadataError::NotMetadata { place: url_of_metadata() })?;
    if metadata.issuer != issuer {
        let (found, expected) = (shorten(&metadata.issuer), shorten(issuer));
        return Err(MetadataError::OtherIssuer { place: url_of_metadata(), found, expected });
    }
    let url = match member {
        Member::IntrospectionEndpoint => metadata.introspection_endpoint,
        Member::JwksUri => metadata.jwks_uri,
    };
    let url = url.as_ref().and_then(Value::as_str);
    let url = url.ok_or_else(|| MetadataError::Missing { place: url_of_metadata(), member })?;
    let found = || shorten(url);
    let uri = url::parse(url, Query::Allowed, allowed.allow_http).map_err(|problem| {
        MetadataError::InvalidUrl { place: url_of_metadata(), member, found: found(), problem }
    })?;
    let peer = response.extensions().get().copied();
    match address_policy(place, peer, &uri, allowed.allow_private) {
        Some(policy) => Ok(Target::learned(uri, policy)),
        None => Err(MetadataError::NotPublic { place: url_of_metadata(), member, found: found() }),
    }
}

/// Returns the policy for requests to a URL in the metadata at `place`, or `None` if the host of the URL is
/// an address that isn't permitted.
fn address_policy(
    place: &Uri,
    peer: Option<PeerAddress>,
    url: &Uri,
    allow_private: bool,
) -> Option<AddressPolicy> {
    let (issuer, host) = (place.host().unwrap_or_default(), url.host().unwrap_or_default());
    if allow_private || is_same_host(issuer, host) {
        return Some(AddressPolicy::ANY);
    }
    let issuer = Network::of_host(issuer).or(peer.map(|PeerAddress(address)| Network::of(address)));
    let policy = issuer.map_or(AddressPolicy::PUBLIC, AddressPolicy::public_and);
    policy.permits_host(host).then_some(policy)
}

/// Shortens a value of the metadata, which is usually a URL, for an error.
fn shorten(text: &str) -> String {
    redact(text).chars().take(MAX_SHOWN).collect()
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IntrospectionEndpoint => "introspection_endpoint",
            Self::JwksUri => "jwks_uri",
        })
    }
}

/// Returns the URLs at which metadata is published: the path is appended to the issuer (OpenID Connect), or
/// inserted between host and path (RFC 8414 §3.1, for both documents).
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

    #[test]
    fn a_url_in_metadata_is_public_or_on_a_network_of_the_issuer() {
        let public = AddressPolicy::PUBLIC;
        let private = AddressPolicy::public_and(Network::Private);
        let loopback = AddressPolicy::public_and(Network::Loopback);
        let any = AddressPolicy::ANY;
        for (issuer, peer, host, policy) in [
            ("as.example", None, "as.example", Some(any)),
            ("as.example", None, "AS.example.", Some(any)),
            ("as.example", Some("10.0.0.1"), "as.example:8443", Some(any)),
            ("as.example", None, "keys.example", Some(public)),
            ("as.example", None, "8.8.8.8", Some(public)),
            ("as.example", None, "localhost", None),
            ("as.example", None, "keys.localhost", None),
            ("as.example", None, "127.0.0.1", None),
            ("as.example", None, "127.0.0.1.", None),
            ("as.example", None, "2130706433", None),
            ("as.example", None, "0x7f.1", None),
            ("as.example", None, "0177.0.0.1", None),
            ("as.example", None, "10.0.0.1", None),
            ("as.example", None, "100.64.0.1", None),
            ("as.example", None, "169.254.169.254", None),
            ("as.example", None, "0.0.0.0", None),
            ("as.example", None, "224.0.0.1", None),
            ("as.example", None, "[::1]", None),
            ("as.example", None, "[::]", None),
            ("as.example", None, "[fd00::1]", None),
            ("as.example", None, "[fe80::1]", None),
            ("as.example", None, "[::ffff:10.0.0.1]", None),
            ("as.example", None, "[2606:4700::1111]", Some(public)),
            ("as.example", Some("8.8.8.8"), "keys.example", Some(public)),
            ("as.example", Some("8.8.8.8"), "10.0.0.1", None),
            ("as.example", Some("10.0.0.2"), "keys.example", Some(private)),
            ("as.example", Some("10.0.0.2"), "10.0.0.1", Some(private)),
            ("as.example", Some("10.0.0.2"), "127.0.0.1", None),
            ("as.example", Some("10.0.0.2"), "169.254.169.254", None),
            ("as.example", Some("::1"), "127.0.0.1", Some(loopback)),
            ("10.0.0.2", None, "192.168.0.1", Some(private)),
            ("10.0.0.2", None, "keys.example", Some(private)),
            ("10.0.0.2", None, "127.0.0.1", None),
            ("8.8.8.8", Some("10.0.0.2"), "10.0.0.1", None),
            ("localhost", None, "127.0.0.1", Some(loopback)),
            ("127.0.0.1", None, "[::1]", Some(loopback)),
            ("127.0.0.1", None, "10.0.0.1", None),
        ] {
            let place: Uri = format!("https://{issuer}/").parse().unwrap();
            let url: Uri = format!("https://{host}/jwks").parse().unwrap();
            let peer = peer.map(|peer| PeerAddress(peer.parse().unwrap()));
            let found = address_policy(&place, peer, &url, false);
            assert_eq!(found, policy, "{issuer} {peer:?} {host}");
            assert_eq!(address_policy(&place, peer, &url, true), Some(any));
        }
    }
}
