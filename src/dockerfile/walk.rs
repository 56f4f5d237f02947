//! The way of BuildKit through the stages: each is read with the variables that it finds, triggers of ONBUILD of the
//! stage below it first.
//!
//! Bounds, because the text may come from anybody: names that stages inherit, triggers that run again, and the text
//! that values make. Where one is reached, the rest is read without them, and [`Walk::complete`] says so.

use super::checks::Surroundings;
use super::model::{Body, Dockerfile, Instruction, Stage};
use super::scope::{Expanded, LONGEST_ALTOGETHER, Scope, Values};
use super::{Variables, expand};
use std::collections::BTreeMap;

/// Names that stages may inherit together.
const MOST_INHERITED: usize = 500_000;
/// Triggers that may run together.
const MOST_TRIGGERS: usize = 10_000;

/// What a stage is built on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// An earlier stage, by index.
    Stage(usize),
    /// Nothing.
    Scratch,
    /// An image.
    Image(String),
    /// FROM names nothing once its variables are replaced.
    Empty,
    /// FROM cannot be read.
    Unreadable,
}

/// A stage that was read.
pub(super) struct Seen<'a> {
    pub(super) stage: &'a Stage,
    pub(super) base: Base,
    /// FROM, the triggers (at FROM's place), then its own instructions, with variables replaced.
    pub(super) expanded: Expanded,
    /// The image whose environment is not known, and counts in this stage.
    pub(super) unknown: Option<String>,
}

/// All stages, in order.
pub(super) struct Walk<'a> {
    pub(super) stages: Vec<Seen<'a>>,
    pub(super) globals: Values,
    pub(super) complete: bool,
}

/// The variables of a build, with everything that BuildKit predefines.
pub(super) fn predefined(dockerfile: &Dockerfile, around: &Surroundings<'_>) -> Variables {
    let mut variables = around.variables.clone();
    if variables.predefined.is_empty() {
        variables.predefined = Variables::for_platform("linux", "amd64").predefined;
    }
    let last = dockerfile.final_stage().and_then(|stage| stage.name.as_deref());
    let target = around.target.or(last).unwrap_or("default");
    for (name, value) in [("BUILDOSVERSION", ""), ("TARGETOSVERSION", ""), ("TARGETSTAGE", target)] {
        variables.predefined.entry(name.into()).or_insert_with(|| value.into());
    }
    variables
}

/// Reads all stages.
pub(super) fn walk<'a>(
    dockerfile: &'a Dockerfile,
    variables: &Variables,
    bases: &BTreeMap<String, Values>,
) -> Walk<'a> {
    let globals = dockerfile.globals(variables);
    let mut out = Walk { stages: Vec::new(), globals, complete: true };
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let mut scopes: Vec<Scope> = Vec::new();
    let (mut inherited, mut triggers, mut left) = (MOST_INHERITED, MOST_TRIGGERS, LONGEST_ALTOGETHER);
    for stage in &dockerfile.stages {
        let base = base_of(dockerfile, stage, &out.globals, &names);
        let mut unknown = None;
        let mut before: Vec<Instruction> = Vec::new();
        let nothing = Values::new();
        let below = match &base {
            Base::Stage(index) => {
                let below = &dockerfile.stages[*index];
                unknown.clone_from(&out.stages[*index].unknown);
                before = triggers_of(below, stage, &mut triggers, &mut out.complete);
                scopes.get(*index).cloned_within(&mut inherited, &mut out.complete)
            }
            Base::Image(name) => {
                let env = bases.get(name);
                unknown = env.is_none().then(|| name.clone());
                Some(&Scope::of_base(env.unwrap_or(&nothing))).cloned_within(&mut inherited, &mut out.complete)
            }
            Base::Scratch | Base::Empty | Base::Unreadable => Scope::default(),
        };
        let mut scope = below;
        scope.visible.entry("PATH".into()).or_default();
        let own = stage.instructions.split_at(1.min(stage.instructions.len()));
        let all = own.0.iter().chain(&before).chain(own.1);
        let expanded = dockerfile.expanded_in(all, &out.globals, variables, (&mut scope, &mut left));
        scopes.push(scope);
        out.stages.push(Seen { stage, base, expanded, unknown });
        if let Some(name) = &stage.name {
            names.insert(name, stage.index);
        }
    }
    out
}

trait Within {
    /// A copy, or an empty one where `left` names do not suffice.
    fn cloned_within(self, left: &mut usize, complete: &mut bool) -> Scope;
}

impl Within for Option<&Scope> {
    fn cloned_within(self, left: &mut usize, complete: &mut bool) -> Scope {
        match self {
            Some(scope) if scope.len() <= *left => {
                *left -= scope.len();
                scope.clone()
            }
            _ => {
                *complete = false;
                Scope::default()
            }
        }
    }
}

fn base_of(dockerfile: &Dockerfile, stage: &Stage, globals: &Values, names: &BTreeMap<&str, usize>) -> Base {
    match expand(&stage.base, dockerfile.escape, &|name| globals.get(name).cloned()) {
        Ok(base) if base.is_empty() => Base::Empty,
        // Names of stages are compared letter by letter here, unlike in COPY --from.
        Ok(base) => match names.get(base.as_str()) {
            Some(index) => Base::Stage(*index),
            None if base == "scratch" => Base::Scratch,
            None => Base::Image(base),
        },
        Err(_) => Base::Unreadable,
    }
}

/// The instructions that ONBUILD of the stage below keeps for this one, at the place of its FROM.
fn triggers_of(below: &Stage, stage: &Stage, left: &mut usize, complete: &mut bool) -> Vec<Instruction> {
    let Some(from) = stage.instructions.first() else { return Vec::new() };
    let mut triggers = Vec::new();
    for instruction in &below.instructions {
        if let Body::Onbuild(trigger) = &instruction.body {
            if *left == 0 {
                *complete = false;
                break;
            }
            *left -= 1;
            triggers.push(Instruction { span: from.span, keyword_span: from.span, ..(**trigger).clone() });
        }
    }
    triggers
}
