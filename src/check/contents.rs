//! What lies in the layers of an image against what lies in a rebuild's, step by step.
//!
//! How exactly two layers must agree follows from the instruction: what COPY and ADD bring from the
//! context is the same in every build; what RUN makes (and what COPY --from brings from a stage where
//! RUN made it) may differ in what [`crate::layers::VOLATILE`] lists, and besides in whatever differs
//! between two rebuilds of the same files: such a step is not repeatable, and that is nobody's fault.

use super::matching::shown;
use crate::dockerfile::Instruction;
use crate::evidence::{BuildFacts, EntryFacts, EntryKind, HistoryRow, LayerFacts, LayersFacts};
use crate::layers::{Difference, DifferenceKind, Tolerance, are_alike, compare_layers};
use std::collections::BTreeSet;

/// Something in which an image and its rebuild differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differs {
    /// Number of the layer, from 1.
    pub layer: usize,
    /// The instruction that made it; empty where nobody knows.
    pub made_by: String,
    /// A command made it: another run of that command may give something else.
    pub ran: bool,
    /// What differs.
    pub difference: Difference,
}

impl Differs {
    /// For people: which layer, and what.
    pub fn words(&self) -> String {
        format!("layer {} of the image differs from what this folder builds: {}", self.layer, self.difference.detail)
    }
}

/// Where a layer's files come from.
#[derive(Clone, Copy, Debug)]
pub struct Steps<'a> {
    /// The image's rows above its base's.
    pub rows: &'a [HistoryRow],
    /// The Dockerfile's instructions that should have made them.
    pub instructions: &'a [&'a Instruction],
}

impl Steps<'_> {
    /// For each of `layers`, in their order, whether a command made what it holds.
    fn ran<'l>(&self, layers: impl Iterator<Item = &'l str>) -> Vec<bool> {
        let staged = |instruction: &&Instruction| instruction.flag("from").is_some();
        // Every instruction leaves one row. Where triggers of the base (ONBUILD) left more, nobody knows
        // which row is whose.
        let lined_up = self.rows.len() == self.instructions.len();
        let unknown = self.instructions.iter().any(staged);
        let mut rows = self.rows.iter().enumerate();
        let ran = |made_by: &str| {
            let row = rows.find(|(_, row)| row.instruction == made_by).map(|(index, _)| index);
            let staged = match row {
                Some(index) if lined_up => staged(&self.instructions[index]),
                _ => unknown,
            };
            made_by.starts_with("RUN ") || staged
        };
        layers.map(ran).collect()
    }
}

/// In what the layers above the first `skip` differ, in their order.
pub fn differences(
    image: &LayersFacts,
    rebuilt: &LayersFacts,
    build: &BuildFacts,
    skip: usize,
    steps: Steps<'_>,
) -> Vec<Differs> {
    let pairs: Vec<_> = image.layers.iter().zip(&rebuilt.layers).enumerate().skip(skip).collect();
    let made_by: Vec<&str> = pairs
        .iter()
        .map(|(_, (has, gives))| has.created_by.as_deref().or(gives.created_by.as_deref()).unwrap_or_default())
        .collect();
    let ran = steps.ran(made_by.iter().copied());
    let mut found = Vec::new();
    for (((index, _), made_by), ran) in pairs.into_iter().zip(made_by).zip(ran) {
        let tolerance = if ran { Tolerance::Ran } else { Tolerance::Copied };
        let differing = in_layer(image, rebuilt, index, tolerance).into_iter();
        found.extend(differing.filter(|difference| !only_seen_by(build, difference)).map(|difference| Differs {
            layer: index + 1,
            made_by: made_by.to_owned(),
            ran,
            difference,
        }));
    }
    found
}

