//! The manual page of a kind of check: its own doc comments, so that there is one text and not two.

/// A page in Markdown, out of the source text of the kind's file: what stands above `struct_name` in
/// `source`, and its fields.
pub(super) fn page(key: &str, struct_name: &str, source: &str) -> String {
    let lines: Vec<&str> = source.lines().collect();
    let head = format!("pub struct {struct_name} {{");
    let Some(at) = lines.iter().position(|line| *line == head) else {
        return format!("# `{key}`\n");
    };
    let mut page = format!("# `{key}`\n\n{}\n\n**Fields**\n\n", docs_above(&lines, at).join("\n"));
    let body = lines[at + 1..].iter().take_while(|line| **line != "}").count();
    for index in at + 1..at + 1 + body {
        if let Some((name, kind, own)) = field(lines[index]) {
            let optional = if has_default(&lines, index) { ", may be left out" } else { "" };
            let about = docs_above(&lines, index).join(" ");
            page.push_str(&format!("- `{name}` ({kind}{optional}): {about}\n"));
            page.push_str(&nested(&own, &lines));
        }
    }
    if source.contains("TextMatch") {
        let lines: Vec<&str> = include_str!("matching.rs").lines().collect();
        page.push_str(&format!(
            "\n**A text matcher** holds one or more of these, and all must hold:\n\n{}",
            nested("TextMatch", &lines).replace("  - ", "- ")
        ));
    }
    page
}

/// The fields or words of a type that the same file defines, or the one that kinds share.
fn nested(name: &str, lines: &[&str]) -> String {
    let head = |kind: &str| format!("pub {kind} {name} {{");
    let shared: Vec<&str> = include_str!("kinds/then.rs").lines().collect();
    let lines = if shared.contains(&head("struct").as_str()) { &shared } else { lines };
    let Some(at) = lines.iter().position(|line| *line == head("struct") || *line == head("enum")) else {
        return String::new();
    };
    let mut text = String::new();
    for index in at + 1..lines.len() {
        let line = lines[index].trim();
        if lines[index] == "}" {
            break;
        }
        let about = docs_above(lines, index).join(" ");
        if let Some((name, kind, own)) = field(line) {
            text.push_str(&format!("  - `{name}` ({kind}): {about}\n"));
            text.push_str(&nested(&own, lines).replace("  - ", "    - "));
        } else if let Some(word) = line.strip_suffix(',').filter(|word| word.chars().all(char::is_alphanumeric)) {
            text.push_str(&format!("  - `{}`: {about}\n", word.to_lowercase()));
        }
    }
    text
}

/// The doc comment above a line, attributes skipped.
fn docs_above<'a>(lines: &[&'a str], at: usize) -> Vec<&'a str> {
    let above = lines[..at].iter().rev().map(|line| line.trim());
    let mut docs: Vec<&str> = above
        .take_while(|line| line.starts_with("///") || line.starts_with("#["))
        .filter_map(|line| line.strip_prefix("///"))
        .map(|text| text.strip_prefix(' ').unwrap_or(text))
        .collect();
    docs.reverse();
    docs
}

fn has_default(lines: &[&str], at: usize) -> bool {
    let above = lines[..at].iter().rev().map(|line| line.trim());
    above.take_while(|line| line.starts_with("///") || line.starts_with("#[")).any(|line| line.contains("default"))
}

/// `    pub port: Option<u16>,` → `port`, `number`, and the name of the type.
fn field(line: &str) -> Option<(&str, String, String)> {
    let (name, kind) = line.trim().strip_prefix("pub ")?.trim_end_matches(',').split_once(": ")?;
    let inner = kind.strip_prefix("Option<").and_then(|kind| kind.strip_suffix('>')).unwrap_or(kind);
    let own = inner.trim_start_matches("Vec<").trim_end_matches('>').to_owned();
    let inner = match inner.strip_prefix("Vec<").and_then(|kind| kind.strip_suffix('>')) {
        Some(item) if plain(item) == "fields" => "list of fields".into(),
        Some(item) => format!("list of {}s", plain(item)),
        None if inner.ends_with("TextMatch>") => "name: text matcher".into(),
        None if inner.starts_with("BTreeMap<") => "name: text".into(),
        None => plain(inner).to_owned(),
    };
    Some((name, inner, own))
}

fn plain(kind: &str) -> &str {
    match kind {
        "String" | "Label" => "text",
        "bool" => "true or false",
        "u16" | "u32" | "u64" | "i64" | "usize" => "number",
        "TextMatch" => "text matcher",
        "Port" => "port",
        "Pattern" => "regular expression",
        _ => "fields",
    }
}
