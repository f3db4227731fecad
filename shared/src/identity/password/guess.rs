//! How easily a password is guessed (zxcvbn), and what to do about it, in two languages. zxcvbn knows lists of leaked
//! passwords, English words and names, rows of keys, dates, repetitions and sequences; the French words below and what is
//! known of the person are added.

use zxcvbn::feedback::Warning;
use zxcvbn::{Score, zxcvbn};

use crate::kernel::Invalid;
use crate::kernel::fault::Text;

/// The estimate takes much longer than the password does, where somebody writes it for that: of a long one its beginning
/// and its end are looked at, each this long, since a password is no easier than any part of it. It is never cut for
/// anything else.
const LOOKED_AT: usize = 32;
/// The longest address; names are shorter.
const LONGEST_TEXT: usize = 254;
/// No words beyond this about a person.
const PERSONAL_WORDS: usize = 40;

/// What people choose first, here above all, and zxcvbn does not know.
const FAVOURITES: [&str; 31] = [
    "changemenow",
    "motdepasse",
    "mot de passe",
    "azerty",
    "azertyuiop",
    "azertyuiopqsdfghjklm",
    "qsdfghjklm",
    "wxcvbn",
    "administrateur",
    "bonjour",
    "bienvenue",
    "jetaime",
    "je t'aime",
    "soleil",
    "doudou",
    "loulou",
    "chouchou",
    "coucou",
    "marseille",
    "france",
    "paris",
    "nicolas",
    "camille",
    "chocolat",
    "princesse",
    "utilisateur",
    "secret",
    "vacances",
    "entreprise",
    "societe",
    "zencall",
];

/// Refuses what is guessed within a million tries (a score below 2).
pub(super) fn refuse_guessable(password: &str, personal: &[&str]) -> Result<(), Invalid> {
    let own = words(personal);
    let known: Vec<&str> = own.iter().map(String::as_str).chain(FAVOURITES).collect();
    let judged = without_long_words(password, &own);
    let beginning: String = judged.chars().take(LOOKED_AT).collect();
    let estimate = zxcvbn(&beginning, &known);
    let length = judged.chars().count();
    let end: String = judged.chars().skip(length.saturating_sub(LOOKED_AT)).collect();
    let is_hard = |part: &str, known: &[&str]| zxcvbn(part, known).score() >= Score::Two;
    if estimate.score() >= Score::Two || (end != beginning && is_hard(&end, &known)) {
        return Ok(());
    }
    let as_typed: String = password.chars().take(LOOKED_AT).collect();
    if is_hard(&as_typed, &FAVOURITES) {
        return Err(Invalid::new(
            "password_personal",
            "Ce mot de passe se devine à partir de votre nom, de votre adresse ou de votre entreprise : ajoutez-y deux \
             ou trois mots qui n'ont rien à voir avec vous.",
            "This password can be guessed from your name, your address or your company: add two or three words that \
             have nothing to do with you.",
        ));
    }
    let warning = estimate.feedback().and_then(|feedback| feedback.warning());
    let (fr, en) = reason(warning);
    Err(Invalid {
        code: "password_guessable",
        message: Text::owned(
            format!(
                "Ce mot de passe est trop facile à deviner : {fr}. Choisissez plutôt quelques mots sans lien entre eux ; \
                 majuscules, chiffres et symboles ne sont pas nécessaires."
            ),
            format!(
                "This password is too easy to guess: {en}. Choose a few words that have nothing to do with each other; \
                 capitals, digits and symbols are not needed."
            ),
        ),
    })
}

/// The password without what is known of its owner and longer than what is looked at: a part of it would seem hard.
fn without_long_words(password: &str, own: &[String]) -> String {
    let lower = password.to_lowercase();
    let mut long: Vec<&String> = own
        .iter()
        .filter(|word| word.chars().count() > LOOKED_AT)
        .collect();
    // The whole address before its parts.
    long.sort_unstable_by_key(|word| std::cmp::Reverse(word.len()));
    let without = long
        .into_iter()
        .fold(lower.clone(), |rest, word| rest.replace(word.as_str(), " "));
    if without == lower {
        password.to_owned()
    } else {
        without
    }
}

fn reason(warning: Option<Warning>) -> (&'static str, &'static str) {
    match warning {
        Some(Warning::StraightRowsOfKeysAreEasyToGuess | Warning::ShortKeyboardPatternsAreEasyToGuess) => (
            "des touches qui se suivent sur le clavier",
            "keys that stand in a row",
        ),
        Some(
            Warning::RepeatsLikeAaaAreEasyToGuess | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess,
        ) => ("la même chose répétée", "the same thing over and over"),
        Some(Warning::SequencesLikeAbcAreEasyToGuess) => {
            ("une suite comme abc ou 6543", "a sequence like abc or 6543")
        }
        Some(Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess) => {
            ("une date ou une année", "a date or a year")
        }
        Some(
            Warning::ThisIsATop10Password
            | Warning::ThisIsATop100Password
            | Warning::ThisIsACommonPassword
            | Warning::ThisIsSimilarToACommonlyUsedPassword,
        ) => (
            "il ressemble à ceux que tout le monde choisit",
            "it is like those that everybody chooses",
        ),
        Some(
            Warning::NamesAndSurnamesByThemselvesAreEasyToGuess
            | Warning::CommonNamesAndSurnamesAreEasyToGuess,
        ) => ("un nom répandu", "a common name"),
        Some(Warning::AWordByItselfIsEasyToGuess) | None => {
            ("un mot ou deux, sans plus", "a word or two, and no more")
        }
    }
}

