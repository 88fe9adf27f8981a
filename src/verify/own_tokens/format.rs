//! The format of API tokens.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::{NewToken, TokenDigest, base62};
use crate::{ConfigError, Error, digest::sha256};

/// `62^43` is slightly more than `2^256`.
const RANDOM_DIGITS: usize = 43;
const CHECK_DIGITS: usize = 6;
const MAX_PREFIX: usize = 32;

/// The format of API tokens: a prefix such as `hcms_pat_`, then 49 letters and digits.
///
/// The prefix identifies the service and the purpose of a token. Secret scanners find leaked tokens with a
/// pattern such as `\bhcms_pat_[0-9A-Za-z]{49}\b`. The last six characters are a checksum, so scanners and
/// the verifier can reject similar text without querying the store.
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
/// | part | content |
/// |---|---|
/// | `hcms_pat_` | the prefix and `_` |
/// | 43 digits in base 62 (`0-9A-Za-z`) | 256 random bits |
/// | 6 digits in base 62, the most significant first | a checksum: the first four bytes of the SHA-256 digest of everything before it, as a big-endian number |
#[derive(Debug, Clone)]
pub struct OwnTokenFormat {
    /// Includes the trailing `_`.
    prefix: Arc<str>,
}

impl OwnTokenFormat {
    /// Creates a format whose tokens begin with `prefix` and `_`. Choose a prefix that no other service
    /// uses, such as `hcms_pat`.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`] if the prefix is longer than 32 characters, contains characters other than ASCII
    /// letters, digits and `_`, doesn't begin with a letter, or ends with `_`.
    pub fn new(prefix: &str) -> Result<Self, ConfigError> {
        let problem = match prefix.as_bytes() {
            [first, .., b'_'] if first.is_ascii_alphabetic() => {
                "must not end with `_`, which is added automatically"
            }
            bytes if bytes.len() > MAX_PREFIX => "must be at most 32 characters long",
            [first, rest @ ..] if first.is_ascii_alphabetic() => {
                if rest.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                    return Ok(Self { prefix: format!("{prefix}_").into() });
                }
                "must contain only ASCII letters, digits and `_`"
            }
            _ => "must begin with an ASCII letter",
        };
        Err(ConfigError::new("token prefix", prefix, problem))
    }

    /// Generates a new token. Show it to the user once, and store only its digest.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) if the operating system's random number
    /// generator fails.
    pub fn generate(&self) -> Result<NewToken, Error> {
        // Allocated with its final length, because growing would leave parts of the token in freed memory.
        let mut text = Zeroizing::new(String::with_capacity(self.token_length()));
        text.push_str(&self.prefix);
        base62::push_random(&mut text, RANDOM_DIGITS)
            .ok_or_else(|| Error::unavailable("the random number generator failed"))?;
        for digit in check_digits(&text) {
            text.push(char::from(digit));
        }
        Ok(NewToken::new(text))
    }

    /// Returns the digest of `token` if it has this format and a correct checksum. This doesn't mean that
    /// the token exists or is valid.
    ///
    /// Text of another length is rejected without hashing it.
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

    /// Returns the prefix of every token, including the trailing `_`, such as `hcms_pat_`, for
    /// [`IssuersBuilder::prefix`](crate::issuers::IssuersBuilder::prefix).
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

    /// 43 times `x`, and the checksum computed with `sha256sum`.
    const KNOWN: &str = "hcms_pat_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx2MLNNJ";

    fn format() -> OwnTokenFormat {
        OwnTokenFormat::new("hcms_pat").unwrap()
    }

    #[test]
    fn a_prefix_consists_of_letters_digits_and_underscores() {
        for (prefix, problem) in [
            ("hcms_pat", None),
            ("a", None),
            ("A1__b", None),
            (&"a".repeat(32), None),
            (&"a".repeat(33), Some("must be at most 32 characters long")),
            ("", Some("must begin with an ASCII letter")),
            ("_", Some("must begin with an ASCII letter")),
            ("1a", Some("must begin with an ASCII letter")),
            ("hcms_pat_", Some("must not end with `_`, which is added automatically")),
            ("hcms-pat", Some("must contain only ASCII letters, digits and `_`")),
            ("hcms pat", Some("must contain only ASCII letters, digits and `_`")),
            ("hcms.pat", Some("must contain only ASCII letters, digits and `_`")),
            ("p\u{e4}t", Some("must contain only ASCII letters, digits and `_`")),
        ] {
            let expected = problem.map(|problem| format!("token prefix `{prefix}`: {problem}"));
            assert_eq!(OwnTokenFormat::new(prefix).err().map(|error| error.to_string()), expected);
        }
    }

    #[test]
    fn a_token_with_a_correct_checksum_has_a_digest() {
        assert_eq!(format().digest(KNOWN), Some(TokenDigest::of(KNOWN)));
    }

    #[test]
    fn new_tokens_differ_and_have_the_format() {
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
    fn a_token_with_any_character_changed_is_rejected() {
        let format = format();
        for at in 0..KNOWN.len() {
            for other in ["0", "a", "Z", "_", "-", "=", " ", "\0", "\u{e9}"] {
                let changed = [&KNOWN[..at], other, &KNOWN[at + 1..]].concat();
                assert_eq!(format.digest(&changed).is_some(), changed == KNOWN, "{changed}");
            }
        }
    }

    #[test]
    fn text_of_another_format_is_rejected() {
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
