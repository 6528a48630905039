/*
 * engine/audit/archive.c - archives: encoding, decoding and verification
 * (docs/protocol.md 5.33).
 */
#include "engine/audit/archive.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/sync/boundary_chain.h"
#include "engine/consensus/vote.h"
#include "engine/ledger/proofs/boundary.h"
#include "engine/ledger/proofs/proof.h"
#include "engine/sync/fast_sync_wire.h"

static const char tag[] = "assay/archive/v1";

enum {
    ITEMS = 12,
    DIGEST_LEN = 34, /* the last item, with its head */
    HEAD_LEN_MAX = 256,
    CAPACITY = ASSAY_MEMBERS_MAX, /* of any roster */
};

/* --- the bytes */

static enum assay_status decode_change(struct assay_cursor *c, uint64_t *epoch,
                                       struct assay_slice *record)
{
    ASSAY_TRY(assay_cbor_array_exact(c, 2));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, epoch));
    return assay_cbor_bytes(c, ASSAY_FAST_SYNC_WIRE_CHANGE_LEN_MAX, record);
}

static enum assay_status decode_boundary(struct assay_cursor *c, struct assay_slice *boundary,
                                         struct assay_slice *finality)
{
    ASSAY_TRY(assay_cbor_array_exact(c, 2));
    ASSAY_TRY(assay_cbor_bytes(c, assay_boundary_len_max(CAPACITY), boundary));
    return assay_cbor_bytes(c, ASSAY_FINALITY_LEN_MAX, finality);
}

void assay_archive_next_change(struct assay_archive *archive, uint64_t *epoch,
                               struct assay_slice *record)
{
    ASSAY_ASSERT(archive->change_count > 0);
    const enum assay_status status = decode_change(&archive->changes, epoch, record);
    ASSAY_ASSERT(status == ASSAY_OK);
    archive->change_count--;
}

void assay_archive_next_boundary(struct assay_archive *archive, struct assay_slice *boundary,
                                 struct assay_slice *finality)
{
    ASSAY_ASSERT(archive->boundary_count > 0);
    const enum assay_status status = decode_boundary(&archive->boundaries, boundary, finality);
    ASSAY_ASSERT(status == ASSAY_OK);
    archive->boundary_count--;
}

static enum assay_status decode_end(struct assay_cursor *c, struct assay_checkpoint *end)
{
    uint64_t era = 0;
    ASSAY_TRY(assay_cbor_bytes_exact(c, end->chain_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(c, UINT32_MAX, &era));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &end->epoch));
    ASSAY_TRY(assay_cbor_bytes_exact(c, end->id, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(c, end->roster_digest, 32));
    end->era = (uint32_t)era;
    return end->epoch > 0 ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status decode_changes(struct assay_cursor *c, struct assay_archive *a)
{
    uint64_t count = 0, epoch = 0;
    struct assay_slice record;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_FAST_SYNC_WIRE_CHANGES_MAX, &count));
    a->change_count = (uint32_t)count;
    a->changes = *c;
    for (uint64_t i = 0; i < count; i++)
        ASSAY_TRY(decode_change(c, &epoch, &record));
    return ASSAY_OK;
}

static enum assay_status decode_boundaries(struct assay_cursor *c, struct assay_archive *a)
{
    struct assay_slice boundary, finality;
    ASSAY_TRY(assay_cbor_array(c, INT64_MAX, &a->boundary_count));
    if (a->boundary_count != a->end.epoch - a->first) return ASSAY_E_INVALID;
    a->boundaries = *c;
    for (uint64_t i = 0; i < a->boundary_count; i++)
        ASSAY_TRY(decode_boundary(c, &boundary, &finality));
    return ASSAY_OK;
}

/* Damage first: what a disk or a cable did is no lie of anybody's. */
static enum assay_status check_digest(struct assay_slice bytes)
{
    uint8_t digest[32];
    if (bytes.len < DIGEST_LEN) return ASSAY_E_TRUNCATED;
    assay_sha256(bytes.bytes, bytes.len - DIGEST_LEN, digest);
    return assay_bytes_equal(bytes.bytes + bytes.len - 32, digest, 32) ? ASSAY_OK : ASSAY_E_INVALID;
}

