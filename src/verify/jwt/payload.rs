//! The claims of a JWT (RFC 7519 §4), read in one pass.

use crate::{
    ScopeSet, TokenFault,
    claims::{ClaimText, RegisteredClaims},
    jose::{
        base64url,
        json::{self, Text, Value},
    },
};

use crate::claims::{
    scope_claim::{self, ScopeClaim},
    value::{audience, date, is_one_of, text},
};

/// The claims of a token: as text, and what of them we understand.
#[derive(Debug)]
pub(crate) struct Payload {
    pub(crate) raw: Box<str>,
    pub(crate) registered: RegisteredClaims,
    pub(crate) scopes: ScopeSet,
    /// `client_id` itself stands in it, not one of the names that others have for it.
    pub(crate) has_client_id: bool,
    /// It bears a claim that only other kinds of tokens have.
    pub(crate) is_other_token: bool,
}

impl Payload {
    /// Reads the claims. Once the issuer is known, `choose` says who judges tokens of that issuer,
    /// and where their scopes stand.
    pub(crate) fn read<'s, V, E: From<TokenFault>>(
        encoded: &str,
        choose: impl FnOnce(Option<&str>) -> Result<(V, &'s [ScopeClaim]), E>,
    ) -> Result<(Self, V), E> {
        let bytes = base64url::decode(encoded).ok_or(TokenFault::Malformed)?;
        let text = String::from_utf8(bytes).map_err(|_| TokenFault::Malformed)?;
        Self::parse(text.into_boxed_str(), choose)
    }

    fn parse<'s, V, E: From<TokenFault>>(
        raw: Box<str>,
        choose: impl FnOnce(Option<&str>) -> Result<(V, &'s [ScopeClaim]), E>,
    ) -> Result<(Self, V), E> {
        // Texts are kept as places of 32 bits.
        if u32::try_from(raw.len()).is_err() {
            return Err(TokenFault::Malformed.into());
        }
        let mut reader = Reader::default();
        let claims = json::object(&raw, |name, value| reader.member(name, value))
            .map_err(|_| TokenFault::Malformed)?;
        if reader.is_malformed {
            return Err(TokenFault::Claims.into());
        }
        let mut registered = reader.registered;
        let has_client_id = !matches!(registered.client_id, ClaimText::Absent);
        if !has_client_id {
            registered.client_id = match reader.authorized_party {
                ClaimText::Absent => reader.client,
                authorized_party => authorized_party,
            };
        }
        let (chosen, scope_claims) = choose(registered.issuer.get(&raw))?;
        let scopes = scope_claim::read(reader.scope, reader.scp, scope_claims, claims)?;
        let is_other_token = reader.is_other_token;
        Ok((Self { raw, registered, scopes, has_client_id, is_other_token }, chosen))
    }
}

/// Takes the members in, one after another.
#[derive(Default)]
struct Reader<'a> {
    registered: RegisteredClaims,
    authorized_party: ClaimText,
    client: ClaimText,
    scope: Option<Value<'a>>,
    scp: Option<Value<'a>>,
    is_other_token: bool,
    is_malformed: bool,
}

impl<'a> Reader<'a> {
    fn member(&mut self, name: Text<'a>, value: Value<'a>) {
        let registered = &mut self.registered;
        let read = match &*name.to_cow() {
            "iss" => set(&mut registered.issuer, text(value)),
            "sub" => set(&mut registered.subject, text(value)),
            "jti" => set(&mut registered.token_id, text(value)),
            "client_id" => set(&mut registered.client_id, text(value)),
            "aud" => set(&mut registered.audience, audience(value)),
            "exp" => set(&mut registered.expires_at, date(value).map(Some)),
            "nbf" => set(&mut registered.not_before, date(value).map(Some)),
            "iat" => set(&mut registered.issued_at, date(value).map(Some)),
            "scope" => set(&mut self.scope, Some(Some(value))),
            "scp" => set(&mut self.scp, Some(Some(value))),
            // Names of the client at other issuers. Nobody relies on them, so other types are let be.
            "azp" => set(&mut self.authorized_party, text(value).or(Some(ClaimText::Absent))),
            "appid" | "cid" => set(&mut self.client, text(value).or(Some(ClaimText::Absent))),
            "at_hash" | "c_hash" | "events" => set(&mut self.is_other_token, Some(true)),
            // Keycloak and Cognito say in a claim what a token is for.
            "typ" if is_one_of(value, &["ID", "Refresh", "Offline", "Logout"]) => {
                set(&mut self.is_other_token, Some(true))
            }
            "token_use" if is_one_of(value, &["id"]) => set(&mut self.is_other_token, Some(true)),
            _ => true,
        };
        self.is_malformed |= !read;
    }
}

