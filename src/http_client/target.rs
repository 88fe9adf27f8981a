//! The target of a request.

use std::fmt;

use http::{Request, Uri};

use super::AddressPolicy;
use crate::url::shown;

/// A URL, and a policy for the addresses to which requests may connect.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Target {
    uri: Uri,
    policy: AddressPolicy,
}

impl Target {
    /// Creates a target from a URL of the configuration.
    pub(crate) const fn configured(uri: Uri) -> Self {
        Self { uri, policy: AddressPolicy::ANY }
    }

    /// Creates a target from a URL of an issuer's metadata.
    pub(super) const fn learned(uri: Uri, policy: AddressPolicy) -> Self {
        Self { uri, policy }
    }

    /// Creates a `GET` request.
    pub(crate) fn request(&self, body: Vec<u8>) -> Request<Vec<u8>> {
        let mut request = Request::new(body);
        *request.uri_mut() = self.uri.clone();
        if self.policy != AddressPolicy::ANY {
            request.extensions_mut().insert(self.policy);
        }
        request
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Shows the URL without the parts that may be secret.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.uri))
    }
}
