//! Deadlines: no question to an engine waits for ever.
//!
//! Invariants: a read is over within [`READ_SECONDS`], its stream included. A long operation is
//! watched by a heartbeat: `/_ping` over a connection of its own, every 2 s, with 4 s to answer; two
//! that fail in a row end the operation. So an engine that is stopped, absent, frozen, or that
//! accepts and never answers, is found out within 12 s at any moment. Over SSH somebody may have to log in
//! first: a read has 8 s more, each heartbeat too, and it comes 8 s later, so that this takes 10 + 12 + 12 = 34 s at
//! most. What is asked right after that (the next question, the removal of what was created) fails at once: this time
//! is spent only once.

use super::{Engine, EngineError, error::unreachable_because, transport};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use http::{HeaderMap, Method, StatusCode};
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// Seconds that a read may take, from the question to the end of the answer. Over SSH it may take 8 s more.
pub const READ_SECONDS: u64 = 10;

/// Seconds that connecting and the first ping may take.
pub(super) const CONNECT_SECONDS: u64 = 5;

const PING_SECONDS: u64 = 4;
const PING_EVERY: Duration = Duration::from_secs(2);
/// How long an engine that was found dead is not asked again.
const DEAD_FOR: Duration = Duration::from_secs(5);
/// Short operations are over before the first heartbeat, and so cost no additional question.
const FIRST_PING_AFTER: Duration = Duration::from_secs(1);

type Beat = BoxFuture<'static, Result<(), EngineError>>;

/// What an engine's heartbeat tells to all that watch it.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    /// When it last failed, and why.
    lost: Mutex<Option<(Instant, EngineError)>>,
    /// The ping that is under way, as long as somebody waits for it.
    beat: Mutex<Option<WeakShared<Beat>>>,
}

impl Pulse {
    fn lost(&self, why: &EngineError) {
        *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), why.clone()));
    }

    /// An error where the engine was found dead a moment ago.
    fn check(&self) -> Result<(), EngineError> {
        match &*self.lost.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((when, why)) if when.elapsed() < DEAD_FOR => Err(why.clone()),
            _ => Ok(()),
        }
    }

    /// The ping that is under way; where there is none, this one.
    fn beat(&self, new: impl FnOnce() -> Beat) -> Shared<Beat> {
        let mut current = self.beat.lock().unwrap_or_else(PoisonError::into_inner);
        let under_way = current.as_ref().and_then(WeakShared::upgrade).filter(|beat| beat.peek().is_none());
        let beat = under_way.unwrap_or_else(|| new().shared());
        *current = beat.downgrade();
        beat
    }
}

impl Engine {
    /// Whether the engine answers now, within 4 s (over SSH 12 s); at once where it was found dead a moment ago.
    ///
    /// # Errors
    /// [`EngineError::Unreachable`] or [`EngineError::TimedOut`].
    pub async fn ping(&self) -> Result<(), EngineError> {
        self.pulse().check()?;
        self.beat().await
    }

    /// One ping for all that watch at the same time: over SSH each is a login.
    async fn beat(&self) -> Result<(), EngineError> {
        let engine = self.clone();
        self.pulse().beat(|| async move { engine.beat_now().await }.boxed()).await
    }

    async fn beat_now(&self) -> Result<(), EngineError> {
        if !self.endpoint().is_thrown_away() {
            return ping(self.connector(), &self.endpoint().to_string(), PING_SECONDS).await.map(drop);
        }
        // A connection of its own may be a process inside: one that is idle will do, and where there is none, the pool
        // opens one. It never waits for one that is in use.
        let seconds = PING_SECONDS + self.connector().login_seconds();
        let asking = timeout(Duration::from_secs(seconds), self.call("ping", Method::HEAD, "/_ping", None));
        let late = |_| Err(EngineError::TimedOut { doing: "ping".into(), seconds });
        asking.await.unwrap_or_else(late).map(drop)
    }

