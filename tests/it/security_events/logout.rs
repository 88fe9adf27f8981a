//! OpenID Connect Back-Channel Logout.

use serde_json::json;

use super::{SESSION, Setting, USER};

const WITH_SESSION: &str = include_str!("keycloak-logout.json");
const WITHOUT_SESSION: &str = include_str!("keycloak-logout-without-session.json");

#[tokio::test]
async fn a_logout_token_with_a_session_ends_that_session_only() {
    // Keycloak writes either `typ`.
    for typ in ["JWT", "logout+jwt", "application/logout+jwt"] {
        let setting = Setting::new();
        let (ended, other) = (setting.token(USER, SESSION), setting.token(USER, "another"));
        assert_eq!(setting.status(&ended).await, 200);
        let response = setting.log_out(&setting.recorded(WITH_SESSION, typ)).await;
        assert_eq!((response.status.as_u16(), &*response.body), (200, ""), "{typ}");
        assert_eq!(response.headers["cache-control"], "no-store");
        assert_eq!(setting.status(&ended).await, 401);
        assert_eq!(setting.status(&other).await, 200);
    }
}

#[tokio::test]
async fn without_a_session_the_tokens_of_the_subject_are_revoked() {
    let setting = Setting::new();
    let (old, other) = (setting.token(USER, SESSION), setting.token("bob", "s"));
    let response = setting.log_out(&setting.recorded(WITHOUT_SESSION, "JWT")).await;
    assert_eq!(response.status, 200);
    assert_eq!(setting.status(&old).await, 401);
    assert_eq!(setting.status(&other).await, 200);
    setting.advance(2);
    assert_eq!(setting.status(&setting.token(USER, "next")).await, 200, "a new login");
}

// Verifies rfc8725-3.12-exclusive.
#[tokio::test]
async fn what_is_not_a_logout_token_is_400_with_the_error_of_oauth() {
    let setting = Setting::new();
    let victim = setting.token(USER, SESSION);
    let valid = || {
        let token = setting.issuer.token().header("typ", json!("logout+jwt"));
        let token = token.audience("orders-client").subject(USER);
        let token = token.claim("jti", json!("1")).claim("sid", json!(SESSION));
        token.claim("events", json!({ "http://schemas.openid.net/event/backchannel-logout": {} }))
    };
    for (what, token) in [
        ("an access token", setting.token(USER, SESSION)),
        ("typ of an event", valid().header("typ", json!("secevent+jwt")).mint()),
        ("typ of an access token", valid().header("typ", json!("at+jwt")).mint()),
        ("an ID token", valid().claim("nonce", json!("n")).mint()),
        ("another event", valid().claim("events", json!({ "https://event.example": {} })).mint()),
        ("no event", valid().claim("events", json!({})).mint()),
        ("an event that isn't an object", {
            let events = json!({ "http://schemas.openid.net/event/backchannel-logout": "" });
            valid().claim("events", events).mint()
        }),
        ("no jti", valid().without_claim("jti").mint()),
        ("no iat", valid().without_claim("iat").mint()),
        ("neither sub nor sid", valid().without_claim("sub").without_claim("sid").mint()),
        ("another audience", valid().audience("https://other.example").mint()),
        ("another issuer", valid().claim("iss", json!("https://other.example")).mint()),
        ("expired", valid().claim("exp", json!(setting.now() - 120)).mint()),
        ("from the future", valid().claim("iat", json!(setting.now() + 600)).mint()),
        ("unsigned", valid().mint_unsigned()),
        ("nothing", String::new()),
    ] {
        let response = setting.log_out(&token).await;
        assert_eq!(response.status, 400, "{what}");
        assert_eq!(response.json()["error"], "invalid_request", "{what}");
        assert_eq!(setting.status(&victim).await, 200, "{what}");
    }
    let two =
        setting.post("application/x-www-form-urlencoded", "logout_token=a&logout_token=b".into());
    assert_eq!(two.await.status, 400);
    // The same without a fault.
    assert_eq!(setting.log_out(&valid().mint()).await.status, 200);
    assert_eq!(setting.status(&victim).await, 401);
}
