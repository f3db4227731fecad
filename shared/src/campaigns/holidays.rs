//! The public holidays of article L3133-1 of the code du travail, computed. Good Friday and 26 December of
//! Alsace-Moselle, and the days of abolition overseas, are not in that article.

use jiff::civil::Date;

/// Holidays that fall on the same date every year: month and day.
const FIXED: [(i8, i8); 8] = [
    (1, 1),
    (5, 1),
    (5, 8),
    (7, 14),
    (8, 15),
    (11, 1),
    (11, 11),
    (12, 25),
];

/// Holidays that follow Easter Sunday, in days: Easter Monday, Ascension Day, Whit Monday.
const AFTER_EASTER: [i32; 3] = [1, 39, 50];

/// Whether nobody may be canvassed on that day because it is a public holiday.
pub fn is_public_holiday(date: Date) -> bool {
    FIXED.contains(&(date.month(), date.day())) || AFTER_EASTER.contains(&days_since_easter(date))
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
