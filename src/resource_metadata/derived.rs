//! The metadata that a layer derives from its configuration.

use std::collections::BTreeSet;

use super::BearerMethod;
use crate::Scope;

/// The members that are derived from the configuration of a layer.
#[derive(Debug, Default)]
pub(crate) struct DerivedMetadata {
    /// The trusted issuers. Some may not be URLs.
    pub(crate) issuers: Vec<String>,
    pub(crate) scopes: BTreeSet<Scope>,
    pub(crate) bearer_methods: Vec<BearerMethod>,
    pub(crate) dpop: Option<DpopSupport>,
    /// Whether certificate-bound tokens are accepted (RFC 8705).
    pub(crate) verifies_certificates: bool,
}

/// The DPoP settings of a layer.
#[derive(Debug)]
pub(crate) struct DpopSupport {
    pub(crate) algorithms: Vec<String>,
    /// Whether every token has to be bound to a key.
    pub(crate) is_required: bool,
}
