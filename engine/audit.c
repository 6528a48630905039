/*
 * engine/audit.c - a store read from its first block on (docs/protocol.md 4.4, 5.7, 5.20, 11.1).
 *
 * One epoch after the other: what is signed in it is looked at with the table that the fold has
 * reached, then its blocks are folded, then its proof must name the last one. A visitor of a scan
 * may not scan the same class, so each class of an epoch is one scan.
 */
#include "engine/audit.h"

#include "base/assert.h"
#include "engine/ledger/boundary.h"
#include "engine/ledger/recover.h"
#include "engine/ledger/row.h"

/* Policy, endorsements, operators, plan of services: before and after a change. */
enum { DOCUMENTS = 8 };

struct audit {
    const struct assay_audit_config *config;
    struct assay_fold fold;
    struct assay_audit_figures *figures;
    struct assay_audit_fault *at;
    uint8_t *value; /* one stored value */
    size_t value_len_max;
    struct assay_roster_row *rows; /* [capacity] scratch */
    uint8_t *documents[DOCUMENTS]; /* [ASSAY_SET_LEN_MAX] each, in turns */
    unsigned document_turn;
    uint8_t policy_digest[32], endorsements_digest[32]; /* what `ruled` was told last */
    enum assay_store_class class_; /* that is visited */
    enum assay_status status;      /* of a visit */
    bool stop;
};

static size_t value_len_max(uint32_t members)
{
    const size_t state = assay_state_len_max(members);
    return state > ASSAY_FINALITY_LEN_MAX ? state : ASSAY_FINALITY_LEN_MAX;
}

/* Rosters grow by operators' decisions, whatever the genesis had. */
enum { CAPACITY = ASSAY_MEMBERS_MAX };

static size_t rounded(size_t len)
{
    return (len + 63) & ~(size_t)63;
}

size_t assay_audit_memory_len(void)
{
    const uint32_t n = CAPACITY;
    return assay_fold_memory_len(n) + rounded(value_len_max(n)) +
           rounded((size_t)n * sizeof(struct assay_roster_row)) +
           (size_t)DOCUMENTS * rounded(ASSAY_SET_LEN_MAX);
}

/* --- what is wrong, and where */

static enum assay_status blame(struct audit *a, enum assay_store_class class_,
                               const struct assay_store_key *key)
{
    ASSAY_ASSERT(a->at->fault.what != NULL);
    a->at->class_ = class_;
    a->at->key = *key;
    return ASSAY_E_INVALID;
}

static enum assay_status blame_plain(struct audit *a, enum assay_store_class class_,
                                     const struct assay_store_key *key, const char *what,
                                     enum assay_status status)
{
    assay_status_ignore(assay_fault_plain(&a->at->fault, what, status), "said by blame");
    return blame(a, class_, key);
}

static enum assay_status blame_ids(struct audit *a, const struct assay_store_key *key,
                                   const char *what, const uint8_t expected[static 32],
                                   const uint8_t found[static 32])
{
    if (assay_bytes_equal(expected, found, 32)) return ASSAY_OK;
    assay_status_ignore(assay_fault_ids(&a->at->fault, what, expected, found), "said by blame");
    return blame(a, a->class_, key);
}

/* --- scanning */

static struct assay_store_key first_of(uint32_t era, uint64_t epoch)
{
    return (struct assay_store_key){ .era = era, .epoch = epoch };
}

static struct assay_store_key last_of(uint32_t era, uint64_t epoch)
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

static enum assay_status scan_epoch(struct audit *a, enum assay_store_class class_,
                                    assay_store_visit *visit)
{
    const struct assay_store_key from = first_of(a->fold.state.era, a->fold.context.epoch);
    const struct assay_store_key to = last_of(a->fold.state.era, a->fold.context.epoch);
    return scan_between(a, class_, &from, &to, visit);
}

static enum assay_status scan_all(struct audit *a, enum assay_store_class class_,
                                  assay_store_visit *visit)
{
    const struct assay_store_key from = first_of(0, 0);
    const struct assay_store_key to = last_of(UINT32_MAX, UINT64_MAX);
    return scan_between(a, class_, &from, &to, visit);
}

/* --- what was decided, out of the classes of changes and of collateral */

static const enum assay_store_class decisions[2] = { ASSAY_STORE_CHANGE, ASSAY_STORE_COLLATERAL };

