//! The generated JSON schemas accept what the program accepts, and tell an author's slips.

use boon::{Compiler, SchemaIndex, Schemas};
use dlearn::course::schema::{FORMATS, Format};
use dlearn::course::{Source, read_yaml};
use serde_json::{Value, json};

/// A schema, ready to validate with.
struct Ready {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Ready {
    fn named(name: &str) -> Self {
        let mut compiler = Compiler::new();
        let mut schemas = Schemas::new();
        let place = format!("mem:///{name}.json");
        compiler.add_resource(&place, Format::named(name).unwrap().schema()).unwrap();
        let index = compiler.compile(&place, &mut schemas).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        Self { schemas, index }
    }

    fn says(&self, document: &Value) -> Result<(), String> {
        self.schemas.validate(document, self.index).map_err(|error| format!("{error:#}"))
    }
}

fn yaml(text: &str) -> Value {
    read_yaml(text).unwrap_or_else(|(at, what)| panic!("{at:?}: {what}"))
}

fn front_matter(text: &str) -> &str {
    text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).expect("front matter").0
}

/// The YAML block of a manual that begins so.
fn example(manual: &'static str, begins: &str) -> &'static str {
    let mut blocks = manual.split("\n```yaml\n").filter_map(|rest| rest.split("\n```\n").next());
    blocks.find(|block| block.starts_with(begins)).expect("the manual has an example")
}

/// What the embedded course has of one format: path and document.
fn documents(format: &str) -> Vec<(String, Value)> {
    let (top, fits): (&str, fn(&str) -> bool) = match format {
        "exercise" => ("exercises", |path| path.ends_with("/exercise.yaml")),
        "lesson" => ("lessons", |path| path.ends_with(".md") && !path.ends_with("README.md")),
        "course" => ("lessons", |path| path == "course.yaml"),
        "coverage" => ("lessons", |path| path == "coverage.yaml"),
        // No part of a course: the manual has one.
        "check-file" => return vec![("README.md".into(), yaml(example(include_str!("../README.md"), "title:")))],
        _ => ("checks", |path| path.ends_with(".yaml")),
    };
    let files = Source::Embedded.files(top).unwrap();
    let fitting = files.into_iter().filter(|(path, _)| fits(path));
    fitting
        .map(|(path, content)| {
            let text = String::from_utf8(content).unwrap();
            let document = if format == "lesson" { yaml(front_matter(&text)) } else { yaml(&text) };
            (path, document)
        })
        .collect()
}

#[test]
fn everything_in_the_embedded_course_fits_its_schema() {
    for format in FORMATS {
        let (ready, documents) = (Ready::named(format.name), documents(format.name));
        assert!(!documents.is_empty(), "{}", format.name);
        for (path, document) in documents {
            ready.says(&document).unwrap_or_else(|error| panic!("{path}: {error}"));
        }
    }
}

#[test]
fn the_complete_example_of_the_manual_fits() {
    let example = example(include_str!("../exercises/README.md"), "id: X01");
    Ready::named("exercise").says(&yaml(example)).unwrap();
}

/// The embedded E01 with one thing changed at `pointer`.
fn e01(change: impl Fn(&mut Value)) -> Value {
    let (_, mut document) =
        documents("exercise").into_iter().find(|(path, _)| path.starts_with("E01")).expect("E01 exists");
    change(&mut document);
    document
}

/// Spoils a document.
type Slip = fn(&mut Value);

#[test]
fn an_authors_slips_are_told() {
    let ready = Ready::named("exercise");
    ready.says(&e01(|_| {})).unwrap();
    let slips: [(&str, Slip); 10] = [
        ("an unknown key", |it| it["titel"] = json!("x")),
        ("a missing field", |it| drop(it.as_object_mut().unwrap().remove("task"))),
        ("an unknown kind", |it| it["checks"][1]["check"] = json!({ "image_exist": { "image": "app" } })),
        ("two kinds at once", |it| it["checks"][1]["check"]["token"] = json!({ "image": "app", "path": "/t" })),
        ("an unknown field of a kind", |it| it["checks"][1]["check"]["image_exists"]["imgae"] = json!("app")),
        ("a missing field of a kind", |it| it["checks"][1]["check"]["image_exists"] = json!({})),
        ("a text where a number belongs", |it| it["minutes"] = json!("ten")),
        ("a check without a question", |it| drop(it["checks"][1].as_object_mut().unwrap().remove("check"))),
        ("a question and a recipe", |it| it["checks"][1]["recipe"] = json!({ "name": "built-here" })),
        ("an unknown step", |it| it["cases"]["wrong"]["stale"]["steps"][0] = json!({ "biuld": { "image": "app" } })),
    ];
    for (what, slip) in slips {
        assert!(ready.says(&e01(slip)).is_err(), "{what}");
    }
    let recipe = json!({ "name": "x", "title": "x", "why": "x", "help": "", "checks": [{ "http": {} }] });
    assert!(Ready::named("recipe").says(&recipe).is_err(), "a kind without its field");
    assert!(Ready::named("lesson").says(&json!({ "id": "L01", "title": "x", "minutes": 3 })).is_err(), "no objective");
    let course = json!({ "course": "x", "title": "x", "modules": [{ "id": "M", "title": "x", "item": [] }] });
    assert!(Ready::named("course").says(&course).is_err(), "item for items");
}

/// Every property below a schema, with its path.
fn properties(schema: &Value, path: &str, found: &mut Vec<(String, Value)>) {
    match schema {
        Value::Object(fields) => {
            for (key, value) in fields {
                if let ("properties", Value::Object(properties)) = (key.as_str(), value) {
                    found.extend(properties.iter().map(|(name, value)| (format!("{path}/{name}"), value.clone())));
                }
                properties_of(value, &format!("{path}/{key}"), found);
            }
        }
        other => properties_of(other, path, found),
    }
}

fn properties_of(value: &Value, path: &str, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(_) => properties(value, path, found),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                properties(item, &format!("{path}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn an_editor_can_say_of_every_field_what_it_is() {
    for format in FORMATS {
        let mut found = Vec::new();
        properties(&format.schema(), "", &mut found);
        let silent: Vec<&String> = found
            .iter()
            .filter(|(_, schema)| schema.get("description").is_none() && schema.get("$ref").is_none())
            // A word of an enum is told of by the object around it.
            .filter(|(path, _)| !path.contains("/oneOf/"))
            .map(|(path, _)| path)
            .collect();
        assert!(!found.is_empty() && silent.is_empty(), "{}: {silent:?}", format.name);
    }
}

#[test]
fn no_field_is_offered_as_null() {
    for format in FORMATS {
        let text = format.schema().to_string();
        assert!(!text.contains("null"), "{}: {text}", format.name);
    }
}
