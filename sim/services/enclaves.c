/*
 * sim/services/enclaves.c - enclave processes, one life after the other, as in
 * net/services/continuity/enclave.c, on hosts that store every sealed state and may return any.
 *
 * Invariants under any hosts, links and machines (docs/services.md 2): an enclave that starts
 * resumes from no less than what was released before (LOST), released states form one chain (FORK),
 * and a confirmed read is no older than what was released before it started (STALE). When a newer
 * session has taken over an instance, nothing that an older one seals or reads afterwards is
 * certified or confirmed, in any view (ACTS).
 */
#include "sim/services/internal.h"

#include "base/crypto/model.h"

#include <stdlib.h>

static uint32_t per_group(const struct assay_sim_services *s)
{
    return s->load->enclaves * s->load->clones;
}

static uint32_t process_count(const struct assay_sim_services *s)
{
    return s->plan.group_count * per_group(s);
}

static struct instance *instance_of(struct assay_sim_services *s, uint32_t process)
{
    return &s->instance[process / s->load->clones];
}

static struct name name_of(const struct assay_sim_services *s, uint32_t process)
{
    const struct enclave *e = &s->enclave[process];
    return (struct name){ .program = PROGRAM_ENCLAVE,
                          .index = process,
                          .life = e->life,
                          .session = e->numbered ? e->client->config.session : 0 };
}

bool enclaves_find(const struct assay_sim_services *s, const uint8_t instance[static 32],
                   uint64_t session, struct name *name, uint32_t *node)
{
    for (uint32_t p = 0; p < process_count(s); p++) {
        const struct enclave *e = &s->enclave[p];
        if (!e->runs || !e->numbered || e->client->config.session != session ||
            !assay_bytes_equal(s->instance[p / s->load->clones].name, instance, 32))
            continue;
        *name = name_of(s, p);
        *node = e->node;
        return true;
    }
    return false;
}

static void drop_instance(struct assay_sim_services *s, uint32_t process);

/* --- sealed states */

static uint32_t seal_state(struct instance *in, const struct sealed *state)
{
    if (in->sealed_count == in->sealed_room) {
        in->sealed_room = in->sealed_room == 0 ? 64 : 2 * in->sealed_room;
        in->sealed = realloc(in->sealed, in->sealed_room * sizeof *in->sealed);
        ASSAY_ASSERT(in->sealed != NULL);
    }
    in->sealed[in->sealed_count] = *state;
    return in->sealed_count++;
}

/* Returns: whether young is old, or was made from it. */
static bool descends_from(const struct instance *in, uint32_t young, uint32_t old)
{
    while (in->sealed[young].index > in->sealed[old].index)
        young = in->sealed[young].parent;
    return young == old;
}

static void report_violation(struct assay_sim_services *s, uint32_t process, const char *what,
                             uint32_t is, uint32_t must)
{
    const struct instance *in = instance_of(s, process);
    services_report_check(s, ASSAY_SIM_CHECKER_CONTINUITY,
                          "%s: process %u of group %u at state %llu (%u) beside state %llu (%u)",
                          what, process, in->group, (unsigned long long)in->sealed[is].index, is,
                          (unsigned long long)in->sealed[must].index, must);
}

static void release_output(struct assay_sim_services *s, uint32_t process, uint32_t state)
{
    struct instance *in = instance_of(s, process);
    services_report_check(s, ASSAY_SIM_CHECKER_CONTINUITY, NULL);
    if (descends_from(in, state, in->released)) in->released = state;
    else if (!descends_from(in, in->released, state))
        report_violation(s, process, "FORK", state, in->released);
}

/* --- life */

void enclaves_open(struct assay_sim_services *s)
{
    for (uint32_t i = 0; i < s->plan.group_count * s->load->enclaves; i++) {
        struct instance *in = &s->instance[i];
        in->group = i / s->load->enclaves;
        (void)seal_state(in, &(struct sealed){ 0 });
    }
    for (uint32_t p = 0; p < process_count(s); p++) {
        struct enclave *e = &s->enclave[p];
        e->client = malloc(sizeof *e->client);
        ASSAY_ASSERT(e->client != NULL);
        e->random = services_stream(s, PROGRAM_ENCLAVE, p);
        e->node = UINT32_MAX;
        /* Clones start when the first has run for a while. */
        e->start_at_ms = (uint64_t)(p % s->load->clones) * s->scenario->epoch_ms * 3;
    }
}

