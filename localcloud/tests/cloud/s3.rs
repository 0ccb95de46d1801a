//! S3, asked by AWS's SDK.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types::{
    BucketVersioningStatus, ChecksumAlgorithm, ChecksumMode, CompletedMultipartUpload,
    CompletedPart, Delete, IntelligentTieringAccessTier, IntelligentTieringConfiguration,
    IntelligentTieringStatus, MetadataDirective, ObjectIdentifier, ObjectLockMode, StorageClass,
    Tiering, VersioningConfiguration,
};
use localcloud::{CloudConfig, FaultPlan, LocalCloud};

use super::{Fixture, eventually};

async fn cloud() -> (Fixture, Client) {
    let fixture = Fixture::start(|config| config.buckets = vec!["documents".to_owned()]).await;
    let client = fixture.s3();
    (fixture, client)
}

async fn put(client: &Client, key: &str, body: &'static [u8]) {
    client
        .put_object()
        .bucket("documents")
        .key(key)
        .body(ByteStream::from_static(body))
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn an_object_comes_back_with_its_properties() {
    let (_fixture, client) = cloud().await;
    let put = client
        .put_object()
        .bucket("documents")
        .key("nfe/São Paulo 1+2.xml")
        .body(ByteStream::from_static(b"<nfe/>"));
    let put = put
        .storage_class(StorageClass::IntelligentTiering)
        .content_type("application/xml")
        .metadata("order", "A-7");
    let etag = put.send().await.unwrap().e_tag().unwrap().to_owned();

    let got =
        client.get_object().bucket("documents").key("nfe/São Paulo 1+2.xml").send().await.unwrap();
    assert_eq!((got.e_tag(), got.content_type()), (Some(etag.as_str()), Some("application/xml")));
    assert_eq!(got.storage_class(), Some(&StorageClass::IntelligentTiering));
    assert_eq!(got.metadata().unwrap()["order"], "A-7");
    assert_eq!(got.body.collect().await.unwrap().into_bytes(), b"<nfe/>".as_slice());

    let head =
        client.head_object().bucket("documents").key("nfe/São Paulo 1+2.xml").send().await.unwrap();
    assert_eq!(
        (head.content_length(), head.metadata().unwrap()["order"].as_str()),
        (Some(6), "A-7")
    );
}

#[tokio::test]
async fn a_range_is_a_part_of_the_bytes() {
    let (_fixture, client) = cloud().await;
    put(&client, "k", b"0123456789").await;
    let range = |range: &str| client.get_object().bucket("documents").key("k").range(range).send();
    let part = range("bytes=2-4").await.unwrap();
    assert_eq!(part.content_range(), Some("bytes 2-4/10"));
    assert_eq!(part.body.collect().await.unwrap().into_bytes(), b"234".as_slice());
    assert_eq!(
        range("bytes=-3").await.unwrap().body.collect().await.unwrap().into_bytes(),
        b"789".as_slice()
    );
    assert_eq!(
        range("bytes=10-").await.unwrap_err().into_service_error().code(),
        Some("InvalidRange")
    );
}

#[tokio::test]
async fn an_object_of_several_pieces_is_whole() {
    let (_fixture, client) = cloud().await;
    let body: Vec<u8> = (0..3_500_000_u32).map(|n| (n % 251) as u8).collect();
    client
        .put_object()
        .bucket("documents")
        .key("big")
        .body(body.clone().into())
        .send()
        .await
        .unwrap();
    let got = client.get_object().bucket("documents").key("big").send().await.unwrap();
    assert_eq!(got.content_length(), Some(3_500_000));
    assert!(got.body.collect().await.unwrap().into_bytes() == body);
}

#[tokio::test]
async fn if_none_match_lets_one_writer_win() {
    let (_fixture, client) = cloud().await;
    let write = |body: String| {
        let put = client
            .put_object()
            .bucket("documents")
            .key("once")
            .if_none_match("*")
            .body(body.into_bytes().into());
        tokio::spawn(put.send())
    };
    let writers: Vec<_> = (0..16).map(|n| write(format!("writer {n}"))).collect();
    let mut won = 0;
    for writer in writers {
        match writer.await.unwrap() {
            Ok(_) => won += 1,
            Err(error) => {
                assert_eq!(error.raw_response().unwrap().status().as_u16(), 412);
                assert_eq!(error.into_service_error().code(), Some("PreconditionFailed"));
            }
        }
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn a_body_that_is_not_what_its_checksum_says_is_refused() {
    let (_fixture, client) = cloud().await;
    let put =
        || client.put_object().bucket("documents").key("k").body(ByteStream::from_static(b"abc"));
    for algorithm in
        [ChecksumAlgorithm::Crc32, ChecksumAlgorithm::Crc64Nvme, ChecksumAlgorithm::Sha256]
    {
        put().checksum_algorithm(algorithm).send().await.unwrap();
    }
    let wrong = put().checksum_sha256("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").send().await;
    assert_eq!(wrong.unwrap_err().into_service_error().code(), Some("BadDigest"));
}

#[tokio::test]
async fn a_wrong_secret_is_refused() {
    let (fixture, _) = cloud().await;
    let stranger = fixture.s3_as(Credentials::new("test", "guess", None, None, "test"));
    let error = stranger.list_buckets().send().await.unwrap_err().into_service_error();
    assert_eq!(error.code(), Some("SignatureDoesNotMatch"));
}

#[tokio::test]
async fn a_listing_pages_and_groups() {
    let (_fixture, client) = cloud().await;
    for key in ["2026/01/a", "2026/01/b", "2026/02/a", "2027/01/a", "top"] {
        put(&client, key, b"x").await;
    }
    let pages = client
        .list_objects_v2()
        .bucket("documents")
        .prefix("2026/")
        .max_keys(2)
        .into_paginator()
        .send();
    let pages: Vec<_> = pages.collect::<Result<_, _>>().await.unwrap();
    let keys: Vec<&str> =
        pages.iter().flat_map(|page| page.contents()).filter_map(|object| object.key()).collect();
    assert_eq!((pages.len(), keys), (2, vec!["2026/01/a", "2026/01/b", "2026/02/a"]));

    let grouped = client.list_objects_v2().bucket("documents").delimiter("/").send().await.unwrap();
    let prefixes: Vec<&str> =
        grouped.common_prefixes().iter().filter_map(|prefix| prefix.prefix()).collect();
    assert_eq!((prefixes, grouped.contents()[0].key()), (vec!["2026/", "2027/"], Some("top")));
    assert_eq!(grouped.key_count(), Some(3));
}

#[tokio::test]
async fn what_is_deleted_is_gone() {
    let (_fixture, client) = cloud().await;
    put(&client, "a", b"1").await;
    put(&client, "b", b"2").await;
    put(&client, "c", b"3").await;
    client.delete_object().bucket("documents").key("a").send().await.unwrap();
    let id = |key: &str| ObjectIdentifier::builder().key(key).build().unwrap();
    let delete = Delete::builder().objects(id("b")).objects(id("never")).build().unwrap();
    let deleted = client.delete_objects().bucket("documents").delete(delete).send().await.unwrap();
    assert_eq!(deleted.deleted().len(), 2);
    assert!(
        client
            .get_object()
            .bucket("documents")
            .key("a")
            .send()
            .await
            .unwrap_err()
            .into_service_error()
            .is_no_such_key()
    );
    assert!(
        client
            .head_object()
            .bucket("documents")
            .key("b")
            .send()
            .await
            .unwrap_err()
            .into_service_error()
            .is_not_found()
    );
    assert_eq!(
        client.list_objects_v2().bucket("documents").send().await.unwrap().contents().len(),
        1
    );
}

#[tokio::test]
async fn buckets_are_made_found_and_deleted() {
    let (_fixture, client) = cloud().await;
    client.create_bucket().bucket("more").send().await.unwrap();
    client.head_bucket().bucket("more").send().await.unwrap();
    client.get_bucket_location().bucket("more").send().await.unwrap();
    assert_eq!(client.list_buckets().send().await.unwrap().buckets().len(), 2);
    client.delete_bucket().bucket("more").send().await.unwrap();
    assert!(
        client
            .head_bucket()
            .bucket("more")
            .send()
            .await
            .unwrap_err()
            .into_service_error()
            .is_not_found()
    );
    let missing =
        client.put_object().bucket("more").key("k").send().await.unwrap_err().into_service_error();
    assert_eq!(missing.code(), Some("NoSuchBucket"));
}

/// Two parts: S3's least size for all but the last, and a little more.
#[tokio::test]
async fn an_upload_in_parts_is_one_object_under_the_md5_of_its_parts() {
    let (_fixture, client) = cloud().await;
    let start = client.create_multipart_upload().bucket("documents").key("big/one");
    let upload = start.content_type("application/zip").send().await.unwrap();
    let id = upload.upload_id().unwrap();
    let parts = [vec![7_u8; 5 * 1024 * 1024], b"the end".to_vec()];
    let mut done = Vec::new();
    for (number, part) in (1..).zip(&parts) {
        let put = client.upload_part().bucket("documents").key("big/one").upload_id(id);
        let put = put.part_number(number).body(part.clone().into()).send().await.unwrap();
        done.push(CompletedPart::builder().part_number(number).e_tag(put.e_tag().unwrap()).build());
    }
    let listed = client.list_parts().bucket("documents").key("big/one").upload_id(id);
    let sizes: Vec<_> =
        listed.send().await.unwrap().parts().iter().filter_map(|part| part.size()).collect();
    assert_eq!(sizes, [5_242_880, 7]);

    let complete = |parts: Vec<CompletedPart>| {
        let list = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let complete = client.complete_multipart_upload().bucket("documents").key("big/one");
        complete.upload_id(id).multipart_upload(list).send()
    };
    let swapped = complete(done.iter().rev().cloned().collect()).await.unwrap_err();
    assert_eq!(swapped.into_service_error().code(), Some("InvalidPartOrder"));
    let whole = complete(done).await.unwrap();
    // Worked out with another MD5 (Python's hashlib) from the two parts' digests.
    assert_eq!(whole.e_tag(), Some("\"8003522a16fb668eb8834b9fc4893046-2\""));
    let got = client.get_object().bucket("documents").key("big/one").send().await.unwrap();
    assert_eq!(got.content_type(), Some("application/zip"));
    assert!(got.body.collect().await.unwrap().into_bytes() == parts.concat());
    let again = client.list_parts().bucket("documents").key("big/one").upload_id(id).send().await;
    assert_eq!(again.unwrap_err().into_service_error().code(), Some("NoSuchUpload"));
}

#[tokio::test]
async fn a_copy_keeps_or_replaces_what_belongs_to_the_object() {
    let (_fixture, client) = cloud().await;
    let put = client.put_object().bucket("documents").key("a b").metadata("order", "7");
    put.tagging("team=a&kind=nfe").body(ByteStream::from_static(b"xyz")).send().await.unwrap();
    let copy = |key: &str| {
        client.copy_object().bucket("documents").key(key).copy_source("documents/a%20b")
    };
    copy("kept").storage_class(StorageClass::IntelligentTiering).send().await.unwrap();
    let replace = copy("replaced").metadata_directive(MetadataDirective::Replace);
    replace.metadata("order", "8").send().await.unwrap();
    let head = |key: &str| client.head_object().bucket("documents").key(key).send();
    let (kept, replaced) = (head("kept").await.unwrap(), head("replaced").await.unwrap());
    assert_eq!(kept.metadata().unwrap()["order"], "7");
    assert_eq!(kept.storage_class(), Some(&StorageClass::IntelligentTiering));
    assert_eq!(replaced.metadata().unwrap()["order"], "8");
    let tags = client.get_object_tagging().bucket("documents").key("kept").send().await.unwrap();
    let tags: Vec<_> = tags.tag_set().iter().map(|tag| (tag.key(), tag.value())).collect();
    assert_eq!(tags, [("team", "a"), ("kind", "nfe")]);
}

#[tokio::test]
async fn a_version_stays_when_it_is_overwritten_or_deleted() {
    let (_fixture, client) = cloud().await;
    let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled);
    let enable = client.put_bucket_versioning().bucket("documents");
    enable.versioning_configuration(enabled.build()).send().await.unwrap();
    let put = |body: &'static [u8]| {
        let put = client.put_object().bucket("documents").key("k");
        put.body(ByteStream::from_static(body)).send()
    };
    let first = put(b"one").await.unwrap().version_id().unwrap().to_owned();
    let second = put(b"second").await.unwrap().version_id().unwrap().to_owned();
    let delete = client.delete_object().bucket("documents").key("k").send().await.unwrap();
    assert_eq!(delete.delete_marker(), Some(true));
    let get = |version: Option<&str>| {
        let get = client.get_object().bucket("documents").key("k");
        get.set_version_id(version.map(str::to_owned)).send()
    };
    assert!(get(None).await.unwrap_err().into_service_error().is_no_such_key());
    let old = get(Some(&first)).await.unwrap().body.collect().await.unwrap().into_bytes();
    assert_eq!(old, b"one".as_slice());
    let list = client.list_object_versions().bucket("documents").send().await.unwrap();
    let ids: Vec<_> = list.versions().iter().filter_map(|version| version.version_id()).collect();
    assert_eq!((ids, list.delete_markers().len()), (vec![second.as_str(), first.as_str()], 1));
    // Deleting the marker brings the object back.
    let marker = delete.version_id().unwrap();
    client.delete_object().bucket("documents").key("k").version_id(marker).send().await.unwrap();
    assert_eq!(get(None).await.unwrap().version_id(), Some(second.as_str()));
}

#[tokio::test]
async fn a_locked_version_cannot_be_destroyed_before_its_time() {
    let (_fixture, client) = cloud().await;
    client
        .create_bucket()
        .bucket("archive")
        .object_lock_enabled_for_bucket(true)
        .send()
        .await
        .unwrap();
    let until = DateTime::from(SystemTime::now() + Duration::from_secs(3600));
    let put = |mode: ObjectLockMode, key: &str| {
        let put = client.put_object().bucket("archive").key(key).object_lock_mode(mode);
        put.object_lock_retain_until_date(until).body(ByteStream::from_static(b"x")).send()
    };
    let compliance = put(ObjectLockMode::Compliance, "c").await.unwrap();
    let governance = put(ObjectLockMode::Governance, "g").await.unwrap();
    let delete = |key: &str, version: Option<&str>, bypass: bool| {
        let delete = client.delete_object().bucket("archive").key(key).version_id(version.unwrap());
        delete.bypass_governance_retention(bypass).send()
    };
    for (key, version, bypass) in [
        ("c", compliance.version_id(), false),
        ("c", compliance.version_id(), true),
        ("g", governance.version_id(), false),
    ] {
        let error = delete(key, version, bypass).await.unwrap_err().into_service_error();
        assert_eq!(error.code(), Some("AccessDenied"), "{key}, bypass {bypass}");
    }
    delete("g", governance.version_id(), true).await.unwrap();
    let head = client.head_object().bucket("archive").key("c").send().await.unwrap();
    assert_eq!(head.object_lock_mode(), Some(&ObjectLockMode::Compliance));
}

#[tokio::test]
async fn a_tiering_configuration_is_kept_and_its_days_are_checked() {
    let (_fixture, client) = cloud().await;
    let put = |id: &str, tier: IntelligentTieringAccessTier, days: i32| {
        let tiering = Tiering::builder().access_tier(tier).days(days).build().unwrap();
        let configuration = IntelligentTieringConfiguration::builder()
            .id(id)
            .status(IntelligentTieringStatus::Enabled)
            .tierings(tiering);
        let put = client.put_bucket_intelligent_tiering_configuration().bucket("documents").id(id);
        put.intelligent_tiering_configuration(configuration.build().unwrap()).send()
    };
    put("archive", IntelligentTieringAccessTier::ArchiveAccess, 90).await.unwrap();
    put("deep", IntelligentTieringAccessTier::DeepArchiveAccess, 180).await.unwrap();
    for (tier, days) in [
        (IntelligentTieringAccessTier::ArchiveAccess, 89),
        (IntelligentTieringAccessTier::ArchiveAccess, 731),
        (IntelligentTieringAccessTier::DeepArchiveAccess, 179),
    ] {
        let error = put("bad", tier, days).await.unwrap_err().into_service_error();
        assert_eq!(error.code(), Some("InvalidArgument"), "{days} days");
    }
    let list = client.list_bucket_intelligent_tiering_configurations().bucket("documents");
    let list = list.send().await.unwrap();
    let ids: Vec<_> = list
        .intelligent_tiering_configuration_list()
        .iter()
        .map(|configuration| configuration.id())
        .collect();
    assert_eq!(ids, ["archive", "deep"]);
    let missing = client.get_bucket_intelligent_tiering_configuration().bucket("documents");
    let missing = missing.id("bad").send().await.unwrap_err();
    assert_eq!(missing.raw_response().unwrap().status().as_u16(), 404);
}

#[tokio::test]
async fn a_checksum_that_was_given_comes_back() {
    let (_fixture, client) = cloud().await;
    let put = client.put_object().bucket("documents").key("k");
    let put = put.checksum_algorithm(ChecksumAlgorithm::Sha256);
    put.body(ByteStream::from_static(b"abc")).send().await.unwrap();
    let head = client.head_object().bucket("documents").key("k");
    let head = head.checksum_mode(ChecksumMode::Enabled).send().await.unwrap();
    // SHA-256 of "abc", FIPS 180-2 appendix B.1, in base 64.
    assert_eq!(head.checksum_sha256(), Some("ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="));
}

#[tokio::test]
async fn what_was_stored_is_there_after_a_restart_and_as_files() {
    let dir = tempfile::tempdir().unwrap();
    let start = async || {
        let mut config = CloudConfig::new(dir.path());
        config.buckets = vec!["documents".to_owned()];
        LocalCloud::start(config).await.unwrap()
    };
    let fixture = Fixture { dir: tempfile::tempdir().unwrap(), cloud: start().await };
    let client = fixture.s3();
    put(&client, "2026/kept.xml", b"<kept/>").await;
    put(&client, "2026/gone.xml", b"<gone/>").await;
    put(&client, "2026/twice.xml", b"<first/>").await;
    put(&client, "2026/twice.xml", b"<second/>").await;
    client.delete_object().bucket("documents").key("2026/gone.xml").send().await.unwrap();
    client.create_bucket().bucket("more").send().await.unwrap();
    let file = |key: &str| std::fs::read(dir.path().join("s3/documents/2026").join(key)).ok();
    eventually("the files are what the objects are", || async {
        file("kept.xml").as_deref() == Some(b"<kept/>")
            && file("twice.xml").as_deref() == Some(b"<second/>")
            && file("gone.xml").is_none()
    })
    .await;
    // Dropped, not shut down: nothing is written at the end.
    drop(fixture);
    let fixture = Fixture { dir: tempfile::tempdir().unwrap(), cloud: start().await };
    let client = fixture.s3();
    let list = client.list_objects_v2().bucket("documents").send().await.unwrap();
    let keys: Vec<_> = list.contents().iter().filter_map(|object| object.key()).collect();
    assert_eq!(keys, ["2026/kept.xml", "2026/twice.xml"]);
    let got = client.get_object().bucket("documents").key("2026/twice.xml").send().await.unwrap();
    assert_eq!(got.body.collect().await.unwrap().into_bytes(), b"<second/>".as_slice());
    client.head_bucket().bucket("more").send().await.unwrap();
}

#[tokio::test]
async fn a_fault_after_the_write_leaves_the_object_and_one_before_does_not() {
    for (fault, code, status, stored) in [
        ("s3-error-before=1", "InternalError", 500, false),
        ("s3-error-after=1", "InternalError", 500, true),
        ("s3-slow-down=1", "SlowDown", 503, false),
        ("s3-conflict=1", "ConditionalRequestConflict", 409, false),
    ] {
        let fixture = Fixture::start(|config| {
            config.buckets = vec!["documents".to_owned()];
            config.faults = FaultPlan::none().with(fault).unwrap();
        })
        .await;
        let put = fixture.s3().put_object().bucket("documents").key("k").if_none_match("*");
        let once = put.customize().config_override(
            aws_sdk_s3::config::Config::builder()
                .retry_config(aws_sdk_s3::config::retry::RetryConfig::disabled()),
        );
        let error = once.send().await.unwrap_err();
        assert_eq!(error.raw_response().unwrap().status().as_u16(), status, "{fault}");
        assert_eq!(error.into_service_error().code(), Some(code), "{fault}");
        let path = fixture.dir.path().join("s3-objects.log");
        let log = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        assert_eq!(log.contains("\"key\":\"k\""), stored, "{fault}");
        let name = fault.split('=').next().unwrap();
        assert_eq!(fixture.cloud.fault_counts()[name], 1, "{fault}");
    }
}
