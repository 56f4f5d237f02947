//! Rules about FROM: the names of stages, arguments, platforms.

use super::rules::{
    DUPLICATE_STAGE_NAME, FROM_PLATFORM_CONST, INVALID_DEFAULT_ARG_IN_FROM, REDUNDANT_TARGET_PLATFORM,
    RESERVED_STAGE_NAME, UNDEFINED_ARG_IN_FROM,
};
use super::{Found, short};
use crate::dockerfile::model::{Body, Dockerfile, Span, Stage};
use crate::dockerfile::platform::Platform;
use crate::dockerfile::scope::Values;
use crate::dockerfile::walk::Walk;
use crate::dockerfile::{Variables, expand};
use crate::reference::Reference;
use std::cell::RefCell;
use std::collections::BTreeSet;

pub(super) fn check(dockerfile: &Dockerfile, walked: &Walk<'_>, variables: &Variables, found: &mut Found) {
    let plain = dockerfile.globals(&Variables { build_args: Default::default(), ..variables.clone() });
    let declared = declared(dockerfile);
    let mut names = BTreeSet::new();
    for stage in &dockerfile.stages {
        let Some(from) = stage.instructions.first() else { continue };
        let Body::From { base_span, name_span, .. } = &from.body else { continue };
        if let (Some(name), Some(point)) = (&stage.name, name_span) {
            if ["scratch", "context"].contains(&name.as_str()) {
                found.push(RESERVED_STAGE_NAME, format!("the name {name} has a meaning of its own"), from.span, *point);
            }
            if !names.insert(name.as_str()) {
                let message = format!("an earlier stage is called {}, too", short(name));
                found.push(DUPLICATE_STAGE_NAME, message, from.span, *point);
            }
        }
        let base = used(&stage.base, dockerfile.escape, &walked.globals);
        undeclared(&base, &declared, walked, (from.span, *base_span), found);
        if let Ok(name) = expand(&stage.base, dockerfile.escape, &|name| plain.get(name).cloned())
            && Reference::parse(&name).is_err()
        {
            let message = format!("without --build-arg, {} names no image", short(&stage.base));
            found.push(INVALID_DEFAULT_ARG_IN_FROM, message, from.span, *base_span);
        }
        platform(stage, from.span, dockerfile.escape, (walked, &declared), found);
    }
}

fn platform(
    stage: &Stage,
    span: Span,
    escape: char,
    (walked, declared): (&Walk<'_>, &BTreeSet<&str>),
    found: &mut Found,
) {
    let Some(written) = stage.platform.as_deref().filter(|platform| !platform.is_empty()) else { return };
    let flags = stage.instructions.first().map(|from| from.flags.as_slice()).unwrap_or_default();
    let point = flags.iter().find(|flag| flag.name == "platform").map_or(span, |flag| flag.span);
    let used = used(written, escape, &walked.globals);
    undeclared(&used, declared, walked, (span, point), found);
    let target = walked.globals.get("TARGETPLATFORM");
    let only_target = used.set.len() == 1 && used.set.contains("TARGETPLATFORM") && used.unset.is_empty();
    if only_target && used.value.as_ref() == target {
        let message = format!("the platform {} is what Docker builds for anyway", short(written));
        found.push(REDUNDANT_TARGET_PLATFORM, message, span, point);
    }
    if used.set.is_empty()
        && used.unset.is_empty()
        && let Some(platform) = used.value.as_deref().and_then(|value| Platform::parse(value).ok())
    {
        let name = stage.name.as_deref().unwrap_or_default();
        if !name.contains(&platform.os) && !name.contains(&platform.arch) {
            let message = format!("this stage is always {}", short(written));
            found.push(FROM_PLATFORM_CONST, message, span, point);
        }
    }
}

/// Names of ARG above the first FROM, with and without a value.
fn declared(dockerfile: &Dockerfile) -> BTreeSet<&str> {
    let bodies = dockerfile.global_args.iter().map(|instruction| &instruction.body);
    let names = bodies.flat_map(|body| match body {
        Body::Arg(names) => names.as_slice(),
        _ => &[],
    });
    names.map(|name| name.name.as_str()).collect()
}

/// What a word of FROM looks up.
struct Used {
    value: Option<String>,
    set: BTreeSet<String>,
    unset: BTreeSet<String>,
}

fn used(word: &str, escape: char, globals: &Values) -> Used {
    let looked_up = RefCell::new((BTreeSet::new(), BTreeSet::new()));
    let value = expand(word, escape, &|name| {
        let value = globals.get(name).cloned();
        let (set, unset) = &mut *looked_up.borrow_mut();
        if value.is_some() { set } else { unset }.insert(name.to_owned());
        value
    });
    let (set, unset) = looked_up.into_inner();
    Used { value: value.ok(), set, unset }
}

fn undeclared(
    used: &Used,
    declared: &BTreeSet<&str>,
    walked: &Walk<'_>,
    (span, point): (Span, Span),
    found: &mut Found,
) {
    for name in used.unset.iter().filter(|name| !declared.contains(name.as_str())) {
        let known = declared.iter().copied().chain(walked.globals.keys().map(String::as_str));
        let message =
            format!("the argument {} is not declared above the first FROM{}", short(name), meant(name, known));
        found.push(UNDEFINED_ARG_IN_FROM, message, span, point);
    }
}

/// "; did you mean …?", where a name is near.
pub(super) fn meant<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    // Comparing costs time, and a text may hold many long names.
    if name.len() > 40 {
        return String::new();
    }
    crate::nearest(name, known.take(200)).map(|near| format!("; did you mean {near}?")).unwrap_or_default()
}
