//! Introspections under way: one for all who ask about the same token.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::Instant,
};

use super::{
    error::IntrospectionError,
    verdicts::{Finding, Verdict},
};
use crate::{Error, Identity};

/// Discovery, introspection and keys together take no longer.
const FLIGHT_TIMEOUT: Duration = Duration::from_secs(15);

/// When one is taken for lost: its runtime may have stopped without ending.
const OVERDUE: Duration = Duration::from_secs(20);

/// Who asks about tokens, and keeps what is found.
pub(super) trait Asker: Send + Sync + 'static {
    /// The verdict that is at hand.
    fn known(&self, token: &str) -> Option<Verdict>;

    /// Asks the endpoint about a token, and judges what it says.
    fn ask(&self, token: &str) -> impl Future<Output = Result<Finding, Error>> + Send;

    fn keep(&self, token: &Arc<str>, finding: Finding);

    fn flights(&self) -> &Flights;
}

/// The introspections that are under way.
#[derive(Debug)]
pub(super) struct Flights {
    under_way: Mutex<UnderWay>,
    permits: Arc<Semaphore>,
    max: usize,
}

#[derive(Debug, Default)]
struct UnderWay {
    by_token: HashMap<Arc<str>, Flight>,
    next_id: u64,
}

/// An introspection in a task of its own, which a request may wait for and can't cancel.
#[derive(Debug)]
struct Flight {
    id: u64,
    started_at: Instant,
    landed: watch::Receiver<Option<Outcome>>,
}

type Outcome = Result<Identity, Error>;

/// What there is for a request whose token has no verdict at hand.
pub(super) enum Boarding {
    /// The verdict has just come in.
    Landed(Verdict),
    Wait(Waiter),
}

/// Waits for an introspection.
pub(super) struct Waiter(watch::Receiver<Option<Outcome>>);

impl Flights {
    pub(super) fn new(max: usize) -> Self {
        let permits = Arc::new(Semaphore::new(max));
        Self { under_way: Mutex::default(), permits, max }
    }

    /// Joins the introspection of this token, or starts one. Past the bound it starts none.
    pub(super) fn board(&self, asker: &Arc<impl Asker>, token: &str) -> Result<Boarding, Error> {
        let mut under_way = self.under_way();
        if let Some(flight) = under_way.by_token.get(token)
            && flight.started_at.elapsed() < OVERDUE
        {
            return Ok(Boarding::Wait(Waiter(flight.landed.clone())));
        }
        // Looked at again, under the lock that a verdict is kept under: one may have landed since.
        if let Some(verdict) = asker.known(token) {
            return Ok(Boarding::Landed(verdict));
        }
        let runtime = Handle::try_current().map_err(Error::misconfigured)?;
        let permit = Arc::clone(&self.permits)
            .try_acquire_owned()
            .map_err(|_| IntrospectionError::Busy { max: self.max })?;
        let (sender, landed) = watch::channel(None);
        let (id, token) = (under_way.next_id, Arc::<str>::from(token));
        under_way.next_id = id.wrapping_add(1);
        let waiter = Waiter(landed.clone());
        under_way
            .by_token
            .insert(Arc::clone(&token), Flight { id, started_at: Instant::now(), landed });
        let landing = Landing { asker: Arc::clone(asker), token, id, sender, _permit: permit };
        // A runtime that is shutting down drops the task on the spot, and with it the landing, which
        // needs the lock.
        drop(under_way);
        runtime.spawn(landing.fly());
        Ok(Boarding::Wait(waiter))
    }

    /// Has the answers that are on their way serve those who wait for them, and nobody after.
    /// `forget` is done before any other verdict is kept.
    pub(super) fn invalidate(&self, token: &str, forget: impl FnOnce()) {
        let mut under_way = self.under_way();
        under_way.by_token.remove(token);
        forget();
    }

    /// The same for all tokens: whose they are is not known before the answer is there.
    pub(super) fn invalidate_all(&self, forget: impl FnOnce()) {
        let mut under_way = self.under_way();
        under_way.by_token.clear();
        forget();
    }

    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiter {
    pub(super) async fn wait(mut self) -> Result<Identity, Error> {
        let landed = tokio::time::timeout(OVERDUE, self.0.wait_for(Option::is_some)).await;
        match landed.as_ref().map(|landed| landed.as_deref()) {
            Ok(Ok(Some(outcome))) => outcome.clone(),
            // The task has panicked, or its runtime has ended or stopped.
            _ => Err(IntrospectionError::GivenUp.into()),
        }
    }
}

/// Sees to it that an introspection ends for all who wait, also when its task panics.
struct Landing<A: Asker> {
    asker: Arc<A>,
    token: Arc<str>,
    id: u64,
    sender: watch::Sender<Option<Outcome>>,
    _permit: OwnedSemaphorePermit,
}

impl<A: Asker> Landing<A> {
    async fn fly(self) {
        let found = tokio::time::timeout(FLIGHT_TIMEOUT, self.asker.ask(&self.token)).await;
        let found = found.unwrap_or_else(|_| Err(IntrospectionError::GivenUp.into()));
        self.land(found);
    }

    fn land(&self, found: Result<Finding, Error>) {
        let outcome = match &found {
            Ok(finding) => finding.verdict.clone().map_err(Error::from),
            Err(error) => Err(error.clone()),
        };
        let mut under_way = self.asker.flights().under_way();
        if self.leave(&mut under_way)
            && let Ok(finding) = found
        {
            self.asker.keep(&self.token, finding);
        }
        drop(under_way);
        self.sender.send_replace(Some(outcome));
    }

    /// Makes room for another flight; says whether this one still counted.
    fn leave(&self, under_way: &mut UnderWay) -> bool {
        let counts = under_way.by_token.get(&self.token).is_some_and(|one| one.id == self.id);
        if counts {
            under_way.by_token.remove(&self.token);
        }
        counts
    }
}

impl<A: Asker> Drop for Landing<A> {
    fn drop(&mut self) {
        let mut under_way = self.asker.flights().under_way();
        self.leave(&mut under_way);
    }
}
