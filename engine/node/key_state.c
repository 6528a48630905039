/*
 * engine/node/key_state.c - this node's own key set, and whether it may sign (docs/protocol.md 2.4
 * to 2.9).
 */
#include "engine/parts/engine_internal.h"

#include "base/bitmap.h"
#include "base/cbor.h"

void assay_keys_init(struct assay_engine *e, const struct assay_engine_config *config)
{
    ASSAY_ASSERT(config->self < config->genesis->member_count);
    e->parts->key_state = (struct assay_key_state){ .keys = config->keys,
                                                    .keys_unused = config->keys_unused,
                                                    .log_kept = config->log_kept };
}

void assay_keys_renew(struct assay_engine *e, const struct assay_engine_renewal *renewal)
{
    if (renewal == NULL) return;
    ASSAY_ASSERT(!renewal->continues || !renewal->keys_finished);
    e->parts->key_state.continues = renewal->continues;
    e->parts->key_state.rolled_back = renewal->keys_finished;
}

void assay_keys_start(struct assay_engine *e, bool from_log)
{
    e->parts->key_state.from_log = from_log && !e->key_state->continues;
    e->parts->key_state.began_unix_ms = e->at_unix_ms;
}

void assay_keys_trust_log(struct assay_engine *e)
{
    ASSAY_ASSERT(e->key_state->from_log);
    e->parts->key_state.from_log = false;
}

void assay_keys_update_listed(struct assay_engine *e)
{
    const struct assay_life *life = &e->head->state.members[e->self].lives[0];
    struct assay_key_state *own = &e->parts->key_state;
    struct assay_node_keys *keys = &own->keys;
    own->listed = assay_bytes_equal(keys->voting_public, life->voting_public, 64) &&
                  assay_bytes_equal(keys->transport_public, life->transport_public, 32);
    if (own->listed) keys->incarnation = life->incarnation;
    /* The ledger determines the number, not the key file: a second set made before the first was
     * listed would request a number that is never the next one. */
    else keys->incarnation = life->incarnation + 1;
    ASSAY_ASSERT(own->listed == (keys->incarnation == life->incarnation));
}

void assay_keys_on_epoch(struct assay_engine *e)
{
    const bool live = e->start_state->voted_on && !e->sync->active;
    e->parts->key_state.live_epochs = (uint8_t)(!live ? 0 : e->key_state->live_epochs == 0 ? 1 : 2);
}

void assay_keys_note_shared(struct assay_engine *e, uint32_t incarnation)
{
    if (e->key_state->shared_logged) return;
    e->parts->key_state.shared_logged = true;
    assay_eng_note(e, ASSAY_NOTE_IDENTITY_IN_USE, ASSAY_SLOT_ALL, e->head->context.epoch,
                   incarnation);
}

bool assay_keys_is_taken(const struct assay_engine *e)
{
    const struct assay_node_keys *keys = &e->key_state->keys;
    if (e->key_state->listed) return false;
    for (uint32_t k = 0; k < e->members; k++) {
        const struct assay_member *m = &e->head->state.members[k];
        for (uint32_t l = 0; k != e->self && l < m->life_count; l++)
            if (assay_bytes_equal(m->lives[l].voting_public, keys->voting_public, 64) ||
                assay_bytes_equal(m->lives[l].transport_public, keys->transport_public, 32))
                return true;
    }
    return false;
}

void assay_keys_set_keys(struct assay_engine *e, const uint8_t voting_public[static 64],
                         const uint8_t transport_public[static 32])
{
    struct assay_key_state *own = &e->parts->key_state;
    /* The same keys reported again still have the log that was rolled back. */
    if (!assay_bytes_equal(own->keys.voting_public, voting_public, 64)) {
        own->rolled_back = false;
        own->keys_unused = true; /* made for a RESTART: no log of theirs can be missing */
        assay_restore_forget_log(e);
    }
    assay_bytes_copy(own->keys.voting_public, 64, voting_public, 64);
    assay_bytes_copy(own->keys.transport_public, 32, transport_public, 32);
    assay_keys_update_listed(e);
}

void assay_keys_set_rolled_back(struct assay_engine *e)
{
    e->parts->key_state.rolled_back = true;
    ASSAY_ASSERT(!assay_eng_may_sign(e));
}

/* Returns: whether an epoch counts for this key set; 0 is none. */
static bool is_since_listing(uint64_t epoch, const struct assay_life *life)
{
    return epoch > 0 && epoch >= life->since_epoch;
}

bool assay_keys_is_recorded(const struct assay_engine *e, const struct assay_member *member)
{
    const struct assay_life *listed = &member->lives[0];
    const uint8_t *own = e->key_state->keys.voting_public;
    for (uint32_t l = 1; l < member->life_count; l++)
        if (assay_bytes_equal(member->lives[l].voting_public, own, ASSAY_P256_PUBLIC_LEN))
            return true;
    if (!assay_bytes_equal(listed->voting_public, own, ASSAY_P256_PUBLIC_LEN)) return false;
    return is_since_listing(member->pass_epoch, listed) ||
           is_since_listing(member->failure_epoch, listed) || member->found.balloted ||
           member->equivocation_struck == listed->incarnation;
}

/* Returns: whether a finality proof contains a vote of ours. */
static bool has_voted(const struct assay_engine *e, struct assay_slice finality, uint32_t members)
{
    struct assay_cursor c = assay_cursor_over(finality.bytes, finality.len);
    struct assay_slice payload;
    struct assay_vote_certificate certificate;
    if (finality.len == 0 || assay_cbor_array_exact(&c, 2) != ASSAY_OK) return false;
    if (assay_cbor_bytes(&c, ASSAY_CERTIFICATE_LEN_MAX, &payload) != ASSAY_OK) return false;
    if (assay_certificate_decode(payload, members, &certificate) != ASSAY_OK) return false;
    return e->self < members && assay_bitmap_has(certificate.bitmap, e->self);
}

void assay_keys_compare(struct assay_engine *e, const struct assay_member *member,
                        struct assay_slice finality, uint32_t members)
{
    if (e->start_state->voted_on) return; /* a log exists, or the keys are not listed */
    /* A missing log: these keys may have signed in it (2.7). */
    const bool lost = e->start_state->log == ASSAY_LOG_LOST;
    const bool recorded = e->start_state->requests_first &&
                          ((member != NULL && assay_keys_is_recorded(e, member)) ||
                           (e->key_state->listed && has_voted(e, finality, members)));
    if (lost || recorded) assay_keys_set_rolled_back(e);
}

bool assay_eng_may_sign(const struct assay_engine *e)
{
    return e->key_state->listed && !e->key_state->rolled_back && !e->chain->halted &&
           !e->era->fenced && !assay_restore_is_behind(e) &&
           assay_member_serves(&e->head->state.members[e->self]);
}

bool assay_keys_wants_listing(const struct assay_engine *e)
{
    return !e->key_state->listed && !e->key_state->rolled_back && !e->chain->halted &&
           !e->era->fenced && e->head->state.members[e->self].stage != ASSAY_STAGE_LEFT;
}
