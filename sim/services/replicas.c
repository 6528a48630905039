/*
 * sim/services/replicas.c - a replica of each group on each member, as in
 * net/services/continuity/replica_node.c: it makes its keys when it starts, has them listed, and
 * serves until its process ends.
 */
#include "sim/services/internal.h"

#include "base/bitmap.h"
#include "base/crypto/model.h"

#include <stdlib.h>

enum { GROUP_SHIFT = 8, SILENT_MS = 6000 /* or half an epoch, before a seat is reported */ };

static struct name name_of(const struct assay_sim_services *s, uint32_t group, uint32_t node)
{
    return (struct name){ .program = PROGRAM_REPLICA,
                          .index = group << GROUP_SHIFT | node,
                          .life = s->replica[group][node].life };
}

/* --- life */

/* The key of a life; also of a past one, whose last frames may be in flight. */
static void key_of(const struct assay_sim_services *s, uint32_t group, uint32_t node, uint32_t life,
                   struct assay_secret32 *secret, uint8_t key[static ASSAY_P256_PUBLIC_LEN])
{
    const uint64_t number = ((uint64_t)group << 48) | ((uint64_t)node << 32) | life;
    struct assay_sim_random random = services_stream(s, PROGRAM_REPLICA, number);
    services_key(&random, secret, key);
}

static void start_replica(struct assay_sim_services *s, uint32_t group, uint32_t node)
{
    struct replica *r = &s->replica[group][node];
    if (r->memory == NULL)
        r->memory = malloc(assay_cont_replica_size(s->plan.group[group].instances_max));
    ASSAY_ASSERT(r->memory != NULL);
    key_of(s, group, node, ++r->life, &r->secret, r->key);
    r->core = NULL;
    r->runs = true;
    r->listed = false;
    r->table_view = r->served_view = r->left_below = 0;
    r->wake_at_ms = UINT64_MAX;
    r->submit_at_ms = 0;
}

void replicas_die(struct assay_sim_services *s, uint32_t node)
{
    for (uint32_t g = 0; g < s->plan.group_count; g++)
        s->replica[g][node].runs = false;
}

void replicas_relist(struct assay_sim_services *s, uint32_t group, uint32_t node)
{
    s->replica[group][node].runs = false;
}

void replicas_free(struct assay_sim_services *s)
{
    for (uint32_t g = 0; g < s->plan.group_count; g++)
        for (uint32_t i = 0; i < s->nodes; i++)
            free(s->replica[g][i].memory);
}

/* A replica that died restarts with its node's next turn, under another key. */
void replicas_epoch(struct assay_sim_services *s)
{
    struct assay_sim_random random =
        services_stream(s, PROGRAM_REPLICA, (uint64_t)1 << 63 | s->epoch);
    for (uint32_t g = 0; g < s->plan.group_count; g++)
        for (uint32_t i = 0; i < s->nodes; i++) {
            const bool dies =
                assay_sim_random_below(&random, 1000) < s->load->replicas_die_permille;
            if (dies && services_is_on(s)) s->replica[g][i].runs = false;
        }
}

bool replicas_find(const struct assay_sim_services *s, uint32_t group,
                   const uint8_t key[static ASSAY_P256_PUBLIC_LEN], uint32_t *node)
{
    for (uint32_t i = 0; i < s->nodes; i++) {
        const struct replica *r = &s->replica[group][i];
        if (!r->runs || !assay_bytes_equal(r->key, key, sizeof r->key)) continue;
        *node = i;
        return true;
    }
    return false;
}

/* --- output */

static void send_to_key(struct assay_sim_services *s, uint32_t group, uint32_t node,
                        const uint8_t *key, struct assay_slice frame)
{
    uint32_t there = 0;
    if (!replicas_find(s, group, key, &there)) return;
    const struct name from = name_of(s, group, node);
    const struct name to = name_of(s, group, there);
    services_send(s, &from, node, &to, there, frame);
}

static void send_to_group(struct assay_sim_services *s, uint32_t group, uint32_t node,
                          struct assay_slice frame)
{
    const struct assay_cont_group *g = assay_registry_group(s->follower[node].registry, group);
    const struct replica *r = &s->replica[group][node];
    bool self = false;
    for (uint32_t i = 0; i < g->now.roster.count; i++)
        send_to_key(s, group, node, g->now.roster.key[i], frame);
    for (uint32_t i = 0; i < g->next.roster.count; i++)
        if (assay_cont_find_seat(&g->now.roster, g->next.roster.key[i]) == g->now.roster.count)
            send_to_key(s, group, node, g->next.roster.key[i], frame);
    self = assay_cont_find_seat(&g->now.roster, r->key) < g->now.roster.count ||
           assay_cont_find_seat(&g->next.roster, r->key) < g->next.roster.count;
    if (!self) send_to_key(s, group, node, r->key, frame);
}

