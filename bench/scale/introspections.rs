//! The load of the introspection endpoint.

use std::time::Duration;

use crate::{
    clock::SimulatedClock,
    defaults::{INACTIVE, INTROSPECTED, INTROSPECTED_TOKENS, PERMITS, QUEUE},
    endpoint::Endpoint,
    population::Population,
    replica::Replica,
    row::Row,
    service::SERVICE,
    simulation::simulate,
};

/// A service without faults, whose caches have been filled.
struct Steady {
    name: &'static str,
    formula: &'static str,
    /// The tokens in use.
    tokens: f64,
    lifetime: f64,
    /// Whether a load balancer sends each token to the same replica.
    has_affinity: bool,
    /// How many introspections are cached, and for how long.
    capacity: f64,
    cached_for: f64,
}

/// The service with the defaults of the crate.
const DEFAULT: Steady = Steady {
    name: "",
    formula: "",
    tokens: SERVICE.tokens,
    lifetime: SERVICE.lifetime.as_secs() as f64,
    has_affinity: true,
    capacity: INTROSPECTED_TOKENS,
    cached_for: INTROSPECTED,
};

const STEADY: [Steady; 10] = [
    Steady {
        name: "any replica gets any token",
        formula: "R · (1 − 10,000 ÷ N · T ÷ (T + n N ÷ R))",
        has_affinity: false,
        ..DEFAULT
    },
    Steady {
        name: "any replica gets any token, and caches all of them",
        formula: "n · N ÷ (T + n N ÷ R)",
        has_affinity: false,
        capacity: 400_000.0,
        ..DEFAULT
    },
    Steady {
        name: "any replica gets any of 10,000 tokens, each used 100 times per second",
        formula: "n · N ÷ (T + n N ÷ R)",
        tokens: 1e4,
        has_affinity: false,
        capacity: 20_000.0,
        ..DEFAULT
    },
    Steady {
        name: "one token for all requests",
        formula: "n ÷ T",
        tokens: 1.0,
        has_affinity: false,
        ..DEFAULT
    },
    Steady { name: "each token is sent to one replica", formula: "N ÷ (T + N ÷ R)", ..DEFAULT },
    Steady {
        name: "each token is sent to one replica, and cached for 5 minutes",
        formula: "N ÷ (T + N ÷ R)",
        cached_for: 300.0,
        ..DEFAULT
    },
    Steady {
        name: "each token is sent to one replica, and valid for 5 minutes",
        formula: "N ÷ (T + N ÷ R)",
        lifetime: 300.0,
        ..DEFAULT
    },
    Steady {
        name: "each token is sent to one replica, and valid for a minute",
        formula: "N ÷ L",
        lifetime: 60.0,
        ..DEFAULT
    },
    Steady {
        name: "each of 10 million tokens is sent to one replica",
        formula: "R · (1 − n · 10,000 ÷ N · T ÷ (T + N ÷ R))",
        tokens: 1e7,
        ..DEFAULT
    },
    Steady {
        name: "each of 10 million tokens is sent to one replica, and all are cached",
        formula: "N ÷ (T + N ÷ R)",
        tokens: 1e7,
        capacity: 40_000.0,
        ..DEFAULT
    },
];

/// One replica is simulated with this part of its tokens, of its requests, and of its cache.
const PART: f64 = 10.0;

/// How many replicas are simulated where they share an endpoint that is overloaded.
const SOME: usize = 8;

/// Simulates one replica, or some with their part of the endpoint.
pub fn rows() -> Vec<Row> {
    let mut rows: Vec<_> = STEADY.iter().map(Steady::row).collect();
    rows.push(inactive());
    rows.push(forged());
    rows.push(outage());
    rows.extend(start());
    rows.push(overload());
    rows
}

impl Steady {
    fn row(&self) -> Row {
        let per_second = simulate(async {
            let clock = SimulatedClock::new();
            let endpoint = Endpoint::new(1.0, false);
            let (capacity, cached_for) = (self.capacity / PART, self.cached_for);
            let mut replica = Replica::new(1, clock, &endpoint, |builder| {
                let cached_for = Duration::from_secs_f64(cached_for);
                builder.cache_capacity(capacity as usize).cache_for(cached_for)
            });
            let tokens = (self.tokens_of_one() / PART).max(1.0) as u64;
            let population =
                Population { tokens, lifetime: Duration::from_secs_f64(self.lifetime) };
            let rate = SERVICE.requests_of_one() / PART;
            let period = Duration::from_secs_f64(self.period());
            replica.run(period, rate, |random| population.any(random, clock)).await;
            let before = endpoint.requests();
            replica.run(period, rate, |random| population.any(random, clock)).await;
            (endpoint.requests() - before) as f64 / period.as_secs_f64()
        });
        let parts = if self.tokens_of_one() < PART { 1.0 } else { PART };
        Row::new(self.name, "per s")
            .on_paper(self.formula, self.on_paper())
            .simulated(per_second * parts * SERVICE.replicas)
    }

