//! What a course holds, by id. Each piece is read when it is first asked for, or was read before.
//!
//! A learner who reads one lesson waits for that one and not for the whole course; whoever asks for all of it gets it
//! read on several threads.

use std::collections::{BTreeMap, btree_map};
use std::fmt;
use std::ops::Index;
use std::sync::{Arc, OnceLock};

/// As many threads as are worth it where everything is asked for.
const THREADS: usize = 4;

/// Lessons or exercises by id, in the order of their ids.
pub struct Shelf<T> {
    slots: BTreeMap<String, Arc<Slot<T>>>,
}

/// How a piece is read.
type Reading<T> = Box<dyn Fn() -> T + Send + Sync>;

struct Slot<T> {
    piece: OnceLock<T>,
    /// None where the piece was there from the beginning.
    reading: Option<Reading<T>>,
}

impl<T> Slot<T> {
    fn get(&self) -> &T {
        self.piece.get_or_init(|| {
            let read = self.reading.as_ref().expect("a piece that was not read from the beginning can be read");
            read()
        })
    }
}

impl<T> Shelf<T> {
    /// With nothing on it.
    pub fn new() -> Self {
        Self { slots: BTreeMap::new() }
    }

    /// Puts a piece there; what had the id before goes.
    pub fn insert(&mut self, id: String, piece: T) {
        self.slots.insert(id, Arc::new(Slot { piece: OnceLock::from(piece), reading: None }));
    }

    /// Puts a piece there that is read when it is first asked for.
    pub fn insert_unread(&mut self, id: String, read: impl Fn() -> T + Send + Sync + 'static) {
        self.slots.insert(id, Arc::new(Slot { piece: OnceLock::new(), reading: Some(Box::new(read)) }));
    }

    /// The ids; nothing is read for them.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.slots.keys()
    }

    /// Whether there is a piece with this id.
    pub fn contains_key(&self, id: &str) -> bool {
        self.slots.contains_key(id)
    }

    /// The piece with this id.
    pub fn get(&self, id: &str) -> Option<&T> {
        Some(self.slots.get(id)?.get())
    }
}

impl<T: Send + Sync> Shelf<T> {
    /// All pieces with their ids.
    pub fn iter(&self) -> Iter<'_, T> {
        self.read_all();
        Iter(self.slots.iter())
    }

    /// All pieces.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.iter().map(|(_, piece)| piece)
    }

    /// Reads what was not read yet, on several threads.
    fn read_all(&self) {
        let unread: Vec<_> = self.slots.values().filter(|slot| slot.piece.get().is_none()).collect();
        if unread.len() < 2 {
            return;
        }
        std::thread::scope(|scope| {
            for share in unread.chunks(unread.len().div_ceil(THREADS)) {
                scope.spawn(move || share.iter().for_each(|slot| _ = slot.get()));
            }
        });
    }
}

/// See [`Shelf::iter`].
pub struct Iter<'a, T>(btree_map::Iter<'a, String, Arc<Slot<T>>>);

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = (&'a String, &'a T);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(id, slot)| (id, slot.get()))
    }
}

impl<'a, T: Send + Sync> IntoIterator for &'a Shelf<T> {
    type Item = (&'a String, &'a T);
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T> FromIterator<(String, T)> for Shelf<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(pieces: I) -> Self {
        let mut shelf = Self::new();
        pieces.into_iter().for_each(|(id, piece)| shelf.insert(id, piece));
        shelf
    }
}

impl<T, Q: AsRef<str> + ?Sized> Index<&Q> for Shelf<T> {
    type Output = T;

    fn index(&self, id: &Q) -> &T {
        self.slots[id.as_ref()].get()
    }
}

impl<T> Clone for Shelf<T> {
    fn clone(&self) -> Self {
        Self { slots: self.slots.clone() }
    }
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug + Send + Sync> fmt::Debug for Shelf<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn a_piece_is_read_once_and_only_when_it_is_asked_for() {
        let read = Arc::new(AtomicUsize::new(0));
        let mut shelf = Shelf::new();
        for id in ["C", "A", "B"] {
            let read = Arc::clone(&read);
            shelf.insert_unread(id.to_owned(), move || {
                read.fetch_add(1, Ordering::Relaxed);
                id.to_lowercase()
            });
        }
        let other = shelf.clone();
        assert!(shelf.keys().eq(["A", "B", "C"]) && shelf.contains_key("A") && shelf.get("D").is_none());
        assert_eq!(read.load(Ordering::Relaxed), 0);
        assert_eq!(
            (&*shelf["B"], &*other["B"], read.load(Ordering::Relaxed)),
            ("b", "b", 1),
            "a copy reads nothing anew"
        );
        shelf.insert("D".into(), "d".into());
        assert!(shelf.values().eq(["a", "b", "c", "d"]) && shelf.iter().count() == 4);
        assert_eq!((read.load(Ordering::Relaxed), other.keys().count()), (3, 3));
    }
}
