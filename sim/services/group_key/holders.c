/*
 * sim/services/group_key/holders.c - holders of the group key with their hosts (docs/identity.md
 * 3.11, 3.13), one on each node. The vault of net/services/identity/holder_vault.c is replaced by a
 * modelled disk, the socket of the daemon by the registry of the node's programs.
 *
 * A process crashes before, within or after any action, loses its disk, or finds an older one.
 */
#include "sim/services/group_key/group_key.h"

#include "base/merkle.h"
#include "engine/ledger/state/workload_keys.h"
#include "engine/parts/engine_internal.h"

#include <stdlib.h>

enum { STEPS_MAX = 4096 };

/* --- bytes */

static void drop_bytes(struct key_bytes *b)
{
    free(b->bytes);
    *b = (struct key_bytes){ .len = 0 };
}

static void copy_bytes(struct key_bytes *to, struct assay_slice from)
{
    drop_bytes(to);
    to->bytes = malloc(from.len);
    ASSAY_ASSERT(to->bytes != NULL && from.len > 0);
    assay_bytes_copy(to->bytes, from.len, from.bytes, from.len);
    to->len = from.len;
}

static struct assay_slice slice_of(const struct key_bytes *b)
{
    return assay_slice_over(b->bytes, b->len);
}

/* --- disks */

static bool is_same_item(const struct assay_ceremony_item *a, const struct assay_ceremony_item *b)
{
    return a->kind == b->kind && a->record == b->record && a->number == b->number &&
           a->name.era == b->name.era && a->name.ca_number == b->name.ca_number &&
           a->name.generation == b->name.generation && a->name.attempt == b->name.attempt;
}

static void clear_disk(struct key_disk *disk)
{
    for (uint32_t i = 0; i < KEY_ITEMS; i++)
        drop_bytes(&disk->item[i].data);
    *disk = (struct key_disk){ .acted_epoch = 0 };
}

static void copy_disk(struct key_disk *to, const struct key_disk *from)
{
    clear_disk(to);
    to->acted_era = from->acted_era;
    to->acted_epoch = from->acted_epoch;
    to->signed_era = from->signed_era;
    to->signed_epoch = from->signed_epoch;
    to->journal = from->journal;
    for (uint32_t i = 0; i < KEY_ITEMS; i++) {
        if (from->item[i].data.len == 0) continue;
        to->item[i].item = from->item[i].item;
        copy_bytes(&to->item[i].data, slice_of(&from->item[i].data));
    }
}

static struct key_item *find_item(struct key_disk *disk, const struct assay_ceremony_item *item)
{
    for (uint32_t i = 0; i < KEY_ITEMS; i++)
        if (disk->item[i].data.len > 0 && is_same_item(&disk->item[i].item, item))
            return &disk->item[i];
    return NULL;
}

static void store_item(struct key_disk *disk, const struct assay_ceremony_effect *e)
{
    struct key_item *item = find_item(disk, &e->item);
    for (uint32_t i = 0; item == NULL && i < KEY_ITEMS; i++)
        if (disk->item[i].data.len == 0) item = &disk->item[i];
    ASSAY_ASSERT(item != NULL);
    item->item = e->item;
    copy_bytes(&item->data, e->bytes);
}

static void erase_items(struct key_disk *disk, const struct assay_ceremony_effect *e)
{
    const bool shares = e->action == ASSAY_CEREMONY_ERASE_SHARES;
    for (uint32_t i = 0; i < KEY_ITEMS; i++) {
        struct assay_ceremony_item item = disk->item[i].item;
        if (disk->item[i].data.len == 0 || item.kind == ASSAY_CEREMONY_AGE ||
            (item.kind == ASSAY_CEREMONY_SHARES) != shares)
            continue;
        item.kind = e->item.kind;
        item.record = e->item.record;
        item.number = e->item.number;
        if (is_same_item(&item, &e->item)) drop_bytes(&disk->item[i].data);
    }
}

