//! Replaces `client_assertion` without a JWT back end: there are no private keys.

use crate::claims::NumericDate;

#[derive(Debug, Clone)]
pub(super) enum PrivateKey {}

#[derive(Debug, thiserror::Error)]
#[error("could not sign the client assertion")]
pub(super) enum AssertionError {}

pub(super) fn sign(
    key: &PrivateKey,
    _client_id: &str,
    _audience: &str,
    _now: NumericDate,
) -> Result<String, AssertionError> {
    match *key {}
}
