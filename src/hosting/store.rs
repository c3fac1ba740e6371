//! A bucket of S3, or of a service that speaks like S3.
//!
//! Names are made of the content, `{prefix}/{sha256}.{ext}`: what is there already is never sent again,
//! and a link that someone holds never changes its bytes. The library signs and shapes the requests;
//! they go out through our own [`Transport`], so that one place decides about TLS roots, proxies,
//! redirects and plain http.

mod failure;
mod wire;

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path as Name;
use object_store::signer::Signer;
use object_store::{
    Attribute, AttributeValue, Attributes, BackoffConfig, ClientOptions, MultipartUpload, ObjectStore as _,
    ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload, RetryConfig,
};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::Error;
use failure::Step;
use igsync_base::files::{Access, Disk};
use igsync_base::net;
use igsync_media::{FileError, MediaFile};
use igsync_model::config::{Link, ObjectStore};
use igsync_ports::{Progress, Transport};

/// A larger file goes up in parts of this size. S3 takes no smaller ones, and this is all that is held
/// in memory. In bytes.
const PART: u64 = 8 << 20;

/// The bytes behind a name never change.
const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// The bucket, ready to be used.
pub(super) struct Store {
    settings: ObjectStore,
    client: AmazonS3,
    disk: Arc<dyn Disk>,
    /// Where requests go: the configured or usual endpoint, for messages.
    endpoint: String,
}

