//! On which clocks the hours of a call are read: the contact's own, else what postal code and number tell.

use super::numbering;
use super::phone::PhoneNumber;
use super::postal_code::PostalCode;
use super::timezone::Timezone;

/// The clocks of the overseas numbers of France, by calling code and the digits that follow.
const OVERSEAS: [(&str, &str); 12] = [
    ("590", "America/Guadeloupe"),
    ("594", "America/Cayenne"),
    ("596", "America/Martinique"),
    ("508", "America/Miquelon"),
    ("262262", "Indian/Reunion"),
    ("262263", "Indian/Reunion"),
    ("262692", "Indian/Reunion"),
    ("262693", "Indian/Reunion"),
    ("262269", "Indian/Mayotte"),
    ("262639", "Indian/Mayotte"),
    ("687", "Pacific/Noumea"),
    ("681", "Pacific/Wallis"),
];

/// French territories of the Pacific: plans of their own, French postal codes.
const PACIFIC: [&str; 3] = ["+681", "+687", "+689"];

/// Calling codes whose every subscriber lives on one clock. Spain, Portugal and the Americas are left out: they
/// have several, and their mobile numbers do not say which.
const SINGLE_ZONE: [(&str, &str); 34] = [
    ("30", "Europe/Athens"),
    ("31", "Europe/Amsterdam"),
    ("32", "Europe/Brussels"),
    ("36", "Europe/Budapest"),
    ("39", "Europe/Rome"),
    ("40", "Europe/Bucharest"),
    ("41", "Europe/Zurich"),
    ("43", "Europe/Vienna"),
    ("44", "Europe/London"),
    ("45", "Europe/Copenhagen"),
    ("46", "Europe/Stockholm"),
    ("47", "Europe/Oslo"),
    ("48", "Europe/Warsaw"),
    ("49", "Europe/Berlin"),
    ("212", "Africa/Casablanca"),
    ("213", "Africa/Algiers"),
    ("216", "Africa/Tunis"),
    ("221", "Africa/Dakar"),
    ("225", "Africa/Abidjan"),
    ("237", "Africa/Douala"),
    ("352", "Europe/Luxembourg"),
    ("353", "Europe/Dublin"),
    ("354", "Atlantic/Reykjavik"),
    ("356", "Europe/Malta"),
    ("358", "Europe/Helsinki"),
    ("359", "Europe/Sofia"),
    ("370", "Europe/Vilnius"),
    ("371", "Europe/Riga"),
    ("372", "Europe/Tallinn"),
    ("377", "Europe/Monaco"),
    ("385", "Europe/Zagreb"),
    ("386", "Europe/Ljubljana"),
    ("420", "Europe/Prague"),
    ("421", "Europe/Bratislava"),
];

/// The clocks on which a contact may live. With several, an hour is good when it is good on each; with none,
/// nobody knows, and rules that need a zone refuse.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Zones {
    clocks: Vec<Timezone>,
    /// How many of them, the first ones, the surest source told.
    surest: usize,
}

impl Zones {
    /// One clock, known for certain.
    pub fn one(zone: Timezone) -> Self {
        Self {
            clocks: vec![zone],
            surest: 1,
        }
    }

    /// Whether nothing tells where the contact lives.
    pub fn is_unknown(&self) -> bool {
        self.clocks.is_empty()
    }

    /// These clocks, or the given one where there are none.
    pub fn or(self, fallback: &Timezone) -> Self {
        if self.is_unknown() {
            Self::one(fallback.clone())
        } else {
            self
        }
    }

    /// Every clock that anything told.
    pub fn as_slice(&self) -> &[Timezone] {
        &self.clocks
    }

    /// Those of the surest source alone: the contact's own zone, else its postal code, else its number.
    pub fn surest(&self) -> &[Timezone] {
        &self.clocks[..self.surest]
    }

    fn add(&mut self, zone: Timezone) {
        if !self.clocks.contains(&zone) {
            self.clocks.push(zone);
        }
    }
}

/// The clocks of a contact. Its own zone wins alone; else its postal code and its number are both heard, and
/// where they differ the law's hours must suit both (décret 2022-1313, `D223-9`: the consumer's hours). A postal code
/// is read as French next to a French number only: 97400 is a place in Germany too.
pub fn zones_of(own: Option<&Timezone>, postal_code: Option<&str>, number: &PhoneNumber) -> Zones {
    if let Some(own) = own {
        return Zones::one(own.clone());
    }
    let mut zones = Zones::default();
    let french = number.region().is_some_and(|region| region.is_french())
        || PACIFIC.iter().any(|code| number.e164().starts_with(code));
    if let Some(code) = postal_code
        .filter(|_| french)
        .and_then(|typed| PostalCode::parse(typed).ok())
    {
        for zone in code.zones() {
            zones.add(Timezone::known(zone));
        }
        zones.surest = zones.clocks.len();
    }
    if let Some(zone) = zone_of_number(number.e164()) {
        zones.add(Timezone::known(zone));
        zones.surest = zones.surest.max(1);
    }
    zones
}

