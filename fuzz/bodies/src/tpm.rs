//! What a TPM says, and logs of a measured boot, as strangers would bring them.

use std::collections::BTreeMap;

use iia_attest::tpm::{
    Attest, EventLog, Evidence, Pcrs, PublicArea, PureRust, Reference, Tier, TpmSignature,
    appraise, hash_id, hash_name, hash_of,
};
use iia_core::code::Coded as _;
use iia_core::outside::HashName;

use crate::input::{Input, bend};

/// A quote that a software TPM made once with a key that is gone: registers 0 and 7 of SHA-256, nonce `iia `.
pub const ATTEST: &[u8] = include_bytes!("../fixtures/quote.attest");
/// Its signature.
pub const SIGNATURE: &[u8] = include_bytes!("../fixtures/quote.signature");
/// Its key.
pub const KEY: &[u8] = include_bytes!("../fixtures/quote.key");
/// The values of its registers.
pub const PCRS: &[u8] = include_bytes!("../fixtures/quote.pcrs");
const NONCE: &[u8] = b"iia ";

/// Parts from the input, bent, or sound: nothing that was not signed affirms.
pub fn quote(data: &[u8]) {
    let mut input = Input(data);
    let mut part = |sound: &[u8]| match input.byte() % 4 {
        0 | 1 => sound.to_vec(),
        2 => bend(sound, input.u64()),
        _ => input.piece().to_vec(),
    };
    let (attest, signature, key, pcrs) = (part(ATTEST), part(SIGNATURE), part(KEY), part(PCRS));
    let nonce = if input.byte() & 1 == 0 { NONCE } else { b"" };
    parsed(&attest, &signature, &pcrs);
    let Ok(key_parsed) = PublicArea::parse(&key) else {
        return;
    };
    assert_name(&key, &key_parsed);
    let evidence = Evidence {
        attest: &attest,
        signature: &signature,
        log: (input.byte() & 1 == 1).then(|| input.piece()),
        pcrs: Some(&pcrs),
    };
    let result = appraise(&evidence, &Reference::new(&key_parsed, nonce), &PureRust);
    for reason in &result.reasons {
        assert!(!reason.to_string().is_empty() && reason.code().number() > 0);
        assert!(reason.tier() <= result.tier());
    }
    let sound = attest == ATTEST
        && signature == SIGNATURE
        && key == KEY
        && pcrs == PCRS
        && nonce == NONCE
        && evidence.log.is_none();
    // Other keys may sign what they like, and the input may hold a quote of theirs.
    if key == KEY {
        assert_eq!(
            result.quote.is_some(),
            attest == ATTEST && signature == SIGNATURE
        );
        assert!(!sound || result.tier() == Tier::Affirming);
        assert!(sound || evidence.log.is_some() || result.tier() == Tier::Contraindicated);
    }
}

/// What parses stays within its limits and is the same again.
fn parsed(attest: &[u8], signature: &[u8], pcrs: &[u8]) {
    if let Ok(one) = Attest::parse(attest) {
        assert_eq!(one.bytes(), attest);
        let registers: Vec<(HashName, u8)> = one.quote().selection.registers().collect();
        assert!(registers.len() <= 16 * 32);
        assert!(one.quote().nonce.len() <= 66 && one.quote().digest.len() <= 64);
        if let Ok(values) = Pcrs::from_selected(&one.quote().selection, pcrs) {
            let len: usize = registers.iter().map(|(bank, _)| bank.len()).sum();
            assert_eq!(len, pcrs.len());
            assert!(
                registers
                    .iter()
                    .all(|(bank, pcr)| values.get(*bank, *pcr).is_some())
            );
        }
    }
    let first = TpmSignature::parse(signature);
    assert_eq!(first, TpmSignature::parse(signature));
}

/// A name is the algorithm and the digest of the public area, with or without its length before it.
fn assert_name(bytes: &[u8], key: &PublicArea) {
    let inner = [bytes, bytes.get(2..).unwrap_or_default()];
    let named = inner.iter().any(|inner| {
        let hash = inner.get(2..4).and_then(|id| id.try_into().ok());
        let hash = hash.and_then(|id| hash_name(u16::from_be_bytes(id)));
        hash.is_some_and(|hash| {
            let name = [&hash_id(hash).to_be_bytes()[..], &hash_of(hash, &[inner])].concat();
            name == key.name()
        })
    });
    assert!(named);
}

