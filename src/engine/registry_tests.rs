use super::*;

#[tokio::test]
async fn what_is_hidden_is_asked_for_with_a_login_before_it_counts_as_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let write = |config: &str| std::fs::write(folder.path().join("config.json"), config).unwrap();
    let (mine, other) = (Reference::parse("r.example/a/b:v1").unwrap(), Reference::parse("o.example/a:v1").unwrap());
    let private = RegistryError::Private { host: "r.example".into(), repository: "a/b".into(), known: Known::Nobody };
    let (private, not_there) = (Err(private), Ok(RegistryFacts::default()));
    let there = Ok(RegistryFacts { image: Some(RegistryImage::default()), ..RegistryFacts::default() });
    write(r#"{"auths":{"r.example":{"auth":"YTpi"}}}"#);
    let logins = Logins::new(folder.path());
    let login = Some(Login::Password { user: "a".into(), password: "b".to_owned().into() });
    for told in [&private, &not_there] {
        assert_eq!(as_whom(Some(&logins), &mine, told).await, Ok(login.clone()), "{told:?}");
        assert_eq!(as_whom(None, &mine, told).await, Ok(None));
    }
    assert_eq!(as_whom(Some(&logins), &mine, &there).await, Ok(None));
    assert_eq!(as_whom(Some(&logins), &other, &not_there).await, Ok(None));
    let nobody = as_whom(Some(&logins), &other, &private).await;
    assert!(matches!(nobody, Err(RegistryError::Private { known: Known::NotLoggedIn, .. })), "{nobody:?}");
    write("{");
    assert_eq!(as_whom(Some(&logins), &mine, &not_there).await, Ok(None));
    assert!(matches!(as_whom(Some(&logins), &mine, &private).await, Err(RegistryError::Login { .. })));
}

#[test]
fn a_page_that_is_not_there_is_no_tag_that_is_not_there() {
    for told in [
        "manifest unknown: manifest unknown",
        "name unknown: repository name not known to registry",
        "failed to resolve reference \"127.0.0.1:5000/a/b:v1\": 127.0.0.1:5000/a/b:v1: not found",
        "not found: artifact lab/app:v1 not found",
    ] {
        assert!(is_unknown(told), "{told}");
    }
    for told in [
        "error parsing HTTP 404 response body: invalid character 'p' after top-level value: \"404 page not found\\n\"",
        "error parsing HTTP 404 response body: no error details found in HTTP response body: \"{}\"",
        "unknown: 404 page not found",
        "unknown: <html>\r\n<head><title>404 Not Found</title></head>",
        "unexpected HTTP status: 404 Not Found",
        "page not found",
        "Not Found\n",
        "lookup lab.example: no such host: not found",
    ] {
        assert!(!is_unknown(told), "{told}");
    }
}
