/*
 * net/runtime/runtime_services.c - service programs: finalized records, submissions, evidence
 * requests (docs/services.md 4.1).
 */
#include "net/runtime/runtime_internal.h"

#include "base/cbor.h"
#include "engine/evidence/prove.h"
#include "engine/ledger/proofs/proof.h"
#include "engine/ledger/records/finding.h"
#include "engine/ledger/state/services.h"
#include "engine/sync/boundary_page.h"
#include "engine/sync/key_list_page.h"
#include "host/service_feed.h"
#include "host/services.h"
#include "net/system/unix_socket.h"
#include "quote/verify.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Quote requests with this "epoch" are a program's; the node's own have priority. */
#define FOR_SERVER UINT64_MAX

enum { KIND_LEN = 2 }; /* before evidence, big-endian: the kind of a program's evidence */

/* Evidence of programs that is being appraised. */
struct server_job {
    uint64_t ticket;  /* 0: free */
    uint8_t name[32]; /* of its appraisal */
    int64_t at_unix_s;
    enum assay_evidence_kind kind;
    struct assay_service_server_proof proof; /* without its evidence */
};

struct runtime_service_server {
    struct assay_service_feed feed; /* of this engine */
    bool quoting;                   /* for a program */
    char path[ASSAY_SUMMARY_PATH];  /* path of the socket, for operators; complete where it fits */
    struct server_job jobs[ASSAY_SERVICE_SERVER_REQUESTS_MAX];
    struct {              /* of what programs verify by themselves; NULL before the first request */
        uint8_t *scratch; /* [assay_boundary_page_scratch_len()] */
        struct assay_roster_row *rows; /* [ASSAY_MEMBERS_MAX] */
        uint8_t *voters;               /* [ASSAY_SERVICE_VOTERS_MAX] */
        uint8_t list[ASSAY_SERVICE_KEYS_MAX], declared[ASSAY_SERVICE_KEYS_MAX];
        uint8_t standing[ASSAY_SERVICE_STANDING_MAX];
    } proof;
};

const struct assay_services *runtime_services_ledger(const struct assay_runtime *runtime)
{
    return runtime->config.services != NULL ? &runtime->config.services->ledger : NULL;
}

/* --- what programs want */

static enum assay_status submit_record(void *context, enum assay_service_kind kind,
                                       struct assay_slice payload)
{
    struct assay_runtime *runtime = context;
    struct assay_event event = { .kind = ASSAY_EVENT_SUBMIT,
                                 .as.submit = { .kind = (uint32_t)kind, .payload = payload } };
    const enum assay_status status = runtime_step_event(runtime, &event);
    /* A failure is stored in runtime->failure, and the program receives no answer. */
    return assay_status_class(status) == ASSAY_CLASS_HOST ? ASSAY_E_AGAIN : status;
}

static bool request_program_quote(void *context, const uint8_t report_data[static 64])
{
    struct assay_runtime *runtime = context;
    ASSAY_ASSERT(runtime->service_state != NULL);
    const struct assay_runtime_enclave *enclave = &runtime->config.enclave;
    if (runtime->quoting) return false; /* retried after the node's own quote */
    const enum assay_status status = enclave->request_quote(
        enclave->context, FOR_SERVER, runtime_key_set(runtime)->incarnation, report_data, NULL);
    if (assay_status_class(status) == ASSAY_CLASS_HOST)
        runtime_fail(runtime, status, "enclave quote");
    runtime->service_state->quoting = status == ASSAY_OK;
    return status == ASSAY_OK;
}

void runtime_services_on_quote(struct assay_runtime *runtime, struct assay_slice bytes)
{
    uint8_t all[KIND_LEN + ASSAY_EVIDENCE_LEN_MAX];
    struct assay_slice quote_bytes = { 0 };
    if (runtime->service_server == NULL || !runtime->service_state->quoting) return;
    runtime->service_state->quoting = false;
    if (bytes.len > 0 && bytes.len <= ASSAY_EVIDENCE_LEN_MAX) {
        const uint32_t kind = runtime->config.genesis->members[runtime->self].evidence_kind;
        all[0] = (uint8_t)(kind >> 8);
        all[1] = (uint8_t)kind;
        assay_bytes_copy(all + KIND_LEN, ASSAY_EVIDENCE_LEN_MAX, bytes.bytes, bytes.len);
        quote_bytes = assay_slice_over(all, KIND_LEN + bytes.len);
    }
    assay_service_server_on_quote(runtime->service_server, quote_bytes);
}

