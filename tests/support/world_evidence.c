/*
 * tests/support/world_evidence.c - genesis, keys and model evidence.
 *
 * Evidence: "MODEL", the node it comes from, a flag for each fault, 64 bytes of report data, and a
 * counter that makes each quote another one. The verdict is a function of these bytes.
 */
#include "tests/support/world_internal.h"

#include "base/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AT_NODE = 5, AT_FLAGS = 6, AT_DATA = 8, AT_COUNTER = 72 };
enum { FLAG_TAMPERED = 1, FLAG_OLD = 2, FLAG_FOREIGN = 4, FLAG_UNREADABLE = 8 };

void world_key(const struct world *w, uint32_t node, unsigned purpose, uint64_t turn,
               struct assay_secret32 *key)
{
    uint8_t seed[32] = { 0 };
    struct assay_writer out = assay_writer_over(seed, sizeof seed);
    assay_writer_u64le(&out, w->options.seed);
    assay_writer_u32le(&out, w->deal[node]);
    assay_writer_u32le(&out, purpose);
    assay_writer_u64le(&out, turn);
    assay_sha256(seed, sizeof seed, key->bytes);
    key->bytes[0] &= 0x7f; /* below the group's order */
    key->bytes[31] |= 1;
}

static void fill32(uint8_t *id, char letter, uint32_t number)
{
    memset(id, 0, 32);
    id[0] = (uint8_t)letter;
    id[31] = (uint8_t)number;
    id[30] = (uint8_t)(number >> 8);
}

static void public_key(const struct world *w, uint32_t node, unsigned purpose,
                       uint8_t out[static 64])
{
    struct assay_secret32 key;
    world_key(w, node, purpose, 0, &key);
    const enum assay_status status = assay_p256_public(&key, out);
    ASSAY_ASSERT(status == ASSAY_OK);
}

/* Node i of the world is roster slot i, and slots are in the order of the node ids: the key sets
 * are dealt out so that they come out in that order. */
static void deal(struct world *w)
{
    uint8_t ids[WORLD_NODES_MAX][32];
    for (uint32_t i = 0; i < w->options.nodes; i++) {
        uint8_t public[64];
        public_key(w, i, 0, public);
        assay_sha256(public, sizeof public, ids[i]);
    }
    uint32_t order[WORLD_NODES_MAX];
    for (uint32_t i = 0; i < w->options.nodes; i++) {
        uint32_t k = i;
        for (; k > 0 && assay_bytes_compare(ids[order[k - 1]], ids[i], 32) > 0; k--)
            order[k] = order[k - 1];
        order[k] = i;
    }
    assay_bytes_copy(w->deal, sizeof order, order, sizeof order);
}

static const char *const names[WORLD_NODES_MAX] = {
    "ada",    "bela",  "cyril", "dora", "emil", "flora",  "gustav", "hanna",
    "igor",   "julia", "karl",  "lena", "max",  "nora",   "otto",   "paula",
    "quirin", "rosa",  "sven",  "tina", "ulla", "viktor", "wanda",  "xaver",
};

static void member(struct world *w, uint32_t slot, struct assay_genesis_member *m)
{
    struct assay_secret32 key;
    *m = (struct assay_genesis_member){ .evidence_kind = ASSAY_KIND_SOFT };
    public_key(w, slot, 0, m->identity_public);
    public_key(w, slot, 1, m->voting_public);
    world_key(w, slot, 2, 0, &key);
    assay_bytes_copy(m->transport_public, 32, key.bytes, 32);
    world_key(w, slot, 3, 0, &key);
    assay_bytes_copy(m->door_public, 32, key.bytes, 32);
    assay_bytes_copy(m->operator_id, 32, w->genesis->operators[slot].operator_id, 32);
    fill32(m->vendor_root, 'v', slot % w->options.vendors);
    fill32(m->platform_id, 'p', slot);
    m->name = assay_slice_over(names[slot], strlen(names[slot]));
}

