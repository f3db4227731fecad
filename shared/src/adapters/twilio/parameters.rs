//! Parameters of a form or a query, decoded once and otherwise as they came: empty and repeated ones are signed too.

use serde_json::Value;

/// Parameters, in their order, as bytes.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Parameters(Vec<(Vec<u8>, Vec<u8>)>);

impl Parameters {
    /// Reads `application/x-www-form-urlencoded`.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let pairs = bytes
            .split(|byte| *byte == b'&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| match pair.iter().position(|byte| *byte == b'=') {
                Some(at) => (decode(&pair[..at]), decode(&pair[at + 1..])),
                None => (decode(pair), Vec::new()),
            });
        Self(pairs.collect())
    }

    /// Reads the members of a JSON object that are texts.
    pub(super) fn of_json(bytes: &[u8]) -> Self {
        let Ok(Value::Object(members)) = serde_json::from_slice(bytes) else {
            return Self::default();
        };
        let texts = members.into_iter().filter_map(|(name, value)| match value {
            Value::String(text) => Some((name.into_bytes(), text.into_bytes())),
            _ => None,
        });
        Self(texts.collect())
    }

    /// What is signed of a form: names in the order of their bytes, each followed by its value; of a repeated name each
    /// different value, in order, with the name before it.
    pub(super) fn signed(&self) -> Vec<u8> {
        let mut sorted: Vec<_> = self.0.iter().collect();
        sorted.sort();
        sorted.dedup();
        sorted.iter().fold(Vec::new(), |mut text, (name, value)| {
            text.extend_from_slice(name);
            text.extend_from_slice(value);
            text
        })
    }

    /// The first value of this name.
    pub(super) fn get(&self, name: &[u8]) -> Option<&[u8]> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_slice())
    }

    /// The first value of this name as text, unless it is empty. PostgreSQL keeps no NUL.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let value = self.get(name.as_bytes())?;
        let text = String::from_utf8_lossy(value).replace('\0', "");
        (!text.is_empty()).then_some(text)
    }
}

fn decode(text: &[u8]) -> Vec<u8> {
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
    bytes
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let value = digit(digits[0])? << 4 | digit(digits[1])?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_is_signed_the_empty_and_the_repeated_too() {
        let signed = |form: &str| String::from_utf8(Parameters::read(form.as_bytes()).signed()).unwrap();
        assert_eq!(signed("b=2&a=1&B=3"), "B3a1b2");
        assert_eq!(signed("FromCity=&Body=+a%2Bb+"), "Body a+b FromCity");
        assert_eq!(signed("m=2&m=1&m=2"), "m1m2");
        assert_eq!(signed("flag&x=%C3%A9"), "flagxé");
        assert_eq!(signed("x=100%&y=%zz"), "x100%y%zz");
    }
}
