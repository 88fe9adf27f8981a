//! A TCP proxy whose connections fail when a test says so.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::sleep,
};

use crate::random::Random;

/// What happens to connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Responses arrive byte by byte.
    Drip,
    /// Instead of a response, bytes arrive that are in no protocol, and then the end of the connection.
    Garbage,
    /// Connections stay open, and nothing gets through.
    HalfOpen,
    /// Responses arrive that much later.
    Latency(Duration),
    /// Connections are reset as soon as they are accepted, and existing ones at once.
    Refuse,
    /// Connections are reset in the middle of a response.
    Reset,
}

impl Fault {
    pub fn random(random: &mut Random) -> Self {
        let latency = Self::Latency(random.millis(50..1500));
        let kinds = [Self::Drip, Self::Garbage, Self::HalfOpen, latency, Self::Refuse, Self::Reset];
        *random.pick(&kinds)
    }
}

/// A proxy in front of one server. It stops when it is dropped.
pub struct Proxy {
    pub address: SocketAddr,
    fault: watch::Sender<Option<Fault>>,
    history: Arc<Mutex<History>>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct History {
    faults: usize,
    is_faulty: bool,
    ended: Option<Instant>,
}

impl Proxy {
    pub async fn start(target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let fault = watch::Sender::new(None);
        let task = tokio::spawn(accept(listener, target, fault.subscribe()));
        Ok(Self { address, fault, history: Arc::default(), task })
    }

    /// Causes a fault, or ends it.
    pub fn set(&self, fault: Option<Fault>) {
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        history.is_faulty = fault.is_some();
        self.fault.send_replace(fault);
        if fault.is_some() {
            history.faults += 1;
        } else {
            history.ended = Some(Instant::now());
        }
    }

    pub fn faults(&self) -> usize {
        self.history.lock().unwrap_or_else(PoisonError::into_inner).faults
    }

    /// Whether there is a fault now, or was one at that time or later.
    pub fn was_faulty_since(&self, time: Instant) -> bool {
        let history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        history.is_faulty || history.ended.is_some_and(|ended| ended >= time)
    }

    /// How long ago the last fault ended. Nothing during a fault, and before the first one.
    pub fn since_the_last_fault(&self, now: Instant) -> Option<Duration> {
        let history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = history.ended.filter(|_| !history.is_faulty)?;
        Some(now.saturating_duration_since(ended))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, fault: watch::Receiver<Option<Fault>>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    connections.spawn(serve(client, target, fault.clone()));
                }
            }
            // So that the set doesn't grow.
            Some(_) = connections.join_next() => {}
        }
    }
}

/// How a connection ends.
enum End {
    Closed,
    Reset,
}

async fn serve(client: TcpStream, target: SocketAddr, fault: watch::Receiver<Option<Fault>>) {
    let mut client = client;
    let end = relay(&mut client, target, fault).await;
    if matches!(end, Ok(End::Reset)) {
        drop(client.set_zero_linger());
    }
}

async fn relay(
    client: &mut TcpStream,
    target: SocketAddr,
    mut fault: watch::Receiver<Option<Fault>>,
) -> io::Result<End> {
    if *fault.borrow_and_update() == Some(Fault::Refuse) {
        return Ok(End::Reset);
    }
    let mut server = TcpStream::connect(target).await?;
    let (mut request, mut response) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
    // Whether the next bytes of the server begin a response.
    let mut is_asked = false;
    // Whether bytes are lost, so that the connection is of no use when the fault ends.
    let mut is_damaged = false;
    loop {
        tokio::select! {
            changed = fault.changed() => {
                let now = *fault.borrow_and_update();
                if changed.is_err() || is_damaged || matches!(now, Some(Fault::Refuse)) {
                    return Ok(End::Reset);
                }
            }
            read = client.read(&mut request) => {
                let len = read?;
                if *fault.borrow() == Some(Fault::HalfOpen) {
                    is_damaged = true;
                    // The end of a connection doesn't get through either.
                    if len == 0 {
                        return Ok(End::Closed);
                    }
                } else if len == 0 {
                    return Ok(End::Closed);
                } else {
                    server.write_all(&request[..len]).await?;
                    is_asked = true;
                }
            }
            read = server.read(&mut response) => {
                let bytes = &response[..read?];
                if bytes.is_empty() {
                    return Ok(End::Closed);
                }
                // The fault at this moment, which may end meanwhile.
                let now = *fault.borrow();
                match now {
                    // Only where a response begins: anywhere else, such bytes could be part of a binary value.
                    Some(Fault::Garbage) if is_asked => {
                        client.write_all(&[0xFE; 64]).await?;
                        return Ok(End::Closed);
                    }
                    None | Some(Fault::Garbage | Fault::Refuse) => client.write_all(bytes).await?,
                    Some(Fault::Drip) => {
                        for (at, byte) in bytes.iter().enumerate() {
                            if *fault.borrow() != now {
                                client.write_all(&bytes[at..]).await?;
                                break;
                            }
                            client.write_all(&[*byte]).await?;
                            sleep(Duration::from_millis(20)).await;
                        }
                    }
                    Some(Fault::HalfOpen) => is_damaged = true,
                    Some(Fault::Latency(delay)) => {
                        sleep(delay).await;
                        client.write_all(bytes).await?;
                    }
                    Some(Fault::Reset) => {
                        client.write_all(&bytes[..bytes.len() / 2]).await?;
                        return Ok(End::Reset);
                    }
                }
                is_asked = false;
            }
        }
    }
}
