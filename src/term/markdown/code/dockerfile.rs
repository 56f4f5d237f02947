//! Dockerfiles: instructions, flags, strings, variables, comments.

use super::{COMMENT, KEYWORD, shell::Shell};
use crate::dockerfile::INSTRUCTIONS;
use crate::term::line::Span;

/// The state of a Dockerfile between its lines.
#[derive(Default)]
pub(super) struct Dockerfile {
    /// The instruction that the line before continues.
    continued: Option<String>,
    /// Terminators of here-documents that are still open.
    documents: Vec<String>,
    shell: Option<Shell>,
}

impl Dockerfile {
    /// One line, coloured.
    pub(super) fn line(&mut self, line: &str) -> Vec<Span> {
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

    /// Whether a here-document is open.
    pub(super) fn is_in_document(&self) -> bool {
        !self.documents.is_empty()
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
