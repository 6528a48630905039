/*
 * net/services/follower.c - client of the daemon's service socket.
 */
#include "net/services/follower.h"

#include "base/assert.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A registry and the memory that it is in. */
struct held {
    void *memory;
    struct assay_registry *registry;
};

struct assay_follower {
    char path[ASSAY_FOLLOWER_PATH_MAX + 1];
    struct assay_follower_config config;
    struct assay_service_stream stream; /* fd -1: none */
    uint64_t dial_at_ms;
    uint64_t revision;
    bool begun;     /* on this connection */
    bool has_state; /* once */
    struct assay_follower_state home;
    struct assay_registry_plan plan; /* of the followed service alone */
    struct held now;
    /* A BEGIN whose documents are being received. */
    struct assay_follower_state next_home;
    struct assay_registry_plan next_plan;
    uint64_t next_other_weight;
    bool is_fenced, next_fenced;
    struct held next; /* registry NULL: there is none */
    uint32_t numbers[ASSAY_REGISTRY_DOCUMENTS_MAX], count, read;
    struct assay_registry_facts facts;
    struct assay_service_message message;
};

static enum assay_service service_of(const struct assay_follower *f)
{
    return assay_service_of_role(f->config.role);
}

static bool has_documents(const struct assay_follower *f)
{
    return assay_service_has_documents(f->config.role);
}

enum assay_status assay_follower_create(const struct assay_follower_config *config,
                                        struct assay_follower **out)
{
    if (strlen(config->path) > ASSAY_FOLLOWER_PATH_MAX) return ASSAY_E_RANGE;
    struct assay_follower *f = calloc(1, sizeof *f);
    if (f == NULL) return ASSAY_E_MEMORY;
    assay_bytes_copy(f->path, sizeof f->path, config->path, strlen(config->path));
    f->config = *config;
    f->stream.fd = -1;
    f->home.era = config->era_min;
    f->home.epoch = config->epoch_min;
    f->home.records = config->records_min;
    if (config->chain_id != NULL) assay_bytes_copy(f->home.chain_id, 32, config->chain_id, 32);
    *out = f;
    return ASSAY_OK;
}

static void free_registry(struct held *held)
{
    free(held->memory);
    *held = (struct held){ 0 };
}

void assay_follower_destroy(struct assay_follower **follower)
{
    struct assay_follower *f = *follower;
    if (f == NULL) return;
    assay_service_stream_close(&f->stream);
    free_registry(&f->now);
    free_registry(&f->next);
    free(f);
    *follower = NULL;
}

struct pollfd assay_follower_poll(const struct assay_follower *f)
{
    const bool waits = f->stream.fd >= 0 && assay_service_has_output(&f->stream);
    return (struct pollfd){ .fd = f->stream.fd,
                            .events = (short)(waits ? POLLIN | POLLOUT : POLLIN) };
}

const struct assay_cont_group *assay_follower_group(const struct assay_follower *f)
{
    if (f->now.registry == NULL || service_of(f) != ASSAY_SERVICE_CONTINUITY) return NULL;
    return assay_registry_group(f->now.registry, f->config.group);
}

const struct assay_share_registry *assay_follower_shares(const struct assay_follower *f)
{
    return f->now.registry != NULL ? assay_registry_shares(f->now.registry) : NULL;
}

const struct assay_task_ledger *assay_follower_tasks(const struct assay_follower *f)
{
    return f->now.registry != NULL ? assay_registry_tasks(f->now.registry) : NULL;
}

const struct assay_ca *assay_follower_identity(const struct assay_follower *f)
{
    return f->now.registry != NULL ? assay_registry_identity(f->now.registry) : NULL;
}

const struct assay_follower_state *assay_follower_state(const struct assay_follower *f)
{
    return f->has_state ? &f->home : NULL;
}

const uint8_t *assay_follower_node(const struct assay_follower *f)
{
    return f->has_state && f->home.slot < f->home.members ? f->home.node[f->home.slot] : NULL;
}

const struct assay_registry_plan *assay_follower_plan(const struct assay_follower *f)
{
    return f->now.registry != NULL ? &f->plan : NULL;
}

bool assay_follower_follows(const struct assay_follower *f)
{
    return f->begun;
}

