//! Single flight: at most one running task per key, which every request for that key joins.
//!
//! Key sets and introspections both use it, so its races are solved once, here.

mod completion;
mod flight_id;
#[expect(clippy::module_inception, reason = "the file holds the type of that name")]
mod single_flight;
mod start_error;
#[cfg(test)]
mod tests;
mod waiter;

pub(crate) use flight_id::FlightId;
pub(crate) use single_flight::SingleFlight;
pub(crate) use start_error::StartError;
pub(crate) use waiter::Waiter;
