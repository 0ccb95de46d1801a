//! What is kept of a newer offer file, and what it is not allowed to lose.

use std::collections::BTreeSet;

use crate::meter_key::without_region;
use crate::offer_file::{OfferFile, Product};
use crate::price_sheet::is_of;
use crate::{PriceError, PriceSheet, Region};

impl OfferFile {
    /// The part of one region, with the free tiers of all.
    #[must_use]
    pub fn of_region(&self, region: Region) -> Self {
        let mut part = self.clone();
        part.products.retain(|_, product| is_of(region, product));
        part.terms.on_demand.retain(|sku, _| part.products.contains_key(sku));
        part
    }

    /// Whether it has a price of a region.
    pub fn has(&self, region: Region) -> bool {
        let mut products = self.products.values();
        products.any(|product| product.attribute("regionCode") == region.code())
    }

    /// The shipped list of the same offer and region.
    ///
    /// # Errors
    /// Not for what is shipped.
    pub fn shipped(region: Region, offer: &str) -> Result<Option<Self>, PriceError> {
        let files = PriceSheet::shipped(region).iter();
        let parsed =
            files.map(|text| Self::parse(text, |_, _| true)).collect::<Result<Vec<_>, _>>()?;
        Ok(parsed.into_iter().find(|file| file.offer_code == offer))
    }

    /// Takes over the free tiers of `shipped` whose usages have none here: AWS lists some in files
    /// of other regions only, or not at all. Says which.
    pub fn keep_free_tiers(&mut self, region: Region, shipped: &Self) -> Vec<String> {
        let mut kept = Vec::new();
        for (sku, terms) in &shipped.terms.on_demand {
            let Some(product) = shipped.products.get(sku) else { continue };
            let mut terms = terms.clone();
            for term in terms.values_mut().filter(|term| term.is_free()) {
                for dimension in term.price_dimensions.values_mut() {
                    let usages = usages(region, shipped, &dimension.applies_to);
                    dimension.applies_to = self.skus_of(region, &usages);
                }
            }
            let applies: BTreeSet<String> = terms
                .values()
                .filter(|term| term.is_free())
                .flat_map(|term| term.price_dimensions.values())
                .flat_map(|dimension| dimension.applies_to.iter().cloned())
                .collect();
            if applies.is_empty() || !applies.is_disjoint(&self.free_skus()) {
                continue;
            }
            kept.push(product.attribute("usagetype").to_owned());
            self.products.insert(sku.clone(), product.clone());
            self.terms.on_demand.insert(sku.clone(), terms);
        }
        kept
    }

    /// The SKUs that some free tier covers.
    fn free_skus(&self) -> BTreeSet<String> {
        let terms = self.terms.on_demand.values().flat_map(|terms| terms.values());
        terms
            .filter(|term| term.is_free())
            .flat_map(|term| term.price_dimensions.values())
            .flat_map(|dimension| dimension.applies_to.iter().cloned())
            .collect()
    }

    fn skus_of(&self, region: Region, usages: &BTreeSet<String>) -> Vec<String> {
        let is_one = |product: &&Product| {
            !product.is_global()
                && usages.contains(without_region(region, product.attribute("usagetype")))
        };
        self.products.values().filter(is_one).map(|product| product.sku.clone()).collect()
    }
}

fn usages(region: Region, file: &OfferFile, skus: &[String]) -> BTreeSet<String> {
    skus.iter()
        .filter_map(|sku| file.products.get(sku))
        .map(|product| without_region(region, product.attribute("usagetype")).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A newer SQS list: another SKU, another price, no free tier.
    const NEWER: &str = r#"{"formatVersion":"v1.0","disclaimer":"","offerCode":"AWSQueueService",
        "version":"20270101000000","publicationDate":"2027-01-01T00:00:00Z","products":{
        "NEW1":{"sku":"NEW1","attributes":{"usagetype":"SAE1-Requests-Tier1","regionCode":"sa-east-1"}}},
        "terms":{"OnDemand":{"NEW1":{"NEW1.J":{"sku":"NEW1","priceDimensions":{"NEW1.J.1":{"rateCode":"NEW1.J.1",
        "beginRange":"0","endRange":"Inf","pricePerUnit":{"USD":"0.00000039"}}}}}}}}"#;

    #[test]
    fn a_free_tier_that_a_newer_file_lacks_is_taken_over_for_its_new_skus() {
        let region = Region::SaEast1;
        let mut newer = OfferFile::parse(NEWER, |_, _| true).unwrap();
        let shipped = OfferFile::shipped(region, "AWSQueueService").unwrap().unwrap();
        assert_eq!(newer.keep_free_tiers(region, &shipped), ["Global-Requests"]);
        let text = serde_json::to_string(&newer).unwrap();
        let sheet = PriceSheet::from_offers(region, [text.as_str()]).unwrap();
        let price = sheet.price("AWSQueueService", "Requests-Tier1", "").unwrap();
        assert_eq!(price.tiers[0].unit_price, "0.00000039".parse().unwrap());
        assert_eq!(price.free, 1_000_000.into());
        assert_eq!(sheet.published(), "2027-01-01");
        assert!(newer.keep_free_tiers(region, &shipped).is_empty());
    }

    #[test]
    fn a_file_of_many_regions_is_taken_apart() {
        let shipped = OfferFile::shipped(Region::SaEast1, "AWSLambda").unwrap().unwrap();
        assert!(shipped.has(Region::SaEast1) && !shipped.has(Region::UsEast1));
        let other = shipped.of_region(Region::UsEast1);
        assert!(other.products.values().all(Product::is_global));
        assert_eq!(shipped.of_region(Region::SaEast1), shipped);
    }
}
