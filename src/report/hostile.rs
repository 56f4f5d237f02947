//! A gradebook in which every text that a submission has a part in tries to get out of where it stands.

use crate::check::{Check, Finding, Place, Verdict};
use crate::course::{Course, Round, Source};
use crate::grade::alike::{Given, Print};
use crate::grade::gradebook::{Absent, Column, Gradebook, Graded, GradedExercise};
use crate::grade::judge::Came;
use crate::grade::refusals::Refusal;
use crate::submission::Refused;

/// A text that is markup to HTML, XML, Markdown and templates, steers terminals and turns the direction of writing.
pub const HOSTILE: &str = "</script></style><script>alert(1)</script><img src=x onerror='alert(2)'>\" ' ]]> --> {{ 7*7 }} \
    {% raw %} `` ``` | @everyone #1 [x](javascript:alert(3)) \u{1b}[31m\u{1b}]0;t\u{7}\u{0}\u{202e}gnp\u{2066}\u{200b} &lt;\n\
    ```\n</details>\n| a | b |";

/// Everything of it that must not come out as it is.
pub const NEVER: [char; 6] = ['\u{1b}', '\u{0}', '\u{7}', '\u{202e}', '\u{2066}', '\u{200b}'];

fn finding(check: &Check) -> Finding {
    let verdict = match check.id.as_str() {
        "answers" => {
            let Verdict::NotYet(mut not_yet) = Verdict::not_yet(HOSTILE, HOSTILE, HOSTILE) else { unreachable!() };
            not_yet.place = Some(Place { file: HOSTILE.into(), line: 7, text: HOSTILE.into() });
            Verdict::NotYet(not_yet)
        }
        "page" => Verdict::Waits { on: "answers".into() },
        "port" => Verdict::CannotTell { reason: HOSTILE.into(), help: "again".into() },
        "token" => Verdict::pass_with(HOSTILE),
        _ => Verdict::pass(),
    };
    Finding {
        title: if check.id == "answers" { HOSTILE.into() } else { check.title.clone() },
        ..Finding::of(check, verdict)
    }
}

/// Ada is judged in part, Bob (whose name is hostile) is refused, Cleo is all right, Dan handed in nothing of S01, Eve's
/// submission was not taken, and the absent have hostile names. Ada and Cleo wrote the same.
pub fn book() -> Gradebook {
    let course = Course::load(&Source::Embedded).unwrap();
    let entries = [&course.exercises["E01"], &course.exercises["S01"]];
    let columns: Vec<Column> = entries.iter().map(|entry| Column::of(entry)).collect();
    let rounds = entries.map(|entry| entry.rounds(&course.recipes, "0123456789abcdef", &str::to_owned).unwrap());
    // A file with NUL is no text, and not compared.
    let own = format!(
        "RUN echo {} {}\n",
        HOSTILE.replace('\0', ""),
        (0..30).map(|word| format!("word{word} ")).collect::<String>()
    );
    let print = Print::of(&[(HOSTILE.replace('\n', " "), own.into_bytes())].into(), &Given::default());
    let exercise = |at: usize, came: &dyn Fn(&Round) -> Came| {
        let rounds: Vec<(Round, Came)> = rounds[at].iter().map(|round| (round.clone(), came(round))).collect();
        GradedExercise { print: print.clone(), ..GradedExercise::judged(&columns[at], &rounds, Some("ab".repeat(8))) }
    };
    let all = |finding: &dyn Fn(&Check) -> Finding, round: &Round| Came::Judged {
        findings: round.checks.iter().map(finding).collect(),
        stopped: None,
        tokens: Default::default(),
    };
    let passed = |round: &Round| all(&|check| Finding::of(check, Verdict::pass()), round);
    let in_part = |round: &Round| match all(&finding, round) {
        Came::Judged { findings, tokens, .. } => Came::Judged { findings, tokens, stopped: Some(HOSTILE.into()) },
        other => other,
    };
    let refusal = Refusal {
        file: HOSTILE.into(),
        line: 2,
        what: HOSTILE.into(),
        help: HOSTILE.into(),
        image: Some(HOSTILE.into()),
    };
    let mut missing_round = exercise(1, &|round| if round.number == 2 { Came::Missing } else { passed(round) });
    missing_round.token = None;
    missing_round.print = Print::default();
    let one = |learner: &str, exercises: Vec<GradedExercise>| Graded {
        learner: learner.into(),
        source: format!("class/{HOSTILE}"),
        in_roster: Some(true),
        ..Graded::of(exercises)
    };
    let refused = Refused::whole(HOSTILE, HOSTILE);
    let submissions = vec![
        Graded { name: Some(HOSTILE.into()), ..one("ada", vec![exercise(0, &in_part), missing_round]) },
        Graded {
            notes: vec![HOSTILE.into()],
            in_roster: Some(false),
            ..one(
                HOSTILE,
                vec![
                    GradedExercise {
                        token: None,
                        print: Print::default(),
                        ..exercise(0, &|_| Came::Refused(vec![refusal.clone()]))
                    },
                    GradedExercise::missing(&columns[1]),
                ],
            )
        },
        one("cleo", vec![exercise(0, &passed), exercise(1, &passed)]),
        one("dan", vec![exercise(0, &|_| Came::TooLong(300)), GradedExercise::missing(&columns[1])]),
        Graded { learner: "eve".into(), ..Graded::refused(&columns, &refused) },
    ];
    let missing = vec![Absent::new(HOSTILE, Some(HOSTILE.into()))];
    let mut book = Gradebook::new(&course.outline.course, columns, submissions, missing);
    book.not_allowed = vec![HOSTILE.into()];
    book
}
