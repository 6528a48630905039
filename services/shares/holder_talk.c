/*
 * services/shares/holder_talk.c - exchanges of a holder: peers, timeouts and retries
 * (docs/services.md 5.10, 5.11).
 */
#include "services/shares/holder_internal.h"

struct assay_share_side assay_share_side_of(const struct assay_share_call *call, uint32_t cluster,
                                            uint32_t slot)
{
    ASSAY_ASSERT(cluster < ASSAY_SHARE_CLUSTERS_MAX && slot < ASSAY_SHARE_SLOTS_MAX);
    struct assay_share_side side = { .cluster = cluster, .slot = slot };
    const struct assay_share_seat *seat = &call->r->cluster[cluster].seat[slot];
    const uint32_t member = seat->member;
    ASSAY_ASSERT(member <= ASSAY_SHARE_NO_MEMBER);
    side.seating = seat->seating;
    /* A seat whose member left has no node: no statement contains a node id of zeros. */
    if (member != ASSAY_SHARE_NO_MEMBER)
        assay_bytes_copy(side.node, 32, call->r->member[member].node, 32);
    return side;
}

struct assay_share_side assay_share_own_side(const struct assay_share_call *call)
{
    ASSAY_ASSERT(call->h->seated);
    return assay_share_side_of(call, call->h->cluster, call->h->slot);
}

struct assay_share_talk *assay_share_talk_add(struct assay_share_holder *h, bool gives,
                                              const struct assay_share_from *peer)
{
    const uint32_t from = gives ? ASSAY_SHARE_TAKING_MAX : 0;
    const uint32_t until = gives ? ASSAY_SHARE_TALKS : ASSAY_SHARE_TAKING_MAX;
    for (uint32_t i = from; i < until; i++) {
        struct assay_share_talk *talk = &h->talk[i];
        if (talk->serial != 0) continue;
        *talk = (struct assay_share_talk){ .serial = ++h->serial, .peer = *peer };
        return talk;
    }
    return NULL;
}

static void talk_wipe(struct assay_share_talk *talk)
{
    assay_share_exchange_wipe(&talk->x);
    ASSAY_ASSERT(talk->x.step == ASSAY_SHARE_STEP_NONE && talk->x.count == 0);
    talk->serial = 0;
}

void assay_share_talks_wipe(struct assay_share_holder *h)
{
    for (uint32_t i = 0; i < ASSAY_SHARE_TALKS; i++)
        talk_wipe(&h->talk[i]);
    for (uint32_t i = 0; i < ASSAY_SHARE_SLOTS_MAX; i++)
        h->pace[i] = (struct assay_share_pace){ 0 };
}

/* What a taker did not get is requested again: from the next source, or from the same after a
 * pause. */
void assay_share_talk_end(const struct assay_share_call *call, struct assay_share_talk *talk)
{
    ASSAY_ASSERT(talk->serial != 0 && talk->x.count <= ASSAY_SHARE_GIVE_MAX);
    struct assay_share_holder *h = call->h;
    const struct assay_share_terms *terms = &talk->x.terms;
    if (!talk->x.gives && terms->purpose == ASSAY_SHARE_FETCH)
        for (uint32_t i = 0; i < talk->x.count; i++) {
            struct assay_share_holding *holding = assay_share_holding_find(h, talk->x.ids[i]);
            if (holding == NULL) continue;
            holding->asked = false;
            if (!holding->missing) continue;
            /* What did not fit is requested at once. */
            if (talk->progress && !talk->refused) holding->due_ms = call->now_ms;
            else assay_share_on_take_failed(call, holding);
        }
    if (!talk->x.gives && terms->purpose == ASSAY_SHARE_DEAL) {
        ASSAY_ASSERT(terms->giver.slot < ASSAY_SHARE_SLOTS_MAX);
        struct assay_share_pace *pace = &h->pace[terms->giver.slot];
        pace->busy = false;
        pace->fails = talk->progress && !talk->refused ? 0 : pace->fails + 1;
        pace->due_ms = call->now_ms + assay_share_pause(pace->fails);
    }
    talk_wipe(talk);
}