void enclaves_free(struct assay_sim_services *s)
{
    for (uint32_t i = 0; i < s->plan.group_count * s->load->enclaves; i++)
        free(s->instance[i].sealed);
    for (uint32_t p = 0; p < process_count(s); p++)
        free(s->enclave[p].client);
}

/* It restarts after a while, on any node of its host's choice. */
static void end_process(struct assay_sim_services *s, uint32_t process)
{
    struct enclave *e = &s->enclave[process];
    e->runs = false;
    e->node = UINT32_MAX;
    e->start_at_ms =
        services_now(s) + assay_sim_random_below(&e->random, 2 * (uint64_t)s->scenario->epoch_ms);
}

void enclaves_die(struct assay_sim_services *s, uint32_t node)
{
    for (uint32_t p = 0; p < process_count(s); p++)
        if (s->enclave[p].runs && s->enclave[p].node == node) end_process(s, p);
}

void enclaves_on_undone(struct assay_sim_services *s)
{
    for (uint32_t p = 0; p < process_count(s); p++) {
        struct enclave *e = &s->enclave[p];
        e->before = e->read_from = 0;
        if (e->runs) end_process(s, p);
    }
    for (uint32_t i = 0; i < s->plan.group_count * s->load->enclaves; i++)
        s->instance[i].released = 0;
    for (uint32_t i = 0; i < s->plan.group_count * s->load->enclaves; i++)
        s->instance[i].adopted_session = 0;
}

void enclaves_epoch(struct assay_sim_services *s)
{
    for (uint32_t p = 0; p < process_count(s); p++) {
        struct enclave *e = &s->enclave[p];
        const bool dies = assay_sim_random_below(&e->random, 1000) < s->load->enclaves_die_permille;
        if (!services_is_on(s)) continue;
        e->updates = s->load->updates;
        e->reads = s->load->reads;
        if (dies && e->runs) end_process(s, p);
    }
}

/* A host relays selectively: a state may reach fewer than a quorum before its process ends. */
static void draw_cut(const struct assay_sim_services *s, struct enclave *e)
{
    const uint64_t epoch_ms = s->scenario->epoch_ms, now_ms = services_now(s);
    struct assay_sim_random *const r = &e->random;
    e->cut_at_ms = e->cut_until_ms = UINT64_MAX;
    if (s->load->cutting_hosts_permille == 0) return; /* nothing is drawn */
    if (assay_sim_random_below(r, 1000) >= s->load->cutting_hosts_permille) return;
    e->reachable = (uint32_t)assay_sim_random_below(r, (uint64_t)1 << s->load->group_size);
    e->cut_at_ms = now_ms;
    if (assay_sim_random_below(r, 2) == 0) e->cut_at_ms += assay_sim_random_below(r, 2 * epoch_ms);
    e->cut_until_ms = e->cut_at_ms + epoch_ms / 4 + assay_sim_random_below(r, 2 * epoch_ms);
    e->ends_cut = assay_sim_random_below(r, 3) > 0;
}

/* Its first request is relayed: without an answer it does nothing. In each view other replicas
 * receive it. */
static bool is_reachable(const struct assay_sim_services *s, const struct enclave *e, uint32_t seat)
{
    const struct assay_cont_roster *roster = &e->client->config.roster;
    const bool cut = services_now(s) >= e->cut_at_ms && e->client->phase != ASSAY_CONT_OPENING;
    return !cut || (e->reachable >> (seat + roster->view) % roster->count & 1) != 0;
}

static void start_process(struct assay_sim_services *s, uint32_t process, uint32_t node)
{
    struct enclave *e = &s->enclave[process];
    e->runs = true;
    e->numbered = false;
    e->blind = s->load->clones > 1 && assay_sim_random_below(&e->random, 2) == 0;
    e->node = node;
    e->life++;
    e->submit_at_ms = 0;
    e->before = instance_of(s, process)->released;
    draw_cut(s, e);
}

/* --- frames in and out */

static void execute_effects(struct assay_sim_services *s, uint32_t process)
{
    struct enclave *e = &s->enclave[process];
    const struct instance *in = instance_of(s, process);
    const struct name self = name_of(s, process);
    const struct assay_cont_roster *roster = &e->client->config.roster;
    for (uint32_t i = 0; i < s->outs.count; i++)
        for (uint32_t seat = 0; seat < roster->count; seat++) {
            uint32_t there = 0;
            if ((s->outs.out[i].seats >> seat & 1) == 0 || !is_reachable(s, e, seat)) continue;
            if (!replicas_find(s, in->group, roster->key[seat], &there)) continue;
            const struct name to = { .program = PROGRAM_REPLICA,
                                     .index = in->group << 8 | there,
                                     .life = s->replica[in->group][there].life };
            services_send(s, &self, e->node, &to, there, s->outs.out[i].frame);
        }
}

