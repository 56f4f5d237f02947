//! The same questions about the shop (`images.rs`), written for dlearn and for container-structure-test.

use crate::images::FILES;
use std::fmt::Write;

/// One question.
enum Ask {
    There(String),
    Absent(String),
    Rights { path: String, mode: u32, owner: u32 },
    Holds { path: String, expected: String, excluded: String },
    Command { words: Vec<String>, prints: String },
    Metadata,
}

/// What dlearn is asked about the configuration, but for the ports.
const METADATA: &str = "config: { image: app, env: { SHOP_PORT: { equals: \"8080\" }, SHOP_MODE: { matches: '^prod' } }, \
     env_lacks: [SHOP_PASSWORD], labels: { com.example.vendor: { equals: Shop & Sons }, build-date: { matches: \
     '^\\d{4}-\\d{2}-\\d{2}$' } }, ports_lack: [22], workdir: { equals: /shop }, user: { equals: \"1000:1000\" }, cmd: { \
     equals: [/shop/bin/tool0, --serve] } }";

/// So many questions: of twenty, seven that a file is there, three that one is not, four about rights and owners, three
/// about contents, two commands; and one about the configuration. Without `commands` two more files are there instead.
pub struct Questions {
    asks: Vec<Ask>,
    /// For container-structure-test's tar driver, which knows no owners and finds no ports (1.19.1).
    for_tar: bool,
}

impl Questions {
    pub fn new(count: usize, commands: bool, for_tar: bool) -> Self {
        let mut asks = vec![Ask::Metadata];
        for number in 1..count {
            let at = number % FILES;
            asks.push(match number % 20 {
                1..=7 => Ask::There(["conf", "data"][number % 2].to_owned()).on(at),
                8..=10 => Ask::Absent(format!("/shop/build/{at}.o")),
                11..=14 => Ask::Rights { path: String::new(), mode: 0, owner: 0 }.on(at),
                15..=17 => Ask::Holds {
                    path: format!("/shop/conf/{at}.conf"),
                    expected: format!("(?m)^name = s{at}$"),
                    excluded: "password".into(),
                },
                18 | 19 if commands => Ask::Command {
                    words: vec![format!("/shop/bin/tool{at}"), "--version".into()],
                    prints: format!("tool {at}"),
                },
                _ => Ask::There("bin".to_owned()).on(at),
            });
        }
        Self { asks, for_tar }
    }

    /// A file for `dlearn check --file`.
    pub fn for_dlearn(&self, image: &str) -> String {
        let mut text = format!("title: The shop\nimages: {{ app: \"{image}\" }}\nchecks:\n");
        for (number, ask) in self.asks.iter().enumerate() {
            let check = match ask {
                Ask::There(path) => format!("file: {{ image: app, path: {path} }}"),
                Ask::Absent(path) => format!("file: {{ image: app, path: {path}, is: absent }}"),
                Ask::Rights { path, mode, .. } if self.for_tar => {
                    format!("file: {{ image: app, path: {path}, mode: \"{mode:04o}\" }}")
                }
                Ask::Rights { path, mode, owner } => {
                    format!("file: {{ image: app, path: {path}, mode: \"{mode:04o}\", owner: \"{owner}:{owner}\" }}")
                }
                Ask::Holds { path, expected, excluded } => format!(
                    "file: {{ image: app, path: {path}, content: {{ matches: '{expected}', matches_none: ['{excluded}'] }} }}"
                ),
                Ask::Command { words, prints } => format!(
                    "command: {{ image: app, entrypoint: [\"{}\"], args: [{}], stdout: {{ matches: '{prints}' }} }}",
                    words[0], words[1]
                ),
                Ask::Metadata if self.for_tar => METADATA.to_owned(),
                Ask::Metadata => format!("{}, ports: [8080] }}", METADATA.strip_suffix(" }").unwrap_or(METADATA)),
            };
            // Writing into a text does not fail.
            let _ = writeln!(text, "  - id: q{number}\n    title: Question {number}\n    check: {{ {check} }}");
        }
        text
    }

