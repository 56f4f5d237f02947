//! `config`

use crate::check::matching::{TextMatch, exec_form, is_handed_over, is_shell_form, shown};
use crate::check::{Inquiry, Port, Stop, Verdict};
use crate::dockerfile::parse;
use crate::evidence::ConfigFacts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The image's configuration: what containers of it start with.
///
/// **Why it matters**: files are only half of an image. What runs, as whom, where and with which
/// environment is metadata that CMD, ENTRYPOINT, USER, WORKDIR, ENV, EXPOSE and LABEL leave in its
/// configuration (OCI image specification, "Image Configuration"). An absent field is an empty one.
///
/// ```yaml
/// check:
///   config: { image: app, command: { set: true, form: exec }, user: { root: false }, ports: [8080] }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The exercise's name for the image, or any local name.
    pub image: String,
    /// CMD and ENTRYPOINT taken together.
    #[serde(default)]
    pub command: Option<CommandMatch>,
    /// CMD.
    #[serde(default)]
    pub cmd: Option<ListMatch>,
    /// ENTRYPOINT.
    #[serde(default)]
    pub entrypoint: Option<ListMatch>,
    /// USER.
    #[serde(default)]
    pub user: Option<UserMatch>,
    /// WORKDIR.
    #[serde(default)]
    pub workdir: Option<SetMatch>,
    /// ENV by name.
    #[serde(default)]
    pub env: BTreeMap<String, TextMatch>,
    /// Names that ENV must not hold.
    #[serde(default)]
    pub env_lacks: Vec<String>,
    /// Ports that EXPOSE must name: `8080`, `53/udp`.
    #[serde(default)]
    pub ports: Vec<Port>,
    /// Ports that it must not name.
    #[serde(default)]
    pub ports_lack: Vec<Port>,
    /// LABEL by key.
    #[serde(default)]
    pub labels: BTreeMap<String, TextMatch>,
    /// Paths that VOLUME must name.
    #[serde(default)]
    pub volumes: Vec<String>,
    /// Paths that it must not name.
    #[serde(default)]
    pub volumes_lack: Vec<String>,
    /// ONBUILD.
    #[serde(default)]
    pub onbuild: Option<CountMatch>,
}

/// What the command must be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandMatch {
    /// CMD or ENTRYPOINT is set.
    #[serde(default)]
    pub set: bool,
    /// The Dockerfile of the workspace sets it: what it inherits from its base does not count.
    #[serde(default)]
    pub own: bool,
    /// The form in which it must be written.
    #[serde(default)]
    pub form: Form,
}

/// How a command is written in a Dockerfile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Either form.
    #[default]
    Any,
    /// As a JSON array: the program is process 1 itself.
    Exec,
}

/// A list of words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListMatch {
    /// Exactly these words.
    pub equals: Vec<String>,
}

/// Who the process is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserMatch {
    /// Exactly this.
    #[serde(default)]
    pub equals: Option<String>,
    /// `false`: any user but root.
    #[serde(default)]
    pub root: Option<bool>,
}

/// A value that must be set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetMatch {
    /// Any value but the default.
    #[serde(default)]
    pub set: bool,
    /// Exactly this.
    #[serde(default)]
    pub equals: Option<String>,
}

/// How many there must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CountMatch {
    /// So many or more.
    #[serde(default)]
    pub least: usize,
    /// No more than these.
    #[serde(default)]
    pub most: Option<usize>,
}

