/*
 * tests/support/services/continuity_world.c - see the header.
 */
#include "tests/support/services/continuity_world.h"

#include "base/crypto/model.h"
#include "services/continuity/replica_internal.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    MACHINES = 9,
    CLONES = 2,
    MESSAGES = 192,
    FACTS = 256,
    NODES = 64,
    INSTANCES = 2, /* of which one lives: tables are small, and worlds quick */
    GROUP = 3,
};

struct machine {
    struct assay_cont_replica *replica;
    uint8_t secret[32];
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    uint32_t seen; /* facts of the ledger */
    bool listed;
};

/* A sealed state. */
struct node {
    uint32_t parent;
    uint64_t index;
    uint8_t prev[32], blob[32], digest[32];
};

struct clone {
    bool runs;
    struct assay_cont_client client;
    uint32_t seen;
    uint32_t node;      /* of its last state */
    uint32_t shown;     /* of its certified state */
    uint32_t before;    /* what was released when it was started */
    uint32_t read_from; /* when its read began */
};

struct message {
    bool to_replica;
    uint8_t to[ASSAY_P256_PUBLIC_LEN]; /* a replica's key */
    uint64_t session;                  /* a clone's */
    struct assay_cont_from from;
    size_t len;
    uint8_t *bytes;
};

struct world {
    const struct cont_plan *plan;
    struct cont_result *result;
    uint64_t random, forge_random, now_ms;
    struct assay_cont_home home;
    struct assay_cont_group group, past;
    struct assay_cont_instance_row rows[2][INSTANCES];
    bool has_past;
    uint32_t machine_count;
    struct machine machine[MACHINES];
    struct clone clone[CLONES];
    uint32_t fact_count;
    struct assay_cont_fact fact[FACTS];
    struct assay_cont_table_record table[FACTS]; /* by which a view started; else of group 0 */
    uint32_t message_count;
    struct message message[MESSAGES];
    uint32_t node_count;
    struct node node[NODES];
    uint32_t released; /* the newest node of which an output was released */
    uint8_t instance_key[ASSAY_P256_PUBLIC_LEN], instance[32];
    uint64_t sessions, epoch;
    uint32_t updates, suspensions, keys;
    struct assay_cont_effects effects;
    struct assay_cont_outputs outs;
};

static uint64_t mixed(uint64_t *random, uint64_t below)
{
    uint64_t x = *random += 0x9e3779b97f4a7c15ULL;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
    return (x ^ x >> 31) % below;
}

static uint64_t draw(struct world *w, uint64_t below)
{
    return mixed(&w->random, below);
}

static void draw_bytes(struct world *w, uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)draw(w, 256);
}

/* --- what must hold */

static bool is_ancestor(const struct world *w, uint32_t old, uint32_t young)
{
    while (w->node[young].index > w->node[old].index)
        young = w->node[young].parent;
    return old == young;
}

static void violated(struct world *w, const char *what, uint32_t is, uint32_t must)
{
    if (w->result->violation != NULL) return;
    w->result->violation = what;
    snprintf(w->result->story, sizeof w->result->story,
             "seed %llu step %u: state %llu (node %u) beside node %u of index %llu",
             (unsigned long long)w->plan->seed, w->result->steps,
             (unsigned long long)w->node[is].index, is, must,
             (unsigned long long)w->node[must].index);
}

static void release(struct world *w, uint32_t node)
{
    w->result->released++;
    if (is_ancestor(w, w->released, node)) w->released = node;
    else if (!is_ancestor(w, node, w->released)) violated(w, "FORK", node, w->released);
}

/* --- network */

static void message_drop(struct world *w, uint32_t at)
{
    free(w->message[at].bytes);
    w->message[at] = w->message[--w->message_count];
}

static struct message *message_add(struct world *w, const uint8_t *bytes, size_t len)
{
    if (w->message_count == MESSAGES) message_drop(w, (uint32_t)draw(w, MESSAGES));
    struct message *m = &w->message[w->message_count++];
    *m = (struct message){ .len = len, .bytes = malloc(len) };
    ASSAY_ASSERT(m->bytes != NULL);
    assay_bytes_copy(m->bytes, len, bytes, len);
    return m;
}