    /// A file for `container-structure-test test --config`.
    pub fn for_structure_test(&self) -> String {
        let [mut existence, mut contents, mut commands, mut metadata] = [(); 4].map(|()| String::new());
        let ports = if self.for_tar { "" } else { "  exposedPorts: ['8080']\n" };
        for (number, ask) in self.asks.iter().enumerate() {
            let name = format!("  - name: Question {number}\n");
            let _ = match ask {
                Ask::There(path) => writeln!(existence, "{name}    path: {path}\n    shouldExist: true"),
                Ask::Absent(path) => writeln!(existence, "{name}    path: {path}\n    shouldExist: false"),
                Ask::Rights { path, mode, .. } if self.for_tar => writeln!(
                    existence,
                    "{name}    path: {path}\n    shouldExist: true\n    permissions: '{}'",
                    letters(*mode)
                ),
                Ask::Rights { path, mode, owner } => writeln!(
                    existence,
                    "{name}    path: {path}\n    shouldExist: true\n    permissions: '{}'\n    uid: {owner}\n    gid: {owner}",
                    letters(*mode)
                ),
                Ask::Holds { path, expected, excluded } => writeln!(
                    contents,
                    "{name}    path: {path}\n    expectedContents: ['{expected}']\n    excludedContents: ['{excluded}']"
                ),
                Ask::Command { words, prints } => writeln!(
                    commands,
                    "{name}    command: {}\n    args: ['{}']\n    expectedOutput: ['{prints}']\n    exitCode: 0",
                    words[0], words[1]
                ),
                Ask::Metadata => write!(
                    metadata,
                    "metadataTest:\n  envVars:\n  - {{ key: SHOP_PORT, value: '8080' }}\n  - {{ key: SHOP_MODE, value: \
                     '^prod', isRegex: true }}\n  unboundEnvVars: [{{ key: SHOP_PASSWORD }}]\n  labels:\n  - {{ key: \
                     com.example.vendor, value: 'Shop & Sons' }}\n  - {{ key: build-date, value: \
                     '^\\d{{4}}-\\d{{2}}-\\d{{2}}$', isRegex: true }}\n{ports}  unexposedPorts: \
                     ['22']\n  workdir: /shop\n  user: '1000:1000'\n  cmd: [/shop/bin/tool0, --serve]\n"
                ),
            };
        }
        let mut text = "schemaVersion: 2.0.0\n".to_owned();
        for (key, part) in
            [("fileExistenceTests", &existence), ("fileContentTests", &contents), ("commandTests", &commands)]
        {
            if !part.is_empty() {
                let _ = write!(text, "{key}:\n{part}");
            }
        }
        text + &metadata
    }
}

impl Ask {
    /// About the file with this number: programs, settings and data in turn.
    fn on(self, at: usize) -> Self {
        match self {
            Self::There(kind) if kind == "conf" => Self::There(format!("/shop/conf/{at}.conf")),
            Self::There(kind) if kind == "data" => Self::There(format!("/shop/data/{at}.csv")),
            Self::There(_) => Self::There(format!("/shop/bin/tool{at}")),
            Self::Rights { .. } if at.is_multiple_of(2) => {
                Self::Rights { path: format!("/shop/data/{at}.csv"), mode: 0o640, owner: 1000 }
            }
            Self::Rights { .. } => Self::Rights { path: format!("/shop/bin/tool{at}"), mode: 0o755, owner: 0 },
            other => other,
        }
    }
}

/// `-rw-r-----`
fn letters(mode: u32) -> String {
    let bit = |place: u32| if mode & (0o400 >> place) == 0 { '-' } else { ['r', 'w', 'x'][place as usize % 3] };
    std::iter::once('-').chain((0..9).map(bit)).collect()
}
