use super::*;
use bytes::Bytes;
use std::collections::BTreeMap;

/// As Distribution refuses what it does not have.
const UNKNOWN: &str = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"v1"}}]}"#;

/// What a registry says, by path; what is not here it does not have.
#[derive(Default)]
struct Shelf(BTreeMap<String, (u16, Vec<u8>)>);

impl Shelf {
    fn put(&mut self, path: String, body: impl Into<Vec<u8>>) {
        self.0.insert(path, (200, body.into()));
    }

    /// A manifest or configuration under its digest; gives the descriptor.
    fn add(&mut self, kind: &str, value: &serde_json::Value) -> serde_json::Value {
        let bytes = serde_json::to_vec(value).unwrap();
        let digest = digest_of(&bytes);
        self.put(format!("/v2/a/b/{kind}/{digest}"), bytes.clone());
        serde_json::json!({ "digest": digest, "size": bytes.len() })
    }

    /// An image with one layer of this letter.
    fn image(&mut self, layer: char) -> serde_json::Value {
        let layer = format!("sha256:{}", layer.to_string().repeat(64));
        let config = serde_json::json!({
            "architecture": "amd64", "os": "linux", "rootfs": { "type": "layers", "diff_ids": [layer] }
        });
        let config = self.add("blobs", &config);
        self.add("manifests", &serde_json::json!({ "schemaVersion": 2, "config": config, "layers": [] }))
    }

    fn tag(&mut self, value: &serde_json::Value) {
        self.put("/v2/a/b/manifests/v1".into(), serde_json::to_vec(value).unwrap());
    }
}

impl Ask for Shelf {
    async fn get(&mut self, path: &str, _: &str, most: usize) -> Result<Got, RegistryError> {
        let (status, body) = self.0.get(path).cloned().unwrap_or((404, UNKNOWN.into()));
        assert!(body.len() <= most);
        let status = StatusCode::from_u16(status).unwrap();
        Ok(Got { status, headers: http::HeaderMap::new(), body: Bytes::from(body) })
    }
}

/// Answers one path itself, and leaves the others to what is behind it.
struct Gateway(Option<(String, Got)>, Shelf);

impl Ask for Gateway {
    async fn get(&mut self, path: &str, accept: &str, most: usize) -> Result<Got, RegistryError> {
        match self.0.take_if(|(own, _)| own == path) {
            Some((_, answer)) => Ok(answer),
            None => self.1.get(path, accept, most).await,
        }
    }
}

async fn asked(shelf: &mut Shelf) -> Result<RegistryFacts, RegistryError> {
    let platform = Platform { os: "linux".into(), arch: "amd64".into() };
    read(shelf, &Reference::parse("r.example/a/b:v1").unwrap(), &platform).await
}

fn with_platform(mut descriptor: serde_json::Value, os: &str, arch: &str) -> serde_json::Value {
    descriptor["platform"] = serde_json::json!({ "os": os, "architecture": arch });
    descriptor
}

#[tokio::test]
async fn the_platforms_image_is_chosen_and_attestations_are_none() {
    let mut shelf = Shelf::default();
    let attestation = with_platform(shelf.image('a'), "unknown", "unknown");
    let arm = with_platform(shelf.image('b'), "linux", "arm64");
    let amd = with_platform(shelf.image('c'), "linux", "amd64");
    shelf.tag(&serde_json::json!({ "schemaVersion": 2, "manifests": [attestation, arm, amd] }));
    let image = asked(&mut shelf).await.unwrap().image.unwrap();
    assert_eq!(image.layers, [format!("sha256:{}", "c".repeat(64))]);
}

#[tokio::test]
async fn an_index_of_attestations_is_no_image() {
    let mut shelf = Shelf::default();
    let attestation = with_platform(shelf.image('a'), "unknown", "unknown");
    shelf.tag(&serde_json::json!({ "manifests": [attestation] }));
    assert!(matches!(asked(&mut shelf).await, Err(RegistryError::Unintelligible { .. })));
}

