/*
 * sim/simplex/chain.c - blocks of the Simplex world: proposers, parents, and agreement.
 *
 * docs/protocol.md 5.2, 5.8, 5.16: a block is signed by its view's leader; after an epoch block
 * there are only tails; a final block has a certificate of finality and is the same on every
 * machine. Leaders are computed a second time here, not with engine/consensus/leader.c.
 */
#include "sim/simplex/world_internal.h"

#include <stdlib.h>

void assay_sxw_trace(struct assay_sim_simplex *w, uint64_t number, struct assay_slice bytes)
{
    uint64_t h = w->counts.trace ^ number ^ w->now << 20;
    for (size_t i = 0; i < bytes.len; i++)
        h = (h ^ bytes.bytes[i]) * 0x100000001b3ULL; /* FNV-1a */
    w->counts.trace = (h ^ h >> 29) * 0xbf58476d1ce4e5b9ULL;
}

static const struct assay_block_header *find_header(const struct assay_sim_simplex *w,
                                                    const uint8_t id[32])
{
    for (size_t i = w->header_count; i-- > 0;)
        if (assay_bytes_equal(w->headers[i].id, id, 32)) return &w->headers[i].header;
    return NULL;
}

void assay_sxw_note_block(struct assay_sim_simplex *w, struct assay_slice payload)
{
    struct assay_proposal p;
    if (assay_proposal_decode(payload, &p) != ASSAY_OK || find_header(w, p.id) != NULL) return;
    if (w->header_count == w->header_capacity) {
        w->header_capacity = w->header_capacity == 0 ? 64 : 2 * w->header_capacity;
        w->headers = assay_sxw_must(realloc(w->headers, w->header_capacity * sizeof *w->headers));
    }
    struct sxw_header *added = &w->headers[w->header_count++];
    assay_bytes_copy(added->id, 32, p.id, 32);
    added->header = p.header;
}

/* Smooth weighted round robin from the counters of the epoch's start; ties to the smaller slot,
 * which has the smaller node id here. */
static uint16_t leader_of(const struct assay_sim_simplex *w, const struct sxw_ledger *l,
                          uint64_t view)
{
    int64_t counters[ASSAY_SIM_SIMPLEX_MACHINES_MAX];
    uint32_t best = 0;
    assay_bytes_copy(counters, sizeof counters, l->counters, sizeof l->counters);
    for (uint64_t v = 0; v < view; v++) {
        int64_t total = 0;
        bool any = false;
        for (uint32_t slot = 0; slot < w->options.slot_count; slot++) {
            const int64_t weight = assay_sxw_weight_of(w, l->epoch, slot);
            total += weight;
            counters[slot] = weight == 0 ? 0 : counters[slot] + weight;
            if (weight == 0 || (any && counters[slot] <= counters[best])) continue;
            best = slot;
            any = true;
        }
        counters[best] -= total;
    }
    return (uint16_t)best;
}

void assay_sxw_check_block(struct assay_sim_simplex *w, const struct sxw_machine *m,
                           const struct assay_proposal *p)
{
    const struct assay_block_header *h = &p->header;
    const struct assay_block_header *parent =
        h->parent_view == 0 ? NULL : find_header(w, h->parent_id);
    const unsigned view = (unsigned)h->view;
    const bool below_epoch_block = parent != NULL && parent->kind != ASSAY_BLOCK_NORMAL;
    if (h->epoch != m->ledger.epoch) return; /* over in the same step */
    if (h->leader != leader_of(w, &m->ledger, h->view))
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_VALIDITY,
                                  "N for a block of slot %u, who does not lead view %u",
                                  (unsigned)h->leader, view);
    if (h->parent_view > 0 && parent == NULL)
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_VALIDITY,
                                  "N for a block on one that nobody proposed, view %u", view);
    if (below_epoch_block != (h->kind == ASSAY_BLOCK_TAIL) ||
        (below_epoch_block && h->record_count > 0))
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_VALIDITY,
                                  "N for a block that is%s below the epoch's last, view %u",
                                  below_epoch_block ? " no empty tail" : " a tail and not", view);
}

/* In the log, or durable with the current step. Returns: whether there is one. */
static bool find_certificate(const struct assay_sim_simplex *w, const struct sxw_machine *m,
                             const uint8_t commitment[32], struct assay_vote_certificate *c)
{
    const struct sxw_log_item *item =
        assay_sxw_log_find(m, ASSAY_STORE_CERTIFICATE, m->ledger.epoch, UINT64_MAX, commitment);
    if (item != NULL)
        return assay_sxw_certificate_read(w, assay_slice_over(item->bytes, item->len), c);
    for (size_t i = 0; i < m->actions.count; i++) {
        const struct assay_effect *e = &m->actions.items[i].effect;
        if (m->actions.items[i].kind != ASSAY_SIMPLEX_PERSIST) continue;
        if (e->as.persist.class_ != ASSAY_STORE_CERTIFICATE) continue;
        if (!assay_bytes_equal(e->as.persist.key.id, commitment, 32)) continue;
        return assay_sxw_certificate_read(w, e->as.persist.value, c);
    }
    return false;
}

void assay_sxw_check_finality(struct assay_sim_simplex *w, const struct sxw_machine *m,
                              const struct assay_simplex_action *final_)
{
    struct assay_vote_certificate c;
    if (m->byzantine) return;
    bool proven = find_certificate(w, m, final_->proof, &c) &&
                  c.statement.type == ASSAY_VOTE_FINALISE && c.statement.epoch == m->ledger.epoch;
    const uint8_t *at = c.statement.block_id;
    while (proven && !assay_bytes_equal(at, final_->id, 32)) {
        const struct assay_block_header *tail = find_header(w, at);
        proven = tail != NULL && tail->kind == ASSAY_BLOCK_TAIL;
        if (proven) at = tail->parent_id;
    }
    if (!proven)
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_FINALITY,
                                  "machine %u calls final what no stored certificate makes final",
                                  (unsigned)(m - w->machines));
}

void assay_sxw_check_final(struct assay_sim_simplex *w, const struct sxw_machine *m,
                           uint64_t height, const uint8_t id[static 32])
{
    const struct assay_block_header *h = find_header(w, id);
    assay_sxw_trace(w, (uint64_t)(m - w->machines) << 32 | height, assay_slice_over(id, 32));
    if (m->byzantine || height >= SXW_HEIGHTS_MAX) return;
    if (w->chain_known[height] && !assay_bytes_equal(w->chain[height], id, 32))
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_AGREEMENT,
                                  "machine %u has another final block at height %u",
                                  (unsigned)(m - w->machines), (unsigned)height);
    if (h == NULL ||
        (h->epoch == m->ledger.epoch && h->leader != leader_of(w, &m->ledger, h->view)))
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_VALIDITY,
                                  "the final block at height %u is not its leader's",
                                  (unsigned)height);
    w->chain_known[height] = true;
    assay_bytes_copy(w->chain[height], 32, id, 32);
}
