//! What an engine says about itself and about a local image, with the engines' differences removed.

use super::{Engine, EngineError, history, name};
use crate::evidence::{Builder, ConfigFacts, EngineFacts, HistoryRow, ImageFacts};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// `null` is as good as absent.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Version {
    #[serde(default, deserialize_with = "nullable")]
    version: String,
    #[serde(default, deserialize_with = "nullable")]
    api_version: String,
    #[serde(default, deserialize_with = "nullable")]
    arch: String,
    #[serde(default, deserialize_with = "nullable")]
    os: String,
    #[serde(default, deserialize_with = "nullable")]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(rename = "Name", default, deserialize_with = "nullable")]
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Info {
    #[serde(default, deserialize_with = "nullable")]
    driver: String,
    #[serde(default, deserialize_with = "nullable")]
    driver_status: Vec<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspect {
    #[serde(default, deserialize_with = "nullable")]
    id: String,
    #[serde(default, deserialize_with = "nullable")]
    repo_tags: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    repo_digests: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    architecture: String,
    #[serde(default, deserialize_with = "nullable")]
    config: Config,
    #[serde(rename = "RootFS", default, deserialize_with = "nullable")]
    root_fs: RootFs,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RootFs {
    #[serde(default, deserialize_with = "nullable")]
    layers: Vec<String>,
}

type Set = BTreeMap<String, serde_json::Value>;

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Config {
    #[serde(default, deserialize_with = "nullable")]
    cmd: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    entrypoint: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    user: String,
    #[serde(default, deserialize_with = "nullable")]
    working_dir: String,
    #[serde(default, deserialize_with = "nullable")]
    env: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    exposed_ports: Set,
    #[serde(default, deserialize_with = "nullable")]
    labels: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "nullable")]
    volumes: Set,
    #[serde(default, deserialize_with = "nullable")]
    on_build: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    stop_signal: String,
    #[serde(default, deserialize_with = "nullable")]
    healthcheck: Healthcheck,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Healthcheck {
    #[serde(default, deserialize_with = "nullable")]
    test: Vec<String>,
}

/// Podman's own inspect, for what it leaves out of Docker's.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PodmanInspect {
    #[serde(default, deserialize_with = "nullable")]
    healthcheck: Healthcheck,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(default, deserialize_with = "nullable")]
    created_by: String,
    #[serde(default, deserialize_with = "nullable")]
    comment: String,
    #[serde(default, deserialize_with = "nullable")]
    size: i64,
}

impl Engine {
    /// Version, API, image store and builders.
    ///
    /// # Errors
    /// Where the engine cannot be asked, within 10 s.
    pub async fn facts(&self) -> Result<EngineFacts, EngineError> {
        self.read("describe the engine", async {
            let version: Version = self.get_json("tell its version", "/version").await?;
            let info: Info = self.get_json("describe itself", "/info").await?;
            Ok(engine_facts(version, &info))
        })
        .await
    }

    /// Whether its images lie in containerd's store. Asked once.
    pub(crate) async fn has_containerd_store(&self) -> Result<bool, EngineError> {
        let ask = async { Ok(self.facts().await?.containerd_store) };
        self.inner.containerd_store.get_or_try_init(|| ask).await.copied()
    }

    /// A local image, or none where it does not exist.
    ///
    /// # Errors
    /// Where the engine cannot be asked, within 10 s.
    pub async fn image(&self, image: &str) -> Result<Option<ImageFacts>, EngineError> {
        if !name::is_image_name(image) {
            return Ok(None);
        }
        let doing = format!("inspect image {image}");
        let asked = self.read(&doing, async {
            let mut inspect: Inspect = self.get_json(&doing, &format!("/images/{image}/json")).await?;
            if self.inner.podman {
                let own: PodmanInspect = self.get_json(&doing, &format!("/libpod/images/{image}/json")).await?;
                inspect.config.healthcheck = own.healthcheck;
            }
            // The containerd store says null of an image without a history (seen with 28.5).
            let rows: Option<Vec<Row>> = self.get_json(&doing, &format!("/images/{image}/history")).await?;
            Ok(image_facts(inspect, rows.unwrap_or_default()))
        });
        absent_is_none(asked.await)
    }

    /// Whether a local image of this name exists.
    ///
    /// # Errors
    /// Where the engine cannot be asked, within 10 s.
    pub async fn has_image(&self, image: &str) -> Result<bool, EngineError> {
        Ok(self.image_id(image).await?.is_some())
    }

