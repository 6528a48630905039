/*
 * engine/ledger/proofs/proof.c - proofs about one member: made from snapshots, verified from a
 * checkpoint (docs/protocol.md 11.2, 11.3).
 *
 * Making works on the bytes of leaves, whatever stands in them; verifying reads the one leaf that
 * it is about, and of leaf 0 what it needs.
 */
#include "engine/ledger/proofs/proof.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/ledger/state/leaf.h"

static const char tag[] = "assay/proof/v1";

enum { ITEMS = 10 };

const char *assay_proof_answer_text(enum assay_proof_answer answer)
{
    switch (answer) {
    case ASSAY_PROVEN: return "proven";
    case ASSAY_PROOF_OTHER_CHAIN: return "it is of another chain than the checkpoint";
    case ASSAY_PROOF_OLDER: return "it is of an epoch before the checkpoint";
    case ASSAY_PROOF_OTHER_BLOCK:
        return "its block is not the one of the checkpoint; a bare proof, which has no votes, is "
               "verified with the checkpoint of its own epoch alone: take that one, or a proof "
               "that is not bare";
    case ASSAY_PROOF_OTHER_VOTERS:
        return "its voters are not those of the checkpoint: forged, or changed since; carry the "
               "checkpoint forward (assay checkpoint --since OLD --out NEW), then fetch the proof "
               "again";
    case ASSAY_PROOF_NO_QUORUM: return "no quorum of the voters made it final";
    case ASSAY_PROOF_BAD_SIGNATURE: return "a signature of a voter does not verify";
    case ASSAY_PROOF_OTHER_LEAF: return "it is no leaf of the state that the block names";
    case ASSAY_PROOF_TOO_OLD: return "its block is older than is accepted; request a newer proof";
    case ASSAY_PROOF_AHEAD: return "its block is more than 10 minutes ahead of this clock";
    case ASSAY_PROOF_EXPIRED:
        return "the trusting period of the checkpoint is over; take a newer checkpoint from nodes "
               "that you trust";
    case ASSAY_PROOF_AGE_UNKNOWN:
        return "its age is unknown: this machine has no clock, or one that "
               "is before the checkpoint";
    case ASSAY_PROOF_OTHER_ERA:
        return "it is of another era than the checkpoint: operators began one (RECOVER), which no "
               "proof crosses; carry the checkpoint forward with assay checkpoint --since, or take "
               "a newer one from nodes that you trust";
    }
    return "unknown";
}

enum assay_proof_outcome assay_proof_outcome_of(const struct assay_proven_state *proven)
{
    const struct assay_found *f = &proven->member.found;
    switch (f->integrity_reason) {
    case ASSAY_INTEGRITY_FALSE_FAIL:
    case ASSAY_INTEGRITY_FAIL_SOFT:
    case ASSAY_INTEGRITY_FALSE_FAIL_AGAIN:
    case ASSAY_INTEGRITY_FALSE_PASS:
    case ASSAY_INTEGRITY_EQUIVOCATION:
    case ASSAY_INTEGRITY_FAIL_HARD: return ASSAY_PROOF_OUTCOME_FAILED;
    case ASSAY_INTEGRITY_HELD_UNCERTIFIED:
    case ASSAY_INTEGRITY_HELD_FEW:
    case ASSAY_INTEGRITY_HELD_BOUND:
    case ASSAY_INTEGRITY_HELD_UNLISTED:
    case ASSAY_INTEGRITY_HELD_NO_BALLOT:
    case ASSAY_INTEGRITY_RISE:
    case ASSAY_INTEGRITY_CEILING: break;
    }
    if (f->certified_pass) return ASSAY_PROOF_OUTCOME_PASS;
    return 3 * f->negative_weight > 2 * f->electorate_weight && proven->certified
               ? ASSAY_PROOF_OUTCOME_ABSENT
               : ASSAY_PROOF_OUTCOME_UNSETTLED;
}

enum assay_standing assay_proof_standing_of(const struct assay_proven_state *proven)
{
    return assay_member_standing(&proven->member, proven->next.epoch);
}

const char *assay_proof_standing_text(const struct assay_proven_state *proven)
{
    if (proven->member.stage == ASSAY_STAGE_LEFT) return "LEFT";
    if (proven->member.stage == ASSAY_STAGE_RESTING) return "RESTING";
    if (assay_proof_standing_of(proven) != proven->member.trust.score.standing)
        return "MAINTENANCE";
    switch (proven->member.trust.score.standing) {
    case ASSAY_STANDING_FULL: return "FULL";
    case ASSAY_STANDING_WARNING: return "WARNING";
    case ASSAY_STANDING_RESTRICTED: return "RESTRICTED";
    case ASSAY_STANDING_SUSPENDED: return "SUSPENDED";
    }
    return "unknown";
}

