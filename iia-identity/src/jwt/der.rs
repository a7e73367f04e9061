//! Signatures and RSA keys between the forms of JOSE (integers of fixed width) and of X.509 (DER).

/// The tags that occur.
const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;

/// An ECDSA signature of JOSE, r and s side by side (RFC 7518 3.4), as X.509 has it (RFC 3279 2.2.3).
pub(super) fn ecdsa_of_fixed(fixed: &[u8], width: usize) -> Option<Vec<u8>> {
    let (r, s) = fixed.split_at_checked(width)?;
    (s.len() == width).then(|| sequence(&[integer(r), integer(s)].concat()))
}

/// An ECDSA signature of X.509 as JOSE has it.
pub(super) fn fixed_of_ecdsa(der: &[u8], width: usize) -> Option<Vec<u8>> {
    let (mut inside, []) = element(der, SEQUENCE)? else {
        return None;
    };
    let mut fixed = Vec::with_capacity(2 * width);
    for _ in 0..2 {
        let (number, rest) = element(inside, INTEGER)?;
        let number = without_zeros(number);
        let padding = width.checked_sub(number.len())?;
        fixed.resize(fixed.len() + padding, 0);
        fixed.extend_from_slice(number);
        inside = rest;
    }
    inside.is_empty().then_some(fixed)
}

/// An RSA key of JOSE, modulus and exponent (RFC 7518 6.3.1), as X.509 has it (RFC 8017 A.1.1).
pub(super) fn rsa_key(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    sequence(&[integer(modulus), integer(exponent)].concat())
}

/// An unsigned number without the zeros in front.
pub(super) fn without_zeros(mut bytes: &[u8]) -> &[u8] {
    while let [0, rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    let bytes = without_zeros(bytes);
    // A first bit that is set would say that the number is negative.
    let sign = bytes.first().is_none_or(|first| *first >= 0x80);
    let mut content = Vec::with_capacity(bytes.len() + 1);
    content.extend(sign.then_some(0));
    content.extend_from_slice(bytes);
    tagged(INTEGER, &content)
}

fn sequence(content: &[u8]) -> Vec<u8> {
    tagged(SEQUENCE, content)
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        len @ ..=0x7f => out.push(low(len)),
        len @ ..=0xff => out.extend([0x81, low(len)]),
        len => out.extend([0x82, low(len >> 8), low(len)]),
    }
    out.extend_from_slice(content);
    out
}

const fn low(number: usize) -> u8 {
    (number & 0xff) as u8
}

/// The content of the first element, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let [first, len, rest @ ..] = der else {
        return None;
    };
    let (len, rest) = match (len, rest) {
        (0x81, [len, rest @ ..]) => (len, rest),
        (0..=0x7f, rest) => (len, rest),
        _ => return None,
    };
    (*first == tag).then(|| rest.split_at_checked((*len).into()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_survives_both_ways_with_zeros_and_high_bits_in_front() {
        for width in [32, 48, 66] {
            for (first, second) in [(0, 0x80), (0x80, 0), (0, 0), (0xff, 0x7f)] {
                let mut fixed = vec![7; 2 * width];
                fixed[0] = first;
                fixed[width] = second;
                let der = ecdsa_of_fixed(&fixed, width).unwrap();
                assert_eq!(fixed_of_ecdsa(&der, width), Some(fixed));
            }
        }
        assert_eq!(ecdsa_of_fixed(&[1; 63], 32), None);
        assert_eq!(ecdsa_of_fixed(&[1; 65], 32), None);
    }

    #[test]
    fn what_is_no_signature_is_none() {
        let der = ecdsa_of_fixed(&[9; 64], 32).unwrap();
        for len in 0..der.len() {
            assert_eq!(fixed_of_ecdsa(&der[..len], 32), None);
        }
        assert_eq!(fixed_of_ecdsa(&[der, vec![0]].concat(), 32), None);
    }
}
