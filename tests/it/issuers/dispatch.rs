//! Which issuer a token belongs to, and by which rules it is validated.

use std::time::Duration;

use portcullis::{
    Algorithm, ConfigError, ErrorKind, Issuers, JwtVerifier, error::TokenFault, jwt::Profile,
    testing::TestIssuer,
};
use serde_json::{Value, json};

use super::setup::{alpha_and_beta, protected, rejection_of, token, trusting, verifier};
use crate::support::{API, outcome::verify_token, send, with_token};

#[tokio::test]
async fn iss_is_compared_byte_for_byte() {
    let (alpha, beta) = alpha_and_beta();
    let app = protected(&trusting([verifier(&alpha), verifier(&beta)]));
    let untrusted = Some(ErrorKind::InvalidToken(TokenFault::Issuer));
    let malformed = Some(ErrorKind::InvalidToken(TokenFault::Claims));

    for (issuer, iss, rejection) in [
        (&alpha, json!("https://alpha.test"), None),
        (&beta, json!("https://beta.test/"), None),
        (&alpha, json!("https://alpha.test/"), untrusted),
        (&beta, json!("https://beta.test"), untrusted),
        (&beta, json!("https://beta.test//"), untrusted),
        (&alpha, json!("https://Alpha.test"), untrusted),
        (&alpha, json!("HTTPS://alpha.test"), untrusted),
        (&alpha, json!("http://alpha.test"), untrusted),
        (&alpha, json!("https://alpha.tes"), untrusted),
        (&alpha, json!("https://alpha.test.evil.example"), untrusted),
        (&alpha, json!("https://alpha.test:443"), untrusted),
        (&alpha, json!("https://alpha.test "), untrusted),
        (&alpha, json!(" https://alpha.test"), untrusted),
        (&alpha, json!("https://alpha.test\u{0}"), untrusted),
        (&alpha, json!("https://alph\u{430}.test"), untrusted),
        (&alpha, json!("alpha.test"), untrusted),
        (&alpha, json!(""), untrusted),
        (&alpha, json!("https://alpha.test https://beta.test/"), untrusted),
        (&alpha, json!(["https://alpha.test"]), malformed),
        (&alpha, json!(["https://alpha.test", "https://beta.test/"]), malformed),
        (&alpha, json!({ "iss": "https://alpha.test" }), malformed),
        (&alpha, Value::Null, malformed),
        (&alpha, json!(1), malformed),
        (&alpha, json!(true), malformed),
    ] {
        let response =
            send(&app, with_token(&token(issuer).claim("iss", iss.clone()).mint())).await;
        assert_eq!(response.error.map(|error| error.kind()), rejection, "{iss}");
        assert_eq!(response.status, if rejection.is_some() { 401 } else { 200 }, "{iss}");
    }

    let nameless = send(&app, with_token(&token(&alpha).without_claim("iss").mint())).await;
    assert_eq!((nameless.status.as_u16(), nameless.error.map(|it| it.kind())), (401, untrusted));
}

