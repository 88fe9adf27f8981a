//! A machine without CA certificates, such as a minimal container.

use portcullis::{JwtVerifier, testing::TestIssuer};

use crate::support::{
    API,
    outcome::{ACCEPTED, UNAVAILABLE, outcome, verify_token},
};

/// The environment is that of the whole process, so the test below runs in a separate one.
// Verifies rfc7515-8-tls, rfc7662-4-certificate.
#[test]
fn without_ca_certificates_the_service_starts_and_https_fails() {
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "outgoing::no_certificates::without_ca_certificates", "--ignored"]);
    again.env("SSL_CERT_FILE", "/nonexistent/ca.pem").env("SSL_CERT_DIR", "/nonexistent");
    let output = again.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[tokio::test]
#[ignore = "run by the test above"]
async fn without_ca_certificates() {
    let issuer = TestIssuer::serve().await.unwrap();
    let token = issuer.token().audience(API).mint();
    let builder = JwtVerifier::builder(issuer.issuer()).audience(API).clock(issuer.clock());
    assert_eq!(outcome(&builder.build().unwrap(), &token).await, ACCEPTED);

    #[cfg(feature = "tracing")]
    let (capture, _guard) = crate::telemetry::capture::Capture::start();
    let issuer = TestIssuer::named("https://as.example.test");
    let token = issuer.token().audience(API).mint();
    let builder = JwtVerifier::builder(issuer.issuer()).audience(API).clock(issuer.clock());
    let verifier = builder.build().unwrap();
    assert_eq!(outcome(&verifier, &token).await, UNAVAILABLE);

    let reason = "No CA certificates were loaded from the system";
    let advice = "if CA certificates are missing, install them";
    let readiness = verifier.readiness();
    let last_error = readiness.last_error().unwrap();
    assert!(last_error.contains(reason) && last_error.contains(advice), "{last_error}");
    #[cfg(feature = "tracing")]
    {
        let lines = capture.take();
        assert!(lines.iter().any(|line| line.text.contains(reason)), "{lines:?}");
    }
    let error = verify_token(&verifier, &token).await.unwrap_err();
    let mut sources =
        std::iter::successors(std::error::Error::source(&error), |error| error.source());
    assert!(sources.any(|error| error.to_string().contains(reason)), "{error:?}");
}
