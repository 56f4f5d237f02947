//! [`crate::evidence::Need::Serve`]: a service is started, asked over HTTP and stopped.
//!
//! How it is reached is the door's ([`super::door`]). Readiness is polled: the first answer is due within
//! `plan.seconds`, whatever its status.

use super::{
    Engine, EngineError, Ledger,
    container::Attempt,
    door::{Door, ports_elsewhere},
    listening,
};
use crate::evidence::{HttpFacts, ServeFacts, ServePlan};
use std::pin::pin;
use std::time::Duration;
use tokio::time::Instant;

/// Between two looks whether something listens.
const POLL: Duration = Duration::from_millis(100);
/// Between two looks at where a silent service listens, and how many of them must agree.
const LOOK: Duration = Duration::from_secs(1);
const LOOKS: u32 = 3;
/// Looks that find a service by which its published port, if it is one of ours, leads to it.
const HEARD_BY_NOW: u32 = 2;
/// How long one question may take, and each path after the first one that was answered.
const ANSWER: Duration = Duration::from_secs(5);

/// What asking gave so far.
#[derive(Default)]
struct Asked {
    responses: Vec<Option<HttpFacts>>,
    exit: Option<i64>,
    /// Something accepted a connection at the published port.
    connected: bool,
    listening: Option<Vec<String>>,
    /// Looks in a row that found the right port open on the container's own loopback interface only.
    loopback: u32,
    /// Looks that found the service listening for everybody, while nobody took a connection at the published port.
    unheard: u32,
}

impl Asked {
    /// The service is up where nobody outside can reach it; waiting longer changes nothing.
    fn is_shut_in(&self) -> bool {
        self.loopback >= LOOKS
    }

    /// The published port is not one of this machine.
    fn is_elsewhere(&self) -> bool {
        self.unheard >= HEARD_BY_NOW
    }

    fn looked(&mut self, listening: Option<Vec<String>>, port: u16) {
        let open = |address: &String| listening::is_open_to_all(address, port);
        let right = |address: &String| listening::port_of(address) == Some(port);
        let shut_in = listening.as_ref().is_some_and(|found| found.iter().any(right) && !found.iter().any(open));
        self.loopback = if shut_in { self.loopback + 1 } else { 0 };
        if !self.connected && listening.iter().flatten().any(open) {
            self.unheard += 1;
        }
        self.listening = listening;
    }
}

impl Engine {
    /// Starts a service, asks it, and removes it. None where there is no such image.
    ///
    /// # Errors
    /// Where the engine cannot do it, stopped answering meanwhile, or publishes ports elsewhere.
    pub async fn serve(&self, ledger: &Ledger, plan: &ServePlan) -> Result<Option<ServeFacts>, EngineError> {
        let container = match self.start_behind_a_door(ledger, &plan.image, plan.port).await? {
            Attempt::Done(container) => container,
            Attempt::NoImage => return Ok(None),
            Attempt::Refused(why) => {
                let responses = plan.paths.iter().map(|_| None).collect();
                return Ok(Some(ServeFacts { responses, start_error: Some(why), ..ServeFacts::default() }));
            }
        };
        let asked = self.alive(self.ask_service(ledger, &container, plan)).await?;
        let output = self.output(&container).await?;
        // An engine that is being stopped kills the service, and that is not the service's end.
        self.ping().await?;
        ledger.remove_container(&container).await?;
        let silent = asked.responses.iter().all(Option::is_none) && !asked.connected && !plan.paths.is_empty();
        let open = |address: &String| listening::is_open_to_all(address, plan.port);
        match &asked.listening {
            Some(found) if silent && found.iter().any(open) => {
                return Err(ports_elsewhere("it listens, but its published port does not answer on this machine"));
            }
            None if silent && asked.exit.is_none() => {
                return Err(ports_elsewhere(
                    "its published port does not answer on this machine, and whether it listens cannot be seen",
                ));
            }
            _ => {}
        }
        Ok(Some(ServeFacts {
            responses: asked.responses,
            logs: output.both,
            exit: asked.exit,
            start_error: None,
            listening: asked.listening,
        }))
    }

    async fn ask_service(&self, ledger: &Ledger, container: &str, plan: &ServePlan) -> Result<Asked, EngineError> {
        let deadline = Instant::now() + Duration::from_secs(u64::from(plan.seconds));
        let mut asked = Asked::default();
        let mut ended = pin!(self.wait(container));
        // None: it ended before there was one.
        let mut door = self.door(ledger, container, plan.port, false).await?;
        let mut looked = Instant::now();
        for path in &plan.paths {
            let answered = asked.responses.iter().any(Option::is_some);
            let mut until = if answered { deadline.max(Instant::now() + ANSWER) } else { deadline };
            let mut response = None;
            while let (Some(way), None, None) = (&door, &response, asked.exit) {
                tokio::select! {
                    biased;
                    got = way.ask(path, ANSWER.min(until - Instant::now())) => {
                        let got = got?;
                        asked.connected |= got.connected;
                        response = got.response;
                    }
                    exit = &mut ended => asked.exit = Some(exit?),
                }
                if response.is_none() && (Instant::now() >= until || asked.is_shut_in()) {
                    break;
                }
                if response.is_none() && asked.exit.is_none() && looked.elapsed() >= LOOK {
                    looked = Instant::now();
                    asked.looked(self.listening(ledger, container).await?, plan.port);
                    if asked.is_elsewhere() && matches!(way, Door::Published(_)) {
                        door = self.door(ledger, container, plan.port, true).await?;
                        // It is up: only its answer was not heard.
                        until = until.max(Instant::now() + ANSWER);
                        continue;
                    }
                }
                if response.is_none() && asked.exit.is_none() {
                    tokio::select! {
                        () = tokio::time::sleep(way.poll()) => {}
                        exit = &mut ended => asked.exit = Some(exit?),
                    }
                }
            }
            asked.responses.push(response);
        }
        while asked.exit.is_none() {
            asked.listening = self.listening(ledger, container).await?;
            let is_up = asked.listening.iter().flatten().any(|address| listening::port_of(address) == Some(plan.port));
            if !plan.paths.is_empty() || is_up || asked.listening.is_none() || Instant::now() >= deadline {
                break;
            }
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                exit = &mut ended => asked.exit = Some(exit?),
            }
        }
        if asked.exit.is_none() && door.is_none() {
            asked.exit = Some(ended.await?);
        }
        if let Some(door) = door {
            door.close(ledger).await?;
        }
        Ok(asked)
    }
}
