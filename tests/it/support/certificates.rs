//! Certificates for TLS on loopback.

use std::error::Error;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio_rustls::rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    server::WebPkiClientVerifier,
};

/// An authority that issues the certificates of a server and of its clients.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its private key.
pub struct Issued {
    pub der: CertificateDer<'static>,
    pub certificate_pem: String,
    key: KeyPair,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "authority");
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Issues a certificate for this host name or client.
    pub fn issue(&self, name: &str) -> Issued {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Issued { der: certificate.der().clone(), certificate_pem: certificate.pem(), key }
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// The configuration of a server for `localhost` that accepts clients of this authority, and those without a
    /// certificate.
    pub fn server_config(&self) -> ServerConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let Issued { der, key, .. } = self.issue("localhost");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        server_config(roots, vec![der], key).unwrap()
    }
}

fn server_config(
    roots: RootCertStore,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, Box<dyn Error>> {
    let verifier = WebPkiClientVerifier::builder(roots.into());
    let verifier = verifier.allow_unauthenticated().build()?;
    let config = ServerConfig::builder().with_client_cert_verifier(verifier);
    let config = config.with_single_cert(chain, key)?;
    Ok(config)
}

impl Issued {
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }
}
