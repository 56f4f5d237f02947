//! `answers`

mod largest;
#[cfg(test)]
mod tests;

use crate::check::matching::{count, shown};
use crate::check::written::{self, Wanted, Written};
use crate::check::{Inquiry, NotYet, Stop, Verdict};
use crate::dockerfile::parse;
use crate::evidence::{HistoryRow, ImageFacts, Unavailable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The learner's answers in a YAML file agree with what the engine says of an image, and with the keys of
/// multiple-choice questions.
///
/// **Why it matters**: a number that was read off the engine is understood; one that was guessed from the
/// Dockerfile shows a misconception, and its message names it. Builders differ in what makes a layer, so the
/// key comes from the engine that built the image.
///
/// ```yaml
/// check:
///   answers:
///     file: answers.yaml                # layers: 3, a line for each question
///     image: app
///     questions:
///       guess: prediction               # a number, which is only compared, once the others are right
///       layers: layers_added            # a number
///       rows: rows_added                # a number
///       largest: largest_row            # the instruction of a row, or enough of it to tell it from the others
///       missing: { choice: { right: no-record, options: { no-record: "…", damaged: "why it is not that" } } }
///       key: { text: { is: sesame, what: the key, instead: { simsim: "that is …" }, advice: look into the layers } }
/// ```
///
/// A check may ask some of a file's questions and leave the others to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// The learner's file.
    #[serde(default = "file")]
    pub file: String,
    /// The exercise's name for the image, where a question is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The base that is counted from; by default, what the FROM of the folder's Dockerfile names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// By the field of the learner's file: what it answers.
    pub questions: BTreeMap<String, Question>,
}

/// What a field answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// How many layers the image adds to those of its base.
    LayersAdded,
    /// How many rows its history adds to those of its base.
    RowsAdded,
    /// Which of these rows is the largest: its instruction, or enough of it.
    LargestRow,
    /// A number of layers that was guessed before the build. Any number is right. Beside a question about the image it is
    /// compared, once that one is answered.
    Prediction,
    /// One of several codes.
    Choice(Choice),
    /// A text that was to be found.
    Text(Exact),
}

/// A multiple-choice question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The right code.
    pub right: String,
    /// Every code, and what is said to those who choose it: why it is wrong, and what is true instead.
    pub options: BTreeMap<String, String>,
}

/// A text that was to be found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exact {
    /// What it is. Messages do not show it.
    pub is: String,
    /// What it is, in words (`the key of the user ada`).
    pub what: String,
    /// Texts that are taken for it, and what is said to those who do.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub instead: BTreeMap<String, String>,
    /// What to do in all other cases.
    pub advice: String,
}

fn file() -> String {
    "answers.yaml".into()
}

/// What the learner wrote, by field.
type Given = BTreeMap<String, Option<String>>;

/// What the engine says.
struct Key<'a> {
    name: String,
    base_name: String,
    image: &'a ImageFacts,
    /// Layers of the base.
    below: usize,
    /// The rows that the image adds to those of its base, oldest first.
    rows: &'a [HistoryRow],
}

impl Key<'_> {
    fn layers_added(&self) -> usize {
        self.image.layers.len() - self.below
    }
}

