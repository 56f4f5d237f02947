//! Words and operators of a shell, as far as a person's notes of commands need them.
//!
//! Crates that split words (shell-words, shlex) do not tell the `|` of a pipe from one between quotes,
//! and break `$(cat file)` in two; with both told apart, words fall out by themselves.

use std::mem::take;

/// One command of a line: no pipe, no list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Simple {
    /// Its words without quotes and redirections.
    pub words: Vec<String>,
    /// What it reads.
    pub stdin: Stdin,
}

/// Where a command's standard input comes from.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Stdin {
    /// The terminal, or a file.
    #[default]
    Elsewhere,
    /// The command before the pipe, by its words.
    Pipe(Vec<String>),
    /// A text in the command itself (`<<<`).
    Text(String),
}

/// A quotation mark is opened and not closed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unclosed;

/// The lines of a text with those that a `\` continues put together; each with the number, from 1, of
/// its first line. Empty lines and comments are left out.
pub(super) fn logical_lines(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut lines = text.lines().enumerate();
    std::iter::from_fn(move || {
        loop {
            let (at, first) = lines.next()?;
            let first = without_prompt(first.trim_start_matches('\u{feff}'));
            if first.is_empty() || first.starts_with('#') {
                continue;
            }
            let mut logical = first.to_owned();
            while logical.ends_with('\\') && !logical.ends_with("\\\\") {
                logical.pop();
                let Some((_, next)) = lines.next() else { break };
                logical.push_str(next.trim_end());
            }
            return Some((at + 1, logical));
        }
    })
}

/// A line without the prompt that was copied with it, or the mark of a list (`1. `, `- `).
fn without_prompt(line: &str) -> &str {
    let line = line.trim();
    let numbered = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let listed = numbered.strip_prefix(". ").or(numbered.strip_prefix(") ")).filter(|_| numbered.len() < line.len());
    let line = listed.unwrap_or(line).trim_start();
    ["$ ", "% ", "> ", "- ", "* "].iter().find_map(|mark| line.strip_prefix(mark)).unwrap_or(line).trim_start()
}

#[derive(Debug)]
enum Token {
    Word(String),
    Operator(String),
}

/// The commands of a line, in order.
///
/// # Errors
/// [`Unclosed`]
pub(super) fn simple_commands(line: &str) -> Result<Vec<Simple>, Unclosed> {
    let mut commands = Vec::new();
    let mut current = Simple::default();
    let mut tokens = tokens(line)?.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            Token::Word(word) => current.words.push(word),
            Token::Operator(operator) if operator.contains(['<', '>']) => {
                // A number before it says which stream, and is no word of the command.
                let target = tokens.next_if(|token| matches!(token, Token::Word(_)));
                if let (Some(Token::Word(text)), "<<<") = (target, operator.trim_start_matches(char::is_numeric)) {
                    current.stdin = Stdin::Text(text);
                }
            }
            Token::Operator(operator) => {
                let done = take(&mut current);
                if matches!(operator.as_str(), "|" | "|&") {
                    current.stdin = Stdin::Pipe(done.words.clone());
                }
                commands.push(done);
            }
        }
    }
    commands.push(current);
    commands.retain(|command| !command.words.is_empty());
    Ok(commands)
}

fn tokens(line: &str) -> Result<Vec<Token>, Unclosed> {
    const OPERATORS: &str = "|&;<>()";
    let mut tokens = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => tokens.extend(word.take().map(Token::Word)),
            '#' if word.is_none() => break,
            '\\' => word.get_or_insert_default().extend(chars.next()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or(Unclosed)? {
                        '\'' => break,
                        inner => word.push(inner),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or(Unclosed)? {
                        '"' => break,
                        '\\' if chars.peek().is_some_and(|next| "\"\\$`".contains(*next)) => word.extend(chars.next()),
                        inner => word.push(inner),
                    }
                }
            }
            // A command whose output becomes part of the word: kept as it is written.
            '$' if chars.peek() == Some(&'(') => {
                let word = word.get_or_insert_default();
                word.push('$');
                let mut depth = 0_usize;
                for inner in chars.by_ref() {
                    word.push(inner);
                    depth = depth + usize::from(inner == '(') - usize::from(inner == ')');
                    if depth == 0 {
                        break;
                    }
                }
            }
            c if OPERATORS.contains(c) => {
                let mut operator = String::from(c);
                // `2>`: the number belongs to the operator.
                match word.take() {
                    Some(number) if "<>".contains(c) && number.chars().all(|c| c.is_ascii_digit()) => {
                        operator.insert_str(0, &number);
                    }
                    before => tokens.extend(before.map(Token::Word)),
                }
                while let Some(next) = chars.next_if(|next| OPERATORS.contains(*next)) {
                    operator.push(next);
                }
                tokens.push(Token::Operator(operator));
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    tokens.extend(word.map(Token::Word));
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<Vec<String>> {
        simple_commands(line).unwrap().into_iter().map(|command| command.words).collect()
    }

    #[test]
    fn quotes_and_escapes_make_words() {
        assert_eq!(
            words(r#"a "b c" 'd|e' f\ g "h\"i" '' $(j k) l#m # n"#),
            [["a", "b c", "d|e", "f g", "h\"i", "", "$(j k)", "l#m"]]
        );
        assert_eq!(simple_commands("a 'b"), Err(Unclosed));
    }

    #[test]
    fn operators_part_commands_and_redirections_are_no_words() {
        assert_eq!(words("a b&&c;d|e || (f) &"), [vec!["a", "b"], vec!["c"], vec!["d"], vec!["e"], vec!["f"]]);
        assert_eq!(words("a 2>&1 b >x < y c"), [["a", "b", "c"]]);
        let piped = simple_commands("a b | c <<< d").unwrap();
        assert_eq!(piped[1].stdin, Stdin::Text("d".into()));
        assert_eq!(simple_commands("a b | c").unwrap()[1].stdin, Stdin::Pipe(vec!["a".into(), "b".into()]));
    }

    #[test]
    fn lines_are_continued_and_numbered() {
        let lines: Vec<_> = logical_lines("\n# a \\\nb \\\n c\\\r\n$ d\n").collect();
        assert_eq!(lines, [(3, "b  c$ d".to_owned())]);
        assert_eq!(logical_lines("$ docker \\").collect::<Vec<_>>(), [(1, "docker ".to_owned())]);
        let marked = logical_lines("1. $ docker a\n- docker b\n2) docker c\n. d");
        assert_eq!(marked.map(|(_, line)| line).collect::<Vec<_>>(), ["docker a", "docker b", "docker c", ". d"]);
    }
}
