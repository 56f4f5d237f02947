//! What the engine is and how it is doing. Pure: everything is judged by what was told.

use super::{Symptom, advice, ok, repair};
use crate::engine::Condition;
use crate::evidence::{Builder, EngineFacts};
use jiff::Timestamp;

/// Seconds by which two clocks may differ: certificates and tokens of registries bear no more than minutes.
const CLOCKS: u64 = 60;

pub(super) fn version(facts: &EngineFacts) -> Vec<Symptom> {
    let store = if facts.containerd_store { "containerd image store" } else { "classic image store" };
    let mut found = vec![
        ok("version", format!("{} {}, API {}", facts.product, facts.version, facts.api)),
        ok("images", format!("{store}, storage driver {}", facts.driver)),
    ];
    if facts.product == "Podman" {
        found.push(advice(
            "product",
            "Podman's Docker API: it builds with Buildah, knows no BuildKit, pushes to a plain registry only where its \
             registries.conf says that it is insecure, and `podman build` keeps HEALTHCHECK only with --format docker",
            "where a check needs what is not there, it says that it cannot tell; Docker Engine does all of them",
        ));
    }
    found
}

pub(super) fn builders(facts: &EngineFacts) -> Symptom {
    let names: Vec<String> = facts.builders.iter().map(ToString::to_string).collect();
    match facts.builders.contains(&Builder::BuildKit) {
        true => ok("builders", names.join(", ")),
        false if facts.product == "Podman" => {
            advice("builders", names.join(", "), "for exercises about BuildKit use Docker Engine")
        }
        false => repair("builders", names.join(", "), "BuildKit is missing: update Docker to 23.0 or later"),
    }
}

/// `here`: this machine's architecture in Rust's words, where the engine is on it. `wanted`: the value of
/// DOCKER_DEFAULT_PLATFORM.
pub(super) fn platform(facts: &EngineFacts, here: Option<&str>, wanted: &str) -> Symptom {
    const WHAT: &str = "platform";
    let platform = format!("{}/{}", facts.os, facts.arch);
    let wanted_arch = wanted.split('/').nth(1).unwrap_or(wanted);
    if !wanted.is_empty() && wanted_arch != facts.arch {
        return repair(
            WHAT,
            format!(
                "{platform}, but DOCKER_DEFAULT_PLATFORM is {wanted}: images for another processor are pulled and built"
            ),
            "unset DOCKER_DEFAULT_PLATFORM",
        );
    }
    match here.map(in_gos_words) {
        Some(here) if here != facts.arch => advice(
            WHAT,
            format!("{platform}, emulated: this machine is {here}, so builds and containers are slow"),
            format!("choose an engine for {here} (docker context use NAME), or make its virtual machine for {here}"),
        ),
        _ => ok(WHAT, platform),
    }
}

/// `x86_64` → `amd64`
fn in_gos_words(arch: &str) -> &str {
    match arch {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        "powerpc64" => "ppc64le",
        other => other,
    }
}

/// The engine's clock against ours, which was read `between` asking and being told.
pub(super) fn clock(theirs: &str, between: (Timestamp, Timestamp)) -> Symptom {
    const WHAT: &str = "clock";
    let Ok(theirs) = theirs.parse::<Timestamp>() else {
        return ok(WHAT, "the engine does not tell its time");
    };
    let nearest = theirs.clamp(between.0, between.1);
    let seconds = theirs.duration_since(nearest).unsigned_abs().as_secs();
    if seconds <= CLOCKS {
        return ok(WHAT, "the engine's and this machine's agree");
    }
    let (direction, size) = (if theirs < nearest { "behind" } else { "ahead of" }, in_words(seconds));
    repair(
        WHAT,
        format!(
            "the engine's clock is {size} {direction} this machine's: registries' certificates and tokens then fail"
        ),
        "set the clock that is wrong; a virtual machine's is right again after a restart of Docker",
    )
}

fn in_words(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} minutes", seconds / 60),
        7_200..172_800 => format!("{} hours", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// Whether the engine's way to registries leads through a proxy that cannot work. Nothing where there is nothing to
/// say. `missing`: something is still to be pulled; `variable`: this machine's environment.
pub(super) fn proxy(
    condition: &Condition,
    same_machine: bool,
    missing: bool,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Option<Symptom> {
    const WHAT: &str = "proxy";
    const WHERE: &str = "docs.docker.com/engine/daemon/proxy tells where; Docker Desktop: Settings, Resources, Proxies";
    let theirs = [&condition.https_proxy, &condition.http_proxy].into_iter().find(|address| !address.is_empty());
    let Some(theirs) = theirs else {
        let ours = ["HTTPS_PROXY", "https_proxy"].into_iter().find_map(variable).filter(|value| !value.is_empty())?;
        return missing.then(|| {
            let found = format!("your shell uses {}, and the engine none: it pulls without", bare(&ours));
            advice(WHAT, found, format!("if pulls fail, give the engine that proxy: {WHERE}"))
        });
    };
    let shown = bare(theirs);
    let Some(host) = host_of(theirs) else {
        let found = format!("the engine is to pull through `{shown}`, which is no address");
        return Some(repair(WHAT, found, format!("write http://HOST:PORT: {WHERE}")));
    };
    let loopback = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    Some(match loopback && !same_machine {
        true => advice(
            WHAT,
            format!("the engine pulls through {shown}, and {host} is the machine that it runs in, not yours"),
            format!("if pulls fail, name your machine as it is called there (host.docker.internal): {WHERE}"),
        ),
        false => ok(WHAT, format!("the engine pulls through {shown}")),
    })
}

/// An address without who uses it.
fn bare(address: &str) -> String {
    match address.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}", rest.rsplit_once('@').map_or(rest, |(_, host)| host)),
        None => address.rsplit_once('@').map_or(address, |(_, host)| host).to_owned(),
    }
}

/// The host of a proxy's address, where an engine can read it: Go takes `host:port` for `http://host:port`.
fn host_of(address: &str) -> Option<String> {
    let address = bare(address);
    let (scheme, rest) = match address.split_once("://") {
        Some(parts) => parts,
        None if address.contains('/') => return None,
        None => ("http", address.as_str()),
    };
    let uri: http::Uri = format!("http://{rest}").parse().ok()?;
    let known = matches!(scheme, "http" | "https" | "socks5" | "socks5h");
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    (known && !host.is_empty()).then(|| host.to_owned())
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
