//! One reading: what each key does, and what was answered and looked for so far.

use super::{QUIZ, ReadProgress, Step, contents, contents::Chosen, header, steps, title};
use crate::course::{Block, Lesson, Question};
use crate::term::{
    Terminal,
    canvas::Canvas,
    line::{Line, Span, Style},
    markdown,
    pager::{Body, Page, Pager, Pressed, laid_out},
    prompt::{PromptError, Reply, Turn, footer, interrupts, leaves},
    question::{Answer, Asking},
    quiz, sanitize_line, screen,
    search::Search,
};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::collections::HashMap;

/// What `?` shows.
const KEYS: &str = "\
| Key | What it does |
|-----|--------------|
| Enter, Space | go on: the next screenful, then the next section |
| `b` | go back |
| up, down, `k`, `j` | scroll by a line |
| `g`, `G` | to the beginning or the end of this section |
SECTIONS| `/` | search in this lesson |
| `n`, `N`, Esc | the next place, the one before; no more of the search |
| `?` | these keys |
| `q`, Esc | leave |
";

/// Its row on the sections; a quiz has none.
const SECTIONS: &str = "| `t` | the sections of this lesson, to go to one |\n";

/// Where on a page the screen stands at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Top,
    End,
    /// At the place of this index (from 0, or the last one) where the text that is looked for stands.
    Hit(usize),
}

/// Where the reader went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Went {
    Next,
    Back,
    /// To the step of this index.
    To(usize, Place),
    Left,
}

/// A lesson that is being read.
pub(super) struct Session<'a> {
    lesson: &'a Lesson,
    pub(super) steps: Vec<Step<'a>>,
    seed: u64,
    canvas: Canvas,
    /// What was chosen in this session, by the question's id.
    answers: HashMap<String, usize>,
    search: Option<Search>,
    /// What is being typed to search for.
    typed: Option<String>,
    /// What came of the last search, until the next key.
    told: Option<String>,
}

impl<'a> Session<'a> {
    pub(super) fn new(lesson: &'a Lesson, seed: u64, terminal: &Terminal) -> Self {
        Self {
            lesson,
            steps: steps(lesson),
            seed,
            canvas: Canvas::new(terminal),
            answers: HashMap::new(),
            search: None,
            typed: None,
            told: None,
        }
    }

    /// Shows the step of this index until the reader goes elsewhere. A question that was answered already in this
    /// session shows its answer.
    pub(super) fn step(
        &mut self,
        at: usize,
        place: Place,
        progress: &mut dyn ReadProgress,
    ) -> Result<Went, PromptError> {
        if let Block::Question(question) = self.steps[at].block
            && !self.answers.contains_key(&question.id)
            && let Some(went) = self.ask(at, question, progress)?
        {
            return Ok(went);
        }
        self.page(at, place)
    }

    /// Asks a question; where the reader went instead of answering.
    fn ask(
        &mut self,
        at: usize,
        question: &Question,
        progress: &mut dyn ReadProgress,
    ) -> Result<Option<Went>, PromptError> {
        let (lesson, section) = (self.lesson, self.steps[at].section);
        let header = |terminal: &Terminal| header(lesson, section, terminal);
        let mut asking = Asking::new(question, self.seed);
        screen::forget_keys()?;
        loop {
            let told = self.known(&[("t", "sections"), ("?", "keys")]);
            let went = match asking.run(&mut self.canvas, &header, at > 0, &told)? {
                Reply::Given(Answer::Chosen(chosen)) => {
                    self.answers.insert(question.id.clone(), chosen);
                    progress.answered(question, chosen, chosen == question.answer());
                    return Ok(None);
                }
                Reply::Given(Answer::Back) => Some(Went::Back),
                Reply::Given(Answer::Key('t')) => self.contents(section)?,
                Reply::Given(Answer::Key(_)) => self.help()?,
                Reply::Left => Some(Went::Left),
            };
            if went.is_some() {
                return Ok(went);
            }
        }
    }

    /// Shows a text, or a question that was answered.
    fn page(&mut self, at: usize, place: Place) -> Result<Went, PromptError> {
        let Some(body) = self.body(at) else { return Ok(Went::Next) };
        let (lesson, section) = (self.lesson, self.steps[at].section);
        let header = move |terminal: &Terminal| header(lesson, section, terminal);
        let keys = [("Enter", "go on"), ("b", "back"), ("/", "search"), ("t", "sections"), ("?", "keys")];
        let mut hints = self.known(&keys);
        hints.retain(|(key, _)| at > 0 || *key != "b");
        hints.push(("q", "leave"));
        let page = Page { header: Box::new(header), body, hints };
        let mut pager = Pager::new(page, &self.canvas, place == Place::End);
        pager.search(self.search.clone());
        if let Place::Hit(hit) = place {
            pager.go_to_hit(hit);
        }
        loop {
            pager.below = self.below(at, &pager);
            pager.draw(&mut self.canvas)?;
            let went = match crossterm::event::read()? {
                Event::Key(key) if key.kind != KeyEventKind::Release => self.key(&key, at, &mut pager)?,
                Event::Paste(text) => {
                    if let Some(typed) = &mut self.typed {
                        typed.push_str(&sanitize_line(&text));
                    }
                    None
                }
                Event::Resize(columns, rows) => {
                    self.canvas.resize(columns, rows);
                    pager.resize(&self.canvas);
                    None
                }
                _ => None,
            };
            if let Some(went) = went {
                return Ok(went);
            }
        }
    }

