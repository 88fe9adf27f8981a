//! Two sets of credentials in one request.

use portcullis::{AuthenticateLayer, RequestFault};

use super::{Known, PLACES, Place, behind, everywhere, request, share_a_header, with};
use crate::support::{Answer, send};

/// Every two places, in that order and in the other.
fn pairs() -> impl Iterator<Item = (Place, Place)> {
    PLACES.into_iter().flat_map(|one| PLACES.into_iter().map(move |other| (one, other)))
}

fn different() -> impl Iterator<Item = (Place, Place)> {
    pairs().filter(|(one, other)| one != other)
}

fn assert_repeated(answer: &Answer, case: &str) {
    let kind = Some(RequestFault::Repeated.into());
    assert_eq!((answer.status.as_u16(), answer.kind()), (400, kind), "{case}");
    let body = answer.json();
    assert_eq!(body["error"], "invalid_request", "{case}");
    assert_eq!(body["message"], "More than one set of credentials.", "{case}");
}

#[tokio::test]
async fn two_places_in_one_request_are_400_though_both_are_good() {
    let app = behind(everywhere());
    for (one, other) in different() {
        assert_repeated(&send(&app, with(&[one, other])).await, &format!("{one:?} {other:?}"));
    }
}

#[tokio::test]
async fn they_are_400_when_one_is_bad_too_and_where_anonymous_is_allowed() {
    let app = behind(everywhere().allow_anonymous());
    for (one, other) in different() {
        let mut request = with(&[one]);
        other.fill_badly(&mut request);
        assert_repeated(&send(&app, request).await, &format!("{one:?}, bad {other:?}"));
    }
}

#[tokio::test]
async fn they_are_400_when_one_cannot_be_read() {
    let app = behind(everywhere());
    for (one, other) in different() {
        let mut request = with(&[one]);
        other.put(&mut request, "a%20b");
        let case = format!("{one:?}, unreadable {other:?}");
        assert_repeated(&send(&app, request).await, &case);
    }
}

#[tokio::test]
async fn three_are_as_many_too_many_as_two() {
    let app = behind(everywhere());
    let answer = send(&app, with(&[Place::Bearer, Place::Query, Place::Cookie])).await;
    assert_repeated(&answer, "three");
    let mut all = request();
    PLACES.iter().for_each(|place| place.fill(&mut all));
    assert_repeated(&send(&app, all).await, "all");
}

#[tokio::test]
async fn one_that_is_switched_off_does_not_count() {
    for (on, off) in different().filter(|(_, off)| *off != Place::Bearer) {
        // These two switch each other on.
        if on == Place::OtherHeaderBasic && matches!(off, Place::Basic | Place::OtherHeader) {
            continue;
        }
        let app = behind(on.switch_on(AuthenticateLayer::bearer(Known)));
        for bad in [false, true] {
            let mut request = with(&[on]);
            if bad {
                off.fill_badly(&mut request);
            } else {
                off.fill(&mut request);
            }
            let answer = send(&app, request).await;
            let case = format!("{on:?}, off: {off:?}");
            if share_a_header(on, off) {
                // Two lines of one header are two, whatever the schemes.
                assert_repeated(&answer, &case);
            } else {
                assert_eq!((answer.status.as_u16(), &*answer.body), (200, "alice"), "{case}");
            }
        }
    }
}

/// As the clients of HALO do: their own Basic in one header, our token in the other.
#[tokio::test]
async fn a_scheme_that_is_not_accepted_does_not_count_in_another_header() {
    let app = behind(Place::OtherHeader.switch_on(AuthenticateLayer::bearer(Known)));
    for (one, other) in
        [(Place::Basic, Place::OtherHeader), (Place::Bearer, Place::OtherHeaderBasic)]
    {
        assert_eq!(send(&app, with(&[one, other])).await.body, "alice", "{one:?} {other:?}");
    }
}
