//! Reads claims in one pass over the members of a JSON object.

use std::mem;

use super::{
    ClaimOptions, ClaimText, Confirmation, MalformedClaim, RegisteredClaims,
    malformed_claim::ClaimName,
    role_claim::{self, MalformedRoles},
    scope_claim::{self, MalformedScopes},
    text_list::TextList,
    token_kind::{OtherKind, TokenKind},
    value::{audience, date, decimal, text},
};
use crate::{
    ScopeSet,
    jose::json::{Object, Text, Value},
};

/// A reader for the claims of a JWT, in which null is a value of the wrong type.
pub(crate) type JwtReader<'a> = Reader<'a, false>;

/// A reader for the members of an introspection response, in which null is treated as an absent member,
/// because many servers write null for missing values.
pub(crate) type IntrospectionReader<'a> = Reader<'a, true>;

/// A reader that collects the claims that this crate understands, member by member, and ignores all
/// others.
#[derive(Default)]
pub(crate) struct Reader<'a, const NULL_IS_ABSENT: bool> {
    pub(crate) registered: RegisteredClaims,
    /// Whether there is a `client_id`.
    pub(crate) has_client_id: bool,
    /// The kind of token, if the claims identify it as something other than an access token.
    pub(crate) other_kind: Option<OtherKind>,
    /// `azp` (OpenID Connect Core §2).
    authorized_party: ClaimText,
    /// `appid` (Entra ID) or `cid` (Okta).
    application: ClaimText,
    scope: Option<Value<'a>>,
    scp: Option<Value<'a>>,
    confirmation: Option<Confirmation>,
    /// Whether a claim says that the token is bound to a DPoP key, whose thumbprint must be in
    /// `cnf`.
    is_dpop: bool,
    malformed: Option<MalformedClaim>,
    /// The first identifier that is a number. It is malformed unless the options accept numbers.
    numeric_identifier: Option<MalformedClaim>,
}

impl<'a, const NULL_IS_ABSENT: bool> Reader<'a, NULL_IS_ABSENT> {
    /// Reads one member.
    pub(crate) fn member(&mut self, name: Text<'a>, value: Value<'a>) {
        if NULL_IS_ABSENT && matches!(value, Value::Null) {
            return;
        }
        if let Err(claim) = self.claim(&name.to_cow(), value) {
            self.malformed.get_or_insert(claim);
        }
    }

    /// Reads one claim. The name is matched once and as bytes, for which the compiler generates a
    /// decision tree instead of a chain of comparisons. This matters because it runs for each claim of
    /// each new token.
    #[inline]
    fn claim(&mut self, name: &str, value: Value<'a>) -> Result<(), MalformedClaim> {
        use ClaimName::{
            Audience, ClientId, Confirmation as Cnf, ExpiresAt, IssuedAt, Issuer, NotBefore,
            Subject, TokenId,
        };
        let malformed = |name| MalformedClaim::new(name, value);
        let (claims, numeric) = (&mut self.registered, &mut self.numeric_identifier);
        match name.as_bytes() {
            b"iss" => claims.issuer = text(value).ok_or_else(|| malformed(Issuer))?,
            b"sub" => claims.subject = identifier(Subject, value, numeric)?,
            b"jti" => claims.token_id = identifier(TokenId, value, numeric)?,
            b"client_id" => claims.client_id = identifier(ClientId, value, numeric)?,
            b"aud" => claims.audience = audience(value).ok_or_else(|| malformed(Audience))?,
            b"exp" => claims.expires_at = Some(date(value).ok_or_else(|| malformed(ExpiresAt))?),
            b"nbf" => claims.not_before = Some(date(value).ok_or_else(|| malformed(NotBefore))?),
            b"sid" => claims.session_id = text(value).unwrap_or_default(),
            b"acr" => claims.authentication_class = text(value).unwrap_or_default(),
            b"auth_time" => claims.authenticated_at = date(value),
            b"amr" => claims.authentication_methods = TextList::read(value).unwrap_or_default(),
            b"cnf" => {
                let confirmation = Confirmation::read(value).ok_or_else(|| malformed(Cnf))?;
                self.confirmation = Some(confirmation);
            }
            b"iat" => claims.issued_at = Some(date(value).ok_or_else(|| malformed(IssuedAt))?),
            b"scope" => self.scope = Some(value),
            b"scp" => self.scp = Some(value),
            // No rule depends on these claims, so a value of another type is ignored.
            b"azp" => self.authorized_party = text(value).unwrap_or_default(),
            b"appid" | b"cid" => self.application = text(value).unwrap_or_default(),
            b"at_hash" | b"c_hash" | b"s_hash" => self.other_kind(OtherKind::IdToken),
            b"events" => self.other_kind(OtherKind::Other),
            b"typ" | b"type" | b"token_type" | b"token_use" | b"token_class" => {
                self.kind(TokenKind::of(value));
            }
            _ => {}
        }
        Ok(())
    }

