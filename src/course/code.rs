//! Code in lessons: what is typed, what is saved as a file, what is seen.
//!
//! The info string of a fenced block is a language and attributes (`sh fails`, `text file=.dockerignore`); readers do not
//! see attributes. A comment that begins so (`<!--sh`) is such a block, too, and they see nothing of it. [`Demo`] is what a lesson shows as something that can be done again: `dlearn selfcheck` does it,
//! `dlearn lint` looks whether everything says what it is. Pure. `lessons/README.md` is the manual.

mod attributes;

use crate::cmdline;
use crate::evidence::Builder;
use attributes::Attributes;

/// A fenced block as it stands in the file, or a comment that stands for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// Line of the opening fence, or of the comment's first line, in the file, from 1.
    pub line: usize,
    /// What stands behind the fence, or the sign that opens the comment.
    pub info: String,
    /// Its content.
    pub text: String,
    /// Nothing stands between the fenced block before and this one.
    pub follows: bool,
}

/// What a lesson shows, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demo {
    /// What is to be done, and seen.
    pub parts: Vec<Part>,
    /// What cannot be done, and why.
    pub skipped: Vec<Skipped>,
}

/// One block of commands, or one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Line of its fence.
    pub line: usize,
    /// Done with this builder only; with each for none.
    pub builder: Option<Builder>,
    /// What is done, one after another.
    pub acts: Vec<Act>,
    /// What the commands print, as the lesson shows it.
    pub shown: Vec<Shown>,
}

/// What a learner does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Enters a command.
    Enter {
        /// Its line in the file.
        line: usize,
        /// It, perhaps of several lines.
        command: String,
        /// It must end with an exit status other than 0, not with 0.
        fails: bool,
        /// A line that is typed while it runs.
        input: Option<String>,
    },
    /// Saves a file.
    Save {
        /// Its line in the file.
        line: usize,
        /// Its path: relative to the current folder, or `~/…`.
        path: String,
        /// Its content.
        text: String,
    },
}

/// Lines that must occur in what the commands print, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Said of this builder only.
    pub builder: Option<Builder>,
    /// Said of engines from this version on: major, minor.
    pub since: Option<(u32, u32)>,
    /// Line in the file, and text.
    pub lines: Vec<(usize, String)>,
}

/// A block that is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Line of its fence.
    pub line: usize,
    /// The author's reason.
    pub reason: String,
}

/// What is wrong with a block's attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Line in the file.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub advice: String,
}

/// The file of a `dockerfile` block that names none.
const DOCKERFILE: &str = "Dockerfile";
/// Behind this sign stands a remark of the author's, in a line that is shown as printed.
const REMARK: char = '◀';

impl Fence {
    /// A comment that stands for a block: behind `<!--` comes one of these languages at once.
    ///
    /// # Errors
    /// What is wrong, where it is not such a comment from beginning to end.
    pub(super) fn of_comment(html: &str, line: usize, follows: bool) -> Result<Option<Self>, &'static str> {
        let Some(comment) = html.trim().strip_prefix("<!--") else { return Ok(None) };
        let (info, rest) = comment.split_once('\n').unwrap_or((comment, ""));
        let language = info.split([' ', '-']).next().unwrap_or_default();
        if !["sh", "text", "dockerfile"].contains(&language) {
            return Ok(None);
        }
        let text = rest.strip_suffix("-->").ok_or("the comment ends before its last line")?;
        Ok(Some(Self { line, info: info.to_owned(), text: text.to_owned(), follows }))
    }
}

impl Demo {
    /// Reads the blocks of a lesson: what can be done, and what is wrong with them.
    pub fn read(fences: &[Fence]) -> (Self, Vec<Mistake>) {
        let mut reading = Reading::default();
        for fence in fences {
            if let Err(mistake) = reading.fence(fence) {
                reading.mistakes.push(mistake);
            }
        }
        reading.unbuilt();
        (reading.demo, reading.mistakes)
    }

    /// Whether a command begins with this word.
    pub fn uses(&self, program: &str) -> bool {
        let acts = self.parts.iter().flat_map(|part| &part.acts);
        acts.into_iter().any(|act| match act {
            Act::Enter { command, .. } => {
                command.split(['\n', '|', ';', '&']).any(|part| part.split_whitespace().next() == Some(program))
            }
            Act::Save { .. } => false,
        })
    }
}

/// To which commands an output belongs.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Above {
    /// There are none.
    #[default]
    Nothing,
    /// To those of this part.
    Part(usize),
    /// To some that are not done.
    Skipped,
}

