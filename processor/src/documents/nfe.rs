//! The NF-e, layout 4.00, for a sale of medicines within São Paulo: ICMS at the full rate (CST 00),
//! PIS and COFINS already paid by the manufacturer (CST 04).
//!
//! Always in the authority's test environment (`tpAmb` 2, fixed name of the recipient): no file is
//! a fiscal document. Not here yet: the signature, without which the schema refuses it; the groups
//! of lots (`rastro`, `med`) and of the consumption taxes of 2026 (`IBSCBS`); instalments (`cobr`).

use orders::Cents;

use super::xml::Xml;
use crate::{EMITTER, Invoice, InvoiceLine};

const NAMESPACE: &str = r#" xmlns="http://www.portalfiscal.inf.br/nfe""#;

/// What the test environment demands as the recipient's name.
const RECIPIENT: &str = "NF-E EMITIDA EM AMBIENTE DE HOMOLOGACAO - SEM VALOR FISCAL";

/// IBGE code of the city of São Paulo.
const CITY: u32 = 3_550_308;

const ZERO: Cents = Cents(0);

/// Renders the NF-e.
pub fn nfe_xml(invoice: &Invoice) -> String {
    let mut xml = Xml::with_capacity(3_000 + 1_000 * invoice.lines.len());
    xml.element("NFe", NAMESPACE, |xml| {
        let identity = format!(r#" Id="NFe{}" versao="4.00""#, invoice.access_key);
        xml.element("infNFe", &identity, |xml| {
            identification(xml, invoice);
            emitter(xml);
            recipient(xml, invoice);
            for (index, line) in invoice.lines.iter().enumerate() {
                let number = format!(r#" nItem="{}""#, index + 1);
                xml.element("det", &number, |xml| detail(xml, invoice, line));
            }
            xml.group("total", |xml| totals(xml, invoice));
            // Carriage at the emitter's expense.
            xml.group("transp", |xml| xml.value("modFrete", 0));
            xml.group("pag", |xml| payment(xml, invoice));
        });
    });
    xml.finish()
}

fn identification(xml: &mut Xml, invoice: &Invoice) {
    xml.group("ide", |xml| {
        xml.value("cUF", EMITTER.state);
        xml.value("cNF", format_args!("{:08}", invoice.code));
        xml.text("natOp", "VENDA DE MERCADORIA");
        xml.value("mod", 55);
        xml.value("serie", invoice.series);
        xml.value("nNF", invoice.number);
        xml.text("dhEmi", &invoice.issued_at);
        xml.value("tpNF", 1); // outgoing
        xml.value("idDest", 1); // within the state
        xml.value("cMunFG", CITY);
        xml.value("tpImp", 1); // portrait
        xml.value("tpEmis", 1); // no contingency
        xml.value("cDV", invoice.access_key.check_digit());
        xml.value("tpAmb", 2); // test environment
        xml.value("finNFe", 1); // a normal invoice
        xml.value("indFinal", 0); // to a reseller
        xml.value("indPres", 9); // not in person
        xml.value("indIntermed", 0); // no marketplace between
        xml.value("procEmi", 0); // our own program
        xml.text("verProc", concat!("vazao ", env!("CARGO_PKG_VERSION")));
    });
}

fn emitter(xml: &mut Xml) {
    xml.group("emit", |xml| {
        xml.text("CNPJ", EMITTER.cnpj);
        xml.text("xNome", EMITTER.name);
        xml.group("enderEmit", |xml| {
            address(xml, "AVENIDA DAS NAÇÕES UNIDAS", "1000", "VILA OLÍMPIA", "04794000");
        });
        xml.text("IE", EMITTER.state_registration);
        xml.value("CRT", 3); // normal regime
    });
}

fn recipient(xml: &mut Xml, invoice: &Invoice) {
    let customer = &invoice.customer;
    let place = &customer.address;
    xml.group("dest", |xml| {
        xml.text("CNPJ", customer.cnpj.as_str());
        xml.text("xNome", RECIPIENT);
        xml.group("enderDest", |xml| {
            address(xml, &place.street, &place.house, &place.district, &place.postcode);
        });
        xml.value("indIEDest", 1); // registered for ICMS
        xml.text("IE", &customer.state_registration);
    });
}

fn address(xml: &mut Xml, street: &str, house: &str, district: &str, postcode: &str) {
    xml.text("xLgr", street);
    xml.text("nro", house);
    xml.text("xBairro", district);
    xml.value("cMun", CITY);
    xml.text("xMun", "SÃO PAULO");
    xml.text("UF", "SP");
    xml.text("CEP", postcode);
    xml.value("cPais", 1058);
    xml.text("xPais", "BRASIL");
}

fn detail(xml: &mut Xml, invoice: &Invoice, line: &InvoiceLine) {
    xml.group("prod", |xml| product(xml, invoice, line));
    xml.group("imposto", |xml| {
        xml.group("ICMS", |xml| xml.group("ICMS00", |xml| icms(xml, line)));
        // 04: the manufacturer has paid it (Lei 10.147/2000).
        xml.group("PIS", |xml| xml.group("PISNT", |xml| xml.text("CST", "04")));
        xml.group("COFINS", |xml| xml.group("COFINSNT", |xml| xml.text("CST", "04")));
    });
}

fn product(xml: &mut Xml, invoice: &Invoice, line: &InvoiceLine) {
    let quantity = line.quantity.get();
    xml.value("cProd", line.product_id);
    xml.text("cEAN", line.gtin.as_str());
    xml.text("xProd", &line.name);
    xml.text("NCM", &line.ncm);
    xml.value("CFOP", 5102); // resale within the state
    xml.text("uCom", "UN");
    xml.value("qCom", format_args!("{quantity}.0000"));
    xml.value("vUnCom", line.unit_price);
    xml.value("vProd", line.gross);
    xml.text("cEANTrib", line.gtin.as_str());
    xml.text("uTrib", "UN");
    xml.value("qTrib", format_args!("{quantity}.0000"));
    xml.value("vUnTrib", line.unit_price);
    if line.discount > ZERO {
        // Optional amounts are left out when they are nothing: the schema refuses 0.00 here.
        xml.value("vDesc", line.discount);
    }
    xml.value("indTot", 1);
    xml.text("xPed", invoice.order_number.as_str());
    xml.value("nItemPed", line.line);
}

fn icms(xml: &mut Xml, line: &InvoiceLine) {
    let (percent, part) = (line.icms_rate_1e4 / 10_000, line.icms_rate_1e4 % 10_000);
    xml.value("orig", 0); // made in Brazil
    xml.text("CST", "00");
    xml.value("modBC", 3); // the base is the price
    xml.value("vBC", line.net());
    xml.value("pICMS", format_args!("{percent}.{part:04}"));
    xml.value("vICMS", line.icms());
}

/// Sums of amounts that are rounded already: the authority adds them up again (rejection 610).
fn totals(xml: &mut Xml, invoice: &Invoice) {
    let icms: Cents = invoice.lines.iter().map(InvoiceLine::icms).sum();
    xml.group("ICMSTot", |xml| {
        xml.value("vBC", invoice.total());
        xml.value("vICMS", icms);
        for absent in ["vICMSDeson", "vFCP", "vBCST", "vST", "vFCPST", "vFCPSTRet"] {
            xml.value(absent, ZERO);
        }
        xml.value("vProd", invoice.gross());
        xml.value("vFrete", ZERO);
        xml.value("vSeg", ZERO);
        xml.value("vDesc", invoice.discount());
        for absent in ["vII", "vIPI", "vIPIDevol", "vPIS", "vCOFINS", "vOutro"] {
            xml.value(absent, ZERO);
        }
        xml.value("vNF", invoice.total());
    });
}

fn payment(xml: &mut Xml, invoice: &Invoice) {
    let at_once = invoice.payment_terms.days() == [0];
    xml.group("detPag", |xml| {
        xml.value("indPag", u8::from(!at_once));
        xml.value("tPag", 15); // bank slip
        xml.value("vPag", invoice.total());
    });
}
