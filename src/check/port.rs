//! A port as EXPOSE names it.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// `8080`, or `53/udp`: a number alone is a TCP port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    number: u16,
    protocol: Protocol,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Tcp,
    Udp,
    Sctp,
}

impl Protocol {
    fn word(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        }
    }
}

impl Port {
    fn tcp(number: u16) -> Self {
        Self { number, protocol: Protocol::Tcp }
    }

    /// None where the text is neither `NUMBER` nor `NUMBER/PROTOCOL`.
    fn read(text: &str) -> Option<Self> {
        let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        let all = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];
        let protocol = all.into_iter().find(|one| one.word() == protocol)?;
        Some(Self { number: number.parse().ok()?, protocol })
    }

    /// As an image's configuration lists it: `8080/tcp`.
    pub fn listed(&self) -> String {
        format!("{}/{}", self.number, self.protocol.word())
    }
}

/// As a person writes it: `8080`, `53/udp`.
impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.protocol {
            Protocol::Tcp => write!(f, "{}", self.number),
            _ => f.write_str(&self.listed()),
        }
    }
}

impl Serialize for Port {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.protocol {
            Protocol::Tcp => serializer.serialize_u16(self.number),
            _ => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = Port;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a port: 8080, or \"53/udp\"")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Port, E> {
                let none = || E::invalid_value(de::Unexpected::Unsigned(number), &self);
                u16::try_from(number).map(Port::tcp).map_err(|_| none())
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Port, E> {
                let none = || E::invalid_value(de::Unexpected::Signed(number), &self);
                u16::try_from(number).map(Port::tcp).map_err(|_| none())
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Port, E> {
                Port::read(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for Port {
    fn schema_name() -> Cow<'static, str> {
        "Port".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "oneOf": [
            { "type": "integer", "minimum": 0, "maximum": 65535 },
            { "type": "string", "pattern": "^[0-9]{1,5}(/(tcp|udp|sctp))?$" },
        ] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_a_number_or_a_text_with_its_protocol() {
        for (yaml, listed, shown) in [
            ("8080", "8080/tcp", "8080"),
            ("\"8080\"", "8080/tcp", "8080"),
            ("\"8080/tcp\"", "8080/tcp", "8080"),
            ("53/udp", "53/udp", "53/udp"),
            ("\"9899/sctp\"", "9899/sctp", "9899/sctp"),
        ] {
            let port: Port =
                crate::course::read_yaml(yaml).unwrap_or_else(|(at, what)| panic!("{yaml} {at:?}: {what}"));
            assert_eq!((port.listed().as_str(), port.to_string().as_str()), (listed, shown));
            let again: Port = serde_json::from_value(serde_json::to_value(&port).unwrap()).unwrap();
            assert_eq!(again, port);
        }
        for wrong in ["65536", "-1", "web", "\"80/http\"", "\"/tcp\"", "[80]"] {
            assert!(crate::course::read_yaml::<Port>(wrong).is_err(), "{wrong}");
        }
    }
}
