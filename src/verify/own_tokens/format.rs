//! What tokens of ours look like.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::{NewToken, TokenDigest, base62};
use crate::{ConfigError, Error, jose::crypto::sha256};

/// 62 to the power of 43 is a little more than 2 to the power of 256.
const RANDOM_DIGITS: usize = 43;
const CHECK_DIGITS: usize = 6;
const MAX_PREFIX: usize = 32;

/// The form of a service's own tokens: `hcms_pat_` and 49 letters and digits.
///
/// The prefix says whose they are and what for. So secret scanners find one that has leaked, by
/// `\bhcms_pat_[0-9A-Za-z]{49}\b`, and its finder knows whom to tell. The last six digits are a
/// checksum, by which a scanner, and the verifier, know a token from a text that looks like one
/// without asking anyone.
///
/// ```
/// use portcullis::own_tokens::OwnTokenFormat;
///
/// let format = OwnTokenFormat::new("hcms_pat")?;
/// let token = format.generate()?;
/// assert!(token.reveal().starts_with("hcms_pat_"));
/// assert_eq!(format.digest(token.reveal()), Some(token.digest()));
///
/// let mistyped = token.reveal().replace("hcms_pat_", "hcms_pat_0");
/// assert_eq!(format.digest(&mistyped), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// | part | what it is |
/// |---|---|
/// | `hcms_pat` | the prefix, then `_` |
/// | 43 digits of base 62 (`0-9A-Za-z`) | 256 random bits |
/// | 6 digits of base 62, the highest first | the first four bytes of the SHA-256 of all before, as a number |
#[derive(Debug, Clone)]
pub struct OwnTokenFormat {
    /// With the `_` that ends it.
    prefix: Arc<str>,
}

impl OwnTokenFormat {
    /// Tokens that begin with `prefix` and `_`: something that no other service uses, such as
    /// `hcms_pat`.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] unless it is up to 32 letters, digits and `_` that begin with a letter and
    /// don't end with `_`.
    pub fn new(prefix: &str) -> Result<Self, ConfigError> {
        let problem = match prefix.as_bytes() {
            [first, .., b'_'] if first.is_ascii_alphabetic() => "ends with `_`, which is put there",
            bytes if bytes.len() > MAX_PREFIX => "longer than 32 characters",
            [first, rest @ ..] if first.is_ascii_alphabetic() => {
                if rest.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                    return Ok(Self { prefix: format!("{prefix}_").into() });
                }
                "has other characters than letters, digits and `_`"
            }
            _ => "doesn't begin with a letter",
        };
        Err(ConfigError::new("token prefix", prefix, problem))
    }

    /// A new token. Show it to its user, store its digest, forget it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) if the operating system has no
    /// randomness to give.
    pub fn generate(&self) -> Result<NewToken, Error> {
        // As long as it gets, so that no growing leaves a part of it behind.
        let mut text = Zeroizing::new(String::with_capacity(self.token_length()));
        text.push_str(&self.prefix);
        base62::push_random(&mut text, RANDOM_DIGITS)
            .ok_or_else(|| Error::unavailable("the operating system has no randomness to give"))?;
        for digit in check_digits(&text) {
            text.push(char::from(digit));
        }
        Ok(NewToken::new(text))
    }

    /// The digest of `token`, if it has this form and its checksum is right. That says that it was
    /// made by this format, not that anyone has it in store.
    ///
    /// Whatever it is given, it hashes no more than the length of a token, twice.
    #[must_use]
    pub fn digest(&self, token: &str) -> Option<TokenDigest> {
        if token.len() != self.token_length() {
            return None;
        }
        let (checked, checksum) = token.split_at_checked(token.len().checked_sub(CHECK_DIGITS)?)?;
        let random = checked.strip_prefix(self.prefix())?;
        let is_token = random.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && checksum.as_bytes() == check_digits(checked);
        is_token.then(|| TokenDigest::of(token))
    }

    /// What every token of this form begins with, such as `hcms_pat_`: for
    /// [`IssuersBuilder::prefix`](crate::IssuersBuilder::prefix).
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    fn token_length(&self) -> usize {
        self.prefix.len().saturating_add(RANDOM_DIGITS + CHECK_DIGITS)
    }
}

fn check_digits(checked: &str) -> [u8; CHECK_DIGITS] {
    let [a, b, c, d, ..] = sha256(checked.as_bytes());
    base62::six_digits(u32::from_be_bytes([a, b, c, d]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 43 times `x`, and the checksum that `sha256sum` gives.
    const KNOWN: &str = "hcms_pat_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx2MLNNJ";

    fn format() -> OwnTokenFormat {
        OwnTokenFormat::new("hcms_pat").unwrap()
    }

    #[test]
    fn a_prefix_of_letters_digits_and_underscores() {
        for (prefix, problem) in [
            ("hcms_pat", None),
            ("a", None),
            ("A1__b", None),
            (&"a".repeat(32), None),
            (&"a".repeat(33), Some("longer than 32 characters")),
            ("", Some("doesn't begin with a letter")),
            ("_", Some("doesn't begin with a letter")),
            ("1a", Some("doesn't begin with a letter")),
            ("hcms_pat_", Some("ends with `_`, which is put there")),
            ("hcms-pat", Some("has other characters than letters, digits and `_`")),
            ("hcms pat", Some("has other characters than letters, digits and `_`")),
            ("hcms.pat", Some("has other characters than letters, digits and `_`")),
            ("p\u{e4}t", Some("has other characters than letters, digits and `_`")),
        ] {
            let told = problem.map(|problem| format!("token prefix `{prefix}`: {problem}"));
            assert_eq!(OwnTokenFormat::new(prefix).err().map(|error| error.to_string()), told);
        }
    }

    #[test]
    fn a_known_token_and_its_digest() {
        assert_eq!(format().digest(KNOWN), Some(TokenDigest::of(KNOWN)));
    }

    #[test]
    fn new_tokens_differ_and_have_the_form() {
        let format = format();
        let tokens: Vec<_> = (0..100).map(|_| format.generate().unwrap()).collect();
        for token in &tokens {
            let text = token.reveal();
            let digits = text.strip_prefix("hcms_pat_").unwrap();
            assert_eq!(digits.len(), 49);
            assert!(digits.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            assert_eq!(format.digest(text), Some(token.digest()));
            assert_eq!(tokens.iter().filter(|other| other.reveal() == text).count(), 1);
        }
    }

    #[test]
    fn any_one_character_changed_makes_it_no_token() {
        let format = format();
        for at in 0..KNOWN.len() {
            for other in ["0", "a", "Z", "_", "-", "=", " ", "\0", "\u{e9}"] {
                let changed = [&KNOWN[..at], other, &KNOWN[at + 1..]].concat();
                assert_eq!(format.digest(&changed).is_some(), changed == KNOWN, "{changed}");
            }
        }
    }

    #[test]
    fn what_is_no_token_of_this_format() {
        let other = OwnTokenFormat::new("other_pat").unwrap().generate().unwrap();
        for text in [
            "",
            "hcms_pat_",
            &KNOWN[..57],
            &format!("{KNOWN}0"),
            &KNOWN.to_uppercase(),
            &KNOWN.replace("hcms_pat_", "hcms_pat"),
            &KNOWN.replace("hcms_pat_", "other_pat_"),
            other.reveal(),
            &"\u{e9}".repeat(29),
            &"a".repeat(1 << 20),
        ] {
            assert_eq!(format().digest(text), None, "{text}");
        }
    }
}
