//! Tokens that are bound to a key of the client, with DPoP or a client certificate.

use std::net::SocketAddr;

use http::{HeaderName, Uri};
use portcullis::{
    AuthenticateLayer, Identity, Secret,
    binding::{CertificateHeader, ClientCertificates, Dpop},
    redis::Redis,
};

use crate::environment::{bad, choice, invalid, list, read};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Proofs {
    Accepted,
    Off,
    Required,
}

/// Adds the configured bindings to the layer.
pub(crate) fn verified(
    mut layer: AuthenticateLayer,
    address: SocketAddr,
    redis: Option<&Redis>,
) -> Result<AuthenticateLayer, String> {
    if let Some(dpop) = dpop(address, redis)? {
        layer = layer.dpop(dpop);
    }
    if let Some(header) = read::<String>("CLIENT_CERT_HEADER")? {
        let certificates =
            ClientCertificates::from_proxy(list("TRUSTED_PROXIES")?, certificate_header(&header)?);
        layer = layer.client_certificates(certificates.build().map_err(|error| invalid(&error))?);
    }
    Ok(layer)
}

/// Returns the kind of key that a token is bound to, as named in `cnf`.
pub(crate) fn name(identity: &Identity) -> &'static str {
    match identity.confirmation() {
        None => "none",
        Some(confirmation) if confirmation.key_thumbprint().is_some() => "jkt",
        Some(_) => "x5t#S256",
    }
}

fn dpop(address: SocketAddr, redis: Option<&Redis>) -> Result<Option<Dpop>, String> {
    let proofs =
        [("accept", Proofs::Accepted), ("off", Proofs::Off), ("required", Proofs::Required)];
    let proofs = choice("DPOP", &proofs)?.unwrap_or(Proofs::Off);
    let mut dpop = Dpop::builder(public_url(address)?);
    if proofs == Proofs::Required {
        dpop = dpop.required();
    }
    if let Some(redis) = redis {
        dpop = dpop.replay_store(redis.replays());
    }
    if let Some(secret) = read::<String>("DPOP_NONCE_SECRET")? {
        // The value is a secret, so the error must not show it.
        let bytes = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(secret.trim_end_matches('='));
        let bytes = bytes.map_err(|_| bad("DPOP_NONCE_SECRET", "[redacted]", "not base64url"))?;
        dpop = dpop.nonces(Secret::from(bytes));
    }
    let dpop = dpop.build().map_err(|error| invalid(&error))?;
    Ok((proofs != Proofs::Off).then_some(dpop))
}

/// Returns the URL under which clients reach this server.
fn public_url(address: SocketAddr) -> Result<String, String> {
    if let Some(url) = read("PUBLIC_URL")? {
        return Ok(url);
    }
    let resource = read::<Uri>("RESOURCE")?.map(Uri::into_parts);
    Ok(match resource.and_then(|parts| Some((parts.scheme?, parts.authority?))) {
        Some((scheme, authority)) => format!("{scheme}://{authority}"),
        None => format!("http://{address}"),
    })
}

fn certificate_header(name: &str) -> Result<CertificateHeader, String> {
    match name {
        "client-cert" => Ok(CertificateHeader::ClientCert),
        "xfcc" => Ok(CertificateHeader::ForwardedClientCert),
        _ => {
            let name_of_pem = name.strip_prefix("pem:").and_then(|name| name.parse().ok());
            let header = name_of_pem.map(|name: HeaderName| CertificateHeader::Pem(name));
            header
                .ok_or_else(|| bad("CLIENT_CERT_HEADER", name, "not client-cert, xfcc or pem:NAME"))
        }
    }
}
