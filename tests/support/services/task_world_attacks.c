/*
 * tests/support/services/task_world_attacks.c - hostile requestors and executors.
 *
 * What hostile requestors and executors do. A hostile executor's TEE is broken: its task keys sign
 * whatever it likes.
 */
#include "tests/support/services/task_world_internal.h"

/* The task key signs whatever its owner likes: its TEE is broken. */
static void sign_receipt(struct job *j, const struct assay_task_receipt *receipt,
                         uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    uint8_t digest[32];
    assay_task_receipt_digest(receipt, digest);
    if (j->theirs.crypto.sign(&j->theirs, digest, signature) != ASSAY_OK)
        assay_bytes_zero(signature, 64);
}

void task_world_lie(struct world *w, struct job *j)
{
    struct assay_task_frame f = { .kind = ASSAY_TASK_STEP_IS, .receipt = j->e->receipt };
    uint8_t bytes[1024];
    struct assay_slice out;
    assay_bytes_copy(f.task, 32, j->id, 32);
    f.list = assay_slice_over("nothing that anybody has sealed", 31);
    assay_sha256(f.list.bytes, f.list.len, f.receipt.ciphertext);
    if (task_world_draw(w, 3) != 0) sign_receipt(j, &f.receipt, f.signature);
    j->contradicted = true;
    ASSAY_ASSERT(assay_task_frame_encode(&f, bytes, sizeof bytes, &out) == ASSAY_OK);
    task_world_send(w, j, false, out);
}

/* The last claim that was whole, or what the enclave holds. Returns: false when neither. */
static bool claim_at_hand(const struct job *j, struct assay_task_claim *claim)
{
    if (j->e == NULL) return false;
    if (j->e->claim.step > 0)
        return assay_task_claim_decode(assay_slice_over(j->e->claim.bytes, j->e->claim.len),
                                       claim) == ASSAY_OK;
    if (j->e->phase != ASSAY_TASK_OFFERED) return false;
    *claim = (struct assay_task_claim){ .receipt = j->e->receipt };
    assay_bytes_copy(claim->receipt_signature, 64, j->e->receipt_signature, 64);
    claim->voucher.step = claim->receipt.step;
    assay_bytes_copy(claim->voucher.task, 32, j->id, 32);
    assay_bytes_copy(claim->voucher.lock, 32, claim->receipt.lock, 32);
    assay_bytes_copy(claim->opening, 32, j->e->opening.bytes, 32);
    assay_bytes_copy(claim->task_key, 64, j->theirs.key.key, 64);
    assay_bytes_copy(claim->requestor, 64, j->open.key, 64);
    return true;
}

static void submit_claim(struct world *w, uint32_t slot, const struct assay_task_claim *claim)
{
    uint8_t bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice out;
    ASSAY_ASSERT(assay_task_claim_encode(claim, bytes, sizeof bytes, &out) == ASSAY_OK);
    (void)task_world_submit(w, CLAIM, slot, out);
}

static void attack_claim(struct world *w, struct job *j)
{
    struct assay_task_claim c;
    uint8_t digest[32];
    uint32_t slot = j->slot;
    if (!claim_at_hand(j, &c)) return;
    switch (task_world_draw(w, 9)) {
    case 0: c.opening[task_world_draw(w, 32)] ^= 1; break;
    case 1: /* a step more than was vouched */
        if (c.receipt.step >= j->open.steps) return;
        c.receipt.step++;
        c.receipt.previous[0] |= 1;
        sign_receipt(j, &c.receipt, c.receipt_signature);
        break;
    case 2: /* and a voucher of its own making for it */
        if (c.receipt.step >= j->open.steps) return;
        c.receipt.step++;
        c.voucher.step++;
        c.receipt.previous[0] |= 1;
        sign_receipt(j, &c.receipt, c.receipt_signature);
        assay_task_voucher_statement(w->chain, &c.voucher, digest);
        kit_sign(&j->theirs.key, digest, c.voucher.signature);
        assay_bytes_copy(c.requestor, 64, j->theirs.key.key, 64);
        break;
    case 3: /* another epoch, without a valid signature */
        c.receipt.epoch = task_world_draw(w, w->epoch + 1);
        break;
    case 4: /* a key that it knows, in place of the one that was vouched for */
        kit_bytes('x', ++w->salts, c.opening);
        assay_sha256(c.opening, 32, c.receipt.lock);
        sign_receipt(j, &c.receipt, c.receipt_signature);
        break;
    case 5: slot = (uint32_t)task_world_draw(w, SLOTS); break;
    case 6: /* of another input */
        c.receipt.input[0] ^= 1;
        sign_receipt(j, &c.receipt, c.receipt_signature);
        break;
    case 7:
        c.receipt.epoch = UINT64_MAX;
        sign_receipt(j, &c.receipt, c.receipt_signature);
        break;
    default: break; /* as it is: too early, or once more */
    }
    submit_claim(w, slot, &c);
}

