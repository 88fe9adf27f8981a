//! Hashes of passwords.

use std::{fmt, str::FromStr, sync::Arc};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{self, PasswordHashString, PasswordHasher, PasswordVerifier, SaltString},
};
use scrypt::Scrypt;

use super::bcrypt_hash::BcryptHash;
use crate::{ConfigError, Error, digest::fill_random};

/// The hash of a password: Argon2 ([RFC 9106]), scrypt ([RFC 7914]) or bcrypt.
///
/// | format | example |
/// |---|---|
/// | Argon2id, Argon2i and Argon2d, in the [PHC string format] | `$argon2id$v=19$m=19456,t=2,p=1$…` |
/// | scrypt, in the PHC string format | `$scrypt$ln=17,r=8,p=1$…` |
/// | bcrypt: `$2a$`, `$2b$` and `$2y$` | `$2b$12$…` |
///
/// Hashes are accepted with any cost. For other algorithms, check passwords with a function: see
/// [`BasicVerifier::builder`](crate::BasicVerifier::builder).
///
/// bcrypt ignores everything after the 72nd byte of a password, and so does this type.
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
/// let hash: PasswordHash =
///     "$2y$12$L6Bc/AlTQHyd9liGgGEZyOFLPHNgyxeEPfgYfBCVxJ7JIlwxyVU3u".parse()?;
/// assert_eq!(format!("{hash:?}"), "PasswordHash(bcrypt)");
///
/// let error = "$2b$12$R9h/cIPz0gi".parse::<PasswordHash>().unwrap_err();
/// assert!(!error.to_string().contains("R9h"));
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// [RFC 7914]: https://www.rfc-editor.org/rfc/rfc7914
/// [RFC 9106]: https://www.rfc-editor.org/rfc/rfc9106
/// [PHC string format]: https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md
#[derive(Clone)]
pub struct PasswordHash(Arc<Format>);

enum Format {
    Bcrypt(BcryptHash),
    /// Argon2 or scrypt.
    Phc(PasswordHashString),
}

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
    /// Returns [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) if the operating system's random number
    /// generator fails, or if the password is longer than 4 GiB.
    ///
    /// [OWASP]: https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
    pub fn new(password: &str) -> Result<Self, Error> {
        let mut salt = [0; password_hash::Salt::RECOMMENDED_LENGTH];
        fill_random(&mut salt)
            .ok_or_else(|| Error::unavailable("the random number generator failed"))?;
        hash(password, &salt)
            .map(|hash| Self(Arc::new(Format::Phc(hash))))
            .map_err(|error| Error::unavailable(error.to_string()))
    }

    /// Returns the hash as text, for a user store. Keep it secret: an attacker can test guesses against
    /// it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        match &*self.0 {
            Format::Bcrypt(hash) => hash.as_str(),
            Format::Phc(hash) => hash.as_str(),
        }
    }

    /// Returns whether this is the hash of `password`. Computes a hash at the same cost.
    pub(super) fn matches(&self, password: &str) -> bool {
        match &*self.0 {
            Format::Bcrypt(hash) => hash.matches(password),
            Format::Phc(hash) => {
                let algorithms: [&dyn PasswordVerifier; 2] = [&Argon2::default(), &Scrypt];
                hash.password_hash().verify_password(&algorithms, password).is_ok()
            }
        }
    }

    /// Returns a hash that matches no password, at the cost of [`new`](Self::new).
    pub(super) fn decoy() -> Option<Self> {
        "$argon2id$v=19$m=19456,t=2,p=1$cG9ydGN1bGxpcw\
         $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            .parse()
            .ok()
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.reveal().as_bytes()
    }
}

impl FromStr for PasswordHash {
    type Err = ConfigError;

    /// Parses a hash. Rejects hashes against which no password can be checked. The error doesn't show
    /// the hash.
    fn from_str(text: &str) -> Result<Self, ConfigError> {
        if BcryptHash::is_bcrypt(text) {
            return BcryptHash::parse(text).map(|hash| Self(Arc::new(Format::Bcrypt(hash))));
        }
        let fault = |problem: String| ConfigError::new("password hash", "[redacted]", problem);
        read_phc(text)
            .map(|hash| Self(Arc::new(Format::Phc(hash))))
            .map_err(|error| fault(error.to_string()))
    }
}

fn hash(password: &str, salt: &[u8]) -> password_hash::Result<PasswordHashString> {
    let salt = SaltString::encode_b64(salt)?;
    let params = Params::new(19_456, 2, 1, None)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    Ok(argon2.hash_password(password.as_bytes(), &salt)?.serialize())
}

fn read_phc(text: &str) -> password_hash::Result<PasswordHashString> {
    let owned = PasswordHashString::parse(text, password_hash::Encoding::B64)?;
    let hash = owned.password_hash();
    let salt = hash.salt.ok_or(password_hash::Error::PhcStringField)?;
    let mut bytes = [0; password_hash::Salt::MAX_LENGTH];
    let salt_length = salt.decode_b64(&mut bytes)?.len();
    if hash.hash.is_none() {
        return Err(password_hash::Error::PhcStringField);
    }
    if hash.algorithm == scrypt::ALG_ID {
        scrypt::Params::try_from(&hash)?;
        return Ok(owned);
    }
    Algorithm::try_from(hash.algorithm)?;
    Params::try_from(&hash)?;
    if let Some(version) = hash.version {
        Version::try_from(version)?;
    }
    if salt_length < argon2::MIN_SALT_LEN {
        return Err(password_hash::errors::InvalidValue::TooShort.salt_error());
    }
    Ok(owned)
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Format::Bcrypt(hash) => write!(f, "PasswordHash({hash:?})"),
            Format::Phc(hash) => write!(f, "PasswordHash({})", hash.algorithm()),
        }
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
            // The second test vector of RFC 7914 §12.
            (
                "$scrypt$ln=10,r=8,p=16$TmFDbA\
                 $/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/xCSedmDDaxyevuUqD7m2DYMvfoswGQA",
                "password",
            ),
            // From the tests of Openwall's crypt_blowfish.
            ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"),
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
            "$2x$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
            "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMU",
            "$pbkdf2-sha256$i=600000$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q",
            "$scrypt$ln=16,r=8$aM15713r3Xsvxbi31lqr1Q$AAAA",
            "$scrypt$ln=16,r=0,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
            "$scrypt$ln=16,r=8,x=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
            "$scrypt$v=1$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
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
