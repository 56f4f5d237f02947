//! How an engine is reached, and how `DOCKER_HOST` and Docker contexts write that down.

use super::context::DEFAULT_SOCKET;
use std::fmt;
use std::path::PathBuf;

/// How an engine is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `unix://PATH`
    Unix(PathBuf),
    /// `tcp://HOST:PORT` without TLS.
    Tcp {
        /// Name or address; IPv6 without brackets.
        host: String,
        /// 2375 where none is given.
        port: u16,
    },
    /// `tcp://HOST:PORT` with TLS.
    Tls {
        /// Name or address; IPv6 without brackets.
        host: String,
        /// 2376 where none is given.
        port: u16,
        /// Whether the engine's certificate is verified.
        verify: bool,
        /// Folder with `ca.pem`, `cert.pem` and `key.pem`.
        material: PathBuf,
    },
    /// `ssh://[USER@]HOST[:PORT][/SOCKET]`
    Ssh(SshAddress),
    /// In a container of ours on another engine.
    Sandbox {
        /// The container.
        container: String,
        /// Whether builds inside reach the outer engine's network.
        network: bool,
    },
}

/// Where ssh is to log in, and which engine the docker command there is to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshAddress {
    /// The user; else ssh's own configuration decides.
    pub user: Option<String>,
    /// Name, address (IPv6 without brackets) or an alias of ssh's configuration.
    pub host: String,
    /// The port; else ssh's own configuration decides.
    pub port: Option<u16>,
    /// The engine's socket over there; else the docker command there decides.
    pub socket: Option<String>,
}

impl fmt::Display for SshAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ssh://")?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        match self.host.contains(':') {
            true => write!(f, "[{}]", self.host)?,
            false => f.write_str(&self.host)?,
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(self.socket.as_deref().unwrap_or_default())
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Unix(path) => write!(f, "unix://{}", path.display()),
            Endpoint::Tcp { host, port } | Endpoint::Tls { host, port, .. } if host.contains(':') => {
                write!(f, "tcp://[{host}]:{port}")
            }
            Endpoint::Tcp { host, port } | Endpoint::Tls { host, port, .. } => write!(f, "tcp://{host}:{port}"),
            Endpoint::Ssh(address) => address.fmt(f),
            Endpoint::Sandbox { container, .. } => write!(f, "container {container}"),
        }
    }
}

impl Endpoint {
    /// Whether a port that the engine publishes on its loopback address may be expected on ours. No proof: a socket can
    /// be forwarded, and lead into another machine or network (see [`super::door`]).
    pub fn is_local(&self) -> bool {
        match self {
            Endpoint::Unix(_) => true,
            Endpoint::Tcp { host, .. } | Endpoint::Tls { host, .. } => {
                host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
            }
            Endpoint::Ssh(_) | Endpoint::Sandbox { .. } => false,
        }
    }

    /// Whether it is an engine of ours, which goes with everything that is in it.
    pub fn is_thrown_away(&self) -> bool {
        matches!(self, Endpoint::Sandbox { .. })
    }

    /// The environment by which a docker command reaches the same engine. None of these: to be unset.
    pub(super) fn environment(&self) -> [(&'static str, Option<String>); 5] {
        let (verify, skip, material) = match self {
            Endpoint::Tls { verify, material, .. } => {
                let yes = || Some("1".to_owned());
                let (verify, skip) = if *verify { (yes(), None) } else { (None, yes()) };
                (verify, skip, Some(material.display().to_string()))
            }
            _ => (None, None, None),
        };
        [
            ("DOCKER_HOST", Some(self.to_string())),
            ("DOCKER_TLS_VERIFY", verify),
            ("DOCKER_TLS", skip),
            ("DOCKER_CERT_PATH", material),
            ("DOCKER_CONTEXT", None),
        ]
    }
}

/// An address as DOCKER_HOST or a context writes it (docker/cli, `opts/hosts.go`). `tls`: whether certificates are
/// verified, and where they lie; for TCP only.
pub(super) fn parse(host: &str, tls: Option<(bool, PathBuf)>) -> Result<Endpoint, String> {
    let host = host.trim();
    let (scheme, rest) = host.split_once("://").unwrap_or(("tcp", host));
    match scheme {
        "unix" if rest.is_empty() => Ok(Endpoint::Unix(PathBuf::from(DEFAULT_SOCKET))),
        "unix" => Ok(Endpoint::Unix(PathBuf::from(rest))),
        "ssh" => ssh(rest).map(Endpoint::Ssh),
        "tcp" | "http" | "https" => {
            let authority = rest.split('/').next().unwrap_or_default();
            let default = if tls.is_some() { 2376 } else { 2375 };
            let (name, port) = host_and_port(authority)?;
            let (name, port) = (if name.is_empty() { "localhost" } else { name }.to_owned(), port.unwrap_or(default));
            Ok(match tls {
                Some((verify, material)) => Endpoint::Tls { host: name, port, verify, material },
                None => Endpoint::Tcp { host: name, port },
            })
        }
        "npipe" => Err("named pipes exist on Windows only; inside WSL, use Docker's WSL integration".into()),
        "fd" => Err("fd:// is for the engine itself to listen on".into()),
        other => Err(format!("`{other}://` is not a way to reach an engine")),
    }
}

/// What follows `ssh://` (docker/cli, `cli/connhelper/ssh`). Nothing of it can be taken for an option of ssh's.
fn ssh(rest: &str) -> Result<SshAddress, String> {
    if rest.contains(['?', '#']) {
        return Err("a query or a fragment says nothing to ssh".into());
    }
    let (authority, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, ""),
    };
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    if user.is_some_and(|user| user.contains(':')) {
        return Err("leave the password out: ssh logs in with a key".into());
    }
    let (name, port) = host_and_port(host)?;
    let odd = |text: &str| text.is_empty() || text.starts_with('-') || text.contains(|c: char| c <= ' ' || c == '\x7f');
    if odd(name) || user.is_some_and(odd) {
        return Err("write ssh://USER@HOST or ssh://HOST".into());
    }
    let socket = (path.len() > 1).then(|| path.to_owned());
    if socket.as_deref().is_some_and(|path| path.contains(char::is_control)) {
        return Err("its path names no socket".into());
    }
    Ok(SshAddress { user: user.map(str::to_owned), host: name.to_owned(), port, socket })
}

