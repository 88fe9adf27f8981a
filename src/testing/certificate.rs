//! A client with a certificate (RFC 8705).

use std::fmt;

use http::{HeaderValue, Request, header::AUTHORIZATION};
use serde_json::{Value, json};

use crate::{
    binding::{CertificateHeader, ClientCertificate},
    jose::base64url,
};

/// A client with a certificate ([RFC 8705]), for tests of services that accept bound tokens.
///
/// It has no key, and its certificate consists of arbitrary bytes unless you pass a real one, because only
/// digests are compared.
///
/// ```
/// # #[cfg(all(feature = "axum", feature = "_jwt"))]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use axum::{Router, body::Body, routing::get};
/// use http::Request;
/// use portcullis::{AuthenticateLayer, binding::ClientCertificates, testing::{CertificateClient, TestIssuer}};
/// use tower::ServiceExt;
///
/// let issuer = TestIssuer::new();
/// let client = CertificateClient::new("alice");
/// let token = issuer.token().audience("https://api.example").claim("cnf", client.confirmation()).mint();
///
/// let verifier = issuer.verifier().audience("https://api.example").build().unwrap();
/// let certificates = ClientCertificates::from_connection().build().unwrap();
/// let app: Router = Router::new()
///     .route("/", get("hello"))
///     .layer(AuthenticateLayer::bearer(verifier).client_certificates(certificates));
///
/// let other = CertificateClient::new("mallory");
/// for (client, status) in [(client, 200), (other, 401)] {
///     let mut request = Request::get("/").body(Body::empty()).unwrap();
///     client.authorize(&mut request, &token);
///     assert_eq!(app.clone().oneshot(request).await.unwrap().status(), status);
/// }
/// # }
/// # #[cfg(not(all(feature = "axum", feature = "_jwt")))]
/// # fn main() {}
/// ```
///
/// [RFC 8705]: https://www.rfc-editor.org/rfc/rfc8705
#[derive(Clone)]
pub struct CertificateClient {
    der: Vec<u8>,
}

impl CertificateClient {
    /// Creates a client whose certificate depends on `name`. Different names have different
    /// certificates.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { der: format!("the certificate of {name}").into_bytes() }
    }

    /// Creates a client with this certificate in DER encoding.
    #[must_use]
    pub fn from_der(der: impl Into<Vec<u8>>) -> Self {
        Self { der: der.into() }
    }

    /// Returns the `cnf` claim that binds a token to this client's certificate: `{"x5t#S256": "…"}`.
    #[must_use]
    pub fn confirmation(&self) -> Value {
        json!({ "x5t#S256": base64url::encode(self.certificate().thumbprint()) })
    }

    /// Returns the extension that a TLS acceptor adds to requests of this client.
    #[must_use]
    pub fn certificate(&self) -> ClientCertificate {
        ClientCertificate::from_der(&self.der)
    }

    /// Returns the value of the header that a proxy adds to requests of this client.
    #[must_use]
    pub fn header_value(&self, header: &CertificateHeader) -> HeaderValue {
        let base64 = base64_simd::STANDARD.encode_to_string(&self.der);
        let value = match header {
            CertificateHeader::ClientCert => format!(":{base64}:"),
            CertificateHeader::ForwardedClientCert => {
                let thumbprint = self.certificate();
                let digits = thumbprint.thumbprint().map(|byte| format!("{byte:02x}")).concat();
                format!(
                    "By=spiffe://test/service;Hash={digits};Cert=\"{}\"",
                    percent_encoded_pem(&base64)
                )
            }
            CertificateHeader::Pem(_) => percent_encoded_pem(&base64),
        };
        HeaderValue::try_from(value).expect("a header value")
    }

    /// Adds `Authorization: Bearer …` and the certificate extension to a request.
    pub fn authorize<B>(&self, request: &mut Request<B>, token: &str) {
        let line = HeaderValue::try_from(format!("Bearer {token}")).expect("a header value");
        request.headers_mut().insert(AUTHORIZATION, line);
        request.extensions_mut().insert(self.certificate());
    }
}

/// Percent-encodes everything except unreserved characters, like nginx and Envoy.
fn percent_encoded_pem(base64: &str) -> String {
    let pem = format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n");
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    pem.bytes().map(encode).collect()
}

/// Doesn't show the certificate.
impl fmt::Debug for CertificateClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateClient").finish_non_exhaustive()
    }
}
