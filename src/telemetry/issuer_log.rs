//! The log of one issuer, at a limited rate.

use std::{error::Error as StdError, fmt, sync::Arc};

use super::limiter::LogLimiter;
use crate::{Clock, Error, claims::NumericDate};

/// The log of one issuer, or of all tenants of a pattern together. It has at most one line per minute at WARN for each
/// [`Occasion`].
///
/// There is one log per configured issuer and pattern, so clients can't create more.
#[derive(Debug)]
pub(crate) struct IssuerLog {
    label: Arc<str>,
    clock: Arc<dyn Clock>,
    fetch_failed: LogLimiter,
    keys_unavailable: LogLimiter,
    resolution_failed: LogLimiter,
    tenants_limited: LogLimiter,
}

/// The reason for a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// Keys could not be fetched.
    FetchFailed,
    /// A token can't be verified without keys.
    KeysUnavailable,
    /// A verified tenant could not be resolved again.
    ResolutionFailed,
    /// Tenants without a verified token cause more work than allowed.
    TenantsLimited,
}

/// The source of an error that is logged at a limited rate. It displays as the wrapped source.
#[derive(Debug)]
struct Limited {
    log: Arc<IssuerLog>,
    occasion: Occasion,
    source: Box<dyn StdError + Send + Sync>,
}

impl IssuerLog {
    /// Creates a log. `label` is the configured name of the issuer or the pattern.
    pub(crate) fn new(label: Arc<str>, clock: Arc<dyn Clock>) -> Self {
        Self {
            label,
            clock,
            fetch_failed: LogLimiter::default(),
            keys_unavailable: LogLimiter::default(),
            resolution_failed: LogLimiter::default(),
            tenants_limited: LogLimiter::default(),
        }
    }

    /// Returns the name in log lines and metrics.
    pub(crate) fn label(&self) -> &Arc<str> {
        &self.label
    }

    /// Creates the error for a token that can't be verified because of `source`.
    pub(crate) fn unavailable(
        self: &Arc<Self>,
        occasion: Occasion,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Error {
        Error::unavailable(Limited { log: Arc::clone(self), occasion, source: source.into() })
    }

    /// Returns the number of lines that were suppressed since the last one, or `None` if this one is to be suppressed.
    pub(super) fn admit(&self, occasion: Occasion) -> Option<u64> {
        let limiter = match occasion {
            Occasion::FetchFailed => &self.fetch_failed,
            Occasion::KeysUnavailable => &self.keys_unavailable,
            Occasion::ResolutionFailed => &self.resolution_failed,
            Occasion::TenantsLimited => &self.tenants_limited,
        };
        limiter.admit(NumericDate::from_system_time(self.clock.now()))
    }
}

/// Returns the label of the log that an error belongs to, and the result of [`IssuerLog::admit`]. Returns `None` for an
/// error that belongs to no issuer.
pub(super) fn admit(error: &Error) -> Option<(&str, Option<u64>)> {
    let Limited { log, occasion, .. } = error.source()?.downcast_ref()?;
    Some((&log.label, log.admit(*occasion)))
}

impl fmt::Display for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl StdError for Limited {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.source()
    }
}
