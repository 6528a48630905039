/* tests/support/services/registry_world.c - see the header. */
#include "tests/support/services/registry_world_public.h"

#include "base/merkle.h"

#include <stdlib.h>

/* Owners of the keys. */
enum {
    REPLICAS = 0,
    HOLDERS = 20,
    ACCOUNTS = 40,
    ACCOUNTS_COUNT = 8,
    INSTANCES = 48,
    INSTANCES_COUNT = 6,
    TASKS = 54,
    TASKS_COUNT = 2,
    SECRETS = 24, /* ids that owners put */
    STRANGER = 200,
};

uint32_t registry_world_below(struct registry_world *w, uint32_t n)
{
    w->seed = w->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((w->seed >> 33) % n);
}

static bool one_in(struct registry_world *w, uint32_t n)
{
    return registry_world_below(w, n) == 0;
}

static void must(bool it)
{
    ASSAY_ASSERT(it);
}

void registry_world_init(struct registry_world *w, uint64_t seed)
{
    *w = (struct registry_world){ .seed = seed };
    for (uint32_t i = 0; i < WORLD_KEYS; i++)
        kit_key_make(&w->key[i], i + 1);
    kit_bytes('c', 1, w->chain_id);
    w->plan.group_count = 2;
    for (uint32_t i = 0; i < 2; i++) {
        w->plan.group[i].name[0] = (char)('a' + i);
        w->plan.group[i].size = 3;
        w->plan.group[i].instances_max = INSTANCES_COUNT - 1;
    }
    w->plan.has_shares = true;
    w->plan.shares.clusters = 2;
    w->plan.shares.slots = 4;
    w->plan.shares.k = 2;
    w->plan.shares.confirmations = 3;
    w->plan.shares.ids_max = SECRETS - 2;
    w->plan.has_tasks = true;
    w->plan.tasks.accounts_max = ACCOUNTS_COUNT - 1;
    w->plan.tasks.tasks_max = 4;
    w->plan.tasks.balance_count = 2;
    for (uint32_t i = 0; i < 2; i++) {
        assay_bytes_copy(w->plan.tasks.balance[i].account, 32, w->key[ACCOUNTS + i].account, 32);
        w->plan.tasks.balance[i].amount = 100000;
    }
    if (assay_bytes_compare(w->plan.tasks.balance[0].account, w->plan.tasks.balance[1].account,
                            32) > 0) {
        const struct assay_task_balance first = w->plan.tasks.balance[0];
        w->plan.tasks.balance[0] = w->plan.tasks.balance[1];
        w->plan.tasks.balance[1] = first;
    }
}

struct assay_registry *registry_world_fresh(const struct registry_world *w)
{
    const size_t len = assay_registry_size(&w->plan);
    struct assay_registry *r = NULL;
    void *memory = calloc(1, len);
    must(memory != NULL);
    must(assay_registry_init(memory, len, &w->plan, w->chain_id, &r) == ASSAY_OK);
    must((void *)r == memory);
    return r;
}

/* --- continuity */

static struct assay_cont_contact contact_of(struct registry_world *w, struct assay_secret32 *seed,
                                            struct assay_cont_link *link)
{
    struct assay_cont_contact contact = { .address_len =
                                              (uint8_t)(6 + registry_world_below(w, 4)) };
    assay_bytes_copy(contact.address, sizeof contact.address, "host:7100", contact.address_len);
    kit_bytes('C', registry_world_below(w, 300), seed->bytes);
    assay_cont_link_name(seed, link, &contact);
    return contact;
}

static void replica(struct registry_world *w, const struct assay_cont_group *group,
                    struct registry_record *out)
{
    struct assay_cont_replica_record record = { .group = group->home.group };
    if (group->member[out->slot].listed && !one_in(w, 6)) /* a process that starts again is rare */
        out->slot = registry_world_below(w, WORLD_MEMBERS);
    kit_bytes('D', out->slot, out->node);
    const struct kit_key *key = &w->key[REPLICAS + registry_world_below(w, HOLDERS - REPLICAS)];
    assay_bytes_copy(record.key, sizeof record.key, key->key, sizeof key->key);
    struct assay_secret32 seed;
    record.contact = contact_of(w, &seed, &record.link);
    record.drains = one_in(w, 12);
    uint8_t digest[32];
    assay_cont_replica_statement(&group->home, out->node, &record, digest);
    assay_sodium_link_sign(&seed, digest, record.link.signature);
    kit_sign(key, digest, record.signature);
    out->kind = ASSAY_SERVICE_REPLICA;
    must(assay_cont_replica_record_encode(&record, out->bytes, sizeof out->bytes, &out->payload) ==
         ASSAY_OK);
}

