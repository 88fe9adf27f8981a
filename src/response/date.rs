//! Dates in the default error body.

use std::{
    ops::Deref,
    time::{Duration, SystemTime},
};

/// A time in UTC as `2019-11-13T06:26:01` (ISO 8601), to the second.
pub(super) struct Date([u8; 19]);

impl Date {
    /// Creates a date. Times after the year 9999, which the format can't represent, become its last second.
    pub(super) fn of(time: SystemTime) -> Self {
        let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let seconds = seconds.as_secs().min(LAST_SECOND);
        let days = u32::try_from(seconds / 86_400).unwrap_or_default();
        let second = u32::try_from(seconds % 86_400).unwrap_or_default();
        let (year, month, day) = civil_from_days(days);
        let ([y1, y2], [y3, y4]) = (digits(year / 100), digits(year));
        let ([m1, m2], [d1, d2]) = (digits(month), digits(day));
        let ([h1, h2], [n1, n2]) = (digits(second / 3600), digits(second / 60 % 60));
        let [s1, s2] = digits(second % 60);
        Self([y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2])
    }
}

impl Deref for Date {
    type Target = str;

    fn deref(&self) -> &str {
        // Digits and separators are valid UTF-8.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// 9999-12-31T23:59:59.
const LAST_SECOND: u64 = 253_402_300_799;

/// Returns the last two digits of a number.
fn digits(number: u32) -> [u8; 2] {
    let pair = u8::try_from(number % 100).unwrap_or_default();
    [(pair / 10) | b'0', (pair % 10) | b'0']
}

/// Converts days since 1970-01-01 to year, month and day of the Gregorian calendar. It counts from 0000-03-01, so that
/// the leap day is the last day of a year, in eras of 400 years.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "every divisor is a constant, and no sum is larger than the number of days"
)]
fn civil_from_days(days: u32) -> (u32, u32, u32) {
    const DAYS_TO_1970: u32 = 719_468;
    const DAYS_PER_ERA: u32 = 146_097;
    let days = days.saturating_add(DAYS_TO_1970);
    let (era, day_of_era) = (days / DAYS_PER_ERA, days % DAYS_PER_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u32::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_match_the_calendar() {
        for (seconds, date) in [
            (0, "1970-01-01T00:00:00"),
            (951_782_400, "2000-02-29T00:00:00"),
            (951_868_799, "2000-02-29T23:59:59"),
            (951_868_800, "2000-03-01T00:00:00"),
            (1_573_626_361, "2019-11-13T06:26:01"),
            (1_709_164_800, "2024-02-29T00:00:00"),
            (4_107_542_400, "2100-03-01T00:00:00"),
            (253_402_300_799, "9999-12-31T23:59:59"),
            (253_402_300_800, "9999-12-31T23:59:59"),
            // 29 February of a later year, and the last time of some systems.
            (253_407_484_800, "9999-12-31T23:59:59"),
            (i64::MAX.unsigned_abs(), "9999-12-31T23:59:59"),
        ] {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(&*Date::of(time), date);
        }
    }
}
