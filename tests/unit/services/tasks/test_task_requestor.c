/*
 * tests/unit/services/tasks/test_task_requestor.c - tests of the requestor's side of a task.
 *
 * The requestor's side of a task, with real sealing and signatures (docs/services.md 6.5, 6.6).
 */
#include "tests/support/services/task_pair.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(task_requestor, keys_count_for_the_nonce_and_the_task_key_of_the_ledger)
{
    struct task_pair *b = pair_made();
    pair_ask(b);
    pair_answer(b);
    struct assay_task_frame f = pair_heard(b);
    f.nonce[0] ^= 1;
    pair_say(b, &f);
    pair_to_requestor(b, ASSAY_E_STALE);
    f.nonce[0] ^= 1;
    f.key[0] ^= 1;
    pair_say(b, &f);
    pair_to_requestor(b, ASSAY_E_KEY);
    f.key[0] ^= 1;
    f.box[0] ^= 1;
    pair_say(b, &f);
    pair_to_requestor(b, ASSAY_OK);
    cr_assert_not(assay_bytes_equal(b->r.statement, b->e.statement, 32),
                  "another box is not what the enclave's evidence vouches for");
    assay_task_requestor_reject(&b->r);
    assay_task_requestor_check(&b->r);
    cr_assert_eq(b->r.phase, ASSAY_TASK_OVER);
    pair_checked(b, pair_trust(b), ASSAY_E_INVALID);
    free(b);
}

Test(task_requestor, the_requestor_vouches_for_nothing_that_it_has_not_verified)
{
    struct task_pair *b = pair_running();
    pair_make_step(b, 1);
    const struct assay_task_frame good = pair_heard(b);
    static uint8_t ciphertext[1024];
    assay_bytes_copy(ciphertext, sizeof ciphertext, good.list.bytes, good.list.len);
    struct assay_task_frame f = good;
    f.list.bytes = ciphertext;
    f.signature[9] ^= 1;
    pair_say(b, &f);
    pair_to_requestor(b, ASSAY_E_SIGNATURE);
    f.signature[9] ^= 1;
    ciphertext[3] ^= 1;
    pair_say(b, &f);
    pair_to_requestor(b, ASSAY_E_INVALID); /* another ciphertext than the receipt's */
    ciphertext[3] ^= 1;
    f.receipt.epoch = EPOCH + 2;
    pair_say(b, &f);
    pair_to_requestor(b, ASSAY_E_EARLY);
    f.receipt.epoch = EPOCH;
    f.receipt.step = 2;
    f.receipt.previous[0] = 1;
    pair_say(b, &f);
    pair_to_requestor(b, ASSAY_E_EARLY);
    f.receipt.step = STEPS + 1;
    pair_say(b, &f);
    pair_to_requestor(b, ASSAY_E_RANGE);
    f.receipt = good.receipt;
    f.receipt.input[0] ^= 1;
    pair_say(b, &f);
    pair_to_requestor(b, ASSAY_E_INVALID);
    cr_assert_eq(b->r.phase, ASSAY_TASK_AWAITING);
    f.receipt = good.receipt;
    pair_say(b, &f);
    pair_to_requestor(b, ASSAY_OK);
    free(b);
}

