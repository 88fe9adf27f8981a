//! Private keys, for client assertions.

use std::{fmt, sync::Arc};

use serde::Deserialize;
use zeroize::{Zeroize, Zeroizing};

use crate::{
    Algorithm, ConfigError,
    jose::{
        base64url,
        crypto::{Curve, KeyError, MlDsa, PrivateParts, RsaPrivateParts, SigningKey},
        pem::PemBlock,
    },
};

/// A private key with which this service authenticates itself: see
/// [`private_key_jwt`](super::IntrospectionVerifierBuilder::private_key_jwt).
///
/// RSA keys of 2048 to 8192 bits, EC keys on P-256, P-384 or P-521, Ed25519 keys and ML-DSA keys are supported.
/// An ML-DSA key must contain its seed ([RFC 9881 §6], [RFC 9964 §4]), and requires a build that implements
/// [ML-DSA](Algorithm::MlDsa44).
///
/// `Debug` doesn't show the key.
///
/// ```
/// use portcullis::introspection::PrivateKey;
///
/// let key = PrivateKey::from_pem(
///     "-----BEGIN PRIVATE KEY-----
/// MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
/// -----END PRIVATE KEY-----",
/// )?;
/// assert_eq!(format!("{key:?}"), "PrivateKey(EdDSA, [redacted])");
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// [RFC 9881 §6]: https://www.rfc-editor.org/rfc/rfc9881#section-6
/// [RFC 9964 §4]: https://www.rfc-editor.org/rfc/rfc9964#section-4
#[derive(Clone)]
pub struct PrivateKey {
    key: Arc<SigningKey>,
    algorithm: Algorithm,
    kid: Option<String>,
}

impl PrivateKey {
    /// Reads a key in PEM form ([RFC 7468]): `PRIVATE KEY` (PKCS #8), `RSA PRIVATE KEY` (PKCS #1) or `EC PRIVATE KEY`
    /// (SEC 1).
    ///
    /// An RSA key signs with RS256, an EC key with the algorithm of its curve, an Ed25519 key with EdDSA, and an ML-DSA
    /// key with the algorithm of its parameters.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`] if the text doesn't contain exactly one private key, if the key is encrypted or
    /// of an unsupported type, or if an RSA key has fewer than 2048 bits.
    ///
    /// [RFC 7468]: https://www.rfc-editor.org/rfc/rfc7468
    pub fn from_pem(pem: &str) -> Result<Self, ConfigError> {
        Ok(Self::new(&read_pem(pem)?, None, None)?)
    }

