//! How long the `jwks_uri` of an issuer's metadata is used.

use http::Response;
use portcullis::{JwtVerifier, testing::TestIssuer};
use serde_json::{Value, json};

use crate::support::{
    API,
    network::Network,
    outcome::{ACCEPTED, DAY, UNAVAILABLE, outcome, seconds},
};

const ISSUER: &str = "https://issuer.test";
const METADATA: &str = "https://issuer.test/.well-known/openid-configuration";
const OLD: &str = "https://issuer.test/jwks";
const NEW: &str = "https://issuer.test/keys/v2";

struct Scene {
    issuer: TestIssuer,
    network: Network,
    verifier: JwtVerifier,
}

impl Scene {
    fn new() -> Self {
        let (issuer, network) = (TestIssuer::named(ISSUER), Network::default());
        network.json(METADATA, &naming(OLD));
        network.json(OLD, &serde_json::from_str(&issuer.jwk_set()).unwrap());
        let verifier = issuer.verifier().http_client(network.client()).audience(API);
        let verifier = verifier.build().unwrap();
        Self { issuer, network, verifier }
    }

    fn token(&self) -> String {
        self.issuer.token().audience(API).expires_in(10 * DAY).mint()
    }

    /// Lets time pass while tokens come in every ten minutes, and returns what was requested.
    async fn pass(&self, time: std::time::Duration) -> Vec<String> {
        let token = self.token();
        self.network.requests();
        for _ in 0..time.as_secs() / 600 {
            self.issuer.clock().advance(seconds(600));
            assert_eq!(outcome(&self.verifier, &token).await, ACCEPTED);
        }
        self.network.requests()
    }
}

fn naming(jwks_uri: &str) -> Value {
    json!({ "issuer": ISSUER, "jwks_uri": jwks_uri })
}

fn count(requested: &[String], url: &str) -> usize {
    requested.iter().filter(|requested| *requested == url).count()
}

#[tokio::test(start_paused = true)]
async fn metadata_is_requested_again_once_a_day() {
    let scene = Scene::new();
    assert_eq!(outcome(&scene.verifier, &scene.token()).await, ACCEPTED);
    assert_eq!(scene.network.requests(), [METADATA, OLD]);
    let requested = scene.pass(DAY - seconds(600)).await;
    assert_eq!((count(&requested, METADATA), count(&requested, OLD)), (0, 143));
    let requested = scene.pass(seconds(600)).await;
    assert_eq!(requested, [METADATA, OLD]);
    let requested = scene.pass(3 * DAY).await;
    assert_eq!((count(&requested, METADATA), count(&requested, OLD)), (3, 3 * 144));
}

#[tokio::test(start_paused = true)]
async fn keys_that_moved_are_found_while_the_old_url_still_responds() {
    let scene = Scene::new();
    scene.network.put(OLD, with_etag(&scene.issuer));
    assert_eq!(outcome(&scene.verifier, &scene.token()).await, ACCEPTED);

    scene.issuer.rotate_keys(false);
    scene.network.json(METADATA, &naming(NEW));
    // The ETag is the old one, but it means nothing at another URL.
    scene.network.put(NEW, with_etag(&scene.issuer));
    scene.issuer.clock().advance(DAY);
    assert_eq!(outcome(&scene.verifier, &scene.token()).await, ACCEPTED);
    let requested = scene.pass(DAY - seconds(600)).await;
    assert_eq!((count(&requested, OLD), count(&requested, NEW)), (0, 143));
}

fn with_etag(issuer: &TestIssuer) -> Response<Vec<u8>> {
    Response::builder().header("etag", "\"1\"").body(issuer.jwk_set().into_bytes()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_etag_is_kept_if_the_url_is_the_same() {
    let scene = Scene::new();
    scene.network.put(OLD, with_etag(&scene.issuer));
    assert_eq!(outcome(&scene.verifier, &scene.token()).await, ACCEPTED);
    // Other keys under the same ETag are not seen.
    scene.issuer.rotate_keys(false);
    scene.network.put(OLD, with_etag(&scene.issuer));
    scene.issuer.clock().advance(DAY);
    assert!(outcome(&scene.verifier, &scene.token()).await.is_err());
    let requested = scene.network.requests();
    assert_eq!(requested[..4], [METADATA, OLD, METADATA, OLD]);
}

#[tokio::test(start_paused = true)]
async fn with_unusable_metadata_the_old_url_is_used_for_another_day() {
    for fault in ["down", "html", "other issuer", "inner address"] {
        let scene = Scene::new();
        assert_eq!(outcome(&scene.verifier, &scene.token()).await, ACCEPTED);
        match fault {
            "down" => scene.network.cut(METADATA),
            "html" => scene.network.put(
                METADATA,
                Response::builder().header("content-type", "text/html").body(vec![]).unwrap(),
            ),
            "other issuer" => {
                scene.network.json(METADATA, &json!({ "issuer": "https://evil.example" }));
            }
            _ => scene.network.json(METADATA, &naming("https://10.0.0.1/jwks")),
        }
        #[cfg(feature = "tracing")]
        let (capture, _guard) = crate::telemetry::capture::Capture::start();
        let requested = scene.pass(2 * DAY).await;
        assert_eq!((count(&requested, METADATA), count(&requested, OLD)), (2, 288), "{fault}");
        #[cfg(feature = "tracing")]
        {
            let warnings = capture.take();
            let warnings = warnings.iter().filter(|line| {
                line.level == tracing::Level::WARN
                    && line.text.starts_with("could not refresh the metadata")
            });
            assert_eq!(warnings.count(), 2, "{fault}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn metadata_is_requested_again_when_the_keys_cannot_be_fetched() {
    let scene = Scene::new();
    assert_eq!(outcome(&scene.verifier, &scene.token()).await, ACCEPTED);
    scene.issuer.rotate_keys(false);
    scene.network.cut(OLD);
    scene.network.json(METADATA, &naming(NEW));
    scene.network.json(NEW, &serde_json::from_str(&scene.issuer.jwk_set()).unwrap());
    scene.network.requests();
    assert_eq!(outcome(&scene.verifier, &scene.token()).await, UNAVAILABLE);
    assert_eq!(scene.network.requests(), [OLD]);
    scene.issuer.clock().advance(seconds(10));
    assert_eq!(outcome(&scene.verifier, &scene.token()).await, ACCEPTED);
    assert_eq!(scene.network.requests(), [METADATA, NEW]);
}

#[tokio::test(start_paused = true)]
async fn the_error_about_another_issuer_names_both() {
    let scene = Scene::new();
    scene.network.json(METADATA, &json!({ "issuer": "https://issuer.test/", "jwks_uri": OLD }));
    assert_eq!(outcome(&scene.verifier, &scene.token()).await, UNAVAILABLE);
    assert_eq!(
        scene.verifier.readiness().last_error(),
        Some(
            "`https://issuer.test/.well-known/openid-configuration` is the metadata of issuer \
             `https://issuer.test/`, but the configured issuer is `https://issuer.test`; the two have to be \
             equal, including a final slash"
        )
    );
}
