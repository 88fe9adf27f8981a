//! Requests at a fixed rate, whether or not the server keeps up with it.

use std::{
    net::SocketAddr,
    ops::Range,
    sync::{Arc, Barrier},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tokio::{runtime, sync::mpsc, task::JoinSet};

use crate::{
    arrivals::Arrivals,
    client::Client,
    outcome::{Outcome, Sample},
    protocol::Protocol,
    reply::Reply,
    tokens::Tokens,
};

/// How many requests wait for their responses at most. Further requests aren't sent.
const IN_FLIGHT: usize = 500;

/// A stream of requests, sent by a separate thread.
#[derive(Clone)]
pub struct Stream {
    pub name: &'static str,
    pub tokens: Tokens,
    pub usage: Usage,
    /// Requests per second.
    pub rate: u32,
    /// When requests are sent, since the start of the phase.
    pub time: Range<Duration>,
    /// The responses that are right.
    pub expects: fn(&Reply) -> bool,
}

/// How a stream uses its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// Sends each once.
    Once,
    /// Sends them in turn.
    Repeated,
    /// Sends each once before anything is measured, and then in turn.
    Seen,
}

impl Stream {
    /// Connects. Requests are sent once all have met at the barrier. Each stream of a phase has another number.
    ///
    /// A thread that doesn't wait for responses determines when each request is due, and latencies count from then: a
    /// request that is sent late, because the server or the client is busy, took longer.
    pub fn start(
        self,
        number: usize,
        protocol: Protocol,
        address: SocketAddr,
        start: Arc<Barrier>,
    ) -> JoinHandle<Outcome> {
        thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.expect("a runtime");
            let client = runtime.block_on(async {
                let client = Client::connect(protocol, address).await.expect("a connection");
                if self.usage == Usage::Seen {
                    for token in &*self.tokens {
                        client.send(token.as_ref()).await;
                    }
                }
                Arc::new(client)
            });
            start.wait();
            let started = Instant::now();
            let (sender, receiver) = mpsc::unbounded_channel();
            let (rate, time) = (self.rate, self.time.clone());
            let pacer = thread::spawn(move || {
                let arrivals = Arrivals::new(number, rate, time.start);
                for due in arrivals.take_while(|due| time.contains(due)) {
                    thread::sleep(due.saturating_sub(started.elapsed()));
                    if sender.send(due).is_err() {
                        break;
                    }
                }
            });
            let outcome = runtime.block_on(self.send(&client, started, receiver));
            pacer.join().expect("no panic");
            outcome
        })
    }

    async fn send(
        self,
        client: &Arc<Client>,
        started: Instant,
        mut due: mpsc::UnboundedReceiver<Duration>,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        let mut running = JoinSet::new();
        let mut next = 0;
        while let Some(due) = due.recv().await {
            while let Some(sample) = running.try_join_next() {
                outcome.samples.push(sample.expect("no panic"));
            }
            if running.len() >= IN_FLIGHT {
                outcome.unsent.push(due);
                continue;
            }
            let count = self.tokens.len();
            assert!(self.usage != Usage::Once || next < count, "{}: too few tokens", self.name);
            let (client, token) = (Arc::clone(client), self.tokens[next % count].clone());
            next += 1;
            running.spawn(async move {
                let reply = client.send(token.as_ref()).await;
                Sample { due, latency: started.elapsed().saturating_sub(due), reply }
            });
        }
        while let Some(sample) = running.join_next().await {
            outcome.samples.push(sample.expect("no panic"));
        }
        outcome
    }
}
