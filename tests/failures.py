#!/usr/bin/env python3
"""Says once more, at the end of a long run, why its tests failed.

usage: tests/failures.py JUNIT_FILE...

Of each failed test of ctest's result files: its name and its telling lines, those that testing
frameworks and sanitizers begin with words of theirs, with what follows them; the last lines of a
test that has none. At most LINES of each, of at most WIDTH characters.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree

LINES = 24
WIDTH = 200
FOLLOWING = 6
TELLING = re.compile(
    r": Failure$|^FAIL|^ERROR|WARNING: ThreadSanitizer|ERROR: AddressSanitizer|runtime error: "
    r"|Assertion|^Traceback|^[A-Za-z]*Error: |[Vv]iolation|^not ok |CHECK failed"
)


def failures_of(path):
    """The failed tests of a result file, as (name, output)."""
    for case in ElementTree.parse(path).iter("testcase"):
        if case.find("failure") is not None:
            yield case.get("name"), case.findtext("system-out") or ""


def telling_lines(output):
    """Of a test's output, what says why it failed."""
    lines = output.rstrip().splitlines()
    told = set()
    for number, line in enumerate(lines):
        if TELLING.search(line):
            told.update(range(number, min(number + FOLLOWING, len(lines))))
    chosen = [lines[number] for number in sorted(told)][:LINES] or lines[-LINES:]
    return [line[:WIDTH] for line in chosen]


def main():
    for path in sys.argv[1:]:
        for name, output in failures_of(path):
            print(f"\n-- {name} ({path})")
            print("\n".join(telling_lines(output)))


if __name__ == "__main__":
    main()
