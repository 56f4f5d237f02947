//! The learner's folder, from outside: a real course in a temporary folder, real files, real processes.

mod child;
mod course;
mod files;
mod progress;
mod state;