impl Answers {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let file = &self.file;
        let asked = self.questions.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let expected = format!("{file} with an answer for {asked}");
        let wanted = Wanted {
            file,
            expected: &expected,
            write_it: "dlearn reset brings the file back as it was; fill it in then",
            repair_it: &|_| "write each answer on one line: the question's name, a colon, a space, the answer".into(),
        };
        let written = match written::read::<Option<Given>>(inquiry, &wanted)? {
            Ok(Written { content, text }) => Written { content: content.unwrap_or_default(), text },
            Err(verdict) => return Ok(verdict),
        };
        if let Some(verdict) = self.unfilled(&written.content, &expected) {
            return Ok(verdict);
        }
        // A prediction is made before there is anything, and comparing it alone would give the answer away.
        let needs_no_image =
            |question: &Question| matches!(question, Question::Prediction | Question::Choice(_) | Question::Text(_));
        let key = match self.questions.values().all(needs_no_image) {
            true => None,
            false => match self.key(inquiry)? {
                Ok(key) => Some(key),
                Err(verdict) => return Ok(verdict),
            },
        };
        let mut all = Verdict::pass();
        for (field, question) in &self.questions {
            let answer = written.content.get(field).and_then(Option::as_deref).unwrap_or_default().trim();
            let verdict = match (question, &key) {
                (Question::Choice(choice), _) => choice.judge(field, answer),
                (Question::Text(exact), _) => exact.judge(field, answer),
                (_, None) => number(field, answer, |_| Ok(Verdict::pass()))?,
                (Question::Prediction, Some(key)) => number(field, answer, |guess| Ok(compared(guess, key)))?,
                (Question::LayersAdded, Some(key)) => {
                    number(field, answer, |given| layers(inquiry, field, given, key))?
                }
                (Question::RowsAdded, Some(key)) => number(field, answer, |given| Ok(rows(field, given, key)))?,
                (Question::LargestRow, Some(key)) => largest::judge(field, answer, key, &instructions(inquiry)?),
            };
            all = all.and(at(verdict, file, written.text, field));
        }
        Ok(all)
    }

    /// The verdict where answers are missing.
    fn unfilled(&self, given: &Given, expected: &str) -> Option<Verdict> {
        let file = &self.file;
        let is_open = |field: &&String| {
            given.get(*field).and_then(Option::as_deref).is_none_or(|answer| answer.trim().is_empty())
        };
        let open: Vec<&String> = self.questions.keys().filter(is_open).collect();
        let first = *open.first()?;
        let others = given.keys().filter(|field| !self.questions.contains_key(*field)).map(String::as_str);
        if !given.contains_key(first)
            && let Some(near) = crate::nearest(first, others)
        {
            let found = format!("{file} has {}, and no {first}", shown(&near));
            return Some(Verdict::not_yet(expected, found, format!("write {first}: before that answer")));
        }
        let names = open.iter().map(|field| field.as_str()).collect::<Vec<_>>().join(", ");
        let found = match open.len() == self.questions.len() {
            true if open.len() > 1 => format!("{file} is not filled in yet: {names}"),
            _ => format!(
                "{file} is not filled in completely: {names} {} still open",
                if open.len() == 1 { "is" } else { "are" }
            ),
        };
        Some(Verdict::not_yet(
            expected,
            found,
            "write the answer behind the colon; the lines above it say what is asked",
        ))
    }

    /// What the engine says, or the verdict where it cannot say it of this image.
    fn key<'a>(&self, inquiry: &Inquiry<'a>) -> Result<Result<Key<'a>, Verdict>, Stop> {
        let Some(alias) = &self.image else {
            return Err(Stop::CannotTell(Unavailable::new(
                "the check asks about an image and names none",
                "tell whoever wrote the check",
            )));
        };
        let (file, name) = (&self.file, inquiry.name(alias));
        let Some(image) = inquiry.image(&name)? else {
            return Ok(Err(Verdict::not_yet(
                format!("an image named {name}, with which {file} is compared"),
                format!("{file} is filled in, and {name} does not exist on this engine"),
                format!("build it, and read your answers off it: `docker build -t {name} .`"),
            )));
        };
        let base_name = match &self.base {
            Some(base) => inquiry.name(base),
            None => match super::workspace_base(inquiry, "Dockerfile", None, &BTreeMap::new())? {
                Ok(base) => base,
                Err(verdict) => return Ok(Err(verdict)),
            },
        };
        let base = match super::base_image(inquiry, &base_name)? {
            Ok(base) => base,
            Err(verdict) => return Ok(Err(verdict)),
        };
        if !image.layers.starts_with(&base.layers) || image.history.len() < base.history.len() {
            return Ok(Err(Verdict::not_yet(
                format!("{name} to be built on {base_name}"),
                format!("{name} does not begin with the layers of {base_name}"),
                format!("build it in this exercise's folder: `docker build -t {name} .`"),
            )));
        }
        let (below, rows) = (base.layers.len(), &image.history[base.history.len()..]);
        Ok(Ok(Key { name, base_name, image, below, rows }))
    }
}

/// The verdict with the line of the file that it is about.
fn at(verdict: Verdict, file: &str, text: &str, field: &str) -> Verdict {
    let is_field = |line: &str| {
        let rest = line.trim_start().trim_start_matches(['"', '\'']).strip_prefix(field);
        rest.is_some_and(|rest| rest.trim_start_matches(['"', '\'']).trim_start().starts_with(':'))
    };
    match (verdict, text.lines().position(is_field)) {
        (Verdict::NotYet(it), Some(line)) => {
            Verdict::NotYet(NotYet { place: Some(written::place(file, text, line + 1)), ..it })
        }
        (verdict, _) => verdict,
    }
}

/// Judges a number, or says that there is none.
fn number(field: &str, answer: &str, judge: impl FnOnce(usize) -> Result<Verdict, Stop>) -> Result<Verdict, Stop> {
    match answer.parse() {
        Ok(number) => judge(number),
        Err(_) => Ok(Verdict::not_yet(
            format!("a whole number, for {field}"),
            format!("{field} is {}", shown(answer)),
            "write the number alone",
        )),
    }
}

fn compared(guess: usize, key: &Key<'_>) -> Verdict {
    let added = key.layers_added();
    let comment = match guess == added {
        true => "exactly so".to_owned(),
        false => format!("it is {added}"),
    };
    Verdict::pass_with(format!("You predicted {}: {comment}.", count(guess, "layer")))
}

