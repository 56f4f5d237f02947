//! Reading from registries that want to know who asks, on real ones: Distribution with passwords, with tokens (a server of
//! the test's signs them), with TLS, and behind a proxy. Nothing here concerns an engine.

mod certificates;
mod registry_support;

use certificates::Authority;
use dlearn::registry::{Login, Logins, Platform, Reference, RegistryError, Remote, read};
use registry_support::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;

async fn asked(name: &str, login: Option<Login>) -> Result<dlearn::evidence::RegistryFacts, RegistryError> {
    let reference = Reference::parse(name).unwrap();
    let platform = Platform { os: "linux".into(), arch: "amd64".into() };
    read(&mut Remote::new(&reference, login), &reference, &platform).await
}

fn password(user: &str, password: &str) -> Option<Login> {
    Some(Login::Password { user: user.into(), password: password.to_owned().into() })
}

fn is_private(told: Result<dlearn::evidence::RegistryFacts, RegistryError>) -> bool {
    matches!(told, Err(RegistryError::Private { .. }))
}

#[tokio::test]
async fn everybody_reads_what_is_open() {
    let registry = Registry::start(Auth::None, None);
    let layer = registry.push("lab/app", "v1", None);
    let found = asked(&registry.name("lab/app:v1"), None).await.unwrap();
    assert_eq!(found.image.unwrap().layers, [layer]);
    let found = asked(&registry.name("lab/app:v2"), None).await.unwrap();
    assert_eq!((found.image, found.tags), (None, vec!["v1".to_owned()]));
    // Where nobody asks who it is, nobody is told.
    let front = Front::start(&registry, None);
    asked(&format!("{}/lab/app:v1", front.host()), password(USER, PASSWORD)).await.unwrap();
    let heard = front.heard();
    assert!(!heard.is_empty() && heard.iter().all(|question| !question.to_lowercase().contains("authorization")));
}

#[tokio::test]
async fn a_password_opens_what_it_is_for() {
    let registry = Registry::start(Auth::Passwords, None);
    let layer = registry.push("lab/app", "v1", password(USER, PASSWORD).as_ref());
    let name = registry.name("lab/app:v1");
    assert!(is_private(asked(&name, None).await));
    assert!(is_private(asked(&name, password(USER, "mistyped")).await));
    let found = asked(&name, password(USER, PASSWORD)).await.unwrap();
    assert_eq!(found.image.unwrap().layers, [layer]);
}

#[tokio::test]
async fn what_is_hidden_as_not_there_opens_to_a_login() {
    let registry = Registry::start(Auth::Passwords, None);
    let layer = registry.push("lab/app", "v1", password(USER, PASSWORD).as_ref());
    let front = Hiding::start(&registry);
    let name = format!("{}/lab/app:v1", front.host());
    assert_eq!(asked(&name, None).await.unwrap(), dlearn::evidence::RegistryFacts::default());
    let found = asked(&name, password(USER, PASSWORD)).await.unwrap();
    assert_eq!(found.image.unwrap().layers, [layer]);
    let other = asked(&format!("{}/lab/other:v1", front.host()), password(USER, PASSWORD)).await.unwrap();
    assert_eq!(other, dlearn::evidence::RegistryFacts::default());
}

