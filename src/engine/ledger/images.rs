//! The images of a run: which tags it gives, what its builds leave, and what must survive it.

use super::super::{
    Engine, EngineError,
    images::{self, Unnamed},
    name,
};
use super::made::made;
use super::{LATE_CREATION, Ledger};
use crate::evidence::{BuildPlan, Builder};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// How long the step of a build that was cut off may go on.
const LATE_STEP: Duration = Duration::from_secs(5);

/// Held by the run that removes what no run needs: of two at once, each would see the other's tags on an image, and
/// both would leave it.
static SWEEP: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

impl Ledger {
    /// The throw-away tag of a build: the same plan, tried in the same way, has the same tag.
    pub fn build_tag(&self, plan: &BuildPlan, way: &str) -> String {
        // A plan is plain data, so it always serialises.
        let text = serde_json::to_string(plan).unwrap_or_else(|_| format!("{plan:?}"));
        self.throw_away_tag(&format!("{text}{way}"))
    }

    /// A tag that is shown to nobody.
    pub(crate) fn throw_away_tag(&self, text: &str) -> String {
        let digest = crate::hex::hex(&Sha256::digest(text));
        self.image_name(&format!("b{}:latest", &digest[..12]))
    }

    /// Takes a tag of this run away, as `docker rmi` does; images that were there before stay.
    ///
    /// # Errors
    /// Where the engine does not do it.
    pub(crate) async fn remove_image(&self, tag: &str) -> Result<(), EngineError> {
        let _alone = self.inner.cleaning.lock().await;
        self.remove_expected_image(tag, true).await
    }

    /// A push or a pull has given the image behind a tag of this run a reference by digest too. It goes with the
    /// tag, except where the tag is moved to another image.
    pub(crate) async fn image_was_pushed(&self, tag: &str) -> Result<(), EngineError> {
        let engine = &self.inner.engine;
        // containerd's store keeps no such reference: it derives them from the tags.
        if engine.has_containerd_store().await? {
            return Ok(());
        }
        let digests = engine.references_by_digest(tag).await?;
        let ours = digests.into_iter().filter(|reference| name::run_of(reference) == Some(self.run()));
        self.state().images.extend(ours.map(|reference| (reference, true)));
        Ok(())
    }

    /// A tag of this run is about to be given to an image. Notes which images must survive, and gives those
    /// without a name.
    ///
    /// # Errors
    /// Where the engine cannot be asked, or the note cannot be written.
    pub(crate) async fn expect_image(&self, tag: &str) -> Result<Unnamed, EngineError> {
        self.keep_hold_of(tag).await?;
        let before = images::unnamed(&self.inner.engine).await?;
        let left = self.state().unfinished.left(&before);
        self.note_made(left);
        self.state().touched = true;
        self.keep(before.keys().filter(|id| !made().contains(id)).cloned().collect())?;
        self.state().images.entry(tag.to_owned()).or_insert(false);
        Ok(before)
    }

    /// An image that is about to lose our tag to another one would be lost to us: it gets one more.
    async fn keep_hold_of(&self, tag: &str) -> Result<(), EngineError> {
        let engine = &self.inner.engine;
        let Some((id, _)) = engine.id_and_tags(tag).await? else { return Ok(()) };
        let held = self.throw_away_tag(&format!("{tag} before {id}"));
        self.state().images.insert(held.clone(), false);
        let chain = images::chain(engine, tag).await?;
        made().is_on(&held, &chain);
        images::give_tag(engine, tag, &held).await
    }

    /// The tag was given. `chain` are the image and those below it; which of them are new, `before` and their names
    /// tell.
    ///
    /// # Errors
    /// Where the engine cannot be asked.
    pub(crate) async fn image_exists(&self, tag: &str, before: &Unnamed, chain: &[String]) -> Result<(), EngineError> {
        self.state().images.insert(tag.to_owned(), true);
        made().is_on(tag, chain);
        let (mut new, mut foreign) = (BTreeSet::new(), BTreeSet::new());
        for id in chain.iter().filter(|id| !before.contains_key(*id)) {
            // What had no name before a first build of this run has our tag before the second.
            let known = made().contains(id) || self.state().kept.contains(id);
            if known || !self.has_only_our_names(id).await? {
                continue;
            }
            // What the builder did not make and has no other name is somebody's who made it meanwhile.
            match self.state().unfinished.has_made(tag, id) {
                Some(false) => foreign.insert(id.clone()),
                Some(true) | None => new.insert(id.clone()),
            };
        }
        self.note_made(new);
        self.keep(foreign)
    }

    /// Images that must survive this run.
    fn keep(&self, images: BTreeSet<String>) -> Result<(), EngineError> {
        let mut state = self.state();
        state.lock.keep(&images).map_err(|error| EngineError::Local {
            doing: "note which images must stay".into(),
            reason: error.to_string(),
            help: "see whether the temporary folder has room".into(),
        })?;
        state.kept.extend(images);
        Ok(())
    }

