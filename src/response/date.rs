//! Dates as the default body shows them.

use std::{
    ops::Deref,
    time::{Duration, SystemTime},
};

/// A time as `2019-11-13T06:26:01`: ISO 8601 in UTC, to the second.
pub(super) struct Date([u8; 19]);

impl Date {
    /// Years past 9999, which the format has no room for, are shown as that.
    pub(super) fn of(time: SystemTime) -> Self {
        let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let (days, second) = (seconds.as_secs() / 86_400, seconds.as_secs() % 86_400);
        let (year, month, day) = civil_from_days(days);
        let (year, hour, minute) = (year.min(9999), second / 3600, second / 60 % 60);
        let mut text = *b"0000-00-00T00:00:00";
        let pairs = [(0, year / 100), (2, year), (5, month), (8, day), (11, hour), (14, minute)];
        for (at, pair) in pairs.into_iter().chain([(17, second % 60)]) {
            if let Some(place) = text.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
                *place = digits(pair);
            }
        }
        Self(text)
    }
}

impl Deref for Date {
    type Target = str;

    fn deref(&self) -> &str {
        // Digits and separators are UTF-8.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The last two digits.
fn digits(number: u64) -> [u8; 2] {
    let digit = |number: u64| u8::try_from(number % 10).unwrap_or_default() | b'0';
    [digit(number / 10), digit(number)]
}

/// Days since 1970-01-01 as year, month and day of the Gregorian calendar, by counting from
/// 0000-03-01, so that the leap day ends a year, in eras of 400 years.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "days are at most u64::MAX / 86400, and every divisor is a constant"
)]
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    const DAYS_TO_1970: u64 = 719_468;
    const DAYS_PER_ERA: u64 = 146_097;
    let days = days + DAYS_TO_1970;
    let (era, day_of_era) = (days / DAYS_PER_ERA, days % DAYS_PER_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
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
            (253_402_300_800, "9999-01-01T00:00:00"),
        ] {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(&*Date::of(time), date);
        }
    }
}
