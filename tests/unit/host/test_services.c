/*
 * tests/unit/host/test_services.c - the registry of every service, folded by whole networks
 * (docs/services.md 7, docs/protocol.md 12).
 */
#include "host/row.h"
#include "host/services.h"

#include "base/crypto.h"
#include "engine/audit/audit.h"
#include "engine/evidence/prove.h"
#include "engine/parts/engine_internal.h"
#include "sim/world/world_internal.h"
#include "tests/support/services/identity_plan.h"
#include "tests/unit/engine/decide.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { NODES = 5, EPOCH_MS = 400 };

struct network {
    struct assay_host_services *services, *more; /* more: of a plan that a change brought */
    struct assay_genesis *named;                 /* of the plan alone */
    uint8_t longer[ASSAY_PLAN_LEN_MAX];
    struct assay_slice longer_plan;
    uint8_t plan[ASSAY_PLAN_LEN_MAX];
    struct assay_sim_world *world;
    struct assay_p256_signer *account;
    uint8_t account_public[ASSAY_P256_PUBLIC_LEN], account_id[32];
};

static void key_of(uint8_t seed, struct assay_p256_signer **signer, uint8_t public[static 64])
{
    struct assay_secret32 secret = { 0 };
    secret.bytes[31] = seed;
    cr_assert_eq(assay_p256_signer_load(&secret, signer), ASSAY_OK);
    cr_assert_eq(assay_p256_public(&secret, public), ASSAY_OK);
}

static const struct assay_services *services_of(void *context, struct assay_slice plan)
{
    struct network *n = context;
    cr_assert(assay_slice_equal(plan, n->longer_plan));
    return &n->more->ledger;
}

/* The same with a group in the middle of the documents, and shares; where there is a group key,
 * with other terms of it alone. */
static void lengthen(struct network *n)
{
    static struct assay_registry_plan added, sum;
    const struct assay_registry_plan *now = &n->services->plan;
    const char *why = "";
    added = (struct assay_registry_plan){
        .group_count = 1,
        .has_shares = true,
        .shares = { .clusters = 1, .slots = 3, .k = 2, .confirmations = 2, .ids_max = 16 },
    };
    added.group[0].name[0] = 'h';
    added.group[0].size = 3;
    added.group[0].instances_max = 8;
    if (now->has_identity) {
        added = (struct assay_registry_plan){ .has_identity = true, .identity = now->identity };
        added.identity.refresh = 100;
        added.identity.validity_s = 600;
    }
    cr_assert_eq(assay_registry_plan_add(now, &added, &sum, &why), ASSAY_OK);
    struct assay_writer w = assay_writer_over(n->longer, sizeof n->longer);
    cr_assert_eq(assay_registry_plan_encode(&sum, &w), ASSAY_OK);
    n->longer_plan = assay_slice_over(n->longer, w.len);
    n->more = calloc(1, sizeof *n->more);
    cr_assert_not_null(n->more);
    cr_assert_eq(assay_host_services_open(n->more, n->named->chain_id, n->longer_plan,
                                          ASSAY_LEVEL_GROUP_KEY),
                 ASSAY_OK);
}

/* What accounts sign is of chain 0 here: the plan is read before there is a genesis around it. */
static struct network *start_with(bool group_key)
{
    const uint32_t level = group_key ? ASSAY_LEVEL_GROUP_KEY : ASSAY_LEVEL_SERVICES;
    struct network *n = calloc(1, sizeof *n);
    n->services = calloc(1, sizeof *n->services);
    n->named = calloc(1, sizeof *n->named);
    cr_assert(n != NULL && n->services != NULL && n->named != NULL);
    key_of(9, &n->account, n->account_public);
    assay_sha256(n->account_public, 64, n->account_id);
    struct assay_registry_plan *plan = calloc(1, sizeof *plan);
    plan->group_count = 1;
    plan->group[0].name[0] = 'g';
    plan->group[0].size = 3;
    plan->group[0].instances_max = 16;
    plan->has_tasks = true;
    plan->tasks.accounts_max = 16;
    plan->tasks.tasks_max = 16;
    plan->tasks.balance_count = 1;
    assay_bytes_copy(plan->tasks.balance[0].account, 32, n->account_id, 32);
    plan->tasks.balance[0].amount = 1000;
    if (group_key) identity_plan_set(plan, 64);
    struct assay_writer w = assay_writer_over(n->plan, sizeof n->plan);
    cr_assert_eq(assay_registry_plan_encode(plan, &w), ASSAY_OK);
    free(plan);
    n->named->services = assay_slice_over(n->plan, w.len);
    cr_assert_eq(
        assay_host_services_open(n->services, n->named->chain_id, n->named->services, level),
        ASSAY_OK);
    lengthen(n);
    const struct assay_sim_world_options o = { .seed = 5,
                                               .nodes = NODES,
                                               .epoch_ms = EPOCH_MS,
                                               .check_each_step = true,
                                               .real_signatures = true,
                                               .services = &n->services->ledger,
                                               .plan = n->named->services,
                                               .level = level,
                                               .plan_follow = assay_host_services_follow,
                                               .services_of = services_of,
                                               .services_context = n };
    n->world = assay_sim_world_create(&o);
    return n;
}

