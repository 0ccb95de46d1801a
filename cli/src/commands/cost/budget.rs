//! Budgets: of all, or of one service.

use costmodel::{Statement, Usd};
use rust_decimal::Decimal;

use crate::failure::Failure;
use crate::numbers::cents;

/// Exit code of a budget that is exceeded.
const OVER_BUDGET: u8 = 14;

/// What may be spent.
pub(super) struct Budget {
    /// A service, as the bill writes it; none for all.
    service: Option<String>,
    usd: Decimal,
}

impl Budget {
    /// `250`, or `S3=100`.
    pub(super) fn all(texts: &[String]) -> Result<Vec<Self>, Failure> {
        texts.iter().map(|text| Self::parse(text)).collect()
    }

    fn parse(text: &str) -> Result<Self, Failure> {
        let (service, usd) = match text.split_once('=') {
            Some((service, usd)) => (Some(service.to_owned()), usd),
            None => (None, text),
        };
        let wrong = || Failure::usage(format!("--budget {text}: USD, such as 250 or S3=100"));
        let usd: Decimal = usd.parse().map_err(|_| wrong())?;
        if usd.is_sign_negative() { Err(wrong()) } else { Ok(Self { service, usd }) }
    }

    fn name(&self) -> &str {
        self.service.as_deref().unwrap_or("all")
    }

    fn spent(&self, statement: &Statement) -> Result<Usd, Failure> {
        let Some(service) = &self.service else { return Ok(statement.total) };
        let mut services = statement.services.iter();
        let found = services.find(|(name, _)| name.eq_ignore_ascii_case(service));
        found.map(|(_, usd)| *usd).ok_or_else(|| {
            let names: Vec<&str> = statement.services.keys().map(String::as_str).collect();
            let names = names.join(", ");
            Failure::usage(format!("--budget {service}: {} has {names}", statement.name))
        })
    }
}

/// Says of each budget that is exceeded by how much, and what takes most of it.
pub(super) fn judge(budgets: &[Budget], statements: &[Statement]) -> Result<u8, Failure> {
    let mut exit_code = 0;
    for statement in statements {
        for budget in budgets {
            let over = budget.spent(statement)?.exact() - budget.usd;
            if over > Decimal::ZERO {
                exit_code = OVER_BUDGET;
                eprintln!("vazao: {}", excess(budget, statement, over));
            }
        }
    }
    Ok(exit_code)
}

fn excess(budget: &Budget, statement: &Statement, over: Decimal) -> String {
    let percent = (over * Decimal::ONE_HUNDRED)
        .checked_div(budget.usd)
        .map_or(String::new(), |percent| format!(" ({} %)", percent.round_dp(1).normalize()));
    let is_of = |service: &str| {
        budget.service.as_ref().is_none_or(|name| name.eq_ignore_ascii_case(service))
    };
    let mut lines: Vec<_> = statement.lines.iter().filter(|line| is_of(&line.service)).collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.amount));
    let most: Vec<String> = lines
        .iter()
        .take(3)
        .map(|line| format!("{} {} ${}", line.service, line.item, cents(line.amount.exact())))
        .collect();
    format!(
        "{}: {} costs ${}, ${}{percent} over the budget of ${}; most of it is {}",
        statement.name,
        budget.name(),
        cents(over + budget.usd),
        cents(over),
        cents(budget.usd),
        most.join(", ")
    )
}
