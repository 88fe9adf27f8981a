//! The process of the server.

use std::{
    env, fmt, fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    str::FromStr,
    time::Duration,
};

use crate::protocol::Protocol;

/// How the server authenticates requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authentication {
    /// It doesn't.
    None,
    Jwt,
    Introspection,
}

/// A server with one worker thread. It ends when this value is dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    pub fn start(protocol: Protocol, authentication: Authentication, issuer: &str) -> Self {
        let kind = if protocol == Protocol::Grpc { "grpc" } else { "http" };
        let mut child = Command::new(env::current_exe().expect("a path"))
            .args(["serve", kind, &authentication.to_string(), issuer])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let mut line = String::new();
        let output = child.stdout.as_mut().expect("a pipe");
        BufReader::new(output).read_line(&mut line).expect("a line");
        let address = line.trim().parse().expect("an address");
        Self { child, address }
    }

    /// Returns the CPU time that its threads have used so far, in user and in kernel mode.
    pub fn cpu_time(&self) -> Duration {
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("Linux");
        let time = threads.map(|thread| {
            let path = thread.expect("a thread").path().join("schedstat");
            // A thread may have ended meanwhile.
            let text = fs::read_to_string(path).unwrap_or_default();
            let nanoseconds = text.split(' ').next().and_then(|number| number.parse().ok());
            nanoseconds.map_or(Duration::ZERO, Duration::from_nanos)
        });
        time.sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl fmt::Display for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Jwt => "jwt",
            Self::Introspection => "introspection",
        })
    }
}

impl FromStr for Authentication {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::None, Self::Jwt, Self::Introspection];
        all.into_iter().find(|it| it.to_string() == text).ok_or_else(|| text.to_owned())
    }
}
