//! Which flags an instruction has, and what their values may be.

use super::model::{Flag, Problem};
use std::time::Duration;

/// What a flag takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// Nothing, `true` or `false`.
    Bool,
    /// One value, once.
    Text,
    /// A value, as often as wanted.
    Texts,
}

/// The flags of an instruction (Dockerfile reference; the labs channel's are accepted as well).
fn known(keyword: &str) -> &'static [(&'static str, Takes)] {
    use Takes::{Bool, Text, Texts};
    match keyword {
        "FROM" => &[("platform", Text)],
        "RUN" => &[("mount", Texts), ("network", Text), ("security", Text), ("device", Texts)],
        "COPY" => {
            &[("from", Text), ("chown", Text), ("chmod", Text), ("link", Bool), ("parents", Bool), ("exclude", Texts)]
        }
        "ADD" => &[
            ("chown", Text),
            ("chmod", Text),
            ("link", Bool),
            ("keep-git-dir", Bool),
            ("checksum", Text),
            ("unpack", Bool),
            ("exclude", Texts),
        ],
        "HEALTHCHECK" => &[
            ("interval", Text),
            ("timeout", Text),
            ("start-period", Text),
            ("start-interval", Text),
            ("retries", Text),
        ],
        _ => &[],
    }
}

/// Reports flags that the instruction does not have, and values that they cannot take.
pub(super) fn check(keyword: &str, flags: &[Flag], problems: &mut Vec<Problem>) {
    let known = known(keyword);
    for (index, flag) in flags.iter().enumerate() {
        let mut report = |message: String| problems.push(Problem { message, span: flag.span });
        let Some((_, takes)) = known.iter().find(|(name, _)| *name == flag.name) else {
            let names = known.iter().map(|(name, _)| *name);
            let near = if flag.name.len() > 20 { None } else { crate::nearest(&flag.name, names) };
            let hint = near.map(|near| format!("; did you mean --{near}?")).unwrap_or_default();
            let shown: String = flag.name.chars().take(40).collect();
            report(format!("{keyword} has no flag --{shown}{hint}"));
            continue;
        };
        if *takes != Takes::Texts && flags[..index].iter().any(|earlier| earlier.name == flag.name) {
            report(format!("--{} is given twice", flag.name));
        }
        let value = flag.value.as_deref();
        match takes {
            Takes::Bool => match value.map(str::to_lowercase).as_deref() {
                None | Some("true" | "false") => {}
                Some(_) => report(format!("--{} takes true or false", flag.name)),
            },
            _ if value.is_none() => report(format!("--{} needs a value: --{}=…", flag.name, flag.name)),
            _ => {}
        }
        if let Some(message) = value.and_then(|value| wrong_value(keyword, &flag.name, value)) {
            report(message);
        }
    }
}

fn wrong_value(keyword: &str, name: &str, value: &str) -> Option<String> {
    let variable = value.contains('$');
    match (keyword, name) {
        ("COPY", "from") if variable => Some(
            "--from cannot hold a variable: name a stage with FROM … AS, where an ARG from before the first FROM may stand"
                .into(),
        ),
        ("RUN", "network") if !["default", "none", "host"].contains(&value) => {
            Some(format!("--network takes default, none or host, not {value}"))
        }
        ("RUN", "security") if !["sandbox", "insecure"].contains(&value) => {
            Some(format!("--security takes sandbox or insecure, not {value}"))
        }
        ("RUN", "mount") if !variable => {
            let fields = super::words::comma_separated(value);
            let kind = fields.iter().find_map(|field| field.strip_prefix("type=")).unwrap_or("bind").to_lowercase();
            let known = ["bind", "cache", "tmpfs", "secret", "ssh"];
            (!known.contains(&kind.as_str())).then(|| format!("there is no mount of type {kind}"))
        }
        _ => None,
    }
}

/// A length of time in Go's notation (`1m30s`, `500ms`).
///
/// # Errors
/// What is wrong with it, and below 1 ms (but 0 is "not given").
pub(super) fn duration(text: &str) -> Result<Option<Duration>, String> {
    let wrong = || format!("{text} is no length of time (write 30s, 1m30s or 500ms)");
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(None);
    }
    let mut nanoseconds = 0.0;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let number: f64 = rest[..digits].parse().map_err(|_| wrong())?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        nanoseconds += number
            * match &rest[..letters] {
                "ns" => 1.0,
                "us" | "µs" | "μs" => 1e3,
                "ms" => 1e6,
                "s" => 1e9,
                "m" => 60e9,
                "h" => 3600e9,
                _ => return Err(wrong()),
            };
        rest = &rest[letters..];
    }
    // The engine keeps 63 bits of nanoseconds.
    if nanoseconds > 9.2e18 {
        return Err(wrong());
    }
    match nanoseconds {
        0.0 => Ok(None),
        _ if negative || nanoseconds < 1e6 => Err(format!("{text} is less than 1ms")),
        _ => Ok(Some(Duration::from_nanos(nanoseconds as u64))),
    }
}
