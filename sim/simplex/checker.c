/*
 * sim/simplex/checker.c - what must never happen in the Simplex world.
 *
 * docs/protocol.md 5: agreement; two N never, X and F never; F only with the notarisation durable;
 * N only with every certificate that the proposal relies on durable; nothing sent before it is
 * persisted; one notarisation a view, never final and nullified; certificates only with more than
 * 2W/3 (counted here, not with the code under test). Each has a planted fault that it catches.
 */
#include "sim/simplex/world_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void assay_sxw_violated(struct assay_sim_simplex *w, const char *format, ...)
{
    if (w->violation[0] != 0) return; /* the first one tells the story */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(w->violation, sizeof w->violation, format, arguments);
    va_end(arguments);
}

void assay_sxw_checker_free(struct assay_sim_simplex *w)
{
    for (size_t i = 0; i < SXW_EPOCHS_MAX; i++)
        free(w->seen[i]);
}

static struct sxw_seen *seen(struct assay_sim_simplex *w, uint64_t epoch, uint64_t view)
{
    if (epoch >= SXW_EPOCHS_MAX || view >= SXW_VIEWS_MAX) return NULL;
    if (w->seen[epoch] == NULL) w->seen[epoch] = calloc(SXW_VIEWS_MAX, sizeof(struct sxw_seen));
    return w->seen[epoch] == NULL ? NULL : &w->seen[epoch][view];
}

static void check_certificate(struct assay_sim_simplex *w, const struct sxw_machine *m,
                              struct assay_slice payload)
{
    struct assay_certificate c;
    if (assay_certificate_decode(payload, w->options.slot_count, &c) != ASSAY_OK) {
        assay_sxw_violated(w, "machine %u sent a malformed certificate",
                           (unsigned)(m - w->machines));
        return;
    }
    const struct assay_vote_statement *st = &c.statement;
    const uint32_t shift = w->options.rotate ? (uint32_t)(st->epoch % w->options.slot_count) : 0;
    uint64_t weight = 0;
    uint64_t total = 0;
    for (uint32_t slot = 0; slot < w->options.slot_count; slot++) {
        const uint32_t own = w->options.weights[(slot + shift) % w->options.slot_count];
        total += own;
        if (assay_bitmap_has(c.bitmap, slot)) weight += own;
    }
    if (3 * weight <= 2 * total)
        assay_sxw_violated(w, "a certificate of %u among %u", (unsigned)weight, (unsigned)total);

    struct sxw_seen *v = seen(w, st->epoch, st->view);
    if (v == NULL) return;
    if (v->certified[st->type] && !assay_bytes_equal(v->certified_id[st->type], st->block_id, 32))
        assay_sxw_violated(w, "two certificates of type %d in epoch %u view %u", (int)st->type,
                           (unsigned)st->epoch, (unsigned)st->view);
    v->certified[st->type] = true;
    assay_bytes_copy(v->certified_id[st->type], 32, st->block_id, 32);
    if (v->certified[ASSAY_VOTE_NULLIFY] && v->certified[ASSAY_VOTE_FINALISE])
        assay_sxw_violated(w, "epoch %u view %u is final and nullified", (unsigned)st->epoch,
                           (unsigned)st->view);
}

/* The certificates that a block relies on, by name, in the machine's log. */
static void check_relied_on(struct assay_sim_simplex *w, const struct sxw_machine *m,
                            uint64_t epoch, uint64_t view, const uint8_t id[32])
{
    const struct sxw_log_item *item = assay_sxw_log_find(m, ASSAY_STORE_PROPOSAL, epoch, view, id);
    struct assay_proposal p;
    if (item == NULL ||
        assay_proposal_decode(assay_slice_over(item->bytes, item->len), &p) != ASSAY_OK) {
        assay_sxw_violated(w, "N without its block in the log, epoch %u view %u", (unsigned)epoch,
                           (unsigned)view);
        return;
    }
    bool all = true;
    if (p.header.parent_view > 0)
        all = assay_sxw_log_find(m, ASSAY_STORE_CERTIFICATE, epoch, UINT64_MAX,
                                 p.header.parent_proof) != NULL;
    for (size_t at = 0; at < p.nulls.len && all; at += 32)
        all = assay_sxw_log_find(m, ASSAY_STORE_CERTIFICATE, epoch, UINT64_MAX,
                                 p.nulls.bytes + at) != NULL;
    if (!all)
        assay_sxw_violated(w, "N without a certificate it relies on in the log, epoch %u view %u",
                           (unsigned)epoch, (unsigned)view);
}

