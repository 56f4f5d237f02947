//! Where an image came from: its history against its base's, its configuration and its steps against
//! a rebuild's.
//!
//! No engine can show who typed a command. What can be shown is that the image is what this
//! Dockerfile and this context produce. See `kinds/built_from.rs` for the verdicts, `contents.rs` for
//! what lies in the layers.

use super::matching::exec_form;
use crate::dockerfile::Instruction;
use crate::evidence::{Builder, ConfigFacts, EntryKind, HistoryRow, ImageFacts, LayerFacts, RowAuthor};
use std::collections::BTreeMap;

/// What an image's history says of its making.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Rows above the base's: a builder's, as far as they tell. A commit leaves a row too, and only a
    /// rebuild shows whether an instruction stands behind it.
    Built(Builder),
    /// The layers do not begin with the base's.
    OtherBase,
    /// No rows beyond the base's: a second name.
    Renamed,
    /// One row, which an import wrote.
    Imported,
}

/// The rows of `image` above those of `base`, oldest first.
pub fn own_rows<'a>(image: &'a ImageFacts, base: Option<&ImageFacts>) -> &'a [HistoryRow] {
    let shared = base.map_or(0, |base| {
        let same = image.history.iter().zip(&base.history).take_while(|(a, b)| a.created_by == b.created_by);
        same.count()
    });
    &image.history[shared..]
}

/// Reads the origin from the rows above the base's.
pub fn origin(image: &ImageFacts, base: Option<&ImageFacts>) -> Origin {
    if matches!(image.history.as_slice(), [row] if row.author == RowAuthor::Import)
        && base.is_none_or(|base| base.layers != image.layers)
    {
        return Origin::Imported;
    }
    if base.is_some_and(|base| !image.layers.starts_with(&base.layers)) {
        return Origin::OtherBase;
    }
    let rows = own_rows(image, base);
    if rows.is_empty() {
        return Origin::Renamed;
    }
    Origin::Built(builder_of_rows(rows))
}

/// The builder behind some rows.
pub fn builder_of_rows(rows: &[HistoryRow]) -> Builder {
    let buildkit = rows.iter().any(|row| row.author == RowAuthor::Builder(Builder::BuildKit));
    if buildkit { Builder::BuildKit } else { Builder::Classic }
}

/// The row that a commit wrote: an unmarked one that a rebuild does not have. (A RUN in exec form is
/// unmarked with the classic builder, and the rebuild has it too.)
pub fn committed<'a>(own: &'a [HistoryRow], rebuilt: &[HistoryRow]) -> Option<&'a HistoryRow> {
    let known = |row: &HistoryRow| rebuilt.iter().any(|other| other.instruction == row.instruction);
    own.iter().find(|row| row.author == RowAuthor::Unmarked && !known(row))
}

/// The first step in which two histories differ: its number (from 0), and half a sentence about the image. `rebuilt` is
/// what the Dockerfile gives, and `written` its instructions, where each has a row of its own.
pub fn step_difference(
    own: &[HistoryRow],
    rebuilt: &[HistoryRow],
    written: &[&Instruction],
) -> Option<(usize, String)> {
    let signed = |row: &HistoryRow| (row.author, row.instruction.clone());
    let as_written = |at: usize| match written.get(at).filter(|_| written.len() == rebuilt.len()) {
        Some(instruction) if hides_files(&rebuilt[at]) => {
            let line = instruction.original.replace("\\\n", " ");
            format!("`{}`", shortened(&line.split_whitespace().collect::<Vec<_>>().join(" ")))
        }
        _ => words(&rebuilt[at]),
    };
    if let Some(at) = own.iter().zip(rebuilt).position(|(has, gives)| signed(has) != signed(gives)) {
        let (has, gives) = (words(&own[at]), words(&rebuilt[at]));
        let told = if has == gives {
            format!("{has} in the history was not written by the builder that your Dockerfile's step was")
        } else {
            format!("the image was made with {has}, where your Dockerfile says {}", as_written(at))
        };
        return Some((at, told));
    }
    let (at, least) = (own.len().min(rebuilt.len()), own.len().max(rebuilt.len()));
    (at < least).then(|| match own.get(at) {
        Some(more) => (at, format!("the image has a step that your Dockerfile lacks: {}", words(more))),
        None => (at, format!("your Dockerfile has a step that the image lacks: {}", as_written(at))),
    })
}

