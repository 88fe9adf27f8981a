//! Step-up authentication (RFC 9470): required by guards, tables and handlers, of JWTs and introspected tokens.

use std::time::{Duration, SystemTime};

use axum::{Router, body::Body, routing::get};
use http::{Method, Request};
use portcullis::{
    Access, AuthenticateLayer, Clock, Error, ErrorKind, Identity, Policies, RequireLayer,
    RequireScopeLayer, Requirements, Scope,
    error::AuthenticationFault,
    identity::Authentication,
    testing::{TestClock, TestIssuer},
};
use serde_json::{Value, json};

use crate::support::{API, TestResponse, send};

const MFA: &str = "urn:example:mfa";
const PAY: Scope = Scope::from_static("pay");
const MAX_AGE: Duration = Duration::from_secs(300);

fn recent_mfa() -> Authentication {
    Authentication::acr([MFA]).max_age(MAX_AGE)
}

/// The same requirement in guards, in a handler, and in a row of a table.
fn services(authenticate: &AuthenticateLayer) -> Router {
    let handler = async |identity: Identity| {
        identity.require_authentication(&recent_mfa())?;
        identity.require(PAY)?;
        Ok::<_, Error>("in")
    };
    let policies = Policies::builder()
        .route(Method::GET, "/row", Access::from(PAY).and(recent_mfa()))
        .build()
        .unwrap();
    let table =
        Router::new().route("/row", get("in")).layer(authenticate.clone().policies(policies));
    let guard = RequireScopeLayer::new(PAY).and(recent_mfa());
    let requirements = RequireLayer::requirements(Requirements::from(recent_mfa()).and(PAY));
    Router::new()
        .route("/guard", get("in").route_layer(guard))
        .route("/requirements", get("in").route_layer(requirements))
        .route("/handler", get(handler))
        .layer(authenticate.clone())
        .merge(table)
}

const PATHS: [&str; 4] = ["/guard", "/requirements", "/handler", "/row"];

