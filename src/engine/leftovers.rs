//! What earlier runs left behind: a run that was killed could not clean up.
//!
//! Invariant: only what belongs to a run of this machine and user that has ended is removable. A run
//! that is alive holds its lock; another machine's or user's run cannot be asked, so it stays.

use super::{
    Engine, EngineError,
    call::query,
    container::remove_container,
    images,
    ledger::{LABEL, LABEL_EXERCISE, LABEL_HOST, LABEL_RUN},
    name,
    practice::{LABEL_HOME, practice_of},
    runlock::{EndedRun, Owner, RunState, ended_with_images, state_of},
};
use http::Method;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What a leftover is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftoverKind {
    /// A container, running or not.
    Container,
    /// A network.
    Network,
    /// A named volume.
    Volume,
    /// A tag `dlearn-run/…`; the image goes with it unless it was there before. Or the id of an image that has no
    /// name any more.
    Image,
}

impl fmt::Display for LeftoverKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LeftoverKind::Container => "container",
            LeftoverKind::Network => "network",
            LeftoverKind::Volume => "volume",
            LeftoverKind::Image => "image",
        })
    }
}

/// Whose a leftover is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Its run is going on.
    Alive,
    /// Its run has ended without cleaning up.
    Ended,
    /// It belongs to another machine or user, or that cannot be told.
    Elsewhere,
    /// The practice registry of a course folder on this machine: it stays between commands.
    Practice,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Standing::Alive => "in use by a dlearn that is running",
            Standing::Ended => "left behind",
            Standing::Elsewhere => "belongs to another machine or user",
            Standing::Practice => "the practice registry of another course folder",
        })
    }
}

/// One thing that some run created and that is still there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leftover {
    /// What it is.
    pub kind: LeftoverKind,
    /// Its name, or its id where it has none.
    pub name: String,
    /// The run that made it.
    pub run: String,
    /// What it was for (label `dlearn`), where that is told.
    pub purpose: String,
    /// The exercise (label `dlearn.exercise`), where that is told.
    pub exercise: String,
    /// The course folder that a practice registry belongs to; empty for everything else.
    pub home: String,
    /// Whose it is.
    pub standing: Standing,
}

impl Leftover {
    /// Whether it may be removed.
    pub fn removable(&self) -> bool {
        self.standing == Standing::Ended
    }
}

/// Something with labels, as found.
#[derive(Clone, Debug)]
pub(crate) struct Thing {
    kind: LeftoverKind,
    name: String,
    labels: BTreeMap<String, String>,
}

impl Thing {
    pub(crate) async fn remove(&self, engine: &Engine) -> Result<(), EngineError> {
        let (what, path) = match self.kind {
            LeftoverKind::Container => return remove_container(engine, &self.name).await.map(drop),
            LeftoverKind::Network => ("network", "networks"),
            LeftoverKind::Volume => ("volume", "volumes"),
            LeftoverKind::Image => return Ok(()),
        };
        let doing = format!("remove {what} {}", self.name);
        let target = format!("/{path}/{}", self.name);
        match engine.long(&doing, 30, engine.call(&doing, Method::DELETE, &target, None)).await {
            Err(error) if !error.is_absent() => Err(error),
            _ => Ok(()),
        }
    }

    /// The course folder of a practice registry; empty for everything else, whatever labels it inherited.
    fn home(&self) -> &str {
        match self.kind {
            LeftoverKind::Container if practice_of(&self.name, &self.labels).is_some() => self.label(LABEL_HOME),
            _ => "",
        }
    }

    fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }

    /// The run that made it. A container is told by its name: labels are inherited, by the image of a commit
    /// and by each container of that image, and those are the learner's. A practice registry is a run of its own,
    /// and told by both.
    pub(crate) fn run(&self) -> Option<&str> {
        match self.kind {
            LeftoverKind::Container => {
                name::run_of_container(&self.name).or_else(|| practice_of(&self.name, &self.labels))
            }
            _ => Some(self.label(LABEL_RUN)).filter(|run| name::is_run_id(run)),
        }
    }
}

type Labels = Option<BTreeMap<String, String>>;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContainerRow {
    id: String,
    names: Option<Vec<String>>,
    labels: Labels,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NetworkRow {
    id: String,
    labels: Labels,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VolumeList {
    volumes: Option<Vec<VolumeRow>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VolumeRow {
    name: String,
    labels: Labels,
}

/// Seconds that listing may take: an engine that is busy building, or has thousands of containers, takes its time.
const LISTING_SECONDS: u64 = 60;

/// Containers, networks and volumes with a label (`name` or `name=value`), containers first.
pub(crate) async fn labelled(engine: &Engine, label: &str) -> Result<Vec<Thing>, EngineError> {
    let doing = "list what dlearn created";
    let filters = serde_json::json!({ "label": [label] }).to_string();
    let filters = query(&[("filters", &filters)]);
    engine
        .long(doing, LISTING_SECONDS, async {
            let mut things = containers(engine, &filters).await?;
            let networks: Vec<NetworkRow> = engine.get_json(doing, &format!("/networks{filters}")).await?;
            things.extend(networks.into_iter().map(|row| thing(LeftoverKind::Network, row.id, row.labels)));
            let volumes: VolumeList = engine.get_json(doing, &format!("/volumes{filters}")).await?;
            let volumes = volumes.volumes.unwrap_or_default();
            things.extend(volumes.into_iter().map(|row| thing(LeftoverKind::Volume, row.name, row.labels)));
            Ok(things)
        })
        .await
}

async fn containers(engine: &Engine, filters: &str) -> Result<Vec<Thing>, EngineError> {
    let joiner = if filters.is_empty() { "?" } else { "&" };
    let target = format!("/containers/json{filters}{joiner}all=1");
    let rows: Vec<ContainerRow> = engine.get_json("list containers", &target).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let name = row.names.iter().flatten().next().map(|name| name.trim_start_matches('/').to_owned());
            thing(LeftoverKind::Container, name.unwrap_or(row.id), row.labels)
        })
        .collect())
}

