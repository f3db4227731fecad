//! Words with which somebody asks for no more messages: Twilio knows the English ones
//! only, and the French ones are ours to understand.

/// The whole message, written as [`bare`] leaves it.
const STOP: [&str; 42] = [
    // Twilio's own.
    "stop",
    "stopall",
    "unsubscribe",
    "cancel",
    "end",
    "quit",
    "revoke",
    "optout",
    // English besides.
    "stopsms",
    "stopplease",
    "pleasestop",
    "unsubscribeme",
    "remove",
    "removeme",
    // French.
    "arret",
    "arrets",
    "arreter",
    "arretez",
    "arretsms",
    "arretpub",
    "arretezsms",
    "desabo",
    "desabonner",
    "desabonnez",
    "desabonnezmoi",
    "desabonnement",
    "medesabonner",
    "sedesabonner",
    "desinscrire",
    "desinscription",
    "medesinscrire",
    "desinscrivezmoi",
    "stoppub",
    "stoppubs",
    "stoppublicite",
    "stoppromo",
    "stopmarketing",
    "stopsvp",
    "stopmerci",
    "svpstop",
    "nepluscontacter",
    "neplusmecontacter",
];

/// What Twilio understands by itself on a long code: it answers, and sends nothing more to that number.
const TWILIOS: [&str; 8] = [
    "stop",
    "stopall",
    "unsubscribe",
    "cancel",
    "end",
    "quit",
    "revoke",
    "optout",
];

/// Whether Twilio answers this message by itself.
pub fn twilio_answers(text: &str) -> bool {
    let text = text.trim();
    TWILIOS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether the whole message asks for no more messages. Case, accents, punctuation and spaces do not matter.
pub fn asks_to_stop(text: &str) -> bool {
    // No such message is longer; a novel need not be read to its end.
    if text.len() > 200 {
        return false;
    }
    let bare = bare(text);
    STOP.contains(&bare.as_str())
}

fn bare(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .filter_map(|letter| match letter {
            'à' | 'á' | 'â' | 'ä' | 'ã' | 'å' => Some('a'),
            'è' | 'é' | 'ê' | 'ë' => Some('e'),
            'ì' | 'í' | 'î' | 'ï' => Some('i'),
            'ò' | 'ó' | 'ô' | 'ö' | 'õ' => Some('o'),
            'ù' | 'ú' | 'û' | 'ü' => Some('u'),
            'ç' => Some('c'),
            // Spaces, punctuation, emoji, and accents that stand as signs of their own.
            letter => letter.is_alphanumeric().then_some(letter),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    ///
    #[test]
    fn stop_is_understood_however_it_is_written() {
        for text in [
            "STOP",
            "Stop",
            "stop.",
            " s t o p ",
            "« Stop ! »",
            "STOPALL",
            "stop all",
            "Unsubscribe",
            "CANCEL",
            "end",
            "Quit",
            "REVOKE",
            "opt-out",
            "ARRET",
            "Arrêt",
            "ARRÊT.",
            "arre\u{302}t",
            "DÉSABONNER",
            "Désabonnement",
            "me désabonner",
            "STOP PUB",
            "stop-pub!",
            "Stop SMS",
            "Désinscription",
            "STOP 🙏",
        ] {
            assert!(asks_to_stop(text), "{text}");
        }
    }

    #[test]
    fn what_twilio_answers_is_a_part_of_what_we_understand() {
        assert!(TWILIOS.iter().all(|word| asks_to_stop(word)));
        assert!(twilio_answers(" Stop\n") && twilio_answers("OPTOUT"));
        for ours in ["ARRET", "STOP PUB", "Stop !", "désabonner"] {
            assert!(asks_to_stop(ours) && !twilio_answers(ours), "{ours}");
        }
    }

    #[test]
    fn a_sentence_with_the_word_in_it_is_no_request() {
        for text in [
            "",
            "Oui",
            "On se voit à l'arrêt de bus",
            "Stop, je voulais dire mardi",
            "the end of the day",
            "START",
            "Ne pas annuler",
        ] {
            assert!(!asks_to_stop(text), "{text}");
        }
    }
}