Test(task_requestor, a_requestor_that_crashed_goes_on_from_what_it_has_kept)
{
    struct task_pair *b = pair_running();
    pair_buy_step(b, 1);
    const struct assay_task_chain kept = b->r.chain;
    pair_next(b);
    pair_to_executor(b, ASSAY_OK);
    pair_make_step(b, 2);
    pair_to_requestor(b, ASSAY_OK);
    pair_to_executor(b, ASSAY_OK); /* vouched and answered; the answer is lost with the requestor */
    const struct assay_task_requestor_config config = pair_config(b);
    assay_task_requestor_init(&b->r, &config);
    struct assay_task_chain other = kept;
    other.key[0] ^= 1;
    pair_checked(b, assay_task_requestor_resume(&b->r, &other, b->now_ms, &b->outs),
                 ASSAY_E_INVALID);
    other = kept;
    other.task[0] ^= 1;
    pair_checked(b, assay_task_requestor_resume(&b->r, &other, b->now_ms, &b->outs),
                 ASSAY_E_INVALID);
    other = kept;
    other.input[0] ^= 1;
    pair_checked(b, assay_task_requestor_resume(&b->r, &other, b->now_ms, &b->outs),
                 ASSAY_E_INVALID);
    other = kept;
    other.step = STEPS + 1;
    pair_checked(b, assay_task_requestor_resume(&b->r, &other, b->now_ms, &b->outs),
                 ASSAY_E_INVALID);
    other.step = 0;
    pair_checked(b, assay_task_requestor_resume(&b->r, &other, b->now_ms, &b->outs),
                 ASSAY_E_INVALID);
    pair_checked(b, assay_task_requestor_resume(&b->r, &kept, b->now_ms, &b->outs), ASSAY_OK);
    pair_checked(b, assay_task_requestor_resume(&b->r, &kept, b->now_ms, &b->outs),
                 ASSAY_E_INVALID);
    cr_assert_eq(b->outs.frame.len, 0);
    assay_task_requestor_tick(&b->r, b->now_ms + 100, &b->outs);
    pair_checked(b, ASSAY_OK, ASSAY_OK);
    cr_assert_eq(pair_heard(b).kind, ASSAY_TASK_NEXT);
    pair_to_executor(b, ASSAY_OK);
    pair_to_requestor(b, ASSAY_OK);
    pair_to_executor(b, ASSAY_OK);
    pair_to_requestor(b, ASSAY_OK);
    cr_assert_eq(b->r.chain.step, 2);
    cr_assert_eq(b->r.result.output.bytes[7], '2');
    assay_task_requestor_init(&b->r, &config);
    other = kept;
    other.step = STEPS;
    pair_checked(b, assay_task_requestor_resume(&b->r, &other, b->now_ms, &b->outs), ASSAY_OK);
    cr_assert_eq(b->r.phase, ASSAY_TASK_OVER, "everything was there");
    free(b);
}

Test(task_requestor, one_that_lost_the_last_step_gets_it_from_an_executor_that_was_paid)
{
    struct task_pair *b = pair_running();
    struct assay_task_fact end = { .kind = ASSAY_TASK_ENDED, .end = ASSAY_TASK_END_PAID };
    assay_bytes_copy(end.task, 32, b->task, 32);
    for (uint32_t i = 1; i < STEPS; i++) {
        pair_buy_step(b, i);
        pair_next(b);
        pair_to_executor(b, ASSAY_OK);
    }
    const struct assay_task_chain kept = b->r.chain;
    pair_make_step(b, STEPS);
    pair_to_requestor(b, ASSAY_OK);
    pair_to_executor(b, ASSAY_OK);
    assay_task_executor_on_fact(&b->e, &end);
    cr_assert_eq(b->e.phase, ASSAY_TASK_VOUCHED);
    const struct assay_task_requestor_config config = pair_config(b);
    assay_task_requestor_init(&b->r, &config);
    pair_checked(b, assay_task_requestor_resume(&b->r, &kept, b->now_ms, &b->outs), ASSAY_OK);
    pair_checked(b, assay_task_requestor_on_fact(&b->r, &end, &b->outs), ASSAY_OK);
    cr_assert_eq(b->r.phase, ASSAY_TASK_AWAITING);
    assay_task_requestor_tick(&b->r, b->now_ms + 100, &b->outs);
    pair_checked(b, ASSAY_OK, ASSAY_OK);
    pair_to_executor(b, ASSAY_OK);
    pair_to_requestor(b, ASSAY_OK);
    pair_to_executor(b, ASSAY_OK);
    pair_to_requestor(b, ASSAY_OK);
    cr_assert_eq(b->r.result.output.bytes[7], '0' + STEPS);
    end.end = ASSAY_TASK_END_DEADLINE;
    assay_task_executor_on_fact(&b->e, &end);
    cr_assert_eq(b->e.phase, ASSAY_TASK_STOPPED);
    free(b);
}

