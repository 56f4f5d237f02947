//! The registry of kinds: one line here makes the YAML key, the enum and the dispatch.

mod image_exists;

use super::{Inquiry, Stop, Verdict};
use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($variant:ident => $module:ident),* $(,)?) => {
        /// One question of a check, by its YAML key.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind {
            $(
                #[doc = concat!("See `", stringify!($module), ".rs`.")]
                $variant($module::$variant),
            )*
        }

        impl Kind {
            /// The YAML key of every kind.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($module)),*];

            /// Judges over the facts so far.
            ///
            /// # Errors
            /// [`Stop`] where a fact is missing or cannot be had.
            pub fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
                match self {
                    $(Kind::$variant(kind) => kind.judge(inquiry),)*
                }
            }
        }
    };
}

kinds! {
    ImageExists => image_exists,
}
