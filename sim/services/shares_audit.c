/*
 * sim/services/shares_audit.c - checker of shares (docs/services.md 5): a share that counts as
 * stored is stored, and verifies; nothing synced is lost; no honest holder is convicted; a holder
 * without a slot has no share; a permitted reader reads the right secret. From final records,
 * closes and disks alone.
 */
#include "services/shares/cluster_internal.h"
#include "sim/services/shares.h"

static uint32_t number_of(const struct shares *h, const struct secret *secret)
{
    return (uint32_t)(secret - h->secret);
}

/* --- disks */

/* The format of holder_store.c: version, contents, cluster, slot, id, pieces. */
void audit_row(struct assay_sim_services *s, struct holder_host *k, uint32_t secret)
{
    struct kept *row = &k->disk[secret];
    struct assay_cursor in = assay_cursor_over(row->bytes, row->len);
    uint8_t head[4 + 32];
    enum assay_status status = assay_cursor_copy(&in, head, sizeof head);
    ASSAY_ASSERT(status == ASSAY_OK);
    row->pieces = 0;
    for (uint32_t flag = 1; flag <= 2; flag++) {
        struct assay_share_piece piece;
        if ((head[1] & flag) == 0) continue;
        status = assay_share_piece_decode(&in, &piece);
        ASSAY_ASSERT(status == ASSAY_OK);
        row->piece[row->pieces].generation = piece.generation;
        row->piece[row->pieces].attempt = piece.attempt;
        assay_share_commitments_digest(&piece.commitments, row->piece[row->pieces++].digest);
        if (k->is_liar) continue;
        services_report_check(s, ASSAY_SIM_CHECKER_SHARES, NULL);
        if (assay_share_verify(&piece.commitments, head[3], &piece.share) != ASSAY_OK)
            services_report_check(s, ASSAY_SIM_CHECKER_SHARES,
                                  "node %u keeps what is no share of secret %u", k->node, secret);
        if (!assay_bytes_equal(piece.commitments.point[0],
                               s->shares->secret[secret].commitments.point[0],
                               ASSAY_SODIUM_POINT_LEN))
            services_report_check(s, ASSAY_SIM_CHECKER_SHARES,
                                  "node %u keeps a share of another secret than %u", k->node,
                                  secret);
    }
}

static bool stores_share(const struct holder_host *k, uint32_t secret,
                         const struct assay_share_row *row)
{
    const struct kept *kept = &k->disk[secret];
    for (uint32_t i = 0; kept->len > 0 && i < kept->pieces; i++)
        if (kept->piece[i].generation == row->generation &&
            kept->piece[i].attempt == row->attempt &&
            assay_bytes_equal(kept->piece[i].digest, row->digest, 32))
            return true;
    return false;
}

/* A holder whose slot was given to another has no share any more. */
void audit_holder(struct assay_sim_services *s, const struct holder_host *k)
{
    const struct assay_share_registry *r = shares_ledger(s, k->node);
    bool rests = false;
    for (uint32_t i = 0; i < SECRETS; i++)
        rests = rests || k->disk[i].len > 0;
    if (!rests || k->is_liar || s->undone) return; /* an older ledger moves nothing */
    services_report_check(s, ASSAY_SIM_CHECKER_SHARES, NULL);
    for (uint32_t c = 0; c < r->config.clusters; c++)
        for (uint32_t slot = 0; slot < r->config.slots && r->cluster[c].seated; slot++)
            if (assay_bytes_equal(r->cluster[c].seat[slot].key, k->key, sizeof k->key)) return;
    services_report_check(s, ASSAY_SIM_CHECKER_SHARES, "node %u has no slot and keeps shares",
                          k->node);
}

/* --- the ledger, as recount.c has it */

static const struct holder_host *find_holder(const struct assay_sim_services *s,
                                             const struct assay_share_seat *seat)
{
    for (uint32_t i = 0; i < s->nodes; i++)
        if (assay_bytes_equal(s->shares->holder[i].key, seat->key, sizeof seat->key))
            return &s->shares->holder[i];
    return NULL; /* its disk is gone, and its key with it */
}