static void send_to_session(struct assay_sim_services *s, uint32_t group, uint32_t node,
                            const struct assay_cont_send *send, struct assay_slice frame)
{
    const struct name from = name_of(s, group, node);
    struct name to;
    uint32_t there = 0;
    if (!enclaves_find(s, send->instance, send->session, &to, &there)) return;
    services_send(s, &from, node, &to, there, frame);
}

static void submit_table(struct assay_sim_services *s, uint32_t node, const struct replica *r)
{
    services_submit(s, node, ASSAY_SERVICE_TABLE, assay_slice_over(r->table, r->table_len));
}

static void submit_payload(struct assay_sim_services *s, uint32_t group, uint32_t node,
                           struct assay_slice payload)
{
    struct replica *r = &s->replica[group][node];
    struct assay_cont_table_record record;
    const enum assay_status status = assay_cont_table_record_decode(payload, &record);
    ASSAY_ASSERT(status == ASSAY_OK && payload.len <= sizeof r->table);
    assay_bytes_copy(r->table, sizeof r->table, payload.bytes, payload.len);
    r->table_len = payload.len;
    r->table_view = record.roster.view;
    handovers_on_submit(s, payload);
    submit_table(s, node, r);
}

/* there: node of the answered sender; sender NULL: no answer. */
static void execute_effects(struct assay_sim_services *s, uint32_t group, uint32_t node,
                            const struct name *sender, uint32_t there)
{
    struct replica *r = &s->replica[group][node];
    const struct name self = name_of(s, group, node);
    for (uint32_t i = 0; i < s->effects.count; i++) {
        const struct assay_cont_send *send = &s->effects.send[i];
        uint8_t *at = s->effects.bytes + send->at;
        const struct assay_slice bytes = assay_slice_over(at, send->len);
        if (send->sign)
            assay_model_sign(r->secret.bytes, send->statement,
                             at + send->len - ASSAY_P256_SIGNATURE_LEN);
        switch (send->to) {
        case ASSAY_CONT_TO_SENDER:
            if (sender != NULL && there < NODES)
                services_send(s, &self, node, sender, there, bytes);
            break;
        case ASSAY_CONT_TO_GROUP: send_to_group(s, group, node, bytes); break;
        case ASSAY_CONT_TO_KEY: send_to_key(s, group, node, send->key, bytes); break;
        case ASSAY_CONT_TO_LEDGER: submit_payload(s, group, node, bytes); break;
        case ASSAY_CONT_TO_SESSION: send_to_session(s, group, node, send, bytes); break;
        }
    }
    r->wake_at_ms = s->effects.wake_at_ms;
    assay_cont_replica_check(r->core);
    handovers_on_effects(s, group, node);
}

/* --- the ledger */

static void make_replica_key(struct assay_sim_services *s, uint32_t group, uint32_t node)
{
    struct replica *r = &s->replica[group][node];
    const struct assay_cont_group *g = assay_registry_group(s->follower[node].registry, group);
    const uint32_t most = s->plan.group[group].instances_max;
    struct assay_cont_replica_config config = { .home = g->home, .instances_max = most };
    struct assay_cont_fact fact;
    assay_bytes_copy(config.key, sizeof config.key, r->key, sizeof r->key);
    r->core = assay_cont_replica_init(r->memory, assay_cont_replica_size(most), &config);
    for (uint32_t i = 0; assay_cont_group_get_fact(g, i, &fact); i++)
        replicas_fact(s, node, group, &fact);
    for (uint32_t i = 0; assay_cont_group_get_standing(g, i, &fact); i++)
        replicas_fact(s, node, group, &fact);
}

void replicas_fact(struct assay_sim_services *s, uint32_t node, uint32_t group,
                   const struct assay_cont_fact *fact)
{
    struct replica *r = &s->replica[group][node];
    if (!r->runs || r->core == NULL) return; /* notified when it starts */
    if (fact->kind == ASSAY_CONT_STARTED && fact->roster.view >= r->table_view) r->table_view = 0;
    assay_cont_replica_fact(r->core, fact, services_now(s), &s->effects);
    execute_effects(s, group, node, NULL, 0);
}

