//! The connection between a revocation list and the store that replicas share.

use std::{
    error::Error as _,
    fmt,
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::{Notify, watch},
    time::{sleep, timeout},
};

use super::{
    RevokeFuture,
    revocation_ledger::Ledger,
    revocation_readiness::{RevocationReadiness, SharedState},
    revocation_store::{FeedEvent, OutagePolicy, RevocationStore},
    shared_revocation::SharedRevocation,
};
use crate::{
    Error,
    claims::NumericDate,
    error::{Report, SharedFailure, retry_after},
    telemetry,
};

/// How long a feed may be silent, and a write may take, before the store counts as unreachable. Stores have
/// shorter timeouts with more specific errors.
const MAX_SILENCE: Duration = Duration::from_secs(5);

/// The delay after a failure. There is no backoff, because a longer delay extends the time for which a
/// revoked token is accepted.
const RETRY_INTERVAL: Duration = Duration::from_millis(500);

/// The timeout of [`Sharing::warm_up`].
const WARM_UP: Duration = Duration::from_secs(2);

/// The maximum number of revocations in one write.
const BATCH: usize = 500;

/// The maximum number of revocations that are queued while the store is unreachable. If there are more, the
/// whole list is written once it is reachable.
const MAX_QUEUED: usize = 10_000;

/// How often an idle task checks whether its list still exists.
const IDLE: Duration = Duration::from_secs(1);

/// The connection of a list with its store. A task writes the revocations of this process, and reads
/// those of all replicas.
///
/// The task is started when it is first needed, and again if its runtime has shut down. It ends when the list
/// is dropped.
pub(crate) struct Sharing {
    store: Arc<dyn RevocationStore>,
    outage: OutagePolicy,
    ledger: Arc<Ledger>,
    is_running: AtomicBool,
    status: watch::Sender<Status>,
    outbox: Mutex<Outbox>,
    progress: watch::Sender<Progress>,
    wake: Notify,
}

/// The store of a list, if it is shared, and what happens while the store is unreachable.
#[derive(Debug, Default)]
pub(super) struct SharedStore {
    pub(super) store: Option<Arc<dyn RevocationStore>>,
    pub(super) outage: OutagePolicy,
}

impl SharedStore {
    pub(super) fn share(self, ledger: &Arc<Ledger>) -> Option<Arc<Sharing>> {
        self.store.map(|store| Sharing::new(store, self.outage, Arc::clone(ledger)))
    }
}

/// Whether the list is current, that is, contains everything in the store.
#[derive(Debug, Clone, Default)]
struct Status {
    is_current: bool,
    /// The last time at which it was current.
    current_at: Option<NumericDate>,
    /// Why it isn't current, if that is known.
    error: Option<Arc<str>>,
}

/// The revocations that have to be written.
#[derive(Debug, Default)]
struct Outbox {
    queued: Vec<SharedRevocation>,
    /// Whether the whole list has to be written. If so, the queue is empty.
    is_everything: bool,
    /// The number of revocations that were ever queued, which is the ticket of the latest one.
    ticket: u64,
}

/// The progress of writing.
#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    /// Revocations up to this ticket are in the store.
    written: u64,
    failures: u64,
}

/// The revocations of one write.
struct Batch {
    revocations: Vec<SharedRevocation>,
    is_everything: bool,
    /// After this batch, all revocations up to this ticket are in the store.
    ticket: u64,
}

impl Sharing {
    pub(crate) fn new(
        store: Arc<dyn RevocationStore>,
        outage: OutagePolicy,
        ledger: Arc<Ledger>,
    ) -> Arc<Self> {
        // Starts a generation, so that the first token is checked, which starts the task.
        ledger.invalidate();
        Arc::new(Self {
            store,
            outage,
            ledger,
            is_running: AtomicBool::new(false),
            status: watch::channel(Status::default()).0,
            outbox: Mutex::default(),
            progress: watch::channel(Progress::default()).0,
            wake: Notify::new(),
        })
    }

    /// Rejects requests that can't be served because the list isn't current.
    pub(crate) fn admit(self: &Arc<Self>) -> Result<(), Error> {
        self.start();
        if self.outage == OutagePolicy::Serve || self.status.borrow().is_current {
            return Ok(());
        }
        Err(unreachable_store("the shared revocation list can't be read"))
    }