    /// Those of the keys that there are here: the sections of a quiz are its questions, which go by no name.
    fn known<'k>(&self, keys: &[(&'k str, &'k str)]) -> Vec<(&'k str, &'k str)> {
        let mut keys = keys.to_vec();
        keys.retain(|(key, _)| *key != "t" || !self.is_quiz());
        keys
    }

    fn is_quiz(&self) -> bool {
        self.lesson.front.id == QUIZ
    }

    /// What a step shows; none for a question that is still to be answered.
    fn body(&self, at: usize) -> Option<Body<'a>> {
        let (lesson, seed, step) = (self.lesson, self.seed, &self.steps[at]);
        match step.block {
            Block::Text(text) => {
                let first = step.first;
                Some(Box::new(move |terminal: &Terminal| {
                    let mut lines = Vec::new();
                    if first {
                        lines.extend(title(lesson, terminal));
                        lines.push(Line::empty());
                    }
                    lines.extend(markdown::lines(text, terminal.text_width(), terminal));
                    lines
                }))
            }
            Block::Question(question) => {
                let chosen = *self.answers.get(&question.id)?;
                Some(Box::new(move |terminal: &Terminal| {
                    let width = terminal.text_width();
                    let mut lines = markdown::lines(&question.ask, width, terminal);
                    lines.push(Line::empty());
                    lines.extend(quiz::explained(question, chosen, seed, width, terminal));
                    lines
                }))
            }
        }
    }

    fn key(&mut self, key: &KeyEvent, at: usize, pager: &mut Pager<'_>) -> Result<Option<Went>, PromptError> {
        let told = self.told.take();
        if self.typed.is_some() {
            return Ok(self.type_on(key, at, pager));
        }
        let section = self.steps[at].section;
        match key.code {
            KeyCode::Char('/') => self.typed = Some(String::new()),
            KeyCode::Char('?') => return self.help(),
            KeyCode::Char('t') if !self.is_quiz() => return self.contents(section),
            KeyCode::Char('n') => return Ok(self.next_hit(at, pager)),
            KeyCode::Char('N') => return Ok(self.hit_before(at, pager)),
            // It only takes the message away.
            KeyCode::Esc if told.is_some() => {}
            KeyCode::Esc if self.search.is_some() => {
                self.search = None;
                pager.search(None);
            }
            _ => {
                return Ok(match pager.key(key) {
                    Pressed::Ended(Reply::Left) => Some(Went::Left),
                    Pressed::Ended(Reply::Given(Turn::Next)) => Some(Went::Next),
                    Pressed::Ended(Reply::Given(Turn::Back)) => Some(Went::Back),
                    Pressed::Moved | Pressed::Nothing => None,
                });
            }
        }
        Ok(None)
    }

    /// A key while a text to search for is typed.
    fn type_on(&mut self, key: &KeyEvent, at: usize, pager: &mut Pager<'_>) -> Option<Went> {
        if interrupts(key) {
            let _is_ctrl_c = leaves(key);
            return Some(Went::Left);
        }
        let typed = self.typed.get_or_insert_default();
        let command = key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match key.code {
            KeyCode::Char('u') if command => typed.clear(),
            KeyCode::Char(char) if !command => typed.push(char),
            KeyCode::Backspace if typed.pop().is_none() => self.typed = None,
            KeyCode::Esc => self.typed = None,
            KeyCode::Enter => {
                let typed = self.typed.take().unwrap_or_default();
                // As in other readers, nothing typed looks for the same again.
                if let Some(search) = Search::new(&typed) {
                    self.search = Some(search);
                    pager.search(self.search.clone());
                }
                return self.next_hit(at, pager);
            }
            _ => {}
        }
        None
    }

    /// How often each step holds what is looked for.
    fn hits(&self) -> Vec<usize> {
        let Some(search) = &self.search else { return vec![0; self.steps.len()] };
        let lines = |at| self.body(at).map(|body| laid_out(&body, &self.canvas)).unwrap_or_default();
        (0..self.steps.len()).map(|at| search.hits(&lines(at)).len()).collect()
    }

    /// Goes to the next place, from the last one to the first.
    fn next_hit(&mut self, at: usize, pager: &mut Pager<'_>) -> Option<Went> {
        let hits = self.found(pager)?;
        let next = pager.hit().map_or_else(|| pager.hits_above(), |hit| hit + 1);
        if next < hits[at] {
            pager.go_to_hit(next);
            return None;
        }
        let step = (at + 1..hits.len()).chain(0..=at).find(|step| hits[*step] > 0)?;
        self.gone_to(step, 0, at, pager)
    }

    /// Goes to the place before, from the first one to the last.
    fn hit_before(&mut self, at: usize, pager: &mut Pager<'_>) -> Option<Went> {
        let hits = self.found(pager)?;
        if let Some(before) = pager.hit().unwrap_or_else(|| pager.hits_above()).checked_sub(1) {
            pager.go_to_hit(before);
            return None;
        }
        let step = (0..at).rev().chain((at..hits.len()).rev()).find(|step| hits[*step] > 0)?;
        self.gone_to(step, usize::MAX, at, pager)
    }

    fn gone_to(&self, step: usize, hit: usize, at: usize, pager: &mut Pager<'_>) -> Option<Went> {
        if step != at {
            return Some(Went::To(step, Place::Hit(hit)));
        }
        pager.go_to_hit(hit);
        None
    }

    /// How often each step holds what is looked for; where none does, that is said.
    fn found(&mut self, pager: &mut Pager<'_>) -> Option<Vec<usize>> {
        let Some(search) = &self.search else {
            self.told = Some("nothing to search for yet: press / and type it".to_owned());
            return None;
        };
        let hits = self.hits();
        if hits.iter().all(|hits| *hits == 0) {
            self.told = Some(format!("\"{}\" is not in this lesson", search.text()));
            self.search = None;
            pager.search(None);
            return None;
        }
        Some(hits)
    }

    /// What stands in the place of the keys: what is typed, what was found.
    fn below(&self, at: usize, pager: &Pager<'_>) -> Option<Line> {
        let terminal = self.canvas.terminal();
        if let Some(typed) = &self.typed {
            // The end of what is typed stays in sight.
            let room = self.canvas.columns().saturating_sub(3);
            let from = typed.char_indices().map(|(at, _)| at).find(|at| crate::term::measure(&typed[*at..]) <= room);
            return Some(Line(vec![
                Span::new("/", Style::ACCENT),
                Span::plain(&typed[from.unwrap_or(0)..]),
                Span::plain("_"),
            ]));
        }
        if let Some(told) = &self.told {
            return Some(Line::new(told, Style::BOLD));
        }
        let (search, hit) = (self.search.as_ref()?, pager.hit()?);
        let hits = self.hits();
        let (number, of) = (hits[..at].iter().sum::<usize>() + hit + 1, hits.iter().sum::<usize>());
        let keys = [("n", "next"), ("N", "before"), ("Enter", "go on"), ("Esc", "end"), ("q", "leave")];
        let note = format!("\"{}\" {number} of {of}", search.text());
        Some(footer(&keys, &note, self.canvas.columns(), terminal))
    }

    /// The sections, until one is chosen.
    fn contents(&mut self, section: usize) -> Result<Option<Went>, PromptError> {
        let lesson = self.lesson;
        let header = move |terminal: &Terminal| header(lesson, section, terminal);
        let titles: Vec<&str> = lesson.sections.iter().map(|section| section.title.as_str()).collect();
        Ok(match contents::choose(&titles, section, &mut self.canvas, &header)? {
            Chosen::Section(section) => {
                let step = self.steps.iter().position(|step| step.section >= section);
                step.map(|step| Went::To(step, Place::Top))
            }
            Chosen::None => None,
            Chosen::Left => Some(Went::Left),
        })
    }

    /// All keys, until one is pressed that closes them.
    fn help(&mut self) -> Result<Option<Went>, PromptError> {
        let keys = KEYS.replace("SECTIONS", if self.is_quiz() { "" } else { SECTIONS });
        let page = Page::markdown("Keys", &keys, &[("Enter", "close")]);
        let mut pager = Pager::new(page, &self.canvas, false);
        loop {
            pager.draw(&mut self.canvas)?;
            match crossterm::event::read()? {
                Event::Key(key) if key.kind != KeyEventKind::Release => {
                    if interrupts(&key) {
                        let _is_ctrl_c = leaves(&key);
                        return Ok(Some(Went::Left));
                    }
                    let closes = key.code == KeyCode::Char('?') || matches!(pager.key(&key), Pressed::Ended(_));
                    if closes {
                        return Ok(None);
                    }
                }
                Event::Resize(columns, rows) => {
                    self.canvas.resize(columns, rows);
                    pager.resize(&self.canvas);
                }
                _ => {}
            }
        }
    }
}
