//! Records rejections in spans.

use http::Extensions;
use tracing::{Span, field::display};

use crate::{Error, error::Finding};

/// Records in a span why a request was rejected, given the extensions of the response.
///
/// Sets `reason` to [`ErrorKind::reason`](crate::ErrorKind::reason). If the [diagnosis](crate::error::Diagnosis) is
/// known, it also sets `rule`, `expected`, `found` and `hint`. Does nothing for a response that isn't a rejection of
/// this crate.
///
/// ```
/// use http::Response;
/// use portcullis::{Error, access_log::record_rejection, error::TokenFault};
///
/// let span = tracing::info_span!("request", reason = tracing::field::Empty);
/// let mut response = Response::new(());
/// response.extensions_mut().insert(Error::from(TokenFault::Expired));
/// record_rejection(&span, response.extensions());
/// # assert!(Error::from_extensions(response.extensions()).is_some());
/// ```
pub fn record_rejection(span: &Span, response: &Extensions) {
    let Some(error) = Error::from_extensions(response) else { return };
    span.record("reason", error.kind().reason());
    let Some(diagnosis) = error.diagnosis() else { return };
    let finding = diagnosis.finding();
    span.record("rule", finding.rule());
    for (name, value) in [
        ("expected", Finding::expected_value(finding)),
        ("found", finding.found_value()),
        ("hint", finding.hint_text()),
    ] {
        if let Some(value) = value {
            span.record(name, display(value));
        }
    }
}
