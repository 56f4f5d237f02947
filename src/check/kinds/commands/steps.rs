//! One command that must be there: whether a command of the file does it, and what a failed attempt lacks.

use super::Step;
use super::session::host_of;
use crate::check::matching::shown;
use crate::check::naming::{difference, login_host, same_host, same_image, same_repository};
use crate::check::{Inquiry, Stop};
use crate::cmdline::Action;

impl Step {
    /// With the exercise's names for images replaced by what they are called on the engine.
    pub(super) fn named(&self, inquiry: &Inquiry<'_>) -> Step {
        let name = |name: &str| inquiry.name(name);
        match self {
            Step::Login { .. } => self.clone(),
            Step::Tag { from, to } => Step::Tag { from: from.as_deref().map(name), to: name(to) },
            Step::Push { name: image } => Step::Push { name: name(image) },
            Step::Pull { name: image } => Step::Pull { name: name(image) },
            Step::Remove { name: image } => Step::Remove { name: name(image) },
        }
    }

    pub(super) fn verb(&self) -> &'static str {
        match self {
            Step::Login { .. } => "login",
            Step::Tag { .. } => "tag",
            Step::Push { .. } => "push",
            Step::Pull { .. } => "pull",
            Step::Remove { .. } => "rmi",
        }
    }

    /// What is asked for. The new name itself is not said: to find it may be what is to be learnt.
    pub(super) fn asked(&self) -> String {
        match self {
            Step::Login { host, user: Some(user) } => format!("a docker login to {host} as {user}"),
            Step::Login { host, user: None } => format!("a docker login to {host}"),
            Step::Tag { from: Some(from), .. } => format!("a docker tag that gives {from} the name to push"),
            Step::Tag { from: None, .. } => "a docker tag that gives the image its name".into(),
            Step::Push { .. } => "a docker push of that name".into(),
            Step::Pull { name } | Step::Remove { name } => format!("docker {} {name}", self.verb()),
        }
    }

    /// The image of a push or a pull: the name that is wanted, and as the command has it.
    pub(super) fn name_in<'a>(&'a self, action: &'a Action) -> Option<(&'a str, &'a str)> {
        match (self, action) {
            (Step::Push { name }, Action::Build { names, .. }) => {
                Some((name, names.iter().find(|pushed| same_image(name, pushed))?))
            }
            (Step::Push { name }, Action::Push { name: written, .. })
            | (Step::Pull { name }, Action::Pull { name: written }) => Some((name, written)),
            _ => None,
        }
    }

    /// How the registry of a login, or of a new name, is spelt in the command that does this step.
    pub(super) fn host_in(&self, action: &Action) -> Option<String> {
        match (self, action) {
            (Step::Login { .. }, Action::Login { host, .. }) => Some(login_host(host.as_deref())),
            (Step::Tag { .. }, Action::Tag { to, .. }) => Some(host_of(to)),
            (Step::Tag { to, .. }, Action::Build { names, .. }) => {
                names.iter().find(|name| same_image(to, name)).map(|name| host_of(name))
            }
            _ => None,
        }
    }

    pub(super) fn is_free_of(&self, other: &Step) -> bool {
        matches!((self, other), (Step::Tag { .. }, Step::Login { .. }) | (Step::Login { .. }, Step::Tag { .. }))
    }

    pub(super) fn is_done_by(&self, action: &Action, inquiry: &Inquiry<'_>) -> Result<bool, Stop> {
        Ok(match (self, action) {
            (Step::Login { host, user }, Action::Login { host: on, user: by, .. }) => {
                same_host(&login_host(Some(host)), &login_host(on.as_deref()))
                    && (user.is_none() || by.is_none() || user == by)
            }
            (Step::Tag { from, to }, Action::Tag { from: source, to: target }) => {
                same_image(to, target)
                    && match from {
                        Some(from) => same_image(from, source) || is_the_same_on_the_engine(from, source, inquiry)?,
                        None => true,
                    }
            }
            (Step::Tag { to, .. }, Action::Build { names, .. }) => names.iter().any(|name| same_image(to, name)),
            (Step::Push { name }, Action::Build { names, push: true }) => {
                names.iter().any(|pushed| same_image(name, pushed))
            }
            (Step::Push { name }, Action::Push { name: pushed, all_tags: true }) => same_repository(name, pushed),
            (Step::Push { name }, Action::Push { name: other, .. })
            | (Step::Pull { name }, Action::Pull { name: other }) => same_image(name, other),
            (Step::Remove { name }, Action::Remove { names }) => names.iter().any(|other| same_image(name, other)),
            _ => false,
        })
    }

    /// What a command that was meant for this step has, and what to do about it.
    pub(super) fn falls_short(&self, action: &Action) -> Option<(String, String)> {
        match (self, action) {
            (Step::Login { host, user }, Action::Login { host: on, user: by, .. }) => {
                let on_host = login_host(on.as_deref());
                Some(if !same_host(&login_host(Some(host)), &on_host) {
                    let by = user.as_ref().or(by.as_ref()).map(|user| format!("-u {user} ")).unwrap_or_default();
                    let (named, advice) = match on {
                        None => ("names no registry, so it is", "put the registry at the end"),
                        Some(_) => ("is", "name the registry that is meant"),
                    };
                    (format!("this {named} a login to {on_host}"), format!("{advice}: `docker login {by}{host}`"))
                } else {
                    let (user, by) = (user.as_deref()?, by.as_deref()?);
                    (format!("this is a login as {}", shown(by)), format!("log in as {user}"))
                })
            }
            (Step::Tag { from, to }, Action::Tag { from: source, to: target }) => {
                if same_image(to, source) {
                    return Some((
                        "the two names change places".into(),
                        "write the name that exists first, then the new one".into(),
                    ));
                }
                difference(to, target).or_else(|| {
                    let from = from.as_deref()?;
                    Some((
                        format!("it gives the name to {}, which is another image", shown(source)),
                        format!("name {from} instead"),
                    ))
                })
            }
            (Step::Push { name }, Action::Push { name: other, .. })
            | (Step::Pull { name }, Action::Pull { name: other }) => difference(name, other),
            _ => None,
        }
    }

    /// What another command shows of this step's absence: a push of a name that is still somebody
    /// else's tells most about a missing tag.
    pub(super) fn is_missed_by(&self, action: &Action) -> Option<(String, String)> {
        match (self, action) {
            (Step::Tag { to, .. }, Action::Push { name, .. }) => difference(to, name),
            _ => None,
        }
    }
}

/// Whether another name, or an id, leads to the same layers.
fn is_the_same_on_the_engine(wanted: &str, got: &str, inquiry: &Inquiry<'_>) -> Result<bool, Stop> {
    let (wanted, got) = (inquiry.image(wanted)?, inquiry.image(got)?);
    Ok(matches!((wanted, got), (Some(a), Some(b)) if a.layers == b.layers && a.config == b.config))
}
