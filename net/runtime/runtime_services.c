/*
 * net/runtime/runtime_services.c - programs of services and the node: what became final is told,
 * records are handed in, evidence is asked for and judged (docs/services.md 4.1).
 */
#include "net/runtime/runtime_internal.h"

#include "engine/ledger/records/finding.h"
#include "engine/ledger/state/services.h"
#include "host/services.h"
#include "net/system/unix_socket.h"
#include "quote/verify.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the enclave: a request of this "epoch" is a program's, and the node's own goes first. */
#define FOR_DESK UINT64_MAX

enum { KIND_LEN = 2 }; /* before evidence, big-endian: a program's evidence says what it is */

/* Evidence that is being judged for programs. */
struct desk_job {
    uint64_t ticket; /* 0: free */
    uint8_t digest[32];
    int64_t at_unix_s;
    enum assay_evidence_kind kind;
    struct assay_service_server_proof proof; /* without its evidence */
};

struct host_desk {
    bool begun;     /* it was told of this engine */
    uint64_t epoch; /* running, as it was told last */
    size_t at;      /* in the log of that epoch */
    bool quoting;   /* for a program */
    char path[ASSAY_SUMMARY_PATH]; /* of the socket, for people: whole where that fits */
    struct desk_job jobs[ASSAY_SERVICE_SERVER_ASKS_MAX];
    struct assay_service_server_moment moment;
    struct assay_service_member *members; /* [of the roster] */
};

const struct assay_services *host_services_ledger(const struct assay_host *host)
{
    return host->config.services != NULL ? &host->config.services->ledger : NULL;
}

/* --- what programs want */

static enum assay_status submit(void *context, enum assay_service_kind kind,
                                struct assay_slice payload)
{
    struct assay_host *host = context;
    struct assay_event event = { .kind = ASSAY_EVENT_SUBMIT,
                                 .as.submit = { .kind = (uint32_t)kind, .payload = payload } };
    const enum assay_status status = host_step(host, &event);
    /* A failure of the host is kept in host->failure, and the program will not be answered. */
    return assay_status_class(status) == ASSAY_CLASS_HOST ? ASSAY_E_AGAIN : status;
}

static bool quote(void *context, const uint8_t report_data[static 64])
{
    struct assay_host *host = context;
    const struct assay_host_enclave *enclave = &host->config.enclave;
    if (host->quoting) return false; /* tried again when the node's own is there */
    const enum assay_status status = enclave->request_quote(
        enclave->context, FOR_DESK, host_key_set(host)->incarnation, report_data);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) host_fail(host, status, "enclave quote");
    host->desk_at->quoting = status == ASSAY_OK;
    return status == ASSAY_OK;
}

void host_services_quoted(struct assay_host *host, struct assay_slice bytes)
{
    uint8_t all[KIND_LEN + ASSAY_EVIDENCE_LEN_MAX];
    struct assay_slice told = { 0 };
    if (host->desk == NULL || !host->desk_at->quoting) return;
    host->desk_at->quoting = false;
    if (bytes.len > 0 && bytes.len <= ASSAY_EVIDENCE_LEN_MAX) {
        const uint32_t kind = host->config.genesis->members[host->self].evidence_kind;
        all[0] = (uint8_t)(kind >> 8);
        all[1] = (uint8_t)kind;
        assay_bytes_copy(all + KIND_LEN, ASSAY_EVIDENCE_LEN_MAX, bytes.bytes, bytes.len);
        told = assay_slice_over(all, KIND_LEN + bytes.len);
    }
    assay_service_server_quoted(host->desk, told);
}

bool host_services_is_quote(const struct assay_host *host, uint64_t epoch)
{
    (void)host;
    return epoch == FOR_DESK;
}

/* The running epoch's moment: a verdict is the same on every machine. */
static int64_t moment_of(const struct assay_host *host)
{
    struct assay_engine_snapshot s;
    assay_engine_snapshot(host->engine, &s);
    return (int64_t)(s.epoch_t0_ms / 1000);
}

