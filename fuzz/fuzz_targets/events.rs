//! Sends security event tokens (RFC 8417, RFC 8935) and logout tokens, and presents access tokens after each. A token is
//! rejected if, and only if, an event of its own issuer has revoked it, as an independent reading of the rules over
//! serde_json has it.
#![cfg_attr(fuzzing, no_main)]

use std::{collections::BTreeMap, sync::LazyLock};

use arbitrary::Arbitrary;
use axum::body::Body;
use http::{
    HeaderMap, HeaderValue, Method, Request, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use portcullis::{
    Algorithm, BearerToken, Error, Issuers, JwtVerifier, Verify, security_events::SecurityEvents,
};
use portcullis_fuzz::{
    hs256, ready,
    strict_json::{self, Json},
    tokens::{AUDIENCE, ISSUER, NOW, OURS},
};
use serde_json::{Map, Value, json};
use tower::ServiceExt;

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Messages(bool, Vec<Message>),
    /// The claims of a security event token, as they were recorded.
    Event(&'a str),
    /// The claims of a logout token.
    Logout(&'a str),
}

#[derive(Arbitrary, Debug)]
struct Message {
    delivery: Delivery,
    is_logout: bool,
    signer: Signer,
    header: Vec<(u8, u8)>,
    claims: Vec<(u8, u8)>,
    subject: Option<Subject>,
    events: Vec<(u8, Event)>,
}

/// How a token is sent.
#[derive(Arbitrary, Debug)]
enum Delivery {
    Usual,
    /// With another method, media type or authorization.
    Other(u8, u8, u8),
    /// In a form of these members.
    Form(Vec<(u8, bool)>),
}

#[derive(Arbitrary, Debug, Clone, Copy, PartialEq, Eq)]
enum Signer {
    Ours,
    /// The other trusted issuer.
    Other,
    /// Nobody who is trusted.
    Stranger,
    /// The first issuer, in the name of the other one.
    Impostor,
    None,
}

#[derive(Arbitrary, Debug)]
enum Event {
    Members(Option<Subject>, Option<u8>),
    Value(u8),
}

#[derive(Arbitrary, Debug)]
enum Subject {
    Named(u8, u8),
    Opaque(u8),
    Email(u8),
    Token(u8, u8),
    Complex(bool, Option<Box<Subject>>, Option<Box<Subject>>),
    Aliases(Vec<Subject>),
    Format(u8, u8),
    Value(u8),
}

const OTHER: &str = "https://other.test";
const CLIENT: &str = "orders-client";
const SECRETS: [&[u8; 32]; 3] = [&[1; 32], &[2; 32], &[3; 32]];
const TRANSMITTER: &str = "transmitter-s3cret";
const LOGOUT: &str = "http://schemas.openid.net/event/backchannel-logout";
const REVOKING: [&str; 7] = [
    "https://schemas.openid.net/secevent/caep/event-type/credential-change",
    "https://schemas.openid.net/secevent/caep/event-type/session-revoked",
    "https://schemas.openid.net/secevent/caep/event-type/token-claims-change",
    "https://schemas.openid.net/secevent/risc/event-type/account-credential-change-required",
    "https://schemas.openid.net/secevent/risc/event-type/account-disabled",
    "https://schemas.openid.net/secevent/risc/event-type/account-purged",
    "https://schemas.openid.net/secevent/risc/event-type/sessions-revoked",
];
const OTHER_EVENTS: [&str; 6] = [
    LOGOUT,
    "https://schemas.openid.net/secevent/risc/event-type/account-enabled",
    "https://schemas.openid.net/secevent/caep/event-type/session-established",
    "https://schemas.openid.net/secevent/caep/event-type/account-disabled",
    "https://schemas.openid.net/secevent/caep/event-type/session-revoked/",
    "session-revoked",
];
const WORDS: [&str; 10] =
    ["alice", "bob", "s1", "s2", "t1", "t2", "alice@example.com", "down@example.com", "", ISSUER];
const NAMES: [&str; 18] = [
    "iss",
    "aud",
    "iat",
    "jti",
    "exp",
    "nbf",
    "sub",
    "sid",
    "nonce",
    "events",
    "sub_id",
    "client_id",
    "toe",
    "txn",
    "scope",
    "event_timestamp",
    "subject",
    "at_hash",
];
const HEADER: [&str; 6] = ["typ", "alg", "kid", "crit", "b64", "jwk"];

/// The values of claims and headers. Null leaves a member out, because a JWT has no claim that is null.
static VALUES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    vec![
        json!(null),
        json!(ISSUER),
        json!(OTHER),
        json!(AUDIENCE),
        json!([CLIENT]),
        json!(["x", AUDIENCE]),
        json!("x"),
        json!(NOW),
        json!(NOW - 100),
        json!((NOW - 100) as f64 + 0.5),
        json!(NOW + 60),
        json!(NOW + 61),
        json!(NOW - 60),
        json!(NOW + 1_000),
        json!(0),
        json!(-1),
        json!(1e300),
        json!("alice"),
        json!("bob"),
        json!("s1"),
        json!("s2"),
        json!("j1"),
        json!("j2"),
        json!([]),
        json!({}),
        json!(true),
        json!("secevent+jwt"),
        json!("application/SECEVENT+jwt"),
        json!("logout+jwt"),
        json!("JWT"),
        json!("at+jwt"),
        json!("none"),
        json!("HS256"),
        json!("RS256"),
        json!({ LOGOUT: {} }),
        json!({ REVOKING[0]: {} }),
    ]
});

