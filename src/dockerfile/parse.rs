//! From the text to instructions and stages.

use super::body::{self, Found};
use super::line::{Lines, Logical, Physical, continuation, is_comment};
use super::model::{Body, Directive, Dockerfile, Flag, Heredoc, Instruction, Problem, Span, Stage};
use super::words::{self, BLANK};
use super::{heredoc, json};
use std::ops::Range;

/// Docker's limit for a line, in bytes.
const LONGEST_LINE: usize = 64 * 1024 - 1;
/// More problems than anybody reads; the text may come from anybody.
const MOST_PROBLEMS: usize = 1000;

/// Reads a Dockerfile. Never fails: what Docker would refuse is in [`Dockerfile::problems`].
pub fn parse(text: &str) -> Dockerfile {
    let mut parser = Parser {
        text,
        lines: Lines::new(text),
        directives_possible: true,
        found: Found::default(),
        out: Dockerfile { escape: '\\', ..Dockerfile::default() },
    };
    while let Some(line) = parser.next_line() {
        parser.line(line);
    }
    parser.finish()
}

struct Parser<'a> {
    text: &'a str,
    lines: Lines<'a>,
    directives_possible: bool,
    found: Found,
    out: Dockerfile,
}

/// A keyword with its flags and arguments, as ranges of a logical line.
struct Split {
    keyword: Range<usize>,
    flags: Vec<words::Word>,
    arguments: Range<usize>,
}

