/*
 * tests/unit/net/verifier/test_unnamed.c - tests of evidence of no named kind: what the verifier
 * finds it to be, by itself or in a wrapper.
 */
#include "engine/ledger/records/finding.h"
#include "net/verifier/appraise_one.h"
#include "quote/result/cmw.h"
#include "tests/unit/quote/world.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct world *world;
static struct assay_verdict verdict;
static uint8_t wrapped[65536];

static void open_world(void)
{
    world = world_open();
}

static void close_world(void)
{
    world_close(world);
}

TestSuite(net_verifier_unnamed, .init = open_world, .fini = close_world);

static void appraise(struct assay_slice bytes)
{
    struct assay_evidence_request request = { .kind = ASSAY_KIND_NONE,
                                              .bytes = bytes.bytes,
                                              .len = bytes.len,
                                              .at_unix_s = world->at_unix_s,
                                              .endorsements = &world->endorsements,
                                              .policy = &world->policy };
    assay_verifier_process_one(assay_evidence_verify, world->verifier, &request, &verdict);
}

static void expect_genuine(const char *what)
{
    cr_expect_eq(verdict.kind, ASSAY_KIND_SOFT, "%s", what);
    cr_expect_eq(verdict.genuine, ASSAY_GENUINE_TRUE, "%s", what);
    cr_expect(assay_outcome_is_pass(assay_verdict_outcome(&verdict)), "%s", what);
}

Test(net_verifier_unnamed, the_bytes_say_what_they_are)
{
    const struct assay_slice quote = assay_slice_over(world->quote, world->quote_len);
    appraise(quote);
    expect_genuine("bare");
    assay_bytes_copy(wrapped, sizeof wrapped, quote.bytes, quote.len);
    memset(wrapped + quote.len, 0, 1000);
    appraise(assay_slice_over(wrapped, quote.len + 1000));
    expect_genuine("with the tail of a buffer");
    struct assay_writer w = assay_writer_over(wrapped, sizeof wrapped);
    assay_cmw_put_cbor(&w, "application/vnd.assay.evidence", quote, 4);
    appraise(assay_slice_over(wrapped, w.len));
    expect_genuine("in CBOR");
    w = assay_writer_over(wrapped, sizeof wrapped);
    assay_cmw_put_json(&w, "application/vnd.assay.evidence", quote, 4);
    appraise(assay_slice_over(wrapped, w.len));
    expect_genuine("in JSON");
}

Test(net_verifier_unnamed, what_is_no_evidence_is_not_accepted)
{
    const struct assay_slice quote = assay_slice_over(world->quote, world->quote_len);
    static const char *const texts[] = { "x",    "{}",
                                         "[]",   "[\"a/b\",\"AAAA\"]",
                                         "\x82", "-----BEGIN CERTIFICATE-----\n" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        appraise(assay_slice_over(texts[i], strlen(texts[i])));
        cr_expect_neq(verdict.genuine, ASSAY_GENUINE_TRUE, "%zu", i);
        cr_expect_not(assay_outcome_is_pass(assay_verdict_outcome(&verdict)), "%zu", i);
        cr_expect_not(verdict.has_claims, "%zu", i);
    }
    struct assay_writer w = assay_writer_over(wrapped, sizeof wrapped);
    assay_cmw_put_cbor(&w, "application/eat+jwt", quote, 8);
    appraise(assay_slice_over(wrapped, w.len));
    cr_expect_neq(verdict.genuine, ASSAY_GENUINE_TRUE, "it is said to be a result");
    for (size_t len = 1; len < quote.len; len += 97) {
        appraise(assay_slice_over(quote.bytes, len));
        cr_expect_not(assay_outcome_is_pass(assay_verdict_outcome(&verdict)), "%zu", len);
    }
}

static struct assay_verifier *memory;

static enum assay_status note_memory(struct assay_verifier *verifier,
                                     const struct assay_evidence_request *request,
                                     struct assay_verdict *out)
{
    memory = verifier;
    return assay_evidence_verify(verifier, request, out);
}

/* Else a client with two thousand pieces of evidence makes the chains of members be verified anew,
 * each time. */
Test(net_verifier_unnamed, a_client_takes_no_place_in_the_memory_of_members)
{
    struct assay_evidence_request request = { .bytes = world->quote,
                                              .len = world->quote_len,
                                              .at_unix_s = world->at_unix_s,
                                              .endorsements = &world->endorsements,
                                              .policy = &world->policy };
    void *const room = malloc(assay_verifier_size(8));
    struct assay_verifier *of_members = NULL;
    cr_assert_not_null(room);
    cr_assert_eq(assay_verifier_init(room, assay_verifier_size(8), 8, &of_members), ASSAY_OK);
    memory = of_members;
    assay_verifier_process_one(note_memory, of_members, &request, &verdict);
    cr_expect_null(memory);
    expect_genuine("without a memory");
    request.kind = ASSAY_KIND_SOFT;
    assay_verifier_process_one(note_memory, of_members, &request, &verdict);
    cr_expect_eq(memory, of_members, "a member's");
    expect_genuine("with a memory");
    assay_verifier_deinit(&of_members);
    free(room);
}
