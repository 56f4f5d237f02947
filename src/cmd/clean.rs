//! `dlearn clean`: removes what dlearn left in the engine, and nothing else.

use super::app::App;
use crate::engine::{Leftover, Standing, leftovers, remove};
use crate::failure::{Failure, exit};
use crate::learner::practice::belongs_to;
use crate::report::{self, json};
use serde::Serialize;
use std::path::Path;

#[derive(Debug, Serialize)]
struct CleanReport {
    schema: &'static str,
    dry_run: bool,
    removed: Vec<Item>,
    kept: Vec<Item>,
}

#[derive(Debug, Serialize)]
struct Item {
    kind: String,
    name: String,
    run: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    why: String,
}

fn item(thing: &Leftover, why: &str) -> Item {
    Item { kind: thing.kind.to_string(), name: thing.name.clone(), run: thing.run.clone(), why: why.into() }
}

pub(super) async fn run(app: &App, dry_run: bool, yes: bool) -> Result<i32, Failure> {
    let engine = app.engine().await?;
    let found = leftovers(&engine).await.map_err(|error| Failure::Engine(error.unavailable()))?;
    let here = app.home()?.and_then(|home| home.path.canonicalize().ok());
    let (gone, kept): (Vec<Leftover>, Vec<Leftover>) = found.into_iter().partition(|thing| {
        let home = Path::new(&thing.home);
        let ours = || here.as_deref() == Some(home) || !belongs_to(home, &thing.run);
        // Nobody loses what they pushed without being asked.
        let asked = || yes || dry_run || app.terminal.interactive();
        thing.removable() || thing.standing == Standing::Practice && ours() && asked()
    });
    if !app.common.json {
        for thing in &gone {
            let verb = if dry_run { "would remove" } else { "to remove" };
            let what = match thing.standing {
                Standing::Practice => "your practice registry, with what was pushed to it".to_owned(),
                _ => format!("run {}", thing.run),
            };
            report::line(&format!("{verb} {} {} ({what})", thing.kind, thing.name))?;
        }
        for thing in &kept {
            report::line(&format!("kept {} {}: {}", thing.kind, thing.name, why_kept(thing)))?;
        }
        if gone.is_empty() {
            let other = if kept.is_empty() { "nothing" } else { "nothing else" };
            report::line(&format!("{other} of dlearn's is left in this engine"))?;
        }
    }
    if dry_run || gone.is_empty() {
        return conclude(app, dry_run, &gone, &[], &kept);
    }
    let sure = yes || !app.terminal.interactive() || app.ask("Remove them?", true)?;
    if !sure {
        report::line("Nothing was removed.")?;
        return Ok(exit::DONE);
    }
    let mut failed = remove(&engine, &gone).await;
    for thing in gone.iter().filter(|thing| thing.standing == Standing::Practice) {
        if let Err(error) = engine.remove_practice(&thing.run).await {
            failed.push((thing.clone(), error));
        }
    }
    let failed: Vec<(Leftover, String)> = failed.into_iter().map(|(thing, why)| (thing, why.to_string())).collect();
    conclude(app, dry_run, &gone, &failed, &kept)
}

fn why_kept(thing: &Leftover) -> String {
    match thing.standing {
        Standing::Practice => format!("{}, {} (--yes removes your own)", thing.standing, thing.home),
        _ => thing.standing.to_string(),
    }
}

fn conclude(
    app: &App,
    dry_run: bool,
    gone: &[Leftover],
    failed: &[(Leftover, String)],
    kept: &[Leftover],
) -> Result<i32, Failure> {
    let stays = |thing: &&Leftover| !failed.iter().any(|(other, _)| other == *thing);
    if app.common.json {
        let mut kept: Vec<Item> = kept.iter().map(|thing| item(thing, &why_kept(thing))).collect();
        kept.extend(failed.iter().map(|(thing, why)| item(thing, why)));
        let removed = gone.iter().filter(stays).map(|thing| item(thing, "")).collect();
        json::print(&CleanReport { schema: "dlearn/clean/1", dry_run, removed, kept })?;
    } else if dry_run {
        if !gone.is_empty() {
            report::line("Nothing was removed: dlearn clean does it.")?;
        }
    } else {
        for (thing, why) in failed {
            eprintln!("dlearn: {} {} is still there: {why}", thing.kind, thing.name);
        }
        if !gone.is_empty() {
            report::line(&format!("removed {}", gone.iter().filter(stays).count()))?;
        }
    }
    Ok(if failed.is_empty() { exit::DONE } else { exit::CANNOT_TELL })
}