/// What a guesser tries who knows these texts: each whole, without its spaces, and word by word.
fn words(personal: &[&str]) -> Vec<String> {
    let mut words = Vec::new();
    for text in personal {
        let text: String = text.chars().take(LONGEST_TEXT).collect::<String>().to_lowercase();
        let parts: Vec<&str> = text
            .split(|character: char| !character.is_alphanumeric())
            .filter(|part| part.chars().count() > 2)
            .collect();
        words.push(parts.concat());
        words.extend(text.split('@').map(str::to_owned));
        words.extend(parts.into_iter().map(str::to_owned));
        words.push(text);
    }
    words.retain(|word| !word.is_empty());
    words.sort_unstable();
    words.dedup();
    words.truncate(PERSONAL_WORDS);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERSONAL: [&str; 3] = ["jeanne.dupont@exemple.fr", "Jeanne Dupont", "Cabinet Mirabelle"];

    fn code(typed: &str) -> &'static str {
        refuse_guessable(typed, &PERSONAL).map_or_else(|invalid| invalid.code, |()| "")
    }

    #[test]
    fn what_lists_of_leaked_passwords_put_first_is_refused() {
        //
        for typed in [
            "000000000000",
            "111111111111",
            "112233445566",
            "123123123123",
            "123456123456",
            "123456789000",
            "123456789012",
            "1234567890123",
            "1234567890qwerty",
            "123456abcdef",
            "1q2w3e4r5t6y",
            "1qaz2wsx3edc",
            "987654321000",
            "abcdefghijkl",
            "administrateur",
            "administrator",
            "azertyuiop123",
            "azertyuiopqs",
            "azertyuiopqsdfghjklm",
            "changemenow1",
            "iloveyou1234",
            "jetaime12345",
            "letmein12345",
            "Motdepasse12",
            "motdepasse123",
            "motdepasse2026",
            "M0tdepasse1234",
            "Password1234",
            "P@ssw0rd12345",
            "passwordpassword",
            "qwerty123456",
            "qwertyuiop123",
            "zzzzzzzzzzzzzz",
            "            ",
        ] {
            assert_eq!(code(typed), "password_guessable", "{typed}");
        }
    }

    #[test]
    fn what_is_known_of_a_person_is_no_password_of_theirs() {
        for typed in [
            "Jeanne Dupont",
            "jeannedupont",
            "jeannedupont1",
            "jeanne.dupont@exemple.fr",
            "jeanne.dupontjeanne.dupont",
            "Cabinet Mirabelle",
            "cabinetmirabelle",
        ] {
            assert!(!code(typed).is_empty(), "{typed}");
        }
        assert_eq!(code("cabinetmirabelle"), "password_personal");
        let long = "kx7.09af3be2c41d55e8.jeanne.dupont@exemple.fr";
        for typed in [long, &long.to_uppercase(), &format!("{long}1")] {
            let refused = refuse_guessable(typed, &[long]).unwrap_err();
            assert_eq!(refused.code, "password_personal", "{typed}");
        }
        assert!(refuse_guessable("cabinetmirabelle", &[]).is_ok());
        assert_eq!(code("jeanne.dupont et ses 3 chats gris"), "");
    }

    #[test]
    fn the_refusal_says_what_to_do_and_never_quotes_the_password() {
        let refused = refuse_guessable("qwertyuiop123", &[]).unwrap_err();
        assert!(refused.message.fr.contains("Choisissez plutôt quelques mots"));
        assert!(refused.message.en.contains("Choose a few words"));
        assert!(!refused.message.fr.contains("qwerty") && !refused.message.en.contains("qwerty"));
    }

    #[test]
    fn only_so_much_is_looked_at_however_much_is_known() {
        let name = "Maximilienne ".repeat(40);
        assert!(words(&[name.as_str(); 30]).len() <= PERSONAL_WORDS);
        assert!(
            words(&[&name])
                .iter()
                .all(|word| word.chars().count() <= LONGEST_TEXT)
        );
    }

    #[test]
    fn a_long_password_is_as_hard_as_its_harder_end() {
        let easy = "a".repeat(500);
        assert_eq!(code(&easy), "password_guessable");
        assert_eq!(code(&format!("{easy} trois petits chats")), "");
        assert_eq!(code(&format!("trois petits chats {easy}")), "");
    }
}
