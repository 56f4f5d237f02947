//! From submissions that were judged to the gradebook of a class: who is in it, who is missing, what is late, what is a
//! bonus. The same for one run and for parts that are joined. Pure.

use super::gradebook::{Absent, Column, Gradebook, Graded, GradedExercise};
use super::late::Deadlines;
use super::roster::Roster;
use super::whose::whose;

/// What turns points that were earned into marks.
#[derive(Clone, Debug, Default)]
pub struct Closing {
    /// Who is in the class.
    pub roster: Option<Roster>,
    /// Due dates, and what being late costs.
    pub deadlines: Deadlines,
    /// Exercises whose points come on top.
    pub bonus: Vec<String>,
    /// Nobody gets more than all points.
    pub bonus_fills: bool,
}

impl Closing {
    /// Says of each column whether it is a bonus.
    ///
    /// # Errors
    /// An exercise that is named and not there, or that nothing but a bonus is left.
    pub fn columns(&self, columns: Vec<Column>) -> Result<Vec<Column>, String> {
        let names = |id: &str| columns.iter().any(|column| column.id.eq_ignore_ascii_case(id));
        let due = self.deadlines.due.exercises().map(|id| ("--due", id));
        let named = self.bonus.iter().map(|id| ("--bonus", id.as_str())).chain(due);
        if let Some((option, id)) = named.into_iter().find(|(_, id)| !names(id)) {
            let ids: Vec<&str> = columns.iter().map(|column| column.id.as_str()).collect();
            return Err(format!("{option} {id}: what is graded is {}", ids.join(", ")));
        }
        let is_bonus = |column: &Column| self.bonus.iter().any(|id| column.id.eq_ignore_ascii_case(id));
        let columns: Vec<Column> = columns.into_iter().map(|it| Column { bonus: is_bonus(&it), ..it }).collect();
        match columns.iter().any(|column| !column.bonus) {
            true => Ok(columns),
            false => Err("--bonus: nothing is left that a bonus could come on top of".into()),
        }
    }

    /// Whether the times of the roster and of a platform are of exercises that the course has: these.
    ///
    /// # Errors
    /// One that it has not.
    pub fn times_are_of(&self, course: &[String]) -> Result<(), String> {
        let members = self.roster.iter().flat_map(|roster| &roster.members);
        let of_roster = members.flat_map(|member| {
            let due = member.due.exercises().map(|id| ("a column `due", id));
            due.chain(member.submitted.exercises().map(|id| ("a column `submitted", id)))
        });
        let told = self.deadlines.submitted.values().flat_map(super::late::Times::exercises);
        let named = of_roster
            .map(|(column, id)| (format!("the roster has {column} {}`", id.to_lowercase()), id))
            .chain(told.map(|id| (format!("--submitted has times of `{id}`"), id)));
        let knows = |id: &str| course.iter().any(|known| known.eq_ignore_ascii_case(id));
        match named.into_iter().find(|(_, id)| !knows(id)) {
            Some((what, id)) => Err(format!("{what}, and the course has no exercise {id}")),
            None => Ok(()),
        }
    }

    /// The gradebook. `columns` are those that [`Closing::columns`] gave.
    pub fn book(&self, course: &str, columns: Vec<Column>, mut submissions: Vec<Graded>) -> Gradebook {
        let late = self.deadlines.is_set(self.roster.as_ref());
        for graded in &mut submissions {
            self.know(graded);
            if late && !graded.part_missing {
                self.deadlines.apply(graded, self.roster.as_ref());
            }
            graded.count(&columns, self.bonus_fills);
        }
        let mut missing = self.absent(&submissions);
        // Whoever is called by another name may be in the part that is not there.
        if submissions.iter().any(|graded| graded.part_missing && graded.in_roster != Some(true)) {
            let perhaps = missing.drain(..).map(|absent| {
                let mut graded = perhaps_there(&columns, absent);
                graded.count(&columns, self.bonus_fills);
                graded
            });
            submissions.extend(perhaps);
        }
        let mut book = Gradebook::new(course, columns, submissions, missing);
        book.late = late.then_some(self.deadlines.policy);
        book
    }

    /// Whose it is, where the part that it was graded in had no roster: as in one run, by what it is called and what it
    /// says of itself, which is its name so far. (A secret needs a roster: here is none.)
    fn know(&self, graded: &mut Graded) {
        let (Some(roster), None) = (&self.roster, graded.in_roster) else { return };
        let whose = whose(Some(roster), graded.learner.clone(), graded.name.take(), |_| true);
        if graded.part_missing && whose.member.is_none() {
            return;
        }
        (graded.learner, graded.name, graded.in_roster) = (whose.learner, whose.name, whose.in_roster);
        graded.notes.extend(whose.note);
    }

    /// Who of the roster has handed nothing in.
    fn absent(&self, graded: &[Graded]) -> Vec<Absent> {
        let Some(roster) = &self.roster else { return Vec::new() };
        let here =
            |learner: &str| graded.iter().any(|graded| graded.in_roster == Some(true) && graded.learner == learner);
        let members = roster.members.iter().filter(|member| !here(&member.learner));
        members.map(|member| Absent::new(&member.learner, member.name.clone())).collect()
    }
}

/// Somebody of the roster of whom nobody knows whether they handed anything in.
fn perhaps_there(columns: &[Column], absent: Absent) -> Graded {
    let why = "a part of the class was not there, and their submission may be in it";
    let exercises = columns.iter().map(|column| GradedExercise::not_judged(column, why)).collect();
    let (learner, name) = (absent.learner, absent.name);
    Graded { learner, name, in_roster: Some(true), part_missing: true, ..Graded::of(exercises) }
}

#[cfg(test)]
mod tests;
