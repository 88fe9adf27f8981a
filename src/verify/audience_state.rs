//! The typestates of a builder that requires an audience.

/// The typestate of a builder without an audience, which has no `build` method.
#[derive(Debug)]
pub struct AudienceMissing(());

/// The typestate of a builder with an audience, or for which any audience was explicitly allowed.
#[derive(Debug)]
pub struct AudienceGiven(());
