//! What is said and written about appointments, in every language of the product. Data, and where a date goes into it.

use jiff::Timestamp;
use jiff::civil::Weekday;

use super::wish::Refusal;
use crate::kernel::{Language, Timezone};

/// The texts of one language. `{when}`, `{today}`, `{organization}` and `{link}` are filled in.
pub(super) struct Words {
    /// Monday first.
    weekdays: [&'static str; 7],
    months: [&'static str; 12],
    /// A date and a time as they are spoken.
    spoken: &'static str,
    /// The same as they are written in a text message: digits only, which every telephone shows in one segment.
    written: &'static str,
    today: &'static str,
    booked: &'static str,
    unreadable: &'static str,
    past: &'static str,
    too_far: &'static str,
    off_grid: &'static str,
    length: &'static str,
    phone: &'static str,
    taken: &'static str,
    too_many: &'static str,
    unavailable: &'static str,
    /// Text messages.
    pub(super) confirmation: &'static str,
    pub(super) moved: &'static str,
    pub(super) cancelled: &'static str,
    /// What a calendar shows.
    pub(super) title: &'static str,
}

/// The texts of a language.
pub(super) fn words(language: Language) -> &'static Words {
    match language {
        Language::Fr => &FR,
        Language::En => &EN,
        Language::Es => &ES,
        Language::Nl => &NL,
        Language::Ar => &AR,
    }
}

impl Words {
    /// It is booked.
    pub(super) fn booked(&self, at: Timestamp, zone: &Timezone) -> String {
        self.booked.replace("{when}", &self.fill(self.spoken, at, zone))
    }

    /// Why it is not.
    pub(super) fn refusal(&self, refusal: Refusal, now: Timestamp, zone: &Timezone) -> String {
        match refusal {
            Refusal::Unreadable => self.unreadable,
            Refusal::Past => return self.past.replace("{today}", &self.fill(self.today, now, zone)),
            Refusal::TooFar => self.too_far,
            Refusal::OffGrid => self.off_grid,
            Refusal::Length => self.length,
            Refusal::Phone => self.phone,
            Refusal::Taken => self.taken,
            Refusal::TooMany => self.too_many,
            Refusal::Unavailable => self.unavailable,
        }
        .to_owned()
    }

    /// A date and a time in digits.
    pub(super) fn written(&self, at: Timestamp, zone: &Timezone) -> String {
        self.fill(self.written, at, zone)
    }