async fn get_with(app: &Router, path: &str, token: &str) -> TestResponse {
    let request = Request::get(path).header("authorization", format!("Bearer {token}"));
    send(app, request.body(Body::empty()).unwrap()).await
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

/// `acr`, age in seconds and scope of a token, and the outcome: a status and the content of the error.
type Case = (Value, Option<i64>, &'static str, u16, Option<&'static str>);

fn cases() -> Vec<Case> {
    let (class, age) = (Some("Class"), Some("Age"));
    vec![
        (json!(MFA), Some(0), "pay", 200, None),
        (json!(MFA), Some(300), "pay", 200, None),
        // The leeway of the verifier applies.
        (json!(MFA), Some(360), "pay", 200, None),
        (json!(MFA), Some(361), "pay", 401, age),
        (json!(MFA), Some(-60), "pay", 200, None),
        (json!(MFA), Some(-61), "pay", 401, age),
        (json!(MFA), None, "pay", 401, age),
        (json!("urn:example:password"), Some(0), "pay", 401, class),
        (json!("URN:EXAMPLE:MFA"), Some(0), "pay", 401, class),
        (json!("0 urn:example:mfa"), Some(0), "pay", 401, class),
        (json!(null), Some(0), "pay", 401, class),
        (json!(null), None, "", 401, class),
        // Authentication is checked first, then scope.
        (json!("urn:example:password"), Some(0), "", 401, class),
        (json!(MFA), Some(1000), "", 401, age),
        (json!(MFA), Some(0), "", 403, Some("scope")),
    ]
}

async fn assert_cases(issuer: &TestIssuer, app: &Router, opaque: bool) {
    let now = i64::try_from(seconds(issuer.clock().now())).unwrap();
    for (acr, age, scope, status, fault) in cases() {
        let mut token = issuer.token().audience(API).scope(scope);
        if !acr.is_null() {
            token = token.claim("acr", acr.clone());
        }
        if let Some(age) = age {
            token = token.claim("auth_time", json!(now - age));
        }
        let token = if opaque { token.mint_opaque() } else { token.mint() };
        for path in PATHS {
            // The second time, the token is cached.
            for _ in 0..2 {
                let response = get_with(app, path, &token).await;
                let context = format!("{path}: acr {acr}, age {age:?}, scope {scope:?}");
                assert_eq!(response.status.as_u16(), status, "{context}");
                let kind = match fault {
                    None => None,
                    Some("Class") => Some(AuthenticationFault::Class.into()),
                    Some("Age") => Some(AuthenticationFault::Age.into()),
                    Some(_) => Some(ErrorKind::InsufficientScope),
                };
                assert_eq!(response.kind(), kind, "{context}");
                if status == 401 {
                    let challenge = response.challenge().unwrap();
                    assert!(
                        challenge.contains(r#", acr_values="urn:example:mfa", max_age="300""#),
                        "{challenge}"
                    );
                    assert!(
                        challenge.contains(r#"error="insufficient_user_authentication""#),
                        "{challenge}"
                    );
                    let json = response.json();
                    assert_eq!(json["error"], "insufficient_user_authentication", "{context}");
                }
            }
        }
    }
}

// Verifies rfc9470-6.1-jwt.
#[tokio::test]
async fn a_jwt_must_have_the_class_and_age_that_is_required() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let layer = AuthenticateLayer::bearer(verifier).clock(issuer.clock());
    assert_cases(&issuer, &services(&layer), false).await;
}

// Verifies rfc9470-6.2-introspection.
#[tokio::test]
async fn step_up_applies_to_introspected_tokens() {
    let issuer = TestIssuer::new();
    let verifier = issuer.introspection().audience(API).build().unwrap();
    let layer = AuthenticateLayer::bearer(verifier).clock(issuer.clock());
    assert_cases(&issuer, &services(&layer), true).await;
}

#[tokio::test]
async fn the_age_of_a_cached_token_is_checked_for_each_request() {
    let issuer = TestIssuer::new();
    let clock = issuer.clock();
    let now = seconds(clock.now());
    let token = || issuer.token().audience(API).scope("pay").expires_in(Duration::from_secs(3600));
    let token = || token().claim("acr", json!(MFA)).claim("auth_time", json!(now));
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let jwts = services(&AuthenticateLayer::bearer(verifier).clock(clock.clone()));
    let verifier = issuer.introspection().audience(API).build().unwrap();
    let introspected = services(&AuthenticateLayer::bearer(verifier).clock(clock.clone()));
    let [jwt, opaque] = [token().mint(), token().mint_opaque()];
    for (advance, status) in [(0, 200), (360, 200), (1, 401), (100, 401)] {
        clock.advance(Duration::from_secs(advance));
        for path in PATHS {
            assert_eq!(get_with(&jwts, path, &jwt).await.status.as_u16(), status, "{path}");
            let response = get_with(&introspected, path, &opaque).await;
            assert_eq!(response.status.as_u16(), status, "{path}");
        }
    }
}

#[tokio::test]
async fn the_leeway_of_the_verifier_applies() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).leeway(Duration::ZERO).build().unwrap();
    let app = services(&AuthenticateLayer::bearer(verifier).clock(issuer.clock()));
    let now = seconds(issuer.clock().now());
    for (age, status) in [(0, 200), (300, 200), (301, 401)] {
        let token = issuer.token().audience(API).scope("pay").claim("acr", json!(MFA));
        let token = token.claim("auth_time", json!(now - age)).mint();
        assert_eq!(get_with(&app, "/row", &token).await.status.as_u16(), status, "{age}");
    }
}

#[tokio::test]
async fn the_age_is_measured_by_the_system_clock_by_default() {
    let issuer = TestIssuer::with_clock("https://as.example", TestClock::running());
    let app =
        services(&AuthenticateLayer::bearer(issuer.verifier().audience(API).build().unwrap()));
    let now = seconds(SystemTime::now());
    for (auth_time, status) in [(now, 200), (now - 1000, 401)] {
        let token = issuer.token().audience(API).scope("pay").claim("acr", json!(MFA));
        let token = token.claim("auth_time", json!(auth_time)).mint();
        assert_eq!(get_with(&app, "/row", &token).await.status.as_u16(), status);
    }
}

