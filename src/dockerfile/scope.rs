//! Variables: where they are set, and where Docker replaces them.
//!
//! ARG before the first FROM is for FROM lines, and for stages that name it again. In a stage, ARG
//! and ENV hold from the line after them, also in stages that are built on it. Where both set a
//! name, the later one counts: so BuildKit does (the classic builder prefers ENV, and forgets ARG
//! at the end of its stage). RUN, CMD, ENTRYPOINT, HEALTHCHECK, SHELL and ONBUILD are not replaced:
//! a shell may do that when they run.

use super::lex::Lexer;
use super::model::{ArgName, Body, Copy, Dockerfile, Instruction, Pair, Problem, Span, Stage};
use std::collections::{BTreeMap, BTreeSet};

/// How much text the values of a Dockerfile may make together, in bytes.
pub(super) const LONGEST_ALTOGETHER: usize = 1024 * 1024;
/// How many stages may be built on one another.
const LONGEST_CHAIN: usize = 1000;

/// What a build is given from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables {
    /// `--build-arg`.
    pub build_args: BTreeMap<String, String>,
    /// ENV of the external base image.
    pub base_env: BTreeMap<String, String>,
    /// What BuildKit sets for FROM lines, and for stages that name it with ARG (`TARGETARCH`).
    pub predefined: BTreeMap<String, String>,
}

impl Variables {
    /// With BuildKit's platform variables for a build on and for one platform, in Go's words.
    pub fn for_platform(os: &str, arch: &str) -> Self {
        let mut predefined = BTreeMap::new();
        for side in ["BUILD", "TARGET"] {
            predefined.insert(format!("{side}PLATFORM"), format!("{os}/{arch}"));
            predefined.insert(format!("{side}OS"), os.to_owned());
            predefined.insert(format!("{side}ARCH"), arch.to_owned());
            predefined.insert(format!("{side}VARIANT"), String::new());
        }
        Self { predefined, ..Self::default() }
    }
}

/// A stage with its variables replaced.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expanded {
    /// The stage's instructions; where Docker replaces variables they and quotes are gone.
    pub instructions: Vec<Instruction>,
    /// The environment that the image gets, as far as it is known.
    pub env: BTreeMap<String, String>,
    /// Names that were used and are not set (Docker takes them for empty).
    pub unset: BTreeSet<String>,
    /// Where a word uses a name that is neither set nor declared with ARG, once for each name of each word (but
    /// in FROM and EXPOSE, for which BuildKit's build check UndefinedVar does not look).
    pub undefined: Vec<(Span, String)>,
    /// Words that Docker refuses; they are left as they were.
    pub problems: Vec<Problem>,
}

pub(super) type Values = BTreeMap<String, String>;

/// What a stage leaves to those that are built on it.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// What `$NAME` finds.
    pub(super) visible: Values,
    /// Names of ARG, also without a value.
    declared: BTreeSet<String>,
}

impl Scope {
    /// Of a base image with this environment.
    pub(super) fn of_base(env: &Values) -> Self {
        Self { visible: env.clone(), declared: BTreeSet::new() }
    }

    /// How many names it holds.
    pub(super) fn len(&self) -> usize {
        self.visible.len() + self.declared.len()
    }
}

impl Dockerfile {
    /// The external image that a stage is built on, `scratch` for none: names of earlier stages are
    /// followed, and the defaults of global ARGs filled in. None where that gives no name.
    pub fn base_of(&self, stage: &Stage) -> Option<String> {
        self.base_with(stage, &Variables::default())
    }

    /// The same, for a build with these variables.
    pub fn base_with(&self, stage: &Stage, variables: &Variables) -> Option<String> {
        let globals = self.globals(variables);
        self.chain(stage, &globals).1
    }

    /// The instructions that make the rows of a stage's history above its external base: those of the
    /// stages that it is built on first, without FROM.
    pub fn steps_with<'a>(&'a self, stage: &'a Stage, variables: &Variables) -> Vec<&'a Instruction> {
        let chain = self.chain(stage, &self.globals(variables)).0;
        let instructions = chain.into_iter().rev().flat_map(|stage| &stage.instructions);
        instructions.filter(|instruction| !matches!(instruction.body, Body::From { .. })).collect()
    }

    /// A stage's instructions as Docker sees them when it builds, variables replaced.
    pub fn expanded(&self, stage: &Stage, variables: &Variables) -> Expanded {
        let globals = self.globals(variables);
        let mut expanded = Expanded { env: variables.base_env.clone(), ..Expanded::default() };
        // A stage inherits what is visible at the end of the stage that it is built on.
        let scope = Scope::of_base(&variables.base_env);
        let mut run = Run { escape: self.escape, globals: &globals, variables, left: LONGEST_ALTOGETHER, scope };
        for stage in self.chain(stage, &globals).0.into_iter().rev() {
            run.stage(&stage.instructions, &mut expanded);
        }
        expanded
    }

