//! What engines, containers and registries say.

use super::{at_once, text};
use crate::engine::fuzzing as engine_side;
use crate::evidence::Builder;
use crate::registry::fuzzing as registry_side;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What leaves the engine's side holds no control character and no escape sequence; marks that hide text go where it is
/// printed.
#[track_caller]
fn assert_clean(text: &str) {
    assert!(crate::engine::text::clean(text) == text, "{text:?} is not clean");
}

pub(super) fn build(data: &[u8]) {
    for builder in [Builder::Classic, Builder::BuildKit] {
        let (steps, log) = engine_side::build(data.split(|byte| *byte == b'\n'), builder);
        log.iter().for_each(|line| assert_clean(line));
        assert!(steps.len() <= 10_001);
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
    log.iter().for_each(|line| assert_clean(line));
}

/// What `docker image inspect` and `docker history` show, or what the engine says of itself, or events.
pub(super) fn engine(data: &[u8]) {
    let (first, second) = data.iter().position(|byte| *byte == b'\n').map_or((data, &b""[..]), |at| data.split_at(at));
    engine_side::image(first, second);
    engine_side::facts(first, second);
    for event in data.split(|byte| *byte == b'\n').filter_map(engine_side::event) {
        assert_clean(&event.name);
        assert_clean(&event.action);
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
        // Whoever answers before the question is not listened to.
        let answering = async {
            let _asked = theirs.read(&mut [0; 4096]).await.ok()?;
            theirs.write_all(data).await.ok()?;
            theirs.shutdown().await.ok()
        };
        tokio::join!(engine_side::exchange(ours, "/"), answering).0
    });
    if let Some(answer) = answer {
        assert_clean(&answer.body);
        answer.headers.values().for_each(|value| assert_clean(value));
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
