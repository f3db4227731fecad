//! Invented conversations, in French: what the two sides say, and how the customer feels about it.

use serde_json::Value;

use crate::sandbox::chance::Chance;

/// How the customer feels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tone {
    /// Pleased.
    Positive,
    /// Neither.
    Neutral,
    /// Displeased.
    Negative,
}

/// Who speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Speaker {
    /// The assistant.
    Assistant,
    /// The customer.
    User,
}

/// A conversation.
#[derive(Clone)]
pub(crate) struct Conversation {
    pub(crate) tone: Tone,
    pub(crate) summary: &'static str,
    pub(crate) lines: Vec<(Speaker, String)>,
}

struct Script {
    tone: Tone,
    summary: &'static str,
    /// The answers, the customer's first.
    lines: &'static [&'static str],
}

const GREETING: &str =
    "Bonjour, je suis l'assistante vocale de l'agence. Avez-vous un instant à m'accorder ?";

const SCRIPTS: &[Script] = &[
    Script {
        tone: Tone::Positive,
        summary: "Le client est disponible et satisfait ; il confirme son rendez-vous et remercie l'agence.",
        lines: &[
            "Oui bonjour, bien sûr, je vous écoute.",
            "Je vous appelle pour confirmer votre rendez-vous de jeudi à quatorze heures.",
            "C'est parfait, je serai là. Merci beaucoup d'avoir appelé.",
            "Avec plaisir. Je vous souhaite une très bonne journée !",
            "Merci, à vous aussi, au revoir !",
        ],
    },
    Script {
        tone: Tone::Positive,
        summary: "La cliente est enthousiaste, pose une question sur les horaires et souhaite être rappelée par un conseiller.",
        lines: &[
            "Oui, allez-y, justement je pensais vous appeler !",
            "Très bien. Souhaitez-vous qu'un conseiller vous présente notre nouvelle offre ?",
            "Avec grand plaisir, c'est exactement ce qu'il me faut. Plutôt le matin si possible.",
            "C'est noté, un conseiller vous rappellera demain matin.",
            "Super, merci, vous êtes très efficace.",
        ],
    },
    Script {
        tone: Tone::Neutral,
        summary: "Le client écoute, demande un délai de réflexion et préfère recevoir les informations par courriel.",
        lines: &[
            "Oui, mais rapidement s'il vous plaît.",
            "Je vous appelle au sujet de votre dossier, il manque un justificatif.",
            "D'accord. Vous pouvez m'envoyer la liste par courriel ?",
            "Bien sûr, vous la recevrez dans la journée.",
            "Très bien, au revoir.",
        ],
    },
    Script {
        tone: Tone::Neutral,
        summary: "Le client n'est pas disponible et demande à être rappelé la semaine prochaine.",
        lines: &[
            "Là je suis en réunion, je ne peux pas vous parler.",
            "Je comprends. Quand puis-je vous rappeler ?",
            "La semaine prochaine, mardi par exemple.",
            "C'est noté, à mardi. Bonne journée.",
        ],
    },
    Script {
        tone: Tone::Negative,
        summary: "Le client est mécontent du nombre d'appels reçus et n'est pas intéressé.",
        lines: &[
            "Encore vous ? C'est le troisième appel cette semaine, c'est insupportable.",
            "Je suis sincèrement désolée pour la gêne. Je peux noter votre remarque.",
            "Notez surtout que ça ne m'intéresse pas du tout.",
            "C'est noté. Je vous présente mes excuses et vous souhaite une bonne journée.",
        ],
    },
    Script {
        tone: Tone::Negative,
        summary: "La cliente se plaint d'une commande livrée en retard et attend un dédommagement.",
        lines: &[
            "Oui, et j'espère que c'est pour ma commande, elle a dix jours de retard !",
            "Je comprends votre mécontentement. Je transmets tout de suite au service client.",
            "On m'a déjà dit ça deux fois, je suis vraiment déçue de votre service.",
            "Un responsable vous rappelle avant ce soir, c'est promis.",
            "On verra bien. Au revoir.",
        ],
    },
];

/// Draws a conversation; the assistant begins as its settings say.
pub(crate) fn draw(assistant: &Value, chance: &mut Chance) -> Conversation {
    let script = chance.pick(SCRIPTS).unwrap_or(&SCRIPTS[0]);
    let mut lines = vec![(Speaker::Assistant, greeting(assistant))];
    let mut speaker = Speaker::User;
    for line in script.lines {
        lines.push((speaker, (*line).to_owned()));
        speaker = match speaker {
            Speaker::User => Speaker::Assistant,
            Speaker::Assistant => Speaker::User,
        };
    }
    if assistant["firstMessageMode"] == "assistant-waits-for-user" {
        lines.insert(0, (Speaker::User, "Allô ?".to_owned()));
    }
    Conversation {
        tone: script.tone,
        summary: script.summary,
        lines,
    }
}

/// What a machine is told: nothing, if the assistant hangs up on machines.
pub(crate) fn for_a_machine(assistant: &Value) -> Conversation {
    let message = assistant["voicemailMessage"].as_str();
    Conversation {
        tone: Tone::Neutral,
        summary: "Messagerie vocale.",
        lines: message
            .map(|message| (Speaker::Assistant, filled(message, assistant)))
            .into_iter()
            .collect(),
    }
}

fn greeting(assistant: &Value) -> String {
    match assistant["firstMessage"].as_str() {
        Some(message) if !message.is_empty() => filled(message, assistant),
        _ => GREETING.to_owned(),
    }
}

/// Puts the call's variables in the place of `{{name}}`; the filters of Liquid are not known here.
fn filled(text: &str, assistant: &Value) -> String {
    let mut filled = text.to_owned();
    let variables = assistant["variableValues"].as_object();
    for (name, value) in variables.into_iter().flatten() {
        let value = match value.as_str() {
            Some(value) => value.to_owned(),
            None => value.to_string(),
        };
        for place in [format!("{{{{{name}}}}}"), format!("{{{{ {name} }}}}")] {
            filled = filled.replace(&place, &value);
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_assistant_greets_by_name() {
        let assistant = json!({
            "firstMessage": "Bonjour {{prenom}}, ici {{ agence }}.",
            "variableValues": { "prenom": "Zoé", "agence": "Zencall" },
        });
        let conversation = draw(&assistant, &mut Chance::of(1, 1));
        assert_eq!(
            conversation.lines[0],
            (Speaker::Assistant, "Bonjour Zoé, ici Zencall.".to_owned())
        );
    }
}
