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
    xml.value("orig", origin);
    xml.text("CST", cst);
    xml.value("modBC", 3); // the base is the price
    xml.value("vBC", own.base);
    xml.value("pICMS", own.rate);
    xml.value("vICMS", own.tax);
}

fn substituted(xml: &mut Xml, substitution: &Substitution) {
    match substitution.presumption {
        Presumption::MaximumPrice => xml.value("modBCST", 0),
        Presumption::Margin(margin) => {
            xml.value("modBCST", 4);
            xml.value("pMVAST", margin);
        }
    }
    xml.value("vBCST", substitution.base);
    xml.value("pICMSST", substitution.rate);
    xml.value("vICMSST", substitution.tax);
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
            xml.group(names.not_taxed, |xml| xml.text("CST", "04"));
        }
        Contribution::Owed(levy) => xml.group(names.by_rate, |xml| {
            xml.text("CST", "01");
            xml.value("vBC", levy.base);
            xml.value(names.rate, levy.rate);
            xml.value(names.tax, levy.tax);
        }),
    }
}

fn consumption(xml: &mut Xml, consumption: &Consumption) {
    let Consumption { cst, class, base, reduction, ibs_state, ibs_city, ibs, cbs } = consumption;
    xml.text("CST", cst);
    xml.text("cClassTrib", class);
    xml.group("gIBSCBS", |xml| {
        xml.value("vBC", base);
        xml.group("gIBSUF", |xml| part(xml, "pIBSUF", "vIBSUF", ibs_state, *reduction));
        xml.group("gIBSMun", |xml| part(xml, "pIBSMun", "vIBSMun", ibs_city, *reduction));
        xml.value("vIBS", ibs);
        xml.group("gCBS", |xml| part(xml, "pCBS", "vCBS", cbs, *reduction));
    });
}

fn part(xml: &mut Xml, rate: &str, tax: &str, part: &ConsumptionPart, reduction: Option<Rate>) {
    xml.value(rate, part.rate);
    if let Some(reduction) = reduction {
        xml.group("gRed", |xml| {
            xml.value("pRedAliq", reduction);
            xml.value("pAliqEfet", part.effective_rate);
        });
    }
    xml.value(tax, part.tax);
}

/// What no line has is 0.00: these elements are not optional.
pub(super) fn totals(xml: &mut Xml, totals: &Totals) {
    xml.group("ICMSTot", |xml| {
        xml.value("vBC", totals.icms_base);
        xml.value("vICMS", totals.icms);
        xml.value("vICMSDeson", ZERO);
        xml.value("vFCP", ZERO);
        xml.value("vBCST", totals.substitution_base);
        xml.value("vST", totals.substitution);
        xml.value("vFCPST", ZERO);
        xml.value("vFCPSTRet", ZERO);
        xml.value("vProd", totals.gross);
        xml.value("vFrete", totals.freight);
        xml.value("vSeg", ZERO);
        xml.value("vDesc", totals.discount);
        xml.value("vII", ZERO);
        xml.value("vIPI", ZERO);
        xml.value("vIPIDevol", ZERO);
        xml.value("vPIS", totals.pis);
        xml.value("vCOFINS", totals.cofins);
        xml.value("vOutro", ZERO);
        xml.value("vNF", totals.total);
    });
    xml.group("IBSCBSTot", |xml| consumption_totals(xml, totals));
    xml.value("vNFTot", totals.total);
}

fn consumption_totals(xml: &mut Xml, totals: &Totals) {
    let deferred_and_returned = |xml: &mut Xml| {
        xml.value("vDif", ZERO);
        xml.value("vDevTrib", ZERO);
    };
    let credits = |xml: &mut Xml| {
        xml.value("vCredPres", ZERO);
        xml.value("vCredPresCondSus", ZERO);
    };
    xml.value("vBCIBSCBS", totals.consumption_base);
    xml.group("gIBS", |xml| {
        xml.group("gIBSUF", |xml| {
            deferred_and_returned(xml);
            xml.value("vIBSUF", totals.ibs_state);
        });
        xml.group("gIBSMun", |xml| {
            deferred_and_returned(xml);
            xml.value("vIBSMun", totals.ibs_city);
        });
        xml.value("vIBS", totals.ibs);
        credits(xml);
    });
    xml.group("gCBS", |xml| {
        deferred_and_returned(xml);
        xml.value("vCBS", totals.cbs);
        credits(xml);
    });
}