impl Store {
    /// Reads the keys from the environment, as the AWS tools do. Asks no one yet.
    pub(super) fn open(
        settings: &ObjectStore,
        env: &dyn Fn(&str) -> Option<String>,
        transport: Arc<dyn Transport>,
        disk: Arc<dyn Disk>,
        timeout: Duration,
    ) -> Result<Self, Error> {
        let region = settings.region.clone().or_else(|| env("AWS_REGION")).or_else(|| env("AWS_DEFAULT_REGION"));
        let region = region.unwrap_or_else(|| "us-east-1".to_owned());
        let base = endpoint(settings, env)?;
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&settings.bucket)
            .with_region(&region)
            .with_client_options(ClientOptions::new().with_allow_http(true))
            .with_http_connector(wire::Connector::new(transport, timeout))
            .with_retry(retries(timeout));
        builder = credentials(builder, env)?;
        // Virtual hosts need a certificate for the bucket's name, which a dot in it does not get.
        let is_path = settings.path_style.unwrap_or(base.is_some() || settings.bucket.contains('.'));
        builder = builder.with_virtual_hosted_style_request(!is_path);
        let shown = base.as_ref().map_or_else(|| format!("AWS in {region}"), |base| base.as_str().to_owned());
        if let Some(base) = base {
            let base = if is_path { base } else { with_bucket_in_host(base, &settings.bucket) };
            builder = builder.with_endpoint(base.as_str().trim_end_matches('/'));
        }
        let client = builder.build().map_err(|error| Error::StoreSettings { problem: error.to_string() })?;
        Ok(Self { settings: settings.clone(), client, disk, endpoint: shown })
    }

    /// Uploads what is absent and returns the public or signed link.
    pub(super) async fn put(&self, file: &MediaFile, progress: Option<Progress>) -> Result<Url, Error> {
        let name = self.name(file);
        if !self.has(&name, file).await? {
            if file.len <= PART {
                self.put_whole(&name, file).await?;
            } else {
                self.put_in_parts(&name, file, progress).await?;
            }
        }
        self.link(&name).await
    }

    fn name(&self, file: &MediaFile) -> Name {
        let (sha256, ext) = (&file.sha256, file.ext());
        match self.settings.prefix.as_str() {
            "" => Name::from(format!("{sha256}.{ext}")),
            prefix => Name::from(format!("{prefix}/{sha256}.{ext}")),
        }
    }

    /// Whether the bucket holds the file. Where keys may write but not look, everything is sent.
    async fn has(&self, name: &Name, file: &MediaFile) -> Result<bool, Error> {
        match self.client.head(name).await {
            Ok(found) if found.size == file.len => Ok(true),
            Ok(found) => Err(Error::OtherBytes { name: name.to_string(), found: found.size, expected: file.len }),
            Err(object_store::Error::NotFound { .. } | object_store::Error::PermissionDenied { .. }) => Ok(false),
            Err(error) => Err(self.failed(Step::Look, file, &error)),
        }
    }

    async fn put_whole(&self, name: &Name, file: &MediaFile) -> Result<(), Error> {
        let mut source = self.open_file(file)?;
        let bytes = read_part(&mut *source, PART + 1).map_err(|error| unreadable(file, &error))?;
        if hex(&Sha256::digest(&bytes).into()) != *file.sha256 {
            return Err(FileError::Changed { name: Arc::clone(&file.name) }.into());
        }
        let payload = PutPayload::from(bytes);
        let options = |mode| PutOptions { mode, attributes: attributes(file), ..PutOptions::default() };
        match self.client.put_opts(name, payload.clone(), options(PutMode::Create)).await {
            // Whoever was faster has sent the same bytes.
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(()),
            // Some services know no conditional writes.
            Err(error) if failure::is_unsupported(&error) => self
                .client
                .put_opts(name, payload, options(PutMode::Overwrite))
                .await
                .map(drop)
                .map_err(|error| self.failed(Step::Send, file, &error)),
            Err(error) => Err(self.failed(Step::Send, file, &error)),
        }
    }

    /// Nothing is visible under the name until every part is there.
    async fn put_in_parts(&self, name: &Name, file: &MediaFile, progress: Option<Progress>) -> Result<(), Error> {
        let options = PutMultipartOptions { attributes: attributes(file), ..PutMultipartOptions::default() };
        let mut upload = self
            .client
            .put_multipart_opts(name, options)
            .await
            .map_err(|error| self.failed(Step::Send, file, &error))?;
        let sent = self.send_parts(&mut *upload, file, progress).await;
        let ended = match sent {
            Ok(()) => upload.complete().await.map(drop).map_err(|error| self.failed(Step::Send, file, &error)),
            Err(error) => Err(error),
        };
        if ended.is_err() {
            // Parts that no one completes cost money. When this fails, too, the bucket's own rule for
            // incomplete uploads is left.
            let _ = upload.abort().await;
        }
        ended
    }

    async fn send_parts(
        &self,
        upload: &mut dyn MultipartUpload,
        file: &MediaFile,
        progress: Option<Progress>,
    ) -> Result<(), Error> {
        let mut source = self.open_file(file)?;
        let mut hash = Sha256::new();
        let mut sent = 0;
        while sent < file.len {
            let (read, part) = tokio::task::spawn_blocking(move || {
                let part = read_part(&mut *source, PART);
                (source, part)
            })
            .await
            .map_err(|error| unreadable(file, &std::io::Error::other(error)))?;
            source = read;
            let part = part.map_err(|error| unreadable(file, &error))?;
            if part.is_empty() {
                break;
            }
            hash.update(&part);
            sent += part.len() as u64;
            upload.put_part(part.into()).await.map_err(|error| self.failed(Step::Send, file, &error))?;
            if let Some(progress) = &progress {
                progress(sent.min(file.len));
            }
        }
        if hex(&hash.finalize().into()) == *file.sha256 {
            Ok(())
        } else {
            Err(FileError::Changed { name: Arc::clone(&file.name) }.into())
        }
    }

    async fn link(&self, name: &Name) -> Result<Url, Error> {
        match &self.settings.link {
            Link::Public(base) => {
                let mut url = base.clone();
                url.set_path(&format!("{}/{name}", base.path().trim_end_matches('/')));
                Ok(url)
            }
            Link::Presigned(life) => self
                .client
                .signed_url(http::Method::GET, name, *life)
                .await
                .map_err(|error| Error::StoreSettings { problem: failure::plain(&error) }),
        }
    }

    fn open_file(&self, file: &MediaFile) -> Result<Box<dyn Access>, Error> {
        self.disk.open(&file.path).map_err(|error| unreadable(file, &error))
    }

    fn failed(&self, step: Step, file: &MediaFile, error: &object_store::Error) -> Error {
        failure::read(step, file, &self.settings.bucket, &self.endpoint, error)
    }
}

