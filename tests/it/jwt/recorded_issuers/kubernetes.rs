//! The tokens of Kubernetes service accounts.

use std::sync::{Arc, Mutex};

use portcullis::{
    error::TokenFault,
    http_client::{HttpClient, HttpError, TokenFileClient},
    jwt::{AudienceGiven, JwtVerifierBuilder, presets},
    testing::TestClient,
};
use serde_json::json;

use super::recorded::{Recorded, Token};
use crate::support::outcome::verify_token;

const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";
const EKS: &str = "https://oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF";
const KEYS: &str = "https://kubernetes.default.svc/openid/v1/jwks";
const KID: &str = "OAjVVaejWFc0Yt9ykr0_8lMMuRNs67OXTWHsN02Pkyw";

fn preset() -> JwtVerifierBuilder<AudienceGiven> {
    presets::kubernetes(
        "https://oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF",
    )
    .audience("https://orders.acme.example")
    .require_claim("sub", "system:serviceaccount:billing:worker")
}

fn preset_in_cluster(client: impl HttpClient) -> JwtVerifierBuilder<AudienceGiven> {
    presets::kubernetes_in_cluster("https://kubernetes.default.svc.cluster.local", client)
        .audience("https://orders.acme.example")
        .require_claim_prefix("sub", "system:serviceaccount:billing:")
}

fn recorded() -> Recorded {
    let recorded = Recorded::new();
    let keys = json!({
        "keys": [recorded.jwk(json!({ "use": "sig", "kid": KID, "alg": "RS256" }))],
    });
    let metadata = json!({
        "issuer": EKS,
        "jwks_uri": format!("{EKS}/keys"),
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    });
    recorded
        .serving(&format!("{EKS}/.well-known/openid-configuration"), metadata)
        .serving(&format!("{EKS}/keys"), keys.clone())
        .serving(KEYS, keys)
}

fn token(recorded: &Recorded, issuer: &str) -> Token {
    let now = recorded.now();
    Token {
        header: json!({ "alg": "RS256", "kid": KID }),
        claims: json!({
            "aud": ["https://orders.acme.example"],
            "exp": now + 3600,
            "iat": now,
            "iss": issuer,
            "jti": "e51f1fbc-4733-4b85-a59f-ba80c0523874",
            "kubernetes.io": {
                "namespace": "billing",
                "node": { "name": "worker-1", "uid": "517eb86e-b863-451b-bf70-86cb61439a3a" },
                "pod": { "name": "worker-0", "uid": "0d8b260e-ef0e-45fb-be8e-ff44f97722e8" },
                "serviceaccount": {
                    "name": "worker", "uid": "e6a8680e-d103-4cce-80ea-03acbbeacf7d",
                },
            },
            "nbf": now,
            "sub": "system:serviceaccount:billing:worker",
        }),
    }
}

#[tokio::test]
async fn tokens_of_the_service_account_are_accepted() {
    let recorded = recorded();
    let token = recorded.mint(&token(&recorded, EKS));
    let identity = verify_token(&recorded.online(preset()), &token).await.unwrap();
    assert_eq!(identity.subject(), Some("system:serviceaccount:billing:worker"));
}

#[tokio::test]
async fn tokens_of_other_accounts_and_for_the_api_server_are_rejected() {
    use TokenFault::{Audience, Claims};
    let recorded = recorded();
    let same = || json!({});
    let api_server = json!({ "aud": [ISSUER], "kubernetes.io": { "warnafter": 1 } });
    let subject = |subject: &str| json!({ "sub": subject });
    let near_misses = vec![
        ("for the API server", same(), api_server, Audience),
        ("another account", same(), subject("system:serviceaccount:billing:web"), Claims),
        ("another namespace", same(), subject("system:serviceaccount:default:worker"), Claims),
        ("a user", same(), subject("alice@acme.example"), Claims),
        ("a node", same(), subject("system:node:worker-1"), Claims),
    ];
    recorded.assert_rejected(&recorded.online(preset()), &token(&recorded, EKS), near_misses).await;

    let legacy = Token {
        header: json!({ "alg": "RS256", "kid": KID }),
        claims: json!({
            "iss": EKS,
            "kubernetes.io/serviceaccount/namespace": "billing",
            "kubernetes.io/serviceaccount/service-account.name": "worker",
            "sub": "system:serviceaccount:billing:worker",
        }),
    };
    assert!(verify_token(&recorded.online(preset()), &recorded.mint(&legacy)).await.is_err());
}

