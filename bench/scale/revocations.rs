//! The load of Redis by the stream of revocations, which all replicas read.

use std::collections::VecDeque;

use crate::{
    costs::Costs, defaults::RedisDefaults, events::Events, random::Random, row::Row,
    service::SERVICE,
};

const REPLICAS: usize = SERVICE.replicas as usize;

/// How long each simulation takes.
const SECONDS: f64 = 60.0;

/// What the commands take, in seconds.
#[derive(Debug, Clone, Copy)]
struct Times {
    /// Adding a revocation to the set and the stream.
    publish: f64,
    /// Delivering one revocation to a waiting replica, which then waits again.
    deliver: f64,
    /// Each further revocation that is delivered with it.
    further: f64,
    /// A wait in which no revocation came.
    idle: f64,
}

impl Times {
    fn of(costs: &Costs, defaults: &RedisDefaults) -> Self {
        let deliver = costs.of_redis("revocation, for each further replica");
        let further = costs.of_redis("revocation, in batches, for each further replica");
        let waits = 1.0 / defaults.block.as_secs_f64();
        Self {
            publish: costs.of_redis("revocation, with one replica") - deliver,
            deliver,
            further,
            idle: costs.of_redis("idle replica, for a second") / waits,
        }
    }
}

pub fn rows(costs: &Costs, defaults: &RedisDefaults) -> Vec<Row> {
    let (times, n) = (Times::of(costs, defaults), SERVICE.replicas);
    let block = defaults.block.as_secs_f64();
    let idle = follow(f64::MIN_POSITIVE, times, defaults);
    let mut rows = vec![
        Row::new("commands while nothing is revoked", "per s")
            .on_paper("n · 2 ÷ 250 ms", n * 2.0 / block)
            .simulated(idle.commands),
        Row::new("processors of Redis while nothing is revoked", "")
            .on_paper("n · b ÷ 250 ms", n * times.idle / block)
            .simulated(idle.utilization),
    ];
    for per_second in [2.0, 20.0] {
        let load = follow(per_second, times, defaults);
        let deliveries = per_second * (times.publish + n * times.deliver);
        // A revocation ends the waits of all replicas, so fewer end without one.
        let without = (-per_second * block).exp();
        let waits = n * per_second * without / (1.0 - without) * times.idle;
        rows.push(
            Row::new(format!("processors of Redis, with {per_second} revocations per second"), "")
                .on_paper("m · (p + n · q) + waits", deliveries + waits)
                .simulated(load.utilization),
        );
        let alone = times.publish + n * times.deliver;
        // The queue in front of a revocation (M/D/1).
        let utilization = per_second * alone;
        let queue = utilization * alone / (2.0 * (1.0 - utilization));
        rows.push(
            Row::new(
                format!("until the last replica has one of {per_second} per second, mean"),
                "ms",
            )
            .on_paper("p + n · q + queue", (alone + queue) * 1e3)
            .simulated(load.mean_delay * 1e3),
        );
    }
    // Reads return several revocations, because more come than replicas can read one by one.
    let per_second = 1000.0;
    let load = follow(per_second, times, defaults);
    // A revocation waits until all replicas have read once, and then until the last one of them reads again.
    let cycle = n * times.deliver / (1.0 - per_second / most(costs, defaults));
    rows.push(
        Row::new("until the last replica has one of 1,000 per second, mean", "ms")
            .on_paper("2 n · q ÷ (1 − m · (p + n · q'))", 2.0 * cycle * 1e3)
            .simulated(load.mean_delay * 1e3),
    );
    rows
}

/// The most revocations per second that reach all replicas, if each read returns all that have come.
pub fn most(costs: &Costs, defaults: &RedisDefaults) -> f64 {
    let times = Times::of(costs, defaults);
    1.0 / (times.publish + SERVICE.replicas * times.further)
}

struct Load {
    utilization: f64,
    /// Commands per second, including those that end a wait.
    commands: f64,
    /// From the revocation to its last delivery, in seconds.
    mean_delay: f64,
}

enum Event {
    /// A command arrives at the server.
    Arrives(Command),
    /// The server has executed a command.
    Done(Command),
    /// A wait ends without a revocation. Waits have numbers, because one that ended earlier doesn't end again.
    WaitEnds(usize, u64),
}

#[derive(Debug, Clone, Copy)]
enum Command {
    Publish,
    /// A replica reads what it doesn't have yet, or waits.
    Read(usize),
    /// A replica that waited gets what was published.
    Deliver(usize),
    /// A replica whose wait has ended asks whether its position is still in the stream.
    Idle(usize),
}

#[derive(Debug, Clone, Default)]
struct Reader {
    /// How many revocations it has.
    has: usize,
    is_waiting: bool,
    waits: u64,
}

