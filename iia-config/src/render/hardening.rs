//! What every unit is denied, whatever it runs.

/// Directives of `[Service]` for a process with these capabilities and address families and nothing else.
pub(super) fn sandbox(capabilities: &[&str], families: &[&str]) -> String {
    let capabilities = capabilities.join(" ");
    let families = families.join(" ");
    // @privileged, which is denied to all, holds the calls that change users: what such a capability is for.
    let users = if capabilities.contains("CAP_SETUID") {
        "SystemCallFilter=@setuid\n"
    } else {
        ""
    };
    format!(
        "CapabilityBoundingSet={capabilities}\n\
         AmbientCapabilities={capabilities}\n\
         RestrictAddressFamilies={families}\n\
         {ALWAYS}{users}"
    )
}

const ALWAYS: &str = "\
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectProc=invisible
ProcSubset=pid
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
UMask=0077
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_change_users_may_make_the_calls_for_it_and_nobody_else() {
        // The later line wins: smbd without it is killed at its first setresuid.
        let with = sandbox(&["CAP_SETUID", "CAP_SETGID"], &[]);
        let (denied, allowed) = (with.find("=~@privileged"), with.find("=@setuid"));
        assert!(denied < allowed, "{with}");
        assert!(!sandbox(&["CAP_NET_RAW"], &[]).contains("@setuid"));
    }
}
