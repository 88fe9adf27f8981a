//! One set of credentials in a request.

use portcullis::{AuthenticateLayer, ErrorKind, RequestFault, TokenFault};

use super::{GOOD, Known, PLACES, Place, behind, everywhere, request, with};
use crate::support::send;

#[tokio::test]
async fn credentials_are_accepted_in_each_place_that_is_switched_on() {
    for place in PLACES {
        let only = place.switch_on(AuthenticateLayer::bearer(Known));
        for layer in [only, everywhere()] {
            let answer = send(&behind(layer), with(&[place])).await;
            assert_eq!((answer.status.as_u16(), &*answer.body), (200, "alice"), "{place:?}");
        }
    }
}

#[tokio::test]
async fn credentials_that_nobody_knows_are_401_in_each_place() {
    for place in PLACES {
        let mut request = request();
        place.fill_badly(&mut request);
        let answer = send(&behind(everywhere()), request).await;
        let kind = if place.is_basic() {
            ErrorKind::InvalidCredentials
        } else {
            TokenFault::Inactive.into()
        };
        assert_eq!((answer.status.as_u16(), answer.kind()), (401, Some(kind)), "{place:?}");
    }
}

#[tokio::test]
async fn a_place_that_is_not_switched_on_is_not_looked_at() {
    for place in PLACES.into_iter().filter(|place| *place != Place::Bearer) {
        let app = behind(AuthenticateLayer::bearer(Known));
        let answer = send(&app, with(&[place])).await;
        assert_eq!(
            (answer.status.as_u16(), answer.challenge()),
            (401, Some("Bearer")),
            "{place:?}"
        );
        let anonymous = behind(AuthenticateLayer::bearer(Known).allow_anonymous());
        let mut malformed = request();
        place.put(&mut malformed, "a%b");
        for request in [with(&[place]), malformed] {
            assert_eq!(send(&anonymous, request).await.body, "anonymous", "{place:?}");
        }
    }
}

#[tokio::test]
async fn what_breaks_the_grammar_is_400_in_each_place_also_where_anonymous_is_allowed() {
    for place in PLACES {
        let texts: &[&str] = match place {
            Place::Cookie | Place::Own => &["", "a b", "a\u{e9}", "a=b", "\"", "%41"],
            Place::WebSocket => &["", "a b", "a=b", "%41"],
            Place::Query => &["", "a%20b", "%", "%zz", "%ff", "a%C3%A9", "a%0Ab", "a=b"],
            _ => &["", "a b", "a\u{e9}", "a=b", "%41"],
        };
        for text in texts {
            for layer in [everywhere(), everywhere().allow_anonymous()] {
                let mut request = request();
                place.put(&mut request, text);
                let answer = send(&behind(layer), request).await;
                let kind = Some(RequestFault::Malformed.into());
                assert_eq!(
                    (answer.status.as_u16(), answer.kind()),
                    (400, kind),
                    "{place:?} {text:?}"
                );
                assert_eq!(answer.json()["error"], "invalid_request", "{place:?} {text:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_token_that_is_too_long_is_400_in_each_place() {
    for place in PLACES {
        let app = behind(everywhere().max_token_length(100));
        for (length, kind) in [
            (100, if place.is_basic() { None } else { Some(TokenFault::Inactive.into()) }),
            (101, Some(RequestFault::TooLong.into())),
        ] {
            let mut request = request();
            place.put(&mut request, &"a".repeat(length));
            let found = send(&app, request).await.kind();
            // What is read of a hundred letters as base64 is no password.
            let expected = kind.or(Some(RequestFault::Malformed.into()));
            assert_eq!(found, expected, "{place:?}, {length}");
        }
    }
}

#[tokio::test]
async fn the_same_place_twice_is_400() {
    for place in PLACES {
        let mut request = with(&[place]);
        match place {
            Place::Query => {
                let uri = format!("/?access_token={GOOD}&access_token={GOOD}");
                *request.uri_mut() = uri.parse().unwrap();
            }
            Place::WebSocket => {
                let protocols = format!("bearer, {GOOD}, bearer, {GOOD}");
                request.headers_mut().insert("sec-websocket-protocol", protocols.parse().unwrap());
            }
            // A source of one's own says itself what it makes of it.
            Place::Own => continue,
            _ => place.fill(&mut request),
        }
        let answer = send(&behind(everywhere()), request).await;
        let kind = Some(RequestFault::Repeated.into());
        assert_eq!((answer.status.as_u16(), answer.kind()), (400, kind), "{place:?}");
    }
}