enum assay_status assay_archive_decode(struct assay_slice bytes, struct assay_archive *archive)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_archive a = { 0 };
    uint8_t digest[32];
    ASSAY_TRY(assay_cbor_array_exact(&c, ITEMS));
    ASSAY_TRY(assay_cbor_text_expect(&c, tag));
    ASSAY_TRY(check_digest(bytes));
    ASSAY_TRY(decode_end(&c, &a.end));
    ASSAY_TRY(assay_cbor_uint_max(&c, a.end.epoch, &a.first));
    ASSAY_TRY(assay_cbor_bytes(&c, assay_state_len_max(CAPACITY), &a.base));
    if ((a.base.len > 0) != (a.first > 0 && a.first < a.end.epoch)) return ASSAY_E_INVALID;
    ASSAY_TRY(decode_changes(&c, &a));
    ASSAY_TRY(decode_boundaries(&c, &a));
    ASSAY_TRY(assay_cbor_bytes(&c, assay_state_len_max(CAPACITY), &a.state));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, digest, sizeof digest));
    ASSAY_TRY(assay_cursor_end(&c));
    *archive = a;
    return ASSAY_OK;
}

/* --- is it true? */

struct walk {
    const struct assay_archive_check *check;
    struct assay_archive_report *report;
    struct assay_fold fold;
    struct assay_boundary_chain chain;
};

static size_t walk_len(void)
{
    return (sizeof(struct walk) + 63) / 64 * 64;
}

size_t assay_archive_memory_len(void)
{
    return walk_len() + assay_fold_memory_len(CAPACITY);
}

static enum assay_status fail_at(struct walk *w, uint64_t epoch, const char *what,
                                 enum assay_status status)
{
    w->report->at = epoch;
    assay_status_ignore(assay_fault_plain(&w->report->fault, what, status), "said here");
    return ASSAY_E_INVALID;
}

static enum assay_status fail_at_ids(struct walk *w, uint64_t epoch, const char *what,
                                     const uint8_t expected[static 32],
                                     const uint8_t found[static 32])
{
    if (assay_bytes_equal(expected, found, 32)) return ASSAY_OK;
    w->report->at = epoch;
    assay_status_ignore(assay_fault_ids(&w->report->fault, what, expected, found), "said here");
    return ASSAY_E_INVALID;
}

/* A document that a change of the archive brought. */
static bool find_document(void *context, const uint8_t digest[static 32],
                          struct assay_slice *document)
{
    const struct walk *w = context;
    struct assay_archive a = *w->check->archive;
    while (a.change_count > 0) {
        struct assay_slice record;
        uint64_t epoch = 0;
        assay_archive_next_change(&a, &epoch, &record);
        if (assay_effective_rules_in_kept(record, digest, document)) return true;
    }
    return false;
}

static size_t find_change(void *context, const uint8_t digest[static 32], uint8_t *record)
{
    const struct walk *w = context;
    struct assay_archive a = *w->check->archive;
    while (a.change_count > 0) {
        struct assay_slice bytes;
        uint64_t epoch = 0;
        uint8_t own[32];
        assay_archive_next_change(&a, &epoch, &bytes);
        assay_sha256(bytes.bytes, bytes.len, own);
        if (!assay_bytes_equal(own, digest, 32) || bytes.len > ASSAY_CHANGE_RECORD_LEN_MAX)
            continue;
        assay_bytes_copy(record, ASSAY_CHANGE_RECORD_LEN_MAX, bytes.bytes, bytes.len);
        return bytes.len;
    }
    return 0;
}

/* The checkpoint, where the walk has come to its epoch. */
static enum assay_status check_checkpoint(struct walk *w, const struct assay_checkpoint *here)
{
    const struct assay_checkpoint *c = w->check->checkpoint;
    if (c == NULL || c->epoch != here->epoch || c->era != here->era) return ASSAY_OK;
    ASSAY_TRY(fail_at_ids(w, c->epoch, "block of the checkpoint", c->id, here->id));
    ASSAY_TRY(fail_at_ids(w, c->epoch, "roster of the checkpoint", c->roster_digest,
                          here->roster_digest));
    /* What led there was proven by nobody who is trusted, but for the members of genesis. */
    if (w->check->archive->first > 0) w->report->proven_from = c->epoch;
    w->report->proven = true;
    return ASSAY_OK;
}

