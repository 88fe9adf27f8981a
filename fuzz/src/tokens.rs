//! An issuer, and tokens that are known to be valid or not.

use std::{sync::LazyLock, time::Duration};

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use portcullis::{
    Algorithm, BearerToken, Identity, JwtVerifier, Verification, Verify,
    jwt::{AudienceGiven, JwtVerifierBuilder},
    testing::{TestClock, TestIssuer},
};
use serde_json::json;

pub const ISSUER: &str = "https://issuer.test";
pub const AUDIENCE: &str = "https://api.test";
pub const NOW: u64 = 1_800_000_000;
pub const ALGORITHMS: [Algorithm; 3] = [Algorithm::Hs256, Algorithm::Rs256, Algorithm::Es256];

/// The values, in lower case, by which claims such as `token_use` identify tokens that give no access.
pub const OTHER_KINDS: [&str; 8] = [
    "id",
    "id_token",
    "logout",
    "offline",
    "refresh",
    "refresh_token",
    "urn:ietf:params:oauth:token-type:id_token",
    "urn:ietf:params:oauth:token-type:refresh_token",
];

/// The issuer. Its clock is fixed. Its keys are new in each process, except that of HS256.
pub static OURS: LazyLock<TestIssuer> = LazyLock::new(issuer);

/// An issuer of the same name with other keys.
pub static THEIRS: LazyLock<TestIssuer> = LazyLock::new(issuer);

fn issuer() -> TestIssuer {
    let clock = TestClock::at(std::time::UNIX_EPOCH + Duration::from_secs(NOW));
    let issuer = TestIssuer::with_clock(ISSUER, clock);
    for algorithm in ALGORITHMS {
        issuer.publish(algorithm);
    }
    issuer
}

/// Configures a verifier with given keys only.
pub fn verifier() -> JwtVerifierBuilder<AudienceGiven> {
    JwtVerifier::builder(ISSUER)
        .audience(AUDIENCE)
        .jwk_set(OURS.jwk_set())
        .hmac_secret(Algorithm::Hs256, OURS.hmac_secret(Algorithm::Hs256))
        .clock(OURS.clock())
}

/// A token, and its subject if it is valid.
pub struct Sample {
    pub text: String,
    pub subject: Option<String>,
    pub scope: &'static str,
}

/// Valid and invalid tokens, each valid one before those that differ from it.
pub static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(|| {
    let mut samples = Vec::new();
    for (place, algorithm) in ALGORITHMS.into_iter().enumerate() {
        for scope in ["", "read", "read write"] {
            let subject = format!("good-{place}-{}", scope.len());
            let token = |issuer: &TestIssuer| {
                issuer
                    .token()
                    .algorithm(algorithm)
                    .audience(AUDIENCE)
                    .subject(&subject)
                    .scope(scope)
            };
            let text = token(&OURS).mint();
            samples.push(Sample { text, subject: Some(subject.clone()), scope });
            for text in [
                token(&THEIRS).mint(),
                token(&OURS).expires_in(Duration::ZERO).claim("exp", json!(NOW - 60)).mint(),
                token(&OURS).audience("https://api.test/").mint(),
                token(&OURS).claim("iss", json!("https://issuer.test/")).mint(),
                token(&OURS).claim("nbf", json!(NOW + 61)).mint(),
                token(&OURS).header("typ", json!("id+jwt")).mint(),
                token(&OURS).header("crit", json!([])).mint(),
                token(&OURS).claim("at_hash", json!("x")).mint(),
                token(&OURS).without_claim("exp").mint(),
                token(&OURS).mint_unsigned(),
            ] {
                samples.push(Sample { text, subject: None, scope: "" });
            }
        }
    }
    samples
});

/// Verifies a token with a verifier that has its keys, so that nothing is pending.
pub fn verify(verifier: &JwtVerifier, token: &str) -> Option<Result<Identity, portcullis::Error>> {
    let line = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
    let headers = HeaderMap::from_iter([(AUTHORIZATION, line)]);
    let token = BearerToken::from_headers(&headers).ok()?;
    let verification: Verification = verifier.verify(token);
    Some(crate::ready(verification.wait()))
}
