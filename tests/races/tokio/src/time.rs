//! A clock that stands still until a scenario advances it.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    future::poll_fn,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
    time::Duration,
};

use races_model::point;

thread_local! {
    // The checker runs all threads of a scenario on one thread.
    static CLOCK: RefCell<Clock> = const { RefCell::new(Clock::STOPPED) };
}

struct Clock {
    now: Duration,
    sleeping: BTreeMap<u64, (Duration, Waker)>,
    next_id: u64,
}

impl Clock {
    const STOPPED: Self = Self { now: Duration::ZERO, sleeping: BTreeMap::new(), next_id: 0 };
}

/// Begins a scenario.
pub fn reset() {
    let before = CLOCK.replace(Clock::STOPPED);
    drop(before);
}

/// Lets this much time pass.
pub fn advance(by: Duration) {
    point();
    let due = CLOCK.with_borrow_mut(|clock| {
        clock.now += by;
        let now = clock.now;
        let due = clock.sleeping.extract_if(.., |_, (until, _)| *until <= now);
        due.map(|(_, (_, waker))| waker).collect::<Vec<_>>()
    });
    due.into_iter().for_each(Waker::wake);
}

/// The time since the scenario began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(Duration);

impl Instant {
    pub fn now() -> Self {
        point();
        Self(CLOCK.with_borrow(|clock| clock.now))
    }

    pub fn elapsed(&self) -> Duration {
        Self::now().0 - self.0
    }

    pub fn since_start(&self) -> Duration {
        self.0
    }
}

pub struct Sleep {
    id: u64,
    until: Duration,
}

pub fn sleep(duration: Duration) -> Sleep {
    let now = Instant::now().0;
    CLOCK.with_borrow_mut(|clock| {
        clock.next_id += 1;
        Sleep { id: clock.next_id, until: now.saturating_add(duration) }
    })
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        point();
        CLOCK.with_borrow_mut(|clock| {
            if self.until <= clock.now {
                return Poll::Ready(());
            }
            clock.sleeping.insert(self.id, (self.until, context.waker().clone()));
            Poll::Pending
        })
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let waker = CLOCK.try_with(|clock| clock.borrow_mut().sleeping.remove(&self.id));
        drop(waker);
    }
}

/// Like tokio's, it polls the future first.
pub fn timeout<F: Future>(
    duration: Duration,
    future: F,
) -> impl Future<Output = Result<F::Output, error::Elapsed>> {
    let sleep = sleep(duration);
    async move {
        let (mut future, mut sleep) = (pin!(future), pin!(sleep));
        poll_fn(|context| {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(Ok(output));
            }
            sleep.as_mut().poll(context).map(|()| Err(error::Elapsed(())))
        })
        .await
    }
}

pub mod error {
    #[derive(Debug, PartialEq, Eq)]
    pub struct Elapsed(pub(super) ());
}
