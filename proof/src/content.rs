//! What the documents say, read by a few words of their text, not by the code that wrote them.

use sha2::{Digest, Sha256};

use orders::StatusDocument;

/// What a stored document says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contents {
    /// An NF-e.
    Nfe(Box<NfeFacts>),
    /// A confirmation: a PDF. What it says is not read; its key holds the invoice's access key.
    Confirmation,
    /// A status.
    Status(Box<StatusFacts>),
    /// Not what its key says that it is.
    Unreadable,
}

/// What an NF-e says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NfeFacts {
    /// Access key of the `Id`.
    pub access_key: String,
    /// `serie`.
    pub series: u16,
    /// `nNF`.
    pub number: u32,
    /// CNPJ of the recipient.
    pub buyer: String,
    /// The partner's number of the order (`compra/xPed`).
    pub order_number: String,
    /// `vNF`, cents.
    pub total_cents: i64,
    /// Digest of the lines that are billed.
    pub lines: u64,
}

/// What a status document says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusFacts {
    /// Hash of the body that stands.
    pub body_sha256: Option<[u8; 32]>,
    /// Whether the order is rejected.
    pub rejected: bool,
    /// The partner that it names.
    pub partner: String,
    /// The order that it names.
    pub order_number: String,
    /// The invoice that it names.
    pub access_key: Option<String>,
    /// What it says is to be paid, cents.
    pub total_cents: i64,
    /// Digest of the lines as ordered.
    pub ordered: u64,
    /// Digest of the lines as confirmed, those with nothing confirmed left out.
    pub confirmed: u64,
}

/// A number for the lines (EAN, quantity) of an order, in whatever order they come: two sets of
/// lines have the same one only if they are the same, but for a chance of 2^-64.
pub fn lines_digest(lines: impl IntoIterator<Item = (String, u64)>) -> u64 {
    let mut lines: Vec<_> = lines.into_iter().collect();
    lines.sort();
    let mut hash = Sha256::new();
    for (ean, quantity) in lines {
        hash.update(ean.as_bytes());
        hash.update([0]);
        hash.update(quantity.to_le_bytes());
    }
    let bytes: [u8; 32] = hash.finalize().into();
    u64::from_le_bytes(bytes[..8].try_into().unwrap_or_default())
}

impl Contents {
    /// Reads an NF-e.
    pub fn nfe(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).ok();
        text.and_then(read_nfe).map_or(Self::Unreadable, |facts| Self::Nfe(Box::new(facts)))
    }

    /// Looks whether it is a whole PDF.
    pub fn confirmation(bytes: &[u8]) -> Self {
        let whole = bytes.starts_with(b"%PDF-") && bytes.trim_ascii_end().ends_with(b"%%EOF");
        if whole { Self::Confirmation } else { Self::Unreadable }
    }

    /// Reads a status.
    pub fn status(bytes: &[u8]) -> Self {
        let status = serde_json::from_slice::<StatusDocument>(bytes).ok();
        status.and_then(read_status).map_or(Self::Unreadable, |facts| Self::Status(Box::new(facts)))
    }
}

/// The text between the first `<tag>` and its end.
fn element<'a>(text: &'a str, tag: &str) -> Option<&'a str> {
    let start = text.find(&format!("<{tag}>"))? + tag.len() + 2;
    let length = text[start..].find(&format!("</{tag}>"))?;
    Some(&text[start..start + length])
}

fn read_nfe(text: &str) -> Option<NfeFacts> {
    let (_, after) = text.split_once("Id=\"NFe")?;
    let mut lines = Vec::new();
    for detail in text.split("<det ").skip(1) {
        let quantity = element(detail, "qCom")?.split('.').next()?.parse().ok()?;
        lines.push((element(detail, "cEAN")?.to_owned(), quantity));
    }
    Some(NfeFacts {
        access_key: after.split('"').next()?.to_owned(),
        series: element(text, "serie")?.parse().ok()?,
        number: element(text, "nNF")?.parse().ok()?,
        buyer: element(element(text, "dest")?, "CNPJ")?.to_owned(),
        order_number: element(element(text, "compra")?, "xPed")?.to_owned(),
        total_cents: cents(element(text, "vNF")?)?,
        lines: lines_digest(lines),
    })
}