    /// The same for instructions that begin with this scope, which they leave changed. `left`: bytes that values
    /// may still make.
    pub(super) fn expanded_in<'a>(
        &self,
        instructions: impl IntoIterator<Item = &'a Instruction>,
        globals: &Values,
        variables: &Variables,
        (scope, left): (&mut Scope, &mut usize),
    ) -> Expanded {
        let mut expanded = Expanded::default();
        let scope_before = std::mem::take(scope);
        let mut run = Run { escape: self.escape, globals, variables, left: *left, scope: scope_before };
        run.stage(instructions, &mut expanded);
        (*scope, *left) = (run.scope, run.left);
        expanded
    }

    /// The earlier stages whose files a stage takes, with COPY --from or a mount, directly or through
    /// others; each once. The stages that it is built on are none of them: their layers are its own.
    pub fn sources_of<'a>(&'a self, stage: &'a Stage) -> Vec<&'a Stage> {
        let globals = self.globals(&Variables::default());
        let mut sources: Vec<&Stage> = Vec::new();
        let mut waiting = vec![stage];
        while let Some(stage) = waiting.pop() {
            for built_on in self.chain(stage, &globals).0 {
                for name in built_on.instructions.iter().flat_map(takes_from) {
                    let earlier = self.stage(&name).filter(|source| source.index < built_on.index);
                    if let Some(source) =
                        earlier.filter(|source| sources.iter().all(|known| known.index != source.index))
                    {
                        sources.push(source);
                        waiting.push(source);
                    }
                }
            }
        }
        sources
    }

    /// The indices of the earlier stages whose files a stage itself takes, with COPY --from or a mount; each once.
    pub fn takes_from(&self, stage: &Stage) -> Vec<usize> {
        let mut indices = Vec::new();
        for name in stage.instructions.iter().flat_map(takes_from) {
            let earlier = self.stage(&name).map(|source| source.index).filter(|index| *index < stage.index);
            indices.extend(earlier.filter(|index| !indices.contains(index)));
        }
        indices
    }

    /// The indices of a stage and of those that it is built on.
    pub(super) fn chain_of(&self, stage: &Stage, variables: &Variables) -> Vec<usize> {
        self.chain(stage, &self.globals(variables)).0.into_iter().map(|stage| stage.index).collect()
    }

    /// The stage and those it is built on, and the external base.
    fn chain<'a>(&'a self, stage: &'a Stage, globals: &Values) -> (Vec<&'a Stage>, Option<String>) {
        let mut chain = vec![stage];
        let mut current = stage;
        loop {
            let base = replace(&current.base, self.escape, globals).unwrap_or_default();
            let name = base.to_lowercase();
            // Only earlier stages can be meant, so this ends.
            let earlier = self.stages.get(..current.index).unwrap_or_default();
            match earlier.iter().rev().find(|stage| stage.name.as_deref() == Some(name.as_str())) {
                Some(_) if chain.len() == LONGEST_CHAIN => return (chain, None),
                Some(stage) => {
                    chain.push(stage);
                    current = stage;
                }
                None => return (chain, Some(base).filter(|base| !base.is_empty())),
            }
        }
    }

    /// The global ARGs with their values, and what the builder predefines.
    pub(super) fn globals(&self, variables: &Variables) -> Values {
        let mut globals = variables.predefined.clone();
        let names = self.global_args.iter().flat_map(|instruction| match &instruction.body {
            Body::Arg(names) => names.as_slice(),
            _ => &[],
        });
        let mut left = LONGEST_ALTOGETHER;
        for ArgName { name, default, .. } in names {
            let default = default.as_deref().and_then(|default| replace(default, self.escape, &globals).ok());
            if let Some(value) = variables.build_args.get(name).cloned().or(default) {
                left = left.saturating_sub(value.len());
                if left > 0 {
                    globals.insert(name.clone(), value);
                }
            }
        }
        globals
    }
}

/// What an instruction names with `--from=` or in a mount's `from=`.
fn takes_from(instruction: &Instruction) -> Vec<String> {
    let copied = instruction.flag("from").map(str::to_owned);
    let mounted = instruction.mounts().into_iter().filter_map(|mount| mount.field(&["from"]).map(str::to_owned));
    copied.into_iter().chain(mounted).collect()
}

fn replace(word: &str, escape: char, values: &Values) -> Result<String, String> {
    super::expand(word, escape, &|name| values.get(name).cloned())
}

/// The way through the instructions of a stage.
struct Run<'a> {
    escape: char,
    globals: &'a Values,
    variables: &'a Variables,
    /// Bytes that may still be made.
    left: usize,
    scope: Scope,
}

/// How a word is replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Word,
    /// Quotes stay: the content of a document.
    Content,
}

