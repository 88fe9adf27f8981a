//! Parts of the crate that are pure functions, one by one.
//!
//! ```text
//! cargo bench -p portcullis-bench --bench parts
//! cargo bench -p portcullis-bench --bench parts -- policies
//! ```
//!
//! divan chooses the number of calls, and shows the fastest, the median and the slowest sample. That suffices to see what
//! a change does to one function, or how its time grows with its input. It measures one function after another, so it
//! isn't used for comparisons with a target: `requests` does that.

#![allow(clippy::arithmetic_side_effects, reason = "small numbers")]
#![allow(clippy::expect_used, reason = "a bench reports by panic")]

use divan::{Bencher, black_box};
use http::{HeaderMap, HeaderValue, Method, header::AUTHORIZATION};
use portcullis::{
    Access, Algorithm, BasicCredentials, BearerToken, Identity, JwtVerifier, Policies, Scope,
    ScopeSet, Verify, scope::ScopeHierarchy, testing::TestIssuer,
};
use tokio::runtime::{Builder, Runtime};

const READ: Scope = Scope::from_static("orders:read");

fn main() {
    divan::main();
}

mod credentials {
    use super::{
        AUTHORIZATION, BasicCredentials, BearerToken, Bencher, HeaderMap, HeaderValue, black_box,
    };

    #[divan::bench(args = [100, 1000, 10_000])]
    fn bearer(bencher: Bencher<'_, '_>, length: usize) {
        let headers = authorization(&format!("Bearer {}", "a".repeat(length)));
        bencher.bench(|| BearerToken::from_headers(black_box(&headers)).is_ok());
    }

    #[divan::bench]
    fn basic(bencher: Bencher<'_, '_>) {
        let headers = authorization("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        bencher.bench(|| BasicCredentials::from_headers(black_box(&headers)).is_ok());
    }

    fn authorization(value: &str) -> HeaderMap {
        let value = HeaderValue::from_str(value).expect("a header value");
        HeaderMap::from_iter([(AUTHORIZATION, value)])
    }
}

mod scopes {
    use super::{Bencher, READ, Scope, ScopeHierarchy, ScopeSet, black_box};

    const COUNTS: [usize; 3] = [1, 10, 100];

    #[divan::bench(args = COUNTS)]
    fn contains_the_last(bencher: Bencher<'_, '_>, count: usize) {
        let (granted, last) = (granted(count), format!("scope-{}", count - 1));
        bencher.bench(|| black_box(&granted).contains(black_box(&last)));
    }

    #[divan::bench(args = COUNTS)]
    fn is_implied_by_the_last(bencher: Bencher<'_, '_>, count: usize) {
        let last: Scope = format!("scope-{}", count - 1).parse().expect("a scope");
        let hierarchy = ScopeHierarchy::builder().implies(last, [READ]).build();
        let (hierarchy, granted) = (hierarchy.expect("a hierarchy"), granted(count));
        bencher.bench(|| hierarchy.grants(black_box(&granted), READ.as_str()));
    }

    fn granted(count: usize) -> ScopeSet {
        let all: Vec<_> = (0..count).map(|number| format!("scope-{number}")).collect();
        ScopeSet::from_wire(&all.join(" "))
    }
}

mod policies {
    use super::{Access, Bencher, Method, Policies, READ, black_box};

    const ROWS: [usize; 4] = [10, 100, 1000, 10_000];

    #[divan::bench(args = ROWS)]
    fn literal_path(bencher: Bencher<'_, '_>, rows: usize) {
        let (table, path) = (table(rows), format!("/resource-{}/items", rows / 2));
        bencher.bench(|| table.access(&Method::GET, black_box(&path)).clone());
    }

    #[divan::bench(args = ROWS)]
    fn path_with_a_parameter(bencher: Bencher<'_, '_>, rows: usize) {
        let (table, path) = (table(rows), format!("/resource-{}/items/42", rows / 2));
        bencher.bench(|| table.access(&Method::GET, black_box(&path)).clone());
    }

    #[divan::bench(args = ROWS)]
    fn unlisted_path(bencher: Bencher<'_, '_>, rows: usize) {
        let table = table(rows);
        bencher.bench(|| table.access(&Method::GET, black_box("/resource/items")).clone());
    }

    fn table(rows: usize) -> Policies {
        let empty = Policies::builder();
        let table =
            (0..rows / 2).fold(empty, |table, row| {
                table
                    .route(Method::GET, format!("/resource-{row}/items"), Access::Authenticated)
                    .route(Method::GET, format!("/resource-{row}/items/{{id}}"), READ)
            });
        table.build().expect("a valid table")
    }
}

mod tokens {
    use super::{
        AUTHORIZATION, Algorithm, BearerToken, Bencher, Builder, HeaderMap, Identity, JwtVerifier,
        Runtime, TestIssuer, Verify,
    };

    /// The whole verification of a token with a cheap signature, by the length of a further claim.
    #[divan::bench(args = [0, 1000, 10_000])]
    fn hs256(bencher: Bencher<'_, '_>, length: usize) {
        let issuer = TestIssuer::new();
        let token = issuer.token().algorithm(Algorithm::Hs256).audience("https://api.example");
        let token = token.claim("note", "a".repeat(length).into()).mint();
        let verifier = issuer.verifier().audience("https://api.example").token_cache(0);
        let secret = issuer.hmac_secret(Algorithm::Hs256);
        let verifier = verifier.hmac_secret(Algorithm::Hs256, secret).build();
        let (verifier, runtime) = (verifier.expect("a verifier"), runtime());
        let value = format!("Bearer {token}").parse().expect("a header value");
        let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
        bencher.bench(|| verify(&verifier, &runtime, &headers));
    }

    fn verify(verifier: &JwtVerifier, runtime: &Runtime, headers: &HeaderMap) -> Identity {
        let token = BearerToken::from_headers(headers).expect("a token");
        runtime.block_on(verifier.verify(token).wait()).expect("a valid token")
    }

    fn runtime() -> Runtime {
        Builder::new_current_thread().build().expect("a runtime")
    }
}
