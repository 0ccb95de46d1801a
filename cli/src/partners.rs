//! The partners of a run: their shares, their keys, their limits.

use loadgen::{Credentials, LoadProfile, PartnerShare, SigV4User, read_secret};
use localcloud::{CloudConfig, Throttle, UsagePlan};
use orders::{PartnerShares, World};

use crate::failure::Failure;
use crate::system;

/// Who sends, and how each says who it is.
#[derive(Debug, Clone)]
pub(crate) struct Partners {
    /// The business, with the shares of the profile.
    pub(crate) world: World,
    /// The key of each partner, by index.
    keys: Vec<String>,
    /// What the profile says of some of them, with their index.
    listed: Vec<(u32, PartnerShare)>,
}

impl Partners {
    /// The partners that a profile names, or all of them.
    pub(crate) fn of(profile: &LoadProfile) -> Result<Self, Failure> {
        let world = World::default();
        let mut listed = Vec::new();
        for share in &profile.partners {
            listed.push((index_of(&world, &share.partner)?, share.clone()));
        }
        let shares: Vec<(u32, u32)> =
            listed.iter().map(|(index, share)| (*index, share.share)).collect();
        let shares = PartnerShares::new(&shares)
            .ok_or_else(|| Failure::usage("partners: too many to have shares of their own"))?;
        let mut keys: Vec<String> = (0..world.size().partners).map(system::api_key).collect();
        for (index, share) in &listed {
            if let Some(source) = &share.credential {
                keys[*index as usize] = read_secret(source).map_err(|error| {
                    Failure::usage(format!("partners: credential of {}: {error}", share.partner))
                })?;
            }
        }
        Ok(Self { world: world.with_shares(shares), keys, listed })
    }

    /// The keys of all partners, by index.
    pub(crate) fn keys(&self) -> &[String] {
        &self.keys
    }

    /// Partners that show their keys and do not sign.
    pub(crate) fn credentials(&self) -> Credentials {
        Credentials::ApiKeys(self.keys.clone())
    }

    /// What the profile itself says of each partner that sends, by index, for a system that is not
    /// the local cloud: nobody else's key is of any use there.
    pub(crate) fn own_credentials(&self, how: &str) -> Result<Vec<String>, Failure> {
        let lacks = self.listed.iter().find(|(_, share)| share.credential.is_none());
        let name = match lacks {
            Some((_, share)) => &share.partner,
            None if self.listed.is_empty() => "every partner that sends",
            None => return Ok(self.keys.clone()),
        };
        Err(Failure::usage(format!(
            "--auth {how}: the profile's [[partners]] must name a credential of {name}"
        )))
    }

    /// Whether the profile names AWS users.
    pub(crate) fn have_signers(&self) -> bool {
        self.listed.iter().any(|(_, share)| share.signer.is_some())
    }

    /// The AWS user of each partner, by index, as `read` finds it.
    pub(crate) fn signers(
        &self,
        read: impl Fn(&str) -> Result<SigV4User, String>,
    ) -> Result<Vec<SigV4User>, Failure> {
        let wrong = |share: &PartnerShare, cause: &str| {
            Failure::usage(format!("partners: signer of {}: {cause}", share.partner))
        };
        // Who is not listed sends nothing; who is has a user of its own.
        let nobody = SigV4User {
            access_key_id: String::new(),
            secret_access_key: String::new(),
            session_token: None,
        };
        let mut users = vec![nobody; self.keys.len()];
        for (index, share) in &self.listed {
            let source = share.signer.as_deref().ok_or_else(|| wrong(share, "none is named"))?;
            users[*index as usize] = read(source).map_err(|cause| wrong(share, &cause))?;
        }
        Ok(users)
    }

    /// Each partner that sends, and its share of the orders, 0 to 1.
    pub(crate) fn shares(&self) -> Vec<(String, f64)> {
        let name = |index: u32| self.world.partner(index).to_string();
        if self.listed.is_empty() {
            // The smaller of two draws: index i of n has (2 (n - i) - 1) / n^2.
            let count = self.world.size().partners;
            let n = f64::from(count);
            let share = |index: u32| (2.0 * (n - f64::from(index)) - 1.0) / (n * n);
            return (0..count).map(|index| (name(index), share(index))).collect();
        }
        let sum: f64 = self.listed.iter().map(|(_, share)| f64::from(share.share)).sum();
        let of_sum = |share: u32| f64::from(share) / sum;
        self.listed.iter().map(|(index, share)| (name(*index), of_sum(share.share))).collect()
    }