/// A few tries within a minute; what fails longer fails the run, which can be started again.
fn retries(timeout: Duration) -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(200).min(timeout),
            max_backoff: Duration::from_secs(5).min(timeout),
            base: 2.,
        },
        max_retries: 3,
        retry_timeout: Duration::from_secs(120),
    }
}

fn credentials(mut builder: AmazonS3Builder, env: &dyn Fn(&str) -> Option<String>) -> Result<AmazonS3Builder, Error> {
    if let (Some(id), Some(secret)) = (env("AWS_ACCESS_KEY_ID"), env("AWS_SECRET_ACCESS_KEY")) {
        builder = builder.with_access_key_id(id).with_secret_access_key(secret);
        return Ok(match env("AWS_SESSION_TOKEN") {
            Some(token) => builder.with_token(token),
            None => builder,
        });
    }
    let web_identity = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", AmazonS3ConfigKey::WebIdentityTokenFile),
        ("AWS_ROLE_ARN", AmazonS3ConfigKey::RoleArn),
    ];
    let set: HashMap<&str, String> = web_identity.iter().filter_map(|(name, _)| Some((*name, env(name)?))).collect();
    if set.len() < web_identity.len() {
        let missing = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].into_iter().filter(|name| env(name).is_none());
        return Err(Error::NoKeys { missing: missing.collect::<Vec<_>>().join(" and ") });
    }
    for (name, key) in web_identity {
        builder = builder.with_config(key, &set[name]);
    }
    for (name, key) in [
        ("AWS_ROLE_SESSION_NAME", AmazonS3ConfigKey::RoleSessionName),
        ("AWS_ENDPOINT_URL_STS", AmazonS3ConfigKey::StsEndpoint),
    ] {
        if let Some(value) = env(name) {
            builder = builder.with_config(key, value);
        }
    }
    Ok(builder)
}

/// Where the service is; `None`: AWS itself.
fn endpoint(settings: &ObjectStore, env: &dyn Fn(&str) -> Option<String>) -> Result<Option<Url>, Error> {
    if let Some(endpoint) = &settings.endpoint {
        return Ok(Some(endpoint.clone()));
    }
    for name in ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"] {
        let Some(text) = env(name) else { continue };
        let url = Url::parse(&text).ok().filter(|url| net::is_private_line(url) && !net::has_user(url));
        return url.map(Some).ok_or_else(|| Error::StoreSettings {
            problem: format!("{name} is no https address (plain http is for this machine only)"),
        });
    }
    Ok(None)
}

fn with_bucket_in_host(mut base: Url, bucket: &str) -> Url {
    if let Some(host) = base.host_str().map(|host| format!("{bucket}.{host}")) {
        // A host that is an IP address takes no name in front; it stays as it is and the service answers.
        let _ = base.set_host(Some(&host));
    }
    base
}

fn attributes(file: &MediaFile) -> Attributes {
    let value = |text: &'static str| AttributeValue::from(text);
    [(Attribute::ContentType, value(file.content_type)), (Attribute::CacheControl, value(CACHE_CONTROL))]
        .into_iter()
        .collect()
}

/// Up to `limit` bytes; fewer only at the end of the file.
fn read_part(source: &mut dyn Access, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut part = Vec::new();
    source.take(limit).read_to_end(&mut part)?;
    Ok(part)
}

fn hex(hash: &[u8; 32]) -> String {
    let digest = igsync_media::digest::digest_of(hash);
    igsync_media::digest::hex(&digest).unwrap_or_default().to_owned()
}

fn unreadable(file: &MediaFile, error: &std::io::Error) -> Error {
    FileError::unreadable(&file.name, error).into()
}
