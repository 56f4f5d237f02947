//! What is coloured in each language, and that the text stays as it is.

use super::*;
use proptest::prelude::*;

const LANGUAGES: [Language; 10] = [
    Language::Dockerfile,
    Language::Shell,
    Language::Console,
    Language::Yaml,
    Language::Python,
    Language::JavaScript,
    Language::Go,
    Language::Java,
    Language::Nginx,
    Language::Json,
];

/// Each styled token as `«k:FROM»`.
fn marked(language: Language, text: &str) -> String {
    let mark = |span: &Span| match span.style() {
        style if style == KEYWORD => format!("«k:{}»", span.text()),
        style if style == STRING => format!("«s:{}»", span.text()),
        style if style == VARIABLE => format!("«v:{}»", span.text()),
        style if style == KEY => format!("«y:{}»", span.text()),
        style if style == FLAG => format!("«f:{}»", span.text()),
        style if style == COMMENT => format!("«#:{}»", span.text()),
        style if style == Style::BOLD => format!("«c:{}»", span.text()),
        _ => span.text().to_owned(),
    };
    let lines =
        highlight(language, text).iter().map(|line| line.iter().map(mark).collect::<String>()).collect::<Vec<_>>();
    lines.join("\n")
}

#[test]
fn a_dockerfile_shows_instructions_and_only_those() {
    let text = "# syntax=docker/dockerfile:1\nFROM --platform=$BUILDPLATFORM golang:1.22 AS build\nRUN echo FROM \\\n  # why\n  && echo \"a # b\" # no\nrun go build\nHEALTHCHECK --interval=5s CMD [\"wget\"]\nONBUILD COPY . /src";
    let expected = "«#:# syntax=docker/dockerfile:1»\n«k:FROM» «f:--platform»=«v:$BUILDPLATFORM» golang:1.22 «k:AS» build\n«k:RUN» echo FROM \\\n«#:  # why»\n  && echo «s:\"a # b\"» «#:# no»\n«k:run» go build\n«k:HEALTHCHECK» «f:--interval»=5s «k:CMD» [«s:\"wget\"»]\n«k:ONBUILD»«k: COPY» . /src";
    assert_eq!(marked(Language::Dockerfile, text), expected);
}

#[test]
fn a_here_document_is_left_alone_up_to_its_end() {
    let text = "RUN <<EOF\nCOPY is not one here\nEOF\nCOPY a b";
    assert_eq!(marked(Language::Dockerfile, text), "«k:RUN» <<EOF\nCOPY is not one here\n«k:EOF»\n«k:COPY» a b");
}

#[test]
fn only_what_indentation_would_spoil_is_told() {
    for (language, text) in [
        (Language::Shell, "cat > a <<'END'\nb\nEND"),
        (Language::Shell, "cat <<-END\nEND"),
        (Language::Shell, "cat << \"END\"\nEND"),
        (Language::Shell, "printf 'a\nb'"),
        (Language::Dockerfile, "FROM a\nRUN <<EOF\nmake\nEOF"),
        (Language::Indented, "x = 1"),
        (Language::Python, "x = 1"),
        (Language::JavaScript, "const a = `b\n  c`"),
    ] {
        assert!(is_spoilt_by_indentation(language, text), "{text}");
    }
    for (language, text) in [
        (Language::Shell, "docker build \\\n  -t a .\ncat <<<word"),
        (Language::Shell, "echo $((1 << 2)) # it's here"),
        (Language::Dockerfile, "FROM a\nRUN make \\\n  all"),
        (Language::Text, "<<EOF"),
        (Language::Java, "/* a\n   b */ int c = 1;"),
    ] {
        assert!(!is_spoilt_by_indentation(language, text), "{text}");
    }
}

#[test]
fn a_shell_text_shows_commands_flags_strings_and_comments() {
    let text = "TAG=v1 docker build -t app:$TAG . # build\nfor x in a b; do echo \"$x\" | wc -l; done\necho 'two\nlines' && docker push \\\n  app";
    let expected = "TAG=v1 «c:docker» build «f:-t» app:«v:$TAG» . «#:# build»\n«k:for» x in a b; «k:do» «c:echo» «s:\"$x\"» | «c:wc» «f:-l»; «k:done»\n«c:echo» «s:'two»\n«s:lines'» && «c:docker» push \\\n  app";
    assert_eq!(marked(Language::Shell, text), expected);
}