/// Whether there was a value to set.
fn set<T>(place: &mut T, value: Option<T>) -> bool {
    match value {
        Some(value) => {
            *place = value;
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Payload, TokenFault> {
        Payload::parse(text.into(), |_| Ok::<_, TokenFault>(((), &[][..])))
            .map(|(payload, ())| payload)
    }

    #[test]
    fn numeric_dates_are_numbers_that_a_clock_can_show() {
        for (exp, seconds) in [
            ("1796181312", Some(1_796_181_312)),
            ("1796181312.064554", Some(1_796_181_312)),
            ("1.796181312e9", Some(1_796_181_312)),
            ("0", Some(0)),
            ("-1", None),
            ("1e400", None),
            ("1e30", None),
            ("\"1796181312\"", None),
            ("null", None),
            ("true", None),
            ("{}", None),
            ("[1796181312]", None),
            ("NaN", None),
            ("Infinity", None),
        ] {
            for name in ["exp", "nbf", "iat", "\\u0065xp"] {
                let payload = parse(&format!("{{\"{name}\":{exp}}}"));
                let date = payload.map(|payload| {
                    let registered = payload.registered;
                    let dates =
                        [registered.expires_at, registered.not_before, registered.issued_at];
                    dates.into_iter().flatten().next().unwrap().as_secs()
                });
                assert_eq!(date.ok(), seconds, "{name} {exp}");
            }
        }
    }

    #[test]
    fn texts_must_be_strings_and_are_unescaped() {
        let payload = parse(r#"{"sub":"al\u0069ce","iss":"https://as.example"}"#).unwrap();
        assert_eq!(payload.registered.subject.get(&payload.raw), Some("alice"));
        assert_eq!(payload.registered.issuer.get(&payload.raw), Some("https://as.example"));
        for claims in [r#"{"sub":1}"#, r#"{"iss":null}"#, r#"{"jti":[]}"#, r#"{"client_id":{}}"#] {
            assert_eq!(parse(claims).unwrap_err(), TokenFault::Claims, "{claims}");
        }
    }

    #[test]
    fn an_audience_is_one_string_or_an_array_of_strings() {
        for (aud, audiences) in [
            (r#""a""#, Some(vec!["a"])),
            (r#"["a","b"]"#, Some(vec!["a", "b"])),
            ("[]", Some(vec![])),
            ("null", None),
            ("1", None),
            (r#"["a",1]"#, None),
            (r#"{"a":"b"}"#, None),
        ] {
            let payload = parse(&format!("{{\"aud\":{aud}}}"));
            let found = payload.as_ref().ok().map(|payload| {
                let texts = payload.registered.audience.as_slice().iter();
                texts.filter_map(|text| text.get(&payload.raw)).collect::<Vec<_>>()
            });
            assert_eq!(found, audiences, "{aud}");
        }
    }

    #[test]
    fn the_client_is_named_in_one_of_three_claims() {
        for (claims, client) in [
            (r#"{"client_id":"a","azp":"b","cid":"c"}"#, Some("a")),
            (r#"{"azp":"b","cid":"c"}"#, Some("b")),
            (r#"{"cid":"c"}"#, Some("c")),
            (r#"{"appid":"d"}"#, Some("d")),
            (r#"{"azp":7}"#, None),
        ] {
            let payload = parse(claims).unwrap();
            assert_eq!(payload.registered.client_id.get(&payload.raw), client, "{claims}");
        }
    }

    #[test]
    fn other_kinds_of_tokens_are_known_by_their_claims() {
        for (claims, is_other) in [
            (r#"{"at_hash":"x"}"#, true),
            (r#"{"c_hash":"x"}"#, true),
            (r#"{"events":{}}"#, true),
            (r#"{"typ":"ID"}"#, true),
            (r#"{"token_use":"id"}"#, true),
            (r#"{"typ":"Bearer","token_use":"access","nonce":"n"}"#, false),
        ] {
            assert_eq!(parse(claims).unwrap().is_other_token, is_other, "{claims}");
        }
    }

    #[test]
    fn a_member_that_stands_twice_is_refused() {
        for claims in
            [r#"{"sub":"a","sub":"a"}"#, r#"{"x":{"y":1,"y":2}}"#, r#"{"exp":1,"\u0065xp":2}"#]
        {
            assert_eq!(parse(claims).unwrap_err(), TokenFault::Malformed, "{claims}");
        }
    }
}
