/*
 * host/recovery.c - evaluation of the answers to a fence (docs/protocol.md 9.14).
 */
#include "host/recovery.h"

#include "base/assert.h"

enum {
    /* In addition to the longest body, operators' document and signatures of a RECOVER. */
    GROUNDS_LEN_MAX = ASSAY_RECOVER_LEN_MAX - ASSAY_RECOVER_BODY_LEN_MAX - ASSAY_FENCE_LEN_MAX -
                      ASSAY_OPERATORS_LEN_MAX - 1024,
    ANSWER_LEN = ASSAY_ANSWER_CORE_LEN_MAX + 2 * 66 + 4,
};

enum assay_status assay_recovery_init(struct assay_recovery *r, const struct assay_state *state,
                                      const uint8_t fence_digest[static 32])
{
    uint64_t total = 0;
    assay_bytes_zero(r, sizeof *r);
    r->state = state;
    assay_bytes_copy(r->fence_digest, 32, fence_digest, 32);
    if (state->member_count > ASSAY_MEMBERS_MAX) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < state->member_count; i++) {
        const struct assay_member *m = &state->members[i];
        ASSAY_TRY(assay_p256_load(m->lives[0].voting_public, &r->keys[i]));
        r->weights[i] = m->seat_weight;
        assay_bytes_copy(r->node_ids[i], 32, m->node_id, 32);
        total += assay_member_row_weight(m);
        r->total_weight += m->weight;
    }
    r->voters = (struct assay_voter_table){ .count = state->member_count,
                                            .weight = r->weights,
                                            .node_id = (const uint8_t(*)[32])r->node_ids,
                                            .voting_key = r->keys,
                                            .total_weight = total };
    return total > 0 && r->total_weight > 0 ? ASSAY_OK : ASSAY_E_RANGE;
}

void assay_recovery_free(struct assay_recovery *r)
{
    for (uint32_t i = 0; i < ASSAY_MEMBERS_MAX; i++)
        assay_p256_free(&r->keys[i]);
}

/* The final certificate of the running epoch that the answer brings. Returns: whether there is one,
 * signed by more than two thirds of the seats. */
static bool read_certificate(const struct assay_recovery *r, const struct assay_answer_body *a,
                             struct assay_vote_certificate *c)
{
    return a->epoch == r->state->epoch + 1 &&
           assay_certificate_decode(a->certificate, r->voters.count, c) == ASSAY_OK &&
           c->statement.type == ASSAY_VOTE_FINALISE && c->statement.era == r->state->era &&
           c->statement.epoch == a->epoch && c->statement.view >= a->view &&
           assay_bytes_equal(c->statement.chain_id, r->state->chain_id, 32) &&
           assay_certificate_verify(c, &r->voters) == ASSAY_OK;
}

void assay_recovery_set_own_head(struct assay_recovery *r, uint64_t height, uint64_t view,
                                 const uint8_t id[static 32])
{
    r->own = (struct assay_recovery_head){ .given = true, .height = height, .view = view };
    assay_bytes_copy(r->own.id, 32, id, 32);
}

/* A head above the last EPOCH block needs the final certificate of the running epoch that names it;
 * NULL: it has none. One of a later view is public: any head could be put below it. The chain of
 * the drafting node proves its own head. One of another epoch has no proof that can be read here:
 * its height may be any number. */
static bool is_proven(const struct assay_recovery *r, const struct assay_answer_body *a,
                      const struct assay_vote_certificate *c)
{
    if (a->epoch != r->state->epoch + 1) return false;
    if (r->own.given && assay_bytes_equal(a->id, r->own.id, 32))
        return a->height == r->own.height && a->view == r->own.view;
    if (a->view == 0)
        return a->height == r->state->head_height &&
               assay_bytes_equal(a->id, r->state->head_id, 32);
    return c != NULL && c->statement.view == a->view &&
           assay_bytes_equal(c->statement.block_id, a->id, 32);
}

/* An honest member whose newest certificate is of a block that it lacks cannot prove its head by
 * itself: the answer of another member can. */
static bool is_proven_by_another(const struct assay_recovery *r,
                                 const struct assay_recovery_answer *a)
{
    for (uint32_t i = 0; i < r->voters.count; i++) {
        const struct assay_recovery_answer *b = &r->answers[i];
        if (b->given && b->proven && b->epoch == a->epoch && b->height == a->height &&
            b->view == a->view && assay_bytes_equal(b->id, a->id, 32))
            return true;
    }
    return false;
}

/* The listed voting key signs; a member whose store is lost has only the set that waits, which can
 * be listed and weighs nothing (docs/protocol.md 9.13). */
