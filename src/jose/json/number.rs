/// A number as it is written.
#[derive(Clone, Copy)]
pub(crate) struct Number<'a>(pub(super) &'a str);

impl Number<'_> {
    /// Returns the number as it is written.
    pub(crate) fn as_str(&self) -> &str {
        self.0
    }

    /// Returns the number, if it is written only with digits and fits.
    pub(crate) fn as_u64(self) -> Option<u64> {
        self.0.parse().ok()
    }

    /// Returns the nearest `f64`, if it is finite. The grammar allows `1e400`, for example, which
    /// isn't.
    pub(crate) fn as_f64(self) -> Option<f64> {
        self.0.parse().ok().filter(|number: &f64| number.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_written() {
        let cases = [
            ("0", Some(0), Some(0.0)),
            ("7", Some(7), Some(7.0)),
            ("1767225600", Some(1_767_225_600), Some(1_767_225_600.0)),
            ("18446744073709551615", Some(u64::MAX), Some(18_446_744_073_709_551_615.0)),
            ("18446744073709551616", None, Some(18_446_744_073_709_551_616.0)),
            ("-0", None, Some(-0.0)),
            ("-1", None, Some(-1.0)),
            ("1.0", None, Some(1.0)),
            ("1767225600.5", None, Some(1_767_225_600.5)),
            ("1e3", None, Some(1000.0)),
            ("1E-3", None, Some(0.001)),
            ("1.7976931348623157e308", None, Some(f64::MAX)),
            ("1e400", None, None),
            ("-1e400", None, None),
            ("1e-400", None, Some(0.0)),
        ];
        for (written, integer, float) in cases {
            let number = Number(written);
            assert_eq!(number.as_str(), written);
            assert_eq!(number.as_u64(), integer, "{written}");
            assert_eq!(number.as_f64().map(f64::to_bits), float.map(f64::to_bits), "{written}");
        }
    }
}
