//! What a learner's engine showed of an exercise, as a block of their `SOLUTION.md`: for a pull request, where people look
//! at it, and for the grader, who compares. The file lies beside the exercises' folders: inside one it would be part of
//! the build context, and change the image that it tells of.
//!
//! Invariant: no verdict rests on it. Whoever can write the block can write anything into it; the hash finds a slip of
//! the hand or of an editor, and no forger.

use crate::check::{Finding, Outcome};
use crate::course::Round;
use crate::evidence::{Answer, Builder, EngineFacts, Evidence, Fact, ImageFacts, Need, RegistryImage};
use crate::journal::Key;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The file that blocks are written into, at the top of a learner's folder and of a submission.
pub const FILE: &str = "SOLUTION.md";
/// What `schema` says.
pub const SCHEMA: &str = "dlearn/evidence/1";
/// What every line around a block begins with.
const MARK: &str = "<!-- dlearn evidence ";
/// Bytes that are read of a file with a block.
pub const LARGEST: u64 = 256 << 10;
/// Texts of one image that are told at most.
const ROWS: usize = 40;

/// What one round showed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// `dlearn/evidence/1`
    pub schema: String,
    /// Version of the program that wrote it.
    pub dlearn: String,
    /// The exercise.
    pub exercise: String,
    /// The round, from 1.
    pub round: usize,
    /// How it came out.
    pub outcome: Outcome,
    /// The engine; none where it did not answer.
    pub engine: Option<EngineFacts>,
    /// The exercise's images that were there, by name.
    pub images: BTreeMap<String, Image>,
    /// What registries had, by name: the digest of the manifest or index.
    pub registry: BTreeMap<String, String>,
    /// Each check that learners see, by id: `pass`, `not_yet`, `cannot_tell` or `waits`.
    pub checks: BTreeMap<String, String>,
    /// SHA-256 over all the rest, 64 hex digits.
    #[serde(default)]
    pub hash: String,
}

/// An image in a few words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// The engine's id of it.
    pub id: String,
    /// Bytes: the sum of its history's sizes.
    pub bytes: u64,
    /// Architecture in Go's words.
    pub arch: String,
    /// What its history says of its builder; it can be forged.
    pub builder: Builder,
    /// Diff ids of its layers, bottom first.
    pub layers: Vec<String>,
    /// Its instructions, oldest first, those of its base included.
    pub history: Vec<String>,
    /// CMD.
    pub cmd: Vec<String>,
    /// ENTRYPOINT.
    pub entrypoint: Vec<String>,
    /// USER.
    pub user: String,
    /// WORKDIR.
    pub workdir: String,
    /// EXPOSE.
    pub ports: Vec<String>,
}

impl Image {
    fn of(facts: &ImageFacts) -> Self {
        let config = &facts.config;
        let texts = |list: &[String]| list.iter().take(ROWS).map(|text| tidy(text)).collect();
        Self {
            id: facts.id.clone(),
            bytes: facts.size,
            arch: facts.arch.clone(),
            builder: crate::check::provenance::builder_of_rows(&facts.history),
            layers: facts.layers.clone(),
            history: facts.history.iter().take(ROWS).map(|row| tidy(&row.instruction)).collect(),
            cmd: texts(&config.cmd),
            entrypoint: texts(&config.entrypoint),
            user: tidy(&config.user),
            workdir: tidy(&config.workdir),
            ports: texts(&config.ports),
        }
    }
}

fn tidy(text: &str) -> String {
    crate::term::sanitize_line(text).chars().take(400).collect()
}

impl Block {
    /// What was found of a round.
    pub fn new(round: &Round, engine: Option<EngineFacts>, findings: &[Finding], evidence: &Evidence) -> Self {
        let mut images = BTreeMap::new();
        for name in round.subject.images.values() {
            if let Some(Answer::Found(Fact::Image(facts))) = evidence.get(&Need::Image { name: name.clone() }) {
                images.insert(name.clone(), Image::of(facts));
            }
        }
        let mut registry = BTreeMap::new();
        for (need, answer) in evidence.iter() {
            if let (Need::Registry { name }, Answer::Found(Fact::Registry(facts))) = (need, answer)
                && let Some(RegistryImage { digest, .. }) = &facts.image
            {
                registry.insert(tidy(name), tidy(digest));
            }
        }
        let seen = findings.iter().filter(|finding| finding.is_shown());
        let block = Self {
            schema: SCHEMA.into(),
            dlearn: env!("CARGO_PKG_VERSION").into(),
            exercise: round.exercise.clone(),
            round: round.number,
            outcome: Outcome::of(findings),
            engine,
            images,
            registry,
            checks: seen.map(|finding| (finding.id.clone(), finding.verdict.word().to_owned())).collect(),
            hash: String::new(),
        };
        Self { hash: block.digest(), ..block }
    }

    /// SHA-256 over everything but the hash itself.
    fn digest(&self) -> String {
        let bare = Self { hash: String::new(), ..self.clone() };
        // Serialising plain data of our own cannot fail; were it to, no two digests would agree.
        Key::default().with(serde_json::to_vec(&bare).unwrap_or_default()).hex()
    }

    /// Whether it is as it was written.
    pub fn is_whole(&self) -> bool {
        self.hash == self.digest()
    }