/// An access token that is presented after each message.
struct Probe {
    token: String,
    issuer: &'static str,
    subject: &'static str,
    session: &'static str,
    id: &'static str,
    issued_at: Option<u64>,
}

static PROBES: LazyLock<Vec<Probe>> = LazyLock::new(|| {
    [
        (ISSUER, "alice", "s1", "t1", Some(NOW - 200)),
        (ISSUER, "alice", "s2", "t2", Some(NOW)),
        (ISSUER, "alice", "s1", "t3", Some(NOW + 50)),
        (ISSUER, "alice", "s3", "t4", Some(NOW - 99)),
        (ISSUER, "alice", "s2", "t5", None),
        (ISSUER, "bob", "s3", "t6", Some(NOW - 100)),
        (ISSUER, "s1", "alice", "bob", Some(NOW - 200)),
        (OTHER, "alice", "s1", "t1", Some(NOW - 200)),
        (OTHER, "bob", "s2", "t2", Some(NOW)),
    ]
    .map(|(issuer, subject, session, id, issued_at)| {
        let mut claims = json!({
            "iss": issuer, "aud": AUDIENCE, "exp": NOW + 300, "sub": subject, "sid": session, "jti": id,
        });
        if let Some(time) = issued_at {
            claims["iat"] = json!(time);
        }
        let secret = SECRETS[usize::from(issuer == OTHER)];
        let token = hs256::sign(r#"{"alg":"HS256","typ":"JWT"}"#, &claims.to_string(), secret);
        Probe { token, issuer, subject, session, id, issued_at }
    })
    .into()
});

static VERIFIERS: LazyLock<[JwtVerifier; 2]> = LazyLock::new(|| {
    [(ISSUER, SECRETS[0]), (OTHER, SECRETS[1])].map(|(issuer, secret)| {
        let builder = JwtVerifier::builder(issuer).audience(AUDIENCE).clock(OURS.clock());
        builder.hmac_secret(Algorithm::Hs256, secret.to_vec()).build().unwrap()
    })
});

/// What an event has revoked, of one issuer.
#[derive(Debug, Clone, PartialEq)]
enum Revoked {
    /// The tokens that were issued until this time.
    Subject(String, f64),
    Session(String),
    Token(String),
}

/// What has to come of a message.
#[derive(Debug)]
enum Expected {
    /// These revocations, of this issuer.
    Accepted(String, Vec<Revoked>),
    Rejected,
    /// The function of the service can't be asked.
    Unavailable,
}

portcullis_fuzz::target!(|input: Input| {
    match input {
        Input::Messages(needs_token, messages) => {
            let messages = messages.iter().take(4).map(|message| sent(message, needs_token));
            send_all(needs_token, messages);
        }
        Input::Event(claims) => {
            let sent = Sent::new(Signer::Ours, r#"{"alg":"HS256","typ":"secevent+jwt"}"#, claims);
            send_all(false, [sent].into_iter());
        }
        Input::Logout(claims) => {
            let sent = Sent::new(Signer::Ours, r#"{"alg":"HS256","typ":"logout+jwt"}"#, claims);
            send_all(false, [sent.logging_out()].into_iter());
        }
    }
});

/// A message as it is sent, and what it was made of.
struct Sent {
    signer: Signer,
    header: String,
    claims: String,
    is_logout: bool,
    /// Whether the request has the right method and media type, and as many tokens as it should have.
    is_sound: bool,
    is_authenticated: bool,
    method: Method,
    media_type: &'static str,
    body: String,
}

impl Sent {
    fn new(signer: Signer, header: &str, claims: &str) -> Self {
        let secret = match signer {
            Signer::Ours | Signer::Impostor => SECRETS[0],
            Signer::Other => SECRETS[1],
            Signer::Stranger | Signer::None => SECRETS[2],
        };
        let mut body = hs256::sign(header, claims, secret);
        if signer == Signer::None {
            body.truncate(body.rfind('.').map_or(0, |at| at + 1));
        }
        Self {
            signer,
            header: header.to_owned(),
            claims: claims.to_owned(),
            is_logout: false,
            is_sound: true,
            is_authenticated: false,
            method: Method::POST,
            media_type: "application/secevent+jwt",
            body,
        }
    }

    fn logging_out(mut self) -> Self {
        self.is_logout = true;
        self.media_type = "application/x-www-form-urlencoded";
        self.body = format!("logout_token={}", self.body);
        self
    }

    fn request(&self) -> Request<Body> {
        let mut request = Request::new(Body::from(self.body.clone()));
        *request.method_mut() = self.method.clone();
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        if self.is_authenticated {
            let line = HeaderValue::try_from(format!("Bearer {TRANSMITTER}")).unwrap();
            request.headers_mut().insert(AUTHORIZATION, line);
        }
        request
    }
}

fn sent(message: &Message, needs_token: bool) -> Sent {
    let typ = if message.is_logout { "logout+jwt" } else { "secevent+jwt" };
    let change = |mut object: Value, changes: &[(u8, u8)], names: &[&str]| {
        for (name, value) in changes.iter().take(6) {
            let name = names[usize::from(*name) % names.len()];
            object[name] = VALUES[usize::from(*value) % VALUES.len()].clone();
        }
        if let Value::Object(members) = &mut object {
            members.retain(|_, value| !value.is_null());
        }
        object.to_string()
    };
    let header = change(json!({ "alg": "HS256", "typ": typ }), &message.header, &HEADER);
    let issuer = match message.signer {
        Signer::Other | Signer::Impostor => OTHER,
        Signer::Ours | Signer::Stranger | Signer::None => ISSUER,
    };
    let mut claims = json!({ "iss": issuer, "aud": AUDIENCE, "iat": NOW, "jti": "j1" });
    if let Some(subject) = &message.subject {
        claims["sub_id"] = value_of(subject);
    }
    let events = message.events.iter().take(3).map(|(name, event)| {
        let count = REVOKING.len() + OTHER_EVENTS.len();
        let name = usize::from(*name) % count;
        let name = REVOKING.iter().chain(&OTHER_EVENTS).nth(name).copied().unwrap();
        let event = match event {
            Event::Value(at) => VALUES[usize::from(*at) % VALUES.len()].clone(),
            Event::Members(subject, time) => {
                let mut members = Map::new();
                if let Some(subject) = subject {
                    members.insert("subject".to_owned(), value_of(subject));
                }
                if let Some(at) = time {
                    let value = VALUES[usize::from(*at) % VALUES.len()].clone();
                    members.insert("event_timestamp".to_owned(), value);
                }
                members.into()
            }
        };
        (name.to_owned(), event)
    });
    let mut events: Map<String, Value> = events.collect();
    if message.is_logout && events.is_empty() {
        events.insert(LOGOUT.to_owned(), json!({}));
    }
    claims["events"] = events.into();
    let claims = change(claims, &message.claims, &NAMES);
    let mut sent = Sent::new(message.signer, &header, &claims);
    sent.is_authenticated = true;
    if message.is_logout {
        sent = sent.logging_out();
    }
    match &message.delivery {
        Delivery::Usual => {}
        Delivery::Other(method, media_type, authorization) => {
            let methods = [Method::POST, Method::GET, Method::PUT];
            sent.method = methods[usize::from(*method) % methods.len()].clone();
            let own = sent.media_type;
            let parameter = if sent.is_logout {
                "APPLICATION/x-www-form-urlencoded; charset=utf-8"
            } else {
                "application/SecEvent+JWT;x"
            };
            let media_types = [own, parameter, "application/json", "application/jwt"];
            let media_type = usize::from(*media_type) % media_types.len();
            sent.media_type = media_types[media_type];
            sent.is_sound = sent.method == Method::POST && media_type < 2;
            sent.is_authenticated = authorization % 2 == 0;
        }
        Delivery::Form(members) => {
            let token = sent.body.trim_start_matches("logout_token=").to_owned();
            let names = [
                "logout_token",
                "logout%5ftoken",
                "logout_tokens",
                "Logout_Token",
                "logout_token%20",
                "x",
            ];
            let members = members.iter().take(4);
            let count = members.clone().filter(|(name, _)| name % 6 < 2).count();
            let member = |(name, encoded): &(u8, bool)| {
                let name = names[usize::from(*name % 6)];
                let token = if *encoded { token.replace('.', "%2E") } else { token.clone() };
                format!("{name}={token}")
            };
            sent.body = members.map(member).collect::<Vec<_>>().join("&");
            sent.media_type = "application/x-www-form-urlencoded";
            sent.is_logout = true;
            sent.is_sound = count == 1;
        }
    }
    sent.is_sound &= sent.is_logout || sent.is_authenticated || !needs_token;
    sent
}

fn value_of(subject: &Subject) -> Value {
    let word = |at: &u8| WORDS[usize::from(*at) % WORDS.len()];
    let issuer = |at: &u8| [ISSUER, OTHER, "x"][usize::from(*at) % 3];
    match subject {
        Subject::Named(iss, sub) => {
            json!({ "format": "iss_sub", "iss": issuer(iss), "sub": word(sub) })
        }
        Subject::Opaque(id) => json!({ "format": "opaque", "id": word(id) }),
        Subject::Email(email) => json!({ "format": "email", "email": word(email) }),
        Subject::Token(iss, id) => {
            json!({ "format": "jwt_id", "iss": issuer(iss), "jti": word(id) })
        }
        Subject::Complex(has_format, user, session) => {
            let mut members = Map::new();
            if *has_format {
                members.insert("format".to_owned(), json!("complex"));
            }
            for (name, subject) in [("user", user), ("session", session)] {
                if let Some(subject) = subject {
                    members.insert(name.to_owned(), value_of(subject));
                }
            }
            members.into()
        }
        Subject::Aliases(subjects) => {
            let subjects: Vec<_> = subjects.iter().take(3).map(value_of).collect();
            json!({ "format": "aliases", "identifiers": subjects })
        }
        Subject::Format(format, value) => {
            let formats =
                ["iss_sub", "opaque", "email", "jwt_id", "did", "phone_number", "aliases"];
            let value = VALUES[usize::from(*value) % VALUES.len()].clone();
            let format = formats[usize::from(*format) % formats.len()];
            json!({ "format": format, "iss": ISSUER, "id": value, "sub": value, "identifiers": value })
        }
        Subject::Value(at) => VALUES[usize::from(*at) % VALUES.len()].clone(),
    }
}

fn send_all(needs_token: bool, messages: impl Iterator<Item = Sent>) {
    let [one, other] = &*VERIFIERS;
    let issuers = Issuers::builder().trust(one.clone()).trust(other.clone()).build().unwrap();
    let mut builder = SecurityEvents::builder(issuers.clone()).audience(CLIENT).subject_of_email(
        async |_, email| match &*email {
            "alice@example.com" => Ok(Some("alice".to_owned())),
            "down@example.com" => Err(Error::unavailable("down")),
            _ => Ok(None),
        },
    );
    if needs_token {
        builder = builder.transmitter_token(TRANSMITTER);
    }
    let events = builder.build().unwrap();
    let mut revoked: Vec<(String, Revoked)> = Vec::new();
    let mut seen: Vec<(String, String)> = Vec::new();
    check(&issuers, &[]);
    for sent in messages {
        let response =
            ready(events.clone().oneshot(sent.request())).unwrap_or_else(|never| match never {});
        let Some(expected) = expected(&sent, &mut seen) else { return };
        let status = response.status();
        let show = || format!("{status}, expected {expected:?}: {} {}", sent.header, sent.claims);
        match &expected {
            Expected::Accepted(issuer, effects) => {
                let success = if sent.is_logout { StatusCode::OK } else { StatusCode::ACCEPTED };
                assert!(status == success, "{}", show());
                assert!(response.body().is_empty());
                revoked.extend(effects.iter().map(|it| (issuer.clone(), it.clone())));
            }
            Expected::Rejected => {
                assert!(matches!(status.as_u16(), 400 | 405 | 413), "{}", show());
                if status == StatusCode::BAD_REQUEST {
                    let body = strict_json::object(response.body().as_bytes()).expect("JSON");
                    let code = if body.contains_key("err") { "err" } else { "error" };
                    assert!(body[code].as_str().is_some());
                }
            }
            Expected::Unavailable => assert!(status.is_server_error(), "{}", show()),
        }
        assert!(!response.body().contains(TRANSMITTER));
        check(&issuers, &revoked);
    }
}

/// Presents every access token.
fn check(issuers: &Issuers, revoked: &[(String, Revoked)]) {
    for probe in &*PROBES {
        let mut must_be = Some(false);
        for (_, revoked) in revoked.iter().filter(|(issuer, _)| issuer == probe.issuer) {
            let this = match revoked {
                Revoked::Session(id) => Some(id == probe.session),
                Revoked::Token(id) => Some(id == probe.id),
                Revoked::Subject(name, _) if name != probe.subject => Some(false),
                Revoked::Subject(_, time) => match probe.issued_at {
                    None => Some(true),
                    Some(issued_at) if issued_at as f64 <= *time => Some(true),
                    // Times are compared in seconds, and none may be missed.
                    Some(issued_at) if issued_at as f64 >= *time + 2.0 => Some(false),
                    Some(_) => None,
                },
            };
            must_be = match (must_be, this) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), it) => it,
                (None, _) => None,
            };
        }
        let line = HeaderValue::try_from(format!("Bearer {}", probe.token)).unwrap();
        let headers = HeaderMap::from_iter([(AUTHORIZATION, line)]);
        let token = BearerToken::from_headers(&headers).unwrap();
        let outcome = ready(issuers.verify(token).wait());
        if let Some(must_be) = must_be {
            let what = format!("{} of {}", probe.id, probe.issuer);
            assert_eq!(outcome.is_err(), must_be, "{what} after {revoked:?}: {outcome:?}");
        }
        if let Err(error) = outcome {
            assert_eq!(error.status(), 401);
        }
    }
}

