//! Replicas of a service that share revocations and DPoP proofs through Redis, which is behind a proxy.

use std::{
    collections::VecDeque,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, routing::get};
use http::{Request, header::AUTHORIZATION};
use portcullis::{
    Algorithm, AuthenticateLayer,
    binding::Dpop,
    redis::Redis,
    testing::{DpopClient, TestClock, TestIssuer},
    verify::{OutagePolicy, Revocation, Revocations},
};
use serde_json::json;

use crate::{
    API, TOKEN_CACHE,
    client::{exchange, send},
    proxy::Proxy,
    random::Random,
    record::{Record, SLACK},
    server::RedisServer,
};

/// Replicas try again twice a second, and accept revoked tokens for at most one second longer than Redis is away.
const RECOVERY: Duration = Duration::from_secs(1);
const URL: &str = "https://api.example/";

pub struct Replicas {
    issuer: TestIssuer,
    pub proxy: Proxy,
    /// One that serves while Redis is away, and two that reject.
    all: [Replica; 3],
    dpop: [Router; 2],
    client: DpopClient,
    bound: String,
    revoked: Mutex<VecDeque<Revoked>>,
    next: AtomicUsize,
    pub serving: Record,
    pub rejecting: Record,
    pub proofs: Record,
    _redis: RedisServer,
}

struct Replica {
    app: Router,
    revocations: Revocations,
    rejects: bool,
}

#[derive(Clone)]
struct Revoked {
    token: String,
    replica: usize,
    /// When the revocation was in Redis, if the replica said so.
    stored: Option<Instant>,
}

impl Replicas {
    pub async fn start() -> io::Result<Self> {
        let server = RedisServer::durable();
        let proxy = Proxy::start(SocketAddr::from((Ipv4Addr::LOCALHOST, server.port))).await?;
        let redis = Redis::new(&format!("redis://{}", proxy.address)).unwrap();
        let issuer = TestIssuer::with_clock("https://issuer.test", TestClock::running());
        issuer.publish(Algorithm::Es256);

        let replica = |outage| {
            let revocations = Revocations::builder().shared(redis.revocations()).outage(outage);
            let revocations = revocations.build().unwrap();
            let verifier = issuer.verifier().audience(API).revocations(revocations.clone());
            let verifier = verifier.token_cache(TOKEN_CACHE);
            let layer = AuthenticateLayer::bearer(verifier.build().unwrap());
            let app = Router::new().route("/", get("in")).layer(layer);
            Replica { app, revocations, rejects: outage == OutagePolicy::Reject }
        };
        let dpop = || {
            let dpop = Dpop::builder(API).clock(issuer.clock());
            let dpop = dpop.replay_store(redis.replays().clock(issuer.clock())).build().unwrap();
            let verifier = issuer.verifier().audience(API).build().unwrap();
            let layer = AuthenticateLayer::bearer(verifier).dpop(dpop);
            Router::new().route("/", get("in")).layer(layer)
        };
        let client = DpopClient::new(Algorithm::Es256, issuer.clock());
        let bound = issuer.token().audience(API).claim("cnf", client.confirmation());
        let all = [OutagePolicy::Serve, OutagePolicy::Reject, OutagePolicy::Reject].map(replica);
        for replica in &all {
            replica.revocations.warm_up().await.unwrap();
        }
        Ok(Self {
            all,
            dpop: [dpop(), dpop()],
            bound: bound.expires_in(Duration::from_secs(24 * 3600)).mint(),
            client,
            revoked: Mutex::default(),
            next: AtomicUsize::new(0),
            serving: Record::new("Redis, Serve", RECOVERY),
            rejecting: Record::new("Redis, Reject", RECOVERY),
            proofs: Record::new("DPoP proofs in Redis", RECOVERY),
            issuer,
            proxy,
            _redis: server,
        })
    }

    /// Revokes a token on one of the replicas.
    pub async fn revoke(&self, random: &mut Random) {
        let id = self.next.fetch_add(1, Ordering::Relaxed).to_string();
        let token = self.issuer.token().audience(API).claim("jti", json!(id)).mint();
        let replica = usize::try_from(random.below(3)).unwrap();
        let revocations = &self.all[replica].revocations;
        let result = revocations.revoke(&Revocation::token_id(id)).await;
        let stored = result.is_ok().then(Instant::now);
        let mut revoked = self.revoked.lock().unwrap_or_else(PoisonError::into_inner);
        revoked.push_back(Revoked { token, replica, stored });
        if revoked.len() > 50 {
            revoked.pop_front();
        }
    }

    /// Sends one request with a revoked token, or with a valid one, to one of the replicas.
    pub async fn send(&self, random: &mut Random) {
        let at = usize::try_from(random.below(3)).unwrap();
        let replica = &self.all[at];
        let (record, proxy) = match replica.rejects {
            true => (&self.rejecting, Some(&self.proxy)),
            // It never responds with 503.
            false => (&self.serving, None),
        };
        let revoked = {
            let revoked = self.revoked.lock().unwrap_or_else(PoisonError::into_inner);
            let is_revoked = random.below(2) == 0 && !revoked.is_empty();
            is_revoked.then(|| {
                revoked[usize::try_from(random.below(revoked.len() as u64)).unwrap()].clone()
            })
        };
        let Some(revoked) = revoked else {
            let token = self.issuer.token().audience(API).mint();
            let exchange = exchange(&replica.app, &token).await;
            return record.add("a valid token", exchange, |status| status == 200, proxy);
        };
        let exchange = exchange(&replica.app, &revoked.token).await;
        let since = |time: Instant| exchange.began.saturating_duration_since(time);
        // Another replica learns of a revocation in milliseconds. If it is told of it only after a fault, that takes a
        // second more; and one that serves during a fault doesn't know it until then.
        let is_recent = revoked.stored.is_some_and(|stored| since(stored) < RECOVERY + SLACK);
        let is_unknown = revoked.stored.is_none() || !replica.rejects;
        let earliest = exchange.began.checked_sub(RECOVERY + SLACK).unwrap_or(exchange.began);
        let may_miss_it = at != revoked.replica
            && (is_recent || (is_unknown && self.proxy.was_faulty_since(earliest)));
        let is_right = |status| status == 401 || (status == 200 && may_miss_it);
        record.add("a revoked token", exchange, is_right, proxy);
    }

    /// Sends a proof to both replicas at once, and then again.
    pub async fn send_proof(&self) {
        let proof = self.client.proof("GET", URL, &self.bound).sign();
        let request = || {
            let request = Request::get(URL).header(AUTHORIZATION, format!("DPoP {}", self.bound));
            request.header("dpop", &proof)
        };
        let [one, other] = &self.dpop;
        let (first, second) = tokio::join!(send(one, request()), send(other, request()));
        let third = send(one, request()).await;
        let all = [first, second, third];
        let accepted = all.iter().filter(|exchange| exchange.status == 200).count();
        // If both couldn't reach Redis, none has accepted it; otherwise exactly one has.
        let unavailable = all.iter().filter(|exchange| exchange.status == 503).count();
        for exchange in all {
            let is_right = |_| accepted == 1 || (accepted == 0 && unavailable > 0);
            self.proofs.add("a proof", exchange, is_right, Some(&self.proxy));
        }
    }
}
