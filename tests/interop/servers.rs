//! The servers: where they are, how to get a token from them, and what a verifier makes of it.

use std::process::Command;

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use portcullis::{
    AudienceGiven, AudienceMissing, BearerToken, ClientGiven, ErrorKind, Identity,
    IntrospectionVerifier, IntrospectionVerifierBuilder, JwtVerifier, JwtVerifierBuilder,
    TokenFault, Verify,
};
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};

pub const UNAVAILABLE: ErrorKind = ErrorKind::Unavailable;
pub const INACTIVE: ErrorKind = ErrorKind::InvalidToken(TokenFault::Inactive);
pub const UNKNOWN_KEY: ErrorKind = ErrorKind::InvalidToken(TokenFault::UnknownKey);
/// The secret that both share with their resource servers.
pub const SECRET: &str = "portcullis-interop-shared-secret-0123456789-abcdefghijklmnopqrstuvwxyz";
/// What the audiences of tokens begin with.
pub const RESOURCE: &str = "https://api.example.test/";

/// The beginning of a verifier that asks about tokens.
pub type Asking = IntrospectionVerifierBuilder<ClientGiven, AudienceMissing>;

/// oidc-provider. One test has it at a time, for the tests change its keys and break it.
pub struct OidcProvider {
    pub issuer: String,
    _alone: MutexGuard<'static, ()>,
}

impl OidcProvider {
    pub async fn at_the_root() -> Self {
        static ALONE: Mutex<()> = Mutex::const_new(());
        let issuer = variable("PORTCULLIS_OIDC_PROVIDER", "http://127.0.0.1:4001");
        Self::alone(issuer, &ALONE).await
    }

    /// The one whose issuer has a path.
    pub async fn at_a_path() -> Self {
        static ALONE: Mutex<()> = Mutex::const_new(());
        let issuer = variable("PORTCULLIS_OIDC_PROVIDER_PATH", "http://127.0.0.1:4002/op");
        Self::alone(issuer, &ALONE).await
    }

    async fn alone(issuer: String, mutex: &'static Mutex<()>) -> Self {
        let provider = Self { issuer, _alone: mutex.lock().await };
        // Whatever a test that failed has left behind.
        provider.serve_keys("ok").await;
        provider.serve_metadata("ok").await;
        provider.serve_introspection("ok").await;
        provider.admin("ttl?s=300").await;
        provider
    }

    /// A token for `RESOURCE` and that kind.
    pub async fn token(&self, kind: &str) -> String {
        let form =
            format!("grant_type=client_credentials&scope=api:read&resource={RESOURCE}{kind}");
        token(&self.issuer, ("svc", "svc-secret"), form).await
    }

    /// A token for nobody in particular.
    pub async fn token_without_resource(&self) -> String {
        let form = "grant_type=client_credentials&scope=api:read".to_owned();
        token(&self.issuer, ("svc", "svc-secret"), form).await
    }

    /// A token that alice has got by her password.
    pub async fn token_of_alice(&self, kind: &str) -> String {
        let alice = "grant_type=password&username=alice&password=wonderland";
        let form = format!("{alice}&scope=api:read+api:write&resource={RESOURCE}{kind}");
        token(&self.issuer, ("svc", "svc-secret"), form).await
    }

    /// The beginning of a verifier that takes tokens of every kind, with discovery and the default
    /// HTTP client.
    pub fn verifier(&self, kinds: &[&str]) -> JwtVerifierBuilder<AudienceGiven> {
        let builder = JwtVerifier::builder(&self.issuer).audience(RESOURCE);
        kinds.iter().fold(builder, |builder, kind| builder.audience(format!("{RESOURCE}{kind}")))
    }

    /// The beginning of a verifier that asks about tokens as this client, with discovery and the
    /// default HTTP client.
    pub fn asking_as(&self, client_id: &str, secret: &str) -> Asking {
        IntrospectionVerifier::discover(&self.issuer).client_secret_basic(client_id, secret)
    }

    /// Revokes a token, as the client `rs`.
    pub async fn revoke(&self, token: &str) {
        revoke(&format!("{}/token/revocation", self.issuer), ("rs", "rs-secret"), token).await;
    }

    /// How often it was asked about a token.
    pub async fn introspections(&self) -> u64 {
        self.requests_to("/token/introspection").await
    }

    pub async fn rotate(&self, keep: bool) {
        self.admin(&format!("rotate?keep={}", u8::from(keep))).await;
    }

    pub async fn serve_keys(&self, mode: &str) {
        self.admin(&format!("jwks?mode={mode}")).await;
    }

    pub async fn serve_metadata(&self, mode: &str) {
        self.admin(&format!("metadata?mode={mode}")).await;
    }

    pub async fn serve_introspection(&self, mode: &str) {
        self.admin(&format!("introspection?mode={mode}")).await;
    }

    pub async fn token_lifetime(&self, seconds: u64) {
        self.admin(&format!("ttl?s={seconds}")).await;
    }

    /// How many requests have reached paths that end so.
    pub async fn requests_to(&self, end: &str) -> u64 {
        self.requests(|path| path.ends_with(end)).await
    }

    pub async fn redirects_followed(&self) -> u64 {
        self.requests(|path| path.starts_with("/__admin/moved/")).await
    }

