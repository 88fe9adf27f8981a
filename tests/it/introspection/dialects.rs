//! Responses in the dialects of different servers.

use portcullis::{ErrorKind, error::TokenFault, testing::TestIssuer};

use super::{builder_for, endpoint::Endpoint, verify, verify_subject, with_sources};
use crate::support::API;

// Verifies rfc7662-2.2-active.
#[tokio::test]
async fn responses_are_validated_in_every_dialect() {
    let at = |fault: TokenFault| Err(ErrorKind::from(fault));
    let alice = || Ok("alice".to_owned());
    for (members, outcome) in [
        (r#""active":true,"sub":"alice","aud":"https://api.example""#, alice()),
        (r#""active":true,"sub":"alice","aud":["x","https://api.example"]"#, alice()),
        (r#""active":true,"aud":"https://api.example","client_id":"batch""#, Ok(String::new())),
        (r#""active":true,"sub":"alice","aud":"https://api.example","exp":4102444800.75"#, alice()),
        (
            r#""active":true,"sub":"alice","aud":"https://api.example","token_type":"bEaReR"#,
            Err(ErrorKind::Unavailable),
        ),
        (
            r#""active":true,"sub":"alice","aud":"https://api.example","token_type":"bEaReR""#,
            alice(),
        ),
        (
            r#""active":true,"sub":"alice","aud":"https://api.example","scope":null,"iss":null"#,
            alice(),
        ),
        (
            r#""active":true,"sub":"alice","aud":"https://api.example","iss":"https://as.example""#,
            alice(),
        ),
        (
            r#""active":true,"sub":"alice","aud":"https://api.example","iss":"https://other""#,
            at(TokenFault::Issuer),
        ),
        (r#""active":true,"sub":"alice","aud":"https://other.example""#, at(TokenFault::Audience)),
        (r#""active":true,"sub":"alice""#, at(TokenFault::Audience)),
        (r#""active":true,"aud":"https://api.example","exp":1"#, at(TokenFault::Expired)),
        (
            r#""active":true,"aud":"https://api.example","nbf":4102444800"#,
            at(TokenFault::NotYetValid),
        ),
        (
            r#""active":true,"aud":"https://api.example","token_type":"refresh_token""#,
            at(TokenFault::Type),
        ),
        (r#""active":false"#, at(TokenFault::Inactive)),
        (r#""active":false,"sub":"alice","aud":"https://api.example""#, at(TokenFault::Inactive)),
        (r#""active":"true","aud":"https://api.example""#, Err(ErrorKind::Unavailable)),
        (r#""active":1,"aud":"https://api.example""#, Err(ErrorKind::Unavailable)),
        (r#""active":null,"aud":"https://api.example""#, Err(ErrorKind::Unavailable)),
        (r#""aud":"https://api.example""#, Err(ErrorKind::Unavailable)),
        (r#""active":true,"active":true"#, Err(ErrorKind::Unavailable)),
        (r#""active":false,"active":true"#, Err(ErrorKind::Unavailable)),
        (r#""active":true,"aud":"https://api.example","aud":"x""#, Err(ErrorKind::Unavailable)),
        (r#""active":true,"aud":"https://api.example","exp":"1""#, Err(ErrorKind::Unavailable)),
    ] {
        let endpoint = Endpoint::responding_with(format!("{{{members}}}"));
        let verifier = builder_for(&endpoint).audience(API).issuer("https://as.example").build();
        assert_eq!(verify_subject(&verifier.unwrap(), "t").await, outcome, "{members}");
    }
}

#[tokio::test]
async fn active_tokens_of_other_kinds_are_rejected() {
    for (member, accepted) in [
        (r#""typ":"Refresh""#, false),
        (r#""type":"refresh""#, false),
        (r#""token_type":"REFRESH_TOKEN""#, false),
        (r#""token_type":"urn:ietf:params:oauth:token-type:refresh_token""#, false),
        (r#""token_use":"id""#, false),
        (r#""token_class":"offline""#, false),
        (r#""at_hash":"x""#, false),
        (r#""c_hash":"x""#, false),
        (r#""s_hash":"x""#, false),
        (r#""events":{}"#, false),
        (r#""typ":null,"at_hash":null"#, true),
        (r#""typ":"Bearer","token_type":"Bearer","token_use":"access_token""#, true),
        (r#""type":"refreshing","token_class":"idle""#, true),
    ] {
        let endpoint = Endpoint::responding_with(format!("{{\"active\":true,{member}}}"));
        let verifier = builder_for(&endpoint).without_audience().build().unwrap();
        let expected = if accepted { Ok(String::new()) } else { Err(TokenFault::Type.into()) };
        assert_eq!(verify_subject(&verifier, "t").await, expected, "{member}");
    }
}

#[tokio::test]
async fn appid_is_the_client_id_if_there_is_no_other() {
    let endpoint = Endpoint::responding_with(r#"{"active":true,"appid":"app"}"#);
    let verifier = builder_for(&endpoint).without_audience().build().unwrap();
    let identity = verify(&verifier, "t").await.unwrap();
    assert_eq!(identity.client_id(), Some("app"));
}

#[tokio::test]
async fn without_an_audience_only_tokens_without_aud_are_accepted() {
    for (members, passes) in [
        (r#"{"active":true}"#, true),
        (r#"{"active":true,"aud":[]}"#, true),
        (r#"{"active":true,"aud":"https://api.example"}"#, false),
    ] {
        let endpoint = Endpoint::responding_with(members);
        let none = builder_for(&endpoint).without_audience().build().unwrap();
        assert_eq!(verify(&none, "t").await.is_ok(), passes, "{members}");
        let either = builder_for(&endpoint).without_audience().audience(API).build().unwrap();
        assert!(verify(&either, "t").await.is_ok(), "{members}");
        let any = builder_for(&endpoint).dangerous().any_audience().build().unwrap();
        assert!(verify(&any, "t").await.is_ok(), "{members}");
    }
}

#[tokio::test]
async fn an_identity_has_all_members_of_the_response() {
    #[derive(serde::Deserialize)]
    struct User {
        username: String,
    }
    let members = r#"{"active":true,"username":"alice@acme","cid":"app","jti":"7","groups":["a"],"scope":"r w"}"#;
    let endpoint = Endpoint::responding_with(members);
    let verifier = builder_for(&endpoint).without_audience().scope_claim("groups").build().unwrap();
    let identity = verify(&verifier, "t").await.unwrap();
    assert_eq!(identity.raw_claims(), members);
    assert_eq!((identity.client_id(), identity.token_id()), (Some("app"), Some("7")));
    assert_eq!(identity.scopes().to_string(), "r w a");
    assert_eq!(identity.claims::<User>().unwrap().username, "alice@acme");
}

#[tokio::test]
async fn unsupported_token_type_rejects_the_token() {
    let endpoint = Endpoint::new(|_| (400, r#"{"error":"unsupported_token_type"}"#.to_owned()));
    let verifier = builder_for(&endpoint).without_audience().build().unwrap();
    for _ in 0..3 {
        assert_eq!(verify_subject(&verifier, "a.b.c").await, Err(TokenFault::Type.into()));
    }
    assert_eq!(endpoint.requests(), 1);
}

#[tokio::test]
async fn custom_checks_run_for_cached_responses() {
    use std::sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    };
    let (endpoint, locked) = (Endpoint::active(), Arc::new(AtomicBool::new(false)));
    let is_locked = Arc::clone(&locked);
    let verifier = builder_for(&endpoint).without_audience().check(move |_| {
        if is_locked.load(Ordering::Relaxed) { Err(TokenFault::Rejected.into()) } else { Ok(()) }
    });
    let verifier = verifier.build().unwrap();
    assert!(verify(&verifier, "alice").await.is_ok());
    locked.store(true, Ordering::Relaxed);
    assert_eq!(verify_subject(&verifier, "alice").await, Err(TokenFault::Rejected.into()));
    assert_eq!(endpoint.requests(), 1);
}

#[tokio::test]
async fn jwts_and_opaque_tokens_of_an_issuer_are_introspected_alike() {
    let issuer = TestIssuer::new();
    let verifier = issuer.introspection().audience(API).build().unwrap();
    let token = || issuer.token().audience(API).subject("alice").scope("orders:read");
    for token in [token().mint(), token().mint_opaque()] {
        let identity = verify(&verifier, &token).await.unwrap();
        assert_eq!(identity.subject(), Some("alice"));
        assert!(identity.scopes().to_string().contains("orders:read"));
    }
    assert_eq!(verify_subject(&verifier, "unknown").await, Err(TokenFault::Inactive.into()));
}

// Verifies rfc7662-5-privacy.
#[tokio::test]
async fn errors_describe_the_cause_without_secrets() {
    for (status, body, message) in [
        (
            200,
            r#"{"active":"true"}"#,
            "could not verify the access token: `https://as.example/introspect` sent an invalid \
             introspection response: no boolean `active`",
        ),
        (
            200,
            r#"{"active":true,"exp":"1"}"#,
            "could not verify the access token: `https://as.example/introspect` sent an invalid \
             introspection response: the claim `exp` is a string, expected a number of \
             seconds since 1970",
        ),
        (
            500,
            "the-token",
            "could not verify the access token: `https://as.example/introspect` responded with \
             status 500 Internal Server Error",
        ),
        (
            401,
            "the-token",
            "authentication is misconfigured: `https://as.example/introspect` rejected the \
             credentials of this service (status 401 Unauthorized)",
        ),
    ] {
        let endpoint = Endpoint::new(move |_| (status, body.to_owned()));
        let verifier = builder_for(&endpoint).without_audience().build().unwrap();
        let error = verify(&verifier, "the-token").await.unwrap_err();
        assert_eq!(with_sources(&error), message);
        let shown = format!("{error:?}");
        assert!(!shown.contains("the-token") && !shown.contains("s3cret"), "{shown}");
    }
}
