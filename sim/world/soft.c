/*
 * sim/world/soft.c - real evidence: SOFT quotes under roots of the run, appraised by quote/.
 *
 * Each vendor of the scenario is a SOFT authority with its own collateral; genesis contains a real
 * policy that pins the roots and one MRENCLAVE. Keys, certificates and platform ids are drawn from
 * the seed and signatures are deterministic, so evidence digests and state roots repeat too. A node
 * has four credentials: its own, one of the same platform that is out of date, one of another
 * machine, and one of its own with expired certificates.
 */
#include "quote/accept/policy.h"
#include "quote/collateral/endorsements.h"
#include "quote/source/soft/soft.h"
#include "quote/verify.h"
#include "sim/world/world_internal.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    VALID_FROM_S = 1690000000, /* genesis is at 1700000000 */
    VALID_TO_S = 1900000000,
    VERIFIER_ENTRIES = 128,
    ENDORSEMENTS_LEN_MAX = 512 * 1024,
};

enum credential {
    CREDENTIAL_OWN,
    CREDENTIAL_OLD,
    CREDENTIAL_ELSEWHERE,
    CREDENTIAL_ENDED,
    CREDENTIALS
};

struct world_soft {
    struct assay_soft_ca cas[ASSAY_SIM_VENDORS_MAX];
    uint32_t vendor_count;
    struct assay_soft_node nodes[ASSAY_SIM_SOFT_NODES_MAX][CREDENTIALS];
    struct assay_policy policy;
    uint8_t policy_bytes[ASSAY_POLICY_LEN_MAX];
    size_t policy_len;
    uint8_t endorsements_bytes[ENDORSEMENTS_LEN_MAX];
    size_t endorsements_len;
    struct assay_collateral *collateral;
    struct assay_endorsements endorsements;
    void *verifier_memory;
    struct assay_verifier *verifier;
};

static const uint8_t right_build[32] = "the right build";
static const uint8_t wrong_build[32] = "a tampered build";

static void assert_ok(enum assay_status status)
{
    ASSAY_ASSERT(status == ASSAY_OK); /* our own encoder and seed: nothing here is input */
}

/* --- vendors */

static int compare_roots(const void *a, const void *b)
{
    const struct assay_endorsement_files *x = a;
    const struct assay_endorsement_files *y = b;
    return assay_bytes_compare(x->root.bytes, y->root.bytes, x->root.len);
}

static void pin_root(struct assay_policy *policy, uint32_t vendor, const struct assay_key *root)
{
    struct assay_policy_root *p = &policy->roots[policy->root_count++];
    (void)snprintf(p->name, sizeof p->name, "vendor-%u", vendor);
    p->key = *root;
    p->kinds = ASSAY_KIND_BIT(ASSAY_KIND_SOFT);
}

static void make_vendors(struct world_soft *s, struct assay_soft_bundle *bundles,
                         struct assay_endorsement_files *files)
{
    for (uint32_t i = 0; i < s->vendor_count; i++) {
        struct assay_soft_terms terms;
        char name[ASSAY_SOFT_NAME_MAX];
        (void)snprintf(name, sizeof name, "Vendor %u", i);
        assert_ok(assay_soft_ca_create(name, VALID_FROM_S, VALID_TO_S, &s->cas[i]));
        assay_soft_terms_default(&s->cas[i], &terms);
        assert_ok(assay_soft_collateral(&s->cas[i], &terms, &bundles[i]));
        files[i].kinds = ASSAY_KIND_BIT(ASSAY_KIND_SOFT);
        files[i].files = bundles[i].files;
        files[i].root = assay_key_p256(s->cas[i].root_public);
        pin_root(&s->policy, i, &files[i].root);
    }
    qsort(files, s->vendor_count, sizeof *files, compare_roots);
    struct assay_writer w = assay_writer_over(s->endorsements_bytes, ENDORSEMENTS_LEN_MAX);
    assert_ok(assay_endorsements_encode(files, s->vendor_count, &w));
    s->endorsements_len = w.len;
    assert_ok(assay_endorsements_decode(s->endorsements_bytes, w.len, s->collateral,
                                        s->vendor_count, &s->endorsements));
}

