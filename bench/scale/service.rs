//! The service that is computed and simulated.

use std::time::Duration;

/// A service with many replicas, and the servers that they depend on.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    pub requests_per_second: f64,
    pub replicas: f64,
    /// The access tokens in use. Each is used equally often.
    pub tokens: f64,
    /// How long an access token is valid.
    pub lifetime: Duration,
    /// How long the issuer takes to respond with metadata or keys.
    pub key_response: Duration,
    /// How long the introspection endpoint takes for a token, if it isn't overloaded.
    pub introspection: Duration,
    /// How many introspections per second the endpoint can do.
    pub endpoint_capacity: f64,
    /// The network's part of a round trip to Redis.
    pub round_trip: Duration,
}

/// The service of docs/performance.md.
pub const SERVICE: Service = Service {
    requests_per_second: 1e6,
    replicas: 500.0,
    tokens: 1e6,
    lifetime: Duration::from_secs(3600),
    key_response: Duration::from_millis(20),
    introspection: Duration::from_millis(5),
    endpoint_capacity: 25_000.0,
    round_trip: Duration::from_micros(200),
};

impl Service {
    /// The requests per second of one replica.
    pub fn requests_of_one(&self) -> f64 {
        self.requests_per_second / self.replicas
    }

    /// What is assumed, for people.
    pub fn assumptions(&self) -> Vec<(&'static str, String)> {
        let seconds = |time: Duration| format!("{} s", time.as_secs());
        let milliseconds = |time: Duration| format!("{} ms", time.as_secs_f64() * 1000.0);
        vec![
            ("requests per second, `R`", self.requests_per_second.to_string()),
            ("replicas, `n`", self.replicas.to_string()),
            ("tokens in use, `N`", self.tokens.to_string()),
            ("lifetime of a token, `L`", seconds(self.lifetime)),
            ("response of the issuer", milliseconds(self.key_response)),
            ("response of the introspection endpoint, `d`", milliseconds(self.introspection)),
            ("introspections per second, at most, `μ`", self.endpoint_capacity.to_string()),
            ("network round trip to Redis", milliseconds(self.round_trip)),
        ]
    }
}
