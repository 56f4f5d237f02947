//! A row of an image's history: who wrote it, and which instruction stands behind it.
//!
//! The builders word their rows differently, and differently from version to version (seen with
//! Engine 20.10, 26.1 and 28.5, both builders). That ends here: what leaves this file says the same
//! of the same instruction.
//!
//! | row | classic builder | BuildKit (signed in `comment`) |
//! |---|---|---|
//! | RUN, shell form | `/bin/sh -c make` | `RUN /bin/sh -c make # buildkit` |
//! | RUN with build arguments | `\|1 A=b /bin/sh -c make` | `RUN \|1 A=b /bin/sh -c make # buildkit` |
//! | RUN, exec form | `make all`, as `docker commit` writes it too | `RUN make all # buildkit` |
//! | COPY | `/bin/sh -c #(nop) COPY file:HASH in /site` | `COPY a /site # buildkit` |
//! | EXPOSE | `/bin/sh -c #(nop)  EXPOSE 80` | `EXPOSE map[80/tcp:{}]`, from 28 `EXPOSE [80/tcp]` |
//! | import | none; `comment` is `Imported from …` | the same |

use crate::dockerfile::INSTRUCTIONS;
use crate::evidence::{Builder, HistoryRow, RowAuthor};

/// What the classic builder writes before an instruction that runs nothing.
const NOT_RUN: &str = "#(nop)";
/// The shell of RUN where no SHELL names another.
const SHELL: &str = "/bin/sh -c ";

/// A row with its author and instruction read from its texts. `size` is bytes.
pub(crate) fn row(created_by: String, comment: String, size: u64) -> HistoryRow {
    let author = author(&created_by, &comment);
    let instruction = if author == RowAuthor::Import { String::new() } else { instruction(&created_by) };
    HistoryRow { created_by, comment, size, author, instruction }
}

fn author(created_by: &str, comment: &str) -> RowAuthor {
    if comment.starts_with("buildkit") {
        return RowAuthor::Builder(Builder::BuildKit);
    }
    if comment.starts_with("Imported from") {
        return RowAuthor::Import;
    }
    let by = created_by.trim_start();
    // What runs shows as the shell's arguments, `|2 A=1 B=2 ` before it where there are build arguments.
    let shell = by.starts_with('|') || by.contains(NOT_RUN) || by.starts_with('/') && by.contains(" -c ");
    if shell { RowAuthor::Builder(Builder::Classic) } else { RowAuthor::Unmarked }
}

/// The instruction of a row as one would write it (`COPY a /site`), white space aside. Build
/// arguments stand in front of what a RUN runs: `RUN |1 VERSION=2 make`. Empty where nothing is said.
pub(crate) fn instruction(created_by: &str) -> String {
    let text = created_by.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.strip_suffix(" # buildkit").unwrap_or(&text);
    if let Some((shell, rest)) = text.split_once(NOT_RUN)
        && shell.starts_with('/')
    {
        return not_run(rest.trim());
    }
    let first = text.split(' ').next().unwrap_or_default();
    // FROM leaves no row, and a RUN has its command behind it.
    let is_instruction = INSTRUCTIONS.contains(&first) && !["FROM", "RUN"].contains(&first);
    match text.strip_prefix("RUN ") {
        Some(command) => run(command),
        None if text.is_empty() => String::new(),
        None if is_instruction => not_run(text),
        None => run(text),
    }
}

fn run(command: &str) -> String {
    if command.starts_with('|')
        && let Some((arguments, command)) = command.split_once(SHELL)
    {
        return format!("RUN {arguments}{command}");
    }
    format!("RUN {}", command.strip_prefix(SHELL).unwrap_or(command))
}

