//! Asks the northbound database of a virtual network for its tables, all in one transaction (RFC 7047, 4.1.3 and 5.2.2).

use std::io::{Error, ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Deserializer, Value, json};

use crate::policy_drift::ovn::{TABLES_LEN_MAX, Tables};

/// How long the database may take for its answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);
const DATABASE: &str = "OVN_Northbound";
const TABLES: [&str; 6] = [
    "ACL",
    "Port_Group",
    "Logical_Switch",
    "Logical_Switch_Port",
    "Address_Set",
    "NB_Global",
];

/// The tables of the database behind a socket; nothing in it is changed.
///
/// # Errors
/// When nobody answers in time, or what comes is no answer.
pub fn northbound(socket: &Path) -> std::io::Result<Tables> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    stream.set_write_timeout(Some(ANSWER_MAX))?;
    let select = |table| json!({"op": "select", "table": table, "where": []});
    let asked = [json!(DATABASE)].into_iter().chain(TABLES.map(select));
    let asked: Vec<Value> = asked.collect();
    let question = json!({"id": 1, "method": "transact", "params": asked});
    stream.write_all(question.to_string().as_bytes())?;
    let limit = u64::try_from(TABLES_LEN_MAX).unwrap_or(u64::MAX);
    let mut answers = Deserializer::from_reader(stream.take(limit)).into_iter::<Value>();
    let answer = answers.next().ok_or(bad("no answer"))??;
    let result = answer.get("result").and_then(Value::as_array);
    let result = result.ok_or(bad("an answer without a result"))?;
    let table = |number: usize| listed(result.get(number));
    Ok(Tables {
        acls: table(0)?,
        groups: table(1)?,
        switches: table(2)?,
        ports: table(3)?,
        sets: table(4)?,
        global: table(5)?,
    })
}

/// Rows as the database's own tool lists them: headings, and cells in their order.
fn listed(selected: Option<&Value>) -> std::io::Result<Vec<u8>> {
    let rows = selected.and_then(|table| table.get("rows")?.as_array());
    let rows = rows.ok_or(bad("a table that cannot be read"))?;
    let first = rows.first().and_then(Value::as_object);
    let headings: Vec<&String> = first.iter().flat_map(|row| row.keys()).collect();
    let cell = |row: &Value, heading: &str| row.get(heading).cloned().unwrap_or_default();
    let cells = |row: &Value| -> Vec<Value> {
        let each = headings.iter();
        each.map(|heading| cell(row, heading)).collect()
    };
    let data: Vec<_> = rows.iter().map(cells).collect();
    Ok(json!({"headings": headings, "data": data})
        .to_string()
        .into_bytes())
}

fn bad(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}
