//! Highlighting of the languages of this course.
//!
//! It colours only what it is sure of (keywords, strings, comments, variables, flags); a text that
//! it does not understand stays plain. It never changes the text. Colours are the terminal's own
//! eight without black and white, so that they can be read on a dark and on a light background.

mod dockerfile;
mod shell;
#[cfg(test)]
mod tests;
mod words;
mod yaml;

use crate::term::line::{Color, Span, Style};
use dockerfile::Dockerfile;
use shell::Shell;
use words::{GO, Grammar, JAVA, JAVASCRIPT, JSON, NGINX, PYTHON, Words};
use yaml::Yaml;

const KEYWORD: Style = Style::color(Color::Blue).bold();
const STRING: Style = Style::color(Color::Green);
const VARIABLE: Style = Style::color(Color::Magenta);
const FLAG: Style = Style::color(Color::Cyan);
/// Names that a format gives a meaning to: keys, directives.
const KEY: Style = Style::color(Color::Blue);
const COMMENT: Style = Style::DIM;

/// What a fenced block's info string says about its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Dockerfile,
    Shell,
    /// A session: commands behind a prompt, and what they print.
    Console,
    Yaml,
    Python,
    JavaScript,
    Go,
    Java,
    Nginx,
    Json,
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
            "makefile" | "make" => Self::Indented,
            "dockerfile" | "docker" | "containerfile" => Self::Dockerfile,
            "sh" | "bash" | "shell" | "zsh" => Self::Shell,
            "console" | "shell-session" | "shellsession" | "terminal" => Self::Console,
            "yaml" | "yml" => Self::Yaml,
            "python" | "py" | "python3" => Self::Python,
            "javascript" | "js" | "mjs" | "cjs" | "jsx" | "typescript" | "ts" | "tsx" => Self::JavaScript,
            "go" | "golang" => Self::Go,
            "java" => Self::Java,
            "nginx" | "nginxconf" => Self::Nginx,
            "json" | "jsonc" | "json5" => Self::Json,
            "" | "text" | "txt" | "plain" | "output" => Self::Text,
            _ => Self::Other,
        }
    }

    /// Whether a learner is meant to copy it into a shell or a file, where a bar before it would be
    /// in the way.
    pub(super) fn is_copied(self) -> bool {
        self != Self::Text
    }

    /// The words of a language that is told by its words.
    fn grammar(self) -> Option<&'static Grammar> {
        Some(match self {
            Self::Python => &PYTHON,
            Self::JavaScript => &JAVASCRIPT,
            Self::Go => &GO,
            Self::Java => &JAVA,
            Self::Nginx => &NGINX,
            Self::Json => &JSON,
            _ => return None,
        })
    }
}

/// Whether `text` is something else, or broken, once each line begins with spaces, as in a selection of an indented block:
/// a here-document does not end, Python does not run, a string over lines holds the spaces.
pub(super) fn is_spoilt_by_indentation(language: Language, text: &str) -> bool {
    match language {
        Language::Indented | Language::Python | Language::Yaml => true,
        Language::Dockerfile => {
            let mut state = Dockerfile::default();
            text.lines().any(|line| {
                state.line(line);
                state.is_in_document()
            })
        }
        Language::Shell => {
            let mut state = Shell::new(true);
            text.lines().any(|line| {
                state.line(line);
                state.is_quoted() || shell::opens_document(line)
            })
        }
        Language::JavaScript | Language::Go | Language::Java | Language::Nginx => {
            let Some(grammar) = language.grammar() else { return false };
            let mut state = Words::new(grammar);
            text.lines().any(|line| {
                state.line(line);
                state.is_quoted()
            })
        }
        Language::Console | Language::Json | Language::Other | Language::Text => false,
    }
}

/// The lines of `text`, coloured.
pub(super) fn highlight(language: Language, text: &str) -> Vec<Vec<Span>> {
    let lines = text.lines().map(|line| line.replace('\t', "    "));
    if let Some(grammar) = language.grammar() {
        let mut state = Words::new(grammar);
        return lines.map(|line| state.line(&line)).collect();
    }
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
            lines.map(|line| shell::console(&mut state, &line)).collect()
        }
        Language::Yaml => {
            let mut state = Yaml::default();
            lines.map(|line| state.line(&line)).collect()
        }
        _ => lines.map(|line| vec![Span::plain(&line)]).collect(),
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_')
        && text.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
}