static void session(struct registry_world *w, const struct assay_cont_group *group,
                    struct registry_record *out)
{
    struct assay_cont_session_record record = { .group = group->home.group, .expected = 1 };
    const struct kit_key *key = &w->key[INSTANCES + registry_world_below(w, INSTANCES_COUNT)];
    uint8_t instance[32], digest[32];
    record.birth.epoch = group->epoch - group->epoch % 40; /* the same for a while */
    if (one_in(w, 4)) record.lease = 1 + registry_world_below(w, 80);
    assay_cont_instance(&group->home, &record.birth, key->key, instance);
    const struct assay_cont_instance_row *row = assay_cont_group_row(group, instance);
    if (row != NULL) record.expected = row->session + !one_in(w, 10);
    assay_bytes_copy(record.instance_key, sizeof record.instance_key, key->key, sizeof key->key);
    struct assay_secret32 seed;
    record.contact = contact_of(w, &seed, &record.link);
    assay_cont_session_statement(&group->home, out->node, &record, digest);
    assay_sodium_link_sign(&seed, digest, record.link.signature);
    kit_sign(key, digest, record.signature);
    out->kind = ASSAY_SERVICE_SESSION;
    must(assay_cont_session_record_encode(&record, out->bytes, sizeof out->bytes, &out->payload) ==
         ASSAY_OK);
}

static const struct kit_key *key_of(const struct registry_world *w, const uint8_t *key)
{
    for (uint32_t i = 0; i < WORLD_KEYS; i++)
        if (assay_bytes_equal(w->key[i].key, key, ASSAY_P256_PUBLIC_LEN)) return &w->key[i];
    return &w->key[0];
}

static void table(struct registry_world *w, const struct assay_cont_group *group,
                  struct registry_record *out)
{
    struct assay_cont_table_record record = { .group = group->home.group,
                                              .base = group->now.roster.view,
                                              .roster = group->next.roster };
    uint8_t digest[32];
    record.entries = registry_world_below(w, INSTANCES_COUNT);
    record.count = one_in(w, 8) ? 1 : 2;
    kit_bytes('R', registry_world_below(w, 1000), record.root);
    record.last_count = record.count;
    for (uint32_t i = 0; i < record.last_count; i++) {
        const struct kit_key *key = key_of(w, group->now.roster.key[i]);
        struct assay_cont_last_table *last = &record.last[i];
        last->entries = record.entries;
        assay_bytes_copy(last->root, 32, record.root, 32);
        assay_bytes_copy(last->key, sizeof last->key, key->key, sizeof key->key);
        assay_cont_fin_statement(&group->home, record.base, last->root, last->entries,
                                 &record.roster, digest);
        kit_sign(key, digest, last->signature);
    }
    assay_cont_table_statement(&group->home, record.roster.view, record.root, record.entries,
                               digest);
    for (uint32_t i = 0; i < record.count; i++) {
        const struct kit_key *key = key_of(w, group->next.roster.key[i]);
        assay_bytes_copy(record.key[i], sizeof record.key[i], key->key, sizeof key->key);
        kit_sign(key, digest, record.signature[i]);
    }
    out->kind = ASSAY_SERVICE_TABLE;
    must(assay_cont_table_record_encode(&record, out->bytes, sizeof out->bytes, &out->payload) ==
         ASSAY_OK);
}

/* A state of some instance is certified, by enough seats or not. */
static void keep(struct registry_world *w, const struct assay_cont_group *group,
                 struct registry_record *out)
{
    const struct assay_cont_roster *roster = &group->now.roster;
    struct assay_cont_keep_record record = {
        .group = group->home.group,
        .roster = *roster,
        .receipt = { .home = group->home,
                     .view = roster->view,
                     .entry = { .promised = 1, .writer = 1, .index = 1 },
                     .count = assay_cont_quorum(roster->count) },
    };
    const uint32_t row = registry_world_below(w, group->instance_count);
    struct assay_cont_place place = { .leaves = 1 };
    uint8_t digest[32];
    assay_bytes_copy(record.receipt.entry.instance, 32,
                     group->instance[group->by_name[row]].instance, 32);
    kit_bytes('D', registry_world_below(w, 1000), record.receipt.entry.digest);
    assay_cont_receipt_leaf(&record.receipt.entry, record.receipt.nonce, place.root);
    assay_cont_receipts_statement(&group->home, roster->view, place.root, place.leaves, digest);
    for (uint32_t i = 0; i < record.receipt.count; i++) {
        record.receipt.seat[i] = (uint8_t)i;
        record.receipt.place[i] = place;
        kit_sign(key_of(w, roster->key[i]), digest, record.receipt.signature[i]);
    }
    out->kind = ASSAY_SERVICE_KEEP;
    must(assay_cont_keep_record_encode(&record, out->bytes, sizeof out->bytes, &out->payload) ==
         ASSAY_OK);
}

