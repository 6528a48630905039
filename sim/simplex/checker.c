/*
 * sim/simplex/checker.c - what no honest machine of the Simplex world may send.
 *
 * docs/protocol.md 5.2 to 5.4, 5.15: two N never, X and F never, N never after X; F only after the
 * own N and with the notarisation durable; N only for the leader's block and with every certificate
 * that it relies on durable; nothing sent before it is persisted; one notarisation a view, never
 * final and nullified; certificates only with more than 2W/3 (counted here, not with the code under
 * test). Blocks and finality are chain.c. Each check has a planted fault that it catches.
 */
#include "sim/simplex/world_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void assay_sim_simplex_violate(struct assay_sim_simplex *w, enum assay_sim_checker checker,
                               const char *format, ...)
{
    if (w->violation[0] != 0) return; /* the first one tells the story */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(w->violation, sizeof w->violation, format, arguments);
    va_end(arguments);
    w->checker = checker;
}

void assay_sxw_checker_free(struct assay_sim_simplex *w)
{
    for (size_t i = 0; i < SXW_EPOCHS_MAX; i++)
        free(w->seen[i]);
    free(w->headers);
}

static struct sxw_seen *seen(struct assay_sim_simplex *w, uint64_t epoch, uint64_t view)
{
    if (epoch >= SXW_EPOCHS_MAX || view >= w->options.views_max) return NULL;
    if (w->seen[epoch] == NULL)
        w->seen[epoch] = calloc(w->options.views_max, sizeof(struct sxw_seen));
    return w->seen[epoch] == NULL ? NULL : &w->seen[epoch][view];
}

/* Counted and verified here: with the code under test a wrong quorum would agree with itself. */
static bool certificate_holds(const struct assay_sim_simplex *w, const struct assay_certificate *c)
{
    struct assay_cursor at = assay_cursor_over(c->signatures.bytes, c->signatures.len);
    uint64_t weight = 0;
    uint64_t total = 0;
    for (uint32_t slot = 0; slot < w->options.slot_count; slot++) {
        const uint32_t own = assay_sxw_weight_of(w, c->statement.epoch, slot);
        const uint8_t *signature = NULL;
        total += own;
        if (!assay_bitmap_has(c->bitmap, slot)) continue;
        weight += own;
        if (assay_cursor_take(&at, ASSAY_P256_SIGNATURE_LEN, &signature) != ASSAY_OK) return false;
        if (!assay_p256_verify(w->keys[slot], c->digest, signature, ASSAY_S_LOW)) return false;
    }
    return 3 * weight > 2 * total;
}

bool assay_sxw_certificate_read(const struct assay_sim_simplex *w, struct assay_slice payload,
                                struct assay_certificate *c)
{
    return assay_certificate_decode(payload, w->options.slot_count, c) == ASSAY_OK &&
           certificate_holds(w, c);
}

static void check_certificate(struct assay_sim_simplex *w, const struct sxw_machine *m,
                              struct assay_slice payload)
{
    struct assay_certificate c;
    if (!assay_sxw_certificate_read(w, payload, &c)) {
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_FINALITY,
                                  "machine %u sent a certificate that is none",
                                  (unsigned)(m - w->machines));
        return;
    }
    const struct assay_vote_statement *st = &c.statement;
    struct sxw_seen *v = seen(w, st->epoch, st->view);
    if (v == NULL || w->options.splits) return;
    if (v->certified[st->type] && !assay_bytes_equal(v->certified_id[st->type], st->block_id, 32))
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_FINALITY,
                                  "two certificates of type %d in epoch %u view %u", (int)st->type,
                                  (unsigned)st->epoch, (unsigned)st->view);
    v->certified[st->type] = true;
    assay_bytes_copy(v->certified_id[st->type], 32, st->block_id, 32);
    if (v->certified[ASSAY_VOTE_NULLIFY] && v->certified[ASSAY_VOTE_FINALISE])
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_FINALITY,
                                  "epoch %u view %u is final and nullified", (unsigned)st->epoch,
                                  (unsigned)st->view);
}

/* A certificate by name, in the machine's log, where it must be one.
 * Returns: whether it is there. */
