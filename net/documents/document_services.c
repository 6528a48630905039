/*
 * net/documents/document_services.c - documents of service state.
 */
#include "net/documents/document_services.h"

#include "base/assert.h"

const char *assay_document_phase(enum assay_cont_phase phase)
{
    static const char *const words[] = { [ASSAY_CONT_FORMING] = "forming",
                                         [ASSAY_CONT_SERVING] = "serving",
                                         [ASSAY_CONT_CHANGING] = "changing",
                                         [ASSAY_CONT_GONE] = "gone" };
    return (unsigned)phase < sizeof words / sizeof words[0] ? words[phase] : "unknown";
}

const char *assay_document_state(enum assay_summary_state state)
{
    static const char *const words[ASSAY_SUMMARY_STATES] = {
        [ASSAY_SUMMARY_OPEN] = "open",     [ASSAY_SUMMARY_ACCEPTED] = "accepted",
        [ASSAY_SUMMARY_FAILED] = "failed", [ASSAY_SUMMARY_PAID] = "paid",
        [ASSAY_SUMMARY_CLOSED] = "closed", [ASSAY_SUMMARY_EXPIRED] = "expired"
    };
    return (unsigned)state < ASSAY_SUMMARY_STATES ? words[state] : "unknown";
}

/* A member by its slot; null where it is gone. */
static void set_member(struct assay_json *object, const struct assay_snapshot *s, uint32_t slot)
{
    char name[ASSAY_NAME_MAX + 1] = "";
    if (slot >= s->member_count) {
        assay_json_set_null(object, "slot");
        assay_json_set_text(object, "name", "");
        return;
    }
    assay_json_set_uint(object, "slot", slot);
    assay_json_set_text(object, "name", assay_document_name(s, (uint16_t)slot, name, sizeof name));
}

static struct assay_json *member_document(const struct assay_snapshot *s, uint32_t slot)
{
    struct assay_json *object = assay_json_object();
    set_member(object, s, slot);
    return object;
}

/* ------------------------------------------------------------ programs and records */

static struct assay_json *program_documents(const struct assay_services_summary *v)
{
    ASSAY_ASSERT(v->path[0] != '\0');
    struct assay_json *object = assay_json_object();
    assay_json_set_text(object, "socket", v->path);
    assay_json_set_uint(object, "connected", v->server.clients);
    assay_json_set_uint(object, "following", v->server.following);
    assay_json_set_uint(object, "submitted", v->server.submitted);
    assay_json_set_uint(object, "refused", v->server.refused);
    assay_json_set_uint(object, "quotes", v->server.quotes);
    assay_json_set_uint(object, "verdicts", v->server.verdicts);
    assay_json_set_uint(object, "connections_refused", v->server.connections_refused);
    assay_json_set_uint(object, "connections_preempted", v->server.connections_preempted);
    assay_json_set_uint(object, "requests_refused", v->server.requests_refused);
    assay_json_set_uint(object, "requests_preempted", v->server.requests_preempted);
    return object;
}

static struct assay_json *record_documents(const struct assay_services_summary *v)
{
    struct assay_json *list = assay_json_array();
    for (unsigned kind = 1; kind < ASSAY_SERVICE_KIND_COUNT; kind++) {
        struct assay_json *object = assay_json_object();
        assay_json_set_text(object, "kind", assay_registry_kind_name(kind));
        assay_json_set_uint(object, "applied", v->server.applied[kind]);
        assay_json_set_uint(object, "idle", v->server.idle[kind]);
        assay_json_append(list, object);
    }
    return list;
}

/* ------------------------------------------------------------ continuity */

static const char *seat_state_name(enum assay_cont_seat_state state)
{
    switch (state) {
    case ASSAY_CONT_SEAT_SERVES: return "serves";
    case ASSAY_CONT_SEAT_DRAINS: return "drains";
    case ASSAY_CONT_SEAT_CUT: return "cut";
    case ASSAY_CONT_SEAT_MISSING: return "missing";
    case ASSAY_CONT_SEAT_LOST: return "lost";
    }
    ASSAY_UNREACHABLE("a state of a seat");
}

static struct assay_json *seat_documents(const struct assay_snapshot *s,
                                         const struct assay_summary_group *g)
{
    ASSAY_ASSERT(g->seat_count <= ASSAY_CONT_SEATS_MAX);
    struct assay_json *list = assay_json_array();
    for (uint32_t i = 0; i < g->seat_count; i++) {
        struct assay_json *seat = member_document(s, g->seat[i]);
        assay_json_set_bool(seat, "lost", g->state[i] == ASSAY_CONT_SEAT_LOST);
        assay_json_set_text(seat, "state", seat_state_name(g->state[i]));
        assay_json_append(list, seat);
    }
    return list;
}