static struct network *start(void)
{
    return start_with(false);
}

static void stop(struct network *n)
{
    assay_sim_world_destroy(&n->world);
    assay_p256_signer_free(&n->account);
    free(n->services);
    free(n->more);
    free(n->named);
    free(n);
}

static const struct assay_registry *registry_of(struct network *n, uint32_t node)
{
    struct assay_services_snapshot s;
    assay_engine_services(assay_sim_world_engine(n->world, node), &s);
    cr_assert_not_null(s.registry);
    assay_registry_check(s.registry);
    return s.registry;
}

static void run(struct network *n, uint64_t epochs)
{
    const uint64_t goal = assay_sim_world_epoch(n->world, 1) + epochs;
    cr_assert(assay_sim_world_run_to_epoch(n->world, goal, 40 * EPOCH_MS * epochs), "%s",
              assay_sim_world_violation(n->world));
}

static void list_replica(struct network *n, uint32_t node)
{
    struct assay_cont_replica_record r = { .group = 0 };
    struct assay_cont_home home = { .group = 0 };
    struct assay_member_snapshot self;
    struct assay_p256_signer *signer = NULL;
    uint8_t digest[32], bytes[ASSAY_CONT_RECORD_MAX];
    struct assay_slice out;
    key_of((uint8_t)(20 + node), &signer, r.key);
    const struct assay_secret32 seed = { .bytes = { (uint8_t)(1 + node) } };
    assay_cont_link_name(&seed, &r.link, &r.contact);
    assay_bytes_copy(r.contact.address, 64, (const uint8_t *)"127.0.0.1:1", 11);
    r.contact.address_len = 11;
    assay_bytes_copy(home.chain_id, 32, n->named->chain_id, 32);
    assay_engine_member_snapshot(assay_sim_world_engine(n->world, node), (uint16_t)node, &self);
    assay_cont_replica_statement(&home, self.node_id, &r, digest);
    assay_sodium_link_sign(&seed, digest, r.link.signature);
    cr_assert_eq(assay_p256_sign(signer, digest, r.signature), ASSAY_OK);
    assay_p256_signer_free(&signer);
    cr_assert_eq(assay_cont_replica_record_encode(&r, bytes, sizeof bytes, &out), ASSAY_OK);
    cr_assert_eq(assay_sim_world_serve(n->world, node, ASSAY_SERVICE_REPLICA, out.bytes, out.len),
                 ASSAY_OK);
}

static struct assay_slice transfer(struct network *n, uint64_t sequence, uint64_t amount,
                                   uint8_t bytes[static ASSAY_TASK_RECORD_MAX])
{
    struct assay_task_transfer t = { .sequence = sequence, .amount = amount };
    struct assay_slice out;
    uint8_t digest[32];
    assay_bytes_copy(t.key, 64, n->account_public, 64);
    t.to[0] = 7;
    assay_task_transfer_statement(n->services->chain_id, &t, digest);
    cr_assert_eq(assay_p256_sign(n->account, digest, t.signature), ASSAY_OK);
    cr_assert_eq(assay_task_transfer_encode(&t, bytes, ASSAY_TASK_RECORD_MAX, &out), ASSAY_OK);
    return out;
}

static uint64_t balance(struct network *n, uint32_t node)
{
    uint64_t amount = 0, sequence = 0;
    cr_assert(assay_task_ledger_get_balance(assay_registry_tasks(registry_of(n, node)),
                                            n->account_id, &amount, &sequence));
    return amount;
}

