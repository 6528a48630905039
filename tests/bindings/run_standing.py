"""tests/bindings/run_standing.py - verifies a proof of standing, or of a key, and prints what it proves, as run_standing.c does."""
import assay


def print_report(r):
    print("proof %d|%s\nnode %s" % (r.answer, r.why, r.node_id.hex()))
    print("standing %s|%d|%d|%d|%d|%d" % (r.standing.name, r.stage, r.stage_epoch, r.score_bp, r.integrity_bp, r.availability_bp))
    print("outcome %s|%d|%d|%d|%d|%d|%d|%d" % (r.outcome.name.lower(), r.pass_weight, r.negative_weight, r.electorate_weight,
                                               r.certified, r.last_pass_epoch, r.incarnation, r.weight))
    print("chain %s\nepoch %d|%d|%d|%d" % (r.chain_id.hex(), r.era, r.epoch, r.time_ms, r.expires_ms))
    print("block %s\npolicy_digest %s\nnext %s" % (r.block_id.hex(), r.policy_digest.hex(), (r.checkpoint or b"").hex()))


def run_standing_case(column, read):
    name, proof, checkpoint, form = (column[i] for i in (0, 1, 3, 4))
    print("== %s" % name)
    terms = dict(one.split("=", 1) for one in column[8].split(";"))
    if form != "key":
        report = assay.verify_standing(read(proof), read(checkpoint), int(terms["age"]), int(terms["now"]))
        print("answer %d" % report.answer)
    else:
        found = assay.verify_key(assay.KeyRequest(
            read(proof), read(checkpoint), read(terms["key"]), int(terms["age"]),
            bytes.fromhex(terms["node"]) if "node" in terms else None, terms.get("name"), int(terms.get("worst", 0)),
            int(terms["now"])))
        print("answer %d\nwhy %s" % (found.answer, found.why))
        report = found.report
    print_report(report)
