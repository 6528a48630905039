/*
 * services/tasks/requestor.c - requestor state machine of one task (docs/services.md 6.5, 6.6).
 */
#include "services/tasks/requestor.h"

enum {
    PAUSE_MS = 100, /* interval of retransmission, doubled up to the longest */
    PAUSE_MS_MAX = 10000,
};

void assay_task_requestor_init(struct assay_task_requestor *r,
                               const struct assay_task_requestor_config *config)
{
    assay_bytes_zero(r, sizeof *r);
    r->config = *config;
    r->epoch = config->epoch;
    r->held = config->held;
    r->again_at_ms = UINT64_MAX;
    if (config->payer != NULL) assay_bytes_copy(r->task, 32, config->payer->task, 32);
    else assay_task_open_statement(config->chain_id, &config->terms, r->task);
    assay_task_chain_init(&r->chain, r->task, config->key, config->terms.input);
}

static void clear_outs(const struct assay_task_requestor *r, struct assay_task_outputs *outs)
{
    *outs = (struct assay_task_outputs){ .wake_at_ms = r->again_at_ms };
}

static void end_task(struct assay_task_requestor *r)
{
    r->phase = ASSAY_TASK_OVER;
    r->again_at_ms = UINT64_MAX;
    r->ciphertext_len = 0;
    assay_secret_wipe(r->plain, sizeof r->plain);
    r->result = (struct assay_task_product){ 0 };
}

/* --- requests */

static void send_frame(struct assay_task_requestor *r, struct assay_task_frame *f,
                       struct assay_task_outputs *outs)
{
    assay_bytes_copy(f->task, 32, r->task, 32);
    const enum assay_status status =
        assay_task_frame_encode(f, r->frame, sizeof r->frame, &outs->frame);
    ASSAY_ASSERT(status == ASSAY_OK); /* the longest frame fits */
}

/* Every waiting phase has one request; its answer is the same for each retransmission. */
static void send_request(struct assay_task_requestor *r, struct assay_task_outputs *outs)
{
    ASSAY_ASSERT(r->phase != ASSAY_TASK_PAYING || r->next.step == r->chain.step + 1);
    struct assay_task_frame f = { 0 };
    switch (r->phase) {
    case ASSAY_TASK_ASKING:
        f.kind = ASSAY_TASK_ASK;
        assay_bytes_copy(f.nonce, 32, r->nonce, 32);
        break;
    case ASSAY_TASK_AWAITING:
        f.kind = r->chain.step == 0 ? ASSAY_TASK_INPUT : ASSAY_TASK_NEXT;
        f.step = r->chain.step;
        f.list = assay_slice_over(r->input, r->input_len);
        break;
    case ASSAY_TASK_PAYING:
        f.kind = ASSAY_TASK_VOUCH;
        f.step = r->next.step;
        assay_bytes_copy(f.nonce, 32, r->lock, 32);
        assay_bytes_copy(f.signature, sizeof f.signature, r->voucher_signature, sizeof f.signature);
        break;
    case ASSAY_TASK_JUDGING:
    case ASSAY_TASK_HOLDING:
    case ASSAY_TASK_OVER: return;
    }
    send_frame(r, &f, outs);
}

static void send_request_now(struct assay_task_requestor *r, uint64_t now_ms,
                             struct assay_task_outputs *outs)
{
    r->pause_ms = PAUSE_MS;
    r->again_at_ms = now_ms + r->pause_ms;
    outs->wake_at_ms = r->again_at_ms;
    send_request(r, outs);
}

static void clear_request(struct assay_task_requestor *r, struct assay_task_outputs *outs)
{
    r->again_at_ms = UINT64_MAX;
    outs->wake_at_ms = UINT64_MAX;
}

void assay_task_requestor_tick(struct assay_task_requestor *r, uint64_t now_ms,
                               struct assay_task_outputs *outs)
{
    ASSAY_ASSERT(r->pause_ms <= PAUSE_MS_MAX);
    clear_outs(r, outs);
    if (now_ms < r->again_at_ms) return;
    r->pause_ms = r->pause_ms * 2 > PAUSE_MS_MAX ? PAUSE_MS_MAX : r->pause_ms * 2;
    r->again_at_ms = now_ms + r->pause_ms;
    outs->wake_at_ms = r->again_at_ms;
    send_request(r, outs);
}

/* --- keys */

