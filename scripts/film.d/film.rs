//! Plays a session of dlearn at two real terminals, on a real engine, and draws what they showed: an animated SVG.
//!
//! usage: film HOME OUT.svg (`scripts/film` calls it, with dlearn and docker in PATH)
//!
//! Nothing in the picture is written by hand but the line above it. Nothing here waits for a time: each step waits for
//! what a screen shows. How long the picture rests on it follows from how much there is to read.

#[path = "../../tests/common/pty.rs"]
mod pty;
mod svg;

use pty::{CommandBuilder, Pty};
use std::path::{Path, PathBuf};
use std::process::Command;
use svg::Film;

/// The images of the two exercises; `scripts/film` removes them.
const SONGBOOK: &str = "n18/songbook:v1";
const SHOP: &str = "n02/shop:v1";
/// Words of the right answers to the lesson's questions.
const RIGHT: [&str; 4] = ["Only by what one", "hides the lists", "COPY --chown=web", "Downloading an archive"];
/// What a shell writes before a command.
const PROMPT: &str = "$ ";
/// Columns of both terminals, and the rows of each.
const COLUMNS: u16 = 80;
const ROWS: [u16; 2] = [28, 7];
/// Rows of the first one while a lesson is read: its pages are written for that many.
const PAGE: u16 = 24;

fn main() {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [home, out] = arguments.as_slice() else { panic!("usage: film HOME OUT.svg") };
    let mut session =
        Session { home, film: Film::new(COLUMNS, ROWS), left: shell(home, home, PAGE), right: None, builds: 0 };
    read(&mut session);
    work(&mut session);
    work_again(&mut session);
    std::fs::write(out, session.film.svg()).unwrap_or_else(|error| panic!("{}: {error}", out.display()));
}

/// A shell in `folder`, at a terminal of its own.
fn shell(home: &Path, folder: &Path, rows: u16) -> Pty {
    let mut command = CommandBuilder::new("sh");
    for name in ["DLEARN_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "ENV", "TERM_PROGRAM", "DOCKER_CONTEXT"] {
        command.env_remove(name);
    }
    command.env("HOME", home);
    command.env("DOCKER_CONFIG", home.join("docker"));
    command.env("PS1", PROMPT);
    command.cwd(folder);
    let shell = Pty::spawn(command, COLUMNS, rows, &[]);
    shell.shows(PROMPT);
    shell
}

/// Who plays, and what was seen of it.
struct Session<'a> {
    home: &'a Path,
    film: Film,
    /// Where dlearn runs.
    left: Pty,
    /// The second terminal, once there is one.
    right: Option<Pty>,
    /// How often the image was built.
    builds: usize,
}

impl Session<'_> {
    /// Keeps what both terminals show.
    fn keep(&mut self) {
        let screens = [Some(self.left.screen()), self.right.as_ref().map(Pty::screen)];
        self.film.keep(screens);
    }

    /// Types a command at one of the terminals, a word at a time, and then Enter.
    fn types(&mut self, second: bool, line: &str) {
        let terminal = if second { self.right.as_mut().expect("it was opened") } else { &mut self.left };
        terminal.until("the shell waits for a command", at_prompt);
        let mut typed = String::from(PROMPT);
        for word in line.split_inclusive(' ') {
            typed.push_str(word);
            let terminal = if second { self.right.as_mut().expect("it was opened") } else { &mut self.left };
            terminal.press(word);
            let wanted = typed.trim_end().to_owned();
            terminal.until(&wanted, |screen| joined(screen).contains(&wanted));
            self.keep();
        }
        let terminal = if second { self.right.as_mut().expect("it was opened") } else { &mut self.left };
        terminal.press("\r");
    }

    /// Waits until dlearn's screen shows this text and no check goes on, and keeps that.
    fn sees(&mut self, text: &str) {
        self.left.until(text, |screen| settled(screen, text));
        // Only what takes the whole screen says when it is drawn.
        if self.left.screen().alternate_screen() {
            self.left.drawn(text);
        }
        self.keep();
    }

    /// The same where something may keep a build from being judged: then it is built again, as a learner would.
    fn builds_until(&mut self, image: &str, text: &str) {
        loop {
            self.types(true, &format!("docker build -q -t {image} ."));
            let right = self.right.as_ref().expect("it was opened");
            right.until("the build ends", at_prompt);
            self.keep();
            // What the next build takes the name from goes by this one, when the film is over.
            self.builds += 1;
            let other = format!("{image}-{}", self.builds);
            let named = Command::new("docker").args(["tag", image, &other]).status();
            assert!(named.is_ok_and(|status| status.success()), "docker tag {image} {other}");
            let unsure = "cannot be told";
            self.left.until(text, |screen| settled(screen, text) || settled(screen, unsure));
            if settled(&self.left.screen(), text) {
                return self.sees(text);
            }
        }
    }
}

