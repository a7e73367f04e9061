//! Whoever asks.

use std::error::Error;
use std::io::{BufRead as _, stdin};

use iia_core::code::Coded as _;
use iia_link::rt::Target;

use super::keys;

/// Asks line by line.
pub(crate) async fn run(
    (catalog, own): (&str, &str),
    (address, peer, contract): (&str, &str, &str),
) -> Result<(), Box<dyn Error>> {
    let endpoint = keys::endpoint(own, &keys::catalog(catalog)?)?;
    let target = Target {
        peer: peer.parse()?,
        contract: contract.into(),
        operation: "EXCHANGE".into(),
    };
    let opened = endpoint.connect(address.parse()?, target).await;
    let mut session = opened.map_err(|error| format!("{}: {error}", error.code()))?;
    for line in stdin().lock().lines() {
        let line = line?;
        let (unit, request) = line.split_once(' ').ok_or("a unit and a request")?;
        let mut payload = vec![unit.parse()?];
        payload.extend(bytes(request).ok_or("hexadecimal")?);
        match session.call(&payload).await {
            Ok(answer) => println!("{}", iia_core::digest::hex(&answer)),
            Err(error) => println!("refused {}", error.code()),
        }
    }
    Ok(())
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let mut bytes = vec![0; text.len() / 2];
    iia_core::digest::decode_hex(text, &mut bytes)?;
    Some(bytes)
}
