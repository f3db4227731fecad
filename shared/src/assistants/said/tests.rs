//! Transcripts as they come, in every language of the product: what the assistant said, and what a machine made of it.

use super::*;
use Finding::{Found, Missing, NotApplicable};

fn turn(role: Role, text: &str) -> Turn {
    Turn {
        role,
        text: text.to_owned(),
        at: "2026-11-24T10:00:00Z".parse().unwrap(),
    }
}

/// Turns, the assistant's first.
fn talk(lines: &[&str]) -> Vec<Turn> {
    let roles = [Role::Assistant, Role::User].into_iter().cycle();
    roles.zip(lines).map(|(role, line)| turn(role, line)).collect()
}

fn call(language: Language, advertiser: &'static str, object: &'static str) -> Spoken<'static> {
    Spoken {
        language,
        campaign: Some((advertiser, object)),
        is_commercial: true,
        is_recorded: true,
        is_heard: true,
        seconds: 60,
    }
}

fn all(finding: Finding) -> Disclosures {
    Disclosures {
        ai: finding,
        identity: finding,
        purpose: finding,
        commercial: finding,
        recording: finding,
        objection: finding,
    }
}

/// The advertiser, the object and the opening of a call, in every language.
const SAID: [(Language, &str, &str, &[&str]); 5] = [
    (
        Language::Fr,
        "Atelier Horizon SARL",
        "votre contrôle annuel de chaudière",
        &[
            "Bonjour, je suis l'assistant vocal automatisé (intelligence artificielle) de Atelier Horizon SARL, je vous \
             appelle pour votre contrôle annuel de chaudière. Ceci est un appel commercial. Cet appel est enregistré pour en contrôler la qualité ; si \
             vous le refusez, dites-le et l'appel prend fin. Si vous ne souhaitez plus être appelé, dites « stop » à tout \
             moment. Avez-vous une minute à m'accorder ?",
            "Oui, allez-y.",
        ],
    ),
    (
        Language::En,
        "Horizon Workshop Ltd",
        "your yearly boiler inspection",
        &[
            "Hello, I am the automated voice assistant (artificial intelligence) of Horizon Workshop Ltd, I am calling you \
             about your yearly boiler inspection. This is a commercial call. This call is recorded to check its quality; if you refuse, say so and \
             the call ends. If you no longer wish to be called, say “stop” at any time.",
            "Fine.",
        ],
    ),
    (
        Language::Es,
        "Taller Horizonte S.L.",
        "la revisión anual de su caldera",
        &[
            "Buenos días, soy el asistente de voz automatizado (inteligencia artificial) de Taller Horizonte S.L. y le \
             llamo por la revisión anual de su caldera. Esta es una llamada comercial. Esta llamada se graba para controlar su calidad; si no lo acepta, \
             dígalo y la llamada terminará. Si no desea recibir más llamadas, diga «stop» en cualquier momento.",
            "De acuerdo.",
        ],
    ),
    (
        Language::Nl,
        "Atelier Horizon BV",
        "de jaarlijkse controle van uw ketel",
        &[
            "Goedendag, ik ben de geautomatiseerde spraakassistent (kunstmatige intelligentie) van Atelier Horizon BV, ik \
             bel u over de jaarlijkse controle van uw ketel. Dit is een commercieel gesprek. Dit gesprek wordt opgenomen om de kwaliteit te controleren; \
             als u dat weigert, zeg het en het gesprek wordt beëindigd. Als u niet meer gebeld wilt worden, zeg dan op \
             elk moment ‘stop’.",
            "Goed.",
        ],
    ),
    (
        Language::Ar,
        "ورشة الأفق",
        "الفحص السنوي للمرجل",
        &[
            "مرحباً، أنا المساعد الصوتي الآلي (ذكاء اصطناعي) التابع لـ ورشة الأفق، أتصل بكم بخصوص الفحص السنوي للمرجل. هذه مكالمة تجارية. هذه \
             المكالمة مسجلة لمراقبة الجودة؛ إذا كنتم ترفضون ذلك فقولوا لنا وستنتهي المكالمة. إذا لم تعودوا ترغبون في تلقي \
             المكالمات فقولوا «توقف» في أي وقت.",
            "نعم.",
        ],
    ),
];

/// The same as a machine heard it: without punctuation, with letters and words lost.
const HEARD: [(Language, &[&str]); 5] = [
    (
        Language::Fr,
        &[
            "bonjour je suis l assistant vocal automatise intelligence artificiel de",
            "allo",
            "atelier orizon je vous appelle pour votre controle annuel de la chaudiere ceci est un appel comercial cet appel et enregistrer pour en \
             controler la qualite si vous ne souhaitez plus etre appeller dites stop",
        ],
    ),
    (
        Language::En,
        &[
            "HELLO I'M THE AUTOMATED VOICE ASSISTANT ARTIFICIAL INTELIGENCE OF HORISON WORK SHOP",
            "hello?",
            "I am calling about your early boiler inspections this is a comercial call this call is being recorded if you no longer want to be \
             called say stop",
        ],
    ),
    (
        Language::Es,
        &[
            "buenos dias soy el asistente de voz automatisado inteligencia artificial de taller horizonte",
            "diga",
            "y le llamo por la revision anual de la caldera esta es una llamada comercial esta llamada se graba si no desea recibir mas llamadas diga \
             stop",
        ],
    ),
    (
        Language::Nl,
        &[
            "goedendag ik ben de geautomatiseerde spraak assistent kunstmatige inteligentie van atelier horizon",
            "hallo",
            "ik bel u over de jaarlijkse controle van de ketel dit is een comercieel gesprek dit gesprek wordt op genomen of dit gesprek wordt opgenomen \
             als u niet meer gebeld wil worden zeg stop",
        ],
    ),
    (
        Language::Ar,
        &[
            "مرحبا أنا المساعد الصوتي الالي ذكاء إصطناعي التابع ل ورشه الافق",
            "الو",
            "اتصل بكم بخصوص فحص سنوي للمرجل هذه مكالمه تجاريه هذه مكالمة مُسجَّلة اذا لم تعودوا ترغبون في تلقي المكالمات قولوا توقف",
        ],
    ),
];

