//! The configuration document, and what is built from it.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer};

use super::{
    environment::Environment, issuer, node::Node, policies, problems::Problems, table::Table,
};
use crate::{
    Clock, Issuers, Policies,
    clock::SystemClock,
    digest::sha256,
    http_client::HttpClient,
    issuers::IssuersBuilder,
    verify::{Revocations, issuers::EntryName},
};

/// Trusted issuers and policies as data. See the [module](self::super) for the members of the document.
///
/// ```
/// use portcullis::{configuration::Configuration, issuers::IssuersHandle};
///
/// let json = r#"{
///     "audience": "https://api.example",
///     "issuers": [{ "issuer": "https://as.example", "algorithms": ["ES256"] }],
///     "policies": { "rows": [{ "method": "GET", "path": "/orders", "scopes": ["orders:read"] }] }
/// }"#;
/// let configuration: Configuration = serde_json::from_str(json)?;
/// let configured = configuration.build()?;
/// assert_eq!(configured.policies.unwrap().rows().len(), 1);
/// let handle = IssuersHandle::new(configured.issuers);
/// // let layer = AuthenticateLayer::bearer(handle.clone()).policies(policies);
///
/// // Later, when the file has changed:
/// let configuration: Configuration = serde_json::from_str(json)?;
/// handle.replace(&configuration.build()?.issuers);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `Debug` doesn't show the document, because it may contain secrets.
#[derive(Clone)]
#[must_use]
pub struct Configuration {
    document: Node,
    client: Option<Arc<dyn HttpClient>>,
    clock: Arc<dyn Clock>,
    revocations: Option<Revocations>,
}

/// The verifier and the policy table that a [`Configuration`] describes.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Configured {
    /// The verifier for tokens of all configured issuers.
    pub issuers: Issuers,
    /// The policy table, if the document has one.
    pub policies: Option<Policies>,
}

impl Configuration {
    /// Sets the HTTP client for all verifiers. The default is the client that
    /// [`JwtVerifierBuilder::http_client`](crate::jwt::JwtVerifierBuilder::http_client) documents.
    pub fn http_client(mut self, client: impl HttpClient) -> Self {
        self.client = Some(Arc::new(client));
        self
    }

    /// Sets the clock of all verifiers. The default is [`SystemClock`].
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the revocation list, as [`IssuersBuilder::revocations`] does.
    ///
    /// By default, the issuers have a separate list, which an [`IssuersHandle`](crate::issuers::IssuersHandle)
    /// keeps when the issuers are replaced. If the list is shared or used elsewhere, set it on each configuration.
    pub fn revocations(mut self, revocations: Revocations) -> Self {
        self.revocations = Some(revocations);
        self
    }

    /// Builds the verifier and the policy table. Reads the files that the document names.
    ///
    /// # Errors
    ///
    /// Returns every problem, each with its path in the document.
    pub fn build(&self) -> Result<Configured, Problems> {
        let mut problems = Problems::new();
        let mut policies = None;
        let mut issuers = Issuers::builder();
        if let Some(mut top) = Table::of(&self.document, String::new(), &mut problems) {
            let environment = Environment {
                audience: top.texts("audience", &mut problems),
                client: self.client.clone(),
                clock: Arc::clone(&self.clock),
            };
            if let Some(revocations) = &self.revocations {
                issuers = issuers.revocations(revocations.clone());
            }
            issuers = issuers.clock(Arc::clone(&self.clock));
            if let Some(bytes) = top.size("token_cache_bytes", &mut problems) {
                issuers = issuers.token_cache(bytes);
            }
            issuers = trust_all(&mut top, &environment, issuers, &mut problems);
            issuers = introspect(&mut top, &environment, issuers, &mut problems);
            if let Some(table) = top.table("policies", &mut problems) {
                policies = policies::policies(table, &mut problems);
            }
            let has_verifier = top.has("issuers") || top.has("introspection");
            if !has_verifier {
                problems.add("issuers", "this or `introspection` must be set");
            }
            top.finish(&mut problems);
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        match issuers.build() {
            Ok(issuers) => Ok(Configured { issuers, policies }),
            Err(error) => {
                problems.add_error("issuers", &error);
                Err(problems)
            }
        }
    }
}

/// Adds the verifiers of all issuers.
fn trust_all(
    top: &mut Table<'_>,
    environment: &Environment<'_>,
    mut issuers: IssuersBuilder,
    problems: &mut Problems,
) -> IssuersBuilder {
    let nodes = match top.node("issuers") {
        None => return issuers,
        Some(Node::List(nodes)) => nodes,
        Some(other) => {
            problems.add("issuers", format_args!("must be a list, not {}", other.kind()));
            return issuers;
        }
    };
    for (place, node) in nodes.iter().enumerate() {
        let path = format!("issuers[{place}]");
        let mut digests = Vec::new();
        let Some(mut table) = Table::of(node, path.clone(), problems) else { continue };
        if let Some(inner) = table.node("introspection") {
            let name = table.required_text("issuer", problems);
            let path = table.path_of("introspection");
            table.finish(problems);
            let verifier = introspection(inner, &path, environment, &mut digests, problems);
            if let (Some(name), Some(verifier)) = (name, verifier) {
                issuers = issuers.trust_with(name, verifier);
                let fingerprint = fingerprint(node, environment, digests);
                issuers = issuers.fingerprint(EntryName::Issuer(name.to_owned()), fingerprint);
            }
            continue;
        }
        let verifier = issuer::verifier(node, &path, environment, &mut digests, problems);
        if let Some(verifier) = verifier {
            let entry = EntryName::Issuer(verifier.issuer.name().to_owned());
            issuers = issuers.trust(verifier);
            issuers = issuers.fingerprint(entry, fingerprint(node, environment, digests));
        }
    }
    issuers
}

/// Adds the verifier for tokens that aren't JWTs.
fn introspect(
    top: &mut Table<'_>,
    environment: &Environment<'_>,
    issuers: IssuersBuilder,
    problems: &mut Problems,
) -> IssuersBuilder {
    let Some(node) = top.node("introspection") else { return issuers };
    let mut digests = Vec::new();
    let verifier = introspection(node, "introspection", environment, &mut digests, problems);
    let Some(verifier) = verifier else { return issuers };
    let fingerprint = fingerprint(node, environment, digests);
    issuers.opaque(verifier).fingerprint(EntryName::Opaque, fingerprint)
}

#[cfg(feature = "introspection")]
use super::introspection::verifier as introspection;

#[cfg(not(feature = "introspection"))]
fn introspection(
    _node: &Node,
    path: &str,
    _environment: &Environment<'_>,
    _digests: &mut Vec<u8>,
    problems: &mut Problems,
) -> Option<crate::JwtVerifier> {
    problems.add(path, "requires the feature `introspection` of portcullis");
    None
}

/// Returns a digest of everything that an entry depends on: its members, the top-level settings, and its files.
fn fingerprint(node: &Node, environment: &Environment<'_>, digests: Vec<u8>) -> [u8; 32] {
    let audience = environment.audience.iter().map(|name| Node::Text((*name).to_owned()));
    let mut bytes = digests;
    node.write_canonical(&mut bytes);
    Node::List(audience.collect()).write_canonical(&mut bytes);
    sha256(&bytes)
}

impl<'de> Deserialize<'de> for Configuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = Node::deserialize(deserializer)?;
        Ok(Self { document, client: None, clock: Arc::new(SystemClock), revocations: None })
    }
}

impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Configuration").finish_non_exhaustive()
    }
}
