//! `dlearn completions` and `dlearn man`: what a shell and `man` want to know, from the command line's own types.

use crate::cli::Cli;
use crate::failure::{Failure, exit};
use crate::report;
use clap::CommandFactory;
use clap_complete::Shell;
use std::path::Path;

pub(super) fn completions(shell: Shell) -> Result<i32, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "dlearn", &mut text);
    report::raw(&String::from_utf8_lossy(&text))?;
    Ok(exit::DONE)
}

/// The page of all commands on standard output, or a page for each command in a folder.
pub(super) fn man(folder: Option<&Path>) -> Result<i32, Failure> {
    let Some(folder) = folder else {
        let mut text = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut text)?;
        report::raw(&String::from_utf8_lossy(&text))?;
        return Ok(exit::DONE);
    };
    let failed = |error: std::io::Error| {
        Failure::usage(format!("--out {}: {error}", folder.display()), "name a folder that you may write in")
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), folder).map_err(failed)?;
    eprintln!("wrote the pages into {}: man -l {}/dlearn-next.1", folder.display(), folder.display());
    Ok(exit::DONE)
}