static struct assay_json *group_alarms(uint32_t alarms)
{
    static const struct {
        enum assay_cont_alarm alarm;
        const char *word;
    } words[] = {
        { ASSAY_CONT_ALARM_FEW, "few" },
        { ASSAY_CONT_ALARM_NO_CANDIDATE, "no-candidate" },
        { ASSAY_CONT_ALARM_OPERATORS, "operators" },
        { ASSAY_CONT_ALARM_CUT, "cut" },
        { ASSAY_CONT_ALARM_MISSING, "missing" },
        { ASSAY_CONT_ALARM_CHANGING, "changing" },
    };
    struct assay_json *list = assay_json_array();
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if ((alarms & words[i].alarm) != 0) assay_json_append_text(list, words[i].word);
    return list;
}

static struct assay_json *group_document(const struct assay_snapshot *s,
                                         const struct assay_summary_group *g, uint32_t number)
{
    ASSAY_ASSERT(g->next_count <= ASSAY_CONT_SEATS_MAX && g->listed_count <= ASSAY_CONT_SLOTS_MAX);
    struct assay_json *object = assay_json_object();
    struct assay_json *next = assay_json_array(), *listed = assay_json_array();
    assay_json_set_uint(object, "number", number);
    assay_json_set_text(object, "name", g->name);
    assay_json_set_uint(object, "size", g->size);
    assay_json_set_text(object, "phase", assay_document_phase(g->phase));
    assay_json_set_uint(object, "view", g->view);
    assay_json_set(object, "seats", seat_documents(s, g));
    assay_json_set(object, "alarms", group_alarms(g->alarms));
    assay_json_set_uint(object, "next_view", g->next_view);
    for (uint32_t i = 0; i < g->next_count; i++)
        assay_json_append(next, member_document(s, g->next[i]));
    assay_json_set(object, "next_seats", next);
    for (uint32_t i = 0; i < g->listed_count; i++)
        assay_json_append(listed, member_document(s, g->listed[i]));
    assay_json_set(object, "listed", listed);
    assay_json_set_uint(object, "entries", g->entries);
    assay_json_set_uint(object, "instances", g->instances);
    assay_json_set_uint(object, "instances_max", g->instances_max);
    assay_json_set_uint(object, "sessions", g->sessions);
    return object;
}

/* ------------------------------------------------------------ shares */

/* All reasons of the last alarm. */
static struct assay_json *cluster_alarms(const struct assay_summary_cluster *c)
{
    static const char *const words[] = { [ASSAY_SHARE_WHY_FEW] = "few",
                                         [ASSAY_SHARE_WHY_NO_CANDIDATE] = "no-candidate",
                                         [ASSAY_SHARE_WHY_NO_DEALERS] = "no-dealers",
                                         [ASSAY_SHARE_WHY_OLD_SHARES] = "old-shares" };
    struct assay_json *list = assay_json_array();
    for (unsigned why = ASSAY_SHARE_WHY_FEW; why < sizeof words / sizeof *words; why++)
        if ((c->alarms >> why & 1) != 0) assay_json_append_text(list, words[why]);
    return list;
}

/* Of public attempts, docs/services.md 5.17. */
static const char *phase_name(enum assay_share_phase phase)
{
    switch (phase) {
    case ASSAY_SHARE_PHASE_NONE: return "none";
    case ASSAY_SHARE_PHASE_DEALS: return "dealings";
    case ASSAY_SHARE_PHASE_DISPUTES: return "disputes";
    case ASSAY_SHARE_PHASE_HAVES: return "confirmations";
    }
    ASSAY_UNREACHABLE("a phase");
}

