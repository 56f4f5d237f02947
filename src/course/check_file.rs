//! A file of checks for images outside a course (`dlearn check --file`): the checks of an exercise, without the exercise.

use super::recipe::Recipe;
use super::round::{self, Round};
use super::{CourseError, source};
use crate::check::{CheckSpec, Kind, Subject};
use crate::reference::Reference;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The largest file that is read, in bytes.
pub const LARGEST: u64 = 1 << 20;

/// A file of checks.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckFile {
    /// What the report calls it; by default the file's name.
    #[serde(default)]
    pub title: Option<String>,
    /// The file's own names for the images that it is about, and their names on the engine. `--image` may name others.
    pub images: BTreeMap<String, String>,
    /// Other images that checks name: bases, or one with tools.
    #[serde(default)]
    pub bases: Vec<String>,
    /// What is verified, in this order.
    pub checks: Vec<CheckSpec>,
}

impl CheckFile {
    /// Reads one.
    ///
    /// # Errors
    /// Line, column and advice where it is not what it should be.
    pub fn read(file: &str, text: &str) -> Result<Self, CourseError> {
        let read: Self = source::yaml_at(file, text, 0)?;
        let none = |what: &str, help: &str| Err(CourseError::new(file, what, help));
        match &read {
            Self { images, .. } if images.is_empty() => none("it names no image", "images: { app: NAME }"),
            Self { checks, .. } if checks.is_empty() => none("it has no checks", "dlearn explain shows what there is"),
            _ => Ok(read),
        }
    }

    /// Whether any of its checks is a recipe.
    pub fn has_recipes(&self) -> bool {
        self.checks.iter().any(|check| check.recipe.is_some())
    }

    /// Names for its images: `NAME` where it has one image only, or `ALIAS=NAME`.
    ///
    /// # Errors
    /// What is wrong with one of them, and what to do.
    pub fn name(&mut self, names: &[String]) -> Result<(), (String, String)> {
        let aliases = self.images.keys().cloned().collect::<Vec<_>>().join(", ");
        for text in names {
            let (alias, name) = match text.split_once('=') {
                Some((alias, name)) => (Some(alias), name),
                None => (None, text.as_str()),
            };
            if let Err(error) = Reference::parse(name) {
                return Err((format!("--image {text}: {error}"), "write an image's name: shop/web:1".into()));
            }
            let only = self.images.len() == 1;
            let place = match alias {
                Some(alias) => self.images.get_mut(alias),
                None => self.images.values_mut().next().filter(|_| only),
            };
            match place {
                Some(place) => name.clone_into(place),
                None if alias.is_none() => {
                    let help = format!("say which: --image ALIAS={text}; its aliases are {aliases}");
                    return Err((format!("the file is about several images, and `{text}` is one name"), help));
                }
                None => {
                    let alias = alias.unwrap_or_default();
                    return Err((format!("the file has no image `{alias}`"), format!("its aliases are {aliases}")));
                }
            }
        }
        Ok(())
    }

    /// The checks, ready to be judged. `file` is what the report calls it.
    ///
    /// # Errors
    /// Where they do not fit together, with the line.
    pub fn round(&self, file: &str, text: &str, recipes: &BTreeMap<String, Recipe>) -> Result<Round, CourseError> {
        let values = self.images.iter().map(|(alias, name)| (format!("image.{alias}"), name.clone())).collect();
        let checks = round::resolved(&self.checks, recipes, &values, &self.images, &self.bases, file)
            .map_err(|error| source::located(error, text))?;
        // What an exercise knows of its learner, nobody knows here.
        let of_learners = |kind: &&Kind| matches!(kind, Kind::Token(_) | Kind::Registry(_));
        let asks = checks.iter().flat_map(|check| check.asks.iter().map(move |kind| (check, kind)));
        if let Some((check, kind)) = asks.into_iter().find(|(_, kind)| of_learners(kind)) {
            let what = format!("check `{}` is of the kind `{}`, which only exercises have", check.id, kind.name());
            return Err(source::located(CourseError::new(file, what, "take it out"), text));
        }
        let title = self.title.clone().unwrap_or_else(|| file.to_owned());
        let subject = Subject { images: self.images.clone(), token: String::new() };
        Ok(Round::of_checks(file, title, subject, self.bases.clone(), checks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
images: { app: shop/web:1 }
bases: [alpine:3.20]
checks:
  - id: user
    title: Nobody is root
    check: { config: { image: app, user: { equals: \"1000\" } } }
  - id: base
    title: It is on Alpine
    check: { extends: { image: app, base: alpine:3.20 } }
";

    fn round(text: &str, names: &[&str]) -> Result<Round, String> {
        let mut file = CheckFile::read("image.yaml", text).map_err(|error| error.to_string())?;
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        file.name(&names).map_err(|(what, help)| format!("{what}\n{help}"))?;
        file.round("image.yaml", text, &BTreeMap::new()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_is_about_its_images_or_those_that_are_named_instead() {
        assert_eq!(round(TEXT, &[]).unwrap().subject.images["app"], "shop/web:1");
        assert_eq!(round(TEXT, &["shop/web:2"]).unwrap().subject.images["app"], "shop/web:2");
        assert_eq!(round(TEXT, &["app=shop/web:3"]).unwrap().subject.images["app"], "shop/web:3");
        assert!(round(TEXT, &[""]).unwrap_err().contains("--image"));
        assert!(round(TEXT, &["app=Web"]).unwrap_err().contains("--image app=Web"));
        assert!(round(TEXT, &["web=shop/web:3"]).unwrap_err().contains("its aliases are app"));
        let two = TEXT.replace("app: shop/web:1", "app: shop/web:1, test: shop/test:1");
        assert!(round(&two, &["shop/web:3"]).unwrap_err().contains("say which: --image ALIAS=shop/web:3"));
        assert_eq!(round(&two, &["test=shop/test:2"]).unwrap().subject.images["test"], "shop/test:2");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (from, to, says) in [
            ("config: { image: app", "config: { image: web", "check `user` asks about the image web"),
            ("id: base", "id: user", "two checks have the id `user`"),
            ("checks:", "check:", "line 3"),
            ("images: { app: shop/web:1 }", "images: {}", "it names no image"),
            ("check: { config: { image: app, user: { equals: \"1000\" } } }", "recipe: { name: x }", "no recipe `x`"),
            (
                "check: { extends: { image: app, base: alpine:3.20 } }",
                "check: { token: { image: app, path: /token } }",
                "`token`, which only exercises have",
            ),
            ("\"1000\"", "\"{{user}}\"", "`user`, which stands for nothing"),
        ] {
            assert!(TEXT.contains(from), "{from}");
            let told = round(&TEXT.replace(from, to), &[]).unwrap_err();
            assert!(told.contains(says), "{told}");
        }
    }
}