/* --- dealings in final records: the fold has digests alone. A process that is away then takes
 * them from others (docs/identity.md 3.11.2). */

struct assay_slice key_dealing(const struct key_host *k, const uint8_t digest[static 32])
{
    for (uint32_t i = 0; i < KEY_DEALINGS; i++)
        if (k->dealing[i].data.len > 0 && assay_bytes_equal(k->dealing[i].digest, digest, 32))
            return slice_of(&k->dealing[i].data);
    return assay_slice_over(NULL, 0);
}

static struct assay_slice get_dealing(void *context, uint32_t dealer,
                                      const uint8_t digest[static 32])
{
    (void)dealer;
    return key_dealing(context, digest);
}

static struct assay_slice find_dealing(void *context, const uint8_t digest[static 32])
{
    return key_dealing(context, digest);
}

/* A hostile holder sends other bytes. */
static void send_dealing(void *context, const uint8_t to[static 32],
                         enum assay_keyholder_exchange_frame kind, struct assay_slice bytes)
{
    const struct key_host *k = context;
    const enum program program =
        kind == ASSAY_DEALING_FRAME_WANT ? PROGRAM_DEALING_WANT : PROGRAM_DEALING;
    const struct name from = { .program = program, .index = k->node };
    struct key_bytes frame = { .len = 0 };
    copy_bytes(&frame, bytes);
    if (!k->s->world.honest(k->s->world.context, k->node)) frame.bytes[frame.len / 2] ^= 1;
    for (uint32_t i = 0; i < k->s->nodes; i++) {
        const struct name party = { .program = program, .index = i };
        if (assay_bytes_equal(k->s->group_key->host[i].node_id, to, 32))
            services_send(k->s, &from, k->node, &party, i, slice_of(&frame));
    }
    drop_bytes(&frame);
}

static void retain_dealing(struct key_host *k, struct assay_slice payload)
{
    const uint32_t at = k->dealings++ % KEY_DEALINGS;
    assay_sha256(payload.bytes, payload.len, k->dealing[at].digest);
    copy_bytes(&k->dealing[at].data, payload);
}

/* --- processes */

enum assay_status key_random(void *context, uint8_t *bytes, size_t len)
{
    struct key_host *k = context;
    services_bytes(&k->random, bytes, len);
    /* The draw after the coefficients of a dealing is its r. */
    if (k->draws_r) assay_bytes_copy(k->drawn_r, sizeof k->drawn_r, bytes, sizeof k->drawn_r);
    k->draws_r = len > sizeof k->drawn_r;
    return ASSAY_OK;
}

static void clear_pending(struct key_host *k)
{
    for (uint32_t i = 0; i < KEY_PENDING; i++)
        drop_bytes(&k->pending[i].data);
}

static void stop_process(struct key_host *k)
{
    key_sessions_stop(k);
    if (k->holder == NULL) return;
    assay_ceremony_holder_wipe(k->holder);
    free(k->holder);
    k->holder = NULL;
    k->closes = 0; /* what it had not stored yet is counted again */
    k->awake = 0;
    clear_pending(k);
}

void key_stop(struct key_host *k)
{
    stop_process(k);
}

static const struct assay_registry_member *member_of(const struct key_host *k)
{
    const struct registry_follower *d = &k->s->follower[k->node];
    return k->node < d->feed.last.members ? &d->feed.last.member[k->node] : NULL;
}