struct search {
    struct audit *audit;
    const uint8_t *digest;
    bool by_id; /* of values that are documents, and not records that have them */
    struct assay_slice found; /* a document */
    uint8_t *record;
    size_t record_len;
};

static bool visit_document(void *context, const struct assay_store_key *key,
                           struct assay_slice value)
{
    struct search *s = context;
    struct assay_slice document;
    if (s->by_id && !assay_bytes_equal(key->id, s->digest, 32)) return true;
    if (!assay_charter_in_kept(value, s->digest, &document) || document.len > ASSAY_SET_LEN_MAX)
        return true;
    uint8_t *own = s->audit->documents[s->audit->document_turn++ % DOCUMENTS];
    assay_bytes_copy(own, ASSAY_SET_LEN_MAX, document.bytes, document.len);
    s->found = assay_slice_over(own, document.len);
    return false;
}

static bool visit_change(void *context, const struct assay_store_key *key,
                         struct assay_slice value)
{
    struct search *s = context;
    uint8_t digest[32];
    if (!assay_bytes_equal(key->id, s->digest, 32)) return true;
    assay_sha256(value.bytes, value.len, digest);
    if (value.len > ASSAY_CHANGE_RECORD_LEN_MAX || !assay_bytes_equal(digest, s->digest, 32))
        return true;
    assay_bytes_copy(s->record, ASSAY_CHANGE_RECORD_LEN_MAX, value.bytes, value.len);
    s->record_len = value.len;
    return false;
}

/* One of services, of a recent state or of an anchor. */
static bool find_of_services(struct audit *a, const uint8_t digest[static 32],
                             struct assay_slice *document)
{
    static const enum assay_store_class kept[2] = { ASSAY_STORE_SERVICE_ANCHOR,
                                                    ASSAY_STORE_SERVICE };
    uint8_t *own = a->documents[a->document_turn % DOCUMENTS];
    struct assay_store_key key;
    if (a->config->services == NULL) return false;
    for (size_t i = 0; i < 2; i++) {
        uint8_t found[32];
        size_t len = 0;
        if (assay_store_find(a->config->store, kept[i], digest, &key, own, ASSAY_SET_LEN_MAX,
                             &len) != ASSAY_OK)
            continue;
        assay_sha256(own, len, found);
        if (!assay_bytes_equal(found, digest, 32)) continue;
        a->document_turn++;
        *document = assay_slice_over(own, len);
        return true;
    }
    return false;
}

static bool find_document(void *context, const uint8_t digest[static 32],
                          struct assay_slice *document)
{
    struct search s = { .audit = context, .digest = digest };
    const struct assay_store_key from = first_of(0, 0), to = last_of(UINT32_MAX, UINT64_MAX);
    enum assay_status status = ASSAY_OK;
    if (find_of_services(context, digest, document)) return true;
    for (size_t i = 0; status == ASSAY_OK && s.found.len == 0 && i < 2; i++) {
        s.by_id = decisions[i] == ASSAY_STORE_COLLATERAL;
        status = assay_store_scan(s.audit->config->store, decisions[i], &from, &to, false,
                                  visit_document, &s);
    }
    *document = s.found;
    return status == ASSAY_OK && s.found.len > 0;
}

static size_t find_change(void *context, const uint8_t digest[static 32], uint8_t *record)
{
    struct search s = { .audit = context, .digest = digest, .record = record };
    const struct assay_store_key from = first_of(0, 0), to = last_of(UINT32_MAX, UINT64_MAX);
    enum assay_status status = ASSAY_OK;
    for (size_t i = 0; status == ASSAY_OK && s.record_len == 0 && i < 2; i++)
        status = assay_store_scan(s.audit->config->store, decisions[i], &from, &to, false,
                                  visit_change, &s);
    return status == ASSAY_OK ? s.record_len : 0;
}

/* --- what is signed in an epoch */

