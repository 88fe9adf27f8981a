//! Which of several credentials is used, and what handlers and responses show of them.

use axum::{
    Router,
    body::Body,
    extract::OriginalUri,
    response::{IntoResponse, Response},
    routing::any,
};
use http::{HeaderMap, HeaderName, Request, StatusCode, Uri, header::CACHE_CONTROL};
use portcullis::{
    AuthenticateLayer, BearerToken, Error, Identity, Verification, Verify,
    credentials::TokenHeader,
    error::{RequestFault, TokenFault},
};

use crate::support::{TestResponse, send};

/// Accepts the tokens that begin with `good`. The subject is the token.
struct PrefixVerifier;

impl Verify<BearerToken<'_>> for PrefixVerifier {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        Verification::ready(match token.as_str() {
            token if token.starts_with("good") => Ok(Identity::assertion().subject(token).build()),
            _ => Err(TokenFault::Revoked.into()),
        })
    }
}

fn bearer() -> AuthenticateLayer {
    AuthenticateLayer::bearer(PrefixVerifier)
}

const OTHER: HeaderName = HeaderName::from_static("x-forwarded-authorization");
const BARE: HeaderName = HeaderName::from_static("cf-access-jwt-assertion");

fn bare() -> TokenHeader {
    TokenHeader::new(BARE).bare()
}

async fn ask(layer: AuthenticateLayer, request: http::request::Builder) -> TestResponse {
    let identity = async |identity: Identity| identity.subject().unwrap_or_default().to_owned();
    send(&Router::new().fallback(any(identity)).layer(layer), request.body(Body::empty()).unwrap())
        .await
}

#[tokio::test]
async fn authorization_is_read_first_and_then_sources_as_enabled() {
    let request = || {
        Request::get("/?access_token=good-query")
            .header("cookie", "at=good-cookie")
            .header(OTHER, "Bearer good-other")
            .header(BARE, "good-bare")
    };
    for (layer, used) in [
        (bearer().cookie("at").header(OTHER).header(bare()).query_parameter(), "good-cookie"),
        (bearer().header(OTHER).cookie("at").query_parameter().header(bare()), "good-other"),
        (bearer().header(bare()).header(OTHER).query_parameter().cookie("at"), "good-bare"),
        (bearer().query_parameter().header(OTHER).cookie("at"), "good-query"),
        (bearer().source(|_| Ok(Some("good-source".to_owned()))).cookie("at"), "good-source"),
        (bearer().source(|_| Ok(None)).cookie("at"), "good-cookie"),
        // A source that is configured again keeps its position.
        (bearer().cookie("at").header(OTHER).cookie_for_every_method("at"), "good-cookie"),
    ] {
        let case = format!("{layer:?}");
        assert_eq!(ask(layer.clone(), request()).await.body, used, "{case}");
        // An unsupported scheme doesn't count as credentials.
        let digest = request().header("authorization", "Digest username=\"a\"");
        assert_eq!(ask(layer.clone(), digest).await.body, used, "{case}");
        let with_authorization = request().header("authorization", "Bearer good-header");
        let response = ask(layer.clone(), with_authorization).await;
        if case.contains("Query") {
            assert_eq!(response.kind(), Some(RequestFault::Repeated.into()), "{case}");
        } else {
            assert_eq!(response.body, "good-header", "{case}");
        }
    }
}

#[tokio::test]
async fn an_invalid_token_is_rejected_even_if_a_later_one_is_valid() {
    let layer = bearer().cookie("at").header(OTHER);
    for (cookie, status) in [("at=stale", 401), ("at=a b", 400), ("at=", 400), ("x=y", 200)] {
        let request = Request::get("/").header("cookie", cookie).header(OTHER, "Bearer good");
        assert_eq!(ask(layer.clone(), request).await.status, status, "{cookie}");
    }
}

#[tokio::test]
async fn the_authorization_header_can_be_disabled() {
    let layer = bearer().header(OTHER).without_authorization_header();
    let request = |line: &str| {
        Request::get("/").header("authorization", line).header("authorization", "Bearer again")
    };
    for line in ["Bearer good-gateway", "Bearer unknown", "Bearer a b"] {
        let response = ask(layer.clone(), request(line)).await;
        assert_eq!(
            (response.status.as_u16(), response.challenge().is_some()),
            (401, true),
            "{line}"
        );
        let response = ask(layer.clone(), request(line).header(OTHER, "Bearer good-caller")).await;
        assert_eq!(response.body, "good-caller", "{line}");
    }
    let response = ask(bearer().without_authorization_header(), request("Bearer good")).await;
    assert_eq!(response.status, 401);
}