#[test]
fn all_that_was_said_is_found_in_every_language() {
    for (language, advertiser, object, lines) in SAID {
        let found = look_for(&call(language, advertiser, object), &talk(lines));
        assert_eq!(found, all(Found), "{language}");
    }
}

#[test]
fn what_a_machine_misheard_is_found_all_the_same() {
    for ((language, advertiser, object, _), (_, lines)) in SAID.into_iter().zip(HEARD) {
        let found = look_for(&call(language, advertiser, object), &talk(lines));
        assert_eq!(found, all(Found), "{language}");
    }
}

#[test]
fn what_was_not_said_is_missing_in_every_language() {
    let silent: [(Language, &[&str]); 5] = [
        (
            Language::Fr,
            &[
                "Bonjour, c'est Camille, vous allez bien ?",
                "Qui ça ?",
                "Camille, de la mairie.",
            ],
        ),
        (
            Language::En,
            &[
                "Hi, this is Kim from the city.",
                "Who?",
                "Kim. How are you today?",
            ],
        ),
        (
            Language::Es,
            &[
                "Hola, soy Carmen, ¿qué tal?",
                "¿Quién?",
                "Carmen, del ayuntamiento.",
            ],
        ),
        (
            Language::Nl,
            &["Hallo, met Kim, hoe gaat het?", "Wie?", "Kim van de gemeente."],
        ),
        (
            Language::Ar,
            &["مرحباً، أنا كريم، كيف حالكم؟", "من؟", "كريم من البلدية."],
        ),
    ];
    for ((language, advertiser, object, said), (_, lines)) in SAID.into_iter().zip(silent) {
        let call = call(language, advertiser, object);
        assert_eq!(look_for(&call, &talk(lines)), all(Missing), "{language}");
        // What the person says is not what the assistant says, in whatever language.
        let turns: Vec<_> = said.iter().map(|line| turn(Role::User, line)).collect();
        assert_eq!(look_for(&call, &turns), all(Missing), "{language}");
    }
}

#[test]
fn each_is_looked_for_by_itself() {
    let (language, advertiser, object, _) = SAID[0];
    let call = call(language, advertiser, object);
    for (said, name) in [
        ("Je suis une intelligence artificielle.", "ai"),
        ("Ici l'atelier Horizon.", "identity"),
        ("C'est au sujet du contrôle de la chaudière.", "purpose"),
        ("Il s'agit d'un appel commercial.", "commercial"),
        ("Notre conversation est enregistrée.", "recording"),
        ("Vous pouvez dire stop à tout moment.", "objection"),
    ] {
        let missing = look_for(&call, &talk(&[said])).missing();
        assert_eq!(missing.len(), 5, "{said} {missing:?}");
        assert!(!missing.contains(&name), "{said}");
    }
}

#[test]
fn what_comes_when_the_call_is_nearly_over_is_too_late() {
    let (language, advertiser, object, said) = SAID[0];
    let lines = [
        "Bonjour !",
        "Oui ?",
        "Vous allez bien ?",
        "Oui.",
        "Tant mieux.",
        "Et vous ?",
        said[0],
    ];
    let found = look_for(&call(language, advertiser, object), &talk(&lines));
    assert_eq!(found, all(Missing));
}

#[test]
fn what_did_not_have_to_be_said_or_nobody_heard_is_not_missing() {
    let (language, advertiser, object, said) = SAID[0];
    let call = call(language, advertiser, object);
    let unrecorded = Spoken {
        is_recorded: false,
        ..call
    };
    assert_eq!(look_for(&unrecorded, &talk(said)).recording, NotApplicable);
    let nothing_is_sold = Spoken {
        is_commercial: false,
        ..call
    };
    assert_eq!(look_for(&nothing_is_sold, &talk(said)).commercial, NotApplicable);
    let unanswered = Spoken {
        is_heard: false,
        ..call
    };
    assert_eq!(look_for(&unanswered, &talk(said)), all(NotApplicable));
    let hung_up_at_once = Spoken { seconds: 2, ..call };
    assert_eq!(look_for(&hung_up_at_once, &[]), all(NotApplicable));
    // A minute of which nothing is written shows nothing.
    assert_eq!(look_for(&call, &[]), all(Missing));
    let inbound = Spoken {
        campaign: None,
        is_commercial: false,
        ..unrecorded
    };
    let found = look_for(&inbound, &talk(&["Bonjour, je suis une IA. Que puis-je faire ?"]));
    let wanted = Disclosures {
        ai: Found,
        ..all(NotApplicable)
    };
    assert_eq!(found, wanted);
}
