//! Writes rejections as gRPC trailers.

use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode,
    header::{
        CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, TRAILER, TRANSFER_ENCODING,
        WWW_AUTHENTICATE,
    },
    response::Parts,
};

use super::{Protocol, base64, details::details};
use crate::{
    Error,
    error::retry_after,
    response::{RejectionBody, Rendered, render::Renderer},
    scheme::Scheme,
};

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const GRPC_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
/// The number of milliseconds after which a client may retry automatically (gRFC A6).
const GRPC_PUSHBACK: HeaderName = HeaderName::from_static("grpc-retry-pushback-ms");

impl Renderer {
    /// Writes an error into a response with a given head: status 200, and trailers in the headers, without a body.
    /// grpc-web clients accept this too, because no message precedes the trailers.
    pub(crate) fn render_grpc<B: RejectionBody>(
        &self,
        error: Error,
        protocol: Protocol,
        used: Option<Scheme>,
        mut head: Parts,
    ) -> Response<B> {
        head.status = StatusCode::OK;
        let headers = &mut head.headers;
        for stale in
            [CONTENT_ENCODING, CONTENT_LENGTH, TRAILER, TRANSFER_ENCODING, WWW_AUTHENTICATE]
        {
            headers.remove(stale);
        }
        if let Some(content_type) = protocol.content_type() {
            headers.insert(CONTENT_TYPE, content_type);
        }
        headers.extend(self.grpc_trailers(&error, used));
        head.extensions.insert(Rendered(error));
        Response::from_parts(head, B::from_bytes(Vec::new()))
    }

    /// Returns status, message and details, and the metadata that corresponds to HTTP headers.
    pub(crate) fn grpc_trailers(&self, error: &Error, used: Option<Scheme>) -> HeaderMap {
        let kind = error.kind();
        let mut trailers = self.grpc_metadata(error, used);
        trailers.insert(GRPC_STATUS, kind.grpc_code().into());
        // Descriptions are constants without characters that need percent-encoding.
        trailers.insert(GRPC_MESSAGE, HeaderValue::from_static(kind.description()));
        let details = base64::encode(&details(error, self.realm.as_deref()));
        if let Ok(details) = HeaderValue::try_from(details) {
            trailers.insert(GRPC_DETAILS, details);
        }
        trailers
    }

    /// Returns only the metadata: the challenges, and when to retry.
    pub(crate) fn grpc_metadata(&self, error: &Error, used: Option<Scheme>) -> HeaderMap {
        let mut metadata = HeaderMap::with_capacity(6);
        for challenge in self.challenges(error, used) {
            metadata.append(WWW_AUTHENTICATE, in_ascii(challenge));
        }
        if let Some(delay) = error.retry_after() {
            let seconds = retry_after::whole_seconds(delay);
            metadata.insert(RETRY_AFTER, seconds.into());
            metadata.insert(GRPC_PUSHBACK, seconds.saturating_mul(1000).into());
        }
        metadata
    }
}

/// Replaces non-ASCII characters, which a realm may contain but metadata must not.
fn in_ascii(value: HeaderValue) -> HeaderValue {
    if value.to_str().is_ok() {
        return value;
    }
    let text = String::from_utf8_lossy(value.as_bytes());
    let text: String = text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
    HeaderValue::try_from(text).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ErrorKind,
        error::{AuthenticationFault, RequestFault, TokenFault},
    };

    #[test]
    fn no_description_needs_percent_encoding() {
        for kind in [
            ErrorKind::AccessDenied,
            ErrorKind::InsufficientScope,
            AuthenticationFault::Age.into(),
            AuthenticationFault::Class.into(),
            ErrorKind::InvalidCredentials,
            RequestFault::Malformed.into(),
            RequestFault::Repeated.into(),
            RequestFault::TooLong.into(),
            TokenFault::Algorithm.into(),
            TokenFault::Audience.into(),
            TokenFault::Claims.into(),
            TokenFault::Expired.into(),
            TokenFault::Inactive.into(),
            TokenFault::Issuer.into(),
            TokenFault::Malformed.into(),
            TokenFault::NotYetValid.into(),
            TokenFault::Rejected.into(),
            TokenFault::Revoked.into(),
            TokenFault::Signature.into(),
            TokenFault::Type.into(),
            TokenFault::UnknownKey.into(),
            ErrorKind::MissingCredentials,
            ErrorKind::Misconfigured,
            ErrorKind::TooManyAttempts,
            ErrorKind::Unavailable,
        ] {
            let plain = |byte| matches!(byte, b' '..=b'~') && byte != b'%';
            assert!(kind.description().bytes().all(plain), "{kind:?}");
        }
    }

    #[test]
    fn a_challenge_is_ascii_in_metadata() {
        let challenge = HeaderValue::from_str("Bearer realm=\"caf\u{e9}\"").unwrap();
        assert_eq!(in_ascii(challenge), "Bearer realm=\"caf?\"");
    }
}
