//! What can go wrong with the learner's folder: what happened, where, and what to do next.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The learner's folder, its state or the configuration cannot be used as they are.
#[derive(Debug, thiserror::Error)]
pub enum LearnerError {
    /// The operating system refused something.
    #[error("cannot {doing} {}: {}", path.display(), reason(source))]
    Io {
        /// What was tried, as a verb (`write`).
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// A file lies where a folder belongs.
    #[error("{} is not a folder", path.display())]
    NotAFolder {
        /// The file.
        path: PathBuf,
    },
    /// A symbolic link lies where dlearn would write; it is never followed.
    #[error("{} is a symbolic link, and dlearn does not follow links inside the learner's folder", path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// Something other than a regular file lies where a file of dlearn's belongs.
    #[error("{} is not a regular file of a sensible size", path.display())]
    NotAFile {
        /// What lies there.
        path: PathBuf,
    },
    /// There is no course folder, and nobody said that one may be created.
    #[error("there is no course folder at {}", path.display())]
    NotSetUp {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Another dlearn holds the folder.
    #[error("another dlearn{} is using {}", pid.map(|pid| format!(" (process {pid})")).unwrap_or_default(), home.display())]
    Busy {
        /// The course folder.
        home: PathBuf,
        /// The other process, where it wrote its number down.
        pid: Option<u32>,
    },
    /// The state was written by a newer dlearn; nothing was touched.
    #[error("{} was written by a newer dlearn (version {found} of the format; this one knows {known})", path.display())]
    Newer {
        /// The state file.
        path: PathBuf,
        /// Its version.
        found: u64,
        /// The newest version that this program reads.
        known: u64,
    },
    /// The folder keeps another course.
    #[error("{} keeps the course `{theirs}`, not `{ours}`", home.display())]
    OtherCourse {
        /// The course folder.
        home: PathBuf,
        /// The course that it keeps.
        theirs: String,
        /// The course that was opened.
        ours: String,
    },
    /// The folder was opened for reading only.
    #[error("{} was opened for reading only", home.display())]
    ReadOnly {
        /// The course folder.
        home: PathBuf,
    },
    /// A course file's path would leave the exercise's folder.
    #[error("the course names a file `{name}` in {exercise}, which is not a path inside the exercise's folder")]
    BadPath {
        /// The path, as the course gives it.
        name: String,
        /// The exercise's folder.
        exercise: String,
    },
    /// The configuration file cannot be read.
    #[error("the configuration {} cannot be used: {what}", path.display())]
    Config {
        /// The configuration file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The operating system gives no random numbers.
    #[error("no random token could be drawn: {0}")]
    Random(String),
    /// The state cannot be expressed as JSON.
    #[error("the state for {} cannot be written: {what}", path.display())]
    Encode {
        /// The state file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

impl LearnerError {
    /// An operating system's error while `doing` something at `path`.
    pub(super) fn io(doing: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { doing, path: path.to_owned(), source }
    }

    /// What to do next.
    pub fn help(&self) -> String {
        const ELSEWHERE: &str = "choose another place with --dir PATH or DLEARN_HOME";
        match self {
            Self::Io { path, source, .. } => match source.kind() {
                ErrorKind::PermissionDenied => format!(
                    "look who owns it with `ls -ld {}`; files that a container or sudo wrote may belong to root; or {ELSEWHERE}",
                    path.display()
                ),
                ErrorKind::ReadOnlyFilesystem => ELSEWHERE.into(),
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => format!(
                    "free some space (`docker system df` shows what Docker uses), then run the command again: what was saved before is unchanged; or {ELSEWHERE}"
                ),
                ErrorKind::FileTooLarge => {
                    format!("look at `ulimit -f`, or {ELSEWHERE}; what was there before is unchanged")
                }
                ErrorKind::NotADirectory | ErrorKind::NotFound => {
                    format!("look whether every folder above it is there and is a folder; or {ELSEWHERE}")
                }
                ErrorKind::CrossesDevices => "part of the course folder lies on another disk (a mount?): \
                     keep the whole course folder on one file system"
                    .into(),
                _ => format!("look at the path and its file system, then run the command again; or {ELSEWHERE}"),
            },
            Self::NotAFolder { path } => {
                format!("rename or remove the file {}, or {ELSEWHERE}", path.display())
            }
            Self::Link { .. } | Self::NotAFile { .. } => {
                "move it away and run the command again; to keep the course on another disk, name that place with --dir"
                    .into()
            }
            Self::NotSetUp { .. } => {
                "run `dlearn next` in a terminal, or say where to keep the course with --dir PATH or DLEARN_HOME".into()
            }
            Self::Busy { pid, .. } => match pid {
                Some(pid) => format!(
                    "go on in the other terminal, or leave it there with `q` (`ps -p {pid}` shows it); `dlearn status` and `dlearn list` work meanwhile"
                ),
                None => "go on in the other terminal, or leave it there with `q`".into(),
            },
            Self::Newer { .. } => {
                "update dlearn; nothing was changed. To start afresh with this version, give another --dir PATH".into()
            }
            Self::OtherCourse { .. } => "give this course a folder of its own with --dir PATH".into(),
            Self::ReadOnly { .. } => "run `dlearn next` to go on with the course".into(),
            Self::BadPath { .. } => {
                "the course is faulty: tell its author, who finds the place with `dlearn lint`".into()
            }
            Self::Config { path, .. } => {
                format!(
                    "correct or remove {}: without it dlearn asks once more where to keep the course",
                    path.display()
                )
            }
            Self::Random(_) => "run the command again; if it stays so, the system's random device is missing".into(),
            Self::Encode { .. } => {
                format!("this is a fault in dlearn; what was saved before is unchanged. Or {ELSEWHERE}")
            }
        }
    }
}

/// The operating system's answer in plain words, the same on every platform.
fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "no such file or folder".into(),
        ErrorKind::PermissionDenied => "permission denied".into(),
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only".into(),
        ErrorKind::StorageFull => "the disk is full".into(),
        ErrorKind::QuotaExceeded => "your disk quota is used up".into(),
        ErrorKind::FileTooLarge => "files may not grow to this size here".into(),
        ErrorKind::NotADirectory => "part of the path is a file, not a folder".into(),
        ErrorKind::CrossesDevices => "it lies on another file system".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_that_a_learner_meets_has_its_own_words_and_advice() {
        let say = |kind: ErrorKind| {
            let error = LearnerError::io("write", Path::new("/home/ada/dlearn"), kind.into());
            (error.to_string(), error.help())
        };
        let (what, help) = say(ErrorKind::StorageFull);
        assert_eq!(what, "cannot write /home/ada/dlearn: the disk is full");
        assert!(help.contains("docker system df") && help.contains("--dir"), "{help}");
        let (what, help) = say(ErrorKind::ReadOnlyFilesystem);
        assert_eq!(what, "cannot write /home/ada/dlearn: the file system is read-only");
        assert!(help.contains("--dir"), "{help}");
        let (what, help) = say(ErrorKind::PermissionDenied);
        assert_eq!(what, "cannot write /home/ada/dlearn: permission denied");
        assert!(help.contains("ls -ld /home/ada/dlearn"), "{help}");
    }
}