static void sign_file(struct world *w, struct assay_slice body)
{
    uint8_t chain_id[32];
    uint8_t digest[32];
    uint8_t signatures[WORLD_NODES_MAX][ASSAY_P256_SIGNATURE_LEN];
    uint32_t signers[WORLD_NODES_MAX];
    assay_sha256(body.bytes, body.len, chain_id);
    assay_genesis_signing_digest(chain_id, digest);
    for (uint32_t i = 0; i < w->options.nodes; i++) {
        signers[i] = i;
        for (uint32_t seed = 0; seed < w->options.nodes; seed++) {
            struct assay_secret32 key;
            struct assay_p256_signer *signer = NULL;
            uint8_t public[64];
            world_key(w, seed, 4, 0, &key);
            enum assay_status status = assay_p256_public(&key, public);
            ASSAY_ASSERT(status == ASSAY_OK);
            if (!assay_bytes_equal(public, w->genesis->operators[i].public_key, 64)) continue;
            status = assay_p256_signer_load(&key, &signer);
            ASSAY_ASSERT(status == ASSAY_OK);
            status = assay_p256_sign(signer, digest, signatures[i]);
            ASSAY_ASSERT(status == ASSAY_OK);
            assay_p256_signer_free(&signer);
        }
    }
    w->genesis_bytes = malloc(ASSAY_GENESIS_LEN_MAX);
    ASSAY_ASSERT(w->genesis_bytes != NULL);
    struct assay_writer out = assay_writer_over(w->genesis_bytes, ASSAY_GENESIS_LEN_MAX);
    enum assay_status status = assay_genesis_encode_file(
        body, signers, (const uint8_t(*)[64])signatures, w->options.nodes, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    struct assay_where where;
    status = assay_genesis_decode(out.bytes, out.len, false, w->genesis, &where);
    if (status != ASSAY_OK)
        (void)fprintf(stderr, "genesis: %s at %s\n", assay_status_symbol(status), where.field);
    ASSAY_ASSERT(status == ASSAY_OK);
}

void world_genesis_make(struct world *w)
{
    static const uint8_t policy[] = "model policy";
    static const uint8_t endorsements[] = "model endorsements";
    struct assay_genesis *g = calloc(1, sizeof *g);
    uint8_t *body = malloc(ASSAY_GENESIS_LEN_MAX);
    ASSAY_ASSERT(g != NULL && body != NULL);
    w->genesis = g;
    g->time_ms = 1700000000000ULL;
    g->parameters = (struct assay_genesis_parameters){ .epoch_ms = w->options.epoch_ms,
                                                       .operator_cap_num = 20,
                                                       .operator_cap_den = 100,
                                                       .vendor_cap_num = 33,
                                                       .vendor_cap_den = 100,
                                                       .block_len_max = 192 * 1024 };
    g->policy = assay_slice_over(policy, sizeof policy);
    g->endorsements = assay_slice_over(endorsements, sizeof endorsements);
    g->threshold = w->options.nodes / 2 + 1;
    g->operator_count = g->member_count = w->options.nodes;
    for (uint32_t i = 0; i < g->operator_count; i++) {
        public_key(w, i, 4, g->operators[i].public_key);
        g->operators[i].name = assay_slice_over("operator", 8);
    }
    g->member_count = 0;
    assay_genesis_sort(g); /* the operators, whose ids the members need */
    g->member_count = w->options.nodes;
    deal(w);
    for (uint32_t i = 0; i < g->member_count; i++)
        member(w, i, &g->members[i]);
    assay_genesis_sort(g);
    struct assay_writer out = assay_writer_over(body, ASSAY_GENESIS_LEN_MAX);
    const enum assay_status status = assay_genesis_encode_body(g, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    sign_file(w, assay_slice_over(out.bytes, out.len));
    free(body);
}

/* --- quotes and verdicts */

void world_quote(struct world *w, uint32_t node, const uint8_t report_data[64], uint8_t *bytes)
{
    struct world_node *n = &w->nodes[node];
    memset(bytes, 0, EVIDENCE_LEN);
    assay_bytes_copy(bytes, 5, "MODEL", 5);
    bytes[AT_NODE] = (uint8_t)node;
    bytes[AT_FLAGS] =
        (uint8_t)((n->acts.tampered ? FLAG_TAMPERED : 0) | (n->acts.out_of_date ? FLAG_OLD : 0) |
                  (n->acts.foreign_platform ? FLAG_FOREIGN : 0) |
                  (n->acts.unreadable ? FLAG_UNREADABLE : 0));
    assay_bytes_copy(bytes + AT_DATA, 64, report_data, 64);
    struct assay_writer out = assay_writer_over(bytes + AT_COUNTER, 8);
    assay_writer_u64le(&out, world_random(w));
    if (n->acts.replays && n->has_first_quote) {
        assay_bytes_copy(bytes, EVIDENCE_LEN, n->first_quote, EVIDENCE_LEN);
        return;
    }
    if (n->has_first_quote) return;
    assay_bytes_copy(n->first_quote, EVIDENCE_LEN, bytes, EVIDENCE_LEN);
    n->has_first_quote = true;
}

void world_verify(const struct world *w, struct assay_slice bytes, enum assay_evidence_kind kind,
                  int64_t at_unix_s, struct assay_verdict *verdict)
{
    assay_verdict_init(verdict, kind, at_unix_s);
    if (bytes.len != EVIDENCE_LEN || !assay_bytes_equal(bytes.bytes, "MODEL", 5) ||
        bytes.bytes[AT_NODE] >= w->options.nodes) {
        assay_verdict_add(verdict, ASSAY_RULE_FORMAT, 0, NULL, NULL);
        assay_verdict_conclude(verdict);
        return;
    }
    const uint32_t node = bytes.bytes[AT_NODE];
    const uint8_t flags = bytes.bytes[AT_FLAGS];
    if ((flags & FLAG_UNREADABLE) != 0 || kind != ASSAY_KIND_SOFT) { /* as quote/verify.c says */
        assay_verdict_add(verdict, ASSAY_RULE_UNSUPPORTED, 0, NULL, NULL);
        assay_verdict_conclude(verdict);
        return;
    }
    verdict->has_claims = true;
    assay_bytes_copy(verdict->report_data, 64, bytes.bytes + AT_DATA, 64);
    verdict->has_platform = true;
    fill32(verdict->vendor_root, 'v', node % w->options.vendors);
    fill32(verdict->platform_id, 'p', (flags & FLAG_FOREIGN) != 0 ? node + 100 : node);
    verdict->tcb_status = ASSAY_TCB_UP_TO_DATE;
    verdict->appraised = true;
    if ((flags & FLAG_TAMPERED) != 0)
        assay_verdict_add(verdict, ASSAY_RULE_MEASUREMENT_UNKNOWN, 0, "the right build",
                          "a tampered build");
    if ((flags & FLAG_OLD) != 0) assay_verdict_add(verdict, ASSAY_RULE_SVN_MINIMUM, 0, "7", "6");
    assay_verdict_conclude(verdict);
}

void world_evidence_keep(struct world *w, uint32_t node, const uint8_t *bytes, size_t len)
{
    struct world_node *n = &w->nodes[node];
    uint8_t digest[32];
    if (len != EVIDENCE_LEN) return;
    assay_sha256(bytes, len, digest);
    if (world_evidence_find(w, node, digest) != NULL) return;
    struct evidence *e = &n->evidence[n->evidence_count++ % EVIDENCE_KEPT];
    assay_bytes_copy(e->bytes, EVIDENCE_LEN, bytes, EVIDENCE_LEN);
    assay_bytes_copy(e->digest, 32, digest, 32);
}

const struct evidence *world_evidence_find(const struct world *w, uint32_t node,
                                           const uint8_t digest[32])
{
    const struct world_node *n = &w->nodes[node];
    const size_t held = n->evidence_count < EVIDENCE_KEPT ? n->evidence_count : EVIDENCE_KEPT;
    for (size_t i = 0; i < held && i < 256; i++) { /* newest first */
        const struct evidence *e = &n->evidence[(n->evidence_count - 1 - i) % EVIDENCE_KEPT];
        if (assay_bytes_equal(e->digest, digest, 32)) return e;
    }
    return NULL;
}
