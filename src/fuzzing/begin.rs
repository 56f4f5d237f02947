//! What a fuzzer's program does before it fuzzes.

use super::Target;
use std::path::Path;

/// Names the folder that seeds are written into.
const SEEDS: &str = "DLEARN_FUZZ_SEEDS";

/// Writes the target's seeds, where that is asked for (`DLEARN_FUZZ_SEEDS=FOLDER`), and ends the program.
///
/// # Panics
/// Where they cannot be written.
pub fn begin(target: &Target) {
    let Some(folder) = std::env::var_os(SEEDS) else { return };
    for (number, seed) in (target.seeds)().iter().enumerate() {
        let path = Path::new(&folder).join(format!("seed-{number:03}"));
        std::fs::write(&path, seed).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    std::process::exit(0);
}
