//! `http`

use crate::check::matching::{TextMatch, last_line, shown};
use crate::check::starting::could_not_start;
use crate::check::{Inquiry, Stop, Verdict};
use crate::evidence::{HttpFacts, ServeFacts, ServePlan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A container of the image answers HTTP requests from outside.
///
/// **Why it matters**: a server that runs is not yet reachable. It has to listen on all interfaces,
/// on the port that is published. dlearn publishes the port itself, on a random loopback port.
///
/// ```yaml
/// check: { http: { image: app, port: 8080, path: /health, status: 200, body: { contains: [ok] } } }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// The exercise's name for the image, or any local name.
    pub image: String,
    /// Port inside the container; by default the one port that EXPOSE names.
    #[serde(default)]
    pub port: Option<u16>,
    /// Path to ask for.
    #[serde(default = "slash")]
    pub path: String,
    /// Status code.
    #[serde(default = "ok")]
    pub status: u16,
    /// Body.
    #[serde(default)]
    pub body: TextMatch,
    /// Seconds until the first answer is due.
    #[serde(default = "fifteen")]
    pub seconds: u32,
}

fn slash() -> String {
    "/".into()
}

fn ok() -> u16 {
    200
}

fn fifteen() -> u32 {
    15
}

impl Http {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let name = inquiry.name(&self.image);
        let Some(image) = inquiry.image(&name)? else {
            return super::no_image(inquiry, &name);
        };
        let exposed: Vec<u16> =
            image.config.ports.iter().filter_map(|port| port.strip_suffix("/tcp")?.parse().ok()).collect();
        let port = match (self.port, exposed.as_slice()) {
            (Some(port), _) => port,
            (None, [port]) => *port,
            (None, []) => {
                return Ok(Verdict::not_yet(
                    "EXPOSE to name the port of the service",
                    "the image exposes no port",
                    "add EXPOSE with the port that your server listens on",
                ));
            }
            (None, several) => {
                let list = several.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
                return Ok(Verdict::not_yet(
                    "one port in EXPOSE",
                    format!("the ports {list}"),
                    "keep the one that is served",
                ));
            }
        };
        let plan = ServePlan { image: name.clone(), port, paths: vec![self.path.clone()], seconds: self.seconds };
        let Some(served) = inquiry.serve(plan)? else {
            return super::no_image(inquiry, &name);
        };
        Ok(match served.responses.first().and_then(Option::as_ref) {
            Some(response) => self.look(port, response),
            None => self.silence(&name, port, served),
        })
    }

    fn look(&self, port: u16, response: &HttpFacts) -> Verdict {
        let path = &self.path;
        if response.status != self.status {
            return Verdict::not_yet(
                format!("GET {path} on port {port} to answer with status {}", self.status),
                format!("status {}, {}", response.status, shown(&response.body)),
                "see that the file or the route exists where the server looks for it",
            );
        }
        match self.body.misses(&response.body, response.cut) {
            Some(expected) => Verdict::not_yet(
                format!("GET {path} on port {port} to answer with {expected}"),
                shown(&response.body),
                "see that your own files are what the server serves, and build again",
            ),
            None => Verdict::pass(),
        }
    }

    fn silence(&self, name: &str, port: u16, served: &ServeFacts) -> Verdict {
        let expected = format!("an answer to GET {} on port {port} of a container of {name}", self.path);
        let said = last_line(&served.logs);
        let said = if said.is_empty() { String::new() } else { format!("; its last words were {}", shown(said)) };
        if let Some(error) = &served.start_error {
            let advice =
                "see that the program of CMD or ENTRYPOINT exists in the image, is executable, and finds its loader";
            let (found, advice) = could_not_start(error, advice);
            return Verdict::not_yet(expected, found, advice);
        }
        if let Some(code) = served.exit {
            let advice = match code {
                0 => "the program of CMD must stay in the foreground: when process 1 ends, so does the container",
                // `['python', 'app.py']`: dash and BusyBox's shell look for a program of that name (`[python,: not found`).
                127 if said.contains(": [") => {
                    "CMD or ENTRYPOINT looks like a list, and is none: a list has double quotes, and a comma between any two \
                     words; anything else is a line for a shell"
                }
                _ => "read its log: docker run it without -d",
            };
            return Verdict::not_yet(expected, format!("the container ended with exit code {code}{said}"), advice);
        }
        let listening = served.listening.as_deref().unwrap_or_default();
        let on = |address: &str| address.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        let loopback = |address: &&String| address.starts_with("127.") || address.starts_with("[::1]");
        if let Some(address) = listening.iter().filter(|address| on(address) == Some(port)).find(loopback) {
            return Verdict::not_yet(
                expected,
                format!("the server listens on {address} inside the container, which nothing outside can reach"),
                "let it listen on all interfaces, 0.0.0.0: each container has a loopback interface of its own",
            );
        }
        if !listening.is_empty() && !listening.iter().any(|address| on(address) == Some(port)) {
            return Verdict::not_yet(
                expected,
                format!("nothing listens on port {port}; the container listens on {}", listening.join(", ")),
                format!("let the server listen on port {port}"),
            );
        }
        Verdict::not_yet(
            expected,
            format!("no answer within {} s, and the container is still running{said}", self.seconds),
            format!("see that the server listens on port {port} and answers quickly"),
        )
    }
}
