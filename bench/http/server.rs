//! The example `server` in a process of its own.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::tokens::API;

/// In `/proc`, time is told in hundredths of a second on all that Linux runs on today.
const TICK: Duration = Duration::from_millis(10);

/// It ends with this.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    /// With one worker thread, for tokens of that issuer.
    pub fn start(issuer: &str) -> Self {
        // This is in `target/release/deps`, and that one in `target/release`.
        let this = env::current_exe().expect("a path");
        let directory = this.ancestors().nth(2).expect("a directory of the profile");
        let mut child = Command::new(directory.join("server"))
            .envs([("LISTEN", "127.0.0.1:0"), ("WORKER_THREADS", "1")])
            .envs([("ISSUER", issuer), ("AUDIENCE", API)])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the example: cargo build --release -p example-server");
        let mut line = String::new();
        let output = child.stdout.as_mut().expect("a pipe");
        BufReader::new(output).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on http://").expect("an address");
        let address = address.parse().expect("an address");
        Self { child, address }
    }

    /// The CPU time that it has used so far, in user and in kernel mode.
    pub fn cpu_time(&self) -> Duration {
        let path = format!("/proc/{}/stat", self.child.id());
        let stat = fs::read_to_string(path).expect("Linux");
        // The second field is the name, in parentheses, and may hold spaces.
        let (_, fields) = stat.rsplit_once(") ").expect("a name");
        let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u32>);
        ticks.map(|ticks| TICK * ticks.expect("a number")).sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
