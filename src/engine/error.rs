//! What can go wrong between dlearn and an engine, and what a person does about it.
//!
//! Invariant: whatever is an [`EngineError`] becomes [`Unavailable`] (*cannot tell*), never a wrong
//! answer. What the subject did wrong (a build that fails, a program that does not start) is a fact
//! and never passes through here.

use crate::evidence::Unavailable;
use std::error::Error as StdError;
use std::io::ErrorKind;
use thiserror::Error;

/// The engine could not be asked, or did not answer usefully.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EngineError {
    /// DOCKER_HOST, a Docker context or an option names an engine that makes no sense.
    #[error("{what}")]
    Misconfigured {
        /// What is wrong and where it says so.
        what: String,
        /// What to do next.
        help: String,
    },
    /// The endpoint or the engine is of a kind that this version cannot talk to.
    #[error("{what}")]
    Unsupported {
        /// What is not supported.
        what: String,
        /// What to do next.
        help: String,
    },
    /// Nobody answers at the endpoint, or the connection broke.
    #[error("the Docker Engine at {endpoint} cannot be reached: {reason}")]
    Unreachable {
        /// For example `unix:///var/run/docker.sock`.
        endpoint: String,
        /// Why, in words.
        reason: String,
        /// What to do next.
        help: String,
    },
    /// The engine accepted the question and did not answer in time.
    #[error("the Docker Engine did not answer within {seconds} s ({doing})")]
    TimedOut {
        /// What was asked.
        doing: String,
        /// The limit.
        seconds: u64,
    },
    /// The engine refused what dlearn asked for.
    #[error("the Docker Engine refused to {doing}: {message}")]
    Refused {
        /// What was asked, as an infinitive.
        doing: String,
        /// HTTP status; 200 where the refusal came within a stream that had begun well.
        status: u16,
        /// The engine's own words.
        message: String,
    },
    /// Something failed that was neither dlearn's question nor the subject's doing.
    #[error("{what}")]
    Misfortune {
        /// What failed, in the engine's words.
        what: String,
        /// What to do next.
        help: String,
    },
    /// The answer is not what the Engine API promises.
    #[error("the answer of the Docker Engine was not understood ({doing}): {what}")]
    Unintelligible {
        /// What was asked.
        doing: String,
        /// What was wrong with the answer.
        what: String,
    },
    /// Something on this machine, not in the engine.
    #[error("{doing}: {reason}")]
    Local {
        /// What was tried.
        doing: String,
        /// The operating system's reason.
        reason: String,
        /// What to do next.
        help: String,
    },
}

impl EngineError {
    /// What to do next, as a sentence.
    pub fn help(&self) -> String {
        match self {
            EngineError::Misconfigured { help, .. }
            | EngineError::Unsupported { help, .. }
            | EngineError::Unreachable { help, .. }
            | EngineError::Misfortune { help, .. }
            | EngineError::Local { help, .. } => help.clone(),
            EngineError::TimedOut { .. } => {
                "see whether `docker version` answers; if it does not, restart Docker, then try again".into()
            }
            EngineError::Refused { message, .. } if message.contains("no space left") => {
                "free some disk space (`docker system df` shows what Docker uses), then try again".into()
            }
            EngineError::Refused { message, .. } if says_plain(message) => PLAIN_REGISTRY.into(),
            EngineError::Refused { doing, message, .. } if doing.starts_with("pull ") => why_no_pull(message).into(),
            EngineError::Refused { .. } => "see whether the docker command can do the same, then try again".into(),
            EngineError::Unintelligible { .. } => {
                "run `dlearn doctor`, which says what this engine is and whether it is supported".into()
            }
        }
    }

    /// As the answer to a need.
    pub fn unavailable(&self) -> Unavailable {
        Unavailable::new(self.to_string(), self.help())
    }

    /// Whether nothing else will be answered either: every later question would fail the same way.
    pub fn is_dead(&self) -> bool {
        matches!(self, EngineError::Misconfigured { .. } | EngineError::Unreachable { .. })
    }

    /// Whether the engine answered that the thing does not exist.
    pub fn is_absent(&self) -> bool {
        matches!(self, EngineError::Refused { status: 404, .. })
    }

    /// Whether a registry answered that it has no such image, or shows none of this name.
    pub fn says_not_there(&self) -> bool {
        matches!(self, EngineError::Refused { message, .. } if is_not_there(&message.to_lowercase()))
    }

