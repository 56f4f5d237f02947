//! Pictures of a pass, drawn with characters: sizes as bars, and what a rebuild took from the cache.

use super::{Line, Style, Terminal, measure, sanitize_line};
use crate::check::Picture;
use crate::report::size;

/// Columns of the longest bar.
const BAR: usize = 30;
/// Steps that are shown of one build.
const STEPS: usize = 10;
/// No line of a picture begins with as many.
const FENCE: &str = "~~~~~~~~";

/// Columns that stand before code.
const INDENT: usize = 4;

/// A picture as Markdown: it stands between paragraphs. At most `width` columns wide, where that is at least 70.
pub fn markdown(picture: &Picture, width: usize, terminal: &Terminal) -> String {
    let width = width.saturating_sub(INDENT);
    let (title, lines) = match picture {
        Picture::Sizes { before, after } => (None, sizes(before, after, width, terminal)),
        Picture::Rebuild { story, steps } => {
            let steps: Vec<(String, bool)> = steps.iter().map(|step| (step.text.clone(), step.cached)).collect();
            (Some(format!("What the cache did, when {story}:")), rebuild(&steps, width, terminal))
        }
    };
    let title = title.map(|title| format!("{}\n\n", sanitize_line(&title))).unwrap_or_default();
    format!("{title}{FENCE}text\n{}\n{FENCE}", lines.join("\n"))
}

fn sizes(before: &(String, u64), after: &(String, u64), width: usize, terminal: &Terminal) -> Vec<String> {
    let largest = before.1.max(after.1).max(1);
    let names = [&before.0, &after.0].map(|name| sanitize_line(name).into_owned());
    // Two gaps, a size, a part in percent.
    let space = width.saturating_sub(BAR + 2 + 2 + 9 + 7).max(8);
    let names = names.map(|name| shortened(&name, space, terminal));
    let widest = names.iter().map(|name| measure(name)).max().unwrap_or(0);
    let row = |name: &str, bytes: u64| {
        let cells = usize::try_from(u128::from(bytes) * BAR as u128 / u128::from(largest)).unwrap_or(BAR);
        // Something is never shown as nothing.
        let cells = if bytes > 0 { cells.max(1) } else { 0 };
        let bar = terminal.sign("█", "#").repeat(cells);
        format!("{name}{}  {bar}{}  {:>9}", pad(widest, name), " ".repeat(BAR - cells), size(bytes))
    };
    let [first, mut second] = [row(&names[0], before.1), row(&names[1], after.1)];
    if before.1 > 0 {
        second.push_str(&format!("  {:.0} %", after.1 as f64 * 100.0 / before.1 as f64));
    }
    vec![first, second]
}

fn rebuild(steps: &[(String, bool)], width: usize, terminal: &Terminal) -> Vec<String> {
    const CACHED: &str = "from the cache";
    let space = width.saturating_sub(CACHED.len() + 8).max(20);
    let texts: Vec<String> =
        steps.iter().take(STEPS).map(|(text, _)| shortened(&sanitize_line(text), space, terminal)).collect();
    let widest = texts.iter().map(|text| measure(text)).max().unwrap_or(0);
    let signs = [terminal.sign("○", "o"), terminal.sign("●", "*")];
    let mut lines: Vec<String> = texts
        .iter()
        .zip(steps)
        .map(|(text, (_, cached))| {
            let (sign, told) = if *cached { (signs[0], CACHED) } else { (signs[1], "ran again") };
            format!("{sign} {text}{}  {told}", pad(widest, text))
        })
        .collect();
    if steps.len() > STEPS {
        lines.push(format!("  and {} more", steps.len() - STEPS));
    }
    lines
}

fn pad(widest: usize, text: &str) -> String {
    " ".repeat(widest.saturating_sub(measure(text)))
}

/// The text in at most `columns`, with a sign where something is left out.
fn shortened(text: &str, columns: usize, terminal: &Terminal) -> String {
    Line::new(text, Style::PLAIN).cut(columns, terminal).text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::StepFacts;

    #[test]
    fn a_tenth_of_a_size_is_a_tenth_of_its_bar() {
        let terminal = Terminal::plain(80);
        let picture =
            Picture::Sizes { before: ("the starter".into(), 400_000_000), after: ("e03/app:v1".into(), 40_000_000) };
        let bars = format!("{}  {}", "█".repeat(30), " 400.0 MB");
        let text = markdown(&picture, 80, &terminal);
        assert!(text.contains(&format!("the starter  {bars}\n")), "{text}");
        assert!(
            text.contains(&format!("e03/app:v1   {}{}    40.0 MB  10 %\n", "█".repeat(3), " ".repeat(27))),
            "{text}"
        );
        let nearly_nothing = Picture::Sizes { before: ("a".into(), 400_000_000), after: ("b".into(), 1) };
        assert_eq!(markdown(&nearly_nothing, 80, &terminal).matches('█').count(), 31);
    }

    #[test]
    fn steps_stand_in_columns_and_nothing_in_them_ends_the_picture() {
        let terminal = Terminal::plain(80);
        let step = |text: &str, cached| StepFacts { text: text.into(), cached, ..StepFacts::default() };
        let steps = vec![
            step("COPY requirements.txt .", true),
            step(&format!("RUN printf '\n{FENCE}\n\u{1b}[2J' {}", "x".repeat(300)), false),
        ];
        let picture = Picture::Rebuild { story: "I changed app.py".into(), steps };
        let text = markdown(&picture, 80, &terminal);
        assert!(text.starts_with("What the cache did, when I changed app.py:\n\n~~~"), "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with(FENCE)).count(), 2, "{text}");
        let [first, second] = [text.lines().nth(3).unwrap(), text.lines().nth(4).unwrap()];
        assert!(first.starts_with("○ COPY requirements.txt .") && first.ends_with("  from the cache"), "{text}");
        assert!(second.starts_with("● RUN printf") && second.ends_with("…  ran again"), "{text}");
        assert!(text.lines().skip(2).all(|line| measure(line) <= 76) && !text.contains('\u{1b}'), "{text}");
    }
}
