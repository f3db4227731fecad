//! The link to an appointment's calendar file in a text message: whoever has it may read that one file, for a time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use sha2::Sha256;
use uuid::Uuid;

use crate::app::Pepper;
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::{AppointmentId, OrganizationId};

/// What the token is for: one for something else opens nothing here.
const PURPOSE: &[u8] = b"appointment-calendar";
/// How long after its end an appointment can still be looked at.
const OPEN_AFTERWARDS: SignedDuration = SignedDuration::from_hours(7 * 24);
/// 128 bits of the HMAC: a link in a text message is paid for by its length.
const CODE_BYTES: usize = 16;

/// Why a token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkRefused {
    /// It is not one of ours, or is another appointment's.
    #[error("the token is not of this appointment")]
    Forged,
    /// It was good until some time ago.
    #[error("the token has expired")]
    Expired,
}

impl Classify for LinkRefused {
    fn failure(&self) -> Failure {
        match self {
            Self::Forged => Failure::new(
                Class::Unauthenticated,
                "link_invalid",
                "Ce lien n'est pas valide.",
                "This link is not valid.",
            ),
            Self::Expired => Failure::new(
                Class::Unauthenticated,
                "link_expired",
                "Ce lien a expiré.",
                "This link has expired.",
            ),
        }
    }
}

/// The token: base64url(organisation ‖ expiry ‖ HMAC-SHA256(pepper, purpose ‖ organisation ‖ appointment ‖ expiry)).
pub(super) fn token(
    pepper: &Pepper,
    organization: OrganizationId,
    appointment: AppointmentId,
    ends_at: Timestamp,
) -> String {
    let until = ends_at
        .saturating_add(OPEN_AFTERWARDS)
        .unwrap_or(ends_at)
        .as_second();
    let until = u32::try_from(until).unwrap_or(u32::MAX).to_be_bytes();
    let code = mac(pepper, organization.0, appointment, until)
        .finalize()
        .into_bytes();
    let mut token = organization.0.as_bytes().to_vec();
    token.extend_from_slice(&until);
    token.extend_from_slice(&code[..CODE_BYTES]);
    URL_SAFE_NO_PAD.encode(token)
}

/// Whose appointment the token opens. The code is compared in constant time, before anything else is believed.
pub(super) fn read_token(
    pepper: &Pepper,
    appointment: AppointmentId,
    token: &str,
    now: Timestamp,
) -> Result<OrganizationId, LinkRefused> {
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| LinkRefused::Forged)?;
    let (organization, rest) = bytes.split_at_checked(16).ok_or(LinkRefused::Forged)?;
    let (until, code) = rest.split_at_checked(4).ok_or(LinkRefused::Forged)?;
    let organization = Uuid::from_slice(organization).map_err(|_| LinkRefused::Forged)?;
    let until: [u8; 4] = until.try_into().map_err(|_| LinkRefused::Forged)?;
    if code.len() != CODE_BYTES {
        return Err(LinkRefused::Forged);
    }
    mac(pepper, organization, appointment, until)
        .verify_truncated_left(code)
        .map_err(|_| LinkRefused::Forged)?;
    if i64::from(u32::from_be_bytes(until)) < now.as_second() {
        return Err(LinkRefused::Expired);
    }
    Ok(OrganizationId(organization))
}

fn mac(pepper: &Pepper, organization: Uuid, appointment: AppointmentId, until: [u8; 4]) -> Hmac<Sha256> {
    let mut mac: Hmac<Sha256> =
        Hmac::new_from_slice(pepper.expose_secret()).expect("HMAC takes keys of any length");
    mac.update(PURPOSE);
    mac.update(organization.as_bytes());
    mac.update(appointment.0.as_bytes());
    mac.update(&until);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Clock;

    fn pepper(byte: u8) -> Pepper {
        Pepper::new(Box::new([byte; 32]))
    }

    #[test]
    fn a_token_opens_its_own_appointment_for_a_week_after_its_end() {
        let clock = Clock::system();
        let (organization, appointment) = (OrganizationId::new(&clock), AppointmentId::new(&clock));
        let ends_at: Timestamp = "2026-11-24T14:00:00Z".parse().unwrap();
        let good = token(&pepper(1), organization, appointment, ends_at);
        assert_eq!(good.len(), 48);
        let read = |byte, appointment, token: &str, now: &str| {
            read_token(&pepper(byte), appointment, token, now.parse().unwrap())
        };
        let before = "2026-12-01T13:59:59Z";
        assert_eq!(read(1, appointment, &good, before), Ok(organization));
        assert_eq!(
            read(1, appointment, &good, "2026-12-01T14:00:01Z"),
            Err(LinkRefused::Expired)
        );
        assert_eq!(read(2, appointment, &good, before), Err(LinkRefused::Forged));
        assert_eq!(
            read(1, AppointmentId::new(&clock), &good, before),
            Err(LinkRefused::Forged)
        );
        for odd in ["", "é", "AAAA", &good[..40], &format!("{good}AA")] {
            assert_eq!(
                read(1, appointment, odd, before),
                Err(LinkRefused::Forged),
                "{odd}"
            );
        }
        let bytes = URL_SAFE_NO_PAD.decode(&good).unwrap();
        for place in 0..bytes.len() {
            let mut forged = bytes.clone();
            forged[place] ^= 1;
            let forged = URL_SAFE_NO_PAD.encode(forged);
            assert_eq!(
                read(1, appointment, &forged, before),
                Err(LinkRefused::Forged),
                "{place}"
            );
        }
    }
}
