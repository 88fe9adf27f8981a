//! The service that receives events over HTTP.

use std::{
    convert::Infallible,
    error::Error as StdError,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, Method, Request, Response, header::CONTENT_TYPE};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tower_service::Service;

use super::{
    builder::SecurityEventsBuilder,
    receiver::Receiver,
    reply::{Fault, Reply},
};
use crate::{BearerToken, Secret, verify::jwt::EventTokenType};

/// The maximum length of a body, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// A tower service that receives security event tokens and logout tokens, and revokes tokens.
///
/// ```
/// # #[cfg(feature = "axum")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use axum::{Router, body::Body, routing::get};
/// use http::{Request, header::{AUTHORIZATION, CONTENT_TYPE}};
/// use portcullis::{AuthenticateLayer, security_events::SecurityEvents, testing::TestIssuer};
/// use serde_json::json;
/// use tower::ServiceExt;
///
/// let issuer = TestIssuer::new();
/// let verifier = issuer.verifier().audience("https://api.example").build()?;
/// let events = SecurityEvents::builder(verifier.clone()).build()?;
/// let app: Router = Router::new()
///     .route("/orders", get("orders"))
///     .layer(AuthenticateLayer::bearer(verifier))
///     .merge(events.router("/events"));
///
/// let token = issuer.token().audience("https://api.example").subject("alice").mint();
/// let orders = || Request::get("/orders").header(AUTHORIZATION, format!("Bearer {token}"));
/// assert_eq!(app.clone().oneshot(orders().body(Body::empty())?).await?.status(), 200);
///
/// // The issuer reports that Alice's session was revoked.
/// let subject = json!({ "format": "iss_sub", "iss": issuer.issuer(), "sub": "alice" });
/// let event = issuer
///     .token()
///     .header("typ", json!("secevent+jwt"))
///     .audience("https://api.example")
///     .claim("jti", json!("1"))
///     .claim("sub_id", subject)
///     .claim("events", json!({
///         "https://schemas.openid.net/secevent/caep/event-type/session-revoked": {},
///     }))
///     .without_claim("exp")
///     .mint();
/// let push = Request::post("/events").header(CONTENT_TYPE, "application/secevent+jwt");
/// assert_eq!(app.clone().oneshot(push.body(Body::from(event))?).await?.status(), 202);
/// assert_eq!(app.oneshot(orders().body(Body::empty())?).await?.status(), 401);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "axum"))]
/// # fn main() {}
/// ```
///
/// | request | what is verified |
/// |---|---|
/// | POST with `application/secevent+jwt` | a security event token ([RFC 8417]) by push ([RFC 8935]) |
/// | POST with `application/x-www-form-urlencoded` | `logout_token`, a logout token of [Back-Channel Logout] |
///
/// Both are JWTs of a trusted issuer, signed with one of its keys, with `iss`, `aud`, `iat`, `jti` and `events`. `aud`
/// has to be an audience of the verifier or of [`SecurityEventsBuilder::audience`]. A security event token has
/// `typ: secevent+jwt`. A logout token may also have `JWT` or no `typ`, because many issuers send that.
///
/// | event | what is revoked |
/// |---|---|
/// | CAEP `session-revoked`, `credential-change`, `token-claims-change` | the session, or the subject's tokens up to `event_timestamp`, or else `iat` |
/// | RISC `account-disabled`, `account-purged`, `account-credential-change-required`, `sessions-revoked` | the same |
/// | a logout token | the session `sid`, or else the tokens of `sub` up to `iat` |
/// | any other | nothing |
///
/// The supported formats of subjects are `iss_sub`, `opaque`, `jwt_id`, `complex` and `aliases`, and with a
/// [function](SecurityEventsBuilder::subject_of_email) also `email` ([RFC 9493]). An issuer can only revoke its own
/// tokens. An opaque identifier may be that of a session or of a subject.
///
/// Each `jti` takes effect once. Responses follow RFC 8935 §2.3 and §2.4: 202, or 400 with `err`. For logout tokens,
/// they are 200, or 400 with `error`. The response is 503 if the keys can't be fetched or the revocation can't be
/// [shared](crate::verify::Revocations), so that the issuer sends the event again.
///
/// [Back-Channel Logout]: https://openid.net/specs/openid-connect-backchannel-1_0.html
/// [RFC 8417]: https://www.rfc-editor.org/rfc/rfc8417
/// [RFC 8935]: https://www.rfc-editor.org/rfc/rfc8935
/// [RFC 9493]: https://www.rfc-editor.org/rfc/rfc9493
#[derive(Clone)]
pub struct SecurityEvents(Arc<Inner>);

