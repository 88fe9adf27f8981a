//! DPoP proofs that replicas share.

use axum::{Router, body::Body, routing::get};
use http::{Request, header::AUTHORIZATION};
use portcullis::{
    Algorithm, AuthenticateLayer,
    binding::Dpop,
    redis::Redis,
    testing::{DpopClient, TestIssuer, check_replay_store},
};
use tower::ServiceExt;

use crate::{replica::API, server::RedisServer};

const URL: &str = "https://api.example/";

fn replica(issuer: &TestIssuer, redis: &Redis) -> Router {
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let dpop = Dpop::builder(API)
        .clock(issuer.clock())
        .replay_store(redis.replays().clock(issuer.clock()));
    let layer = AuthenticateLayer::bearer(verifier).dpop(dpop.build().unwrap());
    Router::new().route("/", get("ok")).layer(layer)
}

async fn status(app: &Router, token: &str, proof: &str) -> u16 {
    let request = Request::get(URL).header(AUTHORIZATION, format!("DPoP {token}"));
    let request = request.header("dpop", proof).body(Body::empty()).unwrap();
    app.clone().oneshot(request).await.unwrap().status().as_u16()
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn redis_passes_the_checks_of_a_replay_store() {
    let server = RedisServer::forgetful();
    check_replay_store(&server.redis().replays(), &server.redis().replays()).await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_proof_is_accepted_by_one_replica_and_survives_a_restart() {
    let (mut server, issuer) = (RedisServer::durable(), TestIssuer::new());
    let client = DpopClient::new(Algorithm::Es256, issuer.clock());
    let token = issuer.token().audience(API).claim("cnf", client.confirmation()).mint();
    let replicas = [replica(&issuer, &server.redis()), replica(&issuer, &server.redis())];
    let proof = || client.proof("GET", URL, &token).sign();

    let used = proof();
    assert_eq!(status(&replicas[0], &token, &used).await, 200);
    for replica in &replicas {
        assert_eq!(status(replica, &token, &used).await, 401, "a replay");
        assert_eq!(status(replica, &token, &proof()).await, 200, "a new proof");
    }

    server.kill();
    for replica in &replicas {
        assert_eq!(status(replica, &token, &proof()).await, 503, "Redis is down");
        // Requests that fail before the store is needed are still rejected.
        assert_eq!(status(replica, &token, "not a proof").await, 401);
    }
    server.restart();
    for replica in &replicas {
        assert_eq!(status(replica, &token, &proof()).await, 200, "Redis is back");
        assert_eq!(status(replica, &token, &used).await, 401, "it was used before the restart");
    }

    server.signal("-STOP");
    assert_eq!(status(&replicas[0], &token, &proof()).await, 503, "Redis doesn't respond");
    server.signal("-CONT");
    assert_eq!(status(&replicas[0], &token, &proof()).await, 200);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_server_that_can_store_nothing_more_rejects() {
    let server = RedisServer::start(&["--maxmemory", "1", "--maxmemory-policy", "noeviction"]);
    let issuer = TestIssuer::new();
    let client = DpopClient::new(Algorithm::Es256, issuer.clock());
    let token = issuer.token().audience(API).claim("cnf", client.confirmation()).mint();
    let app = replica(&issuer, &server.redis());
    assert_eq!(status(&app, &token, &client.proof("GET", URL, &token).sign()).await, 503);
}
