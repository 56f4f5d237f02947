//! What a course is to teach is taught: `lessons/coverage.yaml`.

use super::Finding;
use super::site::{Site, at};
use crate::course::coverage::{Coverage, FILE, NoPlace};
use crate::course::place::{At, Node};
use crate::course::source::{self, yaml_at};
use crate::course::{Item, Lesson};
use std::collections::BTreeSet;

/// Each item names places that exist, and each lesson, exercise and reference is one of them.
pub(super) fn coverage(site: &Site<'_>) -> Vec<Finding> {
    let text = site.text(FILE);
    if text.is_empty() {
        return Vec::new();
    }
    // No learner needs it, so it is read here only.
    if let Err(error) = yaml_at::<Coverage>(FILE, text, 0) {
        return vec![source::located(error, text).into()];
    }
    let tree = site.tree(FILE);
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for item in below(tree, "parts").iter().flat_map(|part| below(part, "items")) {
        let names = item.get("at").map(Node::texts).unwrap_or_default();
        if names.is_empty() {
            let what = item.get("what").and_then(Node::text).unwrap_or_default();
            let advice = "name a section (L01#Heading), a question or an exercise";
            found.push(at(FILE, item.at, format!("nothing teaches `{what}`"), advice));
        }
        for (place, name) in names {
            match site.course.place(name) {
                Ok(id) => drop(seen.insert(id)),
                Err(why) => {
                    if let NoPlace::WholeLesson(page) | NoPlace::Section(page) = why {
                        seen.insert(&page.front.id);
                    }
                    found.push(no_place(site, place, name, &why));
                }
            }
        }
    }
    let items = site.course.items();
    let references = site.course.references.keys().map(String::as_str);
    for id in items.iter().map(Item::id).chain(references).filter(|id| !seen.contains(id)) {
        let what = format!("`{id}` teaches nothing of what stands here");
        found.push(at(FILE, tree.at, what, "name it at an item, or enter what it teaches"));
    }
    found
}

fn below<'n>(node: &'n Node, key: &str) -> &'n [Node] {
    node.get(key).map(Node::items).unwrap_or_default()
}

fn no_place(site: &Site<'_>, place: At, name: &str, why: &NoPlace<'_>) -> Finding {
    let sections = |page: &Lesson| page.sections.iter().map(|section| section.title.clone()).collect::<Vec<_>>();
    let near = |wanted: &str, all: &[String]| {
        crate::nearest(wanted, all.iter().map(String::as_str)).map(|near| format!("did you mean {near}?"))
    };
    let (what, advice) = match why {
        NoPlace::Nothing => {
            let id = name.split('#').next().unwrap_or_default();
            let all: Vec<String> = site.course.all_ids().map(str::to_owned).collect();
            (format!("there is no lesson, exercise or reference `{id}`"), near(id, &all))
        }
        NoPlace::WholeLesson(page) => (
            format!("`{name}` is a whole lesson"),
            Some(format!("say which section, {name}#HEADING; its headings are: {}", sections(page)[1..].join(", "))),
        ),
        NoPlace::Section(page) => {
            let heading = name.split_once('#').map_or("", |(_, heading)| heading);
            let all = sections(page);
            (
                format!("{} has no section `{heading}`", page.front.id),
                near(heading, &all).or(Some(format!("its sections are: {}", all.join(", ")))),
            )
        }
        NoPlace::Question => {
            let all: Vec<String> =
                site.course.pages().flat_map(Lesson::questions).map(|question| question.id.clone()).collect();
            (format!("there is no question `{name}`"), near(name, &all))
        }
    };
    at(FILE, place, what, advice.unwrap_or_else(|| "take it out, or write it".into()))
}
