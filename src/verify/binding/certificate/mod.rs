//! Client certificates (RFC 8705): tokens that are bound to the certificate of the client's TLS connection.
//
// An acceptor inserts `client_certificate` and `peer_address` into the extensions of a request. `header` lists
// the headers of proxies; `client_cert`, `forwarded` and `pem` parse them, and `network` describes which
// proxies are trusted. `verifier` compares the certificate with the token, and `builder` configures it.

mod builder;
mod client_cert;
mod client_certificate;
mod forwarded;
mod header;
mod network;
mod peer_address;
mod pem;
mod verifier;

pub use self::{
    builder::ClientCertificatesBuilder, client_certificate::ClientCertificate,
    header::CertificateHeader, peer_address::PeerAddress, verifier::ClientCertificates,
};
