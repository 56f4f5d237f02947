use super::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

fn folder(config: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.json"), config).unwrap();
    folder
}

/// A credential helper in a folder of its own, by its full path.
fn helper(script: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docker-credential-test");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    (folder, path.to_str().unwrap().to_owned())
}

async fn of(config: &str, host: &str) -> Result<Option<Login>, LoginError> {
    let folder = folder(config);
    Logins { given: None, ..Logins::new(folder.path()) }.of(host).await
}

fn password(user: &str, password: &str) -> Option<Login> {
    Some(Login::Password { user: user.into(), password: password.to_owned().into() })
}

#[tokio::test]
async fn the_file_keeps_logins_under_several_spellings() {
    // ada:pa:ss
    let config = r#"{"auths":{
        "https://index.docker.io/v1/": {"auth":"YWRhOnBhOnNz"},
        "lab.example:5000": {"auth":"YWRhOnBhOnNz"},
        "https://old.example/v2/": {"auth":"YWRhOnBhOnNz"},
        "token.example": {"auth":"YWRhOg==","identitytoken":"long"},
        "empty.example": {}
    }}"#;
    for host in ["docker.io", "lab.example:5000", "old.example"] {
        assert_eq!(of(config, host).await.unwrap(), password("ada", "pa:ss"), "{host}");
    }
    assert_eq!(of(config, "token.example").await.unwrap(), Some(Login::Identity("long".to_owned().into())));
    for host in ["lab.example", "other.example", "empty.example", "example", "127.0.0.1:5000"] {
        assert_eq!(of(config, host).await.unwrap(), None, "{host}");
    }
    let nothing = tempfile::tempdir().unwrap();
    let nobody = Logins { given: None, ..Logins::new(nothing.path()) };
    assert_eq!(nobody.of("docker.io").await.unwrap(), None);
}

#[tokio::test]
async fn a_file_with_nothing_in_it_is_no_damaged_one() {
    // Go's decoder makes nothing of null, ends well where nothing comes, and reads one value only.
    for config in [
        "",
        " \n\t",
        "null",
        "{}",
        r#"{"auths":null,"credsStore":null,"credHelpers":null}"#,
        r#"{"auths":{"r.example":null}}"#,
        r#"{"auths":{"r.example":{"auth":null,"username":null,"password":null,"identitytoken":null}}}"#,
    ] {
        assert_eq!(of(config, "r.example").await.unwrap(), None, "{config}");
    }
    let own = r#"{"credHelpers":{"r.example":null},"credsStore":"none","auths":{"r.example":{"auth":"YTpi"}}} }"#;
    assert_eq!(of(own, "r.example").await.unwrap(), password("a", "b"));
}

