//! Which ports of this machine a text's `docker run` commands publish.

use super::shell;
use std::collections::BTreeSet;

/// Ports that are written out before the colon of `-p` or `--publish`. Lines that are no commands are passed over.
pub fn published(text: &str) -> BTreeSet<u16> {
    let lines = shell::logical_lines(text).filter(|(_, line)| line.len() <= super::LONGEST_LINE);
    let commands = lines.flat_map(|(_, line)| shell::simple_commands(&line).unwrap_or_default());
    commands.flat_map(|command| of_command(&command.words)).collect()
}

fn of_command(words: &[String]) -> Vec<u16> {
    let Some(start) = words.iter().position(|word| word == "docker") else { return Vec::new() };
    let words = &words[start + 1..];
    if !words.iter().take(2).any(|word| matches!(word.as_str(), "run" | "create")) {
        return Vec::new();
    }
    let with_next = words.iter().zip(words.iter().skip(1).map(Some).chain([None]));
    let values = with_next.filter_map(|(word, next)| match word.as_str() {
        "-p" | "--publish" => next.map(String::as_str),
        word => word.strip_prefix("--publish=").or_else(|| word.strip_prefix("-p").filter(|rest| !rest.is_empty())),
    });
    values.filter_map(host_port).collect()
}

/// `8080:80` and `127.0.0.1:8080:80/tcp` → 8080. None for a container's port alone, for which the engine chooses, and
/// for ranges.
fn host_port(value: &str) -> Option<u16> {
    let value = value.trim_start_matches('=').strip_suffix("/tcp").unwrap_or(value);
    let (before, _) = value.rsplit_once(':')?;
    let port = before.rsplit_once(':').map_or(before, |(_, port)| port);
    port.parse().ok().filter(|port| *port != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_before_the_colon_count() {
        let text = "Don't read this: `docker run -p 1:1 a`.\n\
                    docker run -d --name web -p 8080:80 web:v1\n\
                    docker container run -p=127.0.0.1:8001:80/tcp \\\n  --publish=8002:80 a && docker create -p8003:80 a\n\
                    docker run -p 80 a\ndocker run -p {{port}}:80 a\ndocker run -p 9000-9002:80 a\n\
                    mkdir -p 7000:1\ndocker build -p 7001:1 .\ndocker run --publish\n";
        assert_eq!(published(text).into_iter().collect::<Vec<_>>(), [8001, 8002, 8003, 8080]);
    }
}
