//! Three `server` processes and one Redis: a revocation takes effect on all of them, and an outage of Redis has the
//! configured consequences.

use std::{
    env::consts::EXE_SUFFIX,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use portcullis::testing::{ServedIssuer, TestIssuer};
use reqwest::Client;
use serde_json::{Value, json};

use crate::{replica::API, server::RedisServer};

const ADMIN: &str = "the-token-of-the-administrator";
const OUTAGE: Duration = Duration::from_secs(10);
/// How long a test waits for what takes milliseconds on an idle machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a replica without the list accepts revoked tokens after Redis is back: it tries again twice a second. The
/// rest is for a busy machine.
const WINDOW: Duration = Duration::from_secs(3);

/// One process.
pub struct Server {
    child: Child,
    pub url: String,
}

impl Server {
    pub fn start(issuer: &ServedIssuer, variables: &[(&str, &str)]) -> Self {
        let tests = std::env::current_exe().unwrap();
        let mut path: PathBuf = tests.ancestors().nth(2).expect("a folder above `deps`").into();
        path.push(format!("server{EXE_SUFFIX}"));
        let mut child = Command::new(&path)
            .env_clear()
            .env("NO_PROXY", "127.0.0.1")
            .envs([("ISSUER", issuer.issuer()), ("AUDIENCE", API)])
            .envs([("WORKER_THREADS", "1"), ("RUST_LOG", "error")])
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; build the workspace", path.display()));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").expect("an address").to_owned();
        Self { child, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Three servers, whose addresses change when they are restarted.
struct Fleet {
    issuer: ServedIssuer,
    redis: RedisServer,
    outage: &'static str,
    servers: Vec<Server>,
    urls: Arc<Mutex<Vec<String>>>,
    client: Client,
}

/// A token that was accepted although it is revoked.
struct Breach {
    server: usize,
    time: Instant,
}

/// One server of the three.
fn start_one(issuer: &ServedIssuer, redis: &RedisServer, outage: &str) -> Server {
    let variables = [
        ("ADMIN_TOKEN", ADMIN),
        ("REDIS_OUTAGE", outage),
        ("REDIS_URL", &redis.url()),
        ("SECURITY_EVENTS", "/events"),
        ("SECURITY_EVENTS_AUDIENCE", "orders-client"),
    ];
    Server::start(issuer, &variables)
}

impl Fleet {
    async fn start(outage: &'static str) -> Self {
        let (issuer, redis) = (TestIssuer::serve().await.unwrap(), RedisServer::durable());
        let servers: Vec<_> = (0..3).map(|_| start_one(&issuer, &redis, outage)).collect();
        let urls = servers.iter().map(|server| server.url.clone()).collect();
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap();
        let urls = Arc::new(Mutex::new(urls));
        let fleet = Self { issuer, redis, outage, servers, urls, client };
        fleet.until_current().await;
        fleet
    }

    fn restart(&mut self, server: usize) {
        self.servers[server] = start_one(&self.issuer, &self.redis, self.outage);
        self.urls.lock().unwrap()[server].clone_from(&self.servers[server].url);
    }

    fn url(&self, server: usize, path: &str) -> String {
        format!("{}{path}", self.urls.lock().unwrap()[server])
    }

    async fn readyz(&self, server: usize) -> (u16, Value) {
        let response = self.client.get(self.url(server, "/readyz")).send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_str(&response.text().await.unwrap()).unwrap())
    }

    /// Waits until every server has all that Redis has.
    async fn until_current(&self) {
        let deadline = Instant::now() + PATIENCE;
        for server in 0..3 {
            loop {
                let (status, body) = self.readyz(server).await;
                if status == 200 && body["revocations"]["current"] == true {
                    break;
                }
                assert!(Instant::now() < deadline, "{body}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    fn token(&self, id: &str) -> String {
        let token = self.issuer.token().audience(API).subject(&format!("subject-{id}"));
        token.claim("jti", json!(id)).claim("sid", json!(format!("session-{id}"))).mint()
    }

    async fn status(&self, server: usize, token: &str) -> u16 {
        let request = self.client.get(self.url(server, "/me")).bearer_auth(token);
        request.send().await.unwrap().status().as_u16()
    }

    /// Waits until all servers respond to a token with this status, and returns how long that took.
    async fn until(&self, token: &str, status: u16) -> Duration {
        let start = Instant::now();
        for server in 0..3 {
            while self.status(server, token).await != status {
                assert!(start.elapsed() < PATIENCE, "server {server}");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        start.elapsed()
    }

    async fn revoke(&self, server: usize, id: &str) -> u16 {
        let request = self.client.post(self.url(server, "/admin/revoke")).bearer_auth(ADMIN);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(format!("jti={id}")).send().await.unwrap().status().as_u16()
    }

    async fn push(&self, server: usize, id: &str) -> u16 {
        let subject = json!({
            "format": "iss_sub", "iss": self.issuer.issuer(), "sub": format!("subject-{id}"),
        });
        let event = self.issuer.token().header("typ", json!("secevent+jwt")).audience(API);
        let event = event.claim("jti", json!(format!("event-{id}"))).claim("sub_id", subject);
        let name = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
        let event = event.claim("events", json!({ name: {} })).mint();
        let request = self.client.post(self.url(server, "/events"));
        let request = request.header("content-type", "application/secevent+jwt").body(event);
        request.send().await.unwrap().status().as_u16()
    }

    async fn log_out(&self, server: usize, id: &str) -> u16 {
        let token = self.issuer.token().header("typ", json!("logout+jwt"));
        let token = token.audience("orders-client").claim("jti", json!(format!("logout-{id}")));
        let token = token.claim("sid", json!(format!("session-{id}")));
        let event = "http://schemas.openid.net/event/backchannel-logout";
        let token = token.claim("events", json!({ event: {} })).mint();
        let request = self.client.post(self.url(server, "/events"));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let request = request.body(format!("logout_token={token}"));
        request.send().await.unwrap().status().as_u16()
    }

    /// Sends revoked tokens to every server until `stop`, and returns each acceptance, and the number of requests.
    fn attack(
        &self,
        tokens: &[String],
        stop: &Arc<AtomicBool>,
    ) -> Vec<tokio::task::JoinHandle<(Vec<Breach>, usize)>> {
        let attack = |server: usize| {
            let (client, urls, stop) =
                (self.client.clone(), Arc::clone(&self.urls), Arc::clone(stop));
            let tokens = tokens.to_vec();
            tokio::spawn(async move {
                let (mut breaches, mut requests) = (Vec::new(), 0);
                while !stop.load(Ordering::Relaxed) {
                    for token in &tokens {
                        let time = Instant::now();
                        let url = format!("{}/me", urls.lock().unwrap()[server]);
                        // A server that is restarted doesn't respond.
                        let Ok(response) = client.get(url).bearer_auth(token).send().await else {
                            continue;
                        };
                        requests += 1;
                        if response.status() == 200 {
                            breaches.push(Breach { server, time });
                        }
                    }
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                (breaches, requests)
            })
        };
        (0..3).map(attack).collect()
    }
}

/// Runs everything, and returns the acceptances with the time when Redis was back, and the number of requests.
async fn run(outage: &'static str) -> (Vec<Breach>, usize, Instant) {
    let mut fleet = Fleet::start(outage).await;
    let revoked: Vec<_> = ["admin", "event", "logout"].map(|id| fleet.token(id)).into();
    let (kept, late) = (fleet.token("kept"), fleet.token("late"));
    // Each server has cached each token.
    for token in revoked.iter().chain([&kept, &late]) {
        fleet.until(token, 200).await;
    }

    for (server, kind) in ["admin", "event", "logout"].into_iter().enumerate() {
        let status = match kind {
            "admin" => fleet.revoke(server, kind).await,
            "event" => fleet.push(server, kind).await,
            _ => fleet.log_out(server, kind).await,
        };
        assert!((200..300).contains(&status), "{kind}: {status}");
        let took = fleet.until(&revoked[server], 401).await;
        println!("{outage}: {kind} took effect on three servers within {took:?}");
        assert!(took < Duration::from_secs(1), "{kind}: {took:?}");
    }
    fleet.until(&kept, 200).await;

    let stop = Arc::new(AtomicBool::new(false));
    let attacks = fleet.attack(&revoked, &stop);
    fleet.redis.kill();
    let down = Instant::now();
    let during = if outage == "refuse" { 503 } else { 200 };
    fleet.until(&kept, during).await;
    // Redis is down while this server starts, so it can't know what was revoked.
    fleet.restart(2);
    fleet.until(&kept, during).await;
    for server in 0..3 {
        let (status, body) = fleet.readyz(server).await;
        assert_eq!(status, during, "{body}");
        assert_eq!(body["revocations"]["current"], false);
        assert_eq!(body["revocations"]["age"].is_null(), server == 2, "{body}");
    }
    assert_eq!(fleet.revoke(0, "late").await, 503, "it can't be shared");
    assert_eq!(fleet.status(0, &late).await, if outage == "refuse" { 503 } else { 401 });
    assert_eq!(fleet.status(1, &late).await, during);
    tokio::time::sleep(OUTAGE.saturating_sub(down.elapsed())).await;
    fleet.redis.restart();
    let back = Instant::now();

    fleet.until_current().await;
    fleet.until(&late, 401).await;
    for token in &revoked {
        fleet.until(token, 401).await;
    }
    fleet.until(&kept, 200).await;
    stop.store(true, Ordering::Relaxed);
    let (mut breaches, mut requests) = (Vec::new(), 0);
    for attack in attacks {
        let (found, sent) = attack.await.unwrap();
        breaches.extend(found);
        requests += sent;
    }
    (breaches, requests, back)
}

#[tokio::test]
#[ignore = "needs redis-server, and the server of the examples"]
async fn with_refuse_no_server_accepts_a_revoked_token() {
    let (breaches, requests, _) = run("refuse").await;
    println!("refuse: {} of {requests} requests with revoked tokens were accepted", breaches.len());
    assert!(requests > 300);
    assert_eq!(breaches.len(), 0);
}

#[tokio::test]
#[ignore = "needs redis-server, and the server of the examples"]
async fn with_serve_only_servers_started_in_the_outage_accept_tokens() {
    let (breaches, requests, back) = run("serve").await;
    println!("serve: {} of {requests} requests with revoked tokens were accepted", breaches.len());
    assert!(requests > 300);
    assert!(breaches.iter().all(|breach| breach.server == 2));
    assert!(breaches.iter().all(|breach| breach.time < back + WINDOW));
    assert!(!breaches.is_empty(), "a server that knew nothing should have accepted some");
}
