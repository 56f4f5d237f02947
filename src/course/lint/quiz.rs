//! Questions.

use super::Finding;
use super::site::{Site, at};

/// Questions and options say something, and options differ. (How many are right is the loader's matter.)
pub(super) fn quiz(site: &Site<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (file, lesson) in &site.pages {
        for question in lesson.questions() {
            let head = site.find_in(file, &format!("id: {}", question.id));
            let mut say = |place, what: String, advice: &str| found.push(at(file, place, what, advice));
            if question.ask.trim().is_empty() {
                say(head, format!("the question `{}` asks nothing", question.id), "write it behind ask:");
            }
            for (index, option) in question.options.iter().enumerate() {
                let text = option.text.trim();
                let place = match text {
                    "" => head,
                    text => site.find(file, head, text.lines().next().unwrap_or_default()),
                };
                let number = index + 1;
                if text.is_empty() {
                    say(place, format!("option {number} of `{}` has no text", question.id), "write it behind text:");
                } else if question.options[..index].iter().any(|other| other.text.trim() == text) {
                    let place = site.find(file, crate::course::place::At { line: place.line + 1, column: 1 }, text);
                    let what = format!("option {number} of `{}` stands there twice", question.id);
                    say(place, what, "name another misconception, or take it out");
                }
                if option.because.trim().is_empty() {
                    let what = format!("option {number} of `{}` is not explained", question.id);
                    say(place, what, "say behind because: why it is right, or why it is tempting and wrong");
                }
            }
        }
    }
    found
}