static enum assay_status certificate(struct audit *a, const struct assay_store_key *key,
                                     struct assay_slice value)
{
    struct assay_certificate c;
    const enum assay_store_class class_ = ASSAY_STORE_CERTIFICATE;
    const enum assay_status read = assay_certificate_decode(value, a->fold.members, &c);
    if (read != ASSAY_OK) return blame_plain(a, class_, key, "certificate cannot be read", read);
    ASSAY_TRY(blame_ids(a, key, "commitment of the certificate", key->id, c.commitment));
    if (assay_vote_number(&c.statement) != key->number ||
        c.statement.epoch != key->epoch || c.statement.era != key->era ||
        !assay_bytes_equal(c.statement.chain_id, a->fold.state.chain_id, 32))
        return blame_plain(a, class_, key, "certificate stands under another name",
                           ASSAY_E_INVALID);
    const enum assay_status good = a->config->signatures
                                       ? assay_certificate_verify(&c, &a->fold.voters)
                                       : assay_certificate_weigh(&c, &a->fold.voters);
    a->figures->certificates++;
    if (good == ASSAY_OK) return ASSAY_OK;
    return blame_plain(a, class_, key,
                       good == ASSAY_E_SIGNATURE ? "signature in a certificate"
                                                 : "certificate below a quorum",
                       good);
}

static enum assay_status vote(struct audit *a, const struct assay_store_key *key,
                              struct assay_slice value)
{
    struct assay_vote v;
    const enum assay_store_class class_ = ASSAY_STORE_VOTE;
    const enum assay_status read = assay_vote_decode(value, &v);
    if (read != ASSAY_OK) return blame_plain(a, class_, key, "vote cannot be read", read);
    if (assay_vote_number(&v.statement) != key->number || v.statement.era != key->era ||
        v.statement.epoch != key->epoch || !assay_bytes_equal(v.statement.block_id, key->id, 32) ||
        !assay_bytes_equal(v.statement.chain_id, a->fold.state.chain_id, 32))
        return blame_plain(a, class_, key, "vote stands under another name", ASSAY_E_INVALID);
    a->figures->votes++;
    const enum assay_status good =
        a->config->signatures ? assay_vote_verify(&v, &a->fold.voters) : ASSAY_OK;
    if (good == ASSAY_OK) return ASSAY_OK;
    return blame_plain(a, class_, key, "signature of a vote", good);
}

static enum assay_status proposal(struct audit *a, const struct assay_store_key *key,
                                  struct assay_slice value)
{
    struct assay_proposal p;
    const enum assay_store_class class_ = ASSAY_STORE_PROPOSAL;
    const enum assay_status read = assay_proposal_decode(value, &p);
    if (read != ASSAY_OK) return blame_plain(a, class_, key, "proposal cannot be read", read);
    ASSAY_TRY(blame_ids(a, key, "id of the proposal", key->id, p.id));
    if (p.header.view != key->number || p.header.epoch != key->epoch ||
        p.header.leader >= a->fold.members)
        return blame_plain(a, class_, key, "proposal stands under another name", ASSAY_E_INVALID);
    a->figures->proposals++;
    if (!a->config->signatures ||
        assay_p256_verify(a->fold.voting[p.header.leader], p.id, p.signature, ASSAY_S_LOW))
        return ASSAY_OK;
    return blame_plain(a, class_, key, "signature of the leader", ASSAY_E_SIGNATURE);
}

static enum assay_status envelope(struct audit *a, const struct assay_store_key *key,
                                  struct assay_slice value)
{
    struct assay_envelope e;
    uint32_t slot = 0;
    const enum assay_store_class class_ = ASSAY_STORE_ENVELOPE;
    const enum assay_status read = assay_envelope_decode(value, &e);
    if (read != ASSAY_OK) return blame_plain(a, class_, key, "envelope cannot be read", read);
    ASSAY_TRY(blame_ids(a, key, "digest of the envelope", key->id, e.digest));
    a->figures->envelopes++;
    const enum assay_status good = assay_context_envelope(&a->fold.context, &e, &slot);
    if (good == ASSAY_OK) return ASSAY_OK;
    return blame_plain(a, class_, key, "signature or author of an envelope", good);
}

static enum assay_status ballot(struct audit *a, const struct assay_store_key *key,
                                struct assay_slice value)
{
    struct assay_record r;
    uint32_t slot = 0;
    const enum assay_store_class class_ = ASSAY_STORE_BALLOT;
    enum assay_status good = assay_record_decode(value, &r);
    if (good == ASSAY_OK && r.kind != ASSAY_RECORD_BALLOT) good = ASSAY_E_INVALID;
    if (good != ASSAY_OK) return blame_plain(a, class_, key, "ballot cannot be read", good);
    ASSAY_TRY(blame_ids(a, key, "digest of the ballot", key->id, r.body_digest));
    a->figures->ballots++;
    good = assay_ballot_signed(&a->fold.context, &r, &slot);
    if (good == ASSAY_OK) return ASSAY_OK;
    return blame_plain(a, class_, key, "signature or author of a ballot", good);
}

