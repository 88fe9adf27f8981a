//! What the fuzz targets share: an issuer with keys, parsers of responses that are independent of the crate, and a
//! function that runs a future which is never pending.

pub mod challenge;
pub mod hs256;
pub mod rows;
pub mod strict_json;
mod target;
pub mod tokens;

#[cfg(fuzzing)]
pub use libfuzzer_sys;

pub use self::target::{Outcome, replay};

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

/// Returns the output of a future that is never pending.
///
/// # Panics
///
/// If it is pending.
pub fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a future is pending that had nothing to wait for"),
    }
}

thread_local! {
    static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
}

/// Runs a future in which nothing but time passes, which takes none.
pub fn block_on<F: Future>(future: F) -> F::Output {
    RUNTIME.with(|runtime| runtime.block_on(future))
}

/// Returns whether `query` has a parameter of this name, as browsers and frameworks read it.
pub fn has_parameter(query: &str, name: &str) -> bool {
    form_urlencoded::parse(query.as_bytes()).any(|(found, _)| found == name)
}
