//! What an acceptable answer says.

use std::time::Duration;

use crate::{
    TokenFault,
    claims::{ClaimSet, ClaimText, NumericDate},
};

/// How far the server's clock may be ahead of ours: there are servers whose tokens begin with the
/// second in which they are issued.
const LEEWAY: Duration = Duration::from_secs(60);

/// The rules of one verifier.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    /// Who must have issued a token whose answer says who did.
    pub(super) issuer: Option<Box<str>>,
    pub(super) audience: AudienceRule,
}

/// Whom a token must be for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AudienceRule {
    Any,
    /// `aud` contains one of these, or there is none where that is allowed.
    OneOf {
        names: Vec<Box<str>>,
        or_none: bool,
    },
}

impl Rules {
    /// Judges an active token. Its end has no leeway: the server has judged by its own clock, and what
    /// is left is that its answer may have been kept for a while.
    pub(super) fn judge(&self, claims: &ClaimSet, now: NumericDate) -> Result<(), TokenFault> {
        let registered = &claims.registered;
        if let (Some(ours), Some(theirs)) = (&self.issuer, registered.issuer.get(&claims.raw))
            && **ours != *theirs
        {
            return Err(TokenFault::Issuer);
        }
        if !self.audience.allows(registered.audience.as_slice(), &claims.raw) {
            return Err(TokenFault::Audience);
        }
        if claims.is_other_token {
            return Err(TokenFault::Type);
        }
        if registered.expires_at.is_some_and(|expires_at| now >= expires_at) {
            return Err(TokenFault::Expired);
        }
        if registered.not_before.is_some_and(|not_before| now.saturating_add(LEEWAY) < not_before) {
            return Err(TokenFault::NotYetValid);
        }
        Ok(())
    }
}

impl AudienceRule {
    fn allows(&self, audiences: &[ClaimText], raw: &str) -> bool {
        let Self::OneOf { names, or_none } = self else { return true };
        if audiences.is_empty() {
            return *or_none;
        }
        let mut audiences = audiences.iter().filter_map(|audience| audience.get(raw));
        audiences.any(|theirs| names.iter().any(|ours| **ours == *theirs))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::response::IntrospectionResponse, *};

    const NOW: u64 = 1_800_000_000;

    fn judge(rules: &Rules, members: &str) -> Result<(), TokenFault> {
        let text = format!("{{\"active\":true{members}}}").into_boxed_str();
        let Ok(IntrospectionResponse::Active(claims)) = IntrospectionResponse::read(text, &[])
        else {
            panic!("{members}")
        };
        rules.judge(&claims, NumericDate::from_secs(NOW))
    }

    fn rules(audience: AudienceRule) -> Rules {
        Rules { issuer: Some("https://as.example".into()), audience }
    }

    #[test]
    fn issuer_times_and_kind_are_judged_where_they_are_said() {
        let rules = rules(AudienceRule::Any);
        for (members, verdict) in [
            ("", Ok(())),
            (r#","iss":"https://as.example""#, Ok(())),
            (r#","iss":"https://as.example/""#, Err(TokenFault::Issuer)),
            (r#","iss":"https://as.example.evil""#, Err(TokenFault::Issuer)),
            (r#","iss":"""#, Err(TokenFault::Issuer)),
            (r#","exp":1800000001"#, Ok(())),
            (r#","exp":1800000000.5"#, Ok(())),
            (r#","exp":1800000000"#, Err(TokenFault::Expired)),
            (r#","exp":1799999999"#, Err(TokenFault::Expired)),
            (r#","exp":0"#, Err(TokenFault::Expired)),
            (r#","nbf":1800000000"#, Ok(())),
            (r#","nbf":1800000060"#, Ok(())),
            (r#","nbf":1800000060.5"#, Err(TokenFault::NotYetValid)),
            (r#","nbf":1800000061"#, Err(TokenFault::NotYetValid)),
            (r#","iat":1800000030"#, Ok(())),
            (r#","token_use":"refresh_token""#, Err(TokenFault::Type)),
        ] {
            assert_eq!(judge(&rules, members), verdict, "{members}");
        }
    }

    #[test]
    fn an_audience_must_be_ours_and_may_be_missing_only_where_that_was_said() {
        let one_of = |names: &[&str], or_none| {
            let names = names.iter().map(|name| (*name).into()).collect();
            rules(AudienceRule::OneOf { names, or_none })
        };
        let (named, either, none) =
            (one_of(&["api", "api2"], false), one_of(&["api"], true), one_of(&[], true));
        let refused = Err(TokenFault::Audience);
        for (members, by_named, by_either, by_none) in [
            (r#","aud":"api""#, Ok(()), Ok(()), refused),
            (r#","aud":["x","api"]"#, Ok(()), Ok(()), refused),
            (r#","aud":"x""#, refused, refused, refused),
            (r#","aud":"api/""#, refused, refused, refused),
            (r#","aud":"API""#, refused, refused, refused),
            (r#","aud":"api x""#, refused, refused, refused),
            ("", refused, Ok(()), Ok(())),
            (r#","aud":[]"#, refused, Ok(()), Ok(())),
            (r#","aud":null"#, refused, Ok(()), Ok(())),
            (r#","aud":"""#, refused, refused, refused),
        ] {
            assert_eq!(judge(&named, members), by_named, "{members}");
            assert_eq!(judge(&either, members), by_either, "{members}");
            assert_eq!(judge(&none, members), by_none, "{members}");
            assert_eq!(judge(&rules(AudienceRule::Any), members), Ok(()), "{members}");
        }
    }
}
