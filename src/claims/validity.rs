//! The period in which a token is valid (RFC 7519 §4.1.4 to §4.1.6).

use std::time::Duration;

use super::{NumericDate, RegisteredClaims};
use crate::error::TokenFault;

/// The default leeway of verifiers.
///
/// The clocks of an issuer and of this service differ, and the tokens of some issuers become valid in the
/// second in which they are issued. One minute covers poorly synchronized clocks, and is within the "few
/// minutes" that RFC 7519 §4.1.4 mentions. A response that ends when its token expires uses the same
/// leeway, so that it doesn't end while the token is still accepted.
pub(crate) const DEFAULT_LEEWAY: Duration = Duration::from_secs(60);

/// Rejects a token once `exp` and the leeway have passed. A token without `exp` doesn't expire.
#[inline]
pub(crate) fn validate_expiry(
    expires_at: Option<NumericDate>,
    now: NumericDate,
    leeway: Duration,
) -> Result<(), TokenFault> {
    match expires_at {
        Some(expires_at) if now >= expires_at.saturating_add(leeway) => Err(TokenFault::Expired),
        _ => Ok(()),
    }
}

/// Rejects a token if one of `starts`, that is, `nbf` or `iat`, is in the future by more than the
/// leeway.
#[inline]
pub(crate) fn validate_start<const N: usize>(
    starts: [Option<NumericDate>; N],
    now: NumericDate,
    leeway: Duration,
) -> Result<(), TokenFault> {
    let latest = now.saturating_add(leeway);
    if starts.into_iter().flatten().any(|start| start > latest) {
        return Err(TokenFault::NotYetValid);
    }
    Ok(())
}

/// Rejects a token if the time from `iat` to `exp` is longer than `max`. A token without one of them isn't
/// rejected.
#[cfg(feature = "_remote")]
pub(crate) fn validate_lifetime(
    claims: &RegisteredClaims,
    max: Duration,
) -> Result<(), TokenFault> {
    let times = claims.expires_at.zip(claims.issued_at);
    let lifetime = times.and_then(|(expires_at, issued_at)| expires_at.since(issued_at));
    if lifetime.is_some_and(|lifetime| lifetime > max) {
        return Err(TokenFault::Lifetime);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn at(offset: f64) -> Option<NumericDate> {
        NumericDate::from_secs_f64(1_800_000_000.0 + offset)
    }

    #[test]
    fn a_token_expires_at_exp_plus_the_leeway() {
        let now = NumericDate::from_secs(NOW);
        for (exp, without_leeway, with_leeway) in [
            (None, true, true),
            (at(1.0), true, true),
            (at(0.5), true, true),
            (at(0.0), false, true),
            (at(-59.5), false, true),
            (at(-60.0), false, false),
            (at(-61.0), false, false),
            (Some(NumericDate::from_secs(0)), false, false),
            (Some(NumericDate::from_secs(u64::MAX)), true, true),
        ] {
            let fault = |accepted| if accepted { Ok(()) } else { Err(TokenFault::Expired) };
            let without = validate_expiry(exp, now, Duration::ZERO);
            assert_eq!(without, fault(without_leeway), "{exp:?}");
            assert_eq!(validate_expiry(exp, now, DEFAULT_LEEWAY), fault(with_leeway), "{exp:?}");
        }
    }

    #[test]
    fn a_token_is_valid_from_nbf_and_iat_minus_the_leeway() {
        let now = NumericDate::from_secs(NOW);
        for (start, without_leeway, with_leeway) in [
            (None, true, true),
            (at(-1.0), true, true),
            (at(0.0), true, true),
            (at(0.5), false, true),
            (at(60.0), false, true),
            (at(60.5), false, false),
            (at(61.0), false, false),
            (Some(NumericDate::from_secs(u64::MAX)), false, false),
        ] {
            let fault = |accepted| if accepted { Ok(()) } else { Err(TokenFault::NotYetValid) };
            for starts in [[start, None], [None, start], [start, at(-9.0)]] {
                let without = validate_start(starts, now, Duration::ZERO);
                assert_eq!(without, fault(without_leeway), "{start:?}");
                assert_eq!(
                    validate_start(starts, now, DEFAULT_LEEWAY),
                    fault(with_leeway),
                    "{start:?}"
                );
            }
        }
        assert_eq!(validate_start([], now, Duration::ZERO), Ok(()));
    }

    #[cfg(feature = "_remote")]
    #[test]
    fn a_lifetime_is_limited_without_a_leeway() {
        for (issued_at, expires_at, accepted) in [
            (at(0.0), at(600.0), true),
            (at(-300.0), at(300.0), true),
            (at(0.0), at(600.5), false),
            (at(-1.0), at(600.0), false),
            (at(0.0), Some(NumericDate::from_secs(u64::MAX)), false),
            (at(10.0), at(0.0), true),
            (None, at(600.0), true),
            (at(0.0), None, true),
            (None, None, true),
        ] {
            let claims = RegisteredClaims { expires_at, issued_at, ..RegisteredClaims::default() };
            let expected = if accepted { Ok(()) } else { Err(TokenFault::Lifetime) };
            let max = Duration::from_secs(600);
            assert_eq!(validate_lifetime(&claims, max), expected, "{issued_at:?} {expires_at:?}");
        }
    }
}