static enum assay_status check_vote(const struct assay_recovery *r, uint32_t slot,
                                    const struct assay_answer_file *answer, bool *counted)
{
    const uint8_t *listed = r->state->members[slot].lives[0].voting_public;
    const enum assay_status by_listed =
        assay_recover_signed(listed, answer->digest, answer->voted);
    *counted = by_listed == ASSAY_OK;
    if (*counted || !answer->about.has_keys) return by_listed;
    return assay_recover_signed(answer->about.keys.voting_public, answer->digest, answer->voted);
}

enum assay_status assay_recovery_add(struct assay_recovery *r,
                                     const struct assay_answer_file *answer, const char **why)
{
    const struct assay_answer_body *a = &answer->about;
    const struct assay_state *state = r->state;
    *why = "";
    if (!assay_bytes_equal(a->chain_id, state->chain_id, 32) || a->era != state->era) {
        *why = "it is of another network or era";
        return ASSAY_E_CHAIN;
    }
    if (!assay_bytes_equal(a->fence_digest, r->fence_digest, 32)) {
        *why = "it answers another fence than this node has";
        return ASSAY_E_INVALID;
    }
    const uint32_t slot = assay_state_slot_of(state, a->node_id);
    if (slot == state->member_count) {
        *why = "its author is not a member of the roster";
        return ASSAY_E_STRANGER;
    }
    struct assay_recovery_answer *own = &r->answers[slot];
    if (own->given) {
        *why = "this member has answered already: give its newest answer alone";
        return ASSAY_E_DUPLICATE;
    }
    if (!assay_bytes_equal(state->members[slot].identity_public, answer->identity_public,
                           ASSAY_P256_PUBLIC_LEN)) {
        *why = "it is signed by another identity key than the one in force";
        return ASSAY_E_SIGNATURE;
    }
    bool counted = false;
    const enum assay_status good = check_vote(r, slot, answer, &counted);
    if (good != ASSAY_OK) {
        *why = "it is not signed by the voting key that is listed";
        return good;
    }
    struct assay_vote_certificate read;
    const struct assay_vote_certificate *const final = read_certificate(r, a, &read) ? &read : NULL;
    *own = (struct assay_recovery_answer){ .given = true,
                                           .whole = a->whole,
                                           .has_keys = a->has_keys,
                                           .counted = counted,
                                           .proven = is_proven(r, a, final),
                                           .file = answer,
                                           .epoch = a->epoch,
                                           .height = a->height,
                                           .view = a->view,
                                           .time_ms = a->time_ms,
                                           .certifies = final != NULL,
                                           .keys = a->keys };
    assay_bytes_copy(own->id, 32, a->id, 32);
    if (final == NULL) return ASSAY_OK;
    own->certified_view = final->statement.view;
    assay_bytes_copy(own->certified_id, 32, final->statement.block_id, 32);
    return ASSAY_OK;
}

static void list_keys(struct assay_recovery *r)
{
    r->key_count = 0;
    for (uint32_t i = 0; i < r->voters.count; i++) {
        if (!r->answers[i].given || !r->answers[i].has_keys) continue;
        uint32_t at = r->key_count++;
        for (; at > 0 && assay_bytes_compare(r->listed[at - 1].node_id, r->node_ids[i], 32) > 0;
             at--)
            r->listed[at] = r->listed[at - 1];
        r->listed[at] = r->answers[i].keys;
    }
}

/* Returns: whether it names a final head above this one without a proof; its seats may have more.
 */
static bool claims_more(const struct assay_recovery_answer *a,
                        const struct assay_recovery_answer *head)
{
    return !a->proven && (a->epoch > head->epoch || a->height > head->height);
}

/* Returns: whether the seats of this slot may have F that no answer shows. */
static bool is_unknown(const struct assay_recovery *r, uint32_t slot,
                       const struct assay_recovery_answer *head)
{
    const struct assay_recovery_answer *a = &r->answers[slot];
    return !a->given || !a->whole || (head != NULL && claims_more(a, head));
}

static void sum_weight(struct assay_recovery *r, const struct assay_recovery_answer *head)
{
    r->answered_weight = r->complete_weight = r->unknown_weight = 0;
    for (uint32_t i = 0; i < r->voters.count; i++) {
        const struct assay_recovery_answer *a = &r->answers[i];
        const uint32_t weight = r->state->members[i].weight;
        if (a->given && a->counted) r->answered_weight += weight;
        if (a->given && a->counted && a->whole) r->complete_weight += weight;
        if (is_unknown(r, i, head)) r->unknown_weight += r->weights[i];
    }
}

/* --- blocks above the head */

/* Place in each answer: its first F above the views that are weighed already. */
struct place {
    uint32_t at[ASSAY_MEMBERS_MAX];
};

/* Returns: the next F of this slot; NULL: there is none. One of another epoch is not of the table
 * of voters. */