static bool held(struct assay_sim_simplex *w, const struct sxw_machine *m, uint64_t epoch,
                 const uint8_t commitment[32], struct assay_certificate *c)
{
    const struct sxw_log_item *item =
        assay_sxw_log_find(m, ASSAY_STORE_CERTIFICATE, epoch, UINT64_MAX, commitment);
    if (item == NULL) return false;
    if (!assay_sxw_certificate_read(w, assay_slice_over(item->bytes, item->len), c))
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_FINALITY,
                                  "machine %u relies on a certificate that is none",
                                  (unsigned)(m - w->machines));
    return true;
}

/* Parent notarised or final, every view between nullified; all of it durable. */
static void check_reliance(struct assay_sim_simplex *w, const struct sxw_machine *m,
                           const struct assay_proposal *p)
{
    const struct assay_block_header *h = &p->header;
    const unsigned epoch = (unsigned)h->epoch;
    const unsigned view = (unsigned)h->view;
    struct assay_certificate c;
    bool all = true;
    bool right = p->nulls.len == 32 * (h->view - h->parent_view - 1);
    if (h->parent_view > 0) {
        all = held(w, m, h->epoch, h->parent_proof, &c);
        right = right && all && c.statement.type != ASSAY_VOTE_NULLIFY &&
                c.statement.view == h->parent_view &&
                assay_bytes_equal(c.statement.block_id, h->parent_id, 32);
    }
    for (size_t at = 0; at < p->nulls.len && all; at += 32) {
        all = held(w, m, h->epoch, p->nulls.bytes + at, &c);
        right = right && all && c.statement.type == ASSAY_VOTE_NULLIFY &&
                c.statement.view == h->parent_view + 1 + at / 32;
    }
    if (!all)
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_PERSIST,
                                  "N without a certificate it relies on in the log, epoch %u view "
                                  "%u",
                                  epoch, view);
    else if (!right)
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_VALIDITY,
                                  "N for a block whose certificates prove something else, epoch %u "
                                  "view %u",
                                  epoch, view);
}

static void check_notarise(struct assay_sim_simplex *w, const struct sxw_machine *m,
                           const struct assay_vote_statement *st)
{
    const struct sxw_log_item *item =
        assay_sxw_log_find(m, ASSAY_STORE_PROPOSAL, st->epoch, st->view, st->block_id);
    const struct sxw_log_item *n = assay_sxw_log_find(
        m, ASSAY_STORE_VOTE, st->epoch, st->view * 8 + ASSAY_VOTE_NOTARISE, st->block_id);
    const struct sxw_log_item *x =
        assay_sxw_log_find(m, ASSAY_STORE_VOTE, st->epoch, st->view * 8 + ASSAY_VOTE_NULLIFY, NULL);
    struct assay_proposal p;
    if (item == NULL ||
        assay_proposal_decode(assay_slice_over(item->bytes, item->len), &p) != ASSAY_OK) {
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_PERSIST,
                                  "N without its block in the log, epoch %u view %u",
                                  (unsigned)st->epoch, (unsigned)st->view);
        return;
    }
    check_reliance(w, m, &p);
    assay_sxw_check_block(w, m, &p);
    if (n != NULL && x != NULL && x < n) /* the log grows at its end */
        assay_sim_simplex_violate(
            w, ASSAY_SIM_CHECKER_VALIDITY, "machine %u cast N after X in epoch %u view %u",
            (unsigned)(m - w->machines), (unsigned)st->epoch, (unsigned)st->view);
}

static void check_finalise(struct assay_sim_simplex *w, const struct sxw_machine *m,
                           const struct assay_vote_statement *st)
{
    bool notarised = false;
    for (size_t i = 0; i < m->log_count && !notarised; i++) {
        const struct sxw_log_item *item = &m->log[i];
        struct assay_certificate c;
        if (item->class_ != ASSAY_STORE_CERTIFICATE || item->key.epoch != st->epoch) continue;
        if (item->key.number != st->view * 8 + ASSAY_VOTE_NOTARISE) continue;
        notarised = held(w, m, st->epoch, item->key.id, &c) &&
                    assay_bytes_equal(c.statement.block_id, st->block_id, 32);
    }
    if (!notarised)
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_PERSIST,
                                  "machine %u sent F and has not stored the notarisation",
                                  (unsigned)(m - w->machines));
    if (assay_sxw_log_find(m, ASSAY_STORE_VOTE, st->epoch, st->view * 8 + ASSAY_VOTE_NOTARISE,
                           st->block_id) == NULL)
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_VALIDITY,
                                  "machine %u sent F without an N of its own",
                                  (unsigned)(m - w->machines));
}

