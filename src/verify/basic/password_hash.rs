//! Argon2 hashes of passwords.

use std::{fmt, str::FromStr, sync::Arc};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{self, PasswordHashString, PasswordHasher, PasswordVerifier, SaltString},
};

use crate::{ConfigError, Error, digest::fill_random};

/// The Argon2 hash of a password ([RFC 9106]), in the [PHC string format]:
/// `$argon2id$v=19$m=19456,t=2,p=1$…`.
///
/// Hashes of Argon2id, Argon2i and Argon2d are accepted with any cost. For other algorithms, check
/// passwords with a function: see [`BasicVerifier::builder`](crate::BasicVerifier::builder).
///
/// `Debug` shows only the algorithm.
///
/// ```
/// use portcullis::basic::PasswordHash;
///
/// let hash: PasswordHash = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ\
///     $o4STxjJgh/C0yaXnp3mCtRNfkfkO4kLTEPfCNkpyhlg".parse()?;
/// assert_eq!(format!("{hash:?}"), "PasswordHash(argon2id)");
///
/// let error = "$2b$12$R9h/cIPz0gi".parse::<PasswordHash>().unwrap_err();
/// assert!(!error.to_string().contains("R9h"));
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// [RFC 9106]: https://www.rfc-editor.org/rfc/rfc9106
/// [PHC string format]: https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md
#[derive(Clone)]
pub struct PasswordHash(Arc<PasswordHashString>);

impl PasswordHash {
    /// Hashes a new password with Argon2id and a random salt, at the cost that [OWASP] recommends: 19 MiB
    /// of memory and two passes.
    ///
    /// This takes tens of milliseconds. In an async function, call it with
    /// [`tokio::task::spawn_blocking`].
    ///
    /// ```
    /// use portcullis::basic::PasswordHash;
    ///
    /// let hash = PasswordHash::new("open sesame")?;
    /// assert!(hash.reveal().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    /// # Ok::<(), portcullis::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) if the operating system's random number
    /// generator fails, or if the password is longer than 4 GiB.
    ///
    /// [OWASP]: https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
    pub fn new(password: &str) -> Result<Self, Error> {
        let mut salt = [0; password_hash::Salt::RECOMMENDED_LENGTH];
        fill_random(&mut salt)
            .ok_or_else(|| Error::unavailable("the random number generator failed"))?;
        hash(password, &salt)
            .map(|hash| Self(Arc::new(hash)))
            .map_err(|error| Error::unavailable(error.to_string()))
    }

    /// Returns the hash in the PHC string format, for a user store. Keep it secret: an attacker can test
    /// guesses against it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.as_str()
    }

    /// Returns whether this is the hash of `password`. Runs Argon2 at the cost in the hash.
    pub(super) fn matches(&self, password: &str) -> bool {
        let hash = self.0.password_hash();
        Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
    }

    /// Returns a hash that matches no password, at the cost of [`new`](Self::new).
    pub(super) fn decoy() -> Option<Self> {
        "$argon2id$v=19$m=19456,t=2,p=1$cG9ydGN1bGxpcw\
         $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            .parse()
            .ok()
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl FromStr for PasswordHash {
    type Err = ConfigError;

    /// Parses a hash, and rejects one that no password could be checked against. The error doesn't show
    /// the hash.
    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let fault = |problem: String| ConfigError::new("password hash", "[redacted]", problem);
        read(text).map(|hash| Self(Arc::new(hash))).map_err(|error| fault(error.to_string()))
    }
}

fn hash(password: &str, salt: &[u8]) -> password_hash::Result<PasswordHashString> {
    let salt = SaltString::encode_b64(salt)?;
    let params = Params::new(19_456, 2, 1, None)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    Ok(argon2.hash_password(password.as_bytes(), &salt)?.serialize())
}

fn read(text: &str) -> password_hash::Result<PasswordHashString> {
    let owned = PasswordHashString::parse(text, password_hash::Encoding::B64)?;
    let hash = owned.password_hash();
    Algorithm::try_from(hash.algorithm)?;
    Params::try_from(&hash)?;
    if let Some(version) = hash.version {
        Version::try_from(version)?;
    }
    let salt = hash.salt.ok_or(password_hash::Error::PhcStringField)?;
    let mut bytes = [0; password_hash::Salt::MAX_LENGTH];
    if salt.decode_b64(&mut bytes)?.len() < argon2::MIN_SALT_LEN {
        return Err(password_hash::errors::InvalidValue::TooShort.salt_error());
    }
    if hash.hash.is_none() {
        return Err(password_hash::Error::PhcStringField);
    }
    Ok(owned)
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordHash({})", self.0.algorithm())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_other_implementations_are_verified() {
        // From the test vectors of the reference implementation (phc-winner-argon2, src/test.c).
        for (hash, password) in [
            (
                "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ\
                 $nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
                "password",
            ),
            (
                "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ\
                 $bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
                "password",
            ),
            (
                "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ\
                 $iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
                "password",
            ),
        ] {
            let hash: PasswordHash = hash.parse().unwrap();
            assert!(hash.matches(password));
            assert!(!hash.matches("Password"));
            assert!(!hash.matches(""));
        }
    }

    #[test]
    fn unusable_hashes_are_rejected_without_being_shown() {
        for text in [
            "",
            "secret",
            "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
            "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD",
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ",
            "$argon2id$v=19$m=256,t=2,p=1",
            "$argon2id$v=7$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2id$v=19$m=1,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2id$v=19$m=256,t=2,p=1$c2FsdA$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2id$v=19$m=256,t=2,x=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        ] {
            let error = text.parse::<PasswordHash>().expect_err(text).to_string();
            assert!(error.starts_with("password hash `[redacted]`: "), "{error}");
            assert!(text.is_empty() || !error.contains(text), "{error}");
        }
    }

    #[test]
    fn a_new_hash_has_its_own_salt_and_matches_only_its_password() {
        let (one, other) =
            (PasswordHash::new("secret").unwrap(), PasswordHash::new("secret").unwrap());
        assert!(one.matches("secret"));
        assert!(!one.matches("Secret"));
        assert_ne!(one.reveal(), other.reveal());
        let stored: PasswordHash = one.reveal().parse().unwrap();
        assert!(stored.matches("secret"));
    }

    #[test]
    fn the_decoy_costs_as_much_as_a_new_hash() {
        let cost = |hash: &PasswordHash| hash.reveal().rsplitn(3, '$').nth(2).map(str::to_owned);
        let (decoy, new) = (PasswordHash::decoy().unwrap(), PasswordHash::new("").unwrap());
        assert_eq!(cost(&decoy), cost(&new));
    }

    #[test]
    fn the_decoy_is_valid_and_matches_no_password() {
        let decoy = PasswordHash::decoy().unwrap();
        assert!(!decoy.matches(""));
        assert!(!decoy.matches("portcullis"));
    }
}
