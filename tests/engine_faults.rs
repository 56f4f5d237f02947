//! An engine that is absent, silent, gone or frozen is told within seconds, and is never a wrong answer.

mod common;

use common::*;
use dlearn::engine::{Answers, Collector, CollectorOptions, ConnectOptions, Endpoint, Engine};
use dlearn::evidence::*;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

async fn connect(socket: &Path) -> Result<Engine, dlearn::engine::EngineError> {
    Engine::connect(&ConnectOptions::to(format!("unix://{}", socket.display()))).await
}

fn options(workspace: &Path) -> CollectorOptions {
    CollectorOptions { workspace: workspace.into(), purpose: "test".into(), ..CollectorOptions::default() }
}

fn everything() -> BTreeSet<Need> {
    let image = || BUSYBOX.to_owned();
    let serve = ServePlan { image: image(), port: 80, paths: vec!["/".into()], seconds: 5 };
    BTreeSet::from([
        Need::Engine,
        Need::Image { name: image() },
        Need::File { image: image(), path: "/etc/passwd".into() },
        Need::Layers { image: image(), skip: 0 },
        Need::Build(inline("FROM busybox:1.36\nRUN true\n", Builder::BuildKit)),
        Need::Run(shell("true", 5)),
        Need::Serve(serve),
    ])
}

fn all_unavailable(answers: &[(Need, Answer)]) {
    for (need, answer) in answers {
        assert!(matches!(answer, Answer::Unavailable(why) if !why.help.is_empty()), "{need}: {answer:?}");
    }
}

#[tokio::test]
async fn an_absent_a_refusing_and_a_foreign_socket_say_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let absent = connect(&dir.path().join("absent.sock")).await.unwrap_err();
    assert!(absent.to_string().contains("there is no socket at"), "{absent}");
    assert!(absent.help().contains("start Docker"), "{}", absent.help());

    let stale = dir.path().join("stale.sock");
    drop(UnixListener::bind(&stale).unwrap());
    let refused = connect(&stale).await.unwrap_err();
    assert!(refused.to_string().contains("exists, but nothing answers on it"), "{refused}");

    let refused = Engine::connect(&ConnectOptions::to("tcp://127.0.0.1:1")).await.unwrap_err();
    assert!(refused.to_string().contains("refused"), "{refused}");

    let closing = dir.path().join("closing.sock");
    let listener = UnixListener::bind(&closing).unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            drop(stream);
        }
    });
    let broken = connect(&closing).await.unwrap_err();
    assert!(broken.is_dead(), "{broken:?}");

    let web = dir.path().join("web.sock");
    let listener = UnixListener::bind(&web).unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut question = [0; 1024];
            let _ = stream.read(&mut question).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await;
        }
    });
    let foreign = connect(&web).await.unwrap_err();
    assert!(foreign.to_string().contains("does not say which Docker API version"), "{foreign}");

    let mut collector = Collector::new(Err(absent), options(dir.path()));
    all_unavailable(&collector.answer(everything()).await);
    collector.finish().await.unwrap();
}

#[tokio::test]
async fn an_engine_that_accepts_and_never_answers_is_told_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("silent.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    let begun = Instant::now();
    let error = connect(&socket).await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(7), "{:?}", begun.elapsed());
    assert!(error.to_string().contains("accepts connections, but does not answer"), "{error}");
    assert!(error.is_dead());
}

/// A proxy in front of the real engine, which can be frozen and can vanish.
struct Proxy {
    socket: PathBuf,
    frozen: watch::Sender<bool>,
    accepting: tokio::task::JoinHandle<()>,
    _dir: tempfile::TempDir,
}

impl Proxy {
    async fn start() -> Self {
        let engine = engine().await;
        let Endpoint::Unix(real) = engine.endpoint().clone() else { panic!("the test engine has a socket") };
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("proxy.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let (frozen, is_frozen) = watch::channel(false);
        let accepting = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = UnixStream::connect(&real).await else { return };
                let (mut from_client, mut to_client) = client.into_split();
                let (mut from_server, mut to_server) = server.into_split();
                let (one, other) = (is_frozen.clone(), is_frozen.clone());
                connections.spawn(async move { pass(&mut from_client, &mut to_server, one).await });
                connections.spawn(async move { pass(&mut from_server, &mut to_client, other).await });
            }
        });
        Self { socket, frozen, accepting, _dir: dir }
    }

    fn freeze(&self) {
        self.frozen.send(true).unwrap();
    }

    /// As an engine that is killed: connections close, the socket stays.
    fn vanish(&self) {
        self.accepting.abort();
    }
}

