//! What one row shows beside another.

/// The row of the router without authentication. A request's net time and allocations are those beyond it.
pub const ROUTER: &str = "router alone";

/// A figure of one row beside another, which it names.
#[derive(Debug, Clone, Copy)]
pub enum Figure {
    /// How many allocations more.
    Allocations(&'static str),
    /// How many percent more or less time.
    Change(&'static str),
    /// How much more time, in ns.
    Difference(&'static str),
    /// The time beyond the router's, as a multiple of that raw verification.
    Net(&'static str),
    /// How much more time than the router's and that raw verification's, in ns.
    NetDifference(&'static str),
    /// The net time with another router: first that, then the verification.
    NetOf(&'static str, &'static str),
    /// How many times its time.
    Ratio(&'static str),
}

impl Figure {
    /// The rows that it needs beside its own.
    pub fn others(self) -> Vec<&'static str> {
        match self {
            Self::Allocations(other)
            | Self::Change(other)
            | Self::Difference(other)
            | Self::Ratio(other) => vec![other],
            Self::Net(raw) | Self::NetDifference(raw) => vec![ROUTER, raw],
            Self::NetOf(router, raw) => vec![router, raw],
        }
    }

    /// What it is called where a script reads it.
    pub fn name(self) -> String {
        match self {
            Self::Allocations(other) => format!("allocations on {other}"),
            Self::Change(other) => format!("% on {other}"),
            Self::Difference(other) => format!("ns on {other}"),
            Self::Net(raw) | Self::NetOf(_, raw) => format!("net × {raw}"),
            Self::NetDifference(raw) => format!("net ns on {raw}"),
            Self::Ratio(other) => format!("× {other}"),
        }
    }

    /// The value in words, such as `1.140 × raw RS256, net of router alone`.
    pub fn describe(self, value: f64) -> String {
        match self {
            Self::Allocations(other) => format!("{value:+} allocations on {other}"),
            Self::Change(other) => format!("{value:+.1} % on {other}"),
            Self::Difference(other) => format!("{value:+.0} ns on {other}"),
            Self::Net(raw) => format!("{value:.3} × {raw}, net of {ROUTER}"),
            Self::NetDifference(raw) => format!("{value:+.0} ns on {raw}, net of {ROUTER}"),
            Self::NetOf(router, raw) => format!("{value:.3} × {raw}, net of {router}"),
            Self::Ratio(other) => format!("{value:.2} × {other}"),
        }
    }
}
