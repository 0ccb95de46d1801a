//! A synthetic business: partners, customers and products, each a pure function of its index.
//! Names are invented, numbers have valid check digits and belong to nobody we know of.

use crate::seed::Draws;
use crate::state_registration::state_registration;
use crate::{
    Cents, Cnpj, Fiscal, Gtin, Medicine, Origin, PartnerId, Quantity, Rate, ShipToCode, State,
    TaxClass, UnitPrice,
};

/// How large the business is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorldSize {
    /// Partners who send orders.
    pub partners: u32,
    /// Customers for whom they send them.
    pub customers: u32,
    /// Products that are sold.
    pub products: u32,
}

impl Default for WorldSize {
    fn default() -> Self {
        Self { partners: 5, customers: 2_000, products: 1_000 }
    }
}

/// A customer of the business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Index of the partner who orders for it.
    pub partner_index: u32,
    /// The company's number: every third one of the alphanumeric form.
    pub cnpj: Cnpj,
    /// The company's name.
    pub name: String,
    /// State registration.
    pub state_registration: String,
    /// Where it is established.
    pub address: Address,
    /// Where it can be delivered to.
    pub ship_to: Vec<ShipToCode>,
    /// What it may owe.
    pub credit_limit: Cents,
}

/// Where a customer is established.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Street.
    pub street: String,
    /// Number in the street.
    pub house: String,
    /// District of the city.
    pub district: String,
    /// The state; the city is its capital.
    pub state: State,
    /// Postcode, eight digits.
    pub postcode: String,
}

/// A product of the business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Its number.
    pub gtin: Gtin,
    /// Its name.
    pub name: String,
    /// What tax law and ANVISA say of it.
    pub fiscal: Fiscal,
    /// Its price.
    pub unit_price: UnitPrice,
    /// It is sold in multiples of this.
    pub pack: u32,
}

/// Credit that no run exhausts: running out is a scenario of its own.
const PLENTY: u64 = 1_000_000_000_000;

const SUBSTANCES: [&str; 20] = [
    "DIPIRONA SODICA",
    "LOSARTANA POTASSICA",
    "AMOXICILINA",
    "PARACETAMOL",
    "OMEPRAZOL",
    "SINVASTATINA",
    "METFORMINA",
    "IBUPROFENO",
    "ATENOLOL",
    "ENALAPRIL",
    "LORATADINA",
    "HIDROCLOROTIAZIDA",
    "AZITROMICINA",
    "PREDNISONA",
    "CAPTOPRIL",
    "FLUOXETINA",
    "ANLODIPINO",
    "CETOCONAZOL",
    "NIMESULIDA",
    "LEVOTIROXINA",
];
const STRENGTHS: [&str; 6] = ["5 MG", "10 MG", "20 MG", "50 MG", "500 MG", "850 MG"];
const FORMS: [&str; 5] =
    ["30 COMPRIMIDOS", "20 CÁPSULAS", "60 COMPRIMIDOS", "SOLUÇÃO 100 ML", "POMADA 30 G"];
const SUPPLEMENTS: [&str; 4] =
    ["VITAMINA C", "ÓLEO DE PEIXE", "COLÁGENO HIDROLISADO", "POLIVITAMÍNICO"];
const SHOPS: [&str; 8] =
    ["DROGARIA", "FARMÁCIA", "DROGA", "FARMA", "DISTRIBUIDORA", "HOSPITAL", "CLÍNICA", "REDE"];
const PLACES: [&str; 12] = [
    "SÃO JOÃO",
    "BOA VISTA",
    "CENTRAL",
    "DO POVO",
    "SANTA LUZIA",
    "IPIRANGA",
    "PAULISTA",
    "D'ÁVILA",
    "NOVA ESPERANÇA",
    "BANDEIRANTES",
    "JARDIM & FILHOS",
    "CONCEIÇÃO",
];
const STREETS: [&str; 6] = [
    "RUA DAS ACÁCIAS",
    "AVENIDA SÃO PEDRO",
    "RUA 7 DE SETEMBRO",
    "RUA DONA INÊS",
    "ALAMEDA DOS IPÊS",
    "TRAVESSA D'OESTE",
];

