//! The load of Redis when replicas start and read the list of revocations.

use crate::{
    costs::Costs, defaults::RedisDefaults, events::Events, redis_server::RedisServer, row::Row,
    service::SERVICE,
};

/// After this time, replicas that start at once count as stuck.
const LIMIT: f64 = 7200.0;

pub fn rows(costs: &Costs, defaults: &RedisDefaults) -> Vec<Row> {
    let page = page_of(costs, defaults);
    let cases = [
        ("10,000 revocations, read by one replica", 1e4, 1.0),
        ("10,000 revocations, read by all replicas at once", 1e4, SERVICE.replicas),
        ("a million revocations, read by one replica", 1e6, 1.0),
        ("a million revocations, read by 100 replicas at once", 1e6, 100.0),
        ("a million revocations, read by all replicas at once", 1e6, SERVICE.replicas),
    ];
    cases
        .map(|(name, revocations, replicas)| {
            let pages = revocations / defaults.page_of_list;
            let alone = pages * (page + SERVICE.round_trip.as_secs_f64());
            let formula =
                if replicas > 1.0 { "pages · n · c" } else { "pages · (c + round trip)" };
            Row::new(name, "s")
                .on_paper(formula, alone.max(pages * replicas * page))
                .simulated(read(pages as u64, replicas as usize, page, defaults))
        })
        .into()
}

/// How many replicas can start at once, so that no read exceeds the time limit.
pub fn most_at_once(costs: &Costs, defaults: &RedisDefaults) -> f64 {
    defaults.timeout.as_secs_f64() / page_of(costs, defaults)
}

/// The time that Redis takes for a page.
fn page_of(costs: &Costs, defaults: &RedisDefaults) -> f64 {
    costs.of_redis("1000 revocations of the list, for a starting replica") / 1000.0
        * defaults.page_of_list
}

enum Event {
    /// A replica reads the next page.
    Read(usize),
    /// The page arrives.
    Page(usize),
    /// The time limit ends first.
    GivenUp(usize),
}

/// Returns the seconds until all replicas have read the list.
fn read(pages: u64, replicas: usize, page: f64, defaults: &RedisDefaults) -> f64 {
    let (mut server, mut events) = (RedisServer::default(), Events::new());
    let (there, timeout) = (SERVICE.round_trip.as_secs_f64() / 2.0, defaults.timeout.as_secs_f64());
    let mut left = vec![pages; replicas];
    for replica in 0..replicas {
        events.add(0.0, Event::Read(replica));
    }
    let mut reading = replicas;
    while let Some((now, event)) = events.next() {
        if now > LIMIT {
            return LIMIT;
        }
        match event {
            Event::Read(replica) => {
                // The server executes it even if the replica doesn't wait for it.
                let arrives_at = server.execute(now + there, page) + there;
                if arrives_at - now <= timeout {
                    events.add(arrives_at, Event::Page(replica));
                } else {
                    events.add(now + timeout, Event::GivenUp(replica));
                }
            }
            Event::Page(replica) => {
                left[replica] -= 1;
                if left[replica] > 0 {
                    events.add(now, Event::Read(replica));
                } else {
                    reading -= 1;
                    if reading == 0 {
                        return now;
                    }
                }
            }
            Event::GivenUp(replica) => {
                // It starts over.
                left[replica] = pages;
                events.add(now + defaults.retry.as_secs_f64(), Event::Read(replica));
            }
        }
    }
    LIMIT
}