/* Its entry of the list that the ledger has as attested (docs/identity.md 6.1). */
static void set_entry(struct key_host *k)
{
    const struct assay_registry_member *m = member_of(k);
    struct assay_ceremony_entry entry = { .len = 0 };
    struct assay_declared_keys keys;
    uint8_t hashes[ASSAY_DECLARED_KEYS_MAX][32];
    const struct assay_slice list =
        m != NULL && m->keys_active
            ? k->s->world.declared(k->s->world.context, k->node, m->keys_root)
            : assay_slice_over(NULL, 0);
    const bool has = list.len > 0 && assay_declared_keys_decode(list, &keys) == ASSAY_OK;
    for (uint32_t i = 0; has && i < keys.count; i++)
        assay_merkle_leaf_hash(keys.entries[i].bytes, keys.entries[i].len, hashes[i]);
    for (uint32_t i = 0; has && i < keys.count; i++) {
        size_t path_len = 0;
        if (keys.keys[i].purpose != ASSAY_PURPOSE_HOLDER) continue;
        const enum assay_status status = assay_merkle_path(
            (const uint8_t(*)[32])hashes, keys.count, i, entry.path, ASSAY_CA_PATH_MAX, &path_len);
        ASSAY_ASSERT(status == ASSAY_OK);
        assay_bytes_copy(entry.entry, sizeof entry.entry, keys.entries[i].bytes,
                         keys.entries[i].len);
        entry.len = keys.entries[i].len;
        entry.place = i;
        entry.count = keys.count;
        entry.path_len = (uint32_t)path_len;
    }
    assay_ceremony_holder_set_entry(k->holder, &entry);
}

static void start_process(struct key_host *k)
{
    struct assay_ceremony_holder_config config = {
        .seed = k->seed, .random = key_random, .dealing = get_dealing, .context = k
    };
    struct assay_secret32 link;
    k->random = services_stream(k->s, PROGRAM_KEY_HOLDER, (uint64_t)k->node << 32 | ++k->starts);
    k->draws_r = false;
    services_bytes(&k->random, link.bytes, sizeof link.bytes);
    assay_sodium_link_pair(&link, config.link_key);
    assay_bytes_copy(config.chain_id, 32, k->s->chain_id, 32);
    assay_bytes_copy(config.node_id, 32, k->node_id, 32);
    config.address[0] = 'x';
    k->holder = malloc(sizeof *k->holder);
    ASSAY_ASSERT(k->holder != NULL);
    assay_ceremony_holder_init(k->holder, &config);
    struct assay_keyholder_exchange_config exchange = { .find = find_dealing,
                                                        .send = send_dealing,
                                                        .context = k };
    assay_bytes_copy(exchange.node_id, 32, k->node_id, 32);
    assay_keyholder_exchange_init(&k->exchange, &exchange);
    for (uint32_t i = 0; i < KEY_ITEMS; i++) {
        const struct key_item *item = &k->disk.item[i];
        if (item->data.len == 0) continue;
        const enum assay_status status =
            assay_ceremony_holder_load(k->holder, &item->item, slice_of(&item->data));
        ASSAY_ASSERT(status == ASSAY_OK);
    }
    set_entry(k);
    if (k->has_closed) assay_ceremony_holder_on_close(k->holder, &k->closed, false, k->is_fenced);
    k->must_step = true;
}

/* Another member has the slot, or none. */
static void meet_member(struct key_host *k)
{
    static const uint8_t none[32];
    const uint8_t *id = follower_node_id(k->s, k->node);
    if (id == NULL) id = none;
    if (assay_bytes_equal(id, k->node_id, 32)) return;
    stop_process(k);
    clear_disk(&k->disk);
    clear_disk(&k->copy);
    k->was_restored = k->has_closed = false;
    k->certifieds = k->cross_number = 0;
    assay_bytes_copy(k->node_id, 32, id, 32);
    assay_sim_key_holder_seed(k->s->seed, k->node_id, &k->seed);
}

/* --- the ledger */

static bool is_older(const struct key_host *k, const struct registry_follower *d)
{
    return d->feed.last.era < k->disk.acted_era ||
           (d->feed.last.era == k->disk.acted_era && d->feed.last.epoch < k->disk.acted_epoch);
}