/// Which files one side's step brings and the other side's does not, as half a sentence behind the words of both; empty
/// where there is none. Each side is its rows above the base's, and its layers; the step is the one with number `at`.
pub fn brought(
    has: (&[HistoryRow], &LayersFacts),
    gives: (&[HistoryRow], &LayersFacts),
    skip: usize,
    at: usize,
) -> String {
    let files = |(rows, layers): (&[HistoryRow], &LayersFacts)| {
        let layer = layer_of(rows, layers, skip, at);
        let is_file = |kind| matches!(kind, EntryKind::File | EntryKind::Link | EntryKind::HardLink);
        let entries = layer.into_iter().flat_map(|layer| &layer.entries);
        entries.filter(|(_, entry)| is_file(entry.change)).map(|(path, _)| path.clone()).collect::<BTreeSet<_>>()
    };
    let (own, rebuilt) = (files(has), files(gives));
    let listed = |mut paths: std::collections::btree_set::Difference<'_, String>| {
        let first = shown(&format!("/{}", paths.next()?));
        Some(match paths.count() {
            0 => first,
            more => format!("{first} and {more} more"),
        })
    };
    match (listed(own.difference(&rebuilt)), listed(rebuilt.difference(&own))) {
        (Some(only), _) => format!("; the image's step brings {only}, which yours does not"),
        (None, Some(only)) => format!("; your step brings {only}, which the image's does not"),
        (None, None) => String::new(),
    }
}

/// The layer that a row made, where it made one.
fn layer_of<'l>(rows: &[HistoryRow], layers: &'l LayersFacts, skip: usize, at: usize) -> Option<&'l LayerFacts> {
    let mut layers = layers.layers.iter().skip(skip).peekable();
    let mut made =
        rows.iter().map(|row| layers.next_if(|layer| layer.created_by.as_deref() == Some(row.instruction.as_str())));
    made.nth(at).flatten()
}

/// In what one layer of an image differs from a rebuild's.
///
/// A file that lies below already, unchanged to the second, is left out of a layer by BuildKit (seen with 20.10 to
/// 28.5), and whether it is unchanged depends on which step came from the cache: that is no difference.
fn in_layer(image: &LayersFacts, rebuilt: &LayersFacts, index: usize, tolerance: Tolerance) -> Vec<Difference> {
    let mut differing = compare_layers(&image.layers[index], &rebuilt.layers[index], tolerance);
    let lies_below = |of: &LayersFacts, other: &LayersFacts, path: &str| {
        let entry = of.layers[index].entries.get(path);
        entry.is_some_and(|entry| below(other, index, path).is_some_and(|lower| are_alike(entry, lower)))
    };
    differing.retain(|difference| match difference.what {
        DifferenceKind::OnlyBuilt => !lies_below(image, rebuilt, &difference.path),
        DifferenceKind::OnlyRebuilt => !lies_below(rebuilt, image, &difference.path),
        _ => true,
    });
    differing
}

/// What a path is below a layer that does not mention it, as far as the layers were read.
fn below<'a>(image: &'a LayersFacts, index: usize, path: &str) -> Option<&'a EntryFacts> {
    let folders = || path.match_indices('/').map(|(end, _)| &path[..end]);
    for layer in image.layers[..=index].iter().rev() {
        if let Some(entry) = layer.entries.get(path) {
            let stays = matches!(entry.change, EntryKind::File | EntryKind::Link | EntryKind::Directory);
            return Some(entry).filter(|_| stays);
        }
        let hides = |folder: &str| layer.entries.get(folder).is_some_and(|entry| entry.change != EntryKind::Directory);
        if hides(".") || folders().any(hides) {
            return None;
        }
    }
    None
}

/// In what two rebuilds of the same files differ.
#[derive(Clone, Debug, Default)]
pub struct NotRepeatable {
    /// Paths that have other content, mode or owner, each with its layer's number from 1.
    paths: BTreeSet<(usize, String)>,
    /// Directories in which files have other names.
    names: BTreeSet<(usize, String)>,
}