Test(task_requestor, the_key_of_a_claim_opens_what_the_executor_kept_back)
{
    struct task_pair *b = pair_running();
    pair_make_step(b, 1);
    pair_to_requestor(b, ASSAY_OK);
    pair_to_executor(b, ASSAY_OK); /* the key is never delivered */
    struct assay_task_claim claim;
    assay_task_executor_on_epoch(&b->e, EPOCH + 1, true);
    cr_assert_eq(assay_task_claim_decode(assay_task_executor_claim(&b->e), &claim), ASSAY_OK);
    struct assay_task_fact fact = { .kind = ASSAY_TASK_PAID, .step = 1 };
    assay_bytes_copy(fact.opening, 32, claim.opening, 32);
    pair_checked(b, assay_task_requestor_on_fact(&b->r, &fact, &b->outs), ASSAY_OK);
    cr_assert_eq(b->outs.events, 0, "another task");
    assay_bytes_copy(fact.task, 32, b->task, 32);
    pair_checked(b, assay_task_requestor_on_fact(&b->r, &fact, &b->outs), ASSAY_OK);
    cr_assert_eq(b->outs.events, ASSAY_TASK_EVENT_OUTPUT);
    fact.kind = ASSAY_TASK_ENDED;
    pair_checked(b, assay_task_requestor_on_fact(&b->r, &fact, &b->outs), ASSAY_OK);
    cr_assert_eq(b->r.phase, ASSAY_TASK_HOLDING, "what is open is not thrown away");
    cr_assert_eq(b->r.result.output.bytes[7], '1');
    pair_next(b);
    cr_assert_eq(b->r.phase, ASSAY_TASK_OVER);
    cr_assert_eq(b->outs.frame.len, 0, "nobody is there any more");
    free(b);
}

Test(task_requestor, a_wrong_key_is_refused_and_the_right_one_still_taken)
{
    struct task_pair *b = pair_running();
    pair_make_step(b, 1);
    pair_to_requestor(b, ASSAY_OK);
    pair_to_executor(b, ASSAY_OK);
    struct assay_task_frame f = pair_heard(b);
    f.nonce[4] ^= 1;
    pair_say(b, &f);
    pair_to_requestor(b, ASSAY_E_INVALID);
    cr_assert_eq(b->r.phase, ASSAY_TASK_PAYING);
    cr_assert_not(b->r.cheated);
    f.nonce[4] ^= 1;
    f.step = 2;
    pair_say(b, &f);
    pair_to_requestor(b, ASSAY_E_STALE);
    f.step = 1;
    pair_say(b, &f);
    pair_to_requestor(b, ASSAY_OK);
    free(b);
}

/* A receipt signed in the enclave for a ciphertext that is none: its TEE is broken. */
Test(task_requestor, an_enclave_that_signs_what_it_does_not_give_takes_one_step)
{
    struct task_pair *b = pair_running();
    pair_make_step(b, 1);
    struct assay_task_frame f = pair_heard(b);
    uint8_t digest[32];
    f.list = assay_slice_over("nothing that anybody has sealed", 31);
    assay_sha256(f.list.bytes, f.list.len, f.receipt.ciphertext);
    assay_task_receipt_digest(&f.receipt, digest);
    kit_sign(&b->task_key, digest, f.signature);
    pair_say(b, &f);
    pair_to_requestor(b, ASSAY_OK);
    f = (struct assay_task_frame){ .kind = ASSAY_TASK_KEY_IS, .step = 1 };
    kit_bytes('K', 1, f.nonce);
    pair_say(b, &f);
    pair_to_requestor(b, ASSAY_E_INVALID);
    cr_assert_eq(b->outs.events, ASSAY_TASK_EVENT_CHEATED);
    cr_assert(b->r.cheated);
    cr_assert_eq(b->r.phase, ASSAY_TASK_OVER);
    pair_say(b, &f);
    pair_to_requestor(b, ASSAY_E_STALE);
    free(b);
}

Test(task_requestor, a_state_that_is_not_the_receipts_is_a_lie)
{
    struct task_pair *b = pair_running();
    pair_make_step(b, 1);
    struct assay_task_frame f = pair_heard(b);
    static uint8_t ciphertext[1024];
    uint8_t digest[32];
    assay_bytes_copy(ciphertext, sizeof ciphertext, f.list.bytes, f.list.len);
    f.list.bytes = ciphertext;
    f.receipt.state[0] ^= 1;
    assay_task_receipt_digest(&f.receipt, digest);
    kit_sign(&b->task_key, digest, f.signature);
    pair_say(b, &f);
    pair_to_requestor(b, ASSAY_OK);
    f = (struct assay_task_frame){ .kind = ASSAY_TASK_KEY_IS, .step = 1 };
    kit_bytes('K', 1, f.nonce);
    pair_say(b, &f);
    pair_to_requestor(b, ASSAY_E_INVALID);
    cr_assert(b->r.cheated);
    free(b);
}

