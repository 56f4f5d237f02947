//! The places of a session, and how a learner without an engine gets there.

use super::{DOWN, Pty};

/// A place's name, and the way to it from `dlearn next` on a fresh machine.
pub type Stage = (&'static str, fn(&mut Pty));

/// Each place where something waits for a key.
pub const STAGES: [Stage; 10] = [
    ("the first question", to_the_folder),
    ("a section", to_a_section),
    ("a search", to_a_search),
    ("the list of sections", to_the_sections),
    ("the keys", to_the_keys),
    ("a question", to_a_question),
    ("an answer", to_an_answer),
    ("the end of a lesson", to_the_station),
    ("a task", to_the_task),
    ("the checks", to_the_checks),
];

/// Answers the question on the screen, rightly or not.
pub fn answer(pty: &mut Pty, rightly: bool) {
    pty.shows("or 1-2 choose");
    let wanted = if rightly { "RUN" } else { "ENV" };
    pty.press(DOWN);
    let first = pty.shows("Enter answer");
    let on_it = first.lines().any(|line| line.contains('❯') && line.contains(wanted));
    if !on_it {
        pty.press(DOWN);
    }
    pty.until("the wanted option is marked", |screen| {
        screen.contents().lines().any(|line| line.contains('❯') && line.contains(wanted))
    });
    pty.press("\r");
}

/// Reads the first lesson to its end, from its first screen; the page after it is on the screen.
pub fn read_the_first_lesson(pty: &mut Pty) {
    pty.shows("The first section of all.");
    pty.press("\r");
    pty.shows("Read this too.");
    pty.press("\r");
    answer(pty, true);
    pty.shows("Right.");
    pty.press("\r");
    pty.shows("✓ L90 Before it");
}

/// From `dlearn next` on a fresh machine.
pub fn to_the_folder(pty: &mut Pty) {
    pty.shows("Where shall your course be kept?");
}

/// From `dlearn next` on a fresh machine.
pub fn to_a_section(pty: &mut Pty) {
    to_the_folder(pty);
    pty.press("\r");
    pty.shows("The first section of all.");
}

/// From `dlearn next` on a fresh machine.
pub fn to_a_question(pty: &mut Pty) {
    to_a_section(pty);
    pty.press("\r");
    pty.shows("Read this too.");
    pty.press("\r");
    pty.shows("or 1-2 choose");
}

/// From `dlearn next` on a fresh machine.
pub fn to_the_station(pty: &mut Pty) {
    to_the_folder(pty);
    pty.press("\r");
    read_the_first_lesson(pty);
}

/// From `dlearn next` on a fresh machine.
pub fn to_the_checks(pty: &mut Pty) {
    to_the_task(pty);
    pty.press("q");
    pty.shows("your folder: ~/dlearn/");
}

/// From `dlearn next` on a fresh machine.
pub fn to_the_task(pty: &mut Pty) {
    to_the_station(pty);
    pty.press("\r");
    pty.shows("Enter more");
}

/// From `dlearn next` on a fresh machine.
pub fn to_a_search(pty: &mut Pty) {
    to_a_section(pty);
    pty.press("/read");
    pty.shows("/read");
}

/// From `dlearn next` on a fresh machine.
pub fn to_the_sections(pty: &mut Pty) {
    to_a_section(pty);
    pty.press("t");
    pty.shows("Enter go there");
}

/// From `dlearn next` on a fresh machine.
pub fn to_the_keys(pty: &mut Pty) {
    to_a_section(pty);
    pty.press("?");
    pty.shows("What it does");
}

/// From `dlearn next` on a fresh machine.
pub fn to_an_answer(pty: &mut Pty) {
    to_a_question(pty);
    answer(pty, false);
    pty.shows("Not this time");
}