#[tokio::test]
async fn an_escaped_iss_is_decoded() {
    let (alpha, beta) = alpha_and_beta();
    let issuers = trusting([verifier(&alpha), verifier(&beta)]);
    let claims = |iss: &str| format!(r#"{{"iss":"{iss}","aud":"{API}","exp":99999999999}}"#);
    let escaped = claims(r"https:\/\/alph\u0061.test");
    assert_eq!(rejection_of(&issuers, &alpha.token().mint_raw(&escaped)).await, None);

    let twice = format!(r#"{{"iss":"https://beta.test/",{}"#, &escaped[1..]);
    let malformed = Some(ErrorKind::InvalidToken(TokenFault::Malformed));
    assert_eq!(rejection_of(&issuers, &alpha.token().mint_raw(&twice)).await, malformed);
}

#[tokio::test]
async fn a_token_of_an_untrusted_issuer_causes_no_fetch() {
    let (alpha, beta) = alpha_and_beta();
    let app = protected(&trusting([verifier(&alpha), verifier(&beta)]));
    let untrusted = TestIssuer::named("https://untrusted.test");
    assert_eq!(send(&app, with_token(&token(&untrusted).mint())).await.status, 401);
    assert_eq!((alpha.requests_to("/jwks"), beta.requests_to("/jwks")), (0, 0));
    assert_eq!(untrusted.requests_to("/jwks"), 0);
}

// Verifies rfc8725-3.8-iss.
#[tokio::test]
async fn a_token_signed_by_another_issuer_is_rejected() {
    let (alpha, beta) = alpha_and_beta();
    let issuers = trusting([verifier(&alpha), verifier(&beta)]);
    let signature = Some(ErrorKind::InvalidToken(TokenFault::Signature));
    let unknown = Some(ErrorKind::InvalidToken(TokenFault::UnknownKey));
    let forged =
        |name: &TestIssuer, signer: &TestIssuer| token(signer).claim("iss", json!(name.issuer()));
    for (name, signer) in [(&alpha, &beta), (&beta, &alpha)] {
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
            let case = format!("{} by {} {algorithm}", name.issuer(), signer.issuer());
            let same_kid = forged(name, signer).algorithm(algorithm);
            assert_eq!(rejection_of(&issuers, &same_kid.mint()).await, signature, "{case}");
            let no_kid = forged(name, signer).algorithm(algorithm).without_header("kid").mint();
            assert_eq!(rejection_of(&issuers, &no_kid).await, signature, "{case} without kid");
        }
        let other_kid = forged(name, signer).header("kid", json!("p256-9")).mint();
        assert_eq!(rejection_of(&issuers, &other_kid).await, unknown, "{}", name.issuer());
    }
    for issuer in [&alpha, &beta] {
        assert_eq!(
            rejection_of(&issuers, &token(issuer).mint()).await,
            None,
            "{}",
            issuer.issuer()
        );
    }
}

#[tokio::test]
async fn each_token_is_validated_by_the_rules_of_its_issuer() {
    use TokenFault::{Algorithm as Alg, Audience, Claims, Expired, Rejected, Type};
    let (alpha, beta) = alpha_and_beta();
    let issuers = trusting([
        alpha
            .verifier()
            .audience("urn:alpha")
            .algorithms([Algorithm::Es256])
            .profile(Profile::Rfc9068)
            .leeway(Duration::ZERO)
            .check(|identity| match identity.subject() {
                Some("mallory") => Err(TokenFault::Rejected.into()),
                _ => Ok(()),
            }),
        beta.verifier()
            .client("batch")
            .algorithms([Algorithm::EdDsa])
            .require_claim("token_use", "access")
            .leeway(Duration::from_secs(60)),
    ]);
    let of_alpha = || alpha.token().audience("urn:alpha");
    let of_beta = || {
        let token = beta.token().algorithm(Algorithm::EdDsa).without_claim("aud");
        token.claim("client_id", json!("batch")).claim("token_use", json!("access"))
    };
    let expired = Duration::ZERO;
    for (case, token, rejection) in [
        ("alpha", of_alpha(), None),
        ("beta", of_beta(), None),
        ("alpha for beta's client", of_alpha().without_claim("aud"), Some(Audience)),
        ("beta for alpha's audience", of_beta().audience("urn:alpha"), Some(Audience)),
        ("alpha, EdDSA", of_alpha().algorithm(Algorithm::EdDsa), Some(Alg)),
        ("beta, ES256", of_beta().algorithm(Algorithm::Es256), Some(Alg)),
        ("alpha without typ", of_alpha().without_header("typ"), Some(Type)),
        ("beta without typ", of_beta().without_header("typ"), None),
        ("alpha without jti", of_alpha().without_claim("jti"), Some(Claims)),
        ("beta without jti", of_beta().without_claim("jti"), None),
        ("beta without token_use", of_beta().without_claim("token_use"), Some(Claims)),
        ("alpha, expired", of_alpha().expires_in(expired), Some(Expired)),
        ("beta, expired within the leeway", of_beta().expires_in(expired), None),
        ("alpha's mallory", of_alpha().subject("mallory"), Some(Rejected)),
        ("beta's mallory", of_beta().subject("mallory"), None),
    ] {
        let rejection = rejection.map(ErrorKind::InvalidToken);
        assert_eq!(rejection_of(&issuers, &token.mint()).await, rejection, "{case}");
    }
}

#[tokio::test]
async fn each_issuer_has_its_own_scope_claim() {
    let (alpha, beta) = alpha_and_beta();
    let issuers = trusting([
        verifier(&alpha).scope_claim("permissions"),
        verifier(&beta).scope_claim("/realm_access/roles"),
    ]);
    for (issuer, scopes) in [(&alpha, "base may-permit"), (&beta, "base may-act")] {
        let token = token(issuer)
            .scope("base")
            .claim("permissions", json!(["may-permit"]))
            .claim("realm_access", json!({ "roles": ["may-act"] }));
        let identity = verify_token(&issuers, &token.mint()).await.unwrap();
        assert_eq!(identity.scopes().to_string(), scopes, "{}", issuer.issuer());
        assert_eq!(identity.issuer(), Some(issuer.issuer()));
    }
}

#[test]
fn invalid_configuration_is_rejected_by_name() {
    let (alpha, beta) = alpha_and_beta();
    let of = |issuer: &TestIssuer| verifier(issuer).build().unwrap();
    let error = |issuers: Result<Issuers, ConfigError>| issuers.unwrap_err().to_string();

    let twice = Issuers::builder().trust(of(&alpha)).trust(of(&beta)).trust(of(&alpha));
    assert_eq!(error(twice.build()), "issuer `https://alpha.test`: trusted twice");
    assert_eq!(error(Issuers::builder().build()), "issuers `[]`: at least one is needed");
    let without_placeholder =
        Issuers::builder().trust(of(&alpha)).tenants("https://login.test", no_tenant);
    let problem = "issuer pattern `https://login.test`: must contain `{tenant}`";
    assert_eq!(error(without_placeholder.build()), problem);
}

#[tokio::test]
async fn issuers_that_differ_by_a_slash_are_distinct() {
    let (plain, slashed) =
        (TestIssuer::named("https://one.test"), TestIssuer::named("https://one.test/"));
    let issuers = trusting([
        verifier(&plain).jwk_set(published(&plain)),
        verifier(&slashed).jwk_set(published(&slashed)),
    ]);
    for issuer in [&plain, &slashed] {
        assert_eq!(
            rejection_of(&issuers, &token(issuer).mint()).await,
            None,
            "{}",
            issuer.issuer()
        );
    }
    let crossed = token(&plain).claim("iss", json!(slashed.issuer())).mint();
    let signature = Some(ErrorKind::InvalidToken(TokenFault::Signature));
    assert_eq!(rejection_of(&issuers, &crossed).await, signature);
}

#[tokio::test]
async fn an_issuer_trusted_by_name_is_not_resolved_as_a_tenant() {
    let acme = TestIssuer::named("https://login.test/acme");
    let issuers = Issuers::builder()
        .tenants("https://login.test/{tenant}", async |tenant| panic!("resolved {tenant:?}"))
        .trust(verifier(&acme).build().unwrap())
        .build()
        .unwrap();
    assert_eq!(rejection_of(&issuers, &token(&acme).mint()).await, None);
}

#[tokio::test]
async fn clones_share_keys_and_fetches() {
    let (alpha, _) = alpha_and_beta();
    let issuers = trusting([verifier(&alpha)]);
    let clone = issuers.clone();
    for issuers in [&issuers, &clone] {
        assert_eq!(rejection_of(issuers, &token(&alpha).mint()).await, None);
    }
    assert_eq!(alpha.requests_to("/jwks"), 1);
}

async fn no_tenant(
    _: portcullis::issuers::Tenant,
) -> Result<Option<JwtVerifier>, portcullis::Error> {
    Ok(None)
}

fn published(issuer: &TestIssuer) -> String {
    issuer.publish(Algorithm::Es256);
    issuer.jwk_set()
}
