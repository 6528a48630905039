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

static void add_shown(struct assay_recovery *r, uint32_t weight, const struct assay_answer_vote *v)
{
    uint32_t at = 0;
    while (at < r->shown_count && (r->shown[at].view != v->view ||
                                   !assay_bytes_equal(r->shown[at].id, v->id, 32)))
        at++;
    if (at == ASSAY_RECOVERY_DOUBTS_MAX) {
        r->overflowed = true;
        return;
    }
    struct assay_recovery_doubt *d = &r->shown[at];
    if (at == r->shown_count) {
        r->shown_count++;
        *d = (struct assay_recovery_doubt){ .view = v->view };
        assay_bytes_copy(d->id, 32, v->id, 32);
    }
    if (v->height != 0) d->height = v->height;
    d->weight += weight;
}

/* A certificate of a block whose body its holder lacks: as if two thirds had shown F. One that does
 * not verify shows nothing, or a single answer could put any head in doubt. */
static void show_certificate(struct assay_recovery *r, const struct assay_answer_body *a,
                             const struct assay_vote_certificate *c)
{
    if (c == NULL || c->statement.view <= a->view) return;
    struct assay_answer_vote v = { .view = c->statement.view };
    assay_bytes_copy(v.id, 32, c->statement.block_id, 32);
    add_shown(r, (uint32_t)r->voters.total_weight, &v);
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
                                           .keys = a->keys };
    assay_bytes_copy(own->id, 32, a->id, 32);
    if (a->epoch != state->epoch + 1) return ASSAY_OK; /* its F are below the table's epoch */
    for (uint32_t i = 0; i < a->vote_count; i++)
        add_shown(r, r->weights[slot], &a->votes[i]);
    show_certificate(r, a, final);
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

static void sum_weight(struct assay_recovery *r, const struct assay_recovery_answer *head)
{
    r->answered_weight = r->complete_weight = r->unknown_weight = 0;
    for (uint32_t i = 0; i < r->voters.count; i++) {
        const struct assay_recovery_answer *a = &r->answers[i];
        const uint32_t weight = r->state->members[i].weight;
        if (a->given && a->counted) r->answered_weight += weight;
        if (a->given && a->counted && a->whole) r->complete_weight += weight;
        if (!a->given || !a->whole || (head != NULL && claims_more(a, head)))
            r->unknown_weight += r->weights[i];
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

static bool is_above(const struct assay_recovery *r, const struct assay_recovery_doubt *d)
{
    const struct assay_recovery_answer *head = &r->answers[r->head];
    return head->epoch != r->state->epoch + 1 || d->view > head->view;
}

bool assay_recovery_may_be_final(const struct assay_recovery *r,
                                 const struct assay_recovery_doubt *d)
{
    return is_above(r, d) &&
           assay_quorum(d->weight + r->unknown_weight, r->voters.total_weight);
}

uint64_t assay_recovery_margin(const struct assay_recovery *r)
{
    const uint64_t quorum = 2 * r->voters.total_weight / 3 + 1;
    uint64_t most = 0; /* of one block above the head */
    if (r->overflowed) return 0;
    for (uint32_t i = 0; i < r->shown_count; i++)
        if (is_above(r, &r->shown[i]) && r->shown[i].weight > most) most = r->shown[i].weight;
    const uint64_t reached = most + r->unknown_weight;
    return reached >= quorum ? 0 : quorum - reached;
}

bool assay_recovery_in_doubt(const struct assay_recovery *r)
{
    return assay_recovery_margin(r) == 0;
}

bool assay_recovery_is_too_early(uint64_t time_ms, uint64_t date_ms)
{
    return time_ms > date_ms && time_ms - date_ms > ASSAY_RECOVER_AHEAD_MS;
}
