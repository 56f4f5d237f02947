//! Highlighting of Dockerfiles and shell commands, the languages of this course.
//!
//! It colours only what it is sure of (keywords, strings, comments, variables, flags); a text that
//! it does not understand stays plain. It never changes the text.

use crate::dockerfile::INSTRUCTIONS;
use crate::term::line::{Color, Span, Style};

const KEYWORD: Style = Style::color(Color::Blue).bold();
const STRING: Style = Style::color(Color::Green);
const VARIABLE: Style = Style::color(Color::Magenta);
const FLAG: Style = Style::color(Color::Cyan);
const COMMENT: Style = Style::DIM;

/// POSIX.1-2017, Shell Command Language 2.4, "Reserved Words".
const RESERVED: [&str; 16] =
    ["!", "{", "}", "case", "do", "done", "elif", "else", "esac", "fi", "for", "if", "in", "then", "until", "while"];

/// What a fenced block's info string says about its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Dockerfile,
    Shell,
    /// A session: commands behind a prompt, and what they print.
    Console,
    /// A language in which the white space that begins a line has a meaning, or a text that is to be saved as it is.
    Indented,
    /// Another language.
    Other,
    /// No language is named: what a program printed, a drawing.
    Text,
}

impl Language {
    pub(super) fn of(info: &str) -> Self {
        let mut words = info.split([' ', ',', '{']);
        let name = words.next().unwrap_or_default().to_ascii_lowercase();
        match name.as_str() {
            "text" if words.any(|word| word.starts_with("file=")) => Self::Indented,
            "python" | "py" | "yaml" | "yml" | "makefile" | "make" => Self::Indented,
            "dockerfile" | "docker" | "containerfile" => Self::Dockerfile,
            "sh" | "bash" | "shell" | "zsh" => Self::Shell,
            "console" | "shell-session" | "shellsession" | "terminal" => Self::Console,
            "" | "text" | "txt" | "plain" | "output" => Self::Text,
            _ => Self::Other,
        }
    }

    /// Whether a learner is meant to copy it into a shell or a file, where a bar before it would be
    /// in the way.
    pub(super) fn is_copied(self) -> bool {
        self != Self::Text
    }
}

/// Whether `text` is something else, or broken, once each line begins with spaces, as in a selection of an indented block:
/// a here-document does not end, Python does not run, a string over lines holds the spaces.
pub(super) fn is_spoilt_by_indentation(language: Language, text: &str) -> bool {
    match language {
        Language::Indented => true,
        Language::Dockerfile => {
            let mut state = Dockerfile::default();
            text.lines().any(|line| {
                state.line(line);
                !state.documents.is_empty()
            })
        }
        Language::Shell => {
            let mut state = Shell::new(true);
            text.lines().any(|line| {
                state.line(line);
                state.quote.is_some() || opens_document(line)
            })
        }
        Language::Console | Language::Other | Language::Text => false,
    }
}

/// Whether a here-document begins in this line of a shell text (POSIX.1-2017, Shell Command Language 2.7.4).
fn opens_document(line: &str) -> bool {
    line.match_indices("<<").any(|(at, sign)| {
        let word = line[at + sign.len()..].trim_start_matches('-').trim_start().trim_start_matches(['"', '\'', '\\']);
        !line[..at].ends_with('<') && word.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_')
    })
}

/// The lines of `text`, coloured.
pub(super) fn highlight(language: Language, text: &str) -> Vec<Vec<Span>> {
    let lines = text.lines().map(|line| line.replace('\t', "    "));
    match language {
        Language::Dockerfile => {
            let mut state = Dockerfile::default();
            lines.map(|line| state.line(&line)).collect()
        }
        Language::Shell => {
            let mut state = Shell::new(true);
            lines.map(|line| state.line(&line)).collect()
        }
        Language::Console => {
            let mut state = Shell::new(true);
            lines.map(|line| console(&mut state, &line)).collect()
        }
        Language::Indented | Language::Other | Language::Text => lines.map(|line| vec![Span::plain(&line)]).collect(),
    }
}