impl<'a> Parser<'a> {
    fn next_line(&mut self) -> Option<Physical<'a>> {
        let line = self.lines.next()?;
        if line.text.len() > LONGEST_LINE {
            let message = format!("the line has more than {LONGEST_LINE} bytes");
            self.found.syntax(message, span_of(&line, 0));
        }
        Some(line)
    }

    /// A line that begins something: a directive, a comment, nothing, or an instruction.
    fn line(&mut self, first: Physical<'a>) {
        let stripped = first.text.trim_start();
        let offset = first.text.len() - stripped.len();
        self.directive(stripped, span_of(&first, offset));
        if stripped.is_empty() || stripped.starts_with('#') {
            return;
        }
        let mut logical = Logical::default();
        let (part, mut continued) = continuation(stripped, self.out.escape);
        logical.push(part, &first, offset);
        let mut last = first;
        while continued && let Some(line) = self.next_line() {
            // Comments and empty lines do not end a continued instruction.
            if is_comment(line.text) || line.text.trim().is_empty() {
                continue;
            }
            let part;
            (part, continued) = continuation(line.text, self.out.escape);
            logical.push(part, &line, 0);
            last = line;
        }
        let mut span = Span { end_line: last.number, end: last.start + last.text.len(), ..span_of(&first, offset) };
        if logical.text.trim().is_empty() {
            self.found.syntax("nothing follows the line that is continued here".into(), span);
            return;
        }
        let heredocs = self.heredocs(&logical, &mut span);
        let instruction = self.instruction(&logical, 0..logical.text.len(), heredocs, false, span);
        self.add(instruction);
    }

    /// `# name=value` before anything else in the text.
    fn directive(&mut self, line: &str, span: Span) {
        if !self.directives_possible {
            return;
        }
        self.directives_possible = false;
        let Some((name, value)) = line.strip_prefix('#').and_then(|line| line.split_once('=')) else { return };
        let (name, value) = (name.trim().to_lowercase(), value.trim());
        if value.is_empty() || !["syntax", "escape", "check"].contains(&name.as_str()) {
            return;
        }
        self.directives_possible = true;
        if self.out.directives.iter().any(|directive| directive.name == name) {
            self.found.syntax(format!("the directive {name} is given twice"), span);
        } else if name == "escape" {
            match value {
                "\\" => self.out.escape = '\\',
                "`" => self.out.escape = '`',
                _ => self.found.syntax("the escape character can be \\ or ` only".into(), span),
            }
        }
        self.out.directives.push(Directive { name, value: value.to_owned(), span });
    }

    /// Takes the documents that the instruction announces from the lines that follow it.
    fn heredocs(&mut self, logical: &Logical, span: &mut Span) -> Vec<Heredoc> {
        let mut heredocs = Vec::new();
        if !may_have_heredocs(&logical.text) {
            return heredocs;
        }
        let instruction = *span;
        for announced in heredoc::in_line(&logical.text) {
            let mut content: Option<Span> = None;
            let mut closed = false;
            while let Some(line) = self.next_line() {
                (span.end_line, span.end) = (line.number, line.start + line.text.len());
                let word = if announced.strip_tabs { line.text.trim_start_matches('\t') } else { line.text };
                if word == announced.name {
                    closed = true;
                    break;
                }
                let whole = Span { end: line.start + line.whole.len(), ..span_of(&line, 0) };
                let start = content.unwrap_or(whole);
                content = Some(Span { start: start.start, start_line: start.start_line, ..whole });
            }
            if !closed {
                let name = &announced.name;
                self.found
                    .syntax(format!("the document <<{name} is not closed: a line {name} is missing"), instruction);
            }
            let end = Span { start_line: span.end_line, start: span.end, ..*span };
            let content = content.unwrap_or(end);
            heredocs.push(Heredoc {
                name: announced.name,
                content: self.text.get(content.start..content.end).unwrap_or_default().to_owned(),
                expand: announced.expand,
                strip_tabs: announced.strip_tabs,
                descriptor: announced.descriptor,
                span: content,
            });
        }
        heredocs
    }

    /// The instruction in a range of a logical line. `trigger`: it stands behind ONBUILD.
    fn instruction(
        &mut self,
        logical: &Logical,
        range: Range<usize>,
        heredocs: Vec<Heredoc>,
        trigger: bool,
        span: Span,
    ) -> Instruction {
        let split = split(&logical.text, range);
        let keyword = logical.text[split.keyword.clone()].to_uppercase();
        let keyword_span = logical.span(split.keyword.clone());
        let flags: Vec<Flag> =
            split.flags.iter().map(|(range, text)| flag(text, logical.span(range.clone()))).collect();
        let body = if keyword == "ONBUILD" && !trigger {
            self.onbuild(logical, &split, &flags, heredocs, keyword_span)
        } else {
            let source =
                body::Source { logical, arguments: split.arguments, keyword: keyword_span, escape: self.out.escape };
            body::read(&keyword, &flags, &source, heredocs, &mut self.found)
        };
        let original = self.text.get(span.start..span.end).unwrap_or_default().to_owned();
        Instruction { keyword, keyword_span, flags, body, span, original }
    }

    fn onbuild(
        &mut self,
        logical: &Logical,
        split: &Split,
        flags: &[Flag],
        heredocs: Vec<Heredoc>,
        keyword: Span,
    ) -> Body {
        super::flag::check("ONBUILD", flags, &mut self.found.meaning);
        if split.arguments.is_empty() {
            self.found.meaning("ONBUILD needs an instruction".into(), keyword);
            return Body::Unknown(String::new());
        }
        let mut span = logical.span(split.arguments.clone());
        if let Some(last) = heredocs.last() {
            (span.end, span.end_line) = (span.end.max(last.span.end), span.end_line.max(last.span.end_line));
        }
        // Whether the trigger makes sense is seen only when it runs, in another build.
        let before = self.found.meaning.len();
        let trigger = self.instruction(logical, split.arguments.clone(), heredocs, true, span);
        self.found.meaning.truncate(before);
        if ["ONBUILD", "FROM", "MAINTAINER"].contains(&trigger.keyword.as_str()) {
            self.found.meaning(format!("{} cannot stand behind ONBUILD", trigger.keyword), trigger.keyword_span);
        }
        Body::Onbuild(Box::new(trigger))
    }

    /// Puts an instruction where it belongs.
    fn add(&mut self, instruction: Instruction) {
        if let Body::From { base, name, .. } = &instruction.body {
            self.out.stages.push(Stage {
                index: self.out.stages.len(),
                name: name.as_ref().map(|name| name.to_lowercase()),
                base: base.clone(),
                platform: instruction.flag("platform").map(str::to_owned),
                span: instruction.span,
                instructions: vec![instruction],
            });
        } else if let Some(stage) = self.out.stages.last_mut() {
            (stage.span.end, stage.span.end_line) = (instruction.span.end, instruction.span.end_line);
            stage.instructions.push(instruction);
        } else if instruction.keyword == "ARG" {
            self.out.global_args.push(instruction);
        } else {
            if !matches!(instruction.body, Body::Unknown(_)) {
                let message = format!("{} stands before the first FROM", instruction.keyword);
                self.found.meaning(message, instruction.keyword_span);
            }
            self.out.stray.push(instruction);
        }
    }

    fn finish(mut self) -> Dockerfile {
        if self.out.stages.is_empty() && self.out.stray.is_empty() {
            let message = match self.out.global_args.is_empty() {
                true => "there are no instructions",
                false => "there is no FROM",
            };
            self.found.meaning(message.into(), Span { start_line: 1, end_line: 1, ..Span::default() });
        }
        let Found { syntax, meaning } = self.found;
        self.out.problems = syntax;
        self.out.problems.extend(meaning);
        self.out.problems.sort_by_key(|problem| problem.span.start);
        self.out.problems.truncate(MOST_PROBLEMS);
        self.out
    }
}

