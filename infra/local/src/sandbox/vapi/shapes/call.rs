//! Calls. There is no `metadata` on a call, in no revision of the contract.

use super::{
    assistant::{ASSISTANT, ASSISTANT_OVERRIDES},
    phone_number::TRANSIENT_PHONE_NUMBER,
    tools::number_is_international,
};
use crate::sandbox::rules::{INSTANT, Rule, TEXT, shape, text_up_to};

shape!(NEW_CALL:
    may "assistantVersion" => Rule::Nullable(&TEXT),
    may "transport" => Rule::AnyObject,
    may "customers" => Rule::List(&Rule::Shape(&CUSTOMER)),
    may "name" => text_up_to(40),
    may "schedulePlan" => Rule::Shape(&SCHEDULE_PLAN),
    may "assistantId" => TEXT,
    may "assistant" => Rule::Shape(&ASSISTANT),
    may "assistantOverrides" => Rule::Shape(&ASSISTANT_OVERRIDES),
    may "squadId" => TEXT,
    may "squad" => Rule::AnyObject,
    may "squadOverrides" => Rule::Shape(&ASSISTANT_OVERRIDES),
    may "workflowId" => TEXT,
    may "workflow" => Rule::AnyObject,
    may "workflowOverrides" => Rule::AnyObject,
    may "phoneNumberId" => TEXT,
    may "phoneNumber" => Rule::Shape(&TRANSIENT_PHONE_NUMBER),
    may "customerId" => TEXT,
    may "customer" => Rule::Shape(&CUSTOMER));

shape!(CUSTOMER check number_is_international:
    may "numberE164CheckEnabled" => Rule::Flag,
    may "extension" => text_up_to(10),
    may "assistantOverrides" => Rule::Shape(&ASSISTANT_OVERRIDES),
    may "squadOverrides" => Rule::Shape(&ASSISTANT_OVERRIDES),
    may "number" => Rule::Text { min: 3, max: 40 },
    may "sipUri" => TEXT,
    may "name" => text_up_to(40),
    may "email" => text_up_to(40),
    may "externalId" => text_up_to(40));

shape!(SCHEDULE_PLAN: must "earliestAt" => INSTANT, may "latestAt" => INSTANT);

shape!(CALL_CHANGE: may "name" => text_up_to(40));
shape!(CALL_ERASURE: may "ids" => Rule::List(&TEXT));
