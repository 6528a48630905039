#!/usr/bin/python3
"""Do the guides lead somewhere? Every relative link and picture of a page, every page in its folder's list,
every alert's runbook, a text for everybody who does not see a picture, planted faults that a table of attacks names.

usage: links.py ROOT
"""

import pathlib
import re
import sys
import xml.etree.ElementTree

ALT_MIN = 20  # letters: a sentence, not a word
ATTACKS = 34  # of the design of identities


def anchors(page):
    """Headings as GitHub names them."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M):
        text = re.sub(r"[^\w\- ]", "", heading.lower())
        found.add(text.replace(" ", "-"))
    return found


def without_code(text):
    return re.sub(r"`[^`]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))


def look_at_page(page, wrong):
    text = without_code(page.read_text(encoding="utf-8"))
    for mark, words, target in re.findall(r"(!?)\[([^\]]*)\]\(([^)\s]*)\)", text):
        if re.match(r"https?:", target):
            continue
        name, _, anchor = target.partition("#")
        to = (page.parent / name).resolve() if name else page
        if not to.exists():
            wrong.append(f"{page}: ({target}) leads nowhere")
        elif anchor and anchor not in anchors(to):
            wrong.append(f"{page}: ({target}): there is no such heading")
        if mark and len(" ".join(words.split())) < ALT_MIN:
            wrong.append(f"{page}: the picture {target} has no text for who does not see it")


def look_at_picture(picture, wrong):
    text = picture.read_text(encoding="utf-8")
    root = xml.etree.ElementTree.fromstring(text)
    for name in ("title", "desc"):
        if not (root.findtext(f"{{http://www.w3.org/2000/svg}}{name}") or "").strip():
            wrong.append(f"{picture}: has no {name}")
    if "prefers-color-scheme: dark" not in text:
        wrong.append(f"{picture}: is drawn for light pages alone")
    if re.search(r"<script|href=.https?:|@import", text):
        wrong.append(f"{picture}: fetches or runs something")


def look_at_attacks(root, wrong):
    """Every fault that docs/identity.md 14 names is planted, and each of its attacks has one."""
    planted = set()
    for table in (root / "tests/mutants").rglob("*.mutants"):
        planted |= set(re.findall(r"^=== (\S+)$", table.read_text(encoding="utf-8"), re.M))
    page = root / "docs/identity.md"
    section = page.read_text(encoding="utf-8").partition("## 14. Attacks")[2]
    attacks = re.findall(r"^\| (\d+) \|.*\| ([^|]*) \|$", section, re.M)
    if len(attacks) < ATTACKS or [int(number) for number, _ in attacks] != list(range(1, len(attacks) + 1)):
        wrong.append(f"{page}: expected attacks 1 to {ATTACKS} or more in section 14, found {len(attacks)}")
    for number, faults in attacks:
        names = re.findall(r"`([^`]+)`", faults)
        wrong.extend(f"{page}: attack {number}: no fault {name} is planted" for name in names if name not in planted)
        if not names:
            wrong.append(f"{page}: attack {number} has no planted fault")


def main():
    root, wrong, pages, pictures, alerts = pathlib.Path(sys.argv[1]), [], 0, 0, 0
    for page in sorted((root / "docs").rglob("*.md")) + [root / "README.md"]:
        pages += 1
        look_at_page(page, wrong)
    for folder in ("guides", "runbooks", "reference"):
        index = root / "docs" / folder / "README.md"
        listed = re.findall(r"\]\(([^)]*)\)", index.read_text(encoding="utf-8")) if index.exists() else []
        for page in sorted((root / "docs" / folder).glob("*.md")):
            if page.name != "README.md" and page.name not in listed:
                wrong.append(f"{page}: is not in the list of {index}")
    for picture in sorted((root / "docs" / "guides" / "images").glob("*.svg")):
        pictures += 1
        look_at_picture(picture, wrong)
    rules = (root / "docs" / "monitoring" / "alerts.yml").read_text(encoding="utf-8")
    for target in re.findall(r"runbook_url: (\S+)", rules):
        alerts += 1
        name, _, anchor = target.partition("#")
        if not (root / name).exists() or (anchor and anchor not in anchors(root / name)):
            wrong.append(f"docs/monitoring/alerts.yml: {target} leads nowhere")
    told = "".join((root / "docs" / "runbooks" / "README.md").read_text(encoding="utf-8"))
    for alert in re.findall(r"- alert: (\w+)", rules):
        if f"`{alert}`" not in told:
            wrong.append(f"docs/runbooks/README.md: says nothing of the alert {alert}")
    look_at_attacks(root, wrong)
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"links: {pages} pages, {pictures} pictures, {alerts} alerts, {len(wrong)} findings")
    return 1 if wrong or not pages or not pictures or not alerts else 0


if __name__ == "__main__":
    sys.exit(main())
