//! The bucket of the documents.

use super::access::denies_everybody;
use crate::path::{bucket_arn, statements_of};
use crate::resolve::text_of;
use crate::stack::{list, number_of, texts};
use crate::{Finding, Resource, Rule, Stack};

/// Five years of the law, and the fiscal year's end.
const LOCK_YEARS_MIN: f64 = 6.0;

pub(super) const NOT_PUBLIC: Rule = Rule {
    id: "R11",
    demands: "all four blocks of public access",
    or_else: "invoices, with who bought which medicine, are on the internet",
    check: |stack| {
        let blocks =
            ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];
        let open = stack.of("AWS::S3::Bucket").flat_map(|bucket| {
            let off = blocks.iter().filter(|block| {
                bucket.get(&format!("/PublicAccessBlockConfiguration/{block}")) != true
            });
            off.map(|block| bucket.finding(block, "must be true"))
        });
        open.collect()
    },
};

pub(super) const LOCKED: Rule = Rule {
    id: "R12",
    demands: "versions, and a default lock: in production COMPLIANCE for six years or more",
    or_else: "a fiscal document can be overwritten, or deleted before the law allows",
    check: locked,
};

fn locked(stack: &Stack) -> Vec<Finding> {
    let Some(bucket) = stack.path().bucket else { return Vec::new() };
    let mut found = Vec::new();
    if bucket.text("/VersioningConfiguration/Status") != "Enabled" {
        found.push(bucket.finding("VersioningConfiguration", "must be Enabled"));
    }
    let enabled = bucket.get("/ObjectLockEnabled") == true
        && bucket.text("/ObjectLockConfiguration/ObjectLockEnabled") == "Enabled";
    let retention = "/ObjectLockConfiguration/Rule/DefaultRetention";
    let mode = bucket.text(&format!("{retention}/Mode"));
    if !enabled || mode.is_empty() {
        found.push(bucket.finding("ObjectLockConfiguration", "no default retention"));
    } else if stack.parameter("Environment") == "production"
        && (mode != "COMPLIANCE" || lock_years(bucket) < LOCK_YEARS_MIN)
    {
        let problem = format!("{mode} for {} years in production", lock_years(bucket));
        found.push(bucket.finding("ObjectLockConfiguration", problem));
    }
    found
}

fn lock_years(bucket: &Resource) -> f64 {
    let retention = "/ObjectLockConfiguration/Rule/DefaultRetention";
    let days = bucket.number(&format!("{retention}/Days")).unwrap_or(0.0);
    bucket.number(&format!("{retention}/Years")).unwrap_or(days / 366.0)
}

pub(super) const WRITTEN_ONCE: Rule = Rule {
    id: "R32",
    demands: "the bucket refuses a put without If-None-Match, for every key and everybody",
    or_else: "a version without the header writes an invoice again, over the one that was sent out",
    check: |stack| {
        let Some(bucket) = stack.path().bucket else { return Vec::new() };
        let objects = format!("{}/*", bucket_arn(bucket));
        let once = statements_of(stack, "AWS::S3::BucketPolicy").into_iter().any(|statement| {
            let absent = text_of(&statement["Condition"]["Null"]["s3:if-none-match"]);
            denies_everybody(statement)
                && texts(&statement["Action"]).iter().any(|a| a == "s3:PutObject")
                && texts(&statement["Resource"]) == [objects.clone()]
                && absent == "true"
        });
        if once { Vec::new() } else { vec![bucket.finding("bucket policy", "puts can overwrite")] }
    },
};

pub(super) const ENCRYPTED_AND_OWNED: Rule = Rule {
    id: "R33",
    demands: "objects are encrypted, and the bucket's owner owns them",
    or_else: "a document that another account put is not ours to read",
    check: |stack| {
        let mut found = Vec::new();
        for bucket in stack.of("AWS::S3::Bucket") {
            let rules = bucket.get("/BucketEncryption/ServerSideEncryptionConfiguration");
            let algorithm = &rules[0]["ServerSideEncryptionByDefault"]["SSEAlgorithm"];
            if algorithm.is_null() {
                found.push(bucket.finding("BucketEncryption", "none"));
            }
            let owner = text_of(&bucket.get("/OwnershipControls/Rules")[0]["ObjectOwnership"]);
            if owner != "BucketOwnerEnforced" {
                found.push(bucket.finding("OwnershipControls", "must be BucketOwnerEnforced"));
            }
        }
        found
    },
};

pub(super) const EXPIRY_AFTER_LOCK: Rule = Rule {
    id: "R51",
    demands: "what deletes documents does so after any lock, and by nothing but its age",
    or_else: "an invoice is deleted while the tax office may still ask for it",
    check: expiry_after_lock,
};

fn expiry_after_lock(stack: &Stack) -> Vec<Finding> {
    let Some(bucket) = stack.path().bucket else { return Vec::new() };
    let mut found = Vec::new();
    for rule in list(bucket.get("/LifecycleConfiguration/Rules")) {
        let days = number_of(&rule["ExpirationInDays"]);
        if days.is_some_and(|days| days <= LOCK_YEARS_MIN * 366.0) {
            found.push(bucket.finding("ExpirationInDays", "must be more than six years"));
        }
        let id = text_of(&rule["Id"]);
        let noncurrent = !rule["NoncurrentVersionExpiration"].is_null();
        if noncurrent && days.is_none() {
            found.push(bucket.finding("LifecycleConfiguration", format!("{id} deletes versions")));
        }
        if !rule["ExpirationDate"].is_null() {
            found.push(bucket.finding("ExpirationDate", "deletes the new with the old"));
        }
    }
    found
}
