//! [`crate::evidence::Need::Serve`]: a service is started, asked over HTTP and stopped.
//!
//! The port is published on 127.0.0.1 only, on a free port that the engine chooses. Readiness is
//! polled: the first answer is due within `plan.seconds`, whatever its status.

use super::{
    Engine, EngineError, Ledger,
    container::{Attempt, ContainerSpec},
    http, listening,
};
use crate::evidence::{HttpFacts, ServeFacts, ServePlan};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;
use tokio::time::Instant;

/// Between two questions to a service that does not answer yet.
const POLL: Duration = Duration::from_millis(100);
/// Between two looks at where a silent service listens, and how many of them must agree.
const LOOK: Duration = Duration::from_secs(1);
const LOOKS: u32 = 3;
/// How long one question may take, and each path after the first one that was answered.
const ANSWER: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspect {
    network_settings: NetworkSettings,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NetworkSettings {
    ports: Option<BTreeMap<String, Option<Vec<Binding>>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Binding {
    host_port: Option<String>,
}

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
}

impl Asked {
    /// The service is up where nobody outside can reach it; waiting longer changes nothing.
    fn is_shut_in(&self) -> bool {
        self.loopback >= LOOKS
    }

    fn looked(&mut self, listening: Option<Vec<String>>, port: u16) {
        let open = |address: &String| listening::is_open_to_all(address, port);
        let right = |address: &String| listening::port_of(address) == Some(port);
        let shut_in = listening.as_ref().is_some_and(|found| found.iter().any(right) && !found.iter().any(open));
        self.loopback = if shut_in { self.loopback + 1 } else { 0 };
        self.listening = listening;
    }
}

impl Engine {
    /// Starts a service, asks it, and removes it. None where there is no such image.
    ///
    /// # Errors
    /// Where the engine cannot do it, stopped answering meanwhile, or publishes ports elsewhere.
    pub async fn serve(&self, ledger: &Ledger, plan: &ServePlan) -> Result<Option<ServeFacts>, EngineError> {
        if !self.endpoint().is_local() {
            return Err(ports_elsewhere("the engine runs on another machine"));
        }
        let spec = ContainerSpec { image: plan.image.clone(), port: Some(plan.port), ..ContainerSpec::default() };
        let container = match self.start(ledger, &spec).await? {
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
        if silent && asked.listening.iter().flatten().any(|address| listening::is_open_to_all(address, plan.port)) {
            return Err(ports_elsewhere("the service listens, but its published port does not answer on this machine"));
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
        // None: it ended before a port was published.
        let port = self.published_port(container, plan.port).await?;
        let mut looked = Instant::now();
        for path in &plan.paths {
            let answered = asked.responses.iter().any(Option::is_some);
            let until = if answered { deadline.max(Instant::now() + ANSWER) } else { deadline };
            let mut response = None;
            while let (Some(port), None, None) = (port, &response, asked.exit) {
                tokio::select! {
                    biased;
                    got = http::get(port, path, ANSWER.min(until - Instant::now())) => {
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
                }
                if response.is_none() && asked.exit.is_none() {
                    tokio::select! {
                        () = tokio::time::sleep(POLL) => {}
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
        if asked.exit.is_none() && port.is_none() {
            asked.exit = Some(ended.await?);
        }
        Ok(asked)
    }

    /// The port on 127.0.0.1 that leads to `port` of the container.
    async fn published_port(&self, container: &str, port: u16) -> Result<Option<u16>, EngineError> {
        let doing = "find the published port";
        let target = format!("/containers/{container}/json");
        let inspect: Inspect = self.read(doing, self.get_json(doing, &target)).await?;
        let ports = inspect.network_settings.ports.unwrap_or_default();
        let bindings = ports.get(&format!("{port}/tcp")).and_then(Option::as_ref);
        let host_port = bindings.into_iter().flatten().find_map(|binding| binding.host_port.as_deref()?.parse().ok());
        Ok(host_port.filter(|port| *port != 0))
    }
}

fn ports_elsewhere(what: &str) -> EngineError {
    EngineError::Unsupported {
        what: format!("the service cannot be asked from here: {what}"),
        help: "use an engine on this machine for this exercise".into(),
    }
}