const char *assay_proof_outcome_text(enum assay_proof_outcome outcome)
{
    switch (outcome) {
    case ASSAY_PROOF_OUTCOME_PASS: return "pass";
    case ASSAY_PROOF_OUTCOME_FAILED: return "failed";
    case ASSAY_PROOF_OUTCOME_ABSENT: return "absent";
    case ASSAY_PROOF_OUTCOME_UNSETTLED: return "unsettled";
    }
    return "unknown";
}

/* --- a snapshot as bytes */

struct view {
    struct assay_slice head;
    struct assay_cursor leaves; /* at leaf 0 */
    uint32_t members;
};

static enum assay_status open_snapshot(struct assay_slice snapshot, struct view *v)
{
    struct assay_cursor c = assay_cursor_over(snapshot.bytes, snapshot.len);
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, 3));
    ASSAY_TRY(assay_cbor_text_expect(&c, "assay/snapshot/v1"));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_BLOCK_HEADER_LEN_MAX, &v->head));
    ASSAY_TRY(assay_cbor_array(&c, ASSAY_PROOF_MEMBERS_MAX + 1, &count));
    if (count < 2) return ASSAY_E_RANGE;
    v->leaves = c;
    v->members = (uint32_t)(count - 1);
    return ASSAY_OK;
}

static enum assay_status next_leaf(struct view *v, struct assay_slice *leaf)
{
    return assay_cbor_bytes(&v->leaves, SIZE_MAX, leaf);
}

/* Returns: ASSAY_OK, *slot and *member | ASSAY_E_NOT_FOUND | INPUT statuses */
static enum assay_status find_member(struct assay_slice snapshot, const uint8_t node_id[static 32],
                                     uint32_t *slot, struct assay_member *member)
{
    struct view v;
    struct assay_slice leaf;
    ASSAY_TRY(open_snapshot(snapshot, &v));
    ASSAY_TRY(next_leaf(&v, &leaf));
    for (uint32_t i = 0; i < v.members; i++) {
        ASSAY_TRY(next_leaf(&v, &leaf));
        ASSAY_TRY(assay_leaf_member(leaf, member));
        if (!assay_bytes_equal(member->node_id, node_id, 32)) continue;
        *slot = i;
        return ASSAY_OK;
    }
    return ASSAY_E_NOT_FOUND;
}

enum assay_status assay_proof_slot_of(struct assay_slice snapshot, const uint8_t node_id[static 32],
                                      uint32_t *slot)
{
    struct assay_member member;
    return find_member(snapshot, node_id, slot, &member);
}

enum assay_status assay_proof_member_of(struct assay_slice snapshot,
                                        const uint8_t node_id[static 32],
                                        struct assay_member *member)
{
    uint32_t slot = 0;
    return find_member(snapshot, node_id, &slot, member);
}

enum assay_status assay_proof_voters(struct assay_slice snapshot, struct assay_roster_row *rows,
                                     uint32_t capacity, uint32_t *count)
{
    struct view v;
    struct assay_slice leaf;
    struct assay_member member;
    ASSAY_TRY(open_snapshot(snapshot, &v));
    if (v.members > capacity) return ASSAY_E_RANGE;
    ASSAY_TRY(next_leaf(&v, &leaf));
    for (uint32_t i = 0; i < v.members; i++) {
        ASSAY_TRY(next_leaf(&v, &leaf));
        ASSAY_TRY(assay_leaf_member(leaf, &member));
        assay_roster_row_of(&member, &rows[i]);
    }
    *count = v.members;
    return ASSAY_OK;
}

static enum assay_status checkpoint_from(struct assay_slice head,
                                         const struct assay_leaf_head *state,
                                         struct assay_checkpoint *out)
{
    struct assay_block_header header;
    *out = (struct assay_checkpoint){ .era = state->era,
                                      .epoch = state->epoch,
                                      .trusting_period_s = ASSAY_TRUSTING_PERIOD_S };
    ASSAY_TRY(assay_block_header_decode(head, &header));
    out->time_ms = header.time_ms;
    assay_bytes_copy(out->chain_id, 32, state->chain_id, 32);
    assay_bytes_copy(out->roster_digest, 32, state->roster_digest, 32);
    assay_block_id(head, out->id);
    return ASSAY_OK;
}

