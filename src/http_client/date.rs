//! The `Date` of a response (RFC 9110 §6.6.1), which is the time of the server's clock.

use http::{HeaderMap, header::DATE};

use crate::claims::NumericDate;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Returns the time of the server's clock, if the response contains it in the preferred format,
/// such as `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(crate) fn server_time(headers: &HeaderMap) -> Option<NumericDate> {
    parse(headers.get(DATE)?.to_str().ok()?)
}

fn parse(text: &str) -> Option<NumericDate> {
    let mut parts = text.split(' ');
    parts.next()?.strip_suffix(',')?;
    let day: u64 = parts.next()?.parse().ok()?;
    let month = parts.next()?;
    let month = u64::try_from(MONTHS.iter().position(|name| *name == month)?).ok()?;
    let year: u64 = parts.next()?.parse().ok()?;
    let mut time = parts.next()?.split(':').map(|part| part.parse::<u64>().ok());
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    let is_valid = parts.next() == Some("GMT")
        && (1..=31).contains(&day)
        && (1970..=9999).contains(&year)
        && hour < 24
        && minute < 60
        && second <= 60;
    is_valid.then(|| NumericDate::from_secs(seconds(year, month, day, [hour, minute, second])))
}

/// Counts the seconds since 1970. The year starts in March, so that the leap day is its last day. `month` 0 is
/// January.
#[expect(clippy::arithmetic_side_effects, reason = "the values are within the bounds of a date")]
fn seconds(year: u64, month: u64, day: u64, [hour, minute, second]: [u64; 3]) -> u64 {
    const DAYS_TO_1970: u64 = 719_468;
    let (year, month) = if month < 2 { (year - 1, month + 10) } else { (year, month - 2) };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - DAYS_TO_1970;
    days * 86_400 + hour * 3600 + minute * 60 + second
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_form_is_read() {
        for (text, expected) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Thu, 29 Feb 2024 12:00:00 GMT", Some(1_709_208_000)),
            ("Fri, 31 Dec 2999 23:59:60 GMT", Some(32_503_680_000)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None),
            ("Sun Nov  6 08:49:37 1994", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("Sun, 06 Nov 1994 24:00:00 GMT", None),
            ("Sun, 06 Nov 1994 08:49 GMT", None),
            ("Sun, 00 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 99999999999 08:49:37 GMT", None),
            ("", None),
        ] {
            assert_eq!(parse(text).map(NumericDate::as_secs), expected, "{text}");
        }
    }
}
