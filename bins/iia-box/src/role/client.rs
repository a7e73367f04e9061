//! A consumer of another organisation: asks the query API for a time range and shows what came back.

use std::fs;

use anyhow::Context as _;
use iia_edge::wire::{QUERY, QueryAnswer, QueryAsk};

use crate::wire;
use crate::workload::Workload;

/// Runs the role: arguments are contract, stream, from, to (nanoseconds) and rows.
pub(super) async fn run(workload: &Workload) -> anyhow::Result<()> {
    let [contract, stream, from, to, rows] = workload.args() else {
        anyhow::bail!("contract, stream, from, to and rows are needed");
    };
    let ask = QueryAsk {
        stream: stream.clone(),
        from_ns: from.parse()?,
        to_ns: to.parse()?,
        rows_max: rows.parse()?,
    };
    workload.ready();
    match query(workload, contract, &ask).await {
        Ok(answer) => {
            let path = workload
                .dir()
                .state()
                .join(format!("{}.arrow", workload.name()));
            fs::write(&path, &*answer.ipc).context("keep the answer")?;
            let bytes = answer.ipc.len();
            workload.say(&format!(
                "got {} rows of {stream} as Arrow, {bytes} bytes",
                answer.rows
            ));
        }
        Err(error) => workload.say(&format!("refused: {error:#}")),
    }
    workload.done();
    Ok(())
}

async fn query(workload: &Workload, contract: &str, ask: &QueryAsk) -> anyhow::Result<QueryAnswer> {
    let mut session = workload.connect("child_api", contract, QUERY).await?;
    let answer = session.call(&wire::encode(ask)).await?;
    wire::decode(&answer)
}
