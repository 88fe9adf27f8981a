//! The `WWW-Authenticate` response header (RFC 9110 §11.6.1, RFC 6750 §3).

use std::{borrow::Cow, sync::OnceLock};

use http::HeaderValue;

use crate::{Error, ErrorKind, error::TokenFault, scheme::Scheme};

/// The realm of a challenge that would otherwise have no parameters.
const DEFAULT_REALM: &str = "restricted";

/// The number of faults, of which this is the last one.
const FAULTS: usize = TokenFault::UnknownKey as usize + 1;

/// The challenge of one scheme, prepared once per layer. Each rejection adds its error.
#[derive(Debug, Clone)]
pub(crate) struct Challenge {
    pub(crate) scheme: Scheme,
    /// `algs` of DPoP (RFC 9449 §7.1).
    pub(super) algorithms: Option<Box<str>>,
    text: Box<str>,
    line: HeaderValue,
    /// The challenge with each fault of a token, rendered when the fault first occurs.
    faults: [OnceLock<HeaderValue>; FAULTS],
}

impl Challenge {
    /// Creates a challenge. `resource_metadata` is the URL of the resource's metadata (RFC 9728 §5.1), for schemes with
    /// tokens.
    pub(crate) fn new(
        scheme: Scheme,
        realm: Option<&str>,
        algorithms: Option<Box<str>>,
        resource_metadata: Option<&str>,
    ) -> Self {
        let resource_metadata = resource_metadata.filter(|_| scheme.carries_tokens());
        // RFC 6750 §3 requires at least one parameter, and RFC 7617 §2 requires a realm. With `resource_metadata`, a
        // default realm would add nothing (RFC 9728 §5.1 has none).
        let realm = realm.or_else(|| resource_metadata.is_none().then_some(DEFAULT_REALM));
        let mut parameters = Vec::with_capacity(3);
        if let Some(realm) = realm {
            parameters.push(["realm=\"", &quoted(realm), "\""].concat());
        }
        if let Some(algorithms) = &algorithms {
            parameters.push(["algs=\"", algorithms, "\""].concat());
        }
        if scheme == Scheme::Basic {
            parameters.push("charset=\"UTF-8\"".to_owned());
        }
        if let Some(url) = resource_metadata {
            parameters.push(["resource_metadata=\"", &quoted(url), "\""].concat());
        }
        let text = [scheme.name(), " ", &parameters.join(", ")].concat();
        let line = header(text.clone());
        let faults = [const { OnceLock::new() }; FAULTS];
        Self { scheme, algorithms, text: text.into_boxed_str(), line, faults }
    }

    /// Returns the challenge without an error. It contains the required scopes, if they are known and the scheme has
    /// tokens.
    pub(crate) fn bare(&self, scope: Option<&str>) -> HeaderValue {
        let Some(scope) = scope.filter(|_| self.scheme.carries_tokens()) else {
            return self.line.clone();
        };
        header([&self.text, ", scope=\"", &quoted(scope), "\""].concat())
    }

    /// Returns the challenge with an error (RFC 6750 §3).
    pub(crate) fn with(&self, error: &Error) -> HeaderValue {
        if let (ErrorKind::InvalidToken(fault), None) = (error.kind(), error.scope())
            && let Some(line) = self.faults.get(fault as usize)
        {
            return line.get_or_init(|| self.render(error)).clone();
        }
        self.render(error)
    }

    /// Renders the challenge with an error. Descriptions are constants of this crate, so they contain only characters that
    /// `error_description` allows.
    fn render(&self, error: &Error) -> HeaderValue {
        let Some(code) = error.code() else { return self.bare(error.scope()) };
        let scope = error.scope().map(quoted);
        let [name, scope] = match &scope {
            Some(scope) => ["\", scope=\"", &**scope],
            None => [""; 2],
        };
        let description = error.kind().description();
        let text = [
            &self.text,
            ", error=\"",
            code,
            "\", error_description=\"",
            description,
            name,
            scope,
            "\"",
        ];
        let mut text = text.concat();
        if let Some(acr_values) = error.acr_values() {
            text.extend([", acr_values=\"", &quoted(acr_values), "\""]);
        }
        if let Some(max_age) = error.max_age() {
            text.extend([", max_age=\"", &max_age.as_secs().to_string(), "\""]);
        }
        header(text)
    }
}