enum assay_status assay_task_requestor_request_keys(struct assay_task_requestor *r,
                                                    const uint8_t nonce[static 32], uint64_t now_ms,
                                                    struct assay_task_outputs *outs)
{
    clear_outs(r, outs);
    if (r->phase != ASSAY_TASK_ASKING && r->phase != ASSAY_TASK_JUDGING) return ASSAY_E_INVALID;
    r->phase = ASSAY_TASK_ASKING;
    assay_bytes_copy(r->nonce, 32, nonce, 32);
    send_request_now(r, now_ms, outs);
    return ASSAY_OK;
}

static enum assay_status on_keys(struct assay_task_requestor *r, const struct assay_task_frame *f,
                                 struct assay_task_outputs *outs)
{
    if (r->phase != ASSAY_TASK_ASKING || !assay_bytes_equal(f->nonce, r->nonce, 32))
        return ASSAY_E_STALE;
    /* The signer of the receipts must be the payee. */
    if (!assay_bytes_equal(f->key, r->config.key, sizeof f->key)) return ASSAY_E_KEY;
    assay_bytes_copy(r->box, 32, f->box, 32);
    assay_task_keys_statement(r->config.chain_id, r->task, f->key, f->box, f->nonce, r->statement);
    r->evidence = f->list;
    r->phase = ASSAY_TASK_JUDGING;
    clear_request(r, outs);
    outs->events |= ASSAY_TASK_EVENT_KEYS;
    return ASSAY_OK;
}

enum assay_status assay_task_requestor_trust(struct assay_task_requestor *r,
                                             const uint8_t salt[static 32],
                                             struct assay_slice input, uint64_t now_ms,
                                             struct assay_task_outputs *outs)
{
    const struct assay_task_crypto *crypto = r->config.crypto;
    uint8_t digest[32];
    size_t len = 0;
    clear_outs(r, outs);
    if (r->phase != ASSAY_TASK_JUDGING) return ASSAY_E_INVALID;
    ASSAY_ASSERT(input.len <= ASSAY_TASK_BLOB_MAX);
    assay_task_blob_digest(salt, input, digest);
    ASSAY_ASSERT(assay_bytes_equal(digest, r->config.terms.input, 32));
    struct assay_writer w = assay_writer_over(r->plain, sizeof r->plain);
    assay_writer_put(&w, salt, 32);
    assay_writer_put(&w, input.bytes, input.len);
    ASSAY_ASSERT(!w.full);
    const enum assay_status status =
        crypto->seal(crypto->context, r->box, assay_slice_over(r->plain, w.len), r->input,
                     sizeof r->input, &len);
    assay_secret_wipe(r->plain, w.len);
    ASSAY_TRY(status);
    ASSAY_ASSERT(len > 0 && len <= sizeof r->input);
    r->input_len = len;
    r->phase = ASSAY_TASK_AWAITING;
    send_request_now(r, now_ms, outs);
    return ASSAY_OK;
}

void assay_task_requestor_reject(struct assay_task_requestor *r)
{
    end_task(r);
}

enum assay_status assay_task_requestor_resume(struct assay_task_requestor *r,
                                              const struct assay_task_chain *chain, uint64_t now_ms,
                                              struct assay_task_outputs *outs)
{
    clear_outs(r, outs);
    if (r->phase != ASSAY_TASK_ASKING || chain->step == 0) return ASSAY_E_INVALID;
    if (!assay_bytes_equal(chain->task, r->task, 32) ||
        !assay_bytes_equal(chain->key, r->config.key, sizeof chain->key) ||
        !assay_bytes_equal(chain->input, r->config.terms.input, 32) ||
        chain->step > r->config.terms.steps)
        return ASSAY_E_INVALID;
    r->chain = *chain;
    if (chain->step == r->config.terms.steps) {
        end_task(r);
        return ASSAY_OK;
    }
    r->phase = ASSAY_TASK_AWAITING;
    send_request_now(r, now_ms, outs);
    return ASSAY_OK;
}

/* --- steps */