    /// The engine's id of a local image.
    pub(crate) async fn image_id(&self, image: &str) -> Result<Option<String>, EngineError> {
        Ok(self.id_and_tags(image).await?.map(|(id, _)| id))
    }

    /// Id and raw names of a local image.
    pub(crate) async fn id_and_tags(&self, image: &str) -> Result<Option<(String, Vec<String>)>, EngineError> {
        if !name::is_image_name(image) {
            return Ok(None);
        }
        let doing = format!("inspect image {image}");
        let asked = self.read(&doing, async {
            let inspect: Inspect = self.get_json(&doing, &format!("/images/{image}/json")).await?;
            Ok((inspect.id, inspect.repo_tags))
        });
        absent_is_none(asked.await)
    }

    /// What a local image is called by digest (`127.0.0.1:5123/learner/app@sha256:…`).
    pub(crate) async fn references_by_digest(&self, image: &str) -> Result<Vec<String>, EngineError> {
        let doing = format!("inspect image {image}");
        let inspect: Inspect = self.read(&doing, self.get_json(&doing, &format!("/images/{image}/json"))).await?;
        Ok(inspect.repo_digests)
    }
}

/// A thing that does not exist is an answer; so is a name that no image can have.
pub(crate) fn absent_is_none<T>(result: Result<T, EngineError>) -> Result<Option<T>, EngineError> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_absent() => Ok(None),
        Err(EngineError::Refused { status: 400, message, .. }) if message.contains("reference") => Ok(None),
        Err(error) => Err(error),
    }
}

fn engine_facts(version: Version, info: &Info) -> EngineFacts {
    let podman = version.components.iter().any(|component| component.name.starts_with("Podman"));
    let containerd_store =
        info.driver_status.iter().any(|row| row.iter().any(|cell| cell.contains("io.containerd.snapshotter.v1")));
    EngineFacts {
        product: if podman { "Podman" } else { "Docker Engine" }.into(),
        version: version.version,
        api: version.api_version,
        driver: info.driver.clone(),
        containerd_store,
        arch: version.arch,
        os: version.os,
        // Podman takes a tar body at the same address, and builds with Buildah whatever is asked.
        builders: if podman { vec![Builder::Classic] } else { vec![Builder::Classic, Builder::BuildKit] },
    }
}

fn image_facts(inspect: Inspect, rows: Vec<Row>) -> ImageFacts {
    let history: Vec<HistoryRow> = rows
        .into_iter()
        .rev()
        .map(|row| history::row(row.created_by, row.comment, u64::try_from(row.size).unwrap_or(0)))
        .collect();
    let mut tags: Vec<String> = inspect
        .repo_tags
        .iter()
        .map(|tag| name::normalise(tag))
        .filter(|tag| !tag.contains("<none>") && !name::is_throw_away(tag))
        .collect();
    tags.sort();
    ImageFacts {
        id: inspect.id,
        layers: inspect.root_fs.layers,
        size: history.iter().fold(0, |sum, row| sum.saturating_add(row.size)),
        config: config_facts(inspect.config),
        history,
        tags,
        arch: inspect.architecture,
    }
}

fn config_facts(config: Config) -> ConfigFacts {
    let pair = |entry: String| match entry.split_once('=') {
        Some((name, value)) => (name.to_owned(), value.to_owned()),
        None => (entry, String::new()),
    };
    let no_healthcheck = config.healthcheck.test.first().is_none_or(|first| first == "NONE");
    ConfigFacts {
        cmd: config.cmd,
        entrypoint: config.entrypoint,
        user: config.user,
        workdir: config.working_dir,
        env: config.env.into_iter().map(pair).collect(),
        ports: config.exposed_ports.into_keys().collect(),
        labels: config.labels,
        volumes: config.volumes.into_keys().collect(),
        onbuild: config.on_build,
        stop_signal: config.stop_signal,
        healthcheck: if no_healthcheck { Vec::new() } else { config.healthcheck.test },
    }
}

/// An image, from the engine's two answers.
#[cfg(any(test, fuzzing))]
pub(super) fn read(inspect: &[u8], history: &[u8]) -> serde_json::Result<ImageFacts> {
    Ok(image_facts(serde_json::from_slice(inspect)?, serde_json::from_slice(history)?))
}

