//! What runs inside the pseudo-terminals. Each ends with a line `<<…>>` that says what came of it.

use dlearn::check::{Finding, Verdict};
use dlearn::course::{Lesson, Question, lesson::Choice};
use dlearn::term::{Frame, Live, LiveEvent, Progress, ReadProgress, Reply, Terminal, prompt, quiz, reader};

pub fn run(name: &str) {
    let terminal = Terminal::detect();
    match name {
        "question" => asked(&terminal),
        "confirm" => say(&format!("{:?}", prompt::confirm("Pull `busybox`?", true, &terminal).expect("a terminal"))),
        "text" => say(&format!("{:?}", prompt::text("Where?", Some("~/dlearn"), None, &terminal).expect("a terminal"))),
        "turn" => say(&format!("{:?}", prompt::turn(&terminal).expect("a terminal"))),
        "panic" => {
            let _screen = dlearn::term::Screen::full().expect("a terminal");
            panic!("a fault in the program");
        }
        "ended" => {
            let _screen = dlearn::term::Screen::full().expect("a terminal");
            dlearn::term::restore();
            std::process::exit(143);
        }
        "read" => read(&terminal),
        "live" => {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(live(&terminal));
            say("left");
        }
        "progress" => {
            let progress = Progress::start("pulling busybox", &terminal);
            for done in 0..=100 {
                progress.bytes(done * 1_000_000, 100_000_000, &terminal);
            }
            progress.line("busybox:1.36 is here");
            progress.finish();
            say("done");
        }
        other => panic!("no scenario {other}"),
    }
}

fn say(text: &str) {
    Terminal::plain(80).print(&format!("<<{text}>>\n")).expect("a terminal");
}

fn asked(terminal: &Terminal) {
    let asked = question();
    say(&match quiz::ask(&asked, 1, terminal).expect("a terminal") {
        Reply::Given(chosen) => {
            let lines = quiz::explained(&asked, chosen, 1, terminal.text_width(), terminal);
            prompt::show(&lines, terminal).expect("a terminal");
            format!("chose {}", asked.options[chosen].text)
        }
        Reply::Left => "left".to_owned(),
    });
}

#[derive(Default)]
struct Told(Vec<String>);

impl ReadProgress for Told {
    fn section_shown(&mut self, section: usize) {
        self.0.push(format!("shown {section}"));
    }
    fn answered(&mut self, question: &Question, chosen: usize, right: bool) {
        self.0.push(format!("answered {} {chosen} {right}", question.id));
    }
}

fn read(terminal: &Terminal) {
    let from = std::env::var("TERM_FROM").ok().and_then(|from| from.parse().ok()).unwrap_or(0);
    let mut told = Told::default();
    let outcome = reader::read(&lesson(), from, 1, terminal, &mut told).expect("a terminal");
    told.0.push(format!("{outcome:?}"));
    say(&told.0.join("; "));
}

async fn live(terminal: &Terminal) {
    let finding = |id: &str, title: &str, verdict| Finding {
        id: id.into(),
        title: title.into(),
        weight: 1,
        hidden: false,
        optional: false,
        verdict,
        evidence: vec![],
    };
    let waits = || Verdict::Waits { on: String::new() };
    let mut findings = vec![finding("1", "The first check", waits()), finding("2", "The second check", waits())];
    let task = "A paragraph of the task.\n\n".repeat(30);
    let (mut busy, mut note) = (false, None);
    let mut live = Live::new(terminal).expect("a terminal");
    loop {
        let keys = [("c", "check"), ("q", "leave")];
        let frame = Frame {
            title: "E99",
            task: &task,
            findings: &findings,
            note: note.as_deref(),
            busy,
            keys: &keys,
            ..Frame::default()
        };
        live.draw(&frame).expect("a terminal");
        match live.next_event().await {
            LiveEvent::Left => return,
            LiveEvent::Key('b') => busy = !busy,
            LiveEvent::Key('c') => {
                findings = vec![
                    finding("1", "The first check", Verdict::pass()),
                    finding("2", "The second check", Verdict::not_yet("x", "y", "do this")),
                ];
            }
            LiveEvent::Key('n') => note = Some("A note to read now.".to_owned()),
            LiveEvent::Key('p') => panic!("a fault in the program"),
            LiveEvent::Key('t') => live.open("Task", &task, &[("Enter", "back")]),
            LiveEvent::Key('a') => {
                let reply = live.ask(&[], |terminal| prompt::confirm("Pull?", true, terminal)).expect("a terminal");
                note = Some(format!("answered {:?}", reply.expect("a terminal")));
            }
            LiveEvent::Key(_) | LiveEvent::Closed(_) | LiveEvent::Resize => {}
        }
    }
}

pub fn question() -> Question {
    let option = |text: &str, right| Choice { text: text.into(), right, because: format!("({text} was explained)") };
    Question {
        id: "L06.layer".into(),
        ask: "Which instruction makes a **layer** that holds files?".into(),
        options: vec![
            option("`RUN pip install`, because it changes files", true),
            option(
                "`ENV`, and it is described in so many words that the text of this option needs more than a single line of an ordinary terminal",
                false,
            ),
            option("`CMD`", false),
        ],
    }
}

/// A short section, one longer than any screen with the question behind it, a short one.
pub fn lesson() -> Lesson {
    use dlearn::course::{Block, Section, lesson::Front};
    let long: String = (1..=20).map(|number| format!("This is paragraph {number} of the text.\n\n")).collect();
    let section = |title: &str, blocks| Section { title: title.into(), blocks };
    let text = |text: &str| Block::Text(text.into());
    Lesson {
        file: "lessons/L99-a-lesson.md".into(),
        front: Front {
            id: "L99".into(),
            title: "A lesson".into(),
            minutes: 15,
            objective: "Read.".into(),
            images: Vec::new(),
        },
        sections: vec![
            section("A lesson", vec![text("How it begins.")]),
            section("Long", vec![text(&format!("## Long\n\n{long}")), Block::Question(question())]),
            section("End", vec![text("## End\n\nThat was all.")]),
        ],
        recall: Vec::new(),
        fences: Vec::new(),
    }
}