fn console(state: &mut Shell, line: &str) -> Vec<Span> {
    if state.continued {
        return state.line(line);
    }
    match line.split_at_checked(2) {
        Some((prompt @ ("$ " | "# " | "> "), command)) => {
            *state = Shell::new(true);
            let mut spans = vec![Span::new(prompt, COMMENT)];
            spans.extend(state.line(command));
            spans
        }
        _ => vec![Span::plain(line)],
    }
}

#[derive(Default)]
struct Dockerfile {
    /// The instruction that the line before continues.
    continued: Option<String>,
    /// Terminators of here-documents that are still open.
    documents: Vec<String>,
    shell: Option<Shell>,
}

impl Dockerfile {
    fn line(&mut self, line: &str) -> Vec<Span> {
        if let Some(end) = self.documents.first() {
            if line.trim() == end {
                self.documents.remove(0);
                return vec![Span::new(line, KEYWORD)];
            }
            return vec![Span::plain(line)];
        }
        let body = line.trim_start();
        if body.starts_with('#') {
            return vec![Span::new(line, COMMENT)];
        }
        if body.is_empty() {
            return vec![Span::plain(line)];
        }
        let (mut spans, rest, instruction) = match self.continued.take() {
            Some(instruction) => (Vec::new(), line, instruction),
            None => Self::instruction(line),
        };
        self.documents = here_documents(&instruction, rest);
        let runs = matches!(instruction.as_str(), "RUN" | "CMD" | "ENTRYPOINT" | "HEALTHCHECK");
        let mut shell = self.shell.take().unwrap_or_else(|| Shell::new(false));
        shell.comments = runs;
        spans.extend(shell.line(rest).into_iter().map(|span| match (instruction.as_str(), span.text()) {
            ("FROM", "AS" | "as" | "As") | ("HEALTHCHECK", "CMD" | "NONE") => Span::new(span.text(), KEYWORD),
            _ => span,
        }));
        if line.trim_end().ends_with('\\') {
            self.continued = Some(instruction);
            self.shell = Some(shell);
        }
        spans
    }

    /// The instruction's name (and ONBUILD's own), what follows, and its name in upper case.
    fn instruction(line: &str) -> (Vec<Span>, &str, String) {
        let indent = line.len() - line.trim_start().len();
        let end = line[indent..].find(char::is_whitespace).map_or(line.len(), |length| indent + length);
        let name = line[indent..end].to_ascii_uppercase();
        if !INSTRUCTIONS.contains(&name.as_str()) {
            return (Vec::new(), line, String::new());
        }
        let mut spans = vec![Span::new(&line[..end], KEYWORD)];
        if name == "ONBUILD" && !line[end..].trim().is_empty() {
            let (more, rest, name) = Self::instruction(&line[end..]);
            spans.extend(more);
            return (spans, rest, name);
        }
        (spans, &line[end..], name)
    }
}

/// Terminators of the here-documents that a line opens (Dockerfile reference, "Here-Documents").
fn here_documents(instruction: &str, rest: &str) -> Vec<String> {
    if !matches!(instruction, "RUN" | "COPY" | "ADD") {
        return Vec::new();
    }
    let words = rest.split_whitespace().filter_map(|word| word.split_once("<<").map(|(_, word)| word));
    words
        .map(|word| word.trim_start_matches('-').trim_matches(['"', '\'']).to_owned())
        .filter(|word| !word.is_empty() && word.chars().all(|char| char.is_ascii_alphanumeric() || char == '_'))
        .collect()
}

/// The state of a shell text between its lines.
struct Shell {
    /// The quote that is open.
    quote: Option<char>,
    /// The next word names a command.
    command: bool,
    /// Command names are coloured at all.
    commands: bool,
    /// `#` begins a comment.
    comments: bool,
    /// The line before ended with a backslash or inside a quote.
    continued: bool,
}

impl Shell {
    fn new(commands: bool) -> Self {
        Self { quote: None, command: commands, commands, comments: true, continued: false }
    }

