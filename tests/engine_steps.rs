//! What a person might do, for proofs; and layers, events and pulling.

mod common;

use common::*;
use dlearn::course::exercise::Step;
use dlearn::engine::{Answers, Engine, Ledger, StepError, perform};
use dlearn::evidence::*;
use futures_util::StreamExt;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

fn step(yaml: &str) -> Step {
    dlearn::course::read_yaml(yaml).unwrap()
}

async fn all(engine: &Engine, ledger: &Ledger, dir: &Path, builder: Builder, steps: &[&str]) -> Result<(), StepError> {
    let names = ["app", "other"].map(|name| (name.to_owned(), ledger.image_name(&format!("{name}:v1"))));
    let images = BTreeMap::from(names);
    for yaml in steps {
        perform(engine, ledger, dir, &images, builder, &step(yaml)).await?;
    }
    Ok(())
}

#[tokio::test]
async fn steps_build_tag_commit_and_import_under_the_runs_names() {
    let engine = engine().await;
    for builder in BUILDERS {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&engine, "test", "T01").unwrap();
        fs::write(dir.path().join("note"), "hello").unwrap();
        // Steps that no other build has: the classic builder's cache is shared, and removing takes from it.
        let unique = ledger.run();
        let write = format!(
            "write: {{ path: Dockerfile, text: \"FROM busybox:1.36\\nENV RUN={unique}\\nARG A=none\\nRUN echo $A > /a\\nCMD [\\\"cat\\\", \\\"/a\\\"]\\n\" }}"
        );
        let steps = [
            write.as_str(),
            "build: { image: app, args: { A: given } }",
            "tag: { from: app, to: other }",
            "build: { image: app, args: { A: again } }",
            "commit: { from: app, run: [sh, -c, \"cat /note > /b\"], copy: { /note: note }, to: app, changes: [\"USER 7\", \"ENV X=1\"] }",
        ];
        all(&engine, &ledger, dir.path(), builder, &steps).await.unwrap();
        let committed = engine.image(&ledger.image_name("app:v1")).await.unwrap().unwrap();
        assert_eq!(committed.config.user, "7", "{builder}");
        assert_eq!(committed.config.env.get("X").map(String::as_str), Some("1"));
        let ours = committed.config.labels.keys().find(|label| ["dlearn", "dlearn.run"].contains(&label.as_str()));
        assert_eq!(ours, None, "our labels stay out of the image");
        let other = engine.image(&ledger.image_name("other:v1")).await.unwrap().unwrap();
        assert_ne!(other.id, committed.id);
        all(
            &engine,
            &ledger,
            dir.path(),
            builder,
            &["import: { from: other, to: app, changes: ['CMD [\"cat\", \"/a\"]'] }"],
        )
        .await
        .unwrap();
        let imported = engine.image(&ledger.image_name("app:v1")).await.unwrap().unwrap();
        assert_eq!((imported.layers.len(), imported.history.len()), (1, 1), "{imported:?}");
        let plan = RunPlan { image: ledger.image_name("app:v1"), args: None, ..shell("", 20) };
        let run = engine.run(&ledger, &plan).await.unwrap().unwrap();
        assert_eq!(run.stdout, "given\n", "{run:?}");
        ledger.cleanup().await.unwrap();
        assert_eq!(remains(ledger.run()).await, Vec::<String>::new());
        let unnamed = docker(&["images", "--quiet", "--no-trunc", "--filter", "dangling=true"]);
        for image in [committed, other, imported] {
            assert!(!unnamed.contains(&image.id), "{builder}: nothing stays without a name");
        }
    }
}