static void retire(struct registry_world *w, const struct assay_cont_group *group,
                   struct registry_record *out)
{
    const struct assay_cont_instance_row *row =
        &group->instance[group->by_name[registry_world_below(w, group->instance_count)]];
    struct assay_cont_retire_record record = { .group = group->home.group,
                                               .birth = row->birth,
                                               .session = row->session - one_in(w, 3) };
    uint8_t instance[32], digest[32];
    for (uint32_t i = 0; i < INSTANCES_COUNT; i++) {
        const struct kit_key *key = &w->key[INSTANCES + i];
        assay_cont_instance(&group->home, &row->birth, key->key, instance);
        if (!assay_bytes_equal(instance, row->instance, 32)) continue;
        assay_bytes_copy(record.instance_key, sizeof record.instance_key, key->key,
                         sizeof key->key);
        assay_cont_retire_statement(&group->home, &record, digest);
        kit_sign(key, digest, record.signature);
    }
    out->kind = ASSAY_SERVICE_RETIRE;
    must(assay_cont_retire_record_encode(&record, out->bytes, sizeof out->bytes, &out->payload) ==
         ASSAY_OK);
}

/* A seat is not reachable by another one, or by no seat. */
static void silent(struct registry_world *w, const struct assay_cont_group *group,
                   struct registry_record *out)
{
    const struct assay_cont_roster *now = &group->now.roster;
    struct assay_cont_silent_record record = { .group = group->home.group,
                                               .era = group->era,
                                               .view = now->view,
                                               /* Mostly the same for a while. */
                                               .seat = (uint32_t)(group->epoch / 2) % now->count,
                                               .epoch = group->epoch + !one_in(w, 4) };
    const struct kit_key *key = key_of(w, now->key[registry_world_below(w, now->count)]);
    uint8_t digest[32];
    for (uint32_t i = 0; i < 2; i++) /* most of those that there may be */
        record.reachable[i] = (uint8_t)(0xff ^ 1u << registry_world_below(w, 8));
    assay_bytes_copy(record.key, sizeof record.key, key->key, sizeof key->key);
    assay_cont_silent_statement(&group->home, &record, digest);
    kit_sign(key, digest, record.signature);
    out->kind = ASSAY_SERVICE_SILENT;
    must(assay_cont_silent_record_encode(&record, out->bytes, sizeof out->bytes, &out->payload) ==
         ASSAY_OK);
}

static void alive(struct registry_world *w, const struct assay_cont_group *group,
                  struct registry_record *out)
{
    struct assay_cont_alive_record record = { .group = group->home.group,
                                              .era = group->era,
                                              .epoch = group->epoch + 1 };
    const struct kit_key *key = key_of(w, group->member[out->slot].key);
    uint8_t digest[32];
    assay_bytes_copy(record.key, sizeof record.key, key->key, sizeof key->key);
    assay_cont_alive_statement(&group->home, out->node, &record, digest);
    kit_sign(key, digest, record.signature);
    out->kind = ASSAY_SERVICE_ALIVE;
    must(assay_cont_alive_record_encode(&record, out->bytes, sizeof out->bytes, &out->payload) ==
         ASSAY_OK);
}

static void continuity(struct registry_world *w, const struct assay_registry *r,
                       struct registry_record *out)
{
    const struct assay_cont_group *group = assay_registry_group(r, registry_world_below(w, 2));
    const uint32_t of = registry_world_below(w, 7);
    const bool sits = group->now.roster.count > 0;
    if (of >= 4 && sits && !one_in(w, 4)) silent(w, group, out);
    else if (of >= 4 && sits) alive(w, group, out);
    else if (group->phase == ASSAY_CONT_CHANGING && of < 2) table(w, group, out);
    else if (of < 3) replica(w, group, out);
    else if (group->phase == ASSAY_CONT_FORMING || group->instance_count == 0 || !one_in(w, 3))
        session(w, group, out);
    else if (one_in(w, 4)) retire(w, group, out);
    else keep(w, group, out);
}

/* --- shares */

