//! What a registry wants to be shown: the header `WWW-Authenticate` (RFC 9110, section 11.6.1; distribution
//! specification of tokens, `docs/spec/auth/token`).

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

/// What to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// User and password, with each question.
    Basic,
    /// A token, which somebody else gives.
    Bearer {
        /// Who gives it: an address.
        realm: String,
        /// What the registry is called there.
        service: String,
    },
}

/// The first challenge that is understood; tokens before passwords, wherever they stand.
pub(super) fn challenge(headers: &HeaderMap) -> Option<Challenge> {
    let found = challenges(headers);
    let bearer = found.iter().find(|one| matches!(one, Challenge::Bearer { .. }));
    bearer.or(found.first()).cloned()
}

/// Every challenge that is understood.
pub(super) fn challenges(headers: &HeaderMap) -> Vec<Challenge> {
    let all = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(parse).collect()
}

/// `Bearer realm="https://…",service="…", Basic realm="…"`
fn parse(text: &str) -> Vec<Challenge> {
    // (scheme, its parameters), in the order in which they stand.
    let mut found: Vec<(String, Vec<(String, String)>)> = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !is_token(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let after = after.trim_start();
        if word.is_empty() {
            // A comma between two; anything else is skipped, a character at a time.
            let mut characters = rest.chars();
            characters.next();
            rest = characters.as_str().trim_start();
        } else if let (Some(value), Some((_, parameters))) = (after.strip_prefix('='), found.last_mut()) {
            let (value, after) = value_of(value.trim_start());
            parameters.push((word.to_ascii_lowercase(), value));
            rest = after.trim_start();
        } else {
            found.push((word.to_ascii_lowercase(), Vec::new()));
            rest = after;
        }
    }
    let known = found.into_iter().filter_map(|(scheme, parameters)| {
        let get = |name: &str| parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        match scheme.as_str() {
            "basic" => Some(Challenge::Basic),
            "bearer" => Some(Challenge::Bearer { realm: get("realm")?, service: get("service").unwrap_or_default() }),
            _ => None,
        }
    });
    known.collect()
}

/// A token, or a text in quotation marks, and what follows it.
fn value_of(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c: char| !is_token(c)).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => break,
            '\\' => value.extend(characters.next()),
            other => value.push(other),
        }
    }
    (value, characters.as_str())
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[&str]) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, value.parse().unwrap());
        }
        challenge(&headers)
    }

    fn bearer(realm: &str, service: &str) -> Option<Challenge> {
        Some(Challenge::Bearer { realm: realm.into(), service: service.into() })
    }

    #[test]
    fn challenges_are_read_as_they_are_written() {
        let hub =
            r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull""#;
        assert_eq!(of(&[hub]), bearer("https://auth.docker.io/token", "registry.docker.io"));
        assert_eq!(of(&[r#"bearer service=x , realm="https://a/?b=\"c, d\"""#]), bearer(r#"https://a/?b="c, d""#, "x"));
        assert_eq!(of(&[r#"Basic realm="r", Bearer realm="https://a""#]), bearer("https://a", ""));
        assert_eq!(of(&["Basic realm=r", r#"Bearer realm="https://a""#]), bearer("https://a", ""));
        assert_eq!(of(&[r#"Negotiate, Basic realm="a b""#]), Some(Challenge::Basic));
        for none in [&[][..], &[""], &["Bearer"], &["Digest qop=\"auth\""], &["=,=\"\\"]] {
            assert_eq!(of(none), None, "{none:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_it_says_it_is_read_to_its_end(text in "\\PC*") {
            parse(&text);
        }
    }
}
