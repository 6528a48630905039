/*
 * engine/audit/audit_items.c - audit of the items next to the chain: signed messages of an epoch,
 * and items identified by their digest.
 */
#include "engine/audit/audit_internal.h"

#include "base/assert.h"
#include "engine/ledger/records/recover.h"
#include "engine/ledger/records/row.h"

/* --- what is wrong, and where */

enum assay_status assay_audit_blame(struct audit *a, enum assay_store_class class_,
                                    const struct assay_store_key *key)
{
    ASSAY_ASSERT(a->at->fault.what != NULL);
    a->at->class_ = class_;
    a->at->key = *key;
    return ASSAY_E_INVALID;
}

enum assay_status assay_audit_blame_plain(struct audit *a, enum assay_store_class class_,
                                          const struct assay_store_key *key, const char *what,
                                          enum assay_status status)
{
    assay_status_ignore(assay_fault_plain(&a->at->fault, what, status), "said by blame");
    return assay_audit_blame(a, class_, key);
}

enum assay_status assay_audit_blame_ids(struct audit *a, const struct assay_store_key *key,
                                        const char *what, const uint8_t expected[static 32],
                                        const uint8_t found[static 32])
{
    if (assay_bytes_equal(expected, found, 32)) return ASSAY_OK;
    assay_status_ignore(assay_fault_ids(&a->at->fault, what, expected, found), "said by blame");
    return assay_audit_blame(a, a->class_, key);
}

/* --- scanning */

struct assay_store_key assay_audit_first(uint32_t era, uint64_t epoch)
{
    return (struct assay_store_key){ .era = era, .epoch = epoch };
}

struct assay_store_key assay_audit_last(uint32_t era, uint64_t epoch)
{
    struct assay_store_key key = { .era = era, .epoch = epoch, .number = UINT64_MAX };
    for (size_t i = 0; i < sizeof key.id; i++)
        key.id[i] = 0xff;
    return key;
}

static enum assay_status scan_between(struct audit *a, enum assay_store_class class_,
                                      const struct assay_store_key *from,
                                      const struct assay_store_key *to, assay_store_visit *visit)
{
    a->class_ = class_;
    a->status = ASSAY_OK;
    ASSAY_TRY(assay_store_scan(a->config->store, class_, from, to, false, visit, a));
    return a->status;
}

enum assay_status assay_audit_scan_epoch(struct audit *a, enum assay_store_class class_,
                                         assay_store_visit *visit)
{
    const struct assay_store_key from = assay_audit_first(a->fold.state.era, a->fold.context.epoch);
    const struct assay_store_key to = assay_audit_last(a->fold.state.era, a->fold.context.epoch);
    return scan_between(a, class_, &from, &to, visit);
}

enum assay_status assay_audit_scan_all(struct audit *a, enum assay_store_class class_,
                                       assay_store_visit *visit)
{
    const struct assay_store_key from = assay_audit_first(0, 0);
    const struct assay_store_key to = assay_audit_last(UINT32_MAX, UINT64_MAX);
    return scan_between(a, class_, &from, &to, visit);
}

/* --- what is signed in an epoch */

static enum assay_status check_certificate(struct audit *a, const struct assay_store_key *key,
                                           struct assay_slice value)
{
    struct assay_vote_certificate c;
    const enum assay_store_class class_ = ASSAY_STORE_CERTIFICATE;
    const enum assay_status read = assay_certificate_decode(value, a->fold.members, &c);
    if (read != ASSAY_OK)
        return assay_audit_blame_plain(a, class_, key, "certificate cannot be read", read);
    ASSAY_TRY(
        assay_audit_blame_ids(a, key, "commitment of the certificate", key->id, c.commitment));
    /* With the genesis of another network this is the first difference that is found. */
    ASSAY_TRY(assay_audit_blame_ids(a, key, "chain id of the certificate, by the genesis",
                                    a->fold.state.chain_id, c.statement.chain_id));
    if (assay_vote_number(&c.statement) != key->number || c.statement.epoch != key->epoch ||
        c.statement.era != key->era)
        return assay_audit_blame_plain(a, class_, key, "certificate stands under another name",
                                       ASSAY_E_INVALID);
    const enum assay_status good = a->config->signatures
                                       ? assay_certificate_verify(&c, &a->fold.voters)
                                       : assay_certificate_weight(&c, &a->fold.voters);
    a->figures->certificates++;
    if (good == ASSAY_OK) return ASSAY_OK;
    return assay_audit_blame_plain(a, class_, key,
                                   good == ASSAY_E_SIGNATURE ? "signature in a certificate"
                                                             : "certificate below a quorum",
                                   good);
}

