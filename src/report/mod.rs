//! What commands report, one file for each format. The JSON shapes are stable; README documents them.

pub mod check_junit;
pub mod gradebook;
pub mod gradescope;
pub mod html;
pub mod json;
pub mod junit;
pub mod lines;
pub mod markdown;
pub mod marks_junit;

#[cfg(test)]
pub(crate) mod hostile;
#[cfg(test)]
mod hostile_tests;

use std::io::Write;
use std::path::Path;

/// Prints text and a line feed on standard output; control characters in it are left out.
///
/// # Errors
/// Where standard output cannot be written. A reader that went away (`dlearn list | head`) is none.
pub fn line(text: &str) -> std::io::Result<()> {
    raw(&crate::term::sanitize(text))
}

/// The same for text that holds no control characters.
pub fn raw(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Bytes as docker shows them: powers of a thousand.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// Writes a whole file at once, for whoever may enter its folder; a link that lies there is replaced, and not what it
/// points to.
///
/// # Errors
/// Where it cannot be written, with its path.
pub fn file(path: &Path, content: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = || -> std::io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".dlearn-").tempfile_in(folder)?;
        file.write_all(content)?;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
        file.persist(path).map_err(|refused| refused.error)?;
        Ok(())
    };
    written().map_err(|error| std::io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}