/// Returns what has to come of a message. `None` where JSON parsers may differ.
fn expected(sent: &Sent, seen: &mut Vec<(String, String)>) -> Option<Expected> {
    let texts = [&sent.header, &sent.claims];
    if texts.iter().any(|text| strict_json::is_out_of_range(text.as_bytes())) {
        return None;
    }
    let [header, claims] = texts.map(|text| strict_json::object(text.as_bytes()));
    let (Some(header), Some(claims)) = (header, claims) else { return Some(Expected::Rejected) };
    if [&header, &claims].iter().any(|it| Json::Object((*it).clone()).depth() > 32) {
        return Some(Expected::Rejected);
    }
    // The rules for these are those of access tokens.
    if claims.contains_key("cnf") || claims.contains_key("scp") {
        return None;
    }
    let Some((issuer, issued_at)) = verified(sent, &header, &claims) else {
        return Some(Expected::Rejected);
    };
    let id = text(&claims, "jti").unwrap_or_default().to_owned();
    let event = (issuer.clone(), id);
    if seen.contains(&event) {
        return Some(Expected::Accepted(issuer, Vec::new()));
    }
    let effects = if sent.is_logout {
        logout(&claims, issued_at)
    } else {
        effects(&issuer, &claims, issued_at)
    };
    Some(match effects {
        Ok(effects) => {
            seen.push(event);
            Expected::Accepted(issuer, effects)
        }
        Err(Fault::Rejected) => Expected::Rejected,
        Err(Fault::Unavailable) => Expected::Unavailable,
        Err(Fault::Either) => return None,
    })
}