    async fn requests(&self, to: impl Fn(&str) -> bool) -> u64 {
        let stats = text(client().get(self.admin_url("stats"))).await;
        let stats: Value = serde_json::from_str(&stats).expect("JSON");
        let paths = stats.as_object().expect("an object").iter();
        paths.filter(|(path, _)| to(path)).filter_map(|(_, count)| count.as_u64()).sum()
    }

    async fn admin(&self, request: &str) {
        text(client().post(self.admin_url(request))).await;
    }

    fn admin_url(&self, request: &str) -> String {
        format!("http://{}/__admin/{request}", authority(&self.issuer))
    }
}

/// glewlwyd, one test at a time.
pub struct Glewlwyd {
    pub issuer: String,
    _alone: MutexGuard<'static, ()>,
}

impl Glewlwyd {
    pub async fn alone() -> Self {
        static ALONE: Mutex<()> = Mutex::const_new(());
        let issuer = variable("PORTCULLIS_GLEWLWYD", "http://localhost:4593/api/oidc");
        Self { issuer, _alone: ALONE.lock().await }
    }

    /// A token for `RESOURCE` that is signed with that algorithm.
    pub async fn token(&self, algorithm: &str) -> String {
        let form = format!("grant_type=client_credentials&scope=api.read&resource={RESOURCE}");
        token(&self.issuer, (&format!("svc-{algorithm}"), "secret"), form).await
    }

    /// A token that alice has got by her password. Its audience is its scope.
    pub async fn token_of_alice(&self, algorithm: &str) -> String {
        let form = "grant_type=password&username=alice&password=wonderland&scope=api.read";
        token(&self.issuer, (&format!("svc-{algorithm}"), "secret"), form.to_owned()).await
    }

    pub fn verifier(&self) -> JwtVerifierBuilder<AudienceGiven> {
        JwtVerifier::builder(&self.issuer).audience(RESOURCE)
    }

    /// The beginning of a verifier that asks about tokens as this client, with discovery and the
    /// default HTTP client.
    pub fn asking_as(&self, client_id: &str, secret: &str) -> Asking {
        IntrospectionVerifier::discover(&self.issuer).client_secret_basic(client_id, secret)
    }

    /// A token of the resource server's own, with which it may introspect.
    pub async fn token_of_the_resource_server(&self) -> String {
        let form = "grant_type=client_credentials&scope=introspect".to_owned();
        token(&self.issuer, ("rs", "secret"), form).await
    }

    /// Revokes a token, as the client `rs`.
    pub async fn revoke(&self, token: &str) {
        revoke(&format!("{}/revoke", self.issuer), ("rs", "secret"), token).await;
    }

    /// Gives it new keys; the old ones stay in its set, or don't.
    pub fn rotate(&self, keep: bool) {
        let script =
            variable("PORTCULLIS_GLEWLWYD_ROTATE", "$PWD/tests/interop/glewlwyd/rotate.sh");
        let port = authority(&self.issuer).rsplit(':').next().expect("a port").to_owned();
        let mut rotate = Command::new(&script);
        rotate.env("PORT", port);
        if !keep {
            rotate.arg("drop");
        }
        let output = rotate.output().unwrap_or_else(|error| panic!("{script}: {error}"));
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

pub async fn verify(
    verifier: &impl for<'a> Verify<BearerToken<'a>>,
    token: &str,
) -> Result<Identity, ErrorKind> {
    let line = HeaderValue::from_str(&format!("Bearer {token}")).expect("a header value");
    let headers = HeaderMap::from_iter([(AUTHORIZATION, line)]);
    let token = BearerToken::from_headers(&headers).map_err(|error| error.kind())?;
    verifier.verify(token).wait().await.map_err(|error| error.kind())
}

/// Why the token is refused; nothing if it isn't.
pub async fn refusal(
    verifier: &impl for<'a> Verify<BearerToken<'a>>,
    token: &str,
) -> Option<ErrorKind> {
    verify(verifier, token).await.err()
}

async fn token(issuer: &str, (client_id, secret): (&str, &str), form: String) -> String {
    let request = client().post(format!("{issuer}/token")).basic_auth(client_id, Some(secret));
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    let answer: Value = serde_json::from_str(&text(request).await).expect("JSON");
    answer["access_token"].as_str().unwrap_or_else(|| panic!("no token: {answer}")).to_owned()
}

async fn revoke(endpoint: &str, (client_id, secret): (&str, &str), token: &str) {
    let request = client().post(endpoint).basic_auth(client_id, Some(secret));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    text(request.body(format!("token={token}&token_type_hint=access_token"))).await;
}

async fn text(request: reqwest::RequestBuilder) -> String {
    let response = request.send().await.expect("the server is up");
    let (status, url) = (response.status(), response.url().clone());
    let text = response.text().await.expect("a text");
    assert!(status.is_success(), "{url}: {status}: {text}");
    text
}

/// Host and port.
fn authority(url: &str) -> String {
    let url: http::Uri = url.parse().expect("an address");
    url.authority().expect("a host").to_string()
}

/// The servers are on loopback, whatever proxy the environment names.
fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("an HTTP client")
}

fn variable(name: &str, example: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("the variable {name} must say where the server is, such as `{example}`: see tests/interop/README.md")
    })
}