static bool judge(void *context, uint64_t ticket, const struct assay_service_server_proof *proof)
{
    struct assay_host *host = context;
    struct desk_job *job = NULL;
    const struct assay_slice e = proof->evidence;
    if (e.len <= KIND_LEN || e.len > KIND_LEN + ASSAY_EVIDENCE_LEN_MAX) return false;
    const uint32_t kind = (uint32_t)e.bytes[0] << 8 | e.bytes[1];
    /* As of a card (docs/protocol.md 9.2): no judge takes a question of another, it would end. */
    if (kind == ASSAY_KIND_NONE || kind >= ASSAY_KIND_COUNT) return false;
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_ASKS_MAX && job == NULL; i++)
        if (host->desk_at->jobs[i].ticket == 0) job = &host->desk_at->jobs[i];
    if (job == NULL) return false;
    const struct assay_slice bytes = assay_slice_over(e.bytes + KIND_LEN, e.len - KIND_LEN);
    *job = (struct desk_job){ .ticket = ticket,
                              .at_unix_s = moment_of(host),
                              .kind = (enum assay_evidence_kind)kind,
                              .proof = *proof };
    job->proof.evidence = (struct assay_slice){ 0 };
    assay_sha256(bytes.bytes, bytes.len, job->digest);
    host_evidence_judge(host, job->digest, job->kind, job->at_unix_s, bytes);
    return true;
}

static bool user(void *context, int fd, uint32_t *uid)
{
    (void)context;
    return assay_unix_user(fd, uid);
}

static void crowded(void *context, const struct assay_service_server_crowd *crowd)
{
    struct assay_host *host = context;
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_WARNING, "services_crowded")) {
        assay_log_text(&host->log, "socket", crowd->socket);
        assay_log_uint(&host->log, "user", crowd->uid);
        assay_log_uint(&host->log, "user_had", crowd->had);
        assay_log_uint(&host->log, "most_user", crowd->of);
        assay_log_uint(&host->log, "most_held", crowd->held);
        assay_log_uint(&host->log, "places", crowd->places);
        assay_log_text(&host->log, "result", crowd->given ? "given" : "refused");
    }
    assay_log_end(&host->log);
}

/* Evidence of a node is of its kind, and of the platform that it is a member by. */
static bool is_of_node(const struct assay_host *host, const struct desk_job *job,
                       const struct assay_verdict *v)
{
    struct assay_member_snapshot m;
    if (assay_bytes_all_zero(job->proof.node_id, 32)) return true;
    const uint32_t slot = host_slot_of(host, job->proof.node_id);
    if (slot >= host->members) return false;
    if (host->config.genesis->members[slot].evidence_kind != (uint32_t)job->kind) return false;
    assay_engine_member_snapshot(host->engine, (uint16_t)slot, &m);
    if (!v->has_platform || !assay_bytes_equal(v->vendor_root, m.vendor_root, 32)) return false;
    return v->platform_masked || assay_bytes_equal(v->platform_id, m.platform_id, 32);
}

static bool is_good(const struct assay_host *host, const struct desk_job *job,
                    const struct assay_verdict *v)
{
    uint8_t measured[32];
    if (!v->has_claims || !assay_outcome_is_pass(assay_verdict_outcome(v))) return false;
    if (!assay_bytes_equal(v->report_data, job->proof.report_data, 64)) return false;
    assay_sha256(v->measurement, v->measurement_len, measured);
    if (job->proof.has_measurement && !assay_bytes_equal(measured, job->proof.measurement, 32))
        return false;
    return is_of_node(host, job, v);
}

void host_services_verdict(struct assay_host *host, const uint8_t digest[static 32],
                           int64_t at_unix_s, const struct assay_verdict *verdict)
{
    if (host->desk == NULL) return;
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_ASKS_MAX; i++) {
        struct desk_job *job = &host->desk_at->jobs[i];
        if (job->ticket == 0 || job->at_unix_s != at_unix_s ||
            !assay_bytes_equal(job->digest, digest, 32))
            continue;
        const uint64_t ticket = job->ticket;
        const bool good = verdict != NULL && is_good(host, job, verdict);
        job->ticket = 0;
        assay_service_server_judged(host->desk, ticket, good);
    }
}

/* --- what the ledger did */

