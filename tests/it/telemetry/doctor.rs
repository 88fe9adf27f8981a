//! `doctor`: what issuers and endpoints respond, and what will fail.

use std::time::{Duration, SystemTime};

use portcullis::{
    Algorithm, Clock, IntrospectionVerifier, Issuers, JwtVerifier,
    error::{Finding, Verdict},
    http_client::HttpError,
    testing::{TestClient, TestClock, TestIssuer},
    verify::DoctorReport,
};
use serde_json::json;

use crate::support::{API, issuer_with};

/// A client that receives this JSON in response to each request.
fn responding(status: u16, json: String) -> TestClient {
    TestClient::new(move |_| {
        let response = http::Response::builder()
            .status(status)
            .header("content-type", "application/json")
            .body(json.clone().into_bytes());
        async move { Ok(response.unwrap()) }
    })
}

/// A verifier that introspects through this client.
pub(super) fn introspecting(client: TestClient) -> IntrospectionVerifier {
    IntrospectionVerifier::builder("https://as.test/introspect")
        .client_secret_basic("orders-api", "s3cret")
        .audience(API)
        .http_client(client)
        .build()
        .unwrap()
}

fn problems(report: &DoctorReport) -> Vec<&Finding> {
    report.findings().filter(|finding| finding.verdict() != Verdict::Passed).collect()
}

#[tokio::test]
async fn a_healthy_issuer_has_no_problems_and_nothing_is_cached() {
    let issuer = issuer_with([Algorithm::Es256]);
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let report = Issuers::builder().trust(verifier.clone()).build().unwrap().doctor().await;
    assert!(report.is_healthy(), "{report}");
    let page = report.to_string();
    for part in [
        "https://issuer.test\n",
        "metadata: passed; found https://issuer.test/",
        "1 keys",
        "no problems found",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!verifier.readiness().is_ready());
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["healthy"], true);
    assert_eq!(json["sections"][0]["name"], "https://issuer.test");
}

#[tokio::test]
async fn metadata_of_another_issuer_is_a_problem_with_the_fix() {
    let metadata = TestIssuer::named("https://issuer.test/");
    metadata.publish(Algorithm::Es256);
    let verifier = JwtVerifier::builder("https://issuer.test")
        .audience(API)
        .http_client(metadata.http_client())
        .build()
        .unwrap();
    let report = verifier.doctor().await;
    let [problem] = problems(&report)[..] else { panic!("{report}") };
    assert_eq!(problem.rule(), "metadata");
    assert!(
        problem.hint_text().unwrap().contains("configure the issuer as `https://issuer.test/`")
    );
    assert!(report.to_string().ends_with("1 problem found\n"));
}

#[tokio::test]
async fn clocks_are_compared_by_the_date_of_the_response() {
    let issuer = issuer_with([Algorithm::Es256]);
    let set = issuer.jwk_set();
    let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    // The time of the response.
    let date = 784_111_777;
    for (now, is_right) in
        [(date, true), (date + 59, true), (date + 300, false), (date - 300, false)]
    {
        let set = set.clone();
        let client = TestClient::new(move |_| {
            let response = http::Response::builder()
                .header("content-type", "application/json")
                .header("date", "Sun, 06 Nov 1994 08:49:37 GMT")
                .body(set.clone().into_bytes());
            async move { Ok(response.unwrap()) }
        });
        let clock = TestClock::at(at(now));
        assert_eq!(clock.now(), at(now));
        let verifier = JwtVerifier::builder("https://issuer.test")
            .audience(API)
            .jwks_uri("https://issuer.test/jwks")
            .clock(clock)
            .http_client(client)
            .build()
            .unwrap();
        let report = verifier.doctor().await;
        let clock = report.findings().find(|finding| finding.rule() == "clock").unwrap();
        assert_eq!(clock.verdict() == Verdict::Passed, is_right, "{report}");
        assert_eq!(
            clock.skew_seconds(),
            Some(i64::try_from(date).unwrap() - i64::try_from(now).unwrap())
        );
        assert_eq!(clock.hint_text().is_some_and(|hint| hint.contains("NTP")), !is_right);
    }
}

#[tokio::test]
async fn an_introspection_endpoint_is_asked_about_a_made_up_token() {
    for (status, body, is_right, part) in [
        (200, json!({ "active": false }), true, "accepts this client"),
        (200, json!({ "active": true }), false, "reports an invalid token as active"),
        (401, json!({ "error": "invalid_client" }), false, "check the client id, the secret"),
        (404, json!({}), false, "check the URL of the endpoint"),
    ] {
        let report = introspecting(responding(status, body.to_string())).doctor().await;
        assert_eq!(report.is_healthy(), is_right, "{report}");
        let page = report.to_string();
        assert!(page.contains(part), "{page}");
        assert!(!page.contains("s3cret"), "{page}");
    }
    let client = TestClient::new(async |_| Err(HttpError::transport("no such host")));
    let page = introspecting(client).doctor().await.to_string();
    assert!(page.contains("check the URL, the network and the certificates"), "{page}");
}

#[tokio::test]
async fn a_set_without_keys_for_signatures_is_a_problem_with_the_fix() {
    let issuer = issuer_with([Algorithm::Es256]);
    let set = issuer.jwk_set().replace(r#""use":"sig""#, r#""use":"enc""#);
    assert!(set.contains(r#""use":"enc""#), "{set}");
    let verifier = JwtVerifier::builder("https://issuer.test")
        .audience(API)
        .jwks_uri("https://issuer.test/jwks")
        .http_client(responding(200, set))
        .build()
        .unwrap();
    let report = verifier.doctor().await;
    let hints: Vec<_> = problems(&report).into_iter().filter_map(Finding::hint_text).collect();
    assert!(hints.iter().any(|hint| hint.contains("publish a key for signatures")), "{report}");
}

#[tokio::test]
async fn a_placeholder_and_left_out_keys_are_reported() {
    let issuer = issuer_with([Algorithm::Es256]);
    let mut set: serde_json::Value = serde_json::from_str(&issuer.jwk_set()).unwrap();
    let mut other = set["keys"][0].clone();
    other["kid"] = json!("for-encryption");
    other["use"] = json!("enc");
    set["keys"].as_array_mut().unwrap().push(other);
    let verifier = JwtVerifier::builder("https://login.test/{tenantid}/v2.0")
        .audience(API)
        .jwk_set(set.to_string())
        .build()
        .unwrap();
    let report = verifier.doctor().await;
    let page = report.to_string();
    assert!(
        page.contains("keys left out: passed; found") && page.contains("for-encryption"),
        "{page}"
    );
    let [problem] = problems(&report)[..] else { panic!("{report}") };
    assert_eq!(problem.rule(), "issuer");
    assert!(problem.hint_text().unwrap().contains("placeholder"));
}
