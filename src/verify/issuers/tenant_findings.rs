//! The findings about a pattern and its tenants, for operators.

use std::{sync::Arc, time::Duration};

use super::{TenantResolution, tenants::Tenants};
use crate::{
    error::{Finding, Report, TokenFault},
    url::{self, Query},
    verify::DoctorReport,
};

/// How long `doctor` waits for the resolver.
const RESOLVER_TIMEOUT: Duration = Duration::from_secs(10);

impl Tenants {
    /// Says about the pattern what will fail. `earlier` are patterns that are tried before it.
    pub(super) fn examine(&self, earlier: &[Arc<Self>]) -> Finding {
        let sample = self.pattern.issuer_of("tenant");
        let finding = Finding::passed("pattern").found(self.pattern());
        let failed = || Finding::failed("pattern", TokenFault::Issuer).found(self.pattern());
        if let Some(other) = earlier.iter().find(|tenants| tenants.matches(&sample)) {
            return failed().hint(format!(
                "the pattern `{}` comes first and matches the same issuers: remove one of them",
                other.pattern()
            ));
        }
        if sample.contains(['{', '}']) {
            return failed().hint(
                "the pattern has another placeholder beside `{tenant}`, which matches itself only: replace it with its \
                 value",
            );
        }
        if url::parse(&sample, Query::Forbidden, false).is_err() {
            return finding.hint(
                "no metadata is at such a URL: the verifiers of these tenants need `jwks_uri` or `metadata_url`",
            );
        }
        finding.hint("only the pattern was checked: see `doctor_tenant` for the metadata and the keys of one tenant")
    }

    /// Resolves a tenant as its first token would, without limits and without keeping it, and asks its issuer what a
    /// verification would ask.
    pub(super) async fn doctor(&self, issuer: &str) -> DoctorReport {
        let report = DoctorReport::new();
        let Some(tenant) = self.pattern.tenant(issuer, false) else { return report };
        let resolved = tokio::time::timeout(RESOLVER_TIMEOUT, (self.resolve)(tenant)).await;
        let finding = match resolved {
            Ok(Ok(TenantResolution::Replace(verifier) | TenantResolution::Use(verifier))) => {
                let finding = Finding::passed("tenant").found(verifier.issuer.name());
                if verifier.issuer.name() == issuer {
                    return report
                        .section(issuer, vec![finding])
                        .merge(verifier.issuer.doctor().await);
                }
                Finding::failed("tenant", TokenFault::Issuer)
                    .expected(issuer)
                    .found(verifier.issuer.name())
                    .hint("the resolver returns a verifier for another issuer: build it with `tenant.issuer()`")
            }
            Ok(Ok(TenantResolution::Unknown)) => Finding::failed("tenant", TokenFault::Issuer)
                .found("unknown to the resolver")
                .hint("tokens of this tenant are rejected: add it to what the resolver reads, or check the name"),
            Ok(Ok(TenantResolution::Keep)) => Finding::failed("tenant", TokenFault::Issuer)
                .found("a verifier to keep")
                .hint("a new tenant has no verifier to keep: return `Keep` only if `tenant.is_known()`"),
            Ok(Err(error)) => {
                Finding::unknown("tenant").found(&Report(&error).to_string()).hint("the resolver failed")
            }
            Err(_) => Finding::unknown("tenant").found("no answer of the resolver within 10 s"),
        };
        report.section(issuer, vec![finding])
    }
}