static struct assay_json *cluster_document(const struct assay_snapshot *s,
                                           const struct assay_summary_shares *v, uint32_t number)
{
    ASSAY_ASSERT(number < v->cluster_count && v->slots <= ASSAY_SHARE_SLOTS_MAX);
    const struct assay_summary_cluster *c = &v->cluster[number];
    struct assay_json *object = assay_json_object(), *seats = assay_json_array();
    assay_json_set_uint(object, "number", number);
    assay_json_set_bool(object, "seated", c->seated);
    assay_json_set_bool(object, "alarm", c->alarm);
    assay_json_set_uint(object, "alarm_epoch", c->alarm_epoch);
    assay_json_set(object, "alarms", cluster_alarms(c));
    assay_json_set_text(object, "public_phase", phase_name(c->phase));
    assay_json_set_uint(object, "public_until", c->public_until);
    for (uint32_t i = 0; c->seated && i < v->slots; i++) {
        struct assay_json *seat = member_document(s, c->member[i]);
        assay_json_set_bool(seat, "ready", c->ready[i]);
        assay_json_set_bool(seat, "lost", c->lost[i]);
        assay_json_set_uint(seat, "silent_epoch", c->silent_epoch[i]);
        assay_json_append(seats, seat);
    }
    assay_json_set(object, "seats", seats);
    return object;
}

static struct assay_json *share_documents(const struct assay_snapshot *s,
                                          const struct assay_summary_shares *v)
{
    ASSAY_ASSERT(v->cluster_count <= ASSAY_SHARE_CLUSTERS_MAX);
    struct assay_json *object = assay_json_object(), *clusters = assay_json_array();
    assay_json_set_uint(object, "slots", v->slots);
    assay_json_set_uint(object, "threshold", v->k);
    assay_json_set_uint(object, "confirmations", v->confirmations);
    assay_json_set_uint(object, "ids", v->ids);
    assay_json_set_uint(object, "ids_max", v->ids_max);
    assay_json_set_uint(object, "synced", v->synced);
    assay_json_set_uint(object, "waiting", v->waiting);
    assay_json_set_uint(object, "deleted", v->deleted);
    assay_json_set_uint(object, "quota", v->quota);
    assay_json_set_uint(object, "due", v->due);
    assay_json_set_uint(object, "resharing", v->resharing);
    assay_json_set_uint(object, "public", v->in_public);
    assay_json_set_uint(object, "away", v->away);
    assay_json_set_uint(object, "holders", v->holders);
    assay_json_set_uint(object, "convicted", v->convicted);
    for (uint32_t c = 0; c < v->cluster_count; c++)
        assay_json_append(clusters, cluster_document(s, v, c));
    assay_json_set(object, "clusters", clusters);
    return object;
}

struct assay_json *assay_document_share(const struct assay_snapshot *s,
                                        const struct assay_share_registry *r,
                                        const struct assay_share_row *row)
{
    ASSAY_ASSERT(r->config.clusters <= ASSAY_SHARE_CLUSTERS_MAX);
    ASSAY_ASSERT(r->config.slots <= ASSAY_SHARE_SLOTS_MAX);
    struct assay_json *object = assay_json_object(), *kept = assay_json_array();
    assay_json_set_hex(object, "id", row->id, 32);
    assay_json_set_hex(object, "payload", row->payload, 32);
    assay_json_set_bool(object, "synced", row->synced);
    assay_json_set_uint(object, "put_epoch", row->put_epoch);
    assay_json_set_uint(object, "generation", row->generation);
    assay_json_set_uint(object, "origin", row->origin);
    assay_json_set_uint(object, "readers", row->reader_count);
    assay_json_set_bool(object, "resharing", row->reshare != 0);
    assay_json_set_bool(object, "due", row->wanted != 0);
    for (uint32_t c = 0; c < r->config.clusters; c++) {
        struct assay_json *cluster = assay_json_object(), *seats = assay_json_array();
        assay_json_set_uint(cluster, "cluster", c);
        for (uint32_t slot = 0; r->cluster[c].seated && slot < r->config.slots; slot++)
            if (row->have[c] >> slot & 1)
                assay_json_append(seats, member_document(s, r->cluster[c].seat[slot].member));
        assay_json_set(cluster, "seats", seats);
        assay_json_append(kept, cluster);
    }
    assay_json_set(object, "kept", kept);
    return object;
}

/* ------------------------------------------------------------ tasks and money */

static struct assay_json *offer_document(const struct assay_snapshot *s,
                                         const struct assay_summary_offer *o)
{
    ASSAY_ASSERT(o->offer.address_len <= ASSAY_TASK_ADDRESS_MAX);
    ASSAY_ASSERT(o->offer.count <= ASSAY_TASK_MEASUREMENTS_MAX);
    struct assay_json *object = member_document(s, o->slot), *codes = assay_json_array();
    char text[65];
    assay_json_set_uint(object, "price", o->offer.price);
    assay_json_set_uint(object, "hold", o->offer.hold);
    assay_json_set_text_n(object, "address", o->offer.address, o->offer.address_len);
    for (uint32_t i = 0; i < o->offer.count; i++) {
        assay_hex_encode(o->offer.code[i], 32, text, sizeof text);
        assay_json_append_text(codes, text);
    }
    assay_json_set(object, "codes", codes);
    return object;
}

