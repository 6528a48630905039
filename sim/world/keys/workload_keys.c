/*
 * sim/world/keys/workload_keys.c - workload keys and granted names of a scenario (docs/protocol.md
 * 2.16, 2.17), and checkers: workload_keys (no key is active that no certified epoch attested, or
 * that belongs to a suspended, drained or re-keyed member; none that evidence binds ends because of
 * less than a third of the weight) and granted_names (no member with active
 * keys has a name that none of its evidence of that epoch had).
 *
 * The ground truth is what each enclave had, and which build it was, when it made evidence, which
 * no node knows. Enclaves restart and lose their keys, run other builds, and hosts declare what
 * their enclaves lack; ballots that lie about keys and names are those of adversaries.
 */
#include "engine/ledger/state/workload_keys.h"
#include "engine/parts/engine_internal.h"
#include "services/shares/sodium.h"
#include "sim/world/run_internal.h"

#include <stdlib.h>

enum {
    LISTS = 4,    /* of one member, drawn from */
    RETAINED = 8, /* epochs of ground truth: more than keys may be old */
    SPKI_LEN = 91,
    TLS_KEYS = 4,   /* of one member */
    ACTS_AFTER = 8, /* of an epoch: when most members have closed the one before */
};

struct drawn_list {
    uint8_t bytes[(TLS_KEYS + 2) * ASSAY_DECLARED_KEY_LEN_MAX + 1], root[32];
    size_t len;
};

/* Of one epoch. */
struct key_truth {
    uint64_t epoch;
    bool certified;   /* its close was seen, and certified */
    bool is_promised; /* no more than a third of the weight was hostile */
    uint32_t incarnations[WORLD_NODES];
    uint8_t had[WORLD_NODES];    /* lists that the enclave had when it made evidence, a bit each */
    uint8_t lacked[WORLD_NODES]; /* those that it lacked when it made some of it */
    uint8_t names[WORLD_NODES];  /* granted names that its builds had then, a bit each */
};

struct world_workload_keys {
    uint8_t node_ids[WORLD_NODES][32]; /* whose lists they are */
    struct drawn_list lists[WORLD_NODES][LISTS];
    struct key_truth truths[RETAINED];
};

void world_workload_keys_open(struct world_run *r)
{
    if (!assay_scenario_has_workload_keys(r->scenario)) return;
    r->workload_keys = calloc(1, sizeof *r->workload_keys);
    ASSAY_ASSERT(r->workload_keys != NULL);
}

void world_workload_keys_free(struct world_run *r)
{
    free(r->workload_keys);
    r->workload_keys = NULL;
}

static struct key_truth *truth_at(struct world_workload_keys *k, uint64_t epoch)
{
    struct key_truth *t = &k->truths[epoch % RETAINED];
    if (t->epoch != epoch) *t = (struct key_truth){ .epoch = epoch };
    return t;
}

/* --- lists */

struct entry_room {
    uint8_t name[2], spki[SPKI_LEN], proof[ASSAY_P256_SIGNATURE_LEN];
    uint8_t statement[ASSAY_DECLARED_KEY_STATEMENT_MAX];
};