    /// Reads a key in the form of a JWK ([RFC 7517], [RFC 7518 §6], [RFC 8037], [RFC 9964 §3]). An RSA key needs its primes too.
    ///
    /// The key signs with its `alg`, or otherwise with the algorithm that [`from_pem`](Self::from_pem)
    /// describes. Assertions have its `kid`.
    ///
    /// ```
    /// use portcullis::introspection::PrivateKey;
    ///
    /// let key = PrivateKey::from_jwk(
    ///     r#"{
    ///         "kty": "OKP",
    ///         "crv": "Ed25519",
    ///         "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    ///         "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    ///         "kid": "orders-2026"
    ///     }"#,
    /// )?;
    /// assert_eq!(format!("{key:?}"), r#"PrivateKey(EdDSA, kid "orders-2026", [redacted])"#);
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`] if the text isn't the JWK of a private key for signatures, if the key is of an
    /// unsupported type, or if an RSA key has fewer than 2048 bits.
    ///
    /// [RFC 7517]: https://www.rfc-editor.org/rfc/rfc7517
    /// [RFC 7518 §6]: https://www.rfc-editor.org/rfc/rfc7518#section-6
    /// [RFC 8037]: https://www.rfc-editor.org/rfc/rfc8037
    /// [RFC 9964 §3]: https://www.rfc-editor.org/rfc/rfc9964#section-3
    pub fn from_jwk(json: &str) -> Result<Self, ConfigError> {
        // serde_json's messages quote parts of the text.
        let jwk: Jwk = serde_json::from_str(json)
            .map_err(|_| PrivateKeyError::Malformed("a JWK of a private key"))?;
        let algorithm = jwk.alg.as_deref().map(|name| {
            Algorithm::from_name(name).ok_or_else(|| PrivateKeyError::Algorithm(name.to_owned()))
        });
        Ok(Self::new(&jwk.parts()?, algorithm.transpose()?, jwk.kid.clone())?)
    }

    /// Sets the algorithm that the key signs with, such as PS256.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`] if the key can't be used with the algorithm.
    pub fn with_algorithm(mut self, algorithm: Algorithm) -> Result<Self, ConfigError> {
        if !self.key.algorithms().contains(algorithm) {
            return Err(PrivateKeyError::Algorithm(algorithm.name().to_owned()).into());
        }
        self.algorithm = algorithm;
        Ok(self)
    }

    /// Sets the `kid` in the header of assertions, by which the server selects the public key.
    #[must_use]
    pub fn with_kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(kid.into());
        self
    }

    fn new(
        parts: &PrivateParts,
        algorithm: Option<Algorithm>,
        kid: Option<String>,
    ) -> Result<Self, PrivateKeyError> {
        let key = SigningKey::from_private(parts)?;
        let default = match parts {
            PrivateParts::Ec { curve, .. } => curve.algorithm(),
            PrivateParts::Ed25519 { .. } => Algorithm::EdDsa,
            PrivateParts::MlDsa { parameters, .. } => parameters.algorithm(),
            PrivateParts::Rsa(_) => Algorithm::Rs256,
        };
        let algorithm = algorithm.unwrap_or(default);
        if !key.algorithms().contains(algorithm) {
            return Err(PrivateKeyError::Algorithm(algorithm.name().to_owned()));
        }
        Ok(Self { key: Arc::new(key), algorithm, kid })
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(super) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        self.key.try_sign(self.algorithm, message)
    }
}

/// The reason why a text can't be used as a private key. It contains no part of the key.
#[derive(Debug, thiserror::Error)]
enum PrivateKeyError {
    #[error("the key can't be used with the algorithm `{0}`")]
    Algorithm(String),
    #[error("the key is encrypted; decrypt it, for example with `openssl pkey`")]
    Encrypted,
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("not {0}")]
    Malformed(&'static str),
    #[error("the key isn't for signatures (`use` or `key_ops`)")]
    OtherUse,
    #[error("it is a public key")]
    Public,
}

impl From<PrivateKeyError> for ConfigError {
    fn from(error: PrivateKeyError) -> Self {
        Self::new("private key", "\u{2026}", error.to_string())
    }
}

/// Reads the only private key of a PEM text. Other blocks, such as `EC PARAMETERS`, may precede it.
fn read_pem(pem: &str) -> Result<PrivateParts, PrivateKeyError> {
    const EXPECTED: &str = "a PEM text with one private key";
    let malformed = || PrivateKeyError::Malformed(EXPECTED);
    let mut blocks = PemBlock::all(pem);
    let is_private = |block: &PemBlock<'_>| block.label.ends_with("PRIVATE KEY");
    let Some(block) = blocks.clone().find(is_private) else {
        let is_public = blocks.any(|block| block.label.ends_with("PUBLIC KEY"));
        return Err(if is_public { PrivateKeyError::Public } else { malformed() });
    };
    if blocks.filter(is_private).count() != 1 {
        return Err(malformed());
    }
    if block.label == "ENCRYPTED PRIVATE KEY" || block.rest.contains("ENCRYPTED") {
        return Err(PrivateKeyError::Encrypted);
    }
    let der = block.decode().ok_or_else(malformed)?;
    Ok(match block.label {
        "EC PRIVATE KEY" => PrivateParts::from_sec1(&der)?,
        "PRIVATE KEY" => PrivateParts::from_pkcs8(&der)?,
        "RSA PRIVATE KEY" => PrivateParts::from_pkcs1(&der)?,
        _ => return Err(malformed()),
    })
}

