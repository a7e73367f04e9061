//! What the conversations of the mix say, built by hand from each standard.

/// Where a conversation takes place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// A TCP port.
    Tcp(u16),
    /// A UDP port.
    Udp(u16),
    /// An EtherType.
    Link(u16),
}

/// One message.
pub(super) struct Said {
    /// From the client.
    pub(super) up: bool,
    pub(super) bytes: Vec<u8>,
}

/// A kind of conversation.
#[derive(Clone, Copy, Debug)]
pub(super) enum Conversation {
    Modbus,
    Enip,
    OpcUa,
    Mqtt,
    MqttSn,
    Dns,
    Ntp,
    ProfinetRt,
    ProfinetDcp,
    Ethercat,
    Arp,
}

/// Every kind.
pub(super) fn conversations() -> impl Iterator<Item = Conversation> {
    use Conversation::{
        Arp, Dns, Enip, Ethercat, Modbus, Mqtt, MqttSn, Ntp, OpcUa, ProfinetDcp, ProfinetRt,
    };
    [
        Modbus,
        Enip,
        OpcUa,
        Mqtt,
        MqttSn,
        Dns,
        Ntp,
        ProfinetRt,
        ProfinetDcp,
        Ethercat,
        Arp,
    ]
    .into_iter()
}

fn up(bytes: Vec<u8>) -> Said {
    Said { up: true, bytes }
}

fn down(bytes: Vec<u8>) -> Said {
    Said { up: false, bytes }
}

impl Conversation {
    pub(super) const fn place(self) -> Place {
        match self {
            Self::Modbus => Place::Tcp(502),
            Self::Enip => Place::Tcp(44_818),
            Self::OpcUa => Place::Tcp(4840),
            Self::Mqtt => Place::Tcp(1883),
            Self::MqttSn => Place::Udp(1883),
            Self::Dns => Place::Udp(53),
            Self::Ntp => Place::Udp(123),
            Self::ProfinetRt | Self::ProfinetDcp => Place::Link(0x8892),
            Self::Ethercat => Place::Link(0x88a4),
            Self::Arp => Place::Link(0x0806),
        }
    }

    /// What is said at the n-th turn, with a value that changes.
    pub(super) fn turn(self, turn: u64, value: u32) -> Vec<Said> {
        let number = u32::try_from(turn % 0xffff).unwrap_or(0);
        match self {
            Self::Modbus => modbus(number, value),
            Self::Enip => enip(turn, value),
            Self::OpcUa => opcua(turn, number, value),
            Self::Mqtt => mqtt(turn, value),
            Self::MqttSn => mqtt_sn(turn, value),
            Self::Dns => dns(number),
            Self::Ntp => ntp(turn),
            Self::ProfinetRt => profinet_rt(turn, value),
            Self::ProfinetDcp => profinet_dcp(number),
            Self::Ethercat => ethercat(turn, value),
            Self::Arp => arp(),
        }
    }
}

fn be16(number: u32) -> [u8; 2] {
    u16::try_from(number & 0xffff).unwrap_or(0).to_be_bytes()
}

fn le16(number: usize) -> [u8; 2] {
    u16::try_from(number & 0xffff).unwrap_or(0).to_le_bytes()
}

fn le32(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap_or(0).to_le_bytes()
}

fn low_byte(number: impl Into<u64>) -> u8 {
    u8::try_from(number.into() & 0xff).unwrap_or(0)
}

/// Two holding registers are read (V1.1b3, 6.3).
fn modbus(number: u32, value: u32) -> Vec<Said> {
    let head = |len: u8| [&be16(number)[..], &[0, 0, 0, len, 1]].concat();
    vec![
        up([&head(6)[..], &[3, 0, 10, 0, 2]].concat()),
        down([&head(7)[..], &[3, 4], &value.to_be_bytes()].concat()),
    ]
}

