//! Issuers whose name is not a URL, or not the URL of their metadata (RFC 7519 §4.1.1, RFC 8414 §3).

use portcullis::{JwtVerifier, jwt::JwtVerifierBuilder, testing::TestIssuer};
use serde_json::{Value, json};

use crate::support::{
    API, issuer_with,
    network::Network,
    outcome::{ACCEPTED, DAY, outage, outcome, seconds, verify_token},
};

const METADATA: &str = "https://internal.example/as/.well-known/openid-configuration?p=signin";
const WELL_KNOWN: &str = "https://as.example/.well-known/openid-configuration";
const JWKS: &str = "https://keys.example/jwks";

/// Names of issuers that aren't URLs of metadata.
const NAMES: [&str; 10] = [
    "accounts.google.com",
    "kubernetes/serviceaccount",
    "foo.company.example",
    "ticketing",
    "urn:example:sts",
    "spiffe://td.example",
    "auth@company.example",
    "http://adfs.example/adfs/services/trust",
    "https://as.example/path?query#fragment",
    "Company Login",
];

/// An issuer of that name, and a network with its keys.
fn issuer(name: &str) -> (TestIssuer, Network) {
    let issuer = TestIssuer::named(name);
    issuer.publish(portcullis::Algorithm::Es256);
    let network = Network::default();
    network.json(JWKS, &serde_json::from_str(&issuer.jwk_set()).unwrap());
    (issuer, network)
}

fn metadata(issuer: &str) -> Value {
    json!({ "issuer": issuer, "jwks_uri": JWKS })
}

fn builder(
    issuer: &TestIssuer,
    network: &Network,
) -> JwtVerifierBuilder<portcullis::jwt::AudienceGiven> {
    issuer.verifier().http_client(network.client()).audience(API)
}

fn token(issuer: &TestIssuer) -> String {
    issuer.token().audience(API).expires_in(10 * DAY).mint()
}

#[tokio::test(start_paused = true)]
async fn with_a_jwks_uri_an_issuer_may_have_any_name() {
    for name in NAMES {
        let (issuer, network) = issuer(name);
        let verifier = builder(&issuer, &network).jwks_uri(JWKS).build().unwrap();
        assert_eq!(outcome(&verifier, &token(&issuer)).await, ACCEPTED, "{name}");
        assert_eq!(network.requests(), [JWKS], "{name}");
        let (other, _) = self::issuer("accounts.google.com.evil.example");
        let other = other.token().audience(API).mint();
        assert!(outcome(&verifier, &other).await.is_err(), "{name}");
        assert_eq!(verifier.readiness().issuer(), name);
    }
}