type Members = BTreeMap<String, Json>;

#[derive(Debug, Clone, Copy)]
enum Fault {
    Rejected,
    Unavailable,
    /// The order of the events decides.
    Either,
}

fn text<'a>(members: &'a Members, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Json::as_str)
}

fn date(value: &Json) -> Option<f64> {
    match value {
        Json::Whole(number) => Some(*number as f64),
        Json::Number(number) if (0.0..18_446_744_073_709_551_616.0).contains(number) => {
            Some(*number)
        }
        _ => None,
    }
}

/// Returns `iss` and `iat` of a message that has to be accepted as far as its events don't matter.
fn verified(sent: &Sent, header: &Members, claims: &Members) -> Option<(String, f64)> {
    let issuer = text(claims, "iss")?;
    let is_signed = match sent.signer {
        Signer::Ours | Signer::Impostor => issuer == ISSUER,
        Signer::Other => issuer == OTHER,
        Signer::Stranger | Signer::None => false,
    };
    let is_text = |name: &str| claims.get(name).is_none_or(|value| value.as_str().is_some());
    let typ = match header.get("typ") {
        None => None,
        Some(typ) => Some(typ.as_str()?.to_ascii_lowercase()),
    };
    let typ = typ.as_deref().map(|typ| typ.strip_prefix("application/").unwrap_or(typ));
    let is_typed = match typ {
        None => sent.is_logout,
        Some("secevent+jwt") => !sent.is_logout,
        Some("logout+jwt" | "jwt") => sent.is_logout,
        Some(_) => false,
    };
    let is_header_fine = text(header, "alg") == Some("HS256")
        && header.get("kid").is_none_or(|kid| kid.as_str().is_some())
        && !header.contains_key("crit")
        && header.get("b64").is_none_or(|it| *it == Json::Bool(true));
    let audiences: Vec<&str> = match claims.get("aud")? {
        Json::String(one) => vec![one],
        Json::Array(all) => all.iter().map(Json::as_str).collect::<Option<_>>()?,
        _ => return None,
    };
    let is_addressed = audiences.iter().any(|it| [AUDIENCE, CLIENT].contains(it));
    let time = |name: &str| match claims.get(name) {
        None => Some(None),
        Some(value) => date(value).map(Some),
    };
    let (issued_at, now) = (time("iat")??, NOW as f64);
    let is_current = issued_at <= now + 60.0
        && time("nbf")?.is_none_or(|time| time <= now + 60.0)
        && time("exp")?.is_none_or(|time| now < time + 60.0);
    let has_events = matches!(claims.get("events"), Some(Json::Object(it)) if !it.is_empty());
    let is_scope = match claims.get("scope") {
        None | Some(Json::Null | Json::String(_)) => true,
        Some(Json::Array(all)) => all.iter().all(|one| one.as_str().is_some()),
        Some(_) => false,
    };
    let is_valid = sent.is_sound
        && is_signed
        && is_typed
        && is_header_fine
        && is_addressed
        && is_current
        && has_events
        && is_scope
        && text(claims, "jti").is_some()
        && is_text("sub")
        && is_text("client_id");
    is_valid.then(|| (issuer.to_owned(), issued_at))
}

