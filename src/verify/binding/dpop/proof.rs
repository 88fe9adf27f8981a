//! A parsed but unverified proof (RFC 9449 §4.2).

use std::borrow::Cow;

use http::HeaderMap;
use memchr::memchr;

use super::jwk::ProofJwk;
use crate::{
    claims::{NumericDate, date_of},
    error::DpopFault,
    jose::{
        algorithm::Algorithm,
        base64url,
        json::{self, Text, Value},
    },
    verify::binding::verdict::DPOP,
};

/// The maximum length of a proof, in bytes. One with an RSA key of 8192 bits has about 3 KB, and one with an ML-DSA-87
/// key about 11 KB.
const MAX_PROOF: usize = 16 * 1024;

/// The maximum length of a `jti`, in bytes.
const MAX_JTI: usize = 512;

/// A proof whose header and claims are decoded but not parsed yet.
#[derive(Debug)]
pub(super) struct DecodedProof<'a> {
    header: String,
    payload: String,
    signing_input: &'a [u8],
    signature: &'a [u8],
}

/// A parsed proof. Its texts are slices of the decoded ones.
#[derive(Debug)]
pub(super) struct Proof<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) jwk: ProofJwk<'a>,
    pub(super) claims: ProofClaims<'a>,
    signing_input: &'a [u8],
    signature: &'a [u8],
}

/// The claims of a proof that are checked.
#[derive(Debug, Default)]
pub(super) struct ProofClaims<'a> {
    pub(super) jti: Cow<'a, str>,
    pub(super) htm: Cow<'a, str>,
    pub(super) htu: Cow<'a, str>,
    pub(super) issued_at: NumericDate,
    pub(super) ath: Option<Cow<'a, str>>,
    pub(super) nonce: Option<Cow<'a, str>>,
}

impl<'a> DecodedProof<'a> {
    /// Decodes the only proof of a request (checks 1 and 2 of RFC 9449 §4.3).
    pub(super) fn of_request(headers: &'a HeaderMap) -> Result<Self, DpopFault> {
        let mut lines = headers.get_all(DPOP).iter();
        let line = lines.next().ok_or(DpopFault::Missing)?;
        if lines.next().is_some() {
            return Err(DpopFault::Repeated);
        }
        Self::decode(line.as_bytes())
    }

    pub(super) fn decode(proof: &'a [u8]) -> Result<Self, DpopFault> {
        if proof.len() > MAX_PROOF {
            return Err(DpopFault::Malformed);
        }
        // Two values in one line are joined by a comma, which no JWT contains.
        if memchr(b',', proof).is_some() {
            return Err(DpopFault::Repeated);
        }
        let split = || {
            let (header, rest) = split_at(proof, memchr(b'.', proof)?)?;
            let (payload, signature) = split_at(rest, memchr(b'.', rest)?)?;
            let signing_input =
                proof.get(..header.len().saturating_add(payload.len()).saturating_add(1))?;
            memchr(b'.', signature).is_none().then_some((header, payload, signing_input, signature))
        };
        let (header, payload, signing_input, signature) = split().ok_or(DpopFault::Malformed)?;
        Ok(Self { header: decode(header)?, payload: decode(payload)?, signing_input, signature })
    }

    /// Reads the proof (checks 3 to 6 of RFC 9449 §4.3, without the signature).
    pub(super) fn read(&self) -> Result<Proof<'_>, DpopFault> {
        let Self { signing_input, signature, .. } = *self;
        let (algorithm, jwk) = read_header(&self.header)?;
        let claims = ProofClaims::read(&self.payload)?;
        Ok(Proof { algorithm, jwk, claims, signing_input, signature })
    }
}

impl<'a> Proof<'a> {
    /// Returns the signed bytes and the signature.
    pub(super) fn signed(&self) -> Result<(&'a [u8], Vec<u8>), DpopFault> {
        let longest = *self.algorithm.signature_lens().end();
        if self.signature.len() > longest.div_ceil(3).saturating_mul(4) {
            return Err(DpopFault::Signature);
        }
        let signature = base64url::decode(self.signature).ok_or(DpopFault::Signature)?;
        Ok((self.signing_input, signature))
    }
}

