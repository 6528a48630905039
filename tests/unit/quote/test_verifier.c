/*
 * tests/unit/quote/test_verifier.c - a verifier that remembers gives the same verdicts, bit by bit.
 */
#include "tests/unit/quote/world.h"

#include "quote/kinds.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

struct memory {
    void *bytes;
    size_t len;
    struct assay_verifier *verifier;
};

static struct memory make(size_t entries)
{
    struct memory m = { .len = assay_verifier_size(entries) };
    m.bytes = aligned_alloc(64, (m.len + 63) / 64 * 64);
    cr_assert_not_null(m.bytes);
    cr_assert_eq(assay_verifier_init(m.bytes, m.len, entries, &m.verifier), ASSAY_OK);
    return m;
}

static void drop(struct memory *m)
{
    assay_verifier_deinit(&m->verifier);
    cr_assert_null(m->verifier);
    free(m->bytes);
}

Test(quote_verifier, says_how_much_memory_it_wants)
{
    struct assay_verifier *verifier = NULL;
    const size_t len = assay_verifier_size(8);
    void *const bytes = aligned_alloc(64, (len + 63) / 64 * 64);
    cr_assert_not_null(bytes);
    cr_assert_eq(assay_verifier_init(bytes, len - 1, 8, &verifier), ASSAY_E_FULL);
    cr_assert_null(verifier);
    cr_assert_eq(assay_verifier_init(bytes, len, 8, &verifier), ASSAY_OK);
    assay_verifier_deinit(&verifier);
    assay_verifier_deinit(&verifier); /* NULL is accepted */
    cr_assert_lt(assay_verifier_size(1), assay_verifier_size(5));
    free(bytes);
}

Test(quote_verifier, aborts_without_entries, .signal = SIGABRT)
{
    cr_assert_eq(assay_verifier_size(0), 0);
}

/* A small generator, so that a failure can be had again from its seed. */
static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void expect_equal(struct world *w, struct assay_verifier *verifier, uint32_t round)
{
    struct assay_verdict *const cold = malloc(sizeof *cold);
    cr_assert_not_null(cold);
    w->verifier = NULL;
    const enum assay_status status = world_judge(w);
    *cold = w->verdict;
    for (int again = 0; again < 2; again++) {
        w->verifier = verifier;
        cr_assert_eq(world_judge(w), status, "round %u", round);
        cr_assert(assay_bytes_equal(cold, &w->verdict, sizeof *cold), "round %u: %s and %s", round,
                  assay_tier_text(cold->tier), assay_tier_text(w->verdict.tier));
    }
    free(cold);
}

enum { NODES = 7, ROUNDS = 250 };

Test(quote_verifier, changes_no_verdict)
{
    struct world *const w = world_open();
    struct memory m = make(4); /* fewer than nodes: entries are thrown out all the time */
    struct assay_soft_node nodes[NODES];
    uint32_t seed = 20261120;
    size_t affirming = 0;
    for (size_t i = 0; i < NODES; i++)
        cr_assert_eq(assay_soft_node_create(&w->ca, "node", NULL, &nodes[i]), ASSAY_OK);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        const uint32_t dice = next(&seed) % 8;
        cr_assert_eq(assay_soft_quote(&nodes[next(&seed) % NODES], &w->request, w->quote,
                                      sizeof w->quote, &w->quote_len),
                     ASSAY_OK);
        if (dice < 3) w->quote[next(&seed) % w->quote_len] ^= (uint8_t)(1u << next(&seed) % 8);
        w->at_unix_s = dice == 3 ? WORLD_TO + 1 : WORLD_AT;
        w->policy.profile = dice == 4 ? ASSAY_PROFILE_PRODUCTION : ASSAY_PROFILE_DEVELOPMENT;
        expect_equal(w, m.verifier, round);
        if (w->verdict.tier == ASSAY_TIER_AFFIRMING) affirming += 1;
    }
    cr_assert_gt(affirming, ROUNDS / 4); /* otherwise the comparison saw refusals only */
    cr_assert_lt(affirming, ROUNDS);
    for (size_t i = 0; i < NODES; i++)
        assay_soft_node_deinit(&nodes[i]);
    drop(&m);
    w->verifier = NULL;
    world_close(w);
}

/* What is remembered is about bytes, never about collateral: a new list counts at once. */
Test(quote_verifier, obeys_a_new_revocation_list_at_once)
{
    struct world *const w = world_open();
    struct memory m = make(4);
    w->verifier = m.verifier;
    cr_assert_eq(world_judge(w), ASSAY_OK);
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
    assay_bytes_copy(w->terms.revoked[0], 20, w->node.pck_serial, 20);
    w->terms.revoked_count = 1;
    world_publish(w);
    cr_assert_eq(world_judge(w), ASSAY_OK);
    cr_assert(assay_verdict_has(&w->verdict, ASSAY_RULE_CERT_REVOKED));
    drop(&m);
    w->verifier = NULL;
    world_close(w);
}

enum { SIGNATURE_LEN = 48 + 384, CERT_LEN = SIGNATURE_LEN + 4 + 64 + 64 + 384 + 64 + 2 + 32 + 2 };