fn not_run(text: &str) -> String {
    match text.split_once(' ') {
        // A set, as Go prints one.
        Some(("EXPOSE", ports)) => {
            let ports = ports.replace("map[", "").replace(":{}", "");
            let ports = ports.trim_start_matches('[').trim_end_matches(']').split(' ');
            let ports = ports.map(|port| if port.contains('/') { port.to_owned() } else { format!("{port}/tcp") });
            format!("EXPOSE {}", ports.collect::<Vec<_>>().join(" "))
        }
        // The hash of what is copied differs between clients, for the same files.
        Some((copies @ ("COPY" | "ADD"), rest)) if rest.contains(" in ") => {
            let mut words: Vec<String> = rest.split(' ').map(str::to_owned).collect();
            if let Some((at, start)) = words.iter().enumerate().find_map(|(at, word)| Some((at, hashed(word)?))) {
                // A flag stands before it without a space: `--chown=1000:1000file:HASH`.
                let flag = words[at][..start].to_owned();
                words[at] = if flag.is_empty() { "…".into() } else { format!("{flag} …") };
                words.retain(|word| word != "in");
            }
            format!("{copies} {}", words.join(" "))
        }
        _ => text.to_owned(),
    }
}

/// Where the hash begins that the classic builder names in place of what it copies: `dir:HASH`.
fn hashed(word: &str) -> Option<usize> {
    ["file:", "dir:", "multi:"].iter().find_map(|kind| {
        let start = word.rfind(kind)?;
        let hash = &word[start + kind.len()..];
        let is_hash = !hash.is_empty() && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_hash && (start == 0 || word.starts_with("--"))).then_some(start)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_builders_say_the_same_of_the_same_instruction() {
        let same = [
            ("/bin/sh -c apk add curl", "RUN /bin/sh -c apk add curl # buildkit", "RUN apk add curl"),
            ("|1 V=2 /bin/sh -c make", "RUN |1 V=2 /bin/sh -c make # buildkit", "RUN |1 V=2 make"),
            ("chmod 644 a", "RUN chmod 644 a # buildkit", "RUN chmod 644 a"),
            ("/bin/sh -c #(nop)  EXPOSE 8080", "EXPOSE map[8080/tcp:{}]", "EXPOSE 8080/tcp"),
            ("/bin/sh -c #(nop)  EXPOSE 53/udp 80", "EXPOSE [53/udp 80/tcp]", "EXPOSE 53/udp 80/tcp"),
            ("/bin/bash -c #(nop)  CMD [\"a\" \"b\"]", "CMD [\"a\" \"b\"]", "CMD [\"a\" \"b\"]"),
            ("/bin/bash -eu -c make", "RUN /bin/bash -eu -c make # buildkit", "RUN /bin/bash -eu -c make"),
        ];
        for (classic, buildkit, instruction_) in same {
            assert_eq!(instruction(classic), instruction_);
            assert_eq!(instruction(buildkit), instruction_);
        }
        assert_eq!(instruction("/bin/sh -c #(nop) COPY dir:0a1b in /site "), "COPY … /site");
        assert_eq!(instruction("/bin/sh -c #(nop) COPY --chown=1:1file:ab in /in "), "COPY --chown=1:1 … /in");
        assert_eq!(instruction("/bin/sh -c #(nop) COPY --chown=keeperdir:0a1b in /x "), "COPY --chown=keeper … /x");
        assert_eq!(instruction("COPY a in /site # buildkit"), "COPY a in /site");
        assert_eq!(instruction(""), "");
    }

    #[test]
    fn a_row_tells_its_author() {
        let told = |by: &str, comment: &str| row(by.into(), comment.into(), 0).author;
        assert_eq!(told("COPY . /site # buildkit", "buildkit.dockerfile.v0"), RowAuthor::Builder(Builder::BuildKit));
        assert_eq!(told("/bin/sh -c #(nop) COPY dir:ab in /site", ""), RowAuthor::Builder(Builder::Classic));
        assert_eq!(told("|1 A=b /bin/sh -c make", ""), RowAuthor::Builder(Builder::Classic));
        assert_eq!(told("", "Imported from -"), RowAuthor::Import);
        assert_eq!(told("httpd -f", "by hand"), RowAuthor::Unmarked);
    }
}