/// The engine, from its two answers.
#[cfg(any(test, fuzzing))]
pub(super) fn read_engine(version: &[u8], info: &[u8]) -> serde_json::Result<EngineFacts> {
    Ok(engine_facts(serde_json::from_slice(version)?, &serde_json::from_slice(info)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(inspect: &str, history: &str) -> ImageFacts {
        read(inspect.as_bytes(), history.as_bytes()).unwrap()
    }

    #[test]
    fn null_absent_and_empty_are_the_same() {
        let null = r#"{"Id":"x","RepoTags":null,"Config":{"Cmd":null,"Env":null,"ExposedPorts":null,"Labels":null}}"#;
        let absent = r#"{"Id":"x"}"#;
        let empty = r#"{"Id":"x","RepoTags":[],"Config":{"Cmd":[],"Env":[],"ExposedPorts":{},"Labels":{}}}"#;
        assert_eq!(facts(null, "[]"), facts(absent, "[]"));
        assert_eq!(facts(empty, "[]"), facts(absent, "[]"));
    }

    #[test]
    fn history_is_oldest_first_and_gives_the_size() {
        let found = facts("{}", r#"[{"CreatedBy":"last","Size":2},{"CreatedBy":"first","Size":40}]"#);
        assert_eq!(found.history[0].created_by, "first");
        assert_eq!(found.size, 42);
    }

    #[test]
    fn throw_away_names_are_not_shown() {
        let inspect = r#"{"RepoTags":["localhost/b:1","dlearn-run/0123456789ab/b0123456789ab:latest","a:1"]}"#;
        assert_eq!(facts(inspect, "[]").tags, ["a:1", "b:1"]);
    }

    #[test]
    fn a_containerd_store_is_recognised() {
        let info = r#"{"Driver":"overlayfs","DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]]}"#;
        let version = r#"{"Version":"28.5.2","ApiVersion":"1.51","Arch":"amd64","Os":"linux"}"#;
        let found = read_engine(version.as_bytes(), info.as_bytes()).unwrap();
        assert!(found.containerd_store);
        assert_eq!(found.product, "Docker Engine");
    }

    #[test]
    fn fields_that_engine_29_leaves_out_are_empty_ones() {
        let bare = facts(described!("inspect.json"), "[]");
        assert_eq!(bare.config, ConfigFacts::default());
        assert_eq!((bare.tags, bare.layers.len(), bare.arch.as_str()), (vec!["t01/bare:v1".to_owned()], 1, "amd64"));
    }

    #[test]
    fn what_engine_29_tells_of_an_image_is_understood() {
        let found = facts(described!("inspect-full.json"), described!("history.json"));
        let config = &found.config;
        assert_eq!((config.user.as_str(), config.workdir.as_str()), ("web", "/srv"));
        assert_eq!(config.env.get("MODE").map(String::as_str), Some("a=b"));
        assert_eq!((config.entrypoint.join(" "), config.cmd.join(" ")), ("/entry".into(), "serve".into()));
        assert_eq!((config.healthcheck.join(" "), config.stop_signal.as_str()), ("CMD /probe".into(), "SIGQUIT"));
        assert!(config.ports.iter().eq(["8080/tcp"]) && config.volumes.iter().eq(["/data"]), "{config:?}");
        assert_eq!(found.tags, ["127.0.0.1:5123/learner/web:v1", "t01/web:v1"]);
        // The history's sum: what the store says is the size of something else.
        assert_eq!((found.size, found.layers.len()), (2000, 2));
        let rows: Vec<&str> = found.history.iter().map(|row| row.instruction.as_str()).collect();
        assert_eq!(rows, ["COPY rootfs /", "RUN |1 VERSION=1 make", "EXPOSE 8080/tcp", "CMD [\"serve\"]"]);
        assert!(found.history.iter().all(|row| row.author == crate::evidence::RowAuthor::Builder(Builder::BuildKit)));
    }

    #[test]
    fn engine_29_has_the_containerd_store_by_default() {
        let version = serde_json::from_str(described!("version.json")).unwrap();
        let found = engine_facts(version, &serde_json::from_str(described!("info.json")).unwrap());
        assert_eq!((found.product.as_str(), found.version.as_str()), ("Docker Engine", "29.0.4"));
        assert_eq!((found.api.as_str(), found.driver.as_str(), found.containerd_store), ("1.52", "overlayfs", true));
        assert_eq!(found.builders, [Builder::Classic, Builder::BuildKit]);
    }

    #[test]
    fn a_version_that_is_refused_is_no_image_that_is_missing() {
        let refused = |message: &str| EngineError::Refused { doing: "x".into(), status: 400, message: message.into() };
        let said: serde_json::Value = serde_json::from_str(described!("too-old.json")).unwrap();
        assert!(absent_is_none::<()>(Err(refused(said["message"].as_str().unwrap()))).is_err());
        assert_eq!(absent_is_none::<()>(Err(refused("invalid reference format"))), Ok(None));
    }
}
