//! Markdown for the terminal: CommonMark with tables, task lists, strikethrough, footnotes and
//! GitHub's alerts.
//!
//! Invariants: no line is wider than asked for, except lines of code, which are never broken;
//! the output without colour holds no escape sequence and is still structured (underlined
//! headings, marked emphasis, back quotes).

mod code;
mod inline;
mod table;

use super::{
    Terminal,
    line::{Color, Line, Span, Style, measure, paint},
    wrap::wrap,
};
use code::{Language, highlight, is_spoilt_by_indentation};
use inline::{Inline, without_tags};
use pulldown_cmark::{BlockQuoteKind, CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use std::collections::HashMap;
use table::Table;

/// Markdown as text for this terminal, in its text width.
pub fn render(markdown: &str, terminal: &Terminal) -> String {
    paint(&lines(markdown, terminal.text_width(), terminal), terminal)
}

/// Markdown as lines of at most `width` columns (code may be wider).
pub fn lines(markdown: &str, width: usize, terminal: &Terminal) -> Vec<Line> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM;
    let mut page = Page::new(width, terminal);
    for event in Parser::new_ext(markdown, options) {
        page.event(event);
    }
    page.flush();
    page.lines
}

/// Containers within one another that are drawn: one more has no room to be seen, and there may be thousands.
const DEEPEST: usize = 100;

/// What blocks stand in: a list item, a quotation, a footnote.
#[derive(Debug, Default)]
struct Container {
    /// Before its first line, until that is written.
    first: Option<Vec<Span>>,
    /// Before its other lines.
    rest: Vec<Span>,
}

struct Page<'t> {
    terminal: &'t Terminal,
    width: usize,
    lines: Vec<Line>,
    containers: Vec<Container>,
    /// How many more are open, which were too deep.
    too_deep: usize,
    /// Number of the next item, for each open list.
    lists: Vec<Option<u64>>,
    inline: Inline,
    /// An empty line stands between what is written and the next block.
    gap: bool,
    /// Language and text of an open code block.
    code: Option<(Language, String)>,
    html: Option<String>,
    table: Option<Table>,
    footnotes: HashMap<String, usize>,
}

