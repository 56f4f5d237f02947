//! Dockerfiles: stages, instructions and their places in the text, and what Docker would refuse.
//!
//! [`parse`] accepts and refuses what BuildKit's parser does (Dockerfile reference, syntax 1), but
//! goes on after an error: what is wrong is a [`Problem`] with its place, and the rest is still
//! there. [`Dockerfile::expanded`] replaces variables where Docker does; [`Dockerfile::base_of`]
//! follows stages to the external base image.
//!
//! Invariants: nothing here does I/O; no text makes it panic, recurse deeply or grow beyond a small
//! multiple of the text; every span lies inside the text, on character boundaries.
//!
//! [`checks`] says what Docker's build checks find in one, and what BuildKit refuses beyond its syntax.

mod body;
pub mod checks;
mod flag;
mod heredoc;
mod json;
mod lex;
mod line;
mod model;
mod parse;
mod platform;
mod ports;
mod refusals;
mod scope;
mod walk;
mod words;

pub use lex::expand;
pub use model::{
    ArgName, Body, Copy, Directive, Dockerfile, Flag, Form, Healthcheck, Heredoc, Instruction, Mount, Pair, Problem,
    Span, Stage,
};
pub use parse::parse;
pub use scope::{Expanded, Variables};

/// All instructions, in capitals (Dockerfile reference, "Overview"; MAINTAINER is deprecated and still parsed).
pub const INSTRUCTIONS: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];
