//! Requirements of RFCs that no other test verifies, see docs/conformance.md.

use std::collections::HashSet;

use portcullis::{
    AuthenticateLayer, Error, ErrorKind, JwtVerifier, ProtectedResource, RequireLayer,
    RequireScopeLayer, Scope,
    error::{RequestFault, TokenFault},
    identity::Authentication,
    testing::TestIssuer,
};
use serde_json::{Value, json};

use axum::{
    Router,
    routing::{MethodRouter, get},
};

use crate::support::{
    API, jws,
    outcome::{ACCEPTED, outcome, verify_token},
    send, with_token,
};

const READ: Scope = Scope::from_static("orders:read");

/// The parameters of a challenge: names, and values without quotation marks.
fn parameters(challenge: &str) -> Vec<(String, String)> {
    let (_, mut rest) = challenge.split_once(' ').unwrap();
    let mut parameters = Vec::new();
    while let Some((name, value)) = rest.split_once('=') {
        let name = name.trim_start_matches([',', ' ']).to_owned();
        let Some(quoted) = value.strip_prefix('"') else { panic!("{challenge}") };
        let mut value = String::new();
        let mut chars = quoted.char_indices();
        let end = loop {
            match chars.next().unwrap() {
                (end, '"') => break end,
                (_, '\\') => value.push(chars.next().unwrap().1),
                (_, char) => value.push(char),
            }
        };
        parameters.push((name, value));
        rest = &quoted[end + 1..];
    }
    parameters
}

// Verifies rfc6750-3-once, rfc6750-3-scope-characters, rfc6750-3-error-characters, rfc6750-3-parameter.
#[tokio::test]
async fn no_challenge_repeats_a_parameter_or_has_other_characters() {
    let issuer = TestIssuer::new();
    let resource = ProtectedResource::builder("https://api.example/orders").build().unwrap();
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let layer = AuthenticateLayer::bearer(verifier)
        .realm(r#"the "orders", error="none", and \ more"#)
        .challenge_scope([READ])
        .resource(resource);
    let rejecting = |kind: ErrorKind| -> MethodRouter {
        get(async move || -> Result<(), Error> { Err(Error::from(kind)) })
    };
    let kinds = [
        ErrorKind::InsufficientScope,
        ErrorKind::InvalidRequest(RequestFault::Repeated),
        ErrorKind::InvalidToken(TokenFault::Expired),
        ErrorKind::InvalidToken(TokenFault::Signature),
        ErrorKind::MissingCredentials,
    ];
    let scopes = RequireScopeLayer::new(READ.and(Scope::from_static("!#[]~")));
    let step_up = RequireLayer::requirements(Authentication::acr(["a", "b"]));
    let routes = kinds.into_iter().map(rejecting).chain([
        get("in").route_layer(scopes.clone()),
        get("in").route_layer(step_up.clone()),
        get("in").route_layer(scopes).route_layer(step_up),
    ]);
    let is_error = |char: char| matches!(char, '\x20'..='\x21' | '\x23'..='\x5B' | '\x5D'..='\x7E');
    for route in routes {
        let app = Router::new().route("/", route).layer(layer.clone());
        let response = send(&app, with_token(&issuer.token().audience(API).mint())).await;
        let parameters = parameters(response.challenge().unwrap());
        assert!(parameters.len() >= 2, "{parameters:?}");
        let names: HashSet<_> = parameters.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), parameters.len(), "{parameters:?}");
        for (name, value) in &parameters {
            match &**name {
                "realm" => assert_eq!(value, r#"the "orders", error="none", and \ more"#),
                "scope" => assert!(value.split(' ').all(|scope| scope.parse::<Scope>().is_ok())),
                _ => assert!(value.chars().all(is_error), "{name}: {value}"),
            }
        }
    }
}

// Verifies rfc9449-8-one-nonce.
#[cfg(feature = "dpop")]
#[tokio::test]
async fn a_response_has_one_nonce_even_if_the_service_sets_another() {
    use portcullis::{binding::Dpop, testing::DpopClient};

    let issuer = TestIssuer::new();
    let dpop = Dpop::builder(API).nonces("a secret of 32 bytes, and not one fewer");
    let dpop = dpop.clock(issuer.clock()).build().unwrap();
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let rejecting =
        get(async || ([("dpop-nonce", "another")], Error::from(ErrorKind::MissingCredentials)));
    let layer = AuthenticateLayer::bearer(verifier).dpop(dpop);
    let app = Router::new().route("/", rejecting).layer(layer);

    let client = DpopClient::new(portcullis::Algorithm::Es256, issuer.clock());
    let token = issuer.token().audience(API).claim("cnf", client.confirmation()).mint();
    let mut nonce = String::new();
    for expected in [ErrorKind::UseDpopNonce, ErrorKind::MissingCredentials] {
        let proof = client.proof("GET", &format!("{API}/"), &token).nonce(&nonce).sign();
        let request = http::Request::get("/").header("authorization", format!("DPoP {token}"));
        let request = request.header("dpop", proof).body(axum::body::Body::empty()).unwrap();
        let response = send(&app, request).await;
        assert_eq!(response.kind(), Some(expected));
        let nonces: Vec<_> = response.headers.get_all("dpop-nonce").iter().collect();
        assert_eq!(nonces.len(), 1, "{nonces:?}");
        nonce = nonces[0].to_str().unwrap().to_owned();
        assert_ne!(nonce, "another");
    }
}

