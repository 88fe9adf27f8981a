//! The builder of resource metadata.

use super::{BearerMethod, MetadataSigner, ProtectedResource, resource::metadata_url};
use crate::{
    ConfigError, Scope,
    claims::ResourceIdentifier,
    jose::json,
    response::escaped,
    url::{self, EndpointError, Query},
};

/// Builds a [`ProtectedResource`].
///
/// Members that aren't set are derived from the layer: authorization servers, scopes, methods, and algorithms.
///
/// ```
/// use portcullis::ProtectedResource;
///
/// let error = ProtectedResource::builder("api.example").build().unwrap_err();
/// assert_eq!(error.to_string(), "resource `api.example`: not an absolute URL");
/// ```
#[derive(Debug)]
#[must_use]
pub struct ProtectedResourceBuilder {
    identifier: String,
    authorization_servers: Vec<String>,
    scopes: Vec<Scope>,
    /// The members that are URLs, which are validated. They are also in `members`.
    links: Vec<(&'static str, String)>,
    /// Names and JSON values. The last one with a name counts.
    members: Vec<(String, String)>,
    signer: Option<MetadataSigner>,
    is_at_root: bool,
}

impl ProtectedResourceBuilder {
    pub(super) const fn new(identifier: String) -> Self {
        Self {
            identifier,
            authorization_servers: Vec::new(),
            scopes: Vec::new(),
            links: Vec::new(),
            members: Vec::new(),
            signer: None,
            is_at_root: false,
        }
    }

    /// Sets the name that is shown to users (`resource_name`).
    ///
    /// For other languages, add [members](Self::member) such as `resource_name#fr` ([RFC 9728 §2.1]).
    ///
    /// [RFC 9728 §2.1]: https://www.rfc-editor.org/rfc/rfc9728#section-2.1
    pub fn name(self, name: impl AsRef<str>) -> Self {
        self.with("resource_name", string(name.as_ref()))
    }

    /// Sets the URL of a documentation page for developers (`resource_documentation`).
    pub fn documentation(self, url: impl Into<String>) -> Self {
        self.link("resource_documentation", url.into())
    }

    /// Sets the URL of a page on how clients may use the data (`resource_policy_uri`).
    pub fn policy_uri(self, url: impl Into<String>) -> Self {
        self.link("resource_policy_uri", url.into())
    }

    /// Sets the URL of the terms of service (`resource_tos_uri`).
    pub fn tos_uri(self, url: impl Into<String>) -> Self {
        self.link("resource_tos_uri", url.into())
    }

    /// Adds an authorization server (`authorization_servers`). Call it again to add more than one.
    ///
    /// The default is the list of issuers that the layer's verifier trusts, if they are URLs. Tenants that match an
    /// issuer pattern aren't known in advance, so add the ones that clients may use.
    pub fn authorization_server(mut self, issuer: impl Into<String>) -> Self {
        self.authorization_servers.push(issuer.into());
        self
    }

    /// Adds scopes that clients may request (`scopes_supported`), in addition to those in the layer's
    /// [policy table](crate::AuthenticateLayer::policies).
    ///
    /// Add the scopes that guards and handlers require, because the layer doesn't know them.
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = Scope>) -> Self {
        self.scopes.extend(scopes);
        self
    }

    /// Sets how Bearer tokens may be sent (`bearer_methods_supported`). The default is the list of methods that the
    /// layer accepts.
    pub fn bearer_methods(self, methods: impl IntoIterator<Item = BearerMethod>) -> Self {
        let methods = array(methods.into_iter().map(BearerMethod::as_str));
        self.with("bearer_methods_supported", methods)
    }

    /// Sets the algorithms of DPoP proofs (`dpop_signing_alg_values_supported`). The default is the list of algorithms
    /// that the layer accepts.
    pub fn dpop_algorithms<A: AsRef<str>>(self, names: impl IntoIterator<Item = A>) -> Self {
        self.with("dpop_signing_alg_values_supported", array_or_null(names))
    }

    /// Sets whether every token has to be bound to a DPoP key (`dpop_bound_access_tokens_required`). The default is the
    /// setting of the layer.
    pub fn dpop_required(self, is_required: bool) -> Self {
        self.with("dpop_bound_access_tokens_required", is_required.to_string())
    }

    /// Sets whether certificate-bound tokens are supported (`tls_client_certificate_bound_access_tokens`,
    /// [RFC 8705 §3]). The default is whether the layer verifies client certificates.
    ///
    /// [RFC 8705 §3]: https://www.rfc-editor.org/rfc/rfc8705#section-3
    pub fn certificate_bound_tokens(self, are_supported: bool) -> Self {
        self.with("tls_client_certificate_bound_access_tokens", are_supported.to_string())
    }