/// Whether the row does not say what was copied: the classic builder writes a checksum in its place.
pub fn hides_files(row: &HistoryRow) -> bool {
    let mut words = row.instruction.split(' ');
    row.author == RowAuthor::Builder(Builder::Classic)
        && words.next().is_some_and(|keyword| ["COPY", "ADD"].contains(&keyword))
        && words.any(|word| word == "…")
}

/// A row for people: `COPY . /site`, shortened.
fn words(row: &HistoryRow) -> String {
    let text = if row.instruction.is_empty() { row.created_by.as_str() } else { row.instruction.as_str() };
    if text.is_empty() { "a step without any words".to_owned() } else { format!("`{}`", shortened(text)) }
}

/// An instruction for people: at most 70 characters of it.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(70) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

type Map = BTreeMap<String, String>;

/// Labels that a build tool adds on its own: Docker Compose names its project and service so.
const TOOLS: &[&str] = &["com.docker.compose."];

/// The first field in which two configurations differ: its Dockerfile instruction, and both values.
pub fn config_difference(image: &ConfigFacts, rebuilt: &ConfigFacts) -> Option<(&'static str, String, String)> {
    let words = exec_form;
    // Of a map, the first entry that differs: the whole would be too long to see it.
    let map = |map: &Map, other: &Map| {
        let differs = map.iter().find(|(key, value)| other.get(*key) != Some(*value));
        differs.map(|(key, value)| format!("{key}={value}")).unwrap_or_default()
    };
    let own = |labels: &Map| -> Map {
        let tools = |key: &str| TOOLS.iter().any(|tool| key.starts_with(tool));
        labels.iter().filter(|(key, _)| !tools(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    let (labels, rebuilt_labels) = (own(&image.labels), own(&rebuilt.labels));
    let fields = [
        ("CMD", words(&image.cmd), words(&rebuilt.cmd)),
        ("ENTRYPOINT", words(&image.entrypoint), words(&rebuilt.entrypoint)),
        ("WORKDIR", image.workdir.clone(), rebuilt.workdir.clone()),
        ("USER", image.user.clone(), rebuilt.user.clone()),
        ("EXPOSE", image.ports.join(" "), rebuilt.ports.join(" ")),
        ("ENV", map(&image.env, &rebuilt.env), map(&rebuilt.env, &image.env)),
        ("LABEL", map(&labels, &rebuilt_labels), map(&rebuilt_labels, &labels)),
        ("VOLUME", image.volumes.join(" "), rebuilt.volumes.join(" ")),
        ("HEALTHCHECK", words(&image.healthcheck), words(&rebuilt.healthcheck)),
        ("STOPSIGNAL", image.stop_signal.clone(), rebuilt.stop_signal.clone()),
        ("ONBUILD", words(&image.onbuild), words(&rebuilt.onbuild)),
    ];
    fields.into_iter().find(|(_, a, b)| a != b)
}

/// Whether the layer of an imported image holds the base's own files too: a flattened copy.
pub fn holds(imported: &LayerFacts, base: &[LayerFacts]) -> bool {
    let files = base.iter().flat_map(|layer| &layer.entries).filter(|(_, entry)| entry.change == EntryKind::File);
    let (mut all, mut shared) = (0_usize, 0_usize);
    for (path, entry) in files {
        all += 1;
        let same = imported.entries.get(path).is_some_and(|other| other.content == entry.content);
        shared += usize::from(same);
    }
    all > 0 && shared * 10 >= all * 9
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASSIC: RowAuthor = RowAuthor::Builder(Builder::Classic);
    const BUILDKIT: RowAuthor = RowAuthor::Builder(Builder::BuildKit);

    fn row(author: RowAuthor, instruction: &str) -> HistoryRow {
        HistoryRow { created_by: instruction.into(), author, instruction: instruction.into(), ..HistoryRow::default() }
    }

    fn image(layers: &[&str], history: Vec<HistoryRow>) -> ImageFacts {
        let layers = layers.iter().map(ToString::to_string).collect();
        ImageFacts { layers, history, ..ImageFacts::default() }
    }

    #[test]
    fn the_rows_above_the_base_tell_the_origin() {
        let base = image(&[], vec![row(CLASSIC, "CMD [\"sh\"]")]);
        let above = |author, instruction: &str| {
            let mut image = base.clone();
            image.history.push(row(author, instruction));
            origin(&image, Some(&base))
        };
        assert_eq!(origin(&base.clone(), Some(&base)), Origin::Renamed);
        assert_eq!(above(BUILDKIT, "COPY . /site"), Origin::Built(Builder::BuildKit));
        assert_eq!(above(CLASSIC, "COPY … /site"), Origin::Built(Builder::Classic));
        assert_eq!(above(RowAuthor::Unmarked, "RUN make"), Origin::Built(Builder::Classic));
        assert_eq!(origin(&image(&["one"], vec![row(RowAuthor::Import, "")]), Some(&base)), Origin::Imported);
    }

    #[test]
    fn only_a_row_that_the_rebuild_lacks_was_committed() {
        let rows = [row(CLASSIC, "COPY … /"), row(RowAuthor::Unmarked, "RUN chmod 644 a")];
        assert_eq!(committed(&rows, &rows), None);
        assert_eq!(committed(&rows, &rows[..1]), Some(&rows[1]));
    }

    #[test]
    fn an_image_on_another_version_of_its_base_was_not_committed() {
        let base = image(&["new"], vec![row(RowAuthor::Unmarked, "# debian.sh")]);
        let built = image(&["old", "own"], vec![row(RowAuthor::Unmarked, "# debian.sh 1"), row(BUILDKIT, "COPY a b")]);
        assert_eq!(origin(&built, Some(&base)), Origin::OtherBase);
    }

    #[test]
    fn a_base_that_was_imported_itself_is_no_import() {
        let base = image(&[], vec![row(RowAuthor::Import, "")]);
        let mut built = base.clone();
        built.history.push(row(BUILDKIT, "COPY . /site"));
        assert_eq!(origin(&built, Some(&base)), Origin::Built(Builder::BuildKit));
    }

    #[test]
    fn steps_are_told_apart_by_words_number_and_author() {
        let rows = [row(BUILDKIT, "COPY a /"), row(BUILDKIT, "RUN make")];
        let differs =
            |own: &[HistoryRow], rebuilt: &[HistoryRow]| step_difference(own, rebuilt, &[]).unwrap_or_default().1;
        assert_eq!(step_difference(&rows, &rows, &[]), None);
        assert!(differs(&rows, &rows[..1]).contains("your Dockerfile lacks: `RUN make`"));
        assert!(differs(&rows[..1], &rows).contains("the image lacks: `RUN make`"));
        let other = [row(BUILDKIT, "COPY b /")];
        assert!(differs(&other, &rows).contains("made with `COPY b /`, where your Dockerfile says `COPY a /`"));
        assert!(
            differs(&[row(RowAuthor::Unmarked, "COPY a /")], &rows[..1]).contains("was not written by the builder")
        );
    }

    #[test]
    fn where_the_history_hides_what_is_copied_the_dockerfile_is_quoted() {
        let dockerfile = crate::dockerfile::parse("FROM a\nCOPY list \\\n  app.sh ./\nRUN make\n");
        let written = dockerfile.steps_with(dockerfile.final_stage().unwrap(), &Default::default());
        let own = [row(CLASSIC, "COPY … .")];
        let rebuilt = [row(CLASSIC, "COPY … ./"), row(CLASSIC, "RUN make")];
        let told = "the image was made with `COPY … .`, where your Dockerfile says `COPY list app.sh ./`";
        assert_eq!(step_difference(&own, &rebuilt, &written), Some((0, told.to_owned())));
        assert!(
            step_difference(&own, &rebuilt, &[]).unwrap().1.ends_with("`COPY … ./`"),
            "it is not known whose it is"
        );
        let lacks = "your Dockerfile has a step that the image lacks: `RUN make`";
        assert_eq!(step_difference(&rebuilt[..1], &rebuilt, &written), Some((1, lacks.to_owned())));
        assert!(!hides_files(&row(BUILDKIT, "COPY … ./")) && !hides_files(&row(CLASSIC, "RUN echo … ")));
    }

    #[test]
    fn only_labels_of_a_build_tool_may_be_more_than_the_dockerfiles() {
        let with = |key: &str| ConfigFacts { labels: Map::from([(key.into(), "x".into())]), ..ConfigFacts::default() };
        assert_eq!(config_difference(&with("com.docker.compose.project"), &ConfigFacts::default()), None);
        let found = config_difference(&with("forged"), &ConfigFacts::default());
        assert_eq!(found, Some(("LABEL", "forged=x".into(), String::new())));
    }
}
