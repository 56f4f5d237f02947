//! The file's commands, replayed as a shell would run them: which login and which name are in force at a line.

use super::{Commands, Step};
use crate::check::naming::{login_host, same_host, same_image};
use crate::check::{Inquiry, Stop, Verdict};
use crate::cmdline::{Action, Command};
use crate::reference::Reference;

/// The commands, in order. Places are indices into them.
pub(super) struct Session<'a>(pub(super) &'a [Command]);

impl<'a> Session<'a> {
    /// Whether the command at this place does `step`, be it by a name that the file gave to the image further up.
    pub(super) fn does(&self, step: &Step, at: usize, inquiry: &Inquiry<'_>) -> Result<bool, Stop> {
        let action = &self.0[at].action;
        if step.is_done_by(action, inquiry)? {
            return Ok(true);
        }
        let (Step::Tag { from, to }, Action::Tag { from: source, to: target }) = (step, action) else {
            return Ok(false);
        };
        match self.naming(source, &host_of(source), at) {
            Some(earlier) if same_image(to, target) => {
                let step = Step::Tag { from: from.clone(), to: source.clone() };
                self.does(&step, earlier, inquiry)
            }
            _ => Ok(false),
        }
    }

    /// Why the command at this place, which does `step`, cannot do it there: a login or a name that it needs, of
    /// the steps `before` it, is not in force, or is another one.
    pub(super) fn obstacle(
        &self,
        kind: &Commands,
        step: &Step,
        before: &[Step],
        at: usize,
        inquiry: &Inquiry<'_>,
    ) -> Result<Option<Verdict>, Stop> {
        let command = &self.0[at];
        let Some((wanted, written)) = step.name_in(&command.action) else { return Ok(None) };
        let host = host_of(written);
        for need in before {
            let in_force = match need {
                Step::Login { host: of, .. } if same_host(&login_host(Some(of)), &host) => self.login(&host, at),
                Step::Tag { to, .. } if matches!(step, Step::Push { .. }) && same_image(to, wanted) => {
                    self.naming(wanted, &host, at + 1)
                }
                _ => continue,
            };
            let Some(place) = in_force else {
                return self.another_spelling(kind, need, at, &host, inquiry);
            };
            let (line, verb) = (self.0[place].line, step.verb());
            let expected = format!("{}, in force at the docker {verb} on line {}", need.asked(), command.line);
            let (found, advice) = match &self.0[place].action {
                Action::Logout { .. } => (
                    format!("line {line} logs out of {host} before it"),
                    format!("log in again before the docker {verb}, or log out below it"),
                ),
                Action::Remove { .. } => (
                    format!("line {line} takes the name away again"),
                    format!("give the name again before the docker {verb}, or remove it below"),
                ),
                _ if self.does(need, place, inquiry)? => continue,
                action => {
                    let Some((found, advice)) = need.falls_short(action) else { continue };
                    (format!("line {line}, the last before it: {found}"), advice)
                }
            };
            return Ok(Some(kind.at(&self.0[place], expected, found, advice)));
        }
        Ok(None)
    }

    /// The last login to a registry, or logout of it, before this place. Docker keeps one login for each spelling.
    fn login(&self, host: &str, before: usize) -> Option<usize> {
        self.0[..before].iter().rposition(|command| match &command.action {
            Action::Login { host: on, .. } | Action::Logout { host: on } => login_host(on.as_deref()) == host,
            _ => false,
        })
    }

    /// The last command before this place that gave this name, or took it away; `host` is how its registry is
    /// spelt. A name that was pulled is there again as it was.
    fn naming(&self, name: &str, host: &str, before: usize) -> Option<usize> {
        let is_it = |other: &String| same_image(name, other) && host_of(other) == host;
        let mut pulled = false;
        self.0[..before].iter().rposition(|command| match &command.action {
            Action::Tag { to, .. } => is_it(to),
            Action::Build { names, .. } => names.iter().any(is_it),
            Action::Remove { names } => !pulled && names.iter().any(is_it),
            Action::Pull { name } => {
                pulled |= is_it(name);
                false
            }
            _ => false,
        })
    }

    /// `localhost` and `127.0.0.1` are the same machine, and to docker two registries.
    fn another_spelling(
        &self,
        kind: &Commands,
        need: &Step,
        at: usize,
        host: &str,
        inquiry: &Inquiry<'_>,
    ) -> Result<Option<Verdict>, Stop> {
        for (place, earlier) in self.0[..at].iter().enumerate().rev() {
            if !self.does(need, place, inquiry)? {
                continue;
            }
            let Some(another) = need.host_in(&earlier.action) else { continue };
            return Ok(Some(kind.at(
                &self.0[at],
                "one spelling of the registry in all commands",
                format!("line {} says {another}, and line {} says {host}", earlier.line, self.0[at].line),
                "write the same in each: to docker these are two registries, with a login of their own",
            )));
        }
        Ok(None)
    }
}

/// The registry of a name, as it is spelt; of what is no name, nothing.
pub(super) fn host_of(name: &str) -> String {
    Reference::parse(name).map(|reference| reference.host().to_owned()).unwrap_or_default()
}
