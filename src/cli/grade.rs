//! The options of `dlearn grade`.

use crate::share::Share;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use std::path::PathBuf;

/// What is graded, and how.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = GRADE_HELP, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct GradeOptions {
    /// Something else than grading
    #[command(subcommand)]
    pub action: Option<GradeAction>,
    /// A submission (a folder, .tar.gz, .tgz, .tar or .zip), or a folder with one for each learner
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Grade this exercise; may be given again. By default those that the submissions hold
    #[arg(long, value_name = "ID")]
    pub exercise: Vec<String>,
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
    /// Memory for what one submission builds and runs, as docker writes it (512m, 2g)
    #[arg(long, default_value = "1g", value_name = "SIZE", value_parser = size)]
    pub memory: u64,
    /// Room for one submission's images and builder cache, in memory
    #[arg(long, default_value = "2g", value_name = "SIZE", value_parser = size)]
    pub disk: u64,
    /// Processors for one submission
    #[arg(long, default_value_t = 1.0, value_name = "N", value_parser = processors)]
    pub cpus: f64,
    /// Build on this engine (unix://…, tcp://…), a virtual machine's say, instead of throw-away ones in containers
    #[arg(long, value_name = "HOST", conflicts_with_all = ["memory", "disk", "cpus"])]
    pub engine: Option<String>,
    /// Do not grade again what an earlier run has judged in full, as long as nothing that it rests on has changed: the
    /// submission's files, the course, this program, the base images, the limits
    #[arg(long)]
    pub resume: bool,
    /// Grade only a part of the class, by the submissions' names: the parts 1/3, 2/3 and 3/3 are all of it, wherever
    /// each is graded; `dlearn grade merge` joins them
    #[arg(long, value_name = "I/N", requires = "part")]
    pub shard: Option<Share>,
    /// Write what `dlearn grade merge` needs into this file
    #[arg(long, value_name = "FILE")]
    pub part: Option<PathBuf>,
    /// Who is in the class, and what counts how
    #[command(flatten)]
    pub class: ClassOptions,
    /// What is written
    #[command(flatten)]
    pub files: GradeFiles,
}

/// What `dlearn grade` does beside grading.
#[derive(Clone, Debug, Subcommand)]
pub enum GradeAction {
    /// Join parts of a class that were graded with --shard and --part: the same gradebook as of one run
    Merge(Box<MergeOptions>),
    /// Print a ready file for a place that grades in parallel, or that grades pull requests; without a name, list them
    Example {
        /// Which one, such as `swarm`
        name: Option<String>,
    },
}

/// Which parts are joined.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = MERGE_HELP)]
pub struct MergeOptions {
    /// The files that `dlearn grade --part` wrote
    #[arg(required = true, value_name = "FILE")]
    pub parts: Vec<PathBuf>,
    /// Go on where parts are not there: their submissions are shown as not judged
    #[arg(long)]
    pub incomplete: bool,
    /// Who is in the class, and what counts how
    #[command(flatten)]
    pub class: ClassOptions,
    /// What is written
    #[command(flatten)]
    pub files: GradeFiles,
}

/// Who is in the class, and what counts how.
#[derive(Clone, Debug, Default, Args)]
pub struct ClassOptions {
    /// Who is in the class: a CSV file whose first line is learner,name; columns `due` and `submitted` hold times
    #[arg(long, value_name = "FILE")]
    pub roster: Option<PathBuf>,
    /// When work is due, such as 2026-11-22T23:59:00+01:00; with ID= before it, when that exercise is. May be given again
    #[arg(long, value_name = "[ID=]TIME", value_parser = due, help_heading = LATE)]
    pub due: Vec<(Option<String>, Timestamp)>,
    /// When submissions came, as your learning platform knows it: a CSV file whose first line is learner,submitted, and
    /// perhaps ,exercise
    #[arg(long, value_name = "FILE", help_heading = LATE)]
    pub submitted: Option<PathBuf>,
    /// What each day late costs, from its first minute: percent of the points that were earned
    #[arg(long, default_value_t = 0, value_name = "PERCENT", help_heading = LATE,
        value_parser = clap::value_parser!(u8).range(0..=100))]
    pub late_percent: u8,
    /// Minutes after the due date that are still on time
    #[arg(long, default_value_t = 0, value_name = "MINUTES", help_heading = LATE)]
    pub late_grace: u32,
    /// What being late costs at most: percent of the points that were earned
    #[arg(long, default_value_t = 100, value_name = "PERCENT", help_heading = LATE,
        value_parser = clap::value_parser!(u8).range(0..=100))]
    pub late_most: u8,
    /// What is later than so many days earns nothing
    #[arg(long, value_name = "DAYS", help_heading = LATE)]
    pub late_days: Option<u32>,
    /// The points of this exercise come on top of all others; may be given again
    #[arg(long, value_name = "ID", help_heading = LATE)]
    pub bonus: Vec<String>,
    /// Bonus makes up for what was lost, and nobody gets more than all points
    #[arg(long, requires = "bonus", help_heading = LATE)]
    pub bonus_fills: bool,
}