#[tokio::test]
async fn in_a_cluster_every_account_of_the_namespace_is_accepted() {
    use TokenFault::Claims;
    let recorded = recorded();
    // The client that authenticates itself reads a file of a pod, which isn't here.
    let verifier = preset_in_cluster(recorded.client());
    let verifier = recorded.online(verifier);
    let valid = token(&recorded, ISSUER);
    let same = || json!({});
    let subject = |subject: &str| json!({ "sub": subject });
    let near_misses = vec![
        ("another namespace", same(), subject("system:serviceaccount:billing2:worker"), Claims),
        ("the namespace alone", same(), subject("system:serviceaccount:billing"), Claims),
    ];
    recorded.assert_rejected(&verifier, &valid, near_misses).await;

    for name in ["kubernetes/serviceaccount", "https://kubernetes.default.svc", "cluster-1"] {
        let preset = presets::kubernetes_in_cluster(name, recorded.client());
        let verifier = recorded.online(preset.audience("https://orders.acme.example"));
        let token = recorded.mint(&token(&recorded, name));
        assert!(verify_token(&verifier, &token).await.is_ok(), "{name}");
    }
}

/// A client that records `Authorization`, in front of a recorded issuer.
fn recording(recorded: &Recorded) -> (TestClient, Arc<Mutex<Vec<(String, Option<String>)>>>) {
    let (client, requests) = (recorded.client(), Arc::<Mutex<Vec<_>>>::default());
    let log = Arc::clone(&requests);
    let client = TestClient::new(move |request| {
        let authorization = request.headers().get("authorization");
        assert!(authorization.is_none_or(http::HeaderValue::is_sensitive));
        let authorization = authorization.map(|value| value.to_str().unwrap().to_owned());
        log.lock().unwrap().push((request.uri().to_string(), authorization));
        client.send(request, usize::MAX)
    });
    (client, requests)
}

#[tokio::test]
async fn the_token_file_is_read_each_time_and_sent_to_one_server() {
    let recorded = recorded();
    let (client, requests) = recording(&recorded);
    let path = std::env::temp_dir().join(format!("portcullis-token-{}", std::process::id()));
    let client = TokenFileClient::new(client, "https://kubernetes.default.svc", &path).unwrap();
    let get = async |url: &str| {
        let request = http::Request::get(url).body(Vec::new()).unwrap();
        client.send(request, usize::MAX).await
    };
    let error = get(KEYS).await.unwrap_err();
    assert!(matches!(error, HttpError::Transport(_)), "{error:?}");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains(path.to_str().unwrap()), "{cause}");

    for (content, expected) in [("first", Some("first")), (" second\n", Some("second"))] {
        std::fs::write(&path, content).unwrap();
        get(KEYS).await.unwrap();
        let expected = expected.map(|token| format!("Bearer {token}"));
        assert_eq!(requests.lock().unwrap().pop(), Some((KEYS.to_owned(), expected)));
    }
    for content in ["", " \n", "two\nlines", "\u{0}"] {
        std::fs::write(&path, content).unwrap();
        assert!(get(KEYS).await.is_err(), "{content:?}");
    }
    std::fs::write(&path, "s3cret").unwrap();
    for url in [
        "http://kubernetes.default.svc/openid/v1/jwks",
        "https://kubernetes.default.svc:6443/openid/v1/jwks",
        "https://kubernetes.default.svc.evil.example/",
        "https://evil.example/kubernetes.default.svc",
    ] {
        get(url).await.unwrap();
        assert_eq!(requests.lock().unwrap().pop(), Some((url.to_owned(), None)));
    }
    std::fs::remove_file(&path).unwrap();
    assert!(!format!("{client:?}").contains("s3cret"));
}

#[test]
fn a_token_is_not_sent_over_plain_http() {
    let client = recorded().client();
    let error = TokenFileClient::new(client, "http://api.example", "/token").unwrap_err();
    let expected = "server of a token file `http://api.example`: must use https";
    assert!(error.to_string().starts_with(expected), "{error}");
}