/* Voters that prove the first boundary: the members of genesis, or those of the base. */
static enum assay_status load_first_voters(struct walk *w)
{
    const struct assay_archive *a = w->check->archive;
    struct assay_checkpoint here;
    struct assay_state *state = &w->fold.state;
    if (a->base.len > 0) {
        state = &w->fold.next;
        assay_bytes_copy(state->chain_id, 32, a->end.chain_id, 32);
        const enum assay_status read = assay_state_decode(a->base, state);
        if (read != ASSAY_OK)
            return fail_at(w, a->first, "base cannot be read, or is not its own root's", read);
        if (state->epoch != a->first || state->era != a->end.era)
            return fail_at(w, a->first, "base of another epoch", ASSAY_E_INVALID);
    } else if (a->first > 0) {
        return ASSAY_OK; /* it is its own end: only the checkpoint can tell */
    }
    w->report->proven = a->first == 0 && w->check->checkpoint == NULL;
    assay_checkpoint_of(state, &here);
    ASSAY_TRY(check_checkpoint(w, &here));
    const enum assay_status seated = assay_boundary_chain_init(&w->chain, state);
    if (assay_status_class(seated) == ASSAY_CLASS_HOST) return seated;
    return seated == ASSAY_OK ? ASSAY_OK : fail_at(w, a->first, "voters of the base", seated);
}

static enum assay_status walk_boundaries(struct walk *w)
{
    struct assay_archive a = *w->check->archive;
    const struct assay_checkpoint *here = &w->chain.at;
    if (a.boundary_count == 0) return check_checkpoint(w, &a.end); /* see check_state */
    for (uint64_t epoch = a.first + 1; a.boundary_count > 0; epoch++) {
        struct assay_slice boundary, finality;
        assay_archive_next_boundary(&a, &boundary, &finality);
        const enum assay_status added =
            assay_boundary_chain_add(&w->chain, boundary, finality, &w->report->fault);
        if (added == ASSAY_E_INVALID) w->report->at = epoch;
        ASSAY_TRY(added);
        ASSAY_TRY(check_checkpoint(w, here));
        if (w->check->walked != NULL) w->check->walked(w->check->context, epoch);
    }
    ASSAY_TRY(fail_at_ids(w, a.end.epoch, "block of the last boundary", here->id, a.end.id));
    return fail_at_ids(w, a.end.epoch, "roster of the last boundary", here->roster_digest,
                       a.end.roster_digest);
}

/* Every document that it names, also of the past: without one a daemon could not go on. */
static bool names_nothing_unknown(struct walk *w, const struct assay_leaf_head *head)
{
    const struct assay_genesis *g = w->check->genesis;
    const uint8_t *first[] = { g->policy_digest, g->endorsements_digest, g->operators_digest };
    for (uint32_t i = 0; i < head->document_count; i++) {
        struct assay_slice document;
        bool known = find_document(w, head->documents[i], &document);
        for (size_t k = 0; k < 3; k++)
            known = known || assay_bytes_equal(first[k], head->documents[i], 32);
        if (!known) return false;
    }
    return true;
}

static enum assay_status check_state(struct walk *w)
{
    const struct assay_archive *a = w->check->archive;
    struct assay_leaf_head *head = &w->report->state;
    struct assay_checkpoint c;
    const uint64_t epoch = a->end.epoch;
    enum assay_status read = assay_proof_snapshot(a->state, head);
    if (read == ASSAY_OK) read = assay_proof_checkpoint_of(a->state, &c);
    if (read != ASSAY_OK)
        return fail_at(w, epoch, "state cannot be read, or is not its own root's", read);
    if (!assay_bytes_equal(c.chain_id, a->end.chain_id, 32) || c.era != a->end.era ||
        c.epoch != epoch)
        return fail_at(w, epoch, "state of another chain, era or epoch", ASSAY_E_CHAIN);
    ASSAY_TRY(fail_at_ids(w, epoch, "block of the state", a->end.id, c.id));
    ASSAY_TRY(fail_at_ids(w, epoch, "roster of the state", a->end.roster_digest, c.roster_digest));
    if (!names_nothing_unknown(w, head))
        return fail_at(w, epoch, "a document that the state names is not here", ASSAY_E_NOT_FOUND);
    const enum assay_status taken = assay_fold_from(&w->fold, a->state);
    if (assay_status_class(taken) == ASSAY_CLASS_HOST && taken != ASSAY_E_NOT_FOUND) return taken;
    if (taken != ASSAY_OK)
        return fail_at(w, epoch, "a change or a document that the state names is not here", taken);
    w->report->members = w->fold.state.member_count;
    for (uint32_t i = 0; i < w->report->members; i++)
        w->report->voters += w->fold.state.members[i].seat_weight > 0;
    return ASSAY_OK;
}