bool assay_follower_is_fenced(const struct assay_follower *f)
{
    return f->is_fenced;
}

uint64_t assay_follower_revision(const struct assay_follower *f)
{
    return f->revision;
}

/* --- the connection */

/* Out: the path of the role's socket. */
static enum assay_status find_socket(const struct assay_follower *f, struct sockaddr_un *address)
{
    _Static_assert((int)sizeof address->sun_path == (int)ASSAY_SERVICE_SOCKET_PATH, "one length");
    const struct assay_service_socket own = { f->config.role, f->config.group };
    struct stat info;
    if (stat(f->path, &info) == 0 && S_ISDIR(info.st_mode))
        return assay_service_socket_path(f->path, own, address->sun_path);
    assay_bytes_copy(address->sun_path, sizeof address->sun_path, f->path, sizeof f->path);
    return ASSAY_OK;
}

static void disconnect(struct assay_follower *f, uint64_t now_ms)
{
    assay_service_stream_close(&f->stream);
    free_registry(&f->next);
    f->begun = f->next_fenced = false;
    f->dial_at_ms = now_ms + ASSAY_FOLLOWER_REDIAL_MS;
}

void assay_follower_reconnect(struct assay_follower *f, uint64_t now_ms)
{
    disconnect(f, now_ms);
}

static enum assay_status connect_daemon(struct assay_follower *f, uint64_t now_ms)
{
    ASSAY_ASSERT(f->stream.fd < 0);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const struct assay_service_message follow = { .verb = ASSAY_SERVICE_FOLLOW,
                                                  .service = service_of(f),
                                                  .group = f->config.group };
    if (now_ms < f->dial_at_ms) return ASSAY_OK;
    f->dial_at_ms = now_ms + ASSAY_FOLLOWER_REDIAL_MS;
    ASSAY_TRY(find_socket(f, &address));
    /* A daemon that hangs has a full queue, in which a blocking call would wait without bound. */
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return ASSAY_E_IO;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        const bool is_closed = errno == EACCES || errno == EPERM;
        (void)close(fd);
        return is_closed ? ASSAY_E_STRANGER : ASSAY_E_NOT_FOUND;
    }
    const enum assay_status opened = assay_service_stream_open(&f->stream, fd);
    if (opened != ASSAY_OK) {
        (void)close(fd);
        f->stream.fd = -1;
        return opened;
    }
    return assay_service_send(&f->stream, &follow);
}

/* --- callbacks */

static void report_fact(struct assay_follower *f, const struct assay_cont_fact *fact)
{
    if (f->config.callbacks.fact != NULL) f->config.callbacks.fact(f->config.context, fact);
}

static void report_standings(struct assay_follower *f)
{
    const struct assay_cont_group *group = assay_follower_group(f);
    struct assay_cont_fact fact;
    for (uint32_t i = 0; group != NULL && assay_cont_group_get_standing(group, i, &fact); i++)
        report_fact(f, &fact);
}

static void report_begin(struct assay_follower *f)
{
    const struct assay_cont_group *group = assay_follower_group(f);
    struct assay_cont_fact fact;
    for (uint32_t i = 0; group != NULL && assay_cont_group_get_fact(group, i, &fact); i++)
        report_fact(f, &fact);
    report_standings(f);
    if (f->config.callbacks.begun != NULL) f->config.callbacks.begun(f->config.context);
}

static void report_facts(void *context, const struct assay_registry_facts *facts)
{
    struct assay_follower *f = context;
    if (service_of(f) == ASSAY_SERVICE_CONTINUITY && facts->group == f->config.group)
        for (uint32_t i = 0; i < facts->continuity.count; i++)
            report_fact(f, &facts->continuity.fact[i]);
    if (f->config.callbacks.facts != NULL) f->config.callbacks.facts(f->config.context, facts);
}

/* --- BEGIN */

static void load_moment(struct assay_follower_state *home, const struct assay_service_message *m)
{
    ASSAY_ASSERT(m->members <= ASSAY_REGISTRY_SLOTS_MAX);
    home->era = m->era;
    home->epoch = m->epoch;
    home->members = m->members;
    assay_bytes_copy(home->beacon, 32, m->beacon, 32);
    assay_bytes_copy(home->node, sizeof home->node, m->node, sizeof m->node);
    for (uint32_t i = 0; i < m->members; i++)
        home->member[i] = m->member[i];
}

