//! What one submission may take of a file that holds a class: so much that no honest one comes near it, and so little
//! that a few hostile ones leave room for everybody else's.

use super::{Graded, GradedExercise};
use crate::grade::alike::{LARGEST_PRINTS, Print};

impl Graded {
    /// The same without the largest prints, where all together are larger than [`LARGEST_PRINTS`]. Says so: what was
    /// dropped is compared with nobody's.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        let mut all: Vec<(usize, &mut GradedExercise)> =
            self.exercises.iter_mut().map(|exercise| (exercise.print.bytes(), exercise)).collect();
        all.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
        let mut sum: usize = all.iter().map(|(bytes, _)| *bytes).sum();
        for (bytes, exercise) in all {
            if sum <= LARGEST_PRINTS {
                break;
            }
            sum -= bytes;
            exercise.print = Print::default();
            let note = "it holds more text than is compared: whether it is like somebody else's was not looked at";
            exercise.notes.push(note.into());
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::FileSet;
    use crate::grade::alike::Given;
    use crate::grade::gradebook::Column;
    use crate::grade::score::Points;

    fn print(line: &str, lines: usize) -> Print {
        let text: String = (0..lines).map(|number| format!("{line}{number}\n")).collect();
        Print::of(&FileSet::from([("a".to_owned(), text.into_bytes())]), &Given::default())
    }

    #[test]
    fn large_prints_are_dropped_and_the_others_stay() {
        let column = Column { id: "E01".into(), title: "T".into(), points: Points::whole(10), bonus: false };
        // What a file writes with six letters each does not count as much.
        let hostile = print(&"\u{1}".repeat(120), 4000);
        assert!(hostile.bytes() < 300_000 && hostile.is_sound(), "{}", hostile.bytes());
        let (honest, large) = (print("RUN something of one's own ", 40), print(&"x\"".repeat(150), 4000));
        assert!(!large.is_sound());
        let exercise = |print: &Print| GradedExercise { print: print.clone(), ..GradedExercise::missing(&column) };
        let all = [&honest, &large, &honest, &hostile, &large];
        let graded = Graded::of(all.map(exercise).into()).bounded();
        let kept: Vec<&Print> = graded.exercises.iter().map(|exercise| &exercise.print).collect();
        let none = &Print::default();
        assert!(kept == [&honest, none, &honest, &hostile, none]);
        let told: Vec<usize> = graded.exercises.iter().map(|exercise| exercise.notes.len()).collect();
        assert_eq!(told, [0, 1, 0, 0, 1]);
        assert!(kept.iter().all(|print| print.is_sound()));
    }
}
