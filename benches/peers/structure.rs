//! `dlearn check --file` beside container-structure-test: the same questions about the same image.

use crate::images::{self, Image};
use crate::measure::{Run, alternately, run};
use crate::questions::Questions;
use crate::table::Row;
use crate::{DLEARN, Setting};
use std::fs;

/// Ways in which the shop is not as it should be, each of which some question is about.
const BROKEN: [(&str, &str); 5] = [
    ("gone", "RUN rm /shop/conf/2.conf"),
    ("mode", "RUN chmod 700 /shop/bin/tool11"),
    ("content", "RUN sed -i s/^name.*// /shop/conf/15.conf"),
    ("label", "LABEL com.example.vendor=Somebody"),
    ("left-over", "RUN mkdir /shop/build && touch /shop/build/8.o"),
];

/// Files of questions, in both languages.
struct Files {
    folder: tempfile::TempDir,
    count: usize,
}

impl Files {
    fn new(count: usize, commands: bool, driver: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let questions = Questions::new(count, commands, driver == "tar");
        let write = |name: &str, text: String| fs::write(folder.path().join(name), text).expect("a file");
        write("dlearn.yaml", questions.for_dlearn("dlearn-bench/nothing:0"));
        write("structure.yaml", questions.for_structure_test());
        Self { folder, count }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    fn dlearn(&self, image: &Image) -> Run {
        run(DLEARN, &["check", "--file", &self.path("dlearn.yaml"), "--image", &image.0, "--json"])
    }

    fn structure_test(&self, program: &str, driver: &str, image: &Image) -> Run {
        let file = self.path("structure.yaml");
        run(program, &["test", "--driver", driver, "--image", &image.0, "--config", &file, "--output", "json"])
    }

    /// Both pass, with all questions asked.
    fn passes(&self, program: &str, driver: &str, image: &Image) {
        let ours = self.dlearn(image).ended("dlearn", 0);
        let report: serde_json::Value = serde_json::from_str(&ours.stdout).expect("a report");
        assert_eq!(report["checks"].as_array().map(Vec::len), Some(self.count));
        let theirs = self.structure_test(program, driver, image).ended("container-structure-test", 0);
        let report: serde_json::Value = serde_json::from_str(&theirs.stdout).expect("a report");
        assert_eq!((&report["Pass"], &report["Fail"]), (&self.count.into(), &0.into()), "{driver}: {report}");
    }

    /// Neither passes.
    fn fails(&self, program: &str, driver: &str, image: &Image) {
        self.dlearn(image).ended("dlearn of a broken image", 1);
        self.structure_test(program, driver, image).ended("container-structure-test of a broken image", 1);
    }
}

pub fn compare(setting: &Setting, rows: &mut Vec<Row>) {
    let Some(program) = setting.peer("container-structure-test") else { return };
    let small = images::shop("busybox:1.36", "small");
    {
        let (docker, tar) = (Files::new(20, true, "docker"), Files::new(20, false, "tar"));
        for (index, (name, instruction)) in BROKEN.into_iter().enumerate() {
            let broken = images::changed(&small, name, instruction);
            docker.fails(&program, "docker", &broken);
            if index == 0 {
                tar.fails(&program, "tar", &broken);
            }
        }
    }
    let mut one = |what: &str, image: &Image, (count, commands): (usize, bool), driver: &str| {
        let files = Files::new(count, commands, driver);
        files.passes(&program, driver, image);
        let rounds = if count > 20 { setting.rounds.div_ceil(2) } else { setting.rounds };
        let ours = || files.dlearn(image).ended("dlearn", 0);
        let theirs = || files.structure_test(&program, driver, image).ended("container-structure-test", 0);
        let medians = alternately(rounds, ours, theirs);
        let with = format!("container-structure-test, {driver} driver");
        let row = Row::faster(&format!("{count} checks, {what}"), &with, medians, 20.0, "20 times");
        row.print();
        rows.push(row);
    };
    for driver in ["docker", "tar"] {
        for count in [20, 100] {
            one("files and configuration of a small image", &small, (count, false), driver);
        }
    }
    one("two of them commands", &small, (20, true), "docker");
    if images::has("python:3.11-slim") {
        let large = images::shop("python:3.11-slim", "large");
        one("files and configuration, python:3.11-slim", &large, (20, false), "docker");
    }
}