enum assay_status assay_share_talk_execute(const struct assay_share_call *call,
                                           struct assay_share_talk *talk,
                                           const struct assay_share_want *want)
{
    ASSAY_ASSERT(talk->serial != 0);
    struct assay_share_effect *effect = NULL;
    const struct assay_share_exchange *x = &talk->x;
    const struct assay_share_side *other = x->gives ? &x->terms.taker : &x->terms.giver;
    switch (want->action) {
    case ASSAY_SHARE_WANT_NOTHING: break;
    case ASSAY_SHARE_WANT_SEND:
        effect = assay_share_effect_add(call, ASSAY_SHARE_ACT_SEND);
        effect->bytes = want->bytes;
        effect->to_holder = talk->peer.holder;
        effect->link = talk->peer.link;
        assay_bytes_copy(effect->key, sizeof effect->key, talk->peer.key, sizeof effect->key);
        call->out->used += want->bytes.len;
        break;
    case ASSAY_SHARE_WANT_QUOTE:
        effect = assay_share_effect_add(call, ASSAY_SHARE_ACT_QUOTE);
        effect->serial = talk->serial;
        assay_bytes_copy(effect->report_data, 64, want->report_data, 64);
        break;
    case ASSAY_SHARE_WANT_VERIFY:
        effect = assay_share_effect_add(call, ASSAY_SHARE_ACT_VERIFY);
        effect->serial = talk->serial;
        effect->bytes = want->bytes;
        effect->measured = talk->measured;
        assay_bytes_copy(effect->measurement, 32, talk->measurement, 32);
        assay_bytes_copy(effect->node, 32, other->node, 32);
        assay_bytes_copy(effect->report_data, 64, want->report_data, 64);
        break;
    case ASSAY_SHARE_WANT_GIVE: return assay_share_give(call, talk);
    }
    return ASSAY_OK;
}

enum assay_status assay_share_talk_start(const struct assay_share_call *call,
                                         const struct assay_share_from *peer,
                                         enum assay_share_purpose purpose,
                                         const struct assay_share_side *giver, const uint8_t *ids,
                                         uint32_t count)
{
    ASSAY_ASSERT(count > 0 && count <= ASSAY_SHARE_GIVE_MAX);
    struct assay_share_holder *h = call->h;
    const struct assay_share_host *host = &h->config.host;
    struct assay_share_terms terms = {
        .home = call->r->config.home, .era = call->epoch->era, .epoch = call->epoch->epoch,
        .purpose = purpose, .taker = assay_share_own_side(call), .giver = *giver,
        .taker_proves = true,
    };
    struct assay_share_want want;
    struct assay_secret32 seed;
    uint8_t nonce[32];
    struct assay_share_talk *talk = assay_share_talk_add(h, false, peer);
    if (talk == NULL) return ASSAY_E_FULL;
    assay_bytes_copy(terms.beacon, 32, call->epoch->beacon, 32);
    host->random(host->context, nonce, sizeof nonce);
    host->random(host->context, seed.bytes, sizeof seed.bytes);
    enum assay_status status = assay_share_exchange_ask(
        &talk->x, &terms, ids, count, nonce, &seed, call->now_ms,
        assay_share_effect_room(call, ASSAY_SHARE_MESSAGE_MAX), ASSAY_SHARE_MESSAGE_MAX, &want);
    assay_secret_wipe(&seed, sizeof seed);
    if (status == ASSAY_OK) status = assay_share_talk_execute(call, talk, &want);
    if (status != ASSAY_OK) talk_wipe(talk);
    else h->asked++;
    return status;
}

/* Evidence belongs to an epoch, and exchanges have a short timeout: an expired one is ended. */
uint64_t assay_share_talks_poll(const struct assay_share_call *call)
{
    ASSAY_ASSERT(call->h->seated);
    struct assay_share_holder *h = call->h;
    for (uint32_t i = 0; i < ASSAY_SHARE_TALKS; i++) {
        struct assay_share_talk *talk = &h->talk[i];
        if (talk->serial == 0) continue;
        if (talk->x.step != ASSAY_SHARE_STEP_DONE && !talk->x.gives &&
            call->now_ms >= talk->x.until_ms)
            h->late++;
        if (talk->x.step == ASSAY_SHARE_STEP_DONE || call->now_ms >= talk->x.until_ms ||
            talk->x.terms.epoch != call->epoch->epoch || talk->x.terms.era != call->epoch->era)
            assay_share_talk_end(call, talk);
    }
    uint64_t wake_at_ms = assay_share_request_due(call);
    for (uint32_t i = 0; i < ASSAY_SHARE_TALKS; i++)
        if (h->talk[i].serial != 0 && h->talk[i].x.until_ms < wake_at_ms)
            wake_at_ms = h->talk[i].x.until_ms;
    return wake_at_ms;
}
