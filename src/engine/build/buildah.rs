//! What Podman's Docker API says of a build: Buildah's own words, in the stream of the classic builder.
//!
//! ```text
//! [2/2] STEP 3/4: RUN make          the stage is told where there are several
//! --> Using cache 0123…             64 digits, right behind the step, where it was in the cache
//! --> 0123456789ab                  what the step made, or took from the cache
//! [2/2] COMMIT docker.io/a/b:v1
//! ```
//!
//! What a RUN prints stands among these lines and may look like them: a step that says anything more than the two lines
//! of one out of the cache was not in it, and what is told of a step last holds.

use crate::evidence::StepFacts;

/// The steps so far.
#[derive(Default)]
pub(super) struct Buildah {
    steps: Vec<StepFacts>,
    /// Lines since the last of them began.
    lines: usize,
    /// Every step is told; what comes now is about the whole image.
    committed: bool,
}

impl Buildah {
    /// One line; gives the image that it names, the first twelve digits of its id, and whether a step made it.
    pub(super) fn line(&mut self, line: &str) -> Option<(String, bool)> {
        let line = line.trim_end();
        if let Some(step) = step(line) {
            self.steps.retain(|one| (&one.stage, one.number) != (&step.stage, step.number));
            self.steps.push(step);
            (self.lines, self.committed) = (0, false);
            return None;
        }
        let last = self.steps.last_mut()?;
        if without_stage(line).is_some_and(|(_, rest)| rest.starts_with("COMMIT ")) {
            self.committed = true;
        }
        if self.committed {
            return None;
        }
        self.lines += 1;
        let named = line.strip_prefix("--> ");
        let cached = named.and_then(|named| named.strip_prefix("Using cache ")).filter(|id| is_hex(id, 64));
        let result = named.filter(|id| is_hex(id, 12));
        last.cached = match self.lines {
            1 => cached.is_some(),
            2 => last.cached && result.is_some(),
            _ => false,
        };
        match cached {
            Some(id) => Some((id[..12].to_owned(), false)),
            None => result.map(|id| (id.to_owned(), !last.cached)),
        }
    }

    /// What became of the instructions; FROM is none.
    pub(super) fn into_steps(self) -> Vec<StepFacts> {
        let is_from = |step: &StepFacts| step.text.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("FROM "));
        self.steps.into_iter().filter(|step| !is_from(step)).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// `[2/3] COMMIT …` → (2, `COMMIT …`); without a stage it is the first.
fn without_stage(line: &str) -> Option<(usize, &str)> {
    let Some(rest) = line.strip_prefix('[') else { return Some((1, line)) };
    let (count, rest) = rest.split_once("] ")?;
    let stage: usize = count.split_once('/')?.0.parse().ok()?;
    (stage > 0).then_some((stage, rest))
}

/// `[2/3] STEP 1/2: RUN make`
fn step(line: &str) -> Option<StepFacts> {
    let (stage, rest) = without_stage(line)?;
    let (count, text) = rest.strip_prefix("STEP ")?.split_once(": ")?;
    let (number, all) = count.split_once('/')?;
    let (number, all): (usize, usize) = (number.parse().ok()?, all.parse().ok()?);
    let stage = Some((stage - 1).to_string());
    (number <= all).then(|| StepFacts { stage, number, text: text.to_owned(), cached: false })
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "129e8cd90260da1e42dc84f63c292feb0cece3f37615a90831f23d62158cb0fb";

    fn told(lines: &[&str]) -> (Vec<StepFacts>, Vec<(String, bool)>) {
        let mut buildah = Buildah::default();
        let named = lines.iter().filter_map(|line| buildah.line(line)).collect();
        (buildah.into_steps(), named)
    }

    fn step(stage: &str, number: usize, text: &str, cached: bool) -> StepFacts {
        StepFacts { stage: Some(stage.into()), number, text: text.into(), cached }
    }

    #[test]
    fn steps_of_every_stage_are_told_with_what_they_made() {
        let cached = format!("--> Using cache {ID}");
        let (steps, named) = told(&[
            "[1/2] STEP 1/2: FROM busybox:1.36 AS a",
            "[1/2] STEP 2/2: RUN make",
            "hello",
            "--> 7feb9b57999f",
            "[2/2] STEP 1/2: FROM busybox:1.36",
            "[2/2] STEP 2/2: COPY --from=a /b /b",
            &cached,
            "[2/2] COMMIT docker.io/t01/x:v1",
            "--> 129e8cd90260",
        ]);
        assert_eq!(steps, [step("0", 2, "RUN make", false), step("1", 2, "COPY --from=a /b /b", true)]);
        assert_eq!(named, [("7feb9b57999f".into(), true), (ID[..12].to_owned(), false)]);
    }

    #[test]
    fn what_a_run_prints_makes_no_step_cached_and_takes_none_away() {
        let cached = format!("--> Using cache {ID}");
        let lines =
            ["STEP 1/3: FROM busybox", "STEP 2/3: RUN ./lie", &cached, "--> 129e8cd90260", "x", "--> 7feb9b57999f"];
        let (steps, named) = told(&[&lines[..], &["STEP 3/3: RUN true", "--> 5feb9b57999f"]].concat());
        assert_eq!(steps, [step("0", 2, "RUN ./lie", false), step("0", 3, "RUN true", false)]);
        assert_eq!(named.last(), Some(&("5feb9b57999f".into(), true)));
        let (steps, _) =
            told(&["STEP 1/2: FROM a", "STEP 2/3: RUN ./lie", "STEP 3/3: RUN x", &cached, "y", "STEP 3/3: RUN real"]);
        assert_eq!(steps, [step("0", 2, "RUN ./lie", false), step("0", 3, "RUN real", false)]);
        assert_eq!(told(&["--> 7feb9b57999f", "Step 1/2 : RUN x"]), (vec![], vec![]), "another builder");
    }
}
