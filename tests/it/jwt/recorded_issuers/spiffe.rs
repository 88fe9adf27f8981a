//! JWT-SVIDs of SPIFFE, which have no issuer.

use portcullis::{
    Issuers,
    error::TokenFault,
    jwt::{AudienceGiven, JwtVerifierBuilder, Profile, presets},
};
use serde_json::{Value, json};

use super::recorded::{NearMiss, Recorded, Token, changed, outcome};
use crate::support::{
    issuer_with,
    outcome::{outage, verify_token},
};

const BUNDLE: &str = "https://spire.acme.example/bundle";
const KID: &str = "C6vs25welZOx6WksNYfbMfiw9l96pMnD";

fn preset() -> JwtVerifierBuilder<AudienceGiven> {
    presets::spiffe("acme.example")
        .jwks_uri("https://spire.acme.example/bundle")
        .audience("spiffe://acme.example/orders")
        .require_claim_prefix("sub", "spiffe://acme.example/billing/")
}

/// A bundle with the keys of the trust domain.
fn bundle(keys: &[Value]) -> Value {
    json!({ "keys": keys, "spiffe_sequence": 12, "spiffe_refresh_hint": 300 })
}

fn recorded() -> Recorded {
    let recorded = Recorded::new();
    let certificate = recorded.jwk(json!({ "use": "x509-svid", "x5c": ["MIIC/z=="] }));
    let key = recorded.jwk(json!({ "use": "jwt-svid", "kid": KID }));
    recorded.serving(BUNDLE, bundle(&[certificate, key]))
}

fn svid(recorded: &Recorded) -> Token {
    let now = recorded.now();
    Token {
        header: json!({ "alg": "RS256", "kid": KID, "typ": "JWT" }),
        claims: json!({
            "aud": ["spiffe://acme.example/orders"],
            "exp": now + 300,
            "iat": now,
            "sub": "spiffe://acme.example/billing/worker",
        }),
    }
}

#[tokio::test]
async fn jwt_svids_of_the_trust_domain_are_accepted() {
    let recorded = recorded();
    let verifier = recorded.online(preset());
    let valid = svid(&recorded);
    for (header, claims) in [
        (json!({}), json!({})),
        (json!({ "typ": "JOSE" }), json!({})),
        (json!({ "typ": null }), json!({})),
        (json!({ "kid": null }), json!({})),
        (json!({}), json!({ "iat": null })),
        // Other claims are ignored.
        (json!({}), json!({ "iss": "https://spire.acme.example" })),
        (json!({}), json!({ "iss": "spiffe://acme.example" })),
    ] {
        let token = Token {
            header: changed(&valid.header, &header),
            claims: changed(&valid.claims, &claims),
        };
        let identity = verify_token(&verifier, &recorded.mint(&token)).await.unwrap();
        assert_eq!(identity.subject(), Some("spiffe://acme.example/billing/worker"), "{header}");
    }
}

