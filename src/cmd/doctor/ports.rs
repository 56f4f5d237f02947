//! The ports that the exercises' tasks publish on this machine.

use super::{Symptom, advice, ok};
use crate::cmdline::published;
use crate::course::{Course, Entry};
use crate::engine::Published;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// How long a connection to this machine may take.
const CONNECT: Duration = Duration::from_millis(200);

/// Whether something listens on a port of 127.0.0.1, or a container could not publish there.
pub(super) fn is_taken(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    // Some systems let a port be taken twice, by a certain address and by all of them: so somebody is called, too.
    TcpListener::bind(address).is_err() || TcpStream::connect_timeout(&address, CONNECT).is_ok()
}

/// Who has the ports. A container of the exercise that publishes the port is the learner's own answer.
pub(super) fn judge(course: &Course, containers: &[Published], taken: impl Fn(u16) -> bool) -> Symptom {
    const WHAT: &str = "ports";
    let wanted = wanted(course);
    if wanted.is_empty() {
        return ok(WHAT, "no exercise publishes one");
    }
    let (mut held, mut own) = (Vec::new(), BTreeSet::new());
    for (port, exercises) in &wanted {
        let holder = containers.iter().find(|one| one.port == *port);
        let ids = exercises.iter().map(|entry| entry.exercise.id.as_str()).collect::<Vec<_>>().join(", ");
        match holder {
            Some(holder) if exercises.iter().any(|entry| is_of(entry, holder)) => {
                own.insert(*port);
            }
            Some(holder) => held.push((*port, format!("{port} ({ids}) is the container {}'s", holder.container))),
            None if taken(*port) => held.push((*port, format!("{port} ({ids}) is another program's"))),
            None => {}
        }
    }
    let listed = |ports: &mut dyn Iterator<Item = &u16>| ports.map(u16::to_string).collect::<Vec<_>>().join(", ");
    let Some((first, _)) = held.first() else {
        let free = listed(&mut wanted.keys().filter(|port| !own.contains(port)));
        let free = if free.is_empty() { String::new() } else { format!("free: {free}") };
        let own = listed(&mut own.iter());
        let own = if own.is_empty() { String::new() } else { format!("in use by your own answers: {own}") };
        return ok(WHAT, [free, own].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; "));
    };
    let instead = (first + 1..u16::MAX).find(|port| !wanted.contains_key(port)).unwrap_or(*first);
    let found = held.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("; ");
    let stop = match containers.iter().find(|one| one.port == *first) {
        Some(holder) => format!("docker stop {}", holder.container),
        None => "end that program".to_owned(),
    };
    advice(WHAT, found, format!("{stop}, or publish another one where the task says {first}: -p {instead}:…"))
}

fn is_of(entry: &Entry, holder: &Published) -> bool {
    holder.image.split([':', '@']).next().is_some_and(|name| {
        name.strip_prefix(entry.exercise.repository.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Ports that tasks write out, with the exercises.
fn wanted(course: &Course) -> BTreeMap<u16, Vec<&Entry>> {
    let mut wanted: BTreeMap<u16, Vec<&Entry>> = BTreeMap::new();
    for entry in course.exercises.values() {
        let rounds = entry.exercise.rounds.iter().flat_map(|rounds| rounds.variants.values());
        let tasks = std::iter::once(&entry.exercise.task).chain(rounds.map(|variant| &variant.task));
        for port in tasks.flat_map(|task| published(task)).collect::<BTreeSet<_>>() {
            wanted.entry(port).or_default().push(entry);
        }
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;
    use crate::course::Source;

    fn holder(port: u16, container: &str, image: &str) -> Published {
        Published { port, container: container.into(), image: image.into() }
    }

    #[test]
    fn who_has_a_port_is_named() {
        let course = Course::load(&Source::Embedded).unwrap();
        assert!(wanted(&course).contains_key(&8080), "E01 publishes 8080");
        assert_eq!(judge(&course, &[], |_| false).state, State::Ok);
        let own = judge(&course, &[holder(8080, "e01-web", "e01/web:v1")], |_| true);
        assert!(!own.found.contains("8080 (E01"), "{own:?}");
        let other = judge(&course, &[holder(8080, "shop", "nginx:alpine")], |_| false);
        assert_eq!(other.state, State::Advice);
        assert!(
            other.found.contains("is the container shop's") && other.repair.contains("docker stop shop"),
            "{other:?}"
        );
        let program = judge(&course, &[], |port| port == 8080);
        assert!(
            program.found.contains("another program's") && program.repair.contains("end that program"),
            "{program:?}"
        );
    }
}
