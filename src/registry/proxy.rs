//! Which proxy leads to a host, by the environment: `HTTPS_PROXY` and `NO_PROXY` with the rules of Go's programs,
//! Docker's among them (golang.org/x/net/http/httpproxy).

use std::net::IpAddr;

/// The proxy for TLS to `host`; none where it is reached directly. `get` reads the environment.
pub(super) fn for_host(host: &str, port: u16, get: impl Fn(&str) -> Option<String>) -> Option<String> {
    let any = |names: [&str; 2]| names.into_iter().find_map(|name| get(name).filter(|value| !value.is_empty()));
    let proxy = any(["HTTPS_PROXY", "https_proxy"])?;
    let except = any(["NO_PROXY", "no_proxy"]).unwrap_or_default();
    (!is_loopback(host) && !is_excepted(host, port, &except)).then_some(proxy)
}

/// Whether a name or address (IPv6 in brackets or not) is this machine's own.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// `example.com` means it and all below it, `.example.com` and `*.example.com` those below it; addresses, networks
/// (`10.0.0.0/8`) and ports too; `*` means all.
fn is_excepted(host: &str, port: u16, except: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase();
    let address: Option<IpAddr> = host.parse().ok();
    except.split(',').map(|entry| entry.trim().to_ascii_lowercase()).filter(|entry| !entry.is_empty()).any(|entry| {
        if entry == "*" {
            return true;
        }
        if let Some((network, length)) = entry.split_once('/') {
            let network = network.parse().ok().zip(length.parse().ok());
            return address.zip(network).is_some_and(|(address, (network, length))| is_in(address, network, length));
        }
        let (name, wanted) = match entry.rsplit_once(':') {
            Some((name, digits)) if !name.contains(':') || name.ends_with(']') => (name, digits.parse().ok()),
            _ => (entry.as_str(), None),
        };
        if wanted.is_some_and(|wanted: u16| wanted != port) {
            return false;
        }
        let name = name.trim_start_matches('[').trim_end_matches(']');
        if let Ok(excepted) = name.parse::<IpAddr>() {
            return address == Some(excepted);
        }
        let below = name.strip_prefix('*').unwrap_or(name);
        match below.strip_prefix('.') {
            Some(_) => host.ends_with(below),
            None => host == below || host.strip_suffix(below).is_some_and(|rest| rest.ends_with('.')),
        }
    })
}

fn is_in(address: IpAddr, network: IpAddr, length: u32) -> bool {
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) if length <= 32 => {
            (a.to_bits() ^ b.to_bits()).checked_shr(32 - length).unwrap_or_default() == 0
        }
        (IpAddr::V6(a), IpAddr::V6(b)) if length <= 128 => {
            (a.to_bits() ^ b.to_bits()).checked_shr(128 - length).unwrap_or_default() == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxied(host: &str, except: &str) -> bool {
        let get = |name: &str| match name {
            "https_proxy" => Some("http://proxy:3128".to_owned()),
            "NO_PROXY" => Some(except.to_owned()),
            _ => None,
        };
        for_host(host, 443, get).is_some()
    }

    #[test]
    fn exceptions_are_those_of_go() {
        for (host, except) in [
            ("lab.example", "lab.example"),
            ("lab.example", "x, LAB.example "),
            ("a.lab.example", "lab.example"),
            ("a.lab.example", ".lab.example"),
            ("a.lab.example", "*.lab.example"),
            ("lab.example", "lab.example:443"),
            ("10.1.2.3", "10.0.0.0/8"),
            ("10.1.2.3", "10.1.2.3"),
            ("10.1.2.3", "0.0.0.0/0"),
            ("[fd00::1]", "fd00::/8"),
            ("fd00::1", "[fd00::1]:443"),
            ("lab.example", "*"),
            ("localhost", ""),
            ("127.0.0.1", ""),
            ("[::1]", ""),
        ] {
            assert!(!proxied(host, except), "{host} {except}");
        }
        for (host, except) in [
            ("lab.example", ""),
            ("lab.example", ".lab.example"),
            ("mylab.example", "lab.example"),
            ("lab.example", "lab.example:5000"),
            ("11.1.2.3", "10.0.0.0/8"),
            ("10.1.2.3", "10.0.0.0/99"),
            ("10.1.2.3", "fd00::/8"),
            ("lab.example", "/,:,[,*.,."),
        ] {
            assert!(proxied(host, except), "{host} {except}");
        }
    }

    #[test]
    fn without_a_proxy_there_is_none() {
        assert_eq!(for_host("lab.example", 443, |_| None), None);
        assert_eq!(for_host("lab.example", 443, |_| Some(String::new())), None);
        let plain = |name: &str| (name == "HTTP_PROXY").then(|| "http://proxy".to_owned());
        assert_eq!(for_host("lab.example", 443, plain), None);
    }
}
