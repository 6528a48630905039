/*
 * host/reviews.c - proposals of changes and what operators state about them (docs/protocol.md
 * 9.19).
 */
#include "host/reviews.h"

#include "base/assert.h"
#include "base/layout.h"

static void lay_out_memory(struct assay_reviews *r, struct assay_layout *l, uint32_t operators)
{
    const size_t count = (size_t)operators * ASSAY_REVIEWS_OF_OPERATOR;
    const size_t changes = (size_t)operators * ASSAY_REVIEW_PLACES;
    r->operators = operators;
    r->count = (uint32_t)count;
    r->entries = assay_layout_add(l, count * sizeof *r->entries);
    r->change_used = assay_layout_add(l, changes * sizeof *r->change_used);
    r->changes = assay_layout_add(l, changes * sizeof *r->changes);
}

size_t assay_reviews_memory_len(uint32_t operators)
{
    struct assay_reviews counted;
    struct assay_layout l = { 0 };
    ASSAY_ASSERT(operators > 0 && operators <= ASSAY_OPERATORS_MAX);
    lay_out_memory(&counted, &l, operators);
    return l.at;
}

void assay_reviews_init(struct assay_reviews *reviews, void *memory, uint32_t operators)
{
    ASSAY_ASSERT(memory != NULL && ((uintptr_t)memory & 63) == 0);
    struct assay_layout l = { .base = memory };
    lay_out_memory(reviews, &l, operators);
    for (uint32_t i = 0; i < reviews->count; i++) {
        reviews->entries[i].used = false;
        reviews->entries[i].is_dirty = false;
    }
    for (uint32_t i = 0; i < operators * ASSAY_REVIEW_PLACES; i++)
        reviews->change_used[i] = false;
}

const char *assay_reviews_end_name(enum assay_review_end end)
{
    switch (end) {
    case ASSAY_REVIEW_OPEN: return "open";
    case ASSAY_REVIEW_WITHDRAWN: return "withdrawn";
    case ASSAY_REVIEW_REPLACED: return "replaced";
    case ASSAY_REVIEW_EXPIRED: return "expired";
    case ASSAY_REVIEW_OVERTAKEN: return "overtaken";
    case ASSAY_REVIEW_ORPHANED: return "orphaned";
    }
    return "unknown";
}

/* ------------------------------------------------------------ places */

static bool is_proposal_place(const struct assay_review *r)
{
    return r->place < ASSAY_REVIEW_PLACES;
}

static bool is_same_place(const struct assay_review_entry *e, const uint8_t operator_id[static 32],
                          uint32_t place, const uint8_t digest[static 32])
{
    if (!e->used || e->review.place != place) return false;
    if (!assay_bytes_equal(e->review.operator_id, operator_id, 32)) return false;
    return is_proposal_place(&e->review) || assay_bytes_equal(e->review.digest, digest, 32);
}

const struct assay_review_entry *assay_reviews_in_place(const struct assay_reviews *reviews,
                                                        const uint8_t operator_id[static 32],
                                                        uint32_t place,
                                                        const uint8_t digest[static 32])
{
    ASSAY_ASSERT(place <= ASSAY_REVIEW_PLACE_APPROVAL);
    for (uint32_t i = 0; i < reviews->count; i++)
        if (is_same_place(&reviews->entries[i], operator_id, place, digest))
            return &reviews->entries[i];
    return NULL;
}

/* Of the places of a digest: a withdrawal there ends what its operator states about the change for
 * some epochs to come. An operator cannot know of an approval that a node holds back, nor whether
 * the node that it withdraws at is some epochs behind: a withdrawal has to be the later one. */
static bool ends_for_epochs(const struct assay_review *r)
{
    return r->act == ASSAY_REVIEW_WITHDRAW && !is_proposal_place(r);
}