bool runtime_services_is_quote(const struct assay_runtime *runtime, uint64_t epoch)
{
    (void)runtime;
    return epoch == FOR_SERVER;
}

/* The appraisal time of the running epoch, so that a verdict is the same on every machine. */
static int64_t epoch_moment(const struct assay_runtime *runtime)
{
    struct assay_engine_snapshot s;
    assay_engine_snapshot(runtime->engine, &s);
    return (int64_t)(s.epoch_t0_ms / 1000);
}

/* ["assay/service-evidence/v1", ticket, digest of the evidence]: verdicts on evidence of members go
 * by its digest (docs/protocol.md 3.1), which no program's word about its kind may reach. */
static void name_job(struct server_job *job, const uint8_t digest[static 32])
{
    uint8_t bytes[96];
    struct assay_slice text;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 3);
    assay_cbor_put_text(&w, "assay/service-evidence/v1");
    assay_cbor_put_uint(&w, job->ticket);
    assay_cbor_put_bytes(&w, digest, 32);
    const enum assay_status status = assay_writer_finish(&w, &text);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_sha256(text.bytes, text.len, job->name);
}

static bool appraise_proof(void *context, uint64_t ticket,
                           const struct assay_service_server_proof *proof)
{
    ASSAY_ASSERT(ticket != 0); /* 0 is a free job */
    struct assay_runtime *runtime = context;
    struct server_job *job = NULL;
    const struct assay_slice e = proof->evidence;
    if (e.len <= KIND_LEN || e.len > KIND_LEN + ASSAY_EVIDENCE_LEN_MAX) return false;
    const uint32_t kind = (uint32_t)e.bytes[0] << 8 | e.bytes[1];
    /* As for a card (docs/protocol.md 9.2): no verifier process accepts a foreign question, it
     * would end. */
    if (kind == ASSAY_KIND_NONE || kind >= ASSAY_KIND_COUNT) return false;
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_REQUESTS_MAX && job == NULL; i++)
        if (runtime->service_state->jobs[i].ticket == 0) job = &runtime->service_state->jobs[i];
    if (job == NULL) return false;
    const struct assay_slice bytes = assay_slice_over(e.bytes + KIND_LEN, e.len - KIND_LEN);
    *job = (struct server_job){ .ticket = ticket,
                                .at_unix_s = epoch_moment(runtime),
                                .kind = (enum assay_evidence_kind)kind,
                                .proof = *proof };
    job->proof.evidence = (struct assay_slice){ 0 };
    uint8_t digest[32];
    assay_sha256(bytes.bytes, bytes.len, digest);
    name_job(job, digest);
    const struct assay_verdict *const known =
        assay_evidence_cache_find_verdict(runtime->evidence_cache, digest, job->at_unix_s);
    if (known != NULL && known->kind == job->kind)
        (void)runtime_services_on_verdict(runtime, job->name, job->at_unix_s, known);
    else runtime_appraise_named(runtime, job->name, job->kind, job->at_unix_s, bytes);
    return true;
}

static bool get_peer_uid(void *context, int fd, uint32_t *uid)
{
    (void)context;
    return assay_unix_user(fd, uid);
}

static void log_crowded(void *context, const struct assay_service_server_crowd *crowd)
{
    struct assay_runtime *runtime = context;
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_WARNING, "services_full")) {
        assay_log_text(&runtime->log, "socket", crowd->socket);
        assay_log_uint(&runtime->log, "user", crowd->uid);
        assay_log_uint(&runtime->log, "user_had", crowd->had);
        assay_log_uint(&runtime->log, "most_user", crowd->of);
        assay_log_uint(&runtime->log, "most_held", crowd->held);
        assay_log_uint(&runtime->log, "places", crowd->places);
        assay_log_text(&runtime->log, "result", crowd->given ? "given" : "refused");
    }
    assay_log_end(&runtime->log);
}

/* Evidence of a node must be of the kind and platform of its membership. */
static bool is_of_node(const struct assay_runtime *runtime, const struct server_job *job,
                       const struct assay_verdict *v)
{
    struct assay_member_snapshot m;
    if (assay_bytes_all_zero(job->proof.node_id, 32)) return true;
    const uint32_t slot = runtime_find_slot(runtime, job->proof.node_id);
    if (slot >= runtime->members) return false;
    if (runtime->config.genesis->members[slot].evidence_kind != (uint32_t)job->kind) return false;
    assay_engine_member_snapshot(runtime->engine, (uint16_t)slot, &m);
    if (!v->has_platform || !assay_bytes_equal(v->vendor_root, m.vendor_root, 32)) return false;
    return v->platform_masked || assay_bytes_equal(v->platform_id, m.platform_id, 32);
}