/// The members of a JWK that are needed for signing.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    alg: Option<String>,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    d: Option<String>,
    p: Option<String>,
    q: Option<String>,
    dp: Option<String>,
    dq: Option<String>,
    qi: Option<String>,
    /// The public key of an AKP key.
    r#pub: Option<String>,
    /// The seed of an AKP key.
    r#priv: Option<String>,
    /// Additional primes.
    oth: Option<serde_json::Value>,
}

impl Jwk {
    fn parts(&self) -> Result<PrivateParts, PrivateKeyError> {
        let is_for_signing = self.usage.as_ref().is_none_or(|it| it == "sig")
            && self.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|it| it == "sign"));
        if !is_for_signing {
            return Err(PrivateKeyError::OtherUse);
        }
        let private = if self.kty == "AKP" { &self.r#priv } else { &self.d };
        if private.is_none() {
            return Err(PrivateKeyError::Public);
        }
        match (&*self.kty, self.crv.as_deref()) {
            ("RSA", _) => self.rsa(),
            ("EC", Some("P-256")) => self.ec(Curve::P256),
            ("EC", Some("P-384")) => self.ec(Curve::P384),
            ("EC", Some("P-521")) => self.ec(Curve::P521),
            ("OKP", Some("Ed25519")) => {
                let public = self.x.is_some().then(|| bytes(self.x.as_ref())).transpose()?;
                Ok(PrivateParts::Ed25519 { seed: secret(self.d.as_ref())?, public })
            }
            ("AKP", _) => self.ml_dsa(),
            _ => Err(KeyError::Unsupported("it isn't an RSA, EC, Ed25519 or ML-DSA key").into()),
        }
    }

    fn ec(&self, curve: Curve) -> Result<PrivateParts, PrivateKeyError> {
        let public = curve.point(&bytes(self.x.as_ref())?, &bytes(self.y.as_ref())?)?;
        Ok(PrivateParts::Ec { curve, d: secret(self.d.as_ref())?, public: Some(public) })
    }

    /// `alg` and `pub` are required (RFC 9964 §3), and `priv` is the seed (§4).
    fn ml_dsa(&self) -> Result<PrivateParts, PrivateKeyError> {
        let parameters = self.alg.as_deref().and_then(Algorithm::from_name).and_then(MlDsa::of);
        let parameters = parameters.ok_or(KeyError::Unsupported("its `alg` isn't ML-DSA"))?;
        let public = Some(bytes(self.r#pub.as_ref())?);
        Ok(PrivateParts::MlDsa { parameters, seed: secret(self.r#priv.as_ref())?, public })
    }

    fn rsa(&self) -> Result<PrivateParts, PrivateKeyError> {
        if self.oth.is_some() {
            return Err(KeyError::Unsupported("it has more than two primes").into());
        }
        Ok(PrivateParts::Rsa(Box::new(RsaPrivateParts {
            n: bytes(self.n.as_ref())?,
            e: bytes(self.e.as_ref())?,
            d: secret(self.d.as_ref())?,
            p: secret(self.p.as_ref())?,
            q: secret(self.q.as_ref())?,
            dp: secret(self.dp.as_ref())?,
            dq: secret(self.dq.as_ref())?,
            qi: secret(self.qi.as_ref())?,
        })))
    }
}

impl Drop for Jwk {
    fn drop(&mut self) {
        for member in [&mut self.d, &mut self.p, &mut self.q, &mut self.r#priv] {
            member.zeroize();
        }
        for member in [&mut self.dp, &mut self.dq, &mut self.qi] {
            member.zeroize();
        }
    }
}

fn bytes(member: Option<&String>) -> Result<Vec<u8>, PrivateKeyError> {
    member
        .and_then(base64url::decode)
        .ok_or(PrivateKeyError::Malformed("a JWK with every member of a private key in base64url"))
}

fn secret(member: Option<&String>) -> Result<Zeroizing<Vec<u8>>, PrivateKeyError> {
    bytes(member).map(Zeroizing::new)
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({}, ", self.algorithm)?;
        if let Some(kid) = &self.kid {
            write!(f, "kid {kid:?}, ")?;
        }
        f.write_str("[redacted])")
    }
}