impl NotRepeatable {
    /// Compares two rebuilds.
    pub fn between(one: &LayersFacts, other: &LayersFacts, skip: usize) -> Self {
        let mut found = Self::default();
        for index in skip..one.layers.len().min(other.layers.len()) {
            for difference in in_layer(one, other, index, Tolerance::Ran) {
                if is_lacking(&difference) {
                    found.names.insert((index + 1, folder(&difference.path).to_owned()));
                }
                found.paths.insert((index + 1, difference.path));
            }
        }
        found
    }

    /// Whether a difference of the image is in a file that rebuilds write differently too.
    pub fn has(&self, differs: &Differs) -> bool {
        differs.ran && self.paths.contains(&(differs.layer, differs.difference.path.clone()))
    }

    /// Whether a difference of the image is at a place where rebuilds differ as well.
    pub fn explains(&self, differs: &Differs) -> bool {
        let at = |path: &str| (differs.layer, path.to_owned());
        let path = &differs.difference.path;
        differs.ran
            && (self.paths.contains(&at(path))
                || is_lacking(&differs.difference) && self.names.contains(&at(folder(path))))
    }
}

fn is_lacking(difference: &Difference) -> bool {
    matches!(difference.what, DifferenceKind::OnlyBuilt | DifferenceKind::OnlyRebuilt)
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Whether this is the Dockerfile that COPY sees in our build and in no client's.
fn only_seen_by(build: &BuildFacts, difference: &Difference) -> bool {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let seen = build.dockerfile_seen.as_deref().map(name);
    difference.what == DifferenceKind::OnlyRebuilt && seen == Some(name(&difference.path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::LayerFacts;

    fn layer(made_by: &str, files: &[(&str, &str)]) -> LayerFacts {
        let file = |content: &str| EntryFacts::plain(EntryKind::File, 1, content);
        LayerFacts {
            created_by: Some(made_by.into()),
            entries: files.iter().map(|(path, content)| (path.to_string(), file(content))).collect(),
            ..LayerFacts::default()
        }
    }

    fn layers(list: &[LayerFacts]) -> LayersFacts {
        LayersFacts { layers: list.to_vec(), truncated: false }
    }

    fn found(dockerfile: &str, image: &[LayerFacts], rebuilt: &[LayerFacts]) -> Vec<(usize, bool, String)> {
        let parsed = crate::dockerfile::parse(dockerfile);
        let instructions = parsed.steps_with(parsed.final_stage().unwrap(), &Default::default());
        let instruction = |layer: &LayerFacts| layer.created_by.clone().unwrap_or_default();
        let rows: Vec<HistoryRow> =
            image.iter().map(|layer| HistoryRow { instruction: instruction(layer), ..HistoryRow::default() }).collect();
        let steps = Steps { rows: &rows, instructions: &instructions };
        let all = differences(&layers(image), &layers(rebuilt), &BuildFacts::default(), 0, steps);
        all.into_iter().map(|one| (one.layer, one.ran, one.difference.path)).collect()
    }

    #[test]
    fn what_a_stage_made_is_compared_as_its_commands_result_and_nothing_else_is() {
        // Byte code differs: in what was copied from the folder that is a difference, elsewhere it is none.
        let dockerfile = "FROM a AS b\nRUN make\nFROM a\nCOPY x /x\nCOPY --from=b /y /y\n";
        let cached = |content| [("usr/__pycache__/m.pyc", content)];
        let image = [layer("COPY x /x", &cached("1")), layer("COPY /y /y", &cached("1"))];
        let rebuilt = [layer("COPY x /x", &cached("2")), layer("COPY /y /y", &cached("2"))];
        assert_eq!(found(dockerfile, &image, &rebuilt), [(1, false, "usr/__pycache__/m.pyc".to_owned())]);
    }

    #[test]
    fn steps_of_the_same_words_are_told_apart_by_their_order() {
        let dockerfile = "FROM a AS b\nFROM a\nCOPY x /x\nCOPY --from=b x /x\n";
        let made = |content| [layer("COPY x /x", &[("x", content)]), layer("COPY x /x", &[("x", content)])];
        let differing = found(dockerfile, &made("1"), &made("2"));
        assert_eq!(differing, [(1, false, "x".to_owned()), (2, true, "x".to_owned())]);
    }

    #[test]
    fn a_file_that_lies_below_already_is_in_a_later_layer_or_not() {
        let dockerfile = "FROM a\nCOPY x y /app\nCOPY . /app\n";
        let lower = layer("COPY x y /app", &[("app/x", "1"), ("app/y", "1")]);
        let upper = |files| layer("COPY . /app", files);
        let whole = [lower.clone(), upper(&[("app/x", "1"), ("app/y", "1"), ("app/z", "1")])];
        let lean = [lower.clone(), upper(&[("app/z", "1")])];
        assert_eq!(found(dockerfile, &whole, &lean), []);
        assert_eq!(found(dockerfile, &lean, &whole), []);
        let other = [lower.clone(), upper(&[("app/x", "2"), ("app/z", "1")])];
        assert_eq!(found(dockerfile, &other, &lean), [(2, false, "app/x".to_owned())], "it has other content");
        assert_eq!(found(dockerfile, &lean, &other), [(2, false, "app/x".to_owned())]);
        let mut gone = lean.clone();
        let mut hidden = gone[0].entries["app/x"].clone();
        hidden.change = EntryKind::Whiteout;
        gone[1].entries.insert("app".into(), hidden);
        let differing = found(dockerfile, &whole, &gone);
        assert!(differing.contains(&(2, false, "app/x".to_owned())), "it was removed before: {differing:?}");
    }

    #[test]
    fn a_steps_files_are_named_where_only_one_side_brings_them() {
        let row = |text: &str| HistoryRow { instruction: text.into(), ..HistoryRow::default() };
        let base = layer("COPY base /", &[("base", "1")]);
        let all = layer("COPY … .", &[("app/app.sh", "1"), ("app/list", "1"), ("app/token", "1")]);
        let list = layer("COPY … ./", &[("app/list", "1")]);
        let old = ([row("ENV A=b"), row("COPY … .")], layers(&[base.clone(), all.clone()]));
        let new = ([row("ENV A=b"), row("COPY … ./")], layers(&[base, list]));
        let (old, new) = ((&old.0[..], &old.1), (&new.0[..], &new.1));
        assert_eq!(brought(old, new, 1, 1), "; the image's step brings `/app/app.sh` and 1 more, which yours does not");
        assert_eq!(brought(new, old, 1, 1), "; your step brings `/app/app.sh` and 1 more, which the image's does not");
        assert_eq!(brought(new, new, 1, 1), "");
        assert_eq!(brought(old, new, 1, 0), "", "ENV makes no layer");
        let shorter = (&new.0[..1], new.1);
        assert_eq!(brought(shorter, new, 1, 1), "; your step brings `/app/list`, which the image's does not");
    }

    #[test]
    fn what_differs_between_two_rebuilds_is_not_repeatable() {
        let made = |random: &str, name: &str| layer("RUN make", &[("fixed", "1"), ("random", random), (name, "1")]);
        let (one, other) = (layers(&[made("1", "data/a")]), layers(&[made("2", "data/b")]));
        let not_repeatable = NotRepeatable::between(&one, &other, 0);
        let explained = |ran, path: &str, what| {
            let difference = Difference { path: path.into(), what, detail: String::new() };
            not_repeatable.explains(&Differs { layer: 1, made_by: String::new(), ran, difference })
        };
        assert!(explained(true, "random", DifferenceKind::Content));
        assert!(explained(true, "data/c", DifferenceKind::OnlyBuilt), "another name where names are random");
        assert!(!explained(true, "fixed", DifferenceKind::Content));
        assert!(!explained(true, "usr/c", DifferenceKind::OnlyBuilt));
        assert!(!explained(false, "random", DifferenceKind::Content), "COPY is repeatable");
    }
}