static bool is_acceptable(const struct assay_runtime *runtime, const struct server_job *job,
                          const struct assay_verdict *v)
{
    ASSAY_ASSERT(job->ticket != 0);
    uint8_t measured[32];
    if (!v->has_claims || !assay_outcome_is_pass(assay_verdict_outcome(v))) return false;
    if (!assay_bytes_equal(v->report_data, job->proof.report_data, 64)) return false;
    assay_sha256(v->measurement, v->measurement_len, measured);
    if (job->proof.has_measurement && !assay_bytes_equal(measured, job->proof.measurement, 32))
        return false;
    return is_of_node(runtime, job, v);
}

bool runtime_services_on_verdict(struct assay_runtime *runtime, const uint8_t name[static 32],
                                 int64_t at_unix_s, const struct assay_verdict *verdict)
{
    bool found = false;
    if (runtime->service_server == NULL) return false;
    ASSAY_ASSERT(runtime->service_state != NULL);
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_REQUESTS_MAX; i++) {
        struct server_job *job = &runtime->service_state->jobs[i];
        if (job->ticket == 0 || job->at_unix_s != at_unix_s ||
            !assay_bytes_equal(job->name, name, 32))
            continue;
        found = true;
        const uint64_t ticket = job->ticket;
        const bool good = verdict != NULL && is_acceptable(runtime, job, verdict);
        job->ticket = 0;
        assay_service_server_on_verdict(runtime->service_server, ticket, good);
    }
    return found;
}

/* --- what programs verify by themselves (docs/identity.md 3.20) */

static bool allocate_proof(struct runtime_service_server *d)
{
    if (d->proof.scratch == NULL)
        d->proof.scratch = aligned_alloc(64, assay_boundary_page_scratch_len());
    if (d->proof.rows == NULL) d->proof.rows = calloc(ASSAY_MEMBERS_MAX, sizeof *d->proof.rows);
    if (d->proof.voters == NULL) d->proof.voters = malloc(ASSAY_SERVICE_VOTERS_MAX);
    return d->proof.scratch != NULL && d->proof.rows != NULL && d->proof.voters != NULL;
}

static void free_proof(struct runtime_service_server *d)
{
    free(d->proof.scratch);
    free(d->proof.rows);
    free(d->proof.voters);
}

/* The table after an epoch, one row after the other; empty: not stored here. */
static struct assay_slice read_voters(struct runtime_service_server *d,
                                      const struct assay_boundary_page *page, uint32_t era,
                                      uint64_t epoch)
{
    _Static_assert((int)ASSAY_MEMBERS_MAX * (int)ASSAY_ROSTER_ROW_LEN_MAX <=
                       (int)ASSAY_SERVICE_VOTERS_MAX,
                   "a table fits");
    uint32_t count = 0;
    if (assay_boundary_page_voters(page, era, epoch, d->proof.rows, &count) != ASSAY_OK)
        return (struct assay_slice){ NULL, 0 };
    struct assay_writer w = assay_writer_over(d->proof.voters, ASSAY_SERVICE_VOTERS_MAX);
    for (uint32_t i = 0; i < count; i++)
        assay_roster_row_encode(&d->proof.rows[i], &w);
    ASSAY_ASSERT(!w.full);
    return assay_slice_over(d->proof.voters, w.len);
}

static struct assay_service_server_boundary prove_epoch(void *context, uint64_t era, uint64_t epoch,
                                                        bool with_voters)
{
    struct assay_runtime *runtime = context;
    struct runtime_service_server *const d = runtime->service_state;
    struct assay_service_server_boundary found = { .voters = { NULL, 0 } };
    ASSAY_ASSERT(d != NULL);
    if (era > UINT32_MAX || epoch > ASSAY_COUNT_MAX || !allocate_proof(d)) return found;
    const struct assay_boundary_page page = { .store = runtime->config.store,
                                              .genesis = runtime_founding_genesis(runtime),
                                              .scratch = d->proof.scratch };
    if (with_voters) found.voters = read_voters(d, &page, (uint32_t)era, epoch);
    if (assay_boundary_page_next(&page, (uint32_t)era, epoch, &found.boundary, &found.finality) !=
            ASSAY_OK ||
        found.boundary.len > ASSAY_SERVICE_BOUNDARY_MAX ||
        found.finality.len > ASSAY_SERVICE_FINALITY_MAX) /* of a RECOVER: no link for a holder */
        found.boundary = found.finality = (struct assay_slice){ NULL, 0 };
    if (with_voters && found.finality.len > ASSAY_SERVICE_FINALITY_SHORT)
        found.finality = (struct assay_slice){ NULL, 0 };
    return found;
}

