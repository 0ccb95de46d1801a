"""Documents with one fault each, so that we know that semantics.py sees it.

`survivors` changes a valid document in one place at a time and returns the changes to which the
checker had nothing to say. Every element is changed in its last digit or letter and taken away, and
what may be there several times is doubled; what may be anything, by the law, is named in `FREE`.
`PLANTED` holds what is wrong only beyond some edge. That elements stand in their order, and once, is
the schema's to see. `python mutants.py FILE` prints what survives.
"""

import copy
import datetime
import sys

from lxml import etree

import semantics
from semantics import NS

# Texts that only people can judge, and numbers that nothing else in a document depends on.
FREE = {
    "emit/xNome", "emit/enderEmit/xLgr", "emit/enderEmit/nro", "emit/enderEmit/xBairro",
    "emit/enderEmit/CEP", "dest/enderDest/xLgr", "dest/enderDest/nro", "dest/enderDest/xBairro",
    "dest/enderDest/CEP", "ide/verProc", "ide/dhEmi", "det/prod/cProd", "det/prod/xProd",
    "det/prod/nItemPed", "det/prod/rastro/nLote", "det/prod/rastro/dFab", "det/prod/rastro/dVal",
    "det/prod/med/cProdANVISA", "det/prod/med/vPMC", "cobr/dup/dVenc", "infRespTec/xContato",
    "infRespTec/email", "infRespTec/fone",
}


REPEATED = {"det", "det/prod/rastro", "cobr/dup", "pag/detPag"}


def name_of(element):
    return element.tag.split("}")[1]


def path_of(element, inf):
    names = []
    while element is not inf:
        names.append(name_of(element))
        element = element.getparent()
    return "/".join(reversed(names))


def other(text):
    """A text that differs in its last letter only."""
    last = text[-1]
    if last.isdigit():
        return text[:-1] + str((int(last) + 1) % 10)
    return text[:-1] + ("Y" if last != "Y" else "Z")


def objects(root):
    """Whether the checker does; a document that it cannot even read is one that it refuses."""
    try:
        return bool(semantics.check(root))
    except (AttributeError, ArithmeticError, IndexError, KeyError, TypeError, ValueError):
        return True


def changes(inf):
    """Name, what undoes it; each is done when it is yielded."""
    for element in list(inf.iter()):
        path = path_of(element, inf)
        if element is inf or not isinstance(element.tag, str):
            continue
        parent, place = element.getparent(), element.getparent().index(element)
        if len(element) == 0 and path not in FREE:
            text = element.text
            element.text = other(text)
            yield f"{path}: {text} as {element.text}"
            element.text = text
        parent.remove(element)
        yield f"{path} taken away"
        parent.insert(place, element)
        if path in REPEATED:
            twin = copy.deepcopy(element)
            parent.insert(place, twin)
            yield f"{path} twice"
            parent.remove(twin)


def day(text, days):
    return (datetime.date.fromisoformat(text) + datetime.timedelta(days=days)).isoformat()


# Path of an element, what it becomes by what it is and by the day of the invoice.
PLANTED = [
    ("ide/dhEmi", lambda text, _: text.replace("2026", "2027")),
    ("ide/dhEmi", lambda text, _: text.replace("-03:00", "-04:00")),
    ("ide/dhEmi", lambda text, _: text.replace("-03:00", "Z")),
    ("ide/dhEmi", lambda text, _: text.replace("-03:00", ".5-03:00")),
    ("ide/verProc", lambda text, _: text + "0" * 20),
    ("ide/cNF", lambda text, _: "12345678"),
    ("emit/xNome", lambda text, _: "A" * 61),
    ("emit/xNome", lambda text, _: text + " "),
    ("emit/xNome", lambda text, _: text + "\u2013"),
    ("emit/enderEmit/CEP", lambda text, _: "20031000"),
    ("dest/xNome", lambda text, _: "DROGARIA"),
    ("dest/enderDest/CEP", lambda text, _: "99999999" if text < "9" else "01310100"),
    ("dest/enderDest/CEP", lambda text, _: text[:5] + "-" + text[5:]),
    ("dest/enderDest/nro", lambda text, _: ""),
    ("dest/enderDest/xLgr", lambda text, _: "A"),
    ("dest/IE", lambda text, _: "ISENTO"),
    ("det/prod/xProd", lambda text, _: "A" * 121),
    ("det/prod/xProd", lambda text, _: text + "\t"),
    ("det/prod/cProd", lambda text, _: "0"),
    ("det/prod/cEAN", lambda text, _: "SEM GTIN"),
    ("det/prod/nItemPed", lambda text, _: "0"),
    ("det/prod/nItemPed", lambda text, _: "1000000"),
    ("det/prod/rastro/nLote", lambda text, _: "L" * 21),
    ("det/prod/rastro/dFab", lambda _, issued: day(issued, 1)),
    ("det/prod/rastro/dVal", lambda _, issued: issued),
    ("det/prod/rastro/dVal", lambda _, issued: "2020-01-01"),
    ("det/prod/rastro/qLote", lambda text, _: text + "0"),
    ("det/prod/med/cProdANVISA", lambda text, _: text[1:]),
    ("det/prod/med/cProdANVISA", lambda text, _: "2" + text[1:]),
    ("det/prod/med/vPMC", lambda text, _: "0.00"),
    ("det/prod/med/vPMC", lambda text, _: text + "0"),
    ("det/imposto/IBSCBS/gIBSCBS/gCBS/pCBS", lambda text, _: text[:-2]),
    ("cobr/dup/dVenc", lambda _, issued: day(issued, -1)),
    ("cobr/dup/dVenc", lambda _, issued: day(issued, 1_001)),
    ("infRespTec/email", lambda text, _: text.replace("@", "")),
    ("infRespTec/fone", lambda text, _: text + "-1"),
    ("infAdic/infCpl", lambda text, _: text.replace("PEDIDO ", "PEDIDO X")),
]


def planted(inf):
    issued = inf.find(f"{NS}ide/{NS}dhEmi").text[:10]
    for path, change in PLANTED:
        element = inf.find(semantics.Checker.path(path))
        if element is None:
            continue
        text = element.text
        element.text = change(text, issued)
        yield f"{path}: {text!r} as {element.text!r}"
        element.text = text
    prod = inf.find(semantics.Checker.path("det/prod"))
    for name in ("vDesc", "vFrete"):
        if prod.find(NS + name) is None:
            zero = etree.SubElement(prod, NS + name)
            zero.text = "0.00"
            prod.insert([name_of(child) for child in prod].index("indTot"), zero)
            yield f"{name} of nothing"
            prod.remove(zero)
    inf.tail = "\n"
    yield "white space between elements"
    inf.tail = None


def survivors(root):
    """The changes that the checker does not see, and how many there were."""
    inf = next(root.iter(NS + "infNFe"))
    unseen, count = [], 0
    for walk in (changes, planted):
        for name in walk(inf):
            count += 1
            if not objects(root):
                unseen.append(name)
    if semantics.check(root):
        unseen.append("the changes were not undone")
    return unseen, count


if __name__ == "__main__":
    for file in sys.argv[1:]:
        found, tried = survivors(etree.parse(file).getroot())
        print(f"{file}: {len(found)} of {tried} changes are not seen", *found, sep="\n  ")