static const struct assay_answer_vote *vote_at(const struct assay_recovery *r,
                                               const struct place *place, uint32_t slot)
{
    const struct assay_recovery_answer *a = &r->answers[slot];
    if (!a->given || a->epoch != r->state->epoch + 1) return NULL;
    ASSAY_ASSERT(a->file->about.vote_count <= ASSAY_ANSWER_VOTES_MAX);
    return place->at[slot] < a->file->about.vote_count ? &a->file->about.votes[place->at[slot]]
                                                       : NULL;
}

/* The lowest view above `above` of which an answer shows a block; UINT64_MAX: there is none. The F
 * of an answer ascend by view. */
static uint64_t find_next_view(const struct assay_recovery *r, struct place *place, uint64_t above)
{
    uint64_t next = UINT64_MAX;
    for (uint32_t i = 0; i < r->voters.count; i++) {
        const struct assay_recovery_answer *a = &r->answers[i];
        const struct assay_answer_vote *v = vote_at(r, place, i);
        for (; v != NULL && v->view <= above; v = vote_at(r, place, i))
            place->at[i]++;
        if (v != NULL && v->view < next) next = v->view;
        if (a->given && a->certifies && a->certified_view > above && a->certified_view < next)
            next = a->certified_view;
    }
    return next;
}

static bool shows_vote(const struct assay_recovery *r, const struct place *place, uint32_t slot,
                       uint64_t view, const uint8_t id[static 32])
{
    const struct assay_answer_vote *v = vote_at(r, place, slot);
    return v != NULL && v->view == view && assay_bytes_equal(v->id, id, 32);
}

static bool shows_certificate(const struct assay_recovery *r, uint32_t slot, uint64_t view,
                              const uint8_t id[static 32])
{
    const struct assay_recovery_answer *a = &r->answers[slot];
    return a->given && a->certifies && a->certified_view == view &&
           assay_bytes_equal(a->certified_id, id, 32);
}

static bool is_before(const struct assay_recovery_doubt *a, const struct assay_recovery_doubt *b)
{
    if (a->most != b->most) return a->most > b->most;
    if (a->view != b->view) return a->view < b->view;
    return assay_bytes_compare(a->id, b->id, 32) < 0;
}

/* Where no place is left, the last one gives way. */
static void insert_doubt(struct assay_recovery *r, const struct assay_recovery_doubt *d)
{
    ASSAY_ASSERT(r->shown_count <= ASSAY_RECOVERY_DOUBTS_MAX);
    uint32_t at = r->shown_count;
    if (at < ASSAY_RECOVERY_DOUBTS_MAX) r->shown_count++;
    else if (is_before(d, &r->shown[--at])) r->shown[at] = *d;
    else return;
    for (; at > 0 && is_before(d, &r->shown[at - 1]); at--)
        r->shown[at] = r->shown[at - 1];
    r->shown[at] = *d;
}

/* No member weighs more than its seats for one block: not its F and the rest of its log. A final
 * certificate of a block whose body its holder lacks is as if all had shown F. */
static void weigh_block(struct assay_recovery *r, const struct place *place,
                        const struct assay_recovery_answer *head, uint64_t view,
                        const uint8_t id[static 32])
{
    struct assay_recovery_doubt d = { .view = view };
    bool certified = false;
    assay_bytes_copy(d.id, 32, id, 32);
    for (uint32_t i = 0; i < r->voters.count; i++) {
        const bool shows = shows_vote(r, place, i, view, id);
        if (shows && d.height == 0) d.height = vote_at(r, place, i)->height;
        if (shows) d.weight += r->weights[i];
        if (shows || is_unknown(r, i, head)) d.most += r->weights[i];
        if (shows_certificate(r, i, view, id)) certified = true;
    }
    if (certified) d.weight = d.most = r->voters.total_weight;
    if (d.most > r->most_above) r->most_above = d.most;
    insert_doubt(r, &d);
}

/* Returns: whether a lower slot shows the block, or this one by its F. */
static bool is_weighed(const struct assay_recovery *r, const struct place *place, uint32_t slot,
                       bool by_vote, uint64_t view, const uint8_t id[static 32])
{
    for (uint32_t i = 0; i < slot; i++)
        if (shows_vote(r, place, i, view, id) || shows_certificate(r, i, view, id)) return true;
    return !by_vote && shows_vote(r, place, slot, view, id);
}

/* docs/protocol.md 9.14.2: every block that an answer shows is weighed, however many one shows. */
static void weigh_blocks(struct assay_recovery *r, const struct assay_recovery_answer *head)
{
    struct place place = { { 0 } };
    uint64_t view = find_next_view(r, &place, head != NULL ? head->view : 0);
    r->shown_count = 0;
    r->most_above = r->unknown_weight; /* of one that no answer shows */
    for (; view < UINT64_MAX; view = find_next_view(r, &place, view)) {
        for (uint32_t i = 0; i < r->voters.count; i++) {
            const struct assay_recovery_answer *a = &r->answers[i];
            const struct assay_answer_vote *v = vote_at(r, &place, i);
            if (v != NULL && v->view == view && !is_weighed(r, &place, i, true, view, v->id))
                weigh_block(r, &place, head, view, v->id);
            if (a->given && a->certifies && a->certified_view == view &&
                !is_weighed(r, &place, i, false, view, a->certified_id))
                weigh_block(r, &place, head, view, a->certified_id);
        }
    }
}