static struct assay_slice list_keys(void *context, uint32_t slot, const uint8_t root[static 32])
{
    struct assay_runtime *runtime = context;
    struct assay_slice list;
    ASSAY_ASSERT(runtime->service_state != NULL);
    uint8_t *bytes = runtime->service_state->proof.list;
    const enum assay_status status = assay_declared_list_load(runtime->config.store, slot, root,
                                                              bytes, ASSAY_SERVICE_KEYS_MAX, &list);
    return status == ASSAY_OK ? list : (struct assay_slice){ NULL, 0 };
}

/* The bare proof of a member's standing and its lists, of the newest closed epoch. */
static enum assay_status read_shown(struct assay_runtime *runtime, uint64_t epoch, uint32_t slot,
                                    void *memory, struct assay_service_server_shown *shown)
{
    struct runtime_service_server *const d = runtime->service_state;
    struct assay_store *const store = runtime->config.store;
    struct assay_prove prove;
    struct assay_member member;
    struct assay_writer w = assay_writer_over(d->proof.standing, sizeof d->proof.standing);
    ASSAY_TRY(assay_prove_open(&prove, store, memory, runtime->members));
    if (prove.checkpoint.epoch != epoch) return ASSAY_E_NOT_FOUND;
    ASSAY_TRY(assay_prove_member(&prove, (uint16_t)slot, true, &w));
    ASSAY_TRY(assay_proof_member_of(
        prove.now, runtime_snapshot(runtime)->members[slot].ledger.node_id, &member));
    const struct assay_declaration *const keys = &member.declaration;
    ASSAY_TRY(assay_declared_list_load(store, slot, keys->keys_root, d->proof.list,
                                       sizeof d->proof.list, &shown->keys));
    if (keys->count > 0 && !assay_bytes_equal(keys->roots[0].root, keys->keys_root, 32))
        ASSAY_TRY(assay_declared_list_load(store, slot, keys->roots[0].root, d->proof.declared,
                                           sizeof d->proof.declared, &shown->declared));
    shown->standing = assay_slice_over(d->proof.standing, w.len);
    return ASSAY_OK;
}

static struct assay_service_server_shown show_member(void *context, uint64_t epoch,
                                                     const uint8_t *node_id)
{
    struct assay_runtime *runtime = context;
    static const struct assay_service_server_shown nothing = { .standing = { NULL, 0 } };
    struct assay_service_server_shown shown = nothing;
    ASSAY_ASSERT(runtime->service_state != NULL);
    const uint32_t slot = node_id != NULL ? runtime_find_slot(runtime, node_id) : runtime->self;
    if (slot >= runtime->members) return nothing;
    void *memory = aligned_alloc(16, (assay_prove_memory_len(runtime->members) + 15) & ~(size_t)15);
    if (memory == NULL) return nothing;
    const enum assay_status status = read_shown(runtime, epoch, slot, memory, &shown);
    free(memory);
    return status == ASSAY_OK ? shown : nothing;
}

/* --- what the ledger did */

static void on_reset(void *context, const struct assay_registry *registry,
                     const struct assay_service_epoch *epoch)
{
    const struct assay_runtime *runtime = context;
    ASSAY_ASSERT(runtime->service_server != NULL && registry != NULL);
    assay_service_server_reset(runtime->service_server, registry, runtime->self, epoch);
}

static void on_ready(void *context)
{
    const struct assay_runtime *runtime = context;
    assay_service_server_set_ready(runtime->service_server);
}

static void on_record(void *context, uint32_t slot, enum assay_service_kind kind,
                      struct assay_slice payload)
{
    const struct assay_runtime *runtime = context;
    ASSAY_ASSERT(slot < runtime->members);
    assay_service_server_on_record(runtime->service_server, slot, kind, payload);
}

