//! A token server: it signs what Distribution accepts (JSON Web Tokens with ES256, their certificate beside them).
//!
//! Everybody may read below `lab/`; `private/` opens to one user, by password or by what stands for it.

use super::basic;
use super::server::{Heard, Server};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{CertificateParams, KeyPair, SigningKey};
use serde_json::json;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

pub const SERVICE: &str = "test";
pub const ISSUER: &str = "dlearn-tests";
/// What stands for the password.
pub const IDENTITY: &str = "a-long-refresh-token";

/// Signs tokens.
#[derive(Clone)]
pub struct Signer(Arc<(KeyPair, rcgen::Certificate)>);

impl Signer {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
        Self(Arc::new((key, certificate)))
    }

    /// What the registry trusts.
    pub fn certificate(&self) -> String {
        self.0.1.pem()
    }

    /// A token for a repository, valid for five minutes.
    pub fn token(&self, repository: &str, actions: &[&str]) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let head = json!({ "typ": "JWT", "alg": "ES256", "x5c": [STANDARD.encode(self.0.1.der())] });
        let claims = json!({
            "iss": ISSUER, "sub": "somebody", "aud": SERVICE, "exp": now + 300, "nbf": now - 60, "iat": now, "jti": "1",
            "access": [{ "type": "repository", "name": repository, "actions": actions }],
        });
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(head), part(claims));
        let signature = self.0.0.sign(text.as_bytes()).unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(fixed(&signature)))
    }
}

/// Two numbers of 32 bytes each, out of DER (RFC 7518, section 3.4; X9.62).
fn fixed(der: &[u8]) -> Vec<u8> {
    // SEQUENCE, its length; then twice INTEGER, its length, its bytes.
    let number = |at: usize| {
        let (length, start) = (usize::from(der[at + 1]), at + 2);
        let digits = &der[start..start + length];
        let digits = &digits[digits.iter().take_while(|byte| **byte == 0).count()..];
        let mut whole = vec![0; 32 - digits.len()];
        whole.extend_from_slice(digits);
        (whole, start + length)
    };
    let (first, next) = number(2);
    [first, number(next).0].concat()
}

pub struct Tokens {
    signer: Signer,
    server: Server,
}

impl Tokens {
    pub fn start() -> Self {
        let signer = Signer::new();
        let signs = signer.clone();
        Self { signer, server: Server::start(move |question| answer(&signs, question)) }
    }

    pub fn realm(&self) -> String {
        format!("http://{}/token", self.server.host())
    }

    pub fn signer(&self) -> Signer {
        self.signer.clone()
    }

    /// What was asked since the last time.
    pub fn asked(&self) -> Vec<String> {
        self.server.take()
    }
}

fn answer(signer: &Signer, question: &Heard) -> (String, Vec<u8>) {
    let (method, target) = question.target();
    let pairs = if method == "POST" { question.body.as_str() } else { target.split('?').nth(1).unwrap_or_default() };
    let repository = pairs.split('&').find_map(|pair| pair.strip_prefix("scope=repository%3A")).unwrap_or_default();
    let repository = repository.trim_end_matches("%3Apull").replace("%2F", "/");
    let known = match question.header("authorization") {
        Some(shown) if shown == basic() => true,
        Some(_) => return ("401 Unauthorized".into(), Vec::new()),
        None => pairs.contains(&format!("refresh_token={IDENTITY}")),
    };
    let actions: &[&str] = if known || repository.starts_with("lab/") { &["pull"] } else { &[] };
    let token = signer.token(&repository, actions);
    let body = if method == "POST" { json!({ "access_token": token }) } else { json!({ "token": token }) };
    ("200 OK\r\nContent-Type: application/json".into(), body.to_string().into_bytes())
}
