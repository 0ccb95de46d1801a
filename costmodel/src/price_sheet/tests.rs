use super::*;

/// SKU, usage type, operation and price.
type Row = (&'static str, &'static str, &'static str, &'static str);

fn file(products: &[Row]) -> String {
    let each = |f: &dyn Fn(&Row) -> String| -> String {
        products.iter().map(f).collect::<Vec<_>>().join(",")
    };
    let listed = each(&|(sku, usage, operation, _)| {
        format!(
            r#""{sku}":{{"sku":"{sku}","attributes":{{"usagetype":"{usage}","operation":"{operation}","regionCode":"us-east-1"}}}}"#
        )
    });
    let terms = each(&|(sku, _, _, usd)| {
        format!(
            r#""{sku}":{{"{sku}.T":{{"sku":"{sku}","priceDimensions":{{"{sku}.T.R":{{"rateCode":"{sku}.T.R","beginRange":"0","endRange":"Inf","pricePerUnit":{{"USD":"{usd}"}}}}}}}}}}"#
        )
    });
    format!(
        r#"{{"offerCode":"AmazonTest","publicationDate":"2026-03-04T05:06:07Z","products":{{{listed}}},"terms":{{"OnDemand":{{{terms}}}}}}}"#
    )
}

fn sheet(products: &[Row]) -> PriceSheet {
    PriceSheet::from_offers(Region::UsEast1, [file(products).as_str()]).unwrap()
}

#[test]
fn every_shipped_region_has_a_sheet_with_its_date() {
    // The oldest of each: SQS and KMS, and in us-east-1 Aurora.
    let published = ["2025-08-28", "2024-07-01", "2025-08-28", "2025-08-28"];
    for (region, published) in Region::ALL.iter().zip(published) {
        let sheet = PriceSheet::snapshot(*region).unwrap();
        assert_eq!(sheet.published(), published, "{region}");
    }
}

#[test]
fn the_tiers_of_a_shipped_price_join_without_a_gap() {
    for region in Region::ALL {
        for entry in PriceSheet::snapshot(*region).unwrap().entries() {
            let tiers = &entry.price.tiers;
            let ends = tiers.iter().map(|tier| tier.end);
            let begins = tiers.iter().skip(1).map(|tier| Some(tier.begin));
            assert_eq!(tiers[0].begin, Decimal::ZERO, "{:?}", entry.key());
            assert!(begins.eq(ends.take(tiers.len() - 1)), "{:?}", entry.key());
        }
    }
}

#[test]
fn every_shipped_price_has_a_source_a_date_and_a_grade() {
    for region in Region::ALL {
        for entry in PriceSheet::snapshot(*region).unwrap().entries() {
            let listed = &entry.price.listed;
            let all = [&listed.source, &listed.published, &listed.grade, &listed.sku, &listed.unit];
            assert!(all.iter().all(|text| !text.is_empty()), "{region} {:?}", entry.key());
        }
    }
}

/// Every pool is a row of the list; none is a constant of the program.
#[test]
fn free_tiers_are_read_from_the_rows_of_the_list() {
    for (offer, usage, free) in [
        ("AWSLambda", "Lambda-GB-Second", 400_000),
        ("AWSLambda", "Lambda-GB-Second-ARM", 400_000),
        ("AWSLambda", "Request", 1_000_000),
        ("AWSLambda", "Request-ARM", 1_000_000),
        ("AWSLambda", "Lambda-Streaming-Response-Processed-Bytes", 100),
        ("AWSLambda", "Lambda-Provisioned-GB-Second", 0),
        ("AWSQueueService", "Requests-Tier1", 1_000_000),
        ("AmazonCloudWatch", "VendedLog-Bytes", 5),
        ("AmazonCloudWatch", "DataProcessing-Bytes", 5),
        ("AmazonCloudWatch", "TimedStorage-ByteHrs", 5),
        ("AmazonCloudWatch", "CW:MetricMonitorUsage", 10),
        ("AmazonCloudWatch", "CW:AlarmMonitorUsage", 10),
        ("AmazonCloudWatch", "CW:DashboardsUsageHour", 3),
        ("AmazonCloudWatch", "CW:Requests", 1_000_000),
        ("AmazonCloudWatch", "CW:GMD-Metrics", 0),
        ("AWSDataTransfer", "DataTransfer-Out-Bytes", 100),
        ("AWSDataTransfer", "DataTransfer-Regional-Bytes", 1),
        ("awskms", "KMS-Requests", 20_000),
    ] {
        for region in [Region::SaEast1, Region::UsEast1] {
            let sheet = PriceSheet::snapshot(region).unwrap();
            let price = sheet.price(offer, usage, "").unwrap();
            assert_eq!(price.free, Decimal::from(free), "{offer} {usage} {region}");
        }
    }
}

#[test]
fn a_missing_price_names_offer_usage_and_region() {
    let sheet = PriceSheet::snapshot(Region::SaEast1).unwrap();
    let error = sheet.price("AmazonS3", "TimedStorage-GDA-ByteHrs", "").unwrap_err().to_string();
    for part in ["AmazonS3", "SAE1-TimedStorage-GDA-ByteHrs", "sa-east-1", "2025-08-28"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn without_an_operation_one_price_for_all_will_do_and_two_are_an_error() {
    let same = sheet(&[("A", "Fee", "First", "0.3"), ("B", "USE1-Fee", "Second", "0.30")]);
    let price = same.price("AmazonTest", "Fee", "").unwrap();
    assert_eq!(price.tiers[0].unit_price, "0.3".parse().unwrap());
    let two = sheet(&[("A", "Fee", "First", "0.3"), ("B", "Fee", "Second", "0.4")]);
    let error = two.price("AmazonTest", "Fee", "").unwrap_err().to_string();
    assert!(error.contains("First, Second"), "{error}");
    let second = two.price("AmazonTest", "Fee", "Second").unwrap();
    assert_eq!(second.tiers[0].unit_price, "0.4".parse().unwrap());
    assert!(two.price("AmazonTest", "Fee", "Third").is_err());
}

#[test]
fn two_skus_of_one_key_are_one_price_if_they_agree_and_an_error_if_not() {
    let same = sheet(&[("A", "Fee", "", "0.3"), ("B", "Fee", "", "0.3")]);
    assert_eq!(same.price("AmazonTest", "Fee", "").unwrap().listed.sku, "A");
    let two = sheet(&[("A", "Fee", "", "0.3"), ("B", "Fee", "", "0.4")]);
    let error = two.price("AmazonTest", "Fee", "").unwrap_err().to_string();
    assert!(error.contains("SKUs A, B"), "{error}");
}

#[test]
fn a_file_that_is_no_offer_is_refused() {
    let error = PriceSheet::from_offers(Region::UsEast1, ["{\"offerCode\": \"AmazonS3\"}"]);
    assert!(error.unwrap_err().to_string().contains("AmazonS3"));
}