/* The bytes of step 1, made by an enclave that keeps to no rule, with a receipt that it signs. */
static void say_crooked_step(struct task_pair *b, const uint8_t box[static 32],
                             struct assay_slice plain)
{
    static uint8_t sealed[512], ciphertext[512];
    uint8_t about[ASSAY_TASK_ABOUT_LEN], opening[32], digest[32];
    size_t sealed_len = 0, len = 0;
    struct assay_task_frame f = pair_heard(b);
    const struct assay_task_crypto *crypto = &b->theirs.crypto;
    kit_bytes('K', 1, opening);
    assay_task_about(b->task, 1, about);
    cr_assert_eq(crypto->seal(crypto->context, box, plain, sealed, sizeof sealed, &sealed_len),
                 ASSAY_OK);
    cr_assert_eq(crypto->encrypt(crypto->context, opening, assay_slice_over(about, sizeof about),
                                 assay_slice_over(sealed, sealed_len), ciphertext,
                                 sizeof ciphertext, &len),
                 ASSAY_OK);
    f.list = assay_slice_over(ciphertext, len);
    assay_sha256(ciphertext, len, f.receipt.ciphertext);
    assay_task_receipt_digest(&f.receipt, digest);
    kit_sign(&b->task_key, digest, f.signature);
    pair_say(b, &f);
}

Test(task_requestor, what_the_key_opens_must_be_a_result_and_for_this_requestor)
{
    for (uint32_t i = 0; i < 2; i++) {
        struct task_pair *b = pair_running();
        const struct assay_slice plain = assay_slice_over("neither salt nor state", 22);
        pair_make_step(b, 1);
        /* Sealed to somebody else; then to us, but no result. */
        say_crooked_step(b, i == 0 ? b->theirs.box : b->mine.box, plain);
        pair_to_requestor(b, ASSAY_OK);
        struct assay_task_frame f = { .kind = ASSAY_TASK_KEY_IS, .step = 1 };
        kit_bytes('K', 1, f.nonce);
        pair_say(b, &f);
        pair_to_requestor(b, ASSAY_E_INVALID);
        cr_assert(b->r.cheated);
        cr_assert_eq(b->outs.events, ASSAY_TASK_EVENT_CHEATED);
        cr_assert(assay_bytes_all_zero(b->r.plain, sizeof b->r.plain));
        free(b);
    }
}

Test(task_requestor, nothing_is_vouched_after_an_epoch_without_certificate)
{
    struct task_pair *b = pair_running();
    pair_make_step(b, 1);
    static uint8_t frame[2048];
    const size_t len = b->len;
    assay_bytes_copy(frame, sizeof frame, b->frame, len);
    assay_task_requestor_on_epoch(&b->r, EPOCH + 1, false);
    pair_to_requestor(b, ASSAY_E_AGAIN);
    assay_task_requestor_on_epoch(&b->r, EPOCH, true);
    pair_to_requestor(b, ASSAY_E_AGAIN); /* an epoch that is behind us tells nothing */
    assay_task_requestor_on_epoch(&b->r, EPOCH + 2, true);
    pair_to_requestor(b, ASSAY_OK);
    struct assay_task_requestor_config config = pair_config(b);
    config.held = true;
    assay_task_requestor_init(&b->r, &config);
    cr_assert(b->r.held, "one that comes back asks the ledger first");
    free(b);
}

