//! Whether a table and the routes of a service fit.

use http::Method;

use super::{
    Policies,
    pattern::{self, Segment},
    table::Rule,
};

impl Policies {
    /// Returns what doesn't fit between this table and the routes of a service, as one line each: a route without a row,
    /// a row without a route, and a row that other rows shadow.
    ///
    /// A route is a method with a path in the form of axum's routes, or of a gRPC method.
    ///
    /// ```
    /// use http::Method;
    /// use portcullis::{Access, Policies};
    ///
    /// let policies = Policies::builder()
    ///     .route(Method::GET, "/orders/{id}", Access::Authenticated)
    ///     .route(Method::GET, "/reports", Access::Authenticated)
    ///     .build()?;
    /// let problems = policies.uncovered([(Method::GET, "/orders/{order}"), (Method::POST, "/orders")]);
    /// assert_eq!(
    ///     problems,
    ///     ["route `POST /orders` has no row", "row `GET /reports` is for no route"]
    /// );
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    #[must_use]
    pub fn uncovered<'a>(
        &self,
        routes: impl IntoIterator<Item = (Method, &'a str)>,
    ) -> Vec<String> {
        let mut problems = Vec::new();
        let mut used = vec![false; self.rows().len()];
        // The rows that a route would use if another one weren't more particular.
        let mut shadows: Vec<Option<usize>> = vec![None; self.rows().len()];
        for (method, route) in routes {
            let sample = sample(route);
            let place = match self.find(&method, &sample) {
                Rule::Row(place) => place,
                // The rows of an MCP endpoint are for the operations of one route.
                rule @ Rule::EveryOperation(_) => {
                    let path = self.rows_of(rule).next().map(super::PolicyRow::path);
                    for (row, used) in self.rows().iter().zip(&mut used) {
                        *used |= row.operation().is_some() && Some(row.path()) == path;
                    }
                    continue;
                }
                _ => {
                    problems.push(format!("route `{method} {route}` has no row"));
                    continue;
                }
            };
            if let Some(used) = used.get_mut(place) {
                *used = true;
            }
            for (other, (row, shadow)) in self.rows().iter().zip(&mut shadows).enumerate() {
                let is_for_method = row.method().is_none_or(|it| *it == method);
                if other != place && is_for_method && matches(row.path(), &sample) {
                    *shadow = Some(place);
                }
            }
        }
        for ((row, is_used), shadow) in self.rows().iter().zip(used).zip(shadows) {
            if is_used {
                continue;
            }
            problems.push(match shadow.and_then(|place| self.rows().get(place)) {
                Some(other) => format!("row `{}` is shadowed by `{}`", row.name(), other.name()),
                None => format!("row `{}` is for no route", row.name()),
            });
        }
        problems
    }

    /// Fails a test if this table and the routes of a service don't fit: see [`uncovered`](Self::uncovered).
    ///
    /// ```
    /// use http::Method;
    /// use portcullis::{Access, Policies};
    ///
    /// let policies =
    ///     Policies::builder().route(Method::GET, "/orders", Access::Authenticated).build()?;
    /// policies.assert_covers([(Method::GET, "/orders")]);
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// With one line for each problem.
    pub fn assert_covers<'a>(&self, routes: impl IntoIterator<Item = (Method, &'a str)>) {
        let problems = self.uncovered(routes);
        assert!(
            problems.is_empty(),
            "the policies and the routes don't fit:\n{}",
            problems.join("\n")
        );
    }
}

/// Returns a path that a route is for.
fn sample(route: &str) -> String {
    let segments = route.split('/').map(|segment| match segment.strip_prefix('{') {
        Some(rest) if rest.starts_with('*') => "x0/x1",
        Some(_) => "x0",
        None => segment,
    });
    segments.collect::<Vec<_>>().join("/")
}

/// Returns whether a row's pattern is for a path.
fn matches(pattern: &str, path: &str) -> bool {
    let segments = match pattern::grpc(pattern) {
        Ok(segments) => segments.into(),
        Err(_) => pattern::http(pattern).unwrap_or_default(),
    };
    let mut path = path.split('/').skip(1);
    for segment in segments {
        let is_match = match (segment, path.next()) {
            (Segment::Rest, rest) => return rest.is_some(),
            (Segment::Parameter, Some(text)) => !text.is_empty(),
            (Segment::Static(expected), Some(text)) => expected == text,
            (_, None) => false,
        };
        if !is_match {
            return false;
        }
    }
    path.next().is_none()
}
