//! Compares a policy table with the routes of a service.

use http::Method;

use super::{
    Policies,
    pattern::{self, Segment},
    table::Rule,
};

impl Policies {
    /// Compares this table with the routes of a service, and returns one line for each problem: a route without a row,
    /// a row without a route, or a row that is shadowed by other rows.
    ///
    /// A route is a method with a path in the syntax of axum's routes, or with the path of a gRPC method.
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
    ///     ["route `POST /orders` has no row", "row `GET /reports` matches no route"]
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
        // For each row, the more specific row that hides it from a route.
        let mut shadows: Vec<Option<usize>> = vec![None; self.rows().len()];
        for (method, route) in routes {
            let sample = sample(route);
            let place = match self.find(&method, &sample) {
                Rule::Row(place) => place,
                // All rows of an MCP endpoint belong to one route.
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
                None => format!("row `{}` matches no route", row.name()),
            });
        }
        problems
    }

    /// Asserts that this table and the routes of a service match, for use in a test. See
    /// [`uncovered`](Self::uncovered).
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
    /// Panics if there is a problem, with one line for each.
    pub fn assert_covers<'a>(&self, routes: impl IntoIterator<Item = (Method, &'a str)>) {
        let problems = self.uncovered(routes);
        assert!(
            problems.is_empty(),
            "the policies don't match the routes:\n{}",
            problems.join("\n")
        );
    }
}

/// Returns a path that matches a route.
fn sample(route: &str) -> String {
    let segments = route.split('/').map(|segment| match segment.strip_prefix('{') {
        Some(rest) if rest.starts_with('*') => "x0/x1",
        Some(_) => "x0",
        None => segment,
    });
    segments.collect::<Vec<_>>().join("/")
}

/// Returns whether the pattern of a row matches a path.
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
