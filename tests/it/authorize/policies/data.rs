//! The table as data: who may call what, which routes it covers, and OpenAPI.

use http::Method;
use portcullis::{
    Access, Identity, Policies, Scope, ScopeSet,
    identity::Authentication,
    policies::{Persona, SecurityScheme},
};
use serde_json::json;

const READ: Scope = Scope::from_static("orders:read");
const WRITE: Scope = Scope::from_static("orders:write");

fn table() -> Policies {
    Policies::builder()
        .route(Method::GET, "/orders", READ)
        .route(Method::GET, "/orders/{id}", READ.or(WRITE))
        .route(Method::POST, "/orders", READ.and(WRITE))
        .any_method("/files/{*path}", Access::Authenticated)
        .route(Method::GET, "/files/{*path}", Access::Anonymous)
        .route(Method::DELETE, "/orders/{id}", Access::role("admin"))
        .route(Method::PUT, "/orders/{id}", Access::from(WRITE).and(Authentication::acr(["mfa"])))
        .route(Method::GET, "/internal", Access::Deny)
        .grpc("/orders.Orders/List", READ)
        .build()
        .unwrap()
}

fn personas() -> [Persona; 4] {
    let with = |scopes: &str| Identity::assertion().scopes(ScopeSet::from_wire(scopes));
    [
        Persona::anonymous(),
        Persona::new("reader", with("orders:read").build()),
        Persona::new("writer", with("orders:read orders:write").build()),
        Persona::new("admin", with("").roles(["admin"]).build()),
    ]
}

#[test]
fn the_matrix_says_who_may_call_what() {
    let matrix = table().matrix(&personas());
    let expected = "\
row                        access                        anonymous  reader  writer  admin
GET /orders                orders:read                   401        yes     yes     403
GET /orders/{id}           orders:read, or orders:write  401        yes     yes     403
POST /orders               orders:read and orders:write  401        403     yes     403
any method /files/{*path}  authenticated                 401        yes     yes     yes
GET /files/{*path}         anonymous                     yes        yes     yes     yes
DELETE /orders/{id}        role `admin`                  401        403     403     yes
PUT /orders/{id}           orders:write, acr `mfa`       401        401     401     401
GET /internal              denied                        401        403     403     403
POST /orders.Orders/List   orders:read                   401        yes     yes     403
unlisted                   denied                        401        403     403     403
";
    assert_eq!(matrix.to_string(), expected);
    assert_eq!(matrix.allows("GET /orders", "reader"), Some(true));
    assert_eq!(matrix.allows("GET /orders", "admin"), Some(false));
    let json = serde_json::to_value(&matrix).unwrap();
    let expected = json!({
        "row": "POST /orders",
        "access": "orders:read and orders:write",
        "personas": { "anonymous": 401, "reader": 403, "writer": "yes", "admin": 403 },
    });
    assert_eq!(json[2], expected);
}

#[test]
fn routes_and_rows_that_do_not_fit_are_named() {
    let fitting = [
        (Method::GET, "/orders"),
        (Method::GET, "/orders/{order}"),
        (Method::POST, "/orders"),
        (Method::PUT, "/files/{*rest}"),
        (Method::GET, "/files/{*rest}"),
        (Method::DELETE, "/orders/{order}"),
        (Method::PUT, "/orders/{order}"),
        (Method::GET, "/internal"),
        (Method::POST, "/orders.Orders/List"),
    ];
    table().assert_covers(fitting.clone());
    let mut routes = fitting.to_vec();
    routes.remove(7);
    routes.push((Method::PATCH, "/orders"));
    routes.push((Method::GET, "/customers"));
    assert_eq!(
        table().uncovered(routes),
        [
            "route `PATCH /orders` has no row",
            "route `GET /customers` has no row",
            "row `GET /internal` matches no route",
        ]
    );
    let shadowed = Policies::builder()
        .route(Method::GET, "/orders/{id}", READ)
        .route(Method::GET, "/orders/new", WRITE)
        .any_method("/orders/new", Access::Deny)
        .build()
        .unwrap();
    assert_eq!(
        shadowed.uncovered([(Method::GET, "/orders/new")]),
        [
            "row `GET /orders/{id}` is shadowed by `GET /orders/new`",
            "row `any method /orders/new` is shadowed by `GET /orders/new`",
        ]
    );
}

#[test]
#[should_panic(expected = "route `GET /customers` has no row\nrow `GET /orders` matches no route")]
fn a_test_of_the_coverage_fails_with_a_line_for_each_problem() {
    let policies = Policies::builder().route(Method::GET, "/orders", READ).build().unwrap();
    policies.assert_covers([(Method::GET, "/customers")]);
}

#[test]
fn openapi_has_the_security_of_each_operation() {
    let scheme =
        SecurityScheme::authorization_code("https://as.test/authorize", "https://as.test/token");
    let document = table().openapi(&scheme);
    let security = |path: &str, method: &str| document["paths"][path][method]["security"].clone();
    assert_eq!(security("/orders", "get"), json!([{ "oauth2": ["orders:read"] }]));
    assert_eq!(security("/orders", "post"), json!([{ "oauth2": ["orders:read", "orders:write"] }]));
    let either = json!([{ "oauth2": ["orders:read"] }, { "oauth2": ["orders:write"] }]);
    assert_eq!(security("/orders/{id}", "get"), either);
    assert_eq!(security("/orders/{id}", "delete"), json!([{ "oauth2": [] }]));
    assert_eq!(document["paths"]["/orders/{id}"]["delete"]["x-requires"], "role `admin`");
    assert_eq!(security("/orders/{id}", "put"), json!([{ "oauth2": ["orders:write"] }]));
    assert_eq!(security("/files/{path}", "get"), json!([{}]));
    assert_eq!(security("/files/{path}", "patch"), json!([{ "oauth2": [] }]));
    for left_out in ["/internal", "/orders.Orders/List"] {
        assert!(document["paths"].get(left_out).is_none(), "{left_out}");
    }
    let expected = json!({
        "type": "oauth2",
        "flows": { "authorizationCode": {
            "authorizationUrl": "https://as.test/authorize",
            "tokenUrl": "https://as.test/token",
            "scopes": { "orders:read": "", "orders:write": "" },
        } },
    });
    assert_eq!(document["components"]["securitySchemes"]["oauth2"], expected);
    let other = table().openapi(&SecurityScheme::bearer().named("token"));
    assert_eq!(
        other["components"]["securitySchemes"]["token"],
        json!({ "type": "http", "scheme": "bearer" })
    );
    assert_eq!(other["paths"]["/orders"]["get"]["security"], json!([{ "token": ["orders:read"] }]));
}
