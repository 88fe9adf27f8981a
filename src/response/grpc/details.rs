//! The machine-readable details of a rejection: `google.rpc.Status` with `ErrorInfo`, and with `RetryInfo` if a retry
//! may succeed.

use super::protobuf::Message;
use crate::Error;

const ERROR_INFO: &str = "type.googleapis.com/google.rpc.ErrorInfo";
const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";

/// Encodes the details of an error. The reason is [`ErrorKind::reason`](crate::ErrorKind::reason) in upper case, as
/// AIP-193 requires, and the domain is the realm.
pub(crate) fn details(error: &Error, realm: Option<&str>) -> Vec<u8> {
    let kind = error.kind();
    let mut info = Message::default()
        .text(1, &kind.reason().to_ascii_uppercase())
        .text(2, realm.unwrap_or_default());
    if let Some(code) = kind.code() {
        info = info.entry(3, "error", code);
    }
    if let Some(scope) = error.scope() {
        info = info.entry(3, "scope", scope);
    }
    if let Some(acr_values) = error.acr_values() {
        info = info.entry(3, "acr_values", acr_values);
    }
    if let Some(max_age) = error.max_age() {
        info = info.entry(3, "max_age", &max_age.as_secs().to_string());
    }
    let status = Message::default()
        .integer(1, kind.grpc_code().unsigned_abs().into())
        .text(2, kind.description())
        .message(3, &any(ERROR_INFO, &info));
    let status = match error.retry_after() {
        Some(delay) => {
            let delay = Message::default()
                .integer(1, delay.as_secs())
                .integer(2, delay.subsec_nanos().into());
            status.message(3, &any(RETRY_INFO, &Message::default().message(1, &delay)))
        }
        None => status,
    };
    status.finish()
}

fn any(type_url: &str, message: &Message) -> Message {
    Message::default().text(1, type_url).message(2, message)
}