#[tokio::test(start_paused = true)]
async fn with_configured_keys_an_issuer_may_have_any_name() {
    for name in NAMES {
        let (issuer, network) = issuer(name);
        let verifier = builder(&issuer, &network).jwk_set(issuer.jwk_set()).build().unwrap();
        assert_eq!(outcome(&verifier, &token(&issuer)).await, ACCEPTED, "{name}");
        assert_eq!(network.requests(), [""; 0], "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn with_a_metadata_url_an_issuer_may_have_any_name() {
    for name in NAMES {
        let (issuer, network) = issuer(name);
        network.json(METADATA, &metadata(name));
        let verifier = builder(&issuer, &network).metadata_url(METADATA).build().unwrap();
        assert_eq!(outcome(&verifier, &token(&issuer)).await, ACCEPTED, "{name}");
        assert_eq!(network.requests(), [METADATA, JWKS], "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn metadata_is_requested_at_its_url_and_nowhere_else() {
    let (issuer, network) = issuer("https://as.example");
    network.json(WELL_KNOWN, &metadata("https://as.example"));
    let verifier = builder(&issuer, &network).metadata_url(METADATA).build().unwrap();
    outage(&verifier, &token(&issuer)).await;
    assert_eq!(network.requests(), [METADATA]);

    network.json(METADATA, &metadata("https://as.example"));
    issuer.clock().advance(seconds(60));
    assert_eq!(outcome(&verifier, &token(&issuer)).await, ACCEPTED);
    assert_eq!(network.requests(), [METADATA, JWKS]);
    // Again once a day.
    issuer.clock().advance(DAY);
    assert_eq!(outcome(&verifier, &token(&issuer)).await, ACCEPTED);
    assert_eq!(network.requests(), [METADATA, JWKS]);
}

#[tokio::test(start_paused = true)]
async fn metadata_must_name_the_issuer_or_the_metadata_issuer() {
    let tokens = "https://as.example/tenant/v2.0/";
    let internal = "https://internal.example/as";
    for (named, expected, is_accepted) in [
        (tokens, None, true),
        ("https://as.example/tenant/v2.0", None, false),
        (internal, None, false),
        ("", None, false),
        (internal, Some(internal), true),
        (tokens, Some(internal), false),
        ("https://internal.example/as/", Some(internal), false),
    ] {
        let (issuer, network) = issuer(tokens);
        network.json(METADATA, &metadata(named));
        let builder = builder(&issuer, &network).metadata_url(METADATA);
        let builder = match expected {
            Some(expected) => builder.metadata_issuer(expected),
            None => builder,
        };
        let verifier = builder.build().unwrap();
        if is_accepted {
            assert_eq!(outcome(&verifier, &token(&issuer)).await, ACCEPTED, "{named}");
            // Tokens still name the issuer itself.
            let renamed = issuer.token().audience(API).claim("iss", json!(internal)).mint();
            assert!(outcome(&verifier, &renamed).await.is_err(), "{named}");
            continue;
        }
        let error = outage(&verifier, &token(&issuer)).await;
        let cause = std::error::Error::source(&error).unwrap().to_string();
        for name in [named, expected.unwrap_or(tokens)] {
            assert!(cause.contains(&format!("`{name}`")), "{name}: {cause}");
        }
        assert_eq!(network.requests(), [METADATA], "{named}");
    }
}

#[tokio::test(start_paused = true)]
async fn metadata_is_discovered_from_the_issuer_that_it_names() {
    let (issuer, network) = issuer("http://adfs.example/adfs/services/trust");
    let place = "https://adfs.example/adfs/.well-known/openid-configuration";
    network.json(place, &metadata("https://adfs.example/adfs"));
    let builder = builder(&issuer, &network).metadata_issuer("https://adfs.example/adfs");
    let identity = verify_token(&builder.build().unwrap(), &token(&issuer)).await.unwrap();
    assert_eq!(identity.issuer(), Some("http://adfs.example/adfs/services/trust"));
    assert_eq!(network.requests(), [place, JWKS]);
}

#[test]
fn metadata_urls_must_be_https_and_have_an_effect() {
    let keys = issuer_with([portcullis::Algorithm::Es256]).jwk_set();
    let builder = || {
        let client = TestIssuer::new().http_client();
        JwtVerifier::builder("https://as.example").audience(API).http_client(client)
    };
    for (builder, message) in [
        (builder().metadata_url(""), "metadata_url ``: not an absolute URL"),
        (builder().metadata_url("/openid-configuration"), "metadata_url `/openid-configuration`"),
        (
            builder().metadata_url("http://as.example/a"),
            "metadata_url `http://as.example/a`: must use",
        ),
        (builder().metadata_issuer("as.example"), "metadata_issuer `as.example`: not an absolute"),
        (
            builder().metadata_issuer("http://as.example"),
            "metadata_issuer `http://as.example`: must use https",
        ),
        (
            builder().metadata_url(METADATA).jwks_uri(JWKS),
            "metadata_url `https://internal.example/as/.well-known/openid-configuration",
        ),
        (
            builder().metadata_issuer("https://as.example").jwk_set(keys),
            "metadata_issuer `https://as.example`: has no effect",
        ),
    ] {
        let error = builder.build().unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
    let loopback = builder().metadata_url("http://127.0.0.1:4001/metadata");
    assert!(loopback.build().is_ok());
    let plain = builder().metadata_url("http://as.example/a").dangerous().plain_http();
    assert!(plain.build().is_ok());
}
