//! AWS S3: archives, written in parts and read through links that last a few minutes, and events too large for a queue.
//! Reached only from the functions that need it, so that no other binary carries its client.

use std::io::{Read, Seek};
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::signer::Signer as _;
use object_store::{
    Attribute, Attributes, ClientOptions, GetOptions, ObjectStore as _, ObjectStoreExt as _,
    PutMultipartOptions, WriteMultipart,
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

/// What lies under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// How large it is.
    pub bytes: u64,
    /// Another one for other contents.
    pub version: String,
}

/// A file on its way into a bucket, in parts.
#[derive(Debug)]
pub struct Upload(WriteMultipart);

impl Upload {
    /// Adds to it; waits where too much is on its way.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), StorageError> {
        self.0.wait_for_capacity(PARTS_AT_ONCE).await?;
        self.0.write(bytes);
        Ok(())
    }

    /// Ends it; now it is there.
    pub async fn finish(self) -> Result<(), StorageError> {
        self.0.finish().await?;
        Ok(())
    }

    /// Gives it up; what was there stays.
    pub async fn abandon(self) -> Result<(), StorageError> {
        self.0.abort().await?;
        Ok(())
    }
}

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
        file.rewind()?;
        let mut upload = self.upload(key, "application/zip", file_name).await?;
        let mut buffer = vec![0; READ_BYTES];
        loop {
            // A local file, in a container that serves nobody else meanwhile: nothing waits for this thread.
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => upload.write(&buffer[..read]).await?,
                Err(error) => {
                    upload.abandon().await?;
                    return Err(error.into());
                }
            }
        }
        upload.finish().await
    }

    /// Begins to store a file under this key, in parts; nothing is there, or what was there stays, until it is finished.
    /// Browsers save it as `file_name`.
    pub async fn upload(
        &self,
        key: &str,
        media_type: &'static str,
        file_name: &str,
    ) -> Result<Upload, StorageError> {
        let attributes = Attributes::from_iter([
            (Attribute::ContentType, media_type.to_owned()),
            (
                Attribute::ContentDisposition,
                format!("attachment; filename=\"{file_name}\""),
            ),
        ]);
        let options = PutMultipartOptions {
            attributes,
            ..PutMultipartOptions::default()
        };
        let upload = self.0.put_multipart_opts(&Path::from(key), options).await?;
        Ok(Upload(WriteMultipart::new_with_chunk_size(upload, PART_BYTES)))
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

    /// What lies under this key, if anything.
    pub async fn look(&self, key: &str) -> Result<Option<Stored>, StorageError> {
        match self.0.head(&Path::from(key)).await {
            Ok(found) => Ok(Some(Stored {
                bytes: found.size,
                version: found.e_tag.unwrap_or_default(),
            })),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Some bytes of an object; none where it is gone, or is another than it was.
    pub async fn part(
        &self,
        key: &str,
        version: &str,
        range: Range<u64>,
    ) -> Result<Option<Bytes>, StorageError> {
        let options = GetOptions::new()
            .with_range(Some(range))
            .with_if_match(Some(version));
        match self.0.get_opts(&Path::from(key), options).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. } | object_store::Error::Precondition { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// A link to store an object with under this key, for so long. Made without asking S3.
    pub async fn signed_upload(&self, key: &str, lifetime: Duration) -> Result<String, StorageError> {
        let method = http::Method::PUT;
        let link = self.0.signed_url(method, &Path::from(key), lifetime).await?;
        Ok(link.into())
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
