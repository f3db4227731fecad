//! By which words each disclosure is recognised, in every language of the product. Between two words of a phrase others may
//! stand; one phrase of a list is enough.

use crate::kernel::Language;

/// The phrases of one language.
pub(super) struct Phrases {
    pub(super) ai: &'static [&'static str],
    pub(super) commercial: &'static [&'static str],
    pub(super) recording: &'static [&'static str],
    pub(super) objection: &'static [&'static str],
}

/// The phrases of a language.
pub(super) fn phrases(language: Language) -> &'static Phrases {
    match language {
        Language::Fr => &FRENCH,
        Language::En => &ENGLISH,
        Language::Es => &SPANISH,
        Language::Nl => &DUTCH,
        Language::Ar => &ARABIC,
    }
}

static FRENCH: Phrases = Phrases {
    ai: &[
        "intelligence artificielle",
        "assistant vocal automatisé",
        "assistante vocale automatisée",
        "une IA",
    ],
    commercial: &[
        "appel commercial",
        "appel à caractère commercial",
        "démarche commerciale",
    ],
    recording: &[
        "appel enregistré",
        "conversation enregistrée",
        "échange enregistré",
    ],
    objection: &[
        "dites stop",
        "dire stop",
        "souhaitez plus être appelé",
        "voulez plus être appelé",
        "vous opposer",
    ],
};

static ENGLISH: Phrases = Phrases {
    ai: &["artificial intelligence", "automated voice assistant", "an AI"],
    commercial: &["commercial call", "sales call"],
    recording: &["call recorded", "conversation recorded"],
    objection: &[
        "say stop",
        "longer wish to be called",
        "longer want to be called",
        "do not want to be called",
    ],
};

static SPANISH: Phrases = Phrases {
    ai: &[
        "inteligencia artificial",
        "asistente de voz automatizado",
        "una IA",
    ],
    commercial: &["llamada comercial"],
    recording: &["llamada graba", "llamada grabada", "conversación graba"],
    objection: &[
        "diga stop",
        "no desea recibir llamadas",
        "no quiere recibir llamadas",
    ],
};

static DUTCH: Phrases = Phrases {
    ai: &[
        "kunstmatige intelligentie",
        "artificiële intelligentie",
        "geautomatiseerde spraakassistent",
        "een AI",
    ],
    commercial: &["commercieel gesprek", "commerciële oproep"],
    recording: &["gesprek opgenomen", "oproep opgenomen"],
    objection: &["zeg stop", "niet meer gebeld", "moment stop"],
};

static ARABIC: Phrases = Phrases {
    ai: &["ذكاء اصطناعي", "المساعد الصوتي الآلي"],
    commercial: &["مكالمة تجارية"],
    recording: &["المكالمة مسجلة", "تسجيل المكالمة", "المكالمة تُسجل"],
    objection: &["قولوا توقف", "قل توقف", "لم تعودوا ترغبون"],
};
