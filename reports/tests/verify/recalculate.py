"""Has LibreOffice calculate a workbook anew and holds every cell against the value that was cached.

    recalculate.py WORKBOOK FOLDER [--plant]

Prints how many formulas were compared, by sheet, each named number, and what is reconciled; exits
with 1 at the first cell that differs by more than 1e-9, or that is an error. FOLDER gets a profile
of its own and the new workbook. --plant falsifies a cached value first.
"""

import pathlib
import re
import subprocess
import sys
import zipfile

import openpyxl

# Always calculate on load; by default LibreOffice trusts the cached values.
SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""


def recalculated(workbook: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    user = folder / "profile" / "user"
    user.mkdir(parents=True, exist_ok=True)
    (user / "registrymodifications.xcu").write_text(SETTINGS)
    out = folder / "recalculated"
    run = subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--norestore",
         "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(out), str(workbook)],
        capture_output=True, text=True, timeout=120)
    # It has no Java, and says so; nothing in a workbook needs it.
    words = (run.stdout + run.stderr).lower().replace("warning: failed to launch javaldx", "")
    assert run.returncode == 0 and "error" not in words and "warn" not in words, words
    return out / workbook.name


def same(cached, found) -> bool:
    if isinstance(cached, (int, float)) and isinstance(found, (int, float)):
        return abs(cached - found) <= 1e-9 * max(abs(cached), abs(found), 1e-6)
    return (cached or "") == (found or "")


def planted(workbook: pathlib.Path) -> pathlib.Path:
    """The same, with a wrong value behind the first sheet's first formula."""
    wrong = workbook.with_name("planted.xlsx")
    with zipfile.ZipFile(workbook) as old, zipfile.ZipFile(wrong, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content, count = re.subn(rb"</f><v>[^<]*</v>", b"</f><v>123456</v>", content, count=1)
                assert count == 1
            new.writestr(name, content)
    return wrong


def say_names(book: openpyxl.Workbook) -> None:
    for name, defined in book.defined_names.items():
        for title, place in defined.destinations:
            if ":" not in place:
                value = book[title][place.replace("$", "")].value
                if isinstance(value, (int, float)):
                    print(f"{name} = {value!r}")


def say_reconciled(book: openpyxl.Workbook) -> None:
    """The last sheet: predicted, billed, and the variance."""
    for row in book.worksheets[-1].iter_rows(min_row=3, values_only=True):
        if row[1] and row[5] is not None:
            print(f"{row[1]}: " + " ".join(f"{round(value, 9):g}" for value in (row[4], row[5], row[6])))


def main(workbook: pathlib.Path, folder: pathlib.Path) -> int:
    formulas = openpyxl.load_workbook(workbook)
    cached = openpyxl.load_workbook(workbook, data_only=True)
    found = openpyxl.load_workbook(recalculated(workbook, folder), data_only=True)
    for sheet in formulas:
        count = 0
        for cell in (cell for row in sheet.iter_rows() for cell in row):
            if not (isinstance(cell.value, str) and cell.value.startswith("=")):
                continue
            count += 1
            pair = (cached[sheet.title][cell.coordinate].value, found[sheet.title][cell.coordinate].value)
            if not same(*pair) or (isinstance(pair[1], str) and pair[1].startswith("#")):
                print(f"{sheet.title}!{cell.coordinate} {cell.value}: cached {pair[0]}, found {pair[1]}")
                return 1
        print(f"{sheet.title}: {count} formulas")
    say_names(found)
    say_reconciled(found)
    return 0


if __name__ == "__main__":
    given = pathlib.Path(sys.argv[1])
    sys.exit(main(planted(given) if "--plant" in sys.argv else given, pathlib.Path(sys.argv[2])))
