#!/usr/bin/python3
"""packaging/sbom.py - what is in the packages, as SPDX 2.3 in JSON; and a strict reader of it.

usage: sbom.py write OUT --vendored FOLDER --epoch SECONDS    the document, to standard output
       sbom.py check OUT FILE                                 0 it is sound and true of OUT/*.deb, 1 not

Ours are the .debs in OUT. What they depend on, and what built them, comes from their control files, from
the .buildinfo beside them and from dpkg of the machine that built them; what they carry inside, from the
folders below FOLDER, each with its LICENSE. The same packages give the same bytes.
"""
import datetime
import functools
import glob
import hashlib
import json
import os
import re
import subprocess
import sys
import uuid

LICENCES = {"MIT License": "MIT"}  # first words of a vendored LICENSE: its SPDX name
KNOWN = {"Apache-2.0", "Apache-2.0 AND MIT", "MIT", "NOASSERTION"}
LIBC = "libc6-dev"  # assay-enclave is linked with its archive: only the executable is measured


def out_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def spdx_id(*words):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", "-".join(words))


def control(deb):
    """The fields of a .deb."""
    fields, last = {}, None
    for line in out_of("dpkg-deb", "--field", deb).splitlines():
        if line[:1].isspace():
            fields[last] += "\n" + line
        else:
            last, _, value = line.partition(":")
            fields[last] = value.strip()
    return fields


def files_of(deb):
    return subprocess.run(["dpkg-deb", "--fsys-tarfile", deb], check=True, capture_output=True).stdout


@functools.lru_cache(maxsize=None)
def machine():
    """What is installed here: name -> name, version, architecture, source."""
    said = out_of("dpkg-query", "-W", "-f",
                  "${Package} ${Version} ${Architecture} ${source:Package} ${db:Status-Status}\n")
    rows = sorted(line.split(" ") for line in said.splitlines())
    return {row[0]: row[:4] for row in rows if row[4] == "installed"}


def package(name, version, **more):
    return {"SPDXID": spdx_id("Package", name), "name": name, "versionInfo": version,
            "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION", **more}


def purl(name, version, architecture, namespace="debian"):
    escaped = version.replace("+", "%2B").replace(":", "%3A")
    return [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
             "referenceLocator": f"pkg:deb/{namespace}/{name}@{escaped}?arch={architecture}"}]


def ours(deb, fields):
    return package(fields["Package"], fields["Version"], packageFileName=os.path.basename(deb),
                   supplier="Organization: " + fields["Maintainer"].split(" <")[0],
                   checksums=[{"algorithm": "SHA256", "checksumValue": sha256(deb)}],
                   licenseConcluded="Apache-2.0", licenseDeclared="Apache-2.0",
                   copyrightText="2026 the authors of Assay", summary=fields["Description"].split("\n")[0],
                   externalRefs=purl(fields["Package"], fields["Version"], fields["Architecture"], "assay"),
                   primaryPackagePurpose="LIBRARY" if fields["Package"].startswith("lib") else "APPLICATION")


def theirs(name, version, architecture, source):
    return package(name, version, supplier="Organization: Debian", sourceInfo=f"built from Debian's {source}",
                   externalRefs=purl(name, version, architecture))


def vendored(folder):
    """What lies in the tree itself. A folder without a licence that we know stops the build."""
    with open(os.path.join(folder, "LICENSE"), encoding="utf-8") as file:
        text = file.read()
    licence = [name for words, name in LICENCES.items() if words in text.split("\n\n")[0]]
    holder = re.search(r"^Copyright \(c\) (.*)$", text, re.M)
    scripts = sorted(glob.glob(os.path.join(folder, "*.js")))
    with open(scripts[0], encoding="utf-8") as file:
        origin = re.search(r"(https://\S+) \(v([0-9.]+)\)", file.readline())
    if len(licence) != 1 or holder is None or origin is None:
        sys.exit(f"sbom.py: {folder}: licence, holder, address or version is not to be found")
    return package(os.path.basename(folder), origin[2], downloadLocation=origin[1],
                   licenseConcluded=licence[0], licenseDeclared=licence[0], copyrightText=holder[1],
                   checksums=[{"algorithm": "SHA256", "checksumValue": sha256(scripts[0])}],
                   packageFileName=os.path.basename(scripts[0]), primaryPackagePurpose="LIBRARY")


def names_of(relation):
    """Names in a Depends field. Of alternatives the one that this machine has, else the first."""
    for group in filter(None, (group.strip() for group in relation.split(","))):
        names = [re.match(r"[a-z0-9][a-z0-9.+-]*", one.strip())[0] for one in group.split("|")]
        yield next((name for name in names if name in machine()), names[0])


