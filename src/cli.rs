//! The command line: types only.

mod grade;
mod images;

pub use grade::{ClassOptions, GradeAction, GradeFiles, GradeOptions, MergeOptions};
pub use images::ImagesAction;

use crate::share::Share;
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
        /// Outside a course: the checks of this YAML file, for any image; may be said several times
        #[arg(long, value_name = "FILE", conflicts_with = "id")]
        file: Vec<PathBuf>,
        /// An image instead of the file's own: NAME, or ALIAS=NAME where it is about several
        #[arg(long = "image", value_name = "[ALIAS=]NAME", requires = "file")]
        images: Vec<String>,
        /// Write a JUnit report into this file
        #[arg(long, value_name = "FILE")]
        junit: Option<PathBuf>,
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
        /// Exercise; by default the one whose folder you are in, or your current one
        id: Option<String>,
        /// Do not ask first; needed where nobody can be asked
        #[arg(long)]
        yes: bool,
        /// Write its files into this new folder instead of printing them
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Read a lesson from beginning to end; nothing is recorded
    ///
    /// In a terminal section by section, with search and a list of the sections; elsewhere all of it is printed.
    Read {
        /// Lesson
        id: String,
        /// Print all of it in a terminal too, as PAGER=cat does
        #[arg(long)]
        no_pager: bool,
    },
    /// Answer questions again: those that you missed, then those whose time has come
    Quiz {
        /// Lesson whose questions are asked instead
        id: Option<String>,
    },
    /// Open an exercise's folder in your editor
    Open {
        /// Exercise; by default the one whose folder you are in, or your current one
        id: Option<String>,
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
        /// Do not ask first; needed where nobody can be asked
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
    /// Show what each layer of an image holds, what is wasted, and what two images share
    Layers(LayersOptions),
    /// Show a Dockerfile's stages, what Docker refuses in it, and what its build checks find; needs no engine
    Dockerfile {
        /// The Dockerfile
        #[arg(default_value = "Dockerfile")]
        file: PathBuf,
        /// Check only the stages that this one needs
        #[arg(long, value_name = "STAGE")]
        target: Option<String>,
    },
    /// Take an image's name apart: registry, namespace, repository, tag, digest; or say what is wrong with it
    Ref {
        /// A name, such as shop:v1 or localhost:5000/team/shop
        name: String,
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
        /// Which one: `dlearn schema` lists them
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
    /// Show what an exercise's check shows here, as a block for SOLUTION.md: images, layers, sizes, digests, checks
    Evidence {
        /// Exercise; by default the one whose folder you are in, or your current one
        id: Option<String>,
        /// Put it into SOLUTION.md at the top of your course folder, in place of the exercise's last one
        #[arg(long)]
        write: bool,
    },
    /// Pack your work on exercises, to hand it in
    Submit {
        /// Exercises; by default all that you have begun
        ids: Vec<String>,
        /// Write the archive to this file instead of dlearn-submission-NAME.tar.gz here
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Instead write plain files into this folder, for a commit and a pull request (submissions/ada); what it held of
        /// an earlier submission is replaced
        #[arg(long, value_name = "DIR", conflicts_with = "output")]
        session: Option<PathBuf>,
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
    Grade(Box<GradeOptions>),
    /// Prove exercises (right answers pass, wrong ones fail for the right reason) and lessons (what they show happens)
    Selfcheck {
        /// Exercises and lessons; by default all
        ids: Vec<String>,
        /// Only with this builder; by-turns: each right and wrong answer with one of the two, starters and
        /// solutions with both; which of the two changes from day to day
        #[arg(long, value_parser = ["classic", "buildkit", "by-turns"])]
        builder: Option<String>,
        /// Only cases whose name contains this
        #[arg(long, value_name = "TEXT")]
        case: Option<String>,
        /// Of the right and wrong answers only each N-th, beginning with the I-th: shares 1/3, 2/3 and 3/3 are all
        #[arg(long, value_name = "I/N")]
        share: Option<Share>,
        /// How many cases at the same time
        #[arg(long, default_value_t = 2, value_name = "N")]
        jobs: usize,
        /// Prove on this engine (`own` for yours, or unix://…, tcp://…) instead of a throw-away one in a container
        #[arg(long, value_name = "HOST")]
        engine: Option<String>,
        /// Write the facts that each case's verdict rests on into this folder
        #[arg(long, value_name = "DIR")]
        record: Option<PathBuf>,
        /// Do not try again what an earlier run has shown, as long as nothing that it rests on has changed: this program,
        /// the engine, the base images, the exercise, its recipes
        #[arg(long, conflicts_with = "record")]
        resume: bool,
        /// Write a JUnit report into this file
        #[arg(long, value_name = "FILE")]
        junit: Option<PathBuf>,
        /// Instead switch off each check in turn, and tell which wrong answers need it
        #[arg(long, conflicts_with_all = ["engine", "record", "resume", "junit"])]
        mutate: bool,
    },
    /// Print what a shell needs to complete commands and options
    Completions {
        /// bash, zsh, fish, elvish or powershell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man {
        /// Write a page for each command into this folder instead
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
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

/// Which images are looked into.
#[derive(Clone, Debug, Args)]
pub struct LayersOptions {
    /// An image of the engine, or the archive of one (docker save, OCI layout; also compressed); `-` is standard input
    #[arg(value_name = "IMAGE|ARCHIVE")]
    pub image: String,
    /// Another one: which layers both share, and in what they differ
    #[arg(long, value_name = "IMAGE|ARCHIVE")]
    pub compare: Option<String>,
    /// List the paths of one layer, from 1 at the bottom
    #[arg(long, value_name = "N", conflicts_with = "compare", value_parser = clap::value_parser!(u16).range(1..))]
    pub layer: Option<u16>,
    /// Which image, where an archive holds several
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Hash every layer, too, and see that it is the one that the image names; --compare does so anyway
    #[arg(long)]
    pub verify: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_fits_together() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