static void look(struct assay_host *host, const struct assay_services_snapshot *s,
                 const struct assay_service_server_moment *before)
{
    struct assay_service_server_moment *m = &host->desk_at->moment;
    *m = (struct assay_service_server_moment){ .era = s->era, .epoch = s->epoch - 1 };
    assay_bytes_copy(m->beacon, 32, s->beacon, 32);
    assay_engine_service_members(host->engine, host->desk_at->members);
    m->members =
        assay_host_services_members(host->desk_at->members, host->members, m->member);
    for (uint32_t i = 0; i < m->members; i++) {
        struct assay_member_snapshot one;
        assay_engine_member_snapshot(host->engine, (uint16_t)i, &one);
        if (one.stage != ASSAY_STAGE_LEFT) assay_bytes_copy(m->node_id[i], 32, one.node_id, 32);
        m->member[i].renewed =
            before != NULL && (i >= before->members ||
                               !assay_bytes_equal(before->node_id[i], m->node_id[i], 32));
    }
}

static void tell_log(struct assay_host *host, const struct assay_service_log *log, size_t *at)
{
    struct assay_service_entry entry;
    while (assay_service_log_next(log, at, &entry))
        assay_service_server_record(host->desk, entry.slot, (enum assay_service_kind)entry.kind,
                                    entry.payload);
}

static void begin(struct assay_host *host, const struct assay_services_snapshot *s)
{
    struct host_desk *d = host->desk_at;
    look(host, s, NULL);
    assay_service_server_begin(host->desk, s->registry, host->self, &d->moment);
    d->begun = true;
    d->epoch = s->epoch;
    d->at = 0;
    tell_log(host, s->log, &d->at);
    assay_service_server_ready(host->desk);
}

/* One epoch went by: the rest of its records, and its close. */
static void close_one(struct assay_host *host, const struct assay_services_snapshot *s)
{
    struct host_desk *d = host->desk_at;
    const struct assay_service_server_moment before = d->moment;
    tell_log(host, s->closed, &d->at);
    look(host, s, &before);
    assay_service_server_closed(host->desk, s->registry, &d->moment);
    d->epoch = s->epoch;
    d->at = 0;
}

static void follow(struct assay_host *host)
{
    struct assay_services_snapshot s;
    struct host_desk *d = host->desk_at;
    assay_engine_services(host->engine, &s);
    if (s.registry == NULL || host->renewing) return; /* documents are still to come */
    if (!d->begun || s.epoch < d->epoch || s.epoch > d->epoch + 1) {
        begin(host, &s);
        return;
    }
    if (s.epoch == d->epoch + 1) close_one(host, &s);
    tell_log(host, s.log, &d->at);
}

void host_services_turn(struct assay_host *host)
{
    if (host->desk == NULL || host->failure != ASSAY_OK) return;
    follow(host);
    assay_service_server_step(host->desk, host->now_ms);
    host_settle(host); /* what programs handed in is signed and sent now */
}

/* --- for people */

const struct assay_registry *host_services_registry(const struct assay_host *host)
{
    struct assay_services_snapshot s;
    if (host->config.services == NULL) return NULL;
    if (host->desk != NULL) {
        const bool begun = host->desk_at != NULL && host->desk_at->begun;
        return begun ? assay_service_server_registry(host->desk) : NULL;
    }
    assay_engine_services(host->engine, &s);
    return host->renewing ? NULL : s.registry;
}

void host_services_look(struct assay_host *host, struct assay_snapshot *snapshot)
{
    struct assay_services_summary *const out = host->summary;
    const struct assay_registry *const registry = host_services_registry(host);
    const uint64_t epoch = snapshot->chain.epoch;
    snapshot->services = out;
    if (out == NULL) return;
    *out = (struct assay_services_summary){ .is_known = registry != NULL,
                                            .is_current = host->desk != NULL,
                                            .epoch = epoch > 0 ? epoch - 1 : 0 };
    if (host->desk != NULL) {
        if (host->desk_at != NULL)
            assay_bytes_copy(out->path, sizeof out->path, host->desk_at->path, sizeof out->path);
        assay_service_server_look(host->desk, &out->desk);
    }
    if (registry != NULL) assay_summary_take(out, &host->config.services->plan, registry);
}

/* --- opening */

/* Who asks stands in another folder. */
static void keep_path(struct host_desk *d, const char *path)
{
    char whole[PATH_MAX];
    const bool found = realpath(path, whole) != NULL && strlen(whole) < sizeof d->path;
    (void)snprintf(d->path, sizeof d->path, "%.*s", (int)sizeof d->path - 1,
                   found ? whole : path);
}