/// The heading of what changes marks.
const LATE: &str = "Late and bonus";

/// What is written of a gradebook.
#[derive(Clone, Debug, Default, Args)]
pub struct GradeFiles {
    /// Write the gradebook for a spreadsheet
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Write a text for each learner into this folder; texts of an earlier grading are replaced
    #[arg(long, value_name = "DIR")]
    pub feedback: Option<PathBuf>,
    /// Write one page for a browser that needs no network: points, checks by learner, findings, what is alike
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write a JUnit report: a suite for each learner, a case for each check
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write Gradescope's results: of one submission into a file (results.json), else a file for each into a folder
    #[arg(long, value_name = "FILE|DIR")]
    pub gradescope: Option<PathBuf>,
    /// Write a table with details for the comment of a pull request
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
}

/// Below the options of `dlearn grade`.
const GRADE_HELP: &str = "\
A submission holds the exercises' folders as the learner has them (E01-first-dockerfile/…), as `dlearn submit` packs \
them; with a single --exercise it may be that folder itself. It is called after its folder or file, and so is the \
learner; with a roster, by the roster's name for them.

The steps of the reference solution are done with the submission's files, and every check is judged. Nothing is added \
to a submission. Refused before anything is built: ADD of an address or a Git repository, # syntax=, --network=host, \
--security=insecure, and images that neither the exercise nor its right answers use.

Each exercise of each submission has a throw-away engine within these limits, without a network unless the exercise \
asks for one. --jobs N needs room for N of them: memory and twice the disk, at most. With --engine, submissions share \
that engine, its builder's cache mounts, its network and its disk, and nothing bounds their builds but --seconds: name \
one that may be used up.

Submissions that are alike are flagged, and no points depend on it: the same token, in files or in images, and own \
lines that are nearly the same. What the course gives to everybody and what much of the class wrote does not count.

--due has late work cost what --late-percent says, of the points that were earned: each day that has begun counts, and \
the points before and after are shown. When a submission came is what you say (--submitted, or a column of the roster), \
never what it says itself; where that is not known, nothing is taken off. A column `due ID` in the roster is \
that learner's own due date; a column `due` gives them more time for everything, and never less than everybody has.

What could not be judged costs nothing: it is shown apart (6.5? of 10), and the exit code is 3. It is 0 when \
everything of every submission was judged, whatever the points.";

/// Below the options of `dlearn grade merge`.
const MERGE_HELP: &str = "\
The parts must be all of one class, graded by the same dlearn with the same course, limits, secret and roster; parts that \
were graded without a roster may get one here, which knows people as it would have then. Who handed nothing in, what is \
alike, what is late and what is a bonus is found out here: give the same options as to a single run.

The exit code is 0 when everything of every submission was judged, whatever the points, and 3 otherwise.";

/// `TIME` or `ID=TIME`
fn due(text: &str) -> Result<(Option<String>, Timestamp), String> {
    let (id, time) = match text.split_once('=') {
        Some((id, time)) => (Some(id.trim().to_owned()), time),
        None => (None, text),
    };
    crate::grade::late::time(time).map(|time| (id, time))
}

/// Bytes, written as docker does: a whole number, and b, k, m or g behind it (powers of 1024).
fn size(text: &str) -> Result<u64, String> {
    let number = text.trim_end_matches(|char: char| char.is_ascii_alphabetic());
    let unit: u64 = match text[number.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1 << 10,
        "m" | "mb" => 1 << 20,
        "g" | "gb" => 1 << 30,
        other => return Err(format!("`{other}` is no unit; write b, k, m or g")),
    };
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    match bytes.ok_or("write a whole number and b, k, m or g, such as 512m")? {
        bytes if bytes < SMALLEST => Err("write at least 64m".into()),
        bytes => Ok(bytes),
    }
}

/// Bytes: with less, no engine starts.
const SMALLEST: u64 = 64 << 20;

fn processors(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (0.1..=1024.0).contains(number));
    number.ok_or_else(|| "write a number from 0.1 to 1024".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_docker_reads_them() {
        assert_eq!(size("512m"), Ok(512 << 20));
        assert_eq!(size("2G"), Ok(2 << 30));
        assert_eq!(size("67108864"), Ok(64 << 20));
        for wrong in ["", "g", "1.5g", "-1g", "64", "5x", "99999999999999g", "1 g"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn processors_are_a_sensible_number() {
        assert_eq!(processors("0.5"), Ok(0.5));
        for wrong in ["0", "-1", "nan", "inf", "x"] {
            assert!(processors(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_due_date_may_be_one_exercises() {
        let (id, time) = due("E01=2026-11-22T23:59:00+01:00").unwrap();
        assert_eq!((id.as_deref(), time.to_string().as_str()), (Some("E01"), "2026-11-22T22:59:00Z"));
        assert_eq!(due("2026-11-22T22:59:00Z").unwrap(), (None, time));
        assert!(due("2026-11-22").unwrap_err().contains("+01:00"), "of which place?");
    }
}