static bool visit_signed(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct audit *a = context;
    if (a->class_ == ASSAY_STORE_CERTIFICATE) a->status = certificate(a, key, value);
    if (a->class_ == ASSAY_STORE_VOTE) a->status = vote(a, key, value);
    if (a->class_ == ASSAY_STORE_PROPOSAL) a->status = proposal(a, key, value);
    if (a->class_ == ASSAY_STORE_ENVELOPE) a->status = envelope(a, key, value);
    if (a->class_ == ASSAY_STORE_BALLOT) a->status = ballot(a, key, value);
    return a->status == ASSAY_OK;
}

static enum assay_status look_at_signed(struct audit *a)
{
    static const enum assay_store_class classes[] = { ASSAY_STORE_CERTIFICATE, ASSAY_STORE_VOTE,
                                                      ASSAY_STORE_PROPOSAL, ASSAY_STORE_ENVELOPE,
                                                      ASSAY_STORE_BALLOT };
    if (!a->config->items) return ASSAY_OK;
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        ASSAY_TRY(scan_epoch(a, classes[i], visit_signed));
    return ASSAY_OK;
}

/* --- what has its name from its bytes alone */

static enum assay_status waiting(struct audit *a, const struct assay_store_key *key,
                                 struct assay_slice value)
{
    struct assay_record r;
    const enum assay_status read = assay_record_decode(value, &r);
    if (read != ASSAY_OK)
        return blame_plain(a, ASSAY_STORE_RECORD, key, "record cannot be read", read);
    a->figures->waiting++;
    /* One's own INCARNATE is kept under the digest that was signed. */
    if (assay_bytes_equal(key->id, r.body_digest, 32)) return ASSAY_OK;
    return blame_ids(a, key, "digest of the record", key->id, r.key);
}

static bool visit_named(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct audit *a = context;
    uint8_t digest[32];
    if (a->class_ == ASSAY_STORE_EVIDENCE) {
        assay_sha256(value.bytes, value.len, digest);
        a->figures->held_evidence++;
        a->status = blame_ids(a, key, "digest of the evidence", key->id, digest);
    } else if (a->class_ == ASSAY_STORE_RECORD) {
        a->status = waiting(a, key, value);
    } else if (a->class_ == ASSAY_STORE_CHANGE || a->class_ == ASSAY_STORE_COLLATERAL) {
        assay_sha256(value.bytes, value.len, digest);
        a->status = blame_ids(a, key,
                              a->class_ == ASSAY_STORE_CHANGE ? "digest of the change"
                                                              : "digest of the collateral",
                              key->id, digest);
    } /* of the others the store's own checksum is all there is */
    return a->status == ASSAY_OK;
}

static enum assay_status look_at_named(struct audit *a)
{
    static const enum assay_store_class classes[] = { ASSAY_STORE_EVIDENCE, ASSAY_STORE_RECORD,
                                                      ASSAY_STORE_META,     ASSAY_STORE_ORDER,
                                                      ASSAY_STORE_SCORE,    ASSAY_STORE_CHANGE,
                                                      ASSAY_STORE_COLLATERAL };
    if (!a->config->items) return ASSAY_OK;
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        ASSAY_TRY(scan_all(a, classes[i], visit_named));
    return ASSAY_OK;
}

/* --- the chain */

static bool visit_block(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct audit *a = context;
    struct assay_fault *fault = &a->at->fault;
    a->status = assay_fold_block(&a->fold, value, &a->config->vet, fault);
    if (a->status == ASSAY_OK && (key->number != a->fold.ledger.height ||
                                  !assay_bytes_equal(key->id, a->fold.ledger.tip_id, 32)))
        a->status = assay_fault_ids(fault, "id of the block", key->id, a->fold.ledger.tip_id);
    if (a->status == ASSAY_OK) return true;
    if (fault->what == NULL)
        assay_status_ignore(
            assay_fault_plain(fault, "evidence could not be verified again", a->status), "said");
    a->status = blame(a, ASSAY_STORE_BLOCK, key);
    return false;
}

