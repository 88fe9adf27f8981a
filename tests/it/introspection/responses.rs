//! Which introspection responses are accepted: media type, age of signed responses, issuer.

use std::time::{Duration, UNIX_EPOCH};

use http::{Response, header::CONTENT_TYPE};
use portcullis::{
    BearerToken, Clock, Error, ErrorKind, Identity, IntrospectionVerifier, Issuers, JwtVerifier,
    Verification, Verify,
    error::TokenFault,
    introspection::{ClientGiven, IntrospectionVerifierBuilder},
    issuers::Tenant,
    jwt::AudienceMissing,
    testing::{TestClient, TestIssuer},
    verify::RevocationChecked,
};
use serde_json::json;

use crate::support::{API, verify};

const SIGNED: &str = "application/token-introspection+jwt";

/// An endpoint that responds with 200, this content type and this body.
fn endpoint(
    content_type: Option<&str>,
    body: &str,
) -> IntrospectionVerifierBuilder<ClientGiven, AudienceMissing> {
    let (content_type, body) = (content_type.map(str::to_owned), body.to_owned());
    let client = TestClient::new(move |_| {
        let mut response = Response::new(body.clone().into_bytes());
        if let Some(content_type) = &content_type {
            response.headers_mut().insert(CONTENT_TYPE, content_type.parse().unwrap());
        }
        async move { Ok(response) }
    });
    IntrospectionVerifier::builder("https://as.example/introspect")
        .client_secret_basic("orders-api", "s3cret")
        .http_client(client)
}

