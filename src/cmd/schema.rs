//! `dlearn schema`: what an editor needs to complete a course's files.

use super::app::App;
use crate::course::schema::{FORMATS, Format};
use crate::failure::{Failure, exit};
use crate::report::json;
use serde::Serialize;

#[derive(Debug, Serialize)]
struct SchemasReport {
    schema: &'static str,
    formats: &'static [Format],
}

pub(super) fn run(app: &App, name: Option<&str>) -> Result<i32, Failure> {
    match name {
        Some(name) => {
            let known = FORMATS.iter().map(|format| format.name);
            let format = Format::named(name)
                .ok_or_else(|| Failure::unknown("schema", name, known, "dlearn schema lists them"))?;
            json::print(&format.schema())?;
        }
        None if app.common.json => json::print(&SchemasReport { schema: "dlearn/schemas/1", formats: &FORMATS })?,
        None => {
            let list: Vec<String> =
                FORMATS.iter().map(|format| format!("- `{}`: `{}`", format.name, format.files)).collect();
            app.say(&format!("# JSON schemas\n\n{}\n\n{HOW}", list.join("\n")))?;
        }
    }
    Ok(exit::DONE)
}

const HOW: &str = "\
`dlearn schema NAME` prints one. Save it where your editor finds it, and name it in the first line of the YAML file:

```sh
dlearn schema exercise > exercise.schema.json
```

```yaml
# yaml-language-server: $schema=../../exercise.schema.json
```";
