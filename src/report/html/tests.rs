use super::*;
use crate::report::hostile::{NEVER, book};
use std::collections::BTreeSet;

/// Every tag of a page as it stands there, without what is inside the style sheet.
fn tags(page: &str) -> Vec<&str> {
    let (before, rest) = page.split_once("<style>").unwrap();
    let (_, after) = rest.split_once("</style>").unwrap();
    [before, after]
        .into_iter()
        .flat_map(|part| part.split('<').skip(1))
        .map(|tag| tag.split('>').next().unwrap())
        .collect()
}

#[test]
fn nothing_of_a_submission_is_markup_and_nothing_is_loaded() {
    let page = page(&book()).unwrap();
    assert!(!page.contains(NEVER), "{page}");
    assert!(page.contains("{{ 7*7 }}"), "a value is no template");
    let names: BTreeSet<&str> =
        tags(&page).iter().map(|tag| tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap()).collect();
    let known = [
        "!DOCTYPE", "a", "abbr", "article", "bdi", "body", "caption", "code", "col", "colgroup", "dd", "details",
        "div", "dl", "dt", "fieldset", "h1", "h2", "h3", "h4", "head", "header", "html", "input", "label", "legend",
        "li", "main", "meta", "nav", "p", "rect", "section", "span", "summary", "svg", "table", "tbody", "td", "tfoot",
        "th", "thead", "title", "tr", "ul",
    ];
    assert_eq!(names.into_iter().filter(|name| !known.contains(name)).collect::<Vec<_>>(), Vec::<&str>::new());
    for tag in tags(&page) {
        // Without the values, which quotes cannot leave.
        let names: String = tag.split('"').step_by(2).collect();
        assert!(!names.contains(" on") && !names.contains("src=") && !names.contains(" style="), "{tag}");
        let target = tag.split_once("href=\"").map(|(_, rest)| rest);
        assert!(target.is_none_or(|target| target.starts_with('#')), "{tag}");
    }
    assert!(!page.contains("url(") && !page.contains("@import"));
}

#[test]
fn the_policy_allows_the_one_style_sheet_and_nothing_else() {
    let page = page(&book()).unwrap();
    let policy = page.split("Content-Security-Policy\" content=\"").nth(1).unwrap().split('"').next().unwrap();
    let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style));
    assert_eq!(policy, format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"));
    assert!(page.find("Content-Security-Policy").unwrap() < page.find("<style>").unwrap());
}

#[test]
fn every_table_has_a_caption_and_headers_with_a_scope_and_every_link_leads_somewhere() {
    let page = page(&book()).unwrap();
    assert_eq!(page.matches("<table").count(), page.matches("<caption").count());
    assert!(
        tags(&page).iter().filter(|tag| tag.starts_with("th ") || **tag == "th").all(|tag| tag.contains("scope=\""))
    );
    let ids: Vec<&str> = page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "an id is there twice: {ids:?}");
    for named in ["href=\"#", "aria-labelledby=\""] {
        for target in page.split(named).skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(ids.contains(&target), "{named}{target}");
        }
    }
}

#[test]
fn everybody_is_there_with_what_is_not_final_apart() {
    let page = page(&book()).unwrap();
    for says in [
        "<dt>not judged in full</dt><dd>3</dd>",
        "<dt>in the roster without submission</dt><dd>1</dd>",
        "What could not be judged, and why",
        "<h2 id=\"alike\">",
        "own lines 100 % alike",
        "the same token",
        "the folder round-2 was not handed in",
        "longer than 300 s",
        "<td>2<span class=\"hidden\"> of </span>",
    ] {
        assert!(page.contains(says), "{says:?} is not in\n{page}");
    }
    let empty = Gradebook { submissions: Vec::new(), missing: Vec::new(), similar: Vec::new(), ..book() };
    assert!(super::page(&empty).unwrap().contains("<dt>submissions</dt><dd>0</dd>"));
}