/// An endpoint that reports each token as active, with these other members.
fn saying(members: &str) -> IntrospectionVerifier {
    let body = format!(r#"{{"active":true,"sub":"alice"{members}}}"#);
    endpoint(Some("application/json"), &body).without_audience().build().unwrap()
}

async fn subject(
    verifier: &impl for<'a> Verify<BearerToken<'a>>,
    token: &str,
) -> Result<String, ErrorKind> {
    Ok(verify(verifier, token).await?.subject().unwrap_or_default().to_owned())
}

fn accepted() -> Result<String, ErrorKind> {
    Ok("alice".to_owned())
}

fn another_issuer() -> Result<String, ErrorKind> {
    Err(TokenFault::Issuer.into())
}

#[tokio::test]
async fn a_response_with_another_media_type_is_503() {
    for active in [true, false] {
        let body = format!(r#"{{"active":{active},"sub":"alice"}}"#);
        for content_type in [
            "text/html",
            "text/html; charset=utf-8",
            "text/plain",
            "application/octet-stream",
            "application/jwt",
            SIGNED,
            "",
        ] {
            let verifier = endpoint(Some(content_type), &body).without_audience().build().unwrap();
            let result = subject(&verifier, "t").await;
            assert_eq!(result, Err(ErrorKind::Unavailable), "{content_type}: {body}");
        }
    }
}

#[tokio::test]
async fn a_json_media_type_is_accepted_and_so_is_none() {
    let body = r#"{"active":true,"sub":"alice"}"#;
    for content_type in [
        Some("application/json"),
        Some("application/json; charset=UTF-8"),
        Some("Application/JSON"),
        Some("application/vnd.example+json"),
        None,
    ] {
        let verifier = endpoint(content_type, body).without_audience().build().unwrap();
        assert_eq!(subject(&verifier, "t").await, accepted(), "{content_type:?}");
    }
}

#[tokio::test]
async fn the_operator_learns_the_media_type_that_was_found() {
    let verifier = endpoint(Some("text/html; charset=utf-8"), r#"{"active":true}"#);
    let verifier = verifier.without_audience().build().unwrap();
    let error = crate::support::outcome::verify_token(&verifier, "t").await.unwrap_err();
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "`https://as.example/introspect` responded with content type `text/html`, expected \
         `application/json`"
    );
}

/// A verifier that gets this response, signed by `issuer`.
fn signed(
    issuer: &TestIssuer,
    content_type: Option<&str>,
    jws: &str,
) -> IntrospectionVerifierBuilder<ClientGiven, AudienceMissing> {
    let signer = issuer.verifier().audience(API).jwk_set(issuer.jwk_set()).build().unwrap();
    endpoint(content_type, jws).clock(issuer.clock()).signed_responses(signer)
}

fn signed_response(issuer: &TestIssuer) -> portcullis::testing::TokenBuilder {
    let response = issuer.token().header("typ", json!("token-introspection+jwt"));
    let response = response.without_claim("sub").without_claim("exp").audience("orders-api");
    response.claim("token_introspection", json!({ "active": true, "sub": "alice" }))
}

// Verifies rfc9701-5-content-type.
#[tokio::test]
async fn a_signed_response_must_have_its_media_type_if_it_has_one() {
    let issuer = TestIssuer::new();
    let jws = signed_response(&issuer).mint();
    for (content_type, is_accepted) in [
        (Some(SIGNED), true),
        (Some("Application/Token-Introspection+JWT; charset=utf-8"), true),
        (None, true),
        (Some("application/json"), false),
        (Some("application/jwt"), false),
        (Some("text/plain"), false),
    ] {
        let verifier = signed(&issuer, content_type, &jws).without_audience().build().unwrap();
        let expected = if is_accepted { accepted() } else { Err(ErrorKind::Unavailable) };
        assert_eq!(subject(&verifier, "t").await, expected, "{content_type:?}");
    }
}

// Verifies rfc9701-5-iat.
#[tokio::test]
async fn a_signed_response_older_than_five_minutes_is_rejected() {
    let issuer = TestIssuer::new();
    issuer.publish(portcullis::Algorithm::Es256);
    let now = issuer.clock().now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let in_2001 = 1_000_000_000;
    for (issued_at, max_age, is_accepted) in [
        (Some(now), None, true),
        (Some(now - 300), None, true),
        (Some(now - 359), None, true),
        (Some(now - 361), None, false),
        (Some(in_2001), None, false),
        (Some(0), None, false),
        (None, None, false),
        (Some(now - 70), Some(Duration::ZERO), false),
        (Some(now - 59), Some(Duration::ZERO), true),
        (Some(now - 3000), Some(Duration::from_secs(3600)), true),
        (Some(now + 60), None, true),
        (Some(now + 61), None, false),
    ] {
        let response = signed_response(&issuer);
        let response = match issued_at {
            Some(issued_at) => response.claim("iat", json!(issued_at)),
            None => response.without_claim("iat"),
        };
        let mut verifier = signed(&issuer, Some(SIGNED), &response.mint());
        if let Some(max_age) = max_age {
            verifier = verifier.max_response_age(max_age);
        }
        let verifier = verifier.without_audience().build().unwrap();
        let expected = if is_accepted { accepted() } else { Err(ErrorKind::Unavailable) };
        assert_eq!(subject(&verifier, "t").await, expected, "{issued_at:?} {max_age:?}");
    }
}

const ISSUERS: [(&str, bool); 6] = [
    ("", true),
    (r#","iss":"https://issuer.test""#, true),
    (r#","iss":"https://login.example/acme""#, true),
    (r#","iss":"https://issuer.test/""#, false),
    (r#","iss":"https://evil.example""#, false),
    (r#","iss":"""#, false),
];

fn trusting(issuer: &TestIssuer) -> portcullis::issuers::IssuersBuilder {
    Issuers::builder()
        .trust(issuer.verifier().audience(API).jwk_set(issuer.jwk_set()).build().unwrap())
        .tenants("https://login.example/{tenant}", async |_: Tenant| Ok(None))
}

#[tokio::test]
async fn a_response_with_an_untrusted_issuer_is_rejected() {
    let issuer = TestIssuer::new();
    issuer.publish(portcullis::Algorithm::Es256);
    for (members, is_trusted) in ISSUERS {
        let expected = if is_trusted { accepted() } else { another_issuer() };
        let opaque = trusting(&issuer).opaque(saying(members)).build().unwrap();
        let prefix = trusting(&issuer).prefix("pat_", saying(members)).build().unwrap();
        for _ in 0..2 {
            assert_eq!(subject(&opaque, "t").await, expected, "{members}");
            assert_eq!(subject(&prefix, "pat_1").await, expected, "{members}");
        }
    }
}

#[tokio::test]
async fn a_verifier_that_knows_its_issuer_compares_it_itself() {
    let issuer = TestIssuer::new();
    issuer.publish(portcullis::Algorithm::Es256);
    let body = r#"{"active":true,"sub":"alice","iss":"https://opaque.example"}"#;
    let verifier = endpoint(Some("application/json"), body).issuer("https://opaque.example");
    let issuers = trusting(&issuer).opaque(verifier.without_audience().build().unwrap());
    assert_eq!(subject(&issuers.build().unwrap(), "t").await, accepted());
}

#[tokio::test]
async fn the_issuer_of_a_custom_verifier_is_not_checked() {
    #[derive(Debug)]
    struct Custom;

    impl Verify<BearerToken<'_>> for Custom {
        fn verify(&self, _: BearerToken<'_>) -> Verification {
            let identity = Identity::assertion().subject("alice").issuer("https://own.example");
            Verification::ready(Ok(identity.build()))
        }
    }

    let issuer = TestIssuer::new();
    issuer.publish(portcullis::Algorithm::Es256);
    let issuers = trusting(&issuer).opaque(Custom).build().unwrap();
    assert_eq!(subject(&issuers, "t").await, accepted());
}

#[tokio::test]
async fn an_introspected_jwt_must_belong_to_its_issuer() {
    let (issuer, introspected) =
        (TestIssuer::new(), TestIssuer::named("https://introspected.test"));
    issuer.publish(portcullis::Algorithm::Es256);
    let token = introspected.token().audience(API).mint();
    for (members, is_same) in [
        ("", true),
        (r#","iss":"https://introspected.test""#, true),
        // Another trusted issuer.
        (r#","iss":"https://issuer.test""#, false),
        (r#","iss":"https://evil.example""#, false),
    ] {
        let issuers = trusting(&issuer).trust_with(introspected.issuer(), saying(members));
        let expected = if is_same { accepted() } else { another_issuer() };
        assert_eq!(subject(&issuers.build().unwrap(), &token).await, expected, "{members}");
    }
}

#[tokio::test]
async fn a_confirmation_must_name_the_issuer_of_the_jwt() {
    let issuer = TestIssuer::new();
    let token = issuer.token().audience(API).mint();
    for (members, is_same) in [
        ("", true),
        (r#","iss":"https://issuer.test""#, true),
        (r#","iss":"https://evil.example""#, false),
    ] {
        let verifier = || issuer.verifier().audience(API).jwk_set(issuer.jwk_set()).build();
        let expected = if is_same { accepted() } else { another_issuer() };
        let checked = RevocationChecked::new(verifier().unwrap(), saying(members));
        assert_eq!(subject(&checked, &token).await, expected, "{members}");
        // The second time, both outcomes are cached.
        assert_eq!(subject(&checked, &token).await, expected, "{members}");
        let fetching = issuer.verifier().audience(API).build().unwrap();
        let checked = RevocationChecked::new(fetching, saying(members));
        assert_eq!(subject(&checked, &token).await, expected, "{members}");
    }
}

#[tokio::test]
async fn introspection_alone_introspects_jwts_too() {
    let issuer = TestIssuer::new();
    let introspection = || issuer.introspection().audience(API).build().unwrap();
    let alone = Issuers::builder().opaque(introspection()).build().unwrap();
    let prefix = Issuers::builder().prefix("pat_", saying("")).opaque(introspection());
    let prefix = prefix.build().unwrap();
    for token in [issuer.token().audience(API).mint(), issuer.token().audience(API).mint_opaque()] {
        assert_eq!(subject(&introspection(), &token).await, accepted(), "{token}");
        assert_eq!(subject(&alone, &token).await, accepted(), "{token}");
        assert_eq!(subject(&prefix, &token).await, accepted(), "{token}");
    }
    let stranger = TestIssuer::named("https://stranger.test").token().audience(API).mint();
    assert_eq!(subject(&alone, &stranger).await, Err(TokenFault::Inactive.into()));
}

#[tokio::test]
async fn beside_a_trusted_issuer_a_jwt_is_not_introspected() {
    let (issuer, stranger) = (TestIssuer::new(), TestIssuer::named("https://stranger.test"));
    issuer.publish(portcullis::Algorithm::Es256);
    let token = stranger.token().audience(API).mint();
    let issuers = Issuers::builder()
        .trust(issuer.verifier().audience(API).jwk_set(issuer.jwk_set()).build().unwrap())
        .opaque(saying(""));
    let result = subject(&issuers.build().unwrap(), &token).await;
    assert_eq!(result, another_issuer());
    let tenants = Issuers::builder()
        .tenants("https://login.example/{tenant}", async |tenant: Tenant| {
            let verifier = JwtVerifier::builder(tenant.issuer()).audience(API);
            verifier.build().map(Some).map_err(Error::misconfigured)
        })
        .opaque(saying(""));
    assert_eq!(subject(&tenants.build().unwrap(), &token).await, another_issuer());
}

#[tokio::test]
async fn numeric_identifiers_are_read_as_decimal_text_if_enabled() {
    let body = r#"{"active":true,"sub":42,"client_id":7,"jti":18446744073709551616}"#;
    let builder = || endpoint(Some("application/json"), body).without_audience();
    let identity = verify(&builder().numeric_identifiers().build().unwrap(), "t").await.unwrap();
    assert_eq!(identity.subject(), Some("42"));
    assert_eq!(identity.client_id(), Some("7"));
    assert_eq!(identity.token_id(), Some("18446744073709551616"));

    let strict = builder().build().unwrap();
    let error = crate::support::outcome::verify_token(&strict, "t").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "`https://as.example/introspect` sent an invalid introspection response: the claim `sub` \
         is a number, expected a string (the option `numeric_identifiers` accepts integers)"
    );

    let body = r#"{"active":true,"sub":-1}"#;
    let lenient = endpoint(Some("application/json"), body).without_audience();
    let result = subject(&lenient.numeric_identifiers().build().unwrap(), "t").await;
    assert_eq!(result, Err(ErrorKind::Unavailable));
}