#[tokio::test]
async fn what_carries_a_label_is_seen_and_a_clean_up_takes_what_has_no_name() {
    let engine = engine().await;
    for builder in BUILDERS {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&engine, "test", "T01").unwrap();
        let label = format!("course.t01={}", ledger.run());
        let dockerfile = format!("FROM busybox:1.36\nLABEL {label}\nARG V\nRUN echo $V > /v\n");
        fs::write(dir.path().join("Dockerfile"), dockerfile).unwrap();
        let perform = async |steps: &[&str]| all(&engine, &ledger, dir.path(), builder, steps).await.unwrap();
        let build = |image: &str, v: u32| format!("build: {{ image: {image}, args: {{ V: \"{v}\" }} }}");
        perform(&[
            &build("app", 1),
            &build("app", 2),
            &build("app", 3),
            &build("other", 4),
            "create: { image: other }",
        ])
        .await;
        let [app, other] = ["app:v1", "other:v1"].map(|name| ledger.image_name(name));
        let names = |facts: &ObjectsFacts| {
            let mut names: Vec<String> = facts.images.iter().flat_map(|image| image.names.clone()).collect();
            names.sort();
            (names, facts.images.iter().filter(|image| image.names.is_empty()).count())
        };
        let facts = engine.objects(&label).await.unwrap();
        assert_eq!(names(&facts), (vec![app.clone(), other.clone()], 2), "{builder}: {facts:?}");
        let id = engine.image(&other).await.unwrap().unwrap().id;
        assert_eq!(facts.containers.iter().map(|it| (&it.image_id, it.running)).collect::<Vec<_>>(), [(&id, false)]);

        perform(&[&format!("prune: {{ label: {label} }}")]).await;
        let facts = engine.objects(&label).await.unwrap();
        assert_eq!(names(&facts), (vec![app, other], 0), "{builder}: {facts:?}");
        assert_eq!(engine.objects("course.t01=somebody-elses").await.unwrap(), ObjectsFacts::default());
        ledger.cleanup().await.unwrap();
        assert_eq!(engine.objects(&label).await.unwrap(), ObjectsFacts::default());
        assert_eq!(remains(ledger.run()).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn an_archive_that_was_saved_is_the_image_and_one_that_was_exported_is_none() {
    let engine = engine().await;
    for builder in BUILDERS {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&engine, "test", "T01").unwrap();
        let dockerfile =
            format!("FROM busybox:1.36\nENV RUN={}\nRUN echo hello > /a\nCMD [\"cat\", \"/a\"]\n", ledger.run());
        fs::write(dir.path().join("Dockerfile"), dockerfile).unwrap();
        let perform = async |steps: &[&str]| all(&engine, &ledger, dir.path(), builder, steps).await.unwrap();
        perform(&["build: { image: app }", "save: { image: app, path: app.tar }"]).await;
        perform(&["export: { image: app, path: sub/files.tar }"]).await;
        let name = ledger.image_name("app:v1");
        let image = engine.image(&name).await.unwrap().unwrap();
        let mut collector = collector(dir.path()).await;
        let mut archive = async |path: &str| {
            fact!(ask(&mut collector, Need::Archive { path: path.into(), image: name.clone() }).await, Archive)
        };
        let ArchiveFacts::Image(archived) = archive("app.tar").await else { panic!("{builder}: it is an image") };
        assert_eq!((&archived.names, &archived.layers), (&vec![name.clone()], &image.layers), "{builder}");
        assert_eq!(archived.config, image.config, "{builder}");
        assert_eq!(archive("sub/files.tar").await, ArchiveFacts::ContainerFiles, "{builder}");
        let saved = fs::read(dir.path().join("app.tar")).unwrap();
        fs::write(dir.path().join("cut.tar"), &saved[..saved.len() / 2]).unwrap();
        let ArchiveFacts::Other { what, .. } = archive("cut.tar").await else { panic!("{builder}: it is cut off") };
        assert!(what.contains("cut off"), "{what}");

        perform(&["remove: { image: app }"]).await;
        assert_eq!(engine.image(&name).await.unwrap(), None);
        perform(&["load: { path: app.tar, image: app }"]).await;
        let loaded = engine.image(&name).await.unwrap().unwrap();
        assert_eq!((loaded.layers, loaded.config), (image.layers, image.config), "{builder}");
        collector.finish().await.unwrap();
        ledger.cleanup().await.unwrap();
        assert_eq!(remains(ledger.run()).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_step_gives_no_name_but_the_runs_and_says_what_went_wrong() {
    let engine = engine().await;
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&engine, "test", "T01").unwrap();
    fs::write(dir.path().join("Dockerfile"), "FROM busybox:1.36\nRUN echo why; false\n").unwrap();
    let builder = Builder::BuildKit;
    let refused =
        all(&engine, &ledger, dir.path(), builder, &["tag: { from: \"busybox:1.36\", to: \"mine:v1\" }"]).await;
    assert!(matches!(&refused, Err(StepError::Impossible { what, .. }) if what.contains("mine:v1")), "{refused:?}");
    let failed = all(&engine, &ledger, dir.path(), builder, &["build: { image: app }"]).await.unwrap_err();
    assert!(failed.help().contains("why"), "{failed:?}");
    all(&engine, &ledger, dir.path(), builder, &["build: { image: app, may_fail: true }"]).await.unwrap();
    ledger.cleanup().await.unwrap();
    assert_eq!(remains(ledger.run()).await, Vec::<String>::new());
}

#[tokio::test]
async fn layers_tell_what_each_one_added() {
    let dir = tempfile::tempdir().unwrap();
    let mut collector = collector(dir.path()).await;
    let text = "FROM busybox:1.36\nRUN echo secret > /secret\nRUN rm /secret\n";
    let build = fact!(ask(&mut collector, Need::Build(inline(text, Builder::Classic))).await, Build);
    let layers = build.image.unwrap().layers;
    let need = Need::Layers { image: build.tag, skip: layers.len() - 2 };
    let facts = fact!(ask(&mut collector, need).await, Layers);
    assert_eq!(facts.layers.iter().map(|layer| &layer.diff_id).collect::<Vec<_>>(), layers.iter().collect::<Vec<_>>());
    let last = &facts.layers[layers.len() - 2..];
    assert_eq!(last[0].entries["secret"].change, EntryKind::File);
    assert_eq!(last[1].entries["secret"].change, EntryKind::Whiteout);
    let gone = Need::Layers { image: "t01/no-such-image:v1".into(), skip: 0 };
    assert_eq!(ask(&mut collector, gone).await, Answer::Absent);
    collector.finish().await.unwrap();
}

#[tokio::test]
async fn events_tell_of_tags_and_which_are_ours() {
    let engine = engine().await;
    let ledger = Ledger::open(&engine, "test", "T01").unwrap();
    let mut events = Box::pin(engine.events());
    let dir = tempfile::tempdir().unwrap();
    let wanted = ledger.image_name("other:v1");
    // Subscribing happens when the stream is first asked, so the tag is given again until it is heard.
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    let heard = loop {
        assert!(std::time::Instant::now() < deadline, "no event came");
        let tagging =
            all(&engine, &ledger, dir.path(), Builder::Classic, &["tag: { from: \"busybox:1.36\", to: other }"]);
        let listening = async {
            loop {
                let event = events.next().await.unwrap().unwrap();
                if event.name == wanted {
                    return event;
                }
            }
        };
        let (listened, tagged) = tokio::join!(tokio::time::timeout(Duration::from_secs(1), listening), tagging);
        tagged.unwrap();
        if let Ok(event) = listened {
            break event;
        }
    };
    assert_eq!((heard.kind.as_str(), heard.action.as_str(), heard.ours), ("image", "tag", true));
    ledger.cleanup().await.unwrap();
}

#[tokio::test]
async fn pulling_what_cannot_be_had_says_so() {
    let engine = engine().await;
    let error = engine.pull("127.0.0.1:1/none/such:v1", None, |_| {}).await.unwrap_err();
    assert!(!error.is_dead() && error.to_string().contains("pull 127.0.0.1:1/none/such:v1"), "{error}");
    assert!(engine.pull("not a name", None, |_| {}).await.is_err());
}