    /// Sets the types of `authorization_details` that the service supports (`authorization_details_types_supported`,
    /// [RFC 9396 §10]). None by default.
    ///
    /// ```
    /// use portcullis::ProtectedResource;
    ///
    /// let resource = ProtectedResource::builder("https://api.example")
    ///     .authorization_details_types(["payment_initiation"])
    ///     .build()?;
    /// assert_eq!(resource.identifier(), "https://api.example");
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    ///
    /// [RFC 9396 §10]: https://www.rfc-editor.org/rfc/rfc9396#section-10
    pub fn authorization_details_types<T: AsRef<str>>(
        self,
        types: impl IntoIterator<Item = T>,
    ) -> Self {
        self.with("authorization_details_types_supported", array_or_null(types))
    }

    /// Adds `signed_metadata`: the document as a JWT ([RFC 9728 §2.2]). None by default.
    ///
    /// This crate doesn't sign the document itself. It calls `sign` with the JSON text of the document, including every
    /// member except `signed_metadata`. `sign` has to add `iss`, which the RFC requires, and to return the JWT. It is
    /// called once for each configuration, when the layer is applied to a service. The document is served until the
    /// process ends, so the JWT should have no `exp`.
    ///
    /// ```
    /// # #[derive(Debug)] struct RejectAll;
    /// # impl portcullis::Verify<portcullis::BearerToken<'_>> for RejectAll {
    /// #     fn verify(&self, _: portcullis::BearerToken<'_>) -> portcullis::Verification {
    /// #         portcullis::Verification::ready(Err(portcullis::error::TokenFault::Revoked.into()))
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use http::Request;
    /// use portcullis::{AuthenticateLayer, ProtectedResource};
    /// use tower::ServiceExt;
    /// # let verifier = RejectAll;
    ///
    /// fn sign(document: &str) -> String {
    ///     assert!(document.starts_with(r#"{"resource":"https://api.example","#));
    ///     // Adds `iss`, and signs with the key of the service.
    ///     "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOi…".to_owned()
    /// }
    ///
    /// let resource = ProtectedResource::builder("https://api.example").signed_metadata(sign).build()?;
    /// let service = AuthenticateLayer::bearer(verifier).resource(resource).resource_service();
    /// let response = service.oneshot(Request::new(())).await?;
    /// assert!(response.body().contains(r#""signed_metadata":"eyJhbGciOiJFUzI1NiJ9."#));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [RFC 9728 §2.2]: https://www.rfc-editor.org/rfc/rfc9728#section-2.2
    pub fn signed_metadata(
        mut self,
        sign: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        self.signer = Some(MetadataSigner::new(sign));
        self
    }

    /// Sets any member to a JSON value, which replaces the derived value or the one that was set before. The value
    /// `null` removes the member.
    ///
    /// ```
    /// use portcullis::ProtectedResource;
    ///
    /// let resource = ProtectedResource::builder("https://api.example")
    ///     .member("resource_name#fr", r#""Commandes""#)
    ///     .member("resource_signing_alg_values_supported", r#"["ES256"]"#)
    ///     .member("scopes_supported", "null")
    ///     .build()?;
    /// # let _ = resource;
    ///
    /// let error = ProtectedResource::builder("https://api.example").member("x", "yes").build();
    /// assert_eq!(error.unwrap_err().to_string(), "resource metadata `x`: not a JSON value");
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    pub fn member(self, name: impl Into<String>, json: impl Into<String>) -> Self {
        self.with(name, json.into())
    }

    /// Serves the document at the root of the host too, for clients that look only there.
    ///
    /// By default, it is served only at the path of the resource, because a client that follows RFC 9728 §3.3 rejects a
    /// document with a different `resource` than expected.
    pub fn also_at_root(mut self) -> Self {
        self.is_at_root = true;
        self
    }