    fn kind(&mut self, kind: TokenKind) {
        match kind {
            TokenKind::Dpop => self.is_dpop = true,
            TokenKind::Other(kind) => self.other_kind(kind),
            TokenKind::Unspecified => {}
        }
    }

    fn other_kind(&mut self, kind: OtherKind) {
        self.other_kind = self.other_kind.max(Some(kind));
    }

    /// Completes the claims once all members are read, or returns the first malformed claim.
    ///
    /// The client is read from `client_id`, otherwise from `azp`, and otherwise from `appid` or
    /// `cid`.
    // Completes them in place, because moving the claims costs more than reading one.
    pub(crate) fn finish(&mut self) -> Result<(), MalformedClaim> {
        if let Some(claim) = self.malformed {
            return Err(claim);
        }
        if self.is_dpop || self.confirmation.is_some() {
            let mut confirmation = self.confirmation.take().unwrap_or_default();
            if self.is_dpop && confirmation.key_thumbprint().is_none() {
                confirmation.add_unknown();
            }
            self.registered.confirmation = Some(Box::new(confirmation));
        }
        self.has_client_id = !matches!(self.registered.client_id, ClaimText::Absent);
        if !self.has_client_id {
            self.registered.client_id = match mem::take(&mut self.authorized_party) {
                ClaimText::Absent => mem::take(&mut self.application),
                authorized_party => authorized_party,
            };
        }
        Ok(())
    }

    /// Returns the first identifier that is a number, unless the options accept numbers.
    pub(crate) fn check_identifiers(&self, options: &ClaimOptions) -> Result<(), MalformedClaim> {
        match self.numeric_identifier {
            Some(claim) if !options.numeric_identifiers => Err(claim),
            _ => Ok(()),
        }
    }

    /// Reads the scopes in `scope`, `scp` and the configured places of `claims`, which is the object
    /// that was read.
    pub(crate) fn scopes(
        &self,
        options: &ClaimOptions,
        claims: Object<'_>,
    ) -> Result<ScopeSet, MalformedScopes> {
        scope_claim::read(self.scope, self.scp, &options.places.scopes, claims)
    }

    /// Reads the roles at the configured places of `claims`, which is the object that was read.
    pub(crate) fn read_roles(
        &mut self,
        options: &ClaimOptions,
        claims: Object<'_>,
    ) -> Result<(), MalformedRoles> {
        let places = &*options.places.roles;
        if !places.is_empty() {
            self.registered.roles = role_claim::read(places, claims)?;
        }
        Ok(())
    }
}

/// Reads a string, or an integer as decimal text. Whether integers are accepted depends on the issuer, which
/// may not be known yet, so the first integer is recorded in `numeric`.
#[inline]
fn identifier(
    name: ClaimName,
    value: Value<'_>,
    numeric: &mut Option<MalformedClaim>,
) -> Result<ClaimText, MalformedClaim> {
    match text(value) {
        Some(text) => Ok(text),
        None => numeric_identifier(name, value, numeric),
    }
}

