//! JSON schemas of what authors write, made from the very types that read it: what an editor completes and marks
//! (`dlearn schema`) cannot differ from what the program accepts.
//!
//! Draft 07, because that is what editors' YAML support knows best. What may be left out is not offered as `null`: the
//! key is left out.

use super::{
    check_file::CheckFile, coverage::Coverage, exercise::Exercise, lesson::Front, outline::Outline, recipe::Recipe,
};
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde::Serialize;
use serde_json::Value;

/// A kind of file that authors write, and how its schema is made.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Format {
    /// What `dlearn schema NAME` calls it.
    pub name: &'static str,
    /// Which files of a course are written so.
    pub files: &'static str,
    #[serde(skip)]
    make: fn() -> Schema,
}

/// All of them.
pub const FORMATS: [Format; 6] = [
    Format { name: "exercise", files: "exercises/*/exercise.yaml", make: of::<Exercise> },
    Format { name: "lesson", files: "lessons/*.md (the front matter)", make: of::<Front> },
    Format { name: "course", files: "lessons/course.yaml", make: of::<Outline> },
    Format { name: "coverage", files: "lessons/coverage.yaml", make: of::<Coverage> },
    Format { name: "recipe", files: "checks/*.yaml", make: of::<Recipe> },
    Format { name: "check-file", files: "any file for dlearn check --file", make: of::<CheckFile> },
];

impl Format {
    /// Looked up by name.
    pub fn named(name: &str) -> Option<Self> {
        FORMATS.into_iter().find(|format| format.name == name)
    }

    /// The schema, as a JSON document.
    pub fn schema(&self) -> Value {
        let mut schema = (self.make)();
        schema.insert("title".into(), format!("dlearn {}", self.name).into());
        schema.insert("$comment".into(), "dlearn/schema/1".into());
        schema.to_value()
    }
}

fn of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft07()
        .with_transform(NoNull)
        .with_transform(Markdown)
        .into_generator()
        .into_root_schema_for::<T>()
}

/// Tells editors that a longer description is Markdown: in `description` they show its marks as they stand.
#[derive(Clone, Debug)]
struct Markdown;

impl Transform for Markdown {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let long = schema.get("description").filter(|text| text.as_str().is_some_and(|text| text.contains('\n')));
        if let Some(text) = long.cloned() {
            schema.insert("markdownDescription".into(), text);
        }
    }
}

/// Takes `null` out of the types and defaults of what may be left out.
#[derive(Clone, Debug)]
struct NoNull;

impl Transform for NoNull {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        if schema.get("default").is_some_and(Value::is_null) {
            schema.remove("default");
        }
        if let Some(Value::Array(types)) = schema.get_mut("type") {
            types.retain(|name| name != "null");
            if let [one] = types.as_slice() {
                let one = one.clone();
                schema.insert("type".into(), one);
            }
        }
        let null = serde_json::json!({ "type": "null" });
        let Some(Value::Array(choices)) = schema.get_mut("anyOf") else { return };
        choices.retain(|choice| *choice != null);
        if let [_] = choices.as_slice() {
            // Beside a `$ref` nothing else counts in draft 07; in `allOf` it does.
            let choices = std::mem::take(choices);
            schema.remove("anyOf");
            schema.insert("allOf".into(), Value::Array(choices));
        }
    }
}