/* Every document, by the digests that a quorum has agreed on. */
static void is_named_by_its_state(struct network *n, uint32_t node)
{
    static uint8_t bytes[ASSAY_REGISTRY_DOCUMENT_LEN_MAX];
    const struct assay_service_state *named = &n->world->nodes[node].engine->head->state.services;
    uint8_t digest[32];
    cr_assert_eq(named->count, assay_registry_documents(&n->services->plan));
    for (uint32_t i = 0; i < named->count; i++) {
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        cr_assert_eq(assay_registry_encode(registry_of(n, node), i, &w), ASSAY_OK);
        assay_sha256(bytes, w.len, digest);
        cr_assert_arr_eq(digest, named->documents[i], 32);
    }
}

Test(host_services, a_network_decides_views_and_moves_money, .timeout = 600)
{
    struct network *n = start();
    uint8_t bytes[ASSAY_TASK_RECORD_MAX];
    run(n, 1);
    for (uint32_t i = 0; i < 4; i++)
        list_replica(n, i);
    const struct assay_slice t = transfer(n, 0, 300, bytes);
    cr_assert_eq(assay_sim_world_serve(n->world, 2, ASSAY_SERVICE_TRANSFER, t.bytes, t.len),
                 ASSAY_OK);
    cr_assert_eq(assay_sim_world_serve(n->world, 3, ASSAY_SERVICE_TRANSFER, t.bytes, t.len),
                 ASSAY_OK, "through another member as well: it counts once");
    run(n, 2);
    for (uint32_t i = 0; i < NODES; i++) {
        const struct assay_cont_group *g = assay_registry_group(registry_of(n, i), 0);
        cr_assert_eq(g->phase, ASSAY_CONT_SERVING);
        cr_assert_eq(balance(n, i), 700);
    }
    /* Who takes its place there comes from the ledger's own scores. */
    const uint32_t gone = assay_registry_group(registry_of(n, 0), 0)->now.slot[0];
    assay_sim_world_acts(n->world, gone)->tampered = true;
    for (unsigned i = 0; i < 20; i++) {
        const struct assay_cont_group *g =
            assay_registry_group(registry_of(n, (gone + 1) % NODES), 0);
        if (g->phase == ASSAY_CONT_CHANGING) break;
        cr_assert(assay_sim_world_run(n->world, EPOCH_MS), "%s",
                  assay_sim_world_violation(n->world));
    }
    const struct assay_cont_group *g = assay_registry_group(registry_of(n, (gone + 1) % NODES), 0);
    cr_assert_eq(g->phase, ASSAY_CONT_CHANGING, "a suspended member loses its seat");
    for (uint32_t i = 0; i < 3; i++)
        cr_assert_neq(g->next.slot[i], gone);
    stop(n);
}

Test(host_services, a_payload_that_is_signed_wrongly_stands_nowhere, .timeout = 600)
{
    struct network *n = start();
    uint8_t bytes[ASSAY_TASK_RECORD_MAX];
    run(n, 1);
    const struct assay_slice t = transfer(n, 0, 300, bytes);
    bytes[t.len - 1] ^= 1;
    cr_assert_eq(assay_sim_world_serve(n->world, 2, ASSAY_SERVICE_TRANSFER, t.bytes, t.len),
                 ASSAY_E_SIGNATURE);
    cr_assert_eq(assay_sim_world_serve(n->world, 2, ASSAY_SERVICE_SHARE_PUT, t.bytes, t.len),
                 ASSAY_E_UNSUPPORTED, "the plan has no shares");
    run(n, 2);
    cr_assert_eq(balance(n, 0), 1000);
    stop(n);
}

Test(host_services, who_lost_its_store_has_the_same_registry_again, .timeout = 600)
{
    struct network *n = start();
    uint8_t bytes[ASSAY_TASK_RECORD_MAX];
    run(n, 1);
    for (uint32_t i = 0; i < 4; i++)
        list_replica(n, i);
    const struct assay_slice t = transfer(n, 0, 300, bytes);
    cr_assert_eq(assay_sim_world_serve(n->world, 2, ASSAY_SERVICE_TRANSFER, t.bytes, t.len),
                 ASSAY_OK);
    run(n, 11);
    assay_sim_world_acts(n->world, 0)->loses_store = true;
    assay_sim_world_kill(n->world, 0);
    cr_assert(assay_sim_world_run(n->world, 2 * EPOCH_MS));
    for (uint32_t i = 1; i < NODES; i++) {
        struct assay_store *store = n->world->nodes[i].store;
        cr_assert_eq(assay_store_prune(store, ASSAY_STORE_BLOCK, 0, 12), ASSAY_OK);
        cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    }
    assay_sim_world_restart(n->world, 0);
    run(n, 4);
    cr_assert_eq(assay_sim_world_notes(n->world, 0, ASSAY_NOTE_SERVICES_FETCHED, ASSAY_SLOT_ALL),
                 1);
    cr_assert_eq(balance(n, 0), 700);
    is_named_by_its_state(n, 0);
    cr_assert_neq(assay_registry_group(registry_of(n, 0), 0)->phase, ASSAY_CONT_FORMING);
    run(n, 3);
    is_named_by_its_state(n, 0);
    cr_assert_null(assay_sim_world_violation(n->world));
    stop(n);
}

