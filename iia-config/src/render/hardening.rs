//! What every unit is denied, whatever it runs.

/// Directives of `[Service]` for a process with these capabilities and address families and nothing else.
pub(super) fn sandbox(capabilities: &[&str], families: &[&str]) -> String {
    let capabilities = capabilities.join(" ");
    let families = families.join(" ");
    format!(
        "CapabilityBoundingSet={capabilities}\n\
         AmbientCapabilities={capabilities}\n\
         RestrictAddressFamilies={families}\n\
         {ALWAYS}"
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
