//! What re-checks an exercise: saved files and changes in the engine.
//!
//! Invariant: notifications only say *when* to look; what has changed is found by comparing, so
//! nothing that is read or made while checking sets off the next check, and what nobody was told of
//! (files on a share, a BuildKit build without a tag, an engine that came back) is found by the poll
//! that stands beside every notification.

use crate::course::Round;
use crate::engine::{ConnectOptions, Engine, Event};
use crate::evidence::ObjectsFacts;
use crate::registry::Reference;
use futures_util::{FutureExt, StreamExt};
use notify_debouncer_full::notify::RecursiveMode;
use notify_debouncer_full::{DebounceEventResult, new_debouncer};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// Saves that come together are one change.
const SETTLE: Duration = Duration::from_millis(100);
/// How often files are looked at without being told of anything.
const FILE_POLL: Duration = Duration::from_millis(1500);
/// How often the exercise's images are looked at without being told of anything, and how often an
/// engine that does not answer is tried again.
const ENGINE_POLL: Duration = Duration::from_millis(2000);
/// More files than an exercise has are not looked at.
const MOST_FILES: usize = 10_000;

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A file of the workspace.
    Files,
    /// One of the exercise's images, what carries its label, or whether the engine answers.
    Engine,
}

/// What is looked at in an engine.
#[derive(Clone, Debug, Default)]
pub struct Watched {
    /// Names of images.
    pub images: Vec<String>,
    /// Labels (`KEY=VALUE`), where a check asks what carries them.
    pub labels: Vec<String>,
}

impl Watched {
    /// What a round's checks look at.
    pub fn of(round: &Round) -> Self {
        let asked = round.checks.iter().flat_map(|check| &check.asks).filter_map(|kind| kind.label());
        Self {
            images: round.subject.images.values().cloned().collect(),
            labels: asked.map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect(),
        }
    }
}

/// Watches until it is dropped.
#[derive(Debug)]
pub struct Watching {
    changes: mpsc::Receiver<Change>,
    answers: Arc<AtomicBool>,
    _tasks: JoinSet<()>,
}

impl Watching {
    /// Watches `workspace`, and what is `watched` on the engine that `options` lead to. The engine's first
    /// change is reported when it has been looked at for the first time, answering or not.
    pub fn start(workspace: &Path, options: ConnectOptions, watched: Watched) -> Self {
        let (sender, changes) = mpsc::channel(16);
        let mut tasks = JoinSet::new();
        tasks.spawn(files(workspace.to_owned(), sender.clone()));
        let answers = Arc::new(AtomicBool::new(true));
        let in_registry =
            watched.images.iter().any(|name| Reference::parse(name).is_some_and(|name| name.host != "docker.io"));
        let watch = EngineWatch { options, watched, in_registry, seen: None, answers: Arc::clone(&answers), sender };
        tasks.spawn(watch.run());
        Self { changes, answers, _tasks: tasks }
    }

    /// Whether the engine answered when it was last looked at; taken for granted before the first look.
    pub fn engine_answers(&self) -> bool {
        self.answers.load(Ordering::Relaxed)
    }

    /// Waits for the next change. Changes that came meanwhile are one. May be dropped while it waits.
    pub async fn next(&mut self) -> Option<Change> {
        let first = self.changes.recv().await?;
        while self.changes.try_recv().is_ok() {}
        Some(first)
    }
}

/// A full channel already holds what would be said.
fn tell(sender: &mpsc::Sender<Change>, change: Change) {
    let _ = sender.try_send(change);
}

async fn files(workspace: PathBuf, sender: mpsc::Sender<Change>) {
    let mut before = stamps(workspace.clone()).await;
    let told = Arc::new(Notify::new());
    let teller = Arc::clone(&told);
    let watched = new_debouncer(SETTLE, None, move |_: DebounceEventResult| teller.notify_one());
    // Where the system cannot watch the folder the poll does. Held until the task is dropped.
    let _watcher =
        watched.and_then(|mut watcher| watcher.watch(&workspace, RecursiveMode::Recursive).map(|()| watcher)).ok();
    let mut ticks = interval(FILE_POLL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = told.notified() => {}
            _ = ticks.tick() => {}
        }
        let now = stamps(workspace.clone()).await;
        if now != before {
            tell(&sender, Change::Files);
            before = now;
        }
    }
}

/// Size, inode and time of change (content, mode or name, in nanoseconds) of each file.
type Stamps = BTreeMap<PathBuf, (u64, u64, i64, i64)>;

async fn stamps(workspace: PathBuf) -> Stamps {
    let walk = move || {
        let mut found = Stamps::new();
        let mut folders = vec![workspace];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let Ok(meta) = entry.metadata() else { continue };
                if meta.is_dir() {
                    folders.push(entry.path());
                } else {
                    found.insert(entry.path(), (meta.len(), meta.ino(), meta.ctime(), meta.ctime_nsec()));
                }
                if found.len() + folders.len() > MOST_FILES {
                    return found;
                }
            }
        }
        found
    };
    tokio::task::spawn_blocking(walk).await.unwrap_or_default()
}