static void on_closed(void *context, const struct assay_registry *registry,
                      const struct assay_service_epoch *epoch)
{
    const struct assay_runtime *runtime = context;
    ASSAY_ASSERT(runtime->service_server != NULL && registry != NULL);
    assay_service_server_on_epoch_closed(runtime->service_server, registry, epoch);
}

static void follow_ledger(struct assay_runtime *runtime)
{
    const struct assay_service_feed_callbacks callbacks = { runtime, on_reset, on_ready, on_record,
                                                            on_closed };
    ASSAY_ASSERT(runtime->service_state != NULL && runtime->service_state->feed.members != NULL);
    if (runtime->renewing) return;
    /* A fence is passed on before the ledger; its end after it, when followers of the era that the
     * fence ended are disconnected. */
    struct assay_era_snapshot era;
    assay_engine_era(runtime->engine, &era);
    if (era.fenced) assay_service_server_set_fenced(runtime->service_server, true);
    assay_host_service_feed_step(&runtime->service_state->feed, runtime->engine, &callbacks);
    assay_service_server_set_fenced(runtime->service_server, era.fenced);
}

void runtime_services_poll(struct assay_runtime *runtime)
{
    if (runtime->service_server == NULL || runtime->failure != ASSAY_OK) return;
    follow_ledger(runtime);
    assay_service_server_step(runtime->service_server, runtime->now_ms);
    runtime_process_events(runtime); /* submissions of programs are signed and sent now */
}

bool runtime_services_has_signer(const struct assay_runtime *runtime)
{
    return runtime->service_server != NULL &&
           assay_service_server_has_signer(runtime->service_server);
}

enum assay_status runtime_services_issue(struct assay_runtime *runtime,
                                         const struct assay_issuance_name *name, bool is_own,
                                         const struct assay_issuance **issue)
{
    *issue = NULL;
    if (runtime->service_server == NULL) return ASSAY_E_NOT_FOUND;
    return assay_service_server_issue(runtime->service_server, name, is_own, issue);
}

/* --- for operators */

const struct assay_registry *runtime_services_registry(const struct assay_runtime *runtime)
{
    struct assay_services_snapshot s;
    if (runtime->config.services == NULL) return NULL;
    if (runtime->service_server != NULL) {
        const bool begun = runtime->service_state != NULL && runtime->service_state->feed.begun;
        return begun ? assay_service_server_registry(runtime->service_server) : NULL;
    }
    assay_engine_services(runtime->engine, &s);
    return runtime->renewing ? NULL : s.registry;
}

void runtime_services_snapshot(struct assay_runtime *runtime, struct assay_snapshot *snapshot)
{
    struct assay_services_summary *const out = runtime->services_summary;
    const struct assay_registry *const registry = runtime_services_registry(runtime);
    const uint64_t epoch = snapshot->chain.epoch;
    snapshot->services = out;
    if (out == NULL) return;
    runtime_authority_poll(runtime);
    ASSAY_ASSERT(runtime->config.services != NULL);
    *out = (struct assay_services_summary){ .is_known = registry != NULL,
                                            .is_current = runtime->service_server != NULL,
                                            .epoch = epoch > 0 ? epoch - 1 : 0 };
    if (runtime->service_server != NULL) {
        if (runtime->service_state != NULL)
            assay_bytes_copy(out->path, sizeof out->path, runtime->service_state->path,
                             sizeof out->path);
        assay_service_server_get_snapshot(runtime->service_server, &out->server);
    }
    if (registry != NULL) assay_summary_set(out, &runtime->config.services->plan, registry);
}

/* --- opening */

/* The requester runs in another directory. */
static void save_path(struct runtime_service_server *d, const char *path)
{
    ASSAY_ASSERT(path[0] != '\0');
    char whole[PATH_MAX];
    const bool found = realpath(path, whole) != NULL && strlen(whole) < sizeof d->path;
    (void)snprintf(d->path, sizeof d->path, "%.*s", (int)sizeof d->path - 1, found ? whole : path);
}

/* Logs which sockets a group may use: a directory may have inherited the bit. */
static void log_socket(struct assay_runtime *runtime, const char *path)
{
    char shared[ASSAY_SERVICE_SERVER_NAMES];
    assay_service_server_get_shared_names(runtime->service_server, shared);
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_INFO, "services_open")) {
        assay_log_text(&runtime->log, "path", path);
        assay_log_text(&runtime->log, "shared", shared[0] != '\0' ? shared : "none");
    }
    assay_log_end(&runtime->log);
}