static void facts_add(struct world *w, const struct assay_cont_facts *facts)
{
    assay_cont_group_check(&w->group);
    for (uint32_t i = 0; i < facts->count && w->fact_count < FACTS; i++) {
        w->fact[w->fact_count++] = facts->fact[i];
        if (facts->fact[i].kind == ASSAY_CONT_STARTED) w->result->views++;
    }
}

static void send_one(struct world *w, struct machine *from, const struct assay_cont_from *sender,
                     const struct assay_cont_send *send)
{
    uint8_t *bytes = w->effects.bytes + send->at;
    struct assay_cont_from self = { .replica = true };
    assay_bytes_copy(self.key, sizeof self.key, from->key, sizeof from->key);
    if (send->to == ASSAY_CONT_TO_LEDGER) {
        struct assay_cont_table_record record;
        struct assay_cont_facts facts;
        ASSAY_ASSERT(assay_cont_table_record_decode(assay_slice_over(bytes, send->len), &record) ==
                     ASSAY_OK);
        ASSAY_ASSERT(assay_cont_table_record_check(&w->home, &record));
        (void)assay_cont_group_apply_table(&w->group, &record, &facts);
        if (facts.count > 0 && w->fact_count < FACTS) w->table[w->fact_count] = record;
        facts_add(w, &facts);
        return;
    }
    if (bytes[1] == ASSAY_CONT_PING) return; /* carries no table: leaves room for others */
    if (send->sign)
        assay_model_sign(from->secret, send->statement,
                         bytes + send->len - ASSAY_P256_SIGNATURE_LEN);
    for (uint32_t i = 0; i < w->machine_count; i++) {
        const bool wanted =
            send->to == ASSAY_CONT_TO_GROUP ||
            (send->to == ASSAY_CONT_TO_KEY &&
             assay_bytes_equal(w->machine[i].key, send->key, sizeof send->key)) ||
            (send->to == ASSAY_CONT_TO_SENDER && sender != NULL && sender->replica &&
             assay_bytes_equal(w->machine[i].key, sender->key, sizeof sender->key));
        if (!wanted) continue;
        struct message *m = message_add(w, bytes, send->len);
        m->to_replica = true;
        m->from = self;
        assay_bytes_copy(m->to, sizeof m->to, w->machine[i].key, sizeof m->to);
    }
    if (send->to == ASSAY_CONT_TO_SESSION) {
        struct message *m = message_add(w, bytes, send->len);
        m->session = send->session;
        m->from = self;
        return;
    }
    if (send->to != ASSAY_CONT_TO_SENDER || sender == NULL || sender->replica) return;
    struct message *m = message_add(w, bytes, send->len);
    m->session = sender->session;
    m->from = self;
}

static void replica_did(struct world *w, struct machine *m, const struct assay_cont_from *sender)
{
    /* A memory under an old key holds what its ledger has not shown it: no replica of ours. */
    if (w->plan->rule == CONT_RULE_OURS) assay_cont_replica_check(m->replica);
    for (uint32_t i = 0; i < w->effects.count; i++)
        send_one(w, m, sender, &w->effects.send[i]);
}

/* docs/services.md 1.9.8: whatever hand-over it receives, an enclave runs only in views that the
 * ledger started, with the keys and contacts that it decided. */
static void hold_view(struct world *w, const struct clone *c)
{
    for (uint32_t i = 0; i < w->fact_count; i++) {
        const struct assay_cont_fact *fact = &w->fact[i];
        if (fact->kind != ASSAY_CONT_BORN && fact->kind != ASSAY_CONT_STARTED) continue;
        if (assay_bytes_equal(&fact->roster, &c->client.config.roster, sizeof fact->roster)) {
            w->result->followed += (w->outs.events & ASSAY_CONT_EVENT_VIEW) != 0;
            return;
        }
    }
    if (w->fact_count < FACTS) violated(w, "VIEW", c->shown, w->released);
}

