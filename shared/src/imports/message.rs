//! The queue `imports`: what the bucket tells of new objects, and our own messages.

use serde::{Deserialize, Serialize};

use super::UPLOADS;
use crate::kernel::ids::{ImportId, OrganizationId};

/// The version of our messages.
const VERSION: u8 = 1;

/// A message of ours: this import is to be gone on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportMessage {
    v: u8,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// The import.
    pub import_id: ImportId,
}

impl ImportMessage {
    /// The message of this import.
    pub fn new(organization_id: OrganizationId, import_id: ImportId) -> Self {
        Self {
            v: VERSION,
            organization_id,
            import_id,
        }
    }
}

/// Whatever lies on the queue.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Notice {
    /// Ours.
    Ours(ImportMessage),
    /// The bucket's (AWS, "Event message structure").
    Bucket {
        /// New objects.
        #[serde(rename = "Records")]
        records: Vec<Record>,
    },
    /// What a bucket says when it is told whom to tell, `s3:TestEvent`.
    Test {
        /// Its name.
        #[serde(rename = "Event")]
        event: String,
    },
}

/// A new object.
#[derive(Debug, Clone, Deserialize)]
pub struct Record {
    s3: About,
}

#[derive(Debug, Clone, Deserialize)]
struct About {
    object: Object,
}

#[derive(Debug, Clone, Deserialize)]
struct Object {
    key: String,
}

impl Notice {
    /// The imports that it speaks of.
    pub fn imports(&self) -> Vec<ImportMessage> {
        match self {
            Self::Ours(message) => vec![*message],
            Self::Bucket { records } => records
                .iter()
                .filter_map(|record| of_key(&record.s3.object.key))
                .collect(),
            Self::Test { .. } => Vec::new(),
        }
    }
}

/// Nobody but us makes keys, and ours hold no sign that a notice writes otherwise.
fn of_key(key: &str) -> Option<ImportMessage> {
    let (organization, import) = key.strip_prefix(UPLOADS)?.split_once('/')?;
    Some(ImportMessage::new(
        OrganizationId::parse(organization).ok()?,
        ImportId::parse(import).ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kernel::Clock;

    #[test]
    fn ours_and_the_buckets_messages_name_the_import() {
        let clock = Clock::system();
        let message = ImportMessage::new(OrganizationId::new(&clock), ImportId::new(&clock));
        let key = super::super::upload_key(message.organization_id, message.import_id);
        let bucket = json!({ "Records": [
            { "eventName": "ObjectCreated:Put", "s3": { "bucket": { "name": "b" }, "object": { "key": key, "size": 7 } } },
            { "s3": { "object": { "key": "exports/x.zip" } } },
        ] });
        for (body, expected) in [
            (serde_json::to_value(message).unwrap(), vec![message]),
            (bucket, vec![message]),
            (json!({ "Service": "Amazon S3", "Event": "s3:TestEvent" }), vec![]),
        ] {
            let notice: Notice = serde_json::from_value(body).unwrap();
            assert_eq!(notice.imports(), expected);
        }
        assert!(serde_json::from_value::<Notice>(json!({ "x": 1 })).is_err());
    }
}
