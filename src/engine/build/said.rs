//! What the stream of a build says, line by line: the log, the steps, the images that the classic builder names.

use super::buildah::Buildah;
use crate::engine::{
    buildkit::{Progress, StatusResponse},
    call::Trouble,
    text::BoundedLog,
};
use crate::evidence::{Builder, StepFacts};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Most lines of a build's log that are kept, half of them from each end.
const LOG_LINES: usize = 20_000;
/// Most bytes of it, likewise.
const LOG_BYTES: usize = 2 * 1024 * 1024;
/// Most instructions that are followed, and most bytes of them.
const MOST_STEPS: usize = 10_000;
const MOST_STEP_BYTES: usize = 8 * 1024 * 1024;

/// One line of the stream (`JSONMessage` of the Engine API).
#[derive(Deserialize)]
pub(super) struct Line {
    stream: Option<String>,
    status: Option<String>,
    id: Option<String>,
    #[serde(flatten)]
    trouble: Trouble,
    #[serde(rename = "progressDetail")]
    progress: Option<serde_json::Map<String, serde_json::Value>>,
    aux: Option<serde_json::Value>,
}

/// What the stream of a build gave so far.
pub(super) struct Said {
    log: BoundedLog,
    buildkit: Progress,
    /// Output of the classic builder since the last newline.
    pending: String,
    pub(super) error: Option<String>,
    /// The last image that the classic builder named (` ---> 0123456789ab`), and whether it made it.
    pub(super) last_image: Option<(String, bool)>,
    /// The image whose triggers (ONBUILD) it has begun to run: of what these make it names the last only.
    pub(super) triggers_of: Option<String>,
    /// The next image that it names was there before: a base, or out of the cache.
    taken: bool,
    /// The last step copies from the context, and nothing is known yet of the cache.
    copying: bool,
    /// A step that copies was not in the cache.
    pub(super) uncached_copy: bool,
    /// The classic builder's steps so far.
    steps: Vec<StepFacts>,
    /// Bytes of them.
    step_bytes: usize,
    /// The line before this one began the last of them.
    step_begun: bool,
    /// The same in Podman's words.
    buildah: Buildah,
}

impl Said {
    pub(super) fn new() -> Self {
        Self {
            log: BoundedLog::new(LOG_LINES, LOG_BYTES),
            buildkit: Progress::default(),
            pending: String::new(),
            error: None,
            last_image: None,
            triggers_of: None,
            taken: false,
            copying: false,
            uncached_copy: false,
            steps: Vec::new(),
            step_bytes: 0,
            step_begun: false,
            buildah: Buildah::default(),
        }
    }

    pub(super) fn line(&mut self, line: Line) {
        if let Some(text) = &line.stream {
            for part in text.split_inclusive('\n') {
                self.pending.push_str(part);
                if part.ends_with('\n') {
                    let whole = std::mem::take(&mut self.pending);
                    self.classic(&whole);
                }
            }
            if self.pending.len() > 64 * 1024 {
                let whole = std::mem::take(&mut self.pending);
                self.classic(&whole);
            }
        }
        if let (Some("moby.buildkit.trace"), Some(serde_json::Value::String(aux))) = (line.id.as_deref(), &line.aux) {
            self.buildkit.add(aux, &mut self.log);
        }
        // Pulling a base image: what it says, without the bars.
        if let (Some(status), true) = (&line.status, line.progress.is_none_or(|progress| progress.is_empty())) {
            match &line.id {
                Some(id) => self.log.push(&format!("{id}: {status}")),
                None => self.log.push(status),
            }
        }
        if let Some(error) = line.trouble.message() {
            self.error = Some(error);
        }
    }

    /// What BuildKit told by another way.
    pub(super) fn progress(&mut self, status: StatusResponse) {
        self.buildkit.take(status, &mut self.log);
    }

    /// Whether BuildKit told of any step.
    pub(super) fn has_begun(&self) -> bool {
        self.buildkit.has_begun()
    }