/// The clock that a number tells. A French mobile, or a number that begins with 08 or 09, tells none.
fn zone_of_number(e164: &str) -> Option<&'static str> {
    let digits = e164.strip_prefix('+')?;
    if let Some(national) = numbering::french_national(e164) {
        if let Some(code) = numbering::overseas_code(e164) {
            return overseas(&format!("{code}{national}"));
        }
        return matches!(national.as_bytes().first(), Some(b'1'..=b'5')).then_some("Europe/Paris");
    }
    let single = SINGLE_ZONE
        .iter()
        .find(|(code, _)| digits.starts_with(code))
        .map(|(_, zone)| *zone);
    overseas(digits).or(single)
}

fn overseas(digits: &str) -> Option<&'static str> {
    OVERSEAS
        .iter()
        .find(|(prefix, _)| digits.starts_with(prefix))
        .map(|(_, zone)| *zone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::country::Country;

    fn zones(own: Option<&str>, postal_code: Option<&str>, number: &str) -> Vec<String> {
        let own = own.map(|name| Timezone::parse(name).unwrap());
        let number = PhoneNumber::parse(number, Country::FR).unwrap();
        let zones = zones_of(own.as_ref(), postal_code, &number);
        zones.as_slice().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_zone_of_the_tables_exists() {
        for (_, zone) in OVERSEAS.iter().chain(&SINGLE_ZONE) {
            assert_eq!(Timezone::parse(zone).unwrap().as_str(), *zone);
        }
    }

    #[test]
    fn reunion_and_mayotte_share_a_calling_code_and_no_clock() {
        //
        assert_eq!(zones(None, None, "+262692123456"), ["Indian/Reunion"]);
        assert_eq!(zones(None, None, "+262639012345"), ["Indian/Mayotte"]);
        assert_eq!(zones(None, None, "0262201234"), ["Indian/Reunion"]);
        assert_eq!(zones(None, None, "0269612345"), ["Indian/Mayotte"]);
    }

    #[test]
    fn a_postal_code_and_a_geographic_number_are_both_heard() {
        //
        assert_eq!(
            zones(None, Some("97400"), "+33142685300"),
            ["Indian/Reunion", "Europe/Paris"]
        );
        assert_eq!(
            zones(None, Some("97400"), "0199001234"),
            ["Indian/Reunion", "Europe/Paris"]
        );
        assert_eq!(zones(None, Some("75001"), "+33142685300"), ["Europe/Paris"]);
        // A mobile tells nothing, so the postal code stands alone.
        assert_eq!(zones(None, Some("97400"), "0639981234"), ["Indian/Reunion"]);
        assert_eq!(
            zones(None, Some("75001"), "+590690001234"),
            ["Europe/Paris", "America/Guadeloupe"]
        );
    }

    #[test]
    fn the_surest_source_is_the_zone_then_the_postal_code_then_the_number() {
        let surest = |own: Option<&str>, postal_code: Option<&str>, number: &str| {
            let own = own.map(|name| Timezone::parse(name).unwrap());
            let number = PhoneNumber::parse(number, Country::FR).unwrap();
            let zones = zones_of(own.as_ref(), postal_code, &number);
            zones.surest().iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            surest(Some("America/Cayenne"), Some("97400"), "0199001234"),
            ["America/Cayenne"]
        );
        assert_eq!(surest(None, Some("97400"), "0199001234"), ["Indian/Reunion"]);
        assert_eq!(surest(None, None, "0199001234"), ["Europe/Paris"]);
        assert_eq!(surest(None, Some("98714"), "+68987123456").len(), 3);
        assert!(surest(None, None, "0639981234").is_empty());
    }

    #[test]
    fn nothing_known_is_no_zone() {
        //
        assert!(zones(None, None, "0612345678").is_empty());
        assert!(zones(None, None, "0970000000").is_empty());
        assert!(zones(None, None, "0800123456").is_empty());
        assert!(zones(None, Some("nowhere"), "0639981234").is_empty());
        assert!(zones(None, None, "+34612345678").is_empty());
        assert!(zones(None, Some("97401"), "+12015550123").is_empty());
    }

    #[test]
    fn the_contact_s_own_zone_wins_alone() {
        assert_eq!(
            zones(Some("America/Cayenne"), Some("97400"), "0199001234"),
            ["America/Cayenne"]
        );
    }

    #[test]
    fn other_countries_with_one_clock_tell_it() {
        assert_eq!(zones(None, None, "+32470123456"), ["Europe/Brussels"]);
        assert_eq!(zones(None, None, "+352621123456"), ["Europe/Luxembourg"]);
        assert_eq!(zones(None, None, "+41791234567"), ["Europe/Zurich"]);
        // Polynesia has three clocks; without a postal code its numbers tell none.
        assert!(zones(None, None, "+68987123456").is_empty());
        assert_eq!(zones(None, Some("98714"), "+68987123456").len(), 3);
        // A German postal code is not Réunion's.
        assert_eq!(zones(None, Some("97400"), "+4915123456789"), ["Europe/Berlin"]);
    }

    #[test]
    fn a_fallback_serves_only_where_nothing_is_known() {
        let paris = Timezone::paris();
        assert_eq!(Zones::default().or(&paris).as_slice(), [Timezone::paris()]);
        assert_eq!(
            Zones::one(Timezone::utc()).or(&paris).as_slice(),
            [Timezone::utc()]
        );
    }
}
