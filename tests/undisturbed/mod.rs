//! The docker command beside other tests.

use std::process::{Command, Output};
use std::time::Duration;

/// The output of a docker command. It runs again where the containerd store or the classic builder's cache stumbled
/// over an image of another test that was removed at that moment (seen with 20.10 and 28.5).
pub fn undisturbed(command: &mut Command) -> Output {
    const TRIES: u32 = 8;
    const STUMBLES: [&str; 5] = [
        "failed to export image: failed to create image: failed to get layer",
        "failed to export image: failed to set parent",
        "No such image: sha256:",
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
    for tries in 1..TRIES {
        let output = run();
        if !stumbled(&output) {
            return output;
        }
        // The containerd store's cache finds what was removed for some moments more.
        std::thread::sleep(Duration::from_millis(50) * 2_u32.pow(tries - 1));
    }
    run()
}
