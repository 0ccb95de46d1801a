"""Holds a folder of documents against programs of others. `python verify.py FOLDER SCHEMAS`.

For each `NAME.xml` (an NF-e) and `NAME.pdf` (its order confirmation):
- the schema, by xmllint, and by nfelib's classes, which also must read back what they read;
- the signature, by xmlsec1, python-xmlsec and signxml;
- what it means, by semantics.py; and of some, whether semantics.py sees each fault that mutants.py
  plants in them;
- the PDF, by qpdf; its text, by pdftotext, against the XML.
Of every n-th besides: a DANFE by BrazilFiscalReport in both layouts, upright and lying; the barcode
as zbar reads it from the page's image, and the DANFE's.

Prints what is wrong, then how many of what were held against what. Exits with 1 if anything is.
"""

import pathlib
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

import xmlsec
from brazilfiscalreport.danfe import Danfe, DanfeConfig, DanfeLayout
from lxml import etree
from nfelib.nfe.bindings.v4_0.nfe_v4_00 import Nfe
from signxml import DigestAlgorithm, SignatureConfiguration, SignatureMethod, XMLVerifier
from xsdata.formats.dataclass.parsers import XmlParser

import mutants
import semantics

SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
NFELIB_EVERY, DANFE_EVERY, IMAGE_EVERY = 5, 70, 20
# Small documents of every kind, in which faults are planted.
MUTATED = {"to-RJ-1", "to-PR-1", "terms-0-30", "given-away", "no-medicine"}

wrong = []
counts = Counter()


def held(what, path, failures):
    counts[what] += 1
    wrong.extend(f"{path.name}: {what}: {failure}" for failure in failures)


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


def schema(paths, schemas):
    """All at once: the schema is read once."""
    _, _, said = run("xmllint", "--noout", "--nonet", "--schema", schemas / "nfe_v4.00.xsd", *paths)
    verdicts = set(said.splitlines())
    for path in paths:
        failures = [] if f"{path} validates" in verdicts else [
            line for line in said.splitlines() if line.startswith(str(path))][:3]
        if f"{path} validates" not in verdicts and not failures:
            failures = ["xmllint says nothing of it"]
        held("xmllint", path, failures)


def xmlsec1(path):
    """The key is taken from the certificate in the document, as whoever receives it would."""
    code, _, said = run("xmlsec1", "--verify", "--id-attr:Id", "infNFe", "--insecure",
                        "--enabled-key-data", "x509", path)
    held("xmlsec1", path, [] if code == 0 else [said.strip()[-300:]])


def python_xmlsec(path, root, pem):
    try:
        xmlsec.tree.add_ids(root, ["Id"])
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)
        context.verify(root.find(SIGNATURE))
        failures = []
    except xmlsec.Error as error:
        failures = [str(error)]
    held("python-xmlsec", path, failures)


def signxml(path, text, pem):
    verifier = XMLVerifier()
    # lxml writes xmlns="" into parts that are canonicalized alone: signxml's issue 193.
    verifier.excise_empty_xmlns_declarations = True
    config = SignatureConfiguration(
        require_x509=True, expect_references=1,
        signature_methods=frozenset({SignatureMethod.RSA_SHA1}),
        digest_algorithms=frozenset({DigestAlgorithm.SHA1}))
    try:
        verifier.verify(text, x509_cert=pem, id_attribute="Id", expect_config=config)
        failures = []
    except Exception as error:  # signxml raises several kinds; each is a verdict
        failures = [repr(error)]
    held("signxml", path, failures)


def tampered(path, root, pem):
    """A signature that also verifies what was changed would prove nothing."""
    total = next(root.iter(semantics.NS + "vNF"))
    total.text = "1.23" if total.text != "1.23" else "1.24"
    try:
        xmlsec.tree.add_ids(root, ["Id"])
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)
        context.verify(root.find(SIGNATURE))
        held("changed total is seen", path, ["the signature verifies a changed document"])
    except xmlsec.Error:
        held("changed total is seen", path, [])


def nfelib(path, text, root):
    parsed = XmlParser().from_bytes(text, Nfe)
    key = root.find(semantics.NS + "infNFe").get("Id")
    failures = [] if parsed.infNFe.Id == key else [f"nfelib reads {parsed.infNFe.Id}"]
    items = len(root.findall(f"{semantics.NS}infNFe/{semantics.NS}det"))
    if len(parsed.infNFe.det) != items:
        failures.append(f"nfelib reads {len(parsed.infNFe.det)} items of {items}")
    held("nfelib", path, failures)


