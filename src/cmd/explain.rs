//! `dlearn explain`: what the kinds of check ask, for authors.

use super::app::App;
use crate::check::Kind;
use crate::failure::{Failure, exit};

pub(super) fn run(app: &App, kind: Option<&str>) -> Result<i32, Failure> {
    let Some(name) = kind else {
        let first = |name: &&str| {
            let page = Kind::manual(name).unwrap_or_default();
            let about = page.lines().nth(2).unwrap_or_default().to_owned();
            format!("- `{name}`: {about}")
        };
        let list: Vec<String> = Kind::NAMES.iter().map(first).collect();
        app.say(&format!(
            "# Kinds of check\n\n{}\n\n`dlearn explain KIND` shows one with its fields.",
            list.join("\n")
        ))?;
        return Ok(exit::DONE);
    };
    let page = Kind::manual(name).ok_or_else(|| {
        Failure::unknown("kind of check", name, Kind::NAMES.iter().copied(), "dlearn explain lists them")
    })?;
    app.say(&page)?;
    Ok(exit::DONE)
}