static void check_vote(struct assay_sim_simplex *w, const struct sxw_machine *m,
                       const struct assay_vote *vote)
{
    const struct assay_vote_statement *st = &vote->statement;
    const size_t self = (size_t)(m - w->machines);
    const uint64_t number = st->view * 4 + (uint64_t)st->type;
    struct sxw_seen *v = seen(w, st->epoch, st->view);
    if (v == NULL || vote->slot != m->slot) return;
    if (assay_sxw_log_find(m, ASSAY_STORE_VOTE, st->epoch, number, st->block_id) == NULL)
        assay_sxw_violated(w, "machine %u sent a vote before it was persisted", (unsigned)self);
    if (v->voted[self][st->type] &&
        !assay_bytes_equal(v->voted_id[self][st->type], st->block_id, 32))
        assay_sxw_violated(w, "machine %u voted twice (type %d) in epoch %u view %u",
                           (unsigned)self, (int)st->type, (unsigned)st->epoch, (unsigned)st->view);
    v->voted[self][st->type] = true;
    assay_bytes_copy(v->voted_id[self][st->type], 32, st->block_id, 32);
    if (v->voted[self][ASSAY_VOTE_NULLIFY] && v->voted[self][ASSAY_VOTE_FINALISE])
        assay_sxw_violated(w, "machine %u sent X and F in epoch %u view %u", (unsigned)self,
                           (unsigned)st->epoch, (unsigned)st->view);
    if (st->type == ASSAY_VOTE_FINALISE) {
        const struct sxw_log_item *notarisation = NULL;
        for (size_t i = 0; i < m->log_count && notarisation == NULL; i++)
            if (m->log[i].class_ == ASSAY_STORE_CERTIFICATE && m->log[i].key.epoch == st->epoch &&
                m->log[i].key.number == st->view * 4)
                notarisation = &m->log[i];
        if (notarisation == NULL)
            assay_sxw_violated(w, "machine %u sent F and has not stored the notarisation",
                               (unsigned)self);
    }
    if (st->type == ASSAY_VOTE_NOTARISE) check_relied_on(w, m, st->epoch, st->view, st->block_id);
}

static void check_proposal(struct assay_sim_simplex *w, const struct sxw_machine *m,
                           struct assay_slice payload)
{
    struct assay_proposal p;
    const size_t self = (size_t)(m - w->machines);
    if (assay_proposal_decode(payload, &p) != ASSAY_OK) {
        assay_sxw_violated(w, "machine %u sent a malformed proposal", (unsigned)self);
        return;
    }
    if (p.header.leader != m->slot || p.header.epoch != m->ledger.epoch)
        return; /* answers a pull */
    struct sxw_seen *v = seen(w, p.header.epoch, p.header.view);
    if (v == NULL) return;
    if (assay_sxw_log_find(m, ASSAY_STORE_PROPOSAL, p.header.epoch, p.header.view, p.id) == NULL)
        assay_sxw_violated(w, "machine %u sent a proposal before it was persisted", (unsigned)self);
    if (v->proposed[self] && !assay_bytes_equal(v->proposed_id[self], p.id, 32))
        assay_sxw_violated(w, "machine %u proposed twice in epoch %u view %u", (unsigned)self,
                           (unsigned)p.header.epoch, (unsigned)p.header.view);
    v->proposed[self] = true;
    assay_bytes_copy(v->proposed_id[self], 32, p.id, 32);
}

void assay_sxw_check_send(struct assay_sim_simplex *w, const struct sxw_machine *m,
                          enum assay_message_kind kind, struct assay_slice payload)
{
    struct assay_vote vote;
    if (m->byzantine) return;
    if (kind == ASSAY_MESSAGE_CERTIFICATE) check_certificate(w, m, payload);
    if (kind == ASSAY_MESSAGE_PROPOSAL) check_proposal(w, m, payload);
    if (kind != ASSAY_MESSAGE_VOTE) return;
    if (assay_vote_decode(payload, &vote) != ASSAY_OK)
        assay_sxw_violated(w, "machine %u sent a malformed vote", (unsigned)(m - w->machines));
    else check_vote(w, m, &vote);
}

void assay_sxw_check_final(struct assay_sim_simplex *w, const struct sxw_machine *m,
                           uint64_t height, const uint8_t id[static 32])
{
    if (m->byzantine || height >= SXW_HEIGHTS_MAX) return;
    if (w->chain_known[height] && !assay_bytes_equal(w->chain[height], id, 32))
        assay_sxw_violated(w, "agreement: machine %u has another final block at height %u",
                           (unsigned)(m - w->machines), (unsigned)height);
    w->chain_known[height] = true;
    assay_bytes_copy(w->chain[height], 32, id, 32);
}
