//! Whose a submission is. Pure.

use super::roster::{Member, Roster};

/// Whose a submission is.
#[derive(Debug)]
pub struct Whose<'a> {
    /// As the roster calls them, else as the submission is called.
    pub learner: String,
    /// Their name: the roster's, and for whoever is not in one what the submission says of itself.
    pub name: Option<String>,
    /// Whether they are in the roster; none without a roster.
    pub in_roster: Option<bool>,
    /// Who of the roster it is.
    pub member: Option<&'a Member>,
    /// What somebody should know of it.
    pub note: Option<String>,
}

impl<'a> Whose<'a> {
    fn member(member: &'a Member, note: Option<String>) -> Self {
        let (learner, name) = (member.learner.clone(), member.name.clone());
        Self { learner, name, in_roster: Some(true), member: Some(member), note }
    }

    fn stranger(label: String, says: Option<String>, note: String) -> Self {
        Self { learner: label, name: says, in_roster: Some(false), member: None, note: Some(note) }
    }
}

/// Decides it by what the submission is called (`label`), which the collector decides, before what it `says` of itself:
/// that counts where it `proves` it with a token which only that member has.
pub fn whose<'a>(
    roster: Option<&'a Roster>,
    label: String,
    says: Option<String>,
    proves: impl Fn(&Member) -> bool,
) -> Whose<'a> {
    let Some(roster) = roster else {
        return Whose { learner: label, name: says, in_roster: None, member: None, note: None };
    };
    let said = says.as_deref().and_then(|says| roster.member(says));
    match (roster.member(&label), said) {
        (Some(member), said) => {
            let other = said.filter(|said| *said != member);
            Whose::member(member, other.map(|other| format!("it says of itself that it is {}'s", other.learner)))
        }
        (None, Some(member)) if proves(member) => {
            Whose::member(member, Some(format!("known by what it says of itself; it is called {label}")))
        }
        (None, Some(member)) => {
            let note = format!("it says of itself that it is {}'s, and has no token of theirs", member.learner);
            Whose::stranger(label, says, note)
        }
        (None, None) => {
            let note = format!("{label} is not in the roster");
            Whose::stranger(label, says, note)
        }
    }
}
