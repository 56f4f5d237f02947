//! The docker command beside other tests.

use std::process::{Command, Output};

/// The output of a docker command. It runs again where the containerd store or the classic builder's cache stumbled
/// over an image of another test that was removed at that moment (seen with 20.10 and 28.5).
pub fn undisturbed(command: &mut Command) -> Output {
    const TRIES: usize = 10;
    const STUMBLES: [&str; 5] = [
        "failed to export image: failed to create image: failed to get layer",
        "failed to export image: failed to set parent",
        "failed to export image: no such image",
        "unable to find image \"sha256:",
        "NotFound: content digest",
    ];
    let mut run = || match command.output() {
        Ok(output) => output,
        Err(error) => panic!("these tests need docker and an engine: ./scripts/engine start\n{error}"),
    };
    let stumbled = |output: &Output| {
        let said = String::from_utf8_lossy(&output.stderr);
        !output.status.success() && STUMBLES.iter().any(|words| said.contains(words))
    };
    for _ in 1..TRIES {
        let output = run();
        if !stumbled(&output) {
            return output;
        }
    }
    run()
}
