//! A client that only knows the URL of the server and its users' credentials at the issuer. It prints requests and
//! responses.

#![expect(clippy::indexing_slicing, reason = "indexing a JSON value doesn't panic")]

use std::{collections::BTreeMap, error::Error};

use reqwest::{Client as HttpClient, RequestBuilder, header::HeaderMap};
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const CURRENT: &str = "2026-07-28";
const OLDER: &str = "2025-11-25";

pub(crate) struct Client {
    http: HttpClient,
    url: String,
    is_as_stated: bool,
}

/// A complete response.
struct Answer {
    headers: HeaderMap,
    /// The JSON value of the body, or of its only event.
    message: Value,
}

impl Answer {
    /// Returns a parameter of the challenge.
    fn challenged(&self, name: &str) -> Option<&str> {
        let challenge = self.headers.get("www-authenticate")?.to_str().ok()?;
        challenge.split_once(&format!(" {name}=\""))?.1.split('"').next()
    }

    /// Returns the text of a tool's result.
    fn text(&self) -> &str {
        self.message.pointer("/result/content/0/text").and_then(Value::as_str).unwrap_or_default()
    }
}

impl Client {
    pub(crate) fn new(server: &str) -> Result<Self> {
        // No proxy, because loopback isn't reachable through one.
        let http = HttpClient::builder().no_proxy().build()?;
        Ok(Self { http, url: format!("{server}/mcp"), is_as_stated: true })
    }

    /// Returns whether all responses are as expected.
    pub(crate) async fn run(mut self) -> Result<bool> {
        self.with_the_current_version().await?;
        self.with_an_older_version().await?;
        Ok(self.is_as_stated)
    }

    async fn with_the_current_version(&mut self) -> Result<()> {
        println!("# Everyone may see the tools\n");
        self.expect("tools/list", self.request("tools/list", None), 200).await?;

        println!(
            "# A call needs a token, and the challenge says where to get one, with which scope\n"
        );
        let request = self.request("tools/call", Some("list_orders"));
        let rejected = self.expect("tools/call list_orders", request, 401).await?;
        self.check(rejected.challenged("scope") == Some("orders:read"));
        let metadata_url = rejected.challenged("resource_metadata").unwrap_or_default();
        let metadata = self.expect("its metadata", self.http.get(metadata_url), 200).await?.message;
        self.check(metadata["resource"] == *self.url);
        let issuer = metadata["authorization_servers"][0].as_str().unwrap_or_default();
        let issuer_url = format!("{issuer}/.well-known/oauth-authorization-server");
        let issuer = self.expect("the issuer's", self.http.get(issuer_url), 200).await?.message;
        let tokens = issuer["token_endpoint"].as_str().unwrap_or_default().to_owned();
        let read = self.token(&tokens, "alice", "orders:read").await?;

        println!("# With the token, the tool knows who calls\n");
        let request = self.request("tools/call", Some("list_orders")).bearer_auth(&read);
        let listed = self.expect("tools/call list_orders", request, 200).await?;
        self.check(listed.text() == "orders of alice: 7, 8");

        println!("# Another tool needs another scope: the client steps up, and calls again\n");
        let request = self.request("tools/call", Some("cancel_order")).bearer_auth(&read);
        let rejected = self.expect("tools/call cancel_order", request, 403).await?;
        self.check(rejected.challenged("error") == Some("insufficient_scope"));
        let scopes = format!("orders:read {}", rejected.challenged("scope").unwrap_or_default());
        let both = self.token(&tokens, "alice", &scopes).await?;
        let request = self.request("tools/call", Some("cancel_order")).bearer_auth(&both);
        let cancelled = self.expect("tools/call cancel_order", request, 200).await?;
        self.check(cancelled.text() == "order 7 cancelled for alice by assistant");

        println!("# A broader scope is sufficient for both\n");
        let admin = self.token(&tokens, "alice", "orders:admin").await?;
        let request = self.request("tools/call", Some("cancel_order")).bearer_auth(&admin);
        self.expect("tools/call cancel_order", request, 200).await?;

        println!("# Headers that differ from the body are rejected by the server itself\n");
        let body = message("tools/call", Some("cancel_order"), CURRENT);
        let request = self.post(CURRENT, &body).bearer_auth(&read);
        let request = request.header("mcp-method", "tools/call").header("mcp-name", "list_orders");
        let rejected = self.expect("tools/call cancel_order as list_orders", request, 400).await?;
        self.check(rejected.message["error"]["code"] == -32020);
        Ok(())
    }