#[cold]
fn numeric_identifier(
    name: ClaimName,
    value: Value<'_>,
    numeric: &mut Option<MalformedClaim>,
) -> Result<ClaimText, MalformedClaim> {
    let malformed = MalformedClaim::new(name, value);
    let text = decimal(value).ok_or(malformed)?;
    numeric.get_or_insert(malformed);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        claims::{ClaimSet, NumericDate},
        jose::json,
    };

    fn read<const NULL_IS_ABSENT: bool>(
        members: &str,
        numeric_identifiers: bool,
    ) -> Result<ClaimSet, &'static str> {
        let options = ClaimOptions { numeric_identifiers, ..ClaimOptions::default() };
        let raw = format!("{{{members}}}").into_boxed_str();
        let mut reader = Reader::<NULL_IS_ABSENT>::default();
        let object = json::object(&raw, |name, value| reader.member(name, value));
        let Ok(object) = object else { panic!("not an object: {raw}") };
        reader.finish().map_err(MalformedClaim::name)?;
        reader.check_identifiers(&options).map_err(MalformedClaim::name)?;
        let scopes = reader.scopes(&options, object).unwrap();
        let Reader { registered, has_client_id, other_kind, .. } = reader;
        Ok(ClaimSet { raw, registered, scopes, has_client_id, other_kind })
    }

    fn jwt(members: &str) -> Result<ClaimSet, &'static str> {
        read::<false>(members, false)
    }

    fn introspection(members: &str) -> Result<ClaimSet, &'static str> {
        read::<true>(members, false)
    }

    #[test]
    fn integers_are_identifiers_only_if_the_options_accept_them() {
        for (number, text) in [
            ("0", Some("0")),
            ("7", Some("7")),
            ("18446744073709551616", Some("18446744073709551616")),
            ("-1", None),
            ("1.0", None),
            ("1e3", None),
            ("true", None),
            ("[7]", None),
        ] {
            for name in ["sub", "jti", "client_id"] {
                let members = format!("\"{name}\":{number}");
                assert_eq!(jwt(&members).unwrap_err(), name, "{members}");
                assert_eq!(introspection(&members).unwrap_err(), name, "{members}");
                for claims in [read::<false>(&members, true), read::<true>(&members, true)] {
                    let Some(text) = text else {
                        assert_eq!(claims.unwrap_err(), name, "{members}");
                        continue;
                    };
                    let ClaimSet { raw, registered, has_client_id, .. } = claims.unwrap();
                    let found = match name {
                        "sub" => &registered.subject,
                        "jti" => &registered.token_id,
                        _ => &registered.client_id,
                    };
                    assert_eq!(found.get(&raw), Some(text), "{members}");
                    assert_eq!(has_client_id, name == "client_id");
                }
            }
            for name in ["iss", "aud"] {
                let members = format!("\"{name}\":{number}");
                assert_eq!(read::<false>(&members, true).unwrap_err(), name, "{members}");
            }
        }
    }

    #[test]
    fn a_numeric_identifier_stays_a_number_in_the_raw_claims() {
        let claims = read::<false>(r#""sub":7"#, true).unwrap();
        assert_eq!(&*claims.raw, r#"{"sub":7}"#);
    }

    #[test]
    fn dates_are_numbers_within_the_range_of_the_clock() {
        for (date, seconds) in [
            ("1796181312", Some(1_796_181_312)),
            ("1796181312.064554", Some(1_796_181_312)),
            ("1.796181312e9", Some(1_796_181_312)),
            ("0", Some(0)),
            ("-1", None),
            ("1e400", None),
            ("1e30", None),
            ("\"1796181312\"", None),
            ("true", None),
            ("{}", None),
            ("[1796181312]", None),
        ] {
            for name in ["exp", "nbf", "iat"] {
                let members = format!("\"{name}\":{date}");
                for claims in [jwt(&members), introspection(&members)] {
                    let read = claims.map(|claims| {
                        let claims = claims.registered;
                        let dates = [claims.expires_at, claims.not_before, claims.issued_at];
                        dates.into_iter().flatten().map(NumericDate::as_secs).collect()
                    });
                    let expected = seconds.map(|seconds| vec![seconds]);
                    assert_eq!(read, expected.ok_or(name), "{members}");
                }
            }
        }
    }

    #[test]
    fn string_claims_are_strings_and_are_unescaped() {
        let members = r#""sub":"al\u0069ce","\u0069ss":"https://as.example""#;
        for claims in [jwt(members), introspection(members)] {
            let ClaimSet { raw, registered, .. } = claims.unwrap();
            assert_eq!(registered.subject.get(&raw), Some("alice"));
            assert_eq!(registered.issuer.get(&raw), Some("https://as.example"));
        }
        for name in ["iss", "sub", "jti", "client_id"] {
            for value in ["1", "true", "[]", r#"["a"]"#, "{}"] {
                let members = format!("\"{name}\":{value}");
                for claims in [jwt(&members), introspection(&members)] {
                    assert_eq!(claims.unwrap_err(), name, "{members}");
                }
            }
        }
    }

    #[test]
    fn an_audience_is_a_string_or_an_array_of_strings() {
        for (aud, audiences) in [
            (r#""a""#, Some(vec!["a"])),
            (r#"["a","b"]"#, Some(vec!["a", "b"])),
            ("[]", Some(vec![])),
            ("1", None),
            (r#"["a",1]"#, None),
            (r#"["a",null]"#, None),
            (r#"{"a":"b"}"#, None),
        ] {
            let members = format!("\"aud\":{aud}");
            for claims in [jwt(&members), introspection(&members)] {
                let read = claims.as_ref().ok().map(|claims| {
                    let texts = claims.registered.audience.as_slice().iter();
                    texts.filter_map(|text| text.get(&claims.raw)).collect::<Vec<_>>()
                });
                assert_eq!(read, audiences, "{aud}");
            }
        }
    }

    #[test]
    fn null_is_malformed_in_jwts_and_absent_in_introspection() {
        for name in ["iss", "sub", "jti", "client_id", "aud", "exp", "nbf", "iat"] {
            let members = format!("\"{name}\":null");
            assert_eq!(jwt(&members).unwrap_err(), name, "{name}");
            assert!(introspection(&members).is_ok(), "{name}");
        }
        for name in ["scope", "scp", "azp", "appid", "cid", "typ", "other"] {
            let members = format!("\"{name}\":null");
            for claims in [jwt(&members).unwrap(), introspection(&members).unwrap()] {
                assert!(claims.scopes.is_empty() && claims.other_kind.is_none(), "{name}");
                assert!(matches!(claims.registered.client_id, ClaimText::Absent), "{name}");
            }
        }
    }

    #[test]
    fn the_first_of_several_malformed_claims_is_reported() {
        let members = r#""sub":"alice","nbf":"soon","exp":"never""#;
        assert_eq!(jwt(members).unwrap_err(), "nbf");
    }

    #[test]
    fn the_client_is_read_from_client_id_azp_appid_or_cid() {
        for (members, client, by_client_id) in [
            (r#""client_id":"a","azp":"b","cid":"c""#, Some("a"), true),
            (r#""azp":"b","client_id":"a""#, Some("a"), true),
            (r#""azp":"b","cid":"c""#, Some("b"), false),
            (r#""appid":"d","azp":"b""#, Some("b"), false),
            (r#""cid":"c""#, Some("c"), false),
            (r#""appid":"d""#, Some("d"), false),
            (r#""azp":7,"appid":"d""#, Some("d"), false),
            (r#""azp":7"#, None, false),
            (r#""cid":["c"]"#, None, false),
            ("", None, false),
        ] {
            for claims in [jwt(members).unwrap(), introspection(members).unwrap()] {
                assert_eq!(claims.registered.client_id.get(&claims.raw), client, "{members}");
                assert_eq!(claims.has_client_id, by_client_id, "{members}");
            }
        }
    }

    #[test]
    fn scopes_are_read_from_scope_and_scp() {
        for (members, scopes) in [
            (r#""scope":"a b""#, "a b"),
            (r#""scp":["a","b"]"#, "a b"),
            (r#""scp":"b","scope":"a""#, "a b"),
            ("", ""),
        ] {
            for claims in [jwt(members).unwrap(), introspection(members).unwrap()] {
                assert_eq!(claims.scopes.to_string(), scopes, "{members}");
            }
        }
    }

    #[test]
    fn other_kinds_of_tokens_are_recognized_by_each_claim() {
        let kinds = [
            "refresh",
            "refresh_token",
            "id",
            "id_token",
            "offline",
            "logout",
            "urn:ietf:params:oauth:token-type:refresh_token",
            "urn:ietf:params:oauth:token-type:id_token",
        ];
        let spellings = |kind: &str| {
            let (first, rest) = kind.split_at(1);
            [kind.to_owned(), kind.to_uppercase(), format!("{}{rest}", first.to_uppercase())]
        };
        for name in ["typ", "type", "token_type", "token_use", "token_class"] {
            for kind in kinds.into_iter().flat_map(spellings) {
                for members in [
                    format!("\"{name}\":\"{kind}\""),
                    format!("\"sub\":\"alice\",\"{name}\":\"{kind}\",\"token_kind\":\"access\""),
                ] {
                    assert!(jwt(&members).unwrap().other_kind.is_some(), "{members}");
                    assert!(introspection(&members).unwrap().other_kind.is_some(), "{members}");
                }
            }
            for value in [
                r#""access""#,
                r#""access_token""#,
                r#""at+jwt""#,
                r#""Bearer""#,
                r#""DPoP""#,
                r#""JWT""#,
                r#""""#,
                r#""i""#,
                r#""idle""#,
                r#""id token""#,
                r#""refreshing""#,
                r#""refresh_tokens""#,
                r#"" refresh""#,
                r#""not_id_token""#,
                r#""urn:ietf:params:oauth:token-type:access_token""#,
                r#""urn:ietf:params:oauth:token-type:jwt""#,
                r#"["refresh"]"#,
                r#"{"refresh":true}"#,
                "7",
                "true",
                "null",
            ] {
                let members = format!("\"{name}\":{value}");
                assert!(jwt(&members).unwrap().other_kind.is_none(), "{members}");
                assert!(introspection(&members).unwrap().other_kind.is_none(), "{members}");
            }
        }
        let escaped = r#""typ":"r\u0045fresh""#;
        assert!(jwt(escaped).unwrap().other_kind.is_some());
        assert!(introspection(escaped).unwrap().other_kind.is_some());
    }

    #[test]
    fn claims_of_other_kinds_of_tokens_identify_them() {
        for name in ["at_hash", "c_hash", "s_hash", "events"] {
            for value in [r#""x""#, "{}", "[]", "7", "false"] {
                let members = format!("\"{name}\":{value}");
                assert!(jwt(&members).unwrap().other_kind.is_some(), "{members}");
                assert!(introspection(&members).unwrap().other_kind.is_some(), "{members}");
            }
            let null = format!("\"{name}\":null");
            assert!(jwt(&null).unwrap().other_kind.is_some(), "{null}");
            assert!(introspection(&null).unwrap().other_kind.is_none(), "{null}");
        }
    }

    #[test]
    fn an_id_token_is_distinguished_from_other_kinds() {
        for (members, is_id_token) in [
            (r#""at_hash":"x""#, true),
            (r#""c_hash":"x","s_hash":"y""#, true),
            (r#""typ":"ID""#, true),
            (r#""token_use":"id""#, true),
            (r#""token_type":"urn:ietf:params:oauth:token-type:id_token","at_hash":"x""#, true),
            (r#""events":{}"#, false),
            (r#""typ":"Refresh""#, false),
            (r#""typ":"Logout","at_hash":"x""#, false),
            (r#""at_hash":"x","token_use":"refresh_token""#, false),
            (r#""sub":"alice""#, false),
        ] {
            for claims in [jwt(members).unwrap(), introspection(members).unwrap()] {
                let found = claims.other_kind == Some(OtherKind::IdToken);
                assert_eq!(found, is_id_token, "{members}");
            }
        }
    }

    #[test]
    fn names_of_claims_are_case_sensitive() {
        for members in [
            r#""Typ":"Refresh""#,
            r#""TOKEN_TYPE":"refresh_token""#,
            r#""At_Hash":"x""#,
            r#""access_type":"offline""#,
            r#""acr":"id""#,
        ] {
            assert!(jwt(members).unwrap().other_kind.is_none(), "{members}");
            assert!(introspection(members).unwrap().other_kind.is_none(), "{members}");
        }
    }
}