Test(host_services, a_plan_that_cannot_be_read_opens_nothing)
{
    struct assay_host_services *s = calloc(1, sizeof *s);
    static const uint8_t chain[32];
    cr_assert_neq(assay_host_services_open(s, chain, assay_slice_over("\x80", 1), 0), ASSAY_OK);
    cr_assert_neq(assay_host_services_open(s, chain, (struct assay_slice){ 0 }, 0), ASSAY_OK);
    free(s);
}

/* --- what the registry is passed of members (docs/identity.md 3.1) */

Test(host_services, weight_without_a_slot_or_a_key_counts_beside_the_members_seats)
{
    enum { SLOTS = ASSAY_REGISTRY_SLOTS_MAX + 2 };
    static struct assay_service_member member[SLOTS];
    static struct assay_registry_member out[ASSAY_REGISTRY_SLOTS_MAX];
    for (uint32_t i = 0; i < SLOTS; i++) {
        member[i] = (struct assay_service_member){
            .serves = i != 4, .seat_weight = 10, .row_weight = 10, .incarnation = i + 1
        };
        member[i].keys_active = i == 6;
        member[i].node_id[0] = (uint8_t)(i + 1);
        member[i].keys_root[0] = (uint8_t)(i + 2);
    }
    member[5].seat_weight = 0; /* a row without a key */
    member[5].row_weight = 7;
    cr_assert_eq(assay_host_services_members(member, SLOTS, out), ASSAY_REGISTRY_SLOTS_MAX);
    cr_assert_eq(assay_host_services_other_weight(member, SLOTS), 2 * 10 + 7);
    cr_assert_eq(assay_host_services_other_weight(member, 5), 0);
    for (uint32_t i = 0; i < ASSAY_REGISTRY_SLOTS_MAX; i++) {
        cr_assert_eq(out[i].may_hold, i != 4);
        cr_assert_eq(out[i].keys_active, i == 6);
        cr_assert_eq(out[i].seat_weight, member[i].seat_weight);
        cr_assert_eq(out[i].incarnation, i + 1);
        cr_assert_arr_eq(out[i].node_id, member[i].node_id, 32);
        cr_assert_arr_eq(out[i].keys_root, member[i].keys_root, 32);
    }
}

/* --- the row of an instance, for who was never there (docs/services.md 1.3.5) */

/* An instance asks for its first session. */
static void open_session(struct network *n, uint32_t node, uint8_t number, uint8_t instance[32])
{
    struct assay_cont_session_record r = { .group = 0 };
    const struct assay_cont_group *g = assay_registry_group(registry_of(n, node), 0);
    struct assay_member_snapshot self;
    struct assay_p256_signer *signer = NULL;
    uint8_t digest[32], bytes[ASSAY_CONT_RECORD_MAX];
    struct assay_slice out;
    key_of((uint8_t)(60 + number), &signer, r.instance_key);
    const struct assay_secret32 seed = { .bytes = { 60, number } };
    r.birth = (struct assay_cont_birth){ .era = g->era, .epoch = g->epoch };
    r.expected = assay_cont_number_next(g->era, 0);
    assay_cont_link_name(&seed, &r.link, &r.contact);
    assay_bytes_copy(r.contact.address, 64, (const uint8_t *)"127.0.0.1:2", 11);
    r.contact.address_len = 11;
    assay_engine_member_snapshot(assay_sim_world_engine(n->world, node), (uint16_t)node, &self);
    assay_cont_session_statement(&g->home, self.node_id, &r, digest);
    assay_sodium_link_sign(&seed, digest, r.link.signature);
    cr_assert_eq(assay_p256_sign(signer, digest, r.signature), ASSAY_OK);
    assay_p256_signer_free(&signer);
    cr_assert_eq(assay_cont_session_record_encode(&r, bytes, sizeof bytes, &out), ASSAY_OK);
    cr_assert_eq(assay_sim_world_serve(n->world, node, ASSAY_SERVICE_SESSION, out.bytes, out.len),
                 ASSAY_OK);
    assay_cont_instance(&g->home, &r.birth, r.instance_key, instance);
}