impl Config {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let name = inquiry.name(&self.image);
        let Some(image) = inquiry.image(&name)? else {
            return super::no_image(inquiry, &name);
        };
        let config = &image.config;
        if self.command.is_some_and(|wants| wants.own)
            && let Some(inherits) = inherited(inquiry, config)?
        {
            return Ok(inherits);
        }
        let questions = [
            self.command.and_then(|wants| command(wants, config)),
            self.cmd.as_ref().and_then(|wants| list("CMD", wants, &config.cmd)),
            self.entrypoint.as_ref().and_then(|wants| list("ENTRYPOINT", wants, &config.entrypoint)),
            self.user.as_ref().and_then(|wants| user(wants, &config.user)),
            self.workdir.as_ref().and_then(|wants| workdir(wants, &config.workdir)),
            self.env(config),
            self.ports(config),
            self.labels(config),
            self.volumes(config),
            self.onbuild.and_then(|wants| onbuild(wants, &config.onbuild)),
        ];
        Ok(questions.into_iter().flatten().next().unwrap_or_else(Verdict::pass))
    }

    fn env(&self, config: &ConfigFacts) -> Option<Verdict> {
        let wrong = self.env.iter().find_map(|(key, wants)| named("ENV", key, wants, config.env.get(key)));
        wrong.or_else(|| {
            let leaked = self.env_lacks.iter().find(|key| config.env.contains_key(*key))?;
            Some(Verdict::not_yet(
                format!("no {leaked} in the environment of containers"),
                format!("ENV sets {leaked}"),
                format!("take {leaked} out of ENV: every container and everybody with the image can read it"),
            ))
        })
    }

    fn ports(&self, config: &ConfigFacts) -> Option<Verdict> {
        let names = |port: &&Port| config.ports.contains(&port.listed());
        if let Some(named) = self.ports_lack.iter().find(names) {
            return Some(Verdict::not_yet(
                format!("EXPOSE not to name port {named}"),
                format!("the image exposes {}", config.ports.join(", ")),
                format!("take EXPOSE {named} out; where the base brings it, choose another base"),
            ));
        }
        let missing = self.ports.iter().find(|port| !names(port))?;
        let found = if config.ports.is_empty() { "no port".into() } else { config.ports.join(", ") };
        Some(Verdict::not_yet(
            format!("EXPOSE to name port {missing}"),
            format!("the image exposes {found}"),
            format!("add EXPOSE {missing}: it publishes nothing, it tells people and tools which port to publish"),
        ))
    }

    fn volumes(&self, config: &ConfigFacts) -> Option<Verdict> {
        if let Some(named) = self.volumes_lack.iter().find(|path| config.volumes.contains(path)) {
            return Some(Verdict::not_yet(
                format!("VOLUME not to name {named}"),
                format!("the image declares {}", config.volumes.join(", ")),
                format!("take VOLUME {named} out; where the base brings it, choose another base"),
            ));
        }
        let missing = self.volumes.iter().find(|path| !config.volumes.contains(path))?;
        let found = if config.volumes.is_empty() { "no volume".into() } else { config.volumes.join(", ") };
        Some(Verdict::not_yet(
            format!("VOLUME to name {missing}"),
            format!("the image declares {found}"),
            format!("write VOLUME {missing}"),
        ))
    }

    fn labels(&self, config: &ConfigFacts) -> Option<Verdict> {
        self.labels.iter().find_map(|(key, wants)| named("LABEL", key, wants, config.labels.get(key)))
    }
}

fn onbuild(wants: CountMatch, found: &[String]) -> Option<Verdict> {
    let (some, count) = (wants.least > 0, found.len());
    if count >= wants.least && wants.most.is_none_or(|most| count <= most) {
        return None;
    }
    let expected = match wants.most {
        Some(0) => "no trigger (ONBUILD)".to_owned(),
        Some(most) if !some => format!("at most {most} triggers (ONBUILD)"),
        _ => format!("at least {} triggers (ONBUILD)", wants.least),
    };
    let listed = found.iter().map(|trigger| shown(trigger)).collect::<Vec<_>>().join(", ");
    let found = match count {
        0 => "Config.OnBuild lists none".to_owned(),
        _ => format!("Config.OnBuild lists {count}: {listed}"),
    };
    let advice = if some && count < wants.least {
        "write ONBUILD in front of what is to happen in the builds of others"
    } else {
        "take the ONBUILD lines out: they act in the builds of everybody who starts from this image"
    };
    Some(Verdict::not_yet(expected, found, advice))
}

fn command(wants: CommandMatch, config: &ConfigFacts) -> Option<Verdict> {
    let (cmd, entrypoint) = (&config.cmd, &config.entrypoint);
    if wants.set && cmd.is_empty() && entrypoint.is_empty() {
        return Some(Verdict::not_yet(
            "CMD or ENTRYPOINT to say what a container runs",
            "neither is set",
            "add a CMD with the program and its arguments, as a JSON array",
        ));
    }
    // What is behind an ENTRYPOINT in shell form is never looked at (Dockerfile reference, "Understand how CMD and
    // ENTRYPOINT interact").
    let ignored = is_shell_form(entrypoint) || is_handed_over(entrypoint);
    let behind = if ignored { None } else { Some(("CMD", cmd)) };
    [("ENTRYPOINT", entrypoint)].into_iter().chain(behind).find_map(|(instruction, words)| {
        written_as_list(instruction, words).or_else(|| match wants.form {
            Form::Exec => without_shell(instruction, words),
            Form::Any => None,
        })
    })
}

/// The complaint about a list that is none.
fn written_as_list(instruction: &str, words: &[String]) -> Option<Verdict> {
    let text = words.last().filter(|text| words.len() > 1 && is_shell_form(words) && is_failed_list(text))?;
    Some(Verdict::not_yet(
        format!("{instruction} as a list that Docker can read"),
        format!("{instruction} is taken for a line of shell: {}", shown(text)),
        format!("write {instruction} [\"program\", \"argument\", …]: double quotes, and a comma between any two words"),
    ))
}