#[test]
fn a_session_shows_what_is_typed_apart_from_what_is_printed() {
    let text = "$ docker images\nREPOSITORY   TAG\n# it's output\n";
    assert_eq!(marked(Language::Console, text), "«#:$ »«c:docker» images\nREPOSITORY   TAG\n«#:# »«c:it»«s:'s output»");
}

#[test]
fn each_language_shows_its_words_strings_and_comments() {
    for (language, text, expected) in [
        (
            Language::Python,
            "import os  # why\n@app.get(\"/\")\ndef hello(name: str = None):\n    return f'hi {name}'.format\n\"\"\"one\ntwo\"\"\"",
            "«k:import» os  «#:# why»\n@app.get(«s:\"/\"»)\n«k:def» hello(name: str = «f:None»):\n    «k:return» f«s:'hi {name}'».format\n«s:\"\"\"one»\n«s:two\"\"\"»",
        ),
        (
            Language::JavaScript,
            "const a = require('http') // it's\na.delete(`x\n${y}`, null) /* no\nmore */ new B",
            "«k:const» a = require(«s:'http'») «#:// it's»\na.delete(«s:`x»\n«s:${y}`», «f:null») «#:/* no»\n«#:more */» «k:new» B",
        ),
        (
            Language::Go,
            "package main\nfunc main() { s := `a\\`; defer f(\"a\\\"b\", nil) }",
            "«k:package» main\n«k:func» main() { s := «s:`a\\`»; «k:defer» f(«s:\"a\\\"b\"», «f:nil») }",
        ),
        (
            Language::Java,
            "public class A { char b = '\\''; /** doc */ String c = null; }",
            "«k:public» «k:class» A { «k:char» b = «s:'\\''»; «#:/** doc */» String c = «f:null»; }",
        ),
        (
            Language::Nginx,
            "server {\n  listen 80; # port\n  return 200 \"$host#a\"; gzip on;\n  try_files $uri/a#b =404;\n}",
            "«y:server» {\n  «y:listen» 80; «#:# port»\n  «y:return» 200 «s:\"$host#a\"»; «y:gzip» «f:on»;\n  «y:try_files» «v:$uri»/a#b =404;\n}",
        ),
        (
            Language::Json,
            "{ \"a\": \"b: \\\"c\\\"\", \"d\" : [true, 1] }",
            "{ «y:\"a\"»: «s:\"b: \\\"c\\\"\"», «y:\"d\"» : [«f:true», 1] }",
        ),
        (
            Language::Yaml,
            "---\n# why\nservices:\n  web:\n    image: app:1.0 # no \"quote\"\n    - \"80:80\"\n    - name: true\n      run: |\n        key: 'no'\n\n      \"on\": [a, 'b', null]\n      told: it's true, \"he\" said",
            "«#:---»\n«#:# why»\n«y:services»:\n  «y:web»:\n    «y:image»: app:1.0 «#:# no \"quote\"»\n    - «s:\"80:80\"»\n    - «y:name»: «f:true»\n      «y:run»: |\n        key: 'no'\n\n      «y:\"on\"»: [a, «s:'b'», «f:null»]\n      «y:told»: it's true, \"he\" said",
        ),
    ] {
        assert_eq!(marked(language, text), expected);
    }
}

#[test]
fn info_strings_name_languages_as_authors_write_them() {
    for (info, language) in [
        ("js", Language::JavaScript),
        ("Python", Language::Python),
        ("yml", Language::Yaml),
        ("golang", Language::Go),
        ("nginx", Language::Nginx),
        ("json {.x}", Language::Json),
        ("java,linenos", Language::Java),
        ("ruby", Language::Other),
        ("", Language::Text),
    ] {
        assert_eq!(Language::of(info), language, "{info}");
    }
}

proptest! {
    #[test]
    fn highlighting_never_changes_the_text(text in "([A-Z$#\\\\\"'` {}\\[\\],:/*<\\-=&|;()a-c\\n]|- |: |/\\\\*|é|日)*") {
        for language in LANGUAGES {
            let lines = highlight(language, &text);
            let shown: Vec<String> = lines.iter().map(|line| line.iter().map(Span::text).collect()).collect();
            prop_assert_eq!(shown, text.lines().map(str::to_owned).collect::<Vec<_>>());
        }
    }
}
