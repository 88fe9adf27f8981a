//! What a verifier makes of a token, and whether it has to wait for that.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use portcullis::{BearerToken, Error, ErrorKind, Identity, TokenFault, Verify, testing::TestClock};

pub type Verdict = Result<(), ErrorKind>;

pub const ACCEPTED: Verdict = Ok(());
pub const MISCONFIGURED: Verdict = Err(ErrorKind::Misconfigured);
pub const UNAVAILABLE: Verdict = Err(ErrorKind::Unavailable);
pub const UNKNOWN_KEY: Verdict = Err(ErrorKind::InvalidToken(TokenFault::UnknownKey));

/// The verdict, waited for where it must be.
pub async fn verdict(verifier: &impl for<'a> Verify<BearerToken<'a>>, token: &str) -> Verdict {
    judge(verifier, token).await.map(drop).map_err(|error| error.kind())
}

/// The verdict if it is known without a wait; else the request is cancelled.
pub fn verdict_at_once(
    verifier: &impl for<'a> Verify<BearerToken<'a>>,
    token: &str,
) -> Option<Verdict> {
    match pin!(verdict(verifier, token)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(verdict) => Some(verdict),
        Poll::Pending => None,
    }
}

/// The rejection of a token that can't be judged.
pub async fn outage(verifier: &impl for<'a> Verify<BearerToken<'a>>, token: &str) -> Error {
    let error = judge(verifier, token).await.expect_err("a rejection");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    error
}

/// The identity or the rejection, waited for where it must be.
pub async fn judge(
    verifier: &impl for<'a> Verify<BearerToken<'a>>,
    token: &str,
) -> Result<Identity, Error> {
    let line = HeaderValue::from_str(&format!("Bearer {token}")).expect("a header value");
    let headers = HeaderMap::from_iter([(AUTHORIZATION, line)]);
    verifier.verify(BearerToken::from_headers(&headers)?).wait().await
}

/// Lets every task run until all of them wait. Needs tokio's clock to be paused, and turns it by a
/// millisecond.
pub async fn all_quiet() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// Lets time pass, on the clock of tokens and keys and on tokio's.
pub async fn pass(clock: &TestClock, time: Duration) {
    clock.advance(time);
    tokio::time::sleep(time).await;
}

pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub const DAY: Duration = seconds(24 * 60 * 60);