static void check_vote(struct assay_sim_simplex *w, const struct sxw_machine *m,
                       const struct assay_vote *vote)
{
    const struct assay_vote_statement *st = &vote->statement;
    const size_t self = (size_t)(m - w->machines);
    const uint64_t number = assay_vote_number(st);
    struct sxw_seen *v = seen(w, st->epoch, st->view);
    if (v == NULL || vote->slot != m->slot) return;
    const bool again = v->voted[self][st->type]; /* a disk may lose what was sent long ago */
    if (!again && assay_sxw_log_find(m, ASSAY_STORE_VOTE, st->epoch, number, st->block_id) == NULL)
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_PERSIST,
                                  "machine %u sent a vote before it was persisted", (unsigned)self);
    if (again && !assay_bytes_equal(v->voted_id[self][st->type], st->block_id, 32))
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_SIGNED_ONCE,
                                  "machine %u voted twice (type %d) in epoch %u view %u",
                                  (unsigned)self, (int)st->type, (unsigned)st->epoch,
                                  (unsigned)st->view);
    v->voted[self][st->type] = true;
    assay_bytes_copy(v->voted_id[self][st->type], 32, st->block_id, 32);
    if (v->voted[self][ASSAY_VOTE_NULLIFY] && v->voted[self][ASSAY_VOTE_FINALISE])
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_SIGNED_ONCE,
                                  "machine %u sent X and F in epoch %u view %u", (unsigned)self,
                                  (unsigned)st->epoch, (unsigned)st->view);
    if (again) return; /* resent: what it relied on may have been passed by finality */
    if (st->type == ASSAY_VOTE_FINALISE) check_finalise(w, m, st);
    if (st->type == ASSAY_VOTE_NOTARISE) check_notarise(w, m, st);
}

static void check_proposal(struct assay_sim_simplex *w, const struct sxw_machine *m,
                           struct assay_slice payload)
{
    struct assay_proposal p;
    const size_t self = (size_t)(m - w->machines);
    if (assay_proposal_decode(payload, &p) != ASSAY_OK) {
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_VALIDITY,
                                  "machine %u sent a malformed proposal", (unsigned)self);
        return;
    }
    if (p.header.leader != m->slot || p.header.epoch != m->ledger.epoch)
        return; /* answers a pull */
    struct sxw_seen *v = seen(w, p.header.epoch, p.header.view);
    if (v == NULL) return;
    if (assay_sxw_log_find(m, ASSAY_STORE_PROPOSAL, p.header.epoch, p.header.view, p.id) == NULL)
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_PERSIST,
                                  "machine %u sent a proposal before it was persisted",
                                  (unsigned)self);
    if (v->proposed[self] && !assay_bytes_equal(v->proposed_id[self], p.id, 32))
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_SIGNED_ONCE,
                                  "machine %u proposed twice in epoch %u view %u", (unsigned)self,
                                  (unsigned)p.header.epoch, (unsigned)p.header.view);
    v->proposed[self] = true;
    assay_bytes_copy(v->proposed_id[self], 32, p.id, 32);
}

void assay_sxw_check_send(struct assay_sim_simplex *w, const struct sxw_machine *m,
                          enum assay_message_kind kind, struct assay_slice payload)
{
    struct assay_vote vote;
    if (kind == ASSAY_MESSAGE_PROPOSAL) assay_sxw_note_block(w, payload);
    if (m->byzantine) return;
    if (kind == ASSAY_MESSAGE_CERTIFICATE) check_certificate(w, m, payload);
    if (kind == ASSAY_MESSAGE_PROPOSAL) check_proposal(w, m, payload);
    if (kind != ASSAY_MESSAGE_VOTE) return;
    if (assay_vote_decode(payload, &vote) != ASSAY_OK)
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_VALIDITY, "machine %u sent a malformed vote",
                                  (unsigned)(m - w->machines));
    else check_vote(w, m, &vote);
}
