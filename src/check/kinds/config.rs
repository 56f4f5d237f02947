//! `config`

use crate::check::matching::{TextMatch, exec_form, is_shell_form, shown};
use crate::check::{Inquiry, Stop, Verdict};
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
    /// TCP ports that EXPOSE must name.
    #[serde(default)]
    pub ports: Vec<u16>,
    /// LABEL by key.
    #[serde(default)]
    pub labels: BTreeMap<String, TextMatch>,
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

impl Config {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let name = inquiry.name(&self.image);
        let Some(image) = inquiry.image(&name)? else {
            return Ok(super::no_image(&name));
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
        let missing = self.ports.iter().find(|port| !config.ports.contains(&format!("{port}/tcp")))?;
        let found = if config.ports.is_empty() { "no port".into() } else { config.ports.join(", ") };
        Some(Verdict::not_yet(
            format!("EXPOSE to name port {missing}"),
            format!("the image exposes {found}"),
            format!("add EXPOSE {missing}: it publishes nothing, it tells people and tools which port to publish"),
        ))
    }

    fn labels(&self, config: &ConfigFacts) -> Option<Verdict> {
        self.labels.iter().find_map(|(key, wants)| named("LABEL", key, wants, config.labels.get(key)))
    }
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
    let main = if entrypoint.is_empty() { cmd } else { entrypoint };
    if wants.form == Form::Exec && is_shell_form(main) {
        let instruction = if entrypoint.is_empty() { "CMD" } else { "ENTRYPOINT" };
        return Some(Verdict::not_yet(
            format!("{instruction} in exec form, a JSON array"),
            format!("{instruction} is {}: a shell starts first, and may keep signals to itself", exec_form(main)),
            format!("write {instruction} [\"program\", \"argument\", …]"),
        ));
    }
    None
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
    (equals != found).then(|| {
        Verdict::not_yet(format!("WORKDIR {equals}"), format!("WORKDIR is {found}"), format!("write WORKDIR {equals}"))
    })
}

fn named(instruction: &str, key: &str, wants: &TextMatch, found: Option<&String>) -> Option<Verdict> {
    let missing = wants.misses(found.map_or("", String::as_str));
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
mod tests {
    use super::*;
    use crate::check::Subject;
    use crate::evidence::{Answer, Evidence, Fact, ImageFacts, Need, TextFacts};

    fn judged(dockerfile: &str, cmd: &[&str]) -> Verdict {
        let words = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        let image =
            ImageFacts { config: ConfigFacts { cmd: words(cmd), ..ConfigFacts::default() }, ..ImageFacts::default() };
        let text = TextFacts { text: dockerfile.into(), truncated: false };
        let mut evidence = Evidence::new();
        evidence.insert(Need::Image { name: "x/app:v1".into() }, Answer::Found(Fact::Image(image)));
        evidence.insert(Need::WorkspaceFile { path: "Dockerfile".into() }, Answer::Found(Fact::Text(text)));
        let config = "image: x/app:v1\ncommand: { set: true, own: true }";
        let config: Config = crate::course::read_yaml(config).expect("a valid check");
        config.judge(&Inquiry::new(&evidence, &Subject::default())).expect("everything is known")
    }

    #[test]
    fn an_inherited_command_is_not_ones_own() {
        let Verdict::NotYet(not_yet) = judged("FROM busybox:1.36\nWORKDIR /site\n", &["sh"]) else {
            panic!("it must not pass");
        };
        assert!(not_yet.found.contains("what the base says: [\"sh\"]"), "{}", not_yet.found);
        assert!(judged("FROM busybox:1.36\ncmd [\"httpd\", \"-f\"]\n", &["httpd", "-f"]).passed());
    }
}