def barcode(pdf, page, key):
    _, image, _ = run("pdftoppm", "-r", "200", "-gray", "-f", page, "-l", page, "-singlefile", pdf)
    image_path = pdf.with_suffix(".pgm")
    image_path.write_bytes(image)
    _, said, _ = run("zbarimg", "-q", "-Sdisable", "-Scode128.enable", image_path)
    image_path.unlink()
    read = said.decode().split()
    return [] if f"CODE-128:{key}" in read else [f"zbar reads {read}, not {key}"]


def danfe(path, text, key):
    for layout in (DanfeLayout.MOC_7_0, DanfeLayout.NT_2026_010):
        for lying in (False, True):
            name = f"danfe-{layout.name}-{'lying' if lying else 'upright'}"
            pdf = path.with_name(f"{path.stem}.{name}.pdf")
            # The direction is the document's own (tpImp).
            turned = text.replace("<tpImp>1</tpImp>", f"<tpImp>{2 if lying else 1}</tpImp>")
            Danfe(xml=turned, config=DanfeConfig(layout=layout)).output(str(pdf))
            failures = barcode(pdf, "1", key)
            said = run("pdftotext", "-layout", pdf, "-")[1].decode()
            total = re.search("<vNF>(.*?)</vNF>", text)[1]
            if brazilian(total) not in said:
                failures.append(f"the DANFE does not say {brazilian(total)}")
            held(name, path, failures)


def brazilian(number):
    return f"{float(number):,.2f}".translate(str.maketrans(",.", ".,"))


def confirmation(path, text, key):
    pdf = path.with_suffix(".pdf")
    code, said, error = run("qpdf", "--check", pdf)
    held("qpdf", path, [] if code == 0 else [said.decode() + error])
    shown = run("pdftotext", "-layout", pdf, "-")[1].decode()
    number = re.search("<compra><xPed>(.*?)</xPed>", text)[1]
    total = brazilian(re.search("<vNF>(.*?)</vNF>", text)[1])
    grouped = " ".join(key[at:at + 4] for at in range(0, 44, 4))
    for wanted in (grouped, total, number, "Confirmação de pedido", "Documento sem valor fiscal",
                   "São Paulo".upper(), "Emitida em ambiente de homologação"):
        held("pdftotext", path, [] if wanted in shown else [f"the PDF does not say {wanted!r}"])
    lots = set(re.findall("<nLote>(.*?)</nLote>", text))
    missing = [lot for lot in lots if f"Lote {lot} " not in shown]
    held("lots in the PDF", path, [f"the PDF does not say {lot}" for lot in missing])


def one(index, path):
    """Everything but the schema, of one document; what was wrong, and what was held."""
    wrong.clear()
    counts.clear()
    text = path.read_bytes()
    root = etree.fromstring(text)
    key = root.find(semantics.NS + "infNFe").get("Id").removeprefix("NFe")
    encoded = next(root.iter("{*}X509Certificate")).text
    pem = f"-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n".encode()
    held("semantics", path, semantics.check(root))
    xmlsec1(path)
    python_xmlsec(path, root, pem)
    signxml(path, text, pem.decode())
    if index % NFELIB_EVERY == 0:
        nfelib(path, text, root)
    confirmation(path, text.decode(), key)
    if index % IMAGE_EVERY == 0 or "letters" in path.name:
        held("barcode", path, barcode(path.with_suffix(".pdf"), "1", key))
    if path.stem in MUTATED:
        unseen, tried = mutants.survivors(etree.fromstring(text))
        held("planted faults", path, [f"semantics.py does not see: {each}" for each in unseen])
        counts["planted faults seen"] += tried - len(unseen)
    if index % DANFE_EVERY == 0:
        danfe(path, text.decode(), key)
    if index % 10 == 0:
        tampered(path, etree.fromstring(text), pem)
    return list(wrong), Counter(counts)


def main(folder, schemas):
    paths = sorted(folder.glob("*.xml"))
    schema(paths, schemas)
    with ProcessPoolExecutor() as pool:
        found = list(pool.map(one, range(len(paths)), paths))
    for failures, held_of_one in found:
        wrong.extend(failures)
        counts.update(held_of_one)
    for failure in wrong[:40]:
        print(failure)
    print(f"{len(paths)} documents, {len(wrong)} failures:",
          ", ".join(f"{what} {count}" for what, count in sorted(counts.items())))
    return 1 if wrong or not paths else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
