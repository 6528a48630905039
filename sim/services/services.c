/*
 * sim/services/services.c - life of the programs, the plan, turns (sim/services/services.h).
 */
#include "sim/services/internal.h"

#include "base/crypto/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ABUSED_ROWS = 4 /* room for the rows of quota abusers */ };
enum { TURN_MS_MIN = 20, TURNS_AN_EPOCH = 100, HEAD = 72 /* both names, the sender's session */ };

/* --- frames */

struct assay_sim_random services_stream(const struct assay_sim_services *s, enum program program,
                                        uint64_t number)
{
    return assay_sim_random_of(s->seed, ASSAY_SIM_STREAM_SERVICES, (uint64_t)program, number);
}

void services_bytes(struct assay_sim_random *random, uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)assay_sim_random_next(random);
}

void services_key(struct assay_sim_random *random, struct assay_secret32 *secret,
                  uint8_t public[static ASSAY_P256_PUBLIC_LEN])
{
    services_bytes(random, secret->bytes, sizeof secret->bytes);
    assay_model_mark(secret);
    assay_model_public(secret->bytes, public);
}

void services_name_encode(const struct name *name, uint8_t curve[static 32])
{
    assay_bytes_zero(curve, 32);
    curve[0] = (uint8_t)name->program;
    for (unsigned i = 0; i < 4; i++) {
        curve[1 + i] = (uint8_t)(name->index >> (24 - 8 * i));
        curve[5 + i] = (uint8_t)(name->life >> (24 - 8 * i));
    }
}

struct assay_secret32 services_link(const struct name *name)
{
    struct assay_secret32 seed;
    services_name_encode(name, seed.bytes);
    return seed;
}

bool services_name_decode(const uint8_t curve[static 32], struct name *name)
{
    *name = (struct name){ .program = (enum program)curve[0] };
    for (unsigned i = 0; i < 4; i++) {
        name->index = name->index << 8 | curve[1 + i];
        name->life = name->life << 8 | curve[5 + i];
    }
    return curve[0] >= PROGRAM_REPLICA && curve[0] <= PROGRAM_DEALING;
}

uint64_t services_now(const struct assay_sim_services *s)
{
    return s->world.now_ms(s->world.context);
}

bool services_is_on(const struct assay_sim_services *s)
{
    return s->load->stop_epoch == 0 || s->epoch < s->load->stop_epoch;
}

void services_send(struct assay_sim_services *s, const struct name *from, uint32_t from_node,
                   const struct name *to, uint32_t to_node, struct assay_slice frame)
{
    ASSAY_ASSERT(frame.len + HEAD <= sizeof s->room);
    services_name_encode(to, s->room);
    services_name_encode(from, s->room + 32);
    for (unsigned i = 0; i < 8; i++)
        s->room[64 + i] = (uint8_t)(from->session >> (56 - 8 * i));
    assay_bytes_copy(s->room + HEAD, sizeof s->room - HEAD, frame.bytes, frame.len);
    s->world.send(s->world.context, from_node, to_node,
                  assay_slice_over(s->room, frame.len + HEAD));
}

void services_submit_uncopied(struct assay_sim_services *s, uint32_t node,
                              enum assay_service_kind kind, struct assay_slice payload)
{
    struct submission *x = &s->submission[s->submissions];
    if (s->submissions == SUBMISSIONS) return; /* as with a full socket: sent again later */
    ASSAY_ASSERT(payload.len <= sizeof x->bytes);
    *x = (struct submission){ .node = node, .kind = kind, .len = payload.len };
    assay_bytes_copy(x->bytes, sizeof x->bytes, payload.bytes, payload.len);
    s->submissions++;
}

void services_submit(struct assay_sim_services *s, uint32_t node, enum assay_service_kind kind,
                     struct assay_slice payload)
{
    forge_submit_copies(s, node, kind, payload); /* hostile copies arrive first */
    services_submit_uncopied(s, node, kind, payload);
}

/* Deferred while the ledger is being read: a step of its engine changes it. */
static void submit_pending(struct assay_sim_services *s)
{
    for (uint32_t i = 0; i < s->submissions; i++) {
        const struct submission *x = &s->submission[i];
        const enum assay_status status = s->world.submit(
            s->world.context, x->node, (uint32_t)x->kind, assay_slice_over(x->bytes, x->len));
        assay_status_ignore(status, "handed in again until it is final, or of no use");
    }
    s->submissions = 0;
}

void services_report_check(struct assay_sim_services *s, enum assay_sim_checker checker,
                           const char *format, ...)
{
    char message[160];
    va_list args;
    /* The checker of tasks follows money record by record: not while some records were
     * unobserved. */
    if (!s->recount.sound && checker == ASSAY_SIM_CHECKER_TASKS) return;
    if (format == NULL) {
        s->world.looked(s->world.context, checker, NULL);
        return;
    }
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    s->world.looked(s->world.context, checker, message);
}