static void make_policy(struct world_soft *s)
{
    assay_policy_default(&s->policy);
    s->policy.profile = ASSAY_PROFILE_DEVELOPMENT;
    s->policy.reference_count = 1;
    s->policy.references[0] = (struct assay_reference){ .field = ASSAY_REFERENCE_MRENCLAVE,
                                                        .state = ASSAY_REFERENCE_ALLOWED,
                                                        .value_len = 32 };
    assay_bytes_copy(s->policy.references[0].value, 32, right_build, 32);
}

static void encode_policy(struct world_soft *s)
{
    struct assay_writer w = assay_writer_over(s->policy_bytes, sizeof s->policy_bytes);
    assert_ok(assay_policy_check(&s->policy));
    assay_policy_encode(&s->policy, &w);
    ASSAY_ASSERT(!w.full);
    s->policy_len = w.len;
}

/* --- nodes */

static void make_node(struct assay_sim_world *w, uint32_t node)
{
    struct world_soft *s = w->soft;
    for (int c = 0; c < CREDENTIALS; c++) {
        struct assay_soft_platform platform;
        char name[ASSAY_SOFT_NAME_MAX];
        const uint32_t number = c == CREDENTIAL_ELSEWHERE ? node : world_platform(w, node);
        (void)snprintf(name, sizeof name, "node-%u-%d", node, c);
        assay_soft_platform_default(&platform);
        platform.ppid[0] = c == CREDENTIAL_ELSEWHERE ? 2 : 1;
        platform.ppid[14] = (uint8_t)(number >> 8);
        platform.ppid[15] = (uint8_t)number;
        for (size_t i = 0; c == CREDENTIAL_OLD && i < sizeof platform.components; i++)
            platform.components[i] = 0; /* below every level of the collateral */
        struct assay_soft_ca ca = s->cas[world_vendor(w, node)];
        if (c == CREDENTIAL_ENDED) ca.not_after_s = VALID_FROM_S + 1;
        assert_ok(assay_soft_node_create(&ca, name, &platform, &s->nodes[node][c]));
        assay_soft_ca_wipe(&ca);
    }
}

void world_soft_open(struct assay_sim_world *w)
{
    struct assay_secret32 seed;
    struct world_soft *s = calloc(1, sizeof *s);
    struct assay_soft_bundle *bundles = calloc(ASSAY_SIM_VENDORS_MAX, sizeof *bundles);
    struct assay_endorsement_files *files = calloc(ASSAY_SIM_VENDORS_MAX, sizeof *files);
    ASSAY_ASSERT(s != NULL && bundles != NULL && files != NULL);
    ASSAY_ASSERT(w->options.nodes <= ASSAY_SIM_SOFT_NODES_MAX);
    w->soft = s;
    for (uint32_t i = 0; i < w->options.nodes; i++)
        if (world_vendor(w, i) >= s->vendor_count) s->vendor_count = world_vendor(w, i) + 1;
    ASSAY_ASSERT(s->vendor_count > 0);
    s->collateral = calloc(s->vendor_count, sizeof *s->collateral);
    const size_t len = assay_verifier_size(VERIFIER_ENTRIES);
    s->verifier_memory = aligned_alloc(64, (len + 63) & ~(size_t)63);
    ASSAY_ASSERT(s->collateral != NULL && s->verifier_memory != NULL);
    assert_ok(assay_verifier_init(s->verifier_memory, len, VERIFIER_ENTRIES, &s->verifier));
    world_key(w, 0, KEY_SOFT, 0, &seed);
    assay_model_random_begin(seed.bytes);
    make_policy(s);
    make_vendors(s, bundles, files);
    encode_policy(s);
    for (uint32_t i = 0; i < w->options.nodes; i++)
        make_node(w, i);
    assay_model_random_end();
    free(bundles);
    free(files);
}

void world_soft_close(struct assay_sim_world *w)
{
    struct world_soft *s = w->soft;
    if (s == NULL) return;
    for (uint32_t i = 0; i < w->options.nodes; i++)
        for (int c = 0; c < CREDENTIALS; c++)
            assay_soft_node_deinit(&s->nodes[i][c]);
    for (uint32_t i = 0; i < s->vendor_count; i++)
        assay_soft_ca_wipe(&s->cas[i]);
    assay_verifier_deinit(&s->verifier);
    free(s->verifier_memory);
    free(s->collateral);
    free(s);
    w->soft = NULL;
}