    fn classic(&mut self, line: &str) {
        if let Some(id) = line.strip_prefix(" ---> ").map(str::trim)
            && id.len() == 12
            && id.bytes().all(|byte| byte.is_ascii_hexdigit())
        {
            self.last_image = Some((id.to_owned(), !self.taken));
            self.taken = false;
            self.uncached_copy |= self.copying;
            self.copying = false;
        } else if line.starts_with("Step ") {
            let instruction = line.split_once(" : ").map_or("", |(_, rest)| rest).to_ascii_uppercase();
            self.copying = instruction.starts_with("COPY ") || instruction.starts_with("ADD ");
            self.taken = instruction.starts_with("FROM ");
        } else if self.step_begun && line.starts_with("# Executing ") {
            let from = self.steps.last().map(|step| crate::dockerfile::parse(&step.text));
            self.triggers_of = from.and_then(|from| from.stages.into_iter().next()).map(|stage| stage.base);
            self.taken = false;
        } else if line.starts_with(" ---> Using cache") {
            self.copying = false;
            self.taken = true;
        }
        if let Some(named) = self.buildah.line(line) {
            self.last_image = Some(named);
        }
        self.step(line);
        if !line.trim().is_empty() {
            self.log.push(line);
        }
    }

    /// `Step 2/5 : RUN make`, and right behind it ` ---> Using cache` where that holds: what a step prints
    /// comes later.
    fn step(&mut self, line: &str) {
        let line = line.trim_end();
        if line == " ---> Using cache" && self.step_begun {
            self.steps.iter_mut().last().into_iter().for_each(|step| step.cached = true);
        }
        let begun = line.strip_prefix("Step ").and_then(|rest| rest.split_once(" : "));
        self.step_begun = false;
        if let Some((count, text)) = begun
            && let Some(Ok(number)) = count.split_once('/').map(|(number, _)| number.parse::<usize>())
            && number <= MOST_STEPS
        {
            // What a RUN prints may look like this, too; it cannot count on.
            let fits = self.step_bytes + text.len() <= MOST_STEP_BYTES;
            if fits && self.steps.last().is_none_or(|last| last.number < number) {
                self.step_bytes += text.len();
                self.steps.push(StepFacts { stage: None, number, text: text.to_owned(), cached: false });
                self.step_begun = true;
            }
        }
    }

    pub(super) fn finish(&mut self) {
        let rest = std::mem::take(&mut self.pending);
        self.classic(&rest);
        self.buildkit.finish(&mut self.log);
    }

    /// Steps of the classic builder that it did not take from its cache, but for the last one, at which it failed.
    pub(super) fn ran(&self) -> impl Iterator<Item = usize> {
        let before = self.steps.len().saturating_sub(1);
        self.steps[..before].iter().filter(|step| !step.cached).map(|step| step.number)
    }

    /// What ran in an earlier try is in the cache for this one only: it was not there.
    pub(super) fn ran_before(&mut self, ran: &BTreeSet<usize>) {
        for step in self.steps.iter_mut().filter(|step| ran.contains(&step.number)) {
            step.cached = false;
        }
    }

    /// What became of the instructions, and the whole log.
    pub(super) fn into_steps_and_log(self, builder: Builder) -> (Vec<StepFacts>, Vec<String>) {
        let steps = match builder {
            Builder::BuildKit => self.buildkit.steps(),
            Builder::Classic if !self.buildah.is_empty() => self.buildah.into_steps(),
            Builder::Classic => in_stages(self.steps),
        };
        (steps, self.log.into_lines())
    }
}