static struct assay_cont_row_tree tree;
static uint8_t head[ASSAY_ROW_HEAD_LEN_MAX], proof[ASSAY_PROOF_LEN_MAX];
static uint8_t evidence[2][ASSAY_ROW_EVIDENCE_LEN_MAX];

/* By the store of a node. Out: from: the checkpoint of the epoch before. */
static struct assay_slice evidence_of(struct network *n, uint32_t node, const uint8_t *instance,
                                      struct assay_checkpoint *from, uint8_t *bytes)
{
    struct assay_prove prove;
    struct assay_slice out;
    void *memory = aligned_alloc(16, (assay_prove_memory_len(NODES) + 15) & ~(size_t)15);
    struct assay_writer p = assay_writer_over(proof, sizeof proof);
    struct assay_writer w = assay_writer_over(bytes, ASSAY_ROW_EVIDENCE_LEN_MAX);
    cr_assert_eq(assay_prove_open(&prove, n->world->nodes[node].store, memory, NODES), ASSAY_OK);
    cr_assert_eq(assay_prove_member(&prove, node, false, &p), ASSAY_OK);
    cr_assert_eq(assay_proof_checkpoint_of(prove.before, from), ASSAY_OK);
    cr_assert_eq(assay_row_evidence_make(assay_registry_group(registry_of(n, node), 0), instance,
                                         assay_slice_over(proof, p.len), &tree, head, &w),
                 ASSAY_OK);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    free(memory);
    return out;
}

static enum assay_status believe(struct assay_slice bytes, const struct assay_checkpoint *from,
                                 enum assay_proof_answer *answer,
                                 struct assay_cont_row_proven *row)
{
    static struct assay_proven_state network;
    struct assay_row_evidence e;
    ASSAY_TRY(assay_row_evidence_decode(bytes, &e));
    return assay_row_evidence_verify(&e, from, answer, &network, row);
}

/* Three instances with rows, and one that nobody has. */
static void four_instances(struct network *n, uint8_t instance[static 4][32])
{
    run(n, 1);
    for (uint8_t i = 0; i < 3; i++)
        open_session(n, i, i, instance[i]);
    for (size_t i = 0; i < 32; i++)
        instance[3][i] = (uint8_t)i;
    run(n, 3);
}

Test(host_services, a_row_is_believed_from_a_checkpoint, .timeout = 600)
{
    struct network *n = start();
    struct assay_checkpoint from;
    enum assay_proof_answer answer = ASSAY_PROOF_OLDER;
    struct assay_cont_row_proven row;
    struct assay_row_evidence old, read;
    uint8_t instance[4][32];
    four_instances(n, instance);
    for (uint32_t i = 0; i < 4; i++) {
        const struct assay_slice bytes = evidence_of(n, i, instance[i], &from, evidence[0]);
        cr_assert_eq(believe(bytes, &from, &answer, &row), ASSAY_OK);
        cr_assert_eq(answer, ASSAY_PROVEN);
        cr_assert_eq(row.has_row, i < 3);
        if (i < 3) cr_assert_eq(row.row.author, i);
        for (size_t len = 0; len < bytes.len; len += 7)
            cr_assert_neq(believe(assay_slice_over(bytes.bytes, len), &from, &answer, &row),
                          ASSAY_OK);
    }
    /* Any byte of it, but for the name: of another instance it may be proven that it has none. */
    const struct assay_slice good = evidence_of(n, 0, instance[0], &from, evidence[0]);
    cr_assert_eq(assay_row_evidence_decode(good, &old), ASSAY_OK);
    for (size_t at = 0; at < good.len; at += 3) {
        evidence[0][at] ^= 1;
        answer = ASSAY_PROVEN;
        const bool believed =
            believe(good, &from, &answer, &row) == ASSAY_OK && answer == ASSAY_PROVEN;
        cr_assert(!believed || (!row.has_row &&
                                assay_row_evidence_decode(good, &read) == ASSAY_OK &&
                                !assay_bytes_equal(read.instance, old.instance, 32)),
                  "byte %zu", at);
        evidence[0][at] ^= 1;
    }
    stop(n);
}

static struct assay_slice encoded(const struct assay_row_evidence *e)
{
    struct assay_slice out;
    struct assay_writer w = assay_writer_over(evidence[1], sizeof evidence[1]);
    cr_assert_eq(assay_row_evidence_encode(e, &w), ASSAY_OK);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    return out;
}

/* A head and a row of before are nothing of the state that closes later; nor is another document of
 * that state a head. */
