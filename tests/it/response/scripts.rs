//! Challenges for Basic in responses to scripts, for which a browser would open its password dialog.

use http::Request;
use portcullis::{
    AuthenticateLayer, BasicCredentials, BearerToken, ErrorKind, Verification, Verify,
    error::TokenFault,
};

use crate::support::{send, whoami};

/// Rejects every password.
struct Nobody;

impl Verify<BearerToken<'_>> for Nobody {
    fn verify(&self, _: BearerToken<'_>) -> Verification {
        Verification::ready(Err(TokenFault::Revoked.into()))
    }
}

impl Verify<BasicCredentials> for Nobody {
    fn verify(&self, _: BasicCredentials) -> Verification {
        Verification::ready(Err(ErrorKind::InvalidCredentials.into()))
    }
}

const BASIC: &str = r#"Basic realm="restricted", charset="UTF-8""#;
const BEARER: &str = r#"Bearer realm="restricted""#;

#[tokio::test]
async fn a_script_gets_no_basic_challenge_if_so_configured() {
    let both = || AuthenticateLayer::bearer(Nobody).basic(Nobody);
    let basic = || AuthenticateLayer::basic_only(Nobody);
    let all = &[BEARER, BASIC][..];
    for (layer, to_browsers, to_scripts) in [
        (both(), all, all),
        (both().without_basic_challenge_for_scripts(), all, &[BEARER]),
        (basic(), &[BASIC], &[BASIC]),
        (basic().without_basic_challenge_for_scripts(), &[BASIC], &[]),
    ] {
        let app = whoami().layer(layer);
        for (header, challenges) in [
            (None, to_browsers),
            (Some(("sec-fetch-mode", "navigate")), to_browsers),
            (Some(("sec-fetch-mode", "no-cors")), to_browsers),
            (Some(("sec-fetch-mode", "cors")), to_scripts),
            (Some(("x-requested-with", "XMLHttpRequest")), to_scripts),
        ] {
            for authorization in [None, Some("Basic YTpi")] {
                let mut request = Request::get("/");
                if let Some((name, value)) = header {
                    request = request.header(name, value);
                }
                if let Some(line) = authorization {
                    request = request.header("authorization", line);
                }
                let response = send(&app, request.body(axum::body::Body::empty()).unwrap()).await;
                assert_eq!(response.status, 401);
                let lines: Vec<_> = response.headers.get_all("www-authenticate").iter().collect();
                assert_eq!(lines, challenges, "{header:?} {authorization:?}");
            }
        }
    }
}