#[tokio::test]
async fn docker_hub_has_one_name_only() {
    let helper = |name: &str| format!(r#"{{"credHelpers":{{"{name}":"no-such-helper-here"}}}}"#);
    for other in ["docker.io", "index.docker.io", "registry-1.docker.io", "https://index.docker.io/v2/"] {
        assert_eq!(of(&helper(other), "docker.io").await.unwrap(), None, "{other}");
        let kept = format!(r#"{{"auths":{{"{other}":{{"auth":"YTpi"}}}}}}"#);
        assert_eq!(of(&kept, "docker.io").await.unwrap(), None, "{other}");
    }
    let error = of(&helper(HUB_LOGIN), "docker.io").await.unwrap_err();
    assert!(error.to_string().contains("no docker-credential-"), "{error}");
}

#[tokio::test]
async fn the_environment_goes_before_the_file() {
    let kept = folder(r#"{"auths":{"r.example":{"auth":"YTpi"},"other.example":{"auth":"YTpi"}}}"#);
    let of = async |given: &str, host: &str| {
        let logins = Logins { given: Some(given.to_owned().into()), ..Logins::new(kept.path()) };
        logins.of(host).await.unwrap()
    };
    // ada:pa:ss
    let given =
        r#"{"auths":{"https://index.docker.io/v1/":{"auth":"YWRhOnBhOnNz"},"r.example":{"auth":"YWRhOnBhOnNz"}}}"#;
    assert_eq!(of(given, "r.example").await, password("ada", "pa:ss"));
    assert_eq!(of(given, "docker.io").await, password("ada", "pa:ss"));
    assert_eq!(of(given, "other.example").await, password("a", "b"));
    for unread in [
        "",
        "{",
        r#"{"auths":{"r.example":{"auth":"YWRhOnBhOnNz"}},"credsStore":"x"}"#,
        r#"{"auths":{"r.example":{"auth":"YWRhOnBhOnNz","username":"ada"}}}"#,
        r#"{"auths":{"r.example":{"auth":"YWRhOnBhOnNz"},"x.example":{}}}"#,
        r#"{"auths":{"r.example":{"auth":"YWRhOnBhOnNz"},"x.example":{"auth":"YWRh"}}}"#,
        r#"{"auths":{"r.example":{"auth":"YWRhOnBhOnNz"}}} {}"#,
    ] {
        assert_eq!(of(unread, "r.example").await, password("a", "b"), "{unread}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_told_without_what_it_holds() {
    for config in [
        "{",
        r#"{"auths":{"r.example":{"auth":["c2VjcmV0"]}}}"#,
        r#"{"auths":{"r.example":{"auth":"c2VjcmV0"}}}"#,
        r#"{"auths":{"r.example":{"auth":"secret!"}}}"#,
    ] {
        let error = of(config, "r.example").await.unwrap_err();
        let told = format!("{error} {}", error.help);
        assert!(!told.contains("secret") && !told.contains("c2VjcmV0") && !error.help.is_empty(), "{told}");
    }
}

#[tokio::test]
async fn a_helper_is_asked_by_its_protocol() {
    let (_folder, program) = helper(
        r#"[ "$1" = get ] || exit 9
read -r server
case $server in
  r.example) echo '{"ServerURL":"r.example","Username":"ada","Secret":"s3cret"}' ;;
  https://index.docker.io/v1/) echo '{"Username":"<token>","Secret":"refresh"}' ;;
  *) echo 'credentials not found in native keychain'; exit 1 ;;
esac"#,
    );
    let get = async |server: &str| helper::ask(Path::new(&program), "test", server).await;
    assert_eq!(get("r.example").await.unwrap(), password("ada", "s3cret"));
    assert_eq!(get(HUB_LOGIN).await.unwrap(), Some(Login::Identity("refresh".to_owned().into())));
    assert_eq!(get("other.example").await.unwrap(), None);
}

#[tokio::test]
async fn a_hostile_helper_is_bounded_and_its_secrets_are_not_told() {
    for (script, says) in [
        ("cat /dev/zero", "more than"),
        ("echo no json", "not what"),
        (r#"echo '{"Username":"ada","Secret":["s3cret"]}'"#, "not what"),
        (r#"echo '{"Username":"ada","Secret":"s3cret"}'; exit 3"#, "exit code 3"),
        (r"printf 'locked \033[31m'; exit 1", "locked"),
    ] {
        let (_folder, program) = helper(script);
        let error = helper::ask(Path::new(&program), "test", "r.example").await.unwrap_err();
        let told = format!("{error} {}", error.help);
        assert!(told.contains(says) && !told.contains("s3cret") && !told.contains('\x1b'), "{script}: {told}");
    }
    for (name, says) in [("no-such-helper-here", "no docker-credential-"), ("../../bin/sh", "no name of a")] {
        let config = format!(r#"{{"credHelpers":{{"r.example":"{name}"}},"auths":{{"r.example":{{"auth":"YTpi"}}}}}}"#);
        let error = of(&config, "r.example").await.unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn a_login_shows_in_no_text() {
    let login = password("ada", "s3cret").unwrap();
    assert!(!format!("{login:?} {:?}", login.basic()).contains("s3cret"));
    // RFC 7617, section 2.
    let example = password("Aladdin", "open sesame").unwrap();
    assert_eq!(example.basic().unwrap().reveal(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert_eq!(Login::Identity("x".to_owned().into()).basic(), None);
}
