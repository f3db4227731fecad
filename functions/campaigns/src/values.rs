//! Values that several members of a request hold.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::Value;
use zencall::kernel::{self, Invalid};

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
        // As the database keeps it: what rounds to nothing, or over the limit, is refused here.
        .map(|amount| amount.round_dp(4))
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
    kernel::instant::parse(&text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_amount_is_one_that_the_database_keeps() {
        let read = |value| amount(&value).ok().map(|amount| amount.to_string());
        assert_eq!(read(json!(12.5)).as_deref(), Some("12.5"));
        assert_eq!(
            read(json!({ "amount": "12.34567", "currency": "USD" })).as_deref(),
            Some("12.3457")
        );
        assert_eq!(read(json!("99999999.9999")).as_deref(), Some("99999999.9999"));
        for odd in [
            json!("99999999.99996"),
            json!("0.00001"),
            json!(0),
            json!(-1),
            json!({ "amount": "1", "currency": "EUR" }),
            json!(true),
        ] {
            assert_eq!(read(odd.clone()), None, "{odd}");
        }
    }
}
