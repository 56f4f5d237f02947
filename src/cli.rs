//! The command line: types only.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// An interactive Docker course in the terminal.
#[derive(Debug, Parser)]
#[command(name = "dlearn", version, about, after_help = "Start with: dlearn next")]
pub struct Cli {
    /// Options that every command takes.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options that every command takes.
#[derive(Clone, Debug, Args)]
pub struct Common {
    /// Folder that holds your course (else DLEARN_HOME, the enclosing folder, or what you chose once)
    #[arg(long, global = true, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Another course: a folder with lessons/, exercises/ and checks/
    #[arg(long, global = true, value_name = "DIR")]
    pub course: Option<PathBuf>,
    /// A registry to practise with instead of the practice registry, with your namespace there (docker.io/ada)
    #[arg(long, global = true, value_name = "HOST/NAMESPACE", env = "DLEARN_REGISTRY")]
    pub registry: Option<crate::course::service::Elsewhere>,
    /// Print JSON (documented, versioned by the field `schema`)
    #[arg(long, global = true)]
    pub json: bool,
}

/// The commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Go on where you were: lesson, quiz, exercise, check, and on to the next
    Next {
        /// Go to this lesson or exercise
        id: Option<String>,
    },
    /// Check an exercise once
    Check {
        /// Exercise; by default the one whose folder you are in, or your current one
        id: Option<String>,
        /// Write all facts that the verdicts rest on to this file
        #[arg(long, value_name = "FILE")]
        record: Option<PathBuf>,
        /// Judge recorded facts again, without an engine
        #[arg(long, value_name = "FILE", conflicts_with = "record")]
        replay: Option<PathBuf>,
    },
    /// Check again whenever a file or the engine changes
    Watch {
        /// Exercise; by default the one whose folder you are in, or your current one
        id: Option<String>,
    },
    /// Show a hint, one more each time
    Hint {
        /// Exercise; by default the one whose folder you are in, or your current one
        id: Option<String>,
    },
    /// Show the reference solution
    Solution {
        /// Exercise
        id: String,
        /// Do not ask first
        #[arg(long)]
        yes: bool,
        /// Write its files into this new folder instead of printing them
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Read a lesson from beginning to end
    Read {
        /// Lesson
        id: String,
    },
    /// Show how far you are
    Status,
    /// List the course's lessons and exercises
    List,
    /// Put an exercise's folder back to its beginning; what you wrote is kept aside
    Reset {
        /// Exercise; by default the one whose folder you are in, or your current one
        id: Option<String>,
        /// Leave the files alone; have an empty practice registry instead, on another port and with another password
        #[arg(long, conflicts_with = "id")]
        new_registry: bool,
        /// Do not ask first
        #[arg(long)]
        yes: bool,
    },
    /// Remove what dlearn left in your engine, and nothing else
    Clean {
        /// Only list it
        #[arg(long)]
        dry_run: bool,
        /// Do not ask first
        #[arg(long)]
        yes: bool,
    },
    /// List what a build would send to the engine, and why each file is in or out
    Context {
        /// Build context
        #[arg(default_value = ".")]
        context: PathBuf,
        /// Dockerfile, relative to the context
        #[arg(short, long, default_value = "Dockerfile", value_name = "FILE")]
        file: String,
    },
    /// Look whether everything that the course needs is there
    Doctor,
    /// The base images of the course
    Images {
        /// What to do
        #[command(subcommand)]
        action: ImagesAction,
    },
    /// Explain a kind of check or a recipe, for authors; without a name, list them all
    Explain {
        /// Kind of check, such as `built_from`, or recipe, such as `built-here`
        #[arg(value_name = "KIND|RECIPE")]
        name: Option<String>,
    },
    /// Print the JSON schema of a course's files, for editors; without a name, list them
    Schema {
        /// `exercise`, `lesson`, `course` or `recipe`
        name: Option<String>,
    },
    /// Look for mistakes in a course, without an engine
    Lint {
        /// Only in this folder or file of a course; by default the course around the current folder, else the built-in one
        path: Option<PathBuf>,
    },
    /// Begin a lesson, an exercise, a recipe or a course with files that work, to edit
    New {
        /// What to begin
        #[command(subcommand)]
        what: New,
    },
    /// Pack your work on exercises, to hand it in
    Submit {
        /// Exercises; by default all that you have begun
        ids: Vec<String>,
        /// Write the archive to this file instead of dlearn-submission-NAME.tar.gz here
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Who you are, as your instructor knows you
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// Join a class with the key that your instructor gave you, before you begin an exercise
    Join {
        /// 32 letters and digits
        key: String,
    },
    /// Print a key for each learner of a class, to hand out; `grade` then finds tokens of other people
    Keys {
        /// Who is in the class: a CSV file whose first line is learner,name
        #[arg(value_name = "ROSTER")]
        roster: PathBuf,
        /// The secret that the keys follow from: at least 16 bytes, which only you have
        #[arg(long, value_name = "FILE")]
        secret_file: PathBuf,
    },
    /// Grade submissions of a class
    Grade(GradeOptions),
    /// Prove exercises: the starter fails, right answers pass, wrong ones fail for the right reason
    Selfcheck {
        /// Exercises; by default all
        ids: Vec<String>,
        /// Only with this builder
        #[arg(long, value_parser = ["classic", "buildkit"])]
        builder: Option<String>,
        /// Only cases whose name contains this
        #[arg(long, value_name = "TEXT")]
        case: Option<String>,
        /// How many cases at the same time
        #[arg(long, default_value_t = 2, value_name = "N")]
        jobs: usize,
        /// Prove on this engine (`own` for yours, or unix://…, tcp://…) instead of a throw-away one in a container
        #[arg(long, value_name = "HOST")]
        engine: Option<String>,
        /// Write the facts that each case's verdict rests on into this folder
        #[arg(long, value_name = "DIR")]
        record: Option<PathBuf>,
    },
}

/// What an author can begin.
#[derive(Clone, Debug, Subcommand)]
pub enum New {
    /// An exercise that can be proven at once
    Exercise {
        /// Its id, such as X01
        id: String,
        /// Its title
        #[arg(default_value = "A greeting")]
        title: String,
        /// The lesson that it belongs to; by default the last one of the course
        #[arg(long, value_name = "ID")]
        lesson: Option<String>,
    },
    /// A lesson with a question
    Lesson {
        /// Its id, such as L29
        id: String,
        /// Its title
        #[arg(default_value = "A lesson")]
        title: String,
    },
    /// A recipe: a named combination of checks
    Check {
        /// Its name, such as own-folder
        name: String,
    },
    /// A course of one lesson and one exercise
    Course {
        /// A folder that does not exist yet, or is empty
        folder: PathBuf,
    },
}

/// What is graded, and how.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = GRADE_HELP)]
pub struct GradeOptions {
    /// A submission (a folder, .tar.gz, .tgz, .tar or .zip), or a folder with one for each learner
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Grade this exercise; may be given again. By default those that the submissions hold
    #[arg(long, value_name = "ID")]
    pub exercise: Vec<String>,
    /// Who is in the class: a CSV file whose first line is learner,name
    #[arg(long, value_name = "FILE")]
    pub roster: Option<PathBuf>,
    /// The secret that the learners' tokens follow from, to find tokens of other people
    #[arg(long, value_name = "FILE", requires = "roster")]
    pub secret_file: Option<PathBuf>,
    /// An image that answers may use beside those of the exercise; may be given again
    #[arg(long, value_name = "IMAGE")]
    pub allow_image: Vec<String>,
    /// Seconds for one round of an exercise; longer is "not yet"
    #[arg(long, default_value_t = 300, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub seconds: u64,
    /// How many submissions at the same time
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: u16,
    /// Build on this engine (unix://…, tcp://…), a virtual machine's say, instead of throw-away ones in containers
    #[arg(long, value_name = "HOST")]
    pub engine: Option<String>,
    /// Write the gradebook for a spreadsheet
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Write a text for each learner into this folder; texts of an earlier grading are replaced
    #[arg(long, value_name = "DIR")]
    pub feedback: Option<PathBuf>,
}

/// Below the options of `dlearn grade`.
const GRADE_HELP: &str = "\
A submission holds the exercises' folders as the learner has them (E01-first-dockerfile/…), as `dlearn submit` packs \
them; with a single --exercise it may be that folder itself. It is called after its folder or file, and so is the \
learner; with a roster, by the roster's name for them.

The steps of the reference solution are done with the submission's files, and every check is judged. Nothing is added \
to a submission. Refused before anything is built: ADD of an address or a Git repository, # syntax=, --network=host, \
--security=insecure, and images that neither the exercise nor its right answers use.

What could not be judged costs nothing: it is shown apart (6.5? of 10), and the exit code is 3. It is 0 when \
everything of every submission was judged, whatever the points.";

/// What to do with base images.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum ImagesAction {
    /// Show which are here
    List,
    /// Pull those that are missing
    Pull,
}
