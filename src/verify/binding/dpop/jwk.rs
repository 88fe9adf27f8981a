//! The public key in the header of a proof (RFC 9449 §4.2).
//!
//! This is the only place where a key is read from a request. It is used only to verify the proof that contains
//! it.

use std::borrow::Cow;

use crate::{
    digest::sha256_of_parts,
    error::DpopFault,
    jose::{
        algorithm::Algorithm,
        base64url,
        crypto::{Curve, MlDsa, VerifyingKey},
        json::{Object, Value},
    },
};

/// A public key as the client sent it. Its members have been read but not decoded.
#[derive(Debug)]
pub(super) struct ProofJwk<'a> {
    material: Material<'a>,
    /// The SHA-256 thumbprint (RFC 7638).
    thumbprint: [u8; 32],
}

#[derive(Debug)]
enum Material<'a> {
    Ec { curve: Curve, x: Cow<'a, str>, y: Cow<'a, str> },
    Ed25519 { x: Cow<'a, str> },
    MlDsa { parameters: MlDsa, public: Cow<'a, str> },
    Rsa { n: Cow<'a, str>, e: Cow<'a, str> },
}

/// The members of private and symmetric keys (RFC 7518 §6, RFC 9964 §3).
const SECRET: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

#[derive(Default)]
struct Members<'a> {
    kty: Option<Cow<'a, str>>,
    crv: Option<Cow<'a, str>>,
    x: Option<Cow<'a, str>>,
    y: Option<Cow<'a, str>>,
    n: Option<Cow<'a, str>>,
    e: Option<Cow<'a, str>>,
    alg: Option<Cow<'a, str>>,
    public: Option<Cow<'a, str>>,
}

impl<'a> ProofJwk<'a> {
    /// Reads the value of `jwk`. Private keys are rejected, because a key that was sent is no
    /// longer secret.
    pub(super) fn read(jwk: Object<'a>) -> Result<Self, DpopFault> {
        let mut members = Members::default();
        for (name, value) in jwk.iter() {
            let place = match &*name.to_cow() {
                "kty" => &mut members.kty,
                "crv" => &mut members.crv,
                "x" => &mut members.x,
                "y" => &mut members.y,
                "n" => &mut members.n,
                "e" => &mut members.e,
                // `alg` is read only for AKP keys.
                "alg" => {
                    if let Value::String(text) = value {
                        members.alg = Some(text.to_cow());
                    }
                    continue;
                }
                "pub" => &mut members.public,
                name if SECRET.contains(&name) => return Err(DpopFault::Key),
                _ => continue,
            };
            let Value::String(text) = value else { return Err(DpopFault::Key) };
            *place = Some(text.to_cow());
        }
        let material = members.into_material().ok_or(DpopFault::Key)?;
        let thumbprint = material.thumbprint().ok_or(DpopFault::Key)?;
        Ok(Self { material, thumbprint })
    }

    pub(super) const fn thumbprint(&self) -> &[u8; 32] {
        &self.thumbprint
    }

    /// Decodes the key.
    pub(super) fn verifying_key(&self) -> Result<VerifyingKey, DpopFault> {
        let bytes = |text: &str| base64url::decode(text).ok_or(DpopFault::Key);
        let key = match &self.material {
            Material::Ec { curve, x, y } => {
                let (x, y) = (bytes(x)?, bytes(y)?);
                if [&x, &y].iter().any(|one| one.len() != curve.coordinate_len()) {
                    return Err(DpopFault::Key);
                }
                curve.point(&x, &y).and_then(|point| VerifyingKey::ec(*curve, &point))
            }
            Material::Ed25519 { x } => VerifyingKey::ed25519(&bytes(x)?),
            Material::MlDsa { parameters, public } => {
                VerifyingKey::ml_dsa(*parameters, &bytes(public)?)
            }
            Material::Rsa { n, e } => VerifyingKey::rsa(&bytes(n)?, &bytes(e)?),
        };
        key.map_err(|_| DpopFault::Key)
    }
}

impl<'a> Members<'a> {
    fn into_material(self) -> Option<Material<'a>> {
        Some(match (&*self.kty?, self.crv.as_deref()) {
            ("EC", Some(curve)) => {
                let curve = match curve {
                    "P-256" => Curve::P256,
                    "P-384" => Curve::P384,
                    "P-521" => Curve::P521,
                    _ => return None,
                };
                Material::Ec { curve, x: self.x?, y: self.y? }
            }
            ("OKP", Some("Ed25519")) => Material::Ed25519 { x: self.x? },
            ("AKP", _) => {
                let parameters = MlDsa::of(Algorithm::from_name(&self.alg?)?)?;
                Material::MlDsa { parameters, public: self.public? }
            }
            ("RSA", _) => Material::Rsa { n: self.n?, e: self.e? },
            _ => return None,
        })
    }
}