/* The anchor process parses untrusted responses of EVM nodes, so it only reads closed epochs and
 * has no access to the admin socket. */
static char *answer_anchor(void *context, const char *line)
{
    static const char request[] = "anchor";
    const size_t len = sizeof request - 1;
    const bool is_it = strncmp(line, request, len) == 0 && (line[len] == '\0' || line[len] == ' ');
    return is_it ? document_answer(context, line)
                 : document_error(context, "unknown_request", "anchor [EPOCH]");
}

static enum assay_status open_anchor(struct assay_runtime *runtime, const char *folder,
                                     char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    ASSAY_ASSERT(runtime->anchor == NULL && runtime->service_server != NULL);
    static const char what[] = "services socket";
    char path[ASSAY_SERVICE_SOCKET_PATH];
    (void)snprintf(path, sizeof path, "%.*s/anchor", (int)ASSAY_SERVICE_FOLDER_MAX, folder);
    ASSAY_TRY(assay_unix_folder(path, what, message, ASSAY_RUNTIME_MESSAGE_LEN));
    (void)snprintf(path, sizeof path, "%.*s/anchor/ask", (int)ASSAY_SERVICE_FOLDER_MAX, folder);
    ASSAY_TRY(assay_admin_open(path, what, ASSAY_ADMIN_LINE_ANCHOR, answer_anchor, runtime,
                               &runtime->counters, &runtime->anchor, message,
                               ASSAY_RUNTIME_MESSAGE_LEN));
    (void)snprintf(message, ASSAY_RUNTIME_MESSAGE_LEN, "%s %s: its mode cannot be set", what, path);
    return assay_admin_set_group(runtime->anchor);
}

enum assay_status runtime_services_open(struct assay_runtime *runtime,
                                        char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    _Static_assert((int)ASSAY_SERVICE_SERVER_RECORDS == (int)ASSAY_SERVICE_NUMBERS, "of one epoch");
    _Static_assert((int)ASSAY_SERVICE_SERVER_MESSAGE_LEN <= (int)ASSAY_RUNTIME_MESSAGE_LEN,
                   "one buffer");
    const struct assay_service_server_callbacks world = {
        runtime,     submit_record, request_program_quote, appraise_proof, get_peer_uid,
        prove_epoch, list_keys,     show_member,           log_crowded,
    };
    const char *path = runtime->config.services_path;
    ASSAY_ASSERT(runtime->service_state == NULL && runtime->services_summary == NULL);
    if (runtime->config.services == NULL) return ASSAY_OK;
    runtime->services_summary = calloc(1, sizeof *runtime->services_summary);
    if (runtime->services_summary == NULL) return ASSAY_E_MEMORY;
    if (path == NULL || path[0] == '\0') return ASSAY_OK;
    runtime->service_state = calloc(1, sizeof *runtime->service_state);
    if (runtime->service_state == NULL) return ASSAY_E_MEMORY;
    struct assay_service_feed *const feed = &runtime->service_state->feed;
    feed->members = calloc(runtime->members, sizeof *feed->members);
    if (feed->members == NULL) return ASSAY_E_MEMORY;
    if (runtime->service_server != NULL) { /* the previous runtime opened it */
        ASSAY_ASSERT(runtime->renewed && runtime->anchor != NULL);
        (void)snprintf(message, ASSAY_RUNTIME_MESSAGE_LEN, "cannot follow the plan of services");
        ASSAY_TRY(assay_service_server_rebind(runtime->service_server, &world,
                                              runtime->config.genesis->services));
        assay_admin_set_answer(runtime->anchor, runtime, &runtime->counters);
        save_path(runtime->service_state, path);
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_service_server_open(path, runtime->config.genesis->services,
                                        runtime->config.genesis->chain_id, &world,
                                        &runtime->service_server, message));
    ASSAY_TRY(open_anchor(runtime, path, message));
    save_path(runtime->service_state, path);
    log_socket(runtime, path);
    return ASSAY_OK;
}

void runtime_services_close(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->service_state == NULL || runtime->services_summary != NULL);
    assay_service_server_close(&runtime->service_server);
    assay_admin_close(&runtime->anchor);
    if (runtime->service_state != NULL) {
        free(runtime->service_state->feed.members);
        free_proof(runtime->service_state);
    }
    free(runtime->service_state);
    runtime->service_state = NULL;
    free(runtime->services_summary);
    runtime->services_summary = NULL;
}