def built_with(out):
    """Names in Installed-Build-Depends of the .buildinfo."""
    path, = glob.glob(os.path.join(out, "*.buildinfo"))
    with open(path, encoding="utf-8") as file:
        text = file.read()
    listed = re.search(r"^Installed-Build-Depends:\n((?: .*\n)*)", text, re.M)[1]
    return re.findall(r"^ ([a-z0-9][a-z0-9.+-]*)", listed, re.M)


def write(out, folder, epoch):
    debs = sorted(glob.glob(os.path.join(out, "*.deb")))
    packages, relations, version = {}, set(), ""
    controls = {deb: control(deb) for deb in debs}
    own = {fields["Package"] for fields in controls.values()}

    def relate(one, how, other):
        relations.add((spdx_id("Package", one) if one else "SPDXRef-DOCUMENT", how, spdx_id("Package", other)))

    def add(name):
        if name not in packages:
            here = machine().get(name)
            packages[name] = theirs(*here) if here else package(name, "NOASSERTION")

    for deb, fields in controls.items():
        name, version = fields["Package"], fields["Version"]
        packages[name] = ours(deb, fields)
        relate("", "DESCRIBES", name)
        for other in names_of(fields.get("Pre-Depends", "") + "," + fields.get("Depends", "")):
            if other not in own:
                add(other)
            relate(name, "DEPENDS_ON", other)
    for part in sorted(glob.glob(os.path.join(folder, "*", ""))):
        inside = vendored(part.rstrip("/"))
        packages[inside["name"]] = inside
        for deb, fields in controls.items():  # whoever carries it carries its first line, too
            if inside["downloadLocation"].encode() in files_of(deb):
                relate(fields["Package"], "CONTAINS", inside["name"])
    packages["src:assay"] = package("src:assay", version, licenseConcluded="Apache-2.0 AND MIT",
                                    licenseDeclared="Apache-2.0 AND MIT", primaryPackagePurpose="SOURCE")
    for name in own:
        relate(name, "GENERATED_FROM", "src:assay")
    for name in built_with(out):
        add(name)
        relate(name, "BUILD_TOOL_OF", "src:assay")
    if "assayd" in own and LIBC in packages:
        relate("assayd", "STATIC_LINK", LIBC)

    digest = hashlib.sha256("".join(sha256(deb) for deb in debs).encode()).hexdigest()
    created = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    json.dump({
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"assay-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/assay-{uuid.uuid5(uuid.NAMESPACE_OID, digest)}",
        "creationInfo": {"created": created, "creators": ["Tool: packaging/sbom.py"]},
        "packages": [packages[name] for name in sorted(packages)],
        "relationships": [{"spdxElementId": one, "relationshipType": how, "relatedSpdxElement": other}
                          for one, how, other in sorted(relations)],
    }, sys.stdout, indent=1, ensure_ascii=False)
    print()


# --- the strict reader -----------------------------------------------------------------------------------

RELATIONS = {"DESCRIBES", "DEPENDS_ON", "CONTAINS", "GENERATED_FROM", "BUILD_TOOL_OF", "STATIC_LINK"}
DOCUMENT = {"spdxVersion": str, "dataLicense": str, "SPDXID": str, "name": str, "documentNamespace": str,
            "creationInfo": dict, "packages": list, "relationships": list}
PACKAGE = {"SPDXID": str, "name": str, "versionInfo": str, "downloadLocation": str, "filesAnalyzed": bool,
           "licenseConcluded": str, "licenseDeclared": str, "copyrightText": str}
PACKAGE_MORE = {"packageFileName": str, "supplier": str, "checksums": list, "summary": str, "sourceInfo": str,
                "externalRefs": list, "primaryPackagePurpose": str}


def typed(what, value, must, may=()):
    for key, kind in must.items():
        if not isinstance(value.get(key), kind):
            yield f"{what}: {key} is missing or of another type"
    for key in value:
        kind = dict(must, **dict(may)).get(key)
        if kind is None:
            yield f"{what}: SPDX 2.3 as we use it knows no {key}"
        elif not isinstance(value[key], kind) or value[key] in ("", [], {}):
            yield f"{what}: {key} is empty or of another type"


