//! S3, asked by AWS's SDK.

use aws_credential_types::Credentials;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, Delete, ObjectIdentifier, StorageClass};

use super::Fixture;

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
