//! What an organisation writes is a Liquid template, in which Vapi fills in `{{first_name}}` and the like. An unclosed
//! mark makes Liquid give up on the whole text, ours included, and a tag may hide what follows; so neither is ever
//! sent.

/// The text with those marks only that fill something in.
pub(super) fn safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, mark) = rest.split_at(at);
        safe.push_str(before);
        if let Some(filled) = output(mark) {
            safe.push_str(filled);
            rest = &mark[filled.len()..];
            continue;
        }
        safe.push('{');
        rest = &mark[1..];
        // Apart, they are signs as any others.
        if rest.starts_with(['{', '%']) {
            safe.push(' ');
        }
    }
    safe.push_str(rest);
    safe
}

/// The `{{ … }}` that the text begins with, where it is one that Liquid reads: a name or a quoted text, and filters.
fn output(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("{{")?;
    let end = inner.find("}}")?;
    let mut parts = inner[..end].split('|').map(str::trim);
    let is_output = parts.next().is_some_and(is_value) && parts.all(is_filter);
    is_output.then(|| &text[..end + 4])
}

/// `default` or `date: "%H:%M"`.
fn is_filter(text: &str) -> bool {
    match text.split_once(':') {
        None => is_name(text),
        Some((name, values)) => is_name(name.trim()) && values.split(',').map(str::trim).all(is_value),
    }
}

fn is_value(text: &str) -> bool {
    let quoted = |quote: char| {
        text.len() >= 2
            && text
                .strip_prefix(quote)
                .and_then(|text| text.strip_suffix(quote))
                .is_some_and(|text| !text.contains([quote, '{', '}', '\n']))
    };
    is_name(text)
        || quoted('"')
        || quoted('\'')
        || (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_name(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.split('.').all(|part| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part.chars().all(is_letter)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fills_something_in_stays() {
        for text in [
            "Bonjour {{first_name}} {{ last_name }}, {} et { x }.",
            "Le {{ \"now\" | date: \"%d/%m %H:%M\", \"Europe/Paris\" }}.",
            "{{contact.city | upcase | truncate: 20}} 100 %",
            "{{ first_name | default: 'Madame' }}",
        ] {
            assert_eq!(safe(text), text);
        }
    }

    #[test]
    fn what_hides_or_breaks_something_is_taken_apart() {
        for (text, wanted) in [
            ("{% comment %}", "{ % comment %}"),
            ("{{ first_name", "{ { first_name"),
            ("{{}}", "{ {}}"),
            ("{{ a | }}", "{ { a | }}"),
            ("{{{a}}}", "{ {{a}}}"),
            ("{{ \"a{{b}}\" }}", "{ { \"a{{b}}\" }}"),
            ("a{%raw%}{{b}}", "a{ %raw%}{{b}}"),
        ] {
            assert_eq!(safe(text), wanted, "{text}");
        }
    }
}
