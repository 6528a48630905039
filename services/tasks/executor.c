/*
 * services/tasks/executor.c - executor state machine of one task, in the enclave (docs/services.md
 * 6.5, 6.6).
 */
#include "services/tasks/executor.h"

void assay_task_executor_init(struct assay_task_executor *e,
                              const struct assay_task_executor_config *config)
{
    assay_bytes_zero(e, sizeof *e);
    e->config = *config;
    e->epoch = config->epoch;
    e->until = config->terms.deadline;
    if (config->payer != NULL) assay_bytes_copy(e->task, 32, config->payer->task, 32);
    else assay_task_open_statement(config->chain_id, &config->terms, e->task);
}

static void clear_outs(struct assay_task_outputs *outs)
{
    *outs = (struct assay_task_outputs){ .wake_at_ms = UINT64_MAX };
}

static void send_frame(struct assay_task_executor *e, struct assay_task_frame *f,
                       struct assay_task_outputs *outs)
{
    assay_bytes_copy(f->task, 32, e->task, 32);
    const enum assay_status status =
        assay_task_frame_encode(f, e->frame, sizeof e->frame, &outs->frame);
    ASSAY_ASSERT(status == ASSAY_OK); /* the longest frame fits */
}

static void send_step(struct assay_task_executor *e, struct assay_task_outputs *outs)
{
    ASSAY_ASSERT(e->phase == ASSAY_TASK_OFFERED || e->phase == ASSAY_TASK_VOUCHED);
    ASSAY_ASSERT(e->receipt.step == e->step && e->ciphertext_len > 0);
    struct assay_task_frame f = { .kind = ASSAY_TASK_STEP_IS, .receipt = e->receipt };
    assay_bytes_copy(f.signature, sizeof f.signature, e->receipt_signature, sizeof f.signature);
    f.list = assay_slice_over(e->ciphertext, e->ciphertext_len);
    send_frame(e, &f, outs);
}

static void send_key(struct assay_task_executor *e, uint32_t step,
                     const struct assay_secret32 *opening, struct assay_task_outputs *outs)
{
    /* docs/services.md 6.6: a key is sent only after its voucher was received. */
    ASSAY_ASSERT(e->claim.step >= step);
    struct assay_task_frame f = { .kind = ASSAY_TASK_KEY_IS, .step = step };
    assay_bytes_copy(f.nonce, 32, opening->bytes, 32);
    send_frame(e, &f, outs);
}

/* --- frames of the requestor */

static enum assay_status on_ask(struct assay_task_executor *e, const struct assay_task_frame *f,
                                struct assay_task_outputs *outs)
{
    e->asked = true;
    assay_bytes_copy(e->nonce, 32, f->nonce, 32);
    assay_task_keys_statement(e->config.chain_id, e->task, e->config.key, e->config.box, f->nonce,
                              e->statement);
    outs->events |= ASSAY_TASK_EVENT_ASKED;
    return ASSAY_OK;
}

static enum assay_status on_input(struct assay_task_executor *e, const struct assay_task_frame *f,
                                  struct assay_task_outputs *outs)
{
    const struct assay_task_crypto *crypto = e->config.crypto;
    uint8_t digest[32];
    size_t len = 0;
    if (e->phase != ASSAY_TASK_WAITING) {
        /* The requestor has not seen the first step. */
        if (e->step != 1) return ASSAY_E_STALE;
        if (e->phase == ASSAY_TASK_RUNNING) return ASSAY_E_EARLY;
        send_step(e, outs);
        return ASSAY_OK;
    }
    ASSAY_TRY(crypto->open(crypto->context, f->list, e->plain, sizeof e->plain, &len));
    if (len < 32 || len > sizeof e->input) return ASSAY_E_RANGE;
    assay_task_blob_digest(e->plain, assay_slice_over(e->plain + 32, len - 32), digest);
    /* Any client can seal an input to the enclave; the receipt states that it is the requested
     * one. */
    if (!assay_bytes_equal(digest, e->config.terms.input, 32)) return ASSAY_E_INVALID;
    ASSAY_ASSERT(e->step == 0);
    assay_bytes_copy(e->input, sizeof e->input, e->plain, len);
    e->input_len = len;
    e->phase = ASSAY_TASK_RUNNING;
    e->step = 1;
    outs->events |= ASSAY_TASK_EVENT_INPUT;
    return ASSAY_OK;
}

