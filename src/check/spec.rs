//! A check as an author writes it, and as it is judged.

use super::Kind;
use crate::course::{CourseError, recipe::Recipe};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// One entry of `checks:` in an exercise.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{ "required": ["check"] }, { "required": ["recipe"] }]))]
pub struct CheckSpec {
    /// Unique in its exercise (`built`).
    pub id: String,
    /// What the learner reads, as a statement that is true when it passes.
    pub title: String,
    /// What is asked: a kind of check and its fields.
    #[serde(default)]
    pub check: Option<Kind>,
    /// Or a recipe from `checks/`.
    #[serde(default)]
    pub recipe: Option<RecipeUse>,
    /// Points of this check relative to the others.
    #[serde(default = "one")]
    pub weight: u32,
    /// Checks that must pass before this one is judged.
    #[serde(default)]
    pub after: Vec<String>,
    /// Not shown to learners.
    #[serde(default)]
    pub hidden: bool,
    /// The exercise is passed without it; its points are earned only with it.
    #[serde(default)]
    pub optional: bool,
    /// Advice instead of the kind's own.
    #[serde(default)]
    pub advice: Option<String>,
}

/// A recipe and its parameters.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecipeUse {
    /// File stem in `checks/`.
    pub name: String,
    /// Its parameters.
    #[serde(default)]
    pub with: BTreeMap<String, String>,
}

fn one() -> u32 {
    1
}

/// A check that is ready to be judged.
#[derive(Clone, Debug)]
pub struct Check {
    /// Unique in its round.
    pub id: String,
    /// What the learner reads.
    pub title: String,
    /// The questions; each must pass.
    pub asks: Vec<Kind>,
    /// Points relative to the others.
    pub weight: u32,
    /// Checks that must pass before.
    pub after: Vec<String>,
    /// Not shown to learners.
    pub hidden: bool,
    /// The exercise is passed without it.
    pub optional: bool,
    /// Advice instead of the kind's own.
    pub advice: Option<String>,
}

impl Check {
    /// A `{{name}}` in its questions that stood for nothing.
    pub fn unfilled(&self) -> Option<String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._- ".contains(c);
        let names = |text: &str| {
            let parts = text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}"));
            parts.map(|(name, _)| name.trim().to_owned()).collect::<Vec<_>>()
        };
        self.asks.iter().find_map(|ask| {
            let later = |name: &str| ask.later().contains(&name);
            let text = serde_json::to_string(ask).ok()?;
            names(&text)
                .into_iter()
                .find(|name| !name.is_empty() && !name.starts_with('.') && name.chars().all(plain) && !later(name))
        })
    }

    /// An image that the check asks about and that is neither the exercise's own nor a base of it.
    pub fn foreign_image(&self, images: &BTreeMap<String, String>, bases: &[String]) -> Option<String> {
        let named = self.asks.iter().filter_map(|ask| serde_json::to_value(ask).ok()).flat_map(|ask| {
            let fields = ask.as_object().into_iter().flat_map(|kinds| kinds.values()).cloned().collect::<Vec<_>>();
            let name =
                |field: &serde_json::Value, key: &str| field.get(key).and_then(|name| name.as_str()).map(str::to_owned);
            fields
                .iter()
                .flat_map(|field| [name(field, "image"), name(field, "base"), name(field, "from")])
                .flatten()
                .collect::<Vec<_>>()
        });
        let mut foreign = named.filter(|name| !images.contains_key(name) && !bases.contains(name));
        foreign.next()
    }
}

impl CheckSpec {
    /// Looks up the recipe and fills in names and drawn values.
    ///
    /// # Errors
    /// For an unknown recipe or parameter, or a value that does not fit.
    pub fn resolve(
        &self,
        recipes: &BTreeMap<String, Recipe>,
        values: &BTreeMap<String, String>,
    ) -> Result<Check, CourseError> {
        let here = |what: String, help: String| CourseError::new("", format!("check `{}`: {what}", self.id), help);
        let mut advice = self.advice.clone();
        let asks = match (&self.check, &self.recipe) {
            (Some(kind), None) => vec![kind.clone()],
            (None, Some(used)) => {
                let recipe = recipes.get(&used.name).ok_or_else(|| {
                    let near = crate::nearest(&used.name, recipes.keys().map(String::as_str));
                    let help =
                        near.map(|near| format!("did you mean `{near}`?")).unwrap_or_else(|| "see checks/".into());
                    here(format!("there is no recipe `{}`", used.name), help)
                })?;
                advice = advice.or_else(|| Some(recipe.help.clone()).filter(|help| !help.is_empty()));
                recipe.expand(&used.with).map_err(|error| here(error.what, error.help))?
            }
            _ => return Err(here("it needs either check: or recipe:".into(), "write one of the two".into())),
        };
        let asks = asks
            .iter()
            .map(|kind| crate::course::fill_kind(kind, values).map_err(|what| here(what, String::new())))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Check {
            id: self.id.clone(),
            title: crate::course::fill(&self.title, values),
            asks,
            weight: self.weight,
            after: self.after.clone(),
            hidden: self.hidden,
            optional: self.optional,
            advice: advice.map(|advice| crate::course::fill(&advice, values)),
        })
    }
}