/* docs/services.md 6.6: the voucher is sent only after the receipt. */
static enum assay_status on_step(struct assay_task_requestor *r, const struct assay_task_frame *f,
                                 uint64_t now_ms, struct assay_task_outputs *outs)
{
    const struct assay_task_crypto *crypto = r->config.crypto;
    struct assay_task_chain next = r->chain;
    struct assay_task_voucher voucher = { .step = f->receipt.step };
    uint8_t digest[32];
    if (r->phase != ASSAY_TASK_AWAITING) return ASSAY_E_STALE;
    if (r->held) return ASSAY_E_AGAIN;
    if (f->receipt.step > r->config.terms.steps) return ASSAY_E_RANGE;
    /* Ledger states differ by a block: one epoch ahead is not an error yet. */
    if (f->receipt.epoch > r->epoch && f->receipt.epoch - r->epoch > 1) return ASSAY_E_EARLY;
    assay_sha256(f->list.bytes, f->list.len, digest);
    if (!assay_bytes_equal(digest, f->receipt.ciphertext, 32)) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_task_chain_add(&next, &f->receipt, f->signature));
    assay_bytes_copy(voucher.task, 32, r->task, 32);
    assay_bytes_copy(voucher.lock, 32, f->receipt.lock, 32);
    if (r->config.payer != NULL)
        r->config.payer->statement(r->config.payer->context, &voucher, digest);
    else assay_task_voucher_statement(r->config.chain_id, &voucher, digest);
    ASSAY_TRY(crypto->sign(crypto->context, digest, voucher.signature));
    r->next = next;
    assay_bytes_copy(r->lock, 32, voucher.lock, 32);
    assay_bytes_copy(r->voucher_signature, sizeof r->voucher_signature, voucher.signature,
                     sizeof voucher.signature);
    ASSAY_ASSERT(next.step == r->chain.step + 1 && f->list.len <= sizeof r->ciphertext);
    assay_bytes_copy(r->ciphertext, sizeof r->ciphertext, f->list.bytes, f->list.len);
    r->ciphertext_len = f->list.len;
    r->phase = ASSAY_TASK_PAYING;
    send_request_now(r, now_ms, outs);
    return ASSAY_OK;
}

/* Removes both layers, and verifies the state against the receipt. */
static enum assay_status decrypt_result(struct assay_task_requestor *r,
                                        const uint8_t key[static 32])
{
    ASSAY_ASSERT(r->phase == ASSAY_TASK_PAYING && r->ciphertext_len > 0);
    const struct assay_task_crypto *crypto = r->config.crypto;
    uint8_t about[ASSAY_TASK_ABOUT_LEN], digest[32];
    size_t sealed_len = 0, len = 0;
    assay_task_about(r->task, r->next.step, about);
    ASSAY_TRY(crypto->decrypt(crypto->context, key, assay_slice_over(about, sizeof about),
                              assay_slice_over(r->ciphertext, r->ciphertext_len), r->sealed,
                              sizeof r->sealed, &sealed_len));
    ASSAY_ASSERT(sealed_len <= sizeof r->sealed);
    ASSAY_TRY(crypto->open(crypto->context, assay_slice_over(r->sealed, sealed_len), r->plain,
                           sizeof r->plain, &len));
    ASSAY_ASSERT(len <= sizeof r->plain);
    ASSAY_TRY(assay_task_product_decode(assay_slice_over(r->plain, len), &r->result));
    assay_task_blob_digest(r->result.salt, r->result.state, digest);
    return assay_bytes_equal(digest, r->next.state, 32) ? ASSAY_OK : ASSAY_E_INVALID;
}

static enum assay_status on_key(struct assay_task_requestor *r, uint32_t step,
                                const uint8_t key[static 32], struct assay_task_outputs *outs)
{
    uint8_t lock[32];
    if (r->phase != ASSAY_TASK_PAYING || step != r->next.step) return ASSAY_E_STALE;
    assay_sha256(key, 32, lock);
    if (!assay_bytes_equal(lock, r->lock, 32)) return ASSAY_E_INVALID;
    const enum assay_status status = decrypt_result(r, key);
    /* The local crypto library failed: the ciphertext is retained, and the key requested again. */
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status != ASSAY_OK) {
        /* The valid key decrypts nothing, though a receipt was signed for it: the enclave is false.
         * This one step is lost, and no other one will be. */
        r->cheated = true;
        end_task(r);
        outs->wake_at_ms = UINT64_MAX;
        outs->events |= ASSAY_TASK_EVENT_CHEATED;
        return ASSAY_E_INVALID;
    }
    r->chain = r->next;
    ASSAY_ASSERT(r->chain.step <= r->config.terms.steps);
    r->ciphertext_len = 0;
    r->phase = ASSAY_TASK_HOLDING;
    clear_request(r, outs);
    outs->events |= ASSAY_TASK_EVENT_OUTPUT;
    return ASSAY_OK;
}

