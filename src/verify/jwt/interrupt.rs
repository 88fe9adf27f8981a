//! Verifications that have to wait for keys.

use crate::{Error, verify::jwks::Waiter};

/// Why a verification ends without an identity.
#[derive(Debug)]
pub(crate) enum Interrupt {
    Rejected(Error),
    /// Keys are being fetched. Try again after the wait.
    Wait(Waiter),
}

/// Which attempt at a verification this is.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// With the keys in memory.
    First,
    /// After a wait. `completed` is false if the fetch is still running and only the patience for known keys
    /// has ended: a key that is unknown may still be on its way, and `waiter` waits for it.
    AfterWait { waiter: Waiter, completed: bool },
}

/// Repeats `attempt`, whose `first` outcome is known, after each wait for keys until it has an outcome.
///
/// This is the only loop of its kind: for tokens, tenants' tokens and signed introspection responses.
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
