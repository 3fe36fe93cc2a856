#!/usr/bin/env python3
"""Holds docs/compatibility.md against RocksDB's headers and this code.

    check_options.py REPOSITORY INCLUDE_DIRECTORY

Every field of five option structs is listed once, as honoured, hint or refused, and nothing else is; an honoured field is
read somewhere in compat/ besides the tables that only name it; a refused one stands in the list of what is not built.
Every virtual function of rocksdb::DB is listed once, as built, default (the header's own answer) or refused.
"""
import pathlib
import re
import sys

STRUCTS = {
    "DBOptions": [("options.h", "DBOptions")],
    "ColumnFamilyOptions": [("options.h", "ColumnFamilyOptions"), ("advanced_options.h", "AdvancedColumnFamilyOptions")],
    "BlockBasedTableOptions": [("table.h", "BlockBasedTableOptions")],
    "ReadOptions": [("options.h", "ReadOptions")],
    "WriteOptions": [("options.h", "WriteOptions")],
}
# Files that name every option without acting on it.
NAMING_ONLY = ("option_map", "option_dump", "_test", "option_strings", "compat/c/", "configurable", "mutable_options",
               "options_file", "tools_abi")
REFUSED_BY_STATUS = {"ReadOptions": {"managed"}}


def body_of(text, opening):
    start = re.search(opening, text, re.M).end()
    depth, at = 1, start
    while depth:
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return text[start:at - 1]


def without_comments(text):
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    text = re.sub(r"//[^\n]*", "", text)
    return re.sub(r"^\s*#[^\n]*", "", text, flags=re.M)


def top_level(body):
    """The body without what stands in inner braces."""
    out, depth = [], 0
    for c in body:
        if c == "{":
            depth += 1
        elif c == "}":
            depth -= 1
            out.append(";" if depth == 0 else "")
        elif depth == 0:
            out.append(c)
    return "".join(out)


def fields_of(include, struct):
    fields = set()
    for header, name in STRUCTS[struct]:
        text = without_comments((include / "rocksdb" / header).read_text())
        for statement in top_level(body_of(text, r"^struct %s\b[^;{]*\{" % name)).split(";"):
            declaration = " ".join(statement.split("=")[0].split())
            if re.match(r"(enum|using|static|struct|explicit|public|private)\b", declaration):
                continue
            plain = re.sub(r"std::function<.*>", "function", declaration)
            match = re.fullmatch(r"[\w:<>,&\s*]+?[\s*&>](\w+)", plain)
            if match and "(" not in plain:
                fields.add(match.group(1))
            elif "(*" in declaration:  # a pointer to a function
                fields.add(re.search(r"\(\*(\w+)\)", declaration).group(1))
    return fields


def slots_of(include):
    text = without_comments((include / "rocksdb" / "db.h").read_text())
    body = body_of(text, r"^class DB \{")
    names = re.findall(r"\bvirtual\s+(?:inline\s+)?[\w:<>*&\s]*?\b(\w+)\(", body)
    return len(names), {name for name in names if name != "DB"}


def listed(text, heading):
    """{kind: [names]} of one section: "- kind: `a`, `b`" lines."""
    section = re.search(r"^### %s\n(.*?)(?=^### |^## |\Z)" % re.escape(heading), text, re.M | re.S)
    if section is None:
        sys.exit("docs/compatibility.md has no section " + heading)
    kinds = {}
    for item in re.split(r"^- ", section.group(1), flags=re.M)[1:]:
        kind, rest = item.split(":", 1)
        kinds[kind] = re.findall(r"`(\w+)`", rest)
    return kinds


def main():
    repository, include = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    document = (repository / "docs/compatibility.md").read_text()
    not_built = set(re.findall(r"^- `([^`]+)`", document[document.index("not built: begin"):], re.M))
    sources = [path for path in (repository / "compat").rglob("*") if path.suffix in (".cc", ".h")]
    acting = "\n".join(path.read_text() for path in sources if not any(part in str(path) for part in NAMING_ONLY))
    problems, summary = [], []

    def compare(heading, expected, kinds):
        seen = [name for names in kinds.values() for name in names]
        problems.extend("%s: %s is listed twice" % (heading, name) for name in set(seen) if seen.count(name) > 1)
        problems.extend("%s: %s is not listed" % (heading, name) for name in sorted(expected - set(seen)))
        problems.extend("%s: %s is in no header" % (heading, name) for name in sorted(set(seen) - expected))

    for struct in STRUCTS:
        kinds = listed(document, struct)
        compare(struct, fields_of(include, struct), kinds)
        for name in kinds.get("honoured", []):
            if not re.search(r"[.>:]%s\b" % name, acting):
                problems.append("%s::%s is called honoured, but nothing in compat/ reads it" % (struct, name))
        for name in kinds.get("refused", []):
            if struct + "::" + name not in not_built and name not in REFUSED_BY_STATUS.get(struct, ()):
                problems.append("%s::%s is called refused, but is not in the list of what is not built" % (struct, name))
        for kind in ("honoured", "hint"):
            problems.extend("%s::%s is not built, but called %s" % (struct, name, kind) for name in kinds.get(kind, [])
                            if struct + "::" + name in not_built)
        summary.append("%s %s" % (struct, ", ".join("%d %s" % (len(kinds.get(k, [])), k)
                                                    for k in ("honoured", "hint", "refused"))))

    count, slots = slots_of(include)
    kinds = listed(document, "DB slots")
    compare("DB slots", slots, kinds)
    refused = {name for name in slots if "DB::" + name in not_built}
    problems.extend("DB::%s is not built, but not called refused" % n for n in refused - set(kinds.get("refused", [])))
    problems.extend("DB::%s is called refused, but is built" % n for n in set(kinds.get("refused", [])) - refused)
    declared = (repository / "compat/db/db_impl.h").read_text()
    for name in kinds.get("built", []):
        if not re.search(r"\b%s\(" % name, declared) and not re.search(r"\bDB::%s\(" % name, acting):
            problems.append("DB::%s is called built, but compat/ does not define it" % name)
    summary.append("%d virtual functions of DB, %d names: %s" % (
        count, len(slots), ", ".join("%d %s" % (len(v), k) for k, v in kinds.items())))

    print("\n".join(summary + problems))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
