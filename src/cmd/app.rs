//! What every command has at hand.

use crate::cli::Common;
use crate::course::{Course, Entry, Item, Round, Source, service};
use crate::engine::{ConnectOptions, Engine, EngineError, Practice};
use crate::failure::Failure;
use crate::learner::progress::exercise_at;
use crate::learner::{Clues, Home, Learner, LearnerError, Place};
use crate::term::{Line, Span, Style, Terminal, markdown, paint, prompt, sanitize, wrap_message};
use std::path::Path;

/// Options and terminal.
pub(super) struct App {
    /// Options that every command takes.
    pub common: Common,
    /// What the terminal can do.
    pub terminal: Terminal,
}

/// How a check stands, as a sign with a stand-in for terminals without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Good,
    Bad,
    Unknown,
}

/// An exercise as a learner has it: the rounds that the token draws, and which one is current.
pub(super) struct Mine<'a> {
    /// The exercise.
    pub entry: &'a Entry,
    /// All rounds.
    pub rounds: Vec<Round>,
    /// Index of the current one.
    pub current: usize,
    /// The practice registry, where the exercise needs one.
    pub practice: Option<Practice>,
}

impl Mine<'_> {
    /// The current round.
    pub fn round(&self) -> &Round {
        &self.rounds[self.current]
    }
}

impl App {
    /// The course of the binary, or the one that `--course` names.
    pub fn course(&self) -> Result<Course, Failure> {
        Ok(Course::load(&self.source())?)
    }

    /// Where the course's files come from.
    pub fn source(&self) -> Source {
        self.common.course.clone().map_or(Source::Embedded, Source::Folder)
    }

    /// The engine, or the reason why it cannot be told anything.
    pub async fn engine(&self) -> Result<Engine, Failure> {
        self.try_engine().await.map_err(|error| Failure::Engine(error.unavailable()))
    }

    /// The engine, where the reason is shown elsewhere.
    pub async fn try_engine(&self) -> Result<Engine, EngineError> {
        Engine::connect(&ConnectOptions::default()).await
    }