static enum assay_status check_vote(struct audit *a, const struct assay_store_key *key,
                                    struct assay_slice value)
{
    struct assay_vote v;
    const enum assay_store_class class_ = ASSAY_STORE_VOTE;
    const enum assay_status read = assay_vote_decode(value, &v);
    if (read != ASSAY_OK)
        return assay_audit_blame_plain(a, class_, key, "vote cannot be read", read);
    if (assay_vote_number(&v.statement) != key->number || v.statement.era != key->era ||
        v.statement.epoch != key->epoch || !assay_bytes_equal(v.statement.block_id, key->id, 32) ||
        !assay_bytes_equal(v.statement.chain_id, a->fold.state.chain_id, 32))
        return assay_audit_blame_plain(a, class_, key, "vote stands under another name",
                                       ASSAY_E_INVALID);
    a->figures->votes++;
    const enum assay_status good =
        a->config->signatures ? assay_vote_verify(&v, &a->fold.voters) : ASSAY_OK;
    if (good == ASSAY_OK) return ASSAY_OK;
    return assay_audit_blame_plain(a, class_, key, "signature of a vote", good);
}

static enum assay_status check_proposal(struct audit *a, const struct assay_store_key *key,
                                        struct assay_slice value)
{
    struct assay_proposal p;
    const enum assay_store_class class_ = ASSAY_STORE_PROPOSAL;
    const enum assay_status read = assay_proposal_decode(value, &p);
    if (read != ASSAY_OK)
        return assay_audit_blame_plain(a, class_, key, "proposal cannot be read", read);
    ASSAY_TRY(assay_audit_blame_ids(a, key, "id of the proposal", key->id, p.id));
    if (p.header.view != key->number || p.header.epoch != key->epoch ||
        p.header.leader >= a->fold.members)
        return assay_audit_blame_plain(a, class_, key, "proposal stands under another name",
                                       ASSAY_E_INVALID);
    a->figures->proposals++;
    if (!a->config->signatures ||
        assay_p256_verify(a->fold.voting[p.header.leader], p.id, p.signature, ASSAY_S_LOW))
        return ASSAY_OK;
    return assay_audit_blame_plain(a, class_, key, "signature of the leader", ASSAY_E_SIGNATURE);
}

/* protocol.md 11.4.5: a row is stored under what its content says. */
static enum assay_status compare_label(struct audit *a, const struct assay_store_key *key,
                                       const char *what, uint64_t content, uint64_t label)
{
    if (content == label) return ASSAY_OK;
    assay_status_ignore(assay_fault_numbers(&a->at->fault, what, content, label),
                        "it is returned by blame");
    return assay_audit_blame(a, a->class_, key);
}

/* What a row of a member's own is stored under. */
struct label {
    uint32_t era, incarnation;
    uint64_t epoch;
};

static enum assay_status compare_labels(struct audit *a, const struct assay_store_key *key,
                                        const struct label *content)
{
    ASSAY_TRY(compare_label(a, key, "era that the row is stored under", content->era, key->era));
    ASSAY_TRY(
        compare_label(a, key, "epoch that the row is stored under", content->epoch, key->epoch));
    return compare_label(a, key, "incarnation that the row is stored under", content->incarnation,
                         key->number);
}

static enum assay_status read_envelope(struct audit *a, const struct assay_store_key *key,
                                       struct assay_slice value, struct assay_envelope *e)
{
    const enum assay_status read = assay_envelope_decode(value, e);
    if (read != ASSAY_OK)
        return assay_audit_blame_plain(a, a->class_, key, "envelope cannot be read", read);
    ASSAY_TRY(assay_audit_blame_ids(a, key, "digest of the envelope", key->id, e->digest));
    const struct label content = { e->era, e->incarnation, e->epoch };
    return compare_labels(a, key, &content);
}

static enum assay_status check_envelope(struct audit *a, const struct assay_store_key *key,
                                        struct assay_slice value)
{
    struct assay_envelope e;
    uint32_t slot = 0;
    const enum assay_store_class class_ = ASSAY_STORE_ENVELOPE;
    ASSAY_TRY(read_envelope(a, key, value, &e));
    a->figures->envelopes++;
    const enum assay_status good = assay_context_envelope(&a->fold.context, &e, &slot);
    if (good == ASSAY_OK) return ASSAY_OK;
    return assay_audit_blame_plain(a, class_, key, "signature or author of an envelope", good);
}