static struct assay_slice write_statement(const struct assay_sim_world *w, uint32_t node,
                                          const struct assay_declared_key *key,
                                          struct entry_room *room)
{
    struct assay_writer out = assay_writer_over(room->statement, sizeof room->statement);
    const enum assay_status status =
        assay_declared_key_statement(w->genesis->chain_id, w->nodes[node].node_id, key, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    return assay_slice_over(room->statement, out.len);
}

/* A real P-256 key, since proofs of possession are not modelled; repeatable. Of a token: for one
 * audience. */
static struct assay_declared_key make_key(const struct assay_sim_world *w, uint32_t node,
                                          enum assay_declared_purpose purpose, uint32_t number,
                                          struct entry_room *room)
{
    static const uint8_t audience[] = "relying-party";
    static const uint8_t head[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                    0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                    0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04 };
    _Static_assert(sizeof head + ASSAY_P256_PUBLIC_LEN == SPKI_LEN, "DER of P-256");
    uint8_t digest[32];
    struct assay_secret32 secret;
    const bool is_token = purpose == ASSAY_PURPOSE_TOKEN;
    const uint64_t stream = node + (is_token ? UINT64_C(3) * WORLD_NODES : 0);
    struct assay_sim_random random =
        assay_sim_random_of(w->options.seed, ASSAY_SIM_STREAM_WORKLOAD_KEYS, stream, 1 + number);
    for (size_t i = 0; i < sizeof secret.bytes; i++)
        secret.bytes[i] = (uint8_t)assay_sim_random_below(&random, 256);
    secret.bytes[0] = 1; /* below the order, and no modelled key */
    room->name[0] = 'k';
    room->name[1] = (uint8_t)('0' + number);
    assay_bytes_copy(room->spki, sizeof room->spki, head, sizeof head);
    enum assay_status status = assay_p256_public(&secret, room->spki + sizeof head);
    ASSAY_ASSERT(status == ASSAY_OK);
    struct assay_declared_key key = { .purpose = purpose,
                                      .name = assay_slice_over(room->name, sizeof room->name),
                                      .spki = assay_slice_over(room->spki, sizeof room->spki),
                                      .proof = assay_slice_over(room->proof, sizeof room->proof) };
    if (is_token)
        key.audiences[key.audience_count++] = assay_slice_over(audience, sizeof audience - 1);
    const struct assay_slice statement = write_statement(w, node, &key, room);
    assay_sha256(statement.bytes, statement.len, digest);
    status = assay_p256_sign_repeatable(&secret, digest, room->proof);
    ASSAY_ASSERT(status == ASSAY_OK);
    return key;
}

/* The key of its holder of the group key: the same in every list. */
static struct assay_declared_key make_holder_key(const struct assay_sim_world *w, uint32_t node,
                                                 struct entry_room *room)
{
    uint8_t public_key[ASSAY_ED25519_PUBLIC_LEN];
    struct assay_secret32 seed;
    assay_sim_key_holder_seed(w->options.seed, w->nodes[node].node_id, &seed);
    room->name[0] = 'h';
    assay_sodium_link_pair(&seed, public_key);
    assay_ed25519_spki(public_key, room->spki);
    const struct assay_declared_key key = { .purpose = ASSAY_PURPOSE_HOLDER,
                                            .name = assay_slice_over(room->name, 1),
                                            .spki = assay_slice_over(room->spki,
                                                                     ASSAY_ED25519_SPKI_LEN),
                                            .proof = assay_slice_over(room->proof,
                                                                      ASSAY_SODIUM_SIGNATURE_LEN) };
    assay_sodium_edwards_sign(&seed, write_statement(w, node, &key, room), room->proof);
    return key;
}

/* Keys of programs of a member that holds shares, a bit each: from one list to another one key
 * comes, several do, or are withdrawn. The holder's is in each of them. */
static uint32_t keys_of(uint32_t number, bool holds)
{
    static const uint8_t of[LISTS] = { 1, 1 | 2, 1 | 2 | 4 | 8, 4 };
    ASSAY_ASSERT(number < LISTS);
    return holds ? of[number] : 1U << number;
}

static void make_list(const struct assay_sim_world *w, uint32_t node, uint32_t number,
                      struct drawn_list *list)
{
    struct entry_room room[TLS_KEYS + 2];
    struct assay_declared_key key[TLS_KEYS + 2];
    struct assay_declared_keys keys;
    uint32_t count = 0;
    const bool holds = assay_scenario_has_group_key(w->run->scenario);
    for (uint32_t i = 0; i < TLS_KEYS; i++) {
        if ((keys_of(number, holds) >> i & 1) == 0) continue;
        key[count] = make_key(w, node, ASSAY_PURPOSE_TLS, i, &room[count]);
        count++;
    }
    if (holds) {
        key[count] = make_holder_key(w, node, &room[count]);
        count++;
    }
    if (w->run->scenario->services.key_sessions) {
        key[count] = make_key(w, node, ASSAY_PURPOSE_TOKEN, number, &room[count]);
        count++;
    }
    struct assay_writer out = assay_writer_over(list->bytes, sizeof list->bytes);
    enum assay_status status = assay_declared_keys_encode(key, count, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    list->len = out.len;
    status = assay_declared_keys_decode(assay_slice_over(list->bytes, list->len), &keys);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_declared_keys_root(&keys, list->root);
}

static void drop_keys(struct assay_sim_world_acts *acts)
{
    acts->keys = acts->earlier[0] = acts->earlier[1] = (struct assay_slice){ 0 };
}

static struct drawn_list *lists_of(struct world_run *r, uint32_t node)
{
    struct world_workload_keys *k = r->workload_keys;
    const uint8_t *node_id = r->w->nodes[node].node_id;
    if (assay_bytes_equal(k->node_ids[node], node_id, 32)) return k->lists[node];
    assay_bytes_copy(k->node_ids[node], 32, node_id, 32);
    drop_keys(&r->w->nodes[node].acts);
    for (uint32_t i = 0; i < LISTS; i++)
        make_list(r->w, node, i, &k->lists[node][i]);
    return k->lists[node];
}

/* --- what hosts and enclaves do */

/* Deferred: a step may be running, and what is declared in an epoch that ends is in no block. */
void world_workload_keys_turn(struct world_run *r)
{
    if (r->workload_keys == NULL) return;
    const uint64_t at_us = r->w->now_us + (uint64_t)r->scenario->epoch_ms * 1000 / ACTS_AFTER;
    for (uint32_t i = 0; i < r->scenario->nodes; i++)
        if (r->w->nodes[i].alive) world_push(r->w, world_item(r->w, i, ITEM_DECLARE), at_us);
}

/* Another build of the enclave; one more than those that have a name is without. */
static void upgrade(struct world_run *r, uint32_t node)
{
    const struct assay_sim_workload_keys *s = &r->scenario->workload_keys;
    const uint32_t names = r->scenario->services.granted_names;
    struct assay_sim_world_acts *acts = &r->w->nodes[node].acts;
    struct assay_sim_random random =
        assay_sim_random_of(r->w->options.seed, ASSAY_SIM_STREAM_WORKLOAD_KEYS,
                            2 * WORLD_NODES + (uint64_t)node, r->epoch);
    const uint32_t build = 1 + (uint32_t)assay_sim_random_below(&random, names + 1);
    if (names == 0) return;
    if (acts->build == 0 || assay_sim_random_permille(&random, s->upgrades_permille))
        acts->build = (uint8_t)build;
}

void world_workload_keys_act(struct assay_sim_world *w, uint32_t node)
{
    struct world_run *r = w->run;
    const struct assay_sim_workload_keys *s = &r->scenario->workload_keys;
    struct assay_sim_world_acts *acts = &w->nodes[node].acts;
    struct assay_sim_random random = assay_sim_random_of(
        w->options.seed, ASSAY_SIM_STREAM_WORKLOAD_KEYS, WORLD_NODES + (uint64_t)node, r->epoch);
    if (node >= world_members(w, node)) return;
    const struct drawn_list *lists = lists_of(r, node);
    const bool restarts = assay_sim_random_permille(&random, s->restarts_permille);
    const bool declares = assay_sim_random_permille(&random, s->declared_permille);
    const bool lacks = assay_sim_random_permille(&random, s->lacking_permille);
    const struct drawn_list *chosen = &lists[assay_sim_random_below(&random, LISTS)];
    acts->earlier[1] = acts->earlier[0];
    acts->earlier[0] = acts->keys;
    const bool is_out = s->outage_epoch > 0 && r->epoch >= s->outage_epoch &&
                        r->epoch - s->outage_epoch < s->outage_epochs;
    if (restarts || is_out) drop_keys(acts);
    if (is_out) return;
    upgrade(r, node);
    const bool changes = s->changed_permille == 1000 || acts->keys.len == 0 ||
                         assay_sim_random_permille(&random, s->changed_permille);
    if (!declares) return;
    /* Its own list once more: a declaration may not have become final. */
    const struct assay_slice list =
        changes ? assay_slice_over(chosen->bytes, chosen->len) : acts->keys;
    if (assay_sim_world_declare(w, node, list) == ASSAY_OK)
        r->outcome->figures[ASSAY_SIM_FIGURE_KEYS_DECLARED][0]++;
    if (!lacks) acts->keys = list;
}

/* The enclave makes evidence of a running epoch. */
void world_workload_keys_quoted(struct world_run *r, uint32_t node, uint64_t epoch)
{
    if (r->workload_keys == NULL) return;
    const struct assay_sim_world_acts *acts = &r->w->nodes[node].acts;
    const struct assay_slice has[] = { acts->keys, acts->earlier[0], acts->earlier[1] };
    const struct drawn_list *lists = lists_of(r, node);
    struct key_truth *t = truth_at(r->workload_keys, epoch);
    uint8_t newest = 0;
    for (uint32_t i = 0; i < LISTS; i++)
        for (uint32_t k = 0; k < sizeof has / sizeof has[0]; k++) {
            if (has[k].len == 0 || has[k].bytes != lists[i].bytes) continue;
            t->had[node] |= (uint8_t)(1u << i);
            if (k == 0) newest = (uint8_t)(1u << i);
        }
    t->lacked[node] |= (uint8_t)~newest;
    t->names[node] |=
        assay_sim_build_names(r->w->nodes[node].acts.build, r->scenario->services.granted_names);
}

struct assay_slice world_workload_keys_list(struct world_run *r, uint32_t node,
                                            const uint8_t root[static 32])
{
    if (r->workload_keys == NULL) return assay_slice_over(NULL, 0);
    const struct drawn_list *lists = lists_of(r, node);
    for (uint32_t i = 0; i < LISTS; i++)
        if (assay_bytes_equal(lists[i].root, root, 32))
            return assay_slice_over(lists[i].bytes, lists[i].len);
    return assay_slice_over(NULL, 0);
}

/* --- the checker */

static int find_list(struct world_run *r, uint32_t slot, const uint8_t root[static 32])
{
    const struct drawn_list *lists = lists_of(r, slot);
    for (int i = 0; i < LISTS; i++)
        if (assay_bytes_equal(lists[i].root, root, 32)) return i;
    return -1;
}

/* Returns: what is wrong with keys that are active; NULL: nothing. */
static const char *find_fault(struct world_run *r, uint32_t slot)
{
    const struct assay_member *m = &r->now.members[slot];
    const struct assay_declaration *d = &m->declaration;
    const struct key_truth *t = truth_at(r->workload_keys, d->keys_epoch);
    const int list = find_list(r, slot, d->keys_root);
    if (list < 0) return "active keys that it never had";
    if (r->now.epoch - d->keys_epoch > 3) return "active keys that were attested long ago";
    if (!t->certified) return "active keys of no certified epoch";
    if (t->is_promised && (t->had[slot] >> list & 1) == 0)
        return "active keys that its enclave did not have";
    if (t->incarnations[slot] != m->lives[0].incarnation) return "active keys, re-keyed since";
    if (m->trust.score.standing > ASSAY_STANDING_WARNING ||
        m->trust.integrity.standing > ASSAY_STANDING_WARNING)
        return "active keys, and it is suspended or restricted";
    if (m->stage != ASSAY_STAGE_MEMBER) return "active keys, and it is drained or left";
    return NULL;
}

/* Returns: what is wrong with the names of active keys; NULL: nothing. */
static const char *find_name_fault(struct world_run *r, uint32_t slot)
{
    const struct assay_declaration *d = &r->now.members[slot].declaration;
    const struct key_truth *t = truth_at(r->workload_keys, d->keys_epoch);
    const struct assay_services *services = r->w->options.services;
    const struct assay_grants *grants = services != NULL ? services->grants : NULL;
    uint32_t known = 0;
    for (uint32_t k = 0; grants != NULL && k < grants->count; k++) {
        if (!assay_declaration_has_grant(d, grants->name[k].digest)) continue;
        known++;
        if (t->is_promised && (t->names[slot] >> k & 1) == 0)
            return "a granted name that its evidence did not have";
    }
    r->outcome->figures[ASSAY_SIM_FIGURE_NAMES_GRANTED][0] += known;
    return known != d->grant_count ? "a name that no plan grants" : NULL;
}

static bool is_promised(const struct world_run *r)
{
    uint64_t hostile = 0, total = 0;
    for (uint32_t i = 0; i < r->before.member_count; i++) {
        total += r->before.members[i].weight;
        if (!world_is_trusted(r->w, i)) hostile += r->before.members[i].weight;
    }
    return 3 * hostile <= total;
}

/* Keys that its evidence bound end with no certified PASS, whichever members of less than a third
 * of the weight are absent or hostile. Returns: what is wrong; NULL: nothing. */
static const char *find_loss(struct world_run *r, uint32_t slot)
{
    const struct assay_member *m = &r->now.members[slot];
    const struct key_truth *t = truth_at(r->workload_keys, r->now.epoch);
    const uint8_t *root = assay_declaration_root_at(&m->declaration, r->now.epoch);
    const int list = root != NULL ? find_list(r, slot, root) : -1;
    const uint64_t voted =
        m->found.pass_weight + m->found.negative_weight + m->found.unjudged_weight;
    uint64_t missing = m->found.electorate_weight - voted, total = 0, own = 0;
    for (uint32_t i = 0; i < r->before.member_count; i++) {
        const struct assay_member *other = &r->before.members[i];
        total += other->weight;
        if (!world_is_trusted(r->w, i)) missing += other->weight;
    }
    own = total - m->found.electorate_weight;
    if (list < 0 || !m->found.certified_pass || !world_is_trusted(r->w, slot)) return NULL;
    if (m->stage != ASSAY_STAGE_MEMBER) return NULL;
    if ((t->had[slot] >> list & 1) == 0 || (t->lacked[slot] >> list & 1) != 0) return NULL;
    if (3 * missing >= total || 3 * own > total) return NULL;
    return m->declaration.keys_epoch == r->now.epoch
               ? NULL
               : "lost its keys, although its evidence binds them and two thirds were there";
}

static void report_slot(struct world_run *r, enum assay_sim_checker checker, uint32_t slot,
                        const char *fault)
{
    if (fault == NULL) assay_sim_report_check(r->outcome, checker, r->now.epoch, NULL);
    else assay_sim_report_check(r->outcome, checker, r->now.epoch, "node %u has %s", slot, fault);
}

void world_workload_keys_closed(struct world_run *r, const struct assay_sim_closed *closed)
{
    struct world_workload_keys *k = r->workload_keys;
    if (k == NULL) return;
    if (closed->forked || !assay_sim_follows(&r->before, &r->now)) {
        /* Evidence of these epochs may be of another branch. */
        assay_bytes_zero(k->truths, sizeof k->truths);
        return;
    }
    struct key_truth *t = truth_at(k, closed->epoch);
    t->certified = closed->certified;
    t->is_promised = is_promised(r);
    for (uint32_t slot = 0; slot < r->now.member_count; slot++)
        t->incarnations[slot] = r->now.members[slot].lives[0].incarnation;
    for (uint32_t slot = 0; slot < r->now.member_count; slot++) {
        const struct assay_member *m = &r->now.members[slot];
        if (closed->certified && slot < r->before.member_count &&
            t->incarnations[slot] == r->before.members[slot].lives[0].incarnation)
            report_slot(r, ASSAY_SIM_CHECKER_WORKLOAD_KEYS, slot, find_loss(r, slot));
        if (assay_member_keys_state(m, closed->epoch, ASSAY_STANDING_WARNING) != ASSAY_KEYS_ACTIVE)
            continue;
        /* Its epoch was not seen from here. */
        if (truth_at(k, m->declaration.keys_epoch)->incarnations[slot] == 0) continue;
        r->outcome->figures[ASSAY_SIM_FIGURE_KEYS_ACTIVE][0]++;
        report_slot(r, ASSAY_SIM_CHECKER_WORKLOAD_KEYS, slot, find_fault(r, slot));
        if (r->scenario->services.granted_names > 0)
            report_slot(r, ASSAY_SIM_CHECKER_GRANTED_NAMES, slot, find_name_fault(r, slot));
    }
}
