//! A server that executes one command after another.

/// The simulated main thread of Redis.
#[derive(Debug, Default)]
pub struct RedisServer {
    free_at: f64,
    /// The seconds for which it has worked.
    pub busy: f64,
    pub commands: u64,
}

impl RedisServer {
    /// Executes a command, and returns when it is done. Commands must be given in the order of their arrival.
    pub fn execute(&mut self, arrives_at: f64, takes: f64) -> f64 {
        self.busy += takes;
        self.commands += 1;
        self.free_at = self.free_at.max(arrives_at) + takes;
        self.free_at
    }
}
