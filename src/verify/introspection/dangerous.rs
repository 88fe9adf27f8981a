//! The options of an [`IntrospectionVerifierBuilder`] that weaken security.

use super::builder::IntrospectionVerifierBuilder;
use crate::verify::AudienceGiven;

/// Options that weaken security and have to be opted into explicitly: see
/// [`IntrospectionVerifierBuilder::dangerous`].
#[derive(Debug)]
#[must_use]
pub struct IntrospectionDangerous<Client, Audience>(IntrospectionVerifierBuilder<Client, Audience>);

impl<Client, Audience> IntrospectionVerifierBuilder<Client, Audience> {
    /// Provides options that weaken security and have to be opted into explicitly.
    pub fn dangerous(self) -> IntrospectionDangerous<Client, Audience> {
        IntrospectionDangerous(self)
    }
}

impl<Client, Audience> IntrospectionDangerous<Client, Audience> {
    /// Accepts tokens for any audience, and without one. This includes tokens that clients sent to
    /// another service, which that service could then use to call this one.
    pub fn any_audience(mut self) -> IntrospectionVerifierBuilder<Client, AudienceGiven> {
        self.0.settings.any_audience = true;
        self.0.into_state()
    }

    /// Allows plain `http`. Anyone on the network path can then read tokens and the credentials of
    /// this service, and make any token active.
    pub fn plain_http(mut self) -> IntrospectionVerifierBuilder<Client, Audience> {
        self.0.settings.urls.allow_http = true;
        self.0
    }

    /// Accepts an `introspection_endpoint` at a loopback, private or otherwise special address, even if the
    /// issuer itself is at a public address. Anyone who can change the metadata can then make this service
    /// send requests, with tokens and its credentials, into its internal network.
    ///
    /// ```
    /// use portcullis::IntrospectionVerifier;
    ///
    /// let verifier = IntrospectionVerifier::discover("https://as.example")
    ///     .client_secret_basic("orders-api", "s3cret")
    ///     .audience("https://api.example")
    ///     .dangerous()
    ///     .private_addresses()
    ///     .build();
    /// assert!(verifier.is_ok());
    /// ```
    pub fn private_addresses(mut self) -> IntrospectionVerifierBuilder<Client, Audience> {
        self.0.settings.urls.allow_private = true;
        self.0
    }
}
