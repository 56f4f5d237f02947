//! A gradebook as one page of HTML that needs nothing else: no script, no network, no other file.
//!
//! Invariants: the template escapes every value (its name ends in `.html`, minijinja's rule for that), and every text
//! that a submission had a part in went through [`crate::term::sanitize`] before; the page's own policy allows its one
//! style sheet, by hash, and nothing else; no state is told by colour alone.

mod view;

use crate::grade::gradebook::Gradebook;
use base64::Engine as _;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value, context};
use sha2::{Digest, Sha256};
use view::View;

const STYLE: &str = include_str!("style.css");
/// The macros, and the page that uses them.
const TEMPLATE: &str = concat!(include_str!("parts.html"), include_str!("report.html"));
/// Its ending has every value escaped.
const NAME: &str = "report.html";

/// The page.
///
/// # Errors
/// Where the template and what it shows do not fit together, which is a fault of dlearn's.
pub fn page(book: &Gradebook) -> Result<String, String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.map_err(told)?);
    environment.add_template(NAME, TEMPLATE).map_err(told)?;
    let style = Value::from_safe_string(STYLE.to_owned());
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE));
    let view = Value::from(Serde(View::of(book)));
    let template = environment.get_template(NAME).map_err(told)?;
    let page = template.render(context! { view, style, hash }).map_err(told)?;
    Ok(page.trim_start().to_owned() + "\n")
}

fn told(error: minijinja::Error) -> String {
    format!("{error:#}")
}

#[cfg(test)]
mod tests;