#[tokio::test]
async fn a_tag_that_is_not_there_gives_the_tags_that_are() {
    let mut shelf = Shelf::default();
    assert_eq!(asked(&mut shelf).await.unwrap(), RegistryFacts::default());
    shelf.put("/v2/a/b/tags/list?n=50".into(), r#"{"name":"a/b","tags":["v3","v2\u001b[31m"]}"#);
    assert_eq!(asked(&mut shelf).await.unwrap().tags, ["v2 [31m", "v3"]);
}

#[tokio::test]
async fn only_a_registry_says_that_it_has_no_such_tag() {
    let not_there = async |body: &str, header: Option<&'static str>, path: &str| {
        let mut headers = http::HeaderMap::new();
        headers.extend(header.map(|name| (http::HeaderName::from_static(name), "registry/2.0".parse().unwrap())));
        let path = format!("/v2/a/b/{path}");
        let answer =
            (path, Got { status: StatusCode::NOT_FOUND, headers, body: Bytes::copy_from_slice(body.as_bytes()) });
        let platform = Platform { os: "linux".into(), arch: "amd64".into() };
        let mut gateway = Gateway(Some(answer), Shelf::default());
        read(&mut gateway, &Reference::parse("r.example/a/b:v1").unwrap(), &platform).await
    };
    for path in ["manifests/v1", "tags/list?n=50"] {
        for page in [
            "",
            "404 page not found\n",
            "<html><head><title>404 Not Found</title></head><body><center><h1>404 Not Found</h1></center></body></html>",
            "{}",
            r#"{"message":"no Route matched with those values"}"#,
            r#"{"errors":[]}"#,
            r#"{"errors":[{"message":"not found"}]}"#,
            r#"{"errors":"MANIFEST_UNKNOWN"}"#,
        ] {
            let error = not_there(page, None, path).await.unwrap_err();
            assert!(matches!(error, RegistryError::Unintelligible { .. }), "{path} {page}: {error}");
            not_there(page, Some("docker-distribution-api-version"), path).await.unwrap();
        }
        assert_eq!(not_there(UNKNOWN, None, path).await.unwrap(), RegistryFacts::default());
    }
}

#[tokio::test]
async fn bytes_that_differ_from_their_digest_are_not_believed() {
    let mut shelf = Shelf::default();
    let image = shelf.image('a');
    shelf.tag(&serde_json::json!({ "manifests": [with_platform(image, "linux", "amd64")] }));
    let paths: Vec<String> = shelf.0.keys().filter(|path| path.contains("sha256:")).cloned().collect();
    assert_eq!(paths.len(), 2);
    for path in paths {
        let right = shelf.0.remove(&path).unwrap();
        shelf.put(path.clone(), b"{ }".to_vec());
        let error = asked(&mut shelf).await.unwrap_err();
        assert!(error.to_string().contains("another digest"), "{path}: {error}");
        shelf.0.insert(path, right);
    }
    asked(&mut shelf).await.unwrap();
}

#[tokio::test]
async fn what_is_hostile_is_an_error_and_never_a_verdict() {
    let hostile = [
        "",
        "null",
        "[]",
        r#"{"manifests":[]}"#,
        r#"{"config":{"digest":"../../../x","size":1}}"#,
        r#"{"config":{"digest":"sha256:00","size":1}}"#,
        r#"{"config":{"digest":"sha256:0000000000000000000000000000000000000000000000000000000000000000","size":99999999999}}"#,
        r#"{"manifests":[{"digest":"v1","platform":{"os":"linux","architecture":"amd64"}}]}"#,
        r#"{"schemaVersion":1,"fsLayers":[]}"#,
    ];
    for body in hostile {
        let mut shelf = Shelf::default();
        shelf.put("/v2/a/b/manifests/v1".into(), body);
        let error = asked(&mut shelf).await.unwrap_err();
        assert!(!error.help().is_empty(), "{body}: {error}");
    }
    for (status, says) in [(401, "logged in"), (403, "logged in"), (429, "too often"), (502, "502"), (302, "302")] {
        let mut shelf = Shelf::default();
        shelf.0.insert("/v2/a/b/manifests/v1".into(), (status, Vec::new()));
        let error = asked(&mut shelf).await.unwrap_err();
        assert!(error.to_string().contains(says), "{status}: {error}");
    }
}