#[tokio::test]
async fn a_bare_header_contains_only_the_token() {
    for (line, status) in [
        ("good", 200),
        ("  good\t", 200),
        ("unknown", 401),
        ("", 401),
        (" ", 401),
        ("Bearer good", 400),
        ("good,", 400),
        ("good, good", 400),
        ("g\u{e9}", 400),
    ] {
        let response = ask(bearer().header(bare()), Request::get("/").header(BARE, line)).await;
        assert_eq!(response.status, status, "{line:?}");
    }
    let response = ask(bearer().header(BARE), Request::get("/").header(BARE, "good")).await;
    assert_eq!(response.status, 401, "without `bare`, a scheme is needed");
    let long =
        ask(bearer().header(bare()).max_token_length(3), Request::get("/").header(BARE, "good"));
    assert_eq!(long.await.kind(), Some(RequestFault::TooLong.into()));
}

#[tokio::test]
async fn a_header_with_an_optional_scheme_contains_either_form() {
    for (line, status) in [
        ("good", 200),
        ("Bearer good", 200),
        ("bearer  good ", 200),
        ("Bearer", 401),
        ("Bearer unknown", 401),
        ("Digest good", 401),
        ("good, good", 400),
        ("Bearer good, good", 400),
        ("", 401),
    ] {
        let layer = bearer().header(TokenHeader::new(BARE).optional_scheme());
        let response = ask(layer, Request::get("/").header(BARE, line)).await;
        assert_eq!(response.status, status, "{line:?}");
    }
}

#[tokio::test]
async fn a_header_with_credentials_that_appears_twice_is_400() {
    let layer = bearer().header(OTHER).header(bare());
    for (name, line) in [(&OTHER, "Bearer good"), (&BARE, "good")] {
        let request = Request::get("/").header(name, line).header(name, line);
        let response = ask(layer.clone(), request).await;
        assert_eq!(response.kind(), Some(RequestFault::Repeated.into()), "{name}");
    }
    let joined = ask(layer, Request::get("/").header(BARE, "good,good")).await;
    assert_eq!(joined.kind(), Some(RequestFault::Repeated.into()));
}

#[tokio::test]
async fn a_cookie_may_be_split_into_chunks() {
    let chunks: Vec<_> = (0..17).map(|place| format!("at.{place}=d")).collect();
    for (cookie, status) in [
        ("at.0=go; at.1=od", 200),
        ("at.1=od; x=y; at.0=go", 200),
        ("at.0=go; at.2=od", 401),
        ("at=good; at.0=made; at.1=up", 200),
        ("at.1=good", 401),
        (&format!("at.0=goo; {}", chunks[1..16].join("; ")), 200),
        (&format!("at.0=goo; {}", chunks[1..17].join("; ")), 400),
    ] {
        let request = Request::get("/").header("cookie", cookie);
        assert_eq!(ask(bearer().cookie("at"), request).await.status, status, "{cookie}");
    }
    // The maximum length applies to all chunks together.
    let request = Request::get("/").header("cookie", "at.0=go; at.1=od");
    let response = ask(bearer().cookie("at").max_token_length(3), request).await;
    assert_eq!(response.kind(), Some(RequestFault::TooLong.into()));
}

// Verifies rfc6750-5.3-csrf.
#[tokio::test]
async fn cookies_do_not_count_for_unsafe_cross_site_requests() {
    for (method, upgrade, site, used) in [
        ("POST", false, None, true),
        ("POST", false, Some("same-origin"), true),
        ("POST", false, Some("same-site"), true),
        ("POST", false, Some("none"), true),
        ("POST", false, Some("cross-site"), false),
        ("DELETE", false, Some("cross-site"), false),
        ("GET", true, Some("same-origin"), true),
        ("GET", true, Some("cross-site"), false),
        // A link from another site.
        ("GET", false, Some("cross-site"), true),
        ("HEAD", false, Some("cross-site"), true),
    ] {
        let request = || {
            let mut request = Request::builder().method(method).header("cookie", "at=good");
            if upgrade {
                request = request.header("upgrade", "websocket");
            }
            match site {
                Some(site) => request.header("sec-fetch-site", site),
                None => request,
            }
        };
        let case = format!("{method} {upgrade} {site:?}");
        let response = ask(bearer().cookie_for_every_method("at"), request()).await;
        assert_eq!(response.status, if used { 200 } else { 401 }, "{case}");
        let with_header = request().header("authorization", "Bearer good-header");
        assert_eq!(ask(bearer().cookie_for_every_method("at"), with_header).await.status, 200);
    }
}