// Verifies rfc9470-3-scope.
#[tokio::test]
async fn a_step_up_names_the_scopes_that_the_token_lacks_too() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let app = services(&AuthenticateLayer::bearer(verifier));
    for path in ["/guard", "/requirements", "/row"] {
        for (scope, named) in [("", Some("pay")), ("pay", None)] {
            let token = issuer.token().audience(API).scope(scope).mint();
            let response = get_with(&app, path, &token).await;
            assert_eq!(response.status, 401, "{path}");
            assert_eq!(response.error.as_ref().unwrap().scope(), named, "{path} {scope:?}");
            let challenge = response.challenge().unwrap();
            assert_eq!(challenge.contains(r#"scope="pay""#), named.is_some(), "{challenge}");
        }
    }
}

/// The challenges of RFC 9470 §3, figures 1 and 2. This crate adds the realm.
// Verifies rfc9470-3-error, rfc9470-3-acr-values, rfc9470-3-max-age.
#[tokio::test]
async fn challenges_are_those_of_the_rfc() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).build().unwrap();
    for (required, expected) in [
        (
            Authentication::acr(["myACR"]),
            r#"Bearer error="insufficient_user_authentication", error_description="A different authentication level is required", acr_values="myACR""#,
        ),
        (
            Authentication::within(Duration::from_secs(5)),
            r#"Bearer error="insufficient_user_authentication", error_description="More recent authentication is required", max_age="5""#,
        ),
    ] {
        let app = Router::new()
            .route("/", get("in").route_layer(RequireLayer::requirements(required)))
            .layer(AuthenticateLayer::bearer(verifier.clone()).realm("r"));
        let response = get_with(&app, "/", &issuer.token().audience(API).mint()).await;
        assert_eq!(response.status, 401);
        let challenge = response.challenge().unwrap();
        assert_eq!(challenge.replacen(r#"realm="r", "#, "", 1), expected);
    }
}

/// The access token of RFC 9470 §6.1 and the introspection response of §6.2.
// Verifies rfc9470-6.1-jwt.
#[tokio::test]
async fn the_claims_of_the_rfc_are_understood() {
    let clock = TestClock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_646_340_200));
    let issuer = TestIssuer::with_clock("https://as.example.net", clock.clone());
    let audience = "https://rs.example.com";
    let claims = || {
        issuer
            .token()
            .audience(audience)
            .subject("someone@example.net")
            .scope("purchase")
            .claim("client_id", json!("s6BhdRkqt3"))
            .claim("auth_time", json!(1_646_340_198))
            .claim("acr", json!("myACR"))
    };
    let jwt = claims()
        .header("typ", json!("at+JWT"))
        .claim("iat", json!(1_646_340_200))
        .claim("exp", json!(1_646_343_000))
        .claim("jti", json!("e1j3V_bKic8-LAEB_lccD0G"))
        .mint();
    let opaque = claims()
        .claim("iat", json!(1_618_354_090))
        .claim("exp", json!(1_646_343_000))
        .mint_opaque();
    let required = Authentication::acr(["myACR"]).max_age(Duration::from_secs(5));
    let purchase = RequireScopeLayer::new(Scope::from_static("purchase")).and(required);
    let handler = async |identity: Identity| {
        let at = identity.auth_time().map(seconds);
        format!("{} {:?} {at:?}", identity.subject().unwrap(), identity.acr())
    };
    let routes = || Router::new().route("/", get(handler).route_layer(purchase.clone()));
    let jwts = issuer.verifier().audience(audience).build().unwrap();
    let introspected = issuer.introspection().audience(audience).build().unwrap();
    for (layer, token) in
        [(AuthenticateLayer::bearer(jwts), jwt), (AuthenticateLayer::bearer(introspected), opaque)]
    {
        let app = routes().layer(layer.clock(clock.clone()));
        let response = get_with(&app, "/", &token).await;
        assert_eq!(response.status, 200, "{}", response.body);
        assert_eq!(response.body, r#"someone@example.net Some("myACR") Some(1646340198)"#);
    }
}

#[test]
fn a_value_that_no_challenge_can_contain_fails_at_build() {
    for (value, shown) in [("", ""), ("a b", "a b"), ("a\"\n", r#"a\"\n"#), ("\u{e9}", "\u{e9}")] {
        let access = Access::from(PAY).and(Authentication::acr([MFA, value]));
        let error = Policies::builder().route(Method::GET, "/", access).build().unwrap_err();
        let problem = format!("policy `GET /`: `{shown}` is not a valid value of `acr`");
        assert_eq!(error.to_string(), problem);
    }
}