static uint64_t counts_until(const struct assay_review *r)
{
    return r->issued + (ends_for_epochs(r) ? ASSAY_REVIEW_WITHDRAWAL_EPOCHS : 0);
}

/* Does a come after b? One order of all records, so that what counts depends on no order of reading
 * them. */
static bool is_later(const struct assay_review *a, const uint8_t a_key[static 32],
                     const struct assay_review *b, const uint8_t b_key[static 32])
{
    if (counts_until(a) != counts_until(b)) return counts_until(a) > counts_until(b);
    if (ends_for_epochs(a) != ends_for_epochs(b)) return ends_for_epochs(a);
    if (a->number != b->number) return a->number > b->number;
    return assay_bytes_compare(a_key, b_key, 32) < 0;
}

static void release_change(struct assay_reviews *reviews, struct assay_review_entry *e)
{
    if (e->review.act != ASSAY_REVIEW_PROPOSE) return;
    ASSAY_ASSERT(e->change < reviews->operators * ASSAY_REVIEW_PLACES);
    ASSAY_ASSERT(reviews->change_used[e->change]);
    reviews->change_used[e->change] = false;
}

static void remove_entry(struct assay_reviews *reviews, struct assay_review_entry *e)
{
    ASSAY_ASSERT(e->used);
    release_change(reviews, e);
    e->used = false;
    e->is_dirty = true;
}

/* A place for a record of this operator: a free one; of 32 approvals the oldest makes room, and
 * where the record is older than all of them there is none. NULL, too, where none is free. */
static struct assay_review_entry *find_room(struct assay_reviews *reviews,
                                            const struct assay_record *record)
{
    const struct assay_review *r = &record->review;
    struct assay_review_entry *free_one = NULL, *oldest = NULL;
    uint32_t own = 0, approvals = 0;
    for (uint32_t i = 0; i < reviews->count; i++) {
        struct assay_review_entry *e = &reviews->entries[i];
        if (!e->used) {
            if (free_one == NULL) free_one = e;
            continue;
        }
        if (!assay_bytes_equal(e->review.operator_id, r->operator_id, 32)) continue;
        own++;
        if (is_proposal_place(&e->review)) continue;
        approvals++;
        if (oldest == NULL || is_later(&oldest->review, oldest->key, &e->review, e->key))
            oldest = e;
    }
    ASSAY_ASSERT(own <= ASSAY_REVIEWS_OF_OPERATOR && approvals <= ASSAY_REVIEWS_APPROVALS);
    if (is_proposal_place(r) || approvals < ASSAY_REVIEWS_APPROVALS) return free_one;
    if (!is_later(r, record->key, &oldest->review, oldest->key)) return NULL;
    remove_entry(reviews, oldest);
    return oldest;
}

/* Returns: the index of a free body; the count of bodies: none. */
static uint32_t find_change(const struct assay_reviews *reviews)
{
    uint32_t i = 0;
    while (i < reviews->operators * ASSAY_REVIEW_PLACES && reviews->change_used[i])
        i++;
    return i;
}

/* Is there a body for this record where it is to follow e, NULL: no other one? */
static bool has_change(const struct assay_reviews *reviews, const struct assay_review *r,
                       const struct assay_review_entry *e)
{
    if (r->act != ASSAY_REVIEW_PROPOSE) return true;
    if (e != NULL && e->used && e->review.act == ASSAY_REVIEW_PROPOSE) return true;
    return find_change(reviews) < reviews->operators * ASSAY_REVIEW_PLACES;
}