/* The events of an enclave are what the application acts upon. */
static void clone_did(struct world *w, struct clone *c)
{
    const struct assay_cont_client *client = &c->client;
    assay_cont_client_check(client);
    hold_view(w, c);
    for (uint32_t i = 0; i < w->outs.count; i++)
        for (uint32_t seat = 0; seat < client->config.roster.count; seat++) {
            if (!(w->outs.out[i].seats >> seat & 1)) continue;
            struct message *m =
                message_add(w, w->outs.out[i].frame.bytes, w->outs.out[i].frame.len);
            m->to_replica = true;
            assay_bytes_copy(m->to, sizeof m->to, client->config.roster.key[seat], sizeof m->to);
            m->from.session = client->config.session;
            assay_bytes_copy(m->from.instance, 32, client->config.instance, 32);
        }
    if (w->outs.events & (ASSAY_CONT_EVENT_CERTIFIED | ASSAY_CONT_EVENT_ADOPTED)) {
        uint32_t node = c->node;
        while (w->node[node].index > client->certified)
            node = w->node[node].parent;
        c->shown = node;
    }
    if (w->outs.events & ASSAY_CONT_EVENT_ADOPTED) {
        w->result->adopted++;
        if (!is_ancestor(w, c->before, c->shown)) violated(w, "LOST", c->shown, c->before);
    }
    if (w->outs.events & (ASSAY_CONT_EVENT_CERTIFIED | ASSAY_CONT_EVENT_ADOPTED))
        release(w, c->shown);
    if (w->outs.events & ASSAY_CONT_EVENT_CONFIRMED) {
        w->result->confirmed++;
        if (!is_ancestor(w, c->read_from, c->shown)) violated(w, "STALE", c->shown, c->read_from);
    }
    if (client->phase == ASSAY_CONT_ENDED) {
        if (client->end == ASSAY_CONT_END_FENCED) w->result->fenced++;
        c->runs = false;
    }
}

static void deliver(struct world *w, uint32_t at)
{
    const struct message *m = &w->message[at];
    const struct assay_slice bytes = assay_slice_over(m->bytes, m->len);
    const struct assay_cont_from from = m->from;
    for (uint32_t i = 0; m->to_replica && i < w->machine_count; i++) {
        if (!assay_bytes_equal(w->machine[i].key, m->to, sizeof m->to)) continue;
        if (assay_cont_replica_frame(w->machine[i].replica, &from, bytes, w->now_ms, &w->effects) ==
            ASSAY_OK)
            replica_did(w, &w->machine[i], &from);
        return;
    }
    for (uint32_t i = 0; !m->to_replica && i < CLONES; i++) {
        struct clone *c = &w->clone[i];
        if (!c->runs || c->client.config.session != m->session) continue;
        const uint32_t seat = assay_cont_find_seat(&c->client.config.roster, from.key);
        if (assay_cont_client_frame(&c->client, seat, bytes, w->now_ms, &w->outs) == ASSAY_OK)
            clone_did(w, c);
        return;
    }
}

/* --- replicas */

static void machine_start(struct world *w, struct machine *m, bool same_key)
{
    struct assay_cont_replica_config config = { .home = w->home, .instances_max = INSTANCES };
    const size_t len = assay_cont_replica_size(INSTANCES);
    if (!same_key) {
        draw_bytes(w, m->secret, sizeof m->secret);
        m->secret[31] = (uint8_t)++w->keys;
        assay_model_public(m->secret, m->key);
        m->listed = false;
    }
    assay_bytes_copy(config.key, sizeof config.key, m->key, sizeof m->key);
    if (m->replica == NULL) m->replica = malloc(len);
    ASSAY_ASSERT(m->replica != NULL);
    m->replica = assay_cont_replica_init(m->replica, len, &config);
    m->seen = 0;
}

