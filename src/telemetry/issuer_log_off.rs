//! The no-op log of an issuer, without the `tracing` feature.

use std::{error::Error as StdError, sync::Arc};

use crate::{Clock, Error};

#[derive(Debug)]
pub(crate) struct IssuerLog(Arc<str>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    KeysUnavailable,
    TenantsLimited,
}

impl IssuerLog {
    pub(crate) fn new(label: Arc<str>, _clock: Arc<dyn Clock>) -> Self {
        Self(label)
    }

    pub(crate) fn label(&self) -> &Arc<str> {
        &self.0
    }

    #[expect(clippy::unused_self, reason = "the real one stores the log")]
    pub(crate) fn unavailable(
        self: &Arc<Self>,
        _occasion: Occasion,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Error {
        Error::unavailable(source)
    }
}
