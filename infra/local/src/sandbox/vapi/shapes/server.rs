//! Where webhooks go, and how often they are tried.

use crate::sandbox::rules::{NUMBER, Rule, TEXT, between, is_web_address, shape};

/// An address of the web.
pub(crate) const ADDRESS: Rule = Rule::Matching {
    holds: is_web_address,
    says: "must be a URL address",
};

shape!(BACKOFF_PLAN:
    must "type" => Rule::Word(&["fixed", "exponential"]),
    must "maxRetries" => between(0.0, 10.0),
    must "baseDelaySeconds" => between(0.0, 10.0),
    may "excludedStatusCodes" => Rule::List(&NUMBER));

shape!(SERVER:
    may "timeoutSeconds" => between(1.0, 300.0),
    may "credentialId" => TEXT,
    may "staticIpAddressesEnabled" => Rule::Flag,
    may "encryptedPaths" => Rule::List(&TEXT),
    may "url" => ADDRESS,
    may "headers" => Rule::MapOf(&TEXT),
    may "backoffPlan" => Rule::Shape(&BACKOFF_PLAN));