/* --- the plan */

static size_t put_plan(const struct assay_registry_plan *plan,
                       uint8_t bytes[static ASSAY_PLAN_LEN_MAX])
{
    struct assay_writer w = assay_writer_over(bytes, ASSAY_PLAN_LEN_MAX);
    const enum assay_status status = assay_registry_plan_encode(plan, &w);
    ASSAY_ASSERT(status == ASSAY_OK); /* assay_scenario_check */
    return w.len;
}

static void make_plan(struct assay_sim_services *s)
{
    const struct assay_sim_services_plan *l = s->load;
    struct assay_registry_plan *p = &s->plan;
    p->group_count = l->groups;
    for (uint32_t i = 0; i < l->groups; i++) {
        (void)snprintf(p->group[i].name, sizeof p->group[i].name, "group-%u", i);
        p->group[i].size = l->group_size;
        p->group[i].instances_max = l->enclaves + ABUSED_ROWS * l->quota_abusers;
    }
    tasks_plan(s, p);
    shares_plan(s, p);
    group_key_plan(s, p);
    s->plan_len = put_plan(p, s->plan_bytes);
    s->first = *p;
    s->first.group_count -= l->later_groups;
    s->first.has_tasks = p->has_tasks && !l->later_tasks;
    s->first.identity.retired = 0;
    const bool any = s->first.group_count > 0 || s->first.has_tasks || s->first.has_shares ||
                     s->first.has_identity;
    s->first_len = any ? put_plan(&s->first, s->first_bytes) : 0;
}

struct assay_slice assay_sim_services_plan(const struct assay_sim_services *services, bool whole)
{
    return whole ? assay_slice_over(services->plan_bytes, services->plan_len)
                 : assay_slice_over(services->first_bytes, services->first_len);
}

const struct assay_services *assay_sim_services_has_more(const struct assay_sim_services *services)
{
    return &services->more.ledger;
}

const struct assay_services *assay_sim_services_ledger(struct assay_sim_services *services,
                                                       const struct assay_genesis *genesis)
{
    const uint32_t level = genesis->parameters.level;
    enum assay_status status = assay_host_services_open(
        &services->more, genesis->chain_id, assay_sim_services_plan(services, true), level);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_bytes_copy(services->chain_id, 32, genesis->chain_id, 32);
    services->recount.sound = true;
    if (genesis->services.len == 0) return NULL;
    status = assay_host_services_open(&services->host, genesis->chain_id, genesis->services, level);
    ASSAY_ASSERT(status == ASSAY_OK);
    recount_open(services, &services->first);
    return &services->host.ledger;
}

/* --- life */

struct assay_sim_services *assay_sim_services_create(const struct assay_scenario *scenario,
                                                     uint64_t seed,
                                                     const struct assay_sim_services_world *world)
{
    struct assay_sim_services *s = calloc(1, sizeof *s);
    ASSAY_ASSERT(s != NULL && scenario->nodes <= NODES);
    s->scenario = scenario;
    s->load = &scenario->services;
    s->seed = seed;
    s->nodes = scenario->nodes;
    s->world = *world;
    quota_abuse_open(s);
    tasks_open(s);
    shares_open(s);
    group_key_open(s);
    make_plan(s);
    enclaves_open(s);
    forge_open(s);
    handovers_open(s);
    return s;
}

void assay_sim_services_destroy(struct assay_sim_services **services)
{
    struct assay_sim_services *s = *services;
    if (s == NULL) return;
    for (uint32_t i = 0; i < s->nodes; i++)
        follower_free(&s->follower[i]);
    recount_free(s);
    sessions_free(s);
    replicas_free(s);
    enclaves_free(s);
    tasks_free(s);
    shares_free(s);
    group_key_free(s);
    free(s);
    *services = NULL;
}

uint32_t assay_sim_services_step_ms(const struct assay_sim_services *services)
{
    const uint32_t ms = services->scenario->epoch_ms / TURNS_AN_EPOCH;
    return ms > TURN_MS_MIN ? ms : TURN_MS_MIN;
}

/* Programs of a crashed machine are gone. Returns: whether the machine is up. */
static bool is_up(struct assay_sim_services *s, uint32_t node)
{
    struct registry_follower *d = &s->follower[node];
    const uint32_t boot = s->world.boots(s->world.context, node);
    if (boot != d->boot) {
        d->boot = boot;
        d->begun = false;
        replicas_die(s, node);
        enclaves_die(s, node);
        tasks_die(s, node);
        shares_die(s, node);
        group_key_die(s, node);
    }
    return s->world.engine(s->world.context, node) != NULL;
}

