//! The files that `dlearn grade` writes.

use crate::cli::GradeFiles;
use crate::failure::Failure;
use crate::grade::gradebook::Gradebook;
use crate::report::{self, gradebook, gradescope, html, markdown, marks_junit};
use std::path::Path;

/// Said before the class is graded, and not after an hour.
pub(super) fn writable(options: &GradeFiles, part: Option<&Path>) -> Result<(), Failure> {
    let gradescope = options.gradescope.as_deref();
    let files = [
        ("--part", part),
        ("--csv", options.csv.as_deref()),
        ("--junit", options.junit.as_deref()),
        ("--html", options.html.as_deref()),
        ("--markdown", options.markdown.as_deref()),
        ("--gradescope", gradescope.filter(|path| is_one_file(path))),
    ];
    for (option, path) in files {
        path.map_or(Ok(()), |path| file(option, path))?;
    }
    let folders =
        [("--feedback", options.feedback.as_deref()), ("--gradescope", gradescope.filter(|path| !is_one_file(path)))];
    for (option, path) in folders {
        path.map_or(Ok(()), |path| folder(option, path))?;
    }
    Ok(())
}

/// That a file can be written there; nothing is.
///
/// # Errors
/// Where it cannot, with the option that named it.
pub(super) fn file(option: &str, path: &Path) -> Result<(), Failure> {
    let above = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let wrong = |why: String| {
        Failure::usage(format!("{option} {}: {why}", path.display()), "name a file in a folder that can be written")
    };
    if path.is_dir() || !above.is_dir() {
        return Err(wrong("there is no folder for it, or it is one".into()));
    }
    tempfile::tempfile_in(above).map(drop).map_err(|error| wrong(error.to_string()))
}

fn folder(option: &str, path: &Path) -> Result<(), Failure> {
    let made = std::fs::create_dir_all(path).and_then(|()| tempfile::tempfile_in(path).map(drop));
    made.map_err(|error| {
        Failure::usage(format!("{option} {}: {error}", path.display()), "name a folder that can be made and written")
    })
}

/// `results.json` is a file, `results` a folder, unless it is there already and is something else.
fn is_one_file(path: &Path) -> bool {
    !path.is_dir() && path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"))
}

/// One file of results holds one submission.
pub(super) fn fits(options: &GradeFiles, submissions: usize) -> Result<(), Failure> {
    match &options.gradescope {
        Some(path) if submissions > 1 && is_one_file(path) => Err(Failure::usage(
            format!(
                "--gradescope {}: there are {submissions} submissions, and results of one fit a file",
                path.display()
            ),
            "name a folder (--gradescope results/), which gets a file for each learner",
        )),
        _ => Ok(()),
    }
}

/// Writes all that were asked for. A full disk does not cost what was found out: the first failure is told at the end.
pub(super) fn write(options: &GradeFiles, book: &Gradebook) -> Result<(), Failure> {
    let mut written = Ok(());
    let mut put = |path: &Path, text: Result<String, String>| {
        let text = text.map_err(|why| Failure::Io(std::io::Error::other(why)));
        let done = text.and_then(|text| one(path, &text));
        if written.is_ok() {
            written = done;
        }
    };
    if let Some(path) = &options.csv {
        put(path, gradebook::cells(book).map_err(|error| error.to_string()));
    }
    if let Some(path) = &options.junit {
        put(path, marks_junit::report(book));
    }
    if let Some(path) = &options.html {
        put(path, html::page(book));
    }
    if let Some(path) = &options.markdown {
        put(path, Ok(markdown::report(book)));
    }
    let names = gradebook::file_names(book);
    let (submitted, missing) = names.split_at(book.submissions.len().min(names.len()));
    for (graded, name) in book.submissions.iter().zip(submitted) {
        if let Some(folder) = &options.feedback {
            put(&folder.join(format!("{name}.txt")), Ok(gradebook::feedback(graded, book)));
        }
        if let Some(path) = &options.gradescope {
            let path = if is_one_file(path) { path.clone() } else { path.join(format!("{name}.json")) };
            put(&path, gradescope::results(graded, book));
        }
    }
    for (absent, name) in book.missing.iter().zip(missing) {
        if let Some(folder) = &options.feedback {
            put(&folder.join(format!("{name}.txt")), Ok(gradebook::feedback_of_absent(absent)));
        }
        // One file holds the one submission that there is.
        if let Some(folder) = options.gradescope.as_ref().filter(|path| !is_one_file(path)) {
            put(&folder.join(format!("{name}.json")), gradescope::results_of_absent(absent));
        }
    }
    written
}

fn one(path: &Path, text: &str) -> Result<(), Failure> {
    let written = report::file(path, text.as_bytes());
    written.map_err(|error| Failure::usage(error.to_string(), "name a folder that can be written"))
}
