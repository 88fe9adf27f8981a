//! The variables about where credentials are read.

use portcullis::testing::{ServedIssuer, TestIssuer};

use super::{API, serve};
use crate::program::Server;

const ROUTES: [&str; 3] = ["GET /public", "GET /me", "GET /read"];

async fn issuer() -> ServedIssuer {
    TestIssuer::serve().await.unwrap()
}

/// The status of every route that reads, which is the same for all of them.
async fn status(server: &Server, query: &str, headers: &[(&str, &str)]) -> u16 {
    let mut statuses = Vec::new();
    for route in ROUTES {
        statuses.push(server.ask_with(&format!("{route}{query}"), headers).await.status);
    }
    assert!(statuses.windows(2).all(|pair| pair[0] == pair[1]), "{statuses:?} {query} {headers:?}");
    statuses[0]
}

#[tokio::test]
async fn basic_users_have_the_scopes_that_are_listed_for_them() {
    // alice:wonder:land
    const ALICE: (&str, &str) = ("authorization", "Basic YWxpY2U6d29uZGVyOmxhbmQ=");
    const WRONG: (&str, &str) = ("authorization", "Basic YWxpY2U6d3Jvbmc=");
    let issuer = issuer().await;
    let users = ("BASIC_USERS", "bob:builder,alice:wonder:land");
    for (scopes, read, write) in
        [("", 403, 403), ("api:read", 200, 403), ("api:read,api:write", 200, 200)]
    {
        let server = serve(&issuer, &[users, ("BASIC_SCOPES", scopes)]);
        let me = server.ask_with("GET /me", &[ALICE]).await.json();
        assert_eq!(me["subject"], "alice");
        for (route, expected) in [("GET /me", 200), ("GET /read", read), ("POST /write", write)] {
            let response = server.ask_with(route, &[ALICE]).await;
            assert_eq!(response.status, expected, "{scopes} {route}");
            assert_eq!(server.ask_with(route, &[WRONG]).await.status, 401, "{route}");
        }
        let challenges = server.ask("GET /me", None).await;
        let challenges = challenges.headers.get_all("www-authenticate").iter().count();
        assert_eq!(challenges, 2, "one for each scheme");
    }
    let without = serve(&issuer, &[]);
    assert_eq!(without.ask_with("GET /me", &[ALICE]).await.status, 401);
}

#[tokio::test]
async fn the_query_is_read_if_it_is_enabled() {
    let issuer = issuer().await;
    let token = issuer.token().audience(API).scope("api:read").mint();
    let (query, bearer) = (format!("?access_token={token}"), format!("Bearer {token}"));
    for (variable, expected, together) in [("1", 200, 400), ("0", 401, 200), ("", 401, 200)] {
        let server = serve(&issuer, &[("QUERY_TOKEN", variable)]);
        assert_eq!(server.ask(&format!("GET /me{query}"), None).await.status, expected);
        let both = status(&server, &query, &[("authorization", &bearer)]).await;
        assert_eq!(both, together, "{variable}");
    }
}

#[tokio::test]
async fn the_scheme_token_is_accepted_if_it_is_enabled() {
    let issuer = issuer().await;
    let token = issuer.token().audience(API).scope("api:read").mint();
    let line = format!("token {token}");
    let enabled = serve(&issuer, &[("TOKEN_SCHEME", "1")]);
    assert_eq!(status(&enabled, "", &[("authorization", &line)]).await, 200);
    let disabled = serve(&issuer, &[("TOKEN_SCHEME", "0")]);
    assert_eq!(disabled.ask_with("GET /me", &[("authorization", &line)]).await.status, 401);
}

#[tokio::test]
async fn the_cookie_is_read_whole_or_in_chunks() {
    let issuer = issuer().await;
    let server = serve(&issuer, &[("COOKIE", "Session")]);
    let token = issuer.token().audience(API).scope("api:read").mint();
    let (head, tail) = token.split_at(token.len() / 2);
    let bearer = format!("Bearer {token}");
    let whole = format!("a=b; Session={token}");
    for (headers, expected) in [
        (vec![("cookie", whole.clone())], 200),
        (vec![("cookie", format!("Session.0={head}; Session.1={tail}"))], 200),
        (vec![("cookie", "Session=invalid".to_owned()), ("authorization", bearer)], 200),
        (vec![("cookie", "Session=invalid".to_owned())], 401),
    ] {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, &**value)).collect();
        assert_eq!(status(&server, "", &headers).await, expected, "{headers:?}");
    }
    let other_case = format!("session={token}");
    assert_eq!(server.ask_with("GET /me", &[("cookie", &other_case)]).await.status, 401);
    let disabled = serve(&issuer, &[]);
    assert_eq!(disabled.ask_with("GET /me", &[("cookie", &whole)]).await.status, 401);
}

#[tokio::test]
async fn the_header_is_read_with_or_without_a_scheme() {
    let issuer = issuer().await;
    let server = serve(&issuer, &[("TOKEN_HEADER", "X-Access-Token")]);
    let token = issuer.token().audience(API).scope("api:read").mint();
    let with_scheme = format!("Bearer {token}");
    for value in [&token, &with_scheme] {
        assert_eq!(status(&server, "", &[("x-access-token", value)]).await, 200, "{value}");
    }
    let gateway = [("x-access-token", &*token), ("authorization", "Other-Scheme abc")];
    assert_eq!(server.ask_with("GET /me", &gateway).await.status, 200);
    let twice = [("x-access-token", &*token), ("x-access-token", &*token)];
    assert_eq!(status(&server, "", &twice).await, 400);
    assert_eq!(status(&server, "", &[("x-access-token", "invalid")]).await, 401);
    let disabled = serve(&issuer, &[]);
    assert_eq!(disabled.ask_with("GET /me", &[("x-access-token", &token)]).await.status, 401);
}