static void attack_frame(struct world *w, struct job *j)
{
    struct assay_task_frame f = { .kind = ASSAY_TASK_KEY_IS, .step = 1 };
    uint8_t bytes[128];
    struct assay_slice out;
    if (j->e == NULL) return;
    if (task_world_draw(w, 2) == 0 && j->e->phase == ASSAY_TASK_OFFERED) {
        task_world_lie(w, j);
        return;
    }
    if (j->e->step > 0) f.step = j->e->step;
    assay_bytes_copy(f.task, 32, j->id, 32);
    kit_bytes('x', ++w->salts, f.nonce);
    ASSAY_ASSERT(assay_task_frame_encode(&f, bytes, sizeof bytes, &out) == ASSAY_OK);
    task_world_send(w, j, false, out);
}

static void attack_close(struct world *w, struct job *j)
{
    struct assay_task_close record = { 0 };
    uint8_t bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice out;
    assay_bytes_copy(record.task, 32, j->id, 32);
    kit_sign_close(w->chain, &w->account[j->requestor], &record);
    ASSAY_ASSERT(assay_task_close_encode(&record, bytes, sizeof bytes, &out) == ASSAY_OK);
    (void)task_world_submit(w, CLOSE, (uint32_t)task_world_draw(w, SLOTS), out);
}

static void attack_voucher(struct world *w, struct job *j)
{
    uint8_t bytes[256];
    struct assay_task_frame f = { .kind = ASSAY_TASK_VOUCH, .step = 1 };
    struct assay_slice out;
    if (j->e == NULL || j->e->step == 0) return;
    assay_bytes_copy(f.task, 32, j->id, 32);
    f.step = j->e->step;
    assay_bytes_copy(f.nonce, 32, j->e->receipt.lock, 32);
    if (task_world_draw(w, 3) == 0)
        f = (struct assay_task_frame){ .kind = ASSAY_TASK_NEXT, .step = f.step };
    if (task_world_draw(w, 3) == 0) f.nonce[0] ^= 1;
    assay_bytes_copy(f.task, 32, j->id, 32);
    ASSAY_ASSERT(assay_task_frame_encode(&f, bytes, sizeof bytes, &out) == ASSAY_OK);
    task_world_send(w, j, true, out);
}

/* Money that is locked cannot be spent as well. */
static void attack_transfer(struct world *w, uint32_t requestor)
{
    struct assay_task_transfer record = { .amount = 1 + task_world_draw(w, FIRST_BALANCE) };
    uint8_t bytes[ASSAY_TASK_RECORD_MAX];
    uint64_t balance = 0;
    struct assay_slice out;
    ASSAY_ASSERT(assay_task_ledger_get_balance(w->ledger, w->account[requestor].account, &balance,
                                               &record.sequence));
    assay_bytes_copy(record.to, 32, w->account[task_world_draw(w, REQUESTORS)].account, 32);
    kit_sign_transfer(w->chain, &w->account[requestor], &record);
    ASSAY_ASSERT(assay_task_transfer_encode(&record, bytes, sizeof bytes, &out) == ASSAY_OK);
    (void)task_world_submit(w, TRANSFER, 0, out);
}

void task_world_attack(struct world *w)
{
    if (w->job_count == 0) return;
    struct job *j = &w->job[task_world_draw(w, w->job_count)];
    w->result->attacks++;
    if (w->payload_count > 0 && task_world_draw(w, 3) == 0) {
        const uint32_t kept = w->payload_count < PAYLOADS ? w->payload_count : PAYLOADS;
        const struct payload p = w->payload[task_world_draw(w, kept)];
        (void)task_world_apply(w, p.kind,
                               task_world_draw(w, 2) ? p.slot : (uint32_t)task_world_draw(w, SLOTS),
                               assay_slice_over(p.bytes, p.len));
        return;
    }
    if (task_world_hostile_executor(w, j->slot)) {
        if (task_world_draw(w, 2)) attack_claim(w, j);
        else attack_frame(w, j);
    }
    if (!task_world_hostile_requestor(w, j->requestor)) return;
    switch (task_world_draw(w, 4)) {
    case 0: attack_close(w, j); break;
    case 1: attack_voucher(w, j); break;
    case 2: attack_transfer(w, j->requestor); break;
    default: /* it stops answering */
        if (task_world_draw(w, 3) == 0 && j->r != NULL) task_world_requestor_crash(j);
        break;
    }
}
