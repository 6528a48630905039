/*
 * sim/simplex/checker.c - checker of messages that honest machines of the Simplex world send.
 *
 * docs/protocol.md 5.2 to 5.4, 5.15: two N never, X and F never, N never after X; F only after the
 * own N and with the notarisation durable; N only for the leader's block and with every certificate
 * that it relies on durable; nothing sent before it is persisted; one notarisation a view, never
 * final and nullified; certificates only with more than 2W/3 (counted here, not with the code under
 * test). Blocks and finality are checked in chain.c. Each check detects a planted fault.
 */
#include "sim/simplex/world_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void assay_sim_simplex_violate(struct assay_sim_simplex *w, enum assay_sim_checker checker,
                               const char *format, ...)
{
    if (w->violation[0] != 0) return; /* the first violation is the cause */
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
    free(w->ranges);
    free(w->headers);
}

static struct sxw_seen *find_view(struct assay_sim_simplex *w, uint64_t epoch, uint64_t view)
{
    if (epoch >= SXW_EPOCHS_MAX || view >= SXW_SEEN_MAX) return NULL;
    if (view >= w->seen_capacity[epoch]) {
        size_t capacity = w->seen_capacity[epoch] == 0 ? 64 : w->seen_capacity[epoch];
        while (capacity <= view)
            capacity *= 2;
        w->seen[epoch] = assay_sxw_must(realloc(w->seen[epoch], capacity * sizeof **w->seen));
        memset(w->seen[epoch] + w->seen_capacity[epoch], 0,
               (capacity - w->seen_capacity[epoch]) * sizeof **w->seen);
        w->seen_capacity[epoch] = capacity;
    }
    return &w->seen[epoch][view];
}

static struct sxw_seen_range *find_seen_range(struct assay_sim_simplex *w,
                                              const struct assay_vote_statement *st)
{
    for (size_t i = w->range_count; i-- > 0;) {
        const struct assay_vote_statement *of = &w->ranges[i].statement;
        if (of->epoch == st->epoch && of->view == st->view && of->type == st->type)
            return &w->ranges[i];
    }
    if (w->range_count == w->range_capacity) {
        w->range_capacity = w->range_capacity == 0 ? 16 : 2 * w->range_capacity;
        w->ranges = assay_sxw_must(realloc(w->ranges, w->range_capacity * sizeof *w->ranges));
    }
    w->ranges[w->range_count] = (struct sxw_seen_range){ .statement = *st };
    return &w->ranges[w->range_count++];
}

/* A range around the view of which the machine sent X, or, without a machine, that was certified.
 * Returns: NULL when there is none. */
static const struct sxw_seen_range *find_covering_range(const struct assay_sim_simplex *w,
                                                        uint64_t epoch, uint64_t view,
                                                        size_t machine)
{
    for (size_t i = 0; i < w->range_count; i++) {
        const struct sxw_seen_range *r = &w->ranges[i];
        if (r->statement.epoch != epoch || !assay_vote_covers(&r->statement, view)) continue;
        if (machine == SIZE_MAX ? r->certified : r->voted[machine]) return r;
    }
    return NULL;
}

static void report_final_and_nullified(struct assay_sim_simplex *w, uint64_t epoch, uint64_t view)
{
    assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_FINALITY,
                              "epoch %u view %u is final and nullified", (unsigned)epoch,
                              (unsigned)view);
}

/* protocol.md 5.27: no view of a range with a certificate becomes final. */
static void check_range_certificate(struct assay_sim_simplex *w,
                                    const struct assay_vote_statement *st)
{
    struct sxw_seen_range *r = find_seen_range(w, st);
    if (r->certified || w->options.splits) return;
    r->certified = true;
    for (uint64_t view = st->view; view <= assay_vote_last(st); view++) {
        const struct sxw_seen *v = find_view(w, st->epoch, view);
        if (v != NULL && v->certified[ASSAY_VOTE_FINALISE])
            report_final_and_nullified(w, st->epoch, view);
    }
}

/* Counted and verified here: the code under test would agree with its own wrong quorum. */
static bool certificate_holds(const struct assay_sim_simplex *w,
                              const struct assay_vote_certificate *c)
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
                                struct assay_vote_certificate *c)
{
    return assay_certificate_decode(payload, w->options.slot_count, c) == ASSAY_OK &&
           certificate_holds(w, c);
}

static void check_certificate(struct assay_sim_simplex *w, const struct sxw_machine *m,
                              struct assay_slice payload)
{
    struct assay_vote_certificate c;
    if (!assay_sxw_certificate_read(w, payload, &c)) {
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_FINALITY,
                                  "machine %u sent a certificate that is none",
                                  (unsigned)(m - w->machines));
        return;
    }
    const struct assay_vote_statement *st = &c.statement;
    if (assay_vote_span(st->type) > 1) {
        check_range_certificate(w, st);
        return;
    }
    struct sxw_seen *v = find_view(w, st->epoch, st->view);
    if (v == NULL || w->options.splits) return;
    if (v->certified[st->type] && !assay_bytes_equal(v->certified_id[st->type], st->block_id, 32))
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_FINALITY,
                                  "two certificates of type %d in epoch %u view %u", (int)st->type,
                                  (unsigned)st->epoch, (unsigned)st->view);
    v->certified[st->type] = true;
    assay_bytes_copy(v->certified_id[st->type], 32, st->block_id, 32);
    if (!v->certified[ASSAY_VOTE_FINALISE]) return;
    if (v->certified[ASSAY_VOTE_NULLIFY] ||
        find_covering_range(w, st->epoch, st->view, SIZE_MAX) != NULL)
        report_final_and_nullified(w, st->epoch, st->view);
}

