//! Revocations that replicas share.

use std::time::{Duration, SystemTime};

use portcullis::{
    testing::{TestIssuer, check_revocation_store},
    verify::{OutagePolicy, Revocation, Revocations},
};

use crate::{
    replica::{Replica, token},
    server::RedisServer,
};

const ENTRIES: &str = "{portcullis}:revocations";
const LOG: &str = "{portcullis}:revocations:log";

#[tokio::test]
#[ignore = "needs redis-server"]
async fn redis_passes_the_checks_of_a_revocation_store() {
    let server = RedisServer::forgetful();
    check_revocation_store(&server.redis().revocations(), &server.redis().revocations()).await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_revocation_takes_effect_on_current_and_later_replicas() {
    let (server, issuer) = (RedisServer::durable(), TestIssuer::new());
    let start = async || Replica::ready(&issuer, &server.redis(), OutagePolicy::Serve).await;
    let (one, other) = (start().await, start().await);
    let (revoked, kept) = (token(&issuer, "1"), token(&issuer, "2"));
    for replica in [&one, &other] {
        assert_eq!(replica.status(&revoked).await, 200);
    }
    one.revoke("1").await.unwrap();
    assert_eq!(one.status(&revoked).await, 401, "on this replica at once");
    other.until_status(&revoked, 401).await;
    assert_eq!(start().await.status(&revoked).await, 401);
    for replica in [&one, &other] {
        assert_eq!(replica.status(&kept).await, 200);
    }
    assert_eq!(one.revocations.readiness().pending(), 0);
    assert!(other.revocations.readiness().age().unwrap() < Duration::from_secs(60));
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn what_is_stored_contains_no_token_and_no_name_and_expires() {
    let server = RedisServer::forgetful();
    let mut connection = server.connection().await;
    let revocations = Revocations::builder().shared(server.redis().revocations()).build().unwrap();
    let soon = SystemTime::now() + Duration::from_secs(3600);
    for revocation in [Revocation::token("a.secret.token"), Revocation::subject("alice@example")] {
        revocations.revoke(&revocation.expires_at(soon)).await.unwrap();
    }
    let members: Vec<(Vec<u8>, u64)> = redis::cmd("ZRANGE")
        .arg(ENTRIES)
        .arg("0")
        .arg("-1")
        .arg("WITHSCORES")
        .query_async(&mut connection)
        .await
        .unwrap();
    let log: redis::Value =
        redis::cmd("XRANGE").arg(LOG).arg("-").arg("+").query_async(&mut connection).await.unwrap();
    assert_eq!(members.len(), 2);
    for text in ["secret", "alice", "example"] {
        assert!(!format!("{log:?}").contains(text));
        assert!(members.iter().all(|(member, _)| !String::from_utf8_lossy(member).contains(text)));
    }
    // A revocation that has expired is removed with the next one.
    let _: () = redis::cmd("ZADD")
        .arg(ENTRIES)
        .arg(1)
        .arg("expired")
        .query_async(&mut connection)
        .await
        .unwrap();
    revocations.revoke(&Revocation::token_id("7")).await.unwrap();
    let count: usize = redis::cmd("ZCARD").arg(ENTRIES).query_async(&mut connection).await.unwrap();
    assert_eq!(count, 3);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_replica_that_misses_changes_reads_everything() {
    let (server, issuer) = (RedisServer::forgetful(), TestIssuer::new());
    let replica = Replica::ready(&issuer, &server.redis(), OutagePolicy::Serve).await;
    let other = Replica::ready(&issuer, &server.redis(), OutagePolicy::Serve).await;
    let mut connection = server.connection().await;
    let (first, second) = (token(&issuer, "1"), token(&issuer, "2"));
    other.revoke("1").await.unwrap();
    replica.until_status(&first, 401).await;
    // The log loses an entry before anyone reads it: the next one has a number that doesn't follow.
    let hidden = Revocations::builder().shared(Hidden).build().unwrap();
    drop(hidden.revoke(&Revocation::token_id("2")).await);
    let [bytes] = PUBLISHED.lock().unwrap()[..] else { panic!("one revocation") };
    let expires_at = u32::from_be_bytes(bytes[16..20].try_into().unwrap());
    let member = [&bytes[..16], &bytes[20..]].concat();
    let last: Vec<(String, Vec<Vec<u8>>)> = redis::cmd("XREVRANGE")
        .arg(LOG)
        .arg("+")
        .arg("-")
        .arg("COUNT")
        .arg(1)
        .query_async(&mut connection)
        .await
        .unwrap();
    let number: u64 = last[0].0.split_once('-').unwrap().0.parse().unwrap();
    redis::pipe()
        .atomic()
        .cmd("ZADD")
        .arg(ENTRIES)
        .arg(expires_at)
        .arg(member)
        .cmd("XADD")
        .arg(LOG)
        .arg(format!("{}-1", number + 2))
        .arg("r")
        .arg("")
        .exec_async(&mut connection)
        .await
        .unwrap();
    replica.until_status(&second, 401).await;
    other.until_status(&second, 401).await;
}

/// Records what is published.
#[derive(Debug)]
struct Hidden;

static PUBLISHED: std::sync::Mutex<Vec<[u8; 24]>> = std::sync::Mutex::new(Vec::new());

impl portcullis::verify::RevocationStore for Hidden {
    fn publish(
        &self,
        revocations: Vec<portcullis::verify::SharedRevocation>,
    ) -> portcullis::verify::StoreFuture<'_, ()> {
        PUBLISHED
            .lock()
            .unwrap()
            .extend(revocations.iter().map(portcullis::verify::SharedRevocation::to_bytes));
        Box::pin(async { Ok(()) })
    }

    fn feed(&self) -> Box<dyn portcullis::verify::RevocationFeed> {
        Box::new(Silent)
    }
}

struct Silent;

impl portcullis::verify::RevocationFeed for Silent {
    fn next(&mut self) -> portcullis::verify::StoreFuture<'_, portcullis::verify::FeedEvent> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_revocation_during_an_outage_is_shared_afterwards() {
    for mut server in [RedisServer::durable(), RedisServer::forgetful()] {
        let issuer = TestIssuer::new();
        let start = async || Replica::ready(&issuer, &server.redis(), OutagePolicy::Serve).await;
        let (one, other) = (start().await, start().await);
        let (before, during) = (token(&issuer, "before"), token(&issuer, "during"));
        one.revoke("before").await.unwrap();
        other.until_status(&before, 401).await;
        server.kill();
        let error = one.revoke("during").await.unwrap_err();
        assert_eq!(error.status(), 503);
        assert_eq!(one.status(&during).await, 401);
        assert_eq!(other.status(&during).await, 200, "it can't know");
        assert_eq!(other.status(&before).await, 401);
        assert_eq!(one.revocations.readiness().pending(), 1);
        other.until("in an outage", async || !other.revocations.readiness().is_current()).await;
        assert!(other.revocations.readiness().is_ready());
        assert!(other.revocations.readiness().last_error().is_some());
        server.restart();
        other.until_status(&during, 401).await;
        // This includes what a server without persistence has lost.
        let late = Replica::ready(&issuer, &server.redis(), OutagePolicy::Serve).await;
        late.until_status(&before, 401).await;
        late.until_status(&during, 401).await;
        one.until("done", async || one.revocations.readiness().pending() == 0).await;
        assert_eq!(other.revocations.readiness().last_error(), None);
    }
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn with_reject_no_token_is_accepted_during_an_outage() {
    let (mut server, issuer) = (RedisServer::durable(), TestIssuer::new());
    let replica = Replica::ready(&issuer, &server.redis(), OutagePolicy::Reject).await;
    let (cached, new) = (token(&issuer, "1"), token(&issuer, "2"));
    assert_eq!(replica.status(&cached).await, 200);
    server.kill();
    for token in [&cached, &new] {
        replica.until_status(token, 503).await;
    }
    // A replica that starts during the outage knows nothing, and accepts nothing.
    let late = Replica::start(&issuer, &server.redis(), OutagePolicy::Reject);
    for _ in 0..50 {
        assert_eq!(late.status(&cached).await, 503);
        assert_eq!(replica.status(&cached).await, 503);
    }
    assert!(!late.revocations.readiness().is_ready());
    assert_eq!(late.revocations.readiness().age(), None);
    server.restart();
    for replica in [&replica, &late] {
        replica.until_status(&cached, 200).await;
        assert!(replica.revocations.readiness().is_ready());
    }
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_server_that_does_not_respond_is_an_outage() {
    let (server, issuer) = (RedisServer::durable(), TestIssuer::new());
    let replica = Replica::ready(&issuer, &server.redis(), OutagePolicy::Reject).await;
    let token = token(&issuer, "1");
    assert_eq!(replica.status(&token).await, 200);
    server.signal("-STOP");
    replica.until_status(&token, 503).await;
    assert_eq!(replica.revoke("2").await.unwrap_err().status(), 503);
    server.signal("-CONT");
    replica.until_status(&token, 200).await;
    replica.until("done", async || replica.revocations.readiness().pending() == 0).await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn data_that_is_lost_while_replicas_are_connected_is_restored() {
    let (server, issuer) = (RedisServer::forgetful(), TestIssuer::new());
    let replica = Replica::ready(&issuer, &server.redis(), OutagePolicy::Serve).await;
    for number in 0..1200 {
        drop(replica.revocations.revoke(&Revocation::token_id(format!("{number}"))));
    }
    replica.revoke("last").await.unwrap();
    let mut connection = server.connection().await;
    let _: () = redis::cmd("FLUSHALL").query_async(&mut connection).await.unwrap();
    replica
        .until("restoring", async || {
            let mut connection = connection.clone();
            let mut count = redis::cmd("ZCARD");
            let count: usize = count.arg(ENTRIES).query_async(&mut connection).await.unwrap();
            count == 1201
        })
        .await;
    let late = Replica::ready(&issuer, &server.redis(), OutagePolicy::Serve).await;
    for id in ["0", "1199", "last"] {
        assert_eq!(late.status(&token(&issuer, id)).await, 401);
    }
}
