//! dlearn: an interactive Docker course in the terminal.

pub mod check;
pub mod context;
pub mod course;
pub mod engine;
pub mod evidence;
pub mod layers;
mod nearest;

pub use nearest::nearest;
