//! What a Dockerfile consists of.

use std::time::Duration;

/// A place in the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// First line, from 1.
    pub start_line: usize,
    /// Last line, from 1.
    pub end_line: usize,
    /// First byte.
    pub start: usize,
    /// Behind the last byte.
    pub end: usize,
}

/// Something that Docker refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, as a sentence without its full stop.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// A whole Dockerfile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dockerfile {
    /// Parser directives (`# syntax=…`), in order.
    pub directives: Vec<Directive>,
    /// The escape character: `\`, or a backtick by directive.
    pub escape: char,
    /// The ARG instructions before the first FROM.
    pub global_args: Vec<Instruction>,
    /// Other instructions before the first FROM; each is a problem, too.
    pub stray: Vec<Instruction>,
    /// The build stages.
    pub stages: Vec<Stage>,
    /// What Docker refuses, in the order of the text (at most 1000).
    pub problems: Vec<Problem>,
}

/// A parser directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// `syntax`, `escape` or `check`, in small letters.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Its line.
    pub span: Span,
}

/// A build stage.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stage {
    /// Its number, from 0.
    pub index: usize,
    /// Its name in small letters (names do not differ by case).
    pub name: Option<String>,
    /// What FROM names, as it is written: an image or a stage, perhaps with variables.
    pub base: String,
    /// `--platform` of FROM, as it is written.
    pub platform: Option<String>,
    /// From FROM to the end of its last instruction.
    pub span: Span,
    /// Its instructions; the first one is FROM.
    pub instructions: Vec<Instruction>,
}

/// One instruction.
#[derive(Clone, Debug, PartialEq)]
pub struct Instruction {
    /// In capitals, whatever its spelling in the text.
    pub keyword: String,
    /// Where the keyword stands.
    pub keyword_span: Span,
    /// `--name=value`, in order.
    pub flags: Vec<Flag>,
    /// What it says.
    pub body: Body,
    /// All of it, continuation lines and heredocs included.
    pub span: Span,
    /// The text at `span`.
    pub original: String,
}

impl Instruction {
    /// The value of a flag; an empty text for a flag without one.
    pub fn flag(&self, name: &str) -> Option<&str> {
        self.flags.iter().find(|flag| flag.name == name).map(|flag| flag.value.as_deref().unwrap_or_default())
    }

    /// The mounts of a RUN instruction.
    pub fn mounts(&self) -> Vec<Mount> {
        let mounts = self.flags.iter().filter(|flag| flag.name == "mount");
        mounts.map(|flag| Mount::read(flag.value.as_deref().unwrap_or_default())).collect()
    }
}

/// A flag of an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Without `--`.
    pub name: String,
    /// Behind `=`, quotes removed; none where there is no `=`.
    pub value: Option<String>,
    /// Where it stands.
    pub span: Span,
}

/// `RUN --mount=…`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mount {
    /// `bind` (also where none is given), `cache`, `tmpfs`, `secret` or `ssh`.
    pub kind: String,
    /// All keys with their values, in order, as they are written.
    pub fields: Vec<(String, String)>,
}

impl Mount {
    fn read(text: &str) -> Self {
        let fields: Vec<(String, String)> = super::words::comma_separated(text)
            .into_iter()
            .map(|field| match field.split_once('=') {
                Some((key, value)) => (key.trim().to_lowercase(), value.to_owned()),
                None => (field.trim().to_lowercase(), String::new()),
            })
            .collect();
        let kind =
            fields.iter().find(|(key, _)| key == "type").map_or("bind", |(_, value)| value.as_str()).to_lowercase();
        Self { kind, fields }
    }

    /// Where it appears in the container (`target`, `dst` or `destination`).
    pub fn target(&self) -> Option<&str> {
        self.field(&["target", "dst", "destination"])
    }

    /// The value of the first of these keys that is there.
    pub fn field(&self, names: &[&str]) -> Option<&str> {
        self.fields.iter().find(|(key, _)| names.contains(&key.as_str())).map(|(_, value)| value.as_str())
    }
}

/// How a command is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// A JSON array: program and arguments, started without a shell.
    Exec(Vec<String>),
    /// A line for the shell. An array with a mistake in it (`['a']`) is such a line.
    Shell(String),
}

/// A document inside the Dockerfile (`<<EOF`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heredoc {
    /// The word that ends it.
    pub name: String,
    /// Its lines as they stand in the text, line ends included.
    pub content: String,
    /// Variables are replaced: its word is not quoted.
    pub expand: bool,
    /// `<<-`: tabs at the start of its lines do not count.
    pub strip_tabs: bool,
    /// The number before `<<`.
    pub descriptor: Option<u32>,
    /// Where its lines stand, without the one that ends it.
    pub span: Span,
}