#[tokio::test]
async fn all_but_jwt_svids_of_the_trust_domain_are_rejected() {
    use TokenFault::{Algorithm, Audience, Claims, Expired, Issuer, Type, UnknownKey};
    let recorded = recorded();
    let verifier = recorded.online(preset());
    let valid = svid(&recorded);
    let same = || json!({});
    let subject = |subject: Value| json!({ "sub": subject });
    let near_misses: Vec<NearMiss> = vec![
        ("no subject", same(), subject(Value::Null), Issuer),
        ("another domain", same(), subject(json!("spiffe://evil.example/billing/worker")), Issuer),
        ("a longer domain", same(), subject(json!("spiffe://acme.example.evil/billing/a")), Issuer),
        ("the domain", same(), subject(json!("spiffe://acme.example")), Issuer),
        ("no path", same(), subject(json!("spiffe://acme.example/")), Issuer),
        ("another scheme", same(), subject(json!("https://acme.example/billing/worker")), Issuer),
        ("upper case", same(), subject(json!("SPIFFE://acme.example/billing/worker")), Issuer),
        (
            "another domain, ours as issuer",
            same(),
            json!({ "sub": "spiffe://evil.example/a", "iss": "spiffe://acme.example" }),
            Issuer,
        ),
        ("another workload", same(), subject(json!("spiffe://acme.example/web/a")), Claims),
        ("no audience", same(), json!({ "aud": null }), Audience),
        ("another audience", same(), json!({ "aud": ["spiffe://acme.example/web"] }), Audience),
        ("no expiry", same(), json!({ "exp": null }), Claims),
        ("expired", same(), json!({ "exp": recorded.now() - 61 }), Expired),
        ("an access token", json!({ "typ": "at+jwt" }), same(), Type),
        ("another type", json!({ "typ": "dpop+jwt" }), same(), Type),
        ("an unknown key", json!({ "kid": "x" }), same(), UnknownKey),
        ("by a secret", json!({ "alg": "HS256" }), same(), Algorithm),
        ("unsigned", json!({ "alg": "none" }), same(), Algorithm),
    ];
    for (case, header, claims, fault) in near_misses {
        let token = Token {
            header: changed(&valid.header, &header),
            claims: changed(&valid.claims, &claims),
        };
        let result = outcome(verify_token(&verifier, &recorded.mint(&token)).await);
        assert_eq!(result, Err(fault), "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_trust_domain_needs_is_relaxed_for_it_alone() {
    let recorded = recorded();
    let valid = svid(&recorded);
    // A key for certificates is used nowhere, and one for SVIDs only with the preset.
    for (key_use, accepted) in [
        ("jwt-svid", true),
        ("sig", true),
        ("x509-svid", false),
        ("enc", false),
        ("JWT-SVID", false),
    ] {
        let key = recorded.jwk(json!({ "use": key_use, "kid": KID }));
        let online = Recorded::new().serving(BUNDLE, bundle(&[key]));
        let verifier = online.online(preset());
        if accepted {
            assert!(verify_token(&verifier, &recorded.mint(&valid)).await.is_ok(), "{key_use}");
        } else {
            outage(&verifier, &recorded.mint(&valid)).await;
        }
        let named = Token {
            claims: changed(&valid.claims, &json!({ "iss": "https://as.example" })),
            ..valid.clone()
        };
        let plain = portcullis::JwtVerifier::builder("https://as.example").jwks_uri(BUNDLE);
        let plain = online.online(plain.audience("spiffe://acme.example/orders"));
        if key_use == "sig" {
            assert!(verify_token(&plain, &recorded.mint(&named)).await.is_ok());
            let unnamed = outcome(verify_token(&plain, &recorded.mint(&valid)).await);
            assert_eq!(unnamed, Err(TokenFault::Issuer));
        } else {
            outage(&plain, &recorded.mint(&named)).await;
        }
    }
}

#[tokio::test]
async fn a_bundle_can_be_configured() {
    let recorded = recorded();
    let key = recorded.jwk(json!({ "use": "jwt-svid", "kid": KID }));
    let preset = presets::spiffe("spiffe://acme.example").jwk_set(bundle(&[key]).to_string());
    let verifier = recorded.online(preset.audience("spiffe://acme.example/orders"));
    assert!(verify_token(&verifier, &recorded.mint(&svid(&recorded))).await.is_ok());
}

#[test]
fn the_issuer_is_a_trust_domain_whose_keys_are_configured() {
    let client = recorded().client();
    for (trust_domain, problem) in [
        ("", "must be a trust domain"),
        ("acme.example/", "must be a trust domain"),
        ("acme.example/billing", "must be a trust domain"),
        ("ACME.example", "must be a trust domain"),
        ("https://acme.example", "must be a trust domain"),
        ("acme.example", "needs `metadata_url` or `jwks_uri`"),
    ] {
        let builder = presets::spiffe(trust_domain).audience("a").http_client(client.clone());
        let error = builder.build().unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
    let builder = portcullis::JwtVerifier::builder("https://as.example").profile(Profile::JwtSvid);
    assert!(builder.audience("a").http_client(client).build().is_err());
}

#[tokio::test]
async fn among_several_issuers_one_may_have_tokens_without_a_name() {
    let (recorded, other) = (recorded(), issuer_with([portcullis::Algorithm::Es256]));
    let plain = other.verifier().audience("a").build().unwrap();
    let issuers = Issuers::builder().trust(plain.clone()).trust(recorded.online(preset()));
    let issuers = issuers.build().unwrap();
    let valid = recorded.mint(&svid(&recorded));
    for _ in 0..2 {
        assert!(verify_token(&issuers, &valid).await.is_ok());
        assert!(verify_token(&issuers, &other.token().audience("a").mint()).await.is_ok());
    }
    let unnamed = other.token().audience("a").without_claim("iss").mint();
    assert!(verify_token(&issuers, &unnamed).await.is_err());
    let without = Issuers::builder().trust(plain).build().unwrap();
    let rejected = outcome(verify_token(&without, &valid).await);
    assert_eq!(rejected, Err(TokenFault::Issuer));

    let second = presets::spiffe("other.example").jwks_uri(BUNDLE).audience("a");
    let both = Issuers::builder().trust(recorded.online(preset())).trust(recorded.online(second));
    let error = both.build().unwrap_err().to_string();
    assert!(
        error.starts_with("issuer `spiffe://other.example`: its tokens have no `iss`"),
        "{error}"
    );
}