enum assay_status assay_proof_snapshot(struct assay_slice snapshot, struct assay_leaf_head *head)
{
    struct view v;
    struct assay_slice leaf;
    struct assay_block_header header;
    struct assay_merkle tree;
    uint8_t root[32];
    assay_merkle_init(&tree);
    ASSAY_TRY(open_snapshot(snapshot, &v));
    ASSAY_TRY(assay_block_header_decode(v.head, &header));
    ASSAY_TRY(next_leaf(&v, &leaf));
    ASSAY_TRY(assay_leaf_head(leaf, head));
    assay_leaf_head_hash(leaf, root);
    assay_merkle_add_hash(&tree, root);
    if (head->member_count != v.members) return ASSAY_E_INVALID;
    for (uint32_t i = 0; i < v.members; i++) {
        struct assay_member member;
        ASSAY_TRY(next_leaf(&v, &leaf));
        ASSAY_TRY(assay_leaf_member(leaf, &member));
        assay_merkle_add(&tree, leaf.bytes, leaf.len);
    }
    ASSAY_TRY(assay_cursor_end(&v.leaves));
    assay_merkle_root(&tree, root);
    return assay_bytes_equal(root, header.state_root, 32) ? ASSAY_OK : ASSAY_E_INVALID;
}

enum assay_status assay_proof_checkpoint_of(struct assay_slice snapshot,
                                            struct assay_checkpoint *checkpoint)
{
    struct view v;
    struct assay_slice leaf;
    struct assay_leaf_head state;
    ASSAY_TRY(open_snapshot(snapshot, &v));
    ASSAY_TRY(next_leaf(&v, &leaf));
    ASSAY_TRY(assay_leaf_head(leaf, &state));
    return checkpoint_from(v.head, &state, checkpoint);
}

/* --- making */

static void encode_path(struct assay_writer *w, const uint8_t (*path)[32], size_t len)
{
    assay_cbor_put_array(w, len);
    for (size_t i = 0; i < len; i++)
        assay_cbor_put_bytes(w, path[i], 32);
}

/* Who voted: from the leaves of the state before. */
static enum assay_status encode_voters(struct assay_writer *w, struct assay_slice before)
{
    struct view v;
    struct assay_slice leaf;
    struct assay_member member;
    struct assay_roster_row row;
    if (before.len == 0) {
        assay_cbor_put_array(w, 0);
        return ASSAY_OK;
    }
    ASSAY_TRY(open_snapshot(before, &v));
    ASSAY_TRY(next_leaf(&v, &leaf));
    assay_cbor_put_array(w, v.members);
    for (uint32_t i = 0; i < v.members; i++) {
        ASSAY_TRY(next_leaf(&v, &leaf));
        ASSAY_TRY(assay_leaf_member(leaf, &member));
        assay_roster_row_of(&member, &row);
        assay_roster_row_encode(&row, w);
    }
    return ASSAY_OK;
}

enum assay_status assay_proof_make(struct assay_slice snapshot, struct assay_slice before,
                                   struct assay_slice finality, uint32_t slot,
                                   uint8_t (*hashes)[32], struct assay_writer *w)
{
    struct view v;
    struct assay_slice leaf, head = { 0 }, own = { 0 }, all;
    uint8_t path[2][ASSAY_MERKLE_LEVELS][32];
    size_t path_len[2];
    ASSAY_ASSERT((before.len == 0) == (finality.len == 0));
    ASSAY_TRY(open_snapshot(snapshot, &v));
    if (slot >= v.members) return ASSAY_E_NOT_FOUND;
    const uint32_t leaves = v.members + 1;
    for (uint32_t i = 0; i < leaves; i++) {
        ASSAY_TRY(next_leaf(&v, &leaf));
        if (i == 0) assay_leaf_head_hash(leaf, hashes[i]);
        else assay_merkle_leaf_hash(leaf.bytes, leaf.len, hashes[i]);
        if (i == 0) head = leaf;
        if (i == slot + 1) own = leaf;
    }
    for (size_t i = 0; i < 2; i++)
        ASSAY_TRY(assay_merkle_path((const uint8_t(*)[32])hashes, leaves, i == 0 ? 0 : slot + 1,
                                    path[i], ASSAY_MERKLE_LEVELS, &path_len[i]));
    assay_cbor_put_array(w, ITEMS);
    assay_cbor_put_text(w, tag);
    assay_cbor_put_bytes(w, v.head.bytes, v.head.len);
    assay_cbor_put_bytes(w, finality.bytes, finality.len);
    assay_cbor_put_bytes(w, head.bytes, head.len);
    encode_path(w, (const uint8_t(*)[32])path[0], path_len[0]);
    assay_cbor_put_uint(w, v.members);
    assay_cbor_put_uint(w, slot);
    assay_cbor_put_bytes(w, own.bytes, own.len);
    encode_path(w, (const uint8_t(*)[32])path[1], path_len[1]);
    ASSAY_TRY(encode_voters(w, before));
    return assay_writer_finish(w, &all);
}