static enum assay_status read_value(struct audit *a, enum assay_store_class class_,
                                    const struct assay_store_key *key, struct assay_slice *value)
{
    size_t len = 0;
    ASSAY_TRY(assay_store_get(a->config->store, class_, key, a->value, a->value_len_max, &len));
    *value = assay_slice_over(a->value, len);
    return ASSAY_OK;
}

/* A kept snapshot of the epoch that was just taken. */
static enum assay_status look_at_snapshot(struct audit *a, enum assay_store_class class_)
{
    const struct assay_state *state = &a->fold.state;
    const struct assay_store_key key = first_of(state->era, state->epoch);
    struct assay_slice value;
    const enum assay_status got = read_value(a, class_, &key, &value);
    if (got == ASSAY_E_NOT_FOUND) return ASSAY_OK;
    if (got == ASSAY_E_FULL)
        return blame_plain(a, class_, &key, "snapshot longer than any", ASSAY_E_RANGE);
    ASSAY_TRY(got);
    struct assay_state *read = &a->fold.next; /* of no use between two epochs */
    assay_state_copy(read, state);
    const enum assay_status decoded = assay_state_decode(value, read);
    if (decoded != ASSAY_OK)
        return blame_plain(a, class_, &key, "snapshot cannot be read, or is not its own root's",
                           decoded);
    a->class_ = class_;
    a->figures->snapshots++;
    ASSAY_TRY(blame_ids(a, &key, "root of the snapshot", state->root, read->root));
    return blame_ids(a, &key, "block of the snapshot", state->head_id, read->head_id);
}

/* The boundary of the epoch that was just taken: the same bytes as ours. The state before it is in
 * fold.next, where taking has put it. */
static enum assay_status look_at_boundary(struct audit *a)
{
    const struct assay_state *state = &a->fold.state;
    /* One of a RECOVER stands in the era that it ends. */
    const struct assay_store_key key = first_of(a->fold.next.era, state->epoch);
    const enum assay_store_class class_ = ASSAY_STORE_BOUNDARY;
    struct assay_slice value;
    struct assay_boundary b;
    const enum assay_status got = read_value(a, class_, &key, &value);
    if (got == ASSAY_E_NOT_FOUND) return ASSAY_OK;
    if (got == ASSAY_E_FULL)
        return blame_plain(a, class_, &key, "boundary longer than any", ASSAY_E_RANGE);
    ASSAY_TRY(got);
    const enum assay_status read = assay_boundary_decode(value, a->fold.capacity, &b);
    if (read != ASSAY_OK)
        return blame_plain(a, class_, &key, "boundary cannot be read, or is not its own root's",
                           read);
    a->class_ = class_;
    a->figures->boundaries++;
    ASSAY_TRY(blame_ids(a, &key, "block of the boundary", state->head_id, b.id));
    const struct assay_state *before = &a->fold.next;
    for (uint32_t i = 0; i < before->member_count; i++)
        assay_roster_row_of(&before->members[i], &a->rows[i]);
    const enum assay_status applied = assay_boundary_apply(&b, a->rows, before->member_count);
    if (applied == ASSAY_OK) return ASSAY_OK;
    return blame_plain(a, class_, &key, "changes of voters in a boundary", applied);
}

static enum assay_status meets_checkpoint(struct audit *a, const struct assay_store_key *key)
{
    const struct assay_checkpoint *c = a->config->checkpoint;
    if (c == NULL || c->epoch != a->fold.state.epoch) return ASSAY_OK;
    a->class_ = ASSAY_STORE_BLOCK;
    ASSAY_TRY(blame_ids(a, key, "block of the checkpoint", c->id, a->fold.state.head_id));
    return blame_ids(a, key, "roster of the checkpoint", c->roster_digest,
                     a->fold.state.roster_digest);
}

/* The rules that verdicts are made by from here on. */
static enum assay_status follow_rules(struct audit *a, const struct assay_store_key *key)
{
    const struct assay_charter_rules *r = &a->fold.state.rules;
    if (assay_bytes_equal(a->policy_digest, r->policy_digest, 32) &&
        assay_bytes_equal(a->endorsements_digest, r->endorsements_digest, 32))
        return ASSAY_OK;
    assay_bytes_copy(a->policy_digest, 32, r->policy_digest, 32);
    assay_bytes_copy(a->endorsements_digest, 32, r->endorsements_digest, 32);
    if (a->config->ruled == NULL || a->config->ruled(a->config->context, a->fold.charter))
        return ASSAY_OK;
    return blame_plain(a, ASSAY_STORE_CHANGE, key, "nothing can be judged by these rules here",
                       ASSAY_E_UNSUPPORTED);
}

