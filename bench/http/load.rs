//! Requests to the server, over several connections, from a thread of its own.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tokio::{
    runtime,
    task::JoinSet,
    time::{self, MissedTickBehavior},
};

use crate::connection::Connection;

/// What is sent, and how.
#[derive(Clone)]
pub struct Load {
    pub requests: Arc<[Vec<u8>]>,
    /// Whether it begins again after the last request. Otherwise it ends there.
    pub repeats: bool,
    pub connections: usize,
    /// How long a connection waits from one request to the next. If it doesn't, it sends one as soon
    /// as the last is answered.
    pub every: Option<Duration>,
    pub time: Duration,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// From the first byte sent to the last one read, in microseconds.
    pub latencies: Vec<f64>,
    pub statuses: BTreeMap<u16, usize>,
    pub took: Duration,
}

impl Load {
    /// Begins, beside whatever else is going on.
    pub fn start(self, address: SocketAddr) -> JoinHandle<Outcome> {
        thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(self.run(address))
        })
    }

    /// The same, and soon over.
    pub fn for_a_moment(mut self) -> Self {
        self.time = Duration::from_millis(500);
        self
    }

    async fn run(self, address: SocketAddr) -> Outcome {
        let next = Arc::new(AtomicUsize::new(0));
        let begun = Instant::now();
        let mut connections = JoinSet::new();
        for _ in 0..self.connections {
            connections.spawn(self.clone().keep_sending(address, Arc::clone(&next), begun));
        }
        let mut all = Outcome::default();
        while let Some(one) = connections.join_next().await {
            all.add(one.expect("no panic"));
        }
        all.took = begun.elapsed();
        all
    }

    async fn keep_sending(
        self,
        address: SocketAddr,
        next: Arc<AtomicUsize>,
        begun: Instant,
    ) -> Outcome {
        let mut connection = Connection::open(address).await.expect("a connection");
        let mut outcome = Outcome::default();
        let mut pace = self.every.map(|every| {
            let mut pace = time::interval(every);
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            pace
        });
        while begun.elapsed() < self.time {
            if let Some(pace) = &mut pace {
                pace.tick().await;
            }
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= self.requests.len() && !self.repeats {
                break;
            }
            let sent = Instant::now();
            let answer = connection.send(&self.requests[number % self.requests.len()]).await;
            outcome.latencies.push(sent.elapsed().as_secs_f64() * 1e6);
            *outcome.statuses.entry(answer.expect("an answer")).or_default() += 1;
        }
        outcome
    }
}

impl Outcome {
    /// One after the other.
    pub fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.took += other.took;
    }

    pub fn percentile(&self, percent: usize) -> f64 {
        let mut latencies = self.latencies.clone();
        latencies.sort_by(f64::total_cmp);
        let place = (latencies.len() * percent / 100).min(latencies.len().saturating_sub(1));
        latencies.get(place).copied().unwrap_or(f64::NAN)
    }

    /// How many requests weren't answered so.
    pub fn others_than(&self, status: u16) -> usize {
        self.statuses.iter().filter(|(other, _)| **other != status).map(|(_, count)| count).sum()
    }
}
