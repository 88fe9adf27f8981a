//! Reads the revocations in Redis, and follows their changes.

use std::{sync::Arc, time::Duration};

use redis::{RedisResult, Value, streams::StreamRangeReply, streams::StreamReadReply};
use tokio::time::{sleep, timeout};

use super::{
    failure::Failure,
    link::Link,
    store::{Store, first_number, random_part, revocation},
};
use crate::{
    Error,
    verify::{FeedEvent, RevocationFeed, SharedRevocation, StoreFuture},
};

/// How long Redis waits for a change before it responds that there is none.
const BLOCK: Duration = Duration::from_millis(250);

/// The number of revocations that are read from the log at once.
const PAGE: usize = 1000;

/// The number of revocations that are read from the set at once.
///
/// A thousand take Redis about 2 ms, during which all other commands wait. If hundreds of replicas start at the same
/// time, each of them waits for the pages of all others, which must not take longer than the time limit of a command:
/// otherwise, all of them would start over again and again.
const LIST_PAGE: usize = 200;

/// Follows the log from a position.
///
/// `position` is the last entry up to which everything was delivered. It only advances after delivery, so a failure at
/// any point repeats what may not have been delivered.
pub(super) struct RedisFeed {
    store: Arc<Store>,
    position: Option<String>,
    stage: Stage,
}

/// The next step. A connection is taken out while it is in use, so it is closed if the future is dropped.
enum Stage {
    Unconnected,
    /// Reading the set. Afterwards, the log is followed from `start`.
    Reading {
        link: Link,
        start: String,
        cursor: u64,
    },
    /// Reading the log. `has_all` is set after a page that wasn't full.
    Following {
        link: Link,
        has_all: bool,
    },
}

