//! Every format of a gradebook, with texts in it that try to get out.

use super::hostile::{NEVER, book};
use super::{gradescope, lines, markdown, marks_junit};
use serde_json::Value;

fn steers_nothing(text: &str) {
    assert!(!text.contains(NEVER), "{text}");
}

#[test]
fn lines_are_of_every_check_and_of_what_has_none() {
    let book = book();
    let ada = lines::lines(&book.submissions[0], &book);
    let of = |id: &str| ada.iter().find(|line| line.check.is_some_and(|check| check.finding.id == id)).unwrap();
    assert_eq!(of("answers").place(), "E01");
    assert_eq!(of("page").standing, lines::Standing::Waits);
    let missing = ada.iter().find(|line| line.standing == lines::Standing::Missing).unwrap();
    assert_eq!((missing.place().as_str(), missing.check.is_none()), ("S01 round 2", true));
    assert_eq!(missing.text(), "the folder round-2 was not handed in");
    let stopped = ada.iter().filter(|line| line.words.iter().any(|(word, _)| word.is_empty())).count();
    assert_eq!(stopped, 2, "why a build stopped is said once, and why a round is missing once");
    let mut twice = book.clone();
    twice.submissions[2].learner = "ada".into();
    assert_eq!(lines::names(&twice)[2], "ada (2)");
}

#[test]
fn junit_has_a_suite_for_everybody_and_tells_errors_from_failures() {
    let book = book();
    let text = marks_junit::report(&book).unwrap();
    steers_nothing(&text);
    assert!(!text.contains("<script>") && !text.contains("<img") && text.contains("&lt;/script&gt;"), "{text}");
    let tag = |what: &str| {
        let at = text.find(what).unwrap_or_else(|| panic!("no {what} in {text}"));
        text[at..].split_once('>').unwrap().0.to_owned()
    };
    assert!(tag("<testsuite name=\"ada\"").contains("skipped=\"1\" errors=\"1\" failures=\"2\""), "{text}");
    assert!(tag("<testsuite name=\"cleo\"").contains("errors=\"0\" failures=\"0\""), "{text}");
    assert!(tag("<testsuite name=\"eve\"").contains("tests=\"2\" skipped=\"0\" errors=\"2\""), "{text}");
    assert!(text.contains("<testcase name=\"E01 page: "), "{text}");
    assert!(text.contains("no submission"), "{text}");
}

#[test]
fn gradescope_counts_what_was_judged_and_names_what_was_not() {
    let book = book();
    for graded in &book.submissions {
        let text = gradescope::results(graded, &book).unwrap();
        steers_nothing(&text);
        assert!(text.chars().all(|char| char == '\n' || !char.is_control()));
        let results: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(results["output_format"], "text");
        let tests = results["tests"].as_array().unwrap();
        assert!(tests.iter().all(|test| test["output_format"] == "text" && test["name_format"] == "text"));
        let sum = |name: &str| -> f64 { tests.iter().filter_map(|test| test[name].as_f64()).sum() };
        let score = results["score"].as_f64().unwrap();
        assert!((sum("score") - score).abs() < 1e-6, "{text}");
        let judged = (graded.score.of.0 - graded.score.not_judged.0) as f64 / 100.0;
        assert!((sum("max_score") - judged).abs() < 1e-6, "what was not judged has no maximum: {text}");
        let open: Vec<&Value> = tests.iter().filter(|test| test.get("score").is_none()).collect();
        assert_eq!(open.is_empty(), graded.score.is_judged());
        assert!(open.iter().all(|test| test.get("status").is_none() && test.get("max_score").is_none()));
        assert_eq!(results["output"].as_str().unwrap().contains("could not be judged"), !graded.score.is_judged());
    }
    let mut hidden = book;
    for check in &mut hidden.submissions[0].exercises[0].rounds[0].checks {
        check.finding.hidden = true;
    }
    let results: Value = serde_json::from_str(&gradescope::results(&hidden.submissions[0], &hidden).unwrap()).unwrap();
    let seen = |part: &str| {
        let tests = results["tests"].as_array().unwrap();
        let test = tests.iter().find(|test| test["name"].as_str().unwrap().contains(part)).unwrap();
        test["visibility"].as_str().unwrap().to_owned()
    };
    assert_eq!((seen("alert(1)").as_str(), seen("token file").as_str()), ("after_published", "hidden"));
    assert!(!results["output"].as_str().unwrap().contains("configuration"), "a hidden check is not named: {results}");
}

#[test]
fn markdown_holds_hostile_text_in_code_only() {
    let text = markdown::report(&book());
    steers_nothing(&text);
    // As a renderer sees it: every event that is no code is dlearn's own.
    let options = pulldown_cmark::Options::ENABLE_TABLES;
    let (mut rows, mut html, mut prose) = (0, String::new(), String::new());
    let mut in_block = false;
    for event in pulldown_cmark::Parser::new_ext(&text, options) {
        use pulldown_cmark::{Event, Tag, TagEnd};
        match event {
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => panic!("a link in {text}"),
            Event::Start(Tag::TableRow) => rows += 1,
            Event::Start(Tag::CodeBlock(_)) => in_block = true,
            Event::End(TagEnd::CodeBlock) => in_block = false,
            Event::Html(part) | Event::InlineHtml(part) => html.push_str(&part),
            Event::Text(part) if !in_block => prose.push_str(&part),
            _ => {}
        }
    }
    assert_eq!(rows, 6, "{text}");
    for word in ["alert", "everyone", "{{", "gnp"] {
        assert!(!prose.contains(word), "{word} is prose in {text}");
    }
    let tags: Vec<&str> = html.split('<').skip(1).map(|tag| tag.split('>').next().unwrap()).collect();
    assert!(
        tags.iter().all(|tag| ["details", "summary", "code", "/code", "/summary", "/details"].contains(tag)),
        "{tags:?}"
    );
    assert_eq!(html.matches("<details>").count(), html.matches("</details>").count());
    assert!(text.contains("| `cleo` | 10 | 10 | 20 of 20 | passed |"), "{text}");
    assert!(text.contains("`ada` and `cleo`: E01:"), "{text}");
}
