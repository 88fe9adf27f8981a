//! The input and the outcome of verifying a binding.

use std::{future::Future, pin::Pin};

use http::{Extensions, HeaderMap, HeaderName, Method};

use crate::{Error, scheme::Scheme};

/// The request header that contains a DPoP proof.
pub(in crate::verify::binding) const DPOP: HeaderName = HeaderName::from_static("dpop");

/// The response header with the nonce for the client's next proof.
pub(crate) const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// A request that has to prove possession of a key.
#[derive(Clone, Copy)]
pub(crate) struct BoundRequest<'a> {
    pub(crate) method: &'a Method,
    /// The path as the client sent it.
    pub(crate) path: &'a str,
    pub(crate) headers: &'a HeaderMap,
    /// The extensions, into which a server inserts information about the connection.
    pub(crate) extensions: &'a Extensions,
    pub(crate) scheme: Scheme,
    /// The token, if it came with the scheme `DPoP`.
    pub(crate) token: &'a [u8],
}

/// The outcome of verifying a binding.
pub(crate) enum BindingVerdict {
    /// If `renews_nonce` is true, the client's nonce is getting old, and the response should supply
    /// a new one.
    Verified {
        renews_nonce: bool,
    },
    Rejected(Error),
    /// Verified, if the future completes without an error.
    Pending {
        outcome: BindingFuture,
        renews_nonce: bool,
    },
}

pub(crate) type BindingFuture = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

impl BindingVerdict {
    pub(in crate::verify::binding) const VERIFIED: Self = Self::Verified { renews_nonce: false };
}
