//! The protocols that have a name.

/// A row a protocol: its variant, its name in records, contracts and topics, its page.
macro_rules! protocols {
    ($($(#[$page:meta])* $variant:ident = $name:literal,)*) => {
        /// An application protocol.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[non_exhaustive]
        pub enum Protocol {
            $($(#[$page])* $variant,)*
            /// Not recognised.
            Unknown,
        }

        impl Protocol {
            /// Every protocol that has a name of its own.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in records, contracts and topics.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Unknown => "unknown",
                }
            }
        }
    };
}

protocols! {
    /// Modbus/TCP (Wireshark: `mbtcp`, `modbus`).
    ModbusTcp = "modbus_tcp",
    /// Modbus RTU, on a serial line or carried by TCP (Wireshark: `mbrtu`).
    ModbusRtu = "modbus_rtu",
    /// OPC UA (Wireshark: `opcua`).
    OpcUa = "opcua",
    /// OPC UA's messages without sessions, UADP (Wireshark: `uadp`).
    OpcUaPubSub = "opcua_pubsub",
    /// PROFINET's discovery and configuration (Wireshark: `pn_dcp`).
    ProfinetDcp = "profinet_dcp",
    /// PROFINET's cyclic data and alarms (Wireshark: `pn_rt`).
    ProfinetRt = "profinet_rt",
    /// PROFINET's context management over DCE/RPC (Wireshark: `pn_io`).
    ProfinetIo = "profinet_io",
    /// Rings of media redundancy (Wireshark: `pn_mrp`).
    Mrp = "mrp",
    /// EtherCAT (Wireshark: `ecat`).
    Ethercat = "ethercat",
    /// IEC 61850 GOOSE (Wireshark: `goose`).
    Goose = "goose",
    /// EtherNet/IP and the CIP in it (Wireshark: `enip`, `cip`).
    Enip = "ethernet_ip",
    /// CIP's implicit messages (Wireshark: `cipio`).
    CipIo = "cip_io",
    /// MQTT 3.1.1 and 5 (Wireshark: `mqtt`).
    Mqtt = "mqtt",
    /// MQTT-SN (Wireshark: `mqttsn`).
    MqttSn = "mqtt_sn",
    /// Address resolution (Wireshark: `arp`).
    Arp = "arp",
    /// Neighbours of a link (Wireshark: `lldp`).
    Lldp = "lldp",
    /// Addresses given out (Wireshark: `dhcp`, `dhcpv6`).
    Dhcp = "dhcp",
    /// Names (Wireshark: `dns`, `mdns`).
    Dns = "dns",
    /// Time (Wireshark: `ntp`).
    Ntp = "ntp",
    /// TLS handshakes (Wireshark: `tls`).
    Tls = "tls",
    /// HTTP, recognised and no more (Wireshark: `http`, `http2`).
    Http = "http",
}

impl Protocol {
    /// The protocol of this name; `Unknown` when there is none.
    pub fn named(name: &str) -> Self {
        let known = Self::KNOWN.iter().find(|known| known.name() == name);
        known.copied().unwrap_or(Self::Unknown)
    }

    /// The protocols whose frames have this EtherType.
    pub fn borne_by(ethertype: u16) -> impl Iterator<Item = Self> {
        let known = Self::KNOWN.iter().copied();
        known.filter(move |known| known.ethertype() == Some(ethertype))
    }

    /// The EtherType of a protocol that has no IP below it (Wireshark: `eth.type`).
    pub const fn ethertype(self) -> Option<u16> {
        match self {
            Self::ProfinetDcp | Self::ProfinetRt => Some(0x8892),
            Self::Mrp => Some(0x88e3),
            Self::Ethercat => Some(0x88a4),
            Self::Goose => Some(0x88b8),
            Self::Arp => Some(0x0806),
            Self::Lldp => Some(0x88cc),
            _ => None,
        }
    }
}
