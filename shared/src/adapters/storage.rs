//! AWS S3: archives, written in parts, read by whoever holds a link of a few minutes; and events that no queue takes. Reached from the functions that
//! need it alone, so that no other binary carries its client.

use std::io::{Read, Seek};
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::signer::Signer as _;
use object_store::{
    Attribute, Attributes, ClientOptions, ObjectStore as _, ObjectStoreExt as _, PutMultipartOptions,
    WriteMultipart,
};

use super::CONNECT_TIMEOUT;
use crate::kernel::class::{Classify, Failure};

/// S3 takes parts of 5 MiB and more (AWS, "Amazon S3 multipart upload limits").
const PART_BYTES: usize = 8 * 1024 * 1024;
/// Parts that are on their way at once; with the one that fills up, this bounds the memory of an upload.
const PARTS_AT_ONCE: usize = 2;
/// How much is read from a file at a time.
const READ_BYTES: usize = 64 * 1024;
/// Longer than a part takes.
const PART_TIMEOUT: Duration = Duration::from_secs(60);

/// S3 refused or does not answer.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// It refused, or does not answer.
    #[error("the storage does not answer as it should")]
    Unavailable(#[from] object_store::Error),
    /// What was to be stored, or lies there, cannot be read.
    #[error("the file cannot be read")]
    Unreadable(#[from] std::io::Error),
}

impl Classify for StorageError {
    fn failure(&self) -> Failure {
        match self {
            Self::Unavailable(_) => Failure::unavailable(),
            Self::Unreadable(_) => Failure::internal(),
        }
    }
}

/// A bucket.
#[derive(Debug, Clone)]
pub struct Storage(AmazonS3);

impl Storage {
    /// A client of this bucket. Credentials and region are those that Lambda puts into the environment; an endpoint of
    /// one's own is spoken to in path style, since it has no name for each bucket.
    pub fn new(config: &aws_config::SdkConfig, bucket: &str) -> Result<Self, StorageError> {
        let own = config.endpoint_url();
        let plain = own.is_some_and(|endpoint| endpoint.starts_with("http://"));
        let options = ClientOptions::new()
            .with_connect_timeout(CONNECT_TIMEOUT)
            .with_timeout(PART_TIMEOUT)
            .with_allow_http(plain);
        let client = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_virtual_hosted_style_request(own.is_none())
            .with_client_options(options)
            .build()?;
        Ok(Self(client))
    }

    /// Stores a zip under this key, in parts, instead of any that was there; browsers save it as `file_name`.
    pub async fn upload_zip(
        &self,
        key: &str,
        file_name: &str,
        file: &mut (impl Read + Seek),
    ) -> Result<(), StorageError> {
        let attributes = Attributes::from_iter([
            (Attribute::ContentType, "application/zip".to_owned()),
            (
                Attribute::ContentDisposition,
                format!("attachment; filename=\"{file_name}\""),
            ),
        ]);
        let options = PutMultipartOptions {
            attributes,
            ..PutMultipartOptions::default()
        };
        file.rewind()?;
        let upload = self.0.put_multipart_opts(&Path::from(key), options).await?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
        let mut buffer = vec![0; READ_BYTES];
        loop {
            // A local file, in a container that serves nobody else meanwhile: nothing waits for this thread.
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => {
                    upload.wait_for_capacity(PARTS_AT_ONCE).await?;
                    upload.write(&buffer[..read]);
                }
                Err(error) => {
                    upload.abort().await?;
                    return Err(error.into());
                }
            }
        }
        upload.finish().await?;
        Ok(())
    }

    /// Stores an object under this key, in one request.
    pub async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), StorageError> {
        self.0.put(&Path::from(key), bytes.into()).await?;
        Ok(())
    }

    /// The object of this key, if there is one and it is no larger.
    pub async fn get(&self, key: &str, at_most: u64) -> Result<Option<Vec<u8>>, StorageError> {
        let found = match self.0.get(&Path::from(key)).await {
            Ok(found) if found.meta.size <= at_most => found,
            Ok(_) => return Err(std::io::Error::other("an object is too large").into()),
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Ok(Some(found.bytes().await?.to_vec()))
    }

    /// A link to read this object with, for so long. Made without asking S3.
    pub async fn signed_link(&self, key: &str, lifetime: Duration) -> Result<String, StorageError> {
        let method = http::Method::GET;
        let link = self.0.signed_url(method, &Path::from(key), lifetime).await?;
        Ok(link.into())
    }

    /// Deletes an object; one that is not there is fine.
    pub async fn delete(&self, key: &str) -> Result<(), StorageError> {
        match self.0.delete(&Path::from(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