/* The state that the client reports as certified, in the chain that this process sealed. */
static uint32_t certified_of(const struct instance *in, const struct enclave *e)
{
    uint32_t state = e->last;
    while (in->sealed[state].index > e->client->certified)
        state = in->sealed[state].parent;
    return state;
}

static void check_takeover(struct assay_sim_services *s, uint32_t process, uint32_t events)
{
    const struct enclave *e = &s->enclave[process];
    struct instance *in = instance_of(s, process);
    const uint64_t session = e->client->config.session;
    if ((events & ASSAY_CONT_EVENT_ADOPTED) != 0 && session > in->adopted_session) {
        in->adopted_session = session;
        in->adopted_count = in->sealed_count;
    }
    if (session >= in->adopted_session) return;
    services_report_check(s, ASSAY_SIM_CHECKER_CONTINUITY, NULL);
    if (((events & ASSAY_CONT_EVENT_CERTIFIED) != 0 && e->shown >= in->adopted_count) ||
        ((events & ASSAY_CONT_EVENT_CONFIRMED) != 0 && e->read_session > session))
        report_violation(s, process, "ACTS", e->shown, in->adopted_count - 1);
}

static void on_events(struct assay_sim_services *s, uint32_t process)
{
    struct enclave *e = &s->enclave[process];
    const struct instance *in = instance_of(s, process);
    const uint32_t events = s->outs.events;
    e->wake_at_ms = s->outs.wake_at_ms;
    assay_cont_client_check(e->client);
    execute_effects(s, process);
    if ((events & (ASSAY_CONT_EVENT_CERTIFIED | ASSAY_CONT_EVENT_ADOPTED)) != 0)
        e->shown = certified_of(in, e);
    check_takeover(s, process, events);
    if ((events & ASSAY_CONT_EVENT_ADOPTED) != 0) {
        s->count.adopted++;
        if (!descends_from(in, e->shown, e->before))
            report_violation(s, process, "LOST", e->shown, e->before);
    }
    if ((events & (ASSAY_CONT_EVENT_CERTIFIED | ASSAY_CONT_EVENT_ADOPTED)) != 0)
        release_output(s, process, e->shown);
    if ((events & ASSAY_CONT_EVENT_CERTIFIED) != 0) s->count.certified++;
    if ((events & ASSAY_CONT_EVENT_CONFIRMED) != 0) {
        s->count.confirmed++;
        services_report_check(s, ASSAY_SIM_CHECKER_CONTINUITY, NULL);
        if (!descends_from(in, e->shown, e->read_from))
            report_violation(s, process, "STALE", e->shown, e->read_from);
    }
    if (e->client->phase != ASSAY_CONT_ENDED) return;
    if (e->client->end == ASSAY_CONT_END_FENCED) s->count.fenced++;
    /* Replicas have dropped it: as one whose row was removed, it is born again with another key. */
    if (e->client->end == ASSAY_CONT_END_FORGOTTEN) drop_instance(s, process);
    else end_process(s, process);
}

void enclaves_fact(struct assay_sim_services *s, uint32_t node, uint32_t group,
                   const struct assay_cont_fact *fact)
{
    for (uint32_t p = group * per_group(s); p < (group + 1) * per_group(s); p++) {
        struct enclave *e = &s->enclave[p];
        if (!e->runs || !e->numbered || e->blind || e->node != node) continue;
        assay_cont_client_fact(e->client, fact, services_now(s), &s->outs);
        on_events(s, p);
    }
}

static void deliver_frame(struct assay_sim_services *s, uint32_t process, uint32_t seat,
                          struct assay_slice frame)
{
    const struct enclave *e = &s->enclave[process];
    const uint64_t view = e->client->config.roster.view;
    if (assay_cont_client_frame(e->client, seat, frame, services_now(s), &s->outs) != ASSAY_OK)
        return;
    handovers_on_follow(s, view, e->client);
    on_events(s, process);
}

