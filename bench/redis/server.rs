//! A Redis server of this bench, and its work so far.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    ops::Sub,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::Duration,
};

use portcullis::redis::Redis;

/// A `redis-server` process, which ends when this is dropped.
pub struct Server {
    process: Child,
    port: u16,
    control: BufReader<TcpStream>,
}

/// What a server has done since it was started.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    /// The time that its main thread was on a processor, which executes all commands.
    pub cpu: Duration,
    pub commands: u64,
    pub sent_bytes: u64,
}

impl Server {
    /// Returns `None` if `redis-server` isn't installed.
    pub fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).ok()?.port();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().ok()?;
        for _ in 0..100 {
            if let Ok(control) = TcpStream::connect(("127.0.0.1", port)) {
                return Some(Self { process, port, control: BufReader::new(control) });
            }
            sleep(Duration::from_millis(50));
        }
        panic!("redis-server doesn't accept connections");
    }

    /// Returns the client of a further replica, with a separate connection.
    pub fn replica(&self) -> Redis {
        Redis::new(&format!("redis://127.0.0.1:{}", self.port)).expect("a valid URL")
    }

    pub fn work(&mut self) -> Work {
        let stats = self.stats();
        let counter = |name: &str| -> u64 {
            let line = stats.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.and_then(|value| value.trim().parse().ok()).expect("a counter of Redis")
        };
        let path = format!("/proc/{}/schedstat", self.process.id());
        let schedule = fs::read_to_string(path).expect("Linux");
        let ns = schedule.split(' ').next().and_then(|ns| ns.parse().ok()).expect("nanoseconds");
        Work {
            cpu: Duration::from_nanos(ns),
            commands: counter("total_commands_processed"),
            sent_bytes: counter("total_net_output_bytes"),
        }
    }

    /// Sends `INFO stats`, and returns the text of the reply.
    fn stats(&mut self) -> String {
        self.control.get_ref().write_all(b"INFO stats\r\n").expect("Redis runs");
        let mut length = String::new();
        self.control.read_line(&mut length).expect("a reply");
        let length: usize = length.trim().trim_start_matches('$').parse().expect("a length");
        let mut text = vec![0; length + 2];
        self.control.read_exact(&mut text).expect("a reply");
        String::from_utf8(text).expect("ASCII")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Sub for Work {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            cpu: self.cpu.saturating_sub(earlier.cpu),
            commands: self.commands - earlier.commands,
            sent_bytes: self.sent_bytes - earlier.sent_bytes,
        }
    }
}