/* --- reading */

struct proof {
    struct assay_slice head, finality, head_leaf, leaf;
    struct assay_block_header header;
    struct assay_leaf_head state;
    uint8_t path[2][ASSAY_MERKLE_LEVELS][32];
    size_t path_len[2];
    uint32_t members, slot, voters;
    struct assay_cursor rows;
};

static enum assay_status decode_path(struct assay_cursor *c, uint8_t (*path)[32], size_t *len)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_MERKLE_LEVELS, &count));
    for (uint64_t i = 0; i < count; i++)
        ASSAY_TRY(assay_cbor_bytes_exact(c, path[i], 32));
    *len = (size_t)count;
    return ASSAY_OK;
}

static enum assay_status decode_voters(struct assay_cursor *c, struct proof *p)
{
    struct assay_roster_row row;
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_PROOF_MEMBERS_MAX, &count));
    p->voters = (uint32_t)count;
    p->rows = *c;
    for (uint64_t i = 0; i < count; i++)
        ASSAY_TRY(assay_roster_row_decode(c, &row));
    return ASSAY_OK;
}

static enum assay_status decode_proof(struct assay_slice bytes, struct proof *p)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    uint64_t members = 0, slot = 0;
    if (bytes.len > ASSAY_PROOF_LEN_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_array_exact(&c, ITEMS));
    ASSAY_TRY(assay_cbor_text_expect(&c, tag));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_BLOCK_HEADER_LEN_MAX, &p->head));
    ASSAY_TRY(assay_block_header_decode(p->head, &p->header));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_FINALITY_LEN_MAX, &p->finality));
    ASSAY_TRY(assay_cbor_bytes(&c, SIZE_MAX, &p->head_leaf));
    ASSAY_TRY(assay_leaf_head(p->head_leaf, &p->state));
    ASSAY_TRY(decode_path(&c, p->path[0], &p->path_len[0]));
    ASSAY_TRY(assay_cbor_uint_max(&c, ASSAY_PROOF_MEMBERS_MAX, &members));
    ASSAY_TRY(assay_cbor_uint_max(&c, ASSAY_PROOF_MEMBERS_MAX, &slot));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_LEAF_LEN_MAX, &p->leaf));
    ASSAY_TRY(decode_path(&c, p->path[1], &p->path_len[1]));
    ASSAY_TRY(decode_voters(&c, p));
    ASSAY_TRY(assay_cursor_end(&c));
    p->members = (uint32_t)members;
    p->slot = (uint32_t)slot;
    if (p->slot >= p->members || p->members != p->state.member_count) return ASSAY_E_RANGE;
    if (p->header.kind != ASSAY_BLOCK_EPOCH) return ASSAY_E_INVALID;
    return (p->voters == 0) == (p->finality.len == 0) ? ASSAY_OK : ASSAY_E_INVALID;
}

/* --- believing */

static bool is_leaf_under_root(const struct proof *p, size_t which, struct assay_slice leaf,
                               uint64_t index)
{
    uint8_t hash[32];
    if (index == 0) assay_leaf_head_hash(leaf, hash);
    else assay_merkle_leaf_hash(leaf.bytes, leaf.len, hash);
    return assay_merkle_verify(hash, index, (uint64_t)p->members + 1,
                               (const uint8_t(*)[32])p->path[which], p->path_len[which],
                               p->header.state_root);
}

static enum assay_proof_answer check_leaves(const struct proof *p)
{
    const struct assay_block_header *h = &p->header;
    const bool of_this = assay_bytes_equal(p->state.chain_id, h->chain_id, 32) &&
                         p->state.era == h->era && p->state.epoch == h->epoch;
    const bool in = of_this && is_leaf_under_root(p, 0, p->head_leaf, 0) &&
                    is_leaf_under_root(p, 1, p->leaf, (uint64_t)p->slot + 1);
    return in ? ASSAY_PROVEN : ASSAY_PROOF_OTHER_LEAF;
}

