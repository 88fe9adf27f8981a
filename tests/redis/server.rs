//! A Redis server that tests start, kill and start again.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread::sleep,
    time::{Duration, Instant},
};

use portcullis::redis::Redis;

pub struct RedisServer {
    pub port: u16,
    directory: PathBuf,
    arguments: Vec<String>,
    child: Option<Child>,
}

impl RedisServer {
    /// A server that keeps its data when it is killed.
    pub fn durable() -> Self {
        Self::start(&["--appendonly", "yes", "--appendfsync", "always"])
    }

    /// A server that loses its data when it is killed.
    pub fn forgetful() -> Self {
        Self::start(&["--save", "", "--appendonly", "no"])
    }

    pub fn start(arguments: &[&str]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("portcullis-redis-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).expect("a directory");
        if let Some(configuration) = arguments.first().filter(|name| is_file(name)) {
            fs::write(directory.join(configuration), "").expect("a file");
        }
        let arguments: Vec<_> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let mut server = Self { port: free_port(), directory, arguments, child: None };
        server.restart();
        server
    }

    /// Starts the server again, on the same port and with the same data.
    pub fn restart(&mut self) {
        assert!(self.child.is_none(), "the server runs already");
        let log = File::options().create(true).append(true).open(self.directory.join("log"));
        let mut command = Command::new("redis-server");
        if self.arguments.first().is_some_and(|argument| is_file(argument)) {
            command.arg(self.directory.join(&self.arguments[0])).args(&self.arguments[1..]);
        } else {
            command.args(&self.arguments);
        }
        command.args(["--bind", "127.0.0.1", "--port", &self.port.to_string(), "--dir"]);
        command.arg(&self.directory).stdin(Stdio::null());
        command.stdout(log.expect("a log file")).stderr(Stdio::null());
        self.child = Some(command.spawn().expect("redis-server is installed"));
        let deadline = Instant::now() + Duration::from_secs(20);
        while !self.responds() {
            let log = fs::read_to_string(self.directory.join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "redis-server doesn't start:\n{log}");
            sleep(Duration::from_millis(20));
        }
    }

    /// Kills the server without a chance to save anything.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("the server runs");
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
    }

    /// Stops or continues the process: it keeps its connections, and doesn't respond.
    pub fn signal(&self, signal: &str) {
        let pid = self.child.as_ref().expect("the server runs").id().to_string();
        let status = Command::new("kill").args([signal, &pid]).status();
        assert!(status.expect("kill runs").success());
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn redis(&self) -> Redis {
        Redis::new(&self.url()).expect("a valid URL")
    }

    /// A connection without this crate.
    pub async fn connection(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(self.url()).expect("a valid URL");
        client.get_multiplexed_async_connection().await.expect("a connection")
    }

    /// Whether it responds, even if it requires a password. While it loads its data, it doesn't.
    fn responds(&self) -> bool {
        use std::io::{Read, Write};

        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) else {
            return false;
        };
        drop(stream.set_read_timeout(Some(Duration::from_secs(1))));
        let mut response = [0; 7];
        stream.write_all(b"PING\r\n").is_ok()
            && stream.read_exact(&mut response).is_ok()
            && (response.starts_with(b"+PONG") || response.starts_with(b"-NOAUTH"))
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
        drop(fs::remove_dir_all(&self.directory));
    }
}

/// Whether an argument is a configuration file, which Sentinel needs, and no option.
fn is_file(argument: &str) -> bool {
    !argument.starts_with('-')
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}
