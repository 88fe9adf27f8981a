//! `doctor` for tenants: the patterns, and one tenant with its metadata and keys.

use portcullis::{
    Algorithm, Error, Issuers, JwtVerifier,
    error::{Finding, Verdict},
    issuers::{IssuersBuilder, IssuersHandle, Tenant, TenantPattern, TenantResolution},
    testing::{Fault, TestIssuer},
    verify::{DoctorReport, Verify},
};

use crate::support::API;

const PATTERN: &str = "https://login.test/{tenant}/v2.0";

fn acme() -> TestIssuer {
    let issuer = TestIssuer::named("https://login.test/acme/v2.0");
    issuer.publish(Algorithm::Es256);
    issuer
}

fn verifier(issuer: &TestIssuer) -> JwtVerifier {
    issuer.verifier().audience(API).build().unwrap()
}

/// Issuers whose resolver always returns this.
fn with_tenants(pattern: &str, resolution: Result<TenantResolution, Error>) -> IssuersBuilder {
    Issuers::builder().tenants_with(TenantPattern::new(pattern), move |_: Tenant| {
        let resolution = resolution.clone();
        async move { resolution }
    })
}

fn problem(report: &DoctorReport) -> &Finding {
    let problems = report.findings().filter(|finding| finding.verdict() != Verdict::Passed);
    let problems: Vec<_> = problems.collect();
    assert_eq!(problems.len(), 1, "{report}");
    problems[0]
}

#[tokio::test]
async fn a_tenant_is_examined_without_keeping_anything() {
    let issuer = acme();
    let resolution = Ok(TenantResolution::Use(verifier(&issuer)));
    let issuers = with_tenants(PATTERN, resolution).build().unwrap();
    for tenant in ["acme", "https://login.test/acme/v2.0"] {
        let report = issuers.doctor_tenant(tenant).await;
        assert!(report.is_healthy(), "{report}");
        let page = report.to_string();
        for part in
            ["tenant: passed; found https://login.test/acme/v2.0", "metadata: passed", "1 keys"]
        {
            assert!(page.contains(part), "{part} in {page}");
        }
    }
    let handle = IssuersHandle::new(issuers);
    assert!(handle.doctor_tenant("acme").await.is_healthy());
    // The patterns alone cause no requests.
    let before = issuer.requests_to("/acme/v2.0/jwks");
    let report = handle.doctor().await;
    assert_eq!(report.to_string(), Verify::doctor(&handle).await.to_string());
    assert!(report.is_healthy(), "{report}");
    assert!(report.to_string().contains(&format!("pattern: passed; found {PATTERN}")), "{report}");
    assert_eq!(issuer.requests_to("/acme/v2.0/jwks"), before);

    issuer.fail(Fault::Status(502));
    let report = handle.doctor_tenant("acme").await;
    assert_eq!(
        (problem(&report).rule(), problem(&report).verdict()),
        ("metadata", Verdict::Unknown)
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_tenant_is_said_with_the_fix() {
    let other = TestIssuer::named("https://login.test/globex/v2.0");
    for (resolution, found, hint) in [
        (Ok(TenantResolution::Unknown), "unknown to the resolver", "check the name"),
        (Ok(TenantResolution::Keep), "a verifier to keep", "only if `tenant.is_known()`"),
        (
            Ok(TenantResolution::Use(verifier(&other))),
            "https://login.test/globex/v2.0",
            "build it with `tenant.issuer()`",
        ),
        (Err(Error::unavailable("no database")), "no database", "the resolver failed"),
    ] {
        let issuers = with_tenants(PATTERN, resolution).build().unwrap();
        let report = issuers.doctor_tenant("acme").await;
        let problem = problem(&report);
        assert_eq!(problem.rule(), "tenant");
        assert!(problem.found_value().unwrap().contains(found), "{report}");
        assert!(problem.hint_text().unwrap().contains(hint), "{report}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_resolver_that_hangs_is_a_finding() {
    let issuers = Issuers::builder()
        .tenants(PATTERN, async |_: Tenant| std::future::pending().await)
        .build()
        .unwrap();
    let report = issuers.doctor_tenant("acme").await;
    assert_eq!(problem(&report).found_value(), Some("no answer of the resolver within 10 s"));
}

#[tokio::test]
async fn a_name_that_no_pattern_matches_is_compared_with_the_patterns() {
    let named = TestIssuer::named("https://as.test");
    named.publish(Algorithm::Es256);
    let unknown = || Ok(TenantResolution::Unknown);
    let issuers = with_tenants(PATTERN, unknown()).trust(verifier(&named)).build().unwrap();
    for tenant in ["https://login.test/acme/v2.0/", "https://login.test/a/b/v2.0", "a/b", ""] {
        let report = issuers.doctor_tenant(tenant).await;
        let problem = problem(&report);
        assert_eq!((problem.rule(), problem.expected_value()), ("pattern", Some(PATTERN)));
        assert!(problem.hint_text().unwrap().contains("byte for byte"), "{report}");
    }
    // A configured issuer isn't a tenant.
    let report = issuers.doctor_tenant("https://as.test").await;
    assert!(report.is_healthy() && report.to_string().contains("metadata: passed"), "{report}");
}

#[tokio::test]
async fn patterns_that_match_nothing_or_too_late_are_reported() {
    let unknown = || Ok(TenantResolution::Unknown);
    let report = with_tenants("https://{region}.test/{tenant}", unknown()).build().unwrap();
    let report = report.doctor().await;
    assert!(problem(&report).hint_text().unwrap().contains("another placeholder"), "{report}");

    let shadowed = with_tenants("https://login.test/{tenant}", unknown())
        .tenants("https://login.test/t{tenant}", async |_: Tenant| Ok(None))
        .build()
        .unwrap();
    let report = shadowed.doctor().await;
    let hint = problem(&report).hint_text().unwrap();
    assert!(hint.starts_with("the pattern `https://login.test/{tenant}` comes first"), "{report}");

    let report = with_tenants("urn:{tenant}", unknown()).build().unwrap().doctor().await;
    assert!(report.is_healthy() && report.to_string().contains("need `jwks_uri`"), "{report}");
}
