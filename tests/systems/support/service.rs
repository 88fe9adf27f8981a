//! An example that serves.

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

use super::{Answer, Client};

/// How long a service may take for what should take a moment.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// An example as the process that it is, until it is dropped.
pub(crate) struct Service {
    child: Child,
    /// What it has printed: `$URL` and others.
    variables: Vec<(String, String)>,
    /// The comment at the head of its source.
    header: String,
}

impl Service {
    /// Starts the example on a free port, and waits until it says where. What it prints before, such as
    /// `TOKEN=abc`, are variables too.
    pub(crate) fn start(example: &str) -> Self {
        let mut command = Command::new(program(example));
        command.env_remove("LISTEN").stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the example runs");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = mpsc::channel();
        // Reads on to the end, or the example would wait for a full pipe.
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

    /// Where it listens, such as `http://127.0.0.1:49152`.
    pub(crate) fn url(&self) -> &str {
        self.variable("URL")
    }

    /// What it has printed of that name.
    pub(crate) fn variable(&self, name: &str) -> &str {
        let variable = self.variables.iter().find(|(one, _)| one == name);
        &variable.unwrap_or_else(|| panic!("{name} isn't printed")).1
    }

    /// Has `client` send a command that the example's header tells its reader. `$URL` and whatever else
    /// was printed are set, and what `variables` add.
    pub(crate) fn documented(
        &self,
        client: Client,
        command: &str,
        variables: &[(&str, &str)],
    ) -> Answer {
        assert!(squeezed(&self.header).contains(&squeezed(command)), "not told: {command}");
        self.send(client, command, variables)
    }

    /// As [`documented`](Self::documented), on a socket, for a command that the header doesn't tell.
    pub(crate) fn ask(&self, command: &str, variables: &[(&str, &str)]) -> Answer {
        self.send(Client::Socket, command, variables)
    }

    fn send(&self, client: Client, command: &str, variables: &[(&str, &str)]) -> Answer {
        let printed = self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        client.send(command, &printed.chain(variables.iter().copied()).collect::<Vec<_>>())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may be over already, which is no failure.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where cargo puts a binary: in the folder above that of this test's own program.
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

/// With one space wherever there is any.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