static void machine_list(struct world *w, uint32_t slot)
{
    struct assay_cont_replica_record record = { .group = GROUP };
    struct assay_cont_facts facts;
    assay_bytes_copy(record.key, sizeof record.key, w->machine[slot].key, sizeof record.key);
    assay_bytes_copy(record.contact.curve, 32, record.key, 32); /* another for every key */
    (void)assay_cont_group_apply_replica(&w->group, slot, &record, &facts);
    w->machine[slot].listed = true;
    facts_add(w, &facts);
}

/* Two rules that others use: the memory comes back under the old key. */
static void restart_otherwise(struct world *w, struct machine *m)
{
    static uint8_t old[sizeof(struct assay_cont_replica) + 16384];
    const size_t len = assay_cont_replica_size(INSTANCES);
    struct assay_cont_table best = { .capacity = INSTANCES };
    struct assay_cont_entry entries[INSTANCES];
    uint32_t peers = 0;
    ASSAY_ASSERT(len <= sizeof old);
    best.entry = entries;
    const uint64_t first = draw(w, w->machine_count);
    for (uint64_t i = 0; i < w->machine_count && w->plan->rule == CONT_RULE_NAIVE; i++) {
        struct machine *peer = &w->machine[(first + i) % w->machine_count];
        if (peer == m || peers == assay_cont_quorum(w->plan->size)) continue;
        if (assay_cont_table_raise(&best, &peer->replica->table) == ASSAY_OK) peers++;
    }
    const uint32_t seen = m->seen;
    machine_start(w, m, true);
    m->seen = 0;
    while (m->seen < seen) /* nothing of a view changes in these worlds */
        assay_cont_replica_fact(m->replica, &w->fact[m->seen++], w->now_ms, &w->effects);
    assay_cont_table_copy(&m->replica->table, &best);
}

static void machine_restart(struct world *w)
{
    const uint32_t slot = (uint32_t)draw(w, w->machine_count);
    struct machine *m = &w->machine[slot];
    if (w->result->restarts == w->plan->restarts) return;
    w->result->restarts++;
    if (w->plan->rule != CONT_RULE_OURS) {
        restart_otherwise(w, m);
        return;
    }
    machine_start(w, m, false);
}

static void machine_learn(struct world *w, struct machine *m)
{
    uint32_t which = m->seen;
    /* A host may show what was seen before once more. */
    if (which > 0 && w->plan->rule == CONT_RULE_OURS && draw(w, 4) == 0)
        which = (uint32_t)draw(w, which);
    if (which == w->fact_count) return;
    if (which == m->seen) m->seen++;
    assay_cont_replica_fact(m->replica, &w->fact[which], w->now_ms, &w->effects);
    replica_did(w, m, NULL);
    if (w->table[which].group != GROUP) return;
    uint8_t bytes[ASSAY_CONT_RECORD_MAX];
    struct assay_slice out;
    ASSAY_ASSERT(assay_cont_table_record_encode(&w->table[which], bytes, sizeof bytes, &out) ==
                 ASSAY_OK);
    const enum assay_status status = assay_cont_replica_table(m->replica, out);
    ASSAY_ASSERT(status == ASSAY_OK || status == ASSAY_E_STALE);
}

static void suspend_somebody(struct world *w)
{
    enum assay_cont_standing standing[MACHINES];
    uint16_t score[MACHINES];
    struct assay_cont_facts facts;
    if (w->suspensions == w->plan->suspensions) return;
    w->suspensions++;
    const uint32_t victim = (uint32_t)draw(w, w->machine_count);
    for (uint32_t i = 0; i < w->machine_count; i++) {
        standing[i] = ASSAY_CONT_STAND_FULL;
        score[i] = (uint16_t)draw(w, 10000);
    }
    if (draw(w, 2)) standing[victim] = ASSAY_CONT_STAND_SUSPENDED;
    else standing[victim] = ASSAY_CONT_STAND_NONE;
    assay_cont_group_close_epoch(&w->group, ++w->epoch, standing, score, NULL, w->machine_count,
                                 &facts);
    facts_add(w, &facts);
}

/* --- enclaves */

