//! What a layer knows about its resource.

use std::collections::BTreeSet;

use super::BearerMethod;
use crate::Scope;

/// The members that follow from the configuration of a layer.
#[derive(Debug, Default)]
pub(crate) struct DerivedMetadata {
    /// The trusted issuers, some of which may not be URLs.
    pub(crate) issuers: Vec<String>,
    pub(crate) scopes: BTreeSet<Scope>,
    pub(crate) bearer_methods: Vec<BearerMethod>,
    pub(crate) dpop: Option<DpopSupport>,
    /// Whether tokens that are bound to a client certificate are accepted (RFC 8705).
    pub(crate) verifies_certificates: bool,
}

/// What a layer with DPoP accepts.
#[derive(Debug)]
pub(crate) struct DpopSupport {
    pub(crate) algorithms: Vec<String>,
    /// Whether every token has to be bound to a key.
    pub(crate) is_required: bool,
}
