//! An access matrix: which persona may call what.

use std::fmt::{self, Write};

use super::{Persona, Policies, table::Rule};

/// An access matrix: a line for each row of a policy table, and a column for each persona. See [`Policies::matrix`].
///
/// `Display` renders it as a text table. With the `serde` feature, `Serialize` renders it as data. If you keep it as a
/// file in your repository, a change that widens access shows up in the diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    personas: Vec<String>,
    rows: Vec<MatrixRow>,
}

/// One row of a table, with the HTTP status with which each persona is rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
struct MatrixRow {
    name: String,
    access: String,
    /// `None` for a persona that is allowed.
    rejections: Vec<Option<u16>>,
}

impl Policies {
    /// Returns the access matrix of this table for some personas.
    ///
    /// ```
    /// use http::Method;
    /// use portcullis::{Access, Identity, Policies, Scope, ScopeSet, policies::Persona};
    ///
    /// let policies = Policies::builder()
    ///     .route(Method::GET, "/orders", Scope::from_static("orders:read"))
    ///     .route(Method::GET, "/status", Access::Anonymous)
    ///     .build()?;
    /// let reader = Identity::assertion().scopes(ScopeSet::from_wire("orders:read")).build();
    /// let matrix = policies.matrix(&[Persona::anonymous(), Persona::new("reader", reader)]);
    /// assert_eq!(
    ///     matrix.to_string(),
    ///     "row          access       anonymous  reader\n\
    ///      GET /orders  orders:read  401        yes\n\
    ///      GET /status  anonymous    yes        yes\n\
    ///      unlisted     denied       401        403\n"
    /// );
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    #[must_use]
    pub fn matrix(&self, personas: &[Persona]) -> Matrix {
        let rules = (0..self.rows().len()).map(Rule::Row).chain([Rule::Unlisted]);
        let rows = rules.map(|rule| {
            let row = match rule {
                Rule::Row(place) => self.rows().get(place),
                _ => None,
            };
            MatrixRow {
                name: row.map_or("unlisted".to_owned(), super::PolicyRow::name),
                access: row.map_or(self.unlisted(), super::PolicyRow::access).to_string(),
                rejections: personas.iter().map(|persona| self.rejection(rule, persona)).collect(),
            }
        });
        let rows = rows.collect();
        Matrix { personas: personas.iter().map(|it| it.name().to_owned()).collect(), rows }
    }

    fn rejection(&self, rule: Rule, persona: &Persona) -> Option<u16> {
        match &persona.identity {
            None if self.is_open(rule) => None,
            None => Some(401),
            Some(identity) => self.authorize(rule, identity).err().map(|it| it.status().as_u16()),
        }
    }
}

impl Matrix {
    /// Returns whether a persona may call what a row covers, such as `GET /orders/{id}` or `unlisted`. Returns `None`
    /// if there is no such row or persona.
    ///
    /// ```
    /// use portcullis::{Policies, policies::Persona};
    ///
    /// let matrix = Policies::builder().build()?.matrix(&[Persona::anonymous()]);
    /// assert_eq!(matrix.allows("unlisted", "anonymous"), Some(false));
    /// assert_eq!(matrix.allows("GET /", "anonymous"), None);
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    #[must_use]
    pub fn allows(&self, row: &str, persona: &str) -> Option<bool> {
        let column = self.personas.iter().position(|name| name == persona)?;
        let row = self.rows.iter().find(|it| it.name == row)?;
        row.rejections.get(column).map(Option::is_none)
    }
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |rejection: &Option<u16>| match rejection {
            None => "yes".to_owned(),
            Some(status) => status.to_string(),
        };
        let head = ["row", "access"].into_iter().map(str::to_owned);
        let mut lines: Vec<Vec<String>> = vec![head.chain(self.personas.iter().cloned()).collect()];
        for row in &self.rows {
            let cells = [row.name.clone(), row.access.clone()];
            lines.push(cells.into_iter().chain(row.rejections.iter().map(shown)).collect());
        }
        let columns = self.personas.len().saturating_add(2);
        let width = |column: usize| {
            let cells = lines.iter().filter_map(|line| line.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
        };
        let widths: Vec<_> = (0..columns).map(width).collect();
        for line in &lines {
            let mut text = String::new();
            for (cell, width) in line.iter().zip(&widths) {
                write!(text, "{cell:width$}  ")?;
            }
            writeln!(f, "{}", text.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Matrix {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows = self.rows.iter().map(|row| {
            let personas: serde_json::Map<_, _> = self
                .personas
                .iter()
                .zip(&row.rejections)
                .map(|(name, rejection)| {
                    let value = rejection.map_or(serde_json::Value::from("yes"), Into::into);
                    (name.clone(), value)
                })
                .collect();
            serde_json::json!({ "row": row.name, "access": row.access, "personas": personas })
        });
        serializer.collect_seq(rows)
    }
}