impl Heredoc {
    /// The content that a command or a file gets, before variables are replaced.
    pub fn text(&self) -> String {
        if !self.strip_tabs {
            return self.content.clone();
        }
        self.content.split_inclusive('\n').map(|line| line.trim_start_matches('\t')).collect()
    }
}

/// COPY or ADD.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copy {
    /// Files and folders (or addresses, for ADD), without heredocs.
    pub sources: Vec<String>,
    /// Where they go.
    pub dest: String,
    /// `--from`: a stage, its number, an image or a named context.
    pub from: Option<String>,
    /// Files whose content stands in the Dockerfile; their names are file names.
    pub heredocs: Vec<Heredoc>,
}

/// `KEY=VALUE` of ENV or LABEL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// As written, quotes included.
    pub key: String,
    /// As written, quotes included; [`super::expand`] removes them.
    pub value: String,
    /// Written `KEY VALUE`, the old way.
    pub legacy: bool,
    /// Where the pair stands.
    pub span: Span,
}

/// `NAME` or `NAME=DEFAULT` of ARG.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgName {
    /// The argument's name.
    pub name: String,
    /// As written, quotes included; [`super::expand`] removes them.
    pub default: Option<String>,
    /// Where it stands.
    pub span: Span,
}

/// HEALTHCHECK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Healthcheck {
    /// `HEALTHCHECK NONE`: what the base image checks is switched off.
    None,
    /// `HEALTHCHECK CMD …`; what is not given is none, and Docker's default holds.
    Check {
        /// The command.
        form: Form,
        /// Time between two checks.
        interval: Option<Duration>,
        /// Time that one check may take.
        timeout: Option<Duration>,
        /// Time after the start in which failures do not count.
        start_period: Option<Duration>,
        /// Time between two checks in that time (Engine API 1.44).
        start_interval: Option<Duration>,
        /// Failures in a row that make a container unhealthy.
        retries: Option<u32>,
    },
}

/// What an instruction says. Where a part is missing it is empty, and there is a [`Problem`].
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// FROM.
    From {
        /// An image or a stage, as it is written.
        base: String,
        /// The word between base and name, as it is written (`AS`, `as`).
        as_word: Option<String>,
        /// `AS name`, as it is written.
        name: Option<String>,
        /// Where `base` stands.
        base_span: Span,
        /// Where the name stands.
        name_span: Option<Span>,
    },
    /// RUN. The heredocs are scripts or input of its command.
    Run {
        /// The command.
        form: Form,
        /// The documents that follow.
        heredocs: Vec<Heredoc>,
    },
    /// COPY.
    Copy(Copy),
    /// ADD.
    Add(Copy),
    /// CMD.
    Cmd(Form),
    /// ENTRYPOINT.
    Entrypoint(Form),
    /// ENV.
    Env(Vec<Pair>),
    /// LABEL.
    Label(Vec<Pair>),
    /// ARG.
    Arg(Vec<ArgName>),
    /// EXPOSE, as `80`, `80/udp`, `7000-7005`.
    Expose(Vec<String>),
    /// USER.
    User(String),
    /// WORKDIR.
    Workdir(String),
    /// VOLUME.
    Volume(Vec<String>),
    /// HEALTHCHECK.
    Healthcheck(Healthcheck),
    /// ONBUILD, with the instruction that it keeps for later.
    Onbuild(Box<Instruction>),
    /// SHELL.
    Shell(Vec<String>),
    /// STOPSIGNAL.
    Stopsignal(String),
    /// MAINTAINER (deprecated).
    Maintainer(String),
    /// No instruction of Docker's, or one without what it needs; the text behind the keyword.
    Unknown(String),
}

impl Dockerfile {
    /// The stage that a build without `--target` makes.
    pub fn final_stage(&self) -> Option<&Stage> {
        self.stages.last()
    }

    /// A stage by name (any case; the last of that name), or else by number.
    pub fn stage(&self, name_or_index: &str) -> Option<&Stage> {
        let name = name_or_index.to_lowercase();
        let named = self.stages.iter().rev().find(|stage| stage.name.as_deref() == Some(name.as_str()));
        named.or_else(|| name.parse().ok().and_then(|index: usize| self.stages.get(index)))
    }

    /// All instructions in the order of the text.
    pub fn instructions(&self) -> impl Iterator<Item = &Instruction> {
        let mut all: Vec<&Instruction> = self.global_args.iter().chain(&self.stray).collect();
        all.sort_by_key(|instruction| instruction.span.start);
        all.into_iter().chain(self.stages.iter().flat_map(|stage| &stage.instructions))
    }
}
