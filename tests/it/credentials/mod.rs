//! Every place that credentials may stand in: alone, in pairs, switched off.
//!
//! `alone` and `pairs` are tables of all places, `challenges` is what each set of them asks for;
//! `query`, `cookies`, `websocket` and `own` are what is particular to one. `extractors` need no layer.

mod arbitrary_requests;
mod challenges;
mod cookie;
mod custom_source;
mod one_source;
mod query;
mod two_sources;
mod websocket;
mod websocket_connections;

use axum::{Router, body::Body};
use http::{HeaderName, HeaderValue, Request, header::AUTHORIZATION};
use portcullis::{
    AuthenticateLayer, BasicCredentials, BearerToken, ErrorKind, Identity, TokenFault,
    Verification, Verify, credentials::RequestHead,
};

use crate::support::whoami;

/// The one access token that is good; it is alice's.
pub const GOOD: &str = "mF_9.B5f-4.1JqM";
/// `alice:open sesame`, the one password that is right.
pub const RIGHT: &str = "YWxpY2U6b3BlbiBzZXNhbWU=";
/// `alice:open barley`.
pub const WRONG: &str = "YWxpY2U6b3BlbiBiYXJsZXk=";

/// Where credentials stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Bearer,
    Basic,
    Token,
    OtherHeader,
    OtherHeaderBasic,
    Query,
    Cookie,
    WebSocket,
    Own,
}

pub const PLACES: [Place; 9] = [
    Place::Bearer,
    Place::Basic,
    Place::Token,
    Place::OtherHeader,
    Place::OtherHeaderBasic,
    Place::Query,
    Place::Cookie,
    Place::WebSocket,
    Place::Own,
];

impl Place {
    /// Puts good credentials there.
    pub fn fill(self, request: &mut Request<Body>) {
        self.put(request, if self.is_basic() { RIGHT } else { GOOD });
    }

    /// Puts well-formed credentials there that nobody knows.
    pub fn fill_badly(self, request: &mut Request<Body>) {
        self.put(request, if self.is_basic() { WRONG } else { "made-up" });
    }

    pub fn is_basic(self) -> bool {
        matches!(self, Self::Basic | Self::OtherHeaderBasic)
    }

    /// Puts that text there.
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
            Self::Own => header("x-api-key", text.to_owned()),
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

    /// Switches it on.
    pub fn switch_on(self, layer: AuthenticateLayer) -> AuthenticateLayer {
        let other = HeaderName::from_static("authentication");
        match self {
            Self::Bearer => layer,
            Self::Basic => layer.basic(Known),
            Self::Token => layer.token_scheme(),
            Self::OtherHeader => layer.header(other),
            Self::OtherHeaderBasic => layer.basic(Known).header(other),
            Self::Query => layer.query_parameter(),
            // A WebSocket handshake's cookie counts only so.
            Self::Cookie => layer.cookie_for_every_method("at"),
            Self::WebSocket => layer.websocket_protocol(),
            Self::Own => layer.source(api_key),
        }
    }
}

#[allow(clippy::unnecessary_wraps, reason = "a source may reject")]
fn api_key(head: &RequestHead<'_>) -> Result<Option<String>, portcullis::Error> {
    let key = head.headers().get("x-api-key");
    Ok(key.map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned()))
}

/// `GET /` without anything.
pub fn request() -> Request<Body> {
    Request::new(Body::empty())
}

/// `GET /` with good credentials there.
pub fn with(places: &[Place]) -> Request<Body> {
    let mut request = request();
    places.iter().for_each(|place| place.fill(&mut request));
    request
}

/// A layer that looks everywhere.
pub fn everywhere() -> AuthenticateLayer {
    PLACES.iter().fold(AuthenticateLayer::bearer(Known), |layer, place| place.switch_on(layer))
}

/// `GET /` behind that layer.
pub fn behind(layer: AuthenticateLayer) -> Router {
    whoami().layer(layer)
}

/// Knows one token and one password.
#[derive(Clone)]
pub struct Known;

impl Verify<BearerToken<'_>> for Known {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        Verification::ready(match token.as_str() {
            GOOD => Ok(Identity::assertion().subject("alice").build()),
            _ => Err(TokenFault::Inactive.into()),
        })
    }
}

impl Verify<BasicCredentials> for Known {
    fn verify(&self, credentials: BasicCredentials) -> Verification {
        Verification::ready(match (credentials.user_id(), credentials.password()) {
            ("alice", "open sesame") => Ok(Identity::assertion().subject("alice").build()),
            _ => Err(ErrorKind::InvalidCredentials.into()),
        })
    }
}

/// Whether these stand in the same header, so that a second line of it is one too many for any layer.
pub fn share_a_header(one: Place, other: Place) -> bool {
    let header = |place| match place {
        Place::Bearer | Place::Basic | Place::Token => Some(AUTHORIZATION),
        Place::OtherHeader | Place::OtherHeaderBasic => Some("authentication".parse().unwrap()),
        _ => None,
    };
    header(one).is_some() && header(one) == header(other)
}
