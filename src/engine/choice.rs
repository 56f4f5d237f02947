//! Which Docker context is in use, why, and what it keeps out of use: for people, beside [`super::resolve`].

use super::context::{DEFAULT_CONTEXT, DEFAULT_SOCKET, contexts, current_context};
use super::{ConnectOptions, Engine};
use futures_util::future::join_all;
use std::path::Path;
use std::time::Duration;

/// How long another engine is waited for.
const ANSWER: Duration = Duration::from_millis(700);

/// What chooses the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The setting that decides (`DOCKER_HOST`), and what it says. None where nothing is set.
    pub decides: Option<(&'static str, String)>,
    /// Settings that would choose another engine and that nobody asks, likewise.
    pub unused: Vec<(&'static str, String)>,
}

/// Looks at the settings in the docker command's order. What they name need not exist.
pub fn choice(options: &ConnectOptions) -> Choice {
    let set = |name: &'static str| {
        let value = options.env.get(name).filter(|value| !value.is_empty())?;
        Some((name, value.clone()))
    };
    let current = current_context(&options.config_dir).filter(|name| name != DEFAULT_CONTEXT);
    let file = current.map(|name| ("currentContext in config.json", name));
    let mut all = [set("DOCKER_HOST"), set("DOCKER_CONTEXT"), file].into_iter().flatten();
    let decides = all.next();
    let unused = all.filter(|(_, value)| decides.as_ref().is_none_or(|(_, chosen)| chosen != value)).collect();
    Choice { decides, unused }
}

/// Contexts other than the one in use whose engine answers now, by name, with their addresses. Those on this machine
/// only; within a second.
pub async fn others_that_answer(options: &ConnectOptions, in_use: &str) -> Vec<(String, String)> {
    let default = (DEFAULT_CONTEXT.to_owned(), format!("unix://{DEFAULT_SOCKET}"));
    let all = std::iter::once(default).chain(contexts(&options.config_dir));
    let here = all.filter(|(_, host)| {
        host != in_use && host.strip_prefix("unix://").is_some_and(|path| Path::new(path).exists())
    });
    let asked = here.map(|(name, host)| async move {
        let options = ConnectOptions::to(&host);
        let answer = tokio::time::timeout(ANSWER, Engine::connect(&options)).await;
        matches!(answer, Ok(Ok(_))).then_some((name, host))
    });
    join_all(asked).await.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(config: &str, env: &[(&str, &str)]) -> (tempfile::TempDir, ConnectOptions) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("config.json"), config).unwrap();
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let options = ConnectOptions { host: None, env, config_dir: dir.path().to_owned() };
        (dir, options)
    }

    #[test]
    fn what_is_set_and_does_not_decide_is_told() {
        let (_dir, both) = options(r#"{"currentContext":"colima"}"#, &[("DOCKER_HOST", "tcp://127.0.0.1:1")]);
        let found = choice(&both);
        assert_eq!(found.decides, Some(("DOCKER_HOST", "tcp://127.0.0.1:1".into())));
        assert_eq!(found.unused, [("currentContext in config.json", "colima".to_owned())]);
        let (_dir, same) = options(r#"{"currentContext":"colima"}"#, &[("DOCKER_CONTEXT", "colima")]);
        assert_eq!(choice(&same).unused, []);
        let (_dir, none) = options(r#"{"currentContext":"default"}"#, &[("DOCKER_HOST", "")]);
        assert_eq!(choice(&none), Choice::default());
    }
}
