//! What `dlearn images` takes.

use crate::engine::Mirror;
use clap::Subcommand;
use std::path::PathBuf;

/// What to do with base images.
#[derive(Clone, Debug, Subcommand)]
pub enum ImagesAction {
    /// Show which are here, how large they are, and what the missing ones cost to pull
    List,
    /// Pull those that are missing
    Pull {
        /// Pull from this registry, which has copies of them; they get their real names
        #[arg(long, value_name = "HOST[/PREFIX]")]
        mirror: Option<Mirror>,
    },
    /// Write those that are here into one file, for a classroom or a journey without a network
    Save {
        /// A file that does not exist yet
        file: PathBuf,
        /// Only the images of these exercises
        #[arg(long, value_name = "ID", num_args = 1..)]
        only: Vec<String>,
    },
    /// Bring images in from such a file, or from any that docker save wrote
    Load {
        /// The file
        file: PathBuf,
        /// Take images too that the course does not need
        #[arg(long)]
        all: bool,
        /// Take names away from other images that have them here
        #[arg(long)]
        replace: bool,
    },
}