/// Splits at a separator, which neither half contains.
fn split_at(text: &[u8], separator: usize) -> Option<(&[u8], &[u8])> {
    let (before, after) = text.split_at_checked(separator)?;
    Some((before, after.get(1..)?))
}

fn decode(part: &[u8]) -> Result<String, DpopFault> {
    let bytes = base64url::decode(part).ok_or(DpopFault::Malformed)?;
    String::from_utf8(bytes).map_err(|_| DpopFault::Malformed)
}

fn read_header(text: &str) -> Result<(Algorithm, ProofJwk<'_>), DpopFault> {
    let (mut algorithm, mut typ, mut jwk) = (None, None, None);
    let mut fault = None;
    json::object(text, |name, value| match (&*name.to_cow(), value) {
        ("alg", Value::String(text)) => algorithm = Some(text),
        ("typ", Value::String(text)) => typ = Some(text),
        ("jwk", Value::Object(object)) => jwk = Some(object),
        // No extension is implemented, so any `crit` is rejected (RFC 7515 §4.1.11).
        ("alg" | "typ" | "jwk" | "crit", _) => fault = Some(DpopFault::Malformed),
        ("b64", value) if !matches!(value, Value::Bool(true)) => fault = Some(DpopFault::Malformed),
        _ => {}
    })
    .map_err(|_| DpopFault::Malformed)?;
    if let Some(fault) = fault {
        return Err(fault);
    }
    if !typ.is_some_and(is_dpop_jwt) {
        return Err(DpopFault::Type);
    }
    let algorithm = algorithm.ok_or(DpopFault::Algorithm)?.to_cow();
    let algorithm = Algorithm::from_name(&algorithm).ok_or(DpopFault::Algorithm)?;
    if algorithm.is_symmetric() {
        return Err(DpopFault::Algorithm);
    }
    let jwk = jwk.ok_or(DpopFault::Key)?;
    Ok((algorithm, ProofJwk::read(jwk)?))
}

/// Compares `typ` case-insensitively, with or without `application/` (RFC 7515 §4.1.9).
fn is_dpop_jwt(typ: Text<'_>) -> bool {
    let typ = typ.to_cow();
    let prefix = "application/";
    let subtype = match typ.split_at_checked(prefix.len()) {
        Some((start, rest)) if start.eq_ignore_ascii_case(prefix) => rest,
        _ => &*typ,
    };
    subtype.eq_ignore_ascii_case("dpop+jwt")
}

