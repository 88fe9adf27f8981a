//! The states of a builder that has to be given an audience.

/// The state of a builder without an audience. It can't build.
#[derive(Debug)]
pub struct AudienceMissing(());

/// The state of a builder with an audience, or with the decision to have none.
#[derive(Debug)]
pub struct AudienceGiven(());