    fn line(&mut self, line: &str) -> Vec<Span> {
        if !self.continued {
            self.command = self.commands;
        }
        let mut spans = Vec::new();
        let mut rest = line;
        let mut starts_word = true;
        while !rest.is_empty() {
            let (length, style) = self.token(rest, starts_word);
            let (token, after) = rest.split_at(length.clamp(1, rest.len()));
            spans.push(Span::new(token, style));
            starts_word = token.ends_with([' ', '\t', ';', '|', '&', '(', '=']);
            rest = after;
        }
        let escaped = line.len() - line.trim_end_matches('\\').len();
        self.continued = self.quote.is_some() || escaped % 2 == 1;
        spans
    }

    /// Length and style of the token at the start of `rest`.
    fn token(&mut self, rest: &str, starts_word: bool) -> (usize, Style) {
        let first = rest.chars().next().unwrap_or(' ');
        if let Some(quote) = self.quote {
            return self.quoted(rest, 0, quote);
        }
        match first {
            ' ' | '\t' => (rest.len() - rest.trim_start_matches([' ', '\t']).len(), Style::PLAIN),
            '#' if self.comments && starts_word => (rest.len(), COMMENT),
            '"' | '\'' => {
                self.command = false;
                self.quoted(rest, 1, first)
            }
            '$' => {
                self.command = false;
                (variable(rest), VARIABLE)
            }
            ';' | '|' | '&' | '(' => {
                self.command = self.commands;
                (1, Style::PLAIN)
            }
            '\\' => (1 + rest[1..].chars().next().map_or(0, char::len_utf8), Style::PLAIN),
            _ => self.word(rest, starts_word),
        }
    }

    fn word(&mut self, rest: &str, starts_word: bool) -> (usize, Style) {
        let ends = |char: char| matches!(char, ' ' | '\t' | ';' | '|' | '&' | '(' | '"' | '\'' | '$' | '\\');
        let length = rest.find(ends).unwrap_or(rest.len());
        let word = &rest[..length];
        if starts_word && word.starts_with('-') && word.len() > 1 {
            return (word.find('=').unwrap_or(length), FLAG);
        }
        if !starts_word || !self.command {
            return (length, Style::PLAIN);
        }
        if RESERVED.contains(&word) {
            self.command = !matches!(word, "for" | "case" | "in");
            return (length, KEYWORD);
        }
        let assignment = word.split_once('=').is_some_and(|(name, _)| is_name(name));
        if assignment {
            return (length, Style::PLAIN);
        }
        self.command = false;
        (length, Style::BOLD)
    }

