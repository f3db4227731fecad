//! Voices: a catalogue of names, and any other voice of the two providers that most have.

use serde_json::{Value, json};

use super::AssistantType;
use crate::kernel::{Invalid, Language};

/// Answers fastest of the models of ElevenLabs, in all languages of the product.
const ELEVEN_LABS_MODEL: &str = "eleven_flash_v2_5";

/// A voice: a name of the catalogue, or `11labs:<voice id>` or `azure:<voice id>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice(String);

/// Each name with the provider and its id there. Those of ElevenLabs and OpenAI speak every language of the product,
/// those of Azure the one that they were born with.
const CATALOGUE: [(&str, &str, &str); 26] = [
    ("charlotte", "11labs", "XB0fDUnXU5powFXDhCwa"),
    ("sarah", "11labs", "EXAVITQu4vr4xnSDxMaL"),
    ("matilda", "11labs", "XrExE9yKIg1WjnnlVkGX"),
    ("george", "11labs", "JBFqnCBsd6RMkjVDRZzb"),
    ("daniel", "11labs", "onwK4e9ZLuTAKqWW03F9"),
    ("denise", "azure", "fr-FR-DeniseNeural"),
    ("henri", "azure", "fr-FR-HenriNeural"),
    ("vivienne", "azure", "fr-FR-VivienneMultilingualNeural"),
    ("sonia", "azure", "en-GB-SoniaNeural"),
    ("ryan", "azure", "en-GB-RyanNeural"),
    ("elvira", "azure", "es-ES-ElviraNeural"),
    ("alvaro", "azure", "es-ES-AlvaroNeural"),
    ("colette", "azure", "nl-NL-ColetteNeural"),
    ("maarten", "azure", "nl-NL-MaartenNeural"),
    ("zariyah", "azure", "ar-SA-ZariyahNeural"),
    ("hamed", "azure", "ar-SA-HamedNeural"),
    ("alloy", "openai", "alloy"),
    ("ash", "openai", "ash"),
    ("ballad", "openai", "ballad"),
    ("coral", "openai", "coral"),
    ("echo", "openai", "echo"),
    ("fable", "openai", "fable"),
    ("nova", "openai", "nova"),
    ("onyx", "openai", "onyx"),
    ("sage", "openai", "sage"),
    ("shimmer", "openai", "shimmer"),
];

impl Voice {
    /// Reads a name of the catalogue in any case, or a provider's own id behind its name.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let typed = typed.trim();
        let known = CATALOGUE
            .iter()
            .find(|(name, ..)| name.eq_ignore_ascii_case(typed));
        if let Some((name, ..)) = known {
            return Ok(Self((*name).to_owned()));
        }
        let plausible = match typed.split_once(':') {
            Some(("11labs", id)) => id.len() == 20 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            Some(("azure", id)) => {
                (8..=80).contains(&id.len())
                    && id.contains('-')
                    && id
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            }
            _ => false,
        };
        plausible.then(|| Self(typed.to_owned())).ok_or(Invalid::new(
            "voice_invalid",
            "Cette voix n'est pas proposée : indiquez un nom du catalogue (charlotte, denise, henri…), 11labs:<id> ou \
             azure:<id>.",
            "This voice is not offered: give a name of the catalogue (charlotte, denise, henri…), 11labs:<id> or azure:<id>.",
        ))
    }

    pub(super) fn from_database(name: String) -> Self {
        Self(name)
    }

    /// The voice of a type in a language, where none is chosen: a calm one for emergencies, a lively one for campaigns.
    pub fn default_for(assistant_type: AssistantType, language: Language) -> Self {
        use AssistantType::{Astreinte, Info, Outbound, Rdv};
        let name = match (language, assistant_type) {
            (_, Outbound) => "charlotte",
            (Language::Fr, Astreinte) => "henri",
            (Language::Fr, Rdv | Info) => "denise",
            (Language::En, Astreinte) => "ryan",
            (Language::En, Rdv | Info) => "sonia",
            (Language::Es, Astreinte) => "alvaro",
            (Language::Es, Rdv | Info) => "elvira",
            (Language::Nl, Astreinte) => "maarten",
            (Language::Nl, Rdv | Info) => "colette",
            (Language::Ar, Astreinte) => "hamed",
            (Language::Ar, Rdv | Info) => "zariyah",
        };
        Self(name.to_owned())
    }

    /// As in the database and in requests.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As Vapi wants it, speaking this language.
    pub(super) fn to_vapi(&self, language: Language) -> Value {
        let known = CATALOGUE.iter().find(|(name, ..)| *name == self.0);
        let (provider, id) = match known {
            Some((_, provider, id)) => (*provider, *id),
            None => self.0.split_once(':').unwrap_or(("11labs", &self.0)),
        };
        match provider {
            "11labs" => json!({
                "provider": provider,
                "voiceId": id,
                "model": ELEVEN_LABS_MODEL,
                "language": language.as_str(),
            }),
            _ => json!({ "provider": provider, "voiceId": id }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ids_of_providers_are_taken_and_nothing_else() {
        assert_eq!(Voice::parse("Denise").unwrap().as_str(), "denise");
        assert!(Voice::parse("11labs:XB0fDUnXU5powFXDhCwa").is_ok());
        assert!(Voice::parse("azure:fr-FR-EloiseNeural").is_ok());
        for wrong in [
            "",
            "celine dion",
            "11labs:",
            "11labs:../../",
            "playht:x",
            "azure:é-é-é-é-é",
        ] {
            assert_eq!(Voice::parse(wrong).unwrap_err().code, "voice_invalid", "{wrong}");
        }
    }

    #[test]
    fn every_type_has_a_voice_of_the_catalogue_in_every_language() {
        for language in Language::ALL {
            for assistant_type in AssistantType::ALL {
                let voice = Voice::default_for(assistant_type, language);
                assert!(Voice::parse(voice.as_str()).is_ok());
                assert!(voice.to_vapi(language)["voiceId"].is_string());
            }
        }
    }
}