static enum assay_status take(struct audit *a, const struct assay_store_key *key)
{
    const enum assay_status status = assay_fold_take(&a->fold);
    if (status == ASSAY_E_NOT_FOUND)
        return blame_plain(a, ASSAY_STORE_CHANGE, key,
                           "a change or a document that the state names is not here", status);
    ASSAY_TRY(status);
    return follow_rules(a, key);
}

static enum assay_status closed(struct audit *a, const struct assay_store_key *key)
{
    ASSAY_TRY(take(a, key));
    a->figures->epochs++;
    a->figures->blocks = a->fold.blocks;
    a->figures->records = a->fold.records;
    ASSAY_TRY(meets_checkpoint(a, key));
    ASSAY_TRY(look_at_boundary(a));
    ASSAY_TRY(look_at_snapshot(a, ASSAY_STORE_STATE));
    ASSAY_TRY(look_at_snapshot(a, ASSAY_STORE_ANCHOR));
    if (a->config->closed != NULL && !a->config->closed(a->config->context, &a->fold.state))
        a->stop = true;
    return ASSAY_OK;
}

static enum assay_status close_epoch(struct audit *a)
{
    const struct assay_store_key key = first_of(a->fold.state.era, a->fold.context.epoch);
    struct assay_slice proof = { 0 };
    const enum assay_status got = read_value(a, ASSAY_STORE_FINALITY, &key, &proof);
    if (got == ASSAY_E_NOT_FOUND || got == ASSAY_E_FULL)
        return blame_plain(a, ASSAY_STORE_FINALITY, &key, "finality proof is missing", got);
    ASSAY_TRY(got);
    if (assay_fold_proven(&a->fold, proof, &a->at->fault) != ASSAY_OK)
        return blame(a, ASSAY_STORE_FINALITY, &key);
    return closed(a, &key);
}

/* docs/protocol.md 9.17: does the epoch end by a RECOVER, on top of the last block? */
static enum assay_status recover(struct audit *a, bool *recovered)
{
    const struct assay_store_key key = first_of(a->fold.state.era, a->fold.context.epoch);
    struct assay_slice proof = { 0 };
    const enum assay_status got = read_value(a, ASSAY_STORE_FINALITY, &key, &proof);
    *recovered = false;
    if (got == ASSAY_E_NOT_FOUND || got == ASSAY_E_FULL) return ASSAY_OK; /* told later */
    ASSAY_TRY(got);
    if (!assay_recover_is(proof)) return ASSAY_OK;
    if (assay_fold_recover(&a->fold, proof, &a->at->fault) != ASSAY_OK)
        return blame(a, ASSAY_STORE_FINALITY, &key);
    a->figures->recovered++;
    *recovered = true;
    return closed(a, &key);
}

struct seen_key {
    bool any;
    struct assay_store_key key;
};

static bool visit_first(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct seen_key *seen = context;
    (void)value;
    *seen = (struct seen_key){ .any = true, .key = *key };
    return false;
}

static enum assay_status first_in(struct audit *a, enum assay_store_class class_,
                                  uint64_t from_epoch, bool backwards, struct seen_key *seen)
{
    const struct assay_store_key from = first_of(a->fold.state.era, from_epoch);
    const struct assay_store_key to = last_of(UINT32_MAX, UINT64_MAX);
    *seen = (struct seen_key){ .any = false };
    return assay_store_scan(a->config->store, class_, &from, &to, backwards, visit_first, seen);
}

static void count_running(struct audit *a, uint64_t before)
{
    a->figures->running_blocks = a->fold.blocks - before;
    a->figures->blocks = before;
}

