//! From observations and findings to batches of rows.

mod audit_head;
mod conn;
mod exchange;
mod finding;
mod head;
mod said;

pub use audit_head::{AuditHead, AuditHeadBuilder};
pub use conn::ConnBuilder;
pub use exchange::ExchangeBuilder;
pub use finding::FindingBuilder;
pub use said::SaidBuilder;
