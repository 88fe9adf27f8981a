use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::suite::Program;

/// A run of some tests of a program.
#[derive(Debug)]
pub struct Process<'a> {
    pub program: &'a Program,
    pub tests: &'a [&'a str],
    pub variables: &'a [(&'a str, &'a str)],
    pub limit: Duration,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    Passed,
    /// A test failed, which ended the run. Without a name, the whole program failed.
    Failed(Option<String>),
    TimedOut,
}

/// The memory that a mutant may allocate before it fails, in KiB.
const MEMORY: &str = "8000000";

impl Process<'_> {
    /// Runs the tests until one fails.
    pub fn run(&self) -> End {
        let shell = format!("ulimit -v {MEMORY} -c 0; exec nice -n 10 \"$0\" \"$@\"");
        let mut command = Command::new("bash");
        command.args(["-c", &shell]).arg(&self.program.path).args([
            "--exact",
            "--test-threads",
            "2",
        ]);
        let spawned = command
            .args(self.tests)
            .current_dir(&self.program.directory)
            .env("CARGO_MANIFEST_DIR", &self.program.directory)
            .envs(self.variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = spawned else {
            return End::Failed(None);
        };
        let (sender, lines) = mpsc::channel();
        let output = child.stdout.take();
        thread::spawn(move || {
            for line in output.into_iter().flat_map(|output| BufReader::new(output).lines()) {
                if line.is_err() || line.is_ok_and(|line| sender.send(line).is_err()) {
                    return;
                }
            }
        });
        let until = Instant::now() + self.limit;
        let mut early = None;
        while early.is_none() {
            match lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let failed = line.strip_suffix(" ... FAILED");
                    let name = failed.and_then(|line| line.strip_prefix("test "));
                    early = name.map(|name| {
                        let name = name.trim_end_matches(" - should panic");
                        End::Failed(Some(name.to_owned()))
                    });
                }
                Err(mpsc::RecvTimeoutError::Timeout) => early = Some(End::TimedOut),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
        if early.is_some() {
            let _ = child.kill();
        }
        let passed = child.wait().is_ok_and(|status| status.success());
        early.unwrap_or(if passed { End::Passed } else { End::Failed(None) })
    }
}
