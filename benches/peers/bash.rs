//! Exercise E02's check, as far as nothing is rebuilt, beside the same in bash with the docker command.

use crate::measure::{alternately, run};
use crate::table::Row;
use crate::{DLEARN, Setting, ferry, images};

pub fn compare(setting: &Setting, rows: &mut Vec<Row>) {
    let folder = tempfile::tempdir().expect("a folder");
    let image = ferry::image();
    ferry::write(folder.path(), &image.0);
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (checks, script) = (path("checks.yaml"), path("check.sh"));
    let broken = images::changed(&image, "ferry-broken", "RUN rm /token");
    run(DLEARN, &["check", "--file", &checks, "--image", &broken.0]).ended("dlearn of a broken image", 1);
    ferry::write(folder.path(), &broken.0);
    run("bash", &[&script]).ended("bash of a broken image", 1);
    ferry::write(folder.path(), &image.0);
    let ours = || run(DLEARN, &["check", "--file", &checks, "--json"]).ended("dlearn", 0);
    let theirs = || run("bash", &[&script]).ended("bash", 0);
    ours();
    theirs();
    let medians = alternately(setting.rounds, ours, theirs);
    let row = Row::faster("E02's check, nothing rebuilt", "bash and docker", medians, 5.0, "5 times");
    row.print();
    rows.push(row);
}