fn read_status(status: StatusDocument) -> Option<StatusFacts> {
    let line = |of: fn(&orders::LineStatus) -> u32| {
        let lines = status.lines.iter().map(move |line| (line.ean.clone(), u64::from(of(line))));
        lines.filter(|(_, quantity)| *quantity > 0)
    };
    Some(StatusFacts {
        body_sha256: hash(&status.body_sha256),
        rejected: status.status == orders::OrderStatus::Rejected,
        partner: status.partner.to_string(),
        order_number: status.partner_order_no.to_string(),
        access_key: status.nfe.as_ref().map(|nfe| nfe.chave.to_string()),
        total_cents: cents(&status.total)?,
        ordered: lines_digest(line(|line| line.qty_ordered)),
        confirmed: lines_digest(line(|line| line.qty_confirmed)),
    })
}

/// `12.30` as 1230.
fn cents(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.')?;
    let cents: i64 = part.parse().ok().filter(|_| part.len() == 2)?;
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents)
}

/// 64 hexadecimal digits as 32 bytes.
pub(crate) fn hash(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut bytes = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NFE: &str = "<NFe><infNFe Id=\"NFe35261111222333000181550010000047111834729154\" versao=\"4.00\">\
        <ide><serie>1</serie><nNF>4711</nNF></ide><emit><CNPJ>11222333000181</CNPJ></emit>\
        <dest><CNPJ>44555666000199</CNPJ></dest>\
        <det nItem=\"1\"><prod><cEAN>789</cEAN><qCom>12.0000</qCom></prod></det>\
        <det nItem=\"2\"><prod><cEAN>456</cEAN><qCom>3.0000</qCom></prod></det>\
        <total><vNF>1234.56</vNF></total><compra><xPed>PO-7</xPed></compra></infNFe></NFe>";

    #[test]
    fn an_invoice_is_read_by_its_elements() {
        let Contents::Nfe(facts) = Contents::nfe(NFE.as_bytes()) else { panic!("unreadable") };
        assert_eq!(facts.access_key, "35261111222333000181550010000047111834729154");
        assert_eq!((facts.series, facts.number, facts.total_cents), (1, 4_711, 123_456));
        assert_eq!((facts.buyer.as_str(), facts.order_number.as_str()), ("44555666000199", "PO-7"));
        assert_eq!(facts.lines, lines_digest([("456".to_owned(), 3), ("789".to_owned(), 12)]));
    }

    #[test]
    fn what_is_cut_off_is_unreadable() {
        assert_eq!(Contents::nfe(&NFE.as_bytes()[..NFE.len() - 40]), Contents::Unreadable);
        assert_eq!(Contents::confirmation(b"%PDF-1.7 ..."), Contents::Unreadable);
        assert_eq!(Contents::confirmation(b"%PDF-1.7 ...\n%%EOF\n"), Contents::Confirmation);
        assert_eq!(Contents::status(b"{"), Contents::Unreadable);
    }

    #[test]
    fn a_line_moved_from_one_product_to_another_changes_the_digest() {
        let digest = |a: u64, b: u64| lines_digest([("1".to_owned(), a), ("2".to_owned(), b)]);
        assert_ne!(digest(3, 4), digest(4, 3));
        assert_ne!(lines_digest([("12".to_owned(), 3)]), lines_digest([("1".to_owned(), 3)]));
    }

    #[test]
    fn a_hash_has_sixty_four_digits() {
        assert_eq!(hash(&"0f".repeat(32)), Some([15; 32]));
        assert_eq!((hash("0f"), hash(&"0g".repeat(32))), (None, None));
    }
}