    pub fn mark(&self, mark: Mark) -> &'static str {
        match mark {
            Mark::Good => self.terminal.sign("✓", "[ok]"),
            Mark::Bad => self.terminal.sign("✗", "[--]"),
            Mark::Unknown => self.terminal.sign("?", "[??]"),
        }
    }

    /// Prints Markdown on standard output.
    pub fn say(&self, text: &str) -> Result<(), Failure> {
        Ok(self.terminal.print(&markdown::render(text, &self.terminal))?)
    }

    /// Asks yes or no; Ctrl-C is no.
    pub fn ask(&self, message: &str, default: bool) -> Result<bool, Failure> {
        match prompt::confirm(message, default, &self.terminal) {
            Ok(prompt::Reply::Given(yes)) => Ok(yes),
            Ok(prompt::Reply::Left) => Ok(false),
            Err(error) => Err(Failure::usage(error.to_string(), error.help())),
        }
    }

    /// Runs what waits for keys on a thread of its own, so that a signal is heard meanwhile.
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Terminal) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let terminal = self.terminal.clone();
        let done = tokio::task::spawn_blocking(move || work(&terminal)).await;
        done.map_err(|error| Failure::Io(std::io::Error::other(error.to_string())))
    }

    /// A path for a person: below their home directory with `~`, where a shell can be expected to
    /// read it so.
    pub fn place(&self, path: &Path) -> String {
        let user = etcetera::home_dir().ok().filter(|user| self.terminal.stdout && user.as_os_str() != "/");
        match user.and_then(|user| path.strip_prefix(user).ok().map(Path::to_owned)) {
            Some(rest) if rest.as_os_str().is_empty() => "~".to_owned(),
            Some(rest) => format!("~/{}", rest.display()),
            None => path.display().to_string(),
        }
    }

    /// Says on standard error why something failed, and what to do.
    pub fn tell_failure(&self, failure: &Failure) {
        let text = sanitize(&format!("dlearn: {failure}")).into_owned();
        // An error in a course shows a line of a file with a mark below it: that must not be moved.
        match failure {
            Failure::Course(_) => eprintln!("{text}"),
            _ if self.terminal.stderr => {
                let lines: Vec<Line> = text.lines().flat_map(|line| self.wrapped(line)).collect();
                eprint!("{}", paint(&lines, &self.terminal.for_stderr()));
            }
            _ => eprintln!("{text}"),
        }
    }

    fn wrapped(&self, line: &str) -> Vec<Line> {
        let own = line.len() - line.trim_start().len();
        let [first, rest] = [own, own + 2].map(|columns| [Span::plain(&" ".repeat(columns))]);
        let terminal = self.terminal.for_stderr();
        wrap_message(line.trim_start(), Style::PLAIN, terminal.text_width(), [&first, &rest], &terminal)
    }

    fn clues(&self) -> Result<Clues, Failure> {
        Ok(Clues::gather(self.common.dir.clone(), self.terminal.interactive())?)
    }

    /// The learner's folder, where there is one.
    pub fn home(&self) -> Result<Option<Home>, Failure> {
        match Home::find(&self.clues()?)? {
            Place::At(home) => Ok(Some(home)),
            Place::Ask { .. } | Place::Nowhere { .. } => Ok(None),
        }
    }

    /// The learner's folder; asks once where there is none yet. `None` where the learner left.
    pub async fn home_or_ask(&self) -> Result<Option<Home>, Failure> {
        let clues = self.clues()?;
        let (default, gone) = match Home::find(&clues)? {
            Place::At(home) => return Ok(Some(home)),
            Place::Nowhere { .. } => return Err(no_home()),
            Place::Ask { default, gone } => (default, gone),
        };
        match gone {
            Some(gone) => {
                let gone = self.place(&gone);
                self.say(&format!(
                    "Your course was kept in `{gone}`, and that folder is gone. If it was moved, say where it is now. \
                     If it is on a disk that is not there, leave with Esc and bring the disk back."
                ))?;
            }
            None => self.say(WELCOME)?,
        }
        crate::report::line("")?;
        loop {
            let default = self.place(&default);
            let asked = self.blocking(move |terminal| {
                prompt::text("Where shall your course be kept?", Some(&default), Some(HOW_TO_ANSWER), terminal)
            });
            match asked.await? {
                Ok(prompt::Reply::Given(answer)) => match Home::answer(&clues, &answer) {
                    Ok(home) => return Ok(Some(home)),
                    Err(error) => self.tell_failure(&error.into()),
                },
                Ok(prompt::Reply::Left) => {
                    self.say("Nothing was made. `dlearn next` asks again.")?;
                    return Ok(None);
                }
                Err(error) => return Err(Failure::usage(error.to_string(), error.help())),
            }
        }
    }

    /// Progress, to record one thing in.
    pub fn learner(&self, course: &Course) -> Result<Learner, Failure> {
        let home = self.home()?.ok_or_else(no_home)?;
        let learner = Learner::open_beside(&home, course)?;
        self.tell(&learner);
        Ok(learner)
    }

    /// Progress, to look at only; an empty one where the course has not begun.
    pub fn looking(&self, course: &Course) -> Result<Option<Learner>, Failure> {
        Ok(match self.home()? {
            Some(home) => Some(Learner::open_read_only(&home, course)?),
            None => None,
        })
    }

    /// Tells what was found out while opening the folder.
    pub fn tell(&self, learner: &Learner) {
        for note in learner.notes() {
            eprintln!("dlearn: {note}");
        }
    }

    /// The exercise that is meant: by id, by the current folder, or the current one.
    pub fn exercise<'a>(&self, course: &'a Course, learner: &Learner, id: Option<&str>) -> Result<&'a Entry, Failure> {
        if let Some(id) = id {
            return match course.item(id) {
                Some(Item::Exercise(id)) => Ok(&course.exercises[&id]),
                Some(Item::Lesson(id)) => {
                    let mut here = course.exercises.values().filter(|entry| entry.exercise.lesson == id);
                    let help = here.next().map_or("dlearn list shows the exercises".to_owned(), |entry| {
                        format!("its exercise is {}", entry.exercise.id)
                    });
                    Err(Failure::usage(format!("{id} is a lesson"), help))
                }
                None => Err(Failure::unknown_id("exercise", id, course.exercises.keys().map(String::as_str))),
            };
        }
        let enclosing = here(course, learner).map(|(entry, _)| entry);
        let current = || learner.state().current.as_ref().and_then(|id| course.exercises.get(id));
        enclosing.or_else(current).ok_or_else(|| {
            Failure::usage(
                "no exercise is meant: you are in none's folder, and none is current",
                "say which, by its id: dlearn list shows them all",
            )
        })
    }

    /// The learner's rounds of an exercise.
    pub fn mine<'a>(&self, course: &Course, learner: &mut Learner, entry: &'a Entry) -> Result<Mine<'a>, Failure> {
        let id = &entry.exercise.id;
        let token = learner.token_of(id)?;
        let needed = service::needs_registry(&entry.exercise.needs.services);
        let (practice, given) = match (needed, &self.common.registry) {
            (false, _) => (None, entry.given.clone()),
            (true, Some(elsewhere)) => (None, elsewhere.values()),
            (true, None) => {
                let practice = learner.practice()?;
                let given = service::registry_values(&practice.address(), &practice.user, practice.password.reveal());
                (Some(practice), given)
            }
        };
        let rounds = entry.with(given).rounds(&course.recipes, &token, &str::to_owned)?;
        let number = learner.state().exercises.get(id).map_or(1, |state| state.round);
        let current = number.clamp(1, rounds.len()) - 1;
        Ok(Mine { entry, rounds, current, practice })
    }

    /// The same for whoever is in the folder of an earlier round: then that round is meant.
    pub fn mine_here<'a>(&self, course: &Course, learner: &mut Learner, entry: &'a Entry) -> Result<Mine<'a>, Failure> {
        let mine = self.mine(course, learner, entry)?;
        let begun = |round: &usize| *round <= mine.current;
        let round = here(course, learner).filter(|(other, _)| other.exercise.id == entry.exercise.id);
        let current = round.and_then(|(_, round)| round).filter(begun).map_or(mine.current, |round| round - 1);
        Ok(Mine { current, ..mine })
    }
}

