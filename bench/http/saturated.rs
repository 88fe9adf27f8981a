//! The CPU time of a request, while the server has as many as it can handle.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{runtime, task::JoinSet};

use crate::{
    authorization_server::AuthorizationServer,
    client::Client,
    options::Options,
    percentile::percentile,
    protocol::Protocol,
    reply::Reply,
    server::{
        Authentication::{self, Introspection, Jwt, None},
        Server,
    },
    tokens::{self, TokenPools, Tokens},
    tsv::Tsv,
};

/// How many requests wait for a response at a time.
const AT_A_TIME: usize = 8;
/// How many tokens are introspected in a round.
const INTROSPECTED: usize = 200;

/// Requests to the server without authentication, with a JWT and with an opaque token.
const PLAIN: &str = "no authentication";
const PLAIN_SHORT: &str = "no authentication, short token";

struct Row {
    name: &'static str,
    authentication: Authentication,
    /// The tokens of each round.
    rounds: Vec<Tokens>,
    /// How long tokens are sent in turn. Without it, each is sent once.
    time: Option<Duration>,
    reply: Reply,
    /// The CPU time of a request in each round, in microseconds.
    cpu: Vec<f64>,
}

/// Measures all rows of a protocol in turns, and compares them round by round, so that what disturbs the machine
/// disturbs them alike.
pub fn measure(
    authorization_server: &AuthorizationServer,
    pools: &TokenPools,
    options: &Options,
    tsv: &mut Tsv,
) {
    authorization_server.publish(&pools.keys[0]);
    let issuer = authorization_server.issuer.issuer();
    println!("\n{:57}{:>8}{:>8}", "8 requests at a time", "CPU µs", "more");
    for protocol in Protocol::ALL {
        if !options.chooses(&format!("{protocol}, saturated")) {
            continue;
        }
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let servers = [None, Jwt, Introspection].map(|authentication| {
            let server = Server::start(protocol, authentication, issuer);
            let client = runtime.block_on(Client::connect(protocol, server.address));
            (authentication, server, Arc::new(client.expect("a connection")))
        });
        let server_of = |row: &Row| {
            let mut servers = servers.iter();
            let found = servers.find(|(authentication, ..)| *authentication == row.authentication);
            let (_, server, client) = found.expect("a server");
            (server, client)
        };
        let mut rows = Row::all(pools, options.quick);
        for row in rows.iter().filter(|row| row.time.is_some()) {
            runtime.block_on(row.warm_up(server_of(row).1));
        }
        for round in 0..rows[0].rounds.len() {
            for row in &mut rows {
                let (server, client) = server_of(row);
                let before = server.cpu_time();
                let requests = runtime.block_on(row.take(round, client));
                let cpu_time = server.cpu_time().saturating_sub(before);
                row.cpu.push(cpu_time.as_secs_f64() * 1e6 / requests as f64);
            }
        }
        for row in &rows {
            let name = format!("{protocol}, saturated, {}", row.name);
            let base = rows.iter().find(|base| base.name == row.base()).expect("a row");
            let more = row.cpu.iter().zip(&base.cpu).map(|(ours, base)| ours - base).collect();
            let (cpu, more) = (percentile(row.cpu.clone(), 50), percentile(more, 50));
            println!("{name:57}{cpu:>8.1}{more:>+8.1}");
            tsv.write(&name, "CPU µs", format_args!("{cpu:.2}"), Option::None);
            tsv.write(&name, "more µs", format_args!("{more:.2}"), Option::None);
        }
    }
}

impl Row {
    fn all(pools: &TokenPools, quick: bool) -> Vec<Self> {
        let (rounds, milliseconds) = if quick { (1, 100) } else { (9, 120) };
        let row = |name, authentication, rounds, time, reply| Self {
            name,
            authentication,
            rounds,
            time,
            reply,
            cpu: Vec::new(),
        };
        let again = |name, authentication, tokens: &Tokens, reply| {
            let time = Duration::from_millis(milliseconds);
            row(name, authentication, vec![tokens.clone(); rounds], Some(time), reply)
        };
        let once = |name, authentication, tokens: &[_]| {
            let parts = tokens.chunks(tokens.len() / rounds).map(Tokens::from).collect();
            row(name, authentication, parts, Option::None, Reply::Accepted)
        };
        vec![
            again(PLAIN, None, &pools.seen, Reply::Accepted),
            again(PLAIN_SHORT, None, &pools.opaque_seen, Reply::Accepted),
            again("seen, RS256", Jwt, &pools.seen, Reply::Accepted),
            again("seen, RS256, one of 1000", Jwt, &pools.many, Reply::Accepted),
            once("first seen, RS256", Jwt, &pools.rs256),
            once("first seen, ES256", Jwt, &pools.es256),
            again("introspected, seen", Introspection, &pools.opaque_seen, Reply::Accepted),
            once("introspected, first seen", Introspection, &pools.opaque[..rounds * INTROSPECTED]),
            again("rejected, no token", Jwt, &tokens::none(), Reply::Rejected),
            again("rejected, garbage", Jwt, &tokens::only("garbage"), Reply::Rejected),
            again("rejected, unknown kid", Jwt, &pools.unknown_kid, Reply::Rejected),
        ]
    }

    /// The row whose requests are as long, without authentication.
    fn base(&self) -> &'static str {
        match self.name {
            PLAIN_SHORT | "rejected, no token" | "rejected, garbage" => PLAIN_SHORT,
            _ if self.authentication == Introspection => PLAIN_SHORT,
            _ => PLAIN,
        }
    }

    /// Sends each token once.
    async fn warm_up(&self, client: &Client) {
        for token in &*self.rounds[0] {
            assert_eq!(client.send(token.as_ref()).await, self.reply);
        }
    }

    /// Returns how many requests there were.
    async fn take(&self, round: usize, client: &Arc<Client>) -> usize {
        let begun = Instant::now();
        let next = Arc::new(AtomicUsize::new(0));
        let mut senders = JoinSet::new();
        for _ in 0..AT_A_TIME {
            let (tokens, next) = (self.rounds[round].clone(), Arc::clone(&next));
            let (client, time, right) = (Arc::clone(client), self.time, self.reply.clone());
            senders.spawn(async move {
                let mut sent = 0;
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let is_over = match time {
                        Some(time) => begun.elapsed() >= time,
                        Option::None => number >= tokens.len(),
                    };
                    if is_over {
                        return sent;
                    }
                    let reply = client.send(tokens[number % tokens.len()].as_ref()).await;
                    assert_eq!(reply, right);
                    sent += 1;
                }
            });
        }
        senders.join_all().await.iter().sum()
    }
}
