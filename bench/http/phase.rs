//! The phases in which latencies are measured.

use std::{ops::Range, slice, time::Duration};

use crate::{
    authorization_server::Outage,
    reply::Reply,
    server::Authentication,
    stream::{Stream, Usage},
    tokens::{TokenPools, Tokens},
};

/// Requests per second.
const SEEN: u32 = 2_000;
const FIRST_SEEN: u32 = 500;
const FIRST_INTROSPECTED: u32 = 200;
const FLOOD: u32 = 2_000;

/// What happens to a new server, and beside it, to one without authentication that gets as many requests.
pub struct Phase {
    pub name: &'static str,
    pub authentication: Authentication,
    pub streams: Vec<Stream>,
    /// Requests to the server without authentication.
    pub plain: Vec<Stream>,
    /// Begins with the window and ends with it.
    pub event: Option<Event>,
}

#[derive(Debug, Clone, Copy)]
pub enum Event {
    /// The issuer publishes a new key beside the old one.
    Rotation,
    Outage(Outage),
}

/// How long a phase takes, and the window within it in which events happen and latencies count.
pub struct Times {
    pub whole: Duration,
    pub window: Range<Duration>,
}

impl Times {
    pub fn new(quick: bool) -> Self {
        let fifth = Duration::from_millis(if quick { 140 } else { 1_000 });
        Self { whole: fifth * 5, window: fifth..fifth * 4 }
    }
}

impl Phase {
    pub fn all(pools: &TokenPools, times: &Times) -> Vec<Self> {
        let stream = |name, tokens: &Tokens, usage, rate| Stream {
            name,
            tokens: tokens.clone(),
            usage,
            rate,
            time: Duration::ZERO..times.whole,
            expects: is_accepted,
        };
        // Only after the event: a token of a key that isn't published yet would be rejected, and so would the next ones
        // until the keys may be fetched again.
        let time = times.window.start + times.whole / 20..times.window.end;
        let during = |stream, expects| Stream { time: time.clone(), expects, ..stream };

        let seen = stream("seen", &pools.seen, Usage::Seen, SEEN);
        let first_seen = stream("first seen", &pools.rs256, Usage::Once, FIRST_SEEN);
        let new_key = stream("of the new key", &pools.new_key, Usage::Once, FIRST_SEEN);
        let new_key = during(new_key, is_accepted);
        let flood = stream("unknown kid", &pools.unknown_kid, Usage::Repeated, FLOOD);
        let ignored = during(Stream { name: "other requests", ..flood.clone() }, is_accepted);
        let rejected = during(flood.clone(), is_rejected);
        let unanswered = during(flood, is_rejected_or_unavailable);
        let plain = |tokens, rate| stream("no authentication", tokens, Usage::Repeated, rate);
        let beside_jwts = plain(&pools.seen, SEEN + FIRST_SEEN);
        let jwts = |name, more: &[Stream], ignored: &[Stream], event| Self {
            name,
            authentication: Authentication::Jwt,
            streams: [&[seen.clone(), first_seen.clone()], more].concat(),
            plain: [slice::from_ref(&beside_jwts), ignored].concat(),
            event,
        };

        let opaque_seen = stream("seen", &pools.opaque_seen, Usage::Seen, SEEN);
        let opaque = stream("first seen", &pools.opaque, Usage::Once, FIRST_INTROSPECTED);
        let beside_opaque = plain(&pools.opaque_seen, SEEN + FIRST_INTROSPECTED);
        let introspection = |name, expects, event| Self {
            name,
            authentication: Authentication::Introspection,
            streams: vec![opaque_seen.clone(), Stream { expects, ..opaque.clone() }],
            plain: vec![beside_opaque.clone()],
            event,
        };

        let outage = |outage| Some(Event::Outage(outage));
        vec![
            jwts("steady", &[], &[], None),
            jwts("key rotation", &[new_key], &[], Some(Event::Rotation)),
            jwts("unknown kids", &[rejected], &[ignored], None),
            jwts("unknown kids while the issuer hangs", &[unanswered], &[], outage(Outage::Hangs)),
            introspection("introspection", is_accepted, None),
            introspection(
                "introspection unreachable",
                is_accepted_or_unavailable,
                outage(Outage::Refuses),
            ),
            introspection("introspection hangs", is_accepted_or_unavailable, outage(Outage::Hangs)),
        ]
    }
}

fn is_accepted(reply: &Reply) -> bool {
    *reply == Reply::Accepted
}

/// Requests at the end of an outage are accepted after it.
fn is_accepted_or_unavailable(reply: &Reply) -> bool {
    matches!(reply, Reply::Accepted | Reply::Unavailable)
}

fn is_rejected(reply: &Reply) -> bool {
    *reply == Reply::Rejected
}

fn is_rejected_or_unavailable(reply: &Reply) -> bool {
    matches!(reply, Reply::Rejected | Reply::Unavailable)
}