static void count_close(struct key_host *k, bool certified)
{
    const struct assay_ca *ca = &k->closed;
    const bool follows = k->seen.epoch + 1 == ca->epoch && k->seen.era == ca->era &&
                         k->seen.ca_number == ca->ca_number &&
                         k->seen.generation == ca->force.generation;
    k->closes = follows && k->holder != NULL ? k->closes + certified : 0;
    k->seen.epoch = ca->epoch;
    k->seen.era = ca->era;
    k->seen.ca_number = ca->ca_number;
    k->seen.generation = ca->force.generation;
}

static bool is_fenced(const struct key_host *k)
{
    const struct assay_engine *engine = k->s->world.engine(k->s->world.context, k->node);
    return engine != NULL && engine->era->fenced;
}

/* A fenced holder stops at once; after a RELEASE it acts from the next close on (3.16). */
static void follow_fence(struct key_host *k)
{
    const bool obeys = k->s->world.honest(k->s->world.context, k->node);
    if (k->is_fenced || !obeys || !is_fenced(k)) return;
    k->is_fenced = true;
    k->fenced_ms = services_now(k->s);
    key_sessions_stop(k);
    clear_pending(k);
    drop_bytes(&k->lie.data);
    k->lie.closes = 0;
    k->must_step = false;
}

/* The fold of a close. certified: it was seen to close, and is. */
static void act_on(struct key_host *k, const struct assay_registry *registry, bool certified)
{
    const struct registry_follower *d = &k->s->follower[k->node];
    k->has_closed = !is_older(k, d);
    if (!k->has_closed) return; /* its checkpoint is newer than this ledger */
    k->closed = *assay_registry_identity(registry);
    k->disk.acted_era = d->feed.last.era;
    k->disk.acted_epoch = d->feed.last.epoch;
    clear_pending(k); /* derived again */
    follow_fence(k);  /* its daemon reports it before the close, which may be held */
    k->is_fenced = is_fenced(k);
    k->fenced_ms = services_now(k->s);
    count_close(k, certified);
    if (k->holder == NULL) return;
    k->awake += certified;
    set_entry(k);
    assay_keyholder_exchange_on_close(&k->exchange);
    assay_ceremony_holder_on_close(k->holder, &k->closed, certified, k->is_fenced);
    k->must_step = true;
    key_sessions_on_close(k, certified);
    if (k->lie.closes > 0 && --k->lie.closes == 0) drop_bytes(&k->lie.data);
}

void group_key_on_reset(struct assay_sim_services *s, uint32_t node,
                        const struct assay_registry *registry)
{
    if (s->group_key == NULL || assay_registry_identity(registry) == NULL) return;
    meet_member(&s->group_key->host[node]);
    act_on(&s->group_key->host[node], registry, false);
}

void group_key_node_closed(struct assay_sim_services *s, uint32_t node)
{
    const struct registry_follower *d = &s->follower[node];
    bool certified = false;
    if (s->group_key == NULL || assay_registry_identity(d->registry) == NULL) return;
    for (uint32_t i = 0; i < d->feed.last.members; i++)
        certified = certified || d->feed.last.member[i].certified;
    meet_member(&s->group_key->host[node]);
    act_on(&s->group_key->host[node], d->registry, certified);
}

void group_key_on_final_record(struct assay_sim_services *s, uint32_t node, uint32_t slot,
                               enum assay_service_kind kind, struct assay_slice payload)
{
    if (s->group_key == NULL) return;
    struct key_host *k = &s->group_key->host[node];
    if (kind == ASSAY_SERVICE_CA_DEAL && k->holder != NULL && s->follower[node].begun)
        retain_dealing(k, payload);
    if (kind == ASSAY_SERVICE_CA_DISPUTE) key_disputed(k, slot, payload);
    for (uint32_t i = 0; slot == node && i < KEY_PENDING; i++)
        if (k->pending[i].kind == kind && assay_slice_equal(slice_of(&k->pending[i].data), payload))
            drop_bytes(&k->pending[i].data);
}

/* --- records */