    /// Queues a revocation for the store. The list already contains it.
    pub(crate) fn publish(self: &Arc<Self>, revocation: SharedRevocation) -> RevokeFuture {
        let failures = self.progress.borrow().failures;
        let ticket = self.outbox().push(revocation);
        self.wake.notify_one();
        self.start();
        let sharing = Arc::clone(self);
        Box::pin(async move {
            // In case there was no runtime before.
            sharing.start();
            sharing.written(ticket, failures).await
        })
    }

    /// Waits until the revocation with this ticket is written, or a write fails.
    async fn written(&self, ticket: u64, failures: u64) -> Result<(), Error> {
        let mut progress = self.progress.subscribe();
        let has_outcome = |it: &Progress| it.written >= ticket || it.failures != failures;
        let outcome = timeout(MAX_SILENCE, progress.wait_for(has_outcome)).await;
        match outcome {
            Ok(Ok(progress)) if progress.written >= ticket => Ok(()),
            _ => Err(unreachable_store(
                "the revocation is in effect on this replica only, until the shared store is reachable",
            )),
        }
    }

    pub(crate) async fn warm_up(self: &Arc<Self>) -> Result<(), Error> {
        self.start();
        let mut status = self.status.subscribe();
        match timeout(WARM_UP, status.wait_for(|status| status.is_current)).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(unreachable_store("the shared revocation list can't be read")),
        }
    }

    pub(crate) fn readiness(&self, of_the_list: &RevocationReadiness) -> RevocationReadiness {
        let Status { is_current, current_at, error } = self.status.borrow().clone();
        let now = self.ledger.now();
        let shared = SharedState {
            is_current,
            is_required: self.outage == OutagePolicy::Reject,
            age: current_at.map(|time| now.since(time).unwrap_or_default()),
            last_error: error.map(|error| error.to_string()),
            pending: self.outbox().len(&self.ledger),
        };
        RevocationReadiness { shared: Some(shared), ..*of_the_list }
    }

    /// Starts the task if it isn't running and there is a runtime.
    fn start(self: &Arc<Self>) {
        if self.is_running.load(Ordering::Relaxed) {
            return;
        }
        let Ok(runtime) = Handle::try_current() else { return };
        if !self.is_running.swap(true, Ordering::AcqRel) {
            let running = Running(Arc::downgrade(self));
            runtime.spawn(async move {
                let mut read = pin!(read(&running.0));
                let mut write = pin!(write(&running.0));
                // Both end only when the list is dropped. `tokio::join!` would need tokio's macros.
                poll_fn(|context| {
                    let reads = read.as_mut().poll(context).is_pending();
                    let writes = write.as_mut().poll(context).is_pending();
                    if reads && writes { Poll::Pending } else { Poll::Ready(()) }
                })
                .await;
            });
        }
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, event: FeedEvent) {
        match event {
            FeedEvent::Current => self.set_current(),
            FeedEvent::Lost => {
                telemetry::shared_revocations_lost(self.ledger.len());
                self.outbox().queue_everything();
                self.wake.notify_one();
            }
            FeedEvent::Revoked(revocations) => self.ledger.insert(&revocations),
        }
    }

    fn set_current(&self) {
        let now = self.ledger.now();
        let (mut was_current, mut ended) = (false, None);
        self.status.send_modify(|status| {
            status.current_at = Some(now);
            was_current = std::mem::replace(&mut status.is_current, true);
            ended = status.error.take();
        });
        // No new generation is needed: while requests were rejected, no token passed the current one.
        if !was_current {
            telemetry::shared_revocations_reachable(self.ledger.len(), ended.is_some());
        }
    }

    fn set_outage(&self, error: &Error) {
        let mut is_new = false;
        // The wrapper describes a request, so only the cause is reported.
        let cause = error.source().unwrap_or(error);
        let text: Arc<str> = Report(cause).to_string().into();
        self.status.send_modify(|status| {
            is_new = status.error.is_none();
            status.is_current = false;
            status.error = Some(text);
        });
        if is_new {
            telemetry::shared_revocations_unreachable(error);
            if self.outage == OutagePolicy::Reject {
                // No token has passed this generation, so `admit` is called for each one.
                self.ledger.invalidate();
            }
        }
    }

    fn next_batch(&self) -> Option<Batch> {
        let mut outbox = self.outbox();
        let is_everything = std::mem::take(&mut outbox.is_everything);
        let size = outbox.queued.len().min(BATCH);
        let queued = outbox.queued.drain(..size).collect();
        let left = u64::try_from(outbox.queued.len()).unwrap_or(u64::MAX);
        let ticket = outbox.ticket.saturating_sub(left);
        drop(outbox);
        let revocations = if is_everything { self.ledger.entries() } else { queued };
        let batch = Batch { revocations, is_everything, ticket };
        (is_everything || !batch.revocations.is_empty()).then_some(batch)
    }

    async fn write(&self, batch: Batch) {
        for chunk in batch.revocations.chunks(BATCH) {
            let written = timeout(MAX_SILENCE, self.store.publish(chunk.to_vec())).await;
            if !matches!(written, Ok(Ok(()))) {
                self.outbox().put_back(batch);
                self.progress.send_modify(|it| it.failures = it.failures.saturating_add(1));
                return sleep(RETRY_INTERVAL).await;
            }
        }
        self.progress.send_modify(|progress| progress.written = batch.ticket);
    }
}

