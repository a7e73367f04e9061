//! Receipts of a vault: one text for one statement, and no signature but by the vault's key.

use iia_audit::note::Purpose;
use iia_audit::vault::{NAME_LEN_MAX, Receipt, Statement};

use super::{ORIGIN, verifier};
use crate::input::key;

/// The input as the text of a receipt, and as a whole one.
pub fn receipt(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let known = verifier(ORIGIN, Purpose::Log, 1);
    if let Ok(receipt) = Receipt::open(text, &known) {
        assert!(text.starts_with(&receipt.statement().to_text()));
    }
    let Ok(statement) = Statement::parse(text) else {
        return;
    };
    assert_eq!(statement.to_text(), text);
    assert!(statement.segment.first < statement.segment.end);
    assert!(statement.stored < statement.retain_until);
    assert!(statement.place.object.len() <= NAME_LEN_MAX);
    let signed = statement.sign(ORIGIN, &key(1)).unwrap();
    let receipt = Receipt::open(&signed, &known).unwrap();
    assert_eq!(*receipt.statement(), statement);
    assert!(receipt.holds(&statement.segment, statement.retain_until));
    let other = verifier(ORIGIN, Purpose::Log, 2);
    assert!(Receipt::open(&signed, &other).is_err());
}