/// A session is registered, then a tag of four bytes is read again and again.
fn enip(turn: u64, value: u32) -> Vec<Said> {
    let session = if turn == 0 { 0 } else { 0x11 };
    let packet = |command: u8, session: u8, context: u64, data: &[u8]| {
        let mut bytes = vec![command, 0];
        bytes.extend(le16(data.len()));
        bytes.extend([session, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend(context.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend_from_slice(data);
        bytes
    };
    if turn == 0 {
        let data = [1, 0, 0, 0];
        return vec![
            up(packet(0x65, 0, 0, &data)),
            down(packet(0x65, 0x11, 0, &data)),
        ];
    }
    let items = |cip: &[u8]| {
        let mut bytes = vec![0, 0, 0, 0, 10, 0, 2, 0, 0, 0, 0, 0, 0xb2, 0];
        bytes.extend(le16(cip.len()));
        bytes.extend_from_slice(cip);
        bytes
    };
    let asks = [&[0x4c, 5, 0x91, 8][..], b"pressure", &[1, 0]].concat();
    let answers = [&[0xcc, 0, 0, 0, 0xc4, 0][..], &value.to_le_bytes()].concat();
    vec![
        up(packet(0x6f, session, turn, &items(&asks))),
        down(packet(0x6f, session, turn, &items(&answers))),
    ]
}

/// A channel without security is opened, then a node is read again and again.
fn opcua(turn: u64, number: u32, value: u32) -> Vec<Said> {
    let message = |kind: &[u8; 4], body: &[u8]| {
        let mut bytes = kind.to_vec();
        bytes.extend(le32(body.len() + 8));
        bytes.extend_from_slice(body);
        bytes
    };
    let sizes = [
        &[0, 0, 0, 0][..],
        &65_536u32.to_le_bytes(),
        &65_536u32.to_le_bytes(),
        &[0; 8],
    ]
    .concat();
    let text = |text: &[u8]| [&le32(text.len())[..], text].concat();
    let policy = text(b"http://opcfoundation.org/UA/SecurityPolicy#None");
    let none = [0xff; 4];
    let request = |handle: u32| {
        [
            &[0, 0][..],
            &[0; 8],
            &handle.to_le_bytes(),
            &[0; 4],
            &none,
            &[0; 4],
            &[0; 3],
        ]
        .concat()
    };
    let response = |handle: u32| {
        [
            &[0; 8][..],
            &handle.to_le_bytes(),
            &[0; 4],
            &[0],
            &[0; 4],
            &[0; 3],
        ]
        .concat()
    };
    let opening = |body: &[u8]| {
        let head = [
            &[7, 0, 0, 0][..],
            &policy,
            &none,
            &none,
            &[1, 0, 0, 0, 1, 0, 0, 0],
        ]
        .concat();
        message(b"OPNF", &[&head[..], body].concat())
    };
    match turn {
        0 => {
            let url = text(b"opc.tcp://plc.cell:4840");
            return vec![
                up(message(b"HELF", &[&sizes[..], &url].concat())),
                down(message(b"ACKF", &sizes)),
            ];
        }
        1 => {
            let asks = [
                &[1, 0, 0xbe, 1][..],
                &request(1),
                &[0; 4],
                &[0; 4],
                &[1, 0, 0, 0],
                &none,
                &3_600_000u32.to_le_bytes(),
            ]
            .concat();
            let answers = [
                &[1, 0, 0xc1, 1][..],
                &response(1),
                &[0; 4],
                &[7, 0, 0, 0],
                &[1, 0, 0, 0],
                &[0; 8],
                &3_600_000u32.to_le_bytes(),
                &none,
            ]
            .concat();
            return vec![up(opening(&asks)), down(opening(&answers))];
        }
        _ => {}
    }
    let symmetric = |body: &[u8]| {
        let handle = number.to_le_bytes();
        let head = [&[7, 0, 0, 0, 1, 0, 0, 0][..], &handle, &handle].concat();
        message(b"MSGF", &[&head[..], body].concat())
    };
    let node = [&[3, 2, 0][..], &text(b"press.pressure")].concat();
    let asks = [
        &[1, 0, 0x77, 2][..],
        &request(number),
        &[0; 8],
        &[0; 4],
        &[1, 0, 0, 0],
        &node,
        &[13, 0, 0, 0],
        &none,
        &[0, 0],
        &none,
    ]
    .concat();
    let float = (value as f32 / 1000.0).to_le_bytes();
    let answers = [
        &[1, 0, 0x7a, 2][..],
        &response(number),
        &[1, 0, 0, 0],
        &[1, 10],
        &float,
        &none,
    ]
    .concat();
    vec![up(symmetric(&asks)), down(symmetric(&answers))]
}

/// A client connects, then says a temperature again and again.
fn mqtt(turn: u64, value: u32) -> Vec<Said> {
    if turn == 0 {
        let connect = [
            &[0x10, 18, 0, 4][..],
            b"MQTT",
            &[4, 2, 0, 60, 0, 6],
            b"press1",
        ]
        .concat();
        return vec![up(connect), down(vec![0x20, 2, 0, 0])];
    }
    let body = format!("{}.{}", 20 + value % 10, value % 10);
    let topic = b"plant/press1/temperature";
    let len = low_byte((topic.len() + body.len() + 2) as u64);
    vec![up([
        &[0x30, len, 0, low_byte(topic.len() as u64)][..],
        topic,
        body.as_bytes(),
    ]
    .concat())]
}

/// A value under a topic that was agreed before.
fn mqtt_sn(turn: u64, value: u32) -> Vec<Said> {
    if turn == 0 {
        let connect = [&[12, 4, 4, 1, 0, 60][..], b"sensor"].concat();
        return vec![up(connect), down(vec![3, 5, 0])];
    }
    let body = value.to_be_bytes();
    vec![up([&[11, 0x0c, 1, 0, 7, 0, 0][..], &body].concat())]
}

/// An address is asked for and told.
fn dns(number: u32) -> Vec<Said> {
    let question = b"\x03plc\x04cell\x00\x00\x01\x00\x01";
    let id = be16(number);
    let asks = [&id[..], &[1, 0, 0, 1, 0, 0, 0, 0, 0, 0], question].concat();
    let answer = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 3, 0, 1];
    let answers = [
        &id[..],
        &[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0],
        question,
        &answer,
    ]
    .concat();
    vec![up(asks), down(answers)]
}

/// The time is asked for and told.
fn ntp(turn: u64) -> Vec<Said> {
    let moment = (0xee00_0000_0000_0000 | turn).to_be_bytes();
    let asks = [&[0x23][..], &[0; 39], &moment].concat();
    let answers = [
        &[0x24, 2, 6, 0xec][..],
        &[0; 8],
        &[10, 3, 0, 1],
        &moment,
        &moment,
        &moment,
        &moment,
    ]
    .concat();
    vec![up(asks), down(answers)]
}

/// Forty bytes of a cycle.
fn profinet_rt(turn: u64, value: u32) -> Vec<Said> {
    let mut bytes = vec![0x80, 0x20];
    bytes.extend(value.to_be_bytes());
    bytes.extend([0x80; 36]);
    bytes.extend(be16(low_byte(turn).into()));
    bytes.extend([0x35, 0]);
    vec![up(bytes)]
}

/// A station is looked for by its name and answers.
fn profinet_dcp(number: u32) -> Vec<Said> {
    let name = [&[2, 2, 0, 6][..], b"press1"].concat();
    let head = |frame: [u8; 2], kind: u8, len: u8| {
        [&frame[..], &[5, kind, 0, 0], &be16(number), &[0, 1, 0, len]].concat()
    };
    let answer = [&[2, 2, 0, 8, 0, 0][..], b"press1"].concat();
    vec![
        up([&head([0xfe, 0xfe], 0, 10)[..], &name].concat()),
        down([&head([0xfe, 0xff], 1, 12)[..], &answer].concat()),
    ]
}

/// Sixteen bytes of process data go out and come back with a working counter.
fn ethercat(turn: u64, value: u32) -> Vec<Said> {
    let datagram = |data: &[u8; 16], counter: u8| {
        [
            &[28, 0x10, 12, low_byte(turn), 0, 0, 1, 0, 16, 0, 0, 0][..],
            data,
            &[counter, 0],
        ]
        .concat()
    };
    let mut data = [0; 16];
    let sent = datagram(&data, 0);
    if let Some(place) = data.first_chunk_mut() {
        *place = value.to_le_bytes();
    }
    vec![up(sent), down(datagram(&data, 3))]
}

/// An address is looked for and found.
fn arp() -> Vec<Said> {
    let packet = |operation: u8, from: [u8; 6], to: [u8; 6]| {
        [
            &[0, 1, 8, 0, 6, 4, 0, operation][..],
            &from,
            &[10, 3, 0, 1],
            &to,
            &[10, 3, 0, 2],
        ]
        .concat()
    };
    let (one, two) = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 1, 0, 2]);
    vec![up(packet(1, one, [0; 6])), down(packet(2, two, one))]
}