enum assay_status assay_recovery_evaluate(struct assay_recovery *r)
{
    const struct assay_recovery_answer *best = NULL;
    for (uint32_t i = 0; i < r->voters.count; i++) {
        struct assay_recovery_answer *a = &r->answers[i];
        if (a->given && !a->proven) a->proven = is_proven_by_another(r, a);
        if (!a->given || !a->proven) continue;
        /* docs/protocol.md 9.14.1: by view, which certificates sign; the height is a claim. */
        if (best != NULL && a->view == best->view && !assay_bytes_equal(a->id, best->id, 32))
            return ASSAY_E_INVALID;
        /* Of one view a counted answer: a RECOVER needs one that names its parent. */
        if (best != NULL &&
            (a->view < best->view || (a->view == best->view && (best->counted || !a->counted))))
            continue;
        best = a;
        r->head = i;
    }
    sum_weight(r, best);
    weigh_blocks(r, best);
    list_keys(r);
    if (best == NULL && r->answered_weight > 0) return ASSAY_E_NOT_FOUND;
    /* docs/protocol.md 9.14: at least one of them is honest. */
    if (best == NULL || !assay_third(r->answered_weight, r->total_weight))
        return ASSAY_E_SIGNATURE;
    return ASSAY_OK;
}

/* Members of less than a third may hide their F in an answer that claims to be complete: together
 * with F in honest answers, and with silent members, they may have finalized a block that no answer
 * contains. */
bool assay_recovery_is_certain(const struct assay_recovery *r)
{
    return assay_quorum(r->complete_weight, r->total_weight) &&
           3 * assay_recovery_margin(r) >= r->voters.total_weight;
}

/* The next answer for the grounds: the head's first, then complete logs, then by weight. */
static uint32_t find_heaviest(const struct assay_recovery *r, const bool *taken)
{
    uint32_t best = UINT32_MAX;
    if (r->answers[r->head].counted && !taken[r->head]) return r->head;
    for (uint32_t i = 0; i < r->voters.count; i++) {
        const struct assay_recovery_answer *a = &r->answers[i];
        if (taken[i] || !a->given || !a->counted) continue;
        const bool better = best == UINT32_MAX || a->whole > r->answers[best].whole ||
                            (a->whole == r->answers[best].whole &&
                             r->state->members[i].weight > r->state->members[best].weight);
        if (better) best = i;
    }
    return best;
}

enum assay_status assay_recovery_encode_grounds(const struct assay_recovery *r,
                                                struct assay_slice fence, struct assay_writer *w)
{
    const struct assay_answer_file *files[ASSAY_MEMBERS_MAX];
    bool taken[ASSAY_MEMBERS_MAX] = { false };
    uint64_t whole = 0;
    uint32_t count = 0;
    while (!assay_quorum(whole, r->total_weight) &&
           (count + 1) * (size_t)ANSWER_LEN + fence.len <= GROUNDS_LEN_MAX) {
        const uint32_t slot = find_heaviest(r, taken);
        if (slot == UINT32_MAX) break;
        const struct assay_answer_file *file = r->answers[slot].file;
        taken[slot] = true;
        if (r->answers[slot].whole) whole += r->state->members[slot].weight;
        uint32_t at = count++;
        for (; at > 0 && assay_bytes_compare(files[at - 1]->about.node_id, file->about.node_id,
                                             32) > 0;
             at--)
            files[at] = files[at - 1];
        files[at] = file;
    }
    return assay_recover_grounds_encode(count > 0 ? fence : (struct assay_slice){ 0 }, files, count,
                                        w);
}

bool assay_recovery_may_be_final(const struct assay_recovery *r,
                                 const struct assay_recovery_doubt *d)
{
    return assay_quorum(d->most, r->voters.total_weight);
}

uint64_t assay_recovery_margin(const struct assay_recovery *r)
{
    const uint64_t quorum = 2 * r->voters.total_weight / 3 + 1;
    return r->most_above >= quorum ? 0 : quorum - r->most_above;
}

bool assay_recovery_in_doubt(const struct assay_recovery *r)
{
    return assay_recovery_margin(r) == 0;
}

bool assay_recovery_is_too_early(uint64_t time_ms, uint64_t date_ms)
{
    return time_ms > date_ms && time_ms - date_ms > ASSAY_RECOVER_AHEAD_MS;
}
