use super::*;
use crate::check::Subject;
use crate::evidence::{Answer, Evidence, Fact, ImageFacts, Need, TextFacts};

fn judged(dockerfile: &str, cmd: &[&str]) -> Verdict {
    let words = |list: &[&str]| list.iter().map(ToString::to_string).collect();
    let image =
        ImageFacts { config: ConfigFacts { cmd: words(cmd), ..ConfigFacts::default() }, ..ImageFacts::default() };
    let text = TextFacts { text: dockerfile.into(), truncated: false };
    let mut evidence = Evidence::new();
    evidence.insert(Need::Image { name: "x/app:v1".into() }, Answer::Found(Fact::Image(image)));
    evidence.insert(Need::WorkspaceFile { path: "Dockerfile".into() }, Answer::Found(Fact::Text(text)));
    let config = "image: x/app:v1\ncommand: { set: true, own: true }";
    let config: Config = crate::course::read_yaml(config).expect("a valid check");
    config.judge(&Inquiry::new(&evidence, &Subject::default())).expect("everything is known")
}

fn asked(config: &str, has: ConfigFacts) -> String {
    let config: Config = crate::course::read_yaml(&format!("image: app\n{config}")).expect("a valid check");
    let image = ImageFacts { config: has, ..ImageFacts::default() };
    let mut evidence = Evidence::new();
    evidence.insert(Need::Image { name: "app".into() }, Answer::Found(Fact::Image(image)));
    match config.judge(&Inquiry::new(&evidence, &Subject::default())).expect("everything is known") {
        Verdict::NotYet(not_yet) => format!("{} | {} | {}", not_yet.expected, not_yet.found, not_yet.advice),
        _ => "pass".into(),
    }
}

#[test]
fn triggers_and_volumes_are_told() {
    let has = |onbuild: &[&str]| ConfigFacts {
        onbuild: onbuild.iter().map(ToString::to_string).collect(),
        volumes: vec!["/data".into()],
        ..ConfigFacts::default()
    };
    let two = has(&["COPY . .", "RUN make"]);
    assert_eq!(asked("onbuild: { least: 2 }", two.clone()), "pass");
    let one = asked("onbuild: { least: 2 }", has(&["COPY . ."]));
    assert!(one.starts_with("at least 2 triggers (ONBUILD) | Config.OnBuild lists 1: `COPY . .` | write ONBUILD"));
    assert!(asked("onbuild: { least: 1 }", has(&[])).contains("Config.OnBuild lists none"));
    assert_eq!(asked("onbuild: { most: 0 }", has(&[])), "pass");
    assert!(asked("onbuild: { most: 0 }", two.clone()).contains("| take the ONBUILD lines out"));
    assert_eq!(asked("volumes: [/data]", two.clone()), "pass");
    assert!(asked("volumes: [/x]", two).contains("the image declares /data"));
    assert!(asked("volumes: [/x]", ConfigFacts::default()).contains("the image declares no volume"));
}

#[test]
fn ports_have_protocols_and_some_must_not_be_there() {
    let has = ConfigFacts { ports: vec!["53/udp".into(), "8080/tcp".into()], ..ConfigFacts::default() };
    for right in ["ports: [8080, 53/udp]", "ports: [\"8080\"]", "ports_lack: [22, 53]", "volumes_lack: [/data]"] {
        assert_eq!(asked(right, has.clone()), "pass", "{right}");
    }
    assert!(asked("ports: [8080, 53]", has.clone()).starts_with("EXPOSE to name port 53 | the image exposes 53/udp"));
    let udp = asked("ports_lack: [22, 53/udp]", has);
    assert!(
        udp.starts_with("EXPOSE not to name port 53/udp | the image exposes 53/udp, 8080/tcp | take EXPOSE 53/udp")
    );
    let data = ConfigFacts { volumes: vec!["/data".into()], ..ConfigFacts::default() };
    assert!(
        asked("volumes_lack: [/x, /data]", data).starts_with("VOLUME not to name /data | the image declares /data")
    );
}

#[test]
fn a_working_directory_is_the_same_with_a_slash_at_its_end() {
    let with = |workdir: &str| ConfigFacts { workdir: workdir.into(), ..ConfigFacts::default() };
    assert_eq!(asked("workdir: { equals: /site }", with("/site/")), "pass");
    assert!(asked("workdir: { equals: /site }", with("/sites")).contains("WORKDIR is /sites"));
    assert!(asked("workdir: { equals: /site }", with("")).contains("WORKDIR is /"));
}

#[test]
fn an_inherited_command_is_not_ones_own() {
    let Verdict::NotYet(not_yet) = judged("FROM busybox:1.36\nWORKDIR /site\n", &["sh"]) else {
        panic!("it must not pass");
    };
    assert!(not_yet.found.contains("what the base says: [\"sh\"]"), "{}", not_yet.found);
    assert!(judged("FROM busybox:1.36\ncmd [\"httpd\", \"-f\"]\n", &["httpd", "-f"]).passed());
}

#[test]
fn a_shell_behind_the_entrypoint_of_the_base_stays_too() {
    let words = |list: &[&str]| list.iter().map(ToString::to_string).collect();
    let told = |entrypoint: &[&str], cmd: &[&str]| {
        let has = ConfigFacts { entrypoint: words(entrypoint), cmd: words(cmd), ..ConfigFacts::default() };
        asked("command: { form: exec }", has)
    };
    let line = ["/bin/sh", "-c", "node server.js"];
    assert!(told(&["docker-entrypoint.sh"], &line).starts_with("CMD in exec form, a JSON array | CMD is"));
    assert!(told(&line, &["node"]).starts_with("ENTRYPOINT in exec form"));
    assert_eq!(told(&["docker-entrypoint.sh"], &["/bin/sh", "-c", "exec node server.js"]), "pass");
    assert_eq!(told(&["docker-entrypoint.sh"], &["node", "server.js"]), "pass");
    // A shell that hands over to its program looks at no CMD.
    assert_eq!(told(&["/bin/sh", "-c", "exec node server.js"], &line), "pass");
}

#[test]
fn a_list_with_the_wrong_quotes_is_told() {
    let with =
        |text: &str| ConfigFacts { cmd: ["/bin/sh", "-c", text].map(str::to_owned).to_vec(), ..ConfigFacts::default() };
    let wants = CommandMatch { set: true, own: false, form: Form::default() };
    for text in ["['httpd', '-f']", "[ \"httpd\" \"-f\" ]", "[\u{201c}httpd\u{201d}]"] {
        assert!(command(wants, &with(text)).is_some(), "{text}");
    }
    for text in ["[ -f x ] && httpd -f", "httpd -f", "[ \"$a\" ] && run"] {
        assert!(command(wants, &with(text)).is_none(), "{text}");
    }
}