/* There is a body for it: has_change. */
static void fill_entry(struct assay_reviews *reviews, struct assay_review_entry *e,
                       const struct assay_record *record, uint64_t epoch)
{
    const struct assay_review *r = &record->review;
    ASSAY_ASSERT(!e->used && record->body.len <= sizeof e->bytes);
    *e = (struct assay_review_entry){ .used = true, .is_dirty = true };
    e->since_epoch = e->last_epoch = epoch;
    e->review = *r;
    e->body_len = record->body.len;
    assay_bytes_copy(e->key, 32, record->key, 32);
    assay_bytes_copy(e->signature, sizeof e->signature, record->signature,
                     sizeof record->signature);
    assay_bytes_copy(e->bytes, sizeof e->bytes, record->body.bytes, record->body.len);
    const size_t comment_at =
        r->comment.len > 0 ? (size_t)(r->comment.bytes - record->body.bytes) : 0;
    ASSAY_ASSERT(comment_at + r->comment.len <= e->body_len);
    e->review.comment = assay_slice_over(e->bytes + comment_at, r->comment.len);
    e->review.change = (struct assay_slice){ 0 };
    if (r->act != ASSAY_REVIEW_PROPOSE) return;
    e->change = find_change(reviews);
    ASSAY_ASSERT(e->change < reviews->operators * ASSAY_REVIEW_PLACES);
    reviews->change_used[e->change] = true;
    e->activation = record->change.activation;
    uint8_t *change = reviews->changes[e->change];
    assay_bytes_copy(change, ASSAY_REVIEW_CHANGE_LEN_MAX, r->change.bytes, r->change.len);
    e->review.change = assay_slice_over(change, r->change.len);
}

static void report_end(struct assay_review_entry *e, enum assay_review_end end,
                       assay_reviews_report *report, void *context)
{
    if (e->review.act != ASSAY_REVIEW_PROPOSE || e->is_over) return;
    e->is_over = true;
    if (report != NULL) report(context, e, end);
}

/* Of a later record in the place of a proposal. */
static enum assay_review_end end_by(const struct assay_review *later)
{
    return later->act == ASSAY_REVIEW_WITHDRAW ? ASSAY_REVIEW_WITHDRAWN : ASSAY_REVIEW_REPLACED;
}

/* Does a withdrawal of the same operator and change come after e? Where 32 later approvals follow a
 * proposal they may have displaced one, and no node can tell any more: it counts as withdrawn. So
 * what was withdrawn stays so, and what counts depends on no order of reading. */
static bool has_withdrawal(const struct assay_reviews *reviews, const struct assay_review_entry *e)
{
    uint32_t later = 0;
    for (uint32_t i = 0; i < reviews->count; i++) {
        const struct assay_review_entry *w = &reviews->entries[i];
        if (!w->used || !assay_bytes_equal(w->review.operator_id, e->review.operator_id, 32) ||
            !is_later(&w->review, w->key, &e->review, e->key))
            continue;
        later += !is_proposal_place(&w->review);
        if (w->review.act == ASSAY_REVIEW_WITHDRAW &&
            assay_bytes_equal(w->review.digest, e->review.digest, 32))
            return true;
    }
    return is_proposal_place(&e->review) && later == ASSAY_REVIEWS_APPROVALS;
}

/* One withdrawal ends all that its operator stated about the change before, in any place. */
static void mark_withdrawn(struct assay_reviews *reviews, const uint8_t operator_id[static 32])
{
    for (uint32_t i = 0; i < reviews->count; i++) {
        struct assay_review_entry *e = &reviews->entries[i];
        if (e->used && assay_bytes_equal(e->review.operator_id, operator_id, 32))
            e->is_withdrawn = has_withdrawal(reviews, e);
    }
}

/* Of operators that are not in force: they have places while there is room for all others. In:
 * bodies: room for the body of a change is wanted, which withdrawals and approvals do not have */
static void end_orphans(struct assay_reviews *reviews, const struct assay_reviews_facts *facts,
                        bool bodies, assay_reviews_report *report, void *context)
{
    for (uint32_t i = 0; i < reviews->count; i++) {
        struct assay_review_entry *e = &reviews->entries[i];
        if (!e->used || (bodies && e->review.act != ASSAY_REVIEW_PROPOSE) ||
            assay_operator_find(facts->effective, e->review.operator_id) != NULL)
            continue;
        report_end(e, ASSAY_REVIEW_ORPHANED, report, context);
        remove_entry(reviews, e);
    }
}

