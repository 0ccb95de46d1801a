"""What an NF-e must mean, beyond what its schema and its signature say.

Written apart from the program that makes the documents: other language, decimal arithmetic, rules
from the manual (MOC 7.0 and the technical notes) and not from the program. Rule or rejection
numbers are the authority's. `check` returns what is wrong, as texts.
"""

import datetime
import re
from decimal import ROUND_HALF_UP, Decimal

from erpbrasil.base.fiscal import ie as state_registration
from stdnum import ean
from stdnum.br import cnpj as company_number

NS = "{http://www.portalfiscal.inf.br/nfe}"
TEST_NAME = "NF-E EMITIDA EM AMBIENTE DE HOMOLOGACAO - SEM VALOR FISCAL"
CENT = Decimal("0.01")
ZERO = Decimal(0)

STATES = {
    "RO": 11, "AC": 12, "AM": 13, "RR": 14, "PA": 15, "AP": 16, "TO": 17, "MA": 21, "PI": 22,
    "CE": 23, "RN": 24, "PB": 25, "PE": 26, "AL": 27, "SE": 28, "BA": 29, "MG": 31, "ES": 32,
    "RJ": 33, "SP": 35, "PR": 41, "SC": 42, "RS": 43, "MS": 50, "MT": 51, "GO": 52, "DF": 53,
}
SEQUENCES = {
    "12345678", "23456789", "34567890", "45678901", "56789012", "67890123", "78901234", "89012345",
    "90123456", "01234567",
}
# First and last postcodes of each state (Correios, "Faixas de CEP"), where documents go.
POSTCODES = {
    "SP": ("01000000", "19999999"), "RJ": ("20000000", "28999999"), "ES": ("29000000", "29999999"),
    "MG": ("30000000", "39999999"), "BA": ("40000000", "48999999"), "CE": ("60000000", "63999999"),
    "PR": ("80000000", "87999999"), "SC": ("88000000", "89999999"), "RS": ("90000000", "99999999"),
}
# Cities by their IBGE codes.
CITIES = {
    "3550308": "SÃO PAULO", "3304557": "RIO DE JANEIRO", "4106902": "CURITIBA",
    "4205407": "FLORIANÓPOLIS", "3205309": "VITÓRIA", "2304400": "FORTALEZA",
}
# What is sold: classification and its code of substitution (Convênio ICMS 142/2018, annex XIV).
GOODS = {
    "30039099": ("1300100", "1300200"), "30049099": ("1300100", "1300200"), "21069030": (None,),
}
GENERIC = "1300200"
# Where later sales of medicines are taxed: modBCST, pMVAST, pICMSST.
SUBSTITUTION = {
    "RJ": ("4", Decimal("49.08"), Decimal(20)), "PR": ("0", None, Decimal("19.5")),
}
# Carriage to another state, per cent of the price of the goods.
FREIGHT = Decimal("1.5")
# Decimal places of numbers, by the first letters of their names; the longest that fits holds.
PLACES = {"v": 2, "vUn": 4, "p": 4, "q": 4, "qLote": 3, "qVol": 0}
# How long texts may be.
LENGTHS = {
    "natOp": (1, 60), "verProc": (1, 20), "xNome": (2, 60), "xLgr": (2, 60), "nro": (1, 60),
    "xBairro": (2, 60), "xMun": (2, 60), "IE": (2, 14), "cProd": (1, 60), "xProd": (1, 120),
    "uCom": (1, 6), "uTrib": (1, 6), "nLote": (1, 20), "nFat": (1, 60), "infCpl": (1, 5000),
    "xContato": (2, 60), "email": (6, 60), "xPed": (1, 15),
}
TOTALS = """vBC vICMS vICMSDeson vFCP vBCST vST vFCPST vFCPSTRet vProd vFrete vSeg vDesc vII vIPI
    vIPIDevol vPIS vCOFINS vOutro vNF""".split()
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}"
# CST, cClassTrib and reduction that this business may use, by what the product is.
CONSUMPTION_OF_MEDICINES = {("200", "200032", Decimal(60)), ("200", "200009", Decimal(100))}
CONSUMPTION_OF_OTHERS = {("000", "000001", None)}