/* The followed part of the plan: records and documents of other services are not sent. */
static enum assay_status reduce_plan(struct assay_follower *f, struct assay_slice plan)
{
    struct assay_registry_plan *p = &f->next_plan;
    ASSAY_TRY(assay_registry_plan_decode(plan, p));
    if (service_of(f) != ASSAY_SERVICE_CONTINUITY) p->group_count = 0;
    p->has_shares = p->has_shares && service_of(f) == ASSAY_SERVICE_SHARES;
    p->has_tasks = p->has_tasks && service_of(f) == ASSAY_SERVICE_TASKS;
    p->has_identity = p->has_identity && service_of(f) == ASSAY_SERVICE_IDENTITY;
    f->count = assay_service_documents(p, service_of(f), f->config.group, f->numbers);
    ASSAY_ASSERT(f->count <= ASSAY_REGISTRY_DOCUMENTS_MAX);
    return f->count > 0 ? ASSAY_OK : ASSAY_E_UNSUPPORTED;
}

/* docs/services.md 4.1: a ledger older than seen before, or of another chain, is refused. A daemon
 * that lost its store, or restarted on an older one, goes through the current epoch once more. What
 * a new era undid stays undone (docs/protocol.md 9.15, 9.18). */
static bool is_older(const struct assay_follower *f, const struct assay_service_message *m)
{
    const bool bound = f->has_state || f->config.chain_id != NULL;
    if (bound && !assay_bytes_equal(f->home.chain_id, m->chain_id, 32)) return true;
    if (!has_documents(f)) return false; /* nothing is followed: proofs decide */
    if (m->era != f->home.era) return m->era < f->home.era;
    return m->epoch < f->home.epoch || (m->epoch == f->home.epoch && m->records < f->home.records);
}

static enum assay_status finish_begin(struct assay_follower *f)
{
    ASSAY_ASSERT(f->next.registry != NULL && f->read == f->count);
    const struct assay_cont_group *seen = assay_follower_group(f);
    const struct assay_cont_group *shown = assay_registry_group(f->next.registry, f->config.group);
    /* Within an era a decided view remains decided; a RECOVER may undo one. */
    if (f->next_home.era == f->home.era && seen != NULL && shown != NULL &&
        shown->view_last < seen->view_last)
        return ASSAY_E_CHAIN;
    assay_registry_set_era(f->next.registry, f->next_home.era);
    assay_registry_set_other_weight(f->next.registry, f->next_other_weight);
    assay_registry_set_standing(f->next.registry, f->next_home.epoch, f->next_home.member,
                                f->next_home.members);
    free_registry(&f->now);
    f->now = f->next;
    f->next = (struct held){ 0 };
    f->home = f->next_home;
    f->plan = f->next_plan;
    f->begun = f->has_state = true;
    f->is_fenced = f->next_fenced;
    report_begin(f);
    return ASSAY_OK;
}

/* Of an enclave. Documents come from a daemon of an earlier release, which gives no proofs. */
static enum assay_status finish_bare_begin(struct assay_follower *f,
                                           const struct assay_service_message *m)
{
    ASSAY_ASSERT(f->now.registry == NULL);
    if (m->count != 0) return ASSAY_E_UNSUPPORTED;
    f->home = f->next_home;
    f->begun = f->has_state = true;
    if (f->config.callbacks.begun != NULL) f->config.callbacks.begun(f->config.context);
    return ASSAY_OK;
}