void key_queue(struct key_host *k, enum assay_ceremony_record record, struct assay_slice bytes)
{
    for (uint32_t i = 0; i < KEY_PENDING; i++) {
        struct key_pending *p = &k->pending[i];
        if (p->data.len > 0) continue;
        p->kind = assay_registry_kind_of_ceremony(record);
        p->submit_at_ms = 0;
        copy_bytes(&p->data, bytes);
        return;
    }
    ASSAY_UNREACHABLE("a holder has few records at once");
}

/* As docs/identity.md 3.20 has it: for three closes. */
void key_queue_lie(struct key_host *k, uint32_t number, uint64_t generation,
                   struct assay_slice proof)
{
    const struct assay_ca_lie_record record = {
        .era = k->closed.era, .ca_number = number, .generation = generation, .lie = proof
    };
    uint8_t bytes[ASSAY_SERVICE_PAYLOAD_MAX];
    struct assay_slice payload;
    if (k->lie.closes > 0 ||
        assay_ca_lie_encode(&record, bytes, sizeof bytes, &payload) != ASSAY_OK)
        return;
    copy_bytes(&k->lie.data, payload);
    k->lie.closes = 3;
    k->lie.submit_at_ms = 0;
}

static void submit_lie(struct key_host *k)
{
    if (k->lie.data.len == 0 || services_now(k->s) < k->lie.submit_at_ms) return;
    k->lie.submit_at_ms = services_now(k->s) + AGAIN_MS;
    services_submit(k->s, k->node, ASSAY_SERVICE_CA_LIE, slice_of(&k->lie.data));
}

static void submit_record(struct key_host *k, enum assay_ceremony_record record,
                          struct assay_slice bytes)
{
    uint8_t room[ASSAY_CEREMONY_ITEM_MAX];
    if (misdeal_record(k, record, &bytes, room)) key_queue(k, record, bytes);
}

static void submit_pending(struct key_host *k)
{
    for (uint32_t i = 0; i < KEY_PENDING; i++) {
        struct key_pending *p = &k->pending[i];
        if (p->data.len == 0 || services_now(k->s) < p->submit_at_ms) continue;
        p->submit_at_ms = services_now(k->s) + AGAIN_MS;
        services_submit(k->s, k->node, p->kind, slice_of(&p->data));
    }
}

/* --- turns */

static bool crashes(struct key_host *k)
{
    struct group_key *g = k->s->group_key;
    if (k->s->load->key_crashes_permille == 0 || !services_is_on(k->s)) return false;
    if (assay_sim_random_below(&g->random, 1000) >= k->s->load->key_crashes_permille) return false;
    g->audit.count.restarts++;
    stop_process(k);
    /* Half of them are back at once. */
    const uint64_t away_ms = UINT64_C(4) * k->s->scenario->epoch_ms;
    const uint64_t drawn_ms = assay_sim_random_below(&g->random, away_ms);
    k->starts_at_ms = drawn_ms < away_ms / 2 ? 0 : services_now(k->s) + drawn_ms - away_ms / 2;
    return true;
}

/* Executes one action. Returns: false: nothing is left to do, or the process is gone */
static bool execute_action(struct key_host *k)
{
    struct assay_ceremony_effect *e = &k->s->group_key->effect;
    const enum assay_status status = assay_ceremony_holder_step(k->holder, &k->closed, e);
    /* Full of generations that eras undid, which their operator has to name. */
    if (status == ASSAY_E_STALE || status == ASSAY_E_FULL) return false;
    ASSAY_ASSERT(status == ASSAY_OK);
    if (e->action == ASSAY_CEREMONY_NOTHING || crashes(k)) return false;
    switch (e->action) {
    case ASSAY_CEREMONY_NOTHING: break;
    case ASSAY_CEREMONY_STORE:
        store_item(&k->disk, e);
        if (crashes(k)) return false;
        assay_ceremony_holder_on_stored(k->holder);
        break;
    case ASSAY_CEREMONY_SUBMIT: {
        const struct key_item *item = find_item(&k->disk, &e->item);
        ASSAY_ASSERT(item != NULL); /* a record is stored before it is submitted */
        submit_record(k, item->item.record, slice_of(&item->data));
        break;
    }
    case ASSAY_CEREMONY_SUBMIT_BYTES: submit_record(k, e->item.record, e->bytes); break;
    case ASSAY_CEREMONY_ERASE:
    case ASSAY_CEREMONY_ERASE_SHARES:
        erase_items(&k->disk, e);
        if (crashes(k)) return false;
        assay_ceremony_holder_on_erased(k->holder, e);
        break;
    }
    return true;
}