async fn pass(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    mut frozen: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let Ok(count) = from.read(&mut buffer).await else { return };
        if frozen.wait_for(|frozen| !*frozen).await.is_err() {
            return;
        }
        if count == 0 || to.write_all(&buffer[..count]).await.is_err() {
            let _ = to.shutdown().await;
            return;
        }
    }
}

/// Freezes or kills the engine in the middle of `need`; gives the answer and how long it took from then on.
async fn interrupted(need: Need, seconds: u64, how: fn(&Proxy)) -> (Answer, Duration, Collector) {
    let proxy = Proxy::start().await;
    let dir = tempfile::tempdir().unwrap();
    let mut collector = Collector::new(connect(&proxy.socket).await, options(dir.path()));
    let (answer, took) = {
        let asking = ask(&mut collector, need);
        tokio::pin!(asking);
        tokio::select! {
            answer = &mut asking => panic!("it was to take longer: {answer:?}"),
            () = tokio::time::sleep(Duration::from_secs(seconds)) => {}
        }
        how(&proxy);
        let begun = Instant::now();
        (asking.await, begun.elapsed())
    };
    // The real engine is asked to clean up, since the proxy cannot.
    let run = collector.ledger().unwrap().run().to_owned();
    let begun = Instant::now();
    assert!(collector.finish().await.is_err());
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    let real = engine().await;
    // What the run left behind belongs to a run that is alive, so it is not anybody's to remove.
    let left: Vec<_> = dlearn::engine::leftovers(&real).await.unwrap();
    assert!(left.iter().filter(|thing| thing.run == run).all(|thing| !thing.removable()), "{left:?}");
    (answer, took, collector)
}

/// After the run's process has ended, `dlearn clean` finds and removes what it left.
async fn nothing_stays(collector: Collector) {
    let run = collector.ledger().unwrap().run().to_owned();
    let _ = dlearn::engine::clean_up_everything().await;
    drop(collector);
    dlearn::engine::forget_everything();
    let real = engine().await;
    // A build that was cut off may still be about to give its tag.
    for _ in 0..20 {
        let left = dlearn::engine::leftovers(&real).await.unwrap();
        let ours: Vec<_> = left.into_iter().filter(|thing| thing.run == run).collect();
        assert!(ours.iter().all(dlearn::engine::Leftover::removable), "{ours:?}");
        let stays = dlearn::engine::remove(&real, &ours).await;
        assert!(stays.is_empty(), "{stays:?}");
        if remains(&run).await.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("something of run {run} stays");
}

fn slow_build() -> Need {
    let text = format!("FROM busybox:1.36\nRUN echo {:?}; sleep 40\n", std::time::SystemTime::now());
    Need::Build(inline(&text, Builder::BuildKit))
}

#[tokio::test]
async fn an_engine_that_freezes_in_mid_build_is_unavailable() {
    let (answer, took, collector) = interrupted(slow_build(), 3, Proxy::freeze).await;
    assert!(took < Duration::from_secs(13), "{took:?}");
    all_unavailable(&[(Need::Engine, answer)]);
    nothing_stays(collector).await;
}

#[tokio::test]
async fn an_engine_that_vanishes_in_mid_build_is_unavailable() {
    let (answer, took, collector) = interrupted(slow_build(), 2, Proxy::vanish).await;
    assert!(took < Duration::from_secs(13), "{took:?}");
    all_unavailable(&[(Need::Engine, answer)]);
    nothing_stays(collector).await;
}

#[tokio::test]
async fn an_engine_that_freezes_in_mid_run_is_unavailable_and_so_is_everything_after() {
    let (answer, took, mut collector) = interrupted(Need::Run(shell("sleep 20", 60)), 3, Proxy::freeze).await;
    assert!(took < Duration::from_secs(13), "{took:?}");
    all_unavailable(&[(Need::Engine, answer)]);
    let begun = Instant::now();
    all_unavailable(&collector.answer(everything()).await);
    assert!(begun.elapsed() < Duration::from_millis(200), "{:?}", begun.elapsed());
    nothing_stays(collector).await;
}

#[tokio::test]
async fn an_engine_that_is_frozen_from_the_start_answers_nothing_within_seconds() {
    let proxy = Proxy::start().await;
    let dir = tempfile::tempdir().unwrap();
    let mut collector = Collector::new(connect(&proxy.socket).await, options(dir.path()));
    proxy.freeze();
    let begun = Instant::now();
    all_unavailable(&collector.answer(everything()).await);
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    nothing_stays(collector).await;
}