/* Blocks of the epoch that runs, without a proof; anything behind them is a gap. */
static enum assay_status end_of_chain(struct audit *a, uint64_t before)
{
    struct seen_key later;
    const uint64_t running = a->fold.context.epoch;
    count_running(a, before);
    for (unsigned i = 0; i < 2; i++) {
        const enum assay_store_class class_ = i == 0 ? ASSAY_STORE_FINALITY : ASSAY_STORE_BLOCK;
        ASSAY_TRY(first_in(a, class_, running + i, false, &later));
        if (!later.any) continue;
        assay_status_ignore(assay_fault_numbers(&a->at->fault,
                                                "blocks are missing: height of the next block",
                                                a->fold.ledger.height + 1, later.key.number),
                            "said by blame");
        if (class_ == ASSAY_STORE_FINALITY)
            assay_status_ignore(assay_fault_plain(&a->at->fault,
                                                  "the EPOCH block of this proof is missing",
                                                  ASSAY_E_NOT_FOUND),
                                "said by blame");
        return blame(a, class_, &later.key);
    }
    return ASSAY_OK;
}

/* --- where to begin, and to go on */

struct begin {
    struct audit *audit;
    uint64_t from;
    bool found;
    enum assay_status status;
    struct assay_store_key key;
};

static bool visit_oldest(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct begin *b = context;
    (void)value;
    if (key->epoch < b->from) return true; /* of a later era, and older all the same */
    if (!b->found || key->epoch < b->key.epoch) b->key = *key;
    b->found = true;
    return false;
}

/* The oldest snapshot of an epoch or later; from_class says where it is kept. */
static enum assay_status find_snapshot(struct audit *a, uint64_t from_epoch, struct begin *b,
                                       enum assay_store_class *from_class)
{
    static const enum assay_store_class classes[] = { ASSAY_STORE_STATE, ASSAY_STORE_ANCHOR };
    const struct assay_store_key from = first_of(a->fold.state.era, from_epoch);
    const struct assay_store_key to = last_of(UINT32_MAX, UINT64_MAX);
    *b = (struct begin){ .audit = a, .from = from_epoch, .status = ASSAY_OK };
    for (size_t i = 0; i < 2; i++) {
        const struct assay_store_key before = b->key;
        const bool had = b->found;
        ASSAY_TRY(
            assay_store_scan(a->config->store, classes[i], &from, &to, false, visit_oldest, b));
        if (!had || before.epoch != b->key.epoch) *from_class = classes[i];
    }
    return ASSAY_OK;
}

static enum assay_status go_on_from(struct audit *a, const struct begin *b,
                                    enum assay_store_class class_)
{
    struct assay_slice value;
    ASSAY_TRY(read_value(a, class_, &b->key, &value));
    const enum assay_status status = assay_fold_from(&a->fold, value);
    if (status == ASSAY_E_NOT_FOUND)
        return blame_plain(a, ASSAY_STORE_CHANGE, &b->key,
                           "a change or a document that the state names is not here", status);
    if (status != ASSAY_OK)
        return blame_plain(a, class_, &b->key, "snapshot cannot be read, or is not its own root's",
                           status);
    ASSAY_TRY(follow_rules(a, &b->key));
return meets_checkpoint(a, &b->key);
}

/* Did the node leap from here? A snapshot is behind this epoch, whose end is not here. */
static enum assay_status leap(struct audit *a, bool *leapt)
{
    struct begin b;
    enum assay_store_class class_ = ASSAY_STORE_STATE;
    const uint64_t from = a->fold.state.epoch;
    *leapt = false;
    ASSAY_TRY(find_snapshot(a, from + 1, &b, &class_));
    if (!b.found) return ASSAY_OK;
    ASSAY_TRY(go_on_from(a, &b, class_));
    *leapt = true;
    a->figures->leaps++;
    a->figures->leapt_epochs += a->fold.state.epoch - from;
    return ASSAY_OK;
}

static enum assay_status walk(struct audit *a)
{
    while (!a->stop) {
        const uint64_t before = a->fold.blocks;
        bool leapt = false, recovered = false;
        a->figures->head_epoch = a->fold.state.epoch;
        a->figures->head_height = a->fold.state.head_height;
        assay_bytes_copy(a->figures->head_id, 32, a->fold.state.head_id, 32);
        ASSAY_TRY(look_at_signed(a));
        ASSAY_TRY(scan_epoch(a, ASSAY_STORE_BLOCK, visit_block));
        if (a->fold.ledger.closed) {
            ASSAY_TRY(close_epoch(a));
            continue;
        }
        ASSAY_TRY(recover(a, &recovered));
        if (recovered) continue;
        ASSAY_TRY(leap(a, &leapt));
        if (!leapt) return end_of_chain(a, before);
    }
    return ASSAY_OK;
}

