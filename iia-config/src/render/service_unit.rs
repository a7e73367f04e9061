//! Services of the cell as services of the system.

use super::hardening::sandbox;
use super::{Places, Serves, Service};

pub(super) fn file(service: &Service, places: &Places) -> (String, String) {
    let (name, interface) = (&service.name, &service.interface);
    let (etc, run) = (&places.etc, &places.run);
    let start = match service.serves {
        Serves::Dhcp | Serves::Dns => {
            format!(
                "/usr/sbin/dnsmasq --keep-in-foreground --conf-file={etc}/dnsmasq/{name}.conf --pid-file={run}/{name}/dnsmasq.pid"
            )
        }
        Serves::Files => {
            format!(
                "/usr/sbin/smbd --foreground --no-process-group --configfile={etc}/samba/{name}.conf"
            )
        }
        Serves::Mqtt => format!("/usr/sbin/mosquitto -c {etc}/mosquitto/{name}.conf"),
        // The box disciplines its own clock elsewhere: this one only serves it.
        Serves::Ntp => format!("/usr/sbin/chronyd -d -x -U -F 0 -f {etc}/chrony/{name}.conf"),
    };
    let mut text = format!(
        "[Unit]\nDescription={name}, for the cell on {interface} only\nAfter=network.target\n\n\
         [Service]\nType=exec\nExecStart={start}\nUser=iia-{name}\nGroup=iia-{name}\nRestart=on-failure\n\
         RestartSec=1s\nMemoryMax=256M\nTasksMax=256\nReadWritePaths={}/{name} {run}/{name}\n",
        places.lib,
    );
    text += &sandbox(capabilities(service.serves), FAMILIES);
    text += &format!("RestrictNetworkInterfaces=lo {interface}\n");
    text += "\n[Install]\nWantedBy=multi-user.target\n";
    (format!("systemd/iia-{name}.service"), text)
}

const FAMILIES: &[&str] = &["AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK"];

/// Ports below 1024, and for DHCP the raw answers to hosts that have no address yet.
const fn capabilities(serves: Serves) -> &'static [&'static str] {
    match serves {
        Serves::Dhcp => &["CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_NET_ADMIN"],
        Serves::Dns | Serves::Ntp => &["CAP_NET_BIND_SERVICE"],
        Serves::Mqtt => &[],
        Serves::Files => &["CAP_NET_BIND_SERVICE", "CAP_SETUID", "CAP_SETGID"],
    }
}
