//! Certificates of a test's own.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd,
};
use std::fs;
use std::path::Path;

/// Vouches for others.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, in PEM.
pub struct Pair {
    pub certificate: String,
    pub key: String,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = named(name, &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// For a server with these names and addresses.
    pub fn server(&self, names: &[&str]) -> Pair {
        self.sign(named("server", names), ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// The same, which has expired.
    pub fn expired_server(&self, names: &[&str]) -> Pair {
        let mut params = named("server", names);
        params.not_after = date_time_ymd(2020, 1, 1);
        self.sign(params, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// For somebody who asks.
    pub fn client(&self) -> Pair {
        self.sign(named("client", &[]), ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn sign(&self, mut params: CertificateParams, purpose: ExtendedKeyUsagePurpose) -> Pair {
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Pair { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

fn named(name: &str, names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// Docker's folder of certificates: `ca.pem`, and `cert.pem` with `key.pem` where there is a pair.
pub fn write_material(folder: &Path, authority: &Authority, pair: Option<&Pair>) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("ca.pem"), authority.pem()).unwrap();
    if let Some(pair) = pair {
        fs::write(folder.join("cert.pem"), &pair.certificate).unwrap();
        fs::write(folder.join("key.pem"), &pair.key).unwrap();
    }
}