    /// Whether a registry refused somebody whom it does not know, and may not refuse who is logged in.
    pub(crate) fn may_want_a_login(&self) -> bool {
        let EngineError::Refused { message, .. } = self else { return false };
        let limited = ["toomanyrequests", "rate limit"];
        let message = message.to_lowercase();
        wants_login(&message) || limited.iter().any(|sign| message.contains(sign))
    }

    /// What bollard says, in our words. `doing` is an infinitive (`inspect image e01/web:v1`).
    pub(crate) fn from_bollard(endpoint: &str, doing: &str, error: &bollard::errors::Error) -> Self {
        use bollard::errors::Error;
        match error {
            Error::DockerResponseServerError { status_code, message } => {
                EngineError::Refused { doing: doing.into(), status: *status_code, message: one_line(message) }
            }
            Error::DockerStreamError { error } => {
                EngineError::Refused { doing: doing.into(), status: 200, message: one_line(error) }
            }
            Error::RequestTimeoutError => EngineError::TimedOut { doing: doing.into(), seconds: super::READ_SECONDS },
            Error::HyperLegacyError { .. } | Error::HyperResponseError { .. } | Error::IOError { .. } => {
                unreachable_because(endpoint, error)
            }
            other => EngineError::Unintelligible { doing: doing.into(), what: one_line(&other.to_string()) },
        }
    }
}

/// Whether a registry shows something to nobody, in the engines' words. Docker Hub says so too of what is not there.
pub(super) fn wants_login(message: &str) -> bool {
    let signs = ["unauthorized", "denied", "authentication required", "no basic auth", "insufficient_scope"];
    let message = message.to_lowercase();
    signs.iter().any(|sign| message.contains(sign))
}

fn is_not_there(message: &str) -> bool {
    let signs = ["manifest unknown", "name unknown", "not found", "repository does not exist", "access denied"];
    signs.iter().any(|sign| message.contains(sign)) && !message.contains("no such host")
}

const PLAIN_REGISTRY: &str = "that registry speaks plain HTTP: list it under insecure-registries in the engine's daemon.json \
                              (for Podman with insecure = true in registries.conf), or give it a certificate";

fn says_plain(message: &str) -> bool {
    message.to_lowercase().contains("http response to https")
}

/// What to do where an engine could not pull, by the words of engines from 20.10 to 28.
fn why_no_pull(message: &str) -> &'static str {
    let message = message.to_lowercase();
    let says = |signs: &[&str]| signs.iter().any(|sign| message.contains(sign));
    if says(&["toomanyrequests", "rate limit", "429"]) {
        "Docker Hub counts pulls by address: wait (six hours at most), log in with docker login and pull with docker, or \
         bring the images another way: dlearn images pull --mirror HOST, dlearn images load FILE"
    } else if says(&["x509", "certificate"]) {
        "the engine does not trust that registry's certificate: put its authority into /etc/docker/certs.d/HOST/ca.crt on \
         the engine's machine; a clock that is wrong does this too (dlearn doctor)"
    } else if says(&[
        "no such host",
        "timeout",
        "timed out",
        "deadline exceeded",
        "connection refused",
        "connection reset",
        "unreachable",
        "no route to host",
        "server misbehaving",
        "temporary failure",
        "proxyconnect",
    ]) {
        "the engine does not reach that registry: see its network and its proxy (dlearn doctor), or bring the images \
         another way: dlearn images pull --mirror HOST, dlearn images load FILE"
    } else if is_not_there(&message) {
        "see how the name is spelt, and whether that registry has it"
    } else {
        "see whether the docker command can do the same, then try again"
    }
}

/// A reason that whoever made the connection knows best, and what to do next. Travels inside errors of the operating
/// system.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{reason}")]
pub(crate) struct Explained {
    pub(crate) reason: String,
    pub(crate) help: String,
}

