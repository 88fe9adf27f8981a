//! The life cycle of a token, in requests.

use std::{error::Error, time::Duration};

use portcullis::testing::{TestClock, TestIssuer};
use reqwest::{Client, Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::{DAY, login};

/// The result of a step that may fail, or respond differently than expected.
type Outcome<T = ()> = Result<T, Box<dyn Error>>;

pub(crate) async fn run(url: &str, issuer: &TestIssuer, clock: &TestClock) -> Outcome {
    let browser = Caller::new(url, login(issuer))?;

    println!("Alice has logged in, and makes a token for her laptop. It is shown this once.");
    let wish = json!({ "name": "laptop", "scopes": "posts:read", "days": 90 });
    let token = browser.make_token(wish).await?;
    let laptop = Caller::new(url, token.clone())?;

    println!("With it the laptop may read, and no more: neither write nor manage tokens.");
    laptop.send("GET /posts", None, 200).await?;
    laptop.send("POST /posts", None, 403).await?;
    laptop.send("GET /tokens", None, 403).await?;

    println!("A digit too many is found without asking the database.");
    let mistyped = Caller::new(url, token.replacen("demo_pat_", "demo_pat_O", 1))?;
    mistyped.send("GET /posts", None, 401).await?;

    println!("Alice sees her tokens, and when this one was used. Nothing there opens a door.");
    let list = browser.send("GET /tokens", None, 200).await?;
    if list.to_string().contains(&token) {
        return Err("the list shows the token".into());
    }
    browser.wait_for_use("GET /tokens/1/audit").await?;

    println!("The laptop is lost. She revokes its token, and the very next request is rejected.");
    browser.send("DELETE /tokens/1", None, 204).await?;
    laptop.send("GET /posts", None, 401).await?;
    browser.send("GET /tokens/1/audit", None, 200).await?;

    println!("Another token is left alone, and expires when its 30 days are over.");
    let wish = json!({ "name": "backup job", "scopes": "posts:read", "days": 30 });
    let job = Caller::new(url, browser.make_token(wish).await?)?;
    job.send("GET /posts", None, 200).await?;
    clock.advance(DAY.saturating_mul(30));
    job.send("GET /posts", None, 401).await?;

    println!("All went as it should.");
    Ok(())
}

/// A client with a token.
struct Caller<'a> {
    client: Client,
    url: &'a str,
    token: String,
}

impl<'a> Caller<'a> {
    fn new(url: &'a str, token: String) -> Outcome<Self> {
        // No proxy, because loopback isn't reachable through one.
        Ok(Self { client: Client::builder().no_proxy().build()?, url, token })
    }

    /// Sends a request such as `GET /posts`, shows it and its response, and checks the status.
    async fn send(&self, route: &str, body: Option<Value>, status: u16) -> Outcome<Value> {
        show(&format!("> {route}"), body.as_ref());
        let (answered, answer) = self.ask(route, body).await?;
        show(&format!("< {answered}"), Some(&answer).filter(|answer| !answer.is_null()));
        println!();
        if answered != status {
            return Err(format!("the response to {route} should have the status {status}").into());
        }
        Ok(answer)
    }

    async fn make_token(&self, wish: Value) -> Outcome<String> {
        let made = self.send("POST /tokens", Some(wish), 201).await?;
        let token = made.get("token").and_then(Value::as_str).ok_or("no token")?;
        Ok(token.to_owned())
    }

    /// Waits until a use is visible, because uses are recorded in the background.
    async fn wait_for_use(&self, route: &str) -> Outcome {
        for _ in 0..500 {
            let (_, trail) = self.ask(route, None).await?;
            if trail.to_string().contains("used") {
                return self.send(route, None, 200).await.map(drop);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err("the audit trail doesn't show the use".into())
    }

    async fn ask(&self, route: &str, body: Option<Value>) -> Outcome<(u16, Value)> {
        let (method, path) = route.split_once(' ').ok_or("no route")?;
        let method = Method::from_bytes(method.as_bytes())?;
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let response = request.bearer_auth(&self.token).send().await?;
        let status = response.status().as_u16();
        Ok((status, serde_json::from_str(&response.text().await?).unwrap_or_default()))
    }
}

fn show(line: &str, body: Option<&Value>) {
    match body {
        Some(body) => println!("    {line}  {body}"),
        None => println!("    {line}"),
    }
}