impl<'t> Page<'t> {
    fn new(width: usize, terminal: &'t Terminal) -> Self {
        Self {
            terminal,
            width,
            lines: Vec::new(),
            containers: Vec::new(),
            too_deep: 0,
            lists: Vec::new(),
            inline: Inline::default(),
            gap: false,
            code: None,
            html: None,
            table: None,
            footnotes: HashMap::new(),
        }
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some((_, code)) => code.push_str(&text),
                None => self.inline.text(&text),
            },
            Event::Code(code) => self.inline.code(&code, self.terminal),
            Event::Html(html) => match &mut self.html {
                Some(block) => block.push_str(&html),
                None => self.inline.text(&without_tags(&html)),
            },
            Event::InlineHtml(tag) if tag.to_ascii_lowercase().starts_with("<br") => self.inline.hard_break(),
            Event::SoftBreak => self.inline.text(" "),
            Event::HardBreak => self.inline.hard_break(),
            Event::Rule => self.rule(),
            Event::FootnoteReference(label) => {
                let mark = format!("[{}]", self.footnote(&label));
                self.inline.text(&mark);
            }
            Event::TaskListMarker(done) => self.task(done),
            Event::InlineHtml(_) => {}
            Event::InlineMath(text) | Event::DisplayMath(text) => self.inline.text(&text),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::Heading { .. } => self.begin(),
            Tag::BlockQuote(kind) => self.quote(kind),
            Tag::CodeBlock(kind) => {
                self.begin();
                let language = match kind {
                    CodeBlockKind::Fenced(info) => Language::of(&info),
                    CodeBlockKind::Indented => Language::Text,
                };
                self.code = Some((language, String::new()));
            }
            Tag::HtmlBlock => self.html = Some(String::new()),
            Tag::List(first) => {
                self.begin();
                self.lists.push(first);
            }
            Tag::Item => self.item(),
            Tag::FootnoteDefinition(label) => {
                self.begin();
                let mark = format!("[{}] ", self.footnote(&label));
                self.contain(Span::new(&mark, Style::DIM));
            }
            Tag::Table(alignments) => {
                self.begin();
                self.table = Some(Table { alignments, ..Table::default() });
            }
            Tag::TableRow => {
                if let Some(table) = &mut self.table {
                    table.rows.push(Vec::new());
                }
            }
            Tag::Emphasis => self.inline.open(Style { italic: true, ..Style::PLAIN }, "_", self.terminal),
            Tag::Strong => self.inline.open(Style::BOLD, "*", self.terminal),
            Tag::Strikethrough => self.inline.open(Style { strike: true, ..Style::PLAIN }, "~", self.terminal),
            Tag::Link { dest_url, .. } => self.inline.open_link(&dest_url),
            Tag::Image { dest_url, .. } => {
                self.inline.text("image: ");
                self.inline.open_link(&dest_url);
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => {
                self.flush();
                self.gap = true;
            }
            TagEnd::Heading(level) => self.heading(level),
            TagEnd::BlockQuote(_) | TagEnd::FootnoteDefinition => {
                self.flush();
                self.leave();
                self.gap = true;
            }
            TagEnd::CodeBlock => self.code_block(),
            TagEnd::HtmlBlock => {
                let text = without_tags(&self.html.take().unwrap_or_default());
                if !text.trim().is_empty() {
                    self.begin();
                    self.inline.text(text.trim());
                    self.flush();
                    self.gap = true;
                }
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.gap |= self.lists.is_empty();
            }
            TagEnd::Item => {
                self.flush();
                if self.too_deep == 0 && self.containers.last().is_some_and(|item| item.first.is_some()) {
                    let (first, _) = self.prefixes();
                    self.lines.push(Line(first));
                }
                self.leave();
            }
            TagEnd::TableCell => {
                let cell = self.inline.take().into_iter().flatten().collect();
                if let Some(table) = &mut self.table {
                    table.rows.last_mut().unwrap_or(&mut table.head).push(cell);
                }
            }
            TagEnd::Table => self.end_table(),
            TagEnd::Emphasis => self.inline.close("_", self.terminal),
            TagEnd::Strong => self.inline.close("*", self.terminal),
            TagEnd::Strikethrough => self.inline.close("~", self.terminal),
            TagEnd::Link | TagEnd::Image => self.inline.close_link(self.terminal),
            _ => {}
        }
    }

    /// Before a block: what is open in a list item is written, and the empty line that is due.
    fn begin(&mut self) {
        self.flush();
        if std::mem::take(&mut self.gap) {
            let open = self.containers.iter().take_while(|container| container.first.is_none());
            let line = Line(open.flat_map(|container| container.rest.clone()).collect());
            self.lines.push(line);
        }
    }

    /// Writes the open text as a paragraph.
    fn flush(&mut self) {
        if self.inline.is_empty() {
            self.inline.take();
            return;
        }
        for row in self.inline.take() {
            let (first, rest) = self.prefixes();
            self.lines.extend(wrap(&row, self.width, &first, &rest));
        }
    }

    /// Prefixes of the next line and of those after it.
    fn prefixes(&mut self) -> (Vec<Span>, Vec<Span>) {
        let rest = self.containers.iter().flat_map(|container| container.rest.clone()).collect();
        let take = |container: &mut Container| container.first.take().unwrap_or_else(|| container.rest.clone());
        (self.containers.iter_mut().flat_map(take).collect(), rest)
    }

    /// Opens a container whose first line begins with `mark` and the others with as many spaces.
    /// Where half of the width is taken, deeper ones indent no further.
    fn contain(&mut self, mark: Span) {
        if self.containers.len() == DEEPEST {
            self.too_deep += 1;
            return;
        }
        let columns = measure(mark.text());
        let pending: usize = self
            .containers
            .iter()
            .map(|container| {
                let spans = container.first.as_ref().unwrap_or(&container.rest);
                spans.iter().map(|span| measure(span.text())).sum::<usize>()
            })
            .sum();
        let narrow = pending + columns > self.width / 2;
        let rest = if narrow { Vec::new() } else { vec![Span::plain(&" ".repeat(columns))] };
        let first = if narrow { Vec::new() } else { vec![mark] };
        self.containers.push(Container { first: Some(first), rest });
    }

    /// Closes the innermost container.
    fn leave(&mut self) {
        match self.too_deep.checked_sub(1) {
            Some(left) => self.too_deep = left,
            None => drop(self.containers.pop()),
        }
    }

    fn item(&mut self) {
        self.begin();
        let indent = if self.lists.len() == 1 { "  " } else { "" };
        let depth = self.lists.len();
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                let mark = format!("{indent}{number}. ");
                *number = number.saturating_add(1);
                mark
            }
            _ => {
                let bullet = if depth.is_multiple_of(2) {
                    self.terminal.sign("◦", "-")
                } else {
                    self.terminal.sign("•", "*")
                };
                format!("{indent}{bullet} ")
            }
        };
        self.contain(Span::new(&mark, Style::DIM));
    }

    fn task(&mut self, done: bool) {
        let sign = if done { self.terminal.sign("☑ ", "[x] ") } else { self.terminal.sign("☐ ", "[ ] ") };
        match self.containers.last_mut() {
            Some(Container { first: Some(first), rest }) if !first.is_empty() => {
                let indent = if self.lists.len() == 1 { "  " } else { "" };
                *first = vec![Span::plain(&format!("{indent}{sign}"))];
                *rest = vec![Span::plain(&" ".repeat(indent.len() + measure(sign)))];
            }
            _ => self.inline.text(sign),
        }
    }

    fn quote(&mut self, kind: Option<BlockQuoteKind>) {
        self.begin();
        let (title, style) = match kind {
            None => ("", Style::DIM),
            Some(BlockQuoteKind::Note) => ("Note", Style::color(Color::Blue)),
            Some(BlockQuoteKind::Tip) => ("Tip", Style::GOOD),
            Some(BlockQuoteKind::Important) => ("Important", Style::color(Color::Magenta)),
            Some(BlockQuoteKind::Warning) => ("Warning", Style::UNSURE),
            Some(BlockQuoteKind::Caution) => ("Caution", Style::BAD),
        };
        self.contain(Span::new(self.terminal.sign("▌ ", "> "), style));
        if self.too_deep == 0
            && let Some(Container { first, rest }) = self.containers.last_mut()
        {
            *rest = first.take().unwrap_or_default();
        }
        if !title.is_empty() {
            let (mut line, _) = self.prefixes();
            line.push(Span::new(title, style.bold()));
            self.lines.push(Line(line));
        }
    }

    fn heading(&mut self, level: HeadingLevel) {
        let (style, rule) = match level {
            HeadingLevel::H1 => (Style { underline: true, ..Style::ACCENT }, self.terminal.sign("═", "=")),
            HeadingLevel::H2 => (Style::ACCENT, self.terminal.sign("─", "-")),
            _ => (Style::BOLD, self.terminal.sign("╌", "~")),
        };
        let spans: Vec<Span> = self.inline.take().into_iter().flatten().collect();
        let spans: Vec<Span> = spans.iter().map(|span| span.restyled(style.with(span.style()))).collect();
        let (first, rest) = self.prefixes();
        let taken = measure(&rest.iter().map(Span::text).collect::<String>());
        let heading = wrap(&spans, self.width, &first, &rest);
        let longest = heading.iter().map(Line::width).max().unwrap_or(0).saturating_sub(taken);
        self.lines.extend(heading);
        if !self.terminal.color && longest > 0 {
            let mut line = rest;
            line.push(Span::plain(&rule.repeat(longest)));
            self.lines.push(Line(line));
        }
        self.gap = true;
    }

    /// Code is never broken. What a learner copies stands without a bar, so that a selection can be
    /// pasted, and at the left edge where spaces would spoil it; a bar marks what a program printed.
    fn code_block(&mut self) {
        let Some((language, text)) = self.code.take() else { return };
        let at_the_edge = is_spoilt_by_indentation(language, &text);
        let bar = match language.is_copied() {
            true => Span::plain(if at_the_edge { "" } else { "    " }),
            false => Span::new(self.terminal.sign("  │ ", "  | "), Style::DIM),
        };
        for code in highlight(language, &text) {
            let (mut line, _) = self.prefixes();
            if at_the_edge && line.iter().all(|span| span.text().trim().is_empty()) {
                line.clear();
            }
            line.push(bar.clone());
            line.extend(code);
            self.lines.push(Line(line));
        }
        self.gap = true;
    }

    fn rule(&mut self) {
        self.begin();
        let (mut line, _) = self.prefixes();
        let taken = measure(&line.iter().map(Span::text).collect::<String>());
        let rule = self.terminal.sign("─", "-").repeat(self.width.saturating_sub(taken).max(3));
        line.push(Span::new(&rule, Style::DIM));
        self.lines.push(Line(line));
        self.gap = true;
    }

    fn end_table(&mut self) {
        let Some(table) = self.table.take() else { return };
        let (mut first, rest) = self.prefixes();
        let taken = measure(&first.iter().map(Span::text).collect::<String>());
        for line in table.lines(self.width.saturating_sub(taken), self.terminal) {
            let mut whole = std::mem::replace(&mut first, rest.clone());
            whole.extend(line.0);
            self.lines.push(Line(whole));
        }
        self.gap = true;
    }

    /// Number of a footnote: in the order in which they are met.
    fn footnote(&mut self, label: &str) -> usize {
        let next = self.footnotes.len() + 1;
        *self.footnotes.entry(label.to_owned()).or_insert(next)
    }
}
