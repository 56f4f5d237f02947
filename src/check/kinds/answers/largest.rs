//! Which row is the largest: a learner names it by its instruction, in the words of the Dockerfile or of
//! `docker history`, which the builders word differently and clients shorten.

use super::{Key, head};
use crate::check::Verdict;
use crate::check::matching::shown;
use crate::evidence::HistoryRow;

/// Judges an answer. `instructions` are those of the Dockerfile, oldest first: where there are as many as rows, each
/// belongs to one.
pub(super) fn judge(field: &str, answer: &str, key: &Key<'_>, instructions: &[String]) -> Verdict {
    let rows = key.rows;
    let expected = format!("the instruction of the largest row that {} adds, for {field}", key.name);
    if answer.parse::<i64>().is_ok() {
        let found = format!("the number {}", shown(answer));
        return Verdict::not_yet(expected, found, "copy the instruction itself, from its first word on");
    }
    let written = |at: usize| (instructions.len() == rows.len()).then(|| instructions[at].as_str());
    let fits = |(at, row): &(usize, &HistoryRow)| {
        let words = [Some(row.instruction.as_str()), Some(row.created_by.as_str()), written(*at)];
        words.into_iter().flatten().any(|words| begins(words, answer))
    };
    let named: Vec<&HistoryRow> = rows.iter().enumerate().filter(fits).map(|(_, row)| row).collect();
    let most = rows.iter().map(|row| row.size).max().unwrap_or_default();
    match named.as_slice() {
        [] => Verdict::not_yet(
            expected,
            format!("{}, which is how no row of yours begins", shown(answer)),
            format!("copy the instruction from your Dockerfile, or from docker history --no-trunc {}", key.name),
        ),
        [row] if row.size == most => Verdict::pass(),
        [row] => Verdict::not_yet(
            expected,
            format!("`{}`, and another row of yours is larger", head(&row.instruction)),
            format!("read the column SIZE of docker history {}, without the rows of {}", key.name, key.base_name),
        ),
        several => Verdict::not_yet(
            expected,
            format!("{}, which is how {} of your rows begin", shown(answer), several.len()),
            "write more of the instruction",
        ),
    }
}

/// Whether an instruction begins with what was written, whoever's words both are in.
fn begins(instruction: &str, answer: &str) -> bool {
    let (instruction, answer) = (plain(instruction), plain(answer));
    if answer.is_empty() {
        return false;
    }
    let command = instruction.strip_prefix("run ").unwrap_or(&instruction);
    instruction.starts_with(&answer) || command.starts_with(answer.strip_prefix("run ").unwrap_or(&answer))
}

/// Small letters, white space folded, and without what only one builder writes or a client leaves of a long row.
fn plain(text: &str) -> String {
    let text = text.replace("\\\n", " ").to_lowercase();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.trim_matches(['`', '"', '\'']);
    let text = text.strip_suffix("# buildkit").unwrap_or(text);
    let text = text.trim_end().trim_end_matches(['…', '.']).trim_end();
    let (run, rest) = match text.strip_prefix("run ") {
        Some(rest) => ("run ", rest),
        None => ("", text),
    };
    let rest = rest.strip_prefix("/bin/sh -c").unwrap_or(rest).trim_start();
    let rest = rest.strip_prefix("#(nop)").unwrap_or(rest).trim_start();
    format!("{run}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_is_known_in_everybodys_words() {
        let row = "RUN head -c 5000 /dev/zero > a.bin";
        for written in [
            row,
            "run  head -c 5000 /dev/zero > a.bin",
            "head -c 5000",
            "/bin/sh -c head -c 5000 /dev/zero > a…",
            "RUN /bin/sh -c head -c 5000 /dev/zero > a.bin # buildkit",
            "`RUN head -c 5000 …`",
            "RUN",
        ] {
            assert!(begins(row, written), "{written}");
            assert!(begins("/bin/sh -c head -c 5000 /dev/zero > a.bin", written) || written == "RUN", "{written}");
        }
        assert!(
            begins("COPY a b ./ # buildkit", "COPY a b") && begins("/bin/sh -c #(nop) COPY multi:ab in /x", "copy")
        );
        assert!(begins("RUN a \\\n  b", "RUN a b"));
        for other in ["", "…", "RUN head -c 4000", "COPY", "5000"] {
            assert!(!begins(row, other), "{other}");
        }
    }
}
