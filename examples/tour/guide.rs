//! Sends the requests of the tour and shows the responses.

use std::process::ExitCode;

use reqwest::{
    Client, StatusCode,
    header::{CONTENT_LENGTH, RETRY_AFTER, WWW_AUTHENTICATE},
};

use crate::{
    expected::{Answer, Expected},
    page::{Ink, Page},
    request::Request,
};

/// Sends requests to a service, shows the responses, and records unexpected ones.
pub(crate) struct Guide {
    client: Client,
    service: String,
    page: Page,
    stops: u32,
    surprises: Vec<String>,
}

impl Guide {
    pub(crate) fn new(client: Client, service: String) -> Self {
        Self { client, service, page: Page::new(), stops: 0, surprises: Vec::new() }
    }

    pub(crate) fn chapter(&self, title: &str) {
        println!("\n");
        self.page.line(Ink::Bold, title);
        self.page.line(Ink::Bold, &"=".repeat(title.len()));
    }

    /// Sends `request`, and compares the response with the expected one.
    pub(crate) async fn stop(
        &mut self,
        title: &str,
        why: &str,
        request: Request,
        expected: Expected,
    ) -> reqwest::Result<()> {
        self.stops = self.stops.saturating_add(1);
        let title = format!("{:>2}  {title}", self.stops);
        println!();
        self.page.line(Ink::Bold, &title);
        self.page.wrapped(Ink::Plain, "    ", "", ' ', why);
        println!();

        self.show_request(&request);
        let response = request.to(&self.client, &self.service).send().await?;
        let answer = Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.text().await?,
        };
        self.show_answer(&request, &answer);

        let differences = expected.differences(&answer);
        if differences.is_empty() {
            self.page.line(Ink::Green, "    ✓ as expected");
        } else {
            for difference in differences {
                self.page.wrapped(Ink::Red, "    ", "  ", ' ', &format!("✗ {difference}"));
            }
            self.surprises.push(title);
        }
        Ok(())
    }

    /// Prints a summary.
    pub(crate) fn farewell(self) -> ExitCode {
        println!("\n");
        if self.surprises.is_empty() {
            let all = format!("{} requests, and every response as expected.", self.stops);
            self.page.line(Ink::Green, &all);
            return ExitCode::SUCCESS;
        }
        self.page.line(Ink::Red, "Not as expected:");
        self.surprises.iter().for_each(|title| self.page.line(Ink::Red, title));
        ExitCode::FAILURE
    }

    fn show_request(&self, request: &Request) {
        self.page.line(Ink::Plain, &format!("    > {} {}", request.method, request.path));
        for line in &request.authorizations {
            self.page.line(Ink::Plain, &format!("    > authorization: {}", shortened(line)));
        }
    }

    fn show_answer(&self, request: &Request, answer: &Answer) {
        self.page.line(ink(answer.status), &format!("    < {}", answer.status));
        let mut names = vec![WWW_AUTHENTICATE, RETRY_AFTER];
        if request.method == "HEAD" {
            names.push(CONTENT_LENGTH);
        }
        for name in names {
            for value in answer.headers.get_all(&name) {
                let line = format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()));
                self.page.wrapped(Ink::Plain, "    < ", "    ", ',', &line);
            }
        }
        if !answer.body.is_empty() {
            self.page.wrapped(Ink::Faint, "    < ", " ", ',', &answer.body);
        }
    }
}

fn ink(status: StatusCode) -> Ink {
    match status.as_u16() {
        200..=299 => Ink::Green,
        400..=499 => Ink::Yellow,
        _ => Ink::Red,
    }
}

/// Shortens the token in a line.
fn shortened(line: &str) -> String {
    let Some((scheme, token)) = line.split_once(' ') else { return line.to_owned() };
    match (token.get(..3), token.len().checked_sub(3).and_then(|start| token.get(start..))) {
        (Some(head), Some(tail)) if token.len() > 20 => format!("{scheme} {head}…{tail}"),
        _ => line.to_owned(),
    }
}