void replicas_table(struct assay_sim_services *s, uint32_t node, struct assay_slice payload)
{
    for (uint32_t g = 0; g < s->plan.group_count; g++) {
        const struct replica *r = &s->replica[g][node];
        if (!r->runs || r->core == NULL) continue;
        assay_status_ignore(assay_cont_replica_table(r->core, payload),
                            "of another group, or of a view that is over");
    }
}

static void submit_listing(struct assay_sim_services *s, uint32_t group, uint32_t node)
{
    const struct name self = name_of(s, group, node);
    struct replica *r = &s->replica[group][node];
    struct assay_cont_replica_record record = { .group = group };
    const struct assay_cont_group *g = assay_registry_group(s->follower[node].registry, group);
    const uint8_t *const node_id = follower_node_id(s, node);
    uint8_t digest[32], bytes[ASSAY_CONT_RECORD_MAX];
    struct assay_slice payload;
    if (node_id == NULL) return;
    assay_bytes_copy(record.key, sizeof record.key, r->key, sizeof r->key);
    const struct assay_secret32 link = services_link(&self);
    assay_cont_link_name(&link, &record.link, &record.contact);
    record.contact.address[0] = 'r';
    record.contact.address_len = 1;
    assay_cont_replica_statement(&g->home, node_id, &record, digest);
    assay_sodium_link_sign(&link, digest, record.link.signature);
    assay_model_sign(r->secret.bytes, digest, record.signature);
    const enum assay_status status =
        assay_cont_replica_record_encode(&record, bytes, sizeof bytes, &payload);
    ASSAY_ASSERT(status == ASSAY_OK);
    services_submit(s, node, ASSAY_SERVICE_REPLICA, payload);
}

/* --- reachable seats (docs/services.md 1.11) */

static void submit_silent(struct assay_sim_services *s, uint32_t group, uint32_t node,
                          uint32_t seat)
{
    struct replica *r = &s->replica[group][node];
    const struct assay_cont_group *g = assay_registry_group(s->follower[node].registry, group);
    struct assay_cont_silent_record record = { .group = group,
                                               .era = g->era,
                                               .view = g->now.roster.view,
                                               .seat = seat,
                                               .epoch = g->epoch + 1 };
    uint8_t digest[32], bytes[ASSAY_CONT_RECORD_MAX];
    struct assay_slice payload;
    for (uint32_t slot = 0; slot < ASSAY_CONT_SLOTS_MAX; slot++)
        if (g->member[slot].listed &&
            assay_cont_replica_is_reachable(r->core, g->member[slot].key, services_now(s)))
            assay_bit_add(record.reachable, slot);
    assay_bytes_copy(record.key, sizeof record.key, r->key, sizeof r->key);
    assay_cont_silent_statement(&g->home, &record, digest);
    assay_model_sign(r->secret.bytes, digest, record.signature);
    const enum assay_status status =
        assay_cont_silent_record_encode(&record, bytes, sizeof bytes, &payload);
    ASSAY_ASSERT(status == ASSAY_OK);
    services_submit(s, node, ASSAY_SERVICE_SILENT, payload);
}

static void submit_alive(struct assay_sim_services *s, uint32_t group, uint32_t node)
{
    struct replica *r = &s->replica[group][node];
    const struct assay_cont_group *g = assay_registry_group(s->follower[node].registry, group);
    const uint8_t *const node_id = follower_node_id(s, node);
    struct assay_cont_alive_record record = { .group = group,
                                              .era = g->era,
                                              .epoch = g->epoch + 1 };
    uint8_t digest[32], bytes[ASSAY_CONT_RECORD_MAX];
    struct assay_slice payload;
    if (node_id == NULL) return;
    assay_bytes_copy(record.key, sizeof record.key, r->key, sizeof r->key);
    assay_cont_alive_statement(&g->home, node_id, &record, digest);
    assay_model_sign(r->secret.bytes, digest, record.signature);
    const enum assay_status status =
        assay_cont_alive_record_encode(&record, bytes, sizeof bytes, &payload);
    ASSAY_ASSERT(status == ASSAY_OK);
    services_submit(s, node, ASSAY_SERVICE_ALIVE, payload);
}