/* Returns: NULL: there is none for it. */
static struct assay_review_entry *make_room(struct assay_reviews *reviews,
                                            const struct assay_record *record,
                                            const struct assay_reviews_facts *facts,
                                            assay_reviews_report *report, void *context)
{
    struct assay_review_entry *e = find_room(reviews, record);
    if (e != NULL && has_change(reviews, &record->review, NULL)) return e;
    end_orphans(reviews, facts, e != NULL, report, context);
    e = find_room(reviews, record);
    return e != NULL && has_change(reviews, &record->review, NULL) ? e : NULL;
}

bool assay_reviews_apply(struct assay_reviews *reviews, const struct assay_record *record,
                         uint64_t epoch, const struct assay_reviews_facts *facts,
                         assay_reviews_report *report, void *context)
{
    const struct assay_review *r = &record->review;
    ASSAY_ASSERT(record->kind == ASSAY_RECORD_REVIEW && facts->effective != NULL);
    if (assay_operator_find(facts->effective, r->operator_id) == NULL) return false;
    struct assay_review_entry *e = NULL;
    for (uint32_t i = 0; e == NULL && i < reviews->count; i++)
        if (is_same_place(&reviews->entries[i], r->operator_id, r->place, r->digest))
            e = &reviews->entries[i];
    if (e != NULL && assay_bytes_equal(e->key, record->key, 32)) {
        e->is_dirty |= epoch > e->last_epoch;
        e->last_epoch = epoch > e->last_epoch ? epoch : e->last_epoch;
        return true;
    }
    if (e != NULL) {
        if (!is_later(r, record->key, &e->review, e->key)) return false;
        if (!has_change(reviews, r, e)) end_orphans(reviews, facts, true, report, context);
        if (!has_change(reviews, r, e)) return false;
        report_end(e, end_by(r), report, context);
        remove_entry(reviews, e);
    } else {
        e = make_room(reviews, record, facts, report, context);
    }
    if (e == NULL) return false;
    fill_entry(reviews, e, record, epoch);
    mark_withdrawn(reviews, r->operator_id);
    return true;
}

bool assay_reviews_wants(const struct assay_reviews *reviews, const struct assay_record *record,
                         uint64_t epoch)
{
    const struct assay_review *r = &record->review;
    uint32_t approvals = 0, later = 0;
    for (uint32_t i = 0; i < reviews->count; i++) {
        const struct assay_review_entry *e = &reviews->entries[i];
        if (is_same_place(e, r->operator_id, r->place, r->digest))
            return assay_bytes_equal(e->key, record->key, 32)
                       ? assay_reviews_must_repeat(e, epoch)
                       : is_later(r, record->key, &e->review, e->key);
        if (!e->used || is_proposal_place(&e->review) || is_proposal_place(r)) continue;
        if (!assay_bytes_equal(e->review.operator_id, r->operator_id, 32)) continue;
        approvals++;
        later += is_later(&e->review, e->key, r, record->key);
    }
    return approvals < ASSAY_REVIEWS_APPROVALS || later < approvals;
}

/* ------------------------------------------------------------ evaluation */

enum assay_review_end assay_reviews_state(const struct assay_review_entry *entry,
                                          const struct assay_reviews_facts *facts)
{
    const struct assay_review *r = &entry->review;
    ASSAY_ASSERT(entry->used && facts->effective != NULL);
    if (r->act == ASSAY_REVIEW_WITHDRAW || entry->is_withdrawn) return ASSAY_REVIEW_WITHDRAWN;
    if (r->era != facts->era || r->sequence <= facts->change_sequence)
        return ASSAY_REVIEW_OVERTAKEN;
    if (r->expires < facts->epoch) return ASSAY_REVIEW_EXPIRED;
    if (r->act == ASSAY_REVIEW_PROPOSE &&
        entry->activation < facts->epoch + ASSAY_ACTIVATION_AHEAD_MIN)
        return ASSAY_REVIEW_EXPIRED;
    if (assay_operator_find(facts->effective, r->operator_id) == NULL) return ASSAY_REVIEW_ORPHANED;
    return ASSAY_REVIEW_OPEN;
}

