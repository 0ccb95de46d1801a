//! Numbers, dates and names as they are written in Brazil.

use jiff::civil::Date;
use orders::{Cents, Cnpj, Rate, Reason};

/// 1234.50 becomes 1.234,50.
pub(super) fn brazilian(number: &str) -> String {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let mut text = String::with_capacity(number.len() + whole.len() / 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push('.');
        }
        text.push(digit);
    }
    if !part.is_empty() {
        text.push(',');
        text.push_str(part);
    }
    text
}

pub(super) fn amount(amount: Cents) -> String {
    brazilian(&amount.to_string())
}

/// 12.0000 becomes 12%, 19.5000 becomes 19,5%.
pub(super) fn percent(rate: Rate) -> String {
    let text = rate.to_string();
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.').replace('.', ","))
}

/// 23/11/2026.
pub(super) fn day(date: Date) -> String {
    format!("{:02}/{:02}/{:04}", date.day(), date.month(), date.year())
}

/// 11/2026.
pub(super) fn month(date: Date) -> String {
    format!("{:02}/{:04}", date.month(), date.year())
}

/// 11.222.333/0001-81.
pub(super) fn cnpj(cnpj: &Cnpj) -> String {
    grouped(cnpj.as_str(), &[(2, "."), (5, "."), (8, "/"), (12, "-")])
}

/// 04794-000.
pub(super) fn postcode(postcode: &str) -> String {
    grouped(postcode, &[(5, "-")])
}

/// 3004.90.99.
pub(super) fn ncm(ncm: &str) -> String {
    grouped(ncm, &[(4, "."), (6, ".")])
}

/// Four characters at a time.
pub(super) fn in_groups_of_four(key: &str) -> String {
    let mut text = String::with_capacity(key.len() * 5 / 4);
    for (index, letter) in key.chars().enumerate() {
        if index > 0 && index % 4 == 0 {
            text.push(' ');
        }
        text.push(letter);
    }
    text
}

/// Why something was not sold.
pub(super) fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::OrderNumberMismatch => "Número do pedido divergente",
        Reason::IssuedAtInvalid => "Data do pedido inválida",
        Reason::BadCnpjDv => "CNPJ com dígito inválido",
        Reason::UnknownCustomer => "Cliente desconhecido",
        Reason::CustomerBlocked => "Cliente bloqueado",
        Reason::LicenseExpired => "Licença sanitária vencida",
        Reason::UnknownShipTo => "Local de entrega desconhecido",
        Reason::PaymentTermsNotAllowed => "Condição não permitida",
        Reason::DeliveryDateInvalid => "Data de entrega inválida",
        Reason::CreditLimit => "Limite de crédito",
        Reason::DuplicateConflict => "Pedido divergente do anterior",
        Reason::NotTaxable => "Tributação não definida",
        Reason::DuplicateLine => "Linha repetida",
        Reason::BadEanDv => "EAN com dígito inválido",
        Reason::UnknownEan => "EAN desconhecido",
        Reason::Inactive => "Produto inativo",
        Reason::ControlledNotLicensed => "Sem licença para controlados",
        Reason::PriceMismatch => "Preço divergente",
        Reason::PackMultiple => "Fora do múltiplo da embalagem",
        Reason::ExpiryTooShort => "Validade insuficiente",
        Reason::OutOfStock => "Sem estoque",
        Reason::PartialStock => "Estoque parcial",
    }
}

/// A text with a sign before the letters at these places.
fn grouped(text: &str, signs: &[(usize, &str)]) -> String {
    let mut grouped = String::with_capacity(text.len() + signs.len());
    for (index, letter) in text.chars().enumerate() {
        if let Some((_, sign)) = signs.iter().find(|(place, _)| *place == index) {
            grouped.push_str(sign);
        }
        grouped.push(letter);
    }
    grouped
}

#[cfg(test)]
#[allow(clippy::inconsistent_digit_grouping, reason = "reais_cents")]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn amounts_have_points_between_thousands_and_a_comma_before_cents() {
        assert_eq!(amount(Cents(5)), "0,05");
        assert_eq!(amount(Cents(999_99)), "999,99");
        assert_eq!(amount(Cents(1_000_00)), "1.000,00");
        assert_eq!(amount(Cents(1_234_567_89)), "1.234.567,89");
        assert_eq!(brazilian("38.7490"), "38,7490");
    }

    #[test]
    fn rates_have_as_many_places_as_they_need() {
        assert_eq!(percent(Rate(120_000)), "12%");
        assert_eq!(percent(Rate(195_000)), "19,5%");
        assert_eq!(percent(Rate(1_000_000)), "100%");
        assert_eq!(percent(Rate(0)), "0%");
    }

    #[test]
    fn names_are_read_in_groups() {
        assert_eq!(cnpj(&"12ABC34501DE35".parse().unwrap()), "12.ABC.345/01DE-35");
        assert_eq!(postcode("04794000"), "04794-000");
        assert_eq!(ncm("30049099"), "3004.90.99");
        assert_eq!(in_groups_of_four("123456789"), "1234 5678 9");
    }

    #[test]
    fn the_day_comes_first() {
        assert_eq!(day(date(2026, 11, 3)), "03/11/2026");
        assert_eq!(month(date(2026, 2, 3)), "02/2026");
    }
}
