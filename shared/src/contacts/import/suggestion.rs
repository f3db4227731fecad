//! What was probably meant by a cell that was refused. A suggestion is always something that would be accepted.

use crate::contacts::Kind;
use crate::kernel::{Country, Email, Language, PhoneNumber, Timezone};

/// What was probably meant by `typed` in `field`.
pub(super) fn of(field: &str, typed: &str, home: Country) -> Option<String> {
    match field {
        "phone" => phone(typed, home),
        "email" => email(typed),
        "kind" => kind(typed),
        "language" => language(typed),
        "timezone" => Timezone::parse(&format!("Europe/{}", typed.trim()))
            .ok()
            .map(|zone| zone.as_str().to_owned()),
        _ => None,
    }
}

fn phone(typed: &str, home: Country) -> Option<String> {
    let parse = |typed: &str| PhoneNumber::parse(typed, home).ok();
    let piece = |end: &[char]| typed.split(end).map(str::trim).find_map(parse);
    whole_number(typed)
        .and_then(|digits| parse(&digits))
        .or_else(|| parse(&letters_as_digits(typed)))
        // "06 12 34 56 78 / 07 …", "06 12 34 56 78 (domicile)"
        .or_else(|| piece(&['/', ';', ',', '(', ':', '|']))
        .or_else(|| typed.split(" ou ").find_map(parse))
        // "+06 12 34 56 78"
        .or_else(|| parse(typed.trim().trim_start_matches('+')))
        .map(|number| number.as_str().to_owned())
}

/// What a spreadsheet made of a number: `6.12345678E8`, `612345678,0`. None where it kept too few digits.
fn whole_number(typed: &str) -> Option<String> {
    let typed = typed.trim().replace(',', ".").to_uppercase();
    let (mantissa, exponent) = typed.split_once('E').unwrap_or((&typed, "0"));
    let exponent: usize = exponent
        .trim_start_matches('+')
        .parse()
        .ok()
        .filter(|exponent| *exponent <= 15)?;
    let (whole, fraction) = mantissa.split_once('.')?;
    let fraction = fraction.trim_end_matches('0');
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    // A fraction shorter than the exponent was rounded, or ended in zeros: nobody can tell.
    (digits(whole) && digits(fraction) && fraction.len() == exponent).then(|| format!("{whole}{fraction}"))
}

fn letters_as_digits(typed: &str) -> String {
    typed.replace(['O', 'o'], "0").replace(['I', 'l'], "1")
}

fn email(typed: &str) -> Option<String> {
    let inside = typed
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'))
        .map_or(typed, |(inside, _)| inside);
    let inside = inside.trim().trim_start_matches("mailto:");
    let cleaned: String = inside.chars().filter(|sign| !sign.is_whitespace()).collect();
    let cleaned = cleaned
        .replace(',', ".")
        .replace("..", ".")
        .replace("@.", "@")
        .replace("(at)", "@");
    let first = cleaned.split([';', '/']).next().unwrap_or_default();
    Email::parse(first.trim_end_matches('.'))
        .ok()
        .map(|email| email.as_str().to_owned())
}

fn kind(typed: &str) -> Option<String> {
    let kind = match typed.trim().to_lowercase().as_str() {
        "particulier" | "b2c" | "personne" => Kind::Consumer,
        "professionnel" | "pro" | "entreprise" | "société" | "b2b" | "company" => Kind::Business,
        _ => return None,
    };
    Some(kind.as_str().to_owned())
}

fn language(typed: &str) -> Option<String> {
    let language = match typed.trim().to_lowercase().as_str() {
        "français" | "francais" | "french" | "fr-fr" => Language::Fr,
        "anglais" | "english" | "en-gb" | "en-us" => Language::En,
        "espagnol" | "español" | "spanish" | "es-es" => Language::Es,
        "néerlandais" | "neerlandais" | "dutch" | "nl-be" | "nl-nl" => Language::Nl,
        "arabe" | "arabic" => Language::Ar,
        _ => return None,
    };
    Some(language.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_suggested_where_it_can_be_told() {
        for (field, typed, expected) in [
            ("phone", "6.12345678E8", Some("+33612345678")),
            ("phone", "6,12345678E+08", Some("+33612345678")),
            ("phone", "612345678.0", Some("+33612345678")),
            ("phone", "3.36123E+10", None),
            ("phone", "O6 12 34 56 78", Some("+33612345678")),
            ("phone", "06 12 34 56 78 / 07 12 34 56 78", Some("+33612345678")),
            ("phone", "06 12 34 56 78 (domicile)", Some("+33612345678")),
            ("phone", "06 12 34 56 78 ou 79", Some("+33612345678")),
            ("phone", "+06 12 34 56 78", Some("+33612345678")),
            ("phone", "12", None),
            ("email", "jean@zencall,example", Some("jean@zencall.example")),
            (
                "email",
                "Jean <jean@zencall.example>",
                Some("jean@zencall.example"),
            ),
            ("email", "jean", None),
            ("kind", "Particulier", Some("consumer")),
            ("kind", "x", None),
            ("language", "Français", Some("fr")),
            ("timezone", "Paris", Some("Europe/Paris")),
            ("timezone", "Nowhere", None),
            ("first_name", "x", None),
        ] {
            assert_eq!(of(field, typed, Country::FR).as_deref(), expected, "{typed}");
        }
    }
}
