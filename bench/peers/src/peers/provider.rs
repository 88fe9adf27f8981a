//! Which back end checks signatures, where a peer leaves the choice.

use std::sync::OnceLock;

/// A back end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// The same as ours.
    AwsLc,
    /// The one that a peer turns on by default: for these peers pure Rust.
    Default,
}

static CHOSEN: OnceLock<Provider> = OnceLock::new();

/// Chooses for the whole process, as jsonwebtoken wants it. It panics at run time if two are there
/// and none is chosen.
pub fn choose(provider: Provider) {
    let (current, old) = match provider {
        Provider::AwsLc => (
            &jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER,
            &jsonwebtoken_10::crypto::aws_lc::DEFAULT_PROVIDER,
        ),
        Provider::Default => (
            &jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER,
            &jsonwebtoken_10::crypto::rust_crypto::DEFAULT_PROVIDER,
        ),
    };
    let first = "the only choice";
    current.install_default().expect(first);
    old.install_default().expect(first);
    CHOSEN.set(provider).expect(first);
}

/// What was chosen.
pub fn chosen() -> Provider {
    *CHOSEN.get().expect("a choice")
}