static enum assay_status read_ballot(struct audit *a, const struct assay_store_key *key,
                                     struct assay_slice value, struct assay_record *r)
{
    enum assay_status good = assay_record_decode(value, r);
    if (good == ASSAY_OK && r->kind != ASSAY_RECORD_BALLOT) good = ASSAY_E_INVALID;
    if (good != ASSAY_OK)
        return assay_audit_blame_plain(a, a->class_, key, "ballot cannot be read", good);
    ASSAY_TRY(assay_audit_blame_ids(a, key, "digest of the ballot", key->id, r->body_digest));
    const struct label content = { r->ballot.era, r->ballot.incarnation, r->ballot.epoch };
    return compare_labels(a, key, &content);
}

static enum assay_status check_ballot(struct audit *a, const struct assay_store_key *key,
                                      struct assay_slice value)
{
    struct assay_record r;
    uint32_t slot = 0;
    const enum assay_store_class class_ = ASSAY_STORE_BALLOT;
    ASSAY_TRY(read_ballot(a, key, value, &r));
    a->figures->ballots++;
    const enum assay_status good = assay_ballot_signed(&a->fold.context, &r, &slot);
    if (good == ASSAY_OK) return ASSAY_OK;
    return assay_audit_blame_plain(a, class_, key, "signature or author of a ballot", good);
}

static bool visit_signed(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct audit *a = context;
    if (a->class_ == ASSAY_STORE_CERTIFICATE) a->status = check_certificate(a, key, value);
    if (a->class_ == ASSAY_STORE_VOTE) a->status = check_vote(a, key, value);
    if (a->class_ == ASSAY_STORE_PROPOSAL) a->status = check_proposal(a, key, value);
    if (a->class_ == ASSAY_STORE_ENVELOPE) a->status = check_envelope(a, key, value);
    if (a->class_ == ASSAY_STORE_BALLOT) a->status = check_ballot(a, key, value);
    return a->status == ASSAY_OK;
}

enum assay_status assay_audit_signed(struct audit *a)
{
    static const enum assay_store_class classes[] = { ASSAY_STORE_CERTIFICATE, ASSAY_STORE_VOTE,
                                                      ASSAY_STORE_PROPOSAL, ASSAY_STORE_ENVELOPE,
                                                      ASSAY_STORE_BALLOT };
    if (!a->config->items) return ASSAY_OK;
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        ASSAY_TRY(assay_audit_scan_epoch(a, classes[i], visit_signed));
    return ASSAY_OK;
}

/* --- rows under the epoch that they belong to (docs/protocol.md 11.4.5) */

/* Nothing is signed and no evidence arrives in an epoch that the chain has not reached; rows under
 * one would be looked at by no step of the walk. */
static enum assay_status check_reached(struct audit *a, const struct assay_store_key *key,
                                       uint64_t last)
{
    const uint32_t era = a->fold.state.era;
    if (key->era < era || (key->era == era && key->epoch <= last)) return ASSAY_OK;
    return assay_audit_blame_plain(
        a, a->class_, key, "the row is stored under an epoch that has not begun", ASSAY_E_INVALID);
}

/* The evidence that an own envelope announces: under the envelope's epoch, where it is still
 * here. */
static enum assay_status check_own_evidence(struct audit *a, const struct assay_envelope *e)
{
    struct assay_store_key key = { .era = e->era, .epoch = e->epoch }, first;
    size_t len = 0;
    assay_bytes_copy(key.id, 32, e->evidence_digest, 32);
    enum assay_status got = assay_store_get(a->config->store, ASSAY_STORE_EVIDENCE, &key, a->value,
                                            a->value_len_max, &len);
    if (got != ASSAY_E_NOT_FOUND) return got == ASSAY_E_FULL ? ASSAY_OK : got;
    got = assay_store_find(a->config->store, ASSAY_STORE_EVIDENCE, e->evidence_digest, &first,
                           a->value, a->value_len_max, &len);
    if (got == ASSAY_E_NOT_FOUND) return ASSAY_OK; /* pruned */
    if (got != ASSAY_OK && got != ASSAY_E_FULL) return got;
    a->class_ = ASSAY_STORE_EVIDENCE;
    ASSAY_TRY(compare_label(a, &first, "era that the evidence of an own envelope is stored under",
                            e->era, first.era));
    ASSAY_TRY(compare_label(a, &first, "epoch that the evidence of an own envelope is stored under",
                            e->epoch, first.epoch));
    return compare_label(a, &first, "number that the evidence is stored under", 0, first.number);
}

/* Rows of epochs that the walk does not visit, too. */
static enum assay_status check_own_row(struct audit *a, const struct assay_store_key *key,
                                       struct assay_slice value)
{
    struct assay_envelope e;
    struct assay_record r;
    ASSAY_TRY(check_reached(a, key, a->fold.context.epoch));
    if (a->class_ == ASSAY_STORE_BALLOT) return read_ballot(a, key, value, &r);
    ASSAY_TRY(read_envelope(a, key, value, &e));
    return check_own_evidence(a, &e);
}

