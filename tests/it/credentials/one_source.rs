//! Requests with one set of credentials.

use portcullis::{
    AuthenticateLayer, ErrorKind,
    error::{RequestFault, TokenFault},
};

use super::{SOURCES, Source, TestVerifier, VALID_TOKEN, all_sources, request, service, with};
use crate::support::send;

// Verifies rfc6750-2.1-header.
#[tokio::test]
async fn credentials_are_accepted_from_each_enabled_source() {
    for source in SOURCES {
        let only = source.enable(AuthenticateLayer::bearer(TestVerifier));
        for layer in [only, all_sources()] {
            let response = send(&service(layer), with(&[source])).await;
            assert_eq!((response.status.as_u16(), &*response.body), (200, "alice"), "{source:?}");
        }
    }
}

#[tokio::test]
async fn unknown_credentials_are_401_from_each_source() {
    for source in SOURCES {
        let mut request = request();
        source.put_invalid(&mut request);
        let response = send(&service(all_sources()), request).await;
        let kind = if source.is_basic() {
            ErrorKind::InvalidCredentials
        } else {
            TokenFault::Inactive.into()
        };
        assert_eq!((response.status.as_u16(), response.kind()), (401, Some(kind)), "{source:?}");
    }
}

#[tokio::test]
async fn a_source_that_is_not_enabled_is_ignored() {
    for source in SOURCES.into_iter().filter(|source| *source != Source::Bearer) {
        let app = service(AuthenticateLayer::bearer(TestVerifier));
        let response = send(&app, with(&[source])).await;
        assert_eq!(
            (response.status.as_u16(), response.challenge()),
            (401, Some(r#"Bearer realm="restricted""#)),
            "{source:?}"
        );
        let anonymous = service(AuthenticateLayer::bearer(TestVerifier).allow_anonymous());
        let mut malformed = request();
        source.put(&mut malformed, "a%b");
        for request in [with(&[source]), malformed] {
            assert_eq!(send(&anonymous, request).await.body, "anonymous", "{source:?}");
        }
    }
}

#[tokio::test]
async fn malformed_credentials_are_400_even_if_anonymous_is_allowed() {
    for source in SOURCES {
        let texts: &[&str] = match source {
            Source::Cookie | Source::Custom => &["", "a b", "a\u{e9}", "a=b", "\"", "%41"],
            Source::WebSocket => &["", "a b", "a=b", "%41"],
            Source::Query => &["", "a%20b", "%", "%zz", "%ff", "a%C3%A9", "a%0Ab", "a=b"],
            _ => &["", "a b", "a\u{e9}", "a=b", "%41"],
        };
        for text in texts {
            for layer in [all_sources(), all_sources().allow_anonymous()] {
                let mut request = request();
                source.put(&mut request, text);
                let response = send(&service(layer), request).await;
                let kind = Some(RequestFault::Malformed.into());
                assert_eq!(
                    (response.status.as_u16(), response.kind()),
                    (400, kind),
                    "{source:?} {text:?}"
                );
                assert_eq!(response.json()["error"], "invalid_request", "{source:?} {text:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_token_that_is_too_long_is_400_from_each_source() {
    for source in SOURCES {
        let app = service(all_sources().max_token_length(100));
        for (length, kind) in [
            (100, if source.is_basic() { None } else { Some(TokenFault::Inactive.into()) }),
            (101, Some(RequestFault::TooLong.into())),
        ] {
            let mut request = request();
            source.put(&mut request, &"a".repeat(length));
            let kind_of_rejection = send(&app, request).await.kind();
            // A hundred letters, decoded as base64, contain no user-id and password.
            let expected = kind.or(Some(RequestFault::Malformed.into()));
            assert_eq!(kind_of_rejection, expected, "{source:?}, {length}");
        }
    }
}

#[tokio::test]
async fn the_same_source_twice_is_400() {
    for source in SOURCES {
        let mut request = with(&[source]);
        match source {
            Source::Query => {
                let uri = format!("/?access_token={VALID_TOKEN}&access_token={VALID_TOKEN}");
                *request.uri_mut() = uri.parse().unwrap();
            }
            Source::WebSocket => {
                let protocols = format!("bearer, {VALID_TOKEN}, bearer, {VALID_TOKEN}");
                request.headers_mut().insert("sec-websocket-protocol", protocols.parse().unwrap());
            }
            // A custom source decides this itself. Of two cookies, the first is used.
            Source::Custom | Source::Cookie => continue,
            _ => source.put_valid(&mut request),
        }
        let response = send(&service(all_sources()), request).await;
        let kind = Some(RequestFault::Repeated.into());
        assert_eq!((response.status.as_u16(), response.kind()), (400, kind), "{source:?}");
    }
}
