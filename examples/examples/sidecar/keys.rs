//! Who one is: a directory with `id`, `cert.der`, `key.der` (PKCS#8) and `root.der`, as an issuer gave them.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use iia_config::{limits, parse::parse, validate};
use iia_contract::Catalog;
use iia_core::SpiffeId;
use iia_identity::bundle::BundleSet;
use iia_identity::issue::PrivateKey;
use iia_identity::svid::{Store, Svid};
use iia_link::rt::Endpoint;

/// The contracts of a text.
pub(crate) fn catalog(path: &str) -> Result<Catalog, Box<dyn Error>> {
    let text = fs::read(path)?;
    let document = parse(&text, limits::DOCUMENT_LEN_MAX);
    let catalog = document.and_then(|document| validate::catalog(&document));
    catalog.map_err(|found| format!("{} mistakes in {path}", found.len()).into())
}

/// An end of links, which asks this catalog.
pub(crate) fn endpoint(keys: &str, catalog: &Catalog) -> Result<Endpoint, Box<dyn Error>> {
    let read = |name: &str| fs::read(Path::new(keys).join(name));
    let id: SpiffeId = String::from_utf8(read("id")?)?.trim().parse()?;
    let key = PrivateKey::from_pkcs8(read("key.der")?);
    let svid = Svid::new(vec![read("cert.der")?], key)?;
    let mut bundles = BundleSet::default();
    bundles.add_root(id.trust_domain(), read("root.der")?)?;
    let store = Arc::new(Store::new(svid));
    Ok(Endpoint::new(
        id,
        store,
        Arc::new(bundles),
        Arc::new(catalog.clone()),
    ))
}
