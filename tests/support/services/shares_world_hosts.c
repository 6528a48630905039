/*
 * tests/support/services/shares_world_hosts.c - the hosts of holders in a schedule of shares:
 * disks, records and messages, and crashes between them.
 */
#include "tests/support/services/shares_world_internal.h"

/* A host that executes effects; it crashes after `left` of them. */
struct host {
    struct world *w;
    struct machine *m;
    uint32_t left;
    bool dead;
};

static bool does_one_more(struct host *h)
{
    if (h->left == 0) h->dead = true;
    else h->left--;
    return !h->dead;
}

/* Rows of a host that dies before it commits may be on its disk, or not: they are. */
static enum assay_status disk_write(void *context, const uint8_t id[static 32],
                                    struct assay_slice row)
{
    struct host *h = context;
    if (!does_one_more(h)) return ASSAY_E_IO;
    struct kept *kept =
        assay_bytes_all_zero(id, 32) ? &h->m->keys : &h->m->disk[shares_id_number(h->w, id)];
    assay_bytes_copy(kept->id, 32, id, 32);
    assay_bytes_copy(kept->bytes, sizeof kept->bytes, row.bytes, row.len);
    kept->len = row.len;
    return ASSAY_OK;
}

static enum assay_status disk_erase(void *context, const uint8_t *id)
{
    struct host *h = context;
    if (!does_one_more(h)) return ASSAY_E_IO;
    if (id == NULL) h->m->keys.len = 0;
    for (uint32_t i = 0; i < h->w->plan->ids; i++)
        if (id == NULL || assay_bytes_equal(h->w->owner[i].id, id, 32)) {
            if (h->m->disk[i].len > 0) h->w->result->erased++;
            h->m->disk[i].len = 0;
        }
    return ASSAY_OK;
}

static enum assay_status disk_commit(void *context, bool rows)
{
    struct host *h = context;
    (void)rows;
    return h->dead ? ASSAY_E_IO : ASSAY_OK;
}

static enum assay_status submit_record(void *context, enum assay_share_payload payload,
                                       bool replaces, struct assay_slice bytes)
{
    static const enum shares_record_kind kinds[] = { SHARES_HAVE, SHARES_DEAL, SHARES_READY,
                                                     SHARES_LIE, SHARES_SUM, SHARES_KEY,
                                                     SHARES_DEALING, SHARES_DISPUTE };
    struct host *h = context;
    const struct machine *m = h->m;
    (void)replaces; /* earlier ones may be final all the same */
    if (!does_one_more(h)) return ASSAY_E_IO;
    if (!h->w->healing && (m->forges || m->mute) && payload != ASSAY_SHARE_PAYLOAD_KEY &&
        h->w->head->round->phase != ASSAY_SHARE_PHASE_NONE &&
        (m->mute || payload != ASSAY_SHARE_PAYLOAD_HAVE))
        return ASSAY_OK;
    shares_hand_in(h->w, kinds[payload], m, bytes);
    return ASSAY_OK;
}

static void send_message(void *context, const struct assay_share_effect *effect)
{
    struct host *h = context;
    const struct machine *m = h->m;
    if (!does_one_more(h)) return;
    struct message *message =
        shares_message_add(h->w, effect->bytes.bytes, effect->bytes.len);
    message->kind = effect->to_holder ? TO_HOLDER : TO_OWNER;
    assay_bytes_copy(message->key, 64, effect->to_holder ? effect->key : m->key, 64);
    message->from.holder = true;
    message->from.link = effect->link;
    assay_bytes_copy(message->from.key, 64, m->key, 64);
}

static void request_from_daemon(void *context, const struct assay_share_effect *effect)
{
    struct host *h = context;
    const bool quotes = effect->act == ASSAY_SHARE_ACT_QUOTE;
    uint8_t evidence[EVIDENCE] = { 0 };
    if (!does_one_more(h)) return;
    if (quotes) {
        assay_bytes_copy(evidence, EVIDENCE, effect->report_data, 64);
        evidence[64] = (uint8_t)shares_number_of(h->w, h->m); /* its node */
    }
    struct message *message = shares_message_add(h->w, evidence, quotes ? sizeof evidence : 1);
    message->kind = quotes ? QUOTE : VERIFY;
    message->serial = effect->serial;
    message->good = !quotes && effect->bytes.len == EVIDENCE &&
                    assay_bytes_equal(effect->bytes.bytes, effect->report_data, 64) &&
                    assay_bytes_equal(effect->bytes.bytes + 64, effect->node, 32);
    assay_bytes_copy(message->key, 64, h->m->key, 64);
}

static void execute_effects(struct world *w, struct machine *m, uint32_t left)
{
    struct host host = { .w = w, .m = m, .left = left };
    const struct assay_share_effects_world world = { .context = &host,
                                                     .persist = disk_write,
                                                     .erase = disk_erase,
                                                     .commit = disk_commit,
                                                     .submit = submit_record,
                                                     .send = send_message,
                                                     .request = request_from_daemon };
    const enum assay_status status = assay_share_effects_execute(m->holder, &w->effects, &world);
    ASSAY_ASSERT(status == ASSAY_OK || host.dead);
}

static void crash(struct world *w, struct machine *m)
{
    const struct assay_share_epoch epoch = shares_epoch_of(m);
    w->result->crashes++;
    shares_start(w, m);
    assay_share_holder_crawl(m->holder, m->registry, &epoch, w->now_ms, &w->effects);
}

void shares_host_does(struct world *w, struct machine *m)
{
    uint32_t left = UINT32_MAX;
    bool dies = false;
    if (!w->healing && w->crashes > 0 && w->effects.count > 0 && shares_draw(w, 60) == 0) {
        w->crashes--;
        dies = true;
        left = (uint32_t)shares_draw(w, w->effects.count + 1);
    }
    assay_share_holder_check(m->holder);
    for (uint32_t i = 0; i < m->holder->count; i++)
        if (!shares_dealings_add(&w->dealings, &m->holder->holding[i].dealt))
            shares_violated(w, "EQUAL", i, shares_number_of(w, m));
    execute_effects(w, m, left);
    if (!dies) return;
    crash(w, m);
    execute_effects(w, m, UINT32_MAX);
}

void shares_host_loses_disk(struct world *w, struct machine *m)
{
    struct host host = { .w = w, .m = m, .left = 1 };
    assay_status_ignore(disk_erase(&host, NULL), "it is not dead");
}
