//! Writes rejections into tonic's body.

use http_body_util::Full;
use tonic::body::Body;

use crate::response::RejectionBody;

impl RejectionBody for Body {
    fn from_bytes(bytes: Vec<u8>) -> Self {
        if bytes.is_empty() { Self::empty() } else { Self::new(Full::from(bytes)) }
    }
}