impl Material<'_> {
    /// Computes the thumbprint: the required members in lexicographic order, without white space. Returns
    /// `None` if a member would have to be escaped, which base64url never requires.
    fn thumbprint(&self) -> Option<[u8; 32]> {
        let digest = |parts: &[&str]| {
            let mut bytes = [&b""[..]; 7];
            bytes.iter_mut().zip(parts).for_each(|(bytes, part)| *bytes = part.as_bytes());
            sha256_of_parts(&bytes)
        };
        Some(match self {
            Self::Ec { curve, x, y } => {
                let crv = match curve {
                    Curve::P256 => "P-256",
                    Curve::P384 => "P-384",
                    Curve::P521 => "P-521",
                };
                let (x, y) = (plain(x)?, plain(y)?);
                digest(&[r#"{"crv":""#, crv, r#"","kty":"EC","x":""#, x, r#"","y":""#, y, "\"}"])
            }
            Self::Ed25519 { x } => {
                digest(&[r#"{"crv":"Ed25519","kty":"OKP","x":""#, plain(x)?, "\"}"])
            }
            // RFC 9964 §6
            Self::MlDsa { parameters, public } => {
                let alg = parameters.algorithm().name();
                digest(&[r#"{"alg":""#, alg, r#"","kty":"AKP","pub":""#, plain(public)?, "\"}"])
            }
            Self::Rsa { n, e } => {
                digest(&[r#"{"e":""#, plain(e)?, r#"","kty":"RSA","n":""#, plain(n)?, "\"}"])
            }
        })
    }
}

fn plain(text: &str) -> Option<&str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.bytes().all(is_plain).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::json;

    fn read(text: &str) -> Result<ProofJwk<'_>, DpopFault> {
        ProofJwk::read(json::object(text, |_, _| ()).unwrap())
    }

    #[test]
    fn the_thumbprint_of_rfc_7638_section_3_1() {
        let jwk = read(
            r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#,
        );
        let thumbprint = base64url::decode("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs").unwrap();
        let jwk = jwk.unwrap();
        assert_eq!(jwk.thumbprint().as_slice(), thumbprint);
        assert!(jwk.verifying_key().is_ok());
    }

    #[test]
    fn the_thumbprints_of_rfc_9449_and_rfc_8037() {
        for (jwk, thumbprint) in [
            (
                r#"{"kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA","crv":"P-256"}"#,
                "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I",
            ),
            (
                r#"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
                "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
            ),
        ] {
            let jwk = read(jwk).unwrap();
            assert_eq!(jwk.thumbprint().as_slice(), base64url::decode(thumbprint).unwrap());
            assert!(jwk.verifying_key().is_ok());
        }
    }

    // Verifies rfc9964-6-thumbprint.
    #[test]
    fn the_thumbprints_of_rfc_9964_appendix_a_1() {
        for text in [
            include_str!("../../../jose/crypto/tests/rfc_9964/ml-dsa-44.json"),
            include_str!("../../../jose/crypto/tests/rfc_9964/ml-dsa-65.json"),
            include_str!("../../../jose/crypto/tests/rfc_9964/ml-dsa-87.json"),
        ] {
            let mut example: serde_json::Value = serde_json::from_str(text).unwrap();
            let private = example["jwk"].to_string();
            assert_eq!(read(&private).unwrap_err(), DpopFault::Key, "it has `priv`");
            example["jwk"].as_object_mut().unwrap().remove("priv");
            // The `kid` is the thumbprint.
            let thumbprint = base64url::decode(example["jwk"]["kid"].as_str().unwrap()).unwrap();
            let public = example["jwk"].to_string();
            let jwk = read(&public).unwrap();
            assert_eq!(jwk.thumbprint().as_slice(), thumbprint);
            let is_supported = crate::jose::crypto::supports(Algorithm::MlDsa44);
            assert_eq!(jwk.verifying_key().is_ok(), is_supported);
        }
    }

    #[test]
    fn only_public_keys_of_supported_types_are_read() {
        let x = "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs";
        let y = "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA";
        for jwk in [
            "{}".to_owned(),
            r#"{"kty":"oct","k":"c2VjcmV0"}"#.to_owned(),
            format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}","d":"{x}"}}"#),
            format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}","k":"{x}"}}"#),
            format!(r#"{{"kty":"EC","crv":"secp256k1","x":"{x}","y":"{y}"}}"#),
            format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}"}}"#),
            format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":1}}"#),
            format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"a\"b"}}"#),
            format!(r#"{{"kty":"OKP","crv":"X25519","x":"{x}"}}"#),
            r#"{"kty":"RSA","n":"AQAB"}"#.to_owned(),
        ] {
            assert_eq!(read(&jwk).unwrap_err(), DpopFault::Key, "{jwk}");
        }
    }

    #[test]
    fn a_key_that_cannot_verify_is_rejected() {
        let x = "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs";
        for jwk in [
            // Not on the curve, of the wrong length, too small.
            format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{x}"}}"#),
            r#"{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"}"#.to_owned(),
            r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQ","e":"AQAB"}"#.to_owned(),
        ] {
            let key = read(&jwk).unwrap().verifying_key();
            assert_eq!(key.map(drop).unwrap_err(), DpopFault::Key, "{jwk}");
        }
    }
}