fn header(text: String) -> HeaderValue {
    // Configured values were filtered, so this doesn't fail.
    HeaderValue::try_from(text)
        .unwrap_or_else(|_| HeaderValue::from_static("Bearer realm=\"restricted\""))
}

/// Escapes a value for a quoted-string (RFC 9110 §5.6.4). Control characters aren't allowed there and are removed.
fn quoted(value: &str) -> Cow<'_, str> {
    if value.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')) {
        return value.into();
    }
    let mut text = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            '\t' | ' '..='~' | '\u{a0}'.. => text.push(character),
            _ => {}
        }
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::error::AuthenticationFault;

    // Verifies rfc6750-3-scheme.
    #[test]
    fn challenges_have_the_exact_syntax() {
        let bearer = |realm| Challenge::new(Scheme::Bearer, realm, None, None);
        for (line, expected) in [
            (bearer(None).bare(None), r#"Bearer realm="restricted""#),
            (bearer(Some("orders")).bare(None), r#"Bearer realm="orders""#),
            (bearer(Some("a\"b\\c\r\nd")).bare(None), r#"Bearer realm="a\"b\\cd""#),
            (
                bearer(Some("r")).with(&TokenFault::Expired.into()),
                r#"Bearer realm="r", error="invalid_token", error_description="Token expired.""#,
            ),
            (
                bearer(None).with(&Error::insufficient_scope("a b")),
                r#"Bearer realm="restricted", error="insufficient_scope", error_description="Token lacks the required scope.", scope="a b""#,
            ),
            (
                bearer(None).with(&Error::insufficient_scope("a\"b")),
                r#"Bearer realm="restricted", error="insufficient_scope", error_description="Token lacks the required scope.", scope="a\"b""#,
            ),
            (bearer(Some("r")).with(&ErrorKind::MissingCredentials.into()), r#"Bearer realm="r""#),
            (
                bearer(Some("r")).with(&Error::insufficient_user_authentication("myACR", None)),
                r#"Bearer realm="r", error="insufficient_user_authentication", error_description="A different authentication level is required", acr_values="myACR""#,
            ),
            (
                bearer(Some("r"))
                    .with(&Error::insufficient_user_authentication("", Duration::from_secs(5))),
                r#"Bearer realm="r", error="insufficient_user_authentication", error_description="More recent authentication is required", max_age="5""#,
            ),
            (
                bearer(Some("r")).with(&Error::insufficient_user_authentication(
                    "a b\"",
                    Duration::from_millis(1500),
                )),
                r#"Bearer realm="r", error="insufficient_user_authentication", error_description="A different authentication level is required", acr_values="a b\"", max_age="1""#,
            ),
            (
                bearer(Some("r")).with(&AuthenticationFault::Age.into()),
                r#"Bearer realm="r", error="insufficient_user_authentication", error_description="More recent authentication is required""#,
            ),
        ] {
            assert_eq!(line, expected);
        }
    }

    #[test]
    fn each_fault_of_a_token_has_its_challenge_every_time() {
        let challenge = Challenge::new(Scheme::Bearer, Some("r"), None, None);
        for _ in 0..2 {
            for fault in [TokenFault::Algorithm, TokenFault::Expired, TokenFault::UnknownKey] {
                let error = Error::from(fault);
                let description = error.kind().description();
                let expected = format!(
                    r#"Bearer realm="r", error="invalid_token", error_description="{description}""#
                );
                assert_eq!(challenge.with(&error), expected);
                let scoped = challenge.with(&Error::from(fault).with_scope("a".into()));
                assert_eq!(scoped, format!(r#"{expected}, scope="a""#));
            }
        }
    }

    // Verifies rfc7617-2-realm, rfc7617-2.1-charset.
    #[test]
    fn a_basic_challenge_always_has_a_realm_and_charset() {
        for (realm, expected) in [
            (None, r#"Basic realm="restricted", charset="UTF-8""#),
            (Some("r"), r#"Basic realm="r", charset="UTF-8""#),
        ] {
            assert_eq!(Challenge::new(Scheme::Basic, realm, None, None).bare(None), expected);
        }
    }

    // Verifies rfc9449-7.1-algs.
    #[test]
    fn dpop_names_its_algorithms() {
        let dpop = |realm| Challenge::new(Scheme::Dpop, realm, Some("ES256 EdDSA".into()), None);
        for (line, expected) in [
            (dpop(None).bare(None), r#"DPoP realm="restricted", algs="ES256 EdDSA""#),
            (dpop(Some("r")).bare(None), r#"DPoP realm="r", algs="ES256 EdDSA""#),
            (
                dpop(None).with(&crate::ErrorKind::UseDpopNonce.into()),
                r#"DPoP realm="restricted", algs="ES256 EdDSA", error="use_dpop_nonce", error_description="DPoP proof needs the nonce of this response.""#,
            ),
        ] {
            assert_eq!(line, expected);
        }
    }

    #[test]
    fn a_challenge_for_a_token_names_the_metadata_and_the_scopes() {
        let url = Some("https://api.example/.well-known/oauth-protected-resource");
        let [bearer, basic] = [Scheme::Bearer, Scheme::Basic]
            .map(|scheme| Challenge::new(scheme, Some("r"), None, url));
        for (line, expected) in [
            (
                bearer.bare(Some("a b")),
                r#"Bearer realm="r", resource_metadata="https://api.example/.well-known/oauth-protected-resource", scope="a b""#,
            ),
            (
                bearer.with(&Error::from(TokenFault::Expired).with_scope("a".into())),
                r#"Bearer realm="r", resource_metadata="https://api.example/.well-known/oauth-protected-resource", error="invalid_token", error_description="Token expired.", scope="a""#,
            ),
            (basic.bare(Some("a b")), r#"Basic realm="r", charset="UTF-8""#),
            (
                Challenge::new(Scheme::Bearer, None, None, url).bare(None),
                r#"Bearer resource_metadata="https://api.example/.well-known/oauth-protected-resource""#,
            ),
            (
                Challenge::new(Scheme::Dpop, None, Some("ES256".into()), url).bare(Some("a")),
                r#"DPoP algs="ES256", resource_metadata="https://api.example/.well-known/oauth-protected-resource", scope="a""#,
            ),
            (
                Challenge::new(Scheme::Basic, None, None, url).bare(None),
                r#"Basic realm="restricted", charset="UTF-8""#,
            ),
        ] {
            assert_eq!(line, expected);
        }
    }

    #[test]
    fn a_realm_may_be_utf_8() {
        let line = Challenge::new(Scheme::Bearer, Some("caf\u{e9}"), None, None).bare(None);
        assert_eq!(line.as_bytes(), "Bearer realm=\"caf\u{e9}\"".as_bytes());
    }

    // Verifies rfc6750-3-error-characters.
    #[test]
    fn descriptions_have_only_characters_allowed_by_rfc_6750() {
        use crate::error::RequestFault;
        for kind in [
            ErrorKind::AccessDenied,
            ErrorKind::InsufficientScope,
            AuthenticationFault::Age.into(),
            AuthenticationFault::Class.into(),
            ErrorKind::InvalidRequest(RequestFault::Malformed),
            ErrorKind::InvalidRequest(RequestFault::Repeated),
            ErrorKind::InvalidRequest(RequestFault::TooLong),
            ErrorKind::InvalidToken(TokenFault::Type),
            ErrorKind::InvalidToken(TokenFault::Signature),
        ] {
            let description = kind.description();
            assert!(
                description.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e))
            );
        }
    }
}
