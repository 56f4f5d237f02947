//! Pictures of two terminals, one after another, as an SVG that moves by CSS alone: no script, text stays text, and
//! where motion is not wanted the last picture stands still.
//!
//! A row of a terminal is drawn once for each time that it is there without a change, however many pictures that are.

use std::collections::BTreeMap;
use std::fmt::Write;
use vt100::{Cell, Color, Screen};

/// Pixels: a cell, a terminal's margin, the line above a terminal, and what lies between two.
const CELL: f64 = 8.4;
const LINE: f64 = 18.0;
const MARGIN: f64 = 14.0;
const HEAD: f64 = 30.0;
const GAP: f64 = 10.0;

/// Seconds that a picture stays at least and at most, and those for a word that was not there before.
const LEAST: f64 = 0.12;
const MOST: f64 = 4.0;
const WORD: f64 = 0.09;
/// Seconds of the last picture, before it begins anew.
const END: f64 = 8.0;

/// The sixteen colours of a terminal.
const COLOURS: [&str; 16] = [
    "#504945", "#fb6a5a", "#9bc97f", "#f3c04e", "#83a9d8", "#d795b0", "#7fc8c2", "#d5c4a1", "#a89984", "#fb6a5a",
    "#9bc97f", "#f3c04e", "#83a9d8", "#d795b0", "#7fc8c2", "#fbf1c7",
];
const GROUND: &str = "#1d2021";
const TEXT: &str = "#ebdbb2";

/// One picture.
struct Frame {
    caption: String,
    /// Each terminal's rows, drawn; none where there is no such terminal yet.
    panes: [Option<Vec<String>>; 2],
    /// What can be read in it.
    words: Vec<String>,
}

/// What is drawn, by whether it lies on a window, and the pictures in which it is: the first, and the one after the last.
type Spans = BTreeMap<(bool, usize, usize), String>;

/// What was seen so far.
pub struct Film {
    columns: u16,
    rows: [u16; 2],
    caption: String,
    captions: Vec<String>,
    frames: Vec<Frame>,
}

impl Film {
    /// Of two terminals, the second below the first.
    pub fn new(columns: u16, rows: [u16; 2]) -> Self {
        Self { columns, rows, caption: String::new(), captions: Vec::new(), frames: Vec::new() }
    }

    /// What stands above the pictures from now on.
    pub fn caption(&mut self, text: &str) {
        text.clone_into(&mut self.caption);
        self.captions.push(text.to_owned());
    }

    /// Takes a picture, where something has changed.
    pub fn keep(&mut self, screens: [Option<Screen>; 2]) {
        let words = screens.iter().flatten().map(Screen::contents).collect::<String>();
        let words = words.split_whitespace().map(str::to_owned).collect();
        let panes = screens.map(|screen| screen.map(|screen| rows(&screen)));
        let caption = self.caption.clone();
        if self.frames.last().is_none_or(|last| last.panes != panes || last.caption != caption) {
            self.frames.push(Frame { caption, panes, words });
        }
    }

    /// When each picture begins, and when the last one ends, in seconds.
    fn times(&self) -> Vec<f64> {
        let mut times = vec![0.0];
        for (index, frame) in self.frames.iter().enumerate() {
            let before: &[String] = index.checked_sub(1).map_or(&[], |before| &self.frames[before].words);
            let new = frame.words.iter().filter(|word| !before.contains(word)).count();
            let last = index + 1 == self.frames.len();
            let stays = if last { END } else { (LEAST + WORD * new as f64).clamp(LEAST, MOST) };
            times.push(times[index] + stays);
        }
        times
    }

