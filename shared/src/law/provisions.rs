//! Every rule that the gate asks about, in its order, with its article, its source, the days on which it is in force and whom it
//! protects.
//!
//! The README shows this table; a test holds the two against each other. Before production a lawyer compares it with the texts.

use jiff::civil::{Date, date};

use super::LegalBasis;

/// A provision of the law, or a limit of the product's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Where it is written, for people who ask why nobody was called.
    pub article: &'static str,
    /// Where the text is published; nothing for a limit of the product's own.
    pub source: Option<&'static str>,
    /// The first day it applies.
    pub in_force_from: Date,
    /// The first day it applies no more, where it was repealed.
    pub in_force_until: Option<Date>,
    /// What must be so for somebody to be called.
    pub demands: &'static str,
    /// What a call is refused with that does not meet it.
    pub codes: &'static [&'static str],
    /// Whose calls it binds.
    pub binds: Binds,
    /// Whether a lawyer should look at how it is read here, and why.
    pub doubt: Option<&'static str>,
}

/// Which calls a rule binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binds {
    /// All of them.
    Everybody,
    /// Calls on one of these grounds.
    These(&'static [LegalBasis]),
}

impl Rule {
    /// Whether it applied on that day.
    pub fn is_in_force(&self, day: Date) -> bool {
        self.in_force_from <= day && self.in_force_until.is_none_or(|until| day < until)
    }

    /// Whether it binds calls on this ground.
    pub fn binds(&self, basis: LegalBasis) -> bool {
        match self.binds {
            Binds::Everybody => true,
            Binds::These(bases) => bases.contains(&basis),
        }
    }
}

/// Code de la consommation.
const CONSUMER: &str = "https://www.legifrance.gouv.fr/codes/texte_lc/LEGITEXT000006069565";
/// Law 2025-594 of 30 June 2025, article 13.
const LAW_2025_594: &str = "https://www.legifrance.gouv.fr/jorf/id/JORFTEXT000051824277";
/// Articles L223-1 to L223-8 code de la consommation, as they are since 11 August 2026.
const L223: &str =
    "https://www.legifrance.gouv.fr/codes/section_lc/LEGITEXT000006069565/LEGISCTA000032221441/2026-08-11";
/// Décret 2026-662 of 23 July 2026: R223-1 to R223-4, D223-9.
const DECREE_2026_662: &str = "https://www.legifrance.gouv.fr/jorf/id/JORFTEXT000054483939";
/// Articles L34-5 and following code des postes et des communications électroniques.
const L34: &str = "https://www.legifrance.gouv.fr/codes/section_lc/LEGITEXT000006070987/LEGISCTA000006165910";
/// Regulation (EU) 2016/679.
const RGPD: &str = "https://eur-lex.europa.eu/eli/reg/2016/679/oj";
/// Code du travail.
const LABOUR: &str = "https://www.legifrance.gouv.fr/codes/texte_lc/LEGITEXT000006072050";
/// Numbering plan: decision 2018-0881 as amended by 2022-1583 and 2025-2215, consolidated on 1 January 2026.
const ARCEP: &str = "https://www.arcep.fr";

/// The first day of law 2025-594 and of its decree.
const REFORM: Date = date(2026, 8, 11);

const LAW: Rule = Rule {
    article: "",
    source: None,
    in_force_from: REFORM,
    in_force_until: None,
    demands: "",
    codes: &[],
    binds: Binds::Everybody,
    doubt: None,
};

/// A limit of the product's own, whenever it is asked.
const OWN: Rule = Rule {
    in_force_from: Date::MIN,
    ..LAW
};

/// Calls that the law treats as canvassing, or close to it.
const PROTECTED: Binds = Binds::These(&[
    LegalBasis::Consent,
    LegalBasis::Contract,
    LegalBasis::CallbackRequest,
]);

/// Something that can be called, at all.
pub const NUMBER: Rule = Rule {
    article: "contact.phone",
    demands: "the number is a valid one, of France or its overseas territories; rules of other countries are not known here",
    codes: &["number_invalid", "country_not_allowed"],
    ..OWN
};

/// Nobody calls a number whose holder has objected.
pub const OBJECTION: Rule = Rule {
    article: "art. 21(2) RGPD, L223-1 code de la consommation",
    source: Some(RGPD),
    in_force_from: date(2018, 5, 25),
    demands: "the person has not asked to be left alone, in whatever campaign, call or text message they said so; nor asked it of \
              everybody at once on the public page, unless they agreed to something again more than 60 days later, and still do, or \
              asked for this very call on a later day",
    codes: &["suppressed"],
    ..LAW
};