    /// As Markdown, between its marks.
    pub fn markdown(&self) -> String {
        let passed = self.checks.values().filter(|verdict| *verdict == "pass").count();
        let round = if self.round > 1 { format!(", round {}", self.round) } else { String::new() };
        let outcome = match self.outcome {
            Outcome::Pass => "passes",
            Outcome::NotYet => "does not pass yet",
            Outcome::CannotTell => "could not be told",
        };
        let (begin, end) = marks(&self.exercise, self.round);
        let mut lines = vec![
            begin,
            String::new(),
            format!("**{}{round} {outcome}**: {passed} of {} checks.", self.exercise, self.checks.len()),
            String::new(),
        ];
        if let Some(engine) = &self.engine {
            let store = if engine.containerd_store { "containerd image store" } else { "classic image store" };
            lines.push(format!("- {} {}, {store}, {}/{}", engine.product, engine.version, engine.os, engine.arch));
        }
        for (name, image) in &self.images {
            let layers = image.layers.len();
            let size = crate::report::size(image.bytes);
            lines.push(format!("- `{name}`: {size}, {layers} layers, {}", image.builder));
        }
        lines.extend(self.registry.iter().map(|(name, digest)| format!("- `{name}` in its registry: `{digest}`")));
        let json = serde_json::to_string_pretty(self).unwrap_or_default();
        lines.extend([String::new(), "<details><summary>Evidence</summary>".into(), String::new()]);
        // No line of it begins with as many, whatever an image says: JSON has its line feeds escaped.
        lines.extend(["~~~~~~json".to_owned(), json, "~~~~~~".into(), String::new(), "</details>".into(), end]);
        lines.join("\n") + "\n"
    }

    /// Every block of a text, or why it cannot be read.
    pub fn read(text: &str) -> Vec<Result<Self, String>> {
        let parts =
            text.split(MARK).filter(|part| part.lines().next().is_some_and(|head| head.contains(": begin -->")));
        parts.filter_map(Self::read_one).collect()
    }

    fn read_one(part: &str) -> Option<Result<Self, String>> {
        let (from, to) = (part.find('{')?, part.rfind('}')?);
        Some(match serde_json::from_str::<Self>(part.get(from..=to)?) {
            Ok(block) if block.schema == SCHEMA => Ok(block),
            Ok(block) => Err(format!("it is of another version: {}", tidy(&block.schema))),
            Err(error) => Err(tidy(&error.to_string())),
        })
    }

    /// The text with this block in place of the one of the same round, or at its end.
    pub fn placed_in(&self, text: &str) -> String {
        let (begin, end) = marks(&self.exercise, self.round);
        let block = self.markdown();
        match (text.find(&begin), text.find(&end)) {
            (Some(from), Some(to)) if from < to => {
                let after = text[to + end.len()..].strip_prefix('\n').unwrap_or(&text[to + end.len()..]);
                format!("{}{block}{after}", &text[..from])
            }
            _ if text.trim().is_empty() => block,
            _ => format!("{}\n\n{block}", text.trim_end()),
        }
    }
}

/// The lines around a block.
fn marks(exercise: &str, round: usize) -> (String, String) {
    (format!("{MARK}{exercise} {round}: begin -->"), format!("{MARK}{exercise} {round}: end -->"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;
    use crate::course::{Course, Source};
    use crate::evidence::HistoryRow;

    fn block(id: &str) -> Block {
        let course = Course::load(&Source::Embedded).unwrap();
        let round = course.exercises[id].rounds(&course.recipes, "0000000000000000", &str::to_owned).unwrap().remove(0);
        let row = HistoryRow { instruction: "RUN echo '~~~~~~\n-->\u{1b}[2J'".into(), ..HistoryRow::default() };
        let image = ImageFacts { id: "sha256:1".into(), size: 4_000_000, history: vec![row], ..ImageFacts::default() };
        let mut evidence = Evidence::new();
        let name = round.subject.images.values().next().unwrap().clone();
        evidence.insert(Need::Image { name }, Answer::Found(Fact::Image(image)));
        let mut findings: Vec<Finding> =
            round.checks.iter().take(2).map(|check| Finding::of(check, Verdict::pass())).collect();
        findings[1].hidden = true;
        Block::new(&round, None, &findings, &evidence)
    }

    #[test]
    fn a_block_is_read_again_as_it_was_written_and_a_change_shows() {
        let (first, second) = (block("E01"), block("E02"));
        assert!(first.is_whole() && first.checks.len() == 1, "hidden checks are not told");
        let text = format!("# My solution\n\n{}{}", first.markdown(), second.markdown());
        assert_eq!(Block::read(&text), [Ok(first), Ok(second)]);
        let changed = Block::read(&text.replacen("\"bytes\": 4000000", "\"bytes\": 4", 1)).remove(0).unwrap();
        assert!(!changed.is_whole());
        assert!(
            Block::read("# My solution").is_empty() && Block::read(&format!("{MARK}E01 1: begin -->{{")).is_empty()
        );
        assert!(Block::read(&text.replace(SCHEMA, "dlearn/evidence/9"))[0].is_err());
        assert!(!text.contains('\u{1b}') && text.lines().filter(|line| line.starts_with("~~~~~~")).count() == 4);
    }

    #[test]
    fn the_next_block_takes_its_place_and_what_was_written_stays() {
        let (first, other) = (block("E01"), block("E02"));
        let later = Block { outcome: Outcome::NotYet, ..first.clone() };
        assert_eq!(first.placed_in("\n"), first.markdown());
        let text = other.placed_in(&first.placed_in("# Mine\n"));
        assert_eq!(text, format!("# Mine\n\n{}\n{}", first.markdown(), other.markdown()));
        let more = format!("{text}\nAnd more.\n");
        let wanted = format!("# Mine\n\n{}\n{}\nAnd more.\n", later.markdown(), other.markdown());
        assert_eq!(later.placed_in(&more), wanted);
    }
}
