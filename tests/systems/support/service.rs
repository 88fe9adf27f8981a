//! An example that runs as a server.

use std::{
    env::{self, consts::EXE_SUFFIX},
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use super::{Client, Response};

/// The time-out of a service for operations that should take a moment.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// An example as a process. It is killed when it is dropped.
pub(crate) struct Service {
    child: Child,
    /// The variables that the example has printed: `$URL` and others.
    variables: Vec<(String, String)>,
    /// The comment at the head of the example's source.
    header: String,
}

impl Service {
    /// Starts the example on a free port, and waits until it prints its URL. Lines that it prints before, such as
    /// `TOKEN=abc`, are variables.
    pub(crate) fn start(example: &str) -> Self {
        let mut command = Command::new(program(example));
        command.env_remove("LISTEN").stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the example runs");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = mpsc::channel();
        // Reads to the end, because the example would block if the pipe were full.
        thread::spawn(move || {
            stdout.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
        });
        let mut service = Self { child, variables: Vec::new(), header: header(example) };
        while service.variables.iter().all(|(name, _)| name != "URL") {
            let line = lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("{example} doesn't say where it listens"));
            let url = line.strip_prefix("listening on ").map(|url| ("URL", url));
            let variable = url.or_else(|| line.split_once('=')).expect("a variable");
            service.variables.push((variable.0.to_owned(), variable.1.to_owned()));
        }
        service
    }

    /// The URL of the service, such as `http://127.0.0.1:49152`.
    pub(crate) fn url(&self) -> &str {
        self.variable("URL")
    }

    /// A variable that the example has printed.
    pub(crate) fn variable(&self, name: &str) -> &str {
        let variable = self.variables.iter().find(|(one, _)| one == name);
        &variable.unwrap_or_else(|| panic!("{name} isn't printed")).1
    }

    /// Sends a command that is documented at the head of the example. The variables that were printed are set, and
    /// those in `variables`.
    pub(crate) fn documented(
        &self,
        client: Client,
        command: &str,
        variables: &[(&str, &str)],
    ) -> Response {
        assert!(squeezed(&self.header).contains(&squeezed(command)), "not documented: {command}");
        self.send(client, command, variables)
    }

    /// Sends any command on a socket, with the same variables as [`documented`](Self::documented).
    pub(crate) fn ask(&self, command: &str, variables: &[(&str, &str)]) -> Response {
        self.send(Client::Socket, command, variables)
    }

    fn send(&self, client: Client, command: &str, variables: &[(&str, &str)]) -> Response {
        let printed = self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        client.send(command, &printed.chain(variables.iter().copied()).collect::<Vec<_>>())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended already, which isn't an error.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The path of a binary: cargo puts it into the folder above that of this test binary.
fn program(example: &str) -> PathBuf {
    let tests = env::current_exe().unwrap();
    let profile = tests.ancestors().nth(2).expect("a folder above `deps`");
    let path = profile.join(format!("{example}{EXE_SUFFIX}"));
    assert!(path.exists(), "{} is missing: add `--workspace --test binary`", path.display());
    path
}

fn header(example: &str) -> String {
    let path = Path::new("../examples/systems").join(example).join("main.rs");
    let source =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Replaces all white space by single spaces.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
