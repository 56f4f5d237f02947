//! Which line of the Dockerfile a verdict speaks of, by the words of the step that it names.

use super::{ForTheMessage, Inquiry, Place, Stop, Verdict};

/// The verdict with the line of `file` in which the step with these words begins. Without a place, where none or
/// several are written so.
///
/// # Errors
/// Where the file was not asked for yet.
pub(super) fn placed(inquiry: &Inquiry<'_>, verdict: Verdict, file: &str, words: &str) -> Result<Verdict, Stop> {
    let Verdict::NotYet(mut not_yet) = verdict else { return Ok(verdict) };
    if let Some(text) = inquiry.workspace_file(file).for_the_message()?.flatten() {
        let dockerfile = crate::dockerfile::parse(&text.text);
        let mut same = dockerfile.instructions().filter(|one| plain(&one.original) == plain(words));
        if let (Some(instruction), None) = (same.next(), same.next()) {
            not_yet.place = Some(Place::of_line(file, &text.text, instruction.span.start_line));
        }
    }
    Ok(Verdict::NotYet(not_yet))
}

/// What a RUN instruction runs, without what history, builder and Dockerfile write differently: flags, build
/// arguments, white space.
pub(super) fn plain(text: &str) -> String {
    let text = text.replace("\\\n", " ");
    let words: Vec<&str> = text.split_whitespace().skip(1).skip_while(|word| word.starts_with("--")).collect();
    let command = match words.as_slice() {
        // `|2 A=1 B=2 make`
        [count, rest @ ..] if count.starts_with('|') => {
            let number: usize = count[1..].parse().unwrap_or_default();
            rest.get(number..).unwrap_or_default()
        }
        all => all,
    };
    command.join(" ")
}
