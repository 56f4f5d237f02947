//! How long somebody waits for the first screen: from starting the release binary in a pseudo-terminal of 80 columns
//! and 24 rows until its last row is drawn. It is to be 30 ms at most on a machine that is not busy.
//!
//! `cargo bench --bench first_screen`

#[path = "../tests/common/pty.rs"]
mod pty;

use pty::{CommandBuilder, Pty};

fn main() {
    divan::main();
}

/// Starts `dlearn ARGS` with a home directory of its own and waits for its screen.
fn first_screen(user: &std::path::Path, args: &[&str]) -> Pty {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_dlearn"));
    command.args(args);
    command.arg("--dir");
    command.arg(user.join("dlearn"));
    command.env("HOME", user);
    command.cwd(user);
    let pty = Pty::spawn(command, 80, 24, &[]);
    pty.shows("q leave");
    pty
}

/// A lesson in the reader, nothing recorded.
#[divan::bench(sample_count = 50, sample_size = 1)]
fn read(bencher: divan::Bencher<'_, '_>) {
    let user = tempfile::tempdir().expect("a folder");
    bencher.bench_local(|| first_screen(user.path(), &["read", "L06"]));
}

/// A session that goes on where it was.
#[divan::bench(sample_count = 50, sample_size = 1)]
fn next(bencher: divan::Bencher<'_, '_>) {
    let user = tempfile::tempdir().expect("a folder");
    let go_on = || first_screen(user.path(), &["next"]);
    let mut begun = go_on();
    begun.press("q");
    assert!(begun.end().0, "the course has begun");
    bencher.with_inputs(|| ()).bench_local_values(|()| go_on());
}