void enclaves_receive(struct assay_sim_services *s, uint32_t node, const struct name *to,
                      const struct name *from, struct assay_slice frame)
{
    struct enclave *e = &s->enclave[to->index];
    const struct instance *in = instance_of(s, to->index);
    if (!e->runs || !e->numbered || e->life != to->life || e->node != node) return;
    if (from->program != PROGRAM_REPLICA) return;
    const struct replica *r = &s->replica[in->group][from->index & 0xff];
    if (!r->runs || r->life != from->life) return;
    const uint32_t seat = assay_cont_find_seat(&e->client->config.roster, r->key);
    if (seat == e->client->config.roster.count) return;
    handovers_receive(s, frame);
    deliver_frame(s, to->index, seat, frame);
}

/* --- a session */

static void request_number(struct assay_sim_services *s, uint32_t process,
                           const struct assay_cont_group *g, uint64_t expected)
{
    struct enclave *e = &s->enclave[process];
    const struct instance *in = instance_of(s, process);
    const struct name self = name_of(s, process);
    struct assay_cont_session_record record = { .group = in->group,
                                                .birth = in->birth,
                                                .expected = expected };
    const uint8_t *const node_id = follower_node_id(s, e->node);
    uint8_t digest[32], bytes[ASSAY_CONT_RECORD_MAX];
    struct assay_slice payload;
    const uint64_t now_ms = services_now(s);
    if (now_ms < e->submit_at_ms || node_id == NULL) return;
    e->submit_at_ms = now_ms + AGAIN_MS;
    const struct assay_secret32 link = services_link(&self);
    assay_cont_link_name(&link, &record.link, &record.contact);
    record.contact.address[0] = 'e';
    record.contact.address_len = 1;
    assay_bytes_copy(record.instance_key, sizeof record.instance_key, in->key, sizeof in->key);
    assay_cont_session_statement(&g->home, node_id, &record, digest);
    assay_sodium_link_sign(&link, digest, record.link.signature);
    assay_model_sign(in->secret.bytes, digest, record.signature);
    const enum assay_status status =
        assay_cont_session_record_encode(&record, bytes, sizeof bytes, &payload);
    ASSAY_ASSERT(status == ASSAY_OK);
    services_submit(s, e->node, ASSAY_SERVICE_SESSION, payload);
}

static void start_session(struct assay_sim_services *s, uint32_t process,
                          const struct assay_cont_group *g, uint64_t session)
{
    struct enclave *e = &s->enclave[process];
    const struct instance *in = instance_of(s, process);
    struct assay_cont_client_config config = { .home = g->home,
                                               .session = session,
                                               .birth_era = instance_of(s, process)->birth.era,
                                               .roster = g->now.roster };
    uint8_t nonce[32];
    assay_bytes_copy(config.instance, 32, in->name, 32);
    services_bytes(&e->random, nonce, sizeof nonce);
    assay_cont_client_init(e->client, &config);
    e->numbered = true;
    e->last = e->shown = 0;
    assay_cont_client_open(e->client, nonce, services_now(s), &s->outs);
    on_events(s, process);
}

/* A new key, in this epoch. An instance whose row was removed from the ledger is void, with all
 * that was sealed for it. */
static void submit_birth(struct assay_sim_services *s, struct instance *in,
                         const struct assay_cont_group *g)
{
    const uint64_t number = (uint64_t)(in - s->instance) | ++in->births << 16;
    struct assay_sim_random random =
        services_stream(s, PROGRAM_ENCLAVE, (uint64_t)1 << 62 | number);
    services_key(&random, &in->secret, in->key);
    in->birth = (struct assay_cont_birth){ .era = g->era, .epoch = g->epoch };
    assay_cont_instance(&g->home, &in->birth, in->key, in->name);
    in->named = true;
    in->sealed_count = 1;
    in->released = 0;
    in->adopted_session = 0;
}

/* Its processes end when their ledger has dropped its row for good. Returns: whether they do. */
static bool is_forgotten(struct assay_sim_services *s, uint32_t process,
                         const struct assay_cont_group *g)
{
    const struct instance *in = instance_of(s, process);
    return in->named && assay_cont_group_row(g, in->name) == NULL &&
           !assay_cont_group_may_be_born(g, &in->birth) &&
           (g->era > in->birth.era || g->epoch > in->birth.epoch);
}

static void drop_instance(struct assay_sim_services *s, uint32_t process)
{
    const uint32_t clones = s->load->clones, first = process - process % clones;
    for (uint32_t p = first; p < first + clones; p++) {
        s->enclave[p].before = s->enclave[p].read_from = 0;
        if (s->enclave[p].runs) end_process(s, p);
    }
    /* A process that starts before the next birth resumes from nothing of this instance. */
    instance_of(s, process)->released = 0;
    instance_of(s, process)->adopted_session = 0;
    instance_of(s, process)->named = false;
}

