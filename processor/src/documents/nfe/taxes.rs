//! The tax groups of an NF-e: of a line (`imposto`), and of all (`total`).

use orders::{Cents, Rate};

use crate::documents::xml::Xml;
use crate::invoice::{
    Consumption, ConsumptionPart, Contribution, Icms, InvoiceLine, Levy, Presumption, Substitution,
    Totals,
};

const ZERO: Cents = Cents(0);

/// ICMS, PIS, COFINS, then the taxes on consumption: the order of the schema.
pub(super) fn of_line(xml: &mut Xml, line: &InvoiceLine) {
    let origin = line.origin.digit();
    xml.group("ICMS", |xml| icms(xml, origin, &line.taxes.icms));
    xml.group("PIS", |xml| contribution(xml, &PIS, line.taxes.pis));
    xml.group("COFINS", |xml| contribution(xml, &COFINS, line.taxes.cofins));
    xml.group("IBSCBS", |xml| consumption(xml, &line.taxes.consumption));
}

fn icms(xml: &mut Xml, origin: u8, icms: &Icms) {
    match &icms.substitution {
        None => xml.group("ICMS00", |xml| own_icms(xml, origin, "00", icms.own)),
        Some(substitution) => xml.group("ICMS10", |xml| {
            own_icms(xml, origin, "10", icms.own);
            substituted(xml, substitution);
        }),
    }
}

fn own_icms(xml: &mut Xml, origin: u8, cst: &str, own: Levy) {
    xml.number("orig", origin, 1);
    xml.text("CST", cst);
    xml.code("modBC", "3"); // the base is the price
    xml.amount("vBC", own.base);
    xml.rate("pICMS", own.rate);
    xml.amount("vICMS", own.tax);
}

fn substituted(xml: &mut Xml, substitution: &Substitution) {
    match substitution.presumption {
        Presumption::MaximumPrice => xml.code("modBCST", "0"),
        Presumption::Margin(margin) => {
            xml.code("modBCST", "4");
            xml.rate("pMVAST", margin);
        }
    }
    xml.amount("vBCST", substitution.base);
    xml.rate("pICMSST", substitution.rate);
    xml.amount("vICMSST", substitution.tax);
}

/// The names of a contribution's elements.
struct ContributionNames {
    not_taxed: &'static str,
    by_rate: &'static str,
    rate: &'static str,
    tax: &'static str,
}

const PIS: ContributionNames =
    ContributionNames { not_taxed: "PISNT", by_rate: "PISAliq", rate: "pPIS", tax: "vPIS" };
const COFINS: ContributionNames = ContributionNames {
    not_taxed: "COFINSNT",
    by_rate: "COFINSAliq",
    rate: "pCOFINS",
    tax: "vCOFINS",
};

fn contribution(xml: &mut Xml, names: &ContributionNames, contribution: Contribution) {
    match contribution {
        Contribution::PaidByManufacturer => {
            xml.group(names.not_taxed, |xml| xml.code("CST", "04"));
        }
        Contribution::Owed(levy) => xml.group(names.by_rate, |xml| {
            xml.code("CST", "01");
            xml.amount("vBC", levy.base);
            xml.rate(names.rate, levy.rate);
            xml.amount(names.tax, levy.tax);
        }),
    }
}

fn consumption(xml: &mut Xml, consumption: &Consumption) {
    let Consumption { cst, class, base, reduction, ibs_state, ibs_city, ibs, cbs } = consumption;
    xml.text("CST", cst);
    xml.text("cClassTrib", class);
    xml.group("gIBSCBS", |xml| {
        xml.amount("vBC", *base);
        xml.group("gIBSUF", |xml| part(xml, "pIBSUF", "vIBSUF", ibs_state, *reduction));
        xml.group("gIBSMun", |xml| part(xml, "pIBSMun", "vIBSMun", ibs_city, *reduction));
        xml.amount("vIBS", *ibs);
        xml.group("gCBS", |xml| part(xml, "pCBS", "vCBS", cbs, *reduction));
    });
}

fn part(xml: &mut Xml, rate: &str, tax: &str, part: &ConsumptionPart, reduction: Option<Rate>) {
    xml.rate(rate, part.rate);
    if let Some(reduction) = reduction {
        xml.group("gRed", |xml| {
            xml.rate("pRedAliq", reduction);
            xml.rate("pAliqEfet", part.effective_rate);
        });
    }
    xml.amount(tax, part.tax);
}

/// What no line has is 0.00: these elements are not optional.
pub(super) fn totals(xml: &mut Xml, totals: &Totals) {
    xml.group("ICMSTot", |xml| {
        xml.amount("vBC", totals.icms_base);
        xml.amount("vICMS", totals.icms);
        xml.amount("vICMSDeson", ZERO);
        xml.amount("vFCP", ZERO);
        xml.amount("vBCST", totals.substitution_base);
        xml.amount("vST", totals.substitution);
        xml.amount("vFCPST", ZERO);
        xml.amount("vFCPSTRet", ZERO);
        xml.amount("vProd", totals.gross);
        xml.amount("vFrete", totals.freight);
        xml.amount("vSeg", ZERO);
        xml.amount("vDesc", totals.discount);
        xml.amount("vII", ZERO);
        xml.amount("vIPI", ZERO);
        xml.amount("vIPIDevol", ZERO);
        xml.amount("vPIS", totals.pis);
        xml.amount("vCOFINS", totals.cofins);
        xml.amount("vOutro", ZERO);
        xml.amount("vNF", totals.total);
    });
    xml.group("IBSCBSTot", |xml| consumption_totals(xml, totals));
    xml.amount("vNFTot", totals.total);
}

fn consumption_totals(xml: &mut Xml, totals: &Totals) {
    let deferred_and_returned = |xml: &mut Xml| {
        xml.amount("vDif", ZERO);
        xml.amount("vDevTrib", ZERO);
    };
    let credits = |xml: &mut Xml| {
        xml.amount("vCredPres", ZERO);
        xml.amount("vCredPresCondSus", ZERO);
    };
    xml.amount("vBCIBSCBS", totals.consumption_base);
    xml.group("gIBS", |xml| {
        xml.group("gIBSUF", |xml| {
            deferred_and_returned(xml);
            xml.amount("vIBSUF", totals.ibs_state);
        });
        xml.group("gIBSMun", |xml| {
            deferred_and_returned(xml);
            xml.amount("vIBSMun", totals.ibs_city);
        });
        xml.amount("vIBS", totals.ibs);
        credits(xml);
    });
    xml.group("gCBS", |xml| {
        deferred_and_returned(xml);
        xml.amount("vCBS", totals.cbs);
        credits(xml);
    });
}