void assay_sim_services_step(struct assay_sim_services *services, uint32_t node)
{
    struct assay_sim_services *s = services;
    if (!is_up(s, node)) return;
    follower_turn(s, node);
    group_key_follow_fence(s,
                           node); /* also of a daemon that is behind what its programs followed */
    if (!s->follower[node].begun) return;
    replicas_turn(s, node);
    enclaves_turn(s, node);
    tasks_turn(s, node);
    shares_turn(s, node);
    group_key_turn(s, node);
    quota_abuse_step(s, node);
    submit_pending(s);
}

void assay_sim_services_receive(struct assay_sim_services *services, uint32_t node,
                                struct assay_slice bytes)
{
    struct assay_sim_services *s = services;
    struct name to, sender;
    ASSAY_ASSERT(bytes.len > HEAD);
    if (!is_up(s, node)) return;
    group_key_follow_fence(s, node); /* its daemon has reported it at once, between two steps */
    const bool known =
        services_name_decode(bytes.bytes, &to) && services_name_decode(bytes.bytes + 32, &sender);
    ASSAY_ASSERT(known); /* services_send encoded them */
    for (unsigned i = 0; i < 8; i++)
        sender.session = sender.session << 8 | bytes.bytes[64 + i];
    const struct assay_slice frame = assay_slice_over(bytes.bytes + HEAD, bytes.len - HEAD);
    switch (to.program) {
    case PROGRAM_REPLICA: replicas_receive(s, node, &to, &sender, frame); break;
    case PROGRAM_ENCLAVE: enclaves_receive(s, node, &to, &sender, frame); break;
    case PROGRAM_TASK: tasks_receive(s, node, &to, frame); break;
    case PROGRAM_HOLDER:
    case PROGRAM_OWNER:
    case PROGRAM_READER: shares_receive(s, node, &to, &sender, frame); break;
    case PROGRAM_KEY_HOLDER:
    case PROGRAM_NEXT_KEY_HOLDER: group_key_receive(s, node, &sender, frame); break;
    case PROGRAM_DEALING_WANT:
    case PROGRAM_DEALING: group_key_receive_dealing(s, node, &sender, frame); break;
    }
    submit_pending(s);
}

void assay_sim_services_epoch(struct assay_sim_services *services, uint64_t epoch)
{
    services->epoch = epoch;
    replicas_epoch(services);
    enclaves_epoch(services);
    tasks_epoch(services);
    shares_epoch_begins(services);
    group_key_epoch(services);
}

/* --- figures */

void assay_sim_services_end(struct assay_sim_services *services, struct assay_sim_outcome *outcome)
{
    struct assay_sim_services *s = services;
    tasks_end(s);
    int64_t figures[ASSAY_SIM_FIGURE_COUNT] = { 0 };
    figures[ASSAY_SIM_FIGURE_SERVICE_RECORDS] = (int64_t)s->count.records;
    figures[ASSAY_SIM_FIGURE_SESSIONS] = (int64_t)s->count.adopted;
    figures[ASSAY_SIM_FIGURE_STATES_CERTIFIED] = (int64_t)s->count.certified;
    figures[ASSAY_SIM_FIGURE_READS_CONFIRMED] = (int64_t)s->count.confirmed;
    figures[ASSAY_SIM_FIGURE_ROLLBACKS_REFUSED] = (int64_t)s->count.refused;
    figures[ASSAY_SIM_FIGURE_CLONES_FENCED] = (int64_t)s->count.fenced;
    figures[ASSAY_SIM_FIGURE_QUOTA_ABUSE_ACCEPTED] = (int64_t)s->quota_abuse.taken;
    figures[ASSAY_SIM_FIGURE_QUOTA_ABUSE_REFUSED] = (int64_t)s->quota_abuse.refused;
    figures[ASSAY_SIM_FIGURE_RELISTED] = (int64_t)s->quota_abuse.relisted;
    figures[ASSAY_SIM_FIGURE_HANDOVERS_SHOWN] = (int64_t)s->handovers.shown;
    figures[ASSAY_SIM_FIGURE_HANDOVERS_FOLLOWED] = (int64_t)s->handovers.followed;
    figures[ASSAY_SIM_FIGURE_ENCLAVES_FINAL] = (int64_t)enclaves_running(s);
    const bool any = s->recount.registry != NULL;
    for (uint32_t g = 0; any && g < s->plan.group_count; g++) {
        const struct assay_cont_group *group = assay_registry_group(s->recount.registry, g);
        if (group == NULL) continue; /* no change has added it yet */
        figures[ASSAY_SIM_FIGURE_VIEWS_STARTED] += (int64_t)group->now.roster.view;
        figures[ASSAY_SIM_FIGURE_GROUPS_LOST] += group->phase == ASSAY_CONT_GONE;
    }
    tasks_figures(s, figures);
    shares_figures(s, figures);
    group_key_figures(s, figures);
    for (uint32_t i = ASSAY_SIM_FIGURE_SERVICE_RECORDS; i < ASSAY_SIM_FIGURE_COUNT; i++)
        outcome->figures[i][0] = figures[i];
}