static enum assay_status verify_archive(struct walk *w)
{
    const struct assay_archive *a = w->check->archive;
    const struct assay_checkpoint *c = w->check->checkpoint;
    const struct assay_genesis *g = w->check->genesis;
    ASSAY_TRY(fail_at_ids(w, 0, "chain of the archive", g->chain_id, a->end.chain_id));
    if (c != NULL)
        ASSAY_TRY(fail_at_ids(w, c->epoch, "chain of the checkpoint", g->chain_id, c->chain_id));
    w->report->proven_from = a->first;
    ASSAY_TRY(load_first_voters(w));
    ASSAY_TRY(walk_boundaries(w));
    return check_state(w);
}

enum assay_status assay_archive_verify(const struct assay_archive_check *check,
                                       struct assay_archive_report *report)
{
    struct walk *w = check->memory;
    ASSAY_ASSERT(check->archive != NULL && check->genesis != NULL && check->memory != NULL);
    ASSAY_ASSERT((uintptr_t)check->memory % 64 == 0);
    const struct assay_fold_books books = { .context = w,
                                            .document = find_document,
                                            .change = find_change };
    assay_bytes_zero(w, sizeof *w);
    *report = (struct assay_archive_report){ .fault = { .status = ASSAY_OK } };
    w->check = check;
    w->report = report;
    enum assay_status status = assay_fold_init(&w->fold, (uint8_t *)check->memory + walk_len(),
                                               CAPACITY, check->genesis, &books);
    if (status == ASSAY_OK) status = verify_archive(w);
    if (status != ASSAY_OK) report->proven = false;
    ASSAY_ASSERT(status != ASSAY_E_INVALID || report->fault.what != NULL);
    assay_fold_deinit(&w->fold);
    assay_boundary_chain_free(&w->chain);
    return status;
}

/* --- out of a store */

static struct assay_store_key epoch_key(uint32_t era, uint64_t epoch)
{
    return (struct assay_store_key){ .era = era, .epoch = epoch };
}

/* Returns: ASSAY_OK and *len | ASSAY_E_NOT_FOUND | ASSAY_E_STORE */
static enum assay_status value_length(struct assay_store *store, enum assay_store_class class_,
                                      uint32_t era, uint64_t epoch, size_t *len)
{
    const struct assay_store_key key = epoch_key(era, epoch);
    uint8_t none[1];
    const enum assay_status got = assay_store_get(store, class_, &key, none, 0, len);
    return got == ASSAY_E_FULL ? ASSAY_OK : got;
}

struct newest {
    bool any;
    struct assay_store_key key;
    size_t len;
};

static bool visit_newest(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    *(struct newest *)context = (struct newest){ true, *key, value.len };
    return false;
}

/* A state after this epoch from which boundaries may begin. Returns: as value_length */
static enum assay_status find_base(struct assay_store *store, uint32_t era, uint64_t epoch,
                                   enum assay_store_class *class_, size_t *len)
{
    static const enum assay_store_class classes[] = { ASSAY_STORE_ANCHOR, ASSAY_STORE_STATE };
    enum assay_status got = ASSAY_E_NOT_FOUND;
    for (size_t i = 0; i < 2 && got == ASSAY_E_NOT_FOUND; i++) {
        got = value_length(store, classes[i], era, epoch, len);
        if (got == ASSAY_OK) *class_ = classes[i];
    }
    return got;
}

