//! A line as it is compared: without what is easily changed, and without what differs anyway.

/// What stands for a value that was drawn from a token.
const DRAWN: &str = "·";
/// Characters that a drawn value has at least: shorter ones stand in other words by chance.
const SHORTEST_VALUE: usize = 3;

/// Which comments a file's lines may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comments {
    /// `#` to the end of the line: Dockerfiles, shell, Python, YAML and what else is unknown.
    Hash,
    /// `//` to the end of the line, and `/* … */`.
    Slashes,
    /// `<!-- … -->`
    Markup,
    /// None, or none that are known: JSON.
    None,
}

impl Comments {
    fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or_default().to_lowercase();
        match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
            "js" | "mjs" | "cjs" | "ts" | "jsx" | "tsx" | "go" | "java" | "kt" | "rs" | "c" | "h" | "cpp" | "cs"
            | "css" | "php" => Self::Slashes,
            "html" | "htm" | "xml" | "svg" | "md" => Self::Markup,
            "json" | "csv" | "tsv" => Self::None,
            _ => Self::Hash,
        }
    }
}

/// The lines of a file as they are compared, in their order; empty where nothing is left.
pub(super) fn lines(path: &str, text: &str, values: &[String]) -> Vec<String> {
    let mut open = false;
    let comments = Comments::of(path);
    text.lines().map(|line| normal(&bare(line, comments, &mut open), values)).collect()
}

/// A line without its comments. `open` is whether a comment of several lines goes on.
fn bare(line: &str, comments: Comments, open: &mut bool) -> String {
    let [begin, end] = match comments {
        Comments::Hash => return before_hash(line).to_owned(),
        Comments::None => return line.to_owned(),
        Comments::Slashes => ["/*", "*/"],
        Comments::Markup => ["<!--", "-->"],
    };
    let (mut left, mut rest) = (String::new(), line);
    loop {
        if *open {
            let Some(at) = rest.find(end) else { return left };
            rest = &rest[at + end.len()..];
            *open = false;
        }
        let to_end = if comments == Comments::Slashes { slashes(rest) } else { None };
        match (rest.find(begin), to_end) {
            (Some(at), to_end) if to_end.is_none_or(|to_end| at < to_end) => {
                left.push_str(&rest[..at]);
                rest = &rest[at + begin.len()..];
                *open = true;
            }
            (_, Some(to_end)) => return left + &rest[..to_end],
            _ => return left + rest,
        }
    }
}

/// A `#` begins a comment at the line's beginning and after white space.
fn before_hash(line: &str) -> &str {
    let begins = |at: usize| line[..at].chars().next_back().is_none_or(char::is_whitespace);
    line.match_indices('#').map(|(at, _)| at).find(|at| begins(*at)).map_or(line, |at| &line[..at])
}

/// `//` begins a comment, unless it is part of an address (`http://`).
fn slashes(line: &str) -> Option<usize> {
    line.match_indices("//").map(|(at, _)| at).find(|at| !line[..*at].ends_with(':'))
}

fn normal(line: &str, values: &[String]) -> String {
    let mut line = line.to_lowercase();
    for value in values.iter().filter(|value| value.chars().count() >= SHORTEST_VALUE) {
        line = line.replace(value.as_str(), DRAWN);
    }
    // What no editor shows separates words at most.
    let words = line.split(|char: char| char.is_whitespace() || char.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The words of a line: what separates them tells little.
pub(super) fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|char: char| !(char.is_alphanumeric() || char == '_' || char == '·')).filter(|word| !word.is_empty())
}
