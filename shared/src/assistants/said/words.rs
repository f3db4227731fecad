//! Words as they are heard: without case, accents and punctuation, and alike where a machine wrote a letter for another.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::kernel::Language;

/// How many other words may stand between two of a phrase.
const APART: usize = 3;
/// Words that tell nothing of a name or of a purpose, in the languages of the product.
const HOLLOW: [&str; 44] = [
    "au", "aux", "avec", "ce", "cette", "d", "de", "des", "du", "et", "l", "la", "le", "les", "pour", "sur",
    "un", "une", "votre", "vos", "a", "an", "about", "and", "for", "of", "the", "your", "con", "el", "los",
    "para", "por", "su", "y", "een", "en", "het", "over", "uw", "van", "voor", "في", "من",
];
/// Legal forms: a company is known by its name.
const FORMS: [&str; 12] = [
    "sarl", "sas", "sasu", "sa", "eurl", "sci", "snc", "bv", "nv", "ltd", "llc", "sl",
];

/// Words in order.
pub(super) struct Text(Vec<String>);

impl Text {
    /// Reads what was said, or what is to be looked for.
    pub(super) fn read(text: &str, language: Language) -> Self {
        let mut words = vec![String::new()];
        for letter in text.nfkd().flat_map(char::to_lowercase) {
            if is_combining_mark(letter) || letter == TATWEEL {
                continue;
            }
            match words.last_mut() {
                Some(word) if letter.is_alphanumeric() => word.push(bare(letter)),
                Some(word) if word.is_empty() => {}
                _ => words.push(String::new()),
            }
        }
        words.retain(|word| !word.is_empty());
        if language == Language::Ar {
            words = words.into_iter().map(without_article).collect();
        }
        Self(words)
    }

    /// Whether the phrase is said, with a few other words in between at most.
    pub(super) fn has(&self, phrase: &Self) -> bool {
        let Some((first, rest)) = phrase.0.split_first() else {
            return false;
        };
        let mut starts = (0..self.0.len()).filter(|start| are_alike(&self.0[*start], first));
        starts.any(|start| {
            let mut at = start;
            rest.iter().all(|wanted| {
                let end = (at + 2 + APART).min(self.0.len());
                let next = (at + 1..end).find(|next| are_alike(&self.0[*next], wanted));
                at = next.unwrap_or(at);
                next.is_some()
            })
        })
    }

    /// Whether it is said letter by letter, wherever one word ends for a machine and the next begins.
    pub(super) fn has_run_together(&self, wanted: &Self) -> bool {
        let wanted = wanted.0.concat();
        !wanted.is_empty() && self.0.concat().contains(&wanted)
    }

    /// The words that tell something; all of them where none does.
    pub(super) fn telling(&self) -> Vec<&str> {
        let all = || self.0.iter().map(String::as_str);
        let telling: Vec<_> = all()
            .filter(|word| !HOLLOW.contains(word) && !FORMS.contains(word))
            .collect();
        if telling.is_empty() {
            all().collect()
        } else {
            telling
        }
    }
}

/// How many percent of these words are said.
pub(super) fn share_of(wanted: &[&str], said: &Text) -> usize {
    let heard = wanted
        .iter()
        .filter(|wanted| said.0.iter().any(|word| are_alike(word, wanted)))
        .count();
    (heard * 100).checked_div(wanted.len()).unwrap_or_default()
}

/// Stretches an Arabic word; no letter.
const TATWEEL: char = '\u{640}';

/// The letters that Arabic writes in more than one way.
fn bare(letter: char) -> char {
    match letter {
        'ٱ' => 'ا',
        'ى' => 'ي',
        'ة' => 'ه',
        letter => letter,
    }
}

/// The Arabic article, alone or behind “and” or “with”, is written as one word with its noun.
fn without_article(word: String) -> String {
    for article in ["ال", "وال", "بال", "لل"] {
        if let Some(noun) = word.strip_prefix(article)
            && noun.chars().count() >= 3
        {
            return noun.to_owned();
        }
    }
    word
}

/// The same word, but for a letter in five.
fn are_alike(said: &str, wanted: &str) -> bool {
    if said == wanted {
        return true;
    }
    let letters = wanted.chars().count();
    // Short words are too near to each other.
    let allowed = if letters < 5 { 0 } else { letters / 5 };
    allowed > 0 && said.chars().count().abs_diff(letters) <= allowed && distance(said, wanted) <= allowed
}

/// How many letters differ, by Levenshtein.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut before = row[0];
        row[0] = line + 1;
        for (column, wanted) in other.iter().enumerate() {
            let replaced = before + usize::from(letter != *wanted);
            before = row[column + 1];
            row[column + 1] = replaced.min(before + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Text {
        Text::read(text, Language::Fr)
    }

    #[test]
    fn words_are_those_that_are_heard() {
        assert_eq!(text("L'Énergie, d’ÉTÉ !").0, ["l", "energie", "d", "ete"]);
        assert_eq!(Text::read("المكالمة مُسَجَّلة", Language::Ar).0, ["مكالمه", "مسجله"]);
        assert_eq!(
            Text::read("الآلي", Language::Ar).0,
            Text::read("آلي", Language::Ar).0
        );
        assert!(text(" … ").0.is_empty());
    }

    #[test]
    fn a_letter_in_five_may_be_another() {
        for (said, wanted, alike) in [
            ("artificielle", "artificiel", true),
            ("enregistrer", "enregistre", true),
            ("stop", "shop", false),
            ("horison", "horizon", true),
            ("atelier", "hotelier", false),
        ] {
            assert_eq!(are_alike(said, wanted), alike, "{said} {wanted}");
        }
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn a_phrase_may_hold_other_words_and_keeps_its_order() {
        let said = text("Cet appel est aujourd'hui enregistré.");
        assert!(said.has(&text("appel enregistré")));
        assert!(!said.has(&text("enregistré appel")));
        assert!(!text("appel un deux trois quatre enregistré").has(&text("appel enregistré")));
        assert!(!said.has(&text("")));
        assert!(text("ici zen call").has_run_together(&text("Zencall")));
    }
}