static struct assay_json *task_documents(const struct assay_snapshot *s,
                                         const struct assay_summary_tasks *v)
{
    ASSAY_ASSERT(v->offer_count <= ASSAY_REGISTRY_SLOTS_MAX);
    struct assay_json *object = assay_json_object();
    struct assay_json *offers = assay_json_array(), *states = assay_json_object();
    assay_json_set_uint(object, "accounts", v->accounts);
    assay_json_set_uint(object, "accounts_max", v->accounts_max);
    assay_json_set_uint(object, "total", v->total);
    assay_json_set_uint(object, "locked", v->locked);
    assay_json_set_uint(object, "tasks_max", v->tasks_max);
    for (int i = 0; i < ASSAY_SUMMARY_STATES; i++)
        assay_json_set_uint(states, assay_document_state((enum assay_summary_state)i), v->state[i]);
    assay_json_set(object, "states", states);
    for (uint32_t i = 0; i < v->offer_count; i++)
        assay_json_append(offers, offer_document(s, &v->offer[i]));
    assay_json_set(object, "offers", offers);
    return object;
}

struct assay_json *assay_document_account(const struct assay_summary_account *account)
{
    struct assay_json *object = assay_json_object();
    assay_json_set_hex(object, "account", account->account, 32);
    assay_json_set_bool(object, "known", account->is_known);
    assay_json_set_uint(object, "balance", account->balance);
    assay_json_set_uint(object, "locked", account->locked);
    assay_json_set_uint(object, "sequence", account->sequence);
    return object;
}

/* Closes after which one side may leave, and after which it ends once one has announced it. */
static void set_leaving(struct assay_json *object, const struct assay_task_row *row)
{
    const bool runs = row->end == ASSAY_TASK_END_NONE && row->accepted && !row->failed;
    const bool early = row->quiet < ASSAY_TASK_QUIET_EPOCHS;
    if (runs && row->leaving == 0)
        assay_json_set_uint(object, "release_in",
                            early ? (uint64_t)(ASSAY_TASK_QUIET_EPOCHS - row->quiet) : 0);
    else assay_json_set_null(object, "release_in");
    if (row->leaving > 0) assay_json_set_uint(object, "ends_in", row->leaving);
    else assay_json_set_null(object, "ends_in");
}

struct assay_json *assay_document_task(const struct assay_snapshot *s,
                                       const struct assay_task_row *row)
{
    struct assay_json *object = assay_json_object();
    assay_json_set_hex(object, "task", row->task, 32);
    assay_json_set_text(object, "state", assay_document_state(assay_summary_state_of(row)));
    assay_json_set_hex(object, "requestor", row->requestor, 32);
    assay_json_set(object, "executor", member_document(s, row->executor));
    if (row->accepted) assay_json_set_hex(object, "payee", row->payee, 32);
    else assay_json_set_null(object, "payee");
    assay_json_set_hex(object, "input", row->input, 32);
    assay_json_set_uint(object, "price", row->price);
    assay_json_set_uint(object, "hold", row->hold);
    assay_json_set_uint(object, "rent_epochs", row->rent);
    assay_json_set_uint(object, "steps", row->steps);
    assay_json_set_uint(object, "paid", row->paid);
    assay_json_set_uint(object, "locked", row->locked);
    assay_json_set_uint(object, "deadline", row->deadline);
    set_leaving(object, row);
    return object;
}

/* ------------------------------------------------------------ the group key */

const char *assay_document_key_state(enum assay_summary_key_state state)
{
    static const char *const words[ASSAY_SUMMARY_KEY_STATES] = {
        [ASSAY_SUMMARY_KEY_NONE] = "none",       [ASSAY_SUMMARY_KEY_MAKING] = "making",
        [ASSAY_SUMMARY_KEY_ACTIVE] = "active",   [ASSAY_SUMMARY_KEY_FEW] = "few",
        [ASSAY_SUMMARY_KEY_TOO_FEW] = "too_few", [ASSAY_SUMMARY_KEY_LOST] = "lost"
    };
    return (unsigned)state < ASSAY_SUMMARY_KEY_STATES ? words[state] : "unknown";
}