/// A log that parses is its bytes again; its registers are those of a second replay.
pub fn event_log(data: &[u8]) {
    let Ok(log) = EventLog::parse(data) else {
        return;
    };
    let agile = log
        .events()
        .first()
        .is_some_and(|first| first.kind().0 == 3 && first.data().starts_with(b"Spec ID Event03\0"));
    let (mut bytes, mut naive) = (Vec::new(), BTreeMap::<(HashName, u32), Vec<u8>>::new());
    for (number, event) in log.events().iter().enumerate() {
        assert_eq!(event.offset(), bytes.len());
        bytes.extend(event.pcr().to_le_bytes());
        bytes.extend(event.kind().0.to_le_bytes());
        if agile && number > 0 {
            bytes.extend((event.digests().len() as u32).to_le_bytes());
            event.digests().iter().for_each(|(id, digest)| {
                bytes.extend(id.to_le_bytes());
                bytes.extend(*digest);
            });
        } else {
            bytes.extend(event.digests()[0].1);
        }
        bytes.extend((event.data().len() as u32).to_le_bytes());
        bytes.extend(event.data());
        let _shown = event.show();
        if event.kind().0 == 3 {
            continue;
        }
        for (id, digest) in event.digests() {
            let Some(bank) = hash_name(*id) else { continue };
            let start = || start(bank, event.pcr(), log.locality());
            let value = naive.entry((bank, event.pcr())).or_insert_with(start);
            *value = hash_of(bank, &[value, digest]);
        }
    }
    assert_eq!(bytes, data);
    let replayed = log.replay();
    let replayed: BTreeMap<_, _> = replayed
        .iter()
        .map(|(bank, pcr, value)| ((bank, u32::from(pcr)), value.to_vec()))
        .collect();
    assert_eq!(replayed, naive);
    if let Some(event) = log
        .events()
        .get(log.events().len() / 2)
        .filter(|one| one.offset() > 0)
    {
        let before = EventLog::parse(&data[..event.offset()]);
        assert!(before.is_ok_and(|before| log.events().starts_with(before.events())));
    }
}

fn start(bank: HashName, pcr: u32, locality: Option<u8>) -> Vec<u8> {
    let mut value = vec![if matches!(pcr, 17..=22) { 0xff } else { 0 }; bank.len()];
    if let (0, Some(locality), Some(last)) = (pcr, locality, value.last_mut()) {
        *last = locality;
    }
    value
}

/// The first inputs of both targets: target, name, bytes.
pub fn seeds() -> Vec<(&'static str, String, Vec<u8>)> {
    let mut seeds = vec![
        ("tpm_quote", "sound".to_owned(), vec![0; 6]),
        ("tpm_quote", "nonce".into(), vec![0, 0, 0, 0, 1, 0]),
        ("event_log", "old".into(), old_log()),
        ("event_log", "agile".into(), agile_log()),
    ];
    for (part, sound) in [ATTEST, SIGNATURE, KEY, PCRS].into_iter().enumerate() {
        let mut bent = vec![0; 6];
        bent[part] = 2;
        bent.splice(part + 1..part + 1, 99u64.to_le_bytes());
        seeds.push(("tpm_quote", format!("bent-{part}"), bent));
        let mut whole = vec![0; 6];
        whole[part] = 3;
        let len = (sound.len() as u16).to_le_bytes();
        whole.splice(part + 1..part + 1, [&len[..], sound].concat());
        seeds.push(("tpm_quote", format!("whole-{part}"), whole));
    }
    let log = agile_log();
    let log = [
        &[0, 0, 0, 0, 0, 1][..],
        &(log.len() as u16).to_le_bytes(),
        &log,
    ]
    .concat();
    seeds.push(("tpm_quote", "log".into(), log));
    seeds
}

fn old_event(pcr: u32, kind: u32, data: &[u8]) -> Vec<u8> {
    let head = [pcr, kind].map(u32::to_le_bytes).concat();
    let len = (data.len() as u32).to_le_bytes();
    [&head, &[7; 20][..], &len, data].concat()
}

/// One event of each kind that is understood.
fn shown() -> Vec<(u32, u32, Vec<u8>)> {
    let variable = [
        &[1; 16][..],
        &[
            1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, b'P', 0, 1, 2,
        ],
    ];
    let image = [&[1; 24][..], &[2, 0, 0, 0, 0, 0, 0, 0, 9, 9]];
    let table = [&[3; 92][..], &[1, 0, 0, 0, 0, 0, 0, 0], &[4; 128]];
    let tables = [&[1, 0, 0, 0, 0, 0, 0, 0][..], &[5; 24]];
    vec![
        (0, 8, b"v\x001\x00".to_vec()),
        (0, 0x8000_0008, vec![1; 16]),
        (0, 0x8000_000a, [&[1, b'x'][..], &[1; 16]].concat()),
        (7, 0x8000_0001, variable.concat()),
        (2, 0x8000_0004, image.concat()),
        (5, 0x8000_0006, table.concat()),
        (1, 0x8000_0009, tables.concat()),
        (14, 6, vec![1, 0, 0, 0, 1, 0, 0, 0, 9]),
        (8, 0xd, b"kernel".to_vec()),
        (17, 4, vec![0; 4]),
        (9, 0x7777, b"?".to_vec()),
    ]
}

fn old_log() -> Vec<u8> {
    let events = shown().into_iter();
    events
        .flat_map(|(pcr, kind, data)| old_event(pcr, kind, &data))
        .collect()
}

fn agile_log() -> Vec<u8> {
    let spec = b"Spec ID Event03\0\0\0\0\0\0\x02\0\x02\x02\0\0\0\x0b\0\x20\0\x12\0\x20\0\0";
    let mut log = old_event(0, 3, spec);
    let locality = (0, 3, b"StartupLocality\0\x03".to_vec());
    for (pcr, kind, data) in [locality].into_iter().chain(shown()) {
        log.extend([pcr, kind, 2].map(u32::to_le_bytes).concat());
        for id in [0x0b, 0x12] {
            log.extend([&[id, 0][..], &[id; 32]].concat());
        }
        log.extend((data.len() as u32).to_le_bytes());
        log.extend(data);
    }
    log
}