/// The exercise, and its round, whose folder the command was given in.
fn here<'a>(course: &'a Course, learner: &Learner) -> Option<(&'a Entry, Option<usize>)> {
    let here = std::env::current_dir().ok()?.canonicalize().ok()?;
    exercise_at(course, learner.home(), &here)
}

/// A path as one word of a shell's command line; `~/` stays what it is.
pub(super) fn shell_word(path: &str) -> String {
    let safe = |char: char| char.is_alphanumeric() || "/._~+-,@%".contains(char);
    if path.chars().all(safe) {
        return path.to_owned();
    }
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    match path.strip_prefix("~/") {
        Some(rest) => format!("~/{}", quoted(rest)),
        None => quoted(path),
    }
}

/// What somebody reads who has never seen dlearn.
const WELCOME: &str = "\
# Welcome to dlearn

An interactive Docker course: lessons to read, and exercises that you solve with your own Docker. \
dlearn asks your engine whether it is right, and says what is missing.

`q` leaves at any time, and your place is kept. `dlearn next` goes on; it is the only command to remember.";

/// Below the question where the course is kept.
const HOW_TO_ANSWER: &str = "Enter takes the folder in brackets, or type another; Esc leaves";

fn no_home() -> Failure {
    Failure::usage(
        "there is no course folder yet",
        "begin with dlearn next in a terminal, or say where: --dir DIR, or the variable DLEARN_HOME",
    )
}

impl From<LearnerError> for Failure {
    fn from(error: LearnerError) -> Self {
        Failure::Usage { what: error.to_string(), help: error.help() }
    }
}
