//! `dlearn layers --json` beside dive: the same numbers by dive's accounting, and where that is wrong.

use crate::images::{self, Image, docker};
use crate::measure::{Run, alternately, run};
use crate::table::Row;
use crate::{DLEARN, Setting};
use serde_json::Value;
use std::fs;
use std::path::Path;

fn dlearn(subject: &str) -> Run {
    run(DLEARN, &["layers", subject, "--json"]).ended("dlearn layers", 0)
}

fn dive(program: &str, folder: &Path, subject: &str) -> Run {
    let out = folder.join("dive.json");
    // It writes over the beginning of a longer one.
    let _ = fs::remove_file(&out);
    run(program, &[subject, "--json", &out.to_string_lossy()]).ended("dive", 0)
}

fn said_by_dive(program: &str, folder: &Path, subject: &str) -> Value {
    dive(program, folder, subject);
    serde_json::from_slice(&fs::read(folder.join("dive.json")).expect("dive writes")).expect("JSON")
}

/// Ends the bench where the two do not count the same.
fn same_numbers(ours: &Value, theirs: &Value) {
    let (ours, theirs_image) = (&ours["image"], &theirs["image"]);
    let efficiency = |value: &Value| value.as_f64().expect("a number");
    let (mine, its) = (efficiency(&ours["dive"]["efficiency"]), efficiency(&theirs_image["efficiencyScore"]));
    assert!((mine - its).abs() < 1e-9, "efficiency {mine}, and dive says {its}");
    assert_eq!(ours["dive"]["wasted_bytes"], theirs_image["inefficientBytes"]);
    assert_eq!(ours["stored_bytes"], theirs_image["sizeBytes"]);
    let repeated = theirs_image["fileReference"].as_array().map_or(0, Vec::len);
    assert_eq!(ours["dive"]["repeated_paths"], repeated);
    let of = |layers: &Value, of: &dyn Fn(&Value) -> (u64, u64)| -> Vec<(u64, u64)> {
        layers.as_array().expect("layers").iter().map(of).collect()
    };
    let number = |value: &Value| value.as_u64().expect("a number");
    let mine = of(&ours["layers"], &|layer| (number(&layer["bytes"]), number(&layer["paths"])));
    let its = of(&theirs["layer"], &|layer| {
        (number(&layer["sizeBytes"]), layer["fileList"].as_array().map_or(0, Vec::len) as u64)
    });
    assert_eq!(mine, its, "bytes and paths of each layer");
}

pub fn compare(setting: &Setting, rows: &mut Vec<Row>) {
    let Some(program) = setting.peer("dive") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let base = if images::has("python:3.11-slim") { "python:3.11-slim" } else { "busybox:1.36" };
    let image = images::wasteful(base, "wasteful", false);
    let modules = images::modules("busybox:1.36", "modules");
    let archive = |image: &Image, name: &str| {
        let path = folder.path().join(name).to_string_lossy().into_owned();
        docker(&["save", "-o", &path, &image.0]);
        let by_dive = format!("docker-archive://{path}");
        (path, by_dive)
    };
    let (plain, many) = (archive(&image, "image.tar"), archive(&modules, "modules.tar"));
    let subjects = [
        (format!("an archive, {base}"), plain.0, plain.1),
        ("an archive, 60 000 files".to_owned(), many.0, many.1),
        (format!("the engine's image, {base}"), image.0.clone(), image.0.clone()),
    ];
    for (what, ours, theirs) in &subjects {
        let report: Value = serde_json::from_str(&dlearn(ours).stdout).expect("a report");
        same_numbers(&report, &said_by_dive(&program, folder.path(), theirs));
        let what = format!("layers of {what}");
        let medians = alternately(setting.rounds, || dlearn(ours), || dive(&program, folder.path(), theirs));
        let memory = medians.0.memory as f64 / medians.1.memory as f64;
        let row = Row::faster(&what, "dive", medians, 3.0, "3 times");
        let second = Row {
            what: "its memory".into(),
            result: format!("{memory:.2} of it"),
            goal: "0.25 of it",
            reached: memory <= 0.25,
            ours: format!("{} MB", medians.0.memory / 1000),
            theirs: format!("{} MB", medians.1.memory / 1000),
            with: "dive".into(),
        };
        for row in [row, second] {
            row.print();
            rows.push(row);
        }
    }
    rows.push(where_it_is_wrong(&program, folder.path()));
}

/// Whole folders are deleted: dive finds no waste in that, and 20 MB are.
fn where_it_is_wrong(program: &str, folder: &Path) -> Row {
    let image = images::wasteful("busybox:1.36", "folders", true);
    let ours: Value = serde_json::from_str(&dlearn(&image.0).stdout).expect("a report");
    let theirs = said_by_dive(program, folder, &image.0);
    same_numbers(&ours, &theirs);
    let number = |value: &Value| value.as_u64().expect("a number");
    let (right, wrong) = (number(&ours["image"]["recoverable_bytes"]), number(&theirs["image"]["inefficientBytes"]));
    let row = Row {
        what: "25 MB in a deleted folder and a deleted file".into(),
        with: "dive".into(),
        ours: format!("{:.1} MB", right as f64 / 1e6),
        theirs: format!("{:.1} MB", wrong as f64 / 1e6),
        result: "the same numbers by dive's accounting".into(),
        goal: "right where dive is wrong",
        reached: (25_000_000..25_500_000).contains(&right) && wrong < 10_000_000,
    };
    row.print();
    row
}