    /// `work` is to be over within [`READ_SECONDS`], and the time for a login over SSH.
    pub(crate) fn read<'a, T: 'a>(
        &'a self,
        doing: &'a str,
        work: impl Future<Output = Result<T, EngineError>> + 'a,
    ) -> impl Future<Output = Result<T, EngineError>> + 'a {
        self.long(doing, READ_SECONDS + self.connector().login_seconds(), work)
    }

    /// `work` may take `seconds` while the engine answers its heartbeat. For what has no limit of its own
    /// and is no fault of any subject.
    pub(crate) fn long<'a, T: 'a>(
        &'a self,
        doing: &'a str,
        seconds: u64,
        work: impl Future<Output = Result<T, EngineError>> + 'a,
    ) -> impl Future<Output = Result<T, EngineError>> + 'a {
        // Boxed, and outside the async block: else each caller's future holds a copy of all those below it.
        let work = Box::pin(work);
        self.alive(async move {
            let late = |_| Err(EngineError::TimedOut { doing: doing.to_owned(), seconds });
            timeout(Duration::from_secs(seconds), work).await.unwrap_or_else(late)
        })
    }

    /// `work` goes on while the engine answers its heartbeat.
    pub(crate) fn alive<'a, T: 'a>(
        &'a self,
        work: impl Future<Output = Result<T, EngineError>> + 'a,
    ) -> impl Future<Output = Result<T, EngineError>> + 'a {
        let work = Box::pin(work);
        async move {
            self.pulse().check()?;
            tokio::select! {
                biased;
                done = work => done,
                dead = Box::pin(self.heartbeat()) => Err(dead),
            }
        }
    }

    /// Ends when two pings in a row have failed.
    async fn heartbeat(&self) -> EngineError {
        let mut next = Instant::now() + FIRST_PING_AFTER;
        let mut failed = 0;
        loop {
            sleep_until(next).await;
            // Somewhere to log in to is not asked that often.
            next = Instant::now() + PING_EVERY + Duration::from_secs(self.connector().login_seconds());
            match self.beat().await {
                Ok(()) => failed = 0,
                Err(error) => {
                    failed += 1;
                    if failed == 2 {
                        let dead = dead(&self.endpoint().to_string(), error);
                        self.pulse().lost(&dead);
                        return dead;
                    }
                }
            }
        }
    }
}

/// An engine that twice did not answer a ping is as good as absent.
fn dead(endpoint: &str, error: EngineError) -> EngineError {
    match error {
        EngineError::TimedOut { .. } => silent(endpoint),
        other => other,
    }
}

/// It accepts connections and never answers.
pub(super) fn silent(endpoint: &str) -> EngineError {
    EngineError::Unreachable {
        endpoint: endpoint.to_owned(),
        reason: "it accepts connections, but does not answer".into(),
        help: "see whether `docker version` answers; if it does not, restart Docker, then try again".into(),
    }
}

/// One `GET /_ping`, whose headers tell API version and builder.
pub(super) async fn ping(
    connector: &transport::Connector,
    endpoint: &str,
    seconds: u64,
) -> Result<HeaderMap, EngineError> {
    let seconds = seconds + connector.login_seconds();
    let answer = timeout(Duration::from_secs(seconds), transport::ask_once(connector, "/_ping")).await;
    match answer {
        Err(_) => Err(EngineError::TimedOut { doing: "ping".into(), seconds }),
        Ok(Err(error)) => Err(unreachable_because(endpoint, &error)),
        Ok(Ok(response)) if response.status().is_success() => Ok(response.headers().clone()),
        // What Go's server says to whoever speaks plain HTTP to it.
        Ok(Ok(response)) if response.status() == StatusCode::BAD_REQUEST && endpoint.starts_with("tcp://") => {
            Err(EngineError::Unreachable {
                endpoint: endpoint.into(),
                reason: "what listens there does not answer without TLS, as it seems (status 400)".into(),
                help: "set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the folder with ca.pem, cert.pem and key.pem"
                    .into(),
            })
        }
        Ok(Ok(response)) => Err(EngineError::Unreachable {
            endpoint: endpoint.into(),
            reason: format!("it answers a ping with status {}", response.status()),
            help: "see whether a Docker Engine listens there, and no other service".into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn who_asks_while_a_ping_is_under_way_waits_for_that_one() {
        let (pulse, pings) = (Pulse::default(), Arc::new(AtomicUsize::new(0)));
        let ping = || {
            let pings = Arc::clone(&pings);
            async move {
                pings.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                Ok(())
            }
            .boxed()
        };
        let sent = || pings.load(Ordering::Relaxed);
        let (mut first, second) = (pulse.beat(ping), pulse.beat(ping));
        assert!((&mut first).now_or_never().is_none(), "it is under way");
        // Whoever began it has gone.
        drop(first);
        second.await.unwrap();
        assert_eq!(sent(), 1);
        pulse.beat(ping).await.unwrap();
        assert_eq!(sent(), 2, "an answer is none to a later question");
        // Nobody waits for it any more: it would be late for whoever comes next.
        assert!(pulse.beat(ping).now_or_never().is_none());
        pulse.beat(ping).await.unwrap();
        assert_eq!(sent(), 4);
    }
}