def half_up(value, unit=CENT):
    return value.quantize(unit, rounding=ROUND_HALF_UP)


class Checker:
    """The rules of one document."""

    def __init__(self, root):
        self.root = root
        self.nfe = root if root.tag == NS + "NFe" else root.find(NS + "NFe")
        self.inf = self.nfe.find(NS + "infNFe")
        self.wrong = []

    def fail(self, rule, text):
        self.wrong.append(f"{rule}: {text}")

    def expect(self, rule, condition, text):
        if not condition:
            self.fail(rule, text)

    def equal(self, rule, name, actual, expected):
        if actual != expected:
            self.fail(rule, f"{name} is {actual}, not {expected}")

    @staticmethod
    def path(name):
        return "/".join(NS + part for part in name.split("/"))

    def text(self, name, where=None):
        """The text of an element that must be there."""
        where = self.inf if where is None else where
        found = where.find(self.path(name))
        if found is None:
            self.fail("form", f"{name} is missing in {where.tag.removeprefix(NS)}")
            return ""
        return found.text or ""

    def maybe(self, name, where):
        found = where.find(self.path(name))
        return None if found is None else found.text

    def number(self, name, where=None):
        text = self.text(name, where)
        return Decimal(text) if text else ZERO

    def optional(self, name, where):
        """An amount that is left out when it is nothing: 0.00 is not written."""
        text = self.maybe(name, where)
        if text is None:
            return ZERO
        self.expect("form", Decimal(text) > 0, f"{name} is written though it is {text}")
        return Decimal(text)

    def run(self):
        self.form()
        self.key()
        self.identification()
        self.parties()
        self.items = self.inf.findall(NS + "det")
        self.nets = []
        numbers = [item.get("nItem") for item in self.items]
        self.equal("H02", "nItem", numbers, [str(n + 1) for n in range(len(numbers))])
        self.expect("H01", 1 <= len(numbers) <= 990, f"{len(numbers)} items")
        orders = [self.text("prod/nItemPed", item) for item in self.items]
        self.expect("I61", len(set(orders)) == len(orders), "nItemPed is there twice")
        for item in self.items:
            self.item(item)
        self.totals()
        self.billing()
        self.rest()
        return self.wrong

    def form(self):
        """Rejections 404, 588 and the rules of texts."""
        for element in self.root.iter():
            if not isinstance(element.tag, str):
                self.fail("588", "a comment or an instruction")
                continue
            self.expect("404", element.prefix is None, f"{element.tag} has a prefix")
            text = element.text
            self.value(element, text)
            if len(element) == 0:
                ours = element.tag.startswith(NS)
                self.expect("form", text or not ours, f"{element.tag.split('}')[1]} is empty")
            else:
                self.expect("588", not text, f"text within {element.tag.split('}')[1]}")
            self.expect("588", not element.tail, "white space between elements")
            if text and element.tag.startswith(NS):
                fine = re.fullmatch(r"[!-ÿ]([ -ÿ]*[!-ÿ])?", text)
                self.expect("form", fine, f"{element.tag.removeprefix(NS)}: {text!r}")

    def value(self, element, text):
        """How long a text is, and how many places a number has."""
        name = element.tag.split("}")[1]
        if len(element) or not element.tag.startswith(NS):
            return
        if name in LENGTHS:
            shortest, longest = LENGTHS[name]
            self.expect("form", shortest <= len(text or "") <= longest, f"length of {name}")
        known = [prefix for prefix in PLACES if name.startswith(prefix) and name[1:2].isupper()]
        if known:
            places = PLACES[max(known, key=len)]
            form = r"(0|[1-9][0-9]{0,12})" + (rf"\.[0-9]{{{places}}}" if places else "")
            self.expect("form", re.fullmatch(form, text or ""), f"{name} {text}")

    def key(self):
        """Rejections 253, 502, 897: the key is made of the fields."""
        key = self.inf.get("Id").removeprefix("NFe")
        self.equal("A03", "Id", self.inf.get("Id"), "NFe" + key)
        self.equal("A02", "versao", self.inf.get("versao"), "4.00")
        reference = self.nfe.find(f".//{SIGNATURE}Reference")
        named = None if reference is None else reference.get("URI")
        self.equal("297", "URI of the signature", named, "#NFe" + key)
        self.expect("A03", re.fullmatch(r"[0-9]{6}[0-9A-Z]{12}[0-9]{26}", key), f"key {key}")
        values = [ord(letter) - 48 for letter in key[:43]]
        weights = [2 + place % 8 for place in range(43)]
        remainder = sum(v * w for v, w in zip(reversed(values), weights)) % 11
        digit = 0 if remainder < 2 else 11 - remainder
        issued = self.text("ide/dhEmi")
        parts = [
            ("cUF", self.text("ide/cUF"), key[0:2]),
            ("month", issued[2:4] + issued[5:7], key[2:6]),
            ("CNPJ", self.text("emit/CNPJ"), key[6:20]),
            ("mod", self.text("ide/mod"), key[20:22]),
            ("serie", self.text("ide/serie").zfill(3), key[22:25]),
            ("nNF", self.text("ide/nNF").zfill(9), key[25:34]),
            ("tpEmis", self.text("ide/tpEmis"), key[34]),
            ("cNF", self.text("ide/cNF"), key[35:43]),
            ("cDV", self.text("ide/cDV"), key[43]),
            ("check digit", str(digit), key[43]),
        ]
        for name, field, part in parts:
            self.equal("502", f"{name} of the key", part, field)
        code = self.text("ide/cNF")
        self.expect("897", len(set(code)) > 1 and code not in SEQUENCES, f"cNF {code}")
        self.expect("897", int(code) != int(self.text("ide/nNF")), f"cNF {code} is nNF")

    def identification(self):
        issued = self.text("ide/dhEmi")
        self.issued = datetime.datetime.fromisoformat(issued)
        fine = re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-03:00", issued)
        self.expect("B09", fine, f"dhEmi {issued}")
        self.expect("law", self.issued.year == 2026, f"dhEmi {issued} has no tax table")
        home = self.text("emit/enderEmit/UF")
        self.away = home != self.text("dest/enderDest/UF")
        expected = {
            "cUF": str(STATES[home]), "mod": "55", "tpNF": "1", "tpEmis": "1", "tpAmb": "2",
            "finNFe": "1", "indFinal": "0", "procEmi": "0", "idDest": "2" if self.away else "1",
            "cMunFG": self.text("emit/enderEmit/cMun"), "tpImp": "1", "indPres": "9",
            "indIntermed": "0", "natOp": "VENDA DE MERCADORIA",
        }
        for name, value in expected.items():
            self.equal("ide", name, self.text("ide/" + name), value)
        self.expect("B07", 0 <= int(self.text("ide/serie")) <= 889, "serie")
        self.expect("B08", 1 <= int(self.text("ide/nNF")) <= 999_999_999, "nNF")
        # 434: present exactly when indPres is one of these.
        needed = self.text("ide/indPres") in ("2", "3", "4", "9")
        given = self.maybe("ide/indIntermed", self.inf) is not None
        self.equal("434", "indIntermed is there", given, needed)
        fine = re.fullmatch(r"vazao [0-9a-z.-]+", self.text("ide/verProc"))
        self.expect("B27", fine, "verProc")
        self.expect("B03", re.fullmatch("[0-9]{8}", self.text("ide/cNF")), "cNF")

    def parties(self):
        self.equal("598", "xNome of the recipient", self.text("dest/xNome"), TEST_NAME)
        self.text("emit/xNome")
        self.equal("C21", "CRT", self.text("emit/CRT"), "3")
        self.equal("E16a", "indIEDest", self.text("dest/indIEDest"), "1")
        for party, address in (("emit", "enderEmit"), ("dest", "enderDest")):
            number = self.text(f"{party}/CNPJ")
            self.expect("207/208", company_number.is_valid(number), f"CNPJ {number}")
            state = self.text(f"{party}/{address}/UF")
            city = self.text(f"{party}/{address}/cMun")
            self.equal("272/274", f"state of cMun {city}", int(city[:2]), STATES[state])
            registration = self.text(f"{party}/IE")
            fine = state_registration.validar(state.lower(), registration)
            self.expect("209/210", fine, f"IE {registration} of {state}")
            self.expect("C17", re.fullmatch(r"[0-9]{2,14}", registration), f"IE {registration}")
            self.equal("form", f"xMun of {city}", self.text(f"{party}/{address}/xMun"), CITIES.get(city))
            code = self.text(f"{party}/{address}/CEP")
            self.expect("form", re.fullmatch(r"[0-9]{8}", code), f"CEP {code}")
            first, last = POSTCODES[state]
            self.expect("form", first <= code <= last, f"CEP {code} of {state}")
            self.equal("form", "xPais", self.text(f"{party}/{address}/xPais"), "BRASIL")
            children = [child.tag.removeprefix(NS) for child in self.inf.find(self.path(f"{party}/{address}"))]
            self.equal("form", address, children, "xLgr nro xBairro cMun xMun UF CEP cPais xPais".split())
            self.equal("form", "cPais", self.text(f"{party}/{address}/cPais"), "1058")

    def item(self, item):
        prod = item.find(NS + "prod")
        self.quantity = self.number("qCom", prod)
        gross = self.number("vProd", prod)
        self.equal("629", "vProd", gross, half_up(self.quantity * self.number("vUnCom", prod)))
        taxed = half_up(self.number("qTrib", prod) * self.number("vUnTrib", prod))
        self.equal("630", "vProd by qTrib", gross, taxed)
        discount, freight = self.optional("vDesc", prod), self.optional("vFrete", prod)
        self.expect("form", discount <= gross, "vDesc is more than vProd")
        self.equal("I17b", "indTot", self.text("indTot", prod), "1")
        self.equal("I60", "xPed", self.text("xPed", prod), self.text("compra/xPed"))
        self.expect("I60", len(self.text("xPed", prod)) <= 15, "xPed is longer than 15")
        self.expect("I61", re.fullmatch("[1-9][0-9]{0,5}", self.text("nItemPed", prod)), "nItemPed")
        for name in ("cEAN", "cEANTrib"):
            number = self.text(name, prod)
            fine = len(number) in (8, 12, 13, 14) and ean.is_valid(number)
            self.expect("611/612", fine, f"{name} {number}")
        # One unit is sold and taxed, and it is counted whole.
        for sold, taxed in (("cEAN", "cEANTrib"), ("uCom", "uTrib"), ("qCom", "qTrib"), ("vUnCom", "vUnTrib")):
            self.equal("I14", taxed, self.text(taxed, prod), self.text(sold, prod))
        self.text("xProd", prod)
        self.equal("I09", "uCom", self.text("uCom", prod), "UN")
        self.expect("I02", re.fullmatch("[1-9][0-9]*", self.text("cProd", prod)), "cProd")
        self.expect("I10", self.quantity > 0 and self.quantity == int(self.quantity), "qCom")
        self.net = gross - discount + freight
        self.nets.append((gross - discount, freight))
        self.medicine(prod)
        icms, substituted = self.icms(item, prod)
        pis = self.contribution(item, "PIS", "1.65", icms)
        cofins = self.contribution(item, "COFINS", "7.60", icms)
        self.consumption(item, self.net - icms - pis - cofins)
        # VB01-10: in 2026 IBS and CBS are not in it.
        self.equal("VB01", "vItem", self.number("vItem", item), self.net + substituted)

    def medicine(self, prod):
        """Rejections 873 (lots of medicines) and K: what ANVISA says."""
        medicine = prod.find(NS + "med")
        self.is_medicine = medicine is not None
        ncm = self.text("NCM", prod)
        self.expect("I05", ncm in GOODS, f"NCM {ncm}")
        self.cest = self.maybe("CEST", prod)
        self.expect("I05c", self.cest in GOODS.get(ncm, ()), f"CEST {self.cest} of NCM {ncm}")
        self.equal("K01", f"med of NCM {ncm}", self.is_medicine, ncm[:4] in ("3003", "3004"))
        lots = prod.findall(NS + "rastro")
        if not self.is_medicine:
            self.price_max = None
        else:
            self.expect("873", lots, "a medicine without lots")
            registration = self.text("cProdANVISA", medicine)
            self.expect("K01a", re.fullmatch(r"1[0-9]{12}", registration), registration)
            self.price_max = self.number("vPMC", medicine)
            self.expect("K06", self.price_max > 0, "vPMC is nothing")
        if lots:
            quantity = sum(self.number("qLote", lot) for lot in lots)
            self.equal("lots", "sum of qLote", quantity, self.quantity)
        names = [self.text("nLote", lot) for lot in lots]
        self.expect("lots", len(set(names)) == len(names), f"a lot is there twice: {names}")
        self.expect("I80", len(lots) <= 500, f"{len(lots)} lots")
        for lot in lots:
            made = datetime.date.fromisoformat(self.text("dFab", lot))
            expires = datetime.date.fromisoformat(self.text("dVal", lot))
            self.expect("I83/I84", made < expires, "a lot expires before it is made")
            self.expect("I83", made <= self.issued.date(), "a lot is made after it is sold")
            self.expect("I84", expires > self.issued.date(), "a lot is sold after it expired")
            self.expect("lots", self.number("qLote", lot) > 0, "a lot of nothing")

    def own_rates(self, origin):
        """Rates that may be: within São Paulo, or between states (Senate 22/1989, 13/2012)."""
        if not self.away:
            return {Decimal(12 if self.cest == GENERIC else 18)}
        if origin in "1238":
            return {Decimal(4)}
        state = self.text("dest/enderDest/UF")
        return {Decimal(12) if state in ("MG", "PR", "RJ", "RS", "SC") else Decimal(7)}

    def icms(self, item, prod):
        groups = list(item.find(self.path("imposto/ICMS")))
        self.equal("N01", "number of ICMS groups", len(groups), 1)
        group = groups[0]
        name, code = group.tag.removeprefix(NS), self.text("CST", group)
        self.equal("N12", "CST", (name, code), (name, name.removeprefix("ICMS")))
        self.expect("N12", code in ("00", "10"), f"CST {code}")
        base, rate = self.number("vBC", group), self.number("pICMS", group)
        tax = self.number("vICMS", group)
        self.equal("N13", "modBC", self.text("modBC", group), "3")
        children = [child.tag.removeprefix(NS) for child in group]
        own = ["orig", "CST", "modBC", "vBC", "pICMS", "vICMS"]
        self.equal("N", "elements of ICMS", children[:6], own)
        self.equal("N15", "vBC of ICMS", base, self.net)
        self.equal("528", "vICMS", tax, half_up(base * rate / 100))
        origin = self.text("orig", group)
        self.expect("N11", origin in ("0", "2"), f"orig {origin}")
        self.expect("693/N16", rate in self.own_rates(origin), f"pICMS {rate} of origin {origin}")
        # CFOP: within or to another state; whether later sales are taxed here.
        cfop = ("6" if self.away else "5") + ("403" if code == "10" else "102")
        self.equal("CFOP", f"CFOP of CST {code}", self.text("CFOP", prod), cfop)
        state = self.text("dest/enderDest/UF")
        due = self.away and state in SUBSTITUTION and self.cest is not None
        self.equal("ST", f"CST in {state}", code, "10" if due else "00")
        if code == "00":
            self.equal("N", "elements of ICMS00", len(children), 6)
            return tax, ZERO
        self.expect("806", self.cest, "substitution without CEST")
        return tax, self.substituted(group, base, tax)

    def substituted(self, group, base, own):
        mode = self.text("modBCST", group)
        known = SUBSTITUTION.get(self.text("dest/enderDest/UF"), (None, None, None))
        margin = self.maybe("pMVAST", group)
        found = (mode, None if margin is None else Decimal(margin), self.number("pICMSST", group))
        self.equal("ST", "modBCST, pMVAST, pICMSST", found, known)
        if mode == "4":
            margin = self.number("pMVAST", group)
            self.expect("N19", margin > 0, f"pMVAST {margin}")
            expected = half_up(base * (100 + margin) / 100)
        else:
            self.equal("N18", "modBCST", mode, "0")
            self.expect("N19", self.maybe("pMVAST", group) is None, "a margin of a listed price")
            expected = half_up(self.price_max * self.quantity)
        presumed = self.number("vBCST", group)
        self.equal("N21", "vBCST", presumed, expected)
        tax = self.number("vICMSST", group)
        due = half_up(presumed * self.number("pICMSST", group) / 100) - own
        self.equal("N23", "vICMSST", tax, max(due, ZERO))
        return tax

    def contribution(self, item, tax_name, rate, icms):
        group = list(item.find(self.path("imposto/" + tax_name)))[0]
        name, code = group.tag.removeprefix(NS), self.text("CST", group)
        if self.is_medicine:
            self.equal("law 10147", tax_name, (name, code), (tax_name + "NT", "04"))
            return ZERO
        self.equal("Q06", tax_name, (name, code), (tax_name + "Aliq", "01"))
        base, tax = self.number("vBC", group), self.number("v" + tax_name, group)
        self.equal("Q07", f"vBC of {tax_name}", base, self.net - icms)
        self.equal("Q08", f"p{tax_name}", self.number("p" + tax_name, group), Decimal(rate))
        self.equal("Q09", f"v{tax_name}", tax, half_up(base * Decimal(rate) / 100))
        return tax

    def consumption(self, item, base):
        """NT 2025.002: 1026, 1036, 1037 (rates), 1033 (reduction), 1041, 1052, 1069 (amounts)."""
        taxes = [child.tag.removeprefix(NS) for child in item.find(NS + "imposto")]
        self.equal("M01", "order of the taxes", taxes, ["ICMS", "PIS", "COFINS", "IBSCBS"])
        group = item.find(self.path("imposto/IBSCBS"))
        inner = group.find(NS + "gIBSCBS")
        self.equal("UB16", "vBC of IBS and CBS", self.number("vBC", inner), base)
        code, named = self.text("CST", group), self.text("cClassTrib", group)
        elements = [child.tag.removeprefix(NS) for child in inner]
        self.equal("UB", "gIBSCBS", elements, ["vBC", "gIBSUF", "gIBSMun", "vIBS", "gCBS"])
        parts = {}
        reductions = set()
        for part, rate_name, full, tax_name in (
            ("gIBSUF", "pIBSUF", "0.1", "vIBSUF"),
            ("gIBSMun", "pIBSMun", "0", "vIBSMun"),
            ("gCBS", "pCBS", "0.9", "vCBS"),
        ):
            where = inner.find(NS + part)
            rate = self.number(rate_name, where)
            self.equal("1026/1036/1037", rate_name, rate, Decimal(full))
            reduced = where.find(NS + "gRed")
            reductions.add(None if reduced is None else self.number("pRedAliq", reduced))
            if reduced is not None:
                effective = half_up(
                    rate * (100 - self.number("pRedAliq", reduced)) / 100, Decimal("0.0001")
                )
                self.equal("UB29", "pAliqEfet", self.number("pAliqEfet", reduced), effective)
                rate = effective
            parts[tax_name] = self.number(tax_name, where)
            self.equal("1041/1052/1069", tax_name, parts[tax_name], half_up(base * rate / 100))
        total = parts["vIBSUF"] + parts["vIBSMun"]
        self.equal("1150", "vIBS", self.number("vIBS", inner), total)
        self.equal("1033", "number of reductions", len(reductions), 1)
        allowed = CONSUMPTION_OF_MEDICINES if self.is_medicine else CONSUMPTION_OF_OTHERS
        found = (code, named, next(iter(reductions)))
        self.expect("UB12", found in allowed, f"IBSCBS {found}")

    def sum(self, name):
        """Of an amount that some items have not."""
        found = (item.find(self.path(name)) for item in self.items)
        return sum((Decimal(each.text) for each in found if each is not None), ZERO)

    def sum_icms(self, name):
        return self.sum("imposto/ICMS/ICMS00/" + name) + self.sum("imposto/ICMS/ICMS10/" + name)

    def totals(self):
        """Rejections 531 to 610, W: sums of amounts that are rounded already."""
        total = self.inf.find(self.path("total/ICMSTot"))
        self.equal("W", "ICMSTot", [child.tag.removeprefix(NS) for child in total], TOTALS)
        groups = [child.tag.removeprefix(NS) for child in self.inf.find(NS + "total")]
        self.equal("W", "total", groups, ["ICMSTot", "IBSCBSTot", "vNFTot"])
        self.freight()
        expected = {
            "vBC": self.sum_icms("vBC"), "vICMS": self.sum_icms("vICMS"),
            "vBCST": self.sum_icms("vBCST"), "vST": self.sum_icms("vICMSST"),
            "vProd": self.sum("prod/vProd"), "vFrete": self.sum("prod/vFrete"),
            "vDesc": self.sum("prod/vDesc"), "vPIS": self.sum("imposto/PIS/PISAliq/vPIS"),
            "vCOFINS": self.sum("imposto/COFINS/COFINSAliq/vCOFINS"),
        }
        for name in ("vICMSDeson", "vFCP", "vFCPST", "vFCPSTRet", "vSeg", "vII", "vIPI",
                     "vIPIDevol", "vOutro"):
            expected[name] = ZERO
        for name, value in expected.items():
            self.equal("W", f"{name} of the total", self.number(name, total), value)
        # W16-10, rejection 610.
        self.invoiced = (
            expected["vProd"] - expected["vDesc"] - expected["vICMSDeson"] + expected["vST"]
            + expected["vFCPST"] + expected["vFrete"] + expected["vSeg"] + expected["vOutro"]
            + expected["vII"] + expected["vIPI"] + expected["vIPIDevol"]
        )
        self.equal("610", "vNF", self.number("vNF", total), self.invoiced)
        self.equal("W60", "vNFTot", self.number("total/vNFTot"), self.sum("vItem"))
        self.equal("W60", "vNFTot", self.number("total/vNFTot"), self.invoiced)
        group = "imposto/IBSCBS/gIBSCBS/"
        consumption = self.inf.find(self.path("total/IBSCBSTot"))
        for name, value in {
            "vBCIBSCBS": self.sum(group + "vBC"),
            "gIBS/gIBSUF/vIBSUF": self.sum(group + "gIBSUF/vIBSUF"),
            "gIBS/gIBSMun/vIBSMun": self.sum(group + "gIBSMun/vIBSMun"),
            "gIBS/vIBS": self.sum(group + "vIBS"),
            "gCBS/vCBS": self.sum(group + "gCBS/vCBS"),
            "gIBS/gIBSUF/vDif": ZERO, "gIBS/gIBSUF/vDevTrib": ZERO, "gIBS/gIBSMun/vDif": ZERO,
            "gIBS/gIBSMun/vDevTrib": ZERO, "gIBS/vCredPres": ZERO, "gIBS/vCredPresCondSus": ZERO,
            "gCBS/vDif": ZERO, "gCBS/vDevTrib": ZERO, "gCBS/vCredPres": ZERO,
            "gCBS/vCredPresCondSus": ZERO,
        }.items():
            self.equal("W34", f"{name} of the total", self.number(name, consumption), value)

    def freight(self):
        """Shared out by price: no share is a cent away from its proportion, and none is lost."""
        goods = sum(net for net, _ in self.nets)
        charged = half_up(goods * FREIGHT / 100) if self.away else ZERO
        self.equal("freight", "vFrete", sum(share for _, share in self.nets), charged)
        for net, share in self.nets:
            exact = charged * net / goods if goods else ZERO
            self.expect("freight", abs(share - exact) < CENT, f"vFrete {share} of {net}")

    def billing(self):
        """Rejections 850 to 852, 865, 866, 898."""
        payments = self.inf.findall(self.path("pag/detPag"))
        self.equal("YA", "payments", len(payments), 1)
        paid = sum(self.number("vPag", payment) for payment in payments)
        self.equal("865/866", "sum of vPag", paid, self.invoiced)
        payment = payments[0]
        bill = self.inf.find(NS + "cobr")
        if self.invoiced == 0:
            self.equal("YA02", "tPag", self.text("tPag", payment), "90")
            self.expect("cobr", bill is None, "a bill of nothing")
            given = self.maybe("indPag", payment)
            self.expect("YA01b", given is None, "indPag of nothing")
            return
        self.expect("cobr", bill is not None, "no bill")
        if bill is None:
            return
        self.equal("Y03", "nFat", self.text("fat/nFat", bill), self.text("ide/nNF"))
        self.equal("YA02", "tPag", self.text("tPag", payment), "15")
        original = self.number("fat/vOrig", bill)
        left = original - self.number("fat/vDesc", bill)
        self.equal("850", "vLiq", self.number("fat/vLiq", bill), left)
        self.equal("850", "vLiq", left, self.invoiced)
        self.equal("Y05", "vDesc of the bill", self.number("fat/vDesc", bill), ZERO)
        parts = bill.findall(NS + "dup")
        self.expect("Y07", 1 <= len(parts) <= 120, f"{len(parts)} instalments")
        numbers = [self.text("nDup", part) for part in parts]
        self.equal("852", "nDup", numbers, [f"{n + 1:03}" for n in range(len(parts))])
        due = [datetime.date.fromisoformat(self.text("dVenc", part)) for part in parts]
        self.expect("898", due == sorted(set(due)), "dVenc does not rise")
        last = self.issued.date() + datetime.timedelta(days=999)
        self.expect("898", due[-1] <= last, "dVenc is further away than any terms")
        self.expect("898", due[0] >= self.issued.date(), "dVenc before dhEmi")
        amounts = [self.number("vDup", part) for part in parts]
        self.equal("851", "sum of vDup", sum(amounts), left)
        self.expect("dup", max(amounts) - min(amounts) <= CENT, "instalments differ")
        self.expect("dup", min(amounts) > 0, "an instalment of nothing")
        self.equal("dup", "vDup", amounts, sorted(amounts, reverse=True))
        at_once = len(due) == 1 and due[0] == self.issued.date()
        self.equal("YA01b", "indPag", self.text("indPag", payment), "0" if at_once else "1")

    def rest(self):
        self.expect("X02", self.text("transp/modFrete") == "0", "modFrete")
        self.equal("X", "transp", len(self.inf.find(NS + "transp")), 1)
        remarks = self.text("infAdic/infCpl")
        said = re.fullmatch(
            r"PEDIDO (\S+) DO PARCEIRO [a-z0-9-]+\. LOCAL DE ENTREGA [A-Za-z0-9-]+\. "
            r"IBS E CBS INFORMADOS, NAO SOMADOS AO TOTAL\.", remarks)
        number = self.text("compra/xPed")
        self.equal("Z03", f"the order in infCpl {remarks!r}", said and said[1], number)
        number = self.text("infRespTec/CNPJ")
        self.expect("ZD02", company_number.is_valid(number), f"CNPJ {number} of infRespTec")
        self.text("infRespTec/xContato")
        email = self.text("infRespTec/email")
        self.expect("ZD04", re.fullmatch(r"[^@\s]+@[^@\s]+\.[a-z]+", email), f"email {email}")
        phone = self.text("infRespTec/fone")
        self.expect("ZD05", re.fullmatch(r"[0-9]{6,14}", phone), f"fone {phone}")
        names = [child.tag.removeprefix(NS) for child in self.inf if child.tag != NS + "det"]
        expected = ["ide", "emit", "dest", "total", "transp", "cobr", "pag", "infAdic", "compra",
                    "infRespTec"]
        self.equal("A", "groups", names, [name for name in expected if name in names])


def check(root):
    """Everything that is wrong with a document."""
    return Checker(root).run()