Test(task_requestor, frames_of_the_wrong_side_or_task_change_nothing)
{
    struct task_pair *b = pair_running();
    static const struct {
        enum assay_task_kind kind;
        bool requestors;
    } kinds[] = {
        { ASSAY_TASK_ASK, true },      { ASSAY_TASK_KEYS, false }, { ASSAY_TASK_INPUT, true },
        { ASSAY_TASK_STEP_IS, false }, { ASSAY_TASK_VOUCH, true }, { ASSAY_TASK_KEY_IS, false },
        { ASSAY_TASK_NEXT, true },
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct assay_task_frame f = { .kind = kinds[i].kind, .step = 1, .receipt = { .step = 1 } };
        f.list = assay_slice_over("x", 1);
        pair_say(b, &f);
        if (kinds[i].requestors) pair_to_requestor(b, ASSAY_E_LANE);
        else pair_to_executor(b, ASSAY_E_LANE);
        b->frame[2] ^= 1; /* the task */
        if (kinds[i].kind == ASSAY_TASK_STEP_IS) b->frame[34] ^= 1;
        pair_to_requestor(b, ASSAY_E_STRANGER);
        pair_to_executor(b, ASSAY_E_STRANGER);
    }
    b->len = 3;
    pair_to_requestor(b, ASSAY_E_TRUNCATED);
    pair_to_executor(b, ASSAY_E_TRUNCATED);
    free(b);
}

Test(task_requestor, a_question_is_asked_again_with_growing_pauses)
{
    struct task_pair *b = pair_made();
    uint8_t nonce[32] = { 1 };
    assay_task_requestor_tick(&b->r, UINT64_MAX - 1, &b->outs);
    cr_assert_eq(b->outs.frame.len, 0, "nothing was asked");
    pair_checked(b, assay_task_requestor_request_keys(&b->r, nonce, 1000, &b->outs), ASSAY_OK);
    uint64_t now_ms = 1000, pause_ms = 100, longest = 0;
    for (uint32_t i = 0; i < 12; i++) {
        cr_assert_eq(b->outs.wake_at_ms, now_ms + pause_ms);
        assay_task_requestor_tick(&b->r, b->outs.wake_at_ms - 1, &b->outs);
        cr_assert_eq(b->outs.frame.len, 0);
        now_ms = b->outs.wake_at_ms;
        assay_task_requestor_tick(&b->r, now_ms, &b->outs);
        cr_assert_neq(b->outs.frame.len, 0);
        pause_ms = pause_ms * 2 > 10000 ? 10000 : pause_ms * 2;
        longest = pause_ms;
    }
    cr_assert_eq(longest, 10000);
    free(b);
}

static enum assay_status fail_seal(void *context, const uint8_t box[static 32],
                                   struct assay_slice plain, uint8_t *out, size_t capacity,
                                   size_t *len)
{
    (void)context, (void)box, (void)plain, (void)out, (void)capacity, (void)len;
    return ASSAY_E_CRYPTO;
}

static enum assay_status fail_crypt(void *context, const uint8_t key[static 32],
                                    struct assay_slice about, struct assay_slice bytes,
                                    uint8_t *out, size_t capacity, size_t *len)
{
    (void)context, (void)key, (void)about, (void)bytes, (void)out, (void)capacity, (void)len;
    return ASSAY_E_CRYPTO;
}

static enum assay_status fail_sign(void *context, const uint8_t digest[static 32],
                                   uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    (void)context, (void)digest, (void)signature;
    return ASSAY_E_CRYPTO;
}

Test(task_requestor, cryptography_that_fails_is_tried_again)
{
    struct task_pair *b = pair_made();
    pair_ask(b);
    pair_answer(b);
    pair_to_requestor(b, ASSAY_OK);
    const struct assay_task_crypto mine = b->mine.crypto, theirs = b->theirs.crypto;
    b->mine.crypto.seal = fail_seal;
    pair_checked(b, pair_trust(b), ASSAY_E_CRYPTO);
    b->mine.crypto = mine;
    pair_checked(b, pair_trust(b), ASSAY_OK);
    pair_to_executor(b, ASSAY_OK);
    b->theirs.crypto.seal = fail_seal;
    pair_checked(b, pair_step(b, 1), ASSAY_E_CRYPTO);
    b->theirs.crypto = theirs;
    b->theirs.crypto.encrypt = fail_crypt;
    pair_checked(b, pair_step(b, 1), ASSAY_E_CRYPTO);
    b->theirs.crypto = theirs;
    b->theirs.crypto.sign = fail_sign;
    pair_checked(b, pair_step(b, 1), ASSAY_E_CRYPTO);
    cr_assert_eq(b->e.phase, ASSAY_TASK_RUNNING);
    b->theirs.crypto = theirs;
    pair_make_step(b, 1);
    b->mine.crypto.sign = fail_sign;
    pair_to_requestor(b, ASSAY_E_CRYPTO);
    b->mine.crypto = mine;
    pair_to_requestor(b, ASSAY_OK);
    pair_to_executor(b, ASSAY_OK);
    b->mine.crypto.decrypt = fail_crypt;
    pair_to_requestor(b, ASSAY_E_CRYPTO);
    cr_assert_not(b->r.cheated, "the fault is on this side");
    b->mine.crypto = mine;
    pair_to_requestor(b, ASSAY_OK);
    cr_assert_eq(b->outs.events, ASSAY_TASK_EVENT_OUTPUT);
    free(b);
}