static void holder(struct registry_world *w, struct registry_record *out)
{
    struct assay_share_holder_record record = { .address_len = 9 };
    struct assay_share_home here;
    struct assay_secret32 seed;
    uint8_t digest[32];
    /* Mostly the same again. */
    const uint32_t number = one_in(w, 12) ? registry_world_below(w, ACCOUNTS - HOLDERS) : out->slot;
    record.cluster = one_in(w, 30) ? 1 : out->slot % 2;
    assay_bytes_copy(record.key, sizeof record.key, w->key[HOLDERS + number].key,
                     sizeof record.key);
    assay_bytes_copy(record.address, sizeof record.address, "host:7100", 9);
    assay_bytes_copy(here.chain_id, 32, w->chain_id, 32);
    kit_bytes('D', out->slot, record.node);
    assay_bytes_copy(seed.bytes, 32, record.key, 32);
    assay_sodium_link_pair(&seed, record.link);
    assay_share_holder_statement(&here, &record, digest);
    assay_sodium_link_sign(&seed, digest, record.link_signature);
    kit_sign(&w->key[HOLDERS + number], digest, record.signature);
    out->kind = ASSAY_SERVICE_HOLDER;
    must(assay_share_holder_record_encode(&record, out->bytes, sizeof out->bytes, &out->payload) ==
         ASSAY_OK);
}

/* Two have secrets, by turns. */
static const struct kit_key *owner_of(const struct registry_world *w, uint32_t number)
{
    return &w->key[ACCOUNTS + number % 2];
}

static void put(struct registry_world *w, const struct assay_share_registry *s,
                struct registry_record *out)
{
    struct assay_share_put_record record = { .k = 2, .birth = { s->era, s->epoch } };
    const uint32_t number = registry_world_below(w, SECRETS);
    const struct kit_key *owner = owner_of(w, number);
    struct assay_share_home here;
    uint8_t digest[32];
    assay_bytes_copy(here.chain_id, 32, w->chain_id, 32);
    record.cluster = registry_world_below(w, 2);
    record.reader_count = registry_world_below(w, 2);
    record.reader[0].kind = ASSAY_SHARE_READER_ACCOUNT;
    assay_bytes_copy(record.reader[0].name, 32, w->key[ACCOUNTS + 1].account, 32);
    assay_bytes_copy(record.owner, sizeof record.owner, owner->key, sizeof owner->key);
    kit_bytes('N', number, record.name);
    kit_bytes('A', number, record.digest);
    kit_bytes('P', number, record.payload);
    if (one_in(w, 12)) record.birth.epoch += 1; /* one to come */
    else if (one_in(w, 3)) record.birth.epoch -= 1;
    assay_share_put_statement(&here, &record, digest);
    kit_sign(owner, digest, record.signature);
    out->kind = ASSAY_SERVICE_SHARE_PUT;
    must(assay_share_put_record_encode(&record, out->bytes, sizeof out->bytes, &out->payload) ==
         ASSAY_OK);
}

/* Its owner deletes one, or names other readers. Returns: false when it is not there. */
static bool change(struct registry_world *w, const struct assay_share_registry *s,
                   struct registry_record *out)
{
    struct assay_share_delete_record gone = { 0 };
    struct assay_share_readers_record read = { .reader_count = registry_world_below(w, 2) };
    struct assay_share_order order = { .era = s->era };
    const uint32_t number = registry_world_below(w, SECRETS);
    const struct kit_key *owner = owner_of(w, number);
    struct assay_share_home here;
    uint8_t id[32], digest[32];
    enum assay_status status = ASSAY_OK;
    assay_bytes_copy(here.chain_id, 32, w->chain_id, 32);
    assay_bytes_copy(order.owner, sizeof order.owner, owner->key, sizeof owner->key);
    kit_bytes('N', number, order.name);
    assay_share_id(order.owner, order.name, id);
    const struct assay_share_row *row = assay_share_registry_find(s, id);
    if (row == NULL) return false;
    order.birth = row->birth;
    order.version = row->version + 1 + one_in(w, 8);
    read.reader[0].kind = ASSAY_SHARE_READER_ACCOUNT;
    assay_bytes_copy(read.reader[0].name, 32, w->key[ACCOUNTS + 1 + one_in(w, 4)].account, 32);
    read.order = gone.order = order;
    if (one_in(w, 3)) {
        assay_share_delete_statement(&here, &gone, digest);
        kit_sign(owner, digest, gone.signature);
        out->kind = ASSAY_SERVICE_SHARE_DELETE;
        status = assay_share_delete_record_encode(&gone, out->bytes, sizeof out->bytes,
                                                  &out->payload);
    } else {
        assay_share_readers_statement(&here, &read, digest);
        kit_sign(owner, digest, read.signature);
        out->kind = ASSAY_SERVICE_SHARE_READERS;
        status = assay_share_readers_record_encode(&read, out->bytes, sizeof out->bytes,
                                                   &out->payload);
    }
    must(status == ASSAY_OK);
    return true;
}

