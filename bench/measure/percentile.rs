//! The statistic of all benches.

/// Returns the value that `percent` of the values are below: NaN if there are no values.
pub fn percentile(mut values: Vec<f64>, percent: impl Into<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len() as f64 * percent.into() / 100.0) as usize;
    values.get(place).or(values.last()).copied().unwrap_or(f64::NAN)
}