/// OpenID Connect Back-Channel Logout §2.4 and §2.6.
fn logout(claims: &Members, issued_at: f64) -> Result<Vec<Revoked>, Fault> {
    let is_logout = match claims.get("events") {
        Some(Json::Object(events)) => matches!(events.get(LOGOUT), Some(Json::Object(_))),
        _ => false,
    };
    if !is_logout || claims.contains_key("nonce") {
        return Err(Fault::Rejected);
    }
    match (text(claims, "sid"), text(claims, "sub")) {
        (Some(session), _) => Ok(vec![Revoked::Session(session.to_owned())]),
        (None, Some(subject)) => Ok(vec![Revoked::Subject(subject.to_owned(), issued_at)]),
        (None, None) => Err(Fault::Rejected),
    }
}

/// RFC 8417 §2.2, CAEP and RISC.
fn effects(issuer: &str, claims: &Members, issued_at: f64) -> Result<Vec<Revoked>, Fault> {
    let Some(Json::Object(events)) = claims.get("events") else { return Err(Fault::Rejected) };
    let mut effects = Vec::new();
    // What is malformed decides before what can't be asked.
    let (mut is_unavailable, mut is_foreign) = (false, false);
    for event in events.iter().filter(|(name, _)| REVOKING.contains(&&***name)).map(|it| it.1) {
        let Json::Object(event) = event else { return Err(Fault::Rejected) };
        let time = event.get("event_timestamp").and_then(date);
        let time = time.filter(|time| *time <= issued_at).unwrap_or(issued_at);
        let subjects = match event.get("subject").or_else(|| claims.get("sub_id")) {
            Some(subject) => subjects(subject)?,
            None => {
                let name = text(claims, "sub").ok_or(Fault::Rejected)?;
                vec![About::Subject(issuer.to_owned(), name.to_owned())]
            }
        };
        for about in subjects {
            match about {
                About::Subject(whose, name) => {
                    is_foreign |= whose != issuer;
                    effects.push(Revoked::Subject(name, time));
                }
                About::Token(whose, id) => {
                    is_foreign |= whose != issuer;
                    effects.push(Revoked::Token(id));
                }
                About::SessionOf(whose, id) => {
                    is_foreign |= whose != issuer;
                    effects.push(Revoked::Session(id));
                }
                About::Session(id) => effects.push(Revoked::Session(id)),
                About::Either(id) => {
                    effects.push(Revoked::Session(id.clone()));
                    effects.push(Revoked::Subject(id, time));
                }
                About::Email(email) => match &*email {
                    "alice@example.com" => effects.push(Revoked::Subject("alice".to_owned(), time)),
                    "down@example.com" => is_unavailable = true,
                    _ => {}
                },
            }
        }
    }
    match (is_foreign, is_unavailable) {
        (true, true) => Err(Fault::Either),
        (true, false) => Err(Fault::Rejected),
        (false, true) => Err(Fault::Unavailable),
        (false, false) => Ok(effects),
    }
}