    /// Gives the local cloud the partners' own keys and limits: a usage plan for each that has a
    /// contract of its own, with the quota of the template's.
    pub(crate) fn apply(&self, config: &mut CloudConfig) {
        let Some(api) = &mut config.api else { return };
        let common = api.usage_plans.first().cloned();
        for (index, share) in &self.listed {
            let name = self.world.partner(*index).to_string();
            let plan = share.rate_per_s_max.map(|rate_per_s| UsagePlan {
                name: name.clone(),
                throttle: Some(Throttle {
                    rate_per_s,
                    burst: share.burst_max.unwrap_or(rate_per_s.max(1.0)),
                }),
                quota: common.as_ref().and_then(|plan| plan.quota),
            });
            for key in api.api_keys.iter_mut().filter(|key| key.id == name) {
                key.value.clone_from(&self.keys[*index as usize]);
                if plan.is_some() {
                    key.usage_plan = Some(name.clone());
                }
            }
            api.usage_plans.extend(plan);
        }
    }
}

fn index_of(world: &World, name: &str) -> Result<u32, Failure> {
    let names: Vec<String> =
        (0..world.size().partners).map(|index| world.partner(index).to_string()).collect();
    let position = names.iter().position(|each| each == name);
    position.map(|position| position as u32).ok_or_else(|| {
        Failure::usage(format!("partners: the system knows no {name}, only {}", names.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(partners: &str) -> LoadProfile {
        let text = format!(
            "name = \"t\"\ndescription = \"t\"\norders = 5\nseed = 1\naccept_p99_ms_max = 9\n\
             shape = {{ kind = \"constant\", duration_s = 1 }}\n{partners}"
        );
        LoadProfile::parse(&text, "t.toml").unwrap()
    }

    #[test]
    fn a_partner_that_the_system_does_not_know_is_answered_with_those_that_it_does() {
        let error =
            Partners::of(&profile("[[partners]]\npartner = \"acme\"\nshare = 1\n")).unwrap_err();
        assert!(error.message.contains("acme") && error.message.contains("partner-05"), "{error}");
    }

    #[test]
    fn shares_add_up_and_the_first_of_all_partners_send_the_most() {
        let all = Partners::of(&profile("")).unwrap().shares();
        assert!((all.iter().map(|(_, share)| share).sum::<f64>() - 1.0).abs() < 1e-12);
        // Of five: 9, 7, 5, 3 and 1 of 25.
        assert!((all[0].1 - 0.36).abs() < 1e-12 && (all[4].1 - 0.04).abs() < 1e-12);
        let text = "[[partners]]\npartner = \"partner-03\"\nshare = 3\n\
                    [[partners]]\npartner = \"partner-01\"\nshare = 1\n";
        let some = Partners::of(&profile(text)).unwrap().shares();
        assert_eq!(some, [("partner-03".to_owned(), 0.75), ("partner-01".to_owned(), 0.25)]);
    }

    #[test]
    fn a_credential_is_read_from_its_file_and_never_repeated() {
        let path = tempfile::tempdir().unwrap().keep().join("key");
        std::fs::write(&path, "kept\n").unwrap();
        let text = format!(
            "[[partners]]\npartner = \"partner-02\"\nshare = 1\ncredential = \"file:{}\"\n",
            path.display()
        );
        let partners = Partners::of(&profile(&text)).unwrap();
        let keys = partners.keys();
        assert_eq!((keys[1].as_str(), keys.len()), ("kept", 5));
        let text = "[[partners]]\npartner = \"partner-02\"\nshare = 1\ncredential = \"s3cr3t\"\n";
        let error = Partners::of(&profile(text)).unwrap_err();
        assert!(error.message.contains("env:NAME") && !error.message.contains("s3cr3t"), "{error}");
    }
}