/// A server that executes one command after another, and the replicas that read from it.
struct Stream {
    times: Times,
    block: f64,
    page: usize,
    events: Events<Event>,
    queue: VecDeque<Command>,
    is_busy: bool,
    busy: f64,
    commands: u64,
    readers: Vec<Reader>,
    /// When each revocation was sent, and when it was last delivered.
    sent: Vec<f64>,
    published: usize,
    delivered: Vec<f64>,
}

/// Revocations are published at random, and replicas read them.
fn follow(per_second: f64, times: Times, defaults: &RedisDefaults) -> Load {
    let mut stream = Stream::new(times, defaults);
    let mut random = Random::new(1);
    let mut now = random.interval(per_second);
    while now < SECONDS {
        stream.events.add(now, Event::Arrives(Command::Publish));
        stream.sent.push(now);
        now += random.interval(per_second);
    }
    stream.run();
    let sent = stream.sent.get(..stream.published).unwrap_or_default();
    let delays = sent.iter().zip(&stream.delivered).map(|(from, to)| to - from);
    Load {
        utilization: stream.busy / SECONDS,
        commands: stream.commands as f64 / SECONDS,
        mean_delay: delays.sum::<f64>() / sent.len().max(1) as f64,
    }
}

impl Stream {
    /// Replicas begin to read at different times.
    fn new(times: Times, defaults: &RedisDefaults) -> Self {
        let (block, page) = (defaults.block.as_secs_f64(), defaults.page as usize);
        let mut events = Events::new();
        for replica in 0..REPLICAS {
            let begins_at = block * replica as f64 / SERVICE.replicas;
            events.add(begins_at, Event::Arrives(Command::Read(replica)));
        }
        Self {
            times,
            block,
            page,
            events,
            queue: VecDeque::new(),
            is_busy: false,
            busy: 0.0,
            commands: 0,
            readers: vec![Reader::default(); REPLICAS],
            sent: Vec::new(),
            published: 0,
            delivered: Vec::new(),
        }
    }

    fn run(&mut self) {
        while let Some((now, event)) = self.events.next() {
            if now > SECONDS {
                break;
            }
            match event {
                Event::Arrives(command) => self.queue.push_back(command),
                Event::Done(command) => {
                    self.is_busy = false;
                    self.complete(now, command);
                }
                Event::WaitEnds(replica, wait) => {
                    let reader = &mut self.readers[replica];
                    if reader.is_waiting && reader.waits == wait {
                        reader.is_waiting = false;
                        self.commands += 1;
                        self.queue.push_back(Command::Idle(replica));
                    }
                }
            }
            self.start(now);
        }
    }

    /// Starts the next command, if the server is idle.
    fn start(&mut self, now: f64) {
        while !self.is_busy {
            let Some(command) = self.queue.pop_front() else { return };
            let takes = match command {
                Command::Publish => self.times.publish,
                Command::Idle(_) => self.times.idle,
                Command::Read(replica) if self.missing(replica) == 0 => {
                    // The time of the command is part of the delivery, or of the wait.
                    self.wait(now, replica);
                    continue;
                }
                Command::Read(replica) | Command::Deliver(replica) => {
                    let further = self.missing(replica).saturating_sub(1) as f64;
                    self.times.deliver + further * self.times.further
                }
            };
            self.is_busy = true;
            self.busy += takes;
            self.commands += 1;
            self.events.add(now + takes, Event::Done(command));
        }
    }

    fn complete(&mut self, now: f64, command: Command) {
        let round_trip = SERVICE.round_trip.as_secs_f64();
        match command {
            Command::Publish => {
                self.published += 1;
                self.delivered.push(now);
                // Waiting replicas are served before other commands.
                for replica in (0..REPLICAS).rev() {
                    if std::mem::take(&mut self.readers[replica].is_waiting) {
                        self.queue.push_front(Command::Deliver(replica));
                    }
                }
            }
            Command::Read(replica) | Command::Deliver(replica) => {
                let count = self.missing(replica);
                let reader = &mut self.readers[replica];
                for delivered in &mut self.delivered[reader.has..reader.has + count] {
                    *delivered = now;
                }
                reader.has += count;
                self.events.add(now + round_trip, Event::Arrives(Command::Read(replica)));
            }
            Command::Idle(replica) => {
                let next = now + 2.0 * round_trip;
                self.events.add(next, Event::Arrives(Command::Read(replica)));
            }
        }
    }

    /// The number of revocations that a read would return.
    fn missing(&self, replica: usize) -> usize {
        (self.published - self.readers[replica].has).min(self.page)
    }

    fn wait(&mut self, now: f64, replica: usize) {
        let reader = &mut self.readers[replica];
        reader.is_waiting = true;
        reader.waits += 1;
        self.events.add(now + self.block, Event::WaitEnds(replica, reader.waits));
    }
}
