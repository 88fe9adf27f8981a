//! Presents a token that is bound to a client certificate with any header of a proxy. It is accepted only if the proxy
//! is trusted and the header has the certificate.
#![cfg_attr(fuzzing, no_main)]

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr},
    sync::LazyLock,
};

use arbitrary::Arbitrary;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header::AUTHORIZATION};
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

portcullis_fuzz::target!(|input: Input| run(&input));

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
        assert!(names_client(header, line), "{}", String::from_utf8_lossy(line));
    } else {
        assert!(matches!(response.status().as_u16(), 400 | 401), "{}", response.status());
        let own = CLIENT.header_value(header);
        let is_own = matches!(&*texts, [line] if line == own.as_bytes());
        assert!(!(input.is_trusted && is_own), "the certificate of the client is rejected");
    }
    Some(())
}

/// Returns whether a line names the certificate of the client, where its form has it.
fn names_client(header: &CertificateHeader, line: &[u8]) -> bool {
    match header {
        // The first item of a structured field (RFC 9440 §2.1).
        CertificateHeader::ClientCert => {
            let parts: Vec<_> = line.trim_ascii().split(|byte| *byte == b':').collect();
            matches!(*parts, [b"", text, ..] if is_own(text)) && parts.len() > 2
        }
        CertificateHeader::ForwardedClientCert => {
            let Some(pairs) = last_element(line) else { return false };
            let named = pairs.iter().filter_map(|(key, value)| match &**key {
                b"hash" => Some(value.to_ascii_lowercase() == digits()),
                b"cert" => Some(is_own_pem(value)),
                _ => None,
            });
            let named: Vec<bool> = named.collect();
            !named.is_empty() && named.iter().all(|it| *it)
        }
        _ => is_own_pem(line),
    }
}

/// Reads the pairs of the last element of an XFCC line, byte by byte. `None` if a quoted string isn't closed.
fn last_element(line: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut pairs = vec![(Vec::new(), None)];
    let (mut is_quoted, mut bytes) = (false, line.iter().copied());
    while let Some(byte) = bytes.next() {
        let (key, value) = pairs.last_mut()?;
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\\' if is_quoted => value.as_mut().unwrap_or(key).push(bytes.next()?),
            b',' if !is_quoted => pairs = vec![(Vec::new(), None)],
            b';' if !is_quoted => pairs.push((Vec::new(), None)),
            b'=' if value.is_none() => *value = Some(Vec::new()),
            _ => value.as_mut().unwrap_or(key).push(byte),
        }
    }
    let pair = |(key, value): (Vec<u8>, Option<Vec<u8>>)| {
        let trimmed = |text: &[u8]| text.trim_ascii().to_vec();
        (trimmed(&key).to_ascii_lowercase(), trimmed(&value.unwrap_or_default()))
    };
    (!is_quoted).then(|| pairs.into_iter().map(pair).collect())
}

/// The digest of the certificate, in hexadecimal digits.
fn digits() -> Vec<u8> {
    CLIENT.certificate().thumbprint().map(|byte| format!("{byte:02x}")).concat().into_bytes()
}

/// Returns whether the first certificate of a percent-encoded text in PEM form is that of the client.
fn is_own_pem(text: &[u8]) -> bool {
    let decoded: Vec<u8> = percent_encoding::percent_decode(text).collect();
    let decoded = decoded.trim_ascii_start();
    let Some(rest) = decoded.strip_prefix(b"-----BEGIN CERTIFICATE-----") else { return false };
    let end = memchr::memmem::find(rest, b"-----END CERTIFICATE-----");
    let base64 = end.map(|end| rest[..end].iter().copied().filter(|it| !it.is_ascii_whitespace()));
    base64.is_some_and(|base64| is_own(&base64.collect::<Vec<u8>>()))
}

/// Returns whether a text in base64 is the certificate of the client, with its padding or without.
fn is_own(base64: &[u8]) -> bool {
    let own = CLIENT.header_value(&CertificateHeader::ClientCert);
    let own = own.to_str().unwrap().trim_matches([':', '=']).to_owned();
    let padding = base64.iter().rev().take_while(|byte| **byte == b'=').count();
    base64[..base64.len() - padding] == *own.as_bytes()
}
