//! From submissions that were judged to the gradebook of a class: who is in it, who is missing, what is late, what is a
//! bonus. The same for one run and for parts that are joined. Pure.

use super::gradebook::{Absent, Column, Gradebook, Graded};
use super::late::Deadlines;
use super::roster::Roster;

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

    /// The gradebook. `columns` are those that [`Closing::columns`] gave.
    pub fn book(&self, course: &str, columns: Vec<Column>, mut submissions: Vec<Graded>) -> Gradebook {
        let late = self.deadlines.is_set(self.roster.as_ref());
        for graded in &mut submissions {
            self.know(graded);
            if late {
                self.deadlines.apply(graded, self.roster.as_ref());
            }
            graded.count(&columns, self.bonus_fills);
        }
        let missing = self.absent(&submissions);
        let mut book = Gradebook::new(course, columns, submissions, missing);
        book.late = late.then_some(self.deadlines.policy);
        book
    }

    /// Whether somebody is in the roster, where the part that they were graded in had none.
    fn know(&self, graded: &mut Graded) {
        let (Some(roster), None) = (&self.roster, graded.in_roster) else { return };
        match roster.member(&graded.learner) {
            Some(member) => {
                graded.learner.clone_from(&member.learner);
                graded.name = member.name.clone().or(graded.name.take());
                graded.in_roster = Some(true);
            }
            None => {
                graded.in_roster = Some(false);
                graded.notes.push(format!("{} is not in the roster", graded.learner));
            }
        }
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

#[cfg(test)]
mod tests;
