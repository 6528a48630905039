/*
 * sim/services/forge.c - submissions of hostile members and strangers (docs/services.md 7.2):
 * replayed records and modified ones. The fold must accept none of them wrongly, whoever submits;
 * views_audit.c and audit.c check that.
 */
#include "sim/services/internal.h"

#include "base/crypto/model.h"

enum { OLD_TRIES = 16 };

/* Any sender may submit a record that is not its author's own statement. */
static bool is_transferable(enum assay_service_kind kind)
{
    return kind == ASSAY_SERVICE_SESSION || kind == ASSAY_SERVICE_TABLE ||
           kind == ASSAY_SERVICE_KEEP ||
           kind == ASSAY_SERVICE_SHARE_PUT || kind == ASSAY_SERVICE_TASK_OPEN ||
           kind == ASSAY_SERVICE_TASK_ACCEPT || kind == ASSAY_SERVICE_TASK_CLAIM;
}

static uint32_t draw_below(struct assay_sim_services *s, uint32_t end)
{
    return (uint32_t)assay_sim_random_below(&s->forge.random, end);
}

/* A previously submitted record; of that kind, 0: of any. Returns: NULL: none was drawn. */
static const struct submission *draw_old(struct assay_sim_services *s, enum assay_service_kind kind)
{
    const uint32_t count = s->forge.count < FORGE_KEPT ? s->forge.count : FORGE_KEPT;
    if (count == 0) return NULL;
    for (uint32_t i = 0; i < OLD_TRIES; i++) {
        const struct submission *old = &s->forge.kept[draw_below(s, count)];
        if (kind == 0 || old->kind == kind) return old;
    }
    return NULL;
}

/* --- modified records */

/* A table of another view, or one seat's voucher as often as a quorum needs. */
static void forge_table(struct assay_sim_services *s, uint32_t node, struct assay_slice payload)
{
    const struct submission *old = draw_old(s, ASSAY_SERVICE_TABLE);
    struct assay_cont_table_record record;
    uint8_t bytes[ASSAY_CONT_RECORD_MAX];
    struct assay_slice out;
    if (draw_below(s, 2) == 0 && old != NULL) {
        services_submit_uncopied(s, node, ASSAY_SERVICE_TABLE,
                                 assay_slice_over(old->bytes, old->len));
        return;
    }
    if (assay_cont_table_record_decode(payload, &record) != ASSAY_OK) return;
    for (uint32_t i = 1; i < record.count; i++) {
        assay_bytes_copy(record.key[i], sizeof record.key[i], record.key[0], sizeof record.key[0]);
        assay_bytes_copy(record.signature[i], sizeof record.signature[i], record.signature[0],
                         sizeof record.signature[0]);
    }
    if (assay_cont_table_record_encode(&record, bytes, sizeof bytes, &out) == ASSAY_OK)
        services_submit_uncopied(s, node, ASSAY_SERVICE_TABLE, out);
}

/* A stranger closes the task. */
static void forge_close(struct assay_sim_services *s, uint32_t node, const uint8_t task[static 32])
{
    struct assay_task_close record = { 0 };
    struct assay_secret32 secret;
    uint8_t digest[32], bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice out;
    services_key(&s->forge.random, &secret, record.key);
    assay_bytes_copy(record.task, 32, task, 32);
    assay_task_close_statement(s->chain_id, &record, digest);
    assay_model_sign(secret.bytes, digest, record.signature);
    if (assay_task_close_encode(&record, bytes, sizeof bytes, &out) == ASSAY_OK)
        services_submit_uncopied(s, node, ASSAY_SERVICE_TASK_CLOSE, out);
}

/* A receipt or voucher by a key of its own. */
static void sign_with_own_key(struct assay_sim_services *s, struct assay_task_claim *c,
                              bool receipt)
{
    struct assay_secret32 secret;
    uint8_t digest[32];
    if (receipt) {
        services_key(&s->forge.random, &secret, c->task_key);
        assay_task_receipt_digest(&c->receipt, digest);
        assay_model_sign(secret.bytes, digest, c->receipt_signature);
        return;
    }
    services_key(&s->forge.random, &secret, c->requestor);
    assay_task_voucher_statement(s->chain_id, &c->voucher, digest);
    assay_model_sign(secret.bytes, digest, c->voucher.signature);
}