static size_t max_len(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Down from its end, as far as boundaries and their proofs are without a gap: to genesis, or to
 * the oldest state that they follow. */
static enum assay_status survey_boundaries(struct assay_store *store,
                                           struct assay_archive_plan *plan)
{
    const size_t own_len = plan->len;
    size_t len = 0;
    plan->first = plan->epoch;
    for (uint64_t e = plan->epoch; e > 0; e--) {
        size_t boundary = 0, finality = 0, base = 0;
        enum assay_status got = value_length(store, ASSAY_STORE_BOUNDARY, plan->era, e, &boundary);
        if (got == ASSAY_OK)
            got = value_length(store, ASSAY_STORE_FINALITY, plan->era, e, &finality);
        if (got == ASSAY_E_NOT_FOUND) return ASSAY_OK;
        ASSAY_TRY(got);
        len += boundary + finality + 32;
        plan->value_len = max_len(max_len(plan->value_len, boundary), finality);
        got = e > 1 ? find_base(store, plan->era, e - 1, &plan->base_class, &base) : ASSAY_OK;
        if (got == ASSAY_E_NOT_FOUND) continue;
        ASSAY_TRY(got);
        plan->value_len = max_len(plan->value_len, base);
        plan->first = e - 1;
        plan->len = own_len + len + base;
    }
    return ASSAY_OK;
}

enum assay_status assay_archive_survey(struct assay_store *store, struct assay_archive_plan *plan)
{
    const struct assay_store_key from = { 0 };
    struct assay_store_key to = { .era = UINT32_MAX, .epoch = UINT64_MAX, .number = UINT64_MAX };
    struct newest newest = { .any = false };
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    ASSAY_TRY(assay_store_scan(store, ASSAY_STORE_STATE, &from, &to, true, visit_newest, &newest));
    if (!newest.any) return ASSAY_E_NOT_FOUND;
    *plan = (struct assay_archive_plan){ .era = newest.key.era,
                                         .epoch = newest.key.epoch,
                                         .base_class = ASSAY_STORE_STATE,
                                         .len = HEAD_LEN_MAX + newest.len,
                                         .value_len = newest.len };
    plan->len +=
        ASSAY_FAST_SYNC_WIRE_CHANGES_MAX * ((size_t)ASSAY_FAST_SYNC_WIRE_CHANGE_LEN_MAX + 16);
    return survey_boundaries(store, plan);
}

/* Encodes the items that the state names, and no others. */
struct telling {
    const struct assay_leaf_head *head;
    struct assay_writer *w; /* NULL: counting */
    uint64_t covered;
    uint32_t count;
};

static bool visit_change(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct telling *t = context;
    const uint64_t covers = assay_fast_sync_wire_covers(t->head, key->id, value);
    if ((covers & ~t->covered) == 0) return true;
    t->covered |= covers;
    t->count++;
    if (t->w == NULL) return true;
    assay_cbor_put_array(t->w, 2);
    assay_cbor_put_uint(t->w, key->epoch);
    assay_cbor_put_bytes(t->w, value.bytes, value.len);
    return true;
}

static enum assay_status encode_changes(struct assay_store *store,
                                        const struct assay_leaf_head *head, struct assay_writer *w)
{
    const struct assay_store_key from = { 0 };
    struct assay_store_key to = { .era = UINT32_MAX, .epoch = UINT64_MAX, .number = UINT64_MAX };
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    struct telling t = { .head = head };
    for (unsigned i = 0; i < 2; i++) { /* count, then write */
        if (i == 1) assay_cbor_put_array(w, t.count);
        t = (struct telling){ .head = head, .w = i == 1 ? w : NULL };
        ASSAY_TRY(assay_store_scan(store, ASSAY_STORE_CHANGE, &from, &to, false, visit_change, &t));
        ASSAY_TRY(
            assay_store_scan(store, ASSAY_STORE_COLLATERAL, &from, &to, false, visit_change, &t));
    }
    return ASSAY_OK;
}

static enum assay_status encode_value(struct assay_store *store, enum assay_store_class class_,
                                      uint32_t era, uint64_t epoch, void *scratch,
                                      size_t scratch_len, struct assay_writer *w)
{
    const struct assay_store_key key = epoch_key(era, epoch);
    size_t len = 0;
    ASSAY_TRY(assay_store_get(store, class_, &key, scratch, scratch_len, &len));
    assay_cbor_put_bytes(w, scratch, len);
    return ASSAY_OK;
}

enum assay_status assay_archive_encode(struct assay_store *store,
                                       const struct assay_archive_plan *plan, void *scratch,
                                       size_t scratch_len, struct assay_writer *w)
{
    struct assay_leaf_head head;
    struct assay_checkpoint c;
    struct assay_slice all;
    size_t len = 0;
    const struct assay_store_key key = epoch_key(plan->era, plan->epoch);
    const size_t start = w->len;
    ASSAY_TRY(assay_store_get(store, ASSAY_STORE_STATE, &key, scratch, scratch_len, &len));
    const struct assay_slice state = assay_slice_over(scratch, len);
    ASSAY_TRY(assay_proof_snapshot(state, &head));
    ASSAY_TRY(assay_proof_checkpoint_of(state, &c));
    assay_cbor_put_array(w, ITEMS);
    assay_cbor_put_text(w, tag);
    assay_cbor_put_bytes(w, c.chain_id, 32);
    assay_cbor_put_uint(w, c.era);
    assay_cbor_put_uint(w, c.epoch);
    assay_cbor_put_bytes(w, c.id, 32);
    assay_cbor_put_bytes(w, c.roster_digest, 32);
    assay_cbor_put_uint(w, plan->first);
    if (plan->first > 0 && plan->first < plan->epoch)
        ASSAY_TRY(
            encode_value(store, plan->base_class, plan->era, plan->first, scratch, scratch_len, w));
    else assay_cbor_put_bytes(w, scratch, 0);
    ASSAY_TRY(encode_changes(store, &head, w));
    assay_cbor_put_array(w, plan->epoch - plan->first);
    for (uint64_t e = plan->first + 1; e <= plan->epoch; e++) {
        assay_cbor_put_array(w, 2);
        ASSAY_TRY(encode_value(store, ASSAY_STORE_BOUNDARY, plan->era, e, scratch, scratch_len, w));
        ASSAY_TRY(encode_value(store, ASSAY_STORE_FINALITY, plan->era, e, scratch, scratch_len, w));
    }
    ASSAY_TRY(
        encode_value(store, ASSAY_STORE_STATE, plan->era, plan->epoch, scratch, scratch_len, w));
    if (w->full) return ASSAY_E_FULL;
    uint8_t digest[32];
    assay_sha256(w->bytes + start, w->len - start, digest);
    assay_cbor_put_bytes(w, digest, sizeof digest);
    return assay_writer_finish(w, &all);
}

/* --- and into one */

static enum assay_status unpack_changes(const struct assay_archive *archive,
                                        const struct assay_leaf_head *head,
                                        struct assay_store *store)
{
    struct assay_archive a = *archive;
    while (a.change_count > 0) {
        struct assay_slice record;
        struct assay_store_key key = { .era = a.end.era };
        assay_archive_next_change(&a, &key.epoch, &record);
        assay_sha256(record.bytes, record.len, key.id);
        if (assay_fast_sync_wire_covers(head, key.id, record) == 0)
            continue; /* nothing proves it */
        const enum assay_store_class class_ = assay_fast_sync_wire_class(record, a.end.epoch, &key);
        ASSAY_TRY(assay_store_put(store, class_, &key, record));
    }
    return ASSAY_OK;
}

enum assay_status assay_archive_unpack(const struct assay_archive *archive,
                                       const struct assay_archive_report *report,
                                       struct assay_store *store)
{
    struct assay_archive a = *archive;
    ASSAY_ASSERT(report->proven && report->fault.what == NULL);
    for (uint64_t epoch = a.first + 1; a.boundary_count > 0; epoch++) {
        const struct assay_store_key key = epoch_key(a.end.era, epoch);
        struct assay_slice boundary, finality;
        assay_archive_next_boundary(&a, &boundary, &finality);
        if (epoch <= report->proven_from) continue;
        ASSAY_TRY(assay_store_put(store, ASSAY_STORE_BOUNDARY, &key, boundary));
        ASSAY_TRY(assay_store_put(store, ASSAY_STORE_FINALITY, &key, finality));
    }
    const struct assay_store_key key = epoch_key(a.end.era, a.end.epoch);
    ASSAY_TRY(unpack_changes(archive, &report->state, store));
    /* As after a leap: who reads the store again begins with it. */
    ASSAY_TRY(assay_store_put(store, ASSAY_STORE_ANCHOR, &key, a.state));
    return assay_store_put(store, ASSAY_STORE_STATE, &key, a.state);
}