/* Too old for blocks, with all that it ends? Then nothing can bring that back. One
 * whose number is taken stays: it keeps the older ones out that 32 later ones displaced, and what
 * counts does not depend on when a node reads which block. So does one of an operator that left: it
 * may return with the same key, and anybody may repeat what it withdrew. */
static bool is_gone(const struct assay_review_entry *e, const struct assay_reviews_facts *facts)
{
    const struct assay_review *r = &e->review;
    return r->era != facts->era || counts_until(r) + ASSAY_REVIEW_EPOCHS_MAX < facts->epoch;
}

void assay_reviews_close(struct assay_reviews *reviews, const struct assay_reviews_facts *facts,
                         assay_reviews_report *report, void *context)
{
    for (uint32_t i = 0; i < reviews->count; i++) {
        struct assay_review_entry *e = &reviews->entries[i];
        if (!e->used) continue;
        const enum assay_review_end end = assay_reviews_state(e, facts);
        if (end != ASSAY_REVIEW_OPEN) report_end(e, end, report, context);
        else e->is_over = false; /* its operator has returned */
        if (is_gone(e, facts)) remove_entry(reviews, e);
    }
}

bool assay_reviews_restore(struct assay_reviews *reviews, uint32_t index,
                           const struct assay_record *record, uint64_t since_epoch,
                           uint64_t last_epoch, const struct assay_reviews_facts *facts)
{
    const struct assay_review *r = &record->review;
    ASSAY_ASSERT(record->kind == ASSAY_RECORD_REVIEW);
    if (index >= reviews->count || reviews->entries[index].used) return false;
    if (assay_reviews_in_place(reviews, r->operator_id, r->place, r->digest) != NULL) return false;
    if (!has_change(reviews, r, NULL)) return false;
    struct assay_review_entry *e = &reviews->entries[index];
    fill_entry(reviews, e, record, since_epoch);
    e->last_epoch = last_epoch;
    e->is_dirty = false;
    mark_withdrawn(reviews, r->operator_id);
    const enum assay_review_end end = assay_reviews_state(e, facts);
    e->is_over = end != ASSAY_REVIEW_OPEN;
    return true;
}

/* Ascending by operator, then place. */
static bool comes_before(const struct assay_review *a, const struct assay_review *b)
{
    const int order = assay_bytes_compare(a->operator_id, b->operator_id, 32);
    return order != 0 ? order < 0 : a->place < b->place;
}

const struct assay_review_entry *assay_reviews_next(const struct assay_reviews *reviews,
                                                    const struct assay_reviews_facts *facts,
                                                    uint32_t *at)
{
    const struct assay_review_entry *last = *at > 0 ? &reviews->entries[*at - 1] : NULL;
    const struct assay_review_entry *found = NULL;
    ASSAY_ASSERT(*at <= reviews->count && (last == NULL || last->used));
    for (uint32_t i = 0; i < reviews->count; i++) {
        const struct assay_review_entry *e = &reviews->entries[i];
        if (!e->used || e->review.act != ASSAY_REVIEW_PROPOSE) continue;
        if (last != NULL && !comes_before(&last->review, &e->review)) continue;
        if (found != NULL && !comes_before(&e->review, &found->review)) continue;
        /* Last, since it compares with each operator. */
        if (assay_reviews_state(e, facts) == ASSAY_REVIEW_OPEN) found = e;
    }
    if (found != NULL) *at = (uint32_t)(found - reviews->entries) + 1;
    return found;
}

