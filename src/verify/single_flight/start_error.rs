use tokio::runtime::TryCurrentError;

use crate::{Error, error::retry_after};

/// The reason why a task didn't start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(transparent)]
    NoRuntime(TryCurrentError),
    #[error("the tokio runtime has shut down")]
    ShutDown,
}

impl From<StartError> for Error {
    fn from(error: StartError) -> Self {
        match error {
            StartError::NoRuntime(_) => Self::misconfigured(error),
            StartError::ShutDown => Self::unavailable(error).with_retry_after(retry_after::SOON),
        }
    }
}