/// Reads the revocations of all replicas, until the list is dropped.
async fn read(sharing: &Weak<Sharing>) {
    let feed = sharing.upgrade().map(|sharing| sharing.store.feed());
    let Some(mut feed) = feed else { return };
    loop {
        let event = timeout(MAX_SILENCE, feed.next()).await;
        let Some(sharing) = sharing.upgrade() else { return };
        let error = match event {
            Ok(Ok(event)) => {
                sharing.take(event);
                continue;
            }
            Ok(Err(error)) => error,
            Err(_) => Error::unavailable("the feed of revocations is silent"),
        };
        sharing.set_outage(&error);
        drop(sharing);
        sleep(RETRY_INTERVAL).await;
    }
}

/// Writes the revocations of this process, until the list is dropped.
async fn write(sharing: &Weak<Sharing>) {
    loop {
        let Some(sharing) = sharing.upgrade() else { return };
        match sharing.next_batch() {
            Some(batch) => sharing.write(batch).await,
            // Wakes up from time to time to check whether the list still exists.
            None => drop(timeout(IDLE, sharing.wake.notified()).await),
        }
    }
}

/// A guard that allows the task to be started again when it has ended, for example because its
/// runtime has shut down.
struct Running(Weak<Sharing>);

impl Drop for Running {
    fn drop(&mut self) {
        let Some(sharing) = self.0.upgrade() else { return };
        // A write in progress may not have arrived.
        sharing.outbox().queue_everything();
        sharing.is_running.store(false, Ordering::Release);
        sharing.set_outage(&Error::unavailable("the task that reads the store has ended"));
        // Makes the next request start the task, regardless of the outage policy.
        sharing.ledger.invalidate();
    }
}

impl Outbox {
    /// Returns the ticket of the revocation.
    fn push(&mut self, revocation: SharedRevocation) -> u64 {
        self.ticket = self.ticket.saturating_add(1);
        if self.queued.len() >= MAX_QUEUED {
            self.queue_everything();
        }
        if !self.is_everything {
            self.queued.push(revocation);
        }
        self.ticket
    }

    /// Replaces the queue with the whole list, which contains everything that is queued.
    fn queue_everything(&mut self) {
        self.queued = Vec::new();
        self.is_everything = true;
    }

    fn put_back(&mut self, batch: Batch) {
        if batch.is_everything || self.is_everything {
            self.queue_everything();
        } else {
            self.queued.splice(0..0, batch.revocations);
        }
    }

    fn len(&self, ledger: &Ledger) -> usize {
        if self.is_everything { ledger.len() } else { self.queued.len() }
    }
}

/// Returns an error that isn't logged for each request, because the beginning of the outage was
/// logged.
fn unreachable_store(consequence: &'static str) -> Error {
    let failure = SharedFailure::new(StoreUnreachable(consequence));
    Error::unavailable(failure).with_retry_after(retry_after::SOON)
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct StoreUnreachable(&'static str);

impl fmt::Debug for Sharing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sharing")
            .field("store", &self.store)
            .field("outage", &self.outage)
            .finish_non_exhaustive()
    }
}