/* A share that the ledger counts is on its disk, where that disk still exists. */
static void check_secret(struct assay_sim_services *s, const struct assay_share_registry *r,
                         uint32_t number)
{
    const struct secret *x = &s->shares->secret[number];
    const struct assay_share_row *row = assay_share_registry_find(r, x->id);
    uint32_t slots = 0;
    if (row == NULL || !row->synced) return;
    /* docs/services.md 5: holders have erased what a rewound ledger counts on. */
    if (s->undone) return;
    services_report_check(s, ASSAY_SIM_CHECKER_SHARES, NULL);
    for (uint32_t c = 0; c < r->config.clusters; c++)
        for (uint32_t slot = 0; slot < r->config.slots && r->cluster[c].seated; slot++) {
            const struct holder_host *k = find_holder(s, &r->cluster[c].seat[slot]);
            if (k == NULL || k->is_liar) continue;
            if (stores_share(k, number, row)) slots |= 1u << slot;
            else if ((row->have[c] >> slot & 1) != 0)
                services_report_check(
                    s, ASSAY_SIM_CHECKER_SHARES,
                    "the ledger counts on node %u for secret %u, generation %u, in vain", k->node,
                    number, row->generation);
        }
    if (x->lost == 0 && s->load->share_liars == 0 && assay_share_count_bits(slots) < r->config.k)
        services_report_check(s, ASSAY_SIM_CHECKER_SHARES,
                              "secret %u is lost: %u shares of %u are left", number,
                              (unsigned)assay_share_count_bits(slots), r->config.k);
}

static void on_fact(struct assay_sim_services *s, const struct assay_share_registry *r,
                    const struct assay_share_fact *fact)
{
    struct shares *h = s->shares;
    if (fact->kind == ASSAY_SHARE_SEATED) h->count.moved++;
    if (fact->kind == ASSAY_SHARE_SYNCED) {
        const struct secret *x = shares_secret(h, fact->id);
        ASSAY_ASSERT(x != NULL);
        if (fact->generation == 1) h->count.synced++;
        else h->count.renewed++;
        check_secret(s, r, number_of(h, x));
    }
    if (fact->kind != ASSAY_SHARE_CONVICTED && fact->kind != ASSAY_SHARE_BARRED) return;
    h->count.convicted += fact->kind == ASSAY_SHARE_CONVICTED;
    services_report_check(s, ASSAY_SIM_CHECKER_SHARES, NULL);
    if (fact->member < s->nodes && !h->holder[fact->member].is_liar)
        services_report_check(s, ASSAY_SIM_CHECKER_SHARES,
                              "node %u, which is honest, was convicted or barred", fact->member);
}

void shares_record(struct assay_sim_services *s, const struct assay_registry_facts *facts)
{
    if (s->shares == NULL) return;
    for (uint32_t i = 0; i < facts->shares.count; i++)
        on_fact(s, assay_registry_shares(s->recount.registry), &facts->shares.fact[i]);
}

void shares_closed(struct assay_sim_services *s)
{
    for (uint32_t i = 0; s->shares != NULL && i < s->load->secrets; i++)
        check_secret(s, assay_registry_shares(s->recount.registry), i);
}

/* --- readers */

void audit_read(struct assay_sim_services *s, const struct secret *secret,
                const struct assay_secret32 *read)
{
    services_report_check(s, ASSAY_SIM_CHECKER_SHARES, NULL);
    s->shares->count.read++;
    if (!assay_bytes_equal(read->bytes, secret->polynomial.a[0].bytes, 32))
        services_report_check(s, ASSAY_SIM_CHECKER_SHARES, "another secret was read than %u",
                              number_of(s->shares, secret));
}

void shares_figures(const struct assay_sim_services *s,
                    int64_t figures[static ASSAY_SIM_FIGURE_COUNT])
{
    const struct shares *h = s->shares;
    if (h == NULL) return;
    figures[ASSAY_SIM_FIGURE_SECRETS_SYNCED] = (int64_t)h->count.synced;
    figures[ASSAY_SIM_FIGURE_SECRETS_RENEWED] = (int64_t)h->count.renewed;
    figures[ASSAY_SIM_FIGURE_SECRETS_READ] = (int64_t)h->count.read;
    figures[ASSAY_SIM_FIGURE_SLOTS_GIVEN] = (int64_t)h->count.moved;
    figures[ASSAY_SIM_FIGURE_LIARS_CONVICTED] = (int64_t)h->count.convicted;
}
