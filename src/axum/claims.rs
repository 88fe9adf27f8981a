//! The extractor for typed claims.

use std::{ops::Deref, sync::Arc};

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::{Error, identity::Caller};

/// Extracts the claims of the verified token, deserialized as a type of your service.
///
/// It dereferences to `T`, so handlers access the fields directly. The claims are deserialized once for each identity
/// and type. Other extractors and [`Identity::claims`](crate::Identity::claims) share the result, and a cached identity
/// keeps it for later requests. A clone only increments a reference count.
///
/// ```
/// use axum::{Router, body::{Body, to_bytes}, http::Request, routing::get};
/// # use portcullis::{BearerToken, Identity, Verification, Verify};
/// use portcullis::{AuthenticateLayer, Claims};
/// use tower::ServiceExt;
///
/// #[derive(serde::Deserialize)]
/// struct Tenant {
///     tenant_id: String,
/// }
///
/// async fn tenant(claims: Claims<Tenant>) -> String {
///     claims.tenant_id.clone()
/// }
///
/// # struct Verifier;
/// # impl Verify<BearerToken<'_>> for Verifier {
/// #     fn verify(&self, _: BearerToken<'_>) -> Verification {
/// #         let claims = r#"{"tenant_id":"acme"}"#;
/// #         Verification::ready(Ok(Identity::assertion().claims_json(claims).build()))
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let verifier = Verifier;
/// let app: Router = Router::new()
///     .route("/tenant", get(tenant))
///     .layer(AuthenticateLayer::bearer(verifier));
///
/// // The claims of this token contain `"tenant_id": "acme"`.
/// let request = Request::get("/tenant").header("authorization", "Bearer mF_9.B5f-4.1JqM");
/// let response = app.oneshot(request.body(Body::empty())?).await?;
/// assert_eq!(to_bytes(response.into_body(), 1024).await?, "acme");
/// # Ok(())
/// # }
/// ```
///
/// `Option<Claims<T>>` is `None` for an anonymous request.
///
/// # Rejections
///
/// - 401 `invalid_token` ([`TokenFault::Claims`](crate::error::TokenFault::Claims), [RFC 6750 §3.1]) if the claims can't
///   be deserialized as `T`
/// - 401 if the request is anonymous, unless the extractor is optional
/// - 500 if no [`AuthenticateLayer`](crate::AuthenticateLayer) ran
///
/// [RFC 6750 §3.1]: https://www.rfc-editor.org/rfc/rfc6750#section-3.1
#[derive(Debug)]
pub struct Claims<T>(Arc<T>);

impl<T> Claims<T> {
    /// Returns the claims as a shared pointer, for example to move them into a spawned task or into the extensions of
    /// the request.
    #[must_use]
    pub fn into_inner(self) -> Arc<T> {
        self.0
    }
}

impl<T> Clone for Claims<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Claims<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T, S> FromRequestParts<S> for Claims<T>
where
    T: DeserializeOwned + Send + Sync + 'static,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        let caller = Caller::of(&parts.extensions, "the extractor `Claims`")?;
        caller.require_identity()?.claims().map(Self)
    }
}

/// Extracts `None` for an anonymous request. Claims that can't be deserialized as `T` are still rejected.
impl<T, S> OptionalFromRequestParts<S> for Claims<T>
where
    T: DeserializeOwned + Send + Sync + 'static,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Error> {
        let caller = Caller::of(&parts.extensions, "the extractor `Option<Claims>`")?;
        caller.identity().map(|identity| identity.claims().map(Self)).transpose()
    }
}
