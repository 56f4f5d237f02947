//! Judged from facts.

use super::*;
use crate::check::Subject;
use crate::evidence::{Answer, Builder, Evidence, Fact, FileFacts, FileType, HistoryRow, ImageFacts, Need, RowAuthor};

const SPEC: &str = r##"
image: kit
files: { "pages/{{nonce}}.txt": hello }
then:
  - check: { file: { image: "{{child}}", path: "/site/{{nonce}}" } }
    advice: copy it
"##;

/// An image, what a build on it gives, and whether that holds the file that is asked for.
struct World {
    author: RowAuthor,
    build: BuildFacts,
    has_file: bool,
    asked: std::cell::RefCell<Vec<Need>>,
}

impl World {
    fn new(build: BuildFacts, has_file: bool) -> Self {
        let author = RowAuthor::Builder(Builder::BuildKit);
        Self { author, build, has_file, asked: std::cell::RefCell::default() }
    }

    fn built() -> BuildFacts {
        BuildFacts {
            image: Some(ImageFacts::default()),
            tag: "dlearn-run/1/b2:latest".into(),
            nonce: "5eed".into(),
            ..BuildFacts::default()
        }
    }

    fn answer(&self, need: &Need) -> Answer {
        let base = HistoryRow { author: RowAuthor::Builder(Builder::BuildKit), ..HistoryRow::default() };
        let own = HistoryRow { author: self.author, ..HistoryRow::default() };
        let file = FileFacts {
            kind: FileType::File,
            mode: 0o644,
            uid: 0,
            gid: 0,
            size: 0,
            sha256: None,
            text: Some(String::new()),
            link: None,
        };
        Answer::Found(match need {
            Need::Image { .. } => Fact::Image(ImageFacts { history: vec![base, own], ..ImageFacts::default() }),
            Need::Build(_) => Fact::Build(self.build.clone()),
            Need::File { path, .. } if self.has_file && path == "/site/5eed" => Fact::File(file),
            _ => return Answer::Absent,
        })
    }

    fn judge(&self, spec: &str) -> Result<Verdict, Unavailable> {
        let check: Child = crate::course::read_yaml(spec).expect("a valid check");
        let mut evidence = Evidence::new();
        let subject = Subject { images: [("kit".to_owned(), "n10/kit:v1".to_owned())].into(), token: String::new() };
        for _ in 0..20 {
            let inquiry = Inquiry::new(&evidence, &subject);
            match check.judge(&inquiry) {
                Ok(verdict) => return Ok(verdict),
                Err(Stop::CannotTell(why)) => return Err(why),
                Err(Stop::Open) => {}
            }
            for need in inquiry.open() {
                let answer = self.answer(&need);
                self.asked.borrow_mut().push(need.clone());
                evidence.insert(need, answer);
            }
        }
        panic!("it goes on asking");
    }

    fn rejects(&self, spec: &str) -> crate::check::NotYet {
        match self.judge(spec) {
            Ok(Verdict::NotYet(not_yet)) => not_yet,
            other => panic!("it must not pass: {other:?}"),
        }
    }
}

#[test]
fn what_is_asked_of_the_result_decides() {
    assert!(World::new(World::built(), true).judge(SPEC).unwrap().passed());
    let not_yet = World::new(World::built(), false).rejects(SPEC);
    assert_eq!(not_yet.expected, "a file at /site/5eed in the image built on n10/kit:v1");
    let story = "I built an image on n10/kit:v1, in a folder with pages/5eed.txt, and found nothing at that path";
    assert_eq!(not_yet.found, story);
    assert_eq!(not_yet.advice, "copy it");
}

#[test]
fn it_is_built_on_the_image_with_the_builder_of_the_images_own_last_step() {
    for (author, builder) in [
        (RowAuthor::Builder(Builder::BuildKit), Builder::BuildKit),
        (RowAuthor::Builder(Builder::Classic), Builder::Classic),
        (RowAuthor::Unmarked, Builder::Classic),
    ] {
        let world = World { author, ..World::new(World::built(), true) };
        assert!(world.judge(SPEC).unwrap().passed());
        let asked = world.asked.borrow();
        let plan = asked.iter().find_map(|need| match need {
            Need::Build(plan) => Some(plan),
            _ => None,
        });
        let plan = plan.expect("a build");
        assert_eq!(plan.builder, builder);
        let Source::Files(files) = &plan.source else { panic!("{plan:?}") };
        assert_eq!(files["Dockerfile"], "FROM n10/kit:v1\n");
        assert_eq!(files["pages/{{nonce}}.txt"], "hello", "the engine's side fills the nonce in");
    }
}

#[test]
fn a_child_that_does_not_build_is_told_in_the_builders_words() {
    let error = "COPY failed: file not found in build context or excluded by .dockerignore: stat museum/pages";
    let failed = BuildFacts { error: Some(error.into()), ..BuildFacts::default() };
    let not_yet = World::new(failed, false).rejects(&format!("{SPEC}about: built a page\n"));
    assert_eq!(not_yet.expected, "an image on n10/kit:v1 to build without an error");
    assert!(
        not_yet.found.starts_with("I built a page, and its build with BuildKit fails: `COPY failed"),
        "{not_yet:?}"
    );
}

#[test]
fn a_network_that_is_missing_is_nobodys_wrong_answer() {
    let error = "process did not complete: exit code: 1";
    let log = vec!["wget: bad address: Temporary failure in name resolution".to_owned()];
    let failed = BuildFacts { error: Some(error.into()), log, ..BuildFacts::default() };
    assert!(World::new(failed, false).judge(SPEC).is_err());
}
