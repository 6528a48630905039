/*
 * sim/world/genesis.c - keys of a run and its final block 0, functions of the seed.
 */
#include "base/writer.h"
#include "sim/world/world_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void draw_key(const struct assay_sim_world *w, uint32_t set, unsigned purpose, uint64_t turn,
                     struct assay_secret32 *key)
{
    uint8_t seed[32] = { 0 };
    struct assay_writer out = assay_writer_over(seed, sizeof seed);
    assay_writer_u64le(&out, w->options.seed);
    assay_writer_u32le(&out, set);
    assay_writer_u32le(&out, purpose);
    assay_writer_u64le(&out, turn);
    assay_sha256(seed, sizeof seed, key->bytes);
    key->bytes[0] &= 0x7f; /* below the group's order */
    key->bytes[31] |= 1;
    if (!w->options.real_signatures) assay_model_mark(key);
}

void world_set_key(const struct assay_sim_world *w, uint32_t set, unsigned purpose,
                   struct assay_secret32 *key)
{
    draw_key(w, set, purpose, 0, key);
}

void world_key(const struct assay_sim_world *w, uint32_t node, unsigned purpose, uint64_t turn,
               struct assay_secret32 *key)
{
    draw_key(w, w->deal[node], purpose, turn, key);
}

void world_fill_id(uint8_t id[static 32], char letter, uint32_t number)
{
    assay_bytes_zero(id, 32);
    id[0] = (uint8_t)letter;
    id[31] = (uint8_t)number;
    id[30] = (uint8_t)(number >> 8);
}

static void public_key(const struct assay_sim_world *w, uint32_t set, unsigned purpose,
                       uint8_t out[static 64])
{
    struct assay_secret32 key;
    draw_key(w, set, purpose, 0, &key);
    const enum assay_status status = assay_p256_public(&key, out);
    ASSAY_ASSERT(status == ASSAY_OK);
}

/* Node i of the world is roster slot i, and slots are in the order of the node ids: key sets are
 * assigned in that order. */
static void assign_key_sets(struct assay_sim_world *w)
{
    uint8_t ids[WORLD_NODES][32];
    const uint32_t members = w->options.nodes - w->options.spares;
    for (uint32_t i = 0; i < members; i++) {
        uint8_t public[64];
        public_key(w, i, KEY_IDENTITY, public);
        assay_sha256(public, sizeof public, ids[i]);
    }
    for (uint32_t i = 0; i < members; i++) {
        uint32_t k = i;
        for (; k > 0 && assay_bytes_compare(ids[w->deal[k - 1]], ids[i], 32) > 0; k--)
            w->deal[k] = w->deal[k - 1];
        w->deal[k] = i;
    }
}

static const char *const names[] = {
    "ada",    "bela",  "cyril", "dora", "emil", "flora",  "gustav", "hanna",
    "igor",   "julia", "karl",  "lena", "max",  "nora",   "otto",   "paula",
    "quirin", "rosa",  "sven",  "tina", "ulla", "viktor", "wanda",  "xaver",
};
enum { NAMES = sizeof names / sizeof names[0], NAME_LEN = WORLD_NAME_LEN };

void world_card(struct assay_sim_world *w, uint32_t slot, uint32_t set,
                struct assay_genesis_member *m, char name[static WORLD_NAME_LEN])
{
    struct assay_secret32 key;
    const uint32_t platform = world_platform(w, slot);
    *m = (struct assay_genesis_member){ .evidence_kind = ASSAY_KIND_SOFT };
    public_key(w, set, KEY_IDENTITY, m->identity_public);
    public_key(w, set, KEY_VOTING, m->voting_public);
    draw_key(w, set, KEY_TRANSPORT, 0, &key);
    assay_bytes_copy(m->transport_public, 32, key.bytes, 32);
    draw_key(w, set, KEY_BOOTSTRAP, 0, &key);
    assay_bytes_copy(m->bootstrap_public, 32, key.bytes, 32);
    assay_bytes_copy(m->operator_id, 32, w->genesis->operators[world_operator(w, slot)].operator_id,
                     32);
    world_fill_id(m->vendor_root, 'v', world_vendor(w, slot));
    if (platform != UINT32_MAX) world_fill_id(m->platform_id, 'p', platform);
    if (w->soft != NULL) world_soft_member(w, slot, m);
    if (slot < NAMES) (void)snprintf(name, NAME_LEN, "%s", names[slot]);
    else (void)snprintf(name, NAME_LEN, "node-%u", slot);
    m->name = assay_slice_over(name, strlen(name));
}