/* The host may show any view that ever started. */
static struct assay_cont_roster any_view(struct world *w, bool newest)
{
    struct assay_cont_roster roster = w->group.now.roster;
    for (uint32_t i = 0; i < w->fact_count && !newest; i++) {
        const struct assay_cont_fact *fact = &w->fact[i];
        if (fact->kind != ASSAY_CONT_BORN && fact->kind != ASSAY_CONT_STARTED) continue;
        if (draw(w, 3) == 0) return fact->roster;
    }
    return roster;
}

static void keep(struct world *w)
{
    struct assay_cont_keep_record record = { .group = GROUP, .roster = w->group.now.roster };
    struct assay_cont_facts none;
    record.receipt.count = record.roster.count;
    for (uint32_t i = 0; i < record.receipt.count; i++)
        record.receipt.seat[i] = (uint8_t)i;
    record.receipt.entry.index = 1;
    assay_bytes_copy(record.receipt.entry.instance, 32, w->instance, 32);
    (void)assay_cont_group_apply_keep(&w->group, &record, &none);
}

static void clone_start(struct world *w, struct clone *c, bool newest)
{
    const struct assay_cont_instance_row *row = assay_cont_group_row(&w->group, w->instance);
    const uint64_t last = row == NULL ? 0 : row->session;
    struct assay_cont_session_record record = { .group = GROUP,
                                                .expected =
                                                    assay_cont_number_next(w->group.era, last) };
    struct assay_cont_facts facts;
    uint8_t nonce[32];
    if (w->group.phase == ASSAY_CONT_FORMING) return;
    record.contact.curve[0] = (uint8_t)(w->sessions + 1);
    record.contact.curve[31] = 0xff;
    assay_bytes_copy(record.instance_key, sizeof record.instance_key, w->instance_key,
                     sizeof w->instance_key);
    /* Epochs pass, or the ledger would call it clones at play. */
    w->group.epoch = ++w->epoch;
    for (uint32_t slot = 0; slot < w->machine_count; slot++)
        if (assay_cont_group_apply_session(&w->group, slot, &record, &facts) == ASSAY_CONT_APPLIED)
            break;
    if (facts.count == 0) return;
    facts_add(w, &facts);
    keep(w); /* else it leaves the ledger, long after */
    w->sessions++;
    struct assay_cont_client_config config = { .home = w->home, .session = record.expected };
    config.roster = any_view(w, newest);
    assay_bytes_copy(config.instance, 32, w->instance, 32);
    c->runs = true;
    c->seen = 0;
    c->before = w->released;
    assay_cont_client_init(&c->client, &config);
    draw_bytes(w, nonce, sizeof nonce);
    assay_cont_client_open(&c->client, nonce, w->now_ms, &w->outs);
    clone_did(w, c);
}

static void clone_hand_blob(struct world *w, struct clone *c, bool honest)
{
    uint32_t node = w->node_count;
    for (uint32_t i = 0; i < w->node_count; i++)
        if (w->node[i].index == c->client.found.index &&
            assay_bytes_equal(w->node[i].digest, c->client.found.digest, 32))
            node = i;
    ASSAY_ASSERT(node < w->node_count); /* what is in a table was sealed before */
    if (!honest) node = (uint32_t)draw(w, w->node_count);
    c->node = c->shown = node;
    const enum assay_status status =
        assay_cont_client_adopt(&c->client, w->node[node].index, w->node[node].prev,
                                w->node[node].blob, w->now_ms, &w->outs);
    if (status != ASSAY_OK) w->result->refused++;
    clone_did(w, c);
}

static void clone_update(struct world *w, struct clone *c)
{
    uint64_t index = 0;
    if (w->updates == w->plan->updates || w->node_count == NODES) return;
    struct node *node = &w->node[w->node_count];
    *node = (struct node){ .parent = c->node };
    draw_bytes(w, node->blob, 32);
    assay_bytes_copy(node->prev, 32, c->client.last_digest, 32);
    if (assay_cont_client_update(&c->client, node->blob, w->now_ms, &index, &w->outs) != ASSAY_OK)
        return;
    w->updates++;
    node->index = index;
    assay_bytes_copy(node->digest, 32, c->client.last_digest, 32);
    c->node = w->node_count++;
    clone_did(w, c);
}