Test(host_services, a_row_is_of_the_state_that_is_proven, .timeout = 600)
{
    static uint8_t rows[ASSAY_REGISTRY_DOCUMENT_LEN_MAX];
    static uint8_t other[ASSAY_ROW_EVIDENCE_LEN_MAX];
    struct network *n = start();
    struct assay_checkpoint from;
    enum assay_proof_answer answer = ASSAY_PROOF_OLDER;
    struct assay_cont_row_proven row;
    struct assay_row_evidence old, newer, mixed;
    uint8_t instance[4][32], late[32];
    four_instances(n, instance);
    cr_assert_eq(assay_row_evidence_decode(evidence_of(n, 0, instance[0], &from, evidence[0]),
                                           &old),
                 ASSAY_OK);
    open_session(n, 3, 3, late);
    run(n, 2);
    const struct assay_slice good = evidence_of(n, 0, late, &from, other);
    cr_assert_eq(believe(good, &from, &answer, &row), ASSAY_OK);
    cr_assert(answer == ASSAY_PROVEN && row.has_row);
    cr_assert_eq(assay_row_evidence_decode(good, &newer), ASSAY_OK);
    mixed = old;
    mixed.proof = newer.proof;
    cr_assert_eq(believe(encoded(&mixed), &from, &answer, &row), ASSAY_E_NOT_FOUND);
    struct assay_writer r = assay_writer_over(rows, sizeof rows);
    cr_assert_eq(assay_registry_encode(registry_of(n, 0), 1, &r), ASSAY_OK);
    mixed = newer;
    mixed.head = assay_slice_over(rows, r.len);
    cr_assert_neq(believe(encoded(&mixed), &from, &answer, &row), ASSAY_OK);
    mixed = newer;
    mixed.group = 1;
    cr_assert_eq(believe(encoded(&mixed), &from, &answer, &row), ASSAY_E_CHAIN);
    stop(n);
}

/* --- services that are added (docs/protocol.md 12.7) */

static enum assay_status follow(const struct assay_registry_plan *before,
                                const struct assay_registry_plan *after,
                                struct assay_service_places *places)
{
    static uint8_t bytes[2][ASSAY_PLAN_LEN_MAX];
    struct assay_writer w[2] = { assay_writer_over(bytes[0], sizeof bytes[0]),
                                 assay_writer_over(bytes[1], sizeof bytes[1]) };
    const char *why = "";
    if (before != NULL) cr_assert_eq(assay_registry_plan_encode(before, &w[0]), ASSAY_OK);
    cr_assert_eq(assay_registry_plan_encode(after, &w[1]), ASSAY_OK);
    const enum assay_status status = assay_host_services_follow(
        assay_slice_over(bytes[0], w[0].len), assay_slice_over(bytes[1], w[1].len), places, &why);
    cr_assert_eq(status == ASSAY_OK, why[0] == 0, "what is refused is refused with a reason");
    return status;
}

Test(host_services, documents_keep_their_places_where_services_are_added, .timeout = 600)
{
    struct network *n = start();
    struct assay_service_places places;
    cr_assert_eq(follow(NULL, &n->services->plan, &places), ASSAY_OK);
    cr_assert_eq(places.count, 3);
    for (uint32_t i = 0; i < 3; i++)
        cr_assert_eq(places.before[i], ASSAY_SERVICE_BEGINS);
    cr_assert_eq(follow(&n->services->plan, &n->more->plan, &places), ASSAY_OK);
    cr_assert_eq(places.count, assay_registry_documents(&n->more->plan));
    cr_assert_eq(places.before[0], 0, "the group");
    cr_assert_eq(places.before[1], 1, "its rows");
    cr_assert_eq(places.before[2], ASSAY_SERVICE_BEGINS, "the new group");
    cr_assert_eq(places.before[3], ASSAY_SERVICE_BEGINS, "its rows");
    cr_assert_eq(places.before[4], ASSAY_SERVICE_BEGINS, "shares");
    cr_assert_eq(places.before[places.count - 1], 2, "tasks");
    cr_assert_eq(follow(&n->more->plan, &n->services->plan, &places), ASSAY_E_INVALID);
    cr_assert_eq(follow(&n->more->plan, &n->more->plan, &places), ASSAY_E_INVALID);
    const char *why = "";
    cr_assert_neq(
        assay_host_services_follow(n->longer_plan, assay_slice_over("\x80", 1), &places, &why),
        ASSAY_OK);
    cr_assert_neq(why[0], 0);
    stop(n);
}

