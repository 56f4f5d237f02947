//! `lessons/*.md`: front matter, Markdown, quiz blocks. `lessons/README.md` is its manual.

use super::CourseError;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One lesson.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// Its front matter.
    pub front: Front,
    /// What is shown at one time: the text before the first `##` heading, then one for each `##`.
    pub sections: Vec<Section>,
}

/// The YAML between the `---` lines at the head of a lesson.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Front {
    /// Stable for good (`L06`).
    pub id: String,
    /// What the learner reads.
    pub title: String,
    /// Minutes to read and do it.
    pub minutes: u32,
    /// What the learner can do afterwards, as one sentence.
    pub objective: String,
}

/// One screenful of a lesson.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// Text and questions, in the order of the file.
    pub blocks: Vec<Block>,
}

/// Text or a question.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// Markdown, the section's heading included.
    Text(String),
    /// A question to answer.
    Question(Question),
}

/// A multiple-choice question (a fenced block with the info string `quiz`, in YAML).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Stable for good (`L06.dot`): what was missed is kept by it.
    pub id: String,
    /// The question, in Markdown.
    pub ask: String,
    /// Two to five options, exactly one of them right.
    pub options: Vec<Choice>,
}

/// One option of a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What the learner reads, in Markdown.
    pub text: String,
    /// This one is right.
    #[serde(default)]
    pub right: bool,
    /// Why it is right, or which misconception makes it tempting and why it is wrong.
    pub because: String,
}

impl Lesson {
    /// Reads a lesson.
    ///
    /// # Errors
    /// Names `file`, line and column, for front matter or a quiz that is not what it should be.
    pub fn parse(file: &str, text: &str) -> Result<Self, CourseError> {
        // Editors on Windows end lines with CR LF.
        let text = &text.replace("\r\n", "\n");
        let (front_text, body_start) = front_matter(file, text)?;
        let front: Front = super::source::yaml_at(file, front_text, 1)?;
        let body = &text[body_start..];
        let mut sections = vec![Section { title: front.title.clone(), blocks: Vec::new() }];
        let mut from = 0;
        let mut heading: Option<std::ops::Range<usize>> = None;
        let mut quiz: Option<usize> = None;
        let push_text = |sections: &mut Vec<Section>, text: &str| {
            if !text.trim().is_empty() {
                let section = sections.last_mut().expect("there is always a section");
                section.blocks.push(Block::Text(text.trim().to_owned()));
            }
        };
        for (event, span) in Parser::new_ext(body, Options::all()).into_offset_iter() {
            match event {
                Event::Start(Tag::Heading { level: HeadingLevel::H2, .. }) => heading = Some(span),
                Event::End(TagEnd::Heading(HeadingLevel::H2)) => {
                    let at = heading.take().unwrap_or(span);
                    push_text(&mut sections, &body[from..at.start]);
                    let title = body[at.clone()].trim().trim_start_matches('#').trim().to_owned();
                    sections.push(Section { title, blocks: Vec::new() });
                    from = at.start;
                }
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) if &*info == "quiz" => {
                    push_text(&mut sections, &body[from..span.start]);
                    quiz = Some(span.start);
                }
                Event::Text(yaml) if quiz.is_some() => {
                    let line = text[..body_start + span.start].matches('\n').count();
                    let question: Question = super::source::yaml_at(file, &yaml, line)?;
                    question.check(file, line)?;
                    let section = sections.last_mut().expect("there is always a section");
                    section.blocks.push(Block::Question(question));
                }
                Event::End(TagEnd::CodeBlock) if quiz.take().is_some() => from = span.end,
                _ => {}
            }
        }
        push_text(&mut sections, &body[from..]);
        sections.retain(|section| !section.blocks.is_empty());
        if sections.is_empty() {
            return Err(CourseError::new(file, "the lesson has no text", "write Markdown below the front matter"));
        }
        Ok(Self { front, sections })
    }

    /// All its questions, in order.
    pub fn questions(&self) -> impl Iterator<Item = &Question> {
        self.sections.iter().flat_map(|section| &section.blocks).filter_map(|block| match block {
            Block::Question(question) => Some(question),
            Block::Text(_) => None,
        })
    }
}

impl Question {
    fn check(&self, file: &str, line: usize) -> Result<(), CourseError> {
        let right = self.options.iter().filter(|option| option.right).count();
        if !(2..=5).contains(&self.options.len()) || right != 1 {
            return Err(CourseError::new(
                file,
                format!("question {} has {} options, {right} of them right", self.id, self.options.len()),
                "give it two to five options and mark exactly one with right: true",
            )
            .at(line + 1, None));
        }
        Ok(())
    }

    /// Index of the right option.
    pub fn answer(&self) -> usize {
        self.options.iter().position(|option| option.right).unwrap_or(0)
    }
}

/// The front matter's text, and where the body begins.
fn front_matter<'a>(file: &str, text: &'a str) -> Result<(&'a str, usize), CourseError> {
    let error = |what: &str| CourseError::new(file, what, "begin the file with a line `---`, YAML, and a line `---`");
    let rest = text.strip_prefix("---\n").ok_or_else(|| error("the lesson does not begin with front matter"))?;
    let end = rest.find("\n---\n").ok_or_else(|| error("the front matter has no closing line `---`"))?;
    Ok((&rest[..=end], 4 + end + 5))
}