#[tokio::test]
async fn a_token_is_asked_for_this_repository_and_for_reading() {
    let tokens = Tokens::start();
    let registry = Registry::start(Auth::Tokens(&tokens), None);
    let layer = registry.push("lab/app", "v1", password(USER, PASSWORD).as_ref());
    let secret = registry.push("private/app", "v1", password(USER, PASSWORD).as_ref());
    tokens.asked();
    let found = asked(&registry.name("lab/app:v1"), None).await.unwrap();
    assert_eq!(found.image.unwrap().layers, [layer]);
    let questions = tokens.asked();
    // One token serves manifest and configuration.
    assert_eq!(questions.len(), 1, "{questions:?}");
    assert!(questions[0].contains("scope=repository%3Alab%2Fapp%3Apull&") && questions[0].contains("service=test"));
    assert!(!questions[0].to_lowercase().contains("authorization"), "{questions:?}");

    let name = registry.name("private/app:v1");
    assert!(is_private(asked(&name, None).await));
    assert!(is_private(asked(&name, password(USER, "mistyped")).await));
    let found = asked(&name, password(USER, PASSWORD)).await.unwrap();
    assert_eq!(found.image.unwrap().layers, std::slice::from_ref(&secret));
    let identity = Some(Login::Identity(IDENTITY.to_owned().into()));
    let found = asked(&name, identity).await.unwrap();
    assert_eq!(found.image.unwrap().layers, [secret]);
    let questions = tokens.asked();
    let last = questions.last().unwrap();
    assert!(last.starts_with("POST") && last.contains("grant_type=refresh_token") && last.contains(IDENTITY), "{last}");
}

