//! On which addresses something listens inside a container, as the kernel tells it
//! (`/proc/net/tcp`, proc(5)).

use super::{
    Engine, EngineError, Ledger,
    container::{Attempt, ContainerSpec},
    tunnel::PASSAGE_IMAGE,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

const TABLES: [&str; 3] = ["cat", "/proc/net/tcp", "/proc/net/tcp6"];
/// Most bytes of the tables.
const LARGEST: usize = 1024 * 1024;

impl Engine {
    /// Addresses such as `127.0.0.1:8080` and `[::]:80`; none where they could not be read.
    pub(crate) async fn listening(&self, ledger: &Ledger, container: &str) -> Result<Option<Vec<String>>, EngineError> {
        let inside = self.read("look which ports are open", self.cat_inside(container)).await;
        match inside.map(|tables| parse(&tables)) {
            Ok(Some(found)) => return Ok(Some(found)),
            Err(error) if error.is_dead() => return Err(error),
            // No `cat`, or a container that has just ended.
            Ok(None) | Err(_) => {}
        }
        self.cat_beside(ledger, container).await
    }

    async fn cat_inside(&self, container: &str) -> Result<String, EngineError> {
        Ok(self.exec(container, &TABLES.map(str::to_owned), None, LARGEST).await?.output)
    }

    /// Reads the tables from another container in the same network.
    async fn cat_beside(&self, ledger: &Ledger, container: &str) -> Result<Option<Vec<String>>, EngineError> {
        let spec = ContainerSpec {
            // It has `cat`, for containers that have none. Used only where it is there.
            image: PASSAGE_IMAGE.into(),
            entrypoint: Some(vec![TABLES[0].into()]),
            args: Some(TABLES[1..].iter().map(|path| (*path).to_owned()).collect()),
            network: Some(format!("container:{container}")),
            ..ContainerSpec::default()
        };
        let helper = match self.start(ledger, &spec).await {
            Ok(Attempt::Done(helper)) => helper,
            Ok(Attempt::NoImage | Attempt::Refused(_)) => return Ok(None),
            Err(error) if error.is_dead() => return Err(error),
            // The container ended meanwhile, and its network with it.
            Err(_) => return Ok(None),
        };
        let ended = tokio::time::timeout(Duration::from_secs(10), self.wait(&helper)).await;
        let output = match ended {
            Ok(exit) => {
                exit?;
                Some(self.output(&helper).await?.stdout)
            }
            Err(_) => None,
        };
        ledger.remove_container(&helper).await?;
        Ok(output.and_then(|tables| parse(&tables)))
    }
}

/// Sockets in state 0A (listening). None where this is not the kernel's table.
fn parse(tables: &str) -> Option<Vec<String>> {
    if !tables.contains("local_address") {
        return None;
    }
    let mut found: Vec<SocketAddr> = tables
        .lines()
        .filter_map(|line| {
            let mut columns = line.split_whitespace().skip(1);
            let (local, state) = (columns.next()?, columns.nth(1)?);
            if state == "0A" { address(local) } else { None }
        })
        .collect();
    found.sort();
    found.dedup();
    Some(found.into_iter().map(|address| address.to_string()).collect())
}

/// `0100007F:1F90` → 127.0.0.1:8080: each 32 bits in the byte order of the machine, which is little-endian
/// on every architecture that Docker publishes an engine for but s390x.
fn address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |at: usize| Some(u32::from_str_radix(host.get(at..at + 8)?, 16).ok()?.to_le_bytes());
    let host = match host.len() {
        8 => IpAddr::from(Ipv4Addr::from(word(0)?)),
        32 => {
            let words = [word(0)?, word(8)?, word(16)?, word(24)?].concat();
            IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(words).ok()?))
        }
        _ => return None,
    };
    Some(SocketAddr::new(host, port))
}

/// The port of an address.
pub(crate) fn port_of(address: &str) -> Option<u16> {
    address.parse::<SocketAddr>().ok().map(|address| address.port())
}

/// Whether an address takes connections to `port` from outside the container.
pub(crate) fn is_open_to_all(address: &str, port: u16) -> bool {
    address.parse::<SocketAddr>().is_ok_and(|address| address.port() == port && !address.ip().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_table_gives_listening_sockets_only() {
        let table = "  sl  local_address rem_address   st tx_queue\n\
                     \x20  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000\n\
                     \x20  1: 00000000:0050 00000000:0000 0A 00000000:00000000\n\
                     \x20  2: 0100007F:C350 0100007F:1F90 01 00000000:00000000\n\
                     \x20 sl  local_address                         remote_address\n\
                     \x20  0: 00000000000000000000000000000000:0051 00000000000000000000000000000000:0000 0A\n\
                     \x20  1: 00000000000000000000000001000000:0052 00000000000000000000000000000000:0000 0A\n";
        assert_eq!(parse(table).unwrap(), ["0.0.0.0:80", "127.0.0.1:8080", "[::]:81", "[::1]:82"]);
        assert_eq!(parse("OCI runtime exec failed"), None);
    }

    #[test]
    fn a_loopback_address_is_not_open_to_all() {
        assert!(is_open_to_all("0.0.0.0:80", 80) && is_open_to_all("[::]:80", 80));
        assert!(!is_open_to_all("127.0.0.1:80", 80) && !is_open_to_all("0.0.0.0:80", 81));
    }
}