fn thing(kind: LeftoverKind, name: String, labels: Labels) -> Thing {
    Thing { kind, name, labels: labels.unwrap_or_default() }
}

/// Everything that carries a run's label, name or tag.
///
/// # Errors
/// Where the engine cannot be asked.
pub async fn leftovers(engine: &Engine) -> Result<Vec<Leftover>, EngineError> {
    let owner = Owner::here()?;
    let mut found = BTreeSet::new();
    let named = engine.long("list containers", LISTING_SECONDS, containers(engine, "")).await?;
    for thing in labelled(engine, LABEL_RUN).await?.into_iter().chain(named) {
        let Some(run) = thing.run() else { continue };
        found.insert(Leftover {
            kind: thing.kind,
            name: thing.name.clone(),
            run: run.to_owned(),
            purpose: thing.label(LABEL).to_owned(),
            exercise: thing.label(LABEL_EXERCISE).to_owned(),
            standing: match (thing.home().is_empty(), thing.label(LABEL_HOST) == owner.host) {
                (false, true) => Standing::Practice,
                (false, false) => Standing::Elsewhere,
                (true, _) => standing(&owner, run, thing.label(LABEL_HOST)),
            },
            home: thing.home().to_owned(),
        });
    }
    for image in images::of_runs(engine).await? {
        for name in image.names() {
            let Some(run) = name::run_of(&name).map(str::to_owned) else { continue };
            let standing = standing(&owner, &run, "");
            let (purpose, exercise, home) = Default::default();
            found.insert(Leftover { kind: LeftoverKind::Image, name, run, purpose, exercise, home, standing });
        }
    }
    // A run that was killed while it removed its images has left some that have no name any more.
    let ended = ended_with_images(&owner);
    if !ended.is_empty() {
        let unnamed = images::unnamed(engine).await?;
        for (run, made) in ended {
            for name in made.into_iter().filter(|image| unnamed.contains_key(image)) {
                let (kind, run, standing) = (LeftoverKind::Image, run.clone(), Standing::Ended);
                let (purpose, exercise, home) = Default::default();
                found.insert(Leftover { kind, name, run, purpose, exercise, home, standing });
            }
        }
    }
    Ok(found.into_iter().collect())
}

fn standing(owner: &Owner, run: &str, host: &str) -> Standing {
    let ours = if host.is_empty() { owner.made(run) } else { host == owner.host };
    match state_of(owner, run) {
        RunState::Alive => Standing::Alive,
        RunState::Ended(_) => Standing::Ended,
        RunState::Unknown if ours => Standing::Ended,
        RunState::Unknown => Standing::Elsewhere,
    }
}

/// Removes what is removable of `list`; gives the rest with the reason why it stays.
///
/// Where a run's journal is gone, nobody knows whether an image was there before the run: it loses
/// its tag and stays (`docker image prune` removes it).
pub async fn remove(engine: &Engine, list: &[Leftover]) -> Vec<(Leftover, EngineError)> {
    let mut stays = Vec::new();
    let owner = match Owner::here() {
        Ok(owner) => owner,
        Err(error) => return list.iter().map(|leftover| (leftover.clone(), error.clone())).collect(),
    };
    let mut by_run: BTreeMap<&str, Vec<&Leftover>> = BTreeMap::new();
    for leftover in list.iter().filter(|leftover| leftover.removable()) {
        by_run.entry(&leftover.run).or_default().push(leftover);
    }
    for (run, things) in by_run {
        // The lock is held meanwhile, so two clean-ups do not work on the same run.
        let ended = match state_of(&owner, run) {
            RunState::Alive => continue,
            RunState::Ended(ended) => Some(ended),
            RunState::Unknown => None,
        };
        let mut clean = true;
        for leftover in things {
            let result = match leftover.kind {
                LeftoverKind::Image => remove_image(engine, leftover, ended.as_ref()).await,
                kind => thing(kind, leftover.name.clone(), None).remove(engine).await,
            };
            if let Err(error) = result {
                clean = false;
                stays.push((leftover.clone(), error));
            }
        }
        if let (true, Some(ended)) = (clean, &ended) {
            ended.remove();
        }
    }
    stays
}

async fn remove_image(engine: &Engine, leftover: &Leftover, ended: Option<&EndedRun>) -> Result<(), EngineError> {
    let tag = &leftover.name;
    let Some(ended) = ended else {
        let kept = engine.image_id(tag).await?.into_iter().collect();
        return images::remove_tag(engine, tag, &kept).await.map(drop);
    };
    if name::run_of(tag).is_some() {
        images::remove_tag(engine, tag, &ended.kept).await?;
    }
    let tag = name::in_run(&leftover.run, "superfluous:latest");
    images::remove_superfluous(engine, &tag, |image| ended.made.contains(image)).await
}
