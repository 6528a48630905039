/*
 * tests/unit/engine/test_statement_flood.c - an operator that floods statements has honest nodes
 * exceed no budget of one another (docs/protocol.md 9.19.7).
 */
#include "base/writer.h"
#include "engine/ledger/records/review.h"
#include "engine/parts/engine_internal.h"
#include "sim/world/world_internal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 7, LIAR = 6, A_SECOND = 15, EPOCH_MS = 60000, SECONDS = 400 };

static struct assay_p256_signer *signer;
static uint8_t operator_id[32];

static size_t statement(const struct assay_sim_world *w, uint64_t epoch, uint64_t number,
                        uint8_t *out, size_t capacity)
{
    uint8_t body[ASSAY_REVIEW_BODY_LEN_MAX], digest[32], signature[64];
    struct assay_review r = { .act = ASSAY_REVIEW_APPROVE,
                              .place = ASSAY_REVIEW_PLACE_APPROVAL,
                              .issued = epoch,
                              .number = number,
                              .sequence = 1,
                              .expires = epoch + 1,
                              .comment = assay_slice_over("why", 3),
                              .has_signature = true };
    assay_bytes_copy(r.chain_id, 32, w->genesis->chain_id, 32);
    assay_bytes_copy(r.operator_id, 32, operator_id, 32);
    assay_bytes_copy(r.digest, 32, &number, sizeof number);
    cr_assert_eq(assay_p256_sign(signer, r.digest, r.change_signature), ASSAY_OK);
    struct assay_writer b = assay_writer_over(body, sizeof body);
    cr_assert_eq(assay_review_encode(&r, &b), ASSAY_OK);
    assay_sha256(body, b.len, digest);
    cr_assert_eq(assay_p256_sign(signer, digest, signature), ASSAY_OK);
    struct assay_writer o = assay_writer_over(out, capacity);
    cr_assert_eq(assay_record_put_review(&o, assay_slice_over(body, b.len), signature,
                                         (struct assay_slice){ 0 }),
                 ASSAY_OK);
    return o.len;
}

static void flood(bool floods)
{
    const struct assay_sim_world_options o = {
        .seed = 5, .nodes = NODES, .epoch_ms = EPOCH_MS, .limits = true, .level = 3
    };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    struct assay_secret32 key;
    uint8_t public[64], bytes[2048];
    uint32_t refused = 0;
    char first[512] = "";
    world_set_key(w, LIAR, KEY_OPERATOR, &key);
    cr_assert_eq(assay_p256_public(&key, public), ASSAY_OK);
    assay_sha256(public, sizeof public, operator_id);
    cr_assert_eq(assay_p256_signer_load(&key, &signer), ASSAY_OK);
    cr_assert(assay_sim_world_run_to_epoch(w, 2, 10 * EPOCH_MS), "%s",
              assay_sim_world_violation(w));
    uint64_t number = 0, closed = w->nodes[0].closed;
    for (uint32_t i = 0; i < SECONDS * A_SECOND; i++) {
        for (uint32_t to = 0; floods && to < LIAR; to++) {
            const size_t len = statement(w, w->nodes[to].engine->head->context.epoch, ++number,
                                         bytes, sizeof bytes);
            struct world_payload *p = world_payload(w, bytes, len);
            world_deliver(w, LIAR, to, ASSAY_MESSAGE_RECORD, p);
            world_payload_drop(w, p);
        }
        for (uint32_t k = 0; k < 4; k++) {
            w->violation[0] = '\0';
            assay_sim_world_run(w, 1000 / A_SECOND / 4 + 1);
            if (w->violation[0] == '\0') continue;
            if (strstr(w->violation, "of node 6, which") || strstr(w->violation, "out node 6"))
                continue; /* the liar itself */
            refused++;
            if (first[0] == '\0')
                (void)snprintf(first, sizeof first, "%s (second %u)", w->violation, i / A_SECOND);
        }
    }
    uint32_t shut = 0;
    for (uint32_t n = 0; n < LIAR; n++)
        for (uint32_t k = 0; k < LIAR; k++) {
            if (n == k) continue;
            shut += w->nodes[n].limits[k].peer_score.shut_count;
        }
    cr_expect_eq(refused, 0, "%s", first);
    cr_expect_gt(w->nodes[0].closed, closed + SECONDS * 1000 / EPOCH_MS - 1);
    cr_expect_eq(shut, 0, "honest nodes shut out %u honest peers", shut);
    assay_p256_signer_free(&signer);
    assay_sim_world_destroy(&w);
}

Test(statement_flood, control, .timeout = 600)
{
    flood(false);
}
Test(statement_flood, statements, .timeout = 600)
{
    flood(true);
}
