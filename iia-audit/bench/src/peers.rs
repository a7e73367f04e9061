//! Peers: each stores records of [`RECORD_LEN`] bytes under their number, durable when a commit returns.

use std::path::Path;

use iia_audit::log::{Log, Submission};

use crate::ours::{self, RECORD_LEN};

/// Something that makes a batch of records durable.
pub trait Store: Send {
    fn commit(&mut self, records: usize);
}

/// The events are made before, as the peers' bytes are.
pub struct Ours(Log, Vec<Submission>);

impl Ours {
    pub fn new(dir: &Path, most: usize) -> Self {
        Self(ours::create(dir), vec![ours::event(); most])
    }
}

impl Store for Ours {
    fn commit(&mut self, records: usize) {
        self.0
            .append(&self.1[..records], ours::now())
            .expect("append");
    }
}

pub struct Sqlite(rusqlite::Connection, Vec<u8>);

impl Sqlite {
    pub fn new(dir: &Path) -> Self {
        let db = rusqlite::Connection::open(dir.join("sqlite")).expect("open");
        db.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             CREATE TABLE records (seq INTEGER PRIMARY KEY, body BLOB NOT NULL);",
        )
        .expect("schema");
        Self(db, vec![7; RECORD_LEN])
    }
}

impl Store for Sqlite {
    fn commit(&mut self, records: usize) {
        let transaction = self.0.transaction().expect("transaction");
        {
            let mut insert = transaction
                .prepare_cached("INSERT INTO records (body) VALUES (?1)")
                .expect("insert");
            for _ in 0..records {
                insert.execute([&self.1]).expect("insert");
            }
        }
        transaction.commit().expect("commit");
    }
}

pub struct Redb(redb::Database, u64);

const TABLE: redb::TableDefinition<u64, &[u8]> = redb::TableDefinition::new("records");

impl Redb {
    pub fn new(dir: &Path) -> Self {
        Self(redb::Database::create(dir.join("redb")).expect("open"), 0)
    }
}

impl Store for Redb {
    fn commit(&mut self, records: usize) {
        let body = [7; RECORD_LEN];
        let transaction = self.0.begin_write().expect("transaction");
        {
            let mut table = transaction.open_table(TABLE).expect("table");
            for _ in 0..records {
                table.insert(self.1, body.as_slice()).expect("insert");
                self.1 += 1;
            }
        }
        transaction.commit().expect("commit");
    }
}

pub struct Fjall(fjall::Keyspace, fjall::PartitionHandle, u64);

impl Fjall {
    pub fn new(dir: &Path) -> Self {
        let keyspace = fjall::Config::new(dir.join("fjall")).open().expect("open");
        let partition = keyspace
            .open_partition("records", Default::default())
            .expect("partition");
        Self(keyspace, partition, 0)
    }
}

impl Store for Fjall {
    fn commit(&mut self, records: usize) {
        let mut batch = self.0.batch();
        for _ in 0..records {
            batch.insert(&self.1, self.2.to_be_bytes(), [7; RECORD_LEN]);
            self.2 += 1;
        }
        batch.commit().expect("commit");
        self.0
            .persist(fjall::PersistMode::SyncData)
            .expect("persist");
    }
}

/// The floor: what waking producers costs when nothing is stored.
pub struct Nothing;

impl Store for Nothing {
    fn commit(&mut self, _records: usize) {}
}
