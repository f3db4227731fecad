//! Phone numbers brought from Twilio.

use super::{server::SERVER, tools::DESTINATION};
use crate::sandbox::rules::{Rule, TEXT, is_international, shape, text_up_to};

const INTERNATIONAL: Rule = Rule::Matching {
    holds: is_international,
    says: "must be a valid phone number in the E.164 format. Hot tip, you may be missing a country code (Eg. US: +1).",
};

shape!(NEW_PHONE_NUMBER:
    must "provider" => Rule::Word(&["twilio"]),
    must "number" => INTERNATIONAL,
    must "twilioAccountSid" => TEXT,
    may "twilioAuthToken" => TEXT,
    may "twilioApiKey" => TEXT,
    may "twilioApiSecret" => TEXT,
    may "smsEnabled" => Rule::Flag,
    may "name" => text_up_to(40),
    may "assistantId" => TEXT,
    may "workflowId" => TEXT,
    may "squadId" => TEXT,
    may "server" => Rule::Shape(&SERVER),
    may "fallbackDestination" => DESTINATION,
    may "hooks" => Rule::List(&Rule::AnyObject));

shape!(TRANSIENT_PHONE_NUMBER:
    must "twilioPhoneNumber" => INTERNATIONAL,
    must "twilioAccountSid" => TEXT,
    may "twilioAuthToken" => TEXT,
    may "twilioApiKey" => TEXT,
    may "twilioApiSecret" => TEXT,
    may "smsEnabled" => Rule::Flag,
    may "name" => text_up_to(40),
    may "assistantId" => TEXT,
    may "workflowId" => TEXT,
    may "squadId" => TEXT,
    may "server" => Rule::Shape(&SERVER),
    may "fallbackDestination" => DESTINATION,
    may "hooks" => Rule::List(&Rule::AnyObject));