/// The streams of [`Draws`] for the parts of the world; the world has no seed of its own, so that
/// every run meets the same one.
const PRODUCTS: u64 = 1;
const CUSTOMERS: u64 = 2;
const ADDRESSES: u64 = 3;

/// The whole synthetic business.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct World {
    size: WorldSize,
    shares: PartnerShares,
}

/// How many partners may have a share of their own.
const SHARES_MAX: usize = 32;

/// Which share of the orders each partner sends. Without any, the first send the most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PartnerShares([u32; SHARES_MAX]);

impl PartnerShares {
    /// From pairs of partner index and share, relative to each other; a partner that is not there
    /// sends nothing. None if an index is 32 or more: only so many have shares.
    pub fn new(shares: &[(u32, u32)]) -> Option<Self> {
        let mut all = [0_u32; SHARES_MAX];
        for (partner, share) in shares {
            *all.get_mut(*partner as usize)? = *share;
        }
        Some(Self(all))
    }

    fn sum(&self) -> u64 {
        self.0.iter().map(|share| u64::from(*share)).sum()
    }
}

impl World {
    /// A business of this size; every number is at least 1.
    pub fn new(size: WorldSize) -> Self {
        let at_least_one = |number: u32| number.max(1);
        Self {
            shares: PartnerShares::default(),
            size: WorldSize {
                partners: at_least_one(size.partners),
                customers: at_least_one(size.customers).max(at_least_one(size.partners)),
                products: at_least_one(size.products),
            },
        }
    }

    /// The same business with other shares of its partners.
    #[must_use]
    pub fn with_shares(mut self, shares: PartnerShares) -> Self {
        self.shares = shares;
        self
    }

    /// Who sends an order. Without shares large partners send more: the smaller of two draws.
    pub(crate) fn choose_partner(&self, draws: &mut Draws) -> u32 {
        let partners = u64::from(self.size.partners);
        let sum = self.shares.sum();
        if sum == 0 {
            return draws.below(partners).min(draws.below(partners)) as u32;
        }
        let mut rest = draws.below(sum);
        for (partner, share) in (0..self.size.partners).zip(self.shares.0) {
            if rest < u64::from(share) {
                return partner;
            }
            rest -= u64::from(share);
        }
        0
    }

    /// How large it is.
    pub fn size(&self) -> WorldSize {
        self.size
    }

    /// Partner `index`.
    ///
    /// # Panics
    /// Never: the text is a partner's id by construction.
    pub fn partner(&self, index: u32) -> PartnerId {
        format!("partner-{:02}", index + 1).parse().expect("small letters, a hyphen and digits")
    }

    /// Customer `index`.
    ///
    /// # Panics
    /// Never: the texts are a CNPJ's base and a ship-to code by construction.
    pub fn customer(&self, index: u32) -> Customer {
        let mut draws = Draws::new(0, CUSTOMERS, u64::from(index));
        let shop = pick(&SHOPS, &mut draws);
        let place = pick(&PLACES, &mut draws);
        let addresses = 1 + draws.below(4);
        let code = |number| format!("CD{number:02}").parse().expect("letters and digits");
        Customer {
            partner_index: index % self.size.partners,
            cnpj: Cnpj::from_base(&cnpj_base(index)).expect("twelve letters and digits"),
            name: format!("{shop} {place} {index} LTDA"),
            state_registration: state_registration(state_and_postcodes(index).0, index),
            address: address(index),
            ship_to: (1..=addresses).map(code).collect(),
            credit_limit: Cents(PLENTY.cast_signed()),
        }
    }

    /// How many addresses customer `index` has.
    pub(crate) fn ship_to_count(&self, index: u32) -> u32 {
        let mut draws = Draws::new(0, CUSTOMERS, u64::from(index));
        pick(&SHOPS, &mut draws);
        pick(&PLACES, &mut draws);
        1 + draws.below(4) as u32
    }

