//! One thing to measure, and the doing of it.

use std::{
    fmt,
    hint::black_box,
    ops::Range,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Router, body::Body};
use http::{Request, StatusCode, header::AUTHORIZATION};
use portcullis::Error;
use tower::ServiceExt;

use super::raw::Raw;

/// Few enough that the requests of a batch stay in the processor's cache.
const BATCH: usize = 32;

/// Something that is done again and again, each time with the next token of its pool.
#[derive(Debug, Clone)]
pub struct Subject {
    work: Work,
    next: usize,
}

#[derive(Clone)]
enum Work {
    Serve { app: Router, lines: Arc<[Option<String>]>, status: Option<StatusCode> },
    Verify(Arc<Raw>),
    Other(Arc<Prepare>),
}

/// Makes what is needed to do something for each number of the range, and does it when polled.
pub type Prepare = dyn Fn(Range<usize>) -> Doing + Send + Sync;

/// What is being done.
pub type Doing = Pin<Box<dyn Future<Output = ()>>>;

/// Work that only needs doing: the requests are made.
pub enum Batch {
    Serve(Router, Vec<Request<Body>>),
    Verify(Arc<Raw>, Range<usize>),
    Other(Doing),
}

impl Subject {
    /// Requests without credentials to `app`.
    pub fn anonymous(app: Router, status: StatusCode) -> Self {
        Self::serve(app, [None].into(), status)
    }

    /// Requests to `app` with one token after another, all answered with `status`.
    pub fn bearers<'a>(
        app: Router,
        tokens: impl IntoIterator<Item = &'a String>,
        status: StatusCode,
    ) -> Self {
        let lines = tokens.into_iter().map(|token| Some(format!("Bearer {token}")));
        Self::serve(app, lines.collect(), status)
    }

    fn serve(app: Router, lines: Arc<[Option<String>]>, status: StatusCode) -> Self {
        Self::answered(app, lines, Some(status))
    }

    /// Requests to `app` with one `Authorization` after another, that have been seen to be answered
    /// as is meant.
    pub fn lines(app: Router, lines: Arc<[Option<String>]>) -> Self {
        Self::answered(app, lines, None)
    }

    fn answered(app: Router, lines: Arc<[Option<String>]>, status: Option<StatusCode>) -> Self {
        // As `axum::serve` does: routes are made once, not for each request.
        let app = app.with_state(());
        Self { work: Work::Serve { app, lines, status }, next: 0 }
    }

    /// Verifications of one token after another.
    pub fn raw(raw: Arc<Raw>) -> Self {
        Self { work: Work::Verify(raw), next: 0 }
    }

    /// Anything else, that has been seen to do what is meant.
    pub fn other(prepare: impl Fn(Range<usize>) -> Doing + Send + Sync + 'static) -> Self {
        Self { work: Work::Other(Arc::new(prepare)), next: 0 }
    }

    /// The same, beginning with other tokens, so that two threads don't meet at one.
    pub fn at_other_tokens(&self) -> Self {
        let other = match &self.work {
            Work::Serve { lines, .. } => lines.len() / 2,
            Work::Verify(_) | Work::Other(_) => 0,
        };
        Self { next: other, ..self.clone() }
    }

    /// Goes on with the `n`th token.
    pub fn go_on_at(&mut self, n: usize) {
        self.next = n;
    }

    /// Sees to it that what is measured is what was meant, and that each token has been seen where
    /// that makes a difference.
    pub async fn check(&self) {
        let Work::Serve { app, lines, status: Some(status) } = &self.work else { return };
        for line in &**lines {
            let answer = app.clone().oneshot(request(line.as_deref())).await;
            let answer = answer.expect("infallible");
            let error = answer.extensions().get::<Error>();
            assert_eq!(answer.status(), *status, "{error:?}");
        }
    }

    /// Does it `times` times, and says how long that took without the making of the requests.
    pub async fn time(&mut self, times: usize) -> Duration {
        let mut took = Duration::ZERO;
        let mut left = times;
        while left > 0 {
            let batch = self.prepare(left.min(BATCH));
            left -= left.min(BATCH);
            let start = Instant::now();
            batch.run().await;
            took += start.elapsed();
        }
        took
    }

    pub fn prepare(&mut self, times: usize) -> Batch {
        let range = self.next..self.next + times;
        self.next = range.end;
        match &self.work {
            Work::Serve { app, lines, .. } => {
                let line = |n: usize| lines[n % lines.len()].as_deref();
                Batch::Serve(app.clone(), range.map(|n| request(line(n))).collect())
            }
            Work::Verify(raw) => Batch::Verify(Arc::clone(raw), range),
            Work::Other(prepare) => Batch::Other(prepare(range)),
        }
    }
}

impl Batch {
    pub async fn run(self) {
        match self {
            Self::Serve(app, requests) => {
                for request in requests {
                    // hyper clones the router for each request, too.
                    drop(black_box(app.clone().oneshot(request).await));
                }
            }
            Self::Verify(raw, range) => range.for_each(|n| raw.verify(n)),
            Self::Other(doing) => doing.await,
        }
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Serve { .. } => "Serve",
            Self::Verify(_) => "Verify",
            Self::Other(_) => "Other",
        })
    }
}

/// A request with that `Authorization`.
pub fn request(line: Option<&str>) -> Request<Body> {
    let request = Request::get("/");
    let request = match line {
        Some(line) => request.header(AUTHORIZATION, line),
        None => request,
    };
    request.body(Body::empty()).expect("a valid request")
}
