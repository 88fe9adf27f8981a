//! Latencies at fixed rates, phase by phase.

use std::{
    sync::{Arc, Barrier},
    thread,
    time::{Duration, Instant},
};

use crate::{
    authorization_server::AuthorizationServer,
    options::Options,
    outcome::Outcome,
    phase::{Event, Phase, Times},
    protocol::Protocol,
    reply::Reply,
    server::{Authentication, Server},
    stream::Stream,
    tokens::TokenPools,
    tsv::Tsv,
};

/// Into how many parts a phase is divided for the plot.
const PARTS: u32 = 10;

/// What came of the streams of a server.
struct Measured {
    streams: Vec<(Stream, Outcome)>,
    /// The CPU time of the server within the window.
    cpu_time: Duration,
}

pub fn measure(
    authorization_server: &AuthorizationServer,
    pools: &TokenPools,
    options: &Options,
    tsv: &mut Tsv,
) {
    let times = Times::new(options.quick);
    let mut unexpected = 0;
    println!(
        "\n{:57}{:>8}{:>8}{:>8}{:>9}{:>10}  responses",
        "µs at fixed rates", "requests", "median", "99 %", "99.9 %", "most"
    );
    for protocol in Protocol::ALL {
        for phase in Phase::all(pools, &times) {
            let name = format!("{protocol}, {}", phase.name);
            if !options.chooses(&name) {
                continue;
            }
            let [ours, plain] = run(phase, protocol, authorization_server, pools, &times);
            for (measured, figure) in [(plain, "CPU µs, no authentication"), (ours, "CPU µs")] {
                let summaries =
                    measured.streams.iter().map(|(_, outcome)| outcome.within(&times.window));
                let requests: usize = summaries.map(|summary| summary.requests()).sum();
                let cpu = measured.cpu_time.as_secs_f64() * 1e6 / requests as f64;
                println!("{name:57}{figure}: {cpu:.1}");
                tsv.write(&name, figure, format_args!("{cpu:.2}"), None);
                for (stream, outcome) in &measured.streams {
                    report(&format!("{name}, {}", stream.name), outcome, &times, tsv);
                    let replies = outcome.samples.iter().map(|sample| &sample.reply);
                    let wrong = replies.filter(|reply| !(stream.expects)(reply)).count();
                    if wrong > 0 {
                        println!("{wrong} UNEXPECTED");
                    }
                    unexpected += wrong;
                }
            }
        }
    }
    println!("unexpected responses: {unexpected}");
    tsv.write("HTTP and gRPC, all phases", "unexpected responses", unexpected, Some(0.0));
}

/// Runs a phase with new servers, with authentication and without, so that no phase depends on another. Both run at the
/// same time, so that what disturbs the machine disturbs them alike.
fn run(
    phase: Phase,
    protocol: Protocol,
    authorization_server: &AuthorizationServer,
    pools: &TokenPools,
    times: &Times,
) -> [Measured; 2] {
    let [old_keys, new_keys] = &pools.keys;
    authorization_server.publish(old_keys);
    let issuer = authorization_server.issuer.issuer();
    let start = Arc::new(Barrier::new(phase.streams.len() + phase.plain.len() + 1));
    let mut numbers = 0..;
    let sides = [(phase.authentication, phase.streams), (Authentication::None, phase.plain)];
    let sides = sides.map(|(authentication, streams)| {
        let server = Server::start(protocol, authentication, issuer);
        let begin = |stream: Stream| {
            let (number, start) = (numbers.next().expect("a number"), Arc::clone(&start));
            (stream.clone(), stream.start(number, protocol, server.address, start))
        };
        let streams: Vec<_> = streams.into_iter().map(begin).collect();
        (server, streams)
    });
    start.wait();
    let started = Instant::now();
    let wait_until = |time: Duration| thread::sleep(time.saturating_sub(started.elapsed()));
    wait_until(times.window.start);
    let before = sides.each_ref().map(|(server, _)| server.cpu_time());
    match phase.event {
        Some(Event::Rotation) => authorization_server.publish(new_keys),
        Some(Event::Outage(outage)) => authorization_server.fail(outage),
        None => {}
    }
    wait_until(times.window.end);
    let after = sides.each_ref().map(|(server, _)| server.cpu_time());
    if let Some(Event::Outage(_)) = phase.event {
        authorization_server.recover();
    }
    let mut cpu_times =
        after.into_iter().zip(before).map(|(after, before)| after.saturating_sub(before));
    sides.map(|(_server, streams)| {
        let finish = |(stream, thread): (_, thread::JoinHandle<_>)| {
            (stream, thread.join().expect("no panic"))
        };
        let cpu_time = cpu_times.next().expect("a time for each server");
        Measured { streams: streams.into_iter().map(finish).collect(), cpu_time }
    })
}

fn report(row: &str, outcome: &Outcome, times: &Times, tsv: &mut Tsv) {
    let summary = outcome.within(&times.window);
    let latencies = [50.0, 99.0, 99.9, 100.0].map(|percent| summary.percentile(percent));
    let [median, high, higher, most] = latencies;
    let count = summary.requests();
    print!("{row:57}{count:>8}{median:>8.0}{high:>8.0}{higher:>9.0}{most:>10.0} ");
    tsv.write(row, "requests", count, None);
    for (figure, value) in ["median µs", "99 % µs", "99.9 % µs", "most µs"].iter().zip(latencies)
    {
        tsv.write(row, figure, format_args!("{value:.0}"), None);
    }
    let mut others = 0;
    for (reply, count) in summary.replies() {
        let name = match reply {
            Reply::Accepted => "accepted",
            Reply::Rejected => "rejected",
            Reply::Unavailable => "unavailable",
            Reply::Other(name) => {
                others += count;
                print!(" {count} {name}");
                continue;
            }
        };
        print!(" {count} {name}");
        tsv.write(row, name, count, None);
    }
    println!();
    tsv.write(row, "other responses", others, None);
    tsv.write(row, "not sent", summary.unsent, None);
    let part = times.whole / PARTS;
    for number in 0..PARTS {
        let high = outcome.within(&(part * number..part * (number + 1))).percentile(99);
        if high.is_finite() {
            tsv.write(row, &format!("99 % µs, part {number}"), format_args!("{high:.0}"), None);
        }
    }
}
