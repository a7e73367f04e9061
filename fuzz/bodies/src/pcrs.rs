//! Policies over a machine's registers, as they lie beside a box.

use iia_identity::pcr_policy::{POLICY_LEN_MAX, PolicyFile};

/// What the policies of the corpus are signed for.
const REFERENCE: &[u8] = b"iia secret store 1";

/// One text for one policy; what is signed is so for one thing only, and by no other signature.
pub fn policy(data: &[u8]) {
    let Ok(file) = PolicyFile::parse(data) else {
        return;
    };
    assert!(data.len() <= POLICY_LEN_MAX);
    assert_eq!(file.to_text().as_bytes(), data);
    let registers: Vec<u8> = file.policy.registers().collect();
    assert!(!registers.is_empty() && registers.is_sorted());
    let Ok(signed) = file.signed(REFERENCE) else {
        return;
    };
    assert_eq!(signed.policy, file.policy);
    assert!(file.signed(b"something else").is_err());
    let mut bent = file.clone();
    if let Some(signature) = &mut bent.signature {
        let at = data.iter().map(|byte| usize::from(*byte)).sum::<usize>() % signature.len();
        if let Some(byte) = signature.get_mut(at) {
            *byte ^= 1;
        }
    }
    assert!(bent.signed(REFERENCE).is_err());
}