/// Which numbers an automated system may present. It binds calls to businesses too.
pub const CALLER_ID: Rule = Rule {
    article: "ARCEP 2018-0881 §2.3.2 f",
    source: Some(ARCEP),
    in_force_from: date(2023, 1, 1),
    demands: "the number presented is a verified polyvalent one (0162, 0163, 0270, 0271, 0377, 0378, 0424, 0425, 0568, 0569, \
              0948, 0949; overseas 09475 to 09479) or a technical platform's (0937, 0938, 09390 to 09394)",
    codes: &["caller_id_not_allowed"],
    ..LAW
};

/// Sectors in which canvassing is banned, with or without consent.
pub const SECTOR_BAN: Rule = Rule {
    article: "L223-1 code de la consommation, L6323-8-1 code du travail",
    source: Some(L223),
    demands: "nothing is sold in energy renovation, renewable energy, home adaptation, or training paid from the personal \
              account (this last one since 21 December 2022)",
    codes: &["sector_banned"],
    binds: Binds::These(&[LegalBasis::Consent, LegalBasis::Service, LegalBasis::Business]),
    ..LAW
};

/// No canvassing without prior consent.
pub const CONSENT: Rule = Rule {
    article: "L223-1 et R223-1 code de la consommation, L34-5 code des postes",
    source: Some(DECREE_2026_662),
    demands: "the person agreed beforehand, to this advertiser, about this object, to be called and to be called by an \
              automated voice; there is evidence; it is not older than a year, of 365 days at most, nor tacitly renewed",
    codes: &[
        "consent_missing",
        "consent_mismatch",
        "consent_expired",
        "no_legal_basis",
    ],
    binds: Binds::These(&[LegalBasis::Consent]),
    doubt: Some(
        "an AI voice is taken for a calling machine of L34-5; a year of 365 days is the strictest reading",
    ),
    ..LAW
};

/// A call in performance of a contract in progress needs no consent.
pub const CONTRACT: Rule = Rule {
    article: "L223-1 code de la consommation (contrat en cours)",
    source: Some(LAW_2025_594),
    demands: "a contract in progress, with its reference, its object and its end, which has not come; the call is about it",
    codes: &["no_legal_basis", "contract_ended"],
    binds: Binds::These(&[LegalBasis::Contract]),
    doubt: Some(
        "to win a customer back after the end is read as canvassing; whether a call is about the contract is declared",
    ),
    ..LAW
};

/// Answering a person's own request within five working days is no canvassing.
pub const CALLBACK: Rule = Rule {
    article: "R223-4 code de la consommation",
    source: Some(DECREE_2026_662),
    demands: "the person's own request, about this object, answered within 5 working days; the day on which it was made does \
              not count, public holidays neither",
    codes: &["no_legal_basis", "callback_late"],
    binds: Binds::These(&[LegalBasis::CallbackRequest]),
    ..LAW
};

/// Automated calls to natural persons need their consent; a business is called at its own number.
pub const AUTOMATED_VOICE: Rule = Rule {
    article: "L34-5 code des postes",
    source: Some(L34),
    in_force_from: date(2004, 6, 22),
    demands: "the contact is a business, called for its business",
    codes: &["not_a_business"],
    binds: Binds::These(&[LegalBasis::Business]),
    doubt: Some(
        "it protects natural persons, so sole traders too: whoever enters a contact as a business declares it",
    ),
    ..LAW
};

/// A consent may be withdrawn at any time, and a refusal ends it.
pub const WITHDRAWAL: Rule = Rule {
    article: "R223-3 code de la consommation, art. 7(3) RGPD",
    source: Some(DECREE_2026_662),
    demands: "the person has not taken their consent back nor refused since, by whatever way; after a refusal they must \
              have agreed to something anew, and there are 60 days of silence, whatever is agreed to meanwhile",
    codes: &["consent_withdrawn"],
    binds: PROTECTED,
    doubt: Some("the 60 days stood in the former D223-9 and are kept as the stricter reading"),
    ..LAW
};

