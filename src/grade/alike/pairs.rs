//! Which submissions of a class are worth laying side by side.
//!
//! Every pair of a class would be too many to compare in full: a few words in a row that two have in common, and hardly
//! anybody else, make a pair a candidate (Schleimer, Wilkerson and Aiken, "Winnowing: Local Algorithms for Document
//! Fingerprinting", 2003; what many have says nothing, as in Moss), and only candidates are compared.

use super::{Pair, Print, evidence, normal};
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{Hash, Hasher};

/// Pairs that a gradebook holds at most; the strongest.
pub const MOST_PAIRS: usize = 200;
/// From this ratio on, two are flagged.
const NEAR: f64 = 0.8;
/// Words of their own that both need: fewer are alike by chance.
const FEWEST_WORDS: usize = 20;
/// Words in a row that make a shingle.
const SHINGLE: usize = 4;
/// Shingles of which one is kept.
const WINDOW: usize = 4;
/// Part of the shingles that candidates share, at least.
const CANDIDATE: f64 = 0.3;
/// A line that more than so many have is nobody's own …
const COMMON: usize = 5;
/// … or more than one of so many, in a large class.
const COMMON_PART: usize = 5;
/// Candidates that are compared at most.
const MOST_CANDIDATES: usize = 2000;

/// One submission of the exercise.
#[derive(Clone, Copy, Debug)]
pub struct Submitted<'a> {
    /// Where it stands in the gradebook.
    pub index: usize,
    /// Whose it is.
    pub learner: &'a str,
    /// The token that came with it.
    pub token: Option<&'a str>,
    /// Tokens that lay in its images.
    pub in_images: &'a BTreeSet<String>,
    /// What its learner wrote.
    pub print: &'a Print,
}

/// The pairs of one exercise, in the order of their submissions.
pub fn pairs(exercise: &str, all: &[Submitted<'_>]) -> Vec<Pair> {
    let own = without_common(all);
    let mut found: BTreeMap<(usize, usize), Pair> = BTreeMap::new();
    let pair = |one: usize, other: usize| Pair {
        exercise: exercise.to_owned(),
        learners: [one, other].map(|which| all[which].learner.to_owned()),
        submissions: [one, other].map(|which| all[which].index),
        same_token: false,
        same_token_in_images: false,
        ratio: None,
        files: Vec::new(),
    };
    for (one, other) in sharing(all, |submitted| submitted.token.into_iter().collect()) {
        found.entry((one, other)).or_insert_with(|| pair(one, other)).same_token = true;
    }
    let common = common(all.len());
    for (token, who) in
        holders(all, |submitted| submitted.in_images.iter().map(String::as_str).chain(submitted.token).collect())
    {
        // What lies in everybody's images came with the exercise.
        if who.len() > common {
            continue;
        }
        let is_foreign = |which: usize| all[which].in_images.contains(token) && all[which].token != Some(token);
        for (one, other) in each_two(&who).filter(|(one, other)| is_foreign(*one) || is_foreign(*other)) {
            found.entry((one, other)).or_insert_with(|| pair(one, other)).same_token_in_images = true;
        }
    }
    let worth_it = |pair: &(usize, usize)| evidence::at_most(&own[pair.0], &own[pair.1]) >= NEAR;
    for (one, other) in candidates(&own).into_iter().filter(worth_it) {
        let ratio = evidence::ratio(&own[one], &own[other]);
        if ratio >= NEAR {
            found.entry((one, other)).or_insert_with(|| pair(one, other)).ratio = Some(ratio);
        }
    }
    // Laid side by side with all of their own lines: what many wrote helps to read the rest.
    for ((one, other), pair) in &mut found {
        if pair.ratio.is_none() && [*one, *other].iter().all(|which| count_words(&own[*which]) >= FEWEST_WORDS) {
            pair.ratio = Some(evidence::ratio(&own[*one], &own[*other]));
        }
        pair.files = evidence::side_by_side(all[*one].print, all[*other].print);
    }
    found.into_values().collect()
}

/// How many of so many may have something before it is common.
fn common(all: usize) -> usize {
    COMMON.max(all / COMMON_PART)
}

/// Who has what.
fn holders<'a>(
    all: &[Submitted<'a>],
    of: impl Fn(&Submitted<'a>) -> BTreeSet<&'a str>,
) -> BTreeMap<&'a str, Vec<usize>> {
    let mut holders: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (which, submitted) in all.iter().enumerate() {
        of(submitted).into_iter().for_each(|thing| holders.entry(thing).or_default().push(which));
    }
    holders
}

/// Everybody with everybody else, once.
fn each_two(who: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    who.iter().enumerate().flat_map(|(at, one)| who[at + 1..].iter().map(|other| (*one, *other)))
}

/// Whoever has something in common, in pairs.
fn sharing<'a>(all: &[Submitted<'a>], of: impl Fn(&Submitted<'a>) -> BTreeSet<&'a str>) -> BTreeSet<(usize, usize)> {
    holders(all, of).values().flat_map(|who| each_two(who)).take(MOST_CANDIDATES).collect()
}