Test(task_requestor, results_as_long_as_they_may_be_go_through_one_frame)
{
    struct task_pair *b = pair_running();
    static uint8_t much[ASSAY_TASK_BLOB_MAX + 1];
    struct assay_task_product result = { .salt = { 1 } };
    struct assay_secret32 opening = { { 2 } };
    result.state = assay_slice_over(much, sizeof much);
    result.output = assay_slice_over(much, sizeof much - 1);
    pair_checked(b, assay_task_executor_step(&b->e, &result, &opening, &b->outs), ASSAY_E_RANGE);
    result.state.len--;
    pair_checked(b, assay_task_executor_step(&b->e, &result, &opening, &b->outs), ASSAY_OK);
    pair_to_requestor(b, ASSAY_OK);
    pair_to_executor(b, ASSAY_OK);
    pair_to_requestor(b, ASSAY_OK);
    cr_assert(assay_slice_equal(b->r.result.state, result.state));
    cr_assert(assay_slice_equal(b->r.result.output, result.output));
    pair_checked(b, assay_task_requestor_request_keys(&b->r, b->salt, 0, &b->outs),
                 ASSAY_E_INVALID);
    pair_next(b);
    cr_assert(assay_bytes_all_zero(b->r.plain, sizeof b->r.plain), "nothing of it is left");
    pair_checked(b, assay_task_requestor_next(&b->r, 0, &b->outs), ASSAY_E_INVALID);
    free(b);
}

Test(task_requestor, a_task_that_ended_on_the_ledger_is_over)
{
    struct task_pair *b = pair_running();
    struct assay_task_fact fact = { .kind = ASSAY_TASK_UNCERTIFIED };
    assay_bytes_copy(fact.task, 32, b->task, 32);
    pair_checked(b, assay_task_requestor_on_fact(&b->r, &fact, &b->outs), ASSAY_OK);
    assay_task_executor_on_fact(&b->e, &fact);
    cr_assert_eq(b->r.phase, ASSAY_TASK_AWAITING);
    cr_assert_eq(b->e.phase, ASSAY_TASK_RUNNING);
    fact.kind = ASSAY_TASK_PAID;
    pair_checked(b, assay_task_requestor_on_fact(&b->r, &fact, &b->outs), ASSAY_OK);
    pair_make_step(b, 1);
    pair_to_requestor(b, ASSAY_OK);
    fact.step = 2;
    pair_checked(b, assay_task_requestor_on_fact(&b->r, &fact, &b->outs), ASSAY_OK);
    cr_assert_eq(b->r.phase, ASSAY_TASK_PAYING, "of another step than the one that is bought");
    fact.step = 1;
    pair_checked(b, assay_task_requestor_on_fact(&b->r, &fact, &b->outs), ASSAY_E_INVALID);
    cr_assert_eq(b->r.phase, ASSAY_TASK_PAYING, "a key that opens nothing");
    fact.kind = ASSAY_TASK_FAILED;
    pair_checked(b, assay_task_requestor_on_fact(&b->r, &fact, &b->outs), ASSAY_OK);
    cr_assert_eq(b->r.phase, ASSAY_TASK_OVER);
    cr_assert_eq(b->outs.wake_at_ms, UINT64_MAX);
    free(b);
}