static bool is_certain(const struct assay_review_entry *e, uint64_t certain_after)
{
    return certain_after == 0 || e->review.issued > certain_after;
}

static const struct assay_review_entry *find_certain(const struct assay_reviews *reviews,
                                                     const struct assay_reviews_facts *facts,
                                                     const uint8_t operator_id[static 32],
                                                     const uint8_t digest[static 32],
                                                     uint64_t certain_after)
{
    for (uint32_t i = 0; i < reviews->count; i++) {
        const struct assay_review_entry *e = &reviews->entries[i];
        if (!e->used || !assay_bytes_equal(e->review.digest, digest, 32)) continue;
        if (!assay_bytes_equal(e->review.operator_id, operator_id, 32)) continue;
        if (!is_certain(e, certain_after)) continue;
        if (assay_reviews_state(e, facts) == ASSAY_REVIEW_OPEN) return e;
    }
    return NULL;
}

const struct assay_review_entry *assay_reviews_find(const struct assay_reviews *reviews,
                                                    const struct assay_reviews_facts *facts,
                                                    const uint8_t operator_id[static 32],
                                                    const uint8_t digest[static 32])
{
    return find_certain(reviews, facts, operator_id, digest, 0);
}

uint32_t assay_reviews_count(const struct assay_reviews *reviews,
                             const struct assay_reviews_facts *facts,
                             const uint8_t digest[static 32])
{
    const struct assay_genesis *rules = facts->effective;
    bool has[ASSAY_OPERATORS_MAX] = { false };
    uint32_t count = 0;
    for (uint32_t i = 0; i < reviews->count; i++) {
        const struct assay_review_entry *e = &reviews->entries[i];
        if (!e->used || !assay_bytes_equal(e->review.digest, digest, 32)) continue;
        if (assay_reviews_state(e, facts) != ASSAY_REVIEW_OPEN) continue;
        const struct assay_genesis_operator *o = assay_operator_find(rules, e->review.operator_id);
        ASSAY_ASSERT(o != NULL); /* it is open */
        count += !has[o - rules->operators];
        has[o - rules->operators] = true;
    }
    return count;
}

/* Signatures of a CHANGE ascend by operator id; the list of operators does by key. */
static void insert_signature(uint8_t (*ids)[32], uint8_t (*signatures)[ASSAY_P256_SIGNATURE_LEN],
                             uint32_t count, const struct assay_review *r)
{
    uint32_t at = count;
    for (; at > 0 && assay_bytes_compare(ids[at - 1], r->operator_id, 32) > 0; at--) {
        assay_bytes_copy(ids[at], 32, ids[at - 1], 32);
        assay_bytes_copy(signatures[at], ASSAY_P256_SIGNATURE_LEN, signatures[at - 1],
                         ASSAY_P256_SIGNATURE_LEN);
    }
    assay_bytes_copy(ids[at], 32, r->operator_id, 32);
    assay_bytes_copy(signatures[at], ASSAY_P256_SIGNATURE_LEN, r->change_signature,
                     ASSAY_P256_SIGNATURE_LEN);
}

enum assay_status assay_reviews_assemble(const struct assay_reviews *reviews,
                                         const struct assay_reviews_facts *facts,
                                         const struct assay_review_entry *entry,
                                         uint64_t certain_after, struct assay_writer *w)
{
    const struct assay_genesis *rules = facts->effective;
    uint8_t ids[ASSAY_OPERATORS_MAX][32];
    uint8_t signatures[ASSAY_OPERATORS_MAX][ASSAY_P256_SIGNATURE_LEN];
    uint32_t count = 0;
    ASSAY_ASSERT(entry->used && entry->review.act == ASSAY_REVIEW_PROPOSE);
    if (!is_certain(entry, certain_after)) return ASSAY_E_EARLY;
    for (uint32_t i = 0; i < rules->operator_count && count < rules->threshold; i++) {
        const uint8_t *id = rules->operators[i].operator_id;
        const struct assay_review_entry *e =
            find_certain(reviews, facts, id, entry->review.digest, certain_after);
        if (e == NULL) continue;
        ASSAY_ASSERT(e->review.has_signature);
        insert_signature(ids, signatures, count++, &e->review);
    }
    if (count < rules->threshold) return ASSAY_E_EARLY;
    return assay_record_put_change(w, entry->review.change, (const uint8_t(*)[32])ids,
                                   (const uint8_t(*)[ASSAY_P256_SIGNATURE_LEN])signatures, count);
}