static void clone_confirm(struct world *w, struct clone *c)
{
    uint8_t nonce[32];
    draw_bytes(w, nonce, sizeof nonce);
    if (c->client.confirm.asked) return;
    if (assay_cont_client_confirm(&c->client, nonce, w->now_ms, &w->outs) != ASSAY_OK) return;
    c->read_from = w->released;
    clone_did(w, c);
}

static void clone_learn(struct world *w, struct clone *c)
{
    if (c->seen == w->fact_count) return;
    assay_cont_client_fact(&c->client, &w->fact[c->seen++], w->now_ms, &w->outs);
    clone_did(w, c);
}

/* Replicas of another group, with a real record of a change. */
static void forge_roster(struct world *w, struct assay_cont_table_record *record)
{
    uint8_t digest[32];
    record->count = assay_cont_quorum(record->roster.count);
    assay_cont_table_statement(&w->home, record->roster.view, record->root, record->entries,
                               digest);
    for (uint32_t i = 0; i < record->roster.count; i++) {
        uint8_t secret[32] = { 0xee, (uint8_t)i };
        assay_model_public(secret, record->roster.key[i]);
        if (i >= record->count) continue;
        assay_bytes_copy(record->key[i], sizeof record->key[i], record->roster.key[i],
                         sizeof record->key[i]);
        assay_model_sign(secret, digest, record->signature[i]);
    }
}

/* The host submits hand-overs, genuine or changed. It draws its own numbers, so an enclave that
 * rejects all of them continues as without them. */
static void forge(struct world *w, struct clone *c)
{
    uint8_t payload[ASSAY_CONT_RECORD_MAX], bytes[ASSAY_CONT_HANDOVER_LEN_MAX], frame[4096];
    const struct assay_cont_contact none[ASSAY_CONT_SEATS_MAX] = { 0 };
    const uint64_t first = mixed(&w->forge_random, FACTS);
    uint64_t i = 0;
    while (i < FACTS && w->table[(first + i) % FACTS].group != GROUP)
        i++;
    struct assay_cont_table_record record = w->table[(first + i) % FACTS];
    struct assay_cont_frame f = { .kind = ASSAY_CONT_HANDOVER, .group = GROUP };
    struct assay_slice out;
    if (!c->runs || record.group != GROUP) return;
    const uint64_t how = mixed(&w->forge_random, 6);
    if (how > 0) record.base = c->client.config.roster.view;
    if (how > 0 && record.roster.view <= record.base) record.roster.view = record.base + 1;
    if (how == 1) forge_roster(w, &record);
    if (how == 2) record.last_count = 1;
    if (how == 3) record.count = 1;
    if (how == 4) record.last[0] = record.last[record.last_count - 1];
    if (how == 5) record.group = GROUP + 1;
    ASSAY_ASSERT(assay_cont_table_record_encode(&record, payload, sizeof payload, &out) ==
                 ASSAY_OK);
    ASSAY_ASSERT(assay_cont_handover_encode(out, none, record.roster.count, bytes, sizeof bytes,
                                            &f.list) == ASSAY_OK);
    f.view = c->client.config.roster.view;
    f.session = c->client.config.session;
    assay_bytes_copy(f.instance, 32, c->client.config.instance, 32);
    ASSAY_ASSERT(assay_cont_frame_encode(&f, frame, sizeof frame, &out) == ASSAY_OK);
    if (assay_cont_client_frame(&c->client, 0, out, w->now_ms, &w->outs) == ASSAY_OK)
        clone_did(w, c);
    else w->result->forged++;
}

static void clone_step(struct world *w, struct clone *c)
{
    const uint64_t what = draw(w, 16);
    if (!c->runs) {
        if (w->sessions < w->plan->sessions && what < 4) clone_start(w, c, false);
        return;
    }
    if (what == 0 && draw(w, 4) == 0) {
        c->runs = false; /* killed */
    } else if (what < 4) {
        clone_learn(w, c);
    } else if (what < 6) {
        assay_cont_client_tick(&c->client, w->now_ms, &w->outs);
        clone_did(w, c);
    } else if (c->client.phase == ASSAY_CONT_FOUND) {
        clone_hand_blob(w, c, draw(w, 5) != 0);
    } else if (c->client.phase == ASSAY_CONT_RUNNING) {
        if (what < 12) clone_update(w, c);
        else clone_confirm(w, c);
    }
}

