//! What it means that an ssh has ended without a word of the engine's.

use crate::engine::error::{Explained, one_line};

/// The exit code of an ssh that did not get through.
const SSH_FAILED: i32 = 255;
/// A shell's exit code where there is no such command.
const NO_COMMAND: i32 = 127;

/// Whether the other side hung up before anything was said, as an sshd does where too many log in at the same time
/// (`MaxStartups`, sshd_config(5)): nothing of what was sent has arrived. Who has got further is told of another
/// connection ("Connection to HOST closed").
pub(super) fn is_turned_away(code: Option<i32>, said: &str) -> bool {
    // `kex_exchange_identification` since OpenSSH 8.0, `ssh_exchange_identification` before.
    let at_the_door = |line: &str| {
        line.contains("_exchange_identification: ")
            && ["Connection closed by", "Connection reset by"].iter().any(|sign| line.contains(sign))
    };
    code == Some(SSH_FAILED) && said.lines().any(at_the_door)
}

/// What a failed ssh means. OpenSSH is not translated; the exit codes are those of ssh(1) and of shells.
pub(super) fn explain(code: Option<i32>, said: &str, by_hand: &str) -> Explained {
    let says = |sign: &str| said.contains(sign);
    let last = one_line(said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default());
    let host = by_hand.rsplit(' ').next().unwrap_or_default();
    let (reason, help) = match code {
        Some(SSH_FAILED) if says("REMOTE HOST IDENTIFICATION HAS CHANGED") => (
            "it shows another host key than it did before".into(),
            format!(
                "ask whoever runs it whether its key was changed; only if so, take the old one out of known_hosts \
                 (ssh-keygen -R), then log in once by hand: {by_hand}"
            ),
        ),
        Some(SSH_FAILED) if says("Host key verification failed") => (
            "its host key is not known on this machine".into(),
            format!("log in once by hand, and compare the key that it shows with what its owner says: {by_hand}"),
        ),
        Some(SSH_FAILED) if says("Permission denied") || says("Too many authentication failures") => (
            format!("it lets nobody in without a password, and dlearn asks for none ({last})"),
            format!(
                "give it your key (ssh-copy-id), unlock your key (ssh-add), then see that this asks nothing: {by_hand}"
            ),
        ),
        Some(SSH_FAILED) if says("Could not resolve hostname") => {
            (format!("ssh does not know where that is ({last})"), "see how the name is spelt, and ~/.ssh/config".into())
        }
        Some(SSH_FAILED) => (
            format!("ssh does not get through: {}", or(&last, "it says nothing")),
            format!("see that this works by itself, without a question: {by_hand}"),
        ),
        Some(NO_COMMAND) => (
            format!("there is no docker command on {host}"),
            format!(
                "install one there (docker-ce-cli, docker-cli), or put it on the PATH of a shell without a terminal: \
                 {by_hand} docker version"
            ),
        ),
        _ if says("is not a docker command") => (
            format!("the docker command on {host} is too old to carry a connection"),
            "install Docker 18.09 or later there".into(),
        ),
        Some(0) | None => (
            "ssh logs in, but nothing answers".into(),
            format!("see whether the engine answers there: {by_hand} docker version"),
        ),
        Some(_) => (
            format!("the docker command on {host} does not reach an engine: {}", or(&last, "it says nothing")),
            format!("see that this names a server: {by_hand} docker version"),
        ),
    };
    Explained { reason, help }
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_ssh_says_what_to_do() {
        for (code, said, reason, help) in [
            (255, "Host key verification failed.\r\n", "not known", "ssh -p 22 me@lab"),
            (
                255,
                "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
                "another host key",
                "ssh-keygen -R",
            ),
            (255, "me@lab: Permission denied (publickey,password).", "without a password", "ssh-add"),
            (255, "ssh: Could not resolve hostname lab: Name or service not known", "does not know where", "spelt"),
            (255, "ssh: connect to host lab port 22: Connection refused", "Connection refused", "ssh -p 22 me@lab"),
            (127, "sh: 1: docker: not found", "no docker command on me@lab", "PATH"),
            (1, "docker: 'dial-stdio' is not a docker command.", "too old", "18.09"),
            (
                1,
                "permission denied while trying to connect to the Docker daemon socket",
                "does not reach an engine",
                "docker version",
            ),
            (1, "", "it says nothing", "docker version"),
        ] {
            let found = explain(Some(code), said, "ssh -p 22 me@lab");
            assert!(found.reason.contains(reason) && found.help.contains(help), "{said}: {found:?}");
        }
        let hostile = explain(Some(1), "\x1b]0;x\x07\x1b[31mred", "ssh lab");
        assert!(!hostile.reason.contains('\x1b'), "{hostile:?}");
    }

    #[test]
    fn only_who_has_sent_nothing_is_turned_away() {
        for said in [
            "kex_exchange_identification: Connection closed by remote host\r\nConnection closed by lab port 22\r\n",
            "kex_exchange_identification: read: Connection reset by peer\r\nConnection reset by 10.0.0.7 port 22\r\n",
            "ssh_exchange_identification: Connection closed by remote host\r\n",
        ] {
            assert!(is_turned_away(Some(255), said), "{said}");
            assert!(!is_turned_away(Some(1), said), "{said}");
        }
        for said in [
            "Connection to lab closed by remote host.\r\n",
            "Read from remote host lab: Connection reset by peer\r\n",
            "client_loop: send disconnect: Connection reset by peer\r\n",
            "Connection reset by 10.0.0.7 port 22\r\n",
            "me@lab: Permission denied (publickey).\r\n",
            "",
        ] {
            assert!(!is_turned_away(Some(255), said), "{said}");
        }
    }
}
