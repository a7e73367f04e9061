//! Revocations: whom a text names, and that names only ever add up.

use iia_config::revocation::{NAMED_MAX, Revoked, SERIAL_LEN_MAX};

/// The text of a revocation is the canonical one and names somebody, not too many, each in the text as it is.
pub fn revocation(data: &[u8]) {
    let Ok(revoked) = Revoked::parse(data) else {
        return;
    };
    assert!((1..=NAMED_MAX).contains(&revoked.len()));
    let text = String::from_utf8_lossy(data);
    for id in &revoked.identities {
        assert!(text.contains(id.as_str()));
    }
    for serial in &revoked.serials {
        assert!(serial.len() <= SERIAL_LEN_MAX && serial.len().is_multiple_of(2));
        assert!(
            serial
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        );
        assert!(text.contains(&format!("\"{serial}\"")));
    }
    let mut twice = revoked.clone();
    twice.add(revoked.clone());
    assert_eq!(twice, revoked);
    super::text::round_trip(data);
}