    /// The tokens that one replica gets.
    fn tokens_of_one(&self) -> f64 {
        if self.has_affinity { self.tokens / SERVICE.replicas } else { self.tokens }
    }

    /// How often a replica gets the same token, per second.
    fn rate(&self) -> f64 {
        SERVICE.requests_of_one() / self.tokens_of_one()
    }

    /// How long the caches are filled, and then measured: until all tokens have been replaced, because those of the first
    /// seconds are introspected again at the same time. If tokens are rarely cached, this makes no difference.
    fn period(&self) -> f64 {
        if self.rate() * self.cached_for < 1.0 { self.cached_for } else { self.lifetime }
    }

    /// The introspections of all replicas per second.
    fn on_paper(&self) -> f64 {
        let rate = self.rate();
        let of_one = self.tokens_of_one() / self.lifetime * self.per_token(rate);
        // How many of the tokens are cached at a time.
        let cached = of_one * self.cached_for.min(self.lifetime);
        let of_one = if cached <= self.capacity {
            of_one
        } else {
            // Those that aren't evicted are cached for this part of the time.
            let fresh = rate * self.cached_for / (1.0 + rate * self.cached_for);
            SERVICE.requests_of_one() * (1.0 - fresh * self.capacity / self.tokens_of_one())
        };
        of_one * SERVICE.replicas
    }

    /// How often a replica introspects a token during its lifetime. The `k`th introspection takes place if the token was
    /// used `k` times in the time in which it wasn't cached. This is the formula above, but also for short lifetimes.
    fn per_token(&self, rate: f64) -> f64 {
        let mut sum = 0.0;
        for count in 1_u32.. {
            let left = self.lifetime - f64::from(count - 1) * self.cached_for;
            if left <= 0.0 {
                break;
            }
            sum += at_least(count, rate * left);
        }
        sum
    }
}

/// Returns the probability of at least `count` events where `mean` are expected.
fn at_least(count: u32, mean: f64) -> f64 {
    let (mut probability, mut of_fewer) = ((-mean).exp(), 0.0);
    for events in 0..count {
        of_fewer += probability;
        probability *= mean / f64::from(events + 1);
    }
    1.0 - of_fewer
}

/// A client sends the same inactive token to all replicas.
fn inactive() -> Row {
    let per_second = measured(|_| 1e2, |_, _| "inactive".to_owned());
    Row::new("one inactive token that reaches every replica", "per s")
        .on_paper("n ÷ 5 s", SERVICE.replicas / INACTIVE)
        .simulated(per_second)
}

/// Clients send a different random token in each request, a tenth of all requests.
fn forged() -> Row {
    let rate = SERVICE.requests_per_second / 10.0;
    let per_second =
        measured(|of_all| of_all / 10.0, |random, _| format!("random{}", random.below(u64::MAX)));
    Row::new("100,000 random tokens per second", "per s")
        .on_paper("all of them, up to n · 75 ÷ d", rate.min(most()))
        .simulated(per_second)
}

/// The endpoint responds with 503, and no token is cached any more.
fn outage() -> Row {
    let per_second = simulate(async {
        let clock = SimulatedClock::new();
        let endpoint = Endpoint::new(1.0, false);
        endpoint.fail();
        let mut replica = Replica::new(1, clock, &endpoint, |builder| builder);
        let tokens = DEFAULT.tokens_of_one() as u64;
        let population = Population { tokens, lifetime: SERVICE.lifetime };
        let rate = SERVICE.requests_of_one();
        replica.run(Duration::from_secs(20), rate, |random| population.any(random, clock)).await;
        endpoint.requests() as f64 / 20.0
    });
    Row::new("the endpoint responds with 503, and no token is cached any more", "per s")
        .on_paper("R, up to n · 75 ÷ d", SERVICE.requests_per_second.min(most()))
        .simulated(per_second * SERVICE.replicas)
}

/// All replicas start at once, with empty caches.
fn start() -> [Row; 2] {
    let capacity = SERVICE.endpoint_capacity;
    let all = SERVICE.tokens / capacity;
    let outcomes = simulate(async {
        let mut fleet = Overloaded::new(capacity);
        let mut outcomes = Vec::new();
        for _ in 0..all as usize {
            outcomes.push(fleet.second().await);
        }
        outcomes
    });
    let is_late = |it: &Outcome| it.rejected > 0.01 * (it.accepted + it.rejected);
    let late = outcomes.iter().rposition(is_late).map_or(0, |last| last + 1);
    let rejected: f64 = outcomes.iter().map(|it| it.rejected).sum();
    let sent = SOME as f64 * SERVICE.requests_of_one() * all;
    let wait = longest_wait(capacity);
    [
        Row::new("all replicas start at once: until 99 % are accepted", "s")
            .on_paper("N ÷ μ − 5 s", all - QUEUE)
            .simulated(late as f64),
        Row::new("requests that are rejected with 503 in the first N ÷ μ", "%")
            .on_paper("(1 − w ÷ (N ÷ μ))² ÷ 2", (1.0 - wait / all).powi(2) / 2.0 * 100.0)
            .simulated(rejected / sent * 100.0),
    ]
}

