//! What commands report, one file for each format. The JSON shapes are stable; README documents them.

pub mod gradebook;
pub mod json;

use std::io::Write;

/// Prints text and a line feed on standard output; control characters in it are left out.
///
/// # Errors
/// Where standard output cannot be written. A reader that went away (`dlearn list | head`) is none.
pub fn line(text: &str) -> std::io::Result<()> {
    raw(&crate::term::sanitize(text))
}

/// The same for text that holds no control characters.
fn raw(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
