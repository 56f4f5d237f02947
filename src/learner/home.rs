//! Where the course is kept on this machine.
//!
//! The order: `--dir`, `DLEARN_HOME`, the enclosing folder that holds `.dlearn`, the configuration
//! file; else the learner is asked, once. Finding only looks ([`Clues`] → [`Place`]); creating is a
//! step of its own, and without a terminal it happens only where the learner said where.

use super::LearnerError;
use super::disk::{self, Lies};
use etcetera::BaseStrategy;
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// dlearn's own folder inside the course folder.
pub const OWN: &str = ".dlearn";

/// The largest configuration file that is read, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// Everything that decides where the course is kept.
#[derive(Clone, Debug, Default)]
pub struct Clues {
    /// `--dir`.
    pub dir: Option<PathBuf>,
    /// `DLEARN_HOME`.
    pub variable: Option<PathBuf>,
    /// The current directory.
    pub current: PathBuf,
    /// The configuration file, whether it exists or not.
    pub config: Option<PathBuf>,
    /// The learner's home directory.
    pub user: Option<PathBuf>,
    /// Somebody can be asked.
    pub terminal: bool,
}

impl Clues {
    /// Reads them from the process: `dir` is the command line's `--dir`, `terminal` says whether
    /// somebody can be asked. The configuration is `$XDG_CONFIG_HOME/dlearn/config.json`, or below
    /// `~/.config` (XDG Base Directory specification; on macOS too).
    ///
    /// # Errors
    /// Where the current directory is gone.
    pub fn gather(dir: Option<PathBuf>, terminal: bool) -> Result<Self, LearnerError> {
        let current = std::env::current_dir().map_err(|error| LearnerError::io("look at", Path::new("."), error))?;
        let base = etcetera::choose_base_strategy().ok();
        Ok(Self {
            dir,
            variable: std::env::var_os("DLEARN_HOME").filter(|value| !value.is_empty()).map(PathBuf::from),
            current,
            config: base.as_ref().map(|base| base.config_dir().join("dlearn").join("config.json")),
            user: base.as_ref().map(|base| base.home_dir().to_owned()),
            terminal,
        })
    }
}

/// Who said where the course is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `--dir`.
    Argument,
    /// `DLEARN_HOME`.
    Variable,
    /// The current directory lies inside it.
    Enclosing,
    /// The configuration file.
    Configured,
    /// The learner, just now.
    Answered,
}

/// The course folder, which may not exist yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// Absolute path.
    pub path: PathBuf,
    /// Who said so.
    pub origin: Origin,
    /// It may be created where it does not exist.
    pub create: bool,
}

/// What the clues lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The course folder is known.
    At(Home),
    /// Ask the learner, then call [`Home::answer`].
    Ask {
        /// What to offer.
        default: PathBuf,
        /// Where the course was kept; that folder is gone (moved, or its disk is not there).
        gone: Option<PathBuf>,
    },
    /// Nobody said where, and nobody can be asked: nothing is created.
    Nowhere {
        /// Where the course was kept; that folder is gone.
        gone: Option<PathBuf>,
    },
}

impl Home {
    /// Finds the course folder. Only looks.
    ///
    /// # Errors
    /// For a place that cannot be a course folder, and a configuration that cannot be read.
    pub fn find(clues: &Clues) -> Result<Place, LearnerError> {
        for (path, origin) in [(&clues.dir, Origin::Argument), (&clues.variable, Origin::Variable)] {
            if let Some(path) = path {
                let path = clues.current.join(path);
                // A link to the course folder itself is the learner's own choice and is followed.
                if std::fs::metadata(&path).is_ok_and(|meta| !meta.is_dir()) {
                    return Err(LearnerError::NotAFolder { path });
                }
                return Ok(Place::At(Self { path, origin, create: true }));
            }
        }
        let encloses = |path: &&Path| matches!(disk::look(&path.join(OWN)), Ok(Lies::Folder));
        if let Some(path) = clues.current.ancestors().find(encloses) {
            return Ok(Place::At(Self { path: path.to_owned(), origin: Origin::Enclosing, create: false }));
        }
        let kept = match &clues.config {
            Some(config) => Config::read(config)?.home,
            None => None,
        };
        if let Some(path) = kept.as_ref().filter(|path| path.is_dir()) {
            let create = clues.terminal;
            return Ok(Place::At(Self { path: path.clone(), origin: Origin::Configured, create }));
        }
        Ok(match (clues.terminal, kept) {
            // An empty folder in place of a course that was moved, or whose disk is not mounted,
            // would look like lost progress: so the learner is asked.
            (true, Some(gone)) => Place::Ask { default: gone.clone(), gone: Some(gone) },
            (true, None) => Place::Ask { default: default(clues), gone: None },
            (false, gone) => Place::Nowhere { gone },
        })
    }

