//! Authentication schemes (RFC 9110 §11.1).

/// An authentication scheme that a layer may accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Basic,
    Bearer,
    /// `Authorization: DPoP …`, with a token that is bound to a key (RFC 9449 §7.1).
    Dpop,
    /// `Authorization: token …`, which some services use instead of Bearer.
    Token,
}

impl Scheme {
    /// Returns its name in challenges. In requests, the case is ignored.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Basic => "Basic",
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
            Self::Token => "token",
        }
    }

    /// Returns a list that contains only this scheme.
    #[cfg(feature = "axum")]
    pub(crate) const fn alone(self) -> &'static [Self] {
        match self {
            Self::Basic => &[Self::Basic],
            Self::Bearer => &[Self::Bearer],
            Self::Dpop => &[Self::Dpop],
            Self::Token => &[Self::Token],
        }
    }

    /// Returns whether its challenges have the parameters of RFC 6750.
    pub(crate) const fn carries_tokens(self) -> bool {
        matches!(self, Self::Bearer | Self::Dpop | Self::Token)
    }
}