/// What was seen of the engine: nothing where it does not answer, else the ids behind the names, and what carries
/// the labels.
type Seen = Option<(Vec<Option<String>>, Vec<ObjectsFacts>)>;

struct EngineWatch {
    options: ConnectOptions,
    watched: Watched,
    /// Some of its images lie in a registry, whose changes no look at the engine shows.
    in_registry: bool,
    /// None before the first look.
    seen: Option<Seen>,
    answers: Arc<AtomicBool>,
    sender: mpsc::Sender<Change>,
}

impl EngineWatch {
    async fn run(mut self) {
        loop {
            if let Ok(engine) = Engine::connect(&self.options).await {
                self.follow(&engine).await;
            }
            self.saw(None);
            tokio::time::sleep(ENGINE_POLL).await;
        }
    }

    /// Looks after each event, and without one at intervals, for as long as the engine answers.
    async fn follow(&mut self, engine: &Engine) {
        let mut ticks = interval(ENGINE_POLL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let events = engine.events();
            tokio::pin!(events);
            let mut listening = true;
            while listening {
                tokio::select! {
                    event = events.next() => match event {
                        // What dlearn's own checks do has nothing to do with the learner's images.
                        Some(Ok(event)) if event.ours => continue,
                        Some(Ok(event)) => {
                            let mut elsewhere = changes_a_registry(&event);
                            while let Some(Some(Ok(event))) = events.next().now_or_never() {
                                elsewhere |= changes_a_registry(&event);
                            }
                            if elsewhere && self.in_registry {
                                tell(&self.sender, Change::Engine);
                            }
                        }
                        Some(Err(_)) | None => listening = false,
                    },
                    _ = ticks.tick() => {}
                }
                match look(engine, &self.watched).await {
                    None => return,
                    found => self.saw(found),
                }
            }
            // A connection that ended is opened again, and no faster than the engine is polled.
            ticks.tick().await;
        }
    }

    fn saw(&mut self, now: Seen) {
        self.answers.store(now.is_some(), Ordering::Relaxed);
        if self.seen.as_ref() != Some(&now) {
            self.seen = Some(now);
            tell(&self.sender, Change::Engine);
        }
    }
}

/// Whether a registry may have other images now, or another registry answers at an address.
fn changes_a_registry(event: &Event) -> bool {
    match event.kind.as_str() {
        "image" => event.action == "push",
        "container" => matches!(event.action.as_str(), "start" | "die"),
        _ => false,
    }
}

/// None where the engine does not answer.
async fn look(engine: &Engine, watched: &Watched) -> Seen {
    let (mut ids, mut objects) = (Vec::new(), Vec::new());
    for image in &watched.images {
        ids.push(engine.image(image).await.ok()?.map(|image| image.id));
    }
    for label in &watched.labels {
        objects.push(engine.objects(label).await.ok()?);
    }
    if ids.is_empty() && objects.is_empty() {
        engine.ping().await.ok()?;
    }
    Some((ids, objects))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::timeout;

    const DEADLINE: Duration = Duration::from_secs(20);

    fn nowhere(folder: &Path) -> ConnectOptions {
        ConnectOptions::to(format!("unix://{}/none.sock", folder.display()))
    }

    #[tokio::test]
    async fn a_saved_file_is_a_change_and_a_read_one_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let workspace = dir.path().join("E01");
        std::fs::create_dir_all(workspace.join("sub")).unwrap();
        std::fs::write(workspace.join("sub/file"), "one").unwrap();
        let watched = Watched { images: vec!["a:b".into()], labels: Vec::new() };
        let mut watching = Watching::start(&workspace, nowhere(dir.path()), watched);
        // An engine that does not answer is told once.
        assert_eq!(timeout(DEADLINE, watching.next()).await.unwrap(), Some(Change::Engine));
        std::fs::read(workspace.join("sub/file")).unwrap();
        assert!(timeout(2 * FILE_POLL, watching.next()).await.is_err());
        std::fs::write(workspace.join("sub/file"), "two").unwrap();
        assert_eq!(timeout(DEADLINE, watching.next()).await.unwrap(), Some(Change::Files));
        // An editor writes beside the file and renames; a folder may be replaced as a whole.
        std::fs::write(dir.path().join("new"), "two").unwrap();
        std::fs::rename(dir.path().join("new"), workspace.join("sub/file")).unwrap();
        assert_eq!(timeout(DEADLINE, watching.next()).await.unwrap(), Some(Change::Files));
        std::fs::rename(&workspace, dir.path().join("old")).unwrap();
        assert_eq!(timeout(DEADLINE, watching.next()).await.unwrap(), Some(Change::Files));
        std::fs::create_dir_all(&workspace).unwrap();
        std::fs::write(workspace.join("Dockerfile"), "FROM scratch").unwrap();
        assert_eq!(timeout(DEADLINE, watching.next()).await.unwrap(), Some(Change::Files));
    }
}
