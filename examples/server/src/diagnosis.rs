//! `server explain` and `server doctor`.

use std::{error::Error, io, process::ExitCode};

use portcullis::Issuers;

/// A command other than serving.
#[derive(Clone, Copy)]
pub(crate) enum Command {
    /// Sends the configured issuers and endpoints the requests that the service would send.
    Doctor,
    /// Explains whether the token on stdin is accepted, optionally with its claims.
    Explain { shows_claims: bool },
}

impl Command {
    /// Parses the command line.
    pub(crate) fn read(arguments: &[String]) -> Result<Option<Self>, String> {
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        match *arguments {
            [] => Ok(None),
            ["doctor"] => Ok(Some(Self::Doctor)),
            ["explain"] => Ok(Some(Self::Explain { shows_claims: false })),
            ["explain", "--claims"] => Ok(Some(Self::Explain { shows_claims: true })),
            _ => {
                Err("the arguments are none, `doctor`, `explain` or `explain --claims`".to_owned())
            }
        }
    }

    /// Prints the report. The exit status is 0 if there is no problem, and 1 otherwise.
    pub(crate) async fn run(self, issuers: &Issuers) -> Result<ExitCode, Box<dyn Error>> {
        let (page, is_well) = match self {
            Self::Doctor => {
                let report = issuers.doctor().await;
                (report.to_string(), report.is_healthy())
            }
            Self::Explain { shows_claims } => {
                let token = io::read_to_string(io::stdin())?;
                let token = token.trim();
                let token = token.strip_prefix("Bearer ").unwrap_or(token);
                let explanation = issuers.explain(token).await;
                let is_accepted = explanation.is_accepted();
                let shown = if shows_claims { explanation.with_claims() } else { explanation };
                (shown.to_string(), is_accepted)
            }
        };
        print!("{page}");
        Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }
}