impl RedisFeed {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self { store, position: None, stage: Stage::Unconnected }
    }

    async fn advance(&mut self) -> Result<FeedEvent, Failure> {
        loop {
            match std::mem::replace(&mut self.stage, Stage::Unconnected) {
                Stage::Unconnected => {
                    let link = self.store.connections.open().await?;
                    if let Some(event) = self.start(link).await? {
                        return Ok(event);
                    }
                }
                Stage::Reading { link, start, cursor } => {
                    return self.read(link, start, cursor).await;
                }
                Stage::Following { link, has_all: true } => {
                    self.stage = Stage::Following { link, has_all: false };
                    return Ok(FeedEvent::Current);
                }
                Stage::Following { link, has_all: false } => {
                    if let Some(event) = self.follow(link).await? {
                        return Ok(event);
                    }
                }
            }
        }
    }

    /// Continues at the position if the log still contains it, and reads the set otherwise.
    async fn start(&mut self, mut link: Link) -> Result<Option<FeedEvent>, Failure> {
        if self.has_position(&mut link).await? {
            self.stage = Stage::Following { link, has_all: false };
            return Ok(None);
        }
        let mut call = self.store.scripts.open.prepare_invoke();
        let keys = &self.store.keys;
        call.key(&keys.entries).key(&keys.log).key(&keys.new);
        call.arg(first_number()).arg(random_part());
        let (start, settles_in): (String, i64) =
            self.limited(Duration::ZERO, call.invoke_async(&mut link)).await?;
        let is_restart = self.position.is_some();
        if let (false, Ok(delay @ 1..)) = (is_restart, u64::try_from(settles_in)) {
            // Replicas that know more than Redis does are restoring it now.
            sleep(Duration::from_millis(delay)).await;
        }
        self.stage = Stage::Reading { link, start, cursor: 0 };
        Ok(is_restart.then_some(FeedEvent::Lost))
    }

    /// Reads a page of the set.
    async fn read(
        &mut self,
        mut link: Link,
        start: String,
        cursor: u64,
    ) -> Result<FeedEvent, Failure> {
        let mut scan = redis::cmd("ZSCAN");
        scan.arg(&self.store.keys.entries).arg(cursor).arg("COUNT").arg(LIST_PAGE);
        let (cursor, page): (u64, Vec<(Vec<u8>, f64)>) =
            self.limited(Duration::ZERO, scan.query_async(&mut link)).await?;
        self.stage = if cursor == 0 {
            self.position = Some(start);
            Stage::Following { link, has_all: false }
        } else {
            Stage::Reading { link, start, cursor }
        };
        let revocations = page.iter().filter_map(|(member, score)| {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
            let expires_at = *score as u32;
            revocation(member, expires_at)
        });
        Ok(FeedEvent::Revoked(revocations.collect()))
    }

    /// Waits for a page of the log.
    async fn follow(&mut self, mut link: Link) -> Result<Option<FeedEvent>, Failure> {
        let Some(position) = &self.position else { return Ok(None) };
        let log = &self.store.keys.log;
        let mut read = redis::cmd("XREAD");
        read.arg("COUNT").arg(PAGE).arg("BLOCK").arg(BLOCK.as_millis().to_string());
        read.arg("STREAMS").arg(log).arg(position);
        let reply: Option<StreamReadReply> =
            self.limited(BLOCK, read.query_async(&mut link)).await?;
        let ids = reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids);
        let page: Vec<_> = ids.collect();
        let (Some(first), Some(last)) = (page.first(), page.last()) else {
            let has_position = self.has_position(&mut link).await?;
            if has_position {
                self.stage = Stage::Following { link, has_all: false };
                return Ok(Some(FeedEvent::Current));
            }
            // The log is gone, so check the position again in `start`.
            return self.start(link).await;
        };
        if number(&first.id) != number(position).and_then(|number| number.checked_add(1)) {
            // Changes between the position and the log were trimmed.
            return self.start_over(link).await;
        }
        let revocations = page.iter().filter_map(|entry| logged(entry.map.get("r")?)).collect();
        self.stage = Stage::Following { link, has_all: page.len() < PAGE };
        self.position = Some(last.id.clone());
        Ok(Some(FeedEvent::Revoked(revocations)))
    }

    /// Reads the set again, although the log may still contain the position.
    async fn start_over(&mut self, link: Link) -> Result<Option<FeedEvent>, Failure> {
        // No entry has this ID.
        self.position = Some("0-1".to_owned());
        self.start(link).await
    }

    /// Returns whether the log contains the entry up to which everything was delivered.
    async fn has_position(&self, link: &mut Link) -> Result<bool, Failure> {
        let Some(position) = &self.position else { return Ok(false) };
        let mut range = redis::cmd("XRANGE");
        range.arg(&self.store.keys.log).arg(position).arg(position);
        let found: StreamRangeReply = self.limited(Duration::ZERO, range.query_async(link)).await?;
        Ok(!found.ids.is_empty())
    }

    /// Limits the time of a command, which may take `extra` by design.
    async fn limited<T>(
        &self,
        extra: Duration,
        command: impl Future<Output = RedisResult<T>>,
    ) -> Result<T, Failure> {
        let time_limit = self.store.connections.time_limit.saturating_add(extra);
        let outcome = timeout(time_limit, command).await;
        outcome.map_err(|_| Failure::TimedOut(time_limit))?.map_err(Failure::Command)
    }
}

impl RevocationFeed for RedisFeed {
    fn next(&mut self) -> StoreFuture<'_, FeedEvent> {
        Box::pin(async { self.advance().await.map_err(Error::from) })
    }
}

/// Returns the sequence number of a log entry.
fn number(id: &str) -> Option<u64> {
    id.split_once('-')?.0.parse().ok()
}

/// Reads a log entry: the expiry, a space, and the member. The first entry of a log is empty.
fn logged(value: &Value) -> Option<SharedRevocation> {
    let Value::BulkString(text) = value else { return None };
    let space = text.iter().position(|byte| *byte == b' ')?;
    let (expires_at, member) = text.split_at_checked(space)?;
    let expires_at = str::from_utf8(expires_at).ok()?.parse().ok()?;
    revocation(member.get(1..)?, expires_at)
}
