//! Somebody with the vault's own credentials and the usual client, against a real store.

use crate::servers::real;
use crate::{Vault, evidence};

/// Tries to lose every version of every object; prints each call that was not refused.
const ATTACK: &str = "
early = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
def attempt(what, **call):
    try:
        getattr(s3, what)(**call)
        print(what, 'WAS DONE', call.get('Key'))
    except ClientError as error:
        print(what, 'refused', error.response['Error']['Code'])
pages = s3.get_paginator('list_object_versions').paginate(Bucket='attacked')
versions = [v for page in pages for v in page.get('Versions', []) if not v['Key'].startswith('probe/')]
for v in versions:
    at = dict(Bucket='attacked', Key=v['Key'], VersionId=v['VersionId'])
    attempt('delete_object', **at)
    attempt('delete_object', BypassGovernanceRetention=True, **at)
    for mode, until in (('COMPLIANCE', early), ('GOVERNANCE', early + datetime.timedelta(days=400))):
        attempt('put_object_retention', Retention=dict(Mode=mode, RetainUntilDate=until), BypassGovernanceRetention=True, **at)
some = [dict(Key=v['Key'], VersionId=v['VersionId']) for v in versions]
answer = s3.delete_objects(Bucket='attacked', Delete=dict(Objects=some), BypassGovernanceRetention=True)
for one in answer.get('Deleted', []): print('delete_objects WAS DONE', one)
attempt('put_bucket_versioning', Bucket='attacked', VersioningConfiguration=dict(Status='Suspended'))
attempt('delete_bucket', Bucket='attacked')
print(len(versions), 'versions')
";

/// What any store allows: newer versions and markers of deletion in front of what is locked.
const HIDE: &str = "
pages = s3.get_paginator('list_object_versions').paginate(Bucket='attacked')
keys = {v['Key'] for page in pages for v in page.get('Versions', [])}
for key in sorted(keys):
    s3.put_object(Bucket='attacked', Key=key, Body=b'nothing happened')
    s3.delete_object(Bucket='attacked', Key=key)
print(s3.list_objects_v2(Bucket='attacked')['KeyCount'], 'objects to be seen')
";

#[test]
fn whoever_holds_the_vaults_credentials_loses_nothing_and_hides_nothing() {
    let Some(server) = real("whoever_holds_the_vaults_credentials_loses_nothing_and_hides_nothing")
    else {
        return;
    };
    server.make_bucket("attacked", true);
    let vault = Vault::new(server, "attacked");
    evidence::write(&vault.path("evidence"), 7);
    let (code, said) = vault.put();
    assert_eq!(code, 0, "{said}");
    let (_, before) = vault.run(&["verify"]);
    assert!(before.contains("records    6 good"), "{before}");

    let done = server.attacker(ATTACK);
    assert!(!done.contains("WAS DONE"), "{done}");
    let versions = 2 + 6 + 6 + 2 * 2 - 1;
    assert!(done.contains(&format!("{versions} versions")), "{done}");
    assert_eq!(done.matches("refused").count(), 4 * versions + 2, "{done}");
    assert_eq!(vault.run(&["verify"]).1, before);

    let hidden = server.attacker(HIDE);
    assert!(hidden.contains("0 objects to be seen"), "{hidden}");
    let (code, said) = vault.run(&["verify"]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("records    6 good"), "{said}");
    let note = format!(
        "NOTE       {versions} versions were written over others; the first of each is taken"
    );
    assert!(said.contains(&note), "{said}");
}

#[test]
fn an_object_that_waits_in_a_segments_place_is_an_alarm_and_gives_no_receipt() {
    let Some(server) =
        real("an_object_that_waits_in_a_segments_place_is_an_alarm_and_gives_no_receipt")
    else {
        return;
    };
    server.make_bucket("waiting", true);
    let vault = Vault::new(server, "waiting");
    evidence::write(&vault.path("evidence"), 4);
    let (genesis, _) = iia_audit::genesis::Genesis::load(&vault.path("evidence/audit")).unwrap();
    let id = genesis.log_id().to_string().replace("b3:", "");
    server.attacker(&format!(
        "s3.put_object(Bucket='waiting', Key='{id}/seg/0000000000000001.iia', Body=b'not this')"
    ));
    let (code, said) = vault.put();
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("IIA-EDG-0220 ALARM: another object lies under"),
        "{said}"
    );
    assert!(vault.path(&format!("state/{id}/0000000000000000")).exists());
    assert!(!vault.path(&format!("state/{id}/0000000000000001")).exists());
}

#[test]
fn a_log_that_does_not_link_does_not_go_in() {
    let Some(server) = real("a_log_that_does_not_link_does_not_go_in") else {
        return;
    };
    server.make_bucket("linked", true);
    let vault = Vault::new(server, "linked");
    evidence::write(&vault.path("evidence"), 5);
    let segment = vault.path("evidence/audit/seg/0000000000000002.iia");
    let good = std::fs::read(&segment).unwrap();
    for at in [0, 60, 4096, 4200, good.len() - 1] {
        let mut bent = good.clone();
        bent[at] ^= 1;
        std::fs::write(&segment, bent).unwrap();
        let (code, said) = vault.put();
        assert_eq!(code, 1, "byte {at}: {said}");
        assert!(said.contains("IIA-AUD-"), "byte {at}: {said}");
    }
    std::fs::write(&segment, &good[..good.len() - 64]).unwrap();
    assert_eq!(vault.put().0, 1);
    std::fs::remove_file(&segment).unwrap();
    assert_ne!(vault.put().0, 0);
    std::fs::write(&segment, good).unwrap();
    let (code, said) = vault.put();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("every record up to 4"), "{said}");
}