/// The classic builder's steps by stages, which it does not name; their numbers do.
fn in_stages(steps: Vec<StepFacts>) -> Vec<StepFacts> {
    let mut from = 0_usize;
    let mut told = Vec::with_capacity(steps.len());
    for step in steps {
        if step.text.get(..5).is_some_and(|keyword| keyword.eq_ignore_ascii_case("FROM ")) {
            from += 1;
        } else {
            told.push(StepFacts { stage: from.checked_sub(1).map(|stage| stage.to_string()), ..step });
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_the_classic_builder_are_cached_where_it_says_so_at_once() {
        let mut said = Said::new();
        for line in [
            "Step 1/4 : FROM busybox\n",
            " ---> 0123456789ab\n",
            "Step 2/4 : RUN make\n",
            " ---> Using cache\n",
            " ---> 0123456789ab\n",
            "Step 3/4 : FROM busybox\n",
            "Step 4/4 : RUN echo\n",
            " ---> Running in 0123456789ab\n",
            " ---> Using cache\n",
            "Step 2/4 : RUN what is printed\n",
        ] {
            said.classic(line);
        }
        let step = |stage: &str, number, text: &str, cached| StepFacts {
            stage: Some(stage.into()),
            number,
            text: text.into(),
            cached,
        };
        assert_eq!(in_stages(said.steps), [step("0", 2, "RUN make", true), step("1", 4, "RUN echo", false)]);
    }

    #[test]
    fn what_ran_in_a_try_that_failed_is_not_called_cached_in_the_next() {
        let first = ["FROM a", "RUN one", "RUN two", "FROM b", "RUN three"];
        let mut tried = [Said::new(), Said::new()];
        for (number, text) in first.iter().enumerate() {
            tried[0].classic(&format!("Step {}/5 : {text}\n", number + 1));
            tried[1].classic(&format!("Step {}/5 : {text}\n", number + 1));
            if number == 1 {
                tried[0].classic(" ---> Using cache\n");
            }
            if number != 0 && number != 3 {
                tried[1].classic(" ---> Using cache\n");
            }
        }
        let ran: BTreeSet<usize> = tried[0].ran().collect();
        assert_eq!(ran, BTreeSet::from([1, 3, 4]), "the fifth met an image that was gone");
        tried[1].ran_before(&ran);
        let cached: Vec<bool> = tried[1].steps.iter().map(|step| step.cached).collect();
        assert_eq!(cached, [false, true, false, false, true]);
    }

    #[test]
    fn a_message_of_many_lines_takes_no_longer_than_many_messages() {
        // Were what is left copied for each line, this would take hours.
        let mut said = Said::new();
        said.line(serde_json::from_value(serde_json::json!({ "stream": "\n".repeat(4 << 20) + "end" })).unwrap());
        said.finish();
        assert_eq!(said.log.into_lines(), ["end"]);
    }

    #[test]
    fn long_instructions_are_followed_up_to_a_limit() {
        let mut said = Said::new();
        let text = "x".repeat(MOST_STEP_BYTES / 4);
        for number in 1..=9 {
            said.classic(&format!("Step {number}/9 : {text}\n"));
        }
        assert_eq!(said.steps.len(), 4);
    }

    #[test]
    fn triggers_are_noticed_with_the_image_that_they_belong_to() {
        let mut said = Said::new();
        for line in [
            "Step 1/2 : FROM --platform=linux/amd64 n10/kit:v1 AS site\n",
            "# Executing 2 build triggers\n",
            " ---> Running in 9c46f3653a87\n",
            " ---> 0123456789ab\n",
            "Step 2/2 : RUN cat notes\n",
            " ---> Running in 8c46f3653a87\n",
            "# Executing 3 build triggers\n",
        ] {
            said.classic(line);
        }
        assert_eq!(said.triggers_of.as_deref(), Some("n10/kit:v1"), "and not what a RUN prints");
        assert_eq!(said.last_image, Some(("0123456789ab".into(), true)), "the last trigger made it");
    }

    #[test]
    fn an_error_of_engine_29_has_only_its_detail() {
        let mut said = Said::new();
        for line in described!("build.ndjson").lines() {
            said.line(serde_json::from_str(line).unwrap());
        }
        let error = said.error.take().unwrap();
        assert_eq!(error, "The command '/bin/sh -c false' returned a non-zero code: 1");
        let (steps, _) = said.into_steps_and_log(Builder::Classic);
        assert_eq!(steps.iter().map(|step| step.text.as_str()).collect::<Vec<_>>(), ["RUN false"]);
    }
}