/* docs/services.md 1.2.2: until the ledger keeps its row. */
static void keep_row(struct assay_sim_services *s, uint32_t process)
{
    struct enclave *e = &s->enclave[process];
    const struct instance *in = instance_of(s, process);
    const struct assay_cont_group *g =
        assay_registry_group(s->follower[e->node].registry, in->group);
    const struct assay_cont_instance_row *row = assay_cont_group_row(g, in->name);
    const struct assay_cont_receipt *receipt = &e->client->receipt;
    const uint64_t now_ms = services_now(s);
    uint8_t nonce[32], bytes[ASSAY_CONT_RECORD_MAX];
    struct assay_slice payload;
    if (row == NULL || row->kept || e->client->certified == 0 || now_ms < e->keep_at_ms) return;
    if (e->client->ask_receipt.asked) return;
    if (receipt->entry.index == 0 || receipt->view != g->now.roster.view ||
        receipt->count < assay_cont_quorum(g->now.roster.count)) {
        services_bytes(&e->random, nonce, sizeof nonce);
        if (assay_cont_client_receipt(e->client, nonce, now_ms, &s->outs) == ASSAY_OK)
            on_events(s, process);
        return;
    }
    const struct assay_cont_keep_record record = { .group = in->group,
                                                   .roster = g->now.roster,
                                                   .receipt = *receipt };
    const enum assay_status status =
        assay_cont_keep_record_encode(&record, bytes, sizeof bytes, &payload);
    ASSAY_ASSERT(status == ASSAY_OK);
    e->keep_at_ms = now_ms + AGAIN_MS;
    services_submit(s, e->node, ASSAY_SERVICE_KEEP, payload);
}

/* Returns: whether it has a number now. */
static bool has_number(struct assay_sim_services *s, uint32_t process)
{
    struct enclave *e = &s->enclave[process];
    struct instance *in = instance_of(s, process);
    const struct name self = name_of(s, process);
    const struct assay_cont_group *g =
        assay_registry_group(s->follower[e->node].registry, in->group);
    const struct assay_secret32 seed = services_link(&self);
    struct assay_cont_link link;
    struct assay_cont_contact own;
    if (e->numbered) return true;
    if (g->phase == ASSAY_CONT_FORMING) return false;
    if (!in->named) submit_birth(s, in, g);
    assay_cont_link_name(&seed, &link, &own);
    const struct assay_cont_instance_row *row = assay_cont_group_row(g, in->name);
    if (row != NULL && assay_bytes_equal(row->contact.curve, own.curve, 32)) {
        start_session(s, process, g, row->session);
        return e->runs;
    }
    request_number(s, process, g, assay_cont_number_next(g->era, row == NULL ? 0 : row->session));
    return false;
}

/* --- the host of a running process */

static void load_sealed_state(struct assay_sim_services *s, uint32_t process)
{
    struct enclave *e = &s->enclave[process];
    const struct instance *in = instance_of(s, process);
    uint32_t state = 0;
    while (state < in->sealed_count &&
           (in->sealed[state].index != e->client->found.index ||
            !assay_bytes_equal(in->sealed[state].digest, e->client->found.digest, 32)))
        state++;
    ASSAY_ASSERT(state < in->sealed_count); /* replicas store only sealed states */
    if (assay_sim_random_below(&e->random, 1000) < s->load->old_states_permille)
        state = (uint32_t)assay_sim_random_below(&e->random, in->sealed_count);
    e->last = e->shown = state;
    const struct sealed *it = &in->sealed[state];
    if (assay_cont_client_adopt(e->client, it->index, it->prev, it->blob, services_now(s),
                                &s->outs) != ASSAY_OK)
        s->count.refused++;
    on_events(s, process);
}

static void seal_update(struct assay_sim_services *s, uint32_t process)
{
    struct enclave *e = &s->enclave[process];
    struct instance *in = instance_of(s, process);
    struct sealed state = { .parent = e->last };
    services_bytes(&e->random, state.blob, sizeof state.blob);
    assay_bytes_copy(state.prev, 32, e->client->last_digest, 32);
    if (assay_cont_client_update(e->client, state.blob, services_now(s), &state.index, &s->outs) !=
        ASSAY_OK)
        return;
    assay_bytes_copy(state.digest, 32, e->client->last_digest, 32);
    e->last = seal_state(in, &state);
    e->updates--;
    on_events(s, process);
}

