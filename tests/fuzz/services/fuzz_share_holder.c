/*
 * tests/fuzz/services/fuzz_share_holder.c - fuzz target: a holder under a script. Each step is a
 * byte (event), one (member), two of length, and bytes: a message, whose nonces are corrected on
 * request so that it passes the first checks, or evidence. Every invariant holds after each step.
 */
#include "base/assert.h"
#include "base/cursor.h"
#include "services/shares/holder.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum {
    CLUSTERS = 2,
    SLOTS = 3,
    K = 2,
    MEMBERS = CLUSTERS * SLOTS,
    STEPS_MAX = 64,
    NONCE_A = 5, /* behind the heads of list, kind and string */
    NONCE_B = NONCE_A + 32 + 2,
};

static struct assay_share_effects effects;
static struct assay_share_facts facts;
static uint32_t drawn;

/* The nonces of the last exchange, for the next message; and the last request to the host. */
static uint8_t nonces[64];
static uint64_t serial;

static void host_random(void *context, uint8_t *bytes, size_t len)
{
    (void)context;
    drawn++;
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(drawn * 31 + i);
}

static void host_sign(void *context, const uint8_t digest[static 32],
                      uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    (void)context;
    assay_bytes_zero(signature, ASSAY_P256_SIGNATURE_LEN);
    assay_bytes_copy(signature, ASSAY_P256_SIGNATURE_LEN, digest, 32);
}

static struct assay_share_registry *ledger(void *memory, size_t memory_len, uint8_t id[static 32])
{
    const struct assay_share_config config = { .clusters = CLUSTERS, .slots = SLOTS, .k = K,
                                               .confirmations = K, .ids_max = 4 };
    enum assay_share_standing standing[MEMBERS];
    uint16_t score[MEMBERS] = { 0 };
    struct assay_share_registry *r = assay_share_registry_init(memory, memory_len, &config);
    struct assay_share_put_record put = { .k = K, .digest = { 1 } };
    struct assay_share_list_record list = { .count = 1 };
    for (uint32_t i = 0; i < MEMBERS; i++)
        standing[i] = ASSAY_SHARE_STAND_FULL;
    assay_share_registry_close_epoch(r, 1, standing, score, MEMBERS, &facts);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        const struct assay_share_holder_record record = { .cluster = i / SLOTS,
                                                          .node = { (uint8_t)i },
                                                          .key = { (uint8_t)(i + 1) } };
        const uint8_t node[32] = { (uint8_t)i };
        (void)assay_share_registry_apply_holder(r, i, node, &record, &facts);
    }
    (void)assay_share_registry_apply_put(r, 0, &put, &facts);
    assay_share_id(put.owner, put.name, id);
    list.line[0] = (struct assay_share_line){ .generation = 1, .attempt = 1, .digest = { 1 } };
    assay_bytes_copy(list.line[0].id, 32, id, 32);
    for (uint32_t i = 0; i < SLOTS; i++) {
        list.seating = r->cluster[0].seat[i].seating;
        (void)assay_share_registry_apply_have(r, i, &list, &facts);
    }
    put.name[0] = 1; /* another one waits for its owner */
    (void)assay_share_registry_apply_put(r, 0, &put, &facts);
    return r;
}

static void note(void)
{
    for (uint32_t i = 0; i < effects.count; i++) {
        const struct assay_share_effect *effect = &effects.effect[i];
        struct assay_share_message m;
        if (effect->act == ASSAY_SHARE_ACT_QUOTE || effect->act == ASSAY_SHARE_ACT_VERIFY)
            serial = effect->serial;
        if (effect->act != ASSAY_SHARE_ACT_SEND) continue;
        ASSAY_ASSERT(assay_share_message_decode(effect->bytes, &m) == ASSAY_OK);
        assay_bytes_copy(nonces, 64, m.nonce_a, 32);
        if (m.kind != ASSAY_SHARE_ASK) assay_bytes_copy(nonces + 32, 32, m.nonce_b, 32);
    }
}

static void step(struct assay_share_holder *h, const struct assay_share_registry *r, uint8_t what,
                 uint8_t who, struct assay_slice in, uint64_t *now_ms)
{
    static uint8_t copy[UINT16_MAX];
    const struct assay_share_epoch epoch = { .epoch = 1 };
    struct assay_share_from from = { .holder = who < MEMBERS, .link = who,
                                     .key = { (uint8_t)(who + 1) } };
    const struct assay_share_row *waits = &r->row[1];
    switch (what % 6) {
    case 0:
    case 1:
        assay_bytes_copy(copy, sizeof copy, in.bytes, in.len);
        if (what % 6 == 1 && in.len >= NONCE_B + 32) {
            assay_bytes_copy(copy + NONCE_A, 32, nonces, 32);
            assay_bytes_copy(copy + NONCE_B, 32, nonces + 32, 32);
        }
        assay_status_ignore(assay_share_holder_on_message(h, r, &epoch, &from,
                                                          assay_slice_over(copy, in.len), *now_ms,
                                                          &effects),
                            "whatever it says of it");
        break;
    case 2: assay_share_holder_on_quote(h, r, &epoch, serial, in, *now_ms, &effects); break;
    case 3: assay_share_holder_on_verified(h, r, &epoch, serial, who & 1, *now_ms, &effects); break;
    case 4:
        *now_ms += (uint64_t)who * 16;
        assay_share_holder_tick(h, r, &epoch, *now_ms, &effects);
        break;
    default:
        from.holder = false;
        assay_status_ignore(
            assay_share_holder_start_handover(h, r, &epoch, &from, waits->id, *now_ms, &effects),
            "it may be full");
        break;
    }
    note();
    assay_share_holder_check(h);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static void *memory, *of_ledger;
    struct assay_share_holder_config config = { .host = { NULL, host_random, host_sign },
                                                .key = { 4 }, .ids_max = 4 };
    struct assay_cursor in = assay_cursor_over(bytes, len);
    const struct assay_share_epoch epoch = { .epoch = 1 };
    uint8_t id[32];
    uint64_t now_ms = 0;
    if (memory == NULL) memory = malloc(assay_share_holder_size(4));
    if (of_ledger == NULL) of_ledger = malloc(assay_share_registry_size(4));
    ASSAY_ASSERT(memory != NULL && of_ledger != NULL);
    drawn = 0;
    const struct assay_share_registry *r = ledger(of_ledger, assay_share_registry_size(4), id);
    struct assay_share_holder *h =
        assay_share_holder_init(memory, assay_share_holder_size(4), &config);
    assay_share_holder_crawl(h, r, &epoch, now_ms, &effects);
    note();
    for (uint32_t i = 0; i < STEPS_MAX; i++) {
        uint8_t what = 0, who = 0;
        uint16_t size = 0;
        struct assay_slice rest;
        if (assay_cursor_u8(&in, &what) != ASSAY_OK || assay_cursor_u8(&in, &who) != ASSAY_OK ||
            assay_cursor_u16be(&in, &size) != ASSAY_OK)
            return 0;
        if (size > assay_cursor_left(&in)) size = (uint16_t)assay_cursor_left(&in);
        if (assay_cursor_slice(&in, size, &rest) != ASSAY_OK) return 0;
        step(h, r, what, who, rest, &now_ms);
    }
    return 0;
}
