//! The NF-e, layout 4.00 (schemas PL_010f), of a sale of a pharmaceutical wholesaler, signed.
//!
//! Always in the authority's test environment (`tpAmb` 2, fixed name of the recipient): no file is
//! a fiscal document. Not here: contingency (`tpEmis` is 1), and the authority's answer.

mod taxes;

use orders::Cents;

use super::signature::Signer;
use super::xml::{Words, Xml};
use crate::invoice::{Instalment, Invoice, InvoiceLine, InvoiceLot, Numbering, Party, Place, Sale};

pub(super) const NAMESPACE: &str = r#" xmlns="http://www.portalfiscal.inf.br/nfe""#;

/// What the test environment demands as the recipient's name (rejection 598).
const RECIPIENT: &str = "NF-E EMITIDA EM AMBIENTE DE HOMOLOGACAO - SEM VALOR FISCAL";

const UNKNOWN: &str = "NAO INFORMADO";
const NAME: Words = Words { letters_min: 2, letters_max: 60, otherwise: UNKNOWN };
const HOUSE: Words = Words { letters_min: 1, letters_max: 60, otherwise: "S/N" };
const PRODUCT: Words = Words { letters_min: 1, letters_max: 120, otherwise: UNKNOWN };
const LOT: Words = Words { letters_min: 1, letters_max: 20, otherwise: UNKNOWN };

/// Who answers for the program that issues (`infRespTec`): nobody, at a domain reserved for
/// examples (RFC 2606).
mod responsible {
    pub(super) const CNPJ: &str = "11222333000181";
    pub(super) const CONTACT: &str = "VAZAO";
    pub(super) const EMAIL: &str = "fiscal@vazao.example";
    pub(super) const PHONE: &str = "1133334444";
}

/// Renders the NF-e and signs it.
pub fn nfe_xml(invoice: &Invoice, signer: &Signer) -> String {
    // Guesses, measured: a short document is not moved, a long one seldom.
    let mut xml = Xml::with_capacity(6_500 + 1_900 * invoice.sale.lines.len());
    xml.element("NFe", NAMESPACE, |xml| {
        let start = xml.len();
        information(xml, invoice);
        let signature = signer.signature(&invoice.numbering.access_key, xml.since(start));
        xml.verbatim(&signature);
    });
    xml.finish()
}

