//! The sources of credentials in a request: enabled and disabled, one at a time and in pairs.
//!
//! `one_source` and `two_sources` are tables of all sources, and `challenges` tests which schemes a rejection
//! names. `query`, `cookie`, `websocket` and `custom_source` test the rules of one source each.

mod arbitrary_requests;
mod challenges;
mod cookie;
mod custom_source;
mod lenient_characters;
mod one_source;
mod query;
mod source_order;
mod two_sources;
mod websocket;
mod websocket_connections;

use axum::{Router, body::Body};
use http::{HeaderName, HeaderValue, Request, header::AUTHORIZATION};
use portcullis::{
    AuthenticateLayer, BasicCredentials, BearerToken, ErrorKind, Identity, Verification, Verify,
    credentials::RequestHead, error::TokenFault,
};

use crate::support::whoami;

/// The only valid access token. It belongs to alice.
pub const VALID_TOKEN: &str = "mF_9.B5f-4.1JqM";
/// `alice:open sesame`, the only valid password.
pub const VALID_BASIC: &str = "YWxpY2U6b3BlbiBzZXNhbWU=";
/// `alice:open barley`, which is invalid.
pub const INVALID_BASIC: &str = "YWxpY2U6b3BlbiBiYXJsZXk=";

/// Where credentials are in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Bearer,
    Basic,
    Token,
    OtherHeader,
    OtherHeaderBasic,
    Query,
    Cookie,
    WebSocket,
    Custom,
}

pub const SOURCES: [Source; 9] = [
    Source::Bearer,
    Source::Basic,
    Source::Token,
    Source::OtherHeader,
    Source::OtherHeaderBasic,
    Source::Query,
    Source::Cookie,
    Source::WebSocket,
    Source::Custom,
];

impl Source {
    /// Adds valid credentials to the request.
    pub fn put_valid(self, request: &mut Request<Body>) {
        self.put(request, if self.is_basic() { VALID_BASIC } else { VALID_TOKEN });
    }

    /// Adds well-formed credentials that the verifier rejects.
    pub fn put_invalid(self, request: &mut Request<Body>) {
        self.put(request, if self.is_basic() { INVALID_BASIC } else { "unknown" });
    }

    pub fn is_basic(self) -> bool {
        matches!(self, Self::Basic | Self::OtherHeaderBasic)
    }

    /// Adds `text` as the credentials.
    pub fn put(self, request: &mut Request<Body>, text: &str) {
        let header = |name: &'static str, line: String| {
            let line = HeaderValue::try_from(line).expect("a header value");
            (HeaderName::from_static(name), line)
        };
        let (name, line) = match self {
            Self::Bearer => header("authorization", format!("Bearer {text}")),
            Self::Basic => header("authorization", format!("Basic {text}")),
            Self::Token => header("authorization", format!("token {text}")),
            Self::OtherHeader => header("authentication", format!("Bearer {text}")),
            Self::OtherHeaderBasic => header("authentication", format!("Basic {text}")),
            Self::Cookie => header("cookie", format!("theme=dark; at={text}")),
            Self::WebSocket => header("sec-websocket-protocol", format!("chat, bearer, {text}")),
            Self::Custom => header("x-api-key", text.to_owned()),
            Self::Query => {
                let uri = format!("{}?a=b&access_token={text}", request.uri().path());
                *request.uri_mut() = uri.parse().expect("a URI");
                return;
            }
        };
        if self == Self::WebSocket {
            let websocket = HeaderValue::from_static("websocket");
            request.headers_mut().insert("upgrade", websocket);
        }
        request.headers_mut().append(name, line);
    }

    /// Enables this source.
    pub fn enable(self, layer: AuthenticateLayer) -> AuthenticateLayer {
        let other = HeaderName::from_static("authentication");
        match self {
            Self::Bearer => layer,
            Self::Basic => layer.basic(TestVerifier),
            Self::Token => layer.token_scheme(),
            Self::OtherHeader => layer.header(other),
            Self::OtherHeaderBasic => layer.basic(TestVerifier).header(other),
            Self::Query => layer.query_parameter(),
            // For a WebSocket handshake, a cookie counts only if it counts for every method.
            Self::Cookie => layer.cookie_for_every_method("at"),
            Self::WebSocket => layer.websocket_protocol(),
            Self::Custom => layer.source(api_key),
        }
    }
}

#[allow(clippy::unnecessary_wraps, reason = "a source may reject")]
fn api_key(head: &RequestHead<'_>) -> Result<Option<String>, portcullis::Error> {
    let key = head.headers().get("x-api-key");
    Ok(key.map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned()))
}

/// `GET /` without credentials.
pub fn request() -> Request<Body> {
    Request::new(Body::empty())
}

/// `GET /` with valid credentials in each of `sources`.
pub fn with(sources: &[Source]) -> Request<Body> {
    let mut request = request();
    sources.iter().for_each(|source| source.put_valid(&mut request));
    request
}

/// A layer with all sources enabled.
pub fn all_sources() -> AuthenticateLayer {
    SOURCES
        .iter()
        .fold(AuthenticateLayer::bearer(TestVerifier), |layer, source| source.enable(layer))
}

/// `GET /` behind that layer.
pub fn service(layer: AuthenticateLayer) -> Router {
    whoami().layer(layer)
}

/// Accepts one token and one password.
#[derive(Clone)]
pub struct TestVerifier;

impl Verify<BearerToken<'_>> for TestVerifier {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        Verification::ready(match token.as_str() {
            VALID_TOKEN => Ok(Identity::assertion().subject("alice").build()),
            _ => Err(TokenFault::Inactive.into()),
        })
    }
}

impl Verify<BasicCredentials> for TestVerifier {
    fn verify(&self, credentials: BasicCredentials) -> Verification {
        Verification::ready(match (credentials.user_id(), credentials.password()) {
            ("alice", "open sesame") => Ok(Identity::assertion().subject("alice").build()),
            _ => Err(ErrorKind::InvalidCredentials.into()),
        })
    }
}

/// Whether both are read from the same header. A request with two such headers is rejected by any layer.
pub fn share_a_header(one: Source, other: Source) -> bool {
    let header = |source| match source {
        Source::Bearer | Source::Basic | Source::Token => Some(AUTHORIZATION),
        Source::OtherHeader | Source::OtherHeaderBasic => Some("authentication".parse().unwrap()),
        _ => None,
    };
    header(one).is_some() && header(one) == header(other)
}

/// Whether two sets of credentials are too many by RFC 6750 §2, or in one header.
pub fn are_too_many(one: Source, other: Source) -> bool {
    let in_authorization =
        |source: Source| matches!(source, Source::Bearer | Source::Basic | Source::Token);
    share_a_header(one, other)
        || (in_authorization(one) && other == Source::Query)
        || (one == Source::Query && in_authorization(other))
}
