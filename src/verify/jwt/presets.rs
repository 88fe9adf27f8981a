//! Preconfigured builders for the tokens that platforms issue to workloads.
//!
//! Each function returns a [`JwtVerifierBuilder`] with the settings that all services need for these tokens.
//! Set the [audience](JwtVerifierBuilder::audience) of the service, and restrict which workloads are accepted
//! with [`require_claim`](JwtVerifierBuilder::require_claim), [`require_claim_prefix`] or
//! [`check`](JwtVerifierBuilder::check).
//!
//! | function | tokens of | relaxation for this issuer |
//! |---|---|---|
//! | [`github_actions`] | GitHub Actions | none |
//! | [`gitlab`] | GitLab CI/CD | none |
//! | [`kubernetes`], [`kubernetes_in_cluster`] | Kubernetes service accounts | with the second, the issuer can have any name |
//! | [`spiffe`] | SPIFFE (JWT-SVIDs) | no `iss`, `typ: JOSE`, keys with `use: jwt-svid` |
//!
//! [`require_claim_prefix`]: JwtVerifierBuilder::require_claim_prefix

use http::Uri;

use super::{JwtVerifierBuilder, Profile};
use crate::{
    Algorithm, JwtVerifier,
    http_client::{HttpClient, TokenFileClient},
    verify::AudienceMissing,
};

const API_SERVER: &str = "https://kubernetes.default.svc";

/// The file with the CA certificates of the cluster in a Kubernetes pod.
pub const KUBERNETES_CA_FILE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";

/// The file with the token of the service account in a Kubernetes pod.
pub const KUBERNETES_TOKEN_FILE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// Creates a builder for the ID tokens of GitHub Actions, for workflows in the repositories of
/// `owner`.
///
/// Anyone on GitHub can request a token for any audience, so `repository_owner` is required. A name can be
/// taken over by someone else after it was given up, so require `repository_owner_id` as well.
///
/// ```
/// use portcullis::jwt::presets;
///
/// let verifier = presets::github_actions("acme")
///     .audience("https://deploy.acme.example")
///     .require_claim("repository_owner_id", "1234567")
///     .require_claim("repository", "acme/orders")
///     .require_claim("ref", "refs/heads/main")
///     .build();
/// assert!(verifier.is_ok());
/// ```
pub fn github_actions(owner: impl Into<String>) -> JwtVerifierBuilder<AudienceMissing> {
    JwtVerifier::builder("https://token.actions.githubusercontent.com")
        .algorithms([Algorithm::Rs256])
        .require_claim("repository_owner", owner)
}

/// Creates a builder for the ID tokens of GitLab CI/CD, for jobs of the projects in `group` and its subgroups.
/// `issuer` is the URL of the instance, such as `https://gitlab.com`.
///
/// Anyone with a project can request a token for any audience, so `project_path` must begin with the group.
///
/// ```
/// use portcullis::jwt::presets;
///
/// let verifier = presets::gitlab("https://gitlab.com", "acme")
///     .audience("https://deploy.acme.example")
///     .require_claim("project_path", "acme/orders")
///     .require_claim("ref_protected", "true")
///     .build();
/// assert!(verifier.is_ok());
/// ```
pub fn gitlab(
    issuer: impl Into<String>,
    group: impl AsRef<str>,
) -> JwtVerifierBuilder<AudienceMissing> {
    let group = group.as_ref().trim_matches('/');
    JwtVerifier::builder(issuer)
        .algorithms([Algorithm::Rs256])
        // Without a group, the prefix is empty, which `build` rejects.
        .require_claim_prefix(
            "project_path",
            if group.is_empty() { String::new() } else { format!("{group}/") },
        )
}

/// Creates a builder for the tokens of Kubernetes service accounts, for a cluster with public keys, such as the
/// managed clusters of the large cloud providers. `issuer` is the cluster's `--service-account-issuer`, which
/// `kubectl get --raw /.well-known/openid-configuration` prints.
///
/// `sub` must be a service account: `system:serviceaccount:NAMESPACE:NAME`.
///
/// ```
/// use portcullis::jwt::presets;
///
/// let verifier = presets::kubernetes("https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE")
///     .audience("https://orders.acme.example")
///     .require_claim("sub", "system:serviceaccount:billing:worker")
///     .build();
/// assert!(verifier.is_ok());
/// ```
pub fn kubernetes(issuer: impl Into<String>) -> JwtVerifierBuilder<AudienceMissing> {
    JwtVerifier::builder(issuer).require_claim_prefix("sub", "system:serviceaccount:")
}

/// Creates a builder for the tokens of Kubernetes service accounts, for a service that runs in the cluster. The
/// keys are fetched from the API server with `client`, which must trust the cluster's CA.
///
/// The API server requires authentication, so requests contain the token of the pod's service account, which is
/// read from its file each time. The issuer can be any name, such as `https://kubernetes.default.svc` or
/// `kubernetes/serviceaccount`.
///
/// ```no_run
/// # #[cfg(feature = "reqwest")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use portcullis::{http_client::ReqwestClient, jwt::presets};
///
/// let ca = std::fs::read(presets::KUBERNETES_CA_FILE)?;
/// let client = ReqwestClient::builder().ca_certificate(ca).no_proxy().build()?;
/// let verifier = presets::kubernetes_in_cluster("https://kubernetes.default.svc", client)
///     .audience("https://orders.acme.example")
///     .build()?;
/// assert_eq!(verifier.readiness().issuer(), "https://kubernetes.default.svc");
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "reqwest"))]
/// # fn main() {}
/// ```
pub fn kubernetes_in_cluster(
    issuer: impl Into<String>,
    client: impl HttpClient,
) -> JwtVerifierBuilder<AudienceMissing> {
    let server = Uri::from_static(API_SERVER);
    let client = TokenFileClient::for_server(client, server, KUBERNETES_TOKEN_FILE);
    kubernetes(issuer).jwks_uri(format!("{API_SERVER}/openid/v1/jwks")).http_client(client)
}

/// Creates a builder for SPIFFE JWT-SVIDs of a trust domain, such as `example.org`. Add the keys with
/// [`jwks_uri`](JwtVerifierBuilder::jwks_uri), the URL of the trust domain's bundle endpoint, or with
/// [`jwk_set`](JwtVerifierBuilder::jwk_set), the text of a bundle.
///
/// A JWT-SVID has no `iss`. Instead, `sub` must be a SPIFFE ID in the trust domain. [`Profile::JwtSvid`]
/// describes the other differences.
///
/// ```
/// use portcullis::jwt::presets;
///
/// let verifier = presets::spiffe("example.org")
///     .jwks_uri("https://spire.example.org/bundle")
///     .audience("spiffe://example.org/orders")
///     .require_claim_prefix("sub", "spiffe://example.org/billing/")
///     .build();
/// assert!(verifier.is_ok());
/// ```
pub fn spiffe(trust_domain: impl AsRef<str>) -> JwtVerifierBuilder<AudienceMissing> {
    let trust_domain = trust_domain.as_ref();
    let trust_domain = trust_domain.strip_prefix("spiffe://").unwrap_or(trust_domain);
    JwtVerifier::builder(format!("spiffe://{trust_domain}")).profile(Profile::JwtSvid)
}