    /// What is drawn, and when.
    fn spans(&self) -> Spans {
        let mut open: BTreeMap<(u32, String), usize> = BTreeMap::new();
        let mut spans = Spans::new();
        let count = self.frames.len();
        for index in 0..=count {
            let now = self.frames.get(index).map(|frame| self.drawn(frame)).unwrap_or_default();
            let gone: Vec<_> = open.keys().filter(|key| !now.contains(key)).cloned().collect();
            for key in gone {
                let from = open.remove(&key).unwrap_or_default();
                // A window lies below what it shows.
                spans.entry((key.0 > 0, from, index)).or_default().push_str(&key.1);
            }
            for key in now {
                open.entry(key).or_insert(index);
            }
        }
        spans
    }

    /// All that is drawn of a picture, each at its height.
    fn drawn(&self, frame: &Frame) -> Vec<(u32, String)> {
        let mut all =
            vec![(1, format!("<text class=\"t\" x=\"{MARGIN}\" y=\"20\">{}</text>", escaped(&frame.caption)))];
        for (pane, rows) in frame.panes.iter().enumerate() {
            let Some(rows) = rows else { continue };
            let top = self.top(pane);
            if pane == 1 {
                all.push((0, self.window(pane)));
            }
            for (number, row) in rows.iter().enumerate().filter(|(_, row)| !row.is_empty()) {
                let y = top + HEAD + LINE * (number as f64 + 0.75);
                all.push((y as u32, format!("<g transform=\"translate({MARGIN} {y})\">{row}</g>")));
            }
        }
        all
    }

    /// Where a terminal begins.
    fn top(&self, pane: usize) -> f64 {
        if pane == 0 { 0.0 } else { self.height(0) + GAP }
    }

    fn height(&self, pane: usize) -> f64 {
        HEAD + LINE * f64::from(self.rows[pane]) + MARGIN
    }

    fn width(&self) -> f64 {
        CELL * f64::from(self.columns) + 2.0 * MARGIN
    }

    /// The frame of a terminal.
    fn window(&self, pane: usize) -> String {
        let (top, width, height) = (self.top(pane), self.width(), self.height(pane));
        let name = if pane == 0 { "" } else { "a second terminal, in the exercise's folder" };
        format!(
            "<rect class=\"w\" x=\".5\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"8\"/><text class=\"t\" x=\"{MARGIN}\" \
             y=\"{}\">{name}</text>",
            top + 0.5,
            width - 1.0,
            height - 1.0,
            top + 20.0,
        )
    }

    /// The whole.
    pub fn svg(&self) -> String {
        let times = self.times();
        let whole = times.last().copied().unwrap_or(1.0);
        let (width, height) = (self.width(), self.top(1) + self.height(1));
        let (mut rules, mut groups) = (String::new(), String::new());
        for (number, ((_, from, to), drawn)) in self.spans().iter().enumerate() {
            let (begin, end) = (times[*from] / whole * 100.0, times[*to] / whole * 100.0);
            let still = if *to == self.frames.len() { " class=\"l\"" } else { "" };
            if (*from, *to) == (0, self.frames.len()) {
                groups += &format!("<g class=\"l\">{drawn}</g>\n");
                continue;
            }
            let _ = writeln!(groups, "<g id=\"a{number}\"{still}>{drawn}</g>");
            let first = if *from == 0 {
                "0%{opacity:1}".to_owned()
            } else {
                format!("0%{{opacity:0}}{begin:.2}%{{opacity:1}}")
            };
            let last = if still.is_empty() { format!("{end:.2}%,to{{opacity:0}}") } else { "to{opacity:1}".to_owned() };
            let _ = writeln!(
                rules,
                "@keyframes k{number}{{{first}{last}}}#a{number}{{animation:k{number} {whole:.1}s step-end infinite}}"
            );
        }
        let colours = COLOURS.iter().enumerate().map(|(index, colour)| format!(".c{index}{{fill:{colour}}}"));
        let story = self.captions.join(". ");
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             role=\"img\" aria-labelledby=\"title story\">\n<title id=\"title\">A session of dlearn in two terminals</title>\n\
             <desc id=\"story\">{}.</desc>\n<style>\ntext{{white-space:pre;fill:{TEXT};font:14px ui-monospace,SFMono-Regular,Menlo,\
             Consolas,'DejaVu Sans Mono',monospace}}\n.t{{fill:#a89984;font:13px system-ui,-apple-system,'Segoe UI',sans-serif}}\n\
             .w{{fill:{GROUND};stroke:#665c54}}.b{{font-weight:bold}}.d{{fill:#a89984}}.i{{font-style:italic}}\
             .u{{text-decoration:underline}}{}\n[id^=a]:not(.l){{opacity:0}}\n{rules}\
             @media(prefers-reduced-motion:reduce){{[id^=a]{{animation:none!important}}}}\n</style>\n{}\n{groups}</svg>\n",
            escaped(&story),
            colours.collect::<String>(),
            self.window(0),
        )
    }
}

