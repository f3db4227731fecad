//! Values that several members of a request hold.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::Value;
use zencall::kernel::Invalid;

pub(crate) fn amount(value: &Value) -> Result<Decimal, Invalid> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Object(money) if money.get("currency").is_none_or(|currency| currency == "USD") => money
            .get("amount")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        _ => String::new(),
    };
    text.parse::<Decimal>()
        .ok()
        .filter(|amount| {
            amount.is_sign_positive() && !amount.is_zero() && *amount < Decimal::from(100_000_000)
        })
        .ok_or(Invalid::new(
            "amount_invalid",
            "Un montant positif en dollars, comme 12.50.",
            "A positive amount in US dollars, such as 12.50.",
        ))
}

pub(crate) fn line(text: String, longest: usize) -> Result<String, Invalid> {
    let text = text.trim().to_owned();
    let length = text.chars().count();
    if (1..=longest).contains(&length) && !text.contains(char::is_control) {
        return Ok(text);
    }
    let mut invalid = Invalid::new("length", "", "");
    invalid.message = zencall::kernel::Text::owned(
        format!("Entre 1 et {longest} caractères, sur une ligne."),
        format!("Between 1 and {longest} characters, on one line."),
    );
    Err(invalid)
}

pub(crate) fn at_most(count: usize, most: usize) -> Result<(), Invalid> {
    if count <= most {
        return Ok(());
    }
    Err(Invalid::new(
        "too_many",
        "Il y en a trop en une demande.",
        "There are too many in one request.",
    ))
}

pub(crate) fn instant(text: String) -> Result<Timestamp, Invalid> {
    text.parse().map_err(|_| {
        Invalid::new(
            "timestamp_invalid",
            "Un instant RFC 3339, comme 2026-12-01T09:00:00Z.",
            "An RFC 3339 instant, such as 2026-12-01T09:00:00Z.",
        )
    })
}