    /// The learner's answer to [`Place::Ask`]: creates the folder and notes it in the configuration,
    /// so that nobody asks again. A leading `~/` is the learner's home directory.
    ///
    /// # Errors
    /// Where the folder or the configuration cannot be written. A failed answer is not noted.
    pub fn answer(clues: &Clues, answer: &str) -> Result<Self, LearnerError> {
        let answer = answer.trim();
        let path = match (answer.strip_prefix('~'), &clues.user) {
            (Some(""), Some(user)) => user.clone(),
            (Some(rest), Some(user)) if rest.starts_with('/') => user.join(rest.trim_start_matches('/')),
            _ => clues.current.join(answer),
        };
        let home = Self { path, origin: Origin::Answered, create: true };
        home.prepare()?;
        remember(clues, &home.path)?;
        Ok(home)
    }

    /// Whether dlearn has already been at work here.
    pub fn exists(&self) -> bool {
        matches!(disk::look(&self.path.join(OWN)), Ok(Lies::Folder))
    }

    /// The folder without links in its path, with `.dlearn` in it; both are created where that is
    /// allowed.
    pub(super) fn prepare(&self) -> Result<PathBuf, LearnerError> {
        let path = &self.path;
        if self.create {
            std::fs::create_dir_all(path).map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => LearnerError::NotAFolder { path: path.clone() },
                _ => LearnerError::io("create", path, error),
            })?;
        } else if !self.exists() {
            return Err(LearnerError::NotSetUp { path: path.clone() });
        }
        let path = path.canonicalize().map_err(|error| LearnerError::io("look at", path, error))?;
        disk::folder(&path.join(OWN), 0o700)?;
        Ok(path)
    }
}

/// `~/dlearn`; where that is something else (a checkout of dlearn, say), `~/dlearn-course`.
fn default(clues: &Clues) -> PathBuf {
    let user = clues.user.as_ref().unwrap_or(&clues.current);
    let usual = user.join("dlearn");
    let ours = matches!(disk::look(&usual.join(OWN)), Ok(Lies::Folder));
    let free = match std::fs::read_dir(&usual) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == ErrorKind::NotFound,
    };
    if ours || free { usual } else { user.join("dlearn-course") }
}

/// Notes in the configuration that the course is kept at `path`; the file's other fields stay.
/// Without a home directory there is no configuration, and nothing is noted.
///
/// # Errors
/// Where the configuration cannot be read or written.
pub fn remember(clues: &Clues, path: &Path) -> Result<(), LearnerError> {
    let Some(file) = &clues.config else { return Ok(()) };
    let mut config = Config::read(file)?;
    config.home = Some(clues.current.join(path));
    let folder = file.parent().unwrap_or(&clues.current);
    std::fs::create_dir_all(folder).map_err(|error| LearnerError::io("create", folder, error))?;
    let unusable = |error: serde_json::Error| LearnerError::Config { path: file.clone(), what: error.to_string() };
    let mut text = serde_json::to_vec_pretty(&config).map_err(unusable)?;
    text.push(b'\n');
    // Learners keep their configuration in a dotfiles folder and link to it: the target is written.
    let target = file.canonicalize().unwrap_or_else(|_| file.clone());
    disk::write(target.parent().unwrap_or(folder), &target, &text, 0o600)
}

/// The configuration file.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Config {
    /// Where the course is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    home: Option<PathBuf>,
    /// What other versions of dlearn wrote.
    #[serde(flatten)]
    extra: serde_json::Map<String, serde_json::Value>,
}

