//! `dlearn check` beside the API calls that it makes: the same requests, recorded once and sent again by a client that
//! does nothing else, each as soon as those are answered that were answered before it when dlearn sent it. Left out is
//! what judging needs no answer of: looking whether anything was left behind.

use crate::measure::{Median, Run, alternately, run};
use crate::record::{self, Recorder, Request};
use crate::table::{Row, shown};
use crate::{DLEARN, Setting, ferry, images, questions::Questions};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tokio::net::UnixStream;
use tokio::sync::watch;

pub fn compare(setting: &Setting, rows: &mut Vec<Row>) {
    let Some(socket) = record::socket() else {
        println!("| (left out: the bare calls, as the engine has no socket here) | | | | | | |");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let (ferry, shop) = (ferry::image(), images::shop("busybox:1.36", "bare"));
    ferry::write(folder.path(), &ferry.0);
    fs::write(folder.path().join("shop.yaml"), Questions::new(20, true, false).for_dlearn(&shop.0)).expect("a file");
    for (what, file) in [("E02's check", "checks.yaml"), ("20 checks", "shop.yaml")] {
        let file = folder.path().join(file);
        let row = one(setting, what, &file, &socket);
        row.print();
        rows.push(row);
    }
}

fn one(setting: &Setting, what: &str, file: &Path, socket: &Path) -> Row {
    let requests = recorded(file, socket);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let file = file.to_string_lossy();
    let ours = || run(DLEARN, &["check", "--file", &file, "--json"]).ended("dlearn", 0);
    let theirs = || replayed(runtime.block_on(again(&requests, socket)));
    theirs();
    let (ours, theirs) = alternately(setting.rounds * 3, ours, theirs);
    let more = 100.0 * (1.0 / ours.slower(&theirs) - 1.0);
    Row {
        what: what.to_owned(),
        with: format!("the {} API calls alone", requests.len()),
        ours: shown(&ours),
        theirs: crate::table::seconds(theirs.wall),
        result: format!("{more:.0} % more"),
        goal: "15 % more",
        reached: more <= 15.0,
    }
}

/// What dlearn asks.
fn recorded(file: &Path, socket: &Path) -> Vec<Request> {
    let recorder = Recorder::start(socket.to_path_buf());
    let status = Command::new(DLEARN)
        .args(["check", "--file"])
        .arg(file)
        .env("DOCKER_HOST", recorder.host())
        .env_remove("DOCKER_CONTEXT")
        .output()
        .expect("dlearn");
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    needed(recorder.requests())
}

/// Without the questions whether something was left behind, and whether the engine is still there.
fn needed(requests: Vec<Request>) -> Vec<Request> {
    let mut pinged = false;
    let is_needed: Vec<bool> = requests
        .iter()
        .map(|request| match request.path() {
            "/_ping" => !std::mem::replace(&mut pinged, true),
            "/containers/json" | "/networks" | "/volumes" | "/images/json" => false,
            _ => true,
        })
        .collect();
    let place: Vec<usize> =
        is_needed.iter().scan(0, |next, needed| Some(std::mem::replace(next, *next + usize::from(*needed)))).collect();
    let kept = requests.into_iter().enumerate().filter(|(index, _)| is_needed[*index]);
    kept.map(|(_, request)| {
        let after = request.after.iter().filter(|index| is_needed[**index]).map(|index| place[*index]).collect();
        Request { after, ..request }
    })
    .collect()
}

/// Sends all of them, and gives how long it took.
async fn again(requests: &[Request], socket: &Path) -> Duration {
    let begun = Instant::now();
    let answered: Vec<(watch::Sender<bool>, watch::Receiver<bool>)> =
        requests.iter().map(|_| watch::channel(false)).collect();
    let send = |(index, request): (usize, &'_ Request)| {
        let before: Vec<_> = request.after.iter().map(|index| answered[*index].1.clone()).collect();
        let (answered, request) = (&answered[index].0, request.clone());
        async move {
            for mut other in before {
                // Its sender lives as long as this loop.
                let _ = other.wait_for(|answered| *answered).await;
            }
            ask(&request, socket).await;
            let _ = answered.send(true);
        }
    };
    futures_util::future::join_all(requests.iter().enumerate().map(send)).await;
    begun.elapsed()
}

/// Sends one request and reads its answer to the end.
async fn ask(request: &Request, socket: &Path) {
    let stream = UnixStream::connect(socket).await.expect("the engine's socket");
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
    let connection = tokio::spawn(connection);
    let mut to_send = hyper::Request::builder().method(request.method.as_str()).uri(&request.target);
    for (name, value) in &request.headers {
        to_send = to_send.header(name, value);
    }
    let body = Full::new(Bytes::from(request.body.clone()));
    let mut answer = sender.send_request(to_send.body(body).expect("a request")).await.expect("an answer");
    let status = answer.status();
    // As dlearn asks what is not there, too.
    let fine = status.is_success() || matches!(status.as_u16(), 304 | 404);
    assert!(fine, "{} {}: {status}", request.method, request.target);
    while let Some(frame) = answer.frame().await {
        drop(frame.expect("the answer goes on"));
    }
    drop(sender);
    let _ = connection.await;
}

/// Of calls alone only the time is of interest.
fn replayed(wall: Duration) -> Run {
    let nothing = Median::default();
    Run { wall, cpu: nothing.cpu, memory: nothing.memory, code: Some(0), stdout: String::new(), stderr: String::new() }
}