    /// Product `index`.
    pub fn product(&self, index: u32) -> Product {
        let mut draws = Draws::new(0, PRODUCTS, u64::from(index));
        let substance = SUBSTANCES[index as usize % SUBSTANCES.len()];
        let strength = pick(&STRENGTHS, &mut draws);
        let form = pick(&FORMS, &mut draws);
        let in_3003 = draws.below(5) == 0;
        let registration = format!("1{:012}", draws.below(1_000_000_000_000));
        let unit_price = UnitPrice::from_1e4(10_000 + draws.below(900_000) / 50 * 50);
        let tax_class = tax_class(index);
        let name = match tax_class {
            TaxClass::General => format!("{} {form}", SUPPLEMENTS[index as usize % 4]),
            TaxClass::GenericMedicine | TaxClass::Medicine | TaxClass::MedicineAtZero => {
                format!("{substance} {strength} {form}")
            }
        };
        let origin =
            if index % 13 == 7 { Origin::ImportedBoughtInBrazil } else { Origin::National };
        let medicine = Medicine { registration, maximum_price: maximum_price(unit_price) };
        Product {
            // 789 is Brazil's prefix; the company part is invented.
            gtin: Gtin::thirteen(789_990_000_000 + u64::from(index)),
            name,
            fiscal: fiscal(tax_class, in_3003, origin, medicine),
            unit_price,
            pack: 6,
        }
    }

    /// How many customers order through partner `index`.
    pub(crate) fn customers_of(&self, partner: u32) -> u32 {
        (self.size.customers - partner).div_ceil(self.size.partners)
    }
}

/// A tenth are no medicines, a tenth are on the list at zero, a third of the rest are not generic.
fn tax_class(index: u32) -> TaxClass {
    match index % 10 {
        6 => TaxClass::MedicineAtZero,
        9 => TaxClass::General,
        2 | 5 | 8 => TaxClass::Medicine,
        _ => TaxClass::GenericMedicine,
    }
}

/// Some 38 % above the wholesale price, as pharmacies are granted; illustrative.
fn maximum_price(price: UnitPrice) -> Cents {
    let one = Quantity::try_from(1).expect("one is a quantity");
    let wholesale = price.times(one);
    wholesale + Rate(382_400).of(wholesale)
}

/// Codes of the Convênio ICMS 142/2018, annex XIV (segment 13): medicines of reference and generic
/// ones, all of the positive list. What is no medicine is a food supplement (NCM 2106.90.30).
fn fiscal(class: TaxClass, in_3003: bool, origin: Origin, medicine: Medicine) -> Fiscal {
    let ncm =
        match class {
            TaxClass::General => "21069030",
            TaxClass::GenericMedicine | TaxClass::Medicine | TaxClass::MedicineAtZero => {
                if in_3003 { "30039099" } else { "30049099" }
            }
        };
    let cest = match class {
        TaxClass::General => None,
        TaxClass::GenericMedicine => Some("1300200"),
        TaxClass::Medicine | TaxClass::MedicineAtZero => Some("1300100"),
    };
    Fiscal {
        ncm: ncm.to_owned(),
        cest: cest.map(str::to_owned),
        origin,
        medicine: (class != TaxClass::General).then_some(medicine),
        tax_class: class,
    }
}

/// Every fifth customer is in another state than the emitter. With each state the first digits of
/// its capital's postcodes.
fn state_and_postcodes(index: u32) -> (State, &'static str) {
    const OTHERS: [(State, &str); 5] = [
        (State::Rj, "2003"),
        (State::Pr, "8001"),
        (State::Sc, "8801"),
        (State::Es, "2901"),
        (State::Ce, "6001"),
    ];
    if index % 5 == 4 { OTHERS[index as usize / 5 % OTHERS.len()] } else { (State::Sp, "0131") }
}

