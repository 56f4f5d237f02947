//! `lessons/*.md`: front matter, Markdown, quiz blocks, code. `lessons/README.md` is its manual.

use super::CourseError;
use super::code::Fence;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One lesson.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// Its file, relative to the course's folder.
    pub file: String,
    /// Its front matter.
    pub front: Front,
    /// What is shown at one time: the text before the first `##` heading, then one for each `##`.
    pub sections: Vec<Section>,
    /// Ids of earlier lessons' questions that are asked before the first section (a fenced block with the info string
    /// `recall`: a YAML list).
    pub recall: Vec<String>,
    /// Its other fenced blocks, in the order of the file.
    pub fences: Vec<Fence>,
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
    /// Images that its commands use beside `busybox:1.36` and `python:3.11-slim`: `dlearn selfcheck` brings them.
    #[serde(default)]
    pub images: Vec<String>,
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

/// Most bytes of a lesson; the longest of this course has some 16 000.
const LARGEST: usize = 1 << 20;

/// Title of the section that asks about earlier lessons.
const BEFORE: &str = "Before you begin";

/// What a fenced block is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Quiz,
    Recall,
    Code,
}

/// A fenced block that is being read.
struct Open {
    what: What,
    fence: Fence,
}

impl Lesson {
    /// Reads a lesson.
    ///
    /// # Errors
    /// Names `file`, line and column, for front matter or a quiz that is not what it should be.
    pub fn parse(file: &str, text: &str) -> Result<Self, CourseError> {
        if text.len() > LARGEST {
            return Err(CourseError::new(file, "the lesson has more than 1 MiB", "make several lessons of it"));
        }
        // Editors on Windows end lines with CR LF.
        let text = &text.replace("\r\n", "\n");
        let (front_text, body_start) = front_matter(file, text)?;
        let front: Front = super::source::yaml_at(file, front_text, 1)?;
        let body = &text[body_start..];
        let mut sections = vec![Section { title: front.title.clone(), blocks: Vec::new() }];
        let (mut recall, mut fences) = (Vec::new(), Vec::new());
        let mut from = 0;
        let mut heading: Option<std::ops::Range<usize>> = None;
        let mut open: Option<Open> = None;
        let mut html: Option<String> = None;
        // Where the fence before ended, as long as nothing but empty lines follows it.
        let mut fence_end = 0;
        let push_text = |sections: &mut Vec<Section>, text: &str| {
            let text = text.trim();
            let blocks = &mut sections.last_mut().expect("there is always a section").blocks;
            match blocks.last_mut() {
                _ if text.is_empty() => {}
                // Around a comment: it is one text.
                Some(Block::Text(before)) => before.push_str(&format!("\n\n{text}")),
                _ => blocks.push(Block::Text(text.to_owned())),
            }
        };
        // Blocks come in their order: only what lies between them is counted.
        let mut counted = (0, 0);
        let mut line_at = |at: usize| {
            let (from, lines) = counted;
            counted = (body_start + at, lines + text[from..body_start + at].matches('\n').count());
            counted.1
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
                Event::Start(Tag::HtmlBlock) => html = Some(String::new()),
                Event::Html(part) => {
                    if let Some(html) = &mut html {
                        html.push_str(&part);
                    }
                }
                Event::End(TagEnd::HtmlBlock) => {
                    let follows = !fences.is_empty() && body[fence_end..span.start].trim().is_empty();
                    let html = html.take().unwrap_or_default();
                    let line = line_at(span.start) + 1;
                    let comment = Fence::of_comment(&html, line, follows).map_err(|what| {
                        let help =
                            "let `-->` stand on a line of its own, and nowhere else in the comment: write … for --->";
                        CourseError::new(file, what, help).at(line, None)
                    })?;
                    if let Some(fence) = comment {
                        push_text(&mut sections, &body[from..span.start]);
                        fences.push(fence);
                        (fence_end, from) = (span.end, span.end);
                    }
                }
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                    let what = match &*info {
                        "quiz" => What::Quiz,
                        "recall" => What::Recall,
                        _ => What::Code,
                    };
                    if what != What::Code {
                        push_text(&mut sections, &body[from..span.start]);
                    }
                    let follows = !fences.is_empty() && body[fence_end..span.start].trim().is_empty();
                    // The line of the fence itself, from 1.
                    let line = line_at(span.start) + 1;
                    open = Some(Open {
                        what,
                        fence: Fence { line, info: info.to_string(), text: String::new(), follows },
                    });
                }
                Event::Text(text) => {
                    if let Some(Open { fence, .. }) = &mut open {
                        fence.text.push_str(&text);
                    }
                }
                Event::End(TagEnd::CodeBlock) => {
                    let Some(Open { what, fence }) = open.take() else { continue };
                    match what {
                        What::Quiz => {
                            let question: Question = super::source::yaml_at(file, &fence.text, fence.line)?;
                            question.check(file, fence.line)?;
                            let section = sections.last_mut().expect("there is always a section");
                            section.blocks.push(Block::Question(question));
                        }
                        What::Recall => {
                            let ids: Vec<String> = super::source::yaml_at(file, &fence.text, fence.line)?;
                            recall.extend(ids);
                        }
                        What::Code => {
                            fences.push(fence);
                            fence_end = span.end;
                            continue;
                        }
                    }
                    from = span.end;
                }
                _ => {}
            }
        }
        push_text(&mut sections, &body[from..]);
        sections.retain(|section| !section.blocks.is_empty());
        if sections.is_empty() {
            return Err(CourseError::new(file, "the lesson has no text", "write Markdown below the front matter"));
        }
        Ok(Self { file: file.to_owned(), front, sections, recall, fences })
    }

    /// The lesson with a section in front that asks these questions; the lesson itself for none.
    #[must_use]
    pub fn beginning_with(&self, questions: Vec<&Question>) -> Self {
        let mut lesson = self.clone();
        if !questions.is_empty() {
            let few = if questions.len() == 1 { "A question" } else { "A few questions" };
            let text = "about what you have read before. Answering from memory is what makes it stay.";
            let mut blocks = vec![Block::Text(format!("## {BEFORE}\n\n{few} {text}"))];
            blocks.extend(questions.into_iter().cloned().map(Block::Question));
            lesson.sections.insert(0, Section { title: BEFORE.into(), blocks });
        }
        lesson
    }

    /// How many sections stand in front of its own.
    pub fn sections_before(&self) -> usize {
        usize::from(self.sections.first().is_some_and(|section| section.title == BEFORE))
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

#[cfg(test)]
mod tests {
    use super::*;

    const FRONT: &str = "---\nid: L02\ntitle: Two\nminutes: 5\nobjective: See.\n---\n";

    #[test]
    fn questions_to_recall_are_no_text() {
        let text = format!("{FRONT}\n```recall\n[L01.a, L01.b]\n```\n\nText.\n\n## More\n\nText.\n");
        let lesson = Lesson::parse("lessons/L02.md", &text).unwrap();
        assert_eq!(lesson.recall, ["L01.a", "L01.b"]);
        assert_eq!(lesson.sections[0].blocks, [Block::Text("Text.".into())]);
        assert_eq!(lesson.sections.len(), 2);
    }

    #[test]
    fn a_broken_recall_block_is_told_with_its_line() {
        let error = Lesson::parse("lessons/L02.md", &format!("{FRONT}\n```recall\nids: [L01.a]\n```\n")).unwrap_err();
        assert_eq!((error.file.as_str(), error.line), ("lessons/L02.md", Some(9)), "{error}");
    }

    #[test]
    fn a_lesson_of_many_blocks_is_read_in_time_and_has_a_limit() {
        let text = format!("{FRONT}\n{}", "```sh\n```\n".repeat(50_000));
        let lesson = Lesson::parse("lessons/L02.md", &text).unwrap();
        assert_eq!(lesson.fences.last().map(|fence| fence.line), Some(8 + 2 * 49_999));
        assert!(Lesson::parse("lessons/L02.md", &text.repeat(3)).unwrap_err().what.contains("1 MiB"));
    }

    #[test]
    fn a_text_with_a_comment_in_it_stays_one_screen() {
        let text = format!("{FRONT}\nOne.\n\n<!--sh\ntrue\n-->\n\nTwo.\n\n<!-- a note -->\n\nThree.\n");
        let lesson = Lesson::parse("lessons/L02.md", &text).unwrap();
        assert_eq!(lesson.sections[0].blocks, [Block::Text("One.\n\nTwo.\n\n<!-- a note -->\n\nThree.".into())]);
        assert_eq!(lesson.fences.len(), 1);
    }
}
