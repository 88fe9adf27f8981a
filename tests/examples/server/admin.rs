//! `ADMIN_TOKEN`, and the route that it opens.

use portcullis::testing::{ServedIssuer, TestIssuer};
use serde_json::json;

use super::{API, serve, status};

const ADMIN: &str = "admin-s3cret";

async fn issuer() -> ServedIssuer {
    TestIssuer::serve().await.unwrap()
}

#[tokio::test]
async fn what_is_revoked_is_rejected_from_the_next_request_on() {
    let issuer = issuer().await;
    let server = serve(&issuer, &[("ADMIN_TOKEN", ADMIN)]);
    let valid = || issuer.token().audience(API).claim("jti", json!("7")).claim("sid", json!("s1"));
    let token = valid().mint();
    for (field, value, token) in [
        ("token", &*token, token.clone()),
        ("jti", "8", valid().claim("jti", json!("8")).mint()),
        ("sub", "bob", valid().subject("bob").mint()),
        ("sid", "s2", valid().claim("sid", json!("s2")).mint()),
        ("client_id", "app", valid().claim("client_id", json!("app")).mint()),
    ] {
        assert_eq!(server.ask("GET /me", Some(&token)).await.status, 200, "{field}");
        let form = format!("{field}={value}");
        let response = server.post_form("/admin/revoke", &form, Some(ADMIN)).await;
        assert_eq!((response.status, &*response.body), (204, ""), "{field}");
        let rejected = server.ask("GET /me", Some(&token)).await;
        assert_eq!(rejected.status, 401, "{field}");
        assert!(rejected.challenge().unwrap().contains("Token revoked."), "{field}");
    }
    assert_eq!(status(&server, valid().subject("carol").claim("jti", json!("9"))).await, 200);
    let readiness = server.ask("GET /readyz", None).await.json();
    assert_eq!(readiness["revocations"], json!({ "entries": 5, "evicted": 0 }));
}

#[tokio::test]
async fn an_introspected_token_can_be_revoked() {
    let issuer = issuer().await;
    issuer.register_client("rs", "s3cret");
    let url = format!("{}/introspect", issuer.issuer());
    let server = serve(
        &issuer,
        &[
            ("ADMIN_TOKEN", ADMIN),
            ("INTROSPECTION_URL", &url),
            ("INTROSPECTION_CLIENT_ID", "rs"),
            ("INTROSPECTION_CLIENT_SECRET", "s3cret"),
        ],
    );
    let token = issuer.token().audience(API).mint_opaque();
    assert_eq!(server.ask("GET /me", Some(&token)).await.status, 200);
    let form = format!("token={token}");
    assert_eq!(server.post_form("/admin/revoke", &form, Some(ADMIN)).await.status, 204);
    assert_eq!(server.ask("GET /me", Some(&token)).await.status, 401);
}

#[tokio::test]
async fn only_the_administrator_may_revoke() {
    let issuer = issuer().await;
    let server = serve(&issuer, &[("ADMIN_TOKEN", ADMIN)]);
    let token = issuer.token().audience(API).scope("api:read api:write").mint();
    for (presented, form, expected) in [
        (None, "sub=alice", 401),
        (Some("admin-s3cre"), "sub=alice", 401),
        (Some("admin-s3crets"), "sub=alice", 401),
        (Some(&*token), "sub=alice", 401),
        (Some(ADMIN), "", 400),
        (Some(ADMIN), "name=alice", 400),
    ] {
        let response = server.post_form("/admin/revoke", form, presented).await;
        assert_eq!(response.status, expected, "{presented:?} {form}");
    }
    assert_eq!(server.ask("GET /me", Some(&token)).await.status, 200);
    assert_eq!(server.ask("GET /me", Some(ADMIN)).await.status, 401);
    let without = serve(&issuer, &[]);
    let response = without.post_form("/admin/revoke", "sub=alice", Some(ADMIN)).await;
    assert_eq!(response.status, 404);
}
