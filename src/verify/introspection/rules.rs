//! The rules for the claims of an active token (RFC 7662 §4).

use std::time::Duration;

use crate::{
    claims::{
        AudienceRule, ClaimSet, DEFAULT_LEEWAY, NumericDate, OtherKind, validate_expiry,
        validate_lifetime, validate_start,
    },
    error::{Diagnosis, Finding, TokenFault},
    verify::claim_findings::{ID_TOKEN, audience_finding, issuer_finding, skew},
};

/// The rules of one verifier.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    /// The required `iss`, if a response has one.
    pub(super) issuer: Option<Box<str>>,
    pub(super) audience: AudienceRule,
    /// The maximum of `exp` minus `iat`, if a response has both.
    pub(super) max_lifetime: Option<Duration>,
}

impl Rules {
    /// Validates the claims of an active token.
    ///
    /// `exp` is compared without leeway, because the server has already validated the token by its own
    /// clock, and a cached response must not outlive the token. `iat` isn't validated, because the
    /// server has reported the token as active.
    pub(super) fn validate(&self, claims: &ClaimSet, now: NumericDate) -> Result<(), TokenFault> {
        let ClaimSet { raw, registered, .. } = claims;
        if let (Some(expected), Some(issuer)) = (&self.issuer, registered.issuer.get(raw))
            && **expected != *issuer
        {
            return Err(TokenFault::Issuer);
        }
        if !self.audience.accepts(claims) {
            return Err(TokenFault::Audience);
        }
        if claims.other_kind.is_some() {
            return Err(TokenFault::Type);
        }
        validate_expiry(registered.expires_at, now, Duration::ZERO)?;
        validate_start([registered.not_before], now, DEFAULT_LEEWAY)?;
        self.max_lifetime.map_or(Ok(()), |max| validate_lifetime(registered, max))
    }
}

impl Rules {
    /// Returns the finding of the rule that rejected a token.
    pub(super) fn diagnosis(
        &self,
        fault: TokenFault,
        claims: &ClaimSet,
        now: NumericDate,
    ) -> Diagnosis {
        let ClaimSet { raw, registered, other_kind, .. } = claims;
        let issuer = registered.issuer.get(raw);
        let is_id_token = *other_kind == Some(OtherKind::IdToken);
        let failed = |rule| Finding::failed(rule, fault);
        let seconds = |date: NumericDate| date.as_secs().to_string();
        let finding = match fault {
            TokenFault::Issuer => issuer_finding(self.issuer.as_deref(), issuer),
            TokenFault::Audience => audience_finding(&self.audience, claims, is_id_token),
            TokenFault::Type if is_id_token => failed("typ").found("an ID token").hint(ID_TOKEN),
            TokenFault::Type => failed("typ")
                .expected("an access token")
                .found("another kind of token")
                .hint("the response marks this as a refresh token, or as another token that isn't an access token: send \
                       the access token"),
            TokenFault::Expired => registered.expires_at.map_or(failed("exp"), |exp| {
                failed("exp")
                    .expected(&format!("later than {} (now)", now.as_secs()))
                    .found(&seconds(exp))
                    .skew(skew(exp, now))
                    .hint("the endpoint reports the token as active, but it has expired: check the clocks of both servers")
            }),
            TokenFault::NotYetValid => registered.not_before.map_or(failed("nbf"), |nbf| {
                failed("nbf")
                    .expected(&format!("not later than {} (now), plus 60 s", now.as_secs()))
                    .found(&seconds(nbf))
                    .skew(skew(nbf, now))
                    .hint("synchronize the clocks of this service and of the issuer (NTP)")
            }),
            TokenFault::Lifetime => {
                let max = self.max_lifetime.unwrap_or_default().as_secs();
                failed("lifetime").expected(&format!("at most {max} s"))
            }
            _ => failed("claims"),
        };
        match issuer {
            Some(issuer) => Diagnosis::new(finding).issuer(issuer),
            None => Diagnosis::new(finding),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::response::IntrospectionResponse, *};
    use crate::claims::{AudienceNames, ClaimOptions};

    const NOW: u64 = 1_800_000_000;

    fn validate(rules: &Rules, members: &str) -> Result<(), TokenFault> {
        let text = format!("{{\"active\":true{members}}}").into_boxed_str();
        let Ok(IntrospectionResponse::Active(claims)) =
            IntrospectionResponse::read(text, &ClaimOptions::default())
        else {
            panic!("{members}")
        };
        rules.validate(&claims, NumericDate::from_secs(NOW))
    }

    fn rules(audience: AudienceRule) -> Rules {
        Rules { issuer: Some("https://as.example".into()), audience, max_lifetime: None }
    }

    #[test]
    fn issuer_dates_and_kind_are_validated_if_present() {
        let rules = rules(AudienceRule::Any);
        for (members, expected) in [
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
            (r#","iat":1900000000"#, Ok(())),
            (r#","token_use":"refresh_token""#, Err(TokenFault::Type)),
        ] {
            assert_eq!(validate(&rules, members), expected, "{members}");
        }
    }

    #[test]
    fn an_audience_must_be_accepted_by_the_rule() {
        let rules = rules(AudienceRule::OneOf(AudienceNames {
            exact: vec!["api".into()],
            ..AudienceNames::default()
        }));
        for (members, expected) in [
            (r#","aud":"api""#, Ok(())),
            (r#","aud":"x""#, Err(TokenFault::Audience)),
            ("", Err(TokenFault::Audience)),
            (r#","aud":"x","exp":0,"typ":"Refresh""#, Err(TokenFault::Audience)),
            (r#","aud":"api","exp":0,"typ":"Refresh""#, Err(TokenFault::Type)),
        ] {
            assert_eq!(validate(&rules, members), expected, "{members}");
        }
    }
}
