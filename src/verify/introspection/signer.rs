//! The verifier of signed responses, if this build has one.

#[cfg(feature = "_jwt")]
pub(super) use crate::JwtVerifier as Signer;

/// No signer can be configured without a JWT back end.
#[cfg(not(feature = "_jwt"))]
#[derive(Debug)]
pub(super) enum Signer {}

#[cfg(not(feature = "_jwt"))]
impl Signer {
    #[expect(clippy::unused_async, reason = "the real one is async")]
    pub(super) async fn verify_introspection_response(
        &self,
        _jws: &str,
        _client_id: Option<&str>,
        _max_age: std::time::Duration,
    ) -> Result<Box<str>, crate::Error> {
        match *self {}
    }
}
