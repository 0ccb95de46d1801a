//! The regions whose prices are shipped.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// An AWS region whose prices are shipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Region {
    /// South America (São Paulo).
    SaEast1,
    /// US East (N. Virginia).
    UsEast1,
    /// Europe (Ireland).
    EuWest1,
    /// US West (Oregon).
    UsWest2,
}

/// A region without prices.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there are prices for sa-east-1, us-east-1, eu-west-1 and us-west-2, not for {0:?}")]
pub struct RegionError(String);

impl Region {
    /// Every region whose prices are shipped.
    pub const ALL: &'static [Self] = &[Self::SaEast1, Self::UsEast1, Self::EuWest1, Self::UsWest2];

    /// The regions for which every service of an order's path has a price: a run's bill is shown
    /// in each. In us-west-2 the price of standard SQS requests was not found; `vazao cost RUN
    /// --region eu-west-1` prices a run in the third that is complete.
    pub const COMPLETE: &'static [Self] = &[Self::SaEast1, Self::UsEast1];

    /// AWS's code: `sa-east-1`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::SaEast1 => "sa-east-1",
            Self::UsEast1 => "us-east-1",
            Self::EuWest1 => "eu-west-1",
            Self::UsWest2 => "us-west-2",
        }
    }

    /// What usage types call it, as where data is transferred to.
    pub(crate) const fn billing_name(self) -> &'static str {
        match self {
            Self::SaEast1 => "SAE1",
            Self::UsEast1 => "USE1",
            Self::EuWest1 => "EU",
            Self::UsWest2 => "USW2",
        }
    }

    /// What usage types of this region begin with.
    pub fn usage_prefix(self) -> &'static str {
        match self {
            Self::SaEast1 => "SAE1-",
            Self::UsEast1 => "",
            Self::EuWest1 => "EU-",
            Self::UsWest2 => "USW2-",
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl FromStr for Region {
    type Err = RegionError;

    fn from_str(text: &str) -> Result<Self, RegionError> {
        let mut all = Self::ALL.iter().copied();
        all.find(|region| region.to_string() == text).ok_or_else(|| RegionError(text.to_owned()))
    }
}
