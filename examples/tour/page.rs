//! The output of the tour.

use std::io::{IsTerminal, stdout};

const WIDTH: usize = 92;

/// Standard output, in colour if it is a terminal.
pub(super) struct Page {
    is_colourful: bool,
}

/// The meaning of a text, which determines its colour.
#[derive(Clone, Copy)]
pub(super) enum Ink {
    Bold,
    Faint,
    Green,
    Plain,
    Red,
    Yellow,
}

impl Page {
    pub(super) fn new() -> Self {
        let is_colourful = stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { is_colourful }
    }

    pub(super) fn line(&self, ink: Ink, text: &str) {
        let code = match ink {
            Ink::Plain => return println!("{text}"),
            Ink::Bold => 1,
            Ink::Faint => 2,
            Ink::Green => 32,
            Ink::Red => 31,
            Ink::Yellow => 33,
        };
        if self.is_colourful {
            println!("\x1b[{code}m{text}\x1b[0m");
        } else {
            println!("{text}");
        }
    }

    /// Prints `text` after `prefix`, wrapped after `separator` if necessary. All lines except the first begin with
    /// `hang`.
    pub(super) fn wrapped(&self, ink: Ink, prefix: &str, hang: &str, separator: char, text: &str) {
        let mut line = prefix.to_owned();
        let mut is_begun = false;
        for piece in text.split_inclusive(separator) {
            let full = width(&line).saturating_add(width(piece.trim_end())) > WIDTH;
            if full && is_begun {
                self.line(ink, line.trim_end());
                line = format!("{prefix}{hang}{}", piece.trim_start());
            } else {
                line.push_str(piece);
            }
            is_begun = true;
        }
        self.line(ink, line.trim_end());
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}
