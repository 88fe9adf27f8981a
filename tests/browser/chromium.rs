//! A browser without a window.

use std::{
    env, fs,
    path::PathBuf,
    process::{self, Child, Command, Stdio},
};

/// A running Chromium with a separate profile. It is killed, and the profile is removed, when this is dropped.
pub struct Chromium {
    process: Child,
    profile: PathBuf,
}

impl Chromium {
    /// Opens a page.
    pub fn open(url: &str) -> Self {
        let name: String = url.chars().filter(char::is_ascii_alphanumeric).collect();
        let profile = env::temp_dir().join(format!("portcullis-browser-{}-{name}", process::id()));
        let program = env::var("CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
        let process = Command::new(&program)
            // Root can't use the sandbox, and the only page is the one next to this file.
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
            .args(["--no-first-run", "--no-proxy-server", "--disable-background-networking"])
            .args(["--disable-component-update", "--disable-sync", "--remote-debugging-port=0"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("can't start {program}: {error}"));
        Self { process, profile }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        // Its other processes end with it, and may write a little longer.
        let _ = fs::remove_dir_all(&self.profile);
    }
}
