#!/usr/bin/env python3
"""Holds docs/compatibility.md against the code: what compat/ refuses is listed, and what is listed is refused.

usage: check_not_supported.py REPOSITORY

The code says it through NotBuilt, NotBuiltIo, NotBuiltC and FailNotBuilt, each with a literal name (compat/not_supported.h). The page
lists the names between the two markers, one per line: - `Name`: what that means for a caller.
"""
import pathlib
import re
import sys

CALL = re.compile(r"\b(?:Fail)?NotBuilt(?:Io|C)?\(")
NAMED_CALL = re.compile(r'\b(?:Fail)?NotBuilt(?:Io)?\(\s*"([^"]+)"|\bNotBuiltC\([^,()]*,\s*"([^"]+)"')
STRING_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*')
LISTED = re.compile(r"^- `([^`]+)`", re.M)
SECTION = re.compile(r"<!-- not built: begin -->(.*)<!-- not built: end -->", re.S)


def names_in_code(root):
    names = {}
    unnamed = []
    for path in sorted((root / "compat").rglob("*")):
        if path.suffix not in (".cc", ".h", ".inc") or path.stem == "not_supported":
            continue
        text = STRING_OR_COMMENT.sub(lambda m: m[0] if m[0][0] == '"' else "", path.read_text())
        for match in NAMED_CALL.finditer(text):
            names.setdefault(match.group(1) or match.group(2), path)
        if len(CALL.findall(text)) != len(NAMED_CALL.findall(text)):
            unnamed.append(path)
    return names, unnamed


def main():
    root = pathlib.Path(sys.argv[1])
    section = SECTION.search((root / "docs" / "compatibility.md").read_text())
    if section is None:
        print("docs/compatibility.md has no list between the markers")
        return 1
    listed = LISTED.findall(section.group(1))
    in_code, unnamed = names_in_code(root)
    problems = [f"{path}: a refusal without a literal name" for path in unnamed]
    problems += [f"not listed: {name} ({path})" for name, path in sorted(in_code.items()) if name not in listed]
    problems += [f"listed, but nothing refuses it: {name}" for name in listed if name not in in_code]
    problems += [f"listed twice: {name}" for name in sorted(set(listed)) if listed.count(name) > 1]
    for problem in problems:
        print(problem)
    print(f"{len(in_code)} refusals in the code, {len(listed)} in the list, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
