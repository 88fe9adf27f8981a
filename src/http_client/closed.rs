//! Recognizes the errors of hyper and of the operating system that mean that a connection was
//! closed.

use std::{
    error::Error as StdError,
    io::{self, ErrorKind},
    iter,
};

/// Returns whether `error`, or one of its sources, means that the connection was closed.
pub(super) fn is_closed(error: &(dyn StdError + 'static)) -> bool {
    iter::successors(Some(error), |error| (*error).source()).any(|error| {
        error.downcast_ref().is_some_and(is_closed_for_hyper)
            || error.downcast_ref().is_some_and(is_closed_for_io)
    })
}

fn is_closed_for_hyper(error: &hyper::Error) -> bool {
    error.is_incomplete_message() || error.is_canceled() || error.is_closed()
}

fn is_closed_for_io(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::BrokenPipe
            | ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::NotConnected
            // The error of rustls if the peer closes the connection without `close_notify`.
            | ErrorKind::UnexpectedEof
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] io::Error);

    #[test]
    fn a_closed_connection_is_recognized_at_any_depth() {
        for (kind, closed) in [
            (ErrorKind::BrokenPipe, true),
            (ErrorKind::ConnectionAborted, true),
            (ErrorKind::ConnectionReset, true),
            (ErrorKind::NotConnected, true),
            (ErrorKind::UnexpectedEof, true),
            (ErrorKind::ConnectionRefused, false),
            (ErrorKind::InvalidData, false),
            (ErrorKind::TimedOut, false),
        ] {
            assert_eq!(is_closed(&io::Error::from(kind)), closed, "{kind}");
            assert_eq!(is_closed(&Outer(kind.into())), closed, "{kind}");
        }
        assert!(!is_closed(&std::fmt::Error));
    }
}
