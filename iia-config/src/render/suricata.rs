//! The signature engine of whoever watches the control network: suricata, which hears and never sends. Its alerts and what it
//! could not look at go to whoever started it, a line each; nothing of them is kept on disk.

/// What a configuration calls it, and its program.
pub const NAME: &str = "suricata";
/// Its settings; the interface, the rules and the directory of its own log are arguments.
pub const SETTINGS: &str = "%YAML 1.1
---
stats:
  enabled: yes
  interval: 8
outputs:
  - eve-log:
      enabled: yes
      filetype: regular
      filename: /dev/stdout
      types:
        - alert:
            metadata:
              rule:
                metadata: yes
        - stats:
            totals: yes
            threads: no
logging:
  default-log-level: notice
  outputs:
    - console:
        enabled: no
    - file:
        enabled: yes
        level: notice
        filename: engine.log
unix-command:
  enabled: no
app-layer:
  protocols:
    modbus:
      enabled: yes
      detection-ports:
        dp: 502
af-packet:
  - interface: default
    threads: 1
    cluster-id: 99
    cluster-type: cluster_flow
    defrag: yes
    checksum-checks: no
stream:
  checksum-validation: no
  midstream: yes
  async-oneside: yes
";