/* A RECOVER: the ledger is as it was at some moment before, in the next era. Memories are not. */
static void undo(struct world *w)
{
    struct assay_cont_fact fact;
    if (!w->has_past) {
        if (w->sessions == 0 || w->group.phase == ASSAY_CONT_FORMING ||
            w->group.phase == ASSAY_CONT_GONE)
            return;
        assay_cont_group_copy(&w->past, &w->group);
        w->has_past = true;
        return;
    }
    if (w->result->undone == w->plan->undone) return;
    w->result->undone++;
    w->has_past = false;
    const uint64_t era = w->group.era + 1;
    assay_cont_group_copy(&w->group, &w->past);
    w->group.era = era;
    for (uint32_t i = 0; i < w->machine_count; i++)
        w->machine[i].listed =
            w->group.member[i].listed &&
            assay_bytes_equal(w->group.member[i].key, w->machine[i].key, ASSAY_P256_PUBLIC_LEN);
    for (uint32_t i = 0; assay_cont_group_get_fact(&w->group, i, &fact) && w->fact_count < FACTS;
         i++)
        w->fact[w->fact_count++] = fact;
}

static void step(struct world *w)
{
    const uint64_t what = draw(w, 100);
    w->now_ms += draw(w, 20);
    if (mixed(&w->forge_random, 8) == 0) forge(w, &w->clone[mixed(&w->forge_random, CLONES)]);
    if (w->plan->undone > 0 && draw(w, 60) == 0) undo(w);
    if (what < 55) {
        for (uint32_t i = 0; i < w->plan->size / 2 && w->message_count > 0; i++) {
            const uint32_t at = (uint32_t)draw(w, w->message_count);
            const uint64_t fate = draw(w, 16);
            if (fate > 0) deliver(w, at);
            /* A message sent meanwhile may be at this position: then that one is lost. */
            if (fate < 14 && at < w->message_count) message_drop(w, at);
        }
    } else if (what < 67) {
        machine_learn(w, &w->machine[draw(w, w->machine_count)]);
    } else if (what < 72) {
        struct machine *m = &w->machine[draw(w, w->machine_count)];
        assay_cont_replica_tick(m->replica, w->now_ms, &w->effects);
        replica_did(w, m, NULL);
    } else if (what < 74) {
        if (draw(w, 3) == 0) machine_restart(w);
    } else if (what < 77) {
        const uint32_t slot = (uint32_t)draw(w, w->machine_count);
        if (!w->machine[slot].listed) machine_list(w, slot);
    } else if (what < 78) {
        suspend_somebody(w);
    } else {
        clone_step(w, &w->clone[draw(w, CLONES)]);
    }
}

static void heal_machine(struct world *w, struct machine *m)
{
    while (m->seen < w->fact_count)
        machine_learn(w, m);
    assay_cont_replica_tick(m->replica, w->now_ms, &w->effects);
    replica_did(w, m, NULL);
}

/* Closes epochs until the group serves, or reports that it cannot: a memory that no member lists
 * since a RECOVER is waited for (docs/services.md 1.9.5). */
static uint32_t closes_to_heal(const struct world *w)
{
    uint32_t closes = 1 + (w->group.era > 0 ? ASSAY_CONT_ATTACH_CLOSES : 0);
    for (uint32_t i = 0; i < w->group.now.roster.count; i++)
        if (w->group.now.slot[i] == ASSAY_CONT_NO_SLOT) return closes + ASSAY_CONT_GONE_CLOSES;
    return closes;
}

/* All members are healthy again: the certified state must be available, unless too few memories are
 * left. */