void group_key_follow_fence(struct assay_sim_services *s, uint32_t node)
{
    if (s->group_key != NULL) follow_fence(&s->group_key->host[node]);
}

void group_key_turn(struct assay_sim_services *s, uint32_t node)
{
    if (s->group_key == NULL) return;
    struct key_host *k = &s->group_key->host[node];
    if (!k->has_closed || assay_bytes_all_zero(k->node_id, 32)) return;
    if (k->holder == NULL && services_now(s) < k->starts_at_ms) return;
    if (k->holder == NULL) start_process(k);
    follow_fence(k);
    misdeal_accuse(k);
    for (uint32_t i = 0; k->holder != NULL && k->must_step; i++) {
        ASSAY_ASSERT(i < STEPS_MAX); /* it comes to an end */
        k->must_step = execute_action(k);
    }
    submit_pending(k);
    submit_lie(k);
    if (k->holder != NULL && !k->is_fenced)
        assay_keyholder_exchange_request(&k->exchange, &k->closed, services_now(s));
    key_sessions_turn(k);
}

void group_key_receive_dealing(struct assay_sim_services *s, uint32_t node, const struct name *from,
                               struct assay_slice frame)
{
    struct key_host *k = &s->group_key->host[node];
    if (k->holder == NULL || !k->has_closed || from->index >= s->nodes) return;
    const uint8_t *sender = s->group_key->host[from->index].node_id; /* the link proves it */
    if (from->program == PROGRAM_DEALING_WANT) {
        assay_keyholder_exchange_on_want(&k->exchange, &k->closed, sender, frame);
    } else if (assay_keyholder_exchange_lacks(&k->exchange, &k->closed, frame)) {
        retain_dealing(k, frame);
        s->group_key->audit.count.received++;
        k->must_step = !k->is_fenced;
    }
}

void group_key_die(struct assay_sim_services *s, uint32_t node)
{
    if (s->group_key != NULL) stop_process(&s->group_key->host[node]);
}

/* A disk is lost, or replaced by its copy. */
static void change_disk(struct key_host *k, struct assay_sim_random *random)
{
    stop_process(k);
    for (uint32_t d = 0; d < KEY_DEALINGS; d++)
        drop_bytes(&k->dealing[d].data);
    if (assay_sim_random_below(random, 2) == 0) clear_disk(&k->disk);
    else copy_disk(&k->disk, &k->copy);
    k->was_restored = true;
    k->certifieds = k->cross_number = 0;
    k->restored_epoch = k->s->epoch;
    k->s->group_key->audit.count.disks++;
}

void group_key_epoch(struct assay_sim_services *s)
{
    struct group_key *g = s->group_key;
    if (g == NULL) return;
    struct assay_sim_random random = services_stream(s, PROGRAM_KEY_HOLDER, 1000000 + s->epoch);
    for (uint32_t i = 0; i < s->nodes; i++) {
        const bool copies = assay_sim_random_below(&random, 8) == 0;
        const bool changes = assay_sim_random_below(&random, 1000) < s->load->key_disks_permille;
        if (changes && services_is_on(s)) change_disk(&g->host[i], &random);
        if (copies && s->load->key_disks_permille > 0)
            copy_disk(&g->host[i].copy, &g->host[i].disk);
    }
}

/* --- life */