    fn fill(&self, pattern: &str, at: Timestamp, zone: &Timezone) -> String {
        let local = at.to_zoned(zone.rules().clone());
        let weekday = match local.weekday() {
            Weekday::Monday => 0,
            Weekday::Tuesday => 1,
            Weekday::Wednesday => 2,
            Weekday::Thursday => 3,
            Weekday::Friday => 4,
            Weekday::Saturday => 5,
            Weekday::Sunday => 6,
        };
        let month = usize::try_from(local.month() - 1).unwrap_or_default();
        pattern
            .replace("{weekday}", self.weekdays[weekday])
            .replace("{month_name}", self.months[month.min(11)])
            .replace("{day}", &local.day().to_string())
            .replace("{dd}", &format!("{:02}", local.day()))
            .replace("{mm}", &format!("{:02}", local.month()))
            .replace("{year}", &local.year().to_string())
            .replace("{hour}", &format!("{:02}", local.hour()))
            .replace("{minute}", &format!("{:02}", local.minute()))
    }
}

static FR: Words = Words {
    weekdays: [
        "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche",
    ],
    months: [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    spoken: "{weekday} {day} {month_name} {year} à {hour} h {minute}",
    written: "{dd}/{mm}/{year} à {hour}:{minute}",
    today: "{weekday} {day} {month_name} {year}",
    booked: "Le rendez-vous est enregistré pour le {when}.",
    unreadable: "Je n'ai pas compris la date et l'heure. Pouvez-vous répéter le jour, le mois et l'heure ?",
    past: "Ce moment est déjà passé : nous sommes le {today}. Quelle date à venir vous conviendrait ?",
    too_far: "Les rendez-vous se prennent au plus un an à l'avance. Quelle date plus proche vous conviendrait ?",
    off_grid: "Les rendez-vous commencent et finissent toutes les cinq minutes, par exemple à 14 h 00 ou à 14 h 05. \
               Quelle heure vous conviendrait ?",
    length: "Un rendez-vous dure entre cinq minutes et huit heures. Combien de temps vous faut-il ?",
    phone: "Je n'ai pas compris le numéro de téléphone. Pouvez-vous le répéter, chiffre par chiffre ?",
    taken: "Ce créneau n'est plus libre. Pouvez-vous choisir une autre heure ?",
    too_many: "Plusieurs rendez-vous ont déjà été pris pendant cet appel, je ne peux pas en prendre d'autre.",
    unavailable: "Je n'arrive pas à enregistrer le rendez-vous pour le moment. Souhaitez-vous que je réessaie, ou \
                  préférez-vous rappeler plus tard ?",
    confirmation: "{organization} : votre rendez-vous du {when} est enregistré. Agenda : {link}",
    moved: "{organization} : votre rendez-vous est déplacé au {when}. Agenda : {link}",
    cancelled: "{organization} : votre rendez-vous du {when} est annulé. Agenda : {link}",
    title: "Rendez-vous",
};

static EN: Words = Words {
    weekdays: [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ],
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    spoken: "{weekday} {day} {month_name} {year} at {hour}:{minute}",
    written: "{dd}/{mm}/{year} at {hour}:{minute}",
    today: "{weekday} {day} {month_name} {year}",
    booked: "The appointment is booked for {when}.",
    unreadable: "I did not understand the date and time. Could you repeat the day, the month and the hour?",
    past: "That time has passed: today is {today}. Which later date would suit you?",
    too_far: "Appointments are made at most a year ahead. Which earlier date would suit you?",
    off_grid: "Appointments begin and end every five minutes, for example at 14:00 or 14:05. Which time would suit you?",
    length: "An appointment takes between five minutes and eight hours. How long do you need?",
    phone: "I did not understand the phone number. Could you repeat it, digit by digit?",
    taken: "That time is no longer free. Could you choose another one?",
    too_many: "Several appointments have already been made during this call, I cannot make another one.",
    unavailable: "I cannot book the appointment at the moment. Shall I try again, or would you rather call back later?",
    confirmation: "{organization}: your appointment on {when} is booked. Calendar: {link}",
    moved: "{organization}: your appointment is moved to {when}. Calendar: {link}",
    cancelled: "{organization}: your appointment on {when} is cancelled. Calendar: {link}",
    title: "Appointment",
};

static ES: Words = Words {
    weekdays: [
        "lunes",
        "martes",
        "miércoles",
        "jueves",
        "viernes",
        "sábado",
        "domingo",
    ],
    months: [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
    spoken: "{weekday} {day} de {month_name} de {year} a las {hour}:{minute}",
    written: "{dd}/{mm}/{year} a las {hour}:{minute}",
    today: "{weekday} {day} de {month_name} de {year}",
    booked: "La cita queda registrada para el {when}.",
    unreadable: "No he entendido la fecha y la hora. ¿Puede repetir el día, el mes y la hora?",
    past: "Ese momento ya ha pasado: hoy es {today}. ¿Qué fecha próxima le vendría bien?",
    too_far: "Las citas se piden como máximo con un año de antelación. ¿Qué fecha más cercana le vendría bien?",
    off_grid: "Las citas empiezan y terminan cada cinco minutos, por ejemplo a las 14:00 o a las 14:05. ¿Qué hora le \
               vendría bien?",
    length: "Una cita dura entre cinco minutos y ocho horas. ¿Cuánto tiempo necesita?",
    phone: "No he entendido el número de teléfono. ¿Puede repetirlo, cifra por cifra?",
    taken: "Esa hora ya no está libre. ¿Puede elegir otra?",
    too_many: "Ya se han pedido varias citas durante esta llamada, no puedo registrar otra.",
    unavailable: "Ahora mismo no puedo registrar la cita. ¿Lo intento de nuevo o prefiere llamar más tarde?",
    confirmation: "{organization}: su cita del {when} queda registrada. Agenda: {link}",
    moved: "{organization}: su cita pasa al {when}. Agenda: {link}",
    cancelled: "{organization}: su cita del {when} queda anulada. Agenda: {link}",
    title: "Cita",
};

static NL: Words = Words {
    weekdays: [
        "maandag",
        "dinsdag",
        "woensdag",
        "donderdag",
        "vrijdag",
        "zaterdag",
        "zondag",
    ],
    months: [
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
    ],
    spoken: "{weekday} {day} {month_name} {year} om {hour}.{minute} uur",
    written: "{dd}-{mm}-{year} om {hour}:{minute}",
    today: "{weekday} {day} {month_name} {year}",
    booked: "De afspraak is vastgelegd op {when}.",
    unreadable: "Ik heb de datum en het tijdstip niet begrepen. Kunt u de dag, de maand en het uur herhalen?",
    past: "Dat moment is al voorbij: het is vandaag {today}. Welke latere datum schikt u?",
    too_far: "Afspraken worden hoogstens een jaar vooruit gemaakt. Welke eerdere datum schikt u?",
    off_grid: "Afspraken beginnen en eindigen om de vijf minuten, bijvoorbeeld om 14.00 of 14.05 uur. Welk tijdstip \
               schikt u?",
    length: "Een afspraak duurt tussen vijf minuten en acht uur. Hoeveel tijd hebt u nodig?",
    phone: "Ik heb het telefoonnummer niet begrepen. Kunt u het cijfer voor cijfer herhalen?",
    taken: "Dat tijdstip is niet meer vrij. Kunt u een ander kiezen?",
    too_many: "Er zijn tijdens dit gesprek al verschillende afspraken gemaakt, ik kan er geen meer maken.",
    unavailable: "Ik kan de afspraak op dit moment niet vastleggen. Zal ik het opnieuw proberen, of belt u liever later \
                  terug?",
    confirmation: "{organization}: uw afspraak op {when} is vastgelegd. Agenda: {link}",
    moved: "{organization}: uw afspraak is verplaatst naar {when}. Agenda: {link}",
    cancelled: "{organization}: uw afspraak op {when} is geannuleerd. Agenda: {link}",
    title: "Afspraak",
};

static AR: Words = Words {
    weekdays: [
        "الاثنين",
        "الثلاثاء",
        "الأربعاء",
        "الخميس",
        "الجمعة",
        "السبت",
        "الأحد",
    ],
    months: [
        "يناير",
        "فبراير",
        "مارس",
        "أبريل",
        "مايو",
        "يونيو",
        "يوليو",
        "أغسطس",
        "سبتمبر",
        "أكتوبر",
        "نوفمبر",
        "ديسمبر",
    ],
    spoken: "{weekday} {day} {month_name} {year} على الساعة {hour}:{minute}",
    written: "{dd}/{mm}/{year} على الساعة {hour}:{minute}",
    today: "{weekday} {day} {month_name} {year}",
    booked: "تم تسجيل الموعد يوم {when}.",
    unreadable: "لم أفهم التاريخ والساعة. هل يمكنكم إعادة اليوم والشهر والساعة؟",
    past: "هذا الوقت قد مضى: اليوم هو {today}. أي تاريخ قادم يناسبكم؟",
    too_far: "تؤخذ المواعيد قبل سنة على الأكثر. أي تاريخ أقرب يناسبكم؟",
    off_grid: "تبدأ المواعيد وتنتهي كل خمس دقائق، مثلاً على الساعة 14:00 أو 14:05. أي ساعة تناسبكم؟",
    length: "يستغرق الموعد ما بين خمس دقائق وثماني ساعات. كم من الوقت تحتاجون؟",
    phone: "لم أفهم رقم الهاتف. هل يمكنكم إعادته رقماً رقماً؟",
    taken: "هذا الوقت لم يعد متاحاً. هل يمكنكم اختيار ساعة أخرى؟",
    too_many: "تم أخذ عدة مواعيد خلال هذه المكالمة، ولا يمكنني أخذ موعد آخر.",
    unavailable: "لا أستطيع تسجيل الموعد في الوقت الحالي. هل أحاول مرة أخرى أم تفضلون الاتصال لاحقاً؟",
    confirmation: "{organization}: تم تسجيل موعدكم يوم {when}. {link}",
    moved: "{organization}: تم تأجيل موعدكم إلى {when}. {link}",
    cancelled: "{organization}: تم إلغاء موعدكم يوم {when}. {link}",
    title: "موعد",
};

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSALS: [Refusal; 9] = [
        Refusal::Unreadable,
        Refusal::Past,
        Refusal::TooFar,
        Refusal::OffGrid,
        Refusal::Length,
        Refusal::Phone,
        Refusal::Taken,
        Refusal::TooMany,
        Refusal::Unavailable,
    ];

    #[test]
    fn every_sentence_stands_on_one_line_with_everything_filled_in() {
        let at = "2026-08-04T12:05:00Z".parse().unwrap();
        let zone = Timezone::paris();
        for language in Language::ALL {
            let words = words(language);
            let mut said: Vec<_> = REFUSALS.map(|refusal| words.refusal(refusal, at, &zone)).into();
            said.extend([words.booked(at, &zone), words.written(at, &zone)]);
            for sentence in said {
                assert!(
                    !sentence.contains(['{', '}', '\n', '\r']) && !sentence.contains("  "),
                    "{sentence}"
                );
            }
            for text in [words.confirmation, words.moved, words.cancelled] {
                assert!(
                    text.contains("{when}") && text.contains("{link}") && text.contains("{organization}")
                );
            }
        }
    }

    #[test]
    fn dates_are_those_of_the_clock_on_which_it_was_agreed() {
        let at = "2026-12-31T23:30:00Z".parse().unwrap();
        assert_eq!(
            FR.booked(at, &Timezone::paris()),
            "Le rendez-vous est enregistré pour le vendredi 1 janvier 2027 à 00 h 30."
        );
        assert_eq!(
            EN.booked(at, &Timezone::utc()),
            "The appointment is booked for Thursday 31 December 2026 at 23:30."
        );
        assert_eq!(FR.written(at, &Timezone::paris()), "01/01/2027 à 00:30");
    }
}