/* A holder in a cluster that has members. Returns: false when there is none. */
static bool sits(struct registry_world *w, const struct assay_share_registry *s,
                 struct registry_record *out, uint32_t *cluster, uint32_t *slot)
{
    *cluster = registry_world_below(w, s->config.clusters);
    *slot = registry_world_below(w, s->config.slots);
    if (!s->cluster[*cluster].seated) return false;
    if (!one_in(w, 16)) out->slot = s->cluster[*cluster].seat[*slot].member;
    if (out->slot >= WORLD_MEMBERS) out->slot = 0;
    return true;
}

/* What a slot may say of a row. Returns: false when that is nothing. */
static bool line_of(struct registry_world *w, const struct assay_share_registry *s,
                    const struct assay_share_row *row, uint32_t cluster, uint32_t slot, bool deals,
                    struct assay_share_line *line)
{
    const struct assay_share_reshare *reshare = assay_share_registry_find_reshare(s, row);
    const bool here = reshare != NULL && reshare->cluster == cluster;
    assay_bytes_copy(line->id, 32, row->id, 32);
    line->generation = row->generation;
    line->attempt = row->attempt;
    assay_bytes_copy(line->digest, 32, row->digest, 32);
    if (here && !deals && reshare->is_public && reshare->dealers != 0) {
        line->generation = reshare->generation;
        line->attempt = reshare->attempt;
        assay_bytes_copy(line->digest, 32, reshare->digest[0], 32);
        return true;
    }
    if (here && reshare->is_public && deals) return false;
    if (deals || (here && !reshare->is_public && reshare->dealt == reshare->dealers)) {
        if (!here || (deals && !(reshare->dealers >> slot & 1))) return false;
        line->generation = reshare->generation;
        line->attempt = reshare->attempt;
        kit_bytes(deals ? (uint8_t)('a' + slot) : 'G',
                  (uint32_t)(reshare->attempt & UINT16_MAX) + 100 * row->generation, line->digest);
        if (one_in(w, 40)) line->digest[0] ^= 1; /* a lie, or a mistake */
        return true;
    }
    return !(row->have[cluster] >> slot & 1) || one_in(w, 8);
}

static bool list(struct registry_world *w, const struct assay_share_registry *s, bool deals,
                 struct registry_record *out)
{
    struct assay_share_list_record record = { .era = s->era };
    uint32_t slot = 0;
    if (!sits(w, s, out, &record.cluster, &slot)) return false;
    record.seating = s->cluster[record.cluster].seat[slot].seating;
    const uint32_t omitted = registry_world_below(w, 12);
    for (uint32_t i = 0; i < s->row_count && record.count < ASSAY_SHARE_LIST_MAX; i++)
        if (i % 12 != omitted && !s->row[s->order[i]].deleted &&
            line_of(w, s, &s->row[s->order[i]], record.cluster, slot, deals,
                    &record.line[record.count]))
            record.count++;
    if (record.count == 0) return false;
    out->kind = deals ? ASSAY_SERVICE_SHARE_DEAL : ASSAY_SERVICE_SHARE_HAVE;
    must(assay_share_list_record_encode(&record, out->bytes, sizeof out->bytes, &out->payload) ==
         ASSAY_OK);
    return true;
}

static bool ready(struct registry_world *w, const struct assay_share_registry *s,
                  struct registry_record *out)
{
    struct assay_share_ready_record record = { .era = s->era, .count = s->synced_count };
    if (!sits(w, s, out, &record.cluster, &record.slot)) return false;
    record.seating = s->cluster[record.cluster].seat[record.slot].seating;
    assay_share_registry_root(s, record.digest);
    out->kind = ASSAY_SERVICE_SHARE_READY;
    must(assay_share_ready_record_encode(&record, out->bytes, sizeof out->bytes, &out->payload) ==
         ASSAY_OK);
    return true;
}

static bool reads(struct registry_world *w, const struct assay_share_registry *s,
                  struct registry_record *out)
{
    struct assay_share_read_record record = { .reader = { ASSAY_SHARE_READER_ACCOUNT, { 0 } } };
    const struct kit_key *key = &w->key[ACCOUNTS + 1 + one_in(w, 6)];
    struct assay_share_home here;
    uint8_t digest[32];
    if (s->row_count == 0) return false;
    assay_bytes_copy(here.chain_id, 32, w->chain_id, 32);
    assay_bytes_copy(record.id, 32, s->row[registry_world_below(w, s->row_count)].id, 32);
    assay_bytes_copy(record.reader.name, 32, key->account, 32);
    assay_bytes_copy(record.key, sizeof record.key, key->key, sizeof key->key);
    kit_bytes('n', registry_world_below(w, 1000), record.nonce);
    assay_share_read_statement(&here, &record, digest);
    kit_sign(key, digest, record.signature);
    out->kind = ASSAY_SERVICE_SHARE_READ;
    must(assay_share_read_record_encode(&record, out->bytes, sizeof out->bytes, &out->payload) ==
         ASSAY_OK);
    return true;
}