impl<'a> ProofClaims<'a> {
    fn read(text: &'a str) -> Result<Self, DpopFault> {
        let (mut jti, mut htm, mut htu, mut iat) = (None, None, None, None);
        let (mut ath, mut nonce) = (None, None);
        let mut is_malformed = false;
        json::object(text, |name, value| {
            let place = match &*name.to_cow() {
                "jti" => &mut jti,
                "htm" => &mut htm,
                "htu" => &mut htu,
                "ath" => &mut ath,
                "nonce" => &mut nonce,
                "iat" => {
                    iat = date_of(value);
                    is_malformed |= iat.is_none();
                    return;
                }
                _ => return,
            };
            match value {
                Value::String(text) => *place = Some(text.to_cow()),
                _ => is_malformed = true,
            }
        })
        .map_err(|_| DpopFault::Malformed)?;
        if is_malformed {
            return Err(DpopFault::Claims);
        }
        let jti = jti.filter(|jti: &Cow<'_, str>| (1..=MAX_JTI).contains(&jti.len()));
        let (Some(jti), Some(htm), Some(htu), Some(issued_at)) = (jti, htm, htu, iat) else {
            return Err(DpopFault::Claims);
        };
        Ok(Self { jti, htm, htu, issued_at, ath, nonce })
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// The proof of RFC 9449 §7.1, figure 12.
    const EXAMPLE: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";

    fn header(header: &str) -> Result<(Algorithm, [u8; 32]), DpopFault> {
        read_header(header).map(|(algorithm, jwk)| (algorithm, *jwk.thumbprint()))
    }

    #[test]
    fn the_example_of_rfc_9449_is_read() {
        let decoded = DecodedProof::decode(EXAMPLE.as_bytes()).unwrap();
        let proof = decoded.read().unwrap();
        assert_eq!(proof.algorithm, Algorithm::Es256);
        let claims = &proof.claims;
        assert_eq!((&*claims.jti, &*claims.htm), ("e1j3V_bKic8-LAEB", "GET"));
        assert_eq!(claims.htu, "https://resource.example.org/protectedresource");
        assert_eq!(claims.issued_at, NumericDate::from_secs(1_562_262_618));
        assert_eq!(claims.ath.as_deref(), Some("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"));
        let (message, signature) = proof.signed().unwrap();
        let key = proof.jwk.verifying_key().unwrap();
        assert!(key.verify(proof.algorithm, message, &signature));
    }

    /// The proofs for the token endpoint in section 4.1, figure 1, and section 5, figure 7.
    #[test]
    fn the_proofs_of_rfc_9449_for_token_requests_are_read() {
        for (claims, signature, issued_at) in [
            (
                "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ",
                "2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg",
                1_562_262_616,
            ),
            (
                "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjY1Mjk2fQ",
                "pAqut2IRDm_De6PR93SYmGBPXpwrAk90e8cP2hjiaG5QsGSuKDYW7_X620BxqhvYC8ynrrvZLTk41mSRroapUA",
                1_562_265_296,
            ),
        ] {
            let header = EXAMPLE.split('.').next().unwrap();
            let text = [header, claims, signature].join(".");
            let decoded = DecodedProof::decode(text.as_bytes()).unwrap();
            let proof = decoded.read().unwrap();
            assert_eq!((&*proof.claims.jti, &*proof.claims.htm), ("-BwC3ESc6acc2lTc", "POST"));
            assert_eq!(proof.claims.htu, "https://server.example.com/token");
            assert_eq!(proof.claims.issued_at, NumericDate::from_secs(issued_at));
            // They are sent without a token.
            assert_eq!(proof.claims.ath, None);
            let (message, signature) = proof.signed().unwrap();
            let key = proof.jwk.verifying_key().unwrap();
            assert!(key.verify(proof.algorithm, message, &signature));
        }
    }

    // Verifies rfc9449-4.2-header, rfc9449-4.2-alg.
    #[test]
    fn a_header_needs_typ_an_asymmetric_algorithm_and_a_public_key() {
        let jwk =
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        for (text, fault) in [
            (format!(r#"{{"typ":"dpop+jwt","alg":"EdDSA","jwk":{jwk}}}"#), None),
            (format!(r#"{{"typ":"DPoP+JWT","alg":"Ed25519","jwk":{jwk}}}"#), None),
            (format!(r#"{{"typ":"application/dpop+jwt","alg":"EdDSA","jwk":{jwk}}}"#), None),
            (format!(r#"{{"typ":"dpop+jwt","alg":"EdDSA","jwk":{jwk},"b64":true}}"#), None),
            (format!(r#"{{"typ":"jwt","alg":"EdDSA","jwk":{jwk}}}"#), Some(DpopFault::Type)),
            (
                format!(r#"{{"typ":"application.dpop+jwt","alg":"EdDSA","jwk":{jwk}}}"#),
                Some(DpopFault::Type),
            ),
            (format!(r#"{{"alg":"EdDSA","jwk":{jwk}}}"#), Some(DpopFault::Type)),
            (
                format!(r#"{{"typ":"dpop+jwt","alg":"none","jwk":{jwk}}}"#),
                Some(DpopFault::Algorithm),
            ),
            (
                format!(r#"{{"typ":"dpop+jwt","alg":"HS256","jwk":{jwk}}}"#),
                Some(DpopFault::Algorithm),
            ),
            (format!(r#"{{"typ":"dpop+jwt","jwk":{jwk}}}"#), Some(DpopFault::Algorithm)),
            (r#"{"typ":"dpop+jwt","alg":"EdDSA"}"#.to_owned(), Some(DpopFault::Key)),
            (
                r#"{"typ":"dpop+jwt","alg":"EdDSA","jwk":"x"}"#.to_owned(),
                Some(DpopFault::Malformed),
            ),
            (
                format!(r#"{{"typ":"dpop+jwt","alg":"EdDSA","jwk":{jwk},"crit":[]}}"#),
                Some(DpopFault::Malformed),
            ),
            (
                format!(r#"{{"typ":"dpop+jwt","alg":"EdDSA","jwk":{jwk},"b64":false}}"#),
                Some(DpopFault::Malformed),
            ),
            (
                format!(r#"{{"typ":"dpop+jwt","typ":"dpop+jwt","alg":"EdDSA","jwk":{jwk}}}"#),
                Some(DpopFault::Malformed),
            ),
        ] {
            assert_eq!(header(&text).err(), fault, "{text}");
        }
    }

    #[test]
    fn a_proof_of_more_than_16_kib_is_not_read() {
        for (length, fault) in
            [(16 * 1024, DpopFault::Repeated), (16 * 1024 + 1, DpopFault::Malformed)]
        {
            let decoded = DecodedProof::decode(&b",".repeat(length)).map(drop);
            assert_eq!(decoded, Err(fault), "{length}");
        }
    }

    // Verifies rfc9449-4.2-claims.
    #[test]
    fn the_required_claims_are_jti_htm_htu_and_iat() {
        for (text, is_complete) in [
            (r#"{"jti":"1","htm":"GET","htu":"https://a","iat":1}"#, true),
            (
                r#"{"jti":"1","htm":"GET","htu":"https://a","iat":1.5,"ath":"a","nonce":"n","x":{}}"#,
                true,
            ),
            (r#"{"htm":"GET","htu":"https://a","iat":1}"#, false),
            (r#"{"jti":"","htm":"GET","htu":"https://a","iat":1}"#, false),
            (r#"{"jti":"1","htu":"https://a","iat":1}"#, false),
            (r#"{"jti":"1","htm":"GET","iat":1}"#, false),
            (r#"{"jti":"1","htm":"GET","htu":"https://a"}"#, false),
            (r#"{"jti":"1","htm":"GET","htu":"https://a","iat":"1"}"#, false),
            (r#"{"jti":1,"htm":"GET","htu":"https://a","iat":1}"#, false),
            (r#"{"jti":"1","htm":"GET","htu":"https://a","iat":1,"ath":null}"#, false),
            (r#"{"ath":null,"jti":"1","htm":"GET","htu":"https://a","iat":1}"#, false),
        ] {
            assert_eq!(ProofClaims::read(text).is_ok(), is_complete, "{text}");
        }
        let long = "j".repeat(MAX_JTI + 1);
        let long = format!(r#"{{"jti":"{long}","htm":"GET","htu":"https://a","iat":1}}"#);
        assert_eq!(ProofClaims::read(&long).unwrap_err(), DpopFault::Claims);
    }

    // Verifies rfc9449-4.3-one-header.
    #[test]
    fn a_request_has_exactly_one_proof() {
        let mut headers = HeaderMap::new();
        assert_eq!(DecodedProof::of_request(&headers).unwrap_err(), DpopFault::Missing);
        headers.append(DPOP, HeaderValue::from_static(EXAMPLE));
        assert!(DecodedProof::of_request(&headers).is_ok());
        headers.append(DPOP, HeaderValue::from_static(EXAMPLE));
        assert_eq!(DecodedProof::of_request(&headers).unwrap_err(), DpopFault::Repeated);
        let both = format!("{EXAMPLE}, {EXAMPLE}");
        assert_eq!(DecodedProof::decode(both.as_bytes()).unwrap_err(), DpopFault::Repeated);
        for text in ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", &"a".repeat(MAX_PROOF + 1)] {
            let read =
                DecodedProof::decode(text.as_bytes()).and_then(|decoded| decoded.read().map(drop));
            assert_eq!(read.unwrap_err(), DpopFault::Malformed, "{text:.20}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_header_is_read_or_rejected(bytes: Vec<u8>) {
            if let Ok(line) = HeaderValue::from_bytes(&bytes) {
                let headers = HeaderMap::from_iter([(DPOP, line)]);
                let decoded = DecodedProof::of_request(&headers);
                drop(decoded.as_ref().map(DecodedProof::read));
            }
        }
    }
}
