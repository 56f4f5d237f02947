//! Why a build context could not be made, and what to do next.

use super::ignore::IgnoreError;
use std::io;
use thiserror::Error;

/// A folder that cannot become a build context.
#[derive(Debug, Error)]
pub enum ContextError {
    /// The folder itself is missing, or no folder.
    #[error("{path} cannot be used as a build context: {source}")]
    Root {
        /// The folder as it was given.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// There is no Dockerfile under the name that was given.
    #[error("there is no Dockerfile at {path}")]
    NoDockerfile {
        /// Its path, relative to the context.
        path: String,
    },
    /// The Dockerfile's path, or the link that it is, leads out of the context.
    #[error("the Dockerfile {path} lies outside the build context")]
    DockerfileOutside {
        /// Its path as it was given.
        path: String,
    },
    /// An edit that was to be made beforehand and cannot be.
    #[error("{path} {what}")]
    Edit {
        /// Path relative to the context.
        path: String,
        /// What stands against it: `is not there`.
        what: String,
    },
    /// A `.dockerignore` file that Docker refuses.
    #[error("{file}, {error}")]
    Ignore {
        /// The file, relative to the context.
        file: String,
        /// What is wrong, and on which line.
        error: IgnoreError,
    },
    /// A file or folder that the build would need and that cannot be read.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// Path relative to the context.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// A device, which Docker would send; no build needs that, and reading one may never end.
    #[error("{path} is a device")]
    Device {
        /// Path relative to the context.
        path: String,
    },
    /// A file that was replaced, or changed its length, between being listed and being read.
    #[error("{path} changed while it was being read")]
    Changed {
        /// Path relative to the context.
        path: String,
    },
    /// More files than the limit allows.
    #[error("the build context has more than {limit} files and folders")]
    TooManyFiles {
        /// The limit.
        limit: usize,
    },
    /// More bytes than the limit allows.
    #[error("the build context has more than {limit} bytes; {path} is the file that exceeds it")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
        /// The file that went over it.
        path: String,
    },
    /// Folders inside folders without end.
    #[error("{path} lies more than {limit} folders deep")]
    TooDeep {
        /// The limit.
        limit: usize,
        /// Path relative to the context.
        path: String,
    },
    /// The archive could not be written.
    #[error("the build context could not be sent: {0}")]
    Write(io::Error),
}

impl ContextError {
    /// What the person in front of it can do next.
    pub fn help(&self) -> String {
        match self {
            Self::Root { .. } => "Give the folder that holds your Dockerfile.".into(),
            Self::NoDockerfile { path } => {
                format!("Create {path} (the name is case-sensitive), or name your Dockerfile with -f.")
            }
            Self::DockerfileOutside { .. } => {
                "Put the Dockerfile, or a copy of it, inside the context's folder.".into()
            }
            Self::Edit { path, .. } => format!("Look whether {path} is there and holds what it should."),
            Self::Ignore { error, .. } => error.help(),
            Self::Unreadable { path, .. } => {
                format!("Make it readable (chmod u+r {path}), or add a line `{path}` to .dockerignore.")
            }
            Self::Device { path } => format!("Remove it, or add a line `{path}` to .dockerignore."),
            Self::Changed { .. } => "Stop what is writing to the folder, then try again.".into(),
            Self::TooManyFiles { .. } | Self::TooLarge { .. } | Self::TooDeep { .. } => {
                "Name what the build does not need (node_modules, .git, build results) in .dockerignore.".into()
            }
            Self::Write(_) => "Check that the engine is running (dlearn doctor), then try again.".into(),
        }
    }
}
