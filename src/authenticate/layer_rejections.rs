//! How the rejections of a layer look.

#[cfg(feature = "tracing")]
use std::sync::Arc;

use http::HeaderName;

use super::AuthenticateLayer;
use crate::ErrorBody;
#[cfg(feature = "tracing")]
use crate::error::subject_field::SubjectField;

impl AuthenticateLayer {
    /// Sets the realm of every challenge: the name of the protection space ([RFC 9110 §11.5]). The default is
    /// `restricted`, because a challenge needs at least one parameter ([RFC 6750 §3]).
    ///
    /// [RFC 6750 §3]: https://www.rfc-editor.org/rfc/rfc6750#section-3
    /// [RFC 9110 §11.5]: https://www.rfc-editor.org/rfc/rfc9110#section-11.5
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.config_mut().renderer.set_realm(realm.into());
        self
    }

    /// Leaves the challenge for Basic out of responses to scripts in browsers, because the browser would otherwise
    /// open its password dialog.
    ///
    /// A script is recognized by an `X-Requested-With` header, or by `Sec-Fetch-Mode: cors`, which browsers send with
    /// `fetch` and `XMLHttpRequest`. With [`basic_only`](Self::basic_only), the response has no challenge then,
    /// although [RFC 9110 §15.5.2] requires one; clients other than browsers don't send these headers.
    ///
    /// [RFC 9110 §15.5.2]: https://www.rfc-editor.org/rfc/rfc9110#section-15.5.2
    pub fn without_basic_challenge_for_scripts(mut self) -> Self {
        self.config_mut().hide_basic_from_scripts = true;
        self
    }

    /// Rejects gRPC and grpc-web calls with gRPC statuses.
    ///
    /// A call is a POST whose `content-type` is `application/grpc` or `application/grpc-web`. Its rejection has
    /// the HTTP status 200, no body, and the headers `grpc-status`, `grpc-message`, `grpc-status-details-bin`
    /// and `www-authenticate`. [`Policies`](crate::Policies) with a row for a gRPC method enable this too.
    ///
    /// By default, every rejection has its HTTP status. Clients choose the `content-type`, so don't enable this if something
    /// else relies on the status: a proxy that asks this service whether to admit a request (Envoy's `ext_authz` over
    /// HTTP), or logs and alerts about an API without gRPC.
    ///
    /// ```
    /// # #[derive(Debug)] struct Nobody;
    /// # impl portcullis::Verify<portcullis::BearerToken<'_>> for Nobody {
    /// #     fn verify(&self, _: portcullis::BearerToken<'_>) -> portcullis::Verification {
    /// #         portcullis::Verification::ready(Err(portcullis::error::TokenFault::Revoked.into()))
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use http::{Request, Response};
    /// use portcullis::AuthenticateLayer;
    /// use tower::{Layer, ServiceExt, service_fn};
    /// # let verifier = Nobody;
    ///
    /// let inner = service_fn(async |_: Request<()>| {
    ///     Ok::<_, std::convert::Infallible>(Response::new(String::new()))
    /// });
    /// let service = AuthenticateLayer::bearer(verifier).grpc().layer(inner);
    ///
    /// let call = Request::post("/orders.Orders/Create").header("content-type", "application/grpc");
    /// let rejected = service.oneshot(call.body(())?).await?;
    /// assert_eq!(rejected.status(), 200);
    /// assert_eq!(rejected.headers()["grpc-status"], "16");
    /// # Ok(())
    /// # }
    /// ```
    pub fn grpc(mut self) -> Self {
        self.config_mut().speaks_grpc = true;
        self
    }

    /// Sets the format of error bodies. The default is [`ErrorBody::json`].
    pub fn error_body(mut self, body: ErrorBody) -> Self {
        self.config_mut().renderer.body = body;
        self
    }

    /// Keeps these request headers, so that error bodies can show them: see
    /// [`Rejection::header`](crate::response::Rejection::header). None by default, because each costs a reference count
    /// for every request.
    ///
    /// ```
    /// # #[derive(Debug)] struct Nobody;
    /// # impl portcullis::Verify<portcullis::BearerToken<'_>> for Nobody {
    /// #     fn verify(&self, _: portcullis::BearerToken<'_>) -> portcullis::Verification {
    /// #         portcullis::Verification::ready(Err(portcullis::error::TokenFault::Revoked.into()))
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use http::{HeaderName, Request, Response};
    /// use portcullis::{AuthenticateLayer, ErrorBody, response::Content};
    /// use tower::{Layer, ServiceExt, service_fn};
    /// # let verifier = Nobody;
    ///
    /// const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
    ///
    /// let body = ErrorBody::custom(|rejection| {
    ///     let id = rejection.header(&REQUEST_ID).and_then(|id| id.to_str().ok());
    ///     Content::text(format!("Rejected. Request: {}", id.unwrap_or("unknown")))
    /// });
    /// let layer = AuthenticateLayer::bearer(verifier).error_body(body).rejection_headers([REQUEST_ID]);
    /// # let inner = service_fn(async |_: Request<()>| {
    /// #     Ok::<_, std::convert::Infallible>(Response::new(String::new()))
    /// # });
    ///
    /// let request = Request::get("/").header(REQUEST_ID, "7").body(())?;
    /// let rejected = layer.layer(inner).oneshot(request).await?;
    /// assert_eq!(rejected.body(), "Rejected. Request: 7");
    /// # Ok(())
    /// # }
    /// ```
    pub fn rejection_headers(mut self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.config_mut().rejection_headers = names.into_iter().collect();
        self
    }

    /// Records the reasons of rejections in [`Error::diagnosis`](crate::Error::diagnosis) even if no `tracing` subscriber reads `DEBUG` events with
    /// the target `portcullis`. Off by default, because it takes some microseconds for each rejection.
    ///
    /// It is meant for layers that log responses: see [`Error::from_extensions`](crate::Error::from_extensions). It doesn't apply to rejections by guards
    /// inside the layer.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use http::{Request, Response};
    /// use portcullis::{AuthenticateLayer, Error, testing::TestIssuer};
    /// use tower::{Layer, ServiceExt, service_fn};
    ///
    /// let issuer = TestIssuer::new();
    /// let verifier = issuer.verifier().audience("https://api.example").build().unwrap();
    /// let service = AuthenticateLayer::bearer(verifier)
    ///     .record_diagnoses()
    ///     .layer(service_fn(async |_: Request<()>| {
    ///         Ok::<_, std::convert::Infallible>(Response::new(String::new()))
    ///     }));
    ///
    /// let token = issuer.token().audience("https://api.example/").mint();
    /// let request = Request::get("/").header("authorization", format!("Bearer {token}")).body(()).unwrap();
    /// let response = service.oneshot(request).await.unwrap();
    /// let error = Error::from_extensions(response.extensions()).unwrap();
    /// let finding = error.diagnosis().unwrap().finding();
    /// assert_eq!(finding.rule(), "aud");
    /// assert_eq!(finding.expected_value(), Some("https://api.example"));
    /// assert_eq!(finding.found_value(), Some("https://api.example/"));
    /// assert!(finding.hint_text().unwrap().contains("extra slash"));
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn record_diagnoses(mut self) -> Self {
        self.config_mut().records_diagnoses = true;
        self
    }

    /// Shows the subject of a rejected token in [diagnoses](crate::error::Diagnosis) and events, as the field `subject`. Off
    /// by default, because a subject identifies a person.
    ///
    /// The subject is shown either in plain text, or as the digest that an access log with the same key shows. The signature
    /// of the token may not have been verified, so anyone may have written its subject. The subject is that of a JWT, or of an identity
    /// that policies and guards reject. User-ids aren't shown, because people type passwords there, and neither is the subject
    /// of an introspection response that is rejected itself, or of a request that a handler rejects.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use http::{Request, Response};
    /// use portcullis::{
    ///     AuthenticateLayer, Error, Secret, access_log::SubjectField, testing::TestIssuer,
    /// };
    /// use tower::{Layer, ServiceExt, service_fn};
    ///
    /// let issuer = TestIssuer::new();
    /// let verifier = issuer.verifier().audience("https://api.example").build().unwrap();
    /// let service = AuthenticateLayer::bearer(verifier)
    ///     .record_subjects(SubjectField::hashed(&Secret::from("a key of the service's own")))
    ///     .record_diagnoses()
    ///     .layer(service_fn(async |_: Request<()>| {
    ///         Ok::<_, std::convert::Infallible>(Response::new(String::new()))
    ///     }));
    ///
    /// let token = issuer.token().audience("https://other.example").subject("alice").mint();
    /// let request = Request::get("/").header("authorization", format!("Bearer {token}")).body(()).unwrap();
    /// let response = service.oneshot(request).await.unwrap();
    /// let error = Error::from_extensions(response.extensions()).unwrap();
    /// let subject = error.diagnosis().unwrap().subject_value().unwrap();
    /// assert_eq!(subject.len(), 16);
    /// assert!(!subject.contains("alice"));
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    #[cfg(feature = "tracing")]
    pub fn record_subjects(mut self, subject: SubjectField) -> Self {
        let config = self.config_mut();
        config.subjects = Some(Arc::new(subject));
        config.prepare_context();
        self
    }
}
