//! Running examples, and requests to those that are servers.

use std::{
    env::{self, consts::EXE_SUFFIX},
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use reqwest::{Client, Method, header::HeaderMap};
use serde_json::Value;

const OF_THE_ROOT_PACKAGE: [&str; 3] = ["axum", "minimal", "tour"];
/// What an example inherits from the environment of the tests, which may set its other variables.
const INHERITED: [&str; 6] = ["HOME", "LANG", "LLVM_PROFILE_FILE", "PATH", "SYSTEMROOT", "TMPDIR"];
/// The time-out of a program for operations that should take a moment.
const PATIENCE: Duration = Duration::from_secs(30);

/// An example that runs as a server. It is killed when it is dropped.
pub(crate) struct Server {
    pub(crate) program: Program,
    pub(crate) url: String,
    client: Client,
}

pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Server {
    pub(crate) fn start(name: &str, variables: &[(&str, &str)]) -> Self {
        let program = Program::start(name, variables);
        let line = program.line();
        let url = line.strip_prefix("listening on ").expect("the address first").to_owned();
        let client = Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Self { program, url, client }
    }

    /// Sends a request such as `GET /me`.
    pub(crate) async fn ask(&self, route: &str, token: Option<&str>) -> Response {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let headers: Vec<_> = bearer.iter().map(|value| ("authorization", &**value)).collect();
        self.ask_with(route, &headers).await
    }

    /// Sends a request with these headers.
    pub(crate) async fn ask_with(&self, route: &str, headers: &[(&str, &str)]) -> Response {
        self.send(route, headers, String::new()).await
    }

    /// Sends a form, with a token as `Authorization: Bearer`.
    pub(crate) async fn post_form(&self, path: &str, form: &str, token: Option<&str>) -> Response {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
        headers.extend(bearer.iter().map(|value| ("authorization", &**value)));
        self.send(&format!("POST {path}"), &headers, form.to_owned()).await
    }

    async fn send(&self, route: &str, headers: &[(&str, &str)], body: String) -> Response {
        let (method, path) = route.split_once(' ').unwrap();
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.client.request(method, format!("{}{path}", self.url)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        Response {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.text().await.unwrap(),
        }
    }

    #[cfg(unix)]
    pub(crate) fn stop_by(self, signal: &str) -> Ended {
        self.signal(signal);
        self.program.end()
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.program.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status().unwrap();
        assert!(sent.success());
    }
}

impl Response {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }

    /// The value of a header that occurs at most once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn challenge(&self) -> Option<&str> {
        self.header("www-authenticate")
    }
}

/// A running example. It is killed when it is dropped.
pub(crate) struct Program {
    child: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

/// The result of an example: its exit status, and the lines that were not read yet.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<String>,
    pub(crate) stderr: Vec<String>,
}

impl Program {
    /// Runs the example with these variables.
    pub(crate) fn start(name: &str, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(path(name));
        let inherited = INHERITED.into_iter().filter_map(|name| Some((name, env::var_os(name)?)));
        command.env_clear().envs(inherited).envs(variables.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the example runs");
        let stdout = lines(child.stdout.take().unwrap());
        let stderr = lines(child.stderr.take().unwrap());
        Self { child, stdout, stderr }
    }

    /// The next line of its standard output.
    pub(crate) fn line(&self) -> String {
        match self.stdout.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(error) => panic!("{error}: {:?}", self.stderr.try_iter().collect::<Vec<_>>()),
        }
    }

    /// The next line of its standard error that contains a text.
    pub(crate) fn logged(&self, text: &str) -> String {
        let mut before = Vec::new();
        loop {
            match self.stderr.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => before.push(line),
                Err(error) => panic!("{error}: no {text} in {before:?}"),
            }
        }
    }

    /// Waits until the example ends.
    pub(crate) fn end(mut self) -> Ended {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(start.elapsed() < PATIENCE, "it doesn't end");
            thread::sleep(Duration::from_millis(10));
        };
        Ended { status, stdout: self.stdout.iter().collect(), stderr: self.stderr.iter().collect() }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already, which isn't an error.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The path of an example of the root package, or of the binary of another package.
pub(crate) fn path(example: &str) -> PathBuf {
    let tests = env::current_exe().unwrap();
    let mut path = tests.ancestors().nth(2).expect("a folder above `deps`").to_owned();
    if OF_THE_ROOT_PACKAGE.contains(&example) {
        path.push("examples");
    }
    path.push(format!("{example}{EXE_SUFFIX}"));
    assert!(path.exists(), "{} is missing: see the head of `main.rs`", path.display());
    path
}

fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        BufReader::new(stream).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    receiver
}
