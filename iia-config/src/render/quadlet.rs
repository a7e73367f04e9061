//! Workloads as Podman Quadlets, for systems whose Podman has the generator (4.4 and later).

use super::systemd::rights;
use super::{Site, Unit};

pub(super) fn file(unit: &Unit, site: &Site<'_>) -> Option<(String, String)> {
    let (repository, digest) = unit.image.as_ref()?;
    let (zone, _) = site.topology.workload(&unit.workload)?;
    let (name, id, user) = (&unit.name, &unit.workload, unit.user);
    let mut text = format!(
        "[Unit]\nDescription={name} of zone {}\n\n\
         [Container]\nContainerName=iia-{name}\nImage={repository}@{digest}\nPull=never\nUser={user}\nGroup={user}\n\
         Network=ns:/run/netns/{}\nEnvironment=IIA_SPIFFE_ID={id}\nReadOnly=true\nReadOnlyTmpfs=false\n\
         NoNewPrivileges=true\nDropCapability=all\n",
        zone.name, zone.bridge,
    );
    for capability in rights(zone).0 {
        text += &format!("AddCapability={capability}\n");
    }
    if unit.state {
        text += &format!(
            "Volume={}/{name}:/var/lib/iia:rw,noexec,nosuid,nodev\n",
            site.places.lib
        );
    }
    if let Some(memory) = unit.memory_max {
        text += &format!("PodmanArgs=--memory={memory}\n");
    }
    text +=
        "\n[Service]\nRestart=on-failure\nRestartSec=1s\n\n[Install]\nWantedBy=multi-user.target\n";
    Some((format!("quadlet/iia-{name}.container"), text))
}