/* A plan with a group key is opened from its feature level on, and a change that brings it says
 * which level that is. */
Test(host_services, a_group_key_waits_for_its_feature_level, .timeout = 600)
{
    static uint8_t bytes[ASSAY_PLAN_LEN_MAX];
    struct network *n = start();
    struct assay_service_places places;
    struct assay_host_plans *plans = calloc(1, sizeof *plans);
    struct assay_registry_plan *with = calloc(1, sizeof *with);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert(plans != NULL && with != NULL);
    *with = n->services->plan;
    identity_plan_set(with, 64);
    cr_assert_eq(assay_registry_plan_encode(with, &w), ASSAY_OK);
    const struct assay_slice plan = assay_slice_over(bytes, w.len);
    assay_host_plans_open(plans, n->named->chain_id);
    for (uint32_t level = 0; level < ASSAY_LEVEL_GROUP_KEY; level++) {
        cr_expect_eq(assay_host_services_open(&plans->plan[0], n->named->chain_id, plan, level),
                     ASSAY_E_EARLY, "level %u", level);
        cr_expect_null(plans->fold.of(plans->fold.context, plan, level));
    }
    cr_expect_not_null(plans->fold.of(plans->fold.context, plan, ASSAY_LEVEL_GROUP_KEY));
    cr_expect_not_null(plans->fold.of(plans->fold.context, n->named->services, 0));
    cr_assert_eq(follow(&n->services->plan, with, &places), ASSAY_OK);
    cr_expect_eq(places.level, ASSAY_LEVEL_GROUP_KEY);
    cr_assert_eq(follow(&n->services->plan, &n->more->plan, &places), ASSAY_OK);
    cr_expect_eq(places.level, ASSAY_LEVEL_SERVICES);
    free(with);
    free(plans);
    stop(n);
}

static void extend(struct network *n, uint64_t at)
{
    const struct assay_action action = { .kind = ASSAY_ACTION_SERVICES,
                                         .document = n->longer_plan };
    decide(n->world, 1, at, &action);
}

static void is_extended(struct network *n, uint32_t node)
{
    static uint8_t bytes[ASSAY_REGISTRY_DOCUMENT_LEN_MAX];
    const struct assay_service_state *named = &n->world->nodes[node].engine->head->state.services;
    uint8_t digest[32];
    cr_assert_eq(named->count, assay_registry_documents(&n->more->plan));
    for (uint32_t i = 0; i < named->count; i++) {
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        cr_assert_eq(assay_registry_encode(registry_of(n, node), i, &w), ASSAY_OK);
        assay_sha256(bytes, w.len, digest);
        cr_assert_arr_eq(digest, named->documents[i], 32, "node %u document %u", node, i);
    }
}

static const struct assay_finding_record *no_finding(void *context, const struct assay_ask *ask)
{
    (void)context;
    (void)ask;
    cr_assert_fail("nothing was verified in these epochs");
    return NULL;
}

static void audit(struct network *n, uint64_t from)
{
    struct assay_store *store = NULL;
    struct assay_audit_figures figures;
    struct assay_audit_fault fault;
    struct assay_host_plans *plans = calloc(1, sizeof *plans);
    void *memory = aligned_alloc(64, assay_audit_memory_len());
    assay_host_plans_open(plans, n->named->chain_id); /* what accounts sign is of chain 0 here */
    plans->fold.memory = aligned_alloc(64, assay_audit_services_len(&plans->fold));
    cr_assert_eq(assay_store_memory_snapshot(n->world->nodes[1].store, &store), ASSAY_OK);
    const struct assay_audit_config config = { .store = store,
                                               .genesis = n->world->genesis,
                                               .vet = { .finding = no_finding },
                                               .document_check = world_document_check,
                                               .plan_follow = assay_host_services_follow,
                                               .services = &plans->fold,
                                               .signatures = true,
                                               .from_epoch = from,
                                               .items = true,
                                               .memory = memory };
    cr_assert_eq(assay_audit(&config, &figures, &fault), ASSAY_OK, "from %llu: %s",
                 (unsigned long long)from, fault.fault.what);
    assay_store_close(&store);
    free(plans->fold.memory);
    free(plans);
    free(memory);
}

