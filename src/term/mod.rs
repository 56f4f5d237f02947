//! The terminal: drawing, asking, progress. Beside `report/` the only place that prints.
//!
//! Invariants: nothing here looks at the environment but [`Terminal::detect`]; everything drawn is
//! made of [`Span`]s, which hold no control character, so nothing that an engine, an image or a
//! submission says can steer the terminal; without colour no escape sequence is written; whatever
//! changes the terminal's mode puts it back when dropped, and on a panic.

mod canvas;
pub mod findings;
mod line;
pub mod live;
mod live_layout;
pub mod markdown;
mod pager;
pub mod picture;
pub mod progress;
pub mod prompt;
mod question;
pub mod quiz;
pub mod reader;
mod sanitize;
mod screen;
mod search;
mod style;
mod wrap;

pub use line::{Color, Line, Span, Style, measure, paint};
pub use live::{Frame, Live, LiveEvent};
pub use pager::show_page;
pub use progress::{Batch, Progress};
pub use prompt::{PromptError, Reply};
pub use reader::{ReadOutcome, ReadProgress};
pub use sanitize::{sanitize, sanitize_line};
pub use screen::{Screen, interrupted, restore};
pub use style::Terminal;
pub use wrap::{wrap, wrap_message, wrap_text};
