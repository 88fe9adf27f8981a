//! Clients that send commands.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    process::{Command, Output, Stdio},
};

use super::{Response, command_line::Request, service::PATIENCE};

/// How a documented command is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Client {
    /// A socket. Headers are sent byte for byte as in the command.
    Socket,
    /// The real curl, run by a shell as a reader would.
    Curl,
}

impl Client {
    pub(super) fn send(self, command: &str, variables: &[(&str, &str)]) -> Response {
        let text = match self {
            Self::Socket => by_socket(&Request::read(command, variables)),
            Self::Curl => by_curl(command, variables),
        };
        Response::parse(&text)
    }
}

fn by_socket(request: &Request) -> String {
    let Request { method, url, headers, body } = request;
    let rest = url.strip_prefix("http://").unwrap_or_else(|| panic!("no http: {url}"));
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, target) = rest.split_at(end);
    let slash = if target.starts_with('/') { "" } else { "/" };
    let mut head = vec![format!("{method} {slash}{target} HTTP/1.1"), format!("Host: {host}")];
    head.extend_from_slice(headers);
    head.push(format!("Content-Length: {}", body.len()));
    head.push("Connection: close".to_owned());

    let mut stream = TcpStream::connect(host).expect("the service listens");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(format!("{}\r\n\r\n{body}", head.join("\r\n")).as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("a response in UTF-8");
    assert!(!response.to_lowercase().contains("\r\ntransfer-encoding:"), "not read: {response}");
    response
}

fn by_curl(command: &str, variables: &[(&str, &str)]) -> String {
    match Command::new("curl").arg("--version").stdout(Stdio::null()).status() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            panic!(
                "curl is missing: install it, or run the tests that need none, without --ignored"
            )
        }
        result => assert!(result.unwrap().success(), "curl doesn't run"),
    }
    // A shell function takes precedence over the program of that name, so the command is unchanged.
    let function = "curl() { command curl -q --silent --show-error --include --max-time 30 --noproxy '*' \"$@\"; }";
    let mut shell = Command::new("sh");
    shell.args(["-eu", "-c", &format!("{function}\n{command}")]);
    shell.envs(variables.iter().copied()).stdin(Stdio::null());
    let Output { status, stdout, stderr } = shell.output().expect("a shell");
    let stderr = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{command}: {status}: {stderr}");
    String::from_utf8(stdout).expect("a response in UTF-8")
}