/// The endpoint has half the capacity, which is less than it would need.
fn overload() -> Row {
    let capacity = SERVICE.endpoint_capacity / 2.0;
    let outcomes = simulate(async {
        let mut fleet = Overloaded::new(capacity);
        let mut outcomes = Vec::new();
        for _ in 0..300 {
            outcomes.push(fleet.second().await);
        }
        outcomes.split_off(180)
    });
    let rejected: f64 = outcomes.iter().map(|it| it.rejected).sum();
    let accepted: f64 = outcomes.iter().map(|it| it.accepted).sum();
    // Each introspection admits the requests that wait for it, and then those of the time for which it is cached.
    let admitted = longest_wait(capacity) + INTROSPECTED;
    Row::new("with half of `μ`: requests that are rejected with 503, all the time", "%")
        .on_paper("1 − μ (w + T) ÷ N", (1.0 - capacity * admitted / SERVICE.tokens) * 100.0)
        .simulated(rejected / (accepted + rejected) * 100.0)
}

/// How long a request waits for an introspection at an overloaded endpoint: in the queue of its replica, and, with all
/// others that have a permit, at the endpoint. The time until the first request for a token counts as well.
fn longest_wait(capacity: f64) -> f64 {
    let first = SERVICE.tokens / SERVICE.requests_per_second;
    QUEUE + SERVICE.replicas * PERMITS / capacity + first
}

/// Some replicas, with their part of an endpoint that can't keep up.
struct Overloaded {
    clock: SimulatedClock,
    replicas: Vec<Replica>,
}

/// The requests of a second, or of the time until then.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    accepted: f64,
    rejected: f64,
}

impl Overloaded {
    fn new(capacity: f64) -> Self {
        let clock = SimulatedClock::new();
        let part = SOME as f64 / SERVICE.replicas * capacity / SERVICE.endpoint_capacity;
        let endpoint = Endpoint::new(part, true);
        let replica = |seed| Replica::new(seed, clock, &endpoint, |builder| builder);
        Self { clock, replicas: (0..SOME as u64).map(replica).collect() }
    }

    /// Runs all replicas for a second.
    async fn second(&mut self) -> Outcome {
        let before = self.total();
        let (clock, rate) = (self.clock, SERVICE.requests_of_one());
        let tokens = DEFAULT.tokens_of_one() as u64;
        let population = Population { tokens, lifetime: SERVICE.lifetime };
        let runs = self.replicas.iter_mut().map(|replica| {
            Box::pin(
                replica
                    .run(Duration::from_secs(1), rate, move |random| population.any(random, clock)),
            )
        });
        all(runs.collect()).await;
        let after = self.total();
        Outcome {
            accepted: after.accepted - before.accepted,
            rejected: after.rejected - before.rejected,
        }
    }

    fn total(&self) -> Outcome {
        let counts = self.replicas.iter().map(Replica::counts);
        let none = Outcome { accepted: 0.0, rejected: 0.0 };
        counts.fold(none, |total, counts| Outcome {
            accepted: total.accepted + counts.accepted as f64,
            rejected: total.rejected + counts.unavailable as f64,
        })
    }
}

/// Waits for all of these futures.
async fn all<F: Future<Output = ()> + Unpin>(mut futures: Vec<F>) {
    std::future::poll_fn(|context| {
        futures.retain_mut(|future| std::pin::Pin::new(future).poll(context).is_pending());
        if futures.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

/// Returns the introspections of all replicas per second, if each gets only such tokens.
fn measured(
    rate: impl Fn(f64) -> f64,
    next: impl Fn(&mut crate::random::Random, SimulatedClock) -> String,
) -> f64 {
    simulate(async {
        let clock = SimulatedClock::new();
        let endpoint = Endpoint::new(1.0, false);
        let mut replica = Replica::new(1, clock, &endpoint, |builder| builder);
        let rate = rate(SERVICE.requests_of_one());
        replica.run(Duration::from_secs(60), rate, |random| next(random, clock)).await;
        endpoint.requests() as f64 / 60.0 * SERVICE.replicas
    })
}

/// The introspections per second that the permits allow.
fn most() -> f64 {
    SERVICE.replicas * PERMITS / SERVICE.introspection.as_secs_f64()
}
