//! C040 to C043: identities, zones and contracts fit each other.

use hashbrown::HashSet;

use iia_core::id::TrustDomain;

use super::{Ground, domain_of, id_of};

/// C040: trust domains are written as the standard has them.
pub(super) fn domains(ground: &mut Ground<'_>) {
    let fields = ["artifact", "trust_root"]
        .into_iter()
        .flat_map(|kind| ground.document.of_kind(kind));
    let fields: Vec<_> = fields
        .filter_map(|entry| entry.field("trust_domain"))
        .collect();
    for field in fields {
        if let Err(error) = field.text().parse::<TrustDomain>() {
            let message = format!("`{}`: {error}", field.text());
            ground.tell("C040", field.span(), message, "such as iia.local");
        }
    }
}

/// C041, C043: every identity is a workload of the box, or somebody vouches for it.
pub(super) fn own(ground: &mut Ground<'_>) {
    let vouched: HashSet<&str> = ground
        .of_kind("trust_root")
        .map(|entry| entry.text("trust_domain"))
        .collect();
    let named = ["endpoint", "ruleset", "credential", "consumer"].into_iter();
    let keys = ["workload", "observer", "identity"];
    let entries = named.flat_map(|kind| ground.document.of_kind(kind));
    let fields = entries
        .flat_map(|entry| entry.all())
        .filter(|field| keys.contains(&field.key));
    let mut ids: Vec<_> = fields.map(|field| (field.span(), field.text())).collect();
    for party in ground.parties.iter() {
        let contract = match ground.is_workload(party.id) {
            true => None,
            false => ground.contract_of(party),
        };
        let field = contract.and_then(|contract| contract.field(party.key));
        ids.extend(field.map(|field| (field.span(), party.id)));
    }
    for (span, id) in ids {
        if domain_of(id) != ground.domain {
            if !vouched.contains(domain_of(id)) {
                let message = format!("nobody vouches for {id}");
                ground.tell(
                    "C043",
                    span,
                    message,
                    "add a trust_root for its trust domain",
                );
            }
        } else if !ground.is_workload(id) {
            let message = format!("{id} is no workload of a zone");
            ground.tell(
                "C041",
                span,
                message,
                "spiffe://<trust domain>/zone/<zone>/workload/<name>, declared in its zone",
            );
        }
    }
}

/// C042: no contract, no SVID.
pub(super) fn bare(ground: &mut Ground<'_>) {
    let named: HashSet<&str> = ground.parties.iter().map(|party| party.id).collect();
    for zone in ground.of_kind("zone") {
        for field in zone.fields("workload") {
            let id = id_of(ground.domain, zone.name, field.text());
            if !named.contains(id.as_str()) {
                let message = format!(
                    "no contract names workload {} of zone {}",
                    field.text(),
                    zone.name
                );
                ground.tell(
                    "C042",
                    field.span(),
                    message,
                    "no contract, no SVID: remove the workload or contract it",
                );
            }
        }
    }
}
