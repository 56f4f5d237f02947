//! dlearn: parse, run, exit.

use clap::Parser;
use dlearn::{cli::Cli, cmd, failure::exit};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("dlearn: the program could not start its threads: {error}");
            return ExitCode::from(exit::USAGE as u8);
        }
    };
    let code = runtime.block_on(cmd::main(cli));
    // A blocked read of the terminal must not keep the process alive.
    runtime.shutdown_background();
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
