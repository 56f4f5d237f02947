//! What was changed, in words.

use super::{Change, Experiment};
use crate::evidence::{Builder, Edit, ExperimentFacts};

impl Experiment {
    /// `I added a line to app.py in a copy of this folder and built it again`; `builder` is that of the second build.
    pub(super) fn story(&self, builder: Builder, facts: &ExperimentFacts) -> String {
        let again =
            if self.change.other_builder { format!("built it with {builder}") } else { "built it again".into() };
        if self.about.is_none() && (Change { other_builder: true, ..Change::default() }) == self.change {
            return format!("I took a copy of this folder and {again}");
        }
        let what = self.about.clone().unwrap_or_else(|| self.change.words()).replace("{{nonce}}", &facts.nonce);
        format!("I {what} in a copy of this folder and {again}")
    }
}

impl Change {
    /// `added a line to app.py and removed notes.txt`
    fn words(&self) -> String {
        let edits = self.edit.iter().map(|(path, edit)| match edit {
            Edit::Append(_) => format!("added a line to {path}"),
            Edit::Replace { .. } => format!("changed {path}"),
            Edit::Write(_) => format!("put a file {path}"),
            Edit::Remove => format!("removed {path}"),
        });
        let mut words: Vec<String> = edits.collect();
        words.extend(self.args.iter().map(|(name, value)| format!("gave the build argument {name}={value}")));
        words.extend(self.target.iter().map(|target| format!("chose the stage {target}")));
        words.extend(self.dockerfile.iter().map(|file| format!("took {file} as the Dockerfile")));
        words.extend(self.no_cache.then(|| "left the cache out".to_owned()));
        words.extend(self.base.iter().map(|base| format!("let {} name another image", base.name)));
        match words.as_slice() {
            [] => "changed nothing".into(),
            [one] => one.clone(),
            [many @ .., last] => format!("{} and {last}", many.join(", ")),
        }
    }
}