#[tokio::test]
async fn the_login_comes_from_where_docker_login_keeps_it() {
    let registry = Registry::start(Auth::Passwords, None);
    let layer = registry.push("lab/app", "v1", password(USER, PASSWORD).as_ref());
    let host = registry.host();
    let folder = tempfile::tempdir().unwrap();
    // A real helper, as it lies on a learner's PATH.
    let helper = folder.path().join("docker-credential-dlearntest");
    let script = format!(
        "#!/bin/sh\nread -r server\n[ \"$1 $server\" = \"get {host}\" ] || {{ echo 'credentials not found in native keychain'; exit 1; }}\n\
         echo '{{\"ServerURL\":\"{host}\",\"Username\":\"{USER}\",\"Secret\":\"{PASSWORD}\"}}'\n"
    );
    fs::write(&helper, script).unwrap();
    fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    for config in [
        format!(r#"{{"credHelpers":{{"{host}":"dlearntest"}}}}"#),
        r#"{"credsStore":"dlearntest"}"#.to_owned(),
        format!(r#"{{"auths":{{"{host}":{{"auth":"{}"}}}}}}"#, base64(&format!("{USER}:{PASSWORD}"))),
    ] {
        fs::write(folder.path().join("config.json"), &config).unwrap();
        let logins = Logins::new(folder.path()).searching(path.clone());
        let login = logins.of(&host).await.unwrap();
        let found = asked(&registry.name("lab/app:v1"), login).await.unwrap();
        assert_eq!(found.image.unwrap().layers, std::slice::from_ref(&layer), "{config}");
        assert_eq!(logins.of("other.example").await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_registry_that_leads_elsewhere_takes_no_login_along() {
    let registry = Registry::start(Auth::Passwords, None);
    let layer = registry.push("lab/app", "v1", password(USER, PASSWORD).as_ref());
    // Blobs lie with somebody else, as with the registries of the large clouds.
    let store = Store::start(&registry);
    let front = Front::start(&registry, Some(&format!("http://{}", store.host())));
    let name = format!("{}/lab/app:v1", front.host());
    let found = asked(&name, password(USER, PASSWORD)).await.unwrap();
    assert_eq!(found.image.unwrap().layers, [layer]);
    let heard = store.heard();
    assert!(!heard.is_empty() && heard.iter().all(|question| !question.to_lowercase().contains("authorization")));
    for bad in ["http://192.0.2.1", "file:///etc", "//evil.example", "not an address"] {
        let front = Front::start(&registry, Some(bad));
        let error = asked(&format!("{}/lab/app:v1", front.host()), password(USER, PASSWORD)).await.unwrap_err();
        assert!(error.to_string().contains("leads to where nothing may be asked"), "{bad}: {error}");
    }
    // Round and round: each address leads to one below it.
    let front = Front::start(&registry, Some("/v2/x/blobs"));
    let error = asked(&format!("{}/lab/app:v1", front.host()), password(USER, PASSWORD)).await.unwrap_err();
    assert!(error.to_string().contains("leads on more than"), "{error}");
}

/// Another process, because proxies and authorities come from its environment: this test's own binary again.
#[test]
fn tls_is_verified_and_a_proxy_is_used_as_docker_uses_it() {
    let authority = Authority::new("lab");
    let registry = Registry::start(Auth::Passwords, Some(&authority.server(&["registry.test"])));
    let layer = registry.push("lab/app", "v1", password(USER, PASSWORD).as_ref());
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (folder.path().join("ca.pem"), folder.path().join("other.pem"));
    fs::write(&ours, authority.pem()).unwrap();
    fs::write(&theirs, Authority::new("stranger").pem()).unwrap();
    // No resolver knows this name: only the proxy leads there.
    let proxy = ConnectProxy::start(&registry.address());
    let name = "registry.test:5000/lab/app:v1";
    let child = |authorities: &std::path::Path, env: &[(&str, &str)]| {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "asks_once", "--nocapture"]).env("ASK", name).env("SSL_CERT_FILE", authorities);
        for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "NO_PROXY", "no_proxy", "ALL_PROXY"] {
            command.env_remove(name);
        }
        let output = command.env_remove("SSL_CERT_DIR").envs(env.iter().copied()).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let by = proxy.url();
    let told = child(&ours, &[("HTTPS_PROXY", &by)]);
    assert!(told.contains(&layer), "{told}");
    assert!(proxy.heard().iter().any(|line| line.starts_with("CONNECT registry.test:5000")), "{:?}", proxy.heard());
    let before = proxy.heard().len();
    for (authorities, env, says) in [
        (&theirs, [("HTTPS_PROXY", by.as_str()), ("NO_PROXY", "")], "UnknownIssuer"),
        (&ours, [("HTTPS_PROXY", by.as_str()), ("NO_PROXY", ".test")], "lookup address"),
        (&ours, [("HTTP_PROXY", by.as_str()), ("NO_PROXY", "")], "lookup address"),
        (&ours, [("HTTPS_PROXY", "http://me:pa55@127.0.0.1:1"), ("NO_PROXY", "")], "does not answer"),
    ] {
        let told = child(authorities, &env);
        assert!(told.contains(says) && !told.contains("pa55") && !told.contains(PASSWORD), "{env:?}: {told}");
    }
    assert_eq!(proxy.heard().len(), before + 1, "{:?}", proxy.heard());

    // A registry with TLS names for its tokens what has none, or what listens on this machine: nobody is asked there.
    let tokens = Tokens::start();
    let here = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    here.set_nonblocking(true).unwrap();
    let port = here.local_addr().unwrap().port();
    for realm in [
        tokens.realm(),
        "http://tokens.test/token".into(),
        format!("http://127.0.0.1:{port}/token"),
        format!("https://127.0.0.1:{port}/token"),
        format!("https://localhost:{port}/token"),
    ] {
        let auth = Auth::TokensAt(&tokens, &realm);
        let registry = Registry::start(auth, Some(&authority.server(&["registry.test"])));
        let proxy = ConnectProxy::start(&registry.address());
        let told = child(&ours, &[("HTTPS_PROXY", &proxy.url()), ("HTTP_PROXY", &proxy.url())]);
        assert!(told.contains("sends for its tokens to where nothing may be sent"), "{realm}: {told}");
        assert!(!told.contains(PASSWORD), "{told}");
        let heard = proxy.heard();
        assert!(
            !heard.is_empty() && heard.iter().all(|line| line.starts_with("CONNECT registry.test:5000")),
            "{heard:?}"
        );
    }
    assert!(tokens.asked().is_empty());
    assert_eq!(here.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

/// What [`tls_is_verified_and_a_proxy_is_used_as_docker_uses_it`] runs; by itself it asks nothing.
#[tokio::test]
async fn asks_once() {
    let Ok(name) = std::env::var("ASK") else { return };
    println!("{:?}", asked(&name, password(USER, PASSWORD)).await.map_err(|error| error.to_string()));
}
