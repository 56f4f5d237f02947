//! Whose login opens a registry beside the engine, and for whom: the learner's for themselves, nobody's for what counts.

mod certificates;
mod common;
mod registry_support;

use common::*;
use dlearn::engine::{Answers, Collector, EngineError};
use dlearn::evidence::*;
use dlearn::registry::Logins;
use registry_support::{Auth, PASSWORD, Registry, USER, base64};
use std::fs;
use std::path::Path;
use std::process::Command;

/// A folder of Docker's configuration with this login.
fn logged_in(host: &str, password: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let auth = base64(&format!("{USER}:{password}"));
    fs::write(folder.path().join("config.json"), format!(r#"{{"auths":{{"{host}":{{"auth":"{auth}"}}}}}}"#)).unwrap();
    folder
}

fn as_docker_has_it(config: &Path, args: &[&str]) {
    let output = Command::new("docker").args(args).env("DOCKER_CONFIG", config).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn a_login_serves_the_learner_and_nobody_who_is_judged() {
    let registry = Registry::start(Auth::Passwords, None);
    let (host, name) = (registry.host(), registry.name("lab/mine:v1"));
    let config = logged_in(&host, PASSWORD);
    docker(&["tag", BUSYBOX, &name]);
    as_docker_has_it(config.path(), &["push", "--quiet", &name]);
    docker(&["rmi", &name]);
    let engine = engine().await;

    // A check: a registry that is no container of the engine, asked from where the engine is.
    let workspace = tempfile::tempdir().unwrap();
    let asked = async |logins: Option<Logins>| {
        let judge: Collector = collector(workspace.path()).await;
        let mut judge = match logins {
            Some(logins) => judge.reading_as(logins),
            None => judge,
        };
        let answer = ask(&mut judge, Need::Registry { name: name.clone() }).await;
        judge.finish().await.unwrap();
        answer
    };
    let found = fact!(asked(Some(Logins::new(config.path()))).await, Registry);
    assert_eq!(found.image.unwrap().layers, engine.image(BUSYBOX).await.unwrap().unwrap().layers);
    let (stranger, mistyped) = (tempfile::tempdir().unwrap(), logged_in(&host, "mistyped"));
    for (logins, says) in [
        (None, "dlearn does not read your credentials"),
        (Some(Logins::new(stranger.path())), &*format!("docker login {host}")),
        (Some(Logins::new(mistyped.path())), "still good"),
    ] {
        match asked(logins).await {
            Answer::Unavailable(why) => {
                let told = format!("{why:?}");
                assert!(told.contains(says) && !told.contains(PASSWORD), "{told}");
            }
            other => panic!("{other:?}"),
        }
    }

    // A pull.
    let pulled = async |logins: Option<&Logins>| engine.pull(&name, logins, |_| {}).await;
    assert!(matches!(pulled(None).await, Err(EngineError::Refused { .. })));
    assert!(matches!(pulled(Some(&Logins::new(stranger.path()))).await, Err(EngineError::Refused { .. })));
    assert!(matches!(pulled(Some(&Logins::new(mistyped.path()))).await, Err(EngineError::Refused { .. })));
    pulled(Some(&Logins::new(config.path()))).await.unwrap();
    docker(&["rmi", &name]);

    // Nobody there.
    let port = host.rsplit(':').next().unwrap().to_owned();
    drop(registry);
    let mut judge = collector(workspace.path()).await;
    let gone = ask(&mut judge, Need::Registry { name: format!("127.0.0.1:{port}/lab/mine:v1") }).await;
    judge.finish().await.unwrap();
    assert_eq!(gone, Answer::Absent);
}