    async fn has_only_our_names(&self, image: &str) -> Result<bool, EngineError> {
        let Some((_, names)) = self.inner.engine.id_and_tags(image).await? else { return Ok(false) };
        Ok(names.iter().all(|name| name::run_of(&name::normalise(name)) == Some(self.run())))
    }

    fn note_made(&self, images: BTreeSet<String>) {
        // Without the note they are kept after a kill.
        let _ = self.state().lock.made(&images);
        made().add(images);
    }

    /// A build that is to give `tag` begins.
    ///
    /// # Errors
    /// Where the engine cannot be asked.
    pub(crate) async fn build_begins(&self, tag: &str, builder: Builder, before: &Unnamed) -> Result<(), EngineError> {
        if builder == Builder::BuildKit {
            return Ok(());
        }
        if self.state().named.is_none() {
            let all = images::list(&self.inner.engine, false).await?;
            let named = all.into_iter().filter(|image| image.names().next().is_some());
            self.state().named = Some(named.map(|image| image.id).collect());
        }
        let mut state = self.state();
        let named = state.named.iter().flatten().chain(before.keys()).cloned().collect();
        state.unfinished.begins(tag, named);
        Ok(())
    }

    /// It made an image or took one: the first twelve digits of its id.
    pub(crate) fn build_names(&self, tag: &str, image: &str, made_it: bool) {
        self.state().unfinished.names(tag, image, made_it);
        made().is_at(tag, image);
    }

    /// It runs the triggers (ONBUILD) of the image with this id, and does not name what they make.
    pub(crate) fn build_runs_triggers(&self, tag: &str, base: &str) {
        self.state().unfinished.runs_triggers(tag, base);
    }

    /// The builder said that it failed: nothing more comes of it, and no tag.
    pub(crate) fn build_failed(&self, tag: &str) {
        let mut state = self.state();
        state.unfinished.ended(tag);
        state.images.insert(tag.to_owned(), true);
    }

    /// It has given its tag to the first of `chain`. What it made besides (other stages) gets tags of ours.
    ///
    /// # Errors
    /// As [`Self::adopt`].
    pub(crate) async fn build_succeeded(&self, tag: &str, chain: &[String]) -> Result<(), EngineError> {
        let all_known = {
            let mut state = self.state();
            state.unfinished.ended(tag);
            state.unfinished.made_only(tag, chain)
        };
        if !all_known {
            self.adopt().await?;
        }
        self.state().unfinished.succeeded(tag);
        Ok(())
    }

    pub(super) async fn remove_expected_image(&self, tag: &str, confirmed: bool) -> Result<(), EngineError> {
        let engine = &self.inner.engine;
        let deadline = Instant::now() + LATE_CREATION;
        let mut kept = self.state().kept.clone();
        kept.retain(|id| !made().contains(id));
        loop {
            let existed = images::remove_tag(engine, tag, &kept).await?;
            if existed || confirmed || Instant::now() > deadline {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        made().is_off(tag);
        self.state().images.remove(tag);
        Ok(())
    }

    /// Removes the images without a name that this process made and that none of its runs needs any more.
    pub(crate) async fn remove_superfluous(&self) -> Result<(), EngineError> {
        let _alone = SWEEP.lock().await;
        let tag = self.throw_away_tag("superfluous");
        images::remove_superfluous(&self.inner.engine, &tag, |image| made().is_superfluous(image)).await
    }

    /// Gives what unfinished builds have left by now tags of ours, so that it goes with them.
    ///
    /// # Errors
    /// Where the engine does not do it.
    pub(crate) async fn adopt(&self) -> Result<(), EngineError> {
        if self.state().unfinished.is_empty() {
            return Ok(());
        }
        let engine: &Engine = &self.inner.engine;
        let now = images::unnamed(engine).await?;
        let left = self.state().unfinished.left(&now);
        let tag_of = |image: &String| self.throw_away_tag(&format!("left {image}"));
        // All of them first: what was made and is needed by nobody, another run may remove at any moment.
        for image in &left {
            self.state().images.insert(tag_of(image), true);
            made().is_on(&tag_of(image), std::slice::from_ref(image));
        }
        self.note_made(left.clone());
        for image in &left {
            match images::give_tag(engine, image, &tag_of(image)).await {
                Err(error) if !error.is_absent() => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Waits until nothing comes any more of builds that were cut off: an engine may end the step that it was at.
    pub(super) async fn settle(&self) -> Result<(), EngineError> {
        if !self.state().unfinished.any_was_cut_off() {
            return Ok(());
        }
        let end = Instant::now() + LATE_STEP;
        let (mut left, mut since) = (BTreeSet::new(), Instant::now());
        while Instant::now() < end && since.elapsed() < LATE_CREATION {
            let now = images::unnamed(&self.inner.engine).await?;
            let more = self.state().unfinished.left(&now);
            if more != left {
                (left, since) = (more, Instant::now());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}
