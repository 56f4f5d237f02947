//! `os/arch/variant`, as Docker reads it (github.com/containerd/platforms).

/// A platform in Go's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Platform {
    pub(super) os: String,
    pub(super) arch: String,
}

const SYSTEMS: [&str; 15] = [
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "solaris",
    "windows",
];
const ARCHITECTURES: [&str; 27] = [
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "armbe",
    "arm64",
    "arm64be",
    "loong64",
    "mips",
    "mipsle",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "ppc",
    "ppc64",
    "ppc64le",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
    "i386",
    "x86_64",
    "aarch64",
];

impl Platform {
    /// Reads a platform; a single word is a system or an architecture.
    ///
    /// # Errors
    /// Why Docker refuses it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('/').collect();
        let allowed =
            |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
        // A system may carry its version: windows(10.0.17763).
        let system = parts.first().map(|first| first.split('(').next().unwrap_or_default()).unwrap_or_default();
        if !allowed(&system) || !parts.iter().skip(1).all(allowed) || parts.len() > 3 {
            return Err("write a platform as os/arch, such as linux/amd64".into());
        }
        let system = system.to_lowercase();
        let (os, arch) = match parts.get(1) {
            Some(arch) => (system, arch.to_lowercase()),
            None if SYSTEMS.contains(&system.as_str()) || system == "macos" => (system, "amd64".to_owned()),
            None if ARCHITECTURES.contains(&normal(&system)) || ARCHITECTURES.contains(&system.as_str()) => {
                ("linux".to_owned(), system)
            }
            None => return Err(format!("{system} is neither a system nor an architecture that Docker knows")),
        };
        let os = if os == "macos" { "darwin".to_owned() } else { os };
        let arch = normal(&arch).to_owned();
        Ok(Self { os, arch })
    }
}

/// The name that Go has for an architecture.
fn normal(arch: &str) -> &str {
    match arch {
        "i386" => "386",
        "x86_64" | "x86-64" => "amd64",
        "aarch64" => "arm64",
        "armhf" | "armel" => "arm",
        arch => arch,
    }
}