static enum assay_status on_begin(struct assay_follower *f, const struct assay_service_message *m)
{
    if (f->begun || f->next.registry != NULL) return ASSAY_E_INVALID;
    if (m->era > ASSAY_REGISTRY_ERA_MAX) return ASSAY_E_RANGE;
    if (is_older(f, m)) return ASSAY_E_CHAIN;
    f->next_home = (struct assay_follower_state){ .slot = m->slot, .records = m->records };
    assay_bytes_copy(f->next_home.chain_id, 32, m->chain_id, 32);
    load_moment(&f->next_home, m);
    if (!has_documents(f)) return finish_bare_begin(f, m);
    ASSAY_TRY(reduce_plan(f, m->plan));
    if (m->count != f->count) return ASSAY_E_INVALID;
    f->next_other_weight = m->other_weight;
    f->read = 0;
    const size_t len = assay_registry_size(&f->next_plan);
    f->next.memory = malloc(len);
    if (f->next.memory == NULL) return ASSAY_E_MEMORY;
    return assay_registry_init(f->next.memory, len, &f->next_plan, m->chain_id, &f->next.registry);
}

static enum assay_status on_document(struct assay_follower *f,
                                     const struct assay_service_message *m)
{
    if (f->next.registry == NULL || m->index != f->read) return ASSAY_E_INVALID;
    ASSAY_ASSERT(f->read < f->count);
    ASSAY_TRY(assay_registry_decode(f->next.registry, f->numbers[f->read], m->document));
    f->read++;
    return f->read == f->count ? finish_begin(f) : ASSAY_OK;
}

/* --- final records */

static enum assay_status on_record(struct assay_follower *f, const struct assay_service_message *m)
{
    ASSAY_ASSERT(f->begun);
    if (assay_service_of(m->kind) != service_of(f) || !has_documents(f)) return ASSAY_OK;
    ASSAY_TRY(assay_registry_check_record(&f->plan, f->home.chain_id, m->kind, m->payload));
    f->home.records++;
    if (f->config.callbacks.record != NULL)
        f->config.callbacks.record(f->config.context, m->slot, m->kind, m->payload);
    const char *became =
        assay_registry_apply(f->now.registry, m->slot, m->node_id, m->kind, m->payload, &f->facts);
    ASSAY_ASSERT(became != NULL);
    if (f->config.callbacks.became != NULL)
        f->config.callbacks.became(f->config.context, m->kind, m->payload, became);
    report_facts(f, &f->facts);
    return ASSAY_OK;
}

static void close_registry(struct assay_follower *f, const struct assay_service_message *m)
{
    ASSAY_ASSERT(f->now.registry != NULL);
    assay_registry_set_other_weight(f->now.registry, m->other_weight);
    assay_registry_close_epoch(f->now.registry, m->epoch, m->member, m->members, &f->facts,
                               report_facts, f);
    report_standings(f);
}

static enum assay_status on_close(struct assay_follower *f, const struct assay_service_message *m)
{
    ASSAY_ASSERT(f->begun);
    /* A new era starts with its documents. */
    if (m->epoch <= f->home.epoch || m->era != f->home.era) return ASSAY_E_CHAIN;
    load_moment(&f->home, m);
    f->home.records = 0;
    if (has_documents(f)) close_registry(f, m);
    if (f->config.callbacks.closed != NULL) f->config.callbacks.closed(f->config.context);
    return ASSAY_OK;
}

static enum assay_status on_answer(struct assay_follower *f, const struct assay_service_message *m)
{
    const struct assay_follower_callbacks *callbacks = &f->config.callbacks;
    if (m->verb == ASSAY_SERVICE_EVIDENCE) {
        if (callbacks->evidence != NULL)
            callbacks->evidence(f->config.context, m->serial, m->evidence);
    } else if (m->verb == ASSAY_SERVICE_VERDICT) {
        if (callbacks->verdict != NULL)
            callbacks->verdict(f->config.context, m->serial, m->good, m->standing);
    } else if (m->verb == ASSAY_SERVICE_PROOF) {
        if (callbacks->proof != NULL) callbacks->proof(f->config.context, m);
    } else if (m->verb == ASSAY_SERVICE_KEYS) {
        if (callbacks->keys != NULL) callbacks->keys(f->config.context, m);
    } else if (m->verb == ASSAY_SERVICE_SHOWN) {
        if (callbacks->shown != NULL) callbacks->shown(f->config.context, m);
    } else if (m->verb == ASSAY_SERVICE_ROWED) {
        if (callbacks->row != NULL) callbacks->row(f->config.context, m);
    } else if (m->verb == ASSAY_SERVICE_RESULT) {
        if (callbacks->result != NULL) callbacks->result(f->config.context, m);
    } else if (m->verb == ASSAY_SERVICE_ISSUE) {
        if (callbacks->issue != NULL) callbacks->issue(f->config.context, m);
    } else if (m->verb == ASSAY_SERVICE_REFUSED) {
        if (callbacks->refused != NULL) callbacks->refused(f->config.context, m->kind, m->why);
    } else {
        return ASSAY_E_UNSUPPORTED;
    }
    return ASSAY_OK;
}

