//! Where an image came from: its history against its base's, and its layers against a rebuild's.
//!
//! No engine can show who typed a command. What can be shown is that the image is what this
//! Dockerfile and this context produce. See `kinds/built_from.rs` for the verdicts.

use crate::evidence::{Builder, ConfigFacts, EntryKind, HistoryRow, ImageFacts, LayerFacts};

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
    if matches!(image.history.as_slice(), [row] if is_import(row))
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
    let buildkit = rows.iter().any(|row| builder_of(row) == Some(Builder::BuildKit));
    if buildkit { Builder::BuildKit } else { Builder::Classic }
}

/// The row that a commit wrote: one without a builder's mark that a rebuild does not have. (A RUN in
/// exec form leaves no mark with the classic builder, and the rebuild has it too.)
pub fn committed<'a>(own: &'a [HistoryRow], rebuilt: &[HistoryRow]) -> Option<&'a HistoryRow> {
    let known = |row: &HistoryRow| rebuilt.iter().any(|other| row_text(other) == row_text(row));
    own.iter().find(|row| builder_of(row).is_none() && !known(row))
}

/// The builder that wrote a row: BuildKit signs in the comment, the classic builder wraps what does
/// not run in `/bin/sh -c #(nop)` and shows what runs as the shell's arguments.
fn builder_of(row: &HistoryRow) -> Option<Builder> {
    if row.comment.starts_with("buildkit") {
        return Some(Builder::BuildKit);
    }
    let by = row.created_by.trim_start();
    // `|2 A=1 B=2 /bin/sh -c …` carries build arguments.
    let shell = by.starts_with('|') || by.contains("#(nop)") || by.starts_with('/') && by.contains(" -c ");
    shell.then_some(Builder::Classic)
}

fn is_import(row: &HistoryRow) -> bool {
    row.comment.starts_with("Imported from")
}

/// A history row's text without what differs between engine versions and not between Dockerfiles.
pub fn row_text(row: &HistoryRow) -> String {
    let text = row.created_by.split_whitespace().collect::<Vec<_>>().join(" ");
    // EXPOSE is written `map[8080/tcp:{}]` up to Engine 26 and `[8080/tcp]` from 28.
    text.replace("map[", "[").replace(":{}", "").trim_end_matches(" # buildkit").to_owned()
}

/// The instruction that a history row stands for, for people: `COPY . /site`.
pub fn row_words(row: &HistoryRow) -> String {
    let text = row_text(row);
    let text = text.strip_prefix("/bin/sh -c #(nop) ").unwrap_or(&text).trim();
    let text = match text.strip_prefix("/bin/sh -c ") {
        Some(command) => format!("RUN {command}"),
        None => text.to_owned(),
    };
    match text.char_indices().nth(70) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}

/// Whether the row's instruction runs a command (its layer may differ a little from run to run).
pub fn runs(created_by: &str) -> bool {
    let text = created_by.trim_start();
    // The classic builder marks what does not run; BuildKit writes the instruction.
    !text.contains("#(nop)") && !["COPY ", "ADD ", "WORKDIR "].iter().any(|copies| text.starts_with(copies))
}

type Map = std::collections::BTreeMap<String, String>;

/// The first field in which two configurations differ: its Dockerfile instruction, and both values.
pub fn config_difference(image: &ConfigFacts, rebuilt: &ConfigFacts) -> Option<(&'static str, String, String)> {
    let words = crate::check::matching::exec_form;
    // Of a map, the first entry that differs: the whole would be too long to see it.
    let map = |map: &Map, other: &Map| {
        let differs = map.iter().find(|(key, value)| other.get(*key) != Some(*value));
        differs.map(|(key, value)| format!("{key}={value}")).unwrap_or_default()
    };
    let fields = [
        ("CMD", words(&image.cmd), words(&rebuilt.cmd)),
        ("ENTRYPOINT", words(&image.entrypoint), words(&rebuilt.entrypoint)),
        ("WORKDIR", image.workdir.clone(), rebuilt.workdir.clone()),
        ("USER", image.user.clone(), rebuilt.user.clone()),
        ("EXPOSE", image.ports.join(" "), rebuilt.ports.join(" ")),
        ("ENV", map(&image.env, &rebuilt.env), map(&rebuilt.env, &image.env)),
        ("LABEL", map(&image.labels, &rebuilt.labels), map(&rebuilt.labels, &image.labels)),
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

    fn row(created_by: &str, comment: &str) -> HistoryRow {
        HistoryRow { created_by: created_by.into(), comment: comment.into(), size: 0 }
    }

    fn image(rows: &[(&str, &str)]) -> ImageFacts {
        let history = rows.iter().map(|(by, comment)| row(by, comment)).collect();
        ImageFacts { history, ..ImageFacts::default() }
    }

    #[test]
    fn the_rows_above_the_base_tell_the_origin() {
        let base = image(&[("/bin/sh -c #(nop) CMD [\"sh\"]", "")]);
        let above = |by: &str, comment: &str| {
            let mut image = base.clone();
            image.history.push(row(by, comment));
            origin(&image, Some(&base))
        };
        assert_eq!(origin(&base.clone(), Some(&base)), Origin::Renamed);
        assert_eq!(above("COPY . /site # buildkit", "buildkit.dockerfile.v0"), Origin::Built(Builder::BuildKit));
        assert_eq!(above("/bin/sh -c #(nop) COPY dir:ab in /site", ""), Origin::Built(Builder::Classic));
        assert_eq!(above("|1 A=b /bin/sh -c make", ""), Origin::Built(Builder::Classic));
        let imported = ImageFacts { layers: vec!["one".into()], ..image(&[("", "Imported from -")]) };
        assert_eq!(origin(&imported, Some(&base)), Origin::Imported);
    }

    #[test]
    fn only_a_row_that_the_rebuild_lacks_was_committed() {
        let rows = [row("/bin/sh -c #(nop) COPY a in /", ""), row("chmod 644 a", "")];
        assert_eq!(committed(&rows, &rows), None);
        assert_eq!(committed(&rows, &rows[..1]), Some(&rows[1]));
    }

    #[test]
    fn an_image_on_another_version_of_its_base_was_not_committed() {
        let base = ImageFacts { layers: vec!["new".into()], ..image(&[("# debian.sh", "")]) };
        let built = ImageFacts {
            layers: vec!["old".into(), "own".into()],
            ..image(&[("# debian.sh 1", ""), ("COPY", "buildkit.dockerfile.v0")])
        };
        assert_eq!(origin(&built, Some(&base)), Origin::OtherBase);
    }

    #[test]
    fn a_base_that_was_imported_itself_is_no_import() {
        let base = image(&[("", "Imported from -")]);
        let mut built = base.clone();
        built.history.push(row("COPY . /site # buildkit", "buildkit.dockerfile.v0"));
        assert_eq!(origin(&built, Some(&base)), Origin::Built(Builder::BuildKit));
    }

    #[test]
    fn rows_are_told_as_instructions() {
        assert_eq!(row_words(&row("/bin/sh -c #(nop)  EXPOSE map[8080/tcp:{}]", "")), "EXPOSE [8080/tcp]");
        assert_eq!(row_words(&row("/bin/sh -c apk add curl", "")), "RUN apk add curl");
        assert_eq!(row_words(&row("COPY . /site # buildkit", "buildkit.dockerfile.v0")), "COPY . /site");
    }
}