    /// Uses sessions, and no headers that name the tool.
    async fn with_an_older_version(&mut self) -> Result<()> {
        println!("# An older client's calls are found in their bodies\n");
        let issuer = self.metadata_of_the_issuer().await?;
        let [alice, bob] = [
            self.token(&issuer, "alice", "orders:read").await?,
            self.token(&issuer, "bob", "orders:read").await?,
        ];
        let initialize = message("initialize", None, OLDER);
        let request = self.post(OLDER, &initialize).bearer_auth(&alice);
        let begun = self.expect("initialize", request, 200).await?;
        let session = begun.headers.get("mcp-session-id").cloned().ok_or("no session")?;
        let mut ask = async |title: &str, body: &Value, token: &str, status| {
            let request = self.post(OLDER, body).bearer_auth(token);
            self.expect(title, request.header("mcp-session-id", &session), status).await
        };
        let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        ask("notifications/initialized", &initialized, &alice, 202).await?;
        let call = message("tools/call", Some("list_orders"), OLDER);
        ask("tools/call list_orders", &call, &alice, 200).await?;
        let other_call = message("tools/call", Some("cancel_order"), OLDER);
        ask("tools/call cancel_order", &other_call, &alice, 403).await?;

        println!("# A session stays with its subject: for bob, alice's doesn't exist\n");
        ask("tools/call list_orders", &call, &bob, 404).await?;
        Ok(())
    }

    async fn metadata_of_the_issuer(&self) -> Result<String> {
        let (origin, path) = self.url.split_at(self.url.len().saturating_sub("/mcp".len()));
        let url = format!("{origin}/.well-known/oauth-protected-resource{path}");
        let metadata: Value =
            serde_json::from_str(&self.http.get(url).send().await?.text().await?)?;
        let issuer = metadata["authorization_servers"][0].as_str().unwrap_or_default();
        Ok(format!("{issuer}/token"))
    }

    /// Gets a token for the server. A real client would send the user to the issuer, and wouldn't know the password.
    async fn token(&self, endpoint: &str, user: &str, scope: &str) -> Result<String> {
        let form = [
            ("grant_type", "password"),
            ("username", user),
            ("password", "wonderland"),
            ("scope", scope),
            ("resource", &self.url),
        ];
        let form: Vec<_> =
            form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let request = self.http.post(endpoint).basic_auth("assistant", Some("secret"));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let response = request.body(form.join("&")).send().await?.text().await?;
        let response: Value = serde_json::from_str(&response)?;
        println!("a token for {user}, with the scope {scope}\n");
        Ok(response["access_token"].as_str().ok_or("no token")?.to_owned())
    }

    /// Creates a request of the current version, whose headers repeat the operation in the body.
    fn request(&self, method: &str, tool: Option<&str>) -> RequestBuilder {
        let request =
            self.post(CURRENT, &message(method, tool, CURRENT)).header("mcp-method", method);
        tool.into_iter().fold(request, |request, tool| request.header("mcp-name", tool))
    }

    fn post(&self, version: &str, body: &Value) -> RequestBuilder {
        self.http
            .post(&self.url)
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json")
            .header("mcp-protocol-version", version)
            .body(body.to_string())
    }

    /// Sends a request, and prints the response.
    async fn expect(
        &mut self,
        title: &str,
        request: RequestBuilder,
        status: u16,
    ) -> Result<Answer> {
        println!("> {title}");
        let response = request.send().await?;
        let (found, headers) = (response.status(), response.headers().clone());
        println!("  < {found}");
        for name in ["www-authenticate", "mcp-session-id"] {
            if let Some(value) = headers.get(name) {
                println!("  < {name}: {}", value.to_str()?);
            }
        }
        let body = response.text().await?;
        let event = body.lines().filter_map(|line| line.strip_prefix("data: ")).next_back();
        let text = event.unwrap_or(&body).trim();
        if !text.is_empty() {
            println!("  < {text}");
        }
        println!();
        self.check(found == status);
        let message = serde_json::from_str(text).unwrap_or_default();
        Ok(Answer { headers, message })
    }

    fn check(&mut self, is_as_stated: bool) {
        if !is_as_stated {
            println!("  NOT as stated\n");
            self.is_as_stated = false;
        }
    }
}

fn message(method: &str, tool: Option<&str>, version: &str) -> Value {
    let client = json!({ "name": "example", "version": "1.0.0" });
    let mut params = BTreeMap::new();
    if version == CURRENT {
        params.insert(
            "_meta",
            json!({
                "io.modelcontextprotocol/protocolVersion": version,
                "io.modelcontextprotocol/clientInfo": client,
                "io.modelcontextprotocol/clientCapabilities": {},
            }),
        );
    } else if method == "initialize" {
        params.insert("protocolVersion", json!(version));
        params.insert("clientInfo", client);
        params.insert("capabilities", json!({}));
    }
    if let Some(tool) = tool {
        params.insert("name", json!(tool));
        params.insert("arguments", json!({ "order": 7 }));
    }
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
}

/// Percent-encodes a form value.
fn encoded(text: &str) -> String {
    text.replace(' ', "+").replace(':', "%3A").replace('/', "%2F")
}
