//! The NF-e, layout 4.00 (schemas PL_010f), of a sale of a pharmaceutical wholesaler, signed.
//!
//! Always in the authority's test environment (`tpAmb` 2, fixed name of the recipient): no file is
//! a fiscal document. Not here: contingency (`tpEmis` is 1), and the authority's answer.

mod taxes;

use orders::Cents;

use super::signature::Signer;
use super::xml::Xml;
use crate::invoice::{Instalment, Invoice, InvoiceLine, InvoiceLot, Numbering, Party, Place, Sale};

pub(super) const NAMESPACE: &str = r#" xmlns="http://www.portalfiscal.inf.br/nfe""#;

/// What the test environment demands as the recipient's name (rejection 598).
const RECIPIENT: &str = "NF-E EMITIDA EM AMBIENTE DE HOMOLOGACAO - SEM VALOR FISCAL";

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
        xml.group("transp", |xml| xml.value("modFrete", 0));
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
    xml.value("cUF", from.state.code());
    xml.value("cNF", format_args!("{:08}", numbering.code));
    xml.text("natOp", "VENDA DE MERCADORIA");
    xml.value("mod", 55);
    xml.value("serie", numbering.series);
    xml.value("nNF", numbering.number);
    xml.text("dhEmi", sale.issued_at.as_str());
    xml.value("tpNF", 1); // outgoing
    xml.value("idDest", if from.state == to.state { 1 } else { 2 });
    xml.value("cMunFG", from.city_code);
    xml.value("tpImp", 1); // portrait
    xml.value("tpEmis", 1); // no contingency
    xml.value("cDV", numbering.access_key.check_digit());
    xml.value("tpAmb", 2); // test environment
    xml.value("finNFe", 1); // a normal invoice
    xml.value("indFinal", 0); // to a reseller
    xml.value("indPres", 9); // not in person
    xml.value("indIntermed", 0); // no marketplace between
    xml.value("procEmi", 0); // our own program
    xml.text("verProc", &sale.program);
}

fn emitter(xml: &mut Xml, emitter: &Party) {
    xml.text("CNPJ", emitter.cnpj.as_str());
    xml.text("xNome", &emitter.name);
    xml.group("enderEmit", |xml| address(xml, &emitter.place));
    xml.text("IE", &emitter.state_registration);
    xml.value("CRT", 3); // normal regime
}

fn recipient(xml: &mut Xml, recipient: &Party) {
    xml.text("CNPJ", recipient.cnpj.as_str());
    xml.text("xNome", RECIPIENT);
    xml.group("enderDest", |xml| address(xml, &recipient.place));
    xml.value("indIEDest", 1); // registered for ICMS
    xml.text("IE", &recipient.state_registration);
}

fn address(xml: &mut Xml, place: &Place) {
    xml.text("xLgr", &place.street);
    xml.text("nro", &place.house);
    xml.text("xBairro", &place.district);
    xml.value("cMun", place.city_code);
    xml.text("xMun", &place.city);
    xml.text("UF", place.state.letters());
    xml.text("CEP", &place.postcode);
    xml.value("cPais", 1058);
    xml.text("xPais", "BRASIL");
}

fn detail(xml: &mut Xml, sale: &Sale, line: &InvoiceLine) {
    xml.group("prod", |xml| product(xml, sale, line));
    xml.group("imposto", |xml| taxes::of_line(xml, line));
    xml.value("vItem", line.total);
}

fn product(xml: &mut Xml, sale: &Sale, line: &InvoiceLine) {
    let quantity = line.quantity.get();
    xml.value("cProd", line.product_id);
    xml.text("cEAN", line.gtin.as_str());
    xml.text("xProd", &line.name);
    xml.text("NCM", &line.ncm);
    if let Some(cest) = &line.cest {
        xml.text("CEST", cest);
    }
    xml.value("CFOP", line.cfop);
    xml.text("uCom", &line.unit);
    xml.value("qCom", format_args!("{quantity}.0000"));
    xml.value("vUnCom", line.unit_price);
    xml.value("vProd", line.gross);
    xml.text("cEANTrib", line.gtin.as_str());
    xml.text("uTrib", &line.unit);
    xml.value("qTrib", format_args!("{quantity}.0000"));
    xml.value("vUnTrib", line.unit_price);
    optional(xml, "vFrete", line.freight);
    optional(xml, "vDesc", line.discount);
    xml.value("indTot", 1);
    xml.text("xPed", sale.order_number.as_str());
    xml.value("nItemPed", line.line);
    for lot in &line.lots {
        xml.group("rastro", |xml| traced(xml, lot));
    }
    if let Some(medicine) = &line.medicine {
        xml.group("med", |xml| {
            xml.text("cProdANVISA", &medicine.registration);
            xml.value("vPMC", medicine.maximum_price);
        });
    }
}

/// Optional amounts are left out when they are nothing: the schema refuses 0.00 here.
fn optional(xml: &mut Xml, name: &str, amount: Cents) {
    if amount > Cents(0) {
        xml.value(name, amount);
    }
}

fn traced(xml: &mut Xml, lot: &InvoiceLot) {
    xml.text("nLote", &lot.number);
    xml.value("qLote", format_args!("{}.000", lot.quantity));
    xml.value("dFab", lot.made);
    xml.value("dVal", lot.expires);
}

fn billing(xml: &mut Xml, numbering: &Numbering, sale: &Sale) {
    xml.group("fat", |xml| {
        xml.value("nFat", numbering.number);
        xml.value("vOrig", sale.totals.total);
        xml.value("vDesc", Cents(0));
        xml.value("vLiq", sale.totals.total);
    });
    for (index, Instalment { due, amount }) in sale.instalments.iter().enumerate() {
        xml.group("dup", |xml| {
            xml.value("nDup", format_args!("{:03}", index + 1));
            xml.value("dVenc", due);
            xml.value("vDup", amount);
        });
    }
}

fn payment(xml: &mut Xml, sale: &Sale) {
    if sale.instalments.is_empty() {
        xml.value("tPag", 90); // nothing to pay
    } else {
        let at_once = sale.payment_terms.days() == [0];
        xml.value("indPag", u8::from(!at_once));
        xml.value("tPag", 15); // bank slip
    }
    xml.value("vPag", sale.totals.total);
}

fn remarks(sale: &Sale) -> String {
    format!(
        "PEDIDO {} DO PARCEIRO {}. LOCAL DE ENTREGA {}. IBS E CBS INFORMADOS, NAO SOMADOS AO TOTAL.",
        sale.order_number, sale.partner, sale.ship_to
    )
}