/* The fold of the group key is of no use without what each close gives it. */
static bool lacks_holders(const struct assay_follower *f, const struct assay_service_message *m)
{
    return service_of(f) == ASSAY_SERVICE_IDENTITY && !m->has_holders &&
           (m->verb == ASSAY_SERVICE_BEGIN || m->verb == ASSAY_SERVICE_CLOSE);
}

/* Before BEGIN it is of the state that follows. That may not follow: a daemon that catches up is
 * behind what was followed, whose signatures a fence ends all the same (docs/identity.md 3.16). */
static enum assay_status on_fence(struct assay_follower *f, const struct assay_service_message *m)
{
    if (service_of(f) != ASSAY_SERVICE_IDENTITY) return ASSAY_E_INVALID;
    if (!f->begun) f->next_fenced = m->is_fenced;
    if (!f->begun && (!f->has_state || !m->is_fenced)) return ASSAY_OK;
    f->is_fenced = m->is_fenced;
    if (f->config.callbacks.fenced != NULL) f->config.callbacks.fenced(f->config.context);
    return ASSAY_OK;
}

static enum assay_status on_drain(struct assay_follower *f)
{
    if (f->config.role != ASSAY_SERVICE_ROLE_REPLICA) return ASSAY_E_INVALID;
    if (f->config.callbacks.drained != NULL) f->config.callbacks.drained(f->config.context);
    return ASSAY_OK;
}

static enum assay_status on_message(struct assay_follower *f, const struct assay_service_message *m)
{
    if (lacks_holders(f, m)) return ASSAY_E_INVALID;
    if (m->verb == ASSAY_SERVICE_CROWDED) return ASSAY_E_FULL;
    if (m->verb == ASSAY_SERVICE_BEGIN) return on_begin(f, m);
    if (m->verb == ASSAY_SERVICE_DOCUMENT) return on_document(f, m);
    if (m->verb == ASSAY_SERVICE_FENCE) return on_fence(f, m);
    if (m->verb == ASSAY_SERVICE_DRAIN) return on_drain(f);
    if (!f->begun) /* refused: the plan in force lacks the followed service */
        return m->verb == ASSAY_SERVICE_REFUSED ? ASSAY_E_UNSUPPORTED : ASSAY_E_INVALID;
    if (m->verb == ASSAY_SERVICE_CLOSE) return on_close(f, m);
    return m->verb == ASSAY_SERVICE_RECORD ? on_record(f, m) : on_answer(f, m);
}

enum assay_status assay_follower_step(struct assay_follower *f, uint64_t now_ms)
{
    if (f->stream.fd < 0) ASSAY_TRY(connect_daemon(f, now_ms));
    if (f->stream.fd < 0) return ASSAY_OK;
    enum assay_status status = assay_service_flush(&f->stream);
    while (status == ASSAY_OK) {
        status = assay_service_next(&f->stream, &f->message);
        if (status == ASSAY_OK) status = on_message(f, &f->message);
        if (status == ASSAY_OK) f->revision++;
    }
    if (status == ASSAY_E_AGAIN) return ASSAY_OK;
    disconnect(f, now_ms);
    return status;
}

enum assay_status assay_follower_request(struct assay_follower *f,
                                         const struct assay_service_message *m)
{
    if (!f->begun) return ASSAY_E_AGAIN;
    return assay_service_send(&f->stream, m);
}

enum assay_status assay_follower_submit(struct assay_follower *f, enum assay_service_kind kind,
                                        struct assay_slice payload)
{
    const struct assay_service_message m = { .verb = ASSAY_SERVICE_SUBMIT,
                                             .kind = kind,
                                             .payload = payload };
    return assay_follower_request(f, &m);
}
