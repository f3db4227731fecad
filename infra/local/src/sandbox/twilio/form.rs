//! Bodies and queries of the kind `application/x-www-form-urlencoded`.

use super::errors::TwilioError;
use http::{HeaderMap, header};

/// The decoded names and values, in their order, repeated ones included.
pub(crate) fn pairs(bytes: &[u8]) -> Vec<(String, String)> {
    bytes
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let cut = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = match cut {
                Some(cut) => (&pair[..cut], &pair[cut + 1..]),
                None => (pair, &[][..]),
            };
            (decode(name), decode(value))
        })
        .collect()
}

/// The parameters of one request.
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads a form; any other kind of body is refused, as Twilio reads nothing else.
    pub(crate) fn of_body(headers: &HeaderMap, body: &[u8]) -> Result<Self, TwilioError> {
        let kind = headers
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        match kind {
            Some(kind) if kind.starts_with("application/x-www-form-urlencoded") => Ok(Self(pairs(body))),
            None if body.is_empty() => Ok(Self(Vec::new())),
            _ => Err(TwilioError::bad_request(
                20001,
                "Unsupported Content-Type: parameters are read from application/x-www-form-urlencoded only",
            )),
        }
    }

    /// Reads a query.
    pub(crate) fn of_query(query: Option<&str>) -> Self {
        Self(pairs(query.unwrap_or_default().as_bytes()))
    }

    /// The first value of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The first value of this name, unless it is empty.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// How many values this name has.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.0.iter().filter(|(known, _)| known == name).count()
    }
}

/// Writes a form.
pub(crate) fn encode(pairs: &[(String, String)]) -> String {
    let mut form = String::new();
    for (name, value) in pairs {
        if !form.is_empty() {
            form.push('&');
        }
        encode_into(&mut form, name);
        form.push('=');
        encode_into(&mut form, value);
    }
    form
}

fn encode_into(form: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => {
                form.push(char::from(byte));
            }
            b' ' => form.push('+'),
            _ => form.push_str(&format!("%{byte:02X}")),
        }
    }
}

fn decode(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => match after.get(..2).and_then(hexadecimal) {
                Some(byte) => {
                    bytes.push(byte);
                    rest = &after[2..];
                }
                None => bytes.push(b'%'),
            },
            other => bytes.push(*other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_survive_the_way() {
        let sent = vec![
            ("To".to_owned(), "+33612345678".to_owned()),
            ("Body".to_owned(), "Été & co = 100 %".to_owned()),
            ("Empty".to_owned(), String::new()),
        ];
        assert_eq!(pairs(encode(&sent).as_bytes()), sent);
        assert_eq!(pairs(b"a=b+c&d&%zz=1").len(), 3);
    }
}