/* --- the genesis */

void world_soft_genesis(const struct assay_sim_world *w, struct assay_genesis *genesis)
{
    genesis->policy = assay_slice_over(w->soft->policy_bytes, w->soft->policy_len);
    genesis->endorsements =
        assay_slice_over(w->soft->endorsements_bytes, w->soft->endorsements_len);
}

static struct world_payload *quote_of(struct assay_sim_world *w, uint32_t node, enum credential c,
                                      const uint8_t *build, const uint8_t report_data[static 64])
{
    struct assay_soft_request request = { .isvsvn = 1 };
    uint8_t quote[ASSAY_SOFT_QUOTE_MAX];
    size_t len = 0;
    assay_bytes_copy(request.mrenclave, 32, build, 32);
    assay_bytes_copy(request.report_data, 64, report_data, 64);
    assert_ok(assay_soft_quote(&w->soft->nodes[node][c], &request, quote, sizeof quote, &len));
    return world_payload(w, quote, len);
}

/* Pins what an operator reads from a sample of the platform. */
void world_soft_member(struct assay_sim_world *w, uint32_t node,
                       struct assay_genesis_member *member)
{
    static const uint8_t nothing[64] = { 0 };
    struct assay_verdict *verdict = calloc(1, sizeof *verdict);
    ASSAY_ASSERT(verdict != NULL);
    struct world_payload *sample = quote_of(w, node, CREDENTIAL_OWN, right_build, nothing);
    world_soft_appraise(w, assay_slice_over(sample->bytes, sample->len), ASSAY_KIND_SOFT,
                        VALID_FROM_S + 1, verdict);
    ASSAY_ASSERT(verdict->genuine == ASSAY_GENUINE_TRUE && verdict->has_platform);
    assay_bytes_copy(member->vendor_root, 32, verdict->vendor_root, 32);
    assay_bytes_copy(member->platform_id, 32, verdict->platform_id, 32);
    world_payload_drop(w, sample);
    free(verdict);
}

/* --- quotes and verdicts */

struct world_payload *world_soft_quote(struct assay_sim_world *w, uint32_t node,
                                       const struct assay_effect *effect,
                                       enum assay_sim_evidence wanted)
{
    const uint8_t *data = effect->as.quote.report_data;
    switch (wanted) {
    case ASSAY_SIM_EVIDENCE_HARD: return quote_of(w, node, CREDENTIAL_OWN, wrong_build, data);
    case ASSAY_SIM_EVIDENCE_SOFTLY: return quote_of(w, node, CREDENTIAL_OLD, right_build, data);
    case ASSAY_SIM_EVIDENCE_ELSEWHERE:
        return quote_of(w, node, CREDENTIAL_ELSEWHERE, right_build, data);
    case ASSAY_SIM_EVIDENCE_UNJUDGED: return quote_of(w, node, CREDENTIAL_ENDED, right_build, data);
    case ASSAY_SIM_EVIDENCE_GOOD:
    case ASSAY_SIM_EVIDENCE_FORGED: /* its attestation key signs any content */
    case ASSAY_SIM_EVIDENCE_HALF:
    case ASSAY_SIM_EVIDENCE_HELD:
    case ASSAY_SIM_EVIDENCE_FIRST: /* the first one is valid */
    case ASSAY_SIM_EVIDENCE_NONE: return quote_of(w, node, CREDENTIAL_OWN, right_build, data);
    }
    ASSAY_UNREACHABLE("evidence outside its enum");
}

void world_soft_appraise(const struct assay_sim_world *w, struct assay_slice bytes,
                         enum assay_evidence_kind kind, int64_t at_unix_s,
                         struct assay_verdict *verdict)
{
    const struct assay_evidence_request request = { .kind = kind,
                                                    .bytes = bytes.bytes,
                                                    .len = bytes.len,
                                                    .at_unix_s = at_unix_s,
                                                    .endorsements = &w->soft->endorsements,
                                                    .policy = &w->soft->policy };
    const enum assay_status status = assay_evidence_verify(w->soft->verifier, &request, verdict);
    ASSAY_ASSERT(assay_status_class(status) != ASSAY_CLASS_HOST);
}