enum assay_status assay_reviews_record(const struct assay_reviews *reviews,
                                       const struct assay_review_entry *entry,
                                       struct assay_writer *w)
{
    ASSAY_ASSERT(entry->used && entry >= reviews->entries);
    return assay_record_put_review(w, assay_slice_over(entry->bytes, entry->body_len),
                                   entry->signature, entry->review.change);
}

bool assay_reviews_must_repeat(const struct assay_review_entry *entry, uint64_t epoch)
{
    return entry->used && entry->last_epoch + ASSAY_REVIEWS_REPEAT_EPOCHS <= epoch &&
           entry->review.issued + ASSAY_REVIEW_EPOCHS_MAX >= epoch;
}

enum { ENTRIES_MAX = ASSAY_OPERATORS_MAX * ASSAY_REVIEWS_OF_OPERATOR };
_Static_assert((int)ENTRIES_MAX <= UINT16_MAX, "an index fits");

/* heap: of entries, the highest key first; the one at this place may be too low. */
static void sift_down(const struct assay_reviews *reviews, uint16_t *heap, uint32_t count,
                      uint32_t at)
{
    const struct assay_review_entry *const entries = reviews->entries;
    for (uint32_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count &&
            assay_bytes_compare(entries[heap[child]].key, entries[heap[child + 1]].key, 32) < 0)
            child++;
        if (assay_bytes_compare(entries[heap[at]].key, entries[heap[child]].key, 32) >= 0) return;
        const uint16_t swapped = heap[at];
        heap[at] = heap[child];
        heap[child] = swapped;
        at = child;
    }
}

/* Entries that count, ascending by key. Returns: their number. */
static uint32_t sort_open(const struct assay_reviews *reviews,
                          const struct assay_reviews_facts *facts,
                          uint16_t sorted[static ENTRIES_MAX])
{
    uint32_t count = 0;
    ASSAY_ASSERT(reviews->count <= ENTRIES_MAX);
    for (uint32_t i = 0; i < reviews->count; i++) {
        const struct assay_review_entry *e = &reviews->entries[i];
        if (e->used && assay_reviews_state(e, facts) == ASSAY_REVIEW_OPEN)
            sorted[count++] = (uint16_t)i;
    }
    for (uint32_t i = count / 2; i-- > 0;)
        sift_down(reviews, sorted, count, i);
    for (uint32_t left = count; left > 1; left--) {
        const uint16_t highest = sorted[0];
        sorted[0] = sorted[left - 1];
        sorted[left - 1] = highest;
        sift_down(reviews, sorted, left - 1, 0);
    }
    return count;
}

void assay_reviews_digest(const struct assay_reviews *reviews,
                          const struct assay_reviews_facts *facts, uint8_t digest[static 32])
{
    uint16_t sorted[ENTRIES_MAX];
    const uint32_t count = sort_open(reviews, facts, sorted);
    assay_bytes_zero(digest, 32);
    for (uint32_t i = 0; i < count; i++) {
        const struct assay_slice pieces[2] = {
            assay_slice_over(digest, 32), assay_slice_over(reviews->entries[sorted[i]].key, 32)
        };
        uint8_t chained[32];
        assay_sha256_pieces(pieces, 2, chained);
        assay_bytes_copy(digest, 32, chained, 32);
    }
}