static void start_read(struct assay_sim_services *s, uint32_t process)
{
    struct enclave *e = &s->enclave[process];
    uint8_t nonce[32];
    services_bytes(&e->random, nonce, sizeof nonce);
    if (e->client->confirm.asked) return;
    if (assay_cont_client_confirm(e->client, nonce, services_now(s), &s->outs) != ASSAY_OK) return;
    e->read_from = instance_of(s, process)->released;
    e->read_session = instance_of(s, process)->adopted_session;
    e->reads--;
    on_events(s, process);
}

/* No replica accepts a superseded process any more: its row shows that to it. */
static void read_row(struct assay_sim_services *s, uint32_t process)
{
    const struct enclave *e = &s->enclave[process];
    const struct instance *in = instance_of(s, process);
    const struct assay_cont_group *g =
        assay_registry_group(s->follower[e->node].registry, in->group);
    struct assay_cont_row_proven proven;
    struct assay_writer head = assay_writer_over(s->row.head, sizeof s->row.head);
    struct assay_writer proof = assay_writer_over(s->row.proof, sizeof s->row.proof);
    enum assay_status status = assay_cont_group_encode(g, 0, &head);
    assay_cont_row_tree_grow(&s->row.tree, g);
    if (status == ASSAY_OK) status = assay_cont_row_prove(&s->row.tree, g, in->name, &proof);
    ASSAY_ASSERT(status == ASSAY_OK);
    status = assay_cont_client_row(e->client, assay_slice_over(s->row.head, head.len),
                                   assay_slice_over(s->row.proof, proof.len), &proven, &s->outs);
    ASSAY_ASSERT(status == ASSAY_OK || status == ASSAY_E_STALE); /* STALE: a ledger that lags */
    if (status == ASSAY_OK) on_events(s, process);
}

/* Its host shows it any hand-over. */
static void show_handover(struct assay_sim_services *s, uint32_t process)
{
    uint32_t seat = 0;
    const struct assay_slice frame = handovers_draw(s, s->enclave[process].client, &seat);
    if (frame.len > 0) deliver_frame(s, process, seat, frame);
}

static void step_process(struct assay_sim_services *s, uint32_t process)
{
    struct enclave *e = &s->enclave[process];
    const uint64_t now_ms = services_now(s);
    const uint32_t group = instance_of(s, process)->group;
    if (assay_registry_group(s->follower[e->node].registry, group) == NULL) return; /* not yet */
    if (now_ms >= e->cut_until_ms) {
        e->cut_at_ms = e->cut_until_ms = UINT64_MAX;
        if (e->ends_cut) end_process(s, process);
        if (!e->runs) return;
    }
    if (is_forgotten(s, process, assay_registry_group(s->follower[e->node].registry, group))) {
        drop_instance(s, process);
        return;
    }
    if (!has_number(s, process)) return;
    show_handover(s, process);
    if (!e->runs) return;
    if (now_ms >= e->wake_at_ms) {
        assay_cont_client_tick(e->client, now_ms, &s->outs);
        on_events(s, process);
    }
    if (e->runs && e->client->phase == ASSAY_CONT_FOUND) load_sealed_state(s, process);
    /* In the same turn as other acts, some turns apart. */
    const uint64_t what = assay_sim_random_below(&e->random, 8);
    if (e->runs && !e->blind && what == 0) read_row(s, process);
    if (!e->runs || e->client->phase != ASSAY_CONT_RUNNING) return;
    keep_row(s, process);
    if (e->runs && what < 4 && e->updates > 0) seal_update(s, process);
    if (e->runs && what > 4 && e->reads > 0) start_read(s, process);
}

void enclaves_turn(struct assay_sim_services *s, uint32_t node)
{
    for (uint32_t p = 0; p < process_count(s); p++) {
        struct enclave *e = &s->enclave[p];
        if (!e->runs && services_now(s) >= e->start_at_ms && services_is_on(s) &&
            assay_sim_random_below(&e->random, s->nodes) == 0)
            start_process(s, p, node);
        if (e->runs && e->node == node) step_process(s, p);
    }
}

uint32_t enclaves_running(const struct assay_sim_services *s)
{
    uint32_t count = 0;
    for (uint32_t p = 0; p < process_count(s); p++) {
        const struct enclave *e = &s->enclave[p];
        count +=
            e->runs && e->numbered && e->client->phase == ASSAY_CONT_RUNNING && !e->client->lost;
    }
    return count;
}