/* Whether the ledger would pay it: docs/services.md 6.7. */
static bool is_payable(const struct assay_task_executor *e, const struct assay_task_held *held)
{
    if (held->step <= e->paid || held->epoch >= e->epoch) return false;
    const uint64_t before = e->epoch - held->epoch - 1;
    return before < ASSAY_TASK_CLOSED_EPOCHS && (e->certified >> before & 1);
}

static void make_claim(struct assay_task_executor *e, const struct assay_task_voucher *voucher)
{
    ASSAY_ASSERT(e->phase == ASSAY_TASK_OFFERED && voucher->step == e->step);
    ASSAY_ASSERT(e->claim.step + 1 == e->step); /* each step is vouched for once */
    struct assay_task_claim claim = { .receipt = e->receipt, .voucher = *voucher };
    struct assay_slice out;
    assay_bytes_copy(claim.task_key, sizeof claim.task_key, e->config.key, sizeof e->config.key);
    assay_bytes_copy(claim.receipt_signature, sizeof claim.receipt_signature, e->receipt_signature,
                     sizeof e->receipt_signature);
    assay_bytes_copy(claim.opening, 32, e->opening.bytes, 32);
    assay_bytes_copy(claim.requestor, sizeof claim.requestor, e->config.terms.key,
                     sizeof claim.requestor);
    if (is_payable(e, &e->claim)) e->sure = e->claim;
    const enum assay_status status =
        assay_task_claim_encode(&claim, e->claim.bytes, sizeof e->claim.bytes, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    e->claim.len = out.len;
    e->claim.step = e->step;
    e->claim.epoch = e->receipt.epoch;
}

/* NEXT is not authenticated: a requestor that vouched for the previous step and lost its key can
 * still get it. */
static enum assay_status on_repeated_vouch(struct assay_task_executor *e,
                                           const struct assay_task_frame *f,
                                           struct assay_task_outputs *outs)
{
    ASSAY_ASSERT(e->step > 1 && f->step + 1 == e->step);
    uint8_t lock[32];
    assay_sha256(e->before.bytes, sizeof e->before.bytes, lock);
    if (!assay_bytes_equal(f->nonce, lock, 32)) return ASSAY_E_INVALID;
    send_key(e, f->step, &e->before, outs);
    return ASSAY_OK;
}

static bool is_vouched(const struct assay_task_executor *e,
                       const struct assay_task_voucher *voucher)
{
    const struct assay_task_payer *payer = e->config.payer;
    return payer != NULL
               ? payer->check(payer->context, voucher)
               : assay_task_voucher_check(e->config.chain_id, voucher, e->config.terms.key);
}

static enum assay_status on_vouch(struct assay_task_executor *e, const struct assay_task_frame *f,
                                  struct assay_task_outputs *outs)
{
    struct assay_task_voucher voucher = { .step = f->step };
    if (f->step + 1 == e->step) return on_repeated_vouch(e, f, outs);
    if (e->phase != ASSAY_TASK_OFFERED && e->phase != ASSAY_TASK_VOUCHED) return ASSAY_E_STALE;
    if (f->step != e->step) return ASSAY_E_STALE;
    if (!assay_bytes_equal(f->nonce, e->receipt.lock, 32)) return ASSAY_E_INVALID;
    if (e->phase == ASSAY_TASK_VOUCHED) {
        send_key(e, e->step, &e->opening, outs);
        return ASSAY_OK;
    }
    assay_bytes_copy(voucher.task, 32, e->task, 32);
    assay_bytes_copy(voucher.lock, 32, f->nonce, 32);
    assay_bytes_copy(voucher.signature, sizeof voucher.signature, f->signature,
                     sizeof f->signature);
    if (!is_vouched(e, &voucher)) return ASSAY_E_SIGNATURE;
    ASSAY_ASSERT(e->receipt.step == e->step);
    make_claim(e, &voucher);
    e->phase = ASSAY_TASK_VOUCHED;
    outs->events |= ASSAY_TASK_EVENT_CLAIM;
    send_key(e, e->step, &e->opening, outs);
    return ASSAY_OK;
}

static enum assay_status on_next(struct assay_task_executor *e, const struct assay_task_frame *f,
                                 struct assay_task_outputs *outs)
{
    if (e->phase == ASSAY_TASK_WAITING) return ASSAY_E_EARLY;
    /* It has only the previous step: this one is resent, and its key after its voucher. */
    if (f->step + 1 == e->step && e->phase != ASSAY_TASK_RUNNING) {
        send_step(e, outs);
        return ASSAY_OK;
    }
    if (f->step + 1 == e->step) return ASSAY_E_EARLY;
    if (f->step != e->step || e->phase != ASSAY_TASK_VOUCHED) return ASSAY_E_STALE;
    if (e->step == e->config.terms.steps) {
        outs->events |= ASSAY_TASK_EVENT_DONE; /* and continues to answer until its host stops it */
        return ASSAY_OK;
    }
    assay_task_receipt_digest(&e->receipt, e->head);
    e->before = e->opening;
    ASSAY_ASSERT(e->step < e->config.terms.steps);
    e->step++;
    e->phase = ASSAY_TASK_RUNNING;
    outs->events |= ASSAY_TASK_EVENT_NEXT;
    return ASSAY_OK;
}

enum assay_status assay_task_executor_on_frame(struct assay_task_executor *e,
                                               struct assay_slice bytes,
                                               struct assay_task_outputs *outs)
{
    struct assay_task_frame f;
    clear_outs(outs);
    ASSAY_TRY(assay_task_frame_decode(bytes, &f));
    if (!assay_bytes_equal(f.task, e->task, 32)) return ASSAY_E_STRANGER;
    if (e->phase == ASSAY_TASK_STOPPED) return ASSAY_E_AGAIN;
    switch (f.kind) {
    case ASSAY_TASK_ASK: return on_ask(e, &f, outs);
    case ASSAY_TASK_INPUT: return on_input(e, &f, outs);
    case ASSAY_TASK_VOUCH: return on_vouch(e, &f, outs);
    case ASSAY_TASK_NEXT: return on_next(e, &f, outs);
    case ASSAY_TASK_KEYS:
    case ASSAY_TASK_STEP_IS:
    case ASSAY_TASK_KEY_IS:
    case ASSAY_TASK_DRAFT: /* before a task exists: handled by the host */
    case ASSAY_TASK_DRAFT_IS:
    case ASSAY_TASK_NO: return ASSAY_E_LANE;
    }
    ASSAY_UNREACHABLE("the decoder knows every kind");
}

/* --- calls of the host */

enum assay_status assay_task_executor_on_evidence(struct assay_task_executor *e,
                                                  struct assay_slice evidence,
                                                  struct assay_task_outputs *outs)
{
    struct assay_task_frame f = { .kind = ASSAY_TASK_KEYS, .list = evidence };
    clear_outs(outs);
    if (!e->asked) return ASSAY_E_INVALID;
    if (evidence.len == 0 || evidence.len > ASSAY_TASK_EVIDENCE_MAX) return ASSAY_E_RANGE;
    assay_bytes_copy(f.nonce, 32, e->nonce, 32);
    assay_bytes_copy(f.key, sizeof f.key, e->config.key, sizeof f.key);
    assay_bytes_copy(f.box, 32, e->config.box, 32);
    send_frame(e, &f, outs);
    e->asked = false;
    return ASSAY_OK;
}

/* The output encrypted to the requestor, and again under the key that a voucher pays for.
 * Returns: a status of crypto; *len bytes of ciphertext. */
static enum assay_status encrypt_output(struct assay_task_executor *e,
                                        const struct assay_task_product *result,
                                        const struct assay_secret32 *opening, size_t *len)
{
    ASSAY_ASSERT(e->step > 0);
    const struct assay_task_crypto *crypto = e->config.crypto;
    uint8_t about[ASSAY_TASK_ABOUT_LEN];
    struct assay_slice plain;
    size_t sealed_len = 0;
    ASSAY_TRY(assay_task_product_encode(result, e->plain, sizeof e->plain, &plain));
    const enum assay_status sealed = crypto->seal(crypto->context, e->config.terms.box, plain,
                                                  e->sealed, sizeof e->sealed, &sealed_len);
    assay_secret_wipe(e->plain, sizeof e->plain);
    ASSAY_TRY(sealed);
    ASSAY_ASSERT(sealed_len <= sizeof e->sealed);
    assay_task_about(e->task, e->step, about);
    ASSAY_TRY(crypto->encrypt(
        crypto->context, opening->bytes, assay_slice_over(about, sizeof about),
        assay_slice_over(e->sealed, sealed_len), e->ciphertext, sizeof e->ciphertext, len));
    return *len > 0 && *len <= sizeof e->ciphertext ? ASSAY_OK : ASSAY_E_CRYPTO;
}

enum assay_status assay_task_executor_step(struct assay_task_executor *e,
                                           const struct assay_task_product *result,
                                           const struct assay_secret32 *opening,
                                           struct assay_task_outputs *outs)
{
    const struct assay_task_crypto *crypto = e->config.crypto;
    struct assay_task_receipt receipt = { .step = e->step, .epoch = e->epoch };
    uint8_t digest[32], signature[ASSAY_P256_SIGNATURE_LEN];
    size_t len = 0;
    clear_outs(outs);
    if (e->phase != ASSAY_TASK_RUNNING) return ASSAY_E_INVALID;
    /* docs/services.md 6.7: it is paid once this epoch has closed, before the deadline. */
    if (e->epoch >= e->until) return ASSAY_E_STALE;
    ASSAY_TRY(encrypt_output(e, result, opening, &len));
    assay_bytes_copy(receipt.task, 32, e->task, 32);
    assay_sha256(opening->bytes, 32, receipt.lock);
    assay_bytes_copy(receipt.input, 32, e->config.terms.input, 32);
    assay_task_blob_digest(result->salt, result->state, receipt.state);
    assay_sha256(e->ciphertext, len, receipt.ciphertext);
    assay_bytes_copy(receipt.previous, 32, e->head, 32);
    assay_task_receipt_digest(&receipt, digest);
    ASSAY_TRY(crypto->sign(crypto->context, digest, signature));
    ASSAY_ASSERT(len > 0 && len <= sizeof e->ciphertext);
    e->receipt = receipt;
    assay_bytes_copy(e->receipt_signature, sizeof signature, signature, sizeof signature);
    e->opening = *opening;
    e->ciphertext_len = len;
    e->phase = ASSAY_TASK_OFFERED;
    send_step(e, outs);
    return ASSAY_OK;
}

/* docs/services.md 6.8.2: the task ends at the last of that many closes. */
static void on_released(struct assay_task_executor *e, uint32_t closes)
{
    const uint64_t last = e->epoch + (closes > 0 ? closes - 1 : 0);
    e->released = true;
    if (last < e->until) e->until = last;
}

void assay_task_executor_on_fact(struct assay_task_executor *e, const struct assay_task_fact *fact)
{
    if (!assay_bytes_equal(fact->task, e->task, 32)) return;
    switch (fact->kind) {
    case ASSAY_TASK_PAID:
        if (fact->step > e->paid) e->paid = fact->step;
        break;
    case ASSAY_TASK_ENDED:
        /* Fully paid, it still answers a requestor that has lost the last step. */
        if (fact->end != ASSAY_TASK_END_PAID) assay_task_executor_stop(e);
        break;
    case ASSAY_TASK_FAILED: assay_task_executor_stop(e); break;
    case ASSAY_TASK_RELEASED: on_released(e, fact->closes); break;
    case ASSAY_TASK_OPENED:
    case ASSAY_TASK_ACCEPTED:
    case ASSAY_TASK_UNCERTIFIED: break;
    }
}

void assay_task_executor_on_epoch(struct assay_task_executor *e, uint64_t epoch, bool certified)
{
    if (epoch <= e->epoch) return;
    const uint64_t epochs = epoch - e->epoch;
    e->certified = epochs >= ASSAY_TASK_CLOSED_EPOCHS ? 0 : e->certified << epochs;
    if (certified) e->certified |= 1;
    e->epoch = epoch;
}

void assay_task_executor_stop(struct assay_task_executor *e)
{
    e->phase = ASSAY_TASK_STOPPED;
    assay_secret_wipe(&e->opening, sizeof e->opening); /* the claim has the openings of vouched
                                                        * steps */
    assay_secret_wipe(&e->before, sizeof e->before);
    assay_secret_wipe(e->input, sizeof e->input);
    e->input_len = 0;
}

/* Returns: NULL when there is none. */
static const struct assay_task_held *find_best_claim(const struct assay_task_executor *e)
{
    if (is_payable(e, &e->claim)) return &e->claim;
    return is_payable(e, &e->sure) ? &e->sure : NULL;
}

struct assay_slice assay_task_executor_claim(const struct assay_task_executor *e)
{
    const struct assay_task_held *best = find_best_claim(e);
    return best == NULL ? assay_slice_over(NULL, 0) : assay_slice_over(best->bytes, best->len);
}

/* docs/services.md 6.7: no signed frame arrived for the step that the requestor received, or for
 * the next one after its last voucher. Unsigned frames do not count: any client can send them. */
static bool is_requestor_silent(const struct assay_task_executor *e)
{
    ASSAY_ASSERT(e->epoch >= e->receipt.epoch);
    return (e->phase == ASSAY_TASK_OFFERED || e->phase == ASSAY_TASK_VOUCHED) &&
           e->epoch - e->receipt.epoch >= ASSAY_TASK_SILENT_EPOCHS;
}

bool assay_task_executor_claim_due(const struct assay_task_executor *e)
{
    const struct assay_task_held *best = find_best_claim(e);
    if (best == NULL) return false;
    ASSAY_ASSERT(best->epoch < e->epoch);
    if (e->phase == ASSAY_TASK_STOPPED || best->step == e->config.terms.steps) return true;
    if (e->released || e->epoch + 1 >= e->until || is_requestor_silent(e)) return true;
    return e->epoch - best->epoch >= ASSAY_TASK_CLOSED_EPOCHS / 2;
}

bool assay_task_executor_is_idle(const struct assay_task_executor *e)
{
    if (e->phase == ASSAY_TASK_WAITING) return true;
    return e->claim.step <= e->paid && (e->phase == ASSAY_TASK_STOPPED || is_requestor_silent(e));
}

void assay_task_executor_check(const struct assay_task_executor *e)
{
    ASSAY_ASSERT(e->step <= e->config.terms.steps);
    ASSAY_ASSERT(e->claim.step <= e->step && e->claim.step + 1 >= e->step);
    ASSAY_ASSERT(e->sure.step == 0 || e->sure.step < e->claim.step);
    ASSAY_ASSERT((e->claim.len > 0) == (e->claim.step > 0));
    if (e->phase == ASSAY_TASK_WAITING) ASSAY_ASSERT(e->step == 0);
    if (e->phase == ASSAY_TASK_RUNNING || e->phase == ASSAY_TASK_OFFERED)
        ASSAY_ASSERT(e->claim.step + 1 == e->step);
    if (e->phase == ASSAY_TASK_VOUCHED) ASSAY_ASSERT(e->claim.step == e->step);
    if (e->phase == ASSAY_TASK_OFFERED || e->phase == ASSAY_TASK_VOUCHED)
        ASSAY_ASSERT(e->receipt.step == e->step && e->ciphertext_len > 0);
}
