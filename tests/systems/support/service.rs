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
    url: String,
    /// The comment at the head of its source.
    header: String,
}

impl Service {
    /// Starts the example on a free port, and waits until it says where.
    pub(crate) fn start(example: &str) -> Self {
        let mut command = Command::new(program(example));
        command.env_remove("LISTEN").stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the example runs");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = mpsc::channel();
        // Reads on to the end, or the example would wait for a full pipe.
        thread::spawn(move || stdout.lines().for_each(|line| drop(sender.send(line))));
        let said = lines.recv_timeout(PATIENCE);
        let url = said.ok().and_then(|line| Some(line.ok()?.strip_prefix("listening on ")?.into()));
        let service = Self { child, url: url.unwrap_or_default(), header: header(example) };
        assert_ne!(service.url, "", "{example} doesn't say first where it listens");
        service
    }

    /// Where it listens, such as `http://127.0.0.1:49152`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Has `client` send a command that the example's header tells its reader. `$URL` is set, and what
    /// `variables` add.
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
        let url = [("URL", self.url())];
        client.send(command, &[&url, variables].concat())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may be over already, which is no failure.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where cargo puts an example: beside the folder of this test's own program.
fn program(example: &str) -> PathBuf {
    let tests = env::current_exe().unwrap();
    let profile = tests.ancestors().nth(2).expect("a folder above `deps`");
    let path = profile.join("examples").join(format!("{example}{EXE_SUFFIX}"));
    assert!(path.exists(), "{} isn't built: run `cargo build --examples`", path.display());
    path
}

fn header(example: &str) -> String {
    let path = Path::new("examples").join(example).join("main.rs");
    let source =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    lines.collect::<Vec<_>>().join("\n")
}

/// With one space wherever there is any.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