/* One half of each of two claims. */
static void mix_claims(struct assay_sim_services *s, struct assay_task_claim *c)
{
    const struct submission *old = draw_old(s, ASSAY_SERVICE_TASK_CLAIM);
    struct assay_task_claim other;
    if (old == NULL || assay_task_claim_decode(assay_slice_over(old->bytes, old->len), &other) !=
                           ASSAY_OK)
        return;
    if (draw_below(s, 2) == 0) c->voucher = other.voucher;
    else {
        c->receipt = other.receipt;
        assay_bytes_copy(c->receipt_signature, sizeof c->receipt_signature,
                         other.receipt_signature, sizeof other.receipt_signature);
    }
}

static void forge_claim(struct assay_sim_services *s, uint32_t node, struct assay_slice payload)
{
    struct assay_task_claim c;
    uint8_t bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice out;
    if (assay_task_claim_decode(payload, &c) != ASSAY_OK) return;
    switch (draw_below(s, 6)) {
    case 0: services_bytes(&s->forge.random, c.opening, sizeof c.opening); break;
    case 1: sign_with_own_key(s, &c, true); break;
    case 2: sign_with_own_key(s, &c, false); break;
    case 3: forge_close(s, node, c.receipt.task); return;
    case 4: node = draw_below(s, s->nodes); break; /* unchanged, by any member */
    default: mix_claims(s, &c); break;
    }
    if (assay_task_claim_encode(&c, bytes, sizeof bytes, &out) == ASSAY_OK)
        services_submit_uncopied(s, node, ASSAY_SERVICE_TASK_CLAIM, out);
}

/* Another member takes the work, or a stranger the money back. */
static void forge_accept(struct assay_sim_services *s, uint32_t node, struct assay_slice payload)
{
    struct assay_task_accept record;
    if (assay_task_accept_decode(payload, &record) != ASSAY_OK) return;
    if (draw_below(s, 2) == 0) forge_close(s, node, record.task);
    else services_submit_uncopied(s, draw_below(s, s->nodes), ASSAY_SERVICE_TASK_ACCEPT, payload);
}

static void store_submission(struct assay_sim_services *s, enum assay_service_kind kind,
                             struct assay_slice payload)
{
    struct submission *kept = &s->forge.kept[s->forge.count++ % FORGE_KEPT];
    *kept = (struct submission){ .kind = kind, .len = payload.len };
    assay_bytes_copy(kept->bytes, sizeof kept->bytes, payload.bytes, payload.len);
}

void forge_submit_copies(struct assay_sim_services *s, uint32_t node, enum assay_service_kind kind,
                         struct assay_slice payload)
{
    if (s->load->forged_permille == 0 || !is_transferable(kind)) return;
    store_submission(s, kind, payload);
    if (draw_below(s, 1000) >= s->load->forged_permille || !services_is_on(s)) return;
    const uint32_t other = draw_below(s, s->nodes);
    const struct submission *old = draw_old(s, 0);
    if (draw_below(s, 2) == 0 && old != NULL)
        services_submit_uncopied(s, other, old->kind, assay_slice_over(old->bytes, old->len));
    else if (kind == ASSAY_SERVICE_TABLE) forge_table(s, node, payload);
    else if (kind == ASSAY_SERVICE_TASK_CLAIM) forge_claim(s, node, payload);
    else if (kind == ASSAY_SERVICE_TASK_ACCEPT) forge_accept(s, node, payload);
    else services_submit_uncopied(s, other, kind, payload);
}

void forge_open(struct assay_sim_services *s)
{
    s->forge.random = services_stream(s, PROGRAM_TASK, (uint64_t)1 << 63);
}