impl Run<'_> {
    fn stage<'b>(&mut self, instructions: impl IntoIterator<Item = &'b Instruction>, out: &mut Expanded) {
        out.instructions.clear();
        out.undefined.clear();
        for instruction in instructions {
            let instruction = self.instruction(instruction, out);
            out.instructions.push(instruction);
        }
    }

    fn instruction(&mut self, instruction: &Instruction, out: &mut Expanded) -> Instruction {
        let mut copy = instruction.clone();
        let mut word = |text: &mut String| self.word(text, How::Word, instruction, out);
        match &mut copy.body {
            Body::User(text) | Body::Workdir(text) | Body::Stopsignal(text) => word(text),
            Body::Volume(paths) => {
                paths.iter_mut().for_each(&mut word);
                if paths.iter().any(String::is_empty) {
                    let message = "the path of a VOLUME is empty once its variables are replaced".to_owned();
                    out.problems.push(Problem { message, span: instruction.span });
                }
            }
            Body::Label(pairs) | Body::Env(pairs) => {
                for Pair { key, value, .. } in pairs {
                    word(key);
                    word(value);
                }
            }
            Body::Arg(names) => self.arguments(names, instruction, out),
            Body::Copy(body) | Body::Add(body) => self.copy(body, instruction, out),
            Body::Expose(ports) => *ports = self.ports(ports, instruction, out),
            _ => {}
        }
        self.flags(&mut copy, out);
        match &mut copy.body {
            Body::From { base, .. } => {
                // FROM sees the global arguments only.
                let visible = std::mem::replace(&mut self.scope.visible, self.globals.clone());
                self.word(base, How::Word, instruction, out);
                self.scope.visible = visible;
            }
            Body::Env(pairs) => {
                for Pair { key, value, .. } in pairs {
                    self.scope.visible.insert(key.clone(), value.clone());
                    out.env.insert(key.clone(), value.clone());
                }
            }
            _ => {}
        }
        copy
    }

    /// Names stay as they are, and each default sees the names before it (so current BuildKit; 20.10 replaces in
    /// names, too, and all defaults see what was there before the line).
    fn arguments(&mut self, names: &mut [ArgName], instruction: &Instruction, out: &mut Expanded) {
        for ArgName { name, default, .. } in names {
            let given = self.variables.build_args.get(name);
            if let Some(default) = default.as_mut().filter(|_| given.is_none()) {
                self.word(default, How::Word, instruction, out);
            }
            // Only an argument without a default of its own takes the global one's value.
            let global = self.globals.get(name).filter(|_| default.is_none());
            if let Some(value) = given.or(default.as_ref()).or(global).cloned() {
                self.scope.visible.insert(name.clone(), value);
            }
            self.scope.declared.insert(name.clone());
        }
    }

    fn copy(&mut self, body: &mut Copy, instruction: &Instruction, out: &mut Expanded) {
        for source in &mut body.sources {
            self.word(source, How::Word, instruction, out);
        }
        self.word(&mut body.dest, How::Word, instruction, out);
        for heredoc in body.heredocs.iter_mut().filter(|heredoc| heredoc.expand) {
            self.word(&mut heredoc.content, How::Content, instruction, out);
        }
    }

    /// Flags that name owners, modes, platforms and mounts; `--from` of COPY takes no variables.
    fn flags(&mut self, copy: &mut Instruction, out: &mut Expanded) {
        let source = copy.clone();
        let from = matches!(copy.body, Body::From { .. });
        let visible = from.then(|| std::mem::replace(&mut self.scope.visible, self.globals.clone()));
        for flag in &mut copy.flags {
            let expands = ["chown", "chmod", "checksum", "platform", "mount"].contains(&flag.name.as_str());
            if let Some(value) = flag.value.as_mut().filter(|_| expands) {
                self.word(value, How::Word, &source, out);
            }
        }
        if let Some(visible) = visible {
            self.scope.visible = visible;
        }
    }

    /// A variable in EXPOSE may hold several ports.
    fn ports(&mut self, ports: &[String], instruction: &Instruction, out: &mut Expanded) -> Vec<String> {
        let mut all = Vec::new();
        for port in ports {
            let lookup = |name: &str| self.scope.visible.get(name).cloned();
            let lexer = Lexer::new(self.escape, &lookup);
            match lexer.words(port) {
                Ok(words) => all.extend(words),
                Err(message) => {
                    all.push(port.clone());
                    out.problems.push(Problem { message, span: instruction.span });
                }
            }
            out.unset.extend(lexer.unset.take());
        }
        all
    }

    fn word(&mut self, text: &mut String, how: How, instruction: &Instruction, out: &mut Expanded) {
        let lookup = |name: &str| self.scope.visible.get(name).cloned();
        // The escape character by directive does not count in documents.
        let escape = if how == How::Content { '\\' } else { self.escape };
        let mut lexer = Lexer::new(escape, &lookup);
        lexer.no_quotes = how == How::Content;
        let result = lexer.word(text);
        let unset = lexer.unset.take();
        if !matches!(instruction.body, Body::From { .. }) {
            let undefined = unset.iter().filter(|name| !self.scope.declared.contains(*name));
            out.undefined.extend(undefined.map(|name| (instruction.span, name.clone())));
        }
        out.unset.extend(unset);
        match result {
            Ok(value) if value.len() <= self.left => {
                self.left -= value.len();
                *text = value;
            }
            Ok(_) => {
                let message = "the values of this Dockerfile become too long".to_owned();
                out.problems.push(Problem { message, span: instruction.span });
            }
            Err(message) => out.problems.push(Problem { message, span: instruction.span }),
        }
    }
}
