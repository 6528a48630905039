/*
 * tests/fuzz/services/fuzz_task_ledger.c - fuzz target: the fold under a script of records. Each
 * step is a byte for the kind, one for the slot, and numbers that make a record out of few
 * accounts, keys and tasks, so that most of them match; signatures are not verified, since the fold
 * does not verify them. Every invariant holds after each step (the fold asserts them), and money is
 * neither created nor lost.
 */
#include "base/assert.h"
#include "services/tasks/ledger.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { ACCOUNTS = 6, TASKS = 3, SLOTS = 3, NAMES = 16 };

struct names {
    uint32_t count;
    uint8_t task[NAMES][32];
};

static void key_of(uint8_t number, uint8_t key[static ASSAY_P256_PUBLIC_LEN])
{
    assay_bytes_zero(key, ASSAY_P256_PUBLIC_LEN);
    key[0] = number % 4;
}

static struct assay_task_ledger *fresh(void *memory)
{
    struct assay_task_balance first[2] = { { .amount = 1000 }, { .amount = UINT64_MAX - 5000 } };
    struct assay_task_ledger_config config = { .accounts_max = ACCOUNTS,
                                               .tasks_max = TASKS,
                                               .slots_max = SLOTS,
                                               .balances = first,
                                               .balance_count = 2 };
    struct assay_task_ledger *ledger = NULL;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    for (uint8_t i = 0; i < 2; i++) {
        key_of(i, key);
        assay_task_account(key, first[i].account);
    }
    ASSAY_ASSERT(assay_task_ledger_init(memory, assay_task_ledger_size(ACCOUNTS, TASKS, SLOTS),
                                        &config, &ledger) == ASSAY_OK);
    return ledger;
}

static void open_one(struct assay_task_ledger *ledger, struct names *names, const uint8_t *b,
                     struct assay_task_facts *facts)
{
    static const uint8_t chain_id[32];
    struct assay_task_open open = {
        .sequence = b[1] % 8,
        .executor = b[2] % (SLOTS + 1),
        .price = b[3] == 255 ? UINT64_MAX / 3 : b[3] + 1u,
        .hold = b[6] % 7,
        .steps = b[4] + 1u,
        .deadline = assay_task_ledger_get_epoch(ledger) + b[5] % 8,
        .min_standing = (enum assay_task_standing)(ASSAY_TASK_STAND_RESTRICTED + b[6] % 3),
    };
    key_of(b[0], open.key);
    if (assay_task_ledger_apply_open(ledger, &open, facts) == ASSAY_TASK_APPLIED)
        assay_task_open_statement(chain_id, &open, names->task[names->count++ % NAMES]);
}

static void claim_one(struct assay_task_ledger *ledger, const uint8_t *task, uint8_t slot,
                      const uint8_t *b, struct assay_task_facts *facts)
{
    struct assay_task_claim claim = {
        .receipt = { .step = b[1] + 1u,
                     .epoch = assay_task_ledger_get_epoch(ledger) - b[2] % 4 },
        .voucher = { .step = b[1] + 1u + (b[3] == 1) },
        .opening = { b[4] },
    };
    assay_bytes_copy(claim.receipt.task, 32, task, 32);
    assay_bytes_copy(claim.voucher.task, 32, task, 32);
    claim.voucher.task[31] ^= b[3] == 2;
    assay_sha256(claim.opening, 32, claim.receipt.lock);
    assay_bytes_copy(claim.voucher.lock, 32, claim.receipt.lock, 32);
    claim.voucher.lock[0] ^= b[3] == 3;
    key_of(b[5], claim.requestor);
    key_of(b[6], claim.task_key);
    (void)assay_task_ledger_apply_claim(ledger, slot, &claim, facts);
}

static void close_epoch(struct assay_task_ledger *ledger, const uint8_t *b)
{
    struct assay_task_member member[SLOTS];
    struct assay_task_fact fact[TASKS];
    for (uint32_t i = 0; i < SLOTS; i++)
        member[i] = (struct assay_task_member){
            .standing = (enum assay_task_standing)(4 - b[i] % 5 % 3 * (b[i] > 128)),
            .score = b[i + 3],
            .certified = b[i] % 4 != 0,
            .failed = b[i] % 16 == 1,
        };
    (void)assay_task_ledger_close_epoch(
        ledger, assay_task_ledger_get_epoch(ledger) + 1 + (b[6] == 0) * 70u, member,
        b[7] % (SLOTS + 1), fact, TASKS);
}

static void step(struct assay_task_ledger *ledger, struct names *names, uint8_t kind, uint8_t slot,
                 const uint8_t *b)
{
    struct assay_task_facts facts;
    struct assay_task_transfer transfer = { .sequence = b[1] % 8, .amount = b[3] + 1u };
    struct assay_task_offer offer = { .count = b[0] % 2, .price = b[1] % 8 + 1u, .hold = b[2] % 3 };
    struct assay_task_accept accept = { .account = { b[2] % 8 } };
    struct assay_task_close close;
    struct assay_task_release release = { .paid = b[1] % 4, .is_signed = b[2] % 2 };
    const uint8_t *task = names->task[b[7] % NAMES];
    switch (kind % 6) {
    case 0:
        key_of(b[0], transfer.key);
        transfer.to[0] = b[2] % 8;
        (void)assay_task_ledger_apply_transfer(ledger, &transfer, &facts);
        break;
    case 1: (void)assay_task_ledger_apply_offer(ledger, slot % (SLOTS + 1), &offer, &facts); break;
    case 2: open_one(ledger, names, b, &facts); break;
    case 3:
        assay_bytes_copy(accept.task, 32, task, 32);
        key_of(b[1], accept.key);
        (void)assay_task_ledger_apply_accept(ledger, slot % (SLOTS + 1), &accept, &facts);
        break;
    case 4: claim_one(ledger, task, slot % (SLOTS + 1), b, &facts); break;
    default:
        if (slot % 2) {
            close_epoch(ledger, b);
            break;
        }
        if (slot % 4 == 2) {
            assay_bytes_copy(release.task, 32, task, 32);
            key_of(b[0], release.key);
            (void)assay_task_ledger_apply_release(ledger, b[3] % (SLOTS + 1), &release, &facts);
            break;
        }
        assay_bytes_copy(close.task, 32, task, 32);
        key_of(b[0], close.key);
        (void)assay_task_ledger_apply_close(ledger, &close, &facts);
        break;
    }
    assay_task_ledger_check(ledger);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static void *memory;
    struct names names = { 0 };
    struct assay_cursor in = assay_cursor_over(bytes, len);
    uint8_t b[10];
    if (memory == NULL) memory = malloc(assay_task_ledger_size(ACCOUNTS, TASKS, SLOTS));
    ASSAY_ASSERT(memory != NULL);
    struct assay_task_ledger *ledger = fresh(memory);
    while (assay_cursor_copy(&in, b, sizeof b) == ASSAY_OK)
        step(ledger, &names, b[0], b[1], b + 2);
    return 0;
}
