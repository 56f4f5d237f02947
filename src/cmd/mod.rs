//! The commands, one file for each, named after it.

mod app;
mod check;
mod check_file;
mod clean;
mod context;
mod dockerfile;
mod doctor;
mod evidence;
mod exercise;
mod explain;
mod finished;
mod grade;
mod grade_class;
mod grade_example;
mod grade_files;
mod grade_parts;
mod hint;
mod images;
mod join;
mod keys;
mod known;
mod lanes;
mod layers;
mod lint;
mod list;
mod live;
mod new;
mod next;
mod open;
mod quiz;
mod read;
mod reference;
mod reset;
mod schema;
mod selfcheck;
mod selfcheck_lessons;
mod selfcheck_memory;
mod selfcheck_mutate;
mod service;
mod shell;
mod solution;
mod status;
mod submit;
mod watch;
mod workplace;

use crate::cli::{Cli, Command};
use crate::engine;
use crate::failure::{Failure, exit};
use crate::term::Terminal;
use app::App;

/// How long the command may take to end by itself after a signal.
const GRACE: std::time::Duration = std::time::Duration::from_millis(300);

/// Runs a command to its end, or until a signal ends it; gives the exit code.
///
/// On every way out, what was created in an engine is removed first.
pub async fn main(cli: Cli) -> i32 {
    let app = App { common: cli.common, terminal: Terminal::detect() };
    let command = cli.command.unwrap_or(Command::Next { id: None });
    let (sender, signal) = tokio::sync::oneshot::channel();
    tokio::spawn(stop_on_signal(sender, app.terminal.interactive()));
    let code = tokio::select! {
        result = run(&app, command) => match result {
            // On a screen of ours Ctrl-C is a key; it ends the program as the signal would.
            Ok(_) if crate::term::interrupted() => exit::INTERRUPTED,
            Ok(code) => code,
            Err(failure) => {
                app.tell_failure(&failure);
                failure.code()
            }
        },
        Ok(code) = signal => code,
    };
    // A thread that waits for a key may still hold the terminal.
    crate::term::restore();
    clean_up().await;
    crate::process::end_all();
    code
}

/// Removes what this process made in an engine; says so where it could not.
async fn clean_up() {
    if let Err(error) = engine::clean_up_everything().await {
        let error = crate::term::sanitize(&error.to_string()).into_owned();
        eprintln!("dlearn: something of this run is left in the engine: {error}\n  once it answers: dlearn clean");
    }
}

/// Tells `main` of a signal, which drops the command and cleans up. A prompt blocks the command and
/// cannot be dropped: then the process cleans up and ends from here.
async fn stop_on_signal(main: tokio::sync::oneshot::Sender<i32>, interactive: bool) {
    let code = signalled(interactive).await;
    let _ = main.send(code);
    tokio::time::sleep(GRACE).await;
    crate::term::restore();
    clean_up().await;
    crate::process::end_all();
    std::process::exit(code);
}

/// Waits for Ctrl-C, SIGTERM, or the end of the terminal; with `nohup` that is none of our business.
async fn signalled(interactive: bool) -> i32 {
    use tokio::signal::unix::{SignalKind, signal};
    let hangup = async {
        // Asked for only where it is wanted: asking alone would undo what `nohup` set.
        match interactive.then(|| signal(SignalKind::hangup())) {
            Some(Ok(mut hangup)) => hangup.recv().await,
            _ => std::future::pending().await,
        }
    };
    match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
        (Ok(mut interrupt), Ok(mut terminate)) => tokio::select! {
            _ = interrupt.recv() => exit::INTERRUPTED,
            _ = terminate.recv() => exit::TERMINATED,
            _ = hangup => exit::HUNG_UP,
        },
        _ => std::future::pending().await,
    }
}

async fn run(app: &App, command: Command) -> Result<i32, Failure> {
    match command {
        Command::Next { id } => next::run(app, id).await,
        Command::Check { id, record, replay, file, images, junit } => {
            let facts = check::Files { record, replay, junit };
            match file.is_empty() {
                false => check_file::run(app, &file, &images, facts).await,
                true => check::run(app, id, facts).await,
            }
        }
        Command::Watch { id } => watch::run(app, id).await,
        Command::Hint { id } => hint::run(app, id),
        Command::Solution { id, yes, out } => solution::run(app, id.as_deref(), yes, out),
        Command::Context { context, file } => context::run(app, &context, &file),
        Command::Dockerfile { file, target } => dockerfile::run(app, &file, target.as_deref()),
        Command::Read { id, no_pager } => read::run(app, &id, no_pager).await,
        Command::Ref { name } => reference::run(app, &name),
        Command::Quiz { id } => quiz::run(app, id).await,
        Command::Open { id } => open::run(app, id),
        Command::Status => status::run(app),
        Command::List => list::run(app),
        Command::Reset { new_registry: true, yes, .. } => reset::new_registry(app, yes).await,
        Command::Reset { id, yes, .. } => reset::run(app, id.as_deref(), yes).await,
        Command::Clean { dry_run, yes } => clean::run(app, dry_run, yes).await,
        Command::Layers(options) => layers::run(app, options).await,
        Command::Doctor => doctor::run(app).await,
        Command::Explain { name } => explain::run(app, name.as_deref()),
        Command::Lint { path } => lint::run(app, path.as_deref()),
        Command::New { what } => new::run(app, &what),
        Command::Schema { name } => schema::run(app, name.as_deref()),
        Command::Images { action } => images::run(app, action).await,
        Command::Evidence { id, write } => evidence::run(app, id, write).await,
        Command::Submit { ids, output, session, name } => {
            let to = match session {
                Some(folder) => submit::To::Session(folder),
                None => submit::To::Archive(output),
            };
            submit::run(app, &ids, to, name)
        }
        Command::Join { key } => join::run(app, &key),
        Command::Keys { roster, secret_file } => keys::run(app, &roster, &secret_file),
        Command::Grade(options) => grade::run(app, *options).await,
        Command::Completions { shell } => shell::completions(shell),
        Command::Man { out } => shell::man(out.as_deref()),
        Command::Selfcheck { ids, builder, case, share, jobs, engine, record, resume, junit, mutate } => {
            let wanted = selfcheck::Wanted { ids, builder, case, share, jobs, engine, record, resume, junit, mutate };
            selfcheck::run(app, wanted).await
        }
    }
}
