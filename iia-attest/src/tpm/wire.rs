//! Structures of a TPM on the wire: big endian, lists and buffers with a length of sixteen bits before them.

use nom::IResult;
use nom::bytes::complete::take;
use nom::number::complete::be_u16;

/// A TPM2B: its length, then as many bytes, at most `max`.
pub(in crate::tpm) fn sized(max: usize) -> impl Fn(&[u8]) -> IResult<&[u8], &[u8]> {
    move |input| {
        let (rest, len) = be_u16(input)?;
        if usize::from(len) > max {
            return refused(input);
        }
        take(len)(rest)
    }
}

/// A failure at `input`.
pub(in crate::tpm) fn refused<T>(input: &[u8]) -> IResult<&[u8], T> {
    let kind = nom::error::ErrorKind::Verify;
    Err(nom::Err::Error(nom::error::Error::new(input, kind)))
}

/// The value if nothing is left after it.
pub(in crate::tpm) fn whole<T>(result: IResult<&[u8], T>) -> Result<T, &'static str> {
    match result {
        Ok(([], value)) => Ok(value),
        Ok(_) => Err("bytes after its end"),
        Err(_) => Err("cut, or a field that cannot be"),
    }
}
