//! How many segments a text takes, each of which is billed.

/// Letters of the GSM alphabet that are not ASCII. `ç`, `ê` and the typographic apostrophe are not among them.
const GSM_BEYOND_ASCII: &str = "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà";
/// Letters of its extension table: each takes two places.
const GSM_EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// How many segments a text takes: 160 places of the GSM alphabet or 70 of UCS-2 in one, 153 or 67 in each of several.
pub fn segments(text: &str) -> i32 {
    let gsm: Option<Vec<usize>> = text.chars().map(gsm_places).collect();
    let (places, alone, each) = match gsm {
        Some(places) => (places, 160, 153),
        None => (text.chars().map(char::len_utf16).collect(), 70, 67),
    };
    if places.iter().sum::<usize>() <= alone {
        return 1;
    }
    // A letter of two places is never cut in the middle: it moves to the next segment.
    let (mut segments, mut filled) = (1, 0);
    for place in places {
        if filled + place > each {
            segments += 1;
            filled = 0;
        }
        filled += place;
    }
    segments
}

/// The places of a letter in the GSM alphabet; none if it has it not.
fn gsm_places(letter: char) -> Option<usize> {
    match letter {
        _ if GSM_EXTENSION.contains(letter) => Some(2),
        '\n' | '\r' | ' '..='_' | 'a'..='z' => Some(1),
        _ if GSM_BEYOND_ASCII.contains(letter) => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::segments;

    ///
    #[test]
    fn segments_depend_on_the_alphabet() {
        for (letter, alone, in_two) in [
            ("a", 160, 306),
            ("é", 160, 306),
            ("Ç", 160, 306),
            ("€", 80, 152),
            ("[", 80, 152),
            ("ç", 70, 134),
            ("ê", 70, 134),
            ("’", 70, 134),
            ("œ", 70, 134),
            ("`", 70, 134),
            ("😀", 35, 66),
        ] {
            let count = |times: usize| segments(&letter.repeat(times));
            assert_eq!((count(alone), count(alone + 1)), (1, 2), "{letter}");
            assert_eq!((count(in_two), count(in_two + 1)), (2, 3), "{letter}");
        }
    }

    #[test]
    fn one_letter_outside_the_alphabet_switches_the_whole_text() {
        assert_eq!(segments(&"a".repeat(160)), 1);
        assert_eq!(segments(&format!("{}ç", "a".repeat(70))), 2);
        assert_eq!(segments(&format!("😀{}", "a".repeat(68))), 1);
    }

    #[test]
    fn the_longest_text_has_eleven_or_twenty_four_segments() {
        assert_eq!(segments(&"a".repeat(1600)), 11);
        assert_eq!(segments(&"ç".repeat(1600)), 24);
    }
}
