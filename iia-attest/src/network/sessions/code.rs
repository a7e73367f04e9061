//! How a session ended, by the code with which one of its ends reports it.

use super::How;

impl How {
    /// How a session ended or failed, of a code such as `IIA-LNK-0501`; nothing for a code that says nothing of that: what
    /// the catalog refuses and what finds no room is told elsewhere.
    pub fn of_code(code: &str) -> Option<Self> {
        let number = |area: &str| code.strip_prefix(area)?.parse::<u16>().ok();
        if let Some(number) = number("IIA-IDN-") {
            return Some(match number {
                301 => Self::Expired,
                _ => Self::Failed,
            });
        }
        Some(match number("IIA-LNK-")? {
            4 => Self::Cut,
            103 => Self::Revoked,
            301 => Self::Expired,
            501 => Self::Silent,
            502 => Self::Reset,
            // No TLS, an old one, another protocol, a handshake that failed, a refusal by the other end.
            1..=3 | 5 | 101 | 102 | 104 | 302 => Self::Failed,
            _ => return None,
        })
    }
}