const char *assay_document_ceremony(enum assay_ca_phase phase)
{
    switch (phase) {
    case ASSAY_CA_IDLE: return "none";
    case ASSAY_CA_OFFERS: return "offers";
    case ASSAY_CA_DEALS: return "deals";
    case ASSAY_CA_DISPUTES: return "disputes";
    case ASSAY_CA_HAVES: return "haves";
    }
    ASSAY_UNREACHABLE("a phase");
}

const char *assay_document_issue_outcome(enum assay_service_outcome outcome)
{
    switch (outcome) {
    case ASSAY_SERVICE_OUTCOME_DONE: return "issued";
    case ASSAY_SERVICE_OUTCOME_BELOW_THRESHOLD: return "below_threshold";
    case ASSAY_SERVICE_OUTCOME_NO_ENTRY: return "not_found";
    case ASSAY_SERVICE_OUTCOME_NO_AUDIENCE: return "audience";
    case ASSAY_SERVICE_OUTCOME_NEXT_EPOCH: return "next_epoch";
    case ASSAY_SERVICE_OUTCOME_STALE: return "stale";
    case ASSAY_SERVICE_OUTCOME_FENCED: return "fenced";
    case ASSAY_SERVICE_OUTCOME_NO_KEY: return "ca_none";
    case ASSAY_SERVICE_OUTCOME_FEW_HOLDERS: return "few_holders";
    case ASSAY_SERVICE_OUTCOME_BUSY:
    case ASSAY_SERVICE_OUTCOMES: break;
    }
    return "too_many";
}

static struct assay_json *identity_document(const struct assay_snapshot *s,
                                            const struct assay_summary_identity *v)
{
    ASSAY_ASSERT(v->holder_count <= ASSAY_FROST_HOLDERS_MAX);
    struct assay_json *const object = assay_json_object(), *const holders = assay_json_array();
    assay_json_set_text(object, "state", assay_document_key_state(v->state));
    assay_json_set_uint(object, "ca_number", v->ca_number);
    assay_json_set_uint(object, "generation", v->generation);
    assay_json_set_uint(object, "since_epoch", v->since);
    assay_json_set_uint(object, "threshold", v->threshold);
    assay_json_set_uint(object, "indices", v->indices);
    assay_json_set_uint(object, "live", v->live);
    assay_json_set_uint(object, "convicted", v->convicted);
    assay_json_set_text(object, "ceremony", assay_document_ceremony(v->phase));
    assay_json_set_bool(object, "is_reshare", v->is_reshare);
    assay_json_set_uint(object, "attempts", v->attempts);
    for (uint32_t i = 0; i < v->holder_count; i++) {
        struct assay_json *const holder = member_document(s, v->holder[i].slot);
        assay_json_set_uint(holder, "indices", v->holder[i].indices);
        assay_json_set_uint(holder, "live", v->holder[i].live);
        assay_json_set_bool(holder, "lost", v->holder[i].lost);
        assay_json_append(holders, holder);
    }
    assay_json_set(object, "holders", holders);
    return object;
}

/* ------------------------------------------------------------ the document */

struct assay_json *assay_document_services(const struct assay_snapshot *s)
{
    static const struct assay_services_summary none = { .is_known = true, .is_current = true };
    const struct assay_services_summary *v = s->services != NULL ? s->services : &none;
    ASSAY_ASSERT(v->group_count <= ASSAY_PLAN_GROUPS_MAX);
    struct assay_json *data = assay_json_object(), *groups = assay_json_array();
    assay_json_set_bool(data, "known", v->is_known);
    assay_json_set_bool(data, "current", v->is_current);
    assay_json_set_uint(data, "epoch", s->services != NULL ? v->epoch : 0);
    for (uint32_t g = 0; g < v->group_count; g++)
        assay_json_append(groups, group_document(s, &v->group[g], g));
    assay_json_set(data, "groups", groups);
    if (v->has_shares) assay_json_set(data, "shares", share_documents(s, &v->shares));
    else assay_json_set_null(data, "shares");
    if (v->has_tasks) assay_json_set(data, "tasks", task_documents(s, &v->tasks));
    else assay_json_set_null(data, "tasks");
    if (v->has_identity) assay_json_set(data, "identity", identity_document(s, &v->identity));
    else assay_json_set_null(data, "identity");
    assay_json_set(data, "records", s->services != NULL ? record_documents(v) : assay_json_array());
    if (v->path[0] != '\0') assay_json_set(data, "programs", program_documents(v));
    else assay_json_set_null(data, "programs");
    return data;
}
