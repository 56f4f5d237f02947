//! How long somebody waits for the list of checks after a build: in a session, from the engine's event (a name was given
//! to an image, or taken away) until the list on the screen says so; and beside it how long the engine takes for the same
//! questions alone. The first is to be at most the second and 300 ms.
//!
//! `cargo bench --bench recheck`, with an engine and busybox:1.36. What it makes there is gone when it ends.

#[path = "../tests/session_support/mod.rs"]
mod session_support;

use dlearn::course::{Course, Round, Source};
use dlearn::engine::{Answers, Collector, CollectorOptions, ConnectOptions, Engine, Event};
use dlearn::evidence::Evidence;
use dlearn::examine::examine;
use futures_util::StreamExt;
use session_support::engine::{Tidy, build, docker};
use session_support::{Person, Pty};
use std::cell::RefCell;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Fails in one of its last checks: all questions are asked, and the exercise is not over.
const DOCKERFILE: &str = "FROM busybox:1.36\nWORKDIR /site\nCOPY index.html style.css token ./\n\
                          CMD [\"httpd\", \"-f\", \"-v\", \"-p\", \"8080\", \"-h\", \"/site\"]\n";
/// What the list says then, and what it says where there is no image of that name.
const WITH: &str = "✗ Its configuration names port 8080";
const WITHOUT: &str = "✗ The image t";

fn main() {
    divan::main();
}

/// A learner whose image was built, and another name by which it stays.
struct Learner {
    person: Person,
    kept: String,
    runtime: Runtime,
}

impl Learner {
    fn new() -> Self {
        let person = Person::new();
        let kept = format!("{}-kept", person.course.image);
        Self { person, kept, runtime: Runtime::new().expect("a runtime") }
    }

    /// Begins the exercise and builds the image. The list is on the screen.
    fn begins(&self) -> Pty {
        let mut pty = self.person.begins(&[&self.person.course.first]);
        pty.shows("Enter more");
        pty.press("q");
        over(&pty, "✗ This folder has a Dockerfile with a base image");
        std::fs::write(self.person.first().join("Dockerfile"), DOCKERFILE).expect("a Dockerfile");
        over(&pty, WITHOUT);
        build(&self.person.first(), &self.person.course.image);
        over(&pty, WITH);
        docker(&["tag", &self.person.course.image, &self.kept]);
        pty
    }

    /// The command that gives the image its name, or takes it away.
    fn command(&self, there: bool) -> Vec<&str> {
        let image = self.person.course.image.as_str();
        if there { vec!["tag", &self.kept, image] } else { vec!["rmi", image] }
    }

    /// Has the command done, and waits for the engine's event, not for the command's end.
    fn event(&self, there: bool) {
        let (say, heard) = mpsc::channel();
        let listening = self.runtime.spawn(async move {
            let engine = Engine::connect(&ConnectOptions::default()).await.expect("an engine");
            let events = engine.events();
            tokio::pin!(events);
            while let Some(Ok(event)) = events.next().await {
                let _ = say.send(event);
            }
        });
        // A name that nobody looks at shows when the engine is listened to.
        let marker = format!("{}-marker", self.person.course.image);
        while heard.recv_timeout(Duration::from_millis(100)).is_err() {
            docker(&["tag", &self.kept, &marker]);
        }
        let id = docker(&["image", "inspect", "--format", "{{.Id}}", &self.kept]);
        let mut command =
            Command::new("docker").args(self.command(there)).stdout(Stdio::null()).spawn().expect("docker");
        let is_it = |event: &Event| match there {
            true => event.action == "tag" && event.name == self.person.course.image,
            false => event.action == "untag" && event.name.contains(id.trim_start_matches("sha256:")),
        };
        assert!(heard.iter().any(|event| is_it(&event)), "the event comes");
        listening.abort();
        assert!(command.wait().expect("docker ends").success());
    }

    /// The round that the session checks.
    fn round(&self) -> Round {
        let course = Course::load(&Source::Folder(self.person.course.folder().to_owned())).expect("a course");
        let token = std::fs::read_to_string(self.person.first().join("token")).expect("a token");
        let entry = &course.exercises[&self.person.course.first];
        entry.rounds(&course.recipes, token.trim(), &str::to_owned).expect("rounds").remove(0)
    }

    /// Asks the engine all that a check of the round asks. What that has built stays as long as its collector.
    fn asks(&self, round: &Round) -> Collector {
        self.runtime.block_on(async {
            let engine = Engine::connect(&ConnectOptions::default()).await;
            let options = CollectorOptions {
                workspace: self.person.first(),
                starter: round.start.clone(),
                exercise: round.exercise.clone(),
                purpose: "bench".into(),
                ..CollectorOptions::default()
            };
            let mut collector = Collector::new(engine, options);
            examine(round, &mut collector, Evidence::new()).await;
            collector
        })
    }

    /// Removes what a check has built.
    fn finish(&self, mut collector: Collector) {
        self.runtime.block_on(collector.finish()).expect("it is removed");
    }
}

/// Waits until the list says so, with a check that is over.
fn over(pty: &Pty, text: &str) {
    pty.until(text, |screen| screen.contents().contains(text) && !screen.contents().contains("checking"));
}

/// From the event to the list on the screen.
fn shown(bencher: divan::Bencher<'_, '_>, there: bool) {
    let learner = Learner::new();
    let _tidy = Tidy(&learner.person);
    let mut pty = learner.begins();
    let (now, then) = if there { (WITHOUT, WITH) } else { (WITH, WITHOUT) };
    bencher
        .with_inputs(|| {
            docker(&learner.command(!there));
            over(&pty, now);
            learner.event(there);
        })
        .bench_local_values(|()| over(&pty, then));
    pty.press("q");
    assert_eq!(pty.ended().0, 0);
}

/// The same questions alone.
fn engine(bencher: divan::Bencher<'_, '_>, there: bool) {
    let learner = Learner::new();
    let _tidy = Tidy(&learner.person);
    let mut pty = learner.begins();
    pty.press("q");
    assert_eq!(pty.ended().0, 0);
    docker(&learner.command(there));
    let round = learner.round();
    // As in a session, what one check has built stays until the next one is over.
    let kept = RefCell::new(vec![learner.asks(&round)]);
    let finish_older = || {
        let mut kept = kept.borrow_mut();
        let older = kept.len() - 1;
        kept.drain(..older).for_each(|collector| learner.finish(collector));
    };
    bencher.with_inputs(finish_older).bench_local_values(|()| kept.borrow_mut().push(learner.asks(&round)));
    kept.take().into_iter().for_each(|collector| learner.finish(collector));
}

/// An image of that name has come: everything is asked, and a container of it is run.
mod built {
    #[divan::bench(sample_count = 20, sample_size = 1)]
    fn shown(bencher: divan::Bencher<'_, '_>) {
        super::shown(bencher, true);
    }

    #[divan::bench(sample_count = 20, sample_size = 1)]
    fn engine_alone(bencher: divan::Bencher<'_, '_>) {
        super::engine(bencher, true);
    }
}

/// The image of that name has gone: a few questions.
mod gone {
    #[divan::bench(sample_count = 20, sample_size = 1)]
    fn shown(bencher: divan::Bencher<'_, '_>) {
        super::shown(bencher, false);
    }

    #[divan::bench(sample_count = 20, sample_size = 1)]
    fn engine_alone(bencher: divan::Bencher<'_, '_>) {
        super::engine(bencher, false);
    }
}
