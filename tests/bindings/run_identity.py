"""tests/bindings/run_identity.py - verifies a certificate or token of a network and prints what it states, as
run_identity.c does."""
import assay

IDS = {"chain": "chain_id", "node": "node_id"}
TEXTS = {"domain": "trust_domain", "service": "service", "id": "spiffe_id", "issuer": "issuer", "audience": "audience"}
NUMBERS = {"era": "era", "epoch": "epoch_min", "age": "age_max_s", "worst": "standing_worst", "kinds": "kinds",
           "skew": "skew_s"}


def request_of(trusted, text):
    members = {}
    for one in [] if text == "-" else text.split(";"):
        name, _, value = one.partition("=")
        if name in IDS:
            members[IDS[name]] = bytes.fromhex(value)
        elif name in TEXTS:
            members[TEXTS[name]] = value
        elif name == "insecure":
            members["accept_insecure"] = value == "1"
        else:
            members[NUMBERS[name]] = int(value)
    return assay.IdentityRequest(trusted, **members)


def print_claims(c):
    print("id %s|%s|%s|%d|%d" % (c.spiffe_id, c.trust_domain, c.name, c.is_service, c.insecure))
    print("chain %s\nblock %s\nnode %s" % (c.chain_id.hex(), c.block_id.hex(), c.node_id.hex()))
    print("state %d|%d|%d|%d|%d|%d" % (c.era, c.epoch, c.incarnation, c.standing, c.score_bp, c.evidence_kind))
    print("entry %s\nproof %s\nserial %s" % (c.entry_digest.hex(), c.proof_digest.hex(), c.serial.hex()))
    print("times %d|%d|%d" % (c.issued, c.starts, c.expires))
    if c.key is not None:
        print("ca %d\nkey %s" % (c.ca_number, c.key.hex()))
    if c.key_thumbprint is not None:
        print("thumbprint %s" % c.key_thumbprint)


def run_identity_case(column, read):
    name, files, trusted, form, at, expected = (column[i] for i in (0, 2, 3, 4, 6, 8))
    print("== %s" % name)
    request, given = request_of(read(trusted), expected), [read(path) for path in files.split(",")]
    try:
        if form == "token":
            found = assay.verify_identity_token(request, given[0], int(at))
        else:
            found = assay.verify_peer(request, given, int(at))
    except assay.Error as error:
        if error.why:
            print("reason %s" % error.why)
        raise
    print("answer %s\nwhy %s" % (found.answer.name.lower().replace("_", "-"), found.why))
    if found.claims is not None:
        print_claims(found.claims)
    for what, why in found.not_checked:
        print("unchecked %s|%s" % (what, why))
