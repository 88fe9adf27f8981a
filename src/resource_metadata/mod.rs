//! Protected resource metadata ([RFC 9728]): a document that tells clients where to get tokens for a service.
//!
//! [`ProtectedResource`] contains what you configure. A layer derives the rest of the `document` from its own settings
//! ([`AuthenticateLayer::resource`](crate::AuthenticateLayer::resource)), so that the two can't disagree. The layer
//! serves the document. If it isn't outermost, [`MetadataService`] does.
//!
//! ```
//! use portcullis::ProtectedResource;
//!
//! let resource = ProtectedResource::builder("https://api.example/orders").build()?;
//! assert_eq!(
//!     resource.metadata_url(),
//!     "https://api.example/.well-known/oauth-protected-resource/orders"
//! );
//! # Ok::<(), portcullis::ConfigError>(())
//! ```
//!
//! [RFC 9728]: https://www.rfc-editor.org/rfc/rfc9728

mod bearer_method;
mod builder;
mod derived;
mod document;
mod resource;
mod service;
mod signer;

pub use crate::claims::ResourceIdentifier;

pub use self::{
    bearer_method::BearerMethod, builder::ProtectedResourceBuilder, resource::ProtectedResource,
    service::MetadataService,
};
pub(crate) use self::{
    derived::{DerivedMetadata, DpopSupport},
    document::MetadataDocument,
    signer::MetadataSigner,
};
