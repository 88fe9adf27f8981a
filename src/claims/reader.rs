//! Reads claims in one pass over the members of a JSON object.

use std::mem;

use super::{
    ClaimOptions, ClaimText, ClaimsError, Confirmation, MalformedClaim, RegisteredClaims,
    identifier::identifier,
    malformed_claim::ClaimName,
    role_claim, scope_claim,
    text_list::TextList,
    token_kind::{OtherKind, TokenKind},
    value::{audience, date, text},
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

    /// Applies the options of the issuer, once it is known. Returns the scopes in `scope`, `scp` and the configured
    /// places of `claims`, which is the object that was read, and reads the roles at the configured places.
    pub(crate) fn apply(
        &mut self,
        options: &ClaimOptions,
        claims: Object<'_>,
    ) -> Result<ScopeSet, ClaimsError> {
        self.check_identifiers(options).map_err(ClaimsError::Claim)?;
        let scopes = scope_claim::read(self.scope, self.scp, &options.places.scopes, claims)
            .map_err(ClaimsError::Scopes)?;
        let places = &*options.places.roles;
        if !places.is_empty() {
            self.registered.roles = role_claim::read(places, claims).map_err(ClaimsError::Roles)?;
        }
        Ok(scopes)
    }

    /// Returns the first identifier that is a number, unless the options accept numbers.
    fn check_identifiers(&self, options: &ClaimOptions) -> Result<(), MalformedClaim> {
        match self.numeric_identifier {
            Some(claim) if !options.numeric_identifiers => Err(claim),
            _ => Ok(()),
        }
    }
}