/* The checkpoint's epoch, or one after it with the checkpoint's voters. */
static enum assay_proof_answer check_anchor(const struct proof *p,
                                            const struct assay_checkpoint *checkpoint)
{
    const struct assay_block_header *h = &p->header;
    struct assay_cursor rows = p->rows;
    struct assay_merkle tree;
    uint8_t id[32], digest[32];
    if (!assay_bytes_equal(h->chain_id, checkpoint->chain_id, 32)) return ASSAY_PROOF_OTHER_CHAIN;
    if (h->era != checkpoint->era) return ASSAY_PROOF_OTHER_ERA;
    if (h->epoch < checkpoint->epoch) return ASSAY_PROOF_OLDER;
    if (h->epoch == checkpoint->epoch) {
        assay_block_id(p->head, id);
        return assay_bytes_equal(id, checkpoint->id, 32) ? ASSAY_PROVEN : ASSAY_PROOF_OTHER_BLOCK;
    }
    if (p->finality.len == 0) return ASSAY_PROOF_OTHER_BLOCK; /* bare: it names no voters */
    assay_roster_begin(&tree, checkpoint->chain_id, checkpoint->era, p->voters);
    for (uint32_t i = 0; i < p->voters; i++) {
        struct assay_roster_row row;
        const enum assay_status status = assay_roster_row_decode(&rows, &row);
        ASSAY_ASSERT(status == ASSAY_OK); /* decode_voters */
        assay_roster_add(&tree, &row);
    }
    assay_merkle_root(&tree, digest);
    return assay_bytes_equal(digest, checkpoint->roster_digest, 32) ? ASSAY_PROVEN
                                                                    : ASSAY_PROOF_OTHER_VOTERS;
}

/* Decoded voters, in memory of the call. */
struct table {
    uint32_t weight[ASSAY_PROOF_MEMBERS_MAX];
    uint8_t node_id[ASSAY_PROOF_MEMBERS_MAX][32];
    struct assay_p256 *key[ASSAY_PROOF_MEMBERS_MAX];
    struct assay_voter_table voters;
};