#[tokio::test]
async fn a_token_is_read_from_the_subprotocol_of_kubernetes() {
    // `good`, `no`
    const PREFIX: &str = "base64url.bearer.authorization.k8s.io.";
    for (protocols, status, offered) in [
        (format!("{PREFIX}Z29vZA, v5.channel.k8s.io"), 200, "v5.channel.k8s.io"),
        (format!("v5.channel.k8s.io, {PREFIX}Z29vZA"), 200, "v5.channel.k8s.io"),
        (format!("{PREFIX}Z29vZA"), 200, ""),
        (format!("{PREFIX}bm8, v5.channel.k8s.io"), 401, ""),
        (format!("{PREFIX}Z29vZA==, v5.channel.k8s.io"), 400, ""),
        (format!("{PREFIX}Z29vZA, bearer, good"), 400, ""),
    ] {
        let handshake = async |headers: HeaderMap| {
            headers
                .get("sec-websocket-protocol")
                .map_or(String::new(), |it| it.to_str().unwrap().to_owned())
        };
        let app = Router::new().fallback(any(handshake)).layer(bearer().websocket_protocol());
        let request = Request::get("/").header("upgrade", "websocket");
        let request = request.header("sec-websocket-protocol", &protocols);
        let response = send(&app, request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status, status, "{protocols}");
        if status == 200 {
            assert_eq!(response.body, offered, "{protocols}");
        }
        // A subprotocol that contains a token is never selected.
        assert!(!response.headers.contains_key("sec-websocket-protocol"), "{protocols}");
    }
}

#[tokio::test]
async fn bearer_is_selected_even_if_another_token_was_used() {
    let switch = async || StatusCode::SWITCHING_PROTOCOLS;
    let layer = bearer().cookie_for_every_method("at").websocket_protocol();
    let app = Router::new().fallback(any(switch)).layer(layer);
    let request = Request::get("/").header("upgrade", "websocket").header("cookie", "at=good");
    let request = request.header("sec-websocket-protocol", "bearer, other");
    let response = send(&app, request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.headers["sec-websocket-protocol"], "bearer");
}

/// Responds with the target, the subprotocols, and the headers that are marked as sensitive.
async fn show(uri: Uri, OriginalUri(original): OriginalUri, headers: HeaderMap) -> String {
    let sensitive: Vec<_> = headers
        .iter()
        .filter(|(_, line)| line.is_sensitive())
        .map(|(name, _)| name.as_str())
        .collect();
    let protocols = headers.get("sec-websocket-protocol");
    format!("{uri} {original} {protocols:?} {}", sensitive.join(" "))
}

// Verifies rfc9700-4.9.3-secrets.
#[tokio::test]
async fn headers_with_credentials_are_marked_as_sensitive() {
    let everything = bearer().header(OTHER).header(bare()).cookie("at").allow_anonymous();
    let request = || {
        Request::get("/")
            .header("accept", "*/*")
            .header(OTHER, "Bearer good")
            .header(BARE, "good")
            .header("cookie", "a=b")
            .header("cookie", "at=good")
    };
    let with_authorization = || request().header("authorization", "Bearer good");
    let app = |layer| Router::new().fallback(any(show)).layer(layer);
    let all = "cf-access-jwt-assertion cookie cookie x-forwarded-authorization";
    for (layer, request, expected) in [
        (bearer(), with_authorization(), "authorization"),
        (bearer().allow_anonymous(), request(), ""),
        (everything.clone(), request(), all),
        (everything.clone(), with_authorization(), &format!("authorization {all}")),
        (
            everything.without_authorization_header(),
            with_authorization(),
            &format!("authorization {all}"),
        ),
    ] {
        let response = send(&app(layer), request.body(Body::empty()).unwrap()).await;
        let mut marked: Vec<_> = response.body.split(' ').skip(3).collect();
        marked.sort_unstable();
        assert_eq!(marked.join(" "), expected);
    }
}