/// `infNFe`, in the canonical form that is signed (but for its namespace, which `NFe` declares).
fn information(xml: &mut Xml, Invoice { numbering, sale }: &Invoice) {
    let identity = format!(r#" Id="NFe{}" versao="4.00""#, numbering.access_key);
    xml.element("infNFe", &identity, |xml| {
        xml.group("ide", |xml| identification(xml, numbering, sale));
        xml.group("emit", |xml| emitter(xml, &sale.emitter));
        xml.group("dest", |xml| recipient(xml, &sale.recipient));
        for (index, line) in sale.lines.iter().enumerate() {
            let number = format!(r#" nItem="{}""#, index + 1);
            xml.element("det", &number, |xml| detail(xml, sale, line));
        }
        xml.group("total", |xml| taxes::totals(xml, &sale.totals));
        // 0: carriage at the emitter's expense, charged or not.
        xml.group("transp", |xml| xml.code("modFrete", "0"));
        if !sale.instalments.is_empty() {
            xml.group("cobr", |xml| billing(xml, numbering, sale));
        }
        xml.group("pag", |xml| xml.group("detPag", |xml| payment(xml, sale)));
        xml.group("infAdic", |xml| xml.text("infCpl", &remarks(sale)));
        xml.group("compra", |xml| xml.text("xPed", sale.order_number.as_str()));
        xml.group("infRespTec", |xml| {
            xml.text("CNPJ", responsible::CNPJ);
            xml.text("xContato", responsible::CONTACT);
            xml.text("email", responsible::EMAIL);
            xml.text("fone", responsible::PHONE);
        });
    });
}

fn identification(xml: &mut Xml, numbering: &Numbering, sale: &Sale) {
    let (from, to) = (&sale.emitter.place, &sale.recipient.place);
    xml.number("cUF", from.state.code(), 2);
    xml.number("cNF", numbering.code, 8);
    xml.text("natOp", "VENDA DE MERCADORIA");
    xml.code("mod", "55");
    xml.number("serie", numbering.series, 1);
    xml.number("nNF", numbering.number, 1);
    xml.text("dhEmi", sale.issued_at.as_str());
    xml.code("tpNF", "1"); // outgoing
    xml.code("idDest", if from.state == to.state { "1" } else { "2" });
    xml.number("cMunFG", from.city_code, 7);
    xml.code("tpImp", "1"); // portrait
    xml.code("tpEmis", "1"); // no contingency
    xml.code("cDV", numbering.access_key.check_digit());
    xml.code("tpAmb", "2"); // test environment
    xml.code("finNFe", "1"); // a normal invoice
    xml.code("indFinal", "0"); // to a reseller
    xml.code("indPres", "9"); // not in person
    xml.code("indIntermed", "0"); // no marketplace between
    xml.code("procEmi", "0"); // our own program
    xml.text("verProc", &sale.program);
}

fn emitter(xml: &mut Xml, emitter: &Party) {
    xml.text("CNPJ", emitter.cnpj.as_str());
    xml.words("xNome", &emitter.name, &NAME);
    xml.group("enderEmit", |xml| address(xml, &emitter.place));
    xml.text("IE", &emitter.state_registration);
    xml.code("CRT", "3"); // normal regime
}

fn recipient(xml: &mut Xml, recipient: &Party) {
    xml.text("CNPJ", recipient.cnpj.as_str());
    xml.text("xNome", RECIPIENT);
    xml.group("enderDest", |xml| address(xml, &recipient.place));
    xml.code("indIEDest", "1"); // registered for ICMS
    xml.text("IE", &recipient.state_registration);
}

fn address(xml: &mut Xml, place: &Place) {
    xml.words("xLgr", &place.street, &NAME);
    xml.words("nro", &place.house, &HOUSE);
    xml.words("xBairro", &place.district, &NAME);
    xml.number("cMun", place.city_code, 7);
    xml.words("xMun", &place.city, &NAME);
    xml.text("UF", place.state.letters());
    if place.postcode.len() == 8 {
        xml.code("CEP", &place.postcode);
    }
    xml.code("cPais", "1058");
    xml.text("xPais", "BRASIL");
}

fn detail(xml: &mut Xml, sale: &Sale, line: &InvoiceLine) {
    xml.group("prod", |xml| product(xml, sale, line));
    xml.group("imposto", |xml| taxes::of_line(xml, line));
    xml.amount("vItem", line.total);
}

fn product(xml: &mut Xml, sale: &Sale, line: &InvoiceLine) {
    let quantity = line.quantity.get();
    xml.number("cProd", line.product_id.unsigned_abs(), 1);
    xml.text("cEAN", line.gtin.as_str());
    xml.words("xProd", &line.name, &PRODUCT);
    xml.text("NCM", &line.ncm);
    if let Some(cest) = &line.cest {
        xml.text("CEST", cest);
    }
    xml.number("CFOP", line.cfop, 4);
    xml.text("uCom", &line.unit);
    xml.quantity("qCom", quantity, "0000");
    xml.units_1e4("vUnCom", line.unit_price.as_1e4());
    xml.amount("vProd", line.gross);
    xml.text("cEANTrib", line.gtin.as_str());
    xml.text("uTrib", &line.unit);
    xml.quantity("qTrib", quantity, "0000");
    xml.units_1e4("vUnTrib", line.unit_price.as_1e4());
    optional(xml, "vFrete", line.freight);
    optional(xml, "vDesc", line.discount);
    xml.code("indTot", "1");
    xml.text("xPed", sale.order_number.as_str());
    xml.number("nItemPed", line.line, 1);
    for lot in &line.lots {
        xml.group("rastro", |xml| traced(xml, lot));
    }
    if let Some(medicine) = &line.medicine {
        xml.group("med", |xml| {
            xml.text("cProdANVISA", &medicine.registration);
            xml.amount("vPMC", medicine.maximum_price);
        });
    }
}

/// Optional amounts are left out when they are nothing: the schema refuses 0.00 here.
fn optional(xml: &mut Xml, name: &str, amount: Cents) {
    if amount > Cents(0) {
        xml.amount(name, amount);
    }
}

fn traced(xml: &mut Xml, lot: &InvoiceLot) {
    xml.words("nLote", &lot.number, &LOT);
    xml.quantity("qLote", lot.quantity, "000");
    xml.day("dFab", lot.made);
    xml.day("dVal", lot.expires);
}

fn billing(xml: &mut Xml, numbering: &Numbering, sale: &Sale) {
    xml.group("fat", |xml| {
        xml.number("nFat", numbering.number, 1);
        xml.amount("vOrig", sale.totals.total);
        xml.amount("vDesc", Cents(0));
        xml.amount("vLiq", sale.totals.total);
    });
    for (number, Instalment { due, amount }) in (1_u64..).zip(&sale.instalments) {
        xml.group("dup", |xml| {
            xml.number("nDup", number, 3);
            xml.day("dVenc", *due);
            xml.amount("vDup", *amount);
        });
    }
}

fn payment(xml: &mut Xml, sale: &Sale) {
    if sale.instalments.is_empty() {
        xml.code("tPag", "90"); // nothing to pay
    } else {
        xml.code("indPag", if sale.is_paid_at_once() { "0" } else { "1" });
        xml.code("tPag", "15"); // bank slip
    }
    xml.amount("vPag", sale.totals.total);
}

fn remarks(sale: &Sale) -> String {
    format!(
        "PEDIDO {} DO PARCEIRO {}. LOCAL DE ENTREGA {}. IBS E CBS INFORMADOS, NAO SOMADOS AO TOTAL.",
        sale.order_number, sale.partner, sale.ship_to
    )
}
