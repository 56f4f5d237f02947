//! `checks/*.yaml`: named, parameterised combinations of checks. Recipes do not nest.

use super::{CourseError, template};
use crate::check::Kind;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// One recipe. `checks/README.md` is its manual.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Equal to the file's stem.
    pub name: String,
    /// What it verifies, as a short sentence.
    pub title: String,
    /// Why it matters.
    pub why: String,
    /// What to do when it fails; a check's own advice comes first.
    pub help: String,
    /// Its parameters.
    #[serde(default)]
    pub params: BTreeMap<String, Param>,
    /// The questions; each must pass.
    pub checks: Vec<Kind>,
}

/// A parameter of a recipe.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Param {
    /// What it is.
    pub about: String,
    /// Its value where none is given; without one it must be given.
    #[serde(default)]
    pub default: Option<String>,
}

impl Recipe {
    /// The recipe's questions with `given` for its parameters.
    ///
    /// # Errors
    /// For a parameter that it does not have, or that is missing.
    pub fn expand(&self, given: &BTreeMap<String, String>) -> Result<Vec<Kind>, CourseError> {
        let file = format!("checks/{}.yaml", self.name);
        if let Some(unknown) = given.keys().find(|name| !self.params.contains_key(*name)) {
            let known: Vec<&str> = self.params.keys().map(String::as_str).collect();
            return Err(CourseError::new(
                file,
                format!("the recipe has no parameter `{unknown}`"),
                format!("its parameters are: {}", known.join(", ")),
            ));
        }
        let mut values = BTreeMap::new();
        for (name, param) in &self.params {
            let value = given.get(name).or(param.default.as_ref()).ok_or_else(|| {
                CourseError::new(&file, format!("the parameter `{name}` is missing"), format!("it is: {}", param.about))
            })?;
            values.insert(name.clone(), value.clone());
        }
        self.checks
            .iter()
            .map(|kind| template::fill_kind(kind, &values).map_err(|what| CourseError::new(&file, what, "")))
            .collect()
    }
}
