//! Who is in a class, and what turns points into marks: from the options of `dlearn grade` and the files that they name.

use crate::cli::ClassOptions;
use crate::failure::Failure;
use crate::grade::closing::Closing;
use crate::grade::gradebook::Column;
use crate::grade::late::{self, Deadlines, Policy, Times};
use crate::grade::roster::{self, CourseSecret, Roster};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Bytes of a secret file that are read.
const LARGEST_SECRET: u64 = 4096;

/// What the options say.
pub(super) fn closing(options: &ClassOptions) -> Result<Closing, Failure> {
    let roster = options.roster.as_deref().map(read_roster).transpose()?;
    let policy = Policy {
        percent_per_day: options.late_percent,
        grace_minutes: options.late_grace,
        most_percent: options.late_most,
        days: options.late_days,
    };
    let mut due = Times::default();
    for (id, time) in &options.due {
        let help = "name one for all exercises, and one for each that differs";
        due.add(id.as_deref(), *time).map_err(|why| Failure::usage(format!("--due: {why}"), help))?;
    }
    let submitted = match &options.submitted {
        Some(path) => {
            let text = read(path, roster::LARGEST, "the times")?;
            let wrong =
                |why| Failure::usage(format!("the times {}: {why}", path.display()), "its lines are learner,submitted");
            late::submitted(&text).map_err(wrong)?
        }
        None => Default::default(),
    };
    let deadlines = Deadlines { policy, due, submitted };
    if !deadlines.is_set(roster.as_ref()) && (policy != Policy::default() || options.submitted.is_some()) {
        let help = "say when: --due TIME, --due ID=TIME, or a column `due` in the roster";
        return Err(Failure::usage("it is said what being late costs, and nothing is due", help));
    }
    Ok(Closing { roster, deadlines, bonus: options.bonus.clone(), bonus_fills: options.bonus_fills })
}

/// The columns, each with whether it is a bonus.
pub(super) fn columns(closing: &Closing, columns: Vec<Column>) -> Result<Vec<Column>, Failure> {
    closing.columns(columns).map_err(|why| Failure::usage(why, "name exercises that are graded"))
}

/// A time of the roster or of a platform's file is of no exercise of the course.
pub(super) fn not_of_the_course(why: String) -> Failure {
    Failure::usage(why, "write an exercise's id (a column `due E01`, a line ada,TIME,E01), or take it out of the file")
}

/// The secret of a class.
pub(super) fn read_secret(path: &Path) -> Result<CourseSecret, Failure> {
    let text = read(path, LARGEST_SECRET, "the secret")?;
    let wrong = |why| Failure::usage(format!("the secret {}: {why}", path.display()), "name a file that holds one");
    CourseSecret::read(&text).map_err(wrong)
}

/// Who is in a class.
pub(super) fn read_roster(path: &Path) -> Result<Roster, Failure> {
    let text = read(path, roster::LARGEST, "the roster")?;
    let wrong = |why| Failure::usage(format!("the roster {}: {why}", path.display()), "its lines are learner,name");
    Roster::read(&text).map_err(wrong)
}

fn read(path: &Path, largest: u64, what: &str) -> Result<String, Failure> {
    let bytes = read_bytes(path, largest, what)?;
    String::from_utf8(bytes)
        .map_err(|_| Failure::usage(format!("{what} {}: it is no text (UTF-8)", path.display()), "name the right file"))
}

/// The bytes of a file, which is called `what`, of at most so many.
pub(super) fn read_bytes(path: &Path, largest: u64, what: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(largest + 1).read_to_end(&mut bytes));
    let read = read.map_err(|error| {
        Failure::usage(format!("{what} {}: {error}", path.display()), "name a file that can be read")
    })?;
    if read as u64 > largest {
        let what = format!("{what} {}: it has more than {largest} bytes", path.display());
        return Err(Failure::usage(what, "name the right file"));
    }
    Ok(bytes)
}
