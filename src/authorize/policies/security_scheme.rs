//! Security schemes of OpenAPI 3.1.

use serde_json::{Map, Value, json};

use crate::Scope;

/// A security scheme of OpenAPI 3.1 ([§4.8.27](https://spec.openapis.org/oas/v3.1.0.html#security-scheme-object)), for
/// [`Policies::openapi`](crate::Policies::openapi).
///
/// ```
/// use portcullis::policies::SecurityScheme;
///
/// assert_eq!(SecurityScheme::bearer().name(), "bearer");
/// assert_eq!(SecurityScheme::bearer().named("api_token").name(), "api_token");
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct SecurityScheme {
    name: String,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Bearer,
    OpenIdConnect { url: String },
    OAuth2 { flow: &'static str, urls: Map<String, Value> },
}

impl SecurityScheme {
    /// Creates a scheme for Bearer tokens, without saying where clients get them. Its name is `bearer`.
    pub fn bearer() -> Self {
        Self { name: "bearer".to_owned(), kind: Kind::Bearer }
    }

    /// Creates a scheme for tokens of an OpenID provider with this metadata URL. Its name is `openid`.
    pub fn open_id_connect(metadata_url: impl Into<String>) -> Self {
        Self { name: "openid".to_owned(), kind: Kind::OpenIdConnect { url: metadata_url.into() } }
    }

    /// Creates a scheme for tokens of the client credentials grant. Its name is `oauth2`.
    pub fn client_credentials(token_url: impl Into<String>) -> Self {
        let urls = Map::from_iter([("tokenUrl".to_owned(), token_url.into().into())]);
        Self { name: "oauth2".to_owned(), kind: Kind::OAuth2 { flow: "clientCredentials", urls } }
    }

    /// Creates a scheme for tokens of the authorization code grant. Its name is `oauth2`.
    pub fn authorization_code(
        authorization_url: impl Into<String>,
        token_url: impl Into<String>,
    ) -> Self {
        let urls = Map::from_iter([
            ("authorizationUrl".to_owned(), authorization_url.into().into()),
            ("tokenUrl".to_owned(), token_url.into().into()),
        ]);
        Self { name: "oauth2".to_owned(), kind: Kind::OAuth2 { flow: "authorizationCode", urls } }
    }

    /// Sets the name with which operations refer to this scheme.
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// Returns the name with which operations refer to this scheme.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn to_json<'a>(&self, scopes: impl Iterator<Item = &'a Scope>) -> Value {
        match &self.kind {
            Kind::Bearer => json!({ "type": "http", "scheme": "bearer" }),
            Kind::OpenIdConnect { url } => {
                json!({ "type": "openIdConnect", "openIdConnectUrl": url })
            }
            Kind::OAuth2 { flow, urls } => {
                let scopes: Map<_, _> =
                    scopes.map(|scope| (scope.as_str().to_owned(), "".into())).collect();
                let mut urls = urls.clone();
                urls.insert("scopes".to_owned(), scopes.into());
                json!({ "type": "oauth2", "flows": { *flow: urls } })
            }
        }
    }
}
