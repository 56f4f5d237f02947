//! `dlearn ref`: the parts of an image's name, or what is wrong with it.

use super::app::App;
use crate::failure::{Failure, exit};
use crate::reference::{DEFAULT_NAMESPACE, Reference, ReferenceError};
use crate::report::{self, json};
use crate::term::sanitize_line;
use serde::Serialize;

#[derive(Debug, Serialize)]
struct RefReport<'a> {
    schema: &'static str,
    name: &'a str,
    /// `reference` where it is one, else `error` and `help`.
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<Parts<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

#[derive(Debug, Serialize)]
struct Parts<'a> {
    registry: &'a str,
    namespace: Option<&'a str>,
    repository: &'a str,
    /// The tag that is meant; none where a digest stands alone.
    tag: Option<&'a str>,
    digest: Option<&'a str>,
    /// Everything written out.
    complete: String,
    /// What is not written and meant all the same.
    remarks: Vec<String>,
}

pub(super) fn run(app: &App, name: &str) -> Result<i32, Failure> {
    let parsed = Reference::parse(name);
    if app.common.json {
        let code = if parsed.is_ok() { exit::DONE } else { exit::USAGE };
        json::print(&report_of(name, &parsed))?;
        return Ok(code);
    }
    let reference = parsed.map_err(|error| Failure::usage(complaint(name, &error), error.help()))?;
    let parts = parts(&reference);
    let rows = [
        ("registry", Some(parts.registry)),
        ("namespace", parts.namespace),
        ("repository", Some(parts.repository)),
        ("tag", parts.tag),
        ("digest", parts.digest),
        ("complete", Some(parts.complete.as_str())),
    ];
    for (what, part) in rows {
        report::line(&format!("{what:<12}{}", sanitize_line(part.unwrap_or("none"))))?;
    }
    if !parts.remarks.is_empty() {
        report::line("")?;
    }
    let fit = textwrap::Options::new(app.terminal.text_width()).initial_indent("- ").subsequent_indent("  ");
    for remark in &parts.remarks {
        report::line(&textwrap::fill(&sanitize_line(remark), &fit))?;
    }
    Ok(exit::DONE)
}

fn complaint(name: &str, error: &ReferenceError) -> String {
    // Docker's own words tell seldom where it is.
    let place = match error {
        ReferenceError::Tag { tag } => format!(", at the tag `{tag}`"),
        ReferenceError::Digest { digest } => format!(", at the digest `{digest}`"),
        ReferenceError::Path { part } if part.is_empty() => ", where a part between slashes is empty".into(),
        ReferenceError::Path { part } => format!(", at `{part}`"),
        ReferenceError::Host { host } => format!(", at the registry `{host}`"),
        ReferenceError::Empty
        | ReferenceError::Uppercase { .. }
        | ReferenceError::Id { .. }
        | ReferenceError::TooLong
        | ReferenceError::Scheme => String::new(),
    };
    format!("`{name}`: {error}{place}")
}

fn report_of<'a>(name: &'a str, parsed: &'a Result<Reference, ReferenceError>) -> RefReport<'a> {
    let error = parsed.as_ref().err();
    RefReport {
        schema: "dlearn/ref/1",
        name,
        valid: parsed.is_ok(),
        reference: parsed.as_ref().ok().map(parts),
        error: error.map(|error| complaint(name, error)),
        help: error.map(ReferenceError::help),
    }
}

fn parts(reference: &Reference) -> Parts<'_> {
    Parts {
        registry: reference.host(),
        namespace: reference.namespace(),
        repository: reference.repository(),
        tag: reference.tag_meant(),
        digest: reference.digest(),
        complete: reference.complete(),
        remarks: remarks(reference),
    }
}

fn remarks(reference: &Reference) -> Vec<String> {
    let mut remarks = Vec::new();
    if reference.is_docker_hub() {
        let whose = match reference.namespace() {
            Some(DEFAULT_NAMESPACE) => {
                "; its namespace `library` holds Docker's official images, and nobody else pushes there".into()
            }
            Some(namespace) => format!("; `{namespace}` is a user or an organisation there"),
            None => String::new(),
        };
        remarks.push(format!("without a host, a name means Docker Hub (docker.io){whose}"));
    }
    let host = reference.host();
    if !host.contains(['.', ':']) && host.chars().any(char::is_uppercase) {
        remarks.push(format!(
            "a capital letter makes Docker take `{host}` for a registry's host; where a namespace of Docker Hub is meant, \
             write `{}/{}`",
            host.to_lowercase(),
            reference.path()
        ));
    }
    match (reference.tag(), reference.digest()) {
        (Some(tag), Some(_)) => remarks.push(format!("the digest decides which image it is; `{tag}` is for people")),
        (None, Some(_)) => {}
        (None, None) => {
            remarks.push("without a tag, `latest` is meant: a tag like any other, and not always the newest".into())
        }
        (Some("latest"), None) => remarks.push("`latest` is a tag like any other, and not always the newest".into()),
        (Some(_), None) => {}
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: &str) -> String {
        remarks(&Reference::parse(name).unwrap()).join("\n")
    }

    #[test]
    fn what_a_name_leaves_out_is_said() {
        assert!(said("shop").contains("library") && said("shop").contains("`latest` is meant"));
        assert!(said("ada/shop:v1").contains("`ada` is a user"));
        assert_eq!(said("localhost:5000/shop:v1"), "");
        assert!(
            said("Foo/bar:v1").contains("take `Foo` for a registry's host") && said("Foo/bar:v1").contains("`foo/bar`")
        );
        assert_eq!(said("Registry.example.com/bar:v1"), "");
        assert!(said(&format!("localhost:5000/shop:v1@sha256:{}", "0".repeat(64))).contains("the digest decides"));
    }

    #[test]
    fn a_complaint_names_the_place() {
        let complain = |name: &str| complaint(name, &Reference::parse(name).unwrap_err());
        assert_eq!(complain("shop:v1+0"), "`shop:v1+0`: invalid reference format, at the tag `v1+0`");
        assert!(complain("a//b").ends_with("where a part between slashes is empty"));
        assert!(complain("Shop").contains("must be lowercase"));
    }

    #[test]
    fn the_report_is_one_shape_for_both() {
        for name in ["shop", "Shop"] {
            let parsed = Reference::parse(name);
            let json = serde_json::to_value(report_of(name, &parsed)).unwrap();
            assert_eq!(json["schema"], "dlearn/ref/1");
            assert_eq!(json["valid"].as_bool().unwrap(), json.get("reference").is_some());
            assert_ne!(json["valid"].as_bool().unwrap(), json.get("help").is_some());
        }
    }
}