impl Config {
    fn read(file: &Path) -> Result<Self, LearnerError> {
        let unusable = |what: String| LearnerError::Config { path: file.to_owned(), what };
        let target = file.canonicalize().unwrap_or_else(|_| file.to_owned());
        let Some(content) = disk::read(&target, LARGEST)? else { return Ok(Self::default()) };
        if content.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::default());
        }
        let config: Self = serde_json::from_slice(&content).map_err(|error| unusable(error.to_string()))?;
        match &config.home {
            Some(path) if !path.is_absolute() => {
                Err(unusable(format!("`home` is `{}`, which is not an absolute path", path.display())))
            }
            _ => Ok(config),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A machine of its own: home directory, configuration, current directory.
    fn clues(root: &Path, terminal: bool) -> Clues {
        let user = root.join("user");
        let current = root.join("current");
        fs::create_dir_all(&user).unwrap();
        fs::create_dir_all(&current).unwrap();
        let config = user.join(".config/dlearn/config.json");
        Clues { dir: None, variable: None, current, config: Some(config), user: Some(user), terminal }
    }

    fn at(place: Place) -> (PathBuf, Origin, bool) {
        match place {
            Place::At(home) => (home.path, home.origin, home.create),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_argument_wins_over_the_variable_over_the_enclosing_folder_over_the_configuration() {
        let dir = tempfile::tempdir().unwrap();
        let mut clues = clues(dir.path(), true);
        let configured = dir.path().join("configured");
        fs::create_dir_all(&configured).unwrap();
        remember(&clues, &configured).unwrap();
        assert_eq!(at(Home::find(&clues).unwrap()), (configured, Origin::Configured, true));

        let course = dir.path().join("course");
        let inside = course.join("E01-x/src");
        fs::create_dir_all(&inside).unwrap();
        fs::create_dir_all(course.join(OWN)).unwrap();
        clues.current = inside.clone();
        assert_eq!(at(Home::find(&clues).unwrap()), (course, Origin::Enclosing, false));

        clues.variable = Some("/var/course".into());
        assert_eq!(at(Home::find(&clues).unwrap()), ("/var/course".into(), Origin::Variable, true));

        clues.dir = Some("here".into());
        assert_eq!(at(Home::find(&clues).unwrap()), (inside.join("here"), Origin::Argument, true));
    }

    #[test]
    fn the_learner_is_asked_once() {
        let dir = tempfile::tempdir().unwrap();
        let clues = clues(dir.path(), true);
        let user = dir.path().join("user");
        assert_eq!(Home::find(&clues).unwrap(), Place::Ask { default: user.join("dlearn"), gone: None });
        let home = Home::answer(&clues, " ~/learning/docker ").unwrap();
        assert_eq!(home.path, user.join("learning/docker"));
        assert!(home.exists());
        assert_eq!(at(Home::find(&clues).unwrap()).0, home.path);
    }

    #[test]
    fn a_checkout_in_the_usual_place_is_not_offered() {
        let dir = tempfile::tempdir().unwrap();
        let clues = clues(dir.path(), true);
        let usual = dir.path().join("user/dlearn");
        fs::create_dir_all(usual.join("src")).unwrap();
        let other = dir.path().join("user/dlearn-course");
        assert_eq!(Home::find(&clues).unwrap(), Place::Ask { default: other, gone: None });
        fs::create_dir_all(usual.join(OWN)).unwrap();
        assert_eq!(Home::find(&clues).unwrap(), Place::Ask { default: usual, gone: None });
    }

    #[test]
    fn a_course_that_was_moved_is_asked_for_and_not_begun_anew() {
        let dir = tempfile::tempdir().unwrap();
        let mut clues = clues(dir.path(), true);
        let gone = dir.path().join("usb/dlearn");
        remember(&clues, &gone).unwrap();
        assert_eq!(Home::find(&clues).unwrap(), Place::Ask { default: gone.clone(), gone: Some(gone.clone()) });
        clues.terminal = false;
        assert_eq!(Home::find(&clues).unwrap(), Place::Nowhere { gone: Some(gone) });
    }

    #[test]
    fn without_a_terminal_nothing_is_created_that_nobody_named() {
        let dir = tempfile::tempdir().unwrap();
        let clues = clues(dir.path(), false);
        assert_eq!(Home::find(&clues).unwrap(), Place::Nowhere { gone: None });
        let kept = dir.path().join("kept");
        fs::create_dir_all(&kept).unwrap();
        remember(&clues, &kept).unwrap();
        let Place::At(home) = Home::find(&clues).unwrap() else { panic!("it is configured") };
        assert!(matches!(home.prepare(), Err(LearnerError::NotSetUp { .. })));
        assert_eq!(fs::read_dir(&kept).unwrap().count(), 0);
    }

    #[test]
    fn the_configuration_keeps_fields_it_does_not_know_and_says_when_it_is_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let clues = clues(dir.path(), true);
        let config = clues.config.clone().unwrap();
        fs::create_dir_all(config.parent().unwrap()).unwrap();
        fs::write(&config, r#"{"theme":"dark"}"#).unwrap();
        remember(&clues, Path::new("/tmp")).unwrap();
        let text = fs::read_to_string(&config).unwrap();
        assert!(text.contains("\"theme\": \"dark\"") && text.contains("\"home\": \"/tmp\""), "{text}");
        for broken in ["{", "[]", r#"{"home": "relative"}"#, r#"{"home": 3}"#] {
            fs::write(&config, broken).unwrap();
            let error = Home::find(&clues).unwrap_err();
            assert!(error.to_string().contains("config.json"), "{error}");
            assert!(error.help().contains("correct or remove"), "{}", error.help());
        }
    }

    #[test]
    fn a_file_where_the_folder_belongs_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let mut clues = clues(dir.path(), true);
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        clues.dir = Some(file.clone());
        assert!(matches!(Home::find(&clues), Err(LearnerError::NotAFolder { .. })));
        let error = Home::answer(&clues, &file.join("below").display().to_string()).unwrap_err();
        assert!(error.to_string().ends_with("part of the path is a file, not a folder"), "{error}");
        assert!(!clues.config.unwrap().exists(), "a failed answer is not remembered");
    }

    #[test]
    fn a_link_in_place_of_dlearns_own_folder_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let mut clues = clues(dir.path(), true);
        let trap = dir.path().join("trap");
        fs::create_dir_all(&trap).unwrap();
        fs::create_dir_all(dir.path().join("course")).unwrap();
        std::os::unix::fs::symlink(&trap, dir.path().join("course/.dlearn")).unwrap();
        clues.dir = Some(dir.path().join("course"));
        let Place::At(home) = Home::find(&clues).unwrap() else { panic!("it was named") };
        assert!(matches!(home.prepare(), Err(LearnerError::Link { .. })));
    }
}
