//! JSON Schemas that this program writes, judged by somebody else's validator: they are schemas, sound documents keep
//! to them, and what the language refuses they refuse too.
#![expect(clippy::unwrap_used, reason = "tests")]

mod judge;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use judge::{example, judge, said};
use serde_json::{Value, json};

/// Whether a schema is one, by the schema of schemas.
const IS_SCHEMA: &str = "
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.validators.validator_for(schema).check_schema(schema)
";

/// Says of each line whether it keeps to the schema.
const VERDICTS: &str = "
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
judge = jsonschema.validators.validator_for(schema)(schema)
for line in open(sys.argv[2]):
    print('sound' if judge.is_valid(json.loads(line)) else 'wrong')
";

/// The verdict on each document, all of them by one start of the validator.
fn verdicts<'a>(
    python: &str,
    schema: &Path,
    documents: impl Iterator<Item = &'a Value>,
) -> Vec<bool> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("documents");
    let lines: Vec<String> = documents.map(ToString::to_string).collect();
    fs::write(&file, lines.join("\n")).unwrap();
    let mut command = Command::new(python);
    let output = command
        .args(["-c", VERDICTS])
        .args([schema, &file])
        .output();
    let said = String::from_utf8(output.unwrap().stdout).unwrap();
    said.lines().map(|line| line == "sound").collect()
}

fn is_schema(python: &str, schema: &Path) -> bool {
    let mut command = Command::new(python);
    let output = command.args(["-c", IS_SCHEMA]).arg(schema).output();
    output.unwrap().status.success()
}

/// Every example contract, as JSON.
fn contracts() -> Vec<(String, Value)> {
    let files = fs::read_dir(example("contracts")).unwrap();
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    let json = |path: PathBuf| {
        let path = path.to_str().unwrap().to_owned();
        let text = said(0, &["config", "convert", "--to-json", &path]);
        (path, serde_json::from_str(&text).unwrap())
    };
    paths.into_iter().map(json).collect()
}

#[test]
fn a_contract_keeps_to_the_schema_and_a_wrong_one_does_not() {
    let test = "a_contract_keeps_to_the_schema_and_a_wrong_one_does_not";
    let Some(python) = judge(test, "json") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let schema = dir.path().join("schema.json");
    fs::write(&schema, said(0, &["config", "schema", "json-schema"])).unwrap();
    assert!(is_schema(&python, &schema));
    let contracts = contracts();
    assert!(contracts.len() >= 10);
    let wrongs: [&dyn Fn(&mut Value); 4] = [
        &|contract| contract["scope"] = json!("everything"),
        &|contract| contract["version"] = json!("two"),
        &|contract| contract["no_such_field"] = json!("x"),
        &|contract| contract["retention"] = json!({ "on_boks": "30d" }),
    ];
    let mut documents = Vec::new();
    for (path, document) in contracts {
        for (number, wrong) in wrongs.iter().enumerate() {
            let mut bent = document.clone();
            let contracts = bent["contract"].as_object_mut().unwrap();
            wrong(contracts.values_mut().next().unwrap());
            documents.push((format!("{path}: {number}"), bent, false));
        }
        documents.push((path, document, true));
    }
    let verdicts = verdicts(&python, &schema, documents.iter().map(|one| &one.1));
    assert_eq!(verdicts.len(), documents.len());
    for ((name, document, sound), verdict) in documents.iter().zip(verdicts) {
        assert_eq!(verdict, *sound, "{name}: {document}");
    }
}

#[test]
fn values_keep_to_what_their_contract_declares() {
    let test = "values_keep_to_what_their_contract_declares";
    let Some(python) = judge(test, "json") else {
        return;
    };
    for (contract, values) in [
        (
            "device_lorawan_field_env_sensors_zone_a",
            [
                (r#"{"temperature_c": 21.5, "battery_pct": 97}"#, true),
                (r#"{"temperature_c": 85.5}"#, false),
                (r#"{"battery_pct": 1.5}"#, false),
                (r#"{"pressure": 1}"#, false),
            ],
        ),
        (
            "device_plc_compressor_unit_3_opcua",
            [
                (r#"{"compressor_unit_3.run_state": "running"}"#, true),
                (r#"{"compressor_unit_3.run_state": "flying"}"#, false),
                (r#"{"compressor_unit_3.motor_current": 4}"#, true),
                (r#"{"compressor_unit_3.motor_current": "4"}"#, false),
            ],
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let schema = dir.path().join("schema.json");
        let catalog = example(&format!("contracts/{contract}.icl"));
        fs::write(&schema, said(0, &["export", "json-schema", &catalog])).unwrap();
        assert!(is_schema(&python, &schema), "{contract}");
        let parsed: Vec<Value> = values
            .iter()
            .map(|(value, _)| serde_json::from_str(value).unwrap())
            .collect();
        let want: Vec<bool> = values.iter().map(|(_, sound)| *sound).collect();
        assert_eq!(
            verdicts(&python, &schema, parsed.iter()),
            want,
            "{contract}: {values:?}"
        );
    }
}
