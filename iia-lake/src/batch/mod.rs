//! From observations and findings to batches of rows.

mod conn;
mod exchange;
mod finding;
mod head;

pub use conn::ConnBuilder;
pub use exchange::ExchangeBuilder;
pub use finding::FindingBuilder;
