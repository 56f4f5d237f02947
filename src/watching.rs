//! What re-checks an exercise: saved files and changes in the engine.
//!
//! Events only say *when* to look again; nothing is proven by them (the engine keeps the last 256,
//! and a BuildKit build without a tag emits none). So a cheap poll of the exercise's images stands
//! beside them, and files are polled where the system cannot watch them.

use crate::engine::Engine;
use futures_util::StreamExt;
use notify_debouncer_full::notify::{EventKind, RecursiveMode, event::ModifyKind};
use notify_debouncer_full::{DebounceEventResult, new_debouncer};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Saves that come together are one change.
const SETTLE: Duration = Duration::from_millis(120);
/// How often files are looked at where they cannot be watched.
const FILE_POLL: Duration = Duration::from_millis(1000);
/// How often the exercise's images are looked at, and how long after a lost event stream it is opened again.
const ENGINE_POLL: Duration = Duration::from_millis(2000);
/// More files than an exercise has are not polled.
const MOST_FILES: usize = 10_000;

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A file of the workspace.
    Files,
    /// An image or a container of the engine.
    Engine,
}

/// Watches until it is dropped.
#[derive(Debug)]
pub struct Watching {
    changes: mpsc::Receiver<Change>,
    _tasks: JoinSet<()>,
}

impl Watching {
    /// Watches `workspace`, and in the engine (where there is one) `images` and all events.
    pub fn start(workspace: &Path, engine: Option<Engine>, images: Vec<String>) -> Self {
        let (sender, changes) = mpsc::channel(16);
        let mut tasks = JoinSet::new();
        tasks.spawn(files(workspace.to_owned(), sender.clone()));
        if let Some(engine) = engine {
            tasks.spawn(engine_changes(engine, images, sender));
        }
        Self { changes, _tasks: tasks }
    }

    /// Waits for the next change. Changes that came meanwhile are one.
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
    let told = sender.clone();
    let changed = move |result: DebounceEventResult| {
        let relevant = |kind: &EventKind| {
            // Reading is no change: dlearn reads the files itself when it checks.
            !matches!(kind, EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)))
        };
        if result.map_or(true, |events| events.iter().any(|event| relevant(&event.kind))) {
            tell(&told, Change::Files);
        }
    };
    let watched = new_debouncer(SETTLE, None, changed)
        .and_then(|mut debouncer| debouncer.watch(&workspace, RecursiveMode::Recursive).map(|()| debouncer));
    match watched {
        // Held until the task is dropped with the others.
        Ok(_debouncer) => std::future::pending().await,
        Err(_) => poll_files(workspace, sender).await,
    }
}

async fn poll_files(workspace: PathBuf, sender: mpsc::Sender<Change>) {
    let mut before = stamps(workspace.clone()).await;
    let mut ticks = tokio::time::interval(FILE_POLL);
    loop {
        ticks.tick().await;
        let now = stamps(workspace.clone()).await;
        if now != before {
            tell(&sender, Change::Files);
            before = now;
        }
    }
}

async fn stamps(workspace: PathBuf) -> BTreeMap<PathBuf, (u64, Option<SystemTime>)> {
    let walk = move || {
        let mut found = BTreeMap::new();
        let mut folders = vec![workspace];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let Ok(meta) = entry.metadata() else { continue };
                if meta.is_dir() {
                    folders.push(entry.path());
                } else if found.len() < MOST_FILES {
                    found.insert(entry.path(), (meta.len(), meta.modified().ok()));
                }
            }
        }
        found
    };
    tokio::task::spawn_blocking(walk).await.unwrap_or_default()
}

/// An event only wakes the look at the images: what dlearn's own checks do in the engine changes none
/// of them, so a check never sets off the next one.
async fn engine_changes(engine: Engine, images: Vec<String>, sender: mpsc::Sender<Change>) {
    let mut before = look(&engine, &images).await;
    loop {
        let events = engine.events();
        tokio::pin!(events);
        loop {
            let listening = tokio::select! {
                event = events.next() => matches!(event, Some(Ok(_))),
                () = tokio::time::sleep(ENGINE_POLL) => true,
            };
            let now = look(&engine, &images).await;
            if now != before {
                tell(&sender, Change::Engine);
                before = now;
            }
            if !listening {
                break;
            }
        }
        tokio::time::sleep(ENGINE_POLL).await;
    }
}

/// The ids behind the images' names; an engine that does not answer is told from a missing image.
async fn look(engine: &Engine, images: &[String]) -> Vec<Option<Option<String>>> {
    let mut ids = Vec::new();
    for image in images {
        ids.push(engine.image(image).await.ok().map(|image| image.map(|image| image.id)));
    }
    ids
}
