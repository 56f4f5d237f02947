//! What `dlearn new` writes is proven on the engine as it stands: the starter fails, the solution and the other right
//! answer pass, and each wrong answer fails as it says.

mod cli_support;

use cli_support::{Learner, unique};

#[test]
fn a_new_exercise_is_proven_before_anybody_has_edited_it() {
    let author = Learner::new();
    let course = author.root().join("mine");
    let course = course.to_str().unwrap();
    author.dlearn(&["new", "course", course]).exits(0);
    // Its images are called by the id: nobody else's are.
    let id = format!("X{}", unique());
    author.dlearn(&["--course", course, "new", "exercise", &id, "As it was written"]).exits(0);
    let told = author.dlearn(&["--course", course, "selfcheck", &id, "--json", "--engine", "own"]).exits(0);
    let report = told.json();
    let cases = report["cases"].as_array().unwrap();
    let names: Vec<&str> = cases.iter().filter_map(|case| case["case"].as_str()).collect();
    for name in ["starter", "solution", "right/split", "wrong/renamed", "wrong/no-token", "wrong/says-less"] {
        assert!(names.iter().any(|case| case.ends_with(name)), "{name} was not tried: {told:?}");
    }
    assert_eq!((&report["otherwise"], &report["cannot_tell"]), (&0.into(), &0.into()), "{told:?}");
}