void world_operator_of_set(const struct assay_sim_world *w, uint32_t set,
                           uint8_t public[static ASSAY_P256_PUBLIC_LEN], uint8_t id[static 32])
{
    public_key(w, set, KEY_OPERATOR, public);
    assay_sha256(public, ASSAY_P256_PUBLIC_LEN, id);
}

uint32_t world_set_of_new_key(const struct assay_sim_world *w, uint32_t row)
{
    ASSAY_ASSERT(row < ASSAY_SIM_CHANGES_MAX);
    return w->genesis->operator_count + ASSAY_SIM_CHANGES_MAX + row;
}

uint32_t world_set_of_operator(const struct assay_sim_world *w, const uint8_t id[static 32])
{
    const uint32_t last = world_set_of_new_key(w, ASSAY_SIM_CHANGES_MAX - 1);
    for (uint32_t set = 0; set <= last; set++) {
        uint8_t public[ASSAY_P256_PUBLIC_LEN], own[32];
        world_operator_of_set(w, set, public, own);
        if (assay_bytes_equal(own, id, 32)) return set;
    }
    ASSAY_UNREACHABLE("every operator has a key set");
}

static void sign_file(struct assay_sim_world *w, struct assay_slice body)
{
    const uint32_t operators = w->genesis->operator_count;
    uint8_t chain_id[32];
    uint8_t digest[32];
    uint8_t(*signatures)[ASSAY_P256_SIGNATURE_LEN] = calloc(operators, sizeof *signatures);
    uint32_t signers[ASSAY_OPERATORS_MAX];
    ASSAY_ASSERT(signatures != NULL);
    assay_sha256(body.bytes, body.len, chain_id);
    assay_genesis_signing_digest(chain_id, digest);
    for (uint32_t i = 0; i < operators; i++) {
        struct assay_secret32 key;
        struct assay_p256_signer *signer = NULL;
        signers[i] = i;
        draw_key(w, world_set_of_operator(w, w->genesis->operators[i].operator_id), KEY_OPERATOR, 0,
                 &key);
        enum assay_status status = assay_p256_signer_load(&key, &signer);
        ASSAY_ASSERT(status == ASSAY_OK);
        status = assay_p256_sign(signer, digest, signatures[i]);
        ASSAY_ASSERT(status == ASSAY_OK);
        assay_p256_signer_free(&signer);
    }
    w->genesis_bytes = malloc(ASSAY_GENESIS_LEN_MAX);
    ASSAY_ASSERT(w->genesis_bytes != NULL);
    struct assay_writer out = assay_writer_over(w->genesis_bytes, ASSAY_GENESIS_LEN_MAX);
    enum assay_status status =
        assay_genesis_encode_file(body, signers, (const uint8_t(*)[64])signatures, operators, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    free(signatures);
    struct assay_where where;
    status = assay_genesis_decode(out.bytes, out.len, false, w->genesis, &where);
    if (status != ASSAY_OK)
        (void)fprintf(stderr, "genesis: %s at %s\n", assay_status_symbol(status), where.field);
    ASSAY_ASSERT(status == ASSAY_OK);
}

static void add_operators(struct assay_sim_world *w, struct assay_genesis *g)
{
    g->operator_count = world_operators(w);
    g->threshold = g->operator_count / 2 + 1;
    for (uint32_t i = 0; i < g->operator_count; i++) {
        public_key(w, i, KEY_OPERATOR, g->operators[i].public_key);
        g->operators[i].name = assay_slice_over("operator", 8);
    }
    g->member_count = 0;
    assay_genesis_sort(g); /* sorts operators, whose ids the members need */
}

void world_genesis_make(struct assay_sim_world *w)
{
    static const uint8_t policy[] = "model policy";
    static const uint8_t endorsements[] = "model endorsements";
    char texts[WORLD_NODES][NAME_LEN];
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
    g->parameters.level = w->options.level;
    world_run_genesis(w, &g->parameters);
    g->policy = assay_slice_over(policy, sizeof policy);
    g->endorsements = assay_slice_over(endorsements, sizeof endorsements);
    if (w->soft != NULL) world_soft_genesis(w, g);
    g->services = w->options.plan;
    add_operators(w, g);
    g->member_count = w->options.nodes - w->options.spares;
    assign_key_sets(w);
    for (uint32_t i = 0; i < g->member_count; i++)
        world_card(w, i, w->deal[i], &g->members[i], texts[i]);
    assay_genesis_sort(g);
    struct assay_writer out = assay_writer_over(body, ASSAY_GENESIS_LEN_MAX);
    const enum assay_status status = assay_genesis_encode_body(g, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    sign_file(w, assay_slice_over(out.bytes, out.len));
    free(body);
}
