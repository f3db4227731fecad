//! What somebody should know before a campaign starts.

use rust_decimal::Decimal;

use super::Warning;
use crate::campaigns::store::forecast::Plan;
use crate::kernel::{Text, numbering};

/// Below this share of answered calls people are warned.
const FEW_ANSWERS: f64 = 0.2;

/// What somebody should know before the start.
pub(super) fn warnings(plan: &Plan, callable: i64, cost: Decimal, is_whole: bool) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn = |code, french, english| {
        warnings.push(Warning {
            code,
            message: Text::new(french, english),
        });
    };
    if !plan.has_assistant {
        warn(
            "assistant_not_ready",
            "L'assistant de cette campagne a été supprimé : choisissez-en un autre avant de la démarrer.",
            "The assistant of this campaign was deleted: choose another one before you start it.",
        );
    }
    match &plan.gate.caller_number {
        None => warn(
            "twilio_not_configured",
            "Aucun numéro n'est connecté : la campagne ne pourra pas démarrer.",
            "No number is connected: the campaign cannot start.",
        ),
        Some(number) => {
            // Article L44 IV CPCE: an operator lets a number be presented by whoever is entitled to it alone.
            if !plan.has_mandate {
                warn(
                    "mandate_missing",
                    "Aucun mandat signé n'autorise Twilio à présenter votre numéro (L44 IV CPCE) : gardez-le au dossier et \
                     notez-le dans votre organisation. Sans lui, les appels peuvent être coupés ou leur numéro masqué.",
                    "No signed mandate entitles Twilio to present your number (L44 IV CPCE): keep one on file and note it in \
                     your organisation. Without it, calls may be cut or their number masked.",
                );
            }
            if numbering::is_verified(number.e164()) {
                warn(
                    "verified_numbers_are_filtered",
                    "Les numéros polyvalents vérifiés sont bloqués par plusieurs applications grand public : attendez-vous à \
                     un faible taux de réponse.",
                    "Verified polyvalent numbers are blocked by several consumer applications: expect few answers.",
                );
            }
        }
    }
    let experience = &plan.experience;
    let answered = experience.share(experience.outcomes("answered") + experience.outcomes("transferred"));
    if experience.says_something() && answered < FEW_ANSWERS {
        let percent = (answered * 100.0).round();
        warnings.push(Warning {
            code: "few_answers",
            message: Text::owned(
                format!("Vos derniers appels n'ont été décrochés que dans {percent} % des cas."),
                format!("Only {percent} % of your last calls were answered."),
            ),
        });
    }
    let left = plan.gate.budget.map(|budget| budget - plan.spent);
    if left.is_some_and(|left| cost > left) {
        warnings.push(Warning {
            code: "budget_too_small",
            message: Text::new(
                "Le budget ne suffira sans doute pas : la campagne sera mise en pause quand il sera épuisé.",
                "The budget will probably not suffice: the campaign will be paused when it is used up.",
            ),
        });
    }
    if callable == 0 {
        warnings.push(Warning {
            code: "nobody_callable",
            message: Text::new(
                "Aucun contact ne pourra être appelé.",
                "No contact can be called.",
            ),
        });
    }
    if !is_whole {
        warnings.push(Warning {
            code: "not_all_examined",
            message: Text::new(
                "La campagne est trop grande pour être examinée en entier : ces chiffres portent sur ses premiers contacts.",
                "The campaign is too large to be looked at as a whole: these figures are about its first contacts.",
            ),
        });
    }
    warnings
}