/* From genesis where its blocks are kept, else from the oldest snapshot that they follow. */
static enum assay_status begin(struct audit *a)
{
    struct seen_key oldest;
    struct begin b;
    enum assay_store_class class_ = ASSAY_STORE_STATE;
    ASSAY_TRY(first_in(a, ASSAY_STORE_BLOCK, 0, false, &oldest));
    uint64_t from = oldest.any && oldest.key.epoch > 0 ? oldest.key.epoch - 1 : 0;
    if (a->config->from_epoch > from) from = a->config->from_epoch;
    if (from == 0) return ASSAY_OK;
    ASSAY_TRY(find_snapshot(a, from, &b, &class_));
    if (!b.found) {
        const struct assay_store_key key = first_of(0, from);
        return blame_plain(a, ASSAY_STORE_STATE, &key,
                           "the blocks before are pruned, and no snapshot is kept to begin with",
                           ASSAY_E_NOT_FOUND);
    }
    ASSAY_TRY(go_on_from(a, &b, class_));
    a->figures->started_epoch = a->fold.state.epoch;
    return ASSAY_OK;
}

static enum assay_status missed_checkpoint(struct audit *a)
{
    const struct assay_checkpoint *c = a->config->checkpoint;
    if (c == NULL || a->stop) return ASSAY_OK;
    const struct assay_store_key key = first_of(c->era, c->epoch);
    if (!assay_bytes_equal(c->chain_id, a->fold.state.chain_id, 32)) {
        a->class_ = ASSAY_STORE_BLOCK;
        return blame_ids(a, &key, "chain of the checkpoint", a->fold.state.chain_id, c->chain_id);
    }
    if (c->epoch >= a->figures->started_epoch && c->epoch <= a->figures->head_epoch)
        return ASSAY_OK; /* met on the way */
    return blame_plain(a, ASSAY_STORE_BLOCK, &key, "the epoch of the checkpoint is not here",
                       ASSAY_E_NOT_FOUND);
}

static enum assay_status run(struct audit *a)
{
    ASSAY_TRY(begin(a));
    if (a->figures->started_epoch == 0) {
        const struct assay_store_key key = first_of(0, 0);
        ASSAY_TRY(meets_checkpoint(a, &key));
    }
    ASSAY_TRY(walk(a));
    ASSAY_TRY(missed_checkpoint(a));
    return a->stop ? ASSAY_OK : look_at_named(a);
}

size_t assay_audit_services_len(const struct assay_service_plans *services)
{
    return assay_fold_services_len(services, CAPACITY);
}

enum assay_status assay_audit(const struct assay_audit_config *config,
                              struct assay_audit_figures *figures, struct assay_audit_fault *fault)
{
    const uint32_t n = CAPACITY;
    struct audit a = { .config = config, .figures = figures, .at = fault };
    ASSAY_ASSERT(config->store != NULL && config->memory != NULL && config->vet.finding != NULL);
    *figures = (struct assay_audit_figures){ 0 };
    *fault = (struct assay_audit_fault){ .fault = { .status = ASSAY_OK } };
    const struct assay_fold_books books = { .context = &a,
                                            .document = find_document,
                                            .change = find_change,
                                            .check = config->document_check,
                                            .updates = config->updates,
                                            .plan_follow = config->plan_follow,
                                            .services = config->services };
    a.value = (uint8_t *)config->memory + assay_fold_memory_len(n);
    a.value_len_max = value_len_max(n);
    a.rows = (struct assay_roster_row *)(void *)(a.value + rounded(a.value_len_max));
    uint8_t *documents = (uint8_t *)a.rows + rounded((size_t)n * sizeof *a.rows);
    for (size_t i = 0; i < DOCUMENTS; i++)
        a.documents[i] = documents + i * rounded(ASSAY_SET_LEN_MAX);
    enum assay_status status =
        assay_fold_init(&a.fold, config->memory, n, config->genesis, &books);
    assay_bytes_copy(a.policy_digest, 32, config->genesis->policy_digest, 32);
    assay_bytes_copy(a.endorsements_digest, 32, config->genesis->endorsements_digest, 32);
    a.fold.unsigned_ = a.fold.context.unsigned_ = !config->signatures;
    if (status == ASSAY_OK) status = run(&a);
    ASSAY_ASSERT(status != ASSAY_E_INVALID || fault->fault.what != NULL);
    assay_fold_deinit(&a.fold);
    return status;
}