static void heal(struct world *w)
{
    struct clone *c = &w->clone[0];
    enum assay_cont_standing standing[MACHINES];
    uint16_t score[MACHINES];
    struct assay_cont_facts facts;
    for (uint32_t i = 0; i < w->machine_count; i++) {
        standing[i] = ASSAY_CONT_STAND_FULL;
        score[i] = 1;
        if (!w->machine[i].listed) machine_list(w, i);
    }
    /* Every back-off for a seat is over; an instance without a row was born before that. */
    if (w->sessions > 0) w->epoch += 2 * ASSAY_CONT_RELIST_CLOSES;
    for (uint32_t i = 0; i < closes_to_heal(w); i++) {
        w->now_ms += 2000;
        for (uint32_t k = 0; k < w->machine_count; k++)
            heal_machine(w, &w->machine[k]);
        assay_cont_group_close_epoch(&w->group, ++w->epoch, standing, score, NULL, w->machine_count,
                                     &facts);
        facts_add(w, &facts);
    }
    w->clone[0].runs = w->clone[1].runs = false;
    clone_start(w, c, true);
    for (uint32_t round = 0; round < 400 && w->result->violation == NULL; round++) {
        w->now_ms += 60;
        for (uint32_t i = 0; i < w->machine_count; i++)
            heal_machine(w, &w->machine[i]);
        while (c->runs && c->seen < w->fact_count)
            clone_learn(w, c);
        if (c->runs && c->client.phase == ASSAY_CONT_FOUND) clone_hand_blob(w, c, true);
        if (c->runs) {
            assay_cont_client_tick(&c->client, w->now_ms, &w->outs);
            clone_did(w, c);
        }
        for (uint32_t i = 0; i < 64 && w->message_count > 0; i++) {
            const uint32_t at = (uint32_t)draw(w, w->message_count);
            deliver(w, at);
            if (at < w->message_count) message_drop(w, at);
        }
        const bool up = c->runs && c->client.phase == ASSAY_CONT_RUNNING &&
                        c->client.config.roster.view == w->group.now.roster.view;
        /* docs/services.md 1.3.2: what was never adopted does not start in a later era. */
        const bool never =
            !c->runs && c->client.end == ASSAY_CONT_END_FORGOTTEN && w->result->adopted == 0;
        if (up || never) {
            w->result->recovered = true;
            return;
        }
    }
}

struct cont_result cont_world_run(const struct cont_plan *plan)
{
    struct cont_result result = { 0 };
    struct world *w = calloc(1, sizeof *w);
    ASSAY_ASSERT(w != NULL);
    w->plan = plan;
    w->result = &result;
    w->random = plan->seed * 0x2545f4914f6cdd1dULL + 1;
    w->forge_random = ~w->random;
    w->home.group = GROUP;
    w->machine_count = plan->size + plan->spare;
    w->node_count = 1; /* state 0 */
    ASSAY_ASSERT(w->machine_count <= MACHINES);
    draw_bytes(w, w->instance_key, sizeof w->instance_key);
    static const struct assay_cont_birth birth;
    assay_cont_instance(&w->home, &birth, w->instance_key, w->instance);
    assay_cont_group_init(&w->group, &w->home, plan->size, INSTANCES, w->rows[0]);
    assay_cont_group_init(&w->past, &w->home, plan->size, INSTANCES, w->rows[1]);
    for (uint32_t i = 0; i < w->machine_count; i++)
        machine_start(w, &w->machine[i], false);
    for (uint32_t i = 0; i < MACHINES; i++)
        w->group.member[i].standing = ASSAY_CONT_STAND_FULL;
    for (uint32_t i = 0; i < w->machine_count; i++)
        machine_list(w, i);
    for (; result.steps < plan->steps && result.violation == NULL; result.steps++)
        step(w);
    if (result.violation == NULL) heal(w);
    result.gone = w->group.phase == ASSAY_CONT_GONE;
    while (w->message_count > 0)
        message_drop(w, 0);
    for (uint32_t i = 0; i < w->machine_count; i++)
        free(w->machine[i].replica);
    free(w);
    return result;
}