/* A share with other commitments than in the ledger, signed by its giver. */
static bool lie(struct registry_world *w, const struct assay_share_registry *s,
                struct registry_record *out)
{
    struct assay_share_lie_record record = { .count = 1,
                                             .current = { .k = 2 },
                                             .piece = { .commitments = { .k = 2 } } };
    struct assay_share_given *given = &record.given;
    struct assay_share_home here;
    uint8_t digest[32];
    if (s->row_count == 0 || !sits(w, s, out, &given->cluster, &given->dealer)) return false;
    const struct assay_share_row *row = &s->row[registry_world_below(w, s->row_count)];
    if (row->deleted) return false;
    const struct assay_share_seat *seat = &s->cluster[given->cluster].seat[given->dealer];
    const struct kit_key *key = key_of(w, seat->key);
    given->type = ASSAY_SHARE_GIFT_FETCHED;
    given->era = s->era;
    given->seating = seat->seating;
    if (seat->member < ASSAY_SHARE_MEMBERS_MAX)
        assay_bytes_copy(given->node, 32, s->member[seat->member].node, 32);
    assay_bytes_copy(here.chain_id, 32, w->chain_id, 32);
    assay_bytes_copy(record.key, sizeof record.key, key->key, sizeof key->key);
    assay_bytes_copy(record.piece.id, 32, row->id, 32);
    record.piece.generation = row->generation;
    record.piece.attempt = row->attempt;
    assay_share_piece_leaf(given->type, 0, &record.piece, record.root);
    assay_share_given_statement(&here, given, record.root, 1, digest);
    kit_sign(key, digest, record.signature);
    out->kind = ASSAY_SERVICE_SHARE_LIE;
    must(assay_share_lie_record_encode(&record, out->bytes, sizeof out->bytes, &out->payload) ==
         ASSAY_OK);
    return true;
}

static bool in_public(struct registry_world *w, const struct assay_share_registry *s,
                      struct registry_record *out)
{
    uint32_t cluster = 0, slot = 0;
    return sits(w, s, out, &cluster, &slot) && registry_world_public(w, s, cluster, slot, out);
}

static void shares(struct registry_world *w, const struct assay_registry *r,
                   struct registry_record *out)
{
    const struct assay_share_registry *s = assay_registry_shares(r);
    const uint32_t of = registry_world_below(w, 54);
    bool made = false;
    if (of < 14) made = list(w, s, false, out);
    else if (of < 22 && s->reshare_count > 0) made = list(w, s, true, out);
    else if (of < 28) made = ready(w, s, out);
    else if (of < 30) made = reads(w, s, out);
    else if (of == 30 && one_in(w, 3)) made = lie(w, s, out);
    else if (of < 36 && s->cluster[0].seated) put(w, s, out), made = true;
    else if (of < 38) made = change(w, s, out);
    else if (of < 52) made = in_public(w, s, out);
    if (!made) holder(w, out);
}

/* --- tasks */

static const struct assay_task_row *any_task(struct registry_world *w,
                                             const struct assay_task_ledger *ledger)
{
    const uint32_t count = w->name_count < WORLD_NAMES ? w->name_count : WORLD_NAMES;
    return count == 0
               ? NULL
               : assay_task_ledger_find_task(ledger, w->name[registry_world_below(w, count)]);
}

static const struct kit_key *any_account(struct registry_world *w)
{
    return &w->key[ACCOUNTS + registry_world_below(w, one_in(w, 4) ? ACCOUNTS_COUNT : 3)];
}

static uint64_t sequence_of(struct registry_world *w, const struct assay_task_ledger *ledger,
                            const struct kit_key *key)
{
    uint64_t balance = 0, sequence = 0;
    (void)assay_task_ledger_get_balance(ledger, key->account, &balance, &sequence);
    return sequence + one_in(w, 12);
}