fn span_of(line: &Physical<'_>, offset: usize) -> Span {
    let end = line.start + line.text.len();
    Span { start_line: line.number, end_line: line.number, start: line.start + offset, end }
}

/// Takes an instruction apart: keyword, flags, arguments.
fn split(text: &str, range: Range<usize>) -> Split {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start().len());
    let end = start + text[start..range.end].trim_end().len();
    let part = &text[start..end];
    let keyword = start + part.find(BLANK).unwrap_or(part.len());
    let (flags, length) = words::flags(&text[keyword..end], keyword);
    let rest = &text[keyword + length..end];
    let arguments = keyword + length + (rest.len() - rest.trim_start().len());
    Split { keyword: start..keyword, flags, arguments: arguments..end.max(arguments) }
}

fn flag(text: &str, span: Span) -> Flag {
    let text = text.strip_prefix("--").unwrap_or(text);
    match text.split_once('=') {
        Some((name, value)) => Flag { name: name.to_owned(), value: Some(value.to_owned()), span },
        None => Flag { name: text.to_owned(), value: None, span },
    }
}

/// RUN, COPY and ADD have heredocs, also behind ONBUILD, but not in the exec form.
fn may_have_heredocs(line: &str) -> bool {
    let mut parts = split(line, 0..line.len());
    if line[parts.keyword.clone()].eq_ignore_ascii_case("onbuild") {
        parts = split(line, parts.arguments);
    }
    let keyword = line[parts.keyword].to_ascii_uppercase();
    ["RUN", "COPY", "ADD"].contains(&keyword.as_str())
        && !matches!(json::array(&line[parts.arguments]), json::Array::Strings(_))
}

impl Found {
    /// No more problems are kept.
    pub(super) fn full(&self) -> bool {
        self.meaning.len() >= MOST_PROBLEMS
    }

    pub(super) fn syntax(&mut self, message: String, span: Span) {
        if self.syntax.len() < MOST_PROBLEMS {
            self.syntax.push(Problem { message, span });
        }
    }

    pub(super) fn meaning(&mut self, message: String, span: Span) {
        if self.meaning.len() < MOST_PROBLEMS {
            self.meaning.push(Problem { message, span });
        }
    }
}