    /// Builds the resource.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] that names the value, for
    ///
    /// - an identifier or an authorization server that isn't an `https` URL (or `http` on loopback), or has a fragment
    /// - a link that isn't a URL
    /// - a member without a name, or with a value that isn't JSON
    /// - a member `resource` or `signed_metadata`
    pub fn build(self) -> Result<ProtectedResource, ConfigError> {
        let identifier = ResourceIdentifier::new(self.identifier)?;
        for issuer in &self.authorization_servers {
            if let Err(problem) = url::parse(issuer, Query::Forbidden, false) {
                let problem = match problem {
                    EndpointError::NotHttps => "must use https (or loopback)".to_owned(),
                    problem => problem.to_string(),
                };
                return Err(ConfigError::new("authorization server", issuer, problem));
            }
        }
        for (what, link) in &self.links {
            let without_fragment = link.split('#').next().unwrap_or_default();
            if let Err(problem) = url::parse(without_fragment, Query::Allowed, true) {
                return Err(ConfigError::new(what, link, problem.to_string()));
            }
        }
        let mut members: Vec<(Box<str>, Box<str>)> = Vec::new();
        for (name, json) in self.members {
            let invalid = |problem| ConfigError::new("resource metadata", &*name, problem);
            if name.is_empty() {
                return Err(invalid("the name is empty"));
            }
            if name == "resource" {
                return Err(invalid("can't be set, because it is the identifier"));
            }
            if name == "signed_metadata" {
                return Err(invalid("can't be set to a fixed value: use `signed_metadata()`"));
            }
            if !is_json(&json) {
                return Err(invalid("not a JSON value"));
            }
            let json = json.trim().into();
            match members.iter_mut().find(|(other, _)| **other == *name) {
                Some((_, earlier)) => *earlier = json,
                None => members.push((name.into_boxed_str(), json)),
            }
        }
        Ok(ProtectedResource {
            metadata_url: metadata_url(&identifier),
            identifier,
            authorization_servers: self.authorization_servers,
            scopes: self.scopes,
            members,
            signer: self.signer,
            is_at_root: self.is_at_root,
        })
    }

    fn link(mut self, name: &'static str, url: String) -> Self {
        let json = string(&url);
        self.links.push((name, url));
        self.with(name, json)
    }

    fn with(mut self, name: impl Into<String>, json: String) -> Self {
        self.members.push((name.into(), json));
        self
    }
}

/// Returns whether a text is exactly one JSON value.
fn is_json(text: &str) -> bool {
    // The parser reads objects. Count the members, because `1,"b":2` would be two of them.
    let mut members = 0_usize;
    let count = |_: json::Text<'_>, _: json::Value<'_>| members = members.saturating_add(1);
    json::object(&format!("{{\"\":{text}}}"), count).is_ok() && members == 1
}

/// Writes a JSON string.
pub(super) fn string(text: &str) -> String {
    ["\"", &escaped(text), "\""].concat()
}

/// Writes a JSON array of strings. An empty one becomes `null`, which leaves the member out (RFC 9728 §3.2).
fn array_or_null<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    match array(texts) {
        empty if empty == "[]" => "null".to_owned(),
        array => array,
    }
}

/// Writes a JSON array of strings.
pub(super) fn array<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let texts: Vec<_> = texts.into_iter().map(|text| string(text.as_ref())).collect();
    ["[", &texts.join(","), "]"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_json_value_is_a_value() {
        for (text, is_value) in [
            ("null", true),
            ("true", true),
            (" 1 ", true),
            (r#""a""#, true),
            (r#"["a", {"b": 1}]"#, true),
            ("{}", true),
            ("", false),
            ("yes", false),
            ("1 2", false),
            (r#"1,"b":2"#, false),
            ("1}", false),
            ("{", false),
            (r#"{"a":1,"a":2}"#, false),
        ] {
            assert_eq!(is_json(text), is_value, "{text}");
        }
    }

    #[test]
    fn each_error_names_the_value() {
        let builder = || ProtectedResource::builder("https://api.example");
        for (builder, error) in [
            (
                ProtectedResource::builder("http://api.example"),
                "resource `http://api.example`: must use https (or loopback)",
            ),
            (
                builder().authorization_server("as.example"),
                "authorization server `as.example`: not an absolute URL",
            ),
            (
                builder().authorization_server("http://as.example"),
                "authorization server `http://as.example`: must use https (or loopback)",
            ),
            (builder().documentation("docs"), "resource_documentation `docs`: not an absolute URL"),
            (builder().policy_uri(""), "resource_policy_uri ``: not an absolute URL"),
            (builder().tos_uri("/tos"), "resource_tos_uri `/tos`: not an absolute URL"),
            (
                builder().member("resource", r#""https://other.example""#),
                "resource metadata `resource`: can't be set, because it is the identifier",
            ),
            (
                builder().member("signed_metadata", r#""a.b.c""#),
                "resource metadata `signed_metadata`: can't be set to a fixed value: use `signed_metadata()`",
            ),
            (builder().member("", "1"), "resource metadata ``: the name is empty"),
            (builder().member("a", r#"1,"b":2"#), "resource metadata `a`: not a JSON value"),
        ] {
            assert_eq!(builder.build().unwrap_err().to_string(), error);
        }
        let links =
            builder().documentation("https://docs.example/a?b#c").tos_uri("http://a.example");
        assert!(links.build().is_ok());
    }
}