/* What there was goes on, documents in other places, and what is new begins empty. */
Test(host_services, a_change_adds_a_group_and_shares_beside_what_there_is, .timeout = 600)
{
    struct network *n = start();
    uint8_t bytes[ASSAY_TASK_RECORD_MAX];
    run(n, 1);
    for (uint32_t i = 0; i < 4; i++)
        list_replica(n, i);
    const struct assay_slice t = transfer(n, 0, 300, bytes);
    cr_assert_eq(assay_sim_world_serve(n->world, 2, ASSAY_SERVICE_TRANSFER, t.bytes, t.len),
                 ASSAY_OK);
    run(n, 2);
    const uint64_t at = assay_sim_world_epoch(n->world, 1) + 4;
    extend(n, at);
    assay_sim_world_kill(n->world, 4); /* it is down when they come */
    run(n, 5);
    assay_sim_world_restart(n->world, 4);
    run(n, 3);
    for (uint32_t i = 0; i < NODES; i++) {
        is_extended(n, i);
        cr_assert_eq(balance(n, i), 700);
        cr_assert_eq(assay_registry_group(registry_of(n, i), 0)->phase, ASSAY_CONT_SERVING);
        cr_assert_eq(assay_registry_group(registry_of(n, i), 1)->phase, ASSAY_CONT_FORMING);
        cr_assert_not_null(assay_registry_shares(registry_of(n, i)));
    }
    const struct assay_slice more = transfer(n, 1, 100, bytes);
    cr_assert_eq(assay_sim_world_serve(n->world, 4, ASSAY_SERVICE_TRANSFER, more.bytes, more.len),
                 ASSAY_OK);
    run(n, 3);
    for (uint32_t i = 0; i < NODES; i++) {
        is_extended(n, i);
        cr_assert_eq(balance(n, i), 600);
    }
    audit(n, 0);
    audit(n, at - 1);
    audit(n, at);
    cr_assert_null(assay_sim_world_violation(n->world));
    stop(n);
}

/* Other terms of the group key: every document stays in its place, and closes go by the new terms
 * from the activation on; also where a node was down, and in an audit. */
Test(host_services, a_change_of_the_terms_of_a_group_key_moves_no_document, .timeout = 600)
{
    struct network *n = start_with(true);
    uint8_t bytes[ASSAY_TASK_RECORD_MAX];
    run(n, 1);
    for (uint32_t i = 0; i < 4; i++)
        list_replica(n, i);
    const struct assay_slice t = transfer(n, 0, 300, bytes);
    cr_assert_eq(assay_sim_world_serve(n->world, 2, ASSAY_SERVICE_TRANSFER, t.bytes, t.len),
                 ASSAY_OK);
    run(n, 2);
    const uint64_t at = assay_sim_world_epoch(n->world, 1) + 4;
    cr_assert_eq(assay_registry_identity(registry_of(n, 0))->config.refresh, 64);
    uint8_t old[32], new[32];
    assay_registry_plan_identity_digest(&n->services->plan, old);
    assay_registry_plan_identity_digest(&n->more->plan, new);
    extend(n, at);
    assay_sim_world_kill(n->world, 4);
    bool before = false, after = false;
    for (unsigned i = 0; i < 5; i++) {
        run(n, 1);
        /* The close of the activation's epoch is the first that goes by the new terms. */
        const uint64_t closed = n->world->nodes[1].engine->head->state.epoch;
        const struct assay_ca *ca = assay_registry_identity(registry_of(n, 1));
        cr_assert_arr_eq(ca->terms, closed < at ? old : new, 32, "epoch %llu of %llu",
                         (unsigned long long)closed, (unsigned long long)at);
        before = before || closed + 1 == at;
        after = after || closed >= at;
    }
    cr_assert(before && after, "both sides of the activation were seen");
    assay_sim_world_restart(n->world, 4);
    run(n, 3);
    for (uint32_t i = 0; i < NODES; i++) {
        const struct assay_service_state *named = &n->world->nodes[i].engine->head->state.services;
        uint8_t digest[32];
        is_extended(n, i);
        cr_assert_arr_eq(assay_registry_identity(registry_of(n, i))->terms, new, 32);
        cr_assert_eq(named->count, assay_registry_documents(&n->services->plan));
        assay_sha256(n->longer_plan.bytes, n->longer_plan.len, digest);
        cr_assert_arr_eq(named->plan, digest, 32, "the state names the plan");
        cr_assert_eq(assay_registry_identity(registry_of(n, i))->config.refresh, 100);
        cr_assert_eq(balance(n, i), 700);
        cr_assert_eq(assay_registry_group(registry_of(n, i), 0)->phase, ASSAY_CONT_SERVING);
    }
    audit(n, 0);
    audit(n, at - 1);
    audit(n, at);
    cr_assert_null(assay_sim_world_violation(n->world));
    stop(n);
}