/// Days and hours of canvassing, by the consumer's clock.
pub const CANVASSING_HOURS: Rule = Rule {
    article: "D223-9 code de la consommation (décret 2026-662)",
    source: Some(DECREE_2026_662),
    demands: "Monday to Friday, 10:00 to 13:00 and 14:00 to 20:00, on every clock on which the person may live, or a date and \
              time to which they agreed precisely (L223-1, paragraph 6; consent only); a clock is known; the call is placed two \
              minutes before the end at the latest",
    codes: &["outside_hours", "zone_unknown"],
    binds: PROTECTED,
    ..LAW
};

/// No canvassing on public holidays.
pub const NO_HOLIDAYS: Rule = Rule {
    article: "D223-9 code de la consommation (décret 2026-662), L3133-1 code du travail",
    source: Some(LABOUR),
    demands: "not on one of the eleven holidays of L3133-1, by the consumer's clock",
    codes: &["public_holiday"],
    binds: PROTECTED,
    doubt: Some(
        "Good Friday and 26 December of Alsace-Moselle, and the days of abolition overseas, are not in L3133-1",
    ),
    ..LAW
};

/// The campaign's own hours.
pub const OWN_HOURS: Rule = Rule {
    article: "campaign.settings.call_windows",
    demands: "within the campaign's own windows, by the contact's clock; they narrow those of the law and never widen them",
    codes: &["outside_hours"],
    ..OWN
};

/// Four solicitations or attempts in thirty days by the same professional, answered or not.
pub const ATTEMPTS_CAP: Rule = Rule {
    article: "D223-9 code de la consommation (décret 2026-662)",
    source: Some(DECREE_2026_662),
    demands: "fewer than 4 solicitations or attempts, answered or not, by the same advertiser, in all campaigns and organisations \
              together, today and on the 30 days before by the person's calendar",
    codes: &["attempts_exhausted"],
    binds: Binds::These(&[LegalBasis::Consent, LegalBasis::Contract]),
    ..LAW
};

/// The campaign's own number of attempts.
pub const OWN_ATTEMPTS: Rule = Rule {
    article: "campaign.settings.max_attempts",
    demands: "fewer attempts than the campaign makes for each contact",
    codes: &["campaign_attempts_exhausted"],
    ..OWN
};

/// The campaign's own budget.
pub const OWN_BUDGET: Rule = Rule {
    article: "campaign.settings.max_cost",
    demands: "what is left of the campaign's budget, less what is set aside for calls under way, holds one more call of the \
              longest duration; nobody tells what a call of the provider's own campaigns costs, so no budget holds one",
    codes: &["budget_exhausted"],
    ..OWN
};

/// The platform's own lines at the provider.
pub const OWN_SLOTS: Rule = Rule {
    article: "platform.slots",
    demands: "one of the platform's lines is held for the call, which it is for ten minutes after its turn came",
    codes: &["no_slot"],
    ..OWN
};

/// Whoever may be sold something is told so first.
pub const COMMERCIAL_NATURE: Rule = Rule {
    article: "L221-16 code de la consommation",
    source: Some(CONSUMER),
    // Since the code was written anew; L121-20 said the same before.
    in_force_from: date(2016, 7, 1),
    demands: "the assistant says at the beginning that the call is a commercial one",
    codes: &["assistant_not_compliant"],
    binds: PROTECTED,
    doubt: Some("calls about a contract in progress and calls back are taken for commercial ones too"),
    ..LAW
};

/// Whoever is called by a machine is told so.
pub const DISCLOSURE: Rule = Rule {
    article: "art. 50(1) règlement (UE) 2024/1689, L221-16 code de la consommation, art. 21(4) RGPD",
    source: Some("https://eur-lex.europa.eu/eli/reg/2024/1689/oj"),
    in_force_from: date(2026, 8, 2),
    demands: "the assistant says at the first sentence that it is an AI, on whose behalf it calls and why, and it can take an \
              objection",
    codes: &["assistant_not_compliant"],
    ..LAW
};

/// Every rule, in the order in which the gate asks.
pub const RULES: [&Rule; 18] = [
    &NUMBER,
    &OBJECTION,
    &CALLER_ID,
    &SECTOR_BAN,
    &CONSENT,
    &CONTRACT,
    &CALLBACK,
    &AUTOMATED_VOICE,
    &WITHDRAWAL,
    &CANVASSING_HOURS,
    &NO_HOLIDAYS,
    &OWN_HOURS,
    &ATTEMPTS_CAP,
    &OWN_ATTEMPTS,
    &OWN_BUDGET,
    &OWN_SLOTS,
    &DISCLOSURE,
    &COMMERCIAL_NATURE,
];

#[cfg(test)]
#[path = "provisions_tests.rs"]
mod tests;