/// Whom an event is about.
enum About {
    Email(String),
    Either(String),
    Session(String),
    SessionOf(String, String),
    Subject(String, String),
    Token(String, String),
}

/// RFC 9493, and the complex subjects of the Shared Signals Framework, whose members are simple ones.
fn subjects(value: &Json) -> Result<Vec<About>, Fault> {
    let Json::Object(members) = value else { return Err(Fault::Rejected) };
    match members.get("format") {
        None => complex(members),
        Some(Json::String(format)) if format == "complex" => complex(members),
        Some(_) => simple(value, true),
    }
}

fn complex(members: &Members) -> Result<Vec<About>, Fault> {
    if let Some(session) = members.get("session") {
        return simple(session, true)?
            .into_iter()
            .map(|about| match about {
                About::Either(id) => Ok(About::Session(id)),
                About::Subject(issuer, id) => Ok(About::SessionOf(issuer, id)),
                About::Token(issuer, id) => Ok(About::Token(issuer, id)),
                _ => Err(Fault::Rejected),
            })
            .collect();
    }
    simple(members.get("user").ok_or(Fault::Rejected)?, true)
}

fn simple(value: &Json, may_be_aliases: bool) -> Result<Vec<About>, Fault> {
    let Json::Object(members) = value else { return Err(Fault::Rejected) };
    let member = |name: &str| text(members, name).map(str::to_owned).ok_or(Fault::Rejected);
    Ok(vec![match &*member("format")? {
        "iss_sub" => About::Subject(member("iss")?, member("sub")?),
        "opaque" => About::Either(member("id")?),
        "email" => About::Email(member("email")?),
        "jwt_id" => About::Token(member("iss")?, member("jti")?),
        "aliases" if may_be_aliases => {
            let Some(Json::Array(all)) = members.get("identifiers") else {
                return Err(Fault::Rejected);
            };
            let mut found = Vec::new();
            for identifier in all {
                let Json::Object(it) = identifier else { return Err(Fault::Rejected) };
                match text(it, "format") {
                    Some("iss_sub" | "opaque" | "email" | "jwt_id") => {
                        found.extend(simple(identifier, false)?);
                    }
                    None | Some("aliases") => return Err(Fault::Rejected),
                    Some(_) => {}
                }
            }
            return if found.is_empty() { Err(Fault::Rejected) } else { Ok(found) };
        }
        _ => return Err(Fault::Rejected),
    }])
}
