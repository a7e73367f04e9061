//! A consumer of another organisation: asks the query API for a time range and shows what came back.

use std::fs;
use std::time::Duration;

use anyhow::Context as _;
use iia_edge::wire::{QUERY, QueryAnswer, QueryAsk};

use crate::wire;
use crate::workload::Workload;

/// How long it waits before it asks again.
const AGAIN: Duration = Duration::from_millis(300);

/// Runs the role: arguments are contract, stream, from, to (nanoseconds) and rows; and `again` for one who asks until
/// it is no longer answered.
pub(super) async fn run(workload: &Workload) -> anyhow::Result<()> {
    let (contract, stream, from, to, rows, is_again) = match workload.args() {
        [contract, stream, from, to, rows] => (contract, stream, from, to, rows, false),
        [contract, stream, from, to, rows, again] => {
            (contract, stream, from, to, rows, again == "again")
        }
        _ => anyhow::bail!("contract, stream, from, to and rows are needed"),
    };
    let ask = QueryAsk {
        stream: stream.clone(),
        from_ns: from.parse()?,
        to_ns: to.parse()?,
        rows_max: rows.parse()?,
    };
    workload.ready();
    if is_again {
        let (answers, error) = until_cut(workload, contract, &ask).await;
        workload.say(&format!(
            "cut off after {answers} answers on one session: {error:#}"
        ));
        if let Err(error) = workload.connect("child_api", contract, QUERY).await {
            workload.say(&format!("refused from then on: {error:#}"));
        }
        workload.done();
        return Ok(());
    }
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

/// Asks over one session until it ends; gives how often it was answered, and why it ended.
async fn until_cut(workload: &Workload, contract: &str, ask: &QueryAsk) -> (u64, anyhow::Error) {
    let mut session = match workload.connect("child_api", contract, QUERY).await {
        Ok(session) => session,
        Err(error) => return (0, error),
    };
    let mut answers = 0;
    loop {
        if let Err(error) = session.call(&wire::encode(ask)).await {
            return (answers, error.into());
        }
        answers += 1;
        if answers == 1 {
            workload.say("asks again and again over one session, and is answered");
        }
        // Between two questions nothing comes but the end.
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            ended = session.recv() => return (answers, ended.err().map_or_else(ended_well, Into::into)),
        }
    }
}

fn ended_well() -> anyhow::Error {
    anyhow::anyhow!("the other side ended the session")
}

async fn query(workload: &Workload, contract: &str, ask: &QueryAsk) -> anyhow::Result<QueryAnswer> {
    let mut session = workload.connect("child_api", contract, QUERY).await?;
    let answer = session.call(&wire::encode(ask)).await?;
    wire::decode(&answer)
}
