/*
 * tests/unit/quote/verifier/test_verifier.c - the cache of a verifier: bit-identical verdicts,
 * within the given memory.
 */
#include "tests/unit/quote/intel/td_world.h"

#include "quote/kinds.h"
#include "quote/verifier.h"
#include "quote/verify.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

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

/*
 * Faults say where in the evidence they are. The same chain behind a longer body stands elsewhere,
 * and so does the same quote in another envelope.
 */
Test(quote_verifier, tells_the_same_chain_at_another_place)
{
    struct td_world *const t = td_open_as(ASSAY_KIND_TDX5, ASSAY_BODY_TD_10);
    struct memory m = make(4);
    static const enum assay_body_type bodies[] = { ASSAY_BODY_TD_10, ASSAY_BODY_TD_15,
                                                   ASSAY_BODY_TD_15_EX };
    uint32_t offsets[3] = { 0 };
    t->cert_data.len -= 100; /* no longer three certificates */
    for (size_t i = 0; i < 3; i++) {
        t->body_type = bodies[i];
        td_quote(t);
        const struct assay_evidence_request request = td_request(t);
        struct assay_verdict *const verdict = &t->world->verdict;
        for (int again = 0; again < 3; again++) {
            cr_assert_eq(assay_evidence_verify(again == 0 ? NULL : m.verifier, &request, verdict),
                         ASSAY_OK);
            cr_assert(assay_verdict_has(verdict, ASSAY_RULE_CHAIN_FORMAT));
            if (again == 0) offsets[i] = verdict->reasons[0].offset;
            cr_assert_eq(verdict->reasons[0].offset, offsets[i], "body %zu, turn %d", i, again);
        }
    }
    cr_assert_lt(offsets[0], offsets[1]);
    cr_assert_lt(offsets[1], offsets[2]);
    drop(&m);
    td_close(t);
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

/* A chain with zeros behind it: remembered under all of its bytes, and as good. */
Test(quote_verifier, remembers_long_certification_data_as_well)
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

/* --- many kinds, roots, bundles and times at once */
enum { WORLDS = 4, SWITCHES = 600 };

/* Four vendors of one name, each with a good bundle, one that revokes, and none. */
struct vendors {
    struct td_world *worlds[WORLDS];
    struct assay_collateral *good[WORLDS];
    struct assay_collateral *revoking[WORLDS];
    struct assay_endorsements endorsements;
};

static struct assay_collateral *copy_collateral(const struct td_world *t)
{
    struct assay_collateral *const copy = malloc(sizeof *copy);
    cr_assert_not_null(copy);
    *copy = t->world->collateral;
    return copy;
}

static void open_vendors(struct vendors *v)
{
    static const struct {
        enum assay_evidence_kind kind;
        enum assay_body_type type;
    } shapes[WORLDS] = {
        { ASSAY_KIND_SGX4, ASSAY_BODY_SGX },
        { ASSAY_KIND_TDX4, ASSAY_BODY_TD_10 },
        { ASSAY_KIND_TDX5, ASSAY_BODY_TD_15 },
        { ASSAY_KIND_TDX5, ASSAY_BODY_TD_15_EX },
    };
    for (size_t i = 0; i < WORLDS; i++) {
        struct td_world *const t = td_open_as(shapes[i].kind, shapes[i].type);
        struct assay_endorsement *const e = &v->endorsements.entries[i];
        if (i == 2) { /* the list of this one is checked with the CA of each quote */
            t->world->bundle.files.part[ASSAY_PART_PCK_CHAIN] = assay_slice_over(NULL, 0);
            world_build(t->world);
        }
        v->worlds[i] = t;
        v->good[i] = copy_collateral(t);
        assay_bytes_copy(t->world->terms.revoked[0], 20, t->world->node.pck_serial, 20);
        t->world->terms.revoked_count = 1;
        td_publish(t);
        v->revoking[i] = copy_collateral(t);
        e->kinds = ASSAY_KINDS_ALL;
        e->root = assay_key_p256(t->world->ca.root_public);
        e->collateral = v->good[i];
    }
    v->endorsements.count = WORLDS;
}

static void close_vendors(struct vendors *v)
{
    for (size_t i = 0; i < WORLDS; i++) {
        free(v->good[i]);
        free(v->revoking[i]);
        td_close(v->worlds[i]);
    }
}

/* The bundle, root and time of one turn. */
static void turn(struct vendors *v, size_t i, uint32_t dice)
{
    struct assay_endorsement *const e = &v->endorsements.entries[i];
    e->collateral = v->good[i];
    if (dice == 1) e->collateral = v->revoking[i];
    if (dice == 2) e->collateral = NULL;
    e->root.bytes[0] ^= dice == 3 ? 1 : 0; /* not pinned any more */
}

Test(quote_verifier, changes_no_verdict_of_any_kind_root_bundle_and_time)
{
    struct vendors *const v = calloc(1, sizeof *v);
    struct assay_verdict *const verdicts = calloc(2, sizeof *verdicts);
    cr_assert(v != NULL && verdicts != NULL);
    open_vendors(v);
    struct memory m = make(4);
    uint32_t seed = 20261121;
    size_t tiers[4] = { 0 };
    for (uint32_t round = 0; round < SWITCHES; round++) {
        const size_t i = next(&seed) % WORLDS;
        struct td_world *const t = v->worlds[i];
        const uint32_t dice = next(&seed) % 8;
        const size_t at = next(&seed) % t->quote_len;
        const uint8_t kept = t->quote[at];
        turn(v, i, dice);
        if (dice == 4) t->quote[at] ^= (uint8_t)(1u << next(&seed) % 8);
        struct assay_evidence_request request = td_request(t);
        request.endorsements = &v->endorsements;
        if (dice == 5) request.at_unix_s = WORLD_TO + 1;
        const enum assay_status status = assay_evidence_verify(NULL, &request, &verdicts[0]);
        for (int again = 0; again < 2; again++) {
            cr_assert_eq(assay_evidence_verify(m.verifier, &request, &verdicts[1]), status);
            cr_assert(assay_bytes_equal(&verdicts[0], &verdicts[1], sizeof verdicts[0]),
                      "round %u, dice %u: %s and %s", round, dice,
                      assay_tier_text(verdicts[0].tier), assay_tier_text(verdicts[1].tier));
        }
        tiers[verdicts[0].tier] += 1;
        t->quote[at] = kept;
        if (dice == 3) v->endorsements.entries[i].root.bytes[0] ^= 1;
    }
    /* Every answer was compared, and often. */
    cr_assert_gt(tiers[ASSAY_TIER_NONE], SWITCHES / 10);
    cr_assert_gt(tiers[ASSAY_TIER_AFFIRMING], SWITCHES / 10);
    cr_assert_gt(tiers[ASSAY_TIER_CONTRAINDICATED], SWITCHES / 10);
    drop(&m);
    close_vendors(v);
    free(v);
    free(verdicts);
}

/* --- what it holds, and how much */
static struct assay_verifier_counts count(const struct memory *m)
{
    struct assay_verifier_counts counts;
    assay_verifier_count(m->verifier, &counts);
    return counts;
}

Test(quote_verifier, counts_what_it_finds_and_throws_out)
{
    enum { FLEET = 6 };
    struct world *const w = world_open();
    struct memory m = make(4); /* one set of four */
    struct assay_soft_node nodes[FLEET];
    w->verifier = m.verifier;
    for (size_t i = 0; i < FLEET; i++) {
        cr_assert_eq(assay_soft_node_create(&w->ca, "node", NULL, &nodes[i]), ASSAY_OK);
        for (int again = 0; again < 2; again++) {
            cr_assert_eq(
                assay_soft_quote(&nodes[i], &w->request, w->quote, sizeof w->quote, &w->quote_len),
                ASSAY_OK);
            cr_assert_eq(world_judge(w), ASSAY_OK);
            cr_assert_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
        }
    }
    const struct assay_verifier_counts counts = count(&m);
    cr_assert_eq(counts.misses, FLEET);
    cr_assert_eq(counts.hits, FLEET);
    cr_assert_eq(counts.evictions, FLEET - 4);
    cr_assert_eq(counts.entries_used, 4);
    /* CA and root were read and proven for the first platform alone; no PCK is an authority. */
    cr_assert_eq(counts.authority_hits, 2 * (FLEET - 1));
    cr_assert_eq(counts.authority_misses, 2 + FLEET);
    for (size_t i = 0; i < FLEET; i++)
        assay_soft_node_deinit(&nodes[i]);
    drop(&m);
    w->verifier = NULL;
    world_close(w);
}

Test(quote_verifier, holds_a_thousand_platforms_in_eight_megabytes)
{
    enum { FLEET = 8, PLATFORMS = 1000 };
    struct world *const w = world_open();
    struct memory m = make(256);
    w->verifier = m.verifier;
    for (size_t i = 0; i < FLEET; i++) {
        world_move(w, NULL);
        cr_assert_eq(world_judge(w), ASSAY_OK);
    }
    const struct assay_verifier_counts counts = count(&m);
    cr_assert_eq(counts.entries_used, FLEET);
    cr_assert_gt(counts.key_bytes, 0);
    const size_t keys = counts.key_bytes / FLEET + 1; /* authorities' included: more than true */
    cr_assert_lt(assay_verifier_size(PLATFORMS) + PLATFORMS * keys, 8000000);
    drop(&m);
    w->verifier = NULL;
    world_close(w);
}

/* --- leases */
static void prove_number(struct assay_verifier *verifier, uint8_t number, struct assay_lease *lease)
{
    const struct assay_slice piece = { &number, 1 };
    assay_lease_open(verifier, ASSAY_KIND_SNP, &piece, 1, lease);
    if (lease->proven != NULL) return;
    cr_assert(assay_bytes_all_zero(&lease->own, sizeof lease->own));
    lease->own.root.bytes[0] = number;
    assay_lease_retain(lease);
}

/* Room for thousands of platforms costs a node of a small network no memory: what holds nothing is
 * not written, so the system gives no page for it. */
Test(quote_verifier, touches_no_more_than_it_holds)
{
    enum { ENTRIES = 2048, HELD = 3, MARK = 0xa5, PAGE = 4096 };
    struct assay_lease lease;
    struct assay_verifier *verifier = NULL;
    const size_t len = (assay_verifier_size(ENTRIES) + 63) / 64 * 64;
    uint8_t *const memory = aligned_alloc(64, len);
    cr_assert_not_null(memory);
    memset(memory, MARK, len);
    cr_assert_eq(assay_verifier_init(memory, len, ENTRIES, &verifier), ASSAY_OK);
    for (uint8_t i = 0; i < HELD; i++) {
        prove_number(verifier, i, &lease);
        assay_lease_close(&lease);
    }
    size_t written = 0;
    for (size_t page = 0; page < len; page += PAGE) {
        bool marked = true;
        for (size_t i = page; i < len && i < page + PAGE; i++)
            marked = marked && memory[i] == MARK;
        written += !marked;
    }
    cr_expect_lt(written, len / PAGE / 20, "%zu of %zu pages", written, len / PAGE);
    assay_verifier_deinit(&verifier);
    free(memory);
}

Test(quote_verifier, throws_out_nothing_that_is_in_use)
{
    struct memory m = make(4);
    struct assay_lease *const leases = calloc(6, sizeof *leases);
    cr_assert_not_null(leases);
    for (uint8_t i = 0; i < 5; i++)
        prove_number(m.verifier, i, &leases[i]);
    for (uint8_t i = 0; i < 5; i++)
        cr_assert_eq(leases[i].proven->root.bytes[0], i);
    cr_assert_eq(leases[4].proven, &leases[4].own); /* no room: made for this once */
    cr_assert_eq(count(&m).evictions, 0);
    assay_lease_close(&leases[4]);
    assay_lease_close(&leases[2]);
    prove_number(m.verifier, 4, &leases[4]);
    cr_assert_neq(leases[4].proven, &leases[4].own);
    cr_assert_eq(count(&m).evictions, 1);
    prove_number(m.verifier, 0, &leases[5]); /* twice at the same time */
    cr_assert_eq(leases[5].proven, leases[0].proven);
    for (size_t i = 0; i < 6; i++)
        if (i != 2) assay_lease_close(&leases[i]);
    free(leases);
    drop(&m);
}

Test(quote_verifier, tells_pieces_apart_by_their_lengths_and_kind)
{
    static const uint8_t bytes[] = { 1, 2, 3, 4 };
    const struct assay_slice lists[][2] = {
        { { bytes, 4 }, { bytes, 0 } },
        { { bytes, 3 }, { bytes + 3, 1 } },
        { { bytes, 0 }, { bytes, 4 } },
    };
    struct memory m = make(1024);
    struct assay_lease *const lease = calloc(1, sizeof *lease);
    cr_assert_not_null(lease);
    for (int again = 0; again < 2; again++) {
        for (size_t i = 0; i < 3; i++)
            for (int kind = ASSAY_KIND_TDX4; kind <= ASSAY_KIND_SNP; kind++) {
                assay_lease_open(m.verifier, (enum assay_evidence_kind)kind, lists[i], 2, lease);
                cr_assert_eq(lease->proven != NULL, again == 1);
                if (again == 0) assay_lease_retain(lease);
                assay_lease_close(lease);
            }
        assay_lease_open(m.verifier, ASSAY_KIND_TDX4, lists[0], 1, lease);
        cr_assert_null(lease->proven); /* one piece is not one and an empty one */
        assay_lease_close(lease);
    }
    free(lease);
    drop(&m);
}

Test(quote_verifier, remembers_a_further_check_of_the_last_bundle_only)
{
    static const uint8_t first[32] = { 1 }, second[32] = { 2 };
    struct memory m = make(4);
    struct assay_lease *const lease = calloc(1, sizeof *lease);
    cr_assert_not_null(lease);
    prove_number(m.verifier, 1, lease);
    cr_assert_not(assay_lease_is_noted(lease, first));
    assay_lease_note(lease, first);
    cr_assert(assay_lease_is_noted(lease, first));
    assay_lease_note(lease, second);
    cr_assert_not(assay_lease_is_noted(lease, first));
    assay_lease_close(lease);
    prove_number(NULL, 1, lease); /* without a memory nothing is noted */
    assay_lease_note(lease, first);
    cr_assert_not(assay_lease_is_noted(lease, first));
    assay_lease_close(lease);
    free(lease);
    drop(&m);
}

/* Flooded with platforms and authorities of strangers, a verifier forgets and stays right. */
Test(quote_verifier, survives_more_authorities_than_it_holds)
{
    enum { STRANGERS = 12 }; /* 24 certificates */
    struct world *const w = world_open();
    struct memory m = make(4);
    w->verifier = m.verifier;
    for (size_t i = 0; i < STRANGERS; i++) {
        struct world *const stranger = world_open();
        stranger->verifier = m.verifier;
        cr_assert_eq(world_judge(stranger), ASSAY_OK);
        cr_assert_eq(stranger->verdict.tier, ASSAY_TIER_AFFIRMING);
        cr_assert_eq(world_judge(w), ASSAY_OK);
        cr_assert_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
        stranger->verifier = NULL;
        world_close(stranger);
    }
    drop(&m);
    w->verifier = NULL;
    world_close(w);
}