/// What a screen shows, with the ends of its lines taken out: a long command goes on in the next one.
fn joined(screen: &vt100::Screen) -> String {
    screen.rows(0, COLUMNS).collect::<Vec<_>>().concat()
}

/// Whether a shell waits for a command.
fn at_prompt(screen: &vt100::Screen) -> bool {
    !screen.alternate_screen() && joined(screen).trim_end().ends_with(PROMPT.trim_end())
}

/// Whether a screen shows this text, and no check goes on.
fn settled(screen: &vt100::Screen, text: &str) -> bool {
    let shown = screen.contents();
    shown.contains(text) && !shown.contains("checking")
}

/// The course is opened, a prediction is asked for, a question answered.
fn read(session: &mut Session<'_>) {
    session.film.caption("One command to remember: dlearn next");
    session.keep();
    session.types(false, "dlearn next L19");
    session.sees("Esc leaves");
    session.left.press("\r");
    session.film.caption("A lesson: first predict, then see");
    session.sees("6 lines below");
    session.left.press("\r");
    session.sees("it takes nothing away");
    // Not all of it is for a film.
    while !session.left.screen().contents().contains("choose") {
        let before = session.left.screen().contents();
        session.left.press("\r");
        session.left.until("the next page", |screen| screen.contents() != before);
    }
    session.film.caption("A question, with a reason for each answer");
    for (number, right) in RIGHT.iter().enumerate() {
        session.left.shows("choose");
        session.left.until(right, |screen| screen.contents().contains(right));
        if number == 0 {
            session.keep();
        }
        let shown = session.left.screen().contents();
        let option = shown.lines().find(|line| line.contains(right)).expect("the right answer is among them");
        let digit = option.trim().chars().next().expect("it is numbered").to_string();
        session.left.press(&digit);
        session.left.shows("Enter answer");
        session.left.press("\r");
        session.left.shows("Right.");
        if number == 0 {
            session.sees("Right.");
        }
        session.left.press("\r");
    }
    session.sees("You answered 4 of 4");
    session.left.press("\r");
}

/// The exercise fails with a reason, is repaired, and passes with a picture.
fn work(session: &mut Session<'_>) {
    session.left.resize(COLUMNS, ROWS[0]);
    session.film.caption("An exercise, in a folder of your own");
    session.sees("Your files are here.");
    let folder = session.home.join("dlearn").join("N18-same-layer");
    session.right = Some(shell(session.home, &folder, ROWS[1]));
    session.left.press("q");
    session.film.caption("It watches your files and your engine");
    session.sees("no image of that name");
    session.film.caption("Built in a second terminal: checked at once");
    session.builds_until(SONGBOOK, "✗ No layer of it holds");
    session.left.press("h");
    session.film.caption("A hint, one more each time");
    session.sees("Hint 1 of 3");
    session.left.press("q");
    session.left.until("the checks again", |screen| settled(screen, "✗ No layer of it holds"));
    session.film.caption("Repaired: install, use and remove in one step");
    session.types(true, r"sed -i '4,5s/$/ \\/; 5,6s/^RUN/ \&\&/' Dockerfile; sed -n 4,6p Dockerfile");
    session
        .right
        .as_ref()
        .expect("it was opened")
        .until("the Dockerfile", |screen| screen.contents().contains(" && sh pkg.sh remove") && at_prompt(screen));
    session.sees("✗ n18/songbook:v1 is what this folder builds");
    session.builds_until(SONGBOOK, "All 7 checks pass.");
    session.left.press("\r");
    session.film.caption("Passed: what it was good for, and why it works");
    session.sees("N18 Clean up in the same step: done");
    session.left.press("q");
}

/// Another exercise, in short: its picture shows what the cache did.
fn work_again(session: &mut Session<'_>) {
    session.film.caption("Another one: an install that runs too often");
    session.types(false, "dlearn next N02");
    session.sees("Your files are here.");
    session.left.press("q");
    session.left.until("the checks", |screen| settled(screen, "no image of that name"));
    session.types(true, "cd ../N02-cache-order");
    session.types(
        true,
        r"sed -i 's/^COPY.*/COPY requirements.txt install.sh .\//; $i COPY . .' Dockerfile; cat Dockerfile",
    );
    session
        .right
        .as_ref()
        .expect("it was opened")
        .until("the Dockerfile", |screen| screen.contents().contains("COPY . .\nCMD") && at_prompt(screen));
    session.keep();
    session.builds_until(SHOP, "All 5 checks pass.");
    session.left.press("\r");
    session.film.caption("What is checked is tried out: edited in a copy, built again, and looked at");
    session.sees("from the cache");
}
