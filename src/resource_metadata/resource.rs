//! The description of a protected resource.

use super::{MetadataSigner, ProtectedResourceBuilder};
use crate::{Scope, claims::ResourceIdentifier};

/// The well-known path of the document (RFC 9728 §3).
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// Describes a service to its clients ([RFC 9728]): where they get tokens, and which ones it accepts.
///
/// [`AuthenticateLayer::resource`](crate::AuthenticateLayer::resource) serves the description, and adds its URL to each
/// challenge. MCP clients use both to find the authorization server.
///
/// ```
/// use portcullis::{JwtVerifier, ProtectedResource};
///
/// let resource = ProtectedResource::builder("https://api.example/mcp")
///     .name("Orders")
///     .documentation("https://docs.example/orders")
///     .build()?;
/// let url = "https://api.example/.well-known/oauth-protected-resource/mcp";
/// assert_eq!(resource.metadata_url(), url);
///
/// // The identifier is also the audience of tokens.
/// let verifier = JwtVerifier::builder("https://as.example").resource(&resource).build()?;
/// # let _ = verifier;
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// [RFC 9728]: https://www.rfc-editor.org/rfc/rfc9728
#[derive(Debug, Clone)]
pub struct ProtectedResource {
    pub(super) identifier: ResourceIdentifier,
    pub(super) metadata_url: Box<str>,
    pub(super) authorization_servers: Vec<String>,
    pub(super) scopes: Vec<Scope>,
    /// Names and JSON values, without duplicate names.
    pub(super) members: Vec<(Box<str>, Box<str>)>,
    pub(super) signer: Option<MetadataSigner>,
    pub(super) is_at_root: bool,
}

impl ProtectedResource {
    /// Creates a builder.
    ///
    /// `identifier` is the URL for which clients request tokens: `https`, or `http` on loopback. Include the path of
    /// the service if it shares its host with others.
    pub fn builder(identifier: impl Into<String>) -> ProtectedResourceBuilder {
        ProtectedResourceBuilder::new(identifier.into())
    }

    /// Returns the identifier, as configured.
    #[must_use]
    pub fn identifier(&self) -> &str {
        self.identifier.as_str()
    }

    /// Returns the URL of the document. It contains the well-known path between the host and the path of the identifier
    /// ([RFC 9728 §3.1]).
    ///
    /// [RFC 9728 §3.1]: https://www.rfc-editor.org/rfc/rfc9728#section-3.1
    #[must_use]
    pub fn metadata_url(&self) -> &str {
        &self.metadata_url
    }

    /// Returns the scopes that are added to those of the layer.
    pub(crate) fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// Returns the paths at which the document is served.
    pub(super) fn paths(&self) -> Vec<Box<str>> {
        let path = suffix(&self.identifier).split('?').next().unwrap_or_default();
        let mut paths = vec![[WELL_KNOWN, path].concat().into_boxed_str()];
        if self.is_at_root && !path.is_empty() {
            paths.push(WELL_KNOWN.into());
        }
        paths
    }

    /// Returns the query with which the document is served, if the identifier has one.
    pub(super) fn query(&self) -> Option<&str> {
        self.identifier.path_and_query().split_once('?').map(|(_, query)| query)
    }
}

/// Returns the URL of the document that describes a resource.
pub(super) fn metadata_url(identifier: &ResourceIdentifier) -> Box<str> {
    [identifier.origin(), WELL_KNOWN, suffix(identifier)].concat().into_boxed_str()
}

/// Returns path and query of an identifier, without a slash directly after the host (RFC 9728 §3.1).
fn suffix(identifier: &ResourceIdentifier) -> &str {
    match identifier.path_and_query() {
        "/" => "",
        rest => match rest.strip_prefix("/?") {
            Some(_) => rest.get(1..).unwrap_or_default(),
            None => rest,
        },
    }
}

impl AsRef<ResourceIdentifier> for ProtectedResource {
    fn as_ref(&self) -> &ResourceIdentifier {
        &self.identifier
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Verifies rfc9728-3.1-slash.
    #[test]
    fn the_well_known_path_is_between_host_and_path() {
        for (identifier, url, path, query) in [
            // The examples in RFC 9728 §3 and §3.1.
            (
                "https://resource.example.com",
                "https://resource.example.com/.well-known/oauth-protected-resource",
                "/.well-known/oauth-protected-resource",
                None,
            ),
            (
                "https://resource.example.com/resource1",
                "https://resource.example.com/.well-known/oauth-protected-resource/resource1",
                "/.well-known/oauth-protected-resource/resource1",
                None,
            ),
            (
                "https://resource.example.com/",
                "https://resource.example.com/.well-known/oauth-protected-resource",
                "/.well-known/oauth-protected-resource",
                None,
            ),
            (
                "https://api.example:8443/a/b/",
                "https://api.example:8443/.well-known/oauth-protected-resource/a/b/",
                "/.well-known/oauth-protected-resource/a/b/",
                None,
            ),
            (
                "https://api.example/?tenant=1",
                "https://api.example/.well-known/oauth-protected-resource?tenant=1",
                "/.well-known/oauth-protected-resource",
                Some("tenant=1"),
            ),
            (
                "https://api.example/a?tenant=1",
                "https://api.example/.well-known/oauth-protected-resource/a?tenant=1",
                "/.well-known/oauth-protected-resource/a",
                Some("tenant=1"),
            ),
        ] {
            let resource = ProtectedResource::builder(identifier).build().unwrap();
            assert_eq!(resource.metadata_url(), url);
            assert_eq!(resource.paths(), [Box::<str>::from(path)]);
            assert_eq!(resource.query(), query, "{identifier}");
            assert_eq!(resource.identifier(), identifier);
        }
    }

    #[test]
    fn the_document_is_at_the_root_too_only_by_an_option() {
        let root = "/.well-known/oauth-protected-resource";
        for (identifier, paths) in [
            ("https://api.example/mcp", &[&*format!("{root}/mcp"), root] as &[_]),
            ("https://api.example", &[root]),
        ] {
            let resource = ProtectedResource::builder(identifier).also_at_root().build().unwrap();
            assert_eq!(resource.paths().iter().map(|path| &**path).collect::<Vec<_>>(), paths);
        }
    }
}