enum assay_status assay_task_requestor_on_frame(struct assay_task_requestor *r,
                                                struct assay_slice bytes, uint64_t now_ms,
                                                struct assay_task_outputs *outs)
{
    struct assay_task_frame f;
    clear_outs(r, outs);
    ASSAY_TRY(assay_task_frame_decode(bytes, &f));
    if (!assay_bytes_equal(f.task, r->task, 32)) return ASSAY_E_STRANGER;
    switch (f.kind) {
    case ASSAY_TASK_KEYS: return on_keys(r, &f, outs);
    case ASSAY_TASK_STEP_IS: return on_step(r, &f, now_ms, outs);
    case ASSAY_TASK_KEY_IS: return on_key(r, f.step, f.nonce, outs);
    case ASSAY_TASK_ASK:
    case ASSAY_TASK_INPUT:
    case ASSAY_TASK_VOUCH:
    case ASSAY_TASK_NEXT:
    case ASSAY_TASK_DRAFT:
    case ASSAY_TASK_DRAFT_IS: /* before a task exists: handled by the host */
    case ASSAY_TASK_NO: return ASSAY_E_LANE;
    }
    ASSAY_UNREACHABLE("the decoder knows every kind");
}

enum assay_status assay_task_requestor_next(struct assay_task_requestor *r, uint64_t now_ms,
                                            struct assay_task_outputs *outs)
{
    clear_outs(r, outs);
    if (r->phase != ASSAY_TASK_HOLDING) return ASSAY_E_INVALID;
    assay_secret_wipe(r->plain, sizeof r->plain);
    r->result = (struct assay_task_product){ 0 };
    r->phase = ASSAY_TASK_AWAITING;
    /* Sent once after the last step, so that the executor can finish; it is paid without it. */
    if (!r->ended) send_request_now(r, now_ms, outs);
    if (r->ended || r->chain.step == r->config.terms.steps) {
        end_task(r);
        outs->wake_at_ms = UINT64_MAX;
    }
    return ASSAY_OK;
}

/* --- the ledger */

enum assay_status assay_task_requestor_on_fact(struct assay_task_requestor *r,
                                               const struct assay_task_fact *fact,
                                               struct assay_task_outputs *outs)
{
    clear_outs(r, outs);
    if (!assay_bytes_equal(fact->task, r->task, 32)) return ASSAY_OK;
    switch (fact->kind) {
    case ASSAY_TASK_PAID:
        /* A claim is public: the executor was paid, so the key is usable. */
        if (r->phase != ASSAY_TASK_PAYING || fact->step != r->next.step) return ASSAY_OK;
        return on_key(r, fact->step, fact->opening, outs);
    case ASSAY_TASK_ENDED:
    case ASSAY_TASK_FAILED:
        /* A fully paid executor still sends the last step to a requestor that lost it. */
        if (fact->kind == ASSAY_TASK_ENDED && fact->end == ASSAY_TASK_END_PAID) return ASSAY_OK;
        /* An open result stays until the host has persisted it. */
        r->ended = true;
        if (r->phase != ASSAY_TASK_HOLDING) end_task(r);
        outs->wake_at_ms = r->again_at_ms;
        return ASSAY_OK;
    case ASSAY_TASK_OPENED:
    case ASSAY_TASK_ACCEPTED:
    case ASSAY_TASK_RELEASED: /* vouched steps are paid until it ends */
    case ASSAY_TASK_UNCERTIFIED: return ASSAY_OK;
    }
    ASSAY_UNREACHABLE("a kind of fact");
}

void assay_task_requestor_on_epoch(struct assay_task_requestor *r, uint64_t epoch, bool certified)
{
    if (epoch <= r->epoch) return;
    r->epoch = epoch;
    r->held = !certified;
}

void assay_task_requestor_check(const struct assay_task_requestor *r)
{
    ASSAY_ASSERT(r->chain.step <= r->config.terms.steps);
    if (r->phase == ASSAY_TASK_PAYING) {
        ASSAY_ASSERT(r->next.step == r->chain.step + 1 && r->ciphertext_len > 0);
    }
    if (r->phase == ASSAY_TASK_HOLDING) ASSAY_ASSERT(r->chain.step > 0);
    if (r->phase == ASSAY_TASK_OVER) ASSAY_ASSERT(r->again_at_ms == UINT64_MAX);
    if (r->phase == ASSAY_TASK_AWAITING && r->chain.step == 0) ASSAY_ASSERT(r->input_len > 0);
}
