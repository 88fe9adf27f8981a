//! Authentication schemes (RFC 9110 §11.1).

/// A scheme that a layer may accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Basic,
    Bearer,
    /// `Authorization: DPoP …`, with a token that is bound to a key (RFC 9449 §7.1).
    Dpop,
    /// `Authorization: token …`, as some services have it in the place of Bearer.
    Token,
}

impl Scheme {
    /// Its name in a challenge. In requests case doesn't count.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Basic => "Basic",
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
            Self::Token => "token",
        }
    }

    /// Itself, where a list is wanted.
    #[cfg(feature = "axum")]
    pub(crate) const fn alone(self) -> &'static [Self] {
        match self {
            Self::Basic => &[Self::Basic],
            Self::Bearer => &[Self::Bearer],
            Self::Dpop => &[Self::Dpop],
            Self::Token => &[Self::Token],
        }
    }

    /// Whether its challenges carry the parameters of RFC 6750.
    pub(crate) const fn carries_tokens(self) -> bool {
        matches!(self, Self::Bearer | Self::Dpop | Self::Token)
    }
}
