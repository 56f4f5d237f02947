//! Links in Markdown. Nothing is asked of the network: an address elsewhere only has to be one.

use super::Finding;
use super::site::{Site, at, yaml_of};
use crate::course::place::At;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// Links and images of a Markdown text.
fn targets(text: &str) -> Vec<String> {
    let links = Parser::new_ext(text, Options::all()).filter_map(|event| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(dest_url.to_string()),
        _ => None,
    });
    links.collect()
}

/// The anchors of a Markdown text's headings, made as GitHub makes them: small letters, words joined by dashes.
fn anchors(text: &str) -> Vec<String> {
    let mut anchors = Vec::new();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::all()) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => anchors.extend(heading.take().map(|title| {
                let kept = title
                    .to_lowercase()
                    .chars()
                    .filter(|c| c.is_alphanumeric() || "-_ ".contains(*c))
                    .collect::<String>();
                kept.replace(' ', "-")
            })),
            Event::Text(text) | Event::Code(text) => {
                if let Some(title) = &mut heading {
                    title.push_str(&text);
                }
            }
            _ => {}
        }
    }
    anchors
}

/// A path with `.` and `..` taken away; none where it leads out of the course.
fn joined(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// What is wrong with a link that stands in `text`, a file in `folder`.
fn wrong(site: &Site<'_>, folder: &str, text: &str, target: &str) -> Option<(String, String)> {
    let elsewhere = ["https://", "http://", "mailto:"];
    if elsewhere.iter().any(|scheme| target.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty())) {
        return None;
    }
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let in_text = if path.is_empty() {
        text
    } else {
        let known = joined(folder, path).filter(|path| {
            site.paths.contains(path) || site.paths.iter().any(|file| file.starts_with(&format!("{path}/")))
        });
        let Some(path) = known else {
            let what = format!("the link to `{target}` leads to no file of the course");
            return Some((what, "a link is relative to the file that it stands in".into()));
        };
        site.text(&path)
    };
    let anchor = anchor?;
    let known = anchors(in_text);
    if known.iter().any(|name| name == anchor) {
        return None;
    }
    let near = crate::nearest(anchor, known.iter().map(String::as_str));
    let advice = near.map_or("a heading's anchor is its words in small letters, joined by dashes".into(), |near| {
        format!("did you mean #{near}?")
    });
    Some((format!("the link to `{target}` leads to no heading"), advice))
}

/// Links lead to files and headings that exist.
pub(super) fn links(site: &Site<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let markdown = site.paths.iter().filter(|path| {
        // What lies in an exercise's start/ and cases is the learner's.
        path.ends_with(".md") && (!path.starts_with("exercises/") || path.matches('/').count() == 1)
    });
    for file in markdown {
        let (text, folder) = (site.text(file), file.rsplit_once('/').map_or("", |(folder, _)| folder));
        for target in targets(text) {
            if let Some((what, advice)) = wrong(site, folder, text, &target) {
                found.push(at(file, site.find_in(file, &target), what, advice));
            }
        }
    }
    for entry in site.course.exercises.values() {
        let (file, folder) = (yaml_of(entry), format!("exercises/{}/start", entry.folder));
        for (place, text) in site.prose(&file) {
            for target in targets(text) {
                if let Some((what, advice)) = wrong(site, &folder, text, &target) {
                    let place = site.find(&file, At { line: place.line, column: 1 }, &target);
                    let advice = if target.contains('#') { advice } else { "a learner has the files of start/".into() };
                    found.push(at(&file, place, what, advice));
                }
            }
        }
    }
    found
}