/// The explanation in an error, wherever it lies.
fn explained<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Explained> {
    let mut at = Some(error);
    while let Some(error) = at {
        // What an error of the operating system carries is not among its sources.
        let io = match error.downcast_ref::<bollard::errors::Error>() {
            Some(bollard::errors::Error::IOError { err }) => Some(err),
            _ => error.downcast_ref::<std::io::Error>(),
        };
        let carried = io.and_then(std::io::Error::get_ref);
        let carried = carried.and_then(|inner| explained(inner as &(dyn StdError + 'static)));
        if let Some(found) = error.downcast_ref::<Explained>().or(carried) {
            return Some(found);
        }
        at = error.source();
    }
    None
}

/// The endpoint does not answer, for the reason that lies at the bottom of `error`.
pub(crate) fn unreachable_because(endpoint: &str, error: &(dyn StdError + 'static)) -> EngineError {
    if let Some(Explained { reason, help }) = explained(error).cloned() {
        return EngineError::Unreachable { endpoint: endpoint.into(), reason, help };
    }
    let mut bottom = error;
    let mut kind = None;
    while let Some(source) = bottom.source() {
        bottom = source;
        kind = io_kind(bottom).or(kind);
    }
    let kind = kind.or_else(|| io_kind(error));
    let unix = endpoint.strip_prefix("unix://");
    let start = "start Docker (Docker Desktop, or `sudo systemctl start docker`), then try again";
    let (reason, help) = match (kind, unix) {
        (Some(ErrorKind::NotFound), Some(path)) => (
            format!("there is no socket at {path}"),
            format!("{start}; if Docker runs elsewhere, choose it with `docker context use` or DOCKER_HOST"),
        ),
        (Some(ErrorKind::PermissionDenied), Some(path)) => (
            format!("you may not open {path}"),
            "add yourself to the docker group (`sudo usermod -aG docker $USER`, then log in again)".into(),
        ),
        (Some(ErrorKind::ConnectionRefused), Some(path)) => {
            (format!("the socket {path} exists, but nothing answers on it"), start.into())
        }
        (Some(ErrorKind::ConnectionRefused), None) => {
            ("the connection was refused".into(), "see whether the engine runs there and listens on this port".into())
        }
        (Some(ErrorKind::TimedOut), _) => {
            ("connecting took too long".into(), "see whether the machine can be reached, then try again".into())
        }
        (Some(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof), _) => {
            ("the connection broke".into(), format!("see whether the engine still runs; {start}"))
        }
        _ => (one_line(&bottom.to_string()), format!("see whether the engine runs; {start}")),
    };
    EngineError::Unreachable { endpoint: endpoint.into(), reason, help }
}

fn io_kind(error: &(dyn StdError + 'static)) -> Option<ErrorKind> {
    error.downcast_ref::<std::io::Error>().map(std::io::Error::kind)
}

/// One line of at most 500 characters without control characters, for use within a sentence.
pub(crate) fn one_line(text: &str) -> String {
    let clean = super::text::clean(text);
    let joined = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    joined.chars().take(500).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_socket_says_to_start_docker() {
        let io = std::io::Error::from(ErrorKind::NotFound);
        let error = unreachable_because("unix:///nowhere.sock", &io);
        assert!(error.to_string().contains("there is no socket at /nowhere.sock"), "{error}");
        assert!(error.help().contains("start Docker"));
        assert!(error.is_dead());
    }

    #[test]
    fn a_forbidden_socket_names_the_docker_group() {
        let io = std::io::Error::from(ErrorKind::PermissionDenied);
        assert!(unreachable_because("unix:///x", &io).help().contains("docker group"));
    }

    #[test]
    fn an_explanation_is_found_in_whatever_carries_it() {
        let why = Explained { reason: "no key".into(), help: "get one".into() };
        let inner = std::io::Error::other(std::io::Error::other(why));
        let carried = bollard::errors::Error::IOError { err: inner };
        let told = unreachable_because("tcp://lab:1", &carried);
        assert!(told.to_string().ends_with("no key") && told.help() == "get one", "{told:?}");
    }

    #[test]
    fn a_pull_that_is_refused_says_what_helps() {
        let of =
            |message: &str| EngineError::Refused { doing: "pull a:1".into(), status: 500, message: message.into() };
        for (message, says) in [
            ("Get https://registry-1.docker.io/v2/: dial tcp: lookup registry-1.docker.io: no such host", "--mirror"),
            ("toomanyrequests: You have reached your pull rate limit.", "six hours"),
            ("Get https://lab:5000/v2/: http: server gave HTTP response to HTTPS client", "insecure-registries"),
            ("x509: certificate signed by unknown authority", "certs.d"),
            ("manifest for a:1 not found: manifest unknown: manifest unknown", "spelt"),
        ] {
            assert!(of(message).help().contains(says), "{message}: {}", of(message).help());
        }
        assert!(of("manifest unknown").says_not_there());
        assert!(!of("dial tcp: lookup lab: no such host").says_not_there());
    }

    #[test]
    fn a_refusal_is_not_the_end_of_the_engine() {
        let error = EngineError::Refused { doing: "x".into(), status: 404, message: "no such image".into() };
        assert!(!error.is_dead() && error.is_absent());
    }
}
