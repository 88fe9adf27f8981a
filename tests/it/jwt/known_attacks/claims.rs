//! Claims that are misinterpreted.

use portcullis::{Algorithm, ErrorKind, error::TokenFault, testing::TestIssuer};
use serde_json::json;

use super::{assert_rejected, target};
use crate::support::{API, verify};

#[tokio::test]
async fn cve_2026_25537_a_claim_of_the_wrong_type_is_not_ignored() {
    let target = target();
    let token = || target.0.token().audience(API);
    for claim in ["exp", "nbf", "iat"] {
        for value in [
            json!("99999999999"),
            json!("0"),
            json!(""),
            json!(null),
            json!(true),
            json!([99_999_999_999_u64]),
            json!({ "secs": 99_999_999_999_u64 }),
            json!(-1),
        ] {
            let forged = token().claim(claim, value).mint();
            assert_rejected(&target, &forged, TokenFault::Claims).await;
        }
    }
    for (claim, fault) in
        [("iss", TokenFault::Claims), ("aud", TokenFault::Claims), ("sub", TokenFault::Claims)]
    {
        for value in [json!(null), json!(0), json!(false), json!({})] {
            let forged = token().claim(claim, value).mint();
            assert_rejected(&target, &forged, fault).await;
        }
    }
}

#[tokio::test]
async fn cve_2026_22748_iss_is_compared_when_keys_are_discovered() {
    for by_metadata in [true, false] {
        let issuer = TestIssuer::named("https://login.test/tenants/one");
        issuer.publish(Algorithm::Rs256);
        issuer.publish(Algorithm::Es256);
        let builder = issuer.verifier().audience(API);
        let builder = if by_metadata { builder } else { builder.jwks_uri(issuer.jwks_uri()) };
        let target = (issuer.clone(), builder.build().unwrap());
        // Some login services sign tokens of all tenants with the same keys.
        for iss in [
            "https://login.test/tenants/two",
            "https://login.test/tenants/",
            "https://login.test",
            "EVIL",
        ] {
            let other = issuer.token().audience(API).claim("iss", json!(iss)).mint();
            assert_rejected(&target, &other, TokenFault::Issuer).await;
        }
        let none = issuer.token().audience(API).without_claim("iss").mint();
        assert_rejected(&target, &none, TokenFault::Issuer).await;
    }
}

#[tokio::test]
async fn cve_2026_22748_metadata_of_another_issuer_is_rejected() {
    let issuer = TestIssuer::named("https://login.test");
    let claimed = TestIssuer::named("https://login.test/");
    let verifier =
        claimed.verifier().audience(API).http_client(issuer.http_client()).build().unwrap();
    let token = claimed.token().audience(API).mint();
    assert_eq!(verify(&verifier, &token).await.map(drop), Err(ErrorKind::Unavailable));
}

#[tokio::test]
async fn ghsa_75c5_xw7c_p5pm_a_substring_of_the_issuer_is_rejected() {
    let target = target();
    let name = target.0.issuer().to_owned();
    let parts = (0..name.len()).flat_map(|from| (from..=name.len()).map(move |to| (from, to)));
    let parts: Vec<_> = parts.filter(|(from, to)| to - from < name.len()).collect();
    for (from, to) in parts.into_iter().step_by(7) {
        let part = target.0.token().audience(API).claim("iss", json!(&name[from..to])).mint();
        let rejection = verify(&target.1, &part).await.map(drop);
        assert_eq!(rejection, Err(TokenFault::Issuer.into()), "{}", &name[from..to]);
    }
    for iss in [
        json!(format!("{name}{name}")),
        json!(format!("x{name}")),
        json!(format!("{name}.evil.example")),
    ] {
        let whole = target.0.token().audience(API).claim("iss", iss).mint();
        assert_rejected(&target, &whole, TokenFault::Issuer).await;
    }
    let listed = target.0.token().audience(API).claim("iss", json!([name])).mint();
    assert_rejected(&target, &listed, TokenFault::Claims).await;
}