/// The complaint about a shell that stays in front of the program.
fn without_shell(instruction: &str, words: &[String]) -> Option<Verdict> {
    is_shell_form(words).then(|| {
        Verdict::not_yet(
            format!("{instruction} in exec form, a JSON array"),
            format!(
                "{instruction} is {}: a shell starts first and stays, and may keep signals to itself",
                exec_form(words)
            ),
            format!(
                "write {instruction} [\"program\", \"argument\", …], or let the shell hand over: exec and the program"
            ),
        )
    })
}

/// Whether this was to be a list and is none: `['httpd', '-f']` is not JSON, so that Docker gives it to a shell
/// (Dockerfile reference, "Exec form"). `[ -f x ] && …` is a command.
fn is_failed_list(text: &str) -> bool {
    let text = text.trim();
    let begins = text.strip_prefix('[').map(str::trim_start);
    begins.is_some_and(|rest| rest.starts_with(['\'', '"', '\u{2018}', '\u{201c}'])) && text.ends_with(']')
}

/// A Dockerfile without CMD and ENTRYPOINT: containers run what the base was made for, often a shell.
fn inherited(inquiry: &Inquiry<'_>, config: &ConfigFacts) -> Result<Option<Verdict>, Stop> {
    let Some(text) = inquiry.workspace_file("Dockerfile")? else {
        return Ok(Some(super::no_dockerfile("Dockerfile")));
    };
    let dockerfile = parse(&text.text);
    let mut keywords = dockerfile.stages.iter().flat_map(|stage| &stage.instructions).map(|one| &one.keyword);
    if keywords.any(|keyword| ["CMD", "ENTRYPOINT"].iter().any(|own| keyword.eq_ignore_ascii_case(own))) {
        return Ok(None);
    }
    let runs: Vec<String> = config.entrypoint.iter().chain(&config.cmd).cloned().collect();
    Ok(Some(Verdict::not_yet(
        "a CMD or an ENTRYPOINT in your Dockerfile",
        format!("it has neither, so containers run what the base says: {}", exec_form(&runs)),
        "add a CMD with the program and its arguments, as a JSON array",
    )))
}

fn list(instruction: &str, wants: &ListMatch, found: &[String]) -> Option<Verdict> {
    (wants.equals != found).then(|| {
        Verdict::not_yet(
            format!("{instruction} {}", exec_form(&wants.equals)),
            format!("{instruction} is {}", exec_form(found)),
            format!("set {instruction} in the Dockerfile's last stage and build again"),
        )
    })
}

fn user(wants: &UserMatch, found: &str) -> Option<Verdict> {
    let name = found.split(':').next().unwrap_or_default();
    let root = matches!(name, "" | "root") || name.parse::<u64>() == Ok(0);
    if wants.root == Some(false) && root {
        let found = match found {
            "" => "no USER: the process is root".to_owned(),
            user => format!("USER is {user}: the last USER wins"),
        };
        return Some(Verdict::not_yet(
            "a USER that is not root",
            found,
            "create a user and end with USER NAME or a number",
        ));
    }
    let equals = wants.equals.as_ref()?;
    (equals != found).then(|| {
        Verdict::not_yet(format!("USER {equals}"), format!("USER is {}", shown(found)), format!("write USER {equals}"))
    })
}

fn workdir(wants: &SetMatch, found: &str) -> Option<Verdict> {
    let found = if found.is_empty() { "/" } else { found };
    if wants.set && found == "/" {
        return Some(Verdict::not_yet(
            "WORKDIR to be set",
            "the working directory is /, the default",
            "write WORKDIR and the folder of your files: later lines and the container's program start there",
        ));
    }
    let equals = wants.equals.as_ref()?;
    // The engine keeps a slash at the end as it was written; it is the same folder.
    let folder = |path: &str| path.trim_end_matches('/').to_owned();
    (folder(equals) != folder(found)).then(|| {
        Verdict::not_yet(format!("WORKDIR {equals}"), format!("WORKDIR is {found}"), format!("write WORKDIR {equals}"))
    })
}

fn named(instruction: &str, key: &str, wants: &TextMatch, found: Option<&String>) -> Option<Verdict> {
    let missing = wants.misses(found.map_or("", String::as_str), false);
    let expected = match (found, missing) {
        (Some(_), missing) => missing?,
        (None, missing) => missing.unwrap_or_else(|| "any value".into()),
    };
    let found = found.map_or_else(|| format!("{instruction} does not set it"), |value| shown(value));
    Some(Verdict::not_yet(
        format!("{instruction} {key} to be {expected}"),
        found,
        format!("set {key} with {instruction} in the last stage and build again"),
    ))
}

#[cfg(test)]
mod tests;