#[tokio::test]
async fn pending_verifications_also_mark_and_remove_credentials() {
    struct Slow;
    impl Verify<BearerToken<'_>> for Slow {
        fn verify(&self, _: BearerToken<'_>) -> Verification {
            Verification::pending(async {
                tokio::task::yield_now().await;
                Ok(Identity::assertion().build())
            })
        }
    }
    let layer = AuthenticateLayer::bearer(Slow).query_parameter();
    let app = Router::new().fallback(any(show)).layer(layer);
    let header = Request::get("/?a").header("authorization", "Bearer x").body(Body::empty());
    assert_eq!(send(&app, header.unwrap()).await.body, "/?a /?a None authorization");
    let query = Request::get("/?a&access_token=x").body(Body::empty()).unwrap();
    assert_eq!(send(&app, query).await.body, "/?a /?a None ");
}

#[tokio::test]
async fn unused_tokens_are_removed_from_query_and_subprotocols() {
    let layer = bearer().cookie("at").query_parameter().websocket_protocol().allow_anonymous();
    let app = Router::new().fallback(any(show)).layer(layer);
    for (uri, cookie, left) in [
        ("/?a&access_token=s3cret", "at=good", "/?a"),
        ("/?a;access_token=s3cret", "at=good", "/?a"),
        ("/?a;access_token=s3cret;b&c", "x=y", "/?a;b&c"),
        ("/?a;access%5Ftoken=s3cret", "x=y", "/?a"),
        ("/?a;b;c", "x=y", "/?a;b;c"),
    ] {
        let request = Request::get(uri).header("cookie", cookie);
        let request = request.header("sec-websocket-protocol", "chat, bearer, s3cret");
        let response = send(&app, request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.body, format!("{left} {left} Some(\"chat, bearer\") cookie"), "{uri}");
    }
}

#[tokio::test]
async fn no_error_body_shows_a_token_after_a_semicolon() {
    for layer in [bearer(), bearer().query_parameter()] {
        let response = ask(layer, Request::get("/x?a;access_token=s3cret")).await;
        assert_eq!((response.status.as_u16(), &response.json()["uri"]), (401, &"/x?a".into()));
    }
}

#[tokio::test]
async fn responses_to_credentials_in_other_places_are_private() {
    let layer = bearer().header(OTHER).header(bare()).cookie("at");
    let layer = layer.source(|head| Ok(head.uri().query().map(str::to_owned)));
    for status in [200, 304, 301, 404, 403, 500] {
        let response = move |own: Option<&'static str>| {
            let mut response = StatusCode::from_u16(status).unwrap().into_response();
            if status == 403 {
                response.extensions_mut().insert(Error::access_denied());
            }
            if let Some(own) = own {
                response.headers_mut().insert(CACHE_CONTROL, own.parse().unwrap());
            }
            response
        };
        for (own, lines) in [
            (None, &["private"][..]),
            (Some("max-age=60"), &["max-age=60", "private"]),
            (Some("no-store"), &["no-store"]),
            (Some("Private, max-age=60"), &["Private, max-age=60"]),
        ] {
            let handler = async move || -> Response { response(own) };
            let app = Router::new().fallback(any(handler)).layer(layer.clone());
            for (request, is_other) in [
                (Request::get("/").header(OTHER, "Bearer good"), true),
                (Request::get("/").header(BARE, "good"), true),
                (Request::get("/").header("cookie", "at=good"), true),
                (Request::get("/").header("cookie", "at.0=good"), true),
                (Request::get("/?good"), true),
                (Request::get("/").header("authorization", "Bearer good"), false),
            ] {
                let response = send(&app, request.body(Body::empty()).unwrap()).await;
                assert_eq!(response.status, status);
                let found: Vec<_> = response.headers.get_all(CACHE_CONTROL).iter().collect();
                let expected = if is_other { lines } else { own.as_slice() };
                assert_eq!(found, expected, "{status} {own:?} {is_other}");
            }
        }
    }
}
