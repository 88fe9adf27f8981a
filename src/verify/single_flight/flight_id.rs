/// An id that distinguishes tasks with the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FlightId(u64);

impl FlightId {
    pub(super) const fn new(number: u64) -> Self {
        Self(number)
    }
}