static void report_silence(struct assay_sim_services *s, uint32_t group, uint32_t node)
{
    const struct replica *r = &s->replica[group][node];
    const struct assay_cont_group *g = assay_registry_group(s->follower[node].registry, group);
    const uint64_t half_ms = s->scenario->epoch_ms / 2;
    const uint32_t own = assay_cont_find_seat(&g->now.roster, r->key);
    for (uint32_t i = 0; own < g->now.roster.count && i < g->now.roster.count; i++)
        if ((g->silence[i].by[0] >> own & 1) == 0 &&
            assay_cont_replica_is_silent(r->core, g->now.roster.view, i, services_now(s),
                                      half_ms > SILENT_MS ? half_ms : SILENT_MS))
            submit_silent(s, group, node, i);
    if (node < NODES && assay_bytes_equal(g->member[node].key, r->key, sizeof r->key) &&
        assay_cont_group_needs_alive(g, node))
        submit_alive(s, group, node);
}

static bool is_listed(const struct assay_cont_group *g, const struct replica *r)
{
    for (uint32_t i = 0; i < NODES; i++)
        if (g->member[i].listed && assay_bytes_equal(g->member[i].key, r->key, sizeof r->key))
            return true;
    return false;
}

static void step_replica(struct assay_sim_services *s, uint32_t group, uint32_t node)
{
    struct replica *r = &s->replica[group][node];
    const struct assay_cont_group *g = assay_registry_group(s->follower[node].registry, group);
    const uint64_t now_ms = services_now(s);
    if (!r->runs) start_replica(s, group, node);
    if (r->core == NULL) make_replica_key(s, group, node);
    const bool listed = is_listed(g, r);
    /* Its member has listed another process, or was replaced; a RECOVER undoes the listing. */
    if (r->listed && !listed && g->era == r->listed_era) {
        r->runs = false;
        return;
    }
    r->listed = listed;
    if (listed) r->listed_era = g->era;
    if (now_ms >= r->submit_at_ms) {
        r->submit_at_ms = now_ms + AGAIN_MS;
        if (!listed) submit_listing(s, group, node);
        if (r->table_view > 0) submit_table(s, node, r);
        report_silence(s, group, node);
    }
    if (now_ms < r->wake_at_ms) return;
    assay_cont_replica_tick(r->core, now_ms, &s->effects);
    execute_effects(s, group, node, NULL, 0);
}

void replicas_turn(struct assay_sim_services *s, uint32_t node)
{
    for (uint32_t g = 0; g < s->plan.group_count; g++)
        if (assay_registry_group(s->follower[node].registry, g) != NULL) step_replica(s, g, node);
}

/* --- input: the link identifies the sender by the CURVE keys of its ledger */

/* Out: *there: where an answer goes; NODES: its process is gone. */
static bool sender_of(const struct assay_sim_services *s, uint32_t group, uint32_t node,
                      const struct name *from, struct assay_cont_from *out, uint32_t *there)
{
    const struct assay_cont_group *g = assay_registry_group(s->follower[node].registry, group);
    *out = (struct assay_cont_from){ .replica = from->program == PROGRAM_REPLICA };
    if (out->replica) {
        const uint32_t other = from->index & ((1U << GROUP_SHIFT) - 1);
        const struct replica *r = &s->replica[group][other];
        struct assay_secret32 secret;
        key_of(s, group, other, from->life, &secret, out->key);
        *there = r->runs && r->life == from->life ? other : NODES;
        return true;
    }
    const struct enclave *e = &s->enclave[from->index];
    /* Links that were opened before a newer session was numbered may still exist. */
    const struct instance *in = &s->instance[from->index / s->load->clones];
    for (uint32_t i = 0; i < g->instance_end; i++) {
        const struct assay_cont_instance_row *row = &g->instance[i];
        if (!assay_bytes_equal(row->instance, in->name, 32) || row->session < from->session)
            continue;
        assay_bytes_copy(out->instance, 32, row->instance, 32);
        out->session = from->session;
        *there = e->runs && e->life == from->life ? e->node : NODES;
        return true;
    }
    return false;
}

void replicas_receive(struct assay_sim_services *s, uint32_t node, const struct name *to,
                      const struct name *from, struct assay_slice frame)
{
    const uint32_t group = to->index >> GROUP_SHIFT;
    struct replica *r = &s->replica[group][node];
    struct assay_cont_from sender;
    uint32_t there = 0;
    if (!r->runs || r->life != to->life || r->core == NULL || !s->follower[node].begun) return;
    if (assay_registry_group(s->follower[node].registry, group) == NULL) return;
    if (!sender_of(s, group, node, from, &sender, &there)) return;
    if (assay_cont_replica_frame(r->core, &sender, frame, services_now(s), &s->effects) == ASSAY_OK)
        execute_effects(s, group, node, from, there);
}
