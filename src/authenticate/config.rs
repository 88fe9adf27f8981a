//! The configuration of one layer.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use http::{HeaderMap, HeaderName};

use super::challenge_scopes::ChallengeScopes;
use crate::{
    BasicCredentials, BearerToken, Policies, ProtectedResource, Verify,
    credentials::{GuessKey, RequestHead, Sources},
    error::subject_field::SubjectField,
    identity::LayerContext,
    resource_metadata::MetadataDocument,
    response::Renderer,
    scope::ScopeHierarchy,
    telemetry::RejectionLog,
    verify::binding::Bindings,
};

/// Returns the key that failed attempts are counted by, in addition to the user.
pub(super) type GuessKeyOf = dyn Fn(&RequestHead<'_>) -> Option<GuessKey> + Send + Sync;

/// The configuration of a layer.
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
#[derive(Clone)]
pub(super) struct Config {
    pub(super) sources: Sources,
    pub(super) tokens: Option<Arc<dyn for<'a> Verify<BearerToken<'a>>>>,
    pub(super) users: Option<Arc<dyn Verify<BasicCredentials>>>,
    pub(super) guess_key: Option<Arc<GuessKeyOf>>,
    pub(super) policies: Option<Policies>,
    /// Whether an inner service reads the operations of an MCP endpoint from bodies.
    pub(super) reads_mcp_bodies: bool,
    pub(super) bindings: Bindings,
    pub(super) hierarchy: Option<ScopeHierarchy>,
    /// What the checks of identities depend on. `None` for the defaults.
    pub(super) context: Option<Arc<LayerContext>>,
    pub(super) challenge_scopes: ChallengeScopes,
    pub(super) resource: Option<ProtectedResource>,
    /// The metadata of `resource`, rendered when the layer is applied. Empty without a resource.
    pub(super) metadata_document: OnceLock<Arc<MetadataDocument>>,
    /// Set once the unknown scopes of the hierarchy have been logged.
    pub(super) unknown_scopes_logged: OnceLock<()>,
    /// Policies take precedence.
    pub(super) anonymous: Anonymous,
    pub(super) hide_basic_from_scripts: bool,
    /// Set by [`AuthenticateLayer::grpc`](crate::AuthenticateLayer::grpc), or by policies with rows for gRPC.
    pub(super) speaks_grpc: bool,
    pub(super) renderer: Renderer,
    /// The headers of a request that the body of its rejection may show.
    pub(super) rejection_headers: Vec<HeaderName>,
    /// Whether rejections have a diagnosis even if no subscriber of `tracing` reads it.
    pub(super) records_diagnoses: bool,
    /// The form of subjects in diagnoses, if they are shown.
    pub(super) subjects: Option<Arc<SubjectField>>,
    pub(super) log: Arc<RejectionLog>,
}

/// Which requests are admitted as anonymous.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anonymous {
    Rejected,
    /// Requests without credentials.
    WithoutCredentials,
    /// Requests with an invalid token too.
    WithInvalidToken,
}

impl Config {
    /// Returns the headers that the body of a rejection may show. `None` if none are configured.
    #[inline]
    pub(super) fn rejection_headers(&self, request: &HeaderMap) -> Option<Box<HeaderMap>> {
        if self.rejection_headers.is_empty() {
            None
        } else {
            Some(self.copy_headers(request).into())
        }
    }

    fn copy_headers(&self, request: &HeaderMap) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for name in &self.rejection_headers {
            for value in request.get_all(name) {
                headers.append(name, value.clone());
            }
        }
        self.sources.mark_sensitive(&mut headers);
        headers
    }

    /// Prepares what the checks of identities depend on, after the hierarchy, the clock or the form of subjects has changed.
    pub(super) fn prepare_context(&mut self) {
        let (hierarchy, clock) = (self.hierarchy.clone(), Arc::clone(&self.renderer.clock));
        let subjects = self.subjects.clone();
        self.context = Some(Arc::new(LayerContext { hierarchy, clock, subjects }));
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticateLayer")
            .field("sources", &self.sources)
            .field("policies", &self.policies)
            .field("bindings", &self.bindings)
            .field("hierarchy", &self.hierarchy)
            .field("resource", &self.resource)
            .field("anonymous", &self.anonymous)
            .field("hide_basic_from_scripts", &self.hide_basic_from_scripts)
            .field("speaks_grpc", &self.speaks_grpc)
            .field("renderer", &self.renderer)
            .finish_non_exhaustive()
    }
}