/* Which sockets are a group's as well: a folder may have inherited the bit. */
static void log_open(struct assay_host *host, const char *path)
{
    char shared[ASSAY_SERVICE_SERVER_NAMES];
    assay_service_server_shared(host->desk, shared);
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_INFO, "services_open")) {
        assay_log_text(&host->log, "path", path);
        assay_log_text(&host->log, "shared", shared[0] != '\0' ? shared : "none");
    }
    assay_log_end(&host->log);
}

/* Whoever advances an anchor parses what nodes of an EVM chain say: it is told closed epochs, and
 * has no business at the admin socket. */
static char *answer_anchor(void *context, const char *line)
{
    static const char request[] = "anchor";
    const size_t len = sizeof request - 1;
    const bool is_it = strncmp(line, request, len) == 0 && (line[len] == '\0' || line[len] == ' ');
    return is_it ? host_document(context, line)
                 : host_document_refuse(context, "unknown_request", "anchor [EPOCH]");
}

static enum assay_status open_anchor(struct assay_host *host, const char *folder,
                                     char message[static ASSAY_HOST_MESSAGE_LEN])
{
    static const char what[] = "services socket";
    char path[ASSAY_SERVICE_SOCKET_PATH];
    (void)snprintf(path, sizeof path, "%.*s/anchor", (int)ASSAY_SERVICE_FOLDER_MAX, folder);
    ASSAY_TRY(assay_unix_folder(path, what, message, ASSAY_HOST_MESSAGE_LEN));
    (void)snprintf(path, sizeof path, "%.*s/anchor/ask", (int)ASSAY_SERVICE_FOLDER_MAX, folder);
    ASSAY_TRY(assay_admin_open(path, what, ASSAY_ADMIN_LINE_ANCHOR, answer_anchor, host,
                               &host->counters, &host->anchor, message, ASSAY_HOST_MESSAGE_LEN));
    (void)snprintf(message, ASSAY_HOST_MESSAGE_LEN, "%s %s: its mode cannot be set", what, path);
    return assay_admin_share(host->anchor);
}

enum assay_status host_services_open(struct assay_host *host,
                                     char message[static ASSAY_HOST_MESSAGE_LEN])
{
    _Static_assert((int)ASSAY_SERVICE_SERVER_RECORDS == (int)ASSAY_SERVICE_NUMBERS, "of one epoch");
    _Static_assert((int)ASSAY_SERVICE_SERVER_MESSAGE <= (int)ASSAY_HOST_MESSAGE_LEN, "one buffer");
    const struct assay_service_server_world world = { host, submit, quote, judge, user, crowded };
    const char *path = host->config.services_path;
    if (host->config.services == NULL) return ASSAY_OK;
    host->summary = calloc(1, sizeof *host->summary);
    if (host->summary == NULL) return ASSAY_E_MEMORY;
    if (path == NULL || path[0] == '\0') return ASSAY_OK;
    host->desk_at = calloc(1, sizeof *host->desk_at);
    if (host->desk_at == NULL) return ASSAY_E_MEMORY;
    host->desk_at->members = calloc(host->members, sizeof *host->desk_at->members);
    if (host->desk_at->members == NULL) return ASSAY_E_MEMORY;
    if (host->desk != NULL) { /* the host before us had it open */
        (void)snprintf(message, ASSAY_HOST_MESSAGE_LEN, "cannot follow the plan of services");
        ASSAY_TRY(
            assay_service_server_hand_over(host->desk, &world, host->config.genesis->services));
        assay_admin_hand_over(host->anchor, host, &host->counters);
        keep_path(host->desk_at, path);
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_service_server_open(path, host->config.genesis->services,
                                        host->config.genesis->chain_id, &world, &host->desk,
                                        message));
    ASSAY_TRY(open_anchor(host, path, message));
    keep_path(host->desk_at, path);
    log_open(host, path);
    return ASSAY_OK;
}

void host_services_close(struct assay_host *host)
{
    assay_service_server_close(&host->desk);
    assay_admin_close(&host->anchor);
    if (host->desk_at != NULL) free(host->desk_at->members);
    free(host->desk_at);
    host->desk_at = NULL;
    free(host->summary);
    host->summary = NULL;
}