fn host_and_port(authority: &str) -> Result<(&str, Option<u16>), String> {
    let (name, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest.split_once(']').ok_or("the bracket of the IPv6 address is not closed")?;
            (address, after.strip_prefix(':'))
        }
        None => match authority.rsplit_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (authority, None),
        },
    };
    let port = match port {
        Some(port) => Some(port.parse().map_err(|_| format!("`{port}` is not a port"))?),
        None => None,
    };
    Ok((name, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_the_docker_command_reads_them() {
        let plain = |host: &str| parse(host, None).map(|endpoint| endpoint.to_string());
        assert_eq!(plain("tcp://1.2.3.4"), Ok("tcp://1.2.3.4:2375".into()));
        assert_eq!(plain("1.2.3.4:5"), Ok("tcp://1.2.3.4:5".into()));
        assert_eq!(plain("tcp://[::1]:99"), Ok("tcp://[::1]:99".into()));
        assert_eq!(plain("tcp://:99"), Ok("tcp://localhost:99".into()));
        assert_eq!(plain("unix://"), Ok("unix:///var/run/docker.sock".into()));
        for ssh in ["ssh://me@lab", "ssh://lab", "ssh://me@lab:2222/run/user/1000/docker.sock", "ssh://me@[::1]:22"] {
            assert_eq!(plain(ssh), Ok(ssh.into()));
        }
        assert_eq!(plain("ssh://lab/"), Ok("ssh://lab".into()));
        assert!(plain("tcp://lab:many").is_err());
        assert!(plain("gopher://lab").is_err());
    }

    #[test]
    fn what_ssh_could_take_for_an_option_is_no_address() {
        for bad in [
            "ssh://",
            "ssh://me@",
            "ssh://-oProxyCommand=true",
            "ssh://-x@lab",
            "ssh://lab:many",
            "ssh://me:secret@lab",
            "ssh://la b",
            "ssh://lab?x",
            "ssh://lab/a\nb",
        ] {
            assert!(parse(bad, None).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_a_loopback_engine_may_share_our_ports() {
        let local = |host: &str| parse(host, None).unwrap().is_local();
        assert!(local("unix:///x") && local("tcp://127.0.0.1:1") && local("tcp://localhost:1"));
        assert!(!local("tcp://lab:1") && !local("ssh://lab"));
    }

    #[test]
    fn a_docker_command_gets_the_same_engine_and_the_same_trust() {
        let set = |endpoint: &Endpoint| {
            let set = endpoint.environment().into_iter().filter_map(|(name, value)| Some((name, value?)));
            set.collect::<Vec<_>>()
        };
        let tls = |verify| parse("tcp://lab", Some((verify, "/certs".into()))).unwrap();
        let host = ("DOCKER_HOST", "tcp://lab:2376".to_owned());
        let folder = ("DOCKER_CERT_PATH", "/certs".to_owned());
        assert_eq!(set(&tls(true)), [host.clone(), ("DOCKER_TLS_VERIFY", "1".into()), folder.clone()]);
        assert_eq!(set(&tls(false)), [host, ("DOCKER_TLS", "1".into()), folder]);
        let plain = parse("tcp://lab", None).unwrap();
        assert_eq!(set(&plain), [("DOCKER_HOST", "tcp://lab:2375".to_owned())]);
    }
}