    /// Up to the closing quote, or the whole line where it closes in a later one.
    fn quoted(&mut self, rest: &str, from: usize, quote: char) -> (usize, Style) {
        let mut escaped = false;
        for (at, char) in rest.char_indices().skip(from) {
            match char {
                _ if escaped => escaped = false,
                '\\' if quote == '"' => escaped = true,
                _ if char == quote => {
                    self.quote = None;
                    return (at + char.len_utf8(), STRING);
                }
                _ => {}
            }
        }
        self.quote = Some(quote);
        (rest.len(), STRING)
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_')
        && text.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
}

/// `$NAME`, `${…}`, `$1`, `$?`; for `$(` only the dollar sign.
fn variable(rest: &str) -> usize {
    let after = &rest[1..];
    match after.chars().next() {
        Some('{') => after.find('}').map_or(rest.len(), |end| end + 2),
        Some(char) if char.is_ascii_alphabetic() || char == '_' => {
            1 + after.find(|char: char| !(char.is_ascii_alphanumeric() || char == '_')).unwrap_or(after.len())
        }
        Some(char) if char.is_ascii_digit() || "?@*#$!-".contains(char) => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Each styled token as `«k:FROM»`.
    fn marked(language: Language, text: &str) -> String {
        let mark = |span: &Span| match span.style() {
            style if style == KEYWORD => format!("«k:{}»", span.text()),
            style if style == STRING => format!("«s:{}»", span.text()),
            style if style == VARIABLE => format!("«v:{}»", span.text()),
            style if style == FLAG => format!("«f:{}»", span.text()),
            style if style == COMMENT => format!("«#:{}»", span.text()),
            style if style == Style::BOLD => format!("«c:{}»", span.text()),
            _ => span.text().to_owned(),
        };
        let lines =
            highlight(language, text).iter().map(|line| line.iter().map(mark).collect::<String>()).collect::<Vec<_>>();
        lines.join("\n")
    }

    #[test]
    fn a_dockerfile_shows_instructions_and_only_those() {
        let text = "# syntax=docker/dockerfile:1\nFROM --platform=$BUILDPLATFORM golang:1.22 AS build\nRUN echo FROM \\\n  # why\n  && echo \"a # b\" # no\nrun go build\nHEALTHCHECK --interval=5s CMD [\"wget\"]\nONBUILD COPY . /src";
        let expected = "«#:# syntax=docker/dockerfile:1»\n«k:FROM» «f:--platform»=«v:$BUILDPLATFORM» golang:1.22 «k:AS» build\n«k:RUN» echo FROM \\\n«#:  # why»\n  && echo «s:\"a # b\"» «#:# no»\n«k:run» go build\n«k:HEALTHCHECK» «f:--interval»=5s «k:CMD» [«s:\"wget\"»]\n«k:ONBUILD»«k: COPY» . /src";
        assert_eq!(marked(Language::Dockerfile, text), expected);
    }

    #[test]
    fn a_here_document_is_left_alone_up_to_its_end() {
        let text = "RUN <<EOF\nCOPY is not one here\nEOF\nCOPY a b";
        assert_eq!(marked(Language::Dockerfile, text), "«k:RUN» <<EOF\nCOPY is not one here\n«k:EOF»\n«k:COPY» a b");
    }

    #[test]
    fn only_what_indentation_would_spoil_is_told() {
        for (language, text) in [
            (Language::Shell, "cat > a <<'END'\nb\nEND"),
            (Language::Shell, "cat <<-END\nEND"),
            (Language::Shell, "cat << \"END\"\nEND"),
            (Language::Shell, "printf 'a\nb'"),
            (Language::Dockerfile, "FROM a\nRUN <<EOF\nmake\nEOF"),
            (Language::Indented, "x = 1"),
        ] {
            assert!(is_spoilt_by_indentation(language, text), "{text}");
        }
        for (language, text) in [
            (Language::Shell, "docker build \\\n  -t a .\ncat <<<word"),
            (Language::Shell, "echo $((1 << 2)) # it's here"),
            (Language::Dockerfile, "FROM a\nRUN make \\\n  all"),
            (Language::Text, "<<EOF"),
        ] {
            assert!(!is_spoilt_by_indentation(language, text), "{text}");
        }
    }

    #[test]
    fn a_shell_text_shows_commands_flags_strings_and_comments() {
        let text = "TAG=v1 docker build -t app:$TAG . # build\nfor x in a b; do echo \"$x\" | wc -l; done\necho 'two\nlines' && docker push \\\n  app";
        let expected = "TAG=v1 «c:docker» build «f:-t» app:«v:$TAG» . «#:# build»\n«k:for» x in a b; «k:do» «c:echo» «s:\"$x\"» | «c:wc» «f:-l»; «k:done»\n«c:echo» «s:'two»\n«s:lines'» && «c:docker» push \\\n  app";
        assert_eq!(marked(Language::Shell, text), expected);
    }

    #[test]
    fn a_session_shows_what_is_typed_apart_from_what_is_printed() {
        let text = "$ docker images\nREPOSITORY   TAG\n# it's output\n";
        assert_eq!(
            marked(Language::Console, text),
            "«#:$ »«c:docker» images\nREPOSITORY   TAG\n«#:# »«c:it»«s:'s output»"
        );
    }

    proptest! {
        #[test]
        fn highlighting_never_changes_the_text(text in "([A-Z$#\\\\\"' {}<\\-=&|;()a-c\\n]|é|日)*") {
            for language in [Language::Dockerfile, Language::Shell, Language::Console] {
                let lines = highlight(language, &text);
                let shown: Vec<String> = lines.iter().map(|line| line.iter().map(Span::text).collect()).collect();
                prop_assert_eq!(shown, text.lines().map(str::to_owned).collect::<Vec<_>>());
            }
        }
    }
}
