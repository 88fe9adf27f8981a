//! `CONFIG`: the settings in a file, which is read again on SIGHUP.

use std::{env, fs, path::PathBuf, process};

use portcullis::testing::{ServedIssuer, TestIssuer};

use super::{API, serve, status};
use crate::program::{Program, Server};

/// A file that is removed with this.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let name = format!("portcullis-server-{}-{name}", process::id());
        let file = Self(env::temp_dir().join(name));
        file.write(text);
        file
    }

    fn write(&self, text: &str) {
        fs::write(&self.0, text).unwrap();
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn start(file: &File) -> Server {
    Server::start("server", &[("CONFIG", file.path()), ("RUST_LOG", "info")])
}

#[tokio::test]
async fn variables_take_precedence_over_the_settings_of_the_file() {
    let issuer = TestIssuer::serve().await.unwrap();
    let secret = File::new("secret", "s3cret\n");
    let text = format!(
        "issuer = \"{}\"\naudience = [\"https://other.example\"]\nquery_token = true\n\
         worker_threads = 1\nadmin_token_file = \"{}\"\n",
        issuer.issuer(),
        secret.path()
    );
    let file = File::new("settings", &text);
    let server = start(&file);
    let token = || issuer.token().audience("https://other.example");
    assert_eq!(status(&server, token()).await, 200);
    assert_eq!(status(&server, issuer.token().audience(API)).await, 401);
    let in_query = format!("GET /me?access_token={}", token().mint());
    assert_eq!(server.ask(&in_query, None).await.status, 200);
    let revoked = server.post_form("/admin/revoke", "sub=alice", Some("s3cret")).await;
    assert_eq!(revoked.status, 204);

    let server = serve(&issuer, &[("CONFIG", file.path())]);
    assert_eq!(status(&server, issuer.token().audience(API)).await, 200);
}

fn with_issuers(issuers: &[&ServedIssuer]) -> String {
    let tables = issuers.iter().map(|it| format!("[[issuers]]\nissuer = \"{}\"\n", it.issuer()));
    let policies = "[policies]\nunlisted = \"authenticated\"\nrows = [{ path = \"/role\", access = \"deny\" }]\n";
    format!("audience = \"{API}\"\n{}{policies}", tables.collect::<String>())
}

#[cfg(unix)]
#[tokio::test]
async fn the_issuers_are_replaced_on_sighup() {
    const KEYS: &str = "/jwks";
    let (one, two) = (TestIssuer::serve().await.unwrap(), TestIssuer::serve().await.unwrap());
    let file = File::new("reloaded", &with_issuers(&[&one]));
    let server = start(&file);
    let token = |issuer: &ServedIssuer| issuer.token().audience(API);
    assert_eq!(status(&server, token(&one)).await, 200);
    assert_eq!(status(&server, token(&two)).await, 401);
    let denied = server.ask("GET /role", Some(&token(&one).mint())).await;
    assert_eq!(denied.status, 403);

    file.write(&with_issuers(&[&one, &two]));
    server.signal("HUP");
    server.program.logged("CONFIG was read again");
    assert_eq!(status(&server, token(&one)).await, 200);
    assert_eq!(status(&server, token(&two)).await, 200);
    assert_eq!(one.requests_to(KEYS), 1, "an issuer that stays keeps its keys");

    // An invalid file changes nothing.
    file.write(&format!("{}issuer = 1\n", with_issuers(&[&two]).replace("issuer =", "isuer =")));
    server.signal("HUP");
    let line = server.program.logged("CONFIG was not read again");
    for part in ["issuers[0].issuer: must be set", "issuers[0].isuer: unknown"] {
        assert!(line.contains(part), "{line}");
    }
    assert_eq!(status(&server, token(&one)).await, 200);
    assert_eq!(status(&server, token(&two)).await, 200);

    file.write(&with_issuers(&[&two]));
    server.signal("HUP");
    server.program.logged("CONFIG was read again");
    assert_eq!(status(&server, token(&one)).await, 401);
    assert_eq!(status(&server, token(&two)).await, 200);
}

#[test]
fn all_problems_of_the_file_are_in_one_line() {
    for (text, parts) in [
        ("issuer = \"a", &["CONFIG", "line 1"][..]),
        (
            "colour = 1\nlisten = {}\nadmin_token_file = \"/nowhere\"",
            &["colour: unknown", "listen: must be a string", "admin_token_file: `/nowhere`"],
        ),
        (
            "[[issuers]]\nisuer = \"https://as.example\"\nleeway_seconds = \"1\"",
            &[
                "issuers[0].issuer: must be set",
                "issuers[0].isuer: unknown",
                "issuers[0].leeway_seconds: must be a non-negative integer",
                "issuers[0].audience: must be set",
            ],
        ),
        (
            "issuer = \"https://as.example\"\n[[issuers]]\nissuer = \"https://as.example\"",
            &["issuer: can't be combined with `issuers`"],
        ),
        (
            "issuer = \"https://as.example\"\naudience = \"a\"\n[policies]\n",
            &["policies: has no effect without `issuers`"],
        ),
        ("audience = \"a\"\nissuer = \"as.example\"", &["ISSUER", "`as.example`"]),
    ] {
        let file = File::new(&format!("invalid-{}", parts.len() + text.len()), text);
        let ended = Program::start("server", &[("CONFIG", file.path())]).end();
        assert_eq!(ended.status.code(), Some(2), "{text}");
        let [line] = &*ended.stderr else { panic!("{text}: {:?}", ended.stderr) };
        for part in parts {
            assert!(line.contains(part), "{text}: {line}");
        }
    }
    let ended = Program::start("server", &[("CONFIG", "/nowhere.toml")]).end();
    assert!(ended.stderr[0].starts_with("CONFIG `/nowhere.toml`: "), "{:?}", ended.stderr);
}