/// The prints without the lines that much of the class has.
fn without_common(all: &[Submitted<'_>]) -> Vec<Print> {
    let holders = holders(all, |submitted| submitted.print.lines().map(|line| line.normal.as_str()).collect());
    let common = common(all.len());
    let without = |print: &Print| {
        let own = print.files.iter().map(|(path, lines)| {
            let own =
                lines.iter().filter(|line| holders.get(line.normal.as_str()).is_none_or(|who| who.len() <= common));
            (path.clone(), own.cloned().collect::<Vec<_>>())
        });
        Print { files: own.filter(|(_, lines)| !lines.is_empty()).collect() }
    };
    all.iter().map(|submitted| without(submitted.print)).collect()
}

/// The pairs that share enough shingles, those that share most first.
fn candidates(own: &[Print]) -> Vec<(usize, usize)> {
    let shingles: Vec<HashSet<u64>> = own.iter().map(shingles).collect();
    let held = shingles.iter().enumerate().flat_map(|(which, set)| set.iter().map(move |shingle| (*shingle, which)));
    let mut held: Vec<(u64, usize)> = held.collect();
    held.sort_unstable();
    let mut shared: HashMap<(usize, usize), usize> = HashMap::new();
    let common = common(own.len());
    for group in held.chunk_by(|one, other| one.0 == other.0).filter(|group| (2..=common).contains(&group.len())) {
        let who: Vec<usize> = group.iter().map(|(_, which)| *which).collect();
        each_two(&who).for_each(|pair| *shared.entry(pair).or_default() += 1);
    }
    let part = |((one, other), shared): ((usize, usize), usize)| {
        let smaller = shingles[one].len().min(shingles[other].len()).max(1);
        ((one, other), shared as f64 / smaller as f64)
    };
    let mut pairs: Vec<_> = shared.into_iter().map(part).filter(|(_, part)| *part >= CANDIDATE).collect();
    pairs.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    pairs.into_iter().map(|(pair, _)| pair).take(MOST_CANDIDATES).collect()
}

/// Hashes of a few words in a row, of every few such hashes the smallest; none where there are too few words to tell
/// anything.
fn shingles(print: &Print) -> HashSet<u64> {
    let hash = |what: &dyn Fn(&mut DefaultHasher)| {
        let mut hasher = DefaultHasher::new();
        what(&mut hasher);
        hasher.finish()
    };
    let words: Vec<u64> = words(print).map(|word| hash(&|hasher| word.hash(hasher))).collect();
    if words.len() < FEWEST_WORDS {
        return HashSet::new();
    }
    let all: Vec<u64> = words.windows(SHINGLE).map(|some| hash(&|hasher| some.hash(hasher))).collect();
    all.windows(WINDOW).filter_map(|some| some.iter().min().copied()).collect()
}

fn words(print: &Print) -> impl Iterator<Item = &str> {
    print.lines().flat_map(|line| normal::words(&line.normal))
}

fn count_words(print: &Print) -> usize {
    words(print).count()
}
