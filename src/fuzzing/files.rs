//! Files that others wrote: claims, states, rosters, parts, evidence.

use super::course::COURSE;
use super::{assert_harmless, at_once, text};
use crate::grade::closing::Closing;
use crate::grade::gradebook::Graded;
use crate::grade::late;
use crate::grade::part::{Part, join};
use crate::grade::roster::Roster;
use crate::report::gradebook;
use crate::selfcheck::Recording;
use crate::submission::Manifest;
use crate::submission::evidence::Block;

/// A manifest, or a text with blocks.
pub(super) fn claims(data: &[u8]) {
    if let Ok(manifest) = Manifest::read(data) {
        for exercise in manifest.exercises.iter().take(20) {
            let claim = manifest.claim(&exercise.id).expect("it is there");
            assert!(claim.token.is_none_or(|token| crate::learner::is_token(&token)));
        }
    }
    let text = text(data);
    for block in Block::read(&text) {
        match block {
            Ok(block) => {
                block.is_whole();
                let placed = block.placed_in(&text);
                assert!(placed.contains(&block.markdown()));
            }
            Err(why) => assert_harmless(&why),
        }
    }
}

pub(super) fn state(data: &[u8]) {
    crate::learner::fuzzing::state(data);
}

pub(super) fn roster(data: &[u8]) {
    let text = text(data);
    if let Ok(roster) = Roster::read(&text) {
        // The first ones: each is looked for among all.
        for member in roster.members.iter().take(20) {
            assert!(!member.learner.is_empty());
            assert_harmless(&member.learner);
            assert_eq!(roster.member(&member.learner), Some(member));
        }
    }
    let _ = late::submitted(&text);
}

/// A part, joined with none and reported.
pub(super) fn part(data: &[u8]) {
    let part = match Part::read(data) {
        Ok(part) => part,
        Err(why) => return assert_harmless(&why),
    };
    let (again, columns) = (part.bytes().expect("it is as large as it was"), part.exercises.len());
    assert!(Part::read(&again).is_ok(), "what was read is written and read again");
    let Ok(joined) = join(vec![("part.json".to_owned(), part)], true) else { return };
    for graded in &joined.submissions {
        assert_eq!(graded.exercises.len(), columns);
        let Graded { learner, name, source, refused, notes, .. } = graded;
        let all = [Some(learner), name.as_ref(), Some(source), refused.as_ref()];
        all.into_iter().flatten().chain(notes).for_each(|text| assert_harmless(text));
    }
    let book = Closing::default().book(&joined.grounds.course, joined.columns, joined.submissions);
    gradebook::cells(&book).expect("a table is written");
    for graded in &book.submissions {
        assert_harmless(&gradebook::feedback(graded, &book));
    }
}

pub(super) fn evidence(data: &[u8]) {
    if let Ok(recording) = serde_json::from_slice::<Recording>(data) {
        let _ = at_once(recording.replay(&COURSE));
    }
}