fn pick(words: &[&'static str], draws: &mut Draws) -> &'static str {
    words[draws.below(words.len() as u64) as usize]
}

fn address(index: u32) -> Address {
    let mut draws = Draws::new(0, ADDRESSES, u64::from(index));
    let (state, postcodes) = state_and_postcodes(index);
    Address {
        street: pick(&STREETS, &mut draws).to_owned(),
        house: (1 + draws.below(2_000)).to_string(),
        district: pick(&PLACES, &mut draws).to_owned(),
        state,
        postcode: format!("{postcodes}{:04}", draws.below(1_000)),
    }
}

/// Every third customer has letters in its number, as new companies have since July 2026.
fn cnpj_base(index: u32) -> String {
    if index % 3 == 2 {
        let letter = char::from(b'A' + (index % 26) as u8);
        format!("{letter}V{index:06}0001")
    } else {
        format!("{:08}0001", 40_000_000 + index)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_customers_and_no_two_products_have_the_same_number() {
        let world = World::default();
        let size = world.size();
        let cnpjs: BTreeSet<_> = (0..size.customers).map(|i| world.customer(i).cnpj).collect();
        let gtins: BTreeSet<_> = (0..size.products).map(|i| world.product(i).gtin).collect();
        assert_eq!((cnpjs.len(), gtins.len()), (2_000, 1_000));
    }

    #[test]
    fn customers_are_of_both_forms() {
        let world = World::default();
        let letters = |index| world.customer(index).cnpj.as_str().contains(char::is_alphabetic);
        assert_eq!((0..30).filter(|index| letters(*index)).count(), 10);
    }

    #[test]
    fn the_catalogue_has_every_tax_class_and_medicines_have_what_they_need() {
        let world = World::default();
        let products: Vec<Product> = (0..200).map(|index| world.product(index)).collect();
        for class in TaxClass::ALL {
            assert!(products.iter().any(|product| product.fiscal.tax_class == class), "{class:?}");
        }
        for product in products {
            let Fiscal { ncm, cest, medicine, tax_class, .. } = product.fiscal;
            let is_medicine = tax_class != TaxClass::General;
            assert_eq!(ncm.starts_with("3003") || ncm.starts_with("3004"), is_medicine);
            assert_eq!((cest.is_some(), medicine.is_some()), (is_medicine, is_medicine));
        }
    }

    #[test]
    fn a_fifth_of_the_customers_are_in_other_states() {
        let world = World::default();
        let away = (0..100).filter(|index| world.customer(*index).address.state != State::Sp);
        assert_eq!(away.count(), 20);
    }

    #[test]
    fn every_customer_belongs_to_the_partner_that_counts_it() {
        let world = World::new(WorldSize { partners: 3, customers: 10, products: 1 });
        let counts: Vec<u32> = (0..3).map(|partner| world.customers_of(partner)).collect();
        assert_eq!(counts, [4, 3, 3]);
        assert_eq!(world.customer(7).partner_index, 1);
    }

    #[test]
    fn partners_send_their_shares_and_the_others_nothing() {
        let shares = PartnerShares::new(&[(1, 30), (4, 70)]).unwrap();
        let world = World::default().with_shares(shares);
        let mut counts = [0_u32; 5];
        for index in 0..10_000 {
            counts[world.choose_partner(&mut Draws::new(3, 4, index)) as usize] += 1;
        }
        // Four standard errors are 183.
        assert!(counts[1].abs_diff(3_000) < 183 && counts[1] + counts[4] == 10_000, "{counts:?}");
        assert_eq!(PartnerShares::new(&[(32, 1)]), None);
    }

    #[test]
    fn the_number_of_addresses_is_known_without_the_customer() {
        let world = World::default();
        for index in 0..100 {
            let customer = world.customer(index);
            assert_eq!(world.ship_to_count(index) as usize, customer.ship_to.len());
        }
    }

    #[test]
    fn a_world_of_nothing_has_one_of_each() {
        let world = World::new(WorldSize { partners: 0, customers: 0, products: 0 });
        assert_eq!(world.size(), WorldSize { partners: 1, customers: 1, products: 1 });
    }
}
