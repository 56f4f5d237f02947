//! Code blocks of lessons, and the questions that a lesson begins with.

use super::Finding;
use super::site::{Site, at};
use crate::course::code::Demo;
use crate::course::place::At;
use crate::course::{Item, Lesson};

/// How many questions of earlier lessons a lesson begins with.
const RECALLED: usize = 2;

/// Blocks say what they are: what is run, saved, or printed, and why one is not run.
pub(super) fn code(site: &Site<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (file, lesson) in &site.pages {
        let (_, mistakes) = Demo::read(&lesson.fences);
        found.extend(mistakes.into_iter().map(|it| at(file, At { line: it.line, column: 1 }, it.what, it.advice)));
    }
    found
}

/// A lesson from the third on begins with two questions, each of another lesson that comes before it.
pub(super) fn recall(site: &Site<'_>) -> Vec<Finding> {
    let items = site.course.items();
    let order: Vec<&str> = items.iter().filter(|item| matches!(item, Item::Lesson(_))).map(Item::id).collect();
    let mut found = Vec::new();
    for (file, lesson) in &site.pages {
        if site.course.references.contains_key(&lesson.front.id) && !lesson.recall.is_empty() {
            let advice = "take the recall block out: a reference is looked into in the middle of something else";
            found.push(at(file, site.find_in(file, "```recall"), "a reference begins with questions", advice));
        }
        let Some(place) = order.iter().position(|id| *id == lesson.front.id) else { continue };
        let earlier = &order[..place];
        let head = site.find_in(file, "```recall");
        let count = lesson.recall.len();
        let (fits, wanted) = match place {
            0 => (count == 0, 0),
            1 => (count <= RECALLED, RECALLED),
            _ => (count == RECALLED, RECALLED),
        };
        let advice = "write ```recall below the front matter, and in it [Lxx.word, Lyy.word]";
        if !fits {
            let what = format!("the lesson begins with {count} questions of earlier lessons, not with {wanted}");
            found.push(at(file, head, what, advice));
        }
        let body = site.text(file).splitn(3, "---\n").nth(2).unwrap_or_default();
        if count > 0 && !body.trim_start().starts_with("```recall") {
            found.push(at(file, head, "the recall block does not stand at the head of the lesson", advice));
        }
        for (index, id) in lesson.recall.iter().enumerate() {
            let place = site.find(file, head, id);
            if let Some((what, advice)) = odd(site, lesson, earlier, index, id) {
                found.push(at(file, place, what, advice));
            }
        }
    }
    found
}

/// What is wrong with one of the questions.
fn odd(site: &Site<'_>, lesson: &Lesson, earlier: &[&str], index: usize, id: &str) -> Option<(String, String)> {
    let Some((of, _)) = site.course.question(id) else {
        let all = site.course.pages().flat_map(Lesson::questions).map(|question| question.id.as_str());
        let near = crate::nearest(id, all);
        let advice =
            near.map_or("dlearn read shows the questions of a lesson".into(), |near| format!("did you mean {near}?"));
        return Some((format!("there is no question `{id}`"), advice));
    };
    if !earlier.contains(&of.front.id.as_str()) {
        let what = format!("the question `{id}` belongs to no earlier lesson");
        return Some((what, "take one of a lesson that comes before this one in course.yaml".into()));
    }
    let same = |other: &String| site.course.question(other).is_some_and(|(lesson, _)| lesson.front.id == of.front.id);
    if lesson.recall[..index].iter().any(same) && earlier.len() > 1 {
        let what = format!("both questions belong to `{}`", of.front.id);
        return Some((what, "take them of two lessons, one of them further back".into()));
    }
    None
}
