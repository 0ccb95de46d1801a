//! The verdict in words, for whoever decides: what it costs, whether one pays for what one uses,
//! what drives it, and what Intelligent-Tiering does. Sentences of numbers that stand elsewhere in
//! the same file.

use claims::RunVerdict;
use costmodel::Usd;
use costmodel::forecast::{Band, LayoutCost};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use crate::finance::Finance;
use crate::locale::Language;
use crate::portuguese::{input, named};

/// An object under this size is never tiered, KB.
const TIERED_FROM_KB: f64 = 128.0;

impl Finance {
    /// The verdict, sentence by sentence, the answer first.
    pub(crate) fn verdict(&self) -> Vec<String> {
        let mut sentences = vec![self.answer()];
        sentences.extend(self.run_in_words());
        sentences.push(self.pays_for_use());
        sentences.extend(self.driver());
        sentences.extend(self.tiering());
        sentences
    }

    fn answer(&self) -> String {
        let locale = self.locale;
        let months = locale.float(self.assumed("storage.retention_months"), 0);
        let per_day = locale.float(self.assumed("orders.per_day"), 0);
        let band = band(self.study.uncertainty.months.first());
        let (low, high) = (self.usd(band.p10), self.usd(band.p90));
        let (one, year) = (locale.both(self.month_usd(0)), locale.both(self.year_usd(0)));
        let own = self.per_order().unwrap_or_default();
        let (own, all) = (locale.usd(own), locale.usd(own + self.retention_per_order));
        match locale.language {
            Language::English => format!(
                "At {per_day} orders a day the first month costs {one}, in nine of ten cases less than {high} and in nine \
                 of ten more than {low}; the first year costs {year}. An order costs {own} in its own month, and {all} by \
                 the time its documents are deleted after {months} months."
            ),
            Language::Portuguese => format!(
                "Com {per_day} pedidos por dia, o primeiro mês custa {one}; em nove de dez casos menos que {high}, e em \
                 nove de dez mais que {low}. O primeiro ano custa {year}. Um pedido custa {own} no próprio mês e {all} até \
                 a exclusão dos documentos, depois de {months} meses."
            ),
        }
    }

    /// What the run showed of the system itself.
    fn run_in_words(&self) -> Option<String> {
        let run = self.run.as_ref()?;
        let words = match (self.locale.language, run.verdict) {
            (Language::English, verdict) => crate::words::headline(verdict),
            (Language::Portuguese, RunVerdict::Holds) => {
                "Todas as promessas se cumprem, até onde esta execução pode mostrar"
            }
            (Language::Portuguese, RunVerdict::ServiceLevelBroken) => {
                "Um nível de serviço foi descumprido"
            }
            (Language::Portuguese, RunVerdict::OrderLost) => {
                "Um pedido foi perdido, duplicado ou está sem explicação"
            }
            (Language::Portuguese, RunVerdict::Invalid) => {
                "A execução não vale: o gerador de carga foi o gargalo"
            }
            (Language::Portuguese, RunVerdict::NotEnoughEvidence) => "Evidência insuficiente",
            (Language::Portuguese, RunVerdict::Stopped) => "A execução foi interrompida",
        };
        Some(format!("{words}."))
    }

    fn pays_for_use(&self) -> String {
        let floor = self.study.forecast.floor.exact();
        let month = self.month_usd(0);
        let share = if month.is_zero() { Decimal::ZERO } else { floor / month };
        let percent = self.locale.number(share * Decimal::ONE_HUNDRED, 2);
        let floor = self.locale.both(floor);
        match self.locale.language {
            Language::English => format!(
                "You pay for what you use: a month without orders costs {floor}, {percent} % of month 1. Documents that \
                 are kept go on costing, used or not."
            ),
            Language::Portuguese => format!(
                "Paga-se pelo que se usa: um mês sem pedidos custa {floor}, {percent} % do mês 1. Os documentos guardados \
                 continuam custando, usados ou não."
            ),
        }
    }

    /// The service and the input that matter most.
    fn driver(&self) -> Option<String> {
        let (service, usd) = self.largest_service()?;
        let percent = self.percent(usd, self.study.forecast.total.exact());
        let swing = self.study.uncertainty.swings.first()?;
        let key = input(self.locale.language, swing.key);
        let (low, high) = (self.usd(swing.low.1), self.usd(swing.high.1));
        let months = self.study.forecast.months.len();
        Some(match self.locale.language {
            Language::English => format!(
                "{service} is {percent} % of the {months} months. What is least certain and matters most is {key}: from \
                 {low} to {high} in all."
            ),
            Language::Portuguese => format!(
                "{service} é {percent} % dos {months} meses. O mais incerto e que mais pesa é {key}: de {low} a {high} no \
                 total."
            ),
        })
    }

