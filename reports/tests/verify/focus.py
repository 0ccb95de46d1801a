"""Has the FOCUS validator read a bill, and prints its verdict by rule.

    focus.py BILL

The validator exits with 0 whatever it finds, and reads a file beside itself by a relative path: so
its report (JUnit) is read, and it runs in its own folder. Nothing is downloaded.
"""

import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

import focus_validator


def main(bill: pathlib.Path) -> int:
    home = pathlib.Path(focus_validator.__file__).parent.parent
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "report.xml"
        run = subprocess.run(
            [pathlib.Path(sys.executable).parent / "focus-validator", "--data-file", bill.resolve(),
             "--block-download", "--validate-version", "1.2.0.1", "--output-type", "unittest",
             "--output-destination", report],
            cwd=home, capture_output=True, text=True, timeout=300)
        if not report.exists():
            print(run.stdout, run.stderr)
            return 1
        cases = ET.parse(report).getroot().iter("testcase")
        failed, passed, skipped = set(), 0, 0
        for case in cases:
            if case.find("failure") is not None or case.find("error") is not None:
                failed.add(case.get("name").split(" ")[0].rstrip(":"))
            elif case.find("skipped") is not None:
                skipped += 1
            else:
                passed += 1
    for name in sorted(failed):
        print(f"FAIL {name}")
    print(f"passed {passed}")
    print(f"skipped {skipped}")
    return 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
