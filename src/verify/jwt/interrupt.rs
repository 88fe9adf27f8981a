//! Verifications that have to wait for keys.

use crate::{Error, verify::jwks::Waiter};

/// The reason why a verification ends without an identity.
#[derive(Debug)]
pub(crate) enum Interrupt {
    Rejected(Error),
    /// Keys are being fetched. The verification has to be repeated after the wait.
    Wait(Waiter),
}

/// An attempt at a verification.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// With the keys in memory.
    First,
    /// After a wait. `completed` is false if the fetch is still running and only the short wait for cached
    /// keys has ended. The fetch may still return an unknown key, for which `waiter` can wait.
    AfterWait { waiter: Waiter, completed: bool },
}

/// Repeats `attempt`, starting with its `first` outcome, after each wait for keys until it succeeds or
/// is rejected.
///
/// This is the only such loop. It is used for tokens, including those of tenants, and for signed
/// introspection responses.
pub(crate) async fn complete<T>(
    first: Result<T, Interrupt>,
    mut attempt: impl FnMut(Attempt) -> Result<T, Interrupt>,
) -> Result<T, Error> {
    let mut outcome = first;
    loop {
        match outcome {
            Ok(value) => return Ok(value),
            Err(Interrupt::Rejected(error)) => return Err(error),
            Err(Interrupt::Wait(mut waiter)) => {
                let completed = waiter.wait().await;
                outcome = attempt(Attempt::AfterWait { waiter, completed });
            }
        }
    }
}

impl<E: Into<Error>> From<E> for Interrupt {
    fn from(error: E) -> Self {
        Self::Rejected(error.into())
    }
}