/* A certificate by name, in the machine's log, where it must be a certificate.
 * Returns: whether it is there. */
static bool has_certificate(struct assay_sim_simplex *w, const struct sxw_machine *m,
                            uint64_t epoch, const uint8_t commitment[32],
                            struct assay_vote_certificate *c)
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
    struct assay_vote_certificate c;
    bool all = true;
    bool right = true;
    uint64_t next = h->parent_view + 1;
    if (h->parent_view > 0) {
        all = has_certificate(w, m, h->epoch, h->parent_proof, &c);
        right = right && all && assay_vote_kind(c.statement.type) != ASSAY_VOTE_NULLIFY &&
                c.statement.view == h->parent_view &&
                assay_bytes_equal(c.statement.block_id, h->parent_id, 32);
    }
    for (size_t at = 0; at < p->nulls.len && all; at += 32) {
        all = has_certificate(w, m, h->epoch, p->nulls.bytes + at, &c);
        if (!all) break; /* c was not filled */
        right = right && assay_vote_kind(c.statement.type) == ASSAY_VOTE_NULLIFY &&
                assay_vote_covers(&c.statement, next);
        next = assay_vote_last(&c.statement) + 1;
    }
    right = right && (!all || next == h->view);
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
    const bool given_up =
        find_covering_range(w, st->epoch, st->view, (size_t)(m - w->machines)) != NULL;
    if (given_up || (n != NULL && x != NULL && x < n)) /* the log grows at its end */
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
        struct assay_vote_certificate c;
        if (item->class_ != ASSAY_STORE_CERTIFICATE || item->key.epoch != st->epoch) continue;
        if (item->key.number != st->view * 8 + ASSAY_VOTE_NOTARISE) continue;
        notarised = has_certificate(w, m, st->epoch, item->key.id, &c) &&
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

/* protocol.md 5.27: a range that its sender has left, durable, and no F of its own in it. */
static void check_range_vote(struct assay_sim_simplex *w, const struct sxw_machine *m,
                             const struct assay_vote_statement *st)
{
    const size_t self = (size_t)(m - w->machines);
    struct sxw_seen_range *r = find_seen_range(w, st);
    struct assay_simplex_snapshot look;
    assay_simplex_snapshot(m->simplex, &look);
    if (!r->voted[self] && assay_sxw_log_find(m, ASSAY_STORE_VOTE, st->epoch, assay_vote_number(st),
                                              st->block_id) == NULL)
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_PERSIST,
                                  "machine %u sent a vote before it was persisted", (unsigned)self);
    if (look.epoch == st->epoch && look.view <= assay_vote_last(st))
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_VALIDITY,
                                  "machine %u sent X over a range that it has not left, epoch %u "
                                  "view %u",
                                  (unsigned)self, (unsigned)st->epoch, (unsigned)st->view);
    r->voted[self] = true;
    for (uint64_t view = st->view; view <= assay_vote_last(st); view++) {
        const struct sxw_seen *v = find_view(w, st->epoch, view);
        if (v != NULL && v->voted[self][ASSAY_VOTE_FINALISE])
            assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_SIGNED_ONCE,
                                      "machine %u sent X over a range and F in it, epoch %u view "
                                      "%u",
                                      (unsigned)self, (unsigned)st->epoch, (unsigned)view);
    }
}

static void check_vote(struct assay_sim_simplex *w, const struct sxw_machine *m,
                       const struct assay_vote *vote)
{
    const struct assay_vote_statement *st = &vote->statement;
    const size_t self = (size_t)(m - w->machines);
    const uint64_t number = assay_vote_number(st);
    if (vote->slot != m->slot) return;
    if (assay_vote_span(st->type) > 1) {
        check_range_vote(w, m, st);
        return;
    }
    struct sxw_seen *v = find_view(w, st->epoch, st->view);
    if (v == NULL) return;
    const bool again = v->voted[self][st->type]; /* a disk may lose an old message */
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
    if (v->voted[self][ASSAY_VOTE_FINALISE] &&
        (v->voted[self][ASSAY_VOTE_NULLIFY] ||
         find_covering_range(w, st->epoch, st->view, self) != NULL))
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_SIGNED_ONCE,
                                  "machine %u sent X and F in epoch %u view %u", (unsigned)self,
                                  (unsigned)st->epoch, (unsigned)st->view);
    if (again) return; /* resent: finality may have passed what it relied on */
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
        return; /* answers to pulls */
    struct sxw_seen *v = find_view(w, p.header.epoch, p.header.view);
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