fn layers(inquiry: &Inquiry<'_>, field: &str, given: usize, key: &Key<'_>) -> Result<Verdict, Stop> {
    let Key { name, base_name, image, rows, .. } = key;
    if given == key.layers_added() {
        return Ok(Verdict::pass());
    }
    let expected = format!("the number of layers that {name} adds to {base_name}, for {field}");
    let asks = |name: &str| format!("docker image inspect -f '{{{{len .RootFS.Layers}}}}' {name}");
    // With FROM, or with the base's rows.
    if [rows.len(), rows.len() + 1, image.history.len()].contains(&given) {
        let without = rows_without_files(inquiry, key)?;
        let list = without.iter().map(|row| format!("`{}`", head(&row.instruction))).collect::<Vec<_>>().join(", ");
        return Ok(Verdict::not_yet(
            expected,
            format!(
                "{field} is {given}: you counted instructions. Of the {} in the history that are yours, {} changed no files: {list}",
                count(rows.len(), "row"),
                without.len()
            ),
            format!("count layers instead: {}; then the same for {base_name}, and take that away", asks(name)),
        ));
    }
    if given == image.layers.len() {
        let found = format!("{field} is {given}, which counts the layers of {base_name} too");
        return Ok(Verdict::not_yet(expected, found, format!("take those away: {}", asks(base_name))));
    }
    let advice = format!("compare two numbers: {}, and the same for {base_name}", asks(name));
    Ok(Verdict::not_yet(expected, format!("{field} is {given}"), advice))
}

/// Own rows that made no layer. The image's archive tells; where the engine cannot give it, the rows of no size.
fn rows_without_files<'k>(inquiry: &Inquiry<'_>, key: &Key<'k>) -> Result<Vec<&'k HistoryRow>, Stop> {
    let layers = match inquiry.layers(&key.name, key.below) {
        Err(Stop::Open) => return Err(Stop::Open),
        Ok(Some(facts)) => facts.layers.iter().skip(key.below).map(|layer| layer.created_by.as_deref()).collect(),
        Ok(None) | Err(Stop::CannotTell(_)) => None,
    };
    let Some(layers): Option<Vec<&str>> = layers else {
        return Ok(key.rows.iter().filter(|row| row.size == 0).collect());
    };
    let mut layers = layers.into_iter().peekable();
    let makes_one = |row: &&HistoryRow| layers.next_if(|made_by| *made_by == row.instruction).is_some();
    let (_, without): (Vec<_>, Vec<_>) = key.rows.iter().partition(makes_one);
    Ok(without)
}

fn rows(field: &str, given: usize, key: &Key<'_>) -> Verdict {
    let Key { name, base_name, image, rows, .. } = key;
    if given == rows.len() {
        return Verdict::pass();
    }
    let which = match given {
        _ if given == image.history.len() => format!(", which counts the rows of {base_name} too"),
        _ if given == rows.len() + 1 => ", one too many: FROM writes no row".to_owned(),
        _ if given == key.layers_added() => {
            ", which is the number of layers: rows without a layer count too".to_owned()
        }
        _ => String::new(),
    };
    let found = format!("{field} is {given}{which}");
    Verdict::not_yet(
        format!("the number of rows that {name} adds to the history of {base_name}, for {field}"),
        found,
        format!("compare `docker history {name}` with `docker history {base_name}`: the upper rows are yours"),
    )
}

/// The instructions of the Dockerfile's last stage as they are written, without FROM; none without a Dockerfile.
fn instructions(inquiry: &Inquiry<'_>) -> Result<Vec<String>, Stop> {
    let Some(text) = inquiry.workspace_file("Dockerfile")? else { return Ok(Vec::new()) };
    let dockerfile = parse(&text.text);
    let own = dockerfile.final_stage().map(|stage| stage.instructions.as_slice()).unwrap_or_default();
    Ok(own.iter().skip(1).map(|instruction| instruction.original.clone()).collect())
}

/// The beginning of an instruction.
fn head(instruction: &str) -> String {
    const MOST: usize = 40;
    let mut text: String = instruction.chars().take(MOST).collect();
    if instruction.chars().nth(MOST).is_some() {
        text.push('…');
    }
    text
}

impl Exact {
    fn judge(&self, field: &str, answer: &str) -> Verdict {
        if answer == self.is {
            return Verdict::pass();
        }
        let expected = format!("{}, for {field}", self.what);
        let found = format!("{field} is {}", shown(answer));
        match self.instead.get(answer) {
            Some(because) => Verdict::not_yet(expected, found, because.trim()),
            None => Verdict::not_yet(expected, format!("{found}, which is something else"), self.advice.trim()),
        }
    }
}

impl Choice {
    fn judge(&self, field: &str, answer: &str) -> Verdict {
        if answer == self.right {
            return Verdict::pass();
        }
        let codes = self.options.keys().map(String::as_str);
        written::unknown_code(field, answer, codes).unwrap_or_else(|| {
            let because = self.options.get(answer).map_or("", String::as_str).trim();
            let found = format!("{field} is {}", shown(answer));
            Verdict::not_yet(format!("the answer that is true, for {field}"), found, because)
        })
    }
}
