//! How work is spread over throw-away engines: each does one thing after another.
//!
//! What an engine has built it need not build again, so what shares builds goes to one engine, as long as there is
//! enough of it for all of them.

use crate::engine::Engine;
use crate::selfcheck::Workbench;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, stream};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// What nobody has begun.
#[derive(Debug, Default)]
struct Open {
    /// Places of what shares builds.
    groups: Vec<VecDeque<usize>>,
    /// Whether an engine has taken up a group.
    taken: Vec<bool>,
}

impl Open {
    fn new<K: PartialEq>(places: Vec<usize>, key: impl Fn(usize) -> K) -> Self {
        let mut groups: Vec<(K, VecDeque<usize>)> = Vec::new();
        for place in places {
            let own = key(place);
            match groups.iter_mut().find(|(of, _)| *of == own) {
                Some((_, group)) => group.push_back(place),
                None => groups.push((own, VecDeque::from([place]))),
            }
        }
        let groups: Vec<VecDeque<usize>> = groups.into_iter().map(|(_, group)| group).collect();
        Self { taken: vec![false; groups.len()], groups }
    }

    /// The next for an engine whose last was of the group `at`: of the same, of the first that nobody has taken up, or
    /// of that with most left.
    fn next(&mut self, at: &mut Option<usize>) -> Option<usize> {
        let has_more = |group: &usize| !self.groups[*group].is_empty();
        let group = at
            .filter(has_more)
            .or_else(|| self.taken.iter().position(|taken| !taken))
            .or_else(|| (0..self.groups.len()).max_by_key(|group| self.groups[*group].len()))?;
        (self.taken[group], *at) = (true, Some(group));
        self.groups[group].pop_front()
    }
}

/// Has `work` done at all of `places`, in about that order; those with the same key on the same engine, if that keeps
/// no other waiting.
pub(super) fn spread<'a, T: 'a, K: PartialEq, F: Future<Output = T> + Send + 'a>(
    engines: &'a [Engine],
    benches: &'a [Workbench],
    places: Vec<usize>,
    key: impl Fn(usize) -> K,
    work: impl Fn(&'a Engine, &'a Workbench, usize) -> F + Copy + Send + 'a,
) -> BoxStream<'a, T> {
    let open = Arc::new(Mutex::new(Open::new(places, key)));
    let lanes = engines.iter().zip(benches).map(|(engine, bench)| {
        let (open, mut at) = (Arc::clone(&open), None);
        let next = move || open.lock().unwrap_or_else(PoisonError::into_inner).next(&mut at);
        stream::iter(std::iter::from_fn(next)).then(move |place| work(engine, bench, place)).boxed()
    });
    stream::select_all(lanes).boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shares_builds_stays_together_until_an_engine_would_have_nothing_to_do() {
        let mut open = Open::new((0..9).collect(), |place| place / 5);
        let (mut one, mut other) = (None, None);
        let mut turns = Vec::new();
        for _ in 0..5 {
            turns.extend([open.next(&mut one), open.next(&mut other)]);
        }
        let places: Vec<Option<usize>> = [0, 5, 1, 6, 2, 7, 3, 8, 4].map(Some).into();
        assert_eq!(turns, [places, vec![None]].concat());

        let mut open = Open::new((0..5).collect(), |place| place / 4);
        let (mut one, mut other) = (None, None);
        let turns = [open.next(&mut one), open.next(&mut other), open.next(&mut other), open.next(&mut one)];
        assert_eq!(turns, [0, 4, 1, 2].map(Some), "the second helps the first");
        assert_eq!([open.next(&mut one), open.next(&mut other)], [Some(3), None]);
    }
}