static void add_u32(uint8_t *at, uint32_t more)
{
    const uint32_t value =
        ((uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24) +
        more;
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

/* A chain with zeros behind it, longer than an entry: proven each time, and as good. */
Test(quote_verifier, proves_what_it_has_no_room_to_remember_each_time)
{
    enum { LONG = 16384 };
    struct world *const w = world_open();
    struct memory m = make(4);
    struct assay_evidence_request request = { .kind = ASSAY_KIND_SOFT,
                                              .at_unix_s = WORLD_AT,
                                              .endorsements = &w->endorsements,
                                              .policy = &w->policy };
    uint8_t *const bytes = calloc(1, LONG);
    cr_assert_not_null(bytes);
    assay_bytes_copy(bytes, LONG, w->quote, w->quote_len);
    add_u32(bytes + SIGNATURE_LEN, (uint32_t)(LONG - w->quote_len));
    add_u32(bytes + CERT_LEN, (uint32_t)(LONG - w->quote_len));
    request.bytes = bytes;
    request.len = LONG;
    for (int again = 0; again < 3; again++) {
        cr_assert_eq(assay_evidence_verify(again == 0 ? NULL : m.verifier, &request, &w->verdict),
                     ASSAY_OK);
        cr_assert_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
    }
    bytes[CERT_LEN + 100] ^= 1; /* in the PCK certificate */
    cr_assert_eq(assay_evidence_verify(m.verifier, &request, &w->verdict), ASSAY_OK);
    cr_assert_neq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
    free(bytes);
    drop(&m);
    world_close(w);
}

enum { V4 = 48 + 584, BEHIND = SIGNATURE_LEN + 4 + 64 };

/*
 * A quote whose bytes behind the signature have the form of version 4 as well: the CPUSVN of the
 * quoting enclave looks like the head of certification data of type 6, and 6 bytes later than in
 * version 3 stand an empty text, type 5 and all that is left.
 */
static void make_ambiguous(struct world *w)
{
    struct assay_soft_platform platform = { .pcesvn = 1, .qe_isvsvn = 1 };
    size_t nested = 0;
    for (size_t tries = 0; nested != w->quote_len - BEHIND - 70; tries++) {
        cr_assert_lt(tries, 1000); /* DER lengths vary by a byte or two: until it fits itself */
        nested = w->quote_len - BEHIND - 70;
        platform.components[0] = 6;
        platform.components[2] = (uint8_t)nested;
        platform.components[3] = (uint8_t)(nested >> 8);
        world_move(w, &platform);
    }
    uint8_t *const inner = w->quote + BEHIND;
    const size_t auth = 64 + 6 + 384 + 64;
    const size_t cert = w->quote_len - BEHIND - auth - 8;
    const uint8_t fields[] = { 0, 0, 5, 0, (uint8_t)cert, (uint8_t)(cert >> 8), 0, 0 };
    assay_bytes_copy(inner + auth, sizeof fields, fields, sizeof fields);
}

/* The same bytes behind a TD report of zeros, signed by the same attestation key. */
static struct assay_slice as_version_4(const struct world *w, uint8_t *quote, size_t capacity)
{
    struct assay_writer writer = assay_writer_over(quote, capacity);
    struct assay_slice written;
    uint8_t digest[32], signature[64];
    struct assay_kind row;
    cr_assert_eq(assay_kind_find(ASSAY_KIND_TDX4, &row), ASSAY_OK);
    assay_writer_u16le(&writer, 4);
    assay_writer_u16le(&writer, 2);
    assay_writer_u32le(&writer, 0x81);
    assay_writer_u32le(&writer, 0);
    assay_writer_put(&writer, row.qe_vendor_id, 16);
    assay_writer_zero(&writer, 20 + 584);
    cr_assert_eq(writer.len, V4);
    assay_sha256(quote, V4, digest);
    cr_assert_eq(assay_p256_sign(w->node.signer, digest, signature), ASSAY_OK);
    assay_writer_u32le(&writer, (uint32_t)(64 + w->quote_len - BEHIND));
    assay_writer_put(&writer, signature, 64);
    assay_writer_put(&writer, w->quote + BEHIND, w->quote_len - BEHIND);
    cr_assert_eq(assay_writer_finish(&writer, &written), ASSAY_OK);
    return written;
}

/*
 * What was proven of bytes as version 3 says nothing about version 4, where other bytes of them are
 * the report of the quoting enclave.
 */
Test(quote_verifier, remembers_nothing_about_the_same_bytes_of_another_kind)
{
    static uint8_t quote[ASSAY_SOFT_QUOTE_MAX + 256];
    struct world *const w = world_open();
    struct memory m = make(4);
    make_ambiguous(w);
    const struct assay_slice other = as_version_4(w, quote, sizeof quote);
    struct assay_verdict *const cold = calloc(1, sizeof *cold);
    cr_assert_not_null(cold);
    struct assay_evidence_request request = { .kind = ASSAY_KIND_TDX4,
                                              .bytes = other.bytes,
                                              .len = other.len,
                                              .at_unix_s = WORLD_AT,
                                              .endorsements = &w->endorsements,
                                              .policy = &w->policy };
    w->endorsements.entries[0].kinds = ASSAY_KINDS_ALL;
    cr_assert_eq(assay_evidence_verify(NULL, &request, cold), ASSAY_OK); /* both formats read it */
    cr_assert_eq(cold->genuine, ASSAY_GENUINE_FALSE);
    w->verifier = m.verifier;
    cr_assert_eq(world_judge(w), ASSAY_OK); /* as version 3: remembered */
    cr_assert_eq(assay_evidence_verify(m.verifier, &request, &w->verdict), ASSAY_OK);
    cr_assert(assay_bytes_equal(cold, &w->verdict, sizeof *cold), "%s",
              assay_rule_name(w->verdict.reasons[0].rule));
    free(cold);
    drop(&m);
    w->verifier = NULL;
    world_close(w);
}
