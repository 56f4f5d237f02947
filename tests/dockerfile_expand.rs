//! Variables and bases. Cases marked "seen" were built with Engine 20.10.24 and Engine 28.5.2.

use dlearn::dockerfile::{Body, Expanded, Instruction, Variables, expand, parse};
use std::collections::BTreeMap;

fn values() -> BTreeMap<String, String> {
    [("v", "abc"), ("empty", ""), ("path", "/usr/local/lib/a.tar.gz"), ("words", "80 443")]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn word(text: &str) -> Result<String, String> {
    let values = values();
    expand(text, '\\', &|name| values.get(name).cloned())
}

#[test]
fn words_are_replaced_as_docker_does() {
    for (text, expected) in [
        // Seen.
        ("${v:-x}${n:-x}", "abcx"),
        ("${v:+y}${n:+y}", "y"),
        ("\\$v '$v' \"$v\"", "$v $v abc"),
        ("$v.txt ${v}txt $vtxt", "abc.txt abctxt "),
        ("i\\ j", "i j"),
        ("${empty:-x} ${empty-x} ${empty+y} ${empty:+y}", "x  y "),
        ("${n-z} ${v-z}", "z abc"),
        ("${n:-${v}} ${n:-${m:-$v}}", "abc abc"),
        ("${n:-'a b'} ${n:-\"$v\"}", "a b abc"),
        ("${v:?needed} ${v?}", "abc abc"),
        ("${path#*/} ${path##*/}", "usr/local/lib/a.tar.gz a.tar.gz"),
        ("${path%.*} ${path%%.*} ${path%x}", "/usr/local/lib/a.tar /usr/local/lib/a /usr/local/lib/a.tar.gz"),
        ("${v/b/x} ${path//a/A} ${v/[/x} ${v/?/x}", "axc /usr/locAl/lib/A.tAr.gz abc xbc"),
        ("\"a \\\"b\\\" \\n\" 'c\\'", "a \"b\" \\n c\\"),
        ("$ $$ $1 $/ 100$", "$   $/ 100$"),
        ("trailing\\", "trailing"),
        ("größe-$v", "größe-abc"),
        ("", ""),
    ] {
        assert_eq!(word(text).as_deref(), Ok(expected), "{text}");
    }
    assert_eq!(expand("`$v \\$v", '`', &|_| Some("x".into())).as_deref(), Ok("$v \\x"));
}

#[test]
fn what_docker_refuses_is_refused() {
    // The first was seen.
    for text in
        ["${v", "${}", "${:x}", "${{v}}", "'v", "\"v", "${v:x}", "${v!x}", "${v:", "${v/b}", "${n:?}", "${v#\\a}"]
    {
        assert!(word(text).is_err(), "{text}: {:?}", word(text));
    }
    assert!(word("${n:?is needed}").is_err_and(|message| message.contains("n: is needed")));
}

#[test]
fn values_that_grow_without_end_are_refused() {
    let long = "x".repeat(100_000);
    assert!(expand("$a$a", '\\', &|_| Some(long.clone())).is_err());
    assert!(word(&format!("{}x{}", "${n:-".repeat(100), "}".repeat(100))).is_err());
    let doubling: String = (0..60).map(|_| "ENV A=$A$A\n").collect();
    let parsed = parse(&format!("FROM x\nENV A=0123456789\n{doubling}"));
    let expanded = parsed.expanded(&parsed.stages[0], &Variables::default());
    assert!(!expanded.problems.is_empty());
    assert!(expanded.env["A"].len() <= 128 * 1024);
}

fn stage(text: &str, variables: &Variables) -> Expanded {
    let parsed = parse(text);
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
    parsed.expanded(parsed.final_stage().expect("a stage"), variables)
}

fn labels(expanded: &Expanded) -> Vec<(String, String)> {
    let pairs = expanded.instructions.iter().flat_map(|instruction| match &instruction.body {
        Body::Label(pairs) => pairs.clone(),
        _ => Vec::new(),
    });
    pairs.map(|pair| (pair.key, pair.value)).collect()
}

fn label(text: &str) -> String {
    let labels = labels(&stage(text, &Variables::default()));
    labels.last().map(|(_, value)| value.clone()).unwrap_or_default()
}

fn with_args(args: &[(&str, &str)]) -> Variables {
    let build_args = args.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Variables { build_args, ..Variables::default() }
}

#[test]
fn env_and_arg_hold_from_the_next_instruction_on() {
    // All seen, with both builders but for the first, where the classic builder says 1, and the third, where Engine
    // 20.10 says nothing and 28.5 says 1.
    assert_eq!(label("FROM scratch\nENV X=1\nARG X=2\nLABEL y=$X\n"), "2");
    assert_eq!(label("FROM scratch\nARG X=1\nENV X=2\nLABEL y=$X\n"), "2");
    assert_eq!(label("FROM scratch\nARG a=1 b=$a\nLABEL y=$b\n"), "1");
    assert_eq!(label("FROM scratch\nENV A=1\nENV A=2 B=$A\nLABEL y=$A$B\n"), "21");
    assert_eq!(label("FROM scratch\nENV A \"b  c\"  d\nLABEL y=$A\n"), "b  c  d");
    assert_eq!(label("FROM scratch\nENV B='$A'\nLABEL y=$B\n"), "$A");
}

#[test]
fn global_arguments_reach_a_stage_that_names_them() {
    // All seen.
    assert_eq!(label("ARG B=scratch\nFROM scratch\nLABEL b=${B:-unset}\n"), "unset");
    assert_eq!(label("ARG B=scratch\nFROM scratch\nARG B\nLABEL b=${B:-unset}\n"), "scratch");
    assert_eq!(label("ARG B=scratch\nFROM scratch\nARG B=own\nLABEL b=$B\n"), "own");
    let text = "ARG B=1\nFROM scratch\nARG B\nARG C=2\nLABEL b=$B$C$D\n";
    let expanded = stage(text, &with_args(&[("B", "x"), ("C", "y"), ("D", "z")]));
    assert_eq!(labels(&expanded), [("b".into(), "xy".into())]);
    assert!(expanded.unset.contains("D"));
}

#[test]
fn a_stage_inherits_environment_and_arguments_and_only_the_environment_goes_into_the_image() {
    // Seen with BuildKit; the classic builder forgets A.
    let text = "FROM x AS a\nENV E=1\nARG A=2\nFROM a\nLABEL y=$E-$A-$P\n";
    let base_env = [("P".to_owned(), "/bin".to_owned())].into();
    let expanded = stage(text, &Variables { base_env, ..Variables::default() });
    assert_eq!(labels(&expanded), [("y".into(), "1-2-/bin".into())]);
    assert_eq!(expanded.env.keys().collect::<Vec<_>>(), ["E", "P"]);
    assert_eq!(expanded.instructions.len(), 2);
    assert_eq!(label("FROM x AS a\nARG A=2\nFROM y\nLABEL y=$A\n"), "");
}

#[test]
fn only_the_instructions_that_docker_replaces_are_replaced() {
    let text = "FROM x\nENV v=abc w=\"80 443\"\nRUN $v\nCMD $v\nENTRYPOINT [\"$v\"]\nWORKDIR /$v\nUSER $v\nVOLUME [\"/$v\"]\n\
                EXPOSE $w\nCOPY --chown=$v $v /$v/\nADD a <<f /$v\n$v '$v'\nf\nSTOPSIGNAL $v\nONBUILD USER $v\nSHELL [\"$v\"]\n";
    let expanded = stage(text, &Variables::default());
    let bodies: Vec<&Body> = expanded.instructions.iter().map(|one: &Instruction| &one.body).collect();
    let text = |index: usize| format!("{:?}", bodies[index]);
    for kept in [2, 3, 4, 12, 13] {
        assert!(text(kept).contains("$v"), "{}", text(kept));
    }
    for replaced in [5, 6, 7, 9, 10, 11] {
        assert!(text(replaced).contains("abc") && !text(replaced).contains("$v"), "{}", text(replaced));
    }
    // Seen: one word of EXPOSE may become several.
    assert_eq!(*bodies[8], Body::Expose(vec!["80".into(), "443".into()]));
    assert!(matches!(bodies[10], Body::Add(copy) if copy.heredocs[0].content == "abc 'abc'\n"));
    assert_eq!(expanded.instructions[9].flag("chown"), Some("abc"));
}

#[test]
fn a_word_that_docker_refuses_is_a_problem_of_its_instruction() {
    let expanded = stage("FROM x\nLABEL a=${v\nUSER u\n", &Variables::default());
    assert_eq!(expanded.problems.len(), 1);
    assert_eq!(expanded.problems[0].span.start_line, 2);
}

fn base(text: &str, variables: &Variables) -> Option<String> {
    let parsed = parse(text);
    parsed.base_with(parsed.final_stage().expect("a stage"), variables)
}

#[test]
fn the_external_base_is_found_through_stages_and_arguments() {
    let none = Variables::default();
    for (text, expected) in [
        ("FROM python:3.11", Some("python:3.11")),
        ("FROM python AS a\nFROM a AS b\nFROM B", Some("python")),
        ("FROM a AS a", Some("a")),
        ("FROM a AS a\nFROM b AS a\nFROM a", Some("b")),
        ("FROM b\nFROM later\nFROM c AS later", Some("c")),
        ("FROM later\nFROM c AS later\nFROM later", Some("c")),
        ("ARG V=3.11\nARG T=$V-slim\nFROM python:${T}", Some("python:3.11-slim")),
        // Seen.
        ("FROM \"scratch\"", Some("scratch")),
        ("ARG B=scratch\nFROM ${B:-x} AS One\nFROM one", Some("scratch")),
        ("FROM $X", None),
        ("FROM ${X", None),
        ("FROM x\nARG V=1\nFROM a:$V", Some("a:")),
    ] {
        assert_eq!(base(text, &none).as_deref(), expected, "{text}");
    }
    assert_eq!(base("ARG V=1\nFROM a:$V", &with_args(&[("V", "2")])).as_deref(), Some("a:2"));
    assert_eq!(base("ARG V\nFROM a:$V", &with_args(&[("V", "2")])).as_deref(), Some("a:2"));
    let platform = Variables::for_platform("linux", "arm64");
    assert_eq!(base("FROM a:$TARGETARCH", &platform).as_deref(), Some("a:arm64"));
    let parsed = parse("FROM x AS a\nFROM a");
    assert_eq!(parsed.base_of(&parsed.stages[1]).as_deref(), Some("x"));
}

#[test]
fn a_long_chain_of_stages_ends() {
    let text = format!("FROM x AS a\n{}", "FROM a AS a\n".repeat(5000));
    assert_eq!(base(&text, &Variables::default()), None);
}
