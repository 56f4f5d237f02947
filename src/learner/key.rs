//! Tokens that follow from a class, so that a grader can tell whose a token is. Pure.
//!
//! ```text
//! key(learner)            = hex of the first 16 bytes of HMAC-SHA-256(secret, "dlearn learner 1" 0x00 learner)
//! token(course, exercise) = hex of the first  8 bytes of HMAC-SHA-256(key, "dlearn token 1" 0x00 course 0x00 exercise)
//! ```
//!
//! HMAC is that of RFC 2104; its key in the second line is the key as it is written, 32 hex digits. The instructor has
//! the secret and hands each learner their key; from it all of that learner's tokens follow, and neither the secret
//! nor anybody else's. No name holds a zero byte, so no two inputs are the same text.

use crate::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What a learner's tokens follow from: 32 lower-case hex digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LearnerKey(Secret);

impl LearnerKey {
    /// The key of a learner of the class with this secret; learners do not differ by the case of letters.
    pub fn derive(secret: &Secret, learner: &str) -> Self {
        Self(keyed(secret.reveal().as_bytes(), &["dlearn learner 1", &learner.to_lowercase()], 16).into())
    }

    /// A key as it is handed out, in any case of letters; none where it is no key.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let is_key = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_key.then(|| Self(text.into()))
    }

    /// The key as it is handed out.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// Their token for an exercise: sixteen lower-case hex digits.
    pub fn token(&self, course: &str, exercise: &str) -> String {
        keyed(self.0.reveal().as_bytes(), &["dlearn token 1", course, exercise], 8)
    }
}

/// The first bytes of HMAC-SHA-256 of texts with a zero byte between them, in hex.
fn keyed(key: &[u8], texts: &[&str], bytes: usize) -> String {
    // HMAC takes keys of any length.
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("a key of any length");
    mac.update(texts.join("\0").as_bytes());
    crate::hex::hex(&mac.finalize().into_bytes()[..bytes])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_follows_from_secret_learner_course_and_exercise() {
        let secret: Secret = "0123456789abcdef0123".to_owned().into();
        let key = LearnerKey::derive(&secret, "ada");
        let token = key.token("docker", "E01");
        assert!(crate::learner::is_token(&token));
        assert_eq!(key, LearnerKey::derive(&secret, "Ada"), "learners do not differ by case");
        assert_eq!(LearnerKey::parse(&format!(" {}\n", key.reveal().to_uppercase())), Some(key.clone()));
        let other = LearnerKey::derive(&"another secret".to_owned().into(), "ada");
        let bob = LearnerKey::derive(&secret, "bob");
        for different in [
            bob.token("docker", "E01"),
            key.token("docker", "E02"),
            key.token("dockerE", "01"),
            other.token("docker", "E01"),
        ] {
            assert_ne!(token, different);
        }
    }

    #[test]
    fn what_is_no_key_is_none() {
        for text in ["", "0123456789abcdef", "0123456789abcdef0123456789abcdeg", "../../etc"] {
            assert_eq!(LearnerKey::parse(text), None, "{text}");
        }
    }

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        // Test case 2.
        let tag = keyed(b"Jefe", &["what do ya want for nothing?"], 32);
        assert_eq!(tag, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
