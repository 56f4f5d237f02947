//! What engines, containers and registries say.

use super::{assert_harmless, at_once, text};
use crate::engine::fuzzing as engine_side;
use crate::evidence::Builder;
use crate::registry::fuzzing as registry_side;
use tokio::io::AsyncWriteExt;

pub(super) fn build(data: &[u8]) {
    for builder in [Builder::Classic, Builder::BuildKit] {
        let (steps, log) = engine_side::build(data.split(|byte| *byte == b'\n'), builder);
        log.iter().for_each(|line| assert_harmless(line));
        assert!(steps.len() <= 10_000);
    }
}

/// Messages, each with its length in two bytes before it.
pub(super) fn trace(data: &[u8]) {
    let mut rest = data;
    let messages = std::iter::from_fn(|| {
        let [high, low, after @ ..] = rest else { return None };
        let (message, after) = after.split_at(after.len().min(usize::from(u16::from_be_bytes([*high, *low]))));
        rest = after;
        Some(message)
    });
    let (_, log) = engine_side::trace(messages);
    log.iter().for_each(|line| assert_harmless(line));
}

/// What `docker image inspect` and `docker history` show, or what the engine says of itself, or events.
pub(super) fn engine(data: &[u8]) {
    let (first, second) = data.iter().position(|byte| *byte == b'\n').map_or((data, &b""[..]), |at| data.split_at(at));
    engine_side::image(first, second);
    engine_side::facts(first, second);
    for event in data.split(|byte| *byte == b'\n').filter_map(engine_side::event) {
        assert_harmless(&event.name);
        assert_harmless(&event.action);
    }
}

pub(super) fn file(data: &[u8]) {
    if let Ok(facts) = engine_side::file(data) {
        assert!(facts.mode <= 0o7777);
    }
}

pub(super) fn answer(data: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime without input or output");
    let answer = runtime.block_on(async {
        let (ours, mut theirs) = tokio::io::duplex(data.len() + 4096);
        theirs.write_all(data).await.expect("it has room");
        theirs.shutdown().await.expect("it is open");
        let answer = engine_side::exchange(ours, "/").await;
        drop(theirs);
        answer
    });
    if let Some(answer) = answer {
        assert_harmless(&answer.body);
        answer.headers.values().for_each(|value| assert_harmless(value));
    }
}

/// Bodies with a zero byte between: configuration, manifest, index; then a list of tags, and what Docker Hub says. In a
/// manifest `@` stands for the digest of the body before it.
pub(super) fn registry(data: &[u8]) {
    let bodies: Vec<&[u8]> = data.split(|byte| *byte == 0).collect();
    if let Ok(facts) = at_once(registry_side::asked(&bodies)) {
        facts.tags.iter().for_each(|tag| assert!(!tag.contains(char::is_control)));
        if let Some(image) = facts.image {
            assert!(image.layers.iter().all(|layer| layer.starts_with("sha256:")));
            assert!(![image.media_type, image.arch, image.os].concat().contains(char::is_control));
        }
    }
    registry_side::hub(&text(data));
}
