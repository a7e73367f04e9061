//! Our digests against the published BLAKE3 test vectors: the keyed mode that chains use, and key derivation.
#![expect(clippy::string_slice, clippy::unwrap_used, reason = "tests")]

use iia_core::digest::{Context, Digest, Hasher, derive_key, hex};

/// Input length, keyed hash, derived key: first 32 bytes of the public vectors (BLAKE3 `test_vectors.json`, CC0).
const ROWS: &[(usize, &str, &str)] = &[
    (
        0,
        "92b2b75604ed3c761f9d6f62392c8a9227ad0ea3f09573e783f1498a4ed60d26",
        "2cc39783c223154fea8dfb7c1b1660f2ac2dcbd1c1de8277b0b0dd39b7e50d7d",
    ),
    (
        1,
        "6d7878dfff2f485635d39013278ae14f1454b8c0a3a2d34bc1ab38228a80c95b",
        "b3e2e340a117a499c6cf2398a19ee0d29cca2bb7404c73063382693bf66cb06c",
    ),
    (
        1023,
        "c951ecdf03288d0fcc96ee3413563d8a6d3589547f2c2fb36d9786470f1b9d6e",
        "74a16c1c3d44368a86e1ca6df64be6a2f64cce8f09220787450722d85725dea5",
    ),
    (
        1024,
        "75c46f6f3d9eb4f55ecaaee480db732e6c2105546f1e675003687c31719c7ba4",
        "7356cd7720d5b66b6d0697eb3177d9f8d73a4a5c5e968896eb6a689684302706",
    ),
    (
        1025,
        "357dc55de0c7e382c900fd6e320acc04146be01db6a8ce7210b7189bd664ea69",
        "effaa245f065fbf82ac186839a249707c3bddf6d3fdda22d1b95a3c970379bcb",
    ),
    (
        2049,
        "9f29700902f7c86e514ddc4df1e3049f258b2472b6dd5267f61bf13983b78dd5",
        "2ea477c5515cc3dd606512ee72bb3e0e758cfae7232826f35fb98ca1bcbdf273",
    ),
    (
        4097,
        "00df940cd36bb9fa7cbbc3556744e0dbc8191401afe70520ba292ee3ca80abbc",
        "aca51029626b55fda7117b42a7c211f8c6e9ba4fe5b7a8ca922f34299500ead8",
    ),
    (
        7169,
        "ed9b1a922c046fdb3d423ae34e143b05ca1bf28b710432857bf738bcedbfa511",
        "554b0a5efea9ef183f2f9b931b7497995d9eb26f5c5c6dad2b97d62fc5ac31d9",
    ),
];

const KEY: &[u8; 32] = b"whats the Elvish word for friend";
const CONTEXT: &str = "BLAKE3 2019-12-27 16:29:52 test vectors context";

fn input(len: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from(at % 251).unwrap()).collect()
}

#[test]
fn keyed_digests_are_the_published_ones_however_the_bytes_come() {
    for (len, keyed, _) in ROWS {
        let bytes = input(*len);
        for step in [1, 63, 64, 65, 1024, 8192] {
            let mut hasher = Hasher::keyed(KEY);
            bytes.chunks(step).for_each(|part| {
                hasher.update(part);
            });
            assert_eq!(hasher.finish().to_string(), format!("b3:{keyed}"), "{len}");
        }
    }
}

#[test]
fn derived_keys_are_the_published_ones() {
    for (len, _, derived) in ROWS {
        assert_eq!(hex(&derive_key(CONTEXT, &input(*len))), *derived, "{len}");
    }
}

#[test]
fn every_purpose_is_key_derivation_under_a_text_of_its_own() {
    let rows = [
        (Context::Artifact, "iia 2026-11 artifact v1"),
        (Context::AuditEntry, "iia 2026-11 audit entry v1"),
        (Context::AuditBody, "iia 2026-11 audit body v1"),
        (Context::Catalog, "iia 2026-11 catalog v1"),
        (Context::LakeFrame, "iia 2026-11 lake frame v1"),
        (Context::LakeSegment, "iia 2026-11 lake segment v1"),
        (Context::State, "iia 2026-11 state v1"),
        (Context::Capture, "iia 2026-11 capture v1"),
        (Context::CaptureRing, "iia 2026-11 capture ring v1"),
        (Context::Image, "iia 2026-11 image v1"),
        (Context::File, "iia 2026-11 file v1"),
    ];
    let mut seen = std::collections::BTreeSet::new();
    for (context, text) in rows {
        let digest = Digest::of(context, b"x");
        assert_eq!(digest.as_bytes(), &derive_key(text, b"x"), "{text}");
        assert!(seen.insert(digest), "{text}");
    }
}

#[test]
fn a_digest_has_one_text() {
    let good = Digest::of(Context::File, b"x").to_string();
    assert_eq!(good.parse::<Digest>().unwrap().to_string(), good);
    for byte in 0..good.len() {
        let mut bent = good.clone().into_bytes();
        bent.iter_mut().skip(byte).take(1).for_each(|b| *b ^= 0x20);
        let bent = String::from_utf8(bent).unwrap();
        let same = bent
            .parse::<Digest>()
            .is_ok_and(|got| got.to_string() == good);
        assert!(!same, "{bent}");
    }
    for text in [
        "",
        "b3:",
        "B3:00",
        &good[..66],
        &format!("{good}0"),
        &format!(" {good}"),
    ] {
        assert!(text.parse::<Digest>().is_err(), "{text:?}");
    }
}
