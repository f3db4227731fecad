//! The address that Twilio called, as it may have signed it.

/// The address with its port and without: Twilio's own signing is inconsistent, and its libraries accept both. User and
/// password never belong to it, nor does a fragment.
pub(super) fn candidates(origin: &str, path: &str, query: &str) -> Vec<String> {
    let origin = origin.split('#').next().unwrap_or_default().trim_end_matches('/');
    let (scheme, rest) = origin.split_once("://").unwrap_or(("https", origin));
    let (authority, base) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = authority.rsplit('@').next().unwrap_or_default();
    // A colon within brackets belongs to an IPv6 address.
    let colon = host
        .rfind(':')
        .filter(|at| host.rfind(']').is_none_or(|bracket| bracket < *at));
    let other = match (colon, scheme) {
        (Some(at), _) => host[..at].to_owned(),
        (None, "http") => format!("{host}:80"),
        (None, _) => format!("{host}:443"),
    };
    let mark = if query.is_empty() { "" } else { "?" };
    [host, other.as_str()]
        .map(|host| format!("{scheme}://{host}{base}{path}{mark}{query}"))
        .to_vec()
}

#[cfg(test)]
mod tests {
    use super::candidates;

    #[test]
    fn the_port_is_tried_with_and_without() {
        assert_eq!(
            candidates("https://api.zencall.example", "/hook", "b=2&a=%2B1"),
            [
                "https://api.zencall.example/hook?b=2&a=%2B1",
                "https://api.zencall.example:443/hook?b=2&a=%2B1"
            ]
        );
        assert_eq!(
            candidates("http://127.0.0.1:9000", "/hook", ""),
            ["http://127.0.0.1:9000/hook", "http://127.0.0.1/hook"]
        );
        assert_eq!(
            candidates("http://[::1]", "/", ""),
            ["http://[::1]/", "http://[::1]:80/"]
        );
    }

    #[test]
    fn user_and_fragment_are_left_out() {
        assert_eq!(
            candidates("https://u:p@api.zencall.example:8443/base/#rc=2", "/hook", "")[0],
            "https://api.zencall.example:8443/base/hook"
        );
    }
}