#[derive(Default)]
struct Reading {
    demo: Demo,
    mistakes: Vec<Mistake>,
    /// The commands last read.
    above: Above,
    /// The block last read was commands, or their output.
    outputs_follow: bool,
}

fn mistake(line: usize, what: impl Into<String>, advice: impl Into<String>) -> Mistake {
    Mistake { line, what: what.into(), advice: advice.into() }
}

impl Reading {
    fn fence(&mut self, fence: &Fence) -> Result<(), Mistake> {
        let outputs_follow = std::mem::take(&mut self.outputs_follow);
        let (language, attributes) = Attributes::read(fence)?;
        match language.as_str() {
            "sh" if attributes.get("file").is_none() => self.commands(fence, &attributes),
            "text" if attributes.get("file").is_none() => {
                self.text(fence, &attributes, outputs_follow && fence.follows)
            }
            "" => Err(mistake(
                fence.line,
                "the block names no language",
                "write text, sh, dockerfile, … behind the fence",
            )),
            "console" | "shell" | "bash" | "shell-session" => Err(mistake(
                fence.line,
                format!("`{language}` is not run"),
                "write commands in an sh block, without a prompt, and their output in a text block",
            )),
            language => self.file(fence, language, &attributes),
        }
    }

    fn skipped(&mut self, fence: &Fence, attributes: &Attributes) -> Result<bool, Mistake> {
        let Some(reason) = attributes.get("skip") else { return Ok(false) };
        if reason.trim().is_empty() {
            return Err(mistake(fence.line, "skip gives no reason", "write skip=\"why it cannot be run\""));
        }
        self.demo.skipped.push(Skipped { line: fence.line, reason: reason.to_owned() });
        Ok(true)
    }

    fn commands(&mut self, fence: &Fence, attributes: &Attributes) -> Result<(), Mistake> {
        attributes.only(fence, &["skip", "builder", "fails", "input"])?;
        self.outputs_follow = true;
        if self.skipped(fence, attributes)? {
            self.above = Above::Skipped;
            return Ok(());
        }
        let entered = cmdline::commands(&fence.text);
        if entered.is_empty() {
            return Err(mistake(fence.line, "the block holds no command", "write one, or take the block out"));
        }
        let failing = failing(fence, attributes, entered.len())?;
        let input = attributes.get("input").map(str::to_owned);
        let count = entered.len();
        let acts = entered.into_iter().enumerate().map(|(index, command)| Act::Enter {
            line: fence.line + command.line,
            command: command.text,
            fails: failing.contains(&(index + 1)),
            input: input.clone().filter(|_| index + 1 == count),
        });
        let builder = attributes.builder(fence)?;
        self.above = Above::Part(self.demo.parts.len());
        self.demo.parts.push(Part { line: fence.line, builder, acts: acts.collect(), shown: Vec::new() });
        Ok(())
    }

    fn file(&mut self, fence: &Fence, language: &str, attributes: &Attributes) -> Result<(), Mistake> {
        attributes.only(fence, &["file", "skip"])?;
        if self.skipped(fence, attributes)? {
            return Ok(());
        }
        let path = match (attributes.get("file"), language) {
            (Some(path), _) => path,
            (None, "dockerfile") => DOCKERFILE,
            (None, _) => {
                let what = format!("the `{language}` block does not say which file it is");
                return Err(mistake(fence.line, what, "write file=NAME behind the language, or skip=\"why not\""));
            }
        };
        let plain = |part: &str| {
            let known = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            !part.is_empty() && part != ".." && part.chars().all(known)
        };
        if !path.strip_prefix("~/").unwrap_or(path).split('/').all(plain) {
            let what = format!("`{path}` is no path for a file of a lesson");
            return Err(mistake(
                fence.line,
                what,
                "write a path below the current folder, or ~/…, in letters, digits, dots and dashes",
            ));
        }
        let acts = vec![Act::Save { line: fence.line, path: path.to_owned(), text: fence.text.clone() }];
        self.demo.parts.push(Part { line: fence.line, builder: None, acts, shown: Vec::new() });
        Ok(())
    }

