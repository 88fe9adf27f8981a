//! Requests with more than one set of credentials.

use portcullis::{AuthenticateLayer, error::RequestFault};

use super::{
    SOURCES, Source, TestVerifier, all_sources, are_too_many, service, share_a_header, with,
};
use crate::support::{TestResponse, send};

/// Every pair of sources, in both orders.
fn pairs() -> impl Iterator<Item = (Source, Source)> {
    SOURCES.into_iter().flat_map(|one| SOURCES.into_iter().map(move |other| (one, other)))
}

fn different() -> impl Iterator<Item = (Source, Source)> {
    pairs().filter(|(one, other)| one != other)
}

fn assert_repeated(response: &TestResponse, case: &str) {
    let kind = Some(RequestFault::Repeated.into());
    assert_eq!((response.status.as_u16(), response.kind()), (400, kind), "{case}");
    let body = response.json();
    assert_eq!(body["error"], "invalid_request", "{case}");
    assert_eq!(body["message"], "More than one set of credentials.", "{case}");
}

/// The position of a source in the order in which [`all_sources`] reads them.
fn rank(source: Source) -> u8 {
    match source {
        Source::Bearer | Source::Basic | Source::Token => 0,
        Source::OtherHeader | Source::OtherHeaderBasic => 1,
        Source::Query => 2,
        Source::Cookie => 3,
        Source::WebSocket => 4,
        Source::Custom => 5,
    }
}

// Verifies rfc6750-2-one-method.
#[tokio::test]
async fn two_methods_of_rfc_6750_are_400_whatever_they_contain() {
    for layer in [all_sources(), all_sources().allow_anonymous()] {
        let app = service(layer);
        for (one, other) in different().filter(|(one, other)| are_too_many(*one, *other)) {
            assert_repeated(&send(&app, with(&[one, other])).await, &format!("{one:?} {other:?}"));
            for text in ["unknown", "a%20b", ""] {
                let mut request = with(&[one]);
                other.put(&mut request, text);
                let case = format!("{one:?}, {other:?} {text:?}");
                assert_repeated(&send(&app, request).await, &case);
            }
        }
    }
}

#[tokio::test]
async fn only_the_first_of_two_other_sources_is_read() {
    let app = service(all_sources());
    let pairs = different().filter(|(one, other)| !are_too_many(*one, *other));
    for (first, second) in pairs.filter(|(one, other)| rank(*one) < rank(*other)) {
        let case = format!("{first:?} before {second:?}");
        for text in ["unknown", "a%20b"] {
            let mut request = with(&[first]);
            second.put(&mut request, text);
            assert_eq!(send(&app, request).await.body, "alice", "{case}, {text}");
        }
        let mut invalid = with(&[second]);
        first.put_invalid(&mut invalid);
        assert_eq!(send(&app, invalid).await.status, 401, "{case}");
        let mut malformed = with(&[second]);
        first.put(&mut malformed, "a%20b");
        assert_eq!(send(&app, malformed).await.status, 400, "{case}");
    }
}

#[tokio::test]
async fn three_credentials_follow_the_rules_for_two() {
    let app = service(all_sources());
    let response = send(&app, with(&[Source::Bearer, Source::Query, Source::Cookie])).await;
    assert_repeated(&response, "Authorization, query, cookie");
    let response = send(&app, with(&[Source::OtherHeader, Source::Query, Source::Cookie])).await;
    assert_eq!(response.body, "alice");
}

#[tokio::test]
async fn credentials_from_a_disabled_source_do_not_count() {
    for (on, off) in different().filter(|(_, off)| *off != Source::Bearer) {
        // These two enable each other.
        if on == Source::OtherHeaderBasic && matches!(off, Source::Basic | Source::OtherHeader) {
            continue;
        }
        let app = service(on.enable(AuthenticateLayer::bearer(TestVerifier)));
        for invalid in [false, true] {
            let mut request = with(&[on]);
            if invalid {
                off.put_invalid(&mut request);
            } else {
                off.put_valid(&mut request);
            }
            let response = send(&app, request).await;
            let case = format!("{on:?}, off: {off:?}");
            if share_a_header(on, off) {
                // Two headers of the same name are rejected, whatever the schemes.
                assert_repeated(&response, &case);
            } else {
                assert_eq!((response.status.as_u16(), &*response.body), (200, "alice"), "{case}");
            }
        }
    }
}

/// The clients of HALO do this: Basic for another server in one header, our token in the other.
#[tokio::test]
async fn an_unsupported_scheme_in_another_header_does_not_count() {
    let app = service(Source::OtherHeader.enable(AuthenticateLayer::bearer(TestVerifier)));
    for (one, other) in
        [(Source::Basic, Source::OtherHeader), (Source::Bearer, Source::OtherHeaderBasic)]
    {
        assert_eq!(send(&app, with(&[one, other])).await.body, "alice", "{one:?} {other:?}");
    }
}
