//! The addresses at which Twilio tells us things, as we register them.

use crate::kernel::ids::{MessageId, OrganizationId};

/// Twilio tries once more, and only where nobody answered, unless the address asks for more: up to twice, when it does not
/// connect, does not get an answer, or gets a 5xx. The fragment is neither sent nor signed (Twilio, "connection overrides").
const RETRIES: &str = "#rc=2&rp=ct,rt,5xx";

/// Where what an organisation receives is posted to.
pub fn inbound(origin: &str, organization: OrganizationId) -> String {
    format!("{origin}{}{RETRIES}", path(organization))
}

/// Where Twilio tells what becomes of a message. It names the message: a callback may be faster than the answer.
pub fn status(origin: &str, organization: OrganizationId, message: MessageId) -> String {
    format!("{origin}{}?message_id={message}{RETRIES}", path(organization))
}

/// Whether an address is this organisation's, whatever origin we had when it was registered.
pub fn is_inbound_of(address: &str, organization: OrganizationId) -> bool {
    let address = address.split(['#', '?']).next().unwrap_or_default();
    address.ends_with(&path(organization))
}

fn path(organization: OrganizationId) -> String {
    format!("/api/v1/twilio/webhook/{organization}")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_organisation_knows_its_own_address_again() {
        let (ours, other) = (
            OrganizationId(Uuid::from_u128(1)),
            OrganizationId(Uuid::from_u128(2)),
        );
        let address = inbound("https://api.zencall.example", ours);
        assert!(
            address
                .ends_with("/api/v1/twilio/webhook/00000000-0000-0000-0000-000000000001#rc=2&rp=ct,rt,5xx")
        );
        assert!(is_inbound_of(&address, ours));
        assert!(is_inbound_of(&inbound("https://former.example", ours), ours));
        assert!(!is_inbound_of(&address, other));
        assert!(!is_inbound_of("", ours));
        let message = MessageId(Uuid::from_u128(3));
        assert!(
            status("https://a", ours, message)
                .contains("?message_id=00000000-0000-0000-0000-000000000003#rc=2")
        );
    }
}