/* Which epoch the evidence of others is of is known from its report data alone, and a member may
 * send what it sent in another epoch: readers look the owner up by it (protocol.md 2.11). */
static enum assay_status check_evidence(struct audit *a, const struct assay_store_key *key,
                                        struct assay_slice value)
{
    uint8_t digest[32];
    assay_sha256(value.bytes, value.len, digest);
    a->figures->held_evidence++;
    ASSAY_TRY(assay_audit_blame_ids(a, key, "digest of the evidence", key->id, digest));
    ASSAY_TRY(compare_label(a, key, "number that the evidence is stored under", 0, key->number));
    /* Envelopes of the next epoch arrive early (protocol.md 5.23.1), and their evidence. */
    return check_reached(a, key, a->fold.context.epoch + 1);
}

/* --- what has its name from its bytes alone */

static enum assay_status check_waiting_record(struct audit *a, const struct assay_store_key *key,
                                              struct assay_slice value)
{
    struct assay_record r;
    const enum assay_status read = assay_record_decode(value, &r);
    if (read != ASSAY_OK)
        return assay_audit_blame_plain(a, ASSAY_STORE_RECORD, key, "record cannot be read", read);
    a->figures->waiting++;
    /* One's own INCARNATE is kept under the digest that was signed. */
    if (assay_bytes_equal(key->id, r.body_digest, 32)) return ASSAY_OK;
    return assay_audit_blame_ids(a, key, "digest of the record", key->id, r.key);
}

/* --- what an engine notes about the end of an era (docs/protocol.md 9.12 to 9.16) */

static enum assay_status check_fence(struct audit *a, const struct assay_store_key *key,
                                     struct assay_slice value)
{
    struct assay_fence f;
    const struct assay_state *state = &a->fold.state;
    const enum assay_store_class class_ = ASSAY_STORE_META;
    const enum assay_status read = assay_fence_decode(value, &f);
    if (read != ASSAY_OK)
        return assay_audit_blame_plain(a, class_, key, "fence cannot be read", read);
    if (f.era != key->era || !assay_bytes_equal(f.chain_id, state->chain_id, 32))
        return assay_audit_blame_plain(a, class_, key, "fence stands under another name",
                                       ASSAY_E_INVALID);
    const bool in_force = assay_bytes_equal(f.operators_digest, state->operators_digest, 32);
    if (!in_force && state->change_sequence == 0)
        return assay_audit_blame_plain(a, class_, key, "fence of operators that never were",
                                       ASSAY_E_STRANGER);
    struct assay_slice operators = a->fold.context.operators;
    /* Of operators who were replaced the document is in a change, or nowhere: those of genesis. */
    if (!in_force && !assay_audit_find_document(&a->books, f.operators_digest, &operators))
        return ASSAY_OK;
    if (!a->config->signatures || operators.len == 0) return ASSAY_OK;
    const enum assay_status good = assay_approval_check(&f.approval, operators, f.digest);
    if (good == ASSAY_OK) return ASSAY_OK;
    return assay_audit_blame_plain(a, class_, key, "signatures of a fence", good);
}

/* docs/protocol.md 9.12.5: what was answered is a fence as good as the one that is obeyed now,
 * which may be the same, or came behind it. */
static enum assay_status check_answered(struct audit *a, const struct assay_store_key *key,
                                        struct assay_slice value)
{
    const struct assay_store_key of = { .era = key->era, .number = ASSAY_META_FENCE };
    uint8_t bytes[ASSAY_FENCE_LEN_MAX];
    size_t len = 0;
    const enum assay_status got =
        assay_store_get(a->config->store, ASSAY_STORE_META, &of, bytes, sizeof bytes, &len);
    if (got != ASSAY_OK)
        return assay_audit_blame_plain(a, ASSAY_STORE_META, key, "answer without a fence",
                                       ASSAY_E_INVALID);
    return check_fence(a, key, value);
}

/* protocol.md 11.4.2: the RECOVER that the operator accepted. Of an epoch that is not reached here
 * the operators in force are unknown. */
