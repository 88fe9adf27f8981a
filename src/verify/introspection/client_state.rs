//! The states of a builder that requires client authentication.

/// The typestate of a builder without client authentication.
#[derive(Debug)]
pub struct ClientMissing(());

/// The typestate of a builder with client authentication.
#[derive(Debug)]
pub struct ClientGiven(());