static enum assay_status load_voters(const struct proof *p, struct table *t)
{
    struct assay_cursor rows = p->rows;
    t->voters = (struct assay_voter_table){ .count = p->voters,
                                            .weight = t->weight,
                                            .node_id = (const uint8_t(*)[32])t->node_id,
                                            .voting_key = t->key };
    for (uint32_t i = 0; i < p->voters; i++)
        t->key[i] = NULL;
    for (uint32_t i = 0; i < p->voters; i++) {
        struct assay_roster_row row;
        ASSAY_TRY(assay_roster_row_decode(&rows, &row));
        assay_bytes_copy(t->node_id[i], 32, row.node_id, 32);
        t->weight[i] = assay_roster_row_is_keyless(&row) ? 0 : row.weight;
        t->voters.total_weight += row.weight;
        if (t->weight[i] > 0) ASSAY_TRY(assay_p256_load(row.voting_public, &t->key[i]));
    }
    return t->voters.total_weight > 0 ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status check_final(const struct proof *p, const struct table *t,
                                     enum assay_proof_answer *answer)
{
    uint8_t final_id[32], commitment[32], id[32];
    const enum assay_status status =
        assay_finality_verify(p->finality, p->header.chain_id, p->header.era, p->header.epoch,
                              &t->voters, final_id, commitment);
    if (status == ASSAY_E_SIGNATURE) *answer = ASSAY_PROOF_BAD_SIGNATURE;
    else if (status == ASSAY_E_INVALID || status == ASSAY_E_STRANGER)
        *answer = ASSAY_PROOF_NO_QUORUM;
    else if (status == ASSAY_E_CHAIN) *answer = ASSAY_PROOF_OTHER_CHAIN;
    else if (status != ASSAY_OK) return status;
    if (status != ASSAY_OK) return ASSAY_OK;
    assay_block_id(p->head, id);
    *answer = assay_bytes_equal(id, final_id, 32) ? ASSAY_PROVEN : ASSAY_PROOF_OTHER_BLOCK;
    return ASSAY_OK;
}

static enum assay_status check_votes(const struct proof *p, enum assay_proof_answer *answer,
                                     uint64_t *total_weight)
{
    struct table t; /* 48 KiB */
    enum assay_status status = load_voters(p, &t);
    if (status == ASSAY_OK) status = check_final(p, &t, answer);
    *total_weight = t.voters.total_weight;
    for (uint32_t i = 0; i < p->voters; i++)
        assay_p256_free(&t.key[i]);
    return status;
}

static void fill_answer(const struct proof *p, struct assay_proven_state *out)
{
    const struct assay_leaf_head *s = &p->state;
    assay_status_ignore(checkpoint_from(p->head, s, &out->next), "its header has been read");
    out->time_ms = p->header.time_ms;
    out->height = p->header.height;
    out->certified = s->certified;
    out->certified_epoch = s->certified_epoch;
    out->member_count = p->members;
    out->slot = p->slot;
    out->bare = p->finality.len == 0;
    assay_bytes_copy(out->policy_digest, 32, s->policy_digest, 32);
    assay_bytes_copy(out->endorsements_digest, 32, s->endorsements_digest, 32);
    assay_bytes_copy(out->verifier_digest, 32, s->verifier_digest, 32);
    out->service_count = s->service_count;
    assay_bytes_copy(out->services, sizeof out->services, s->services, sizeof s->services);
}

enum assay_status assay_proof_verify(struct assay_slice bytes,
                                     const struct assay_checkpoint *checkpoint,
                                     enum assay_proof_answer *answer,
                                     struct assay_proven_state *proven)
{
    struct proof p;
    struct assay_proven_state out = { .total_weight = 0 };
    enum assay_proof_answer said = ASSAY_PROVEN;
    ASSAY_ASSERT(checkpoint != NULL && answer != NULL && proven != NULL);
    ASSAY_TRY(decode_proof(bytes, &p));
    ASSAY_TRY(assay_leaf_member(p.leaf, &out.member));
    said = check_anchor(&p, checkpoint);
    if (said == ASSAY_PROVEN) said = check_leaves(&p);
    if (said == ASSAY_PROVEN && p.finality.len > 0)
        ASSAY_TRY(check_votes(&p, &said, &out.total_weight));
    *answer = said;
    if (said != ASSAY_PROVEN) return ASSAY_OK;
    /* Without votes the block's id alone identifies it. */
    ASSAY_ASSERT(p.finality.len > 0 || p.header.epoch == checkpoint->epoch);
    fill_answer(&p, &out);
    out.next.trusting_period_s = checkpoint->trusting_period_s;
    *proven = out;
    return ASSAY_OK;
}

/* --- age */
static uint64_t add_seconds(uint64_t time_ms, uint32_t seconds)
{
    const uint64_t ms = (uint64_t)seconds * 1000;
    return time_ms > UINT64_MAX - ms ? UINT64_MAX : time_ms + ms;
}

uint64_t assay_proof_expires_ms(const struct assay_checkpoint *checkpoint,
                                const struct assay_proven_state *proven, uint32_t max_age_s)
{
    const uint64_t by_age = add_seconds(proven->time_ms, max_age_s);
    const uint64_t by_checkpoint = assay_checkpoint_expires_ms(checkpoint);
    return by_age < by_checkpoint ? by_age : by_checkpoint;
}

enum assay_proof_answer assay_proof_age(const struct assay_checkpoint *checkpoint,
                                        const struct assay_proven_state *proven, uint64_t now_ms,
                                        uint32_t max_age_s)
{
    ASSAY_ASSERT(checkpoint != NULL && proven != NULL && max_age_s >= 1);
    const uint64_t trusted_until = assay_checkpoint_expires_ms(checkpoint);
    /* Its own time shows it, whatever the clock says: nothing so late rests on this checkpoint. */
    if (proven->time_ms >= trusted_until) return ASSAY_PROOF_EXPIRED;
    /* The checkpoint was there before now: a clock that is behind it was never set. */
    if (now_ms == 0 || add_seconds(now_ms, ASSAY_PROOF_AHEAD_S) < checkpoint->time_ms)
        return ASSAY_PROOF_AGE_UNKNOWN;
    if (add_seconds(now_ms, ASSAY_PROOF_AHEAD_S) < proven->time_ms) return ASSAY_PROOF_AHEAD;
    if (now_ms >= trusted_until) return ASSAY_PROOF_EXPIRED;
    return now_ms >= add_seconds(proven->time_ms, max_age_s) ? ASSAY_PROOF_TOO_OLD : ASSAY_PROVEN;
}