static void transfer(struct registry_world *w, const struct assay_task_ledger *ledger,
                     struct registry_record *out)
{
    const struct kit_key *key = any_account(w);
    struct assay_task_transfer record = { .sequence = sequence_of(w, ledger, key) };
    record.amount = 1 + registry_world_below(w, 2000);
    assay_bytes_copy(record.to, 32, any_account(w)->account, 32);
    kit_sign_transfer(w->chain_id, key, &record);
    out->kind = ASSAY_SERVICE_TRANSFER;
    must(assay_task_transfer_encode(&record, out->bytes, sizeof out->bytes, &out->payload) ==
         ASSAY_OK);
}

static void offer(struct registry_world *w, struct registry_record *out)
{
    struct assay_task_offer record = { .count = !one_in(w, 6), .price = 5, .address_len = 9 };
    record.price += registry_world_below(w, 3);
    record.hold = 1 + one_in(w, 3);
    if (record.count > 0) kit_bytes('O', 1, record.code[0]);
    assay_bytes_copy(record.address, sizeof record.address, "host:7200", 9);
    out->kind = ASSAY_SERVICE_TASK_OFFER;
    must(assay_task_offer_encode(&record, out->bytes, sizeof out->bytes, &out->payload) ==
         ASSAY_OK);
}

static void opens(struct registry_world *w, const struct assay_task_ledger *ledger,
                  struct registry_record *out)
{
    const struct kit_key *key = any_account(w);
    struct assay_task_open record = { .sequence = sequence_of(w, ledger, key),
                                      .price = 10,
                                      .hold = 1 + one_in(w, 2) };
    kit_bytes('O', 1, record.code);
    kit_bytes('I', registry_world_below(w, 1000), record.input);
    record.executor = assay_task_ledger_choose(ledger, record.code, record.price, record.hold,
                                               ASSAY_TASK_STAND_RESTRICTED);
    if (record.executor >= WORLD_MEMBERS) record.executor = registry_world_below(w, WORLD_MEMBERS);
    record.steps = 1 + registry_world_below(w, 4);
    record.deadline = w->epoch + 1 + registry_world_below(w, 12);
    record.min_standing =
        (enum assay_task_standing)(ASSAY_TASK_STAND_RESTRICTED + registry_world_below(w, 3));
    kit_sign_open(w->chain_id, key, &record);
    assay_task_open_statement(w->chain_id, &record, w->name[w->name_count++ % WORLD_NAMES]);
    out->kind = ASSAY_SERVICE_TASK_OPEN;
    must(assay_task_open_encode(&record, out->bytes, sizeof out->bytes, &out->payload) == ASSAY_OK);
}

static void accepts(struct registry_world *w, const struct assay_task_row *row,
                    struct registry_record *out)
{
    struct assay_task_accept record = { 0 };
    const struct kit_key *key = &w->key[TASKS + registry_world_below(w, TASKS_COUNT)];
    if (!one_in(w, 8)) out->slot = row->executor;
    assay_bytes_copy(record.task, 32, row->task, 32);
    assay_bytes_copy(record.key, sizeof record.key, key->key, sizeof key->key);
    assay_bytes_copy(record.account, 32, any_account(w)->account, 32);
    out->kind = ASSAY_SERVICE_TASK_ACCEPT;
    must(assay_task_accept_encode(&record, out->bytes, sizeof out->bytes, &out->payload) ==
         ASSAY_OK);
}

static const struct kit_key *account_of(const struct registry_world *w, const uint8_t *account)
{
    for (uint32_t i = 0; i < WORLD_KEYS; i++)
        if (assay_bytes_equal(w->key[i].account, account, 32)) return &w->key[i];
    return &w->key[ACCOUNTS];
}

static void claims(struct registry_world *w, const struct assay_task_row *row,
                   struct registry_record *out)
{
    struct assay_task_claim record;
    uint64_t epoch = w->epoch + 1;
    const uint32_t back = registry_world_below(w, 6);
    epoch -= back < epoch ? back : 0;
    if (!one_in(w, 8)) out->slot = row->executor;
    kit_claim(w->chain_id, account_of(w, row->requestor), key_of(w, row->key), row->task,
              row->input, row->paid + 1, epoch, &record);
    out->kind = ASSAY_SERVICE_TASK_CLAIM;
    must(assay_task_claim_encode(&record, out->bytes, sizeof out->bytes, &out->payload) ==
         ASSAY_OK);
}

static void closes(struct registry_world *w, const struct assay_task_row *row,
                   struct registry_record *out)
{
    struct assay_task_close record = { 0 };
    assay_bytes_copy(record.task, 32, row->task, 32);
    kit_sign_close(w->chain_id, account_of(w, row->requestor), &record);
    out->kind = ASSAY_SERVICE_TASK_CLOSE;
    must(assay_task_close_encode(&record, out->bytes, sizeof out->bytes, &out->payload) ==
         ASSAY_OK);
}