/// How cells look.
#[derive(Clone, PartialEq)]
struct Look {
    class: String,
    ground: Option<String>,
}

impl Look {
    fn of(cell: &Cell) -> Self {
        let (mut fore, mut back) = (colour(cell.fgcolor()), colour(cell.bgcolor()));
        if cell.inverse() {
            (fore, back) = (Some(back.unwrap_or_else(|| "c0".into())), Some(fore.unwrap_or_else(|| "c7".into())));
        }
        let mut class: Vec<String> = fore.into_iter().collect();
        for (is, name) in [(cell.bold(), "b"), (cell.dim(), "d"), (cell.italic(), "i"), (cell.underline(), "u")] {
            if is {
                class.push(name.into());
            }
        }
        Self { class: class.join(" "), ground: back }
    }
}

/// The class of one of the sixteen colours; dlearn uses no others.
fn colour(colour: Color) -> Option<String> {
    match colour {
        Color::Idx(index) if index < 16 => Some(format!("c{index}")),
        _ => None,
    }
}

/// The rows of a screen, drawn, with the cursor where it is to be seen.
fn rows(screen: &Screen) -> Vec<String> {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let mut drawn: Vec<String> = (0..rows).map(|row| one_row(screen, row, columns)).collect();
    let (row, column) = screen.cursor_position();
    if !screen.hide_cursor() {
        drawn[usize::from(row)] += &block(column, 1, "c8");
    }
    drawn
}

fn one_row(screen: &Screen, row: u16, columns: u16) -> String {
    let mut runs: Vec<(u16, u16, Look, String)> = Vec::new();
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column).filter(|cell| !cell.is_wide_continuation()) else { continue };
        let text = if cell.has_contents() { cell.contents() } else { " " };
        let (look, width) = (Look::of(cell), if cell.is_wide() { 2 } else { 1 });
        match runs.last_mut() {
            Some((_, cells, last, run)) if *last == look => {
                run.push_str(text);
                *cells += width;
            }
            _ => runs.push((column, width, look, text.to_owned())),
        }
    }
    let mut drawn = String::new();
    for (column, cells, look, text) in runs {
        if let Some(ground) = &look.ground {
            drawn += &block(column, cells, ground);
        }
        let (start, end) = (text.trim_start(), text.trim_end());
        if start.is_empty() {
            continue;
        }
        let before = (text.chars().count() - start.chars().count()) as u16;
        let cells = cells - before - (text.chars().count() - end.chars().count()) as u16;
        let class = if look.class.is_empty() { String::new() } else { format!(" class=\"{}\"", look.class) };
        let (x, length) = (CELL * f64::from(column + before), CELL * f64::from(cells));
        let _ = write!(drawn, "<text x=\"{x:.1}\" textLength=\"{length:.1}\"{class}>{}</text>", escaped(text.trim()));
    }
    drawn
}

/// The ground of some cells.
fn block(column: u16, cells: u16, class: &str) -> String {
    let (x, width) = (CELL * f64::from(column), CELL * f64::from(cells));
    format!("<rect x=\"{x:.1}\" y=\"-13.5\" width=\"{width:.1}\" height=\"{LINE}\" class=\"{class}\"/>")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