struct Inner {
    receiver: Receiver,
    transmitter_token: Option<Secret>,
}

impl SecurityEvents {
    /// Creates a builder. Events are verified with the keys of this verifier, and revoke tokens that it accepts.
    pub fn builder(verifier: impl Into<SecurityEventsBuilder>) -> SecurityEventsBuilder {
        verifier.into()
    }

    pub(super) fn new(receiver: Receiver, transmitter_token: Option<Secret>) -> Self {
        Self(Arc::new(Inner { receiver, transmitter_token }))
    }

    async fn respond<B>(self, request: Request<B>) -> Response<String>
    where
        B: Body<Error: Into<Box<dyn StdError + Send + Sync>>>,
    {
        let (parts, body) = request.into_parts();
        let Some(kind) = kind(&parts.headers) else {
            let fault = Fault::InvalidRequest("The media type is not that of an event.");
            return Reply::Rejected(fault).into_response(false);
        };
        let is_logout = kind == EventTokenType::Logout;
        let reply = if parts.method == Method::POST {
            self.reply(&parts.headers, kind, body).await
        } else {
            Reply::MethodNotAllowed
        };
        reply.into_response(is_logout)
    }

    async fn reply<B>(&self, headers: &HeaderMap, kind: EventTokenType, body: B) -> Reply
    where
        B: Body<Error: Into<Box<dyn StdError + Send + Sync>>>,
    {
        if kind == EventTokenType::SecurityEvent && !self.is_authenticated(headers) {
            return Reply::Rejected(Fault::AuthenticationFailed);
        }
        let bytes = match Limited::new(body, MAX_BODY).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => return Reply::TooLarge,
            Err(_) => return Reply::Rejected(Fault::InvalidRequest("The body can't be read.")),
        };
        let text = match kind {
            EventTokenType::Logout => logout_token(&bytes),
            EventTokenType::SecurityEvent => str::from_utf8(&bytes).ok().map(str::to_owned),
        };
        match text {
            Some(jws) => self.0.receiver.receive(jws.trim(), kind).await,
            None => Reply::Rejected(Fault::InvalidRequest("The request has no token.")),
        }
    }

    fn is_authenticated(&self, headers: &HeaderMap) -> bool {
        let Some(expected) = &self.0.transmitter_token else { return true };
        let Ok(token) = BearerToken::from_headers(headers) else { return false };
        Secret::from(token.as_str()) == *expected
    }
}

/// Returns the kind of token in a request with this media type.
fn kind(headers: &HeaderMap) -> Option<EventTokenType> {
    let media_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/secevent+jwt") {
        Some(EventTokenType::SecurityEvent)
    } else if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        Some(EventTokenType::Logout)
    } else {
        None
    }
}

/// Returns the logout token in a form. A form with two of them has none.
fn logout_token(form: &[u8]) -> Option<String> {
    let mut tokens =
        form_urlencoded::parse(form).filter(|(name, _)| name == "logout_token").map(|(_, it)| it);
    let token = tokens.next()?.into_owned();
    tokens.next().is_none().then_some(token)
}

impl<B> Service<Request<B>> for SecurityEvents
where
    B: Body<Data: Send, Error: Into<Box<dyn StdError + Send + Sync>>> + Send + 'static,
{
    type Response = Response<String>;
    type Error = Infallible;
    type Future = SecurityEventsFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> SecurityEventsFuture {
        SecurityEventsFuture(Box::pin(self.clone().respond(request)))
    }
}

/// The response future of [`SecurityEvents`].
#[must_use]
pub struct SecurityEventsFuture(Pin<Box<dyn Future<Output = Response<String>> + Send>>);

impl Future for SecurityEventsFuture {
    type Output = Result<Response<String>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context).map(Ok)
    }
}

impl fmt::Debug for SecurityEventsFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecurityEventsFuture").finish_non_exhaustive()
    }
}

impl fmt::Debug for SecurityEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecurityEvents")
            .field("verifier", &self.0.receiver.verifier)
            .field("audiences", &self.0.receiver.audiences)
            .finish_non_exhaustive()
    }
}