/* Of either side. */
static void releases(struct registry_world *w, const struct assay_task_row *row,
                     struct registry_record *out)
{
    struct assay_task_release record = { .paid = row->paid };
    assay_bytes_copy(record.task, 32, row->task, 32);
    if (!one_in(w, 8)) out->slot = row->executor;
    if (one_in(w, 2)) kit_sign_release(w->chain_id, account_of(w, row->requestor), &record);
    out->kind = ASSAY_SERVICE_TASK_RELEASE;
    must(assay_task_release_encode(&record, out->bytes, sizeof out->bytes, &out->payload) ==
         ASSAY_OK);
}

/* Returns: a task that runs, and of which no claim came for so many closes; NULL: none. */
static const struct assay_task_row *accepted(const struct assay_task_ledger *ledger, uint8_t quiet)
{
    const struct assay_task_row *row = NULL;
    for (uint32_t at = 0; (row = assay_task_ledger_next_task(ledger, &at)) != NULL;)
        if (row->accepted && row->end == ASSAY_TASK_END_NONE && row->quiet >= quiet) return row;
    return NULL;
}

static void tasks(struct registry_world *w, const struct assay_registry *r,
                  struct registry_record *out)
{
    const struct assay_task_ledger *ledger = assay_registry_tasks(r);
    const struct assay_task_row *row = any_task(w, ledger);
    const uint32_t of = registry_world_below(w, 16);
    const struct assay_task_row *const quiet = accepted(ledger, 4);
    if (quiet != NULL && one_in(w, 3)) releases(w, quiet, out);
    else if (of == 14 && accepted(ledger, 0) != NULL) releases(w, accepted(ledger, 0), out);
    else if (of < 3) transfer(w, ledger, out);
    else if (of < 6) offer(w, out);
    else if (of < 9 || row == NULL) opens(w, ledger, out);
    else if (of < 11) accepts(w, row, out);
    else if (of < 15) claims(w, row, out);
    else closes(w, row, out);
}

/* --- the course */

void registry_world_record(struct registry_world *w, const struct assay_registry *r,
                           struct registry_record *out)
{
    out->slot = registry_world_below(w, WORLD_MEMBERS);
    kit_bytes('D', out->slot, out->node);
    const uint32_t of = registry_world_below(w, 8);
    if (of < 2) continuity(w, r, out);
    else if (of < 6) shares(w, r, out);
    else tasks(w, r, out);
    kit_bytes('D', out->slot, out->node);
    if (one_in(w, 60)) out->slot = STRANGER; /* serves nothing */
}

void registry_world_close(struct registry_world *w)
{
    w->epoch += one_in(w, 60) ? 70 : 1;
    for (uint32_t i = 0; i < WORLD_MEMBERS; i++) {
        /* Mostly FULL: otherwise groups are gone at once, and no holder deals. */
        w->member[i] = (struct assay_registry_member){
            .standing = one_in(w, 16) ? (enum assay_registry_standing)registry_world_below(w, 5)
                                      : ASSAY_REGISTRY_STAND_FULL,
            .score_bp = (uint16_t)registry_world_below(w, 100),
            .certified = !one_in(w, 6),
            .failed = one_in(w, 40),
            .renewed = one_in(w, 50),
            .operator_ = (uint8_t)(i == 1 ? 0 : i), /* two are one operator's */
        };
    }
}

/* --- documents */

void registry_documents_of(const struct registry_world *w, const struct assay_registry *r,
                           struct registry_documents *out)
{
    out->count = assay_registry_documents(&w->plan);
    out->bytes = malloc((size_t)out->count * ASSAY_REGISTRY_DOCUMENT_LEN_MAX);
    must(out->bytes != NULL);
    for (uint32_t i = 0; i < out->count; i++) {
        struct assay_writer to =
            assay_writer_over(out->bytes + (size_t)i * ASSAY_REGISTRY_DOCUMENT_LEN_MAX,
                              ASSAY_REGISTRY_DOCUMENT_LEN_MAX);
        must(assay_registry_encode(r, i, &to) == ASSAY_OK);
        must(assay_writer_finish(&to, &out->of[i]) == ASSAY_OK);
    }
}

void registry_documents_free(struct registry_documents *documents)
{
    free(documents->bytes);
    documents->bytes = NULL;
}

enum assay_status registry_documents_read(const struct registry_documents *documents, uint32_t from,
                                          struct assay_registry *r)
{
    for (uint32_t i = 0; i < documents->count; i++) {
        const uint32_t at = (from + i) % documents->count;
        ASSAY_TRY(assay_registry_decode(r, at, documents->of[at]));
    }
    return ASSAY_OK;
}
