//! `dlearn dockerfile`: the stages and instructions of a Dockerfile, what Docker refuses in it, and what its build
//! checks find. Needs no engine.

mod page;
mod report;

use super::app::App;
use crate::context::Ignore;
use crate::dockerfile::checks::{Surroundings, check};
use crate::dockerfile::{Body, Copy, Heredoc, Instruction, parse};
use crate::failure::{Failure, exit};
use crate::report::{json, line};
use page::Page;
use serde::Serialize;
use std::fs;
use std::io::Read;
use std::path::Path;

/// Largest Dockerfile, in bytes; real ones are a hundredth of it.
const LARGEST: u64 = 1024 * 1024;

/// What an instruction leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Writes {
    /// The layers of an image, or nothing.
    Base,
    /// Files: a layer.
    Layer,
    /// A layer with BuildKit; with the classic builder only where the folder was missing.
    LayerIfNew,
    /// The image's configuration.
    Metadata,
    /// Nothing: it counts during the build.
    Build,
}

fn writes(instruction: &Instruction) -> Writes {
    match instruction.keyword.as_str() {
        "FROM" => Writes::Base,
        "RUN" | "COPY" | "ADD" => Writes::Layer,
        "WORKDIR" => Writes::LayerIfNew,
        "ARG" => Writes::Build,
        _ => Writes::Metadata,
    }
}

fn heredocs(instruction: &Instruction) -> &[Heredoc] {
    match &instruction.body {
        Body::Run { heredocs, .. } | Body::Copy(Copy { heredocs, .. }) | Body::Add(Copy { heredocs, .. }) => heredocs,
        Body::Onbuild(trigger) => self::heredocs(trigger),
        _ => &[],
    }
}

pub(super) fn run(app: &App, file: &Path, target: Option<&str>) -> Result<i32, Failure> {
    let text = read(file)?;
    let dockerfile = parse(&text);
    let names = || {
        let names = dockerfile.stages.iter().filter_map(|stage| stage.name.clone());
        names.collect::<Vec<_>>().join(", ")
    };
    if let Some(target) = target.filter(|target| dockerfile.stage(target).is_none()) {
        let help = match names() {
            names if names.is_empty() => "no stage of it has a name: give its number, the first is 0".to_owned(),
            names => format!("the stages: {names}"),
        };
        return Err(Failure::usage(format!("{} has no stage {target}", file.display()), help));
    }
    let ignore = ignore_beside(file)?;
    let stays_out = |source: &str| ignore.as_ref().is_some_and(|ignore| ignore.shuts_out(source));
    let around = Surroundings { target, stays_out: Some(&stays_out), ..Surroundings::default() };
    let checked = check(&text, &dockerfile, &around);
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
    let code = match checked.refused.is_empty() && checked.reported().next().is_none() {
        true => exit::DONE,
        false => exit::NOT_YET,
    };
    if app.common.json {
        json::print(&report::as_json(name, &dockerfile, &checked))?;
        return Ok(code);
    }
    let page = Page { terminal: &app.terminal, text: &text, width: app.terminal.text_width() };
    for text in page.whole(&name, &dockerfile, &checked) {
        line(&text)?;
    }
    Ok(code)
}

fn read(file: &Path) -> Result<String, Failure> {
    let shown = file.display();
    let fail = |what: String, help: &str| Failure::usage(what, help.to_owned());
    let metadata = fs::metadata(file).map_err(|error| {
        fail(format!("cannot read {shown}: {error}"), "name a Dockerfile: dlearn dockerfile path/to/Dockerfile")
    })?;
    if metadata.is_dir() {
        return Err(fail(format!("{shown} is a folder"), "name the Dockerfile in it"));
    }
    let mut bytes = Vec::new();
    let opened = fs::File::open(file).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    opened.map_err(|error| fail(format!("cannot read {shown}: {error}"), "see that you may read it"))?;
    if bytes.len() as u64 > LARGEST {
        return Err(fail(format!("{shown} is larger than 1 MiB"), "name a Dockerfile"));
    }
    String::from_utf8(bytes).map_err(|_| fail(format!("{shown} is not text (UTF-8)"), "save it as UTF-8"))
}

/// `FILE.dockerignore` beside the Dockerfile, or `.dockerignore` in its folder, which is taken for the build context.
fn ignore_beside(file: &Path) -> Result<Option<Ignore>, Failure> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let mut own = file.file_name().unwrap_or_default().to_owned();
    own.push(".dockerignore");
    for name in [folder.join(own), folder.join(".dockerignore")] {
        if name.is_file() {
            let text = read(&name)?;
            return Ignore::parse(&text)
                .map(Some)
                .map_err(|error| Failure::usage(format!("{}: {error}", name.display()), error.help()));
        }
    }
    Ok(None)
}