void assay_sim_key_holder_seed(uint64_t seed, const uint8_t node_id[static 32],
                               struct assay_secret32 *out)
{
    uint8_t number[8];
    for (unsigned i = 0; i < 8; i++)
        number[i] = (uint8_t)(seed >> (56 - 8 * i));
    const struct assay_slice pieces[] = { assay_slice_over(number, sizeof number),
                                          assay_slice_over(node_id, 32) };
    assay_sha256_pieces(pieces, 2, out->bytes);
}

void group_key_open(struct assay_sim_services *s)
{
    if (!s->load->group_key) return;
    struct group_key *g = calloc(1, sizeof *g);
    const enum assay_status status = assay_sodium_start();
    ASSAY_ASSERT(g != NULL && status == ASSAY_OK);
    s->group_key = g;
    g->random = services_stream(s, PROGRAM_KEY_HOLDER, 0);
    for (uint32_t i = 0; i < s->nodes; i++) {
        g->host[i].s = s;
        g->host[i].node = i;
    }
    key_sessions_open(g, s);
}

static void put_text(char *to, size_t capacity, const char *text)
{
    for (size_t i = 0; text[i] != '\0' && i + 1 < capacity; i++)
        to[i] = text[i];
}

void assay_sim_build_value(uint8_t build, uint8_t value[static 32])
{
    assay_bytes_zero(value, 32);
    value[0] = 'b';
    value[31] = build;
}

uint8_t assay_sim_build_names(uint8_t build, uint32_t names)
{
    if (build == 0 || build > names) return 0;
    return (uint8_t)(1u << (build - 1) | (build == names ? 1u : 0u));
}

/* The reference values of a name ascend, as the builds do. */
static void plan_names(uint32_t names, struct assay_registry_plan *plan)
{
    plan->identity.grant_count = names;
    for (uint32_t k = 0; k < names; k++) {
        struct assay_plan_grant *grant = &plan->identity.grant[k];
        *grant = (struct assay_plan_grant){ .name = { 'k', (char)('0' + k) } };
        for (uint8_t build = 1; build <= (uint8_t)names; build++) {
            if ((assay_sim_build_names(build, names) >> k & 1) == 0) continue;
            struct assay_plan_reference *r = &grant->reference[grant->reference_count++];
            *r = (struct assay_plan_reference){ .field = 0, .value_len = 32 };
            assay_sim_build_value(build, r->value);
        }
    }
}

void group_key_plan(const struct assay_sim_services *s, struct assay_registry_plan *plan)
{
    if (s->group_key == NULL) return;
    plan->has_identity = true;
    plan->identity.refresh = s->load->key_refresh;
    plan->identity.replaces_lost_key = true;
    plan->identity.validity_s = KEY_VALIDITY_S;
    plan->identity.next_epochs = ASSAY_CA_OVERLAP_MIN;
    plan->identity.old_epochs = 2 * key_validity_epochs(s);
    if (plan->identity.old_epochs < ASSAY_CA_OVERLAP_MIN)
        plan->identity.old_epochs = ASSAY_CA_OVERLAP_MIN;
    plan->identity.replaced = s->load->key_replaced;
    plan->identity.retired = s->load->later_key_retired;
    put_text(plan->identity.trust_domain, sizeof plan->identity.trust_domain, "sim.example");
    put_text(plan->identity.issuer, sizeof plan->identity.issuer, "https://sim.example");
    plan_names(s->load->granted_names, plan);
}

void group_key_free(struct assay_sim_services *s)
{
    for (uint32_t i = 0; s->group_key != NULL && i < s->nodes; i++) {
        struct key_host *k = &s->group_key->host[i];
        stop_process(k);
        clear_disk(&k->disk);
        clear_disk(&k->copy);
        clear_pending(k);
        drop_bytes(&k->lie.data);
        for (uint32_t d = 0; d < KEY_DEALINGS; d++)
            drop_bytes(&k->dealing[d].data);
    }
    if (s->group_key != NULL) key_sessions_free(s);
    free(s->group_key);
    s->group_key = NULL;
}
