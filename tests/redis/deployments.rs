//! Redis behind Sentinel, as a cluster, and with an ACL user.

use std::time::Duration;

use portcullis::{
    redis::Redis,
    testing::{TestIssuer, check_replay_store, check_revocation_store},
    verify::OutagePolicy,
};

use crate::{
    replica::{Replica, token},
    server::RedisServer,
};

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_cluster_passes_the_checks() {
    let server = RedisServer::start(&["--cluster-enabled", "yes"]);
    let mut connection = server.connection().await;
    let _: () = redis::cmd("CLUSTER")
        .arg("ADDSLOTSRANGE")
        .arg(0)
        .arg(16383)
        .query_async(&mut connection)
        .await
        .unwrap();
    loop {
        let info: String =
            redis::cmd("CLUSTER").arg("INFO").query_async(&mut connection).await.unwrap();
        if info.contains("cluster_state:ok") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let redis = || Redis::cluster([&*server.url()]).unwrap();
    check_revocation_store(&redis().revocations(), &redis().revocations()).await;
    check_replay_store(&redis().replays(), &redis().replays()).await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_primary_behind_sentinel_passes_the_checks() {
    let server = RedisServer::forgetful();
    let sentinel = RedisServer::start(&["sentinel.conf", "--sentinel"]);
    let mut connection = sentinel.connection().await;
    let _: () = redis::cmd("SENTINEL")
        .arg("MONITOR")
        .arg("orders")
        .arg("127.0.0.1")
        .arg(server.port)
        .arg(1)
        .query_async(&mut connection)
        .await
        .unwrap();
    let redis = || Redis::sentinel([&*sentinel.url()], "orders", "redis://primary").unwrap();
    check_revocation_store(&redis().revocations(), &redis().revocations()).await;
    check_replay_store(&redis().replays(), &redis().replays()).await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn an_acl_user_needs_only_the_documented_access() {
    let server = RedisServer::forgetful();
    let mut connection = server.connection().await;
    let _: () = redis::cmd("ACL")
        .arg("SETUSER")
        .arg("orders")
        .arg("on")
        .arg(">s3cret")
        .arg("~{portcullis}:*")
        .arg("~portcullis:*")
        .arg("+@read")
        .arg("+@write")
        .arg("+@connection")
        .arg("+@scripting")
        .query_async(&mut connection)
        .await
        .unwrap();
    let _: () = redis::cmd("ACL")
        .arg("SETUSER")
        .arg("default")
        .arg("off")
        .query_async(&mut connection)
        .await
        .unwrap();
    let url = |password| format!("redis://orders:{password}@127.0.0.1:{}", server.port);
    let redis = || Redis::new(&url("s3cret")).unwrap();
    check_revocation_store(&redis().revocations(), &redis().revocations()).await;
    check_replay_store(&redis().replays(), &redis().replays()).await;

    let issuer = TestIssuer::new();
    let redis = Redis::new(&url("wr0ng")).unwrap();
    let replica = Replica::start(&issuer, &redis, OutagePolicy::Reject);
    let error = replica.revoke("1").await.unwrap_err();
    assert_eq!(error.status(), 503);
    replica
        .until("told why", async || replica.revocations.readiness().last_error().is_some())
        .await;
    let told = replica.revocations.readiness().last_error().unwrap().to_owned();
    assert!(!told.contains("wr0ng") && told.contains("authentication failed"), "{told}");
    assert_eq!(replica.status(&token(&issuer, "1")).await, 503);
}
