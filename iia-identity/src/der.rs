//! The few DER forms that keys and signatures of others need: a sequence of numbers.

/// A SEQUENCE of non-negative INTEGERs, each given big endian.
pub(crate) fn numbers(numbers: &[&[u8]]) -> Vec<u8> {
    let body: Vec<u8> = numbers.iter().flat_map(|number| integer(number)).collect();
    element(0x30, &body)
}

fn integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let digits = number.get(zeros..).unwrap_or_default();
    // A number whose first bit is set would read as negative, and none is no number.
    let signed = digits.first().is_none_or(|first| first & 0x80 != 0);
    let mut body = vec![0; usize::from(signed)];
    body.extend_from_slice(digits);
    element(0x02, &body)
}

fn element(tag: u8, body: &[u8]) -> Vec<u8> {
    let len = body.len().to_be_bytes();
    let len: Vec<u8> = len.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut bytes = vec![tag];
    match len.as_slice() {
        [] => bytes.push(0),
        [short] if *short < 0x80 => bytes.push(*short),
        long => {
            bytes.push(0x80 | u8::try_from(long.len()).unwrap_or(0));
            bytes.extend_from_slice(long);
        }
    }
    bytes.extend_from_slice(body);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_others_write_them() {
        assert_eq!(
            numbers(&[&[0, 0, 5], &[0x80], &[]]),
            [0x30, 10, 2, 1, 5, 2, 2, 0, 0x80, 2, 1, 0]
        );
        let long = numbers(&[&[1; 300]]);
        assert_eq!(
            long.get(..8),
            Some(&[0x30, 0x82, 1, 48, 2, 0x82, 1, 44][..])
        );
    }
}
