//! What EXPOSE takes: `[ip:][host-port:]port[-port][/protocol]`, of which all but port and protocol is dropped.

/// A port of EXPOSE, variables replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Port<'a> {
    /// As written; `tcp` where nothing is.
    pub(super) protocol: &'a str,
    /// Address and port of the host are given, which mean nothing here.
    pub(super) of_host: bool,
}

/// Reads one.
///
/// # Errors
/// Why Docker refuses it.
pub(super) fn read(text: &str) -> Result<Port<'_>, String> {
    let parts: Vec<&str> = text.split(':').collect();
    let (container, host) = match parts.as_slice() {
        [.., host, container] => (*container, Some(*host)),
        [container] => (*container, None),
        [] => ("", None),
    };
    let address = text.strip_suffix(container).and_then(|rest| rest.strip_suffix(':'));
    let address = address.and_then(|rest| rest.strip_suffix(host.unwrap_or_default())?.strip_suffix(':'));
    let (ports, protocol) = container.split_once('/').unwrap_or((container, ""));
    if ports.is_empty() {
        return Err("it names no port".into());
    }
    let protocol = if protocol.is_empty() { "tcp" } else { protocol };
    if !["tcp", "udp", "sctp"].contains(&protocol.to_lowercase().as_str()) {
        return Err(format!("{protocol} is no protocol: tcp, udp or sctp"));
    }
    if let Some(address) = address.filter(|address| !address.is_empty()) {
        let plain = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(address);
        if plain.parse::<core::net::IpAddr>().is_err() {
            return Err(format!("{address} is no IP address"));
        }
    }
    let (first, last) =
        range(ports).ok_or_else(|| format!("{ports} is no port: 1 to 65535, or a range such as 8000-8010"))?;
    if let Some(host) = host.filter(|host| !host.is_empty()) {
        let (from, to) = range(host).ok_or_else(|| format!("{host} is no port"))?;
        if to - from != last - first && first != last {
            return Err("the two ranges differ in length".into());
        }
    }
    let of_host = [address, host].into_iter().flatten().any(|part| !part.is_empty());
    Ok(Port { protocol, of_host })
}

fn range(text: &str) -> Option<(u16, u16)> {
    let number = |text: &str| text.parse::<u16>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    match text.split_once('-') {
        None => number(text).map(|port| (port, port)),
        Some((first, last)) => Some((number(first)?, number(last)?)).filter(|(first, last)| first <= last),
    }
}