    /// What Intelligent-Tiering does on these documents, and what would help.
    pub(crate) fn tiering(&self) -> Option<String> {
        let kb = self.object_kb();
        let best = self.study.best_layout()?;
        let now = self.layout_now()?;
        let saved = now.total.exact() - best.total.exact();
        let locale = self.locale;
        let size = locale.float(kb, 1);
        let remedy = named(locale.language, &best.name);
        let percent = self.percent(saved, now.total.exact());
        let saved = locale.both(saved);
        let small = kb < TIERED_FROM_KB;
        Some(match (locale.language, small) {
            (Language::English, true) => format!(
                "S3 Intelligent-Tiering saves nothing here: an object has {size} KB, and what is under 128 KB is never \
                 moved to a cheaper tier. Remedy: {remedy}, which saves {saved} ({percent} % of what documents cost)."
            ),
            (Language::English, false) => format!(
                "Objects have {size} KB and are tiered. The cheapest way to keep them is {remedy}: {saved} less \
                 ({percent} % of what documents cost)."
            ),
            (Language::Portuguese, true) => format!(
                "O S3 Intelligent-Tiering não economiza nada aqui: um objeto tem {size} KB, e o que tem menos de 128 KB \
                 nunca passa para uma camada mais barata. Remédio: {remedy}, que economiza {saved} ({percent} % do que os \
                 documentos custam)."
            ),
            (Language::Portuguese, false) => format!(
                "Os objetos têm {size} KB e mudam de camada. A forma mais barata de guardá-los é {remedy}: {saved} a menos \
                 ({percent} % do que os documentos custam)."
            ),
        })
    }

    /// Mean size of an object: measured, or that of the larger document that is assumed.
    pub(crate) fn object_kb(&self) -> f64 {
        if let Some(run) = &self.run {
            return run.object_bytes as f64 / 1_024.0;
        }
        let of = |name: &str| {
            let (bytes, each) = (format!("documents.{name}"), format!("documents.{name}_per_item"));
            self.assumed(&bytes) + self.assumed("orders.items") * self.assumed(&each)
        };
        of("xml_bytes").max(of("pdf_bytes")) / 1_024.0
    }

    /// The layout as it is.
    pub(crate) fn layout_now(&self) -> Option<&LayoutCost> {
        let named = |cost: &&LayoutCost| self.study.choices.ends_with(&cost.name);
        self.study.layouts.costs.iter().find(named)
    }

    /// The service that costs most over all months, and what it costs, USD.
    pub(crate) fn largest_service(&self) -> Option<(&str, Decimal)> {
        self.services().into_iter().max_by_key(|(_, usd)| *usd)
    }

    /// Every service over all months, USD, in the order of their names.
    pub(crate) fn services(&self) -> Vec<(&str, Decimal)> {
        let mut sums = std::collections::BTreeMap::new();
        for (service, usd) in self.study.forecast.months.iter().flat_map(|month| &month.services) {
            *sums.entry(service.as_str()).or_insert(Decimal::ZERO) += usd.exact();
        }
        sums.into_iter().collect()
    }

    pub(crate) fn month_usd(&self, index: usize) -> Decimal {
        self.study.forecast.months.get(index).map_or(Decimal::ZERO, |month| month.total.exact())
    }

    pub(crate) fn year_usd(&self, index: usize) -> Decimal {
        self.study.forecast.years.get(index).copied().unwrap_or(Usd::ZERO).exact()
    }

    /// A part in percent, as it is written.
    pub(crate) fn percent(&self, part: Decimal, of: Decimal) -> String {
        let share = part.checked_div(of).unwrap_or_default();
        self.locale.number(share * Decimal::ONE_HUNDRED, 0)
    }

    /// Of the model in floating point.
    pub(crate) fn usd(&self, usd: f64) -> String {
        self.locale.usd(Decimal::try_from(usd).unwrap_or_default())
    }
}

/// None is nothing.
pub(crate) fn band(band: Option<&Band>) -> Band {
    band.copied().unwrap_or(Band { p10: 0.0, p50: 0.0, p90: 0.0 })
}

/// The nearest float.
pub(crate) fn float(exact: Decimal) -> f64 {
    exact.to_f64().unwrap_or(f64::NAN)
}