def check_package(entry):
    what = entry.get("name", "a package")
    yield from typed(what, entry, PACKAGE, PACKAGE_MORE)
    if not re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", entry.get("SPDXID", "")):
        yield f"{what}: SPDXID has letters that it may not have"
    for key in ("licenseConcluded", "licenseDeclared"):
        if entry.get(key) not in KNOWN:
            yield f"{what}: {key} is no licence that we know"
    if not re.match(r"NOASSERTION$|https://", entry.get("downloadLocation", "")):
        yield f"{what}: downloadLocation is no address"
    if entry.get("primaryPackagePurpose", "SOURCE") not in ("APPLICATION", "LIBRARY", "SOURCE"):
        yield f"{what}: its purpose is unknown"
    for sum_ in entry.get("checksums", []):
        if sum_.get("algorithm") != "SHA256" or not re.fullmatch("[0-9a-f]{64}", sum_.get("checksumValue", "")):
            yield f"{what}: a checksum is no SHA-256"
    for ref in entry.get("externalRefs", []):
        if (ref.get("referenceCategory"), ref.get("referenceType")) != ("PACKAGE-MANAGER", "purl") or \
                not re.fullmatch(r"pkg:deb/[a-z]+/[a-z0-9.+-]+@[A-Za-z0-9.%~+-]+\?arch=[a-z0-9]+",
                                 ref.get("referenceLocator", "")):
            yield f"{what}: a reference is no package URL"
    if entry.get("supplier", "Organization: x").split(":")[0] not in ("Organization", "Person"):
        yield f"{what}: supplier is nobody"


def check_document(document):
    yield from typed("document", document, DOCUMENT)
    for key, value in (("spdxVersion", "SPDX-2.3"), ("dataLicense", "CC0-1.0"), ("SPDXID", "SPDXRef-DOCUMENT")):
        if document.get(key) != value:
            yield f"document: {key} is not {value}"
    if not re.fullmatch(r"https://[^\s#]+", str(document.get("documentNamespace"))):
        yield "document: documentNamespace is no address"
    about = document.get("creationInfo", {})
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", about.get("created", "")) or \
            not all(re.match("(Tool|Person|Organization): .", who) for who in about.get("creators", [""])):
        yield "document: creationInfo is not sound"
    names = {"SPDXRef-DOCUMENT"}
    for entry in document.get("packages", []):
        yield from check_package(entry)
        if entry.get("SPDXID") in names:
            yield f"{entry.get('name')}: its SPDXID is taken"
        names.add(entry.get("SPDXID"))
    for relation in document.get("relationships", []):
        if relation.get("relationshipType") not in RELATIONS:
            yield f"a relationship of unknown type: {relation}"
        for end in ("spdxElementId", "relatedSpdxElement"):
            if relation.get(end) not in names:
                yield f"a relationship of something that is not there: {relation}"


def check_truth(document, out):
    """Against the packages themselves: each is described with its digest, and so is all that it asks for."""
    entries = {entry["name"]: entry for entry in document["packages"]}
    relations = {tuple(relation.values()) for relation in document["relationships"]}
    debs = glob.glob(os.path.join(out, "*.deb"))
    if not debs:
        yield f"{out}: no package is there"
    for deb in debs:
        fields = control(deb)
        entry = entries.get(fields["Package"], {})
        if entry.get("versionInfo") != fields["Version"] or not entry.get("checksums") or \
                entry["checksums"][0]["checksumValue"] != sha256(deb):
            yield f"{deb}: is not the package of the document"
            continue
        if ("SPDXRef-DOCUMENT", "DESCRIBES", entry["SPDXID"]) not in relations:
            yield f"{deb}: is not described"
        for group in filter(None, map(str.strip, fields.get("Depends", "").split(","))):
            choice = [spdx_id("Package", re.match(r"[a-z0-9.+-]+", one.strip())[0]) for one in group.split("|")]
            if not any((entry["SPDXID"], "DEPENDS_ON", one) in relations for one in choice):
                yield f"{deb}: its dependency {group} is missing"
    if not any(how == "CONTAINS" for _, how, _ in relations):
        yield "nothing vendored is named"


def check(out, path):
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    wrong = list(check_document(document)) or list(check_truth(document, out))
    for line in wrong:
        print("sbom:", line, file=sys.stderr)
    if not wrong:
        print(f"sbom: {len(document['packages'])} packages, {len(document['relationships'])} relationships")
    return 1 if wrong else 0


def main(words):
    if len(words) == 7 and words[1] == "write" and words[3] == "--vendored" and words[5] == "--epoch":
        return write(words[2], words[4], int(words[6]))
    if len(words) == 4 and words[1] == "check":
        return check(words[2], words[3])
    print(__doc__.split("\n\n")[1], file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv))
