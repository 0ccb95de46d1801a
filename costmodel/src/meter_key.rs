//! What a price is found by: (offer, usage type, operation). The usage type without what it
//! begins with in its region, because that differs not only between regions but between services:
//! `SAE1-Request`, `sa-east-1-KMS-Keys`, and in us-east-1 `Request` beside `USE1-Fargate-GB-Hours`.

use crate::Region;

/// What usage types of a region may begin with.
fn prefixes(region: Region) -> &'static [&'static str] {
    match region {
        Region::SaEast1 => &["SAE1-", "sa-east-1-"],
        Region::UsEast1 => &["USE1-", "us-east-1-"],
        Region::EuWest1 => &["EU-", "EUW1-", "eu-west-1-"],
        Region::UsWest2 => &["USW2-", "us-west-2-"],
    }
}

/// A usage type without its region.
pub(crate) fn without_region(region: Region, usage_type: &str) -> &str {
    let stripped = prefixes(region).iter().find_map(|prefix| usage_type.strip_prefix(prefix));
    stripped.unwrap_or(usage_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_goes_from_a_usage_type_however_it_is_written() {
        for (region, usage_type, usage) in [
            (Region::SaEast1, "SAE1-Request", "Request"),
            (Region::SaEast1, "SAE1-USE1-AWS-Out-Bytes", "USE1-AWS-Out-Bytes"),
            (Region::UsEast1, "us-east-1-KMS-Requests", "KMS-Requests"),
            (Region::UsEast1, "USE1-Fargate-GB-Hours", "Fargate-GB-Hours"),
            (Region::UsEast1, "Lambda-GB-Second", "Lambda-GB-Second"),
            (Region::EuWest1, "EU-Request", "Request"),
            (Region::UsWest2, "USW2-Request", "Request"),
        ] {
            assert_eq!(without_region(region, usage_type), usage);
        }
    }
}