    fn text(&mut self, fence: &Fence, attributes: &Attributes, follows: bool) -> Result<(), Mistake> {
        attributes.only(fence, &["output", "drawing", "builder", "since", "columns", "skip"])?;
        let says = |name: &'static str| attributes.get(name).is_some();
        if says("drawing") || !(follows || says("output")) {
            let odd = ["output", "builder", "since", "columns", "skip"].into_iter().find(|name| says(name));
            return match odd {
                Some(name) => {
                    let what = format!("`{name}` is said of a block that is no output of commands");
                    Err(mistake(fence.line, what, "write output, too, if the commands above print it"))
                }
                None => Ok(()),
            };
        }
        self.outputs_follow = true;
        if self.skipped(fence, attributes)? {
            return Ok(());
        }
        let part = match self.above {
            Above::Part(part) => part,
            Above::Skipped => return Ok(()),
            Above::Nothing => {
                return Err(mistake(
                    fence.line,
                    "there are no commands above that could print this",
                    "put it below them, or take `output` away",
                ));
            }
        };
        let builder = attributes.builder(fence)?;
        let since = attributes.since(fence)?;
        let lines = fence.text.lines().enumerate().map(|(index, line)| (fence.line + 1 + index, line.to_owned()));
        let shown = match says("columns") {
            false => vec![Shown { builder, since, lines: lines.collect() }],
            true => columns(fence, since)?,
        };
        self.demo.parts[part]
            .shown
            .extend(shown.into_iter().map(|shown| Shown { lines: worded(shown.lines), ..shown }));
        Ok(())
    }

    /// A Dockerfile that nothing builds is not proven.
    fn unbuilt(&mut self) {
        let acts: Vec<&Act> = self.demo.parts.iter().flat_map(|part| &part.acts).collect();
        for (index, act) in acts.iter().enumerate() {
            let Act::Save { line, path, .. } = act else { continue };
            let name = path.rsplit('/').next().unwrap_or_default();
            let until = |act: &&&Act| !matches!(act, Act::Save { path: other, .. } if other == path);
            let builds = |act: &&Act| matches!(act, Act::Enter { command, .. } if command.contains("build"));
            let mut below = acts[index + 1..].iter().take_while(until);
            if name.to_ascii_lowercase().contains("dockerfile") && !name.ends_with("ignore") && !below.any(builds) {
                let advice = "add the command that builds it, or say skip=\"why not\"";
                self.mistakes.push(mistake(*line, format!("no command below builds this `{name}`"), advice));
            }
        }
    }
}

/// Numbers, from 1, of the commands that must fail.
fn failing(fence: &Fence, attributes: &Attributes, count: usize) -> Result<Vec<usize>, Mistake> {
    match attributes.get("fails") {
        None => Ok(Vec::new()),
        Some("") => Ok(vec![count]),
        Some(numbers) => {
            let numbers: Option<Vec<usize>> = numbers.split([' ', ',']).map(|number| number.parse().ok()).collect();
            numbers.filter(|numbers| numbers.iter().all(|number| (1..=count).contains(number))).ok_or_else(|| {
                let what = format!("fails names other commands than the block has: it has {count}");
                mistake(fence.line, what, "write fails for the last one, or their numbers: fails=\"1 3\"")
            })
        }
    }
}

/// Two columns beside each other, under the titles `BuildKit` and `classic builder`.
fn columns(fence: &Fence, since: Option<(u32, u32)>) -> Result<Vec<Shown>, Mistake> {
    const TITLES: [&str; 2] = ["BuildKit", "classic"];
    let head = fence.text.lines().next().unwrap_or_default();
    let place = |title: &str| head.find(title).map(|bytes| head[..bytes].chars().count());
    let (Some(left), Some(right)) = (place(TITLES[0]), place(TITLES[1])) else {
        let advice = "write BuildKit and classic builder above the columns: the second begins where its title does";
        return Err(mistake(fence.line + 1, "the columns have no titles", advice));
    };
    if left >= right {
        return Err(mistake(fence.line + 1, "the columns stand the other way round", "put BuildKit on the left"));
    }
    let column = |builder, from: usize, to: usize| {
        let cut = |line: &str| line.chars().skip(from).take(to - from).collect::<String>();
        let lines = fence.text.lines().enumerate().skip(1).map(|(index, line)| (fence.line + 1 + index, cut(line)));
        Shown { builder: Some(builder), since, lines: lines.collect() }
    };
    Ok(vec![column(Builder::BuildKit, 0, right), column(Builder::Classic, right, usize::MAX)])
}

/// The lines that say something, without remarks.
fn worded(lines: Vec<(usize, String)>) -> Vec<(usize, String)> {
    let without_remark = |line: String| line.split(REMARK).next().unwrap_or_default().trim().to_owned();
    lines.into_iter().map(|(line, text)| (line, without_remark(text))).filter(|(_, text)| !text.is_empty()).collect()
}

#[cfg(test)]
mod tests;
