//! Presents a token that is bound to a client certificate with any header of a proxy. It is accepted only if the proxy
//! is trusted and the header has the certificate.
#![no_main]

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr},
    sync::LazyLock,
};

use arbitrary::Arbitrary;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header::AUTHORIZATION};
use libfuzzer_sys::{Corpus, fuzz_target};
use portcullis::{
    Algorithm, AuthenticateLayer, JwtVerifier,
    binding::{CertificateHeader, ClientCertificates, PeerAddress},
    testing::CertificateClient,
};
use portcullis_fuzz::{
    ready,
    tokens::{AUDIENCE, OURS, verifier},
};
use tower::{Layer, ServiceExt, service_fn};

#[derive(Arbitrary, Debug)]
struct Input {
    form: u8,
    is_trusted: bool,
    lines: Vec<Vec<Piece>>,
}

#[derive(Arbitrary, Debug)]
enum Piece {
    /// The header of the token's client, or of another client.
    Value(bool),
    Word(u8),
    Bytes(Vec<u8>),
    /// A part of the header of the token's client.
    Cut(u16, u16),
}

const WORDS: [&str; 20] = [
    ":",
    ",",
    ";",
    "=",
    "\"",
    "\\\"",
    "Hash=",
    "hash=",
    "Cert=",
    "Chain=",
    "By=",
    "Subject=\"CN=a,b\"",
    "%0A",
    "%20",
    "-----BEGIN CERTIFICATE-----",
    "-----END CERTIFICATE-----",
    " ",
    "%",
    "\t",
    "AAAA",
];
const NGINX: HeaderName = HeaderName::from_static("x-client-certificate");

static CLIENT: LazyLock<CertificateClient> = LazyLock::new(|| CertificateClient::new("alice"));
static OTHER: LazyLock<CertificateClient> = LazyLock::new(|| CertificateClient::new("mallory"));
static VERIFIER: LazyLock<JwtVerifier> = LazyLock::new(|| verifier().build().unwrap());
static TOKEN: LazyLock<String> = LazyLock::new(|| {
    let token = OURS.token().algorithm(Algorithm::Hs256).audience(AUDIENCE);
    token.subject("alice").claim("cnf", CLIENT.confirmation()).mint()
});
static LAYERS: LazyLock<Vec<(CertificateHeader, AuthenticateLayer)>> = LazyLock::new(|| {
    let headers = [
        CertificateHeader::ClientCert,
        CertificateHeader::ForwardedClientCert,
        CertificateHeader::Pem(NGINX),
    ];
    let layer = |header: CertificateHeader| {
        let certificates = ClientCertificates::from_proxy(["10.0.0.0/8"], header.clone()).build();
        let layer = AuthenticateLayer::bearer(VERIFIER.clone());
        (header, layer.client_certificates(certificates.unwrap()))
    };
    headers.map(layer).into()
});

fuzz_target!(|input: Input| -> Corpus { run(&input).map_or(Corpus::Reject, |()| Corpus::Keep) });

fn run(input: &Input) -> Option<()> {
    let (header, layer) = &LAYERS[usize::from(input.form) % LAYERS.len()];
    let mut request = Request::new(());
    request.headers_mut().insert(AUTHORIZATION, format!("Bearer {}", *TOKEN).parse().unwrap());
    let mut texts = Vec::new();
    for pieces in &input.lines {
        let mut line = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Value(own) => {
                    let client = if *own { &CLIENT } else { &OTHER };
                    line.extend(client.header_value(header).as_bytes());
                }
                Piece::Word(at) => line.extend(WORDS[usize::from(*at) % WORDS.len()].bytes()),
                Piece::Bytes(bytes) => line.extend(bytes),
                Piece::Cut(start, end) => {
                    let value = CLIENT.header_value(header);
                    let (start, end) = (usize::from(*start), usize::from(*end));
                    line.extend(value.as_bytes().get(start..end).unwrap_or_default());
                }
            }
        }
        request.headers_mut().append(header.name(), HeaderValue::from_bytes(&line).ok()?);
        texts.push(line);
    }
    let peer =
        if input.is_trusted { Ipv4Addr::new(10, 1, 2, 3) } else { Ipv4Addr::new(192, 0, 2, 1) };
    request.extensions_mut().insert(PeerAddress(IpAddr::V4(peer)));
    let name = header.name().clone();
    let service = layer.layer(service_fn(async |request: Request<()>| {
        assert!(!request.headers().contains_key(&name), "the header is still there");
        Ok::<_, Infallible>(Response::new(Vec::new()))
    }));
    let response = ready(service.oneshot(request)).unwrap_or_else(|never| match never {});
    if response.status() == StatusCode::OK {
        assert!(input.is_trusted, "a header of anyone is trusted");
        // Only a list may have several lines, of which the last one is from the nearest proxy.
        let is_list = *header == CertificateHeader::ForwardedClientCert;
        assert!(texts.len() == 1 || is_list, "{} lines", texts.len());
        let line = texts.last().unwrap();
        assert!(names_client(line), "{}", String::from_utf8_lossy(line));
    } else {
        assert!(matches!(response.status().as_u16(), 400 | 401), "{}", response.status());
        let own = CLIENT.header_value(header);
        let is_own = matches!(&*texts, [line] if line == own.as_bytes());
        assert!(!(input.is_trusted && is_own), "the certificate of the client is rejected");
    }
    Some(())
}

/// Returns whether a line contains the certificate in base64, or its digest in hexadecimal digits.
fn names_client(line: &[u8]) -> bool {
    let digest = CLIENT.certificate();
    let digits = digest.thumbprint().map(|byte| format!("{byte:02x}")).concat();
    let decoded: Vec<u8> = percent_encoding::percent_decode(line).collect();
    let unquoted: Vec<u8> =
        decoded.iter().copied().filter(|byte| !b"\\\r\n \t".contains(byte)).collect();
    let holds = |text: &[u8], part: &str| memchr::memmem::find(text, part.as_bytes()).is_some();
    let own = CLIENT.header_value(&CertificateHeader::ClientCert);
    let base64 = own.to_str().unwrap().trim_matches(':').to_owned();
    assert!(STANDARD.decode(&base64).is_ok());
    holds(&unquoted, &base64) || holds(&unquoted.to_ascii_lowercase(), &digits)
}
