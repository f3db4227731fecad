//! The public holidays of article L3133-1 of the code du travail. Good Friday and 26 December of
//! Alsace-Moselle, and the days of abolition overseas, are not in that article.

use jiff::civil::Date;

use super::terms::terms_at;

/// When a holiday falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holiday {
    /// On the same date every year: month and day.
    On(i8, i8),
    /// So many days after Easter Sunday.
    AfterEaster(i32),
}

/// The eleven legal holidays, in the order of the article.
pub const L3133_1: [Holiday; 11] = [
    // New Year's Day, Easter Monday.
    Holiday::On(1, 1),
    Holiday::AfterEaster(1),
    // Labour Day, Victory Day.
    Holiday::On(5, 1),
    Holiday::On(5, 8),
    // Ascension Day, Whit Monday.
    Holiday::AfterEaster(39),
    Holiday::AfterEaster(50),
    // National Day, Assumption, All Saints, Armistice Day, Christmas.
    Holiday::On(7, 14),
    Holiday::On(8, 15),
    Holiday::On(11, 1),
    Holiday::On(11, 11),
    Holiday::On(12, 25),
];

/// Whether that day is a public holiday, by the law that holds on it.
pub fn is_public_holiday(day: Date) -> bool {
    let since_easter = days_since_easter(day);
    terms_at(day).holidays.iter().any(|holiday| match *holiday {
        Holiday::On(month, of_month) => (month, of_month) == (day.month(), day.day()),
        Holiday::AfterEaster(days) => days == since_easter,
    })
}

/// Days from Easter Sunday of the same year; negative before it.
fn days_since_easter(date: Date) -> i32 {
    // Easter falls between 22 March and 25 April: counted in days of March, it needs no calendar of its own.
    let march_first = Date::constant(date.year(), 3, 1);
    let day_of_march = i32::from(date.day_of_year()) - i32::from(march_first.day_of_year()) + 1;
    day_of_march - easter(i32::from(date.year()))
}

/// Easter Sunday as a day of March (32 = 1 April): the anonymous Gregorian algorithm (Meeus, Jones, Butcher).
fn easter(year: i32) -> i32 {
    let golden = year % 19;
    let (century, of_century) = (year / 100, year % 100);
    let moon_correction = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - moon_correction + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
    let late = (golden + 11 * epact + 22 * weekday) / 451;
    22 + epact + weekday - 7 * late
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::{Weekday, date};

    use super::*;

    /// As the calendar prints them.
    const HOLIDAYS: [(i16, [(i8, i8); 11]); 3] = [
        (
            2026,
            [
                (1, 1),
                (4, 6),
                (5, 1),
                (5, 8),
                (5, 14),
                (5, 25),
                (7, 14),
                (8, 15),
                (11, 1),
                (11, 11),
                (12, 25),
            ],
        ),
        (
            2027,
            [
                (1, 1),
                (3, 29),
                (5, 1),
                (5, 6),
                (5, 8),
                (5, 17),
                (7, 14),
                (8, 15),
                (11, 1),
                (11, 11),
                (12, 25),
            ],
        ),
        (
            2028,
            [
                (1, 1),
                (4, 17),
                (5, 1),
                (5, 8),
                (5, 25),
                (6, 5),
                (7, 14),
                (8, 15),
                (11, 1),
                (11, 11),
                (12, 25),
            ],
        ),
    ];

    #[test]
    fn the_holidays_of_three_years_and_no_other_day() {
        //
        for (year, holidays) in HOLIDAYS {
            let mut day = date(year, 1, 1);
            while day.year() == year {
                assert_eq!(
                    is_public_holiday(day),
                    holidays.contains(&(day.month(), day.day())),
                    "{day}"
                );
                day = day.checked_add(1.day()).unwrap();
            }
        }
    }

    #[test]
    fn easter_is_a_sunday_within_its_bounds() {
        for year in 1900_i16..=2200 {
            let day = easter(i32::from(year));
            assert!((22..=56).contains(&day), "{year}");
            let sunday = date(year, 3, 1).checked_add((day - 1).days()).unwrap();
            assert_eq!(sunday.weekday(), Weekday::Sunday, "{year}");
        }
        // The earliest and the latest that anyone alive has seen or will see.
        assert_eq!((easter(2008), easter(2038), easter(2000)), (23, 56, 54));
    }
}
