//! The compact serialization (RFC 7515 §3.1): three parts and two dots.

use memchr::memchr_iter;

use super::header::Header;
use crate::{error::TokenFault, jose::base64url};

/// The length of the longest signature that is decoded on the stack, which is RSA with 8192 bits. ML-DSA
/// signatures are longer, and a buffer for them would have to be zeroed for each token.
const USUAL_SIGNATURE: usize = 1024;

/// The number of additional bytes because of the rounding of base64.
const ROUNDING: usize = 4;

/// A buffer for a decoded signature.
pub(crate) struct SignatureBuffer {
    usual: [u8; USUAL_SIGNATURE + ROUNDING],
    /// Empty, unless the algorithm of the token has longer signatures.
    long: Vec<u8>,
}

/// The parts of a token, and its parsed header. Nothing about it has been verified.
#[derive(Debug)]
pub(crate) struct Jws<'a> {
    pub(crate) token: &'a [u8],
    pub(crate) header: Header,
    /// The encoded claims.
    pub(crate) payload: &'a [u8],
    signature: &'a [u8],
    /// The signed text: header and payload, with the dot between them.
    pub(super) signing_input: &'a [u8],
}

impl Default for SignatureBuffer {
    fn default() -> Self {
        Self { usual: [0; USUAL_SIGNATURE + ROUNDING], long: Vec::new() }
    }
}

impl<'a> Jws<'a> {
    /// Splits a token into its parts and reads its header.
    pub(crate) fn parse(token: &'a [u8]) -> Result<Self, TokenFault> {
        let Parts { header, payload, signature, signing_input } =
            Parts::split(token).ok_or(TokenFault::Malformed)?;
        Ok(Self { token, header: Header::read(header)?, payload, signature, signing_input })
    }

    /// Returns the `typ` of the header.
    pub(super) fn typ(&self) -> Option<String> {
        Header::read_typ(self.signing_input.split(|&byte| byte == b'.').next()?)
    }

    /// Decodes the signature.
    ///
    /// # Errors
    ///
    /// Returns [`TokenFault::Signature`] for a signature that isn't valid under any key, because it isn't
    /// base64url or its length is invalid for its algorithm. Such a token is rejected even during an outage of
    /// the issuer.
    pub(crate) fn decode_signature<'b>(
        &self,
        buffer: &'b mut SignatureBuffer,
    ) -> Result<&'b [u8], TokenFault> {
        let lens = self.header.algorithm.signature_lens();
        let buffer: &mut [u8] = if *lens.end() <= USUAL_SIGNATURE {
            &mut buffer.usual
        } else {
            buffer.long.resize(lens.end().saturating_add(ROUNDING), 0);
            &mut buffer.long
        };
        base64url::decode_into(self.signature, buffer)
            .filter(|signature| lens.contains(&signature.len()))
            .ok_or(TokenFault::Signature)
    }
}

/// The parts of a token, still encoded.
struct Parts<'a> {
    header: &'a [u8],
    payload: &'a [u8],
    signature: &'a [u8],
    /// The signed text: header and payload, with the dot between them.
    signing_input: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Splits a token. Stops at the third dot, so a million dots cost no more than a JWE with five parts. An
    /// empty signature is rejected later, when the algorithm is known from the header.
    fn split(token: &'a [u8]) -> Option<Self> {
        let mut dots = memchr_iter(b'.', token);
        let (first, second) = (dots.next()?, dots.next()?);
        let (signing_input, signature) = (token.get(..second)?, after(token, second)?);
        let (header, payload) = (token.get(..first)?, after(signing_input, first)?);
        let is_whole = dots.next().is_none() && !header.is_empty() && !payload.is_empty();
        is_whole.then_some(Self { header, payload, signature, signing_input })
    }
}

/// Returns the text after the dot at `dot`.
fn after(token: &[u8], dot: usize) -> Option<&[u8]> {
    token.get(dot.checked_add(1)?..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_three_parts() {
        let parts = Parts::split(b"aa.bbb.c").unwrap();
        assert_eq!(
            (parts.header, parts.payload, parts.signature, parts.signing_input),
            (&b"aa"[..], &b"bbb"[..], &b"c"[..], &b"aa.bbb"[..])
        );
        let dots = ".".repeat(1_000_000);
        for token in ["", "a", "a.b", "a.b.c.d", "a.b.c.d.e", ".b.c", "a..c", "..", &dots] {
            assert!(Parts::split(token.as_bytes()).is_none());
            assert_eq!(Jws::parse(token.as_bytes()).unwrap_err(), TokenFault::Malformed);
        }
    }

    #[test]
    fn an_empty_signature_is_parsed() {
        assert_eq!(Parts::split(b"a.b.").unwrap().signature, b"");
    }

    // Verifies rfc9964-5-sizes.
    #[test]
    fn a_signature_has_a_length_of_its_algorithm() {
        let decode = |name: &str, signature: &str| {
            let header = base64url::encode(format!(r#"{{"alg":"{name}"}}"#).as_bytes());
            let token = format!("{header}.e30.{signature}");
            let jws = Jws::parse(token.as_bytes()).unwrap();
            jws.decode_signature(&mut SignatureBuffer::default()).map(<[u8]>::len)
        };
        for (name, lens) in [
            ("EdDSA", 64..=64),
            ("ES256", 64..=64),
            ("ES384", 96..=96),
            ("ES512", 132..=132),
            ("HS256", 32..=32),
            ("HS384", 48..=48),
            ("HS512", 64..=64),
            ("ML-DSA-44", 2420..=2420),
            ("ML-DSA-65", 3309..=3309),
            ("ML-DSA-87", 4627..=4627),
            ("PS256", 256..=1024),
            ("PS384", 256..=1024),
            ("PS512", 256..=1024),
            ("RS256", 256..=1024),
            ("RS384", 256..=1024),
            ("RS512", 256..=1024),
        ] {
            let of_ml_dsa = [2420, 3309, 4627].map(|len| [len - 1, len, len + 1]);
            let others = [0, 1, 31, 32, 33, 48, 63, 64, 65, 70, 96, 132, 255, 256, 257, 1024, 1025];
            for len in others.into_iter().chain(of_ml_dsa.into_iter().flatten()).chain([12_000]) {
                let expected =
                    if lens.contains(&len) { Ok(len) } else { Err(TokenFault::Signature) };
                let signature = base64url::encode(&vec![0xa5; len]);
                assert_eq!(decode(name, &signature), expected, "{name}, {len} bytes");
            }
        }
        let canonical = base64url::encode(&[0; 64]);
        assert!(canonical.ends_with("AA"));
        for malformed in [
            &canonical[1..],
            &format!("{canonical}=="),
            &canonical.replacen('A', "+", 1),
            &canonical.replacen('A', " ", 1),
            &format!("{}AB", &canonical[2..]),
        ] {
            assert_eq!(decode("ES256", malformed), Err(TokenFault::Signature), "{malformed}");
        }
    }
}