static enum assay_status check_accepted(struct audit *a, const struct assay_store_key *key,
                                        struct assay_slice value)
{
    struct assay_recover r;
    uint8_t digest[32];
    const struct assay_state *state = &a->fold.state;
    const enum assay_store_class class_ = ASSAY_STORE_META;
    const enum assay_status read = assay_recover_decode(value, &r);
    if (read != ASSAY_OK)
        return assay_audit_blame_plain(a, class_, key, "accepted RECOVER cannot be read", read);
    if (r.header.era != (uint64_t)key->era + 1 ||
        !assay_bytes_equal(r.header.chain_id, state->chain_id, 32))
        return assay_audit_blame_plain(a, class_, key,
                                       "accepted RECOVER stands under another name",
                                       ASSAY_E_INVALID);
    assay_sha256(r.operators.bytes, r.operators.len, digest);
    if (key->era == state->era && r.header.epoch == a->fold.context.epoch)
        ASSAY_TRY(assay_audit_blame_ids(a, key, "operators of an accepted RECOVER",
                                        state->operators_digest, digest));
    const enum assay_status good =
        a->config->signatures ? assay_recover_self_approved(&r) : ASSAY_OK;
    if (good == ASSAY_OK) return ASSAY_OK;
    return assay_audit_blame_plain(a, class_, key, "signatures of an accepted RECOVER", good);
}

static enum assay_status check_key_list(struct audit *a, const struct assay_store_key *key,
                                        struct assay_slice value)
{
    struct assay_declared_keys keys;
    const enum assay_status status = assay_declared_keys_decode(value, &keys);
    if (status == ASSAY_OK) return ASSAY_OK;
    return assay_audit_blame_plain(a, ASSAY_STORE_META, key, "list of workload keys", status);
}

static enum assay_status check_meta(struct audit *a, const struct assay_store_key *key,
                                    struct assay_slice value)
{
    /* null: released (engine/node/era.c) */
    const bool ended = value.len == 1 && value.bytes[0] == 0xf6;
    if (key->number >= ASSAY_META_HOST_MIN) return ASSAY_OK; /* a daemon's own */
    if (key->number == ASSAY_META_FENCE) return ended ? ASSAY_OK : check_fence(a, key, value);
    if (key->number == ASSAY_META_ANSWERED) return ended ? ASSAY_OK : check_answered(a, key, value);
    if (key->number == ASSAY_META_ACCEPTED) return ended ? ASSAY_OK : check_accepted(a, key, value);
    if (key->number == ASSAY_META_KEYS) return ended ? ASSAY_OK : check_key_list(a, key, value);
    if (key->number == ASSAY_META_BEGAN && value.len == 32)
        return assay_audit_blame_ids(a, key, "id of a RECOVER", key->id, value.bytes);
    return assay_audit_blame_plain(a, ASSAY_STORE_META, key, "note that cannot be read",
                                   ASSAY_E_ENCODING);
}

/* What is kept under the SHA-256 of its bytes, which is what a state or a block names it by. */
static const char *digest_name(enum assay_store_class class_)
{
    if (class_ == ASSAY_STORE_CHANGE) return "digest of the change";
    if (class_ == ASSAY_STORE_COLLATERAL) return "digest of the collateral";
    return "digest of the document of a service";
}

static bool visit_named(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct audit *a = context;
    uint8_t digest[32];
    if (a->class_ == ASSAY_STORE_EVIDENCE) {
        a->status = check_evidence(a, key, value);
    } else if (a->class_ == ASSAY_STORE_ENVELOPE || a->class_ == ASSAY_STORE_BALLOT) {
        a->status = check_own_row(a, key, value);
    } else if (a->class_ == ASSAY_STORE_RECORD) {
        a->status = check_waiting_record(a, key, value);
    } else if (a->class_ == ASSAY_STORE_META) {
        a->status = check_meta(a, key, value);
    } else if (a->class_ != ASSAY_STORE_ORDER && a->class_ != ASSAY_STORE_SCORE) {
        assay_sha256(value.bytes, value.len, digest);
        a->status = assay_audit_blame_ids(a, key, digest_name(a->class_), key->id, digest);
    } /* of these two the store's own checksum is all there is here */
    return a->status == ASSAY_OK;
}

enum assay_status assay_audit_named(struct audit *a)
{
    static const enum assay_store_class classes[] = {
        ASSAY_STORE_EVIDENCE,   ASSAY_STORE_RECORD,  ASSAY_STORE_META,
        ASSAY_STORE_ORDER,      ASSAY_STORE_SCORE,   ASSAY_STORE_CHANGE,
        ASSAY_STORE_COLLATERAL, ASSAY_STORE_SERVICE, ASSAY_STORE_SERVICE_ANCHOR,
        ASSAY_STORE_ENVELOPE,   ASSAY_STORE_BALLOT
    };
    if (!a->config->items) return ASSAY_OK;
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        ASSAY_TRY(assay_audit_scan_all(a, classes[i], visit_named));
    return ASSAY_OK;
}
