//! Requests with more than one set of credentials.

use portcullis::{AuthenticateLayer, RequestFault};

use super::{SOURCES, Source, TestVerifier, all_sources, request, service, share_a_header, with};
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

#[tokio::test]
async fn two_credentials_are_400_although_both_are_valid() {
    let app = service(all_sources());
    for (one, other) in different() {
        assert_repeated(&send(&app, with(&[one, other])).await, &format!("{one:?} {other:?}"));
    }
}

#[tokio::test]
async fn two_credentials_are_400_even_if_anonymous_is_allowed() {
    let app = service(all_sources().allow_anonymous());
    for (one, other) in different() {
        let mut request = with(&[one]);
        other.put_invalid(&mut request);
        assert_repeated(&send(&app, request).await, &format!("{one:?}, invalid {other:?}"));
    }
}

#[tokio::test]
async fn two_credentials_are_400_when_one_is_malformed() {
    let app = service(all_sources());
    for (one, other) in different() {
        let mut request = with(&[one]);
        other.put(&mut request, "a%20b");
        let case = format!("{one:?}, malformed {other:?}");
        assert_repeated(&send(&app, request).await, &case);
    }
}

#[tokio::test]
async fn more_than_two_credentials_are_400() {
    let app = service(all_sources());
    let response = send(&app, with(&[Source::Bearer, Source::Query, Source::Cookie])).await;
    assert_repeated(&response, "three");
    let mut all = request();
    SOURCES.iter().for_each(|source| source.put_valid(&mut all));
    assert_repeated(&send(&app, all).await, "all");
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