// Verifies rfc7519-4-unknown, rfc7515-4-unknown.
#[tokio::test]
async fn unknown_claims_and_header_parameters_change_nothing() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let token = issuer.token().audience(API).subject("alice");
    let unknown = [json!(null), json!(7), json!("x"), json!(["exp"]), json!({ "exp": 1 })];
    for value in unknown {
        let token = token.clone().claim("urn:example:unknown", value.clone());
        let token = token.header("urn:example:unknown", value);
        let identity = verify_token(&verifier, &token.mint()).await.unwrap();
        assert_eq!(identity.subject(), Some("alice"));
    }
}

// Verifies rfc7519-7.3-comparison, rfc7515-5.3-comparison, rfc7515-10.13-code-points.
#[tokio::test]
async fn strings_are_compared_code_point_by_code_point() {
    // Outside of the Basic Multilingual Plane; and one character as one code point and as two.
    let audience = "https://api.example/\u{1F511}\u{e9}";
    let issuer = TestIssuer::new();
    let verifier = JwtVerifier::builder(issuer.issuer())
        .audience(audience)
        .hmac_secret(portcullis::Algorithm::Hs256, jws::SECRET)
        .clock(issuer.clock())
        .build()
        .unwrap();
    let claims = |aud: &str| {
        let claims = jws::forged_claims(&issuer).to_string();
        claims.replace(&format!("\"{API}\""), &format!("\"{aud}\""))
    };
    for (aud, is_accepted) in [
        (audience, true),
        (r"https://api.example/\ud83d\udd11\u00e9", true),
        (r"https://api.example/\uD83D\uDD11é", true),
        (r"https://api.example/\ud83d\udd11e\u0301", false),
        (r"https://api.example/\ud83d\udd12\u00e9", false),
        (r"https://api.example/\ud83d\u00e9", false),
        (r"HTTPS://api.example/\ud83d\udd11\u00e9", false),
    ] {
        let token = jws::sign(jws::SECRET, r#"{"alg":"HS256"}"#, claims(aud));
        assert_eq!(outcome(&verifier, &token).await == ACCEPTED, is_accepted, "{aud}");
    }
}

// Verifies rfc7517-4-duplicates, rfc7517-5-duplicates.
#[tokio::test]
async fn a_duplicate_member_of_a_key_set_counts_last_or_rejects_it() {
    let (issuer, attacker) = (TestIssuer::new(), TestIssuer::new());
    let key = |issuer: &TestIssuer| -> Value {
        serde_json::from_str::<Value>(&issuer.jwk_set()).unwrap()["keys"][0].clone()
    };
    let (own, other) = (key(&issuer), key(&attacker));
    let token = issuer.token().audience(API).mint();
    let accepts = async |set: String| match issuer.verifier().audience(API).jwk_set(set).build() {
        Ok(verifier) => outcome(&verifier, &token).await == ACCEPTED,
        Err(_) => false,
    };
    assert!(accepts(json!({ "keys": [own] }).to_string()).await);
    assert!(!accepts(json!({ "keys": [other] }).to_string()).await);

    // Both keys have the same `kid`.
    assert!(!accepts(format!(r#"{{"keys":[{own}],"keys":[{other}]}}"#)).await);
    let (own, other) = (own.to_string(), other.to_string());
    let both = |first: &str, last: &str| {
        let (first, last) = (first.strip_suffix('}').unwrap(), last.strip_prefix('{').unwrap());
        format!(r#"{{"keys":[{first},{last}]}}"#)
    };
    assert!(accepts(both(&other, &own)).await);
    assert!(!accepts(both(&own, &other)).await);
}

// Verifies rfc7515-8-tls, rfc7662-4-certificate.
#[cfg(all(feature = "client-certificates", feature = "reqwest"))]
#[tokio::test]
async fn nothing_of_a_server_with_an_untrusted_certificate_is_used() {
    use portcullis::IntrospectionVerifier;

    use crate::support::{certificates::Authority, outcome::UNAVAILABLE};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let issuer = TestIssuer::named(&url);
    let keys = issuer.jwk_set();
    let app = Router::new()
        .route("/jwks", get(async move || ([("content-type", "application/json")], keys)))
        .route("/introspect", axum::routing::post(async || axum::Json(json!({ "active": true }))));
    let config = Authority::new().server_config();
    let server = tokio::spawn(async move {
        drop(crate::binding::tls_server::serve(listener, config, app).await);
    });

    let verifier = JwtVerifier::builder(&*url).audience(API).jwks_uri(format!("{url}/jwks"));
    let verifier = verifier.clock(issuer.clock()).build().unwrap();
    assert_eq!(outcome(&verifier, &issuer.token().audience(API).mint()).await, UNAVAILABLE);
    let reason = verifier.readiness().last_error().unwrap().to_lowercase();
    assert!(reason.contains("certificate"), "{reason}");

    let builder = IntrospectionVerifier::builder(format!("{url}/introspect"));
    let verifier = builder.client_secret_basic("api", "secret").audience(API).build().unwrap();
    assert_eq!(outcome(&verifier, "an-opaque-token").await, UNAVAILABLE);
    server.abort();
}
