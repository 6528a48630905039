/*
 * tests/support/services/service_ledger.c - see the header.
 */
#include "tests/support/services/service_ledger.h"

#include "base/assert.h"
#include "net/system/unix_socket.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HELD_MAX = 256, EVIDENCE_LEN = 32 + 32 + 64, ANYBODY = INT32_MAX };

struct program {
    struct assay_service_stream stream; /* fd -1: none */
    uint32_t slot;
    bool blind;
    bool is_enclave;
    enum assay_service service; /* 0: it follows nothing yet */
    uint32_t group;
};

struct held {
    uint32_t slot;
    enum assay_service_kind kind;
    size_t len;
    uint8_t payload[ASSAY_SERVICE_PAYLOAD_MAX];
};

struct daemon {
    int fd;
    uint32_t slot; /* ANYBODY: the next one */
    bool is_for_enclaves;
};

struct service_ledger {
    size_t daemon_count;
    struct daemon daemons[SERVICE_LEDGER_DAEMONS];
    uint32_t next_slot, group, lost;
    bool lost_of[ASSAY_REGISTRY_SLOTS_MAX + 1];
    bool holds, misleads;
    size_t held_count;
    struct held held[HELD_MAX];
    uint64_t era, epoch;
    uint64_t records[ASSAY_SERVICE_COUNT]; /* since it closed */
    uint8_t chain_id[32];
    uint64_t other_weight, distorted_weight;
    uint32_t distorted;
    bool is_fenced, catches_up;
    struct assay_registry_member member[ASSAY_REGISTRY_SLOTS_MAX];
    bool tampered[ASSAY_REGISTRY_SLOTS_MAX];
    uint32_t final[ASSAY_SERVICE_KIND_COUNT];
    struct program programs[SERVICE_LEDGER_PROGRAMS];
    struct assay_registry_plan plan;
    size_t plan_len;
    uint8_t plan_bytes[ASSAY_PLAN_LEN_MAX];
    uint32_t misled;  /* slot that is shown the other plan */
    size_t shown_len; /* 0: none is */
    uint8_t shown_bytes[ASSAY_PLAN_LEN_MAX];
    void *memory, *marked_memory; /* NULL: nothing was marked */
    struct assay_registry *registry, *marked;
    struct assay_registry_facts facts;
    service_ledger_prover *prover;
    void *prover_context;
    service_ledger_closed *on_close;
    void *close_context;
    struct assay_service_message message;
    uint8_t document[ASSAY_REGISTRY_DOCUMENT_LEN_MAX];
};

static void listen_at(struct service_ledger *l, const char *path, uint32_t slot)
{
    char message[256];
    ASSAY_ASSERT(l->daemon_count < SERVICE_LEDGER_DAEMONS);
    struct daemon *d = &l->daemons[l->daemon_count++];
    d->slot = slot;
    const enum assay_status status =
        assay_unix_listen(path, "ledger", 16, &d->fd, message, sizeof message);
    ASSAY_ASSERT(status == ASSAY_OK);
}

static void make_registry(struct service_ledger *l)
{
    struct assay_slice all;
    struct assay_writer w = assay_writer_over(l->plan_bytes, sizeof l->plan_bytes);
    enum assay_status status = assay_registry_plan_encode(&l->plan, &w);
    ASSAY_ASSERT(status == ASSAY_OK && assay_writer_finish(&w, &all) == ASSAY_OK);
    l->plan_len = all.len;
    const size_t len = assay_registry_size(&l->plan);
    l->memory = malloc(len);
    ASSAY_ASSERT(l->memory != NULL);
    status = assay_registry_init(l->memory, len, &l->plan, l->chain_id, &l->registry);
    ASSAY_ASSERT(status == ASSAY_OK);
}

struct service_ledger *service_ledger_of(const char *path, const struct assay_registry_plan *plan)
{
    struct service_ledger *l = calloc(1, sizeof *l);
    ASSAY_ASSERT(l != NULL);
    assay_bytes_copy(l->chain_id, 32, "a chain of the tests", 20);
    l->plan = *plan;
    l->era = 1;
    make_registry(l);
    for (uint32_t i = 0; i < ASSAY_REGISTRY_SLOTS_MAX; i++)
        l->member[i] = (struct assay_registry_member){ .standing = ASSAY_REGISTRY_STAND_FULL,
                                                       .score_bp = 10000,
                                                       .certified = true,
                                                       .operator_ = (uint8_t)i };
    for (uint32_t i = 0; i < SERVICE_LEDGER_PROGRAMS; i++)
        l->programs[i].stream.fd = -1;
    listen_at(l, path, ANYBODY);
    service_ledger_close_epoch(l);
    return l;
}

struct service_ledger *service_ledger_open(const char *path, uint32_t group, uint32_t size,
                                           uint32_t instances_max)
{
    struct assay_registry_plan *plan = calloc(1, sizeof *plan);
    ASSAY_ASSERT(plan != NULL && group < ASSAY_PLAN_GROUPS_MAX);
    plan->group_count = group + 1;
    for (uint32_t i = 0; i <= group; i++) {
        (void)snprintf(plan->group[i].name, sizeof plan->group[i].name, "group-%u", i);
        plan->group[i].size = size;
        plan->group[i].instances_max = instances_max;
    }
    struct service_ledger *l = service_ledger_of(path, plan);
    l->group = group;
    free(plan);
    return l;
}

void service_ledger_catch_up(struct service_ledger *ledger)
{
    service_ledger_hang_up(ledger);
    ledger->catches_up = true;
}

void service_ledger_hang_up(struct service_ledger *ledger)
{
    for (size_t i = 0; i < SERVICE_LEDGER_PROGRAMS; i++) {
        assay_service_stream_close(&ledger->programs[i].stream);
        ledger->programs[i].service = 0;
    }
}

void service_ledger_show_plan(struct service_ledger *ledger, uint32_t slot,
                              const struct assay_registry_plan *plan)
{
    struct assay_writer w = assay_writer_over(ledger->shown_bytes, sizeof ledger->shown_bytes);
    const enum assay_status status = assay_registry_plan_encode(plan, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    ledger->misled = slot;
    ledger->shown_len = w.len;
    for (size_t i = 0; i < SERVICE_LEDGER_PROGRAMS; i++)
        if (ledger->programs[i].slot == slot) {
            assay_service_stream_close(&ledger->programs[i].stream);
            ledger->programs[i].service = 0;
        }
}

void service_ledger_mark(struct service_ledger *ledger)
{
    struct service_ledger *l = ledger;
    const size_t len = assay_registry_size(&l->plan);
    if (l->marked_memory == NULL) {
        l->marked_memory = malloc(len);
        ASSAY_ASSERT(l->marked_memory != NULL);
        const enum assay_status status =
            assay_registry_init(l->marked_memory, len, &l->plan, l->chain_id, &l->marked);
        ASSAY_ASSERT(status == ASSAY_OK);
    }
    assay_registry_copy(l->marked, l->registry);
}

void service_ledger_undo(struct service_ledger *ledger)
{
    struct service_ledger *l = ledger;
    if (l->marked != NULL) assay_registry_copy(l->registry, l->marked);
    l->era++;
    service_ledger_close_epoch(l);
    service_ledger_hang_up(l);
}

void service_ledger_close(struct service_ledger **ledger)
{
    service_ledger_hang_up(*ledger);
    for (size_t i = 0; i < (*ledger)->daemon_count; i++)
        (void)close((*ledger)->daemons[i].fd);
    free((*ledger)->memory);
    free((*ledger)->marked_memory);
    free(*ledger);
    *ledger = NULL;
}

void service_ledger_member(struct service_ledger *ledger, const char *path, uint32_t slot)
{
    listen_at(ledger, path, slot);
}

void service_ledger_enclaves(struct service_ledger *ledger, const char *path)
{
    listen_at(ledger, path, ANYBODY);
    ledger->daemons[ledger->daemon_count - 1].is_for_enclaves = true;
}

void service_ledger_on_close(struct service_ledger *ledger, service_ledger_closed *closed,
                             void *context)
{
    ledger->on_close = closed;
    ledger->close_context = context;
}

void service_ledger_prove(struct service_ledger *ledger, service_ledger_prover *prover,
                          void *context)
{
    ledger->prover = prover;
    ledger->prover_context = context;
}

void service_ledger_expect(struct service_ledger *ledger, uint32_t slot)
{
    ledger->next_slot = slot;
}

void service_ledger_set(struct service_ledger *ledger, uint32_t slot,
                        const struct assay_registry_member *member)
{
    ledger->member[slot] = *member;
}

void service_ledger_stand(struct service_ledger *ledger, uint32_t slot,
                          enum assay_cont_standing standing)
{
    static const enum assay_registry_standing as[] = {
        [ASSAY_CONT_STAND_NONE] = ASSAY_REGISTRY_STAND_NONE,
        [ASSAY_CONT_STAND_SUSPENDED] = ASSAY_REGISTRY_STAND_SUSPENDED,
        [ASSAY_CONT_STAND_WARNING] = ASSAY_REGISTRY_STAND_WARNING,
        [ASSAY_CONT_STAND_FULL] = ASSAY_REGISTRY_STAND_FULL,
    };
    ledger->member[slot].standing = as[standing];
}

void service_ledger_lose(struct service_ledger *ledger, uint32_t count)
{
    if (ledger->lost == 0) assay_bytes_zero(ledger->lost_of, sizeof ledger->lost_of);
    ledger->lost = count;
}

void service_ledger_mislead(struct service_ledger *ledger, bool misleads)
{
    ledger->misleads = misleads;
}

uint32_t service_ledger_lost(const struct service_ledger *ledger)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < ASSAY_REGISTRY_SLOTS_MAX; i++)
        count += ledger->lost_of[i];
    return count;
}

void service_ledger_tamper(struct service_ledger *ledger, uint32_t slot)
{
    ledger->tampered[slot] = true;
}

uint32_t service_ledger_count(const struct service_ledger *ledger, enum assay_service_kind kind)
{
    return ledger->final[kind];
}

uint64_t service_ledger_epoch(const struct service_ledger *ledger)
{
    return ledger->epoch;
}

uint64_t service_ledger_era(const struct service_ledger *ledger)
{
    return ledger->era;
}

const struct assay_cont_group *service_ledger_group(const struct service_ledger *ledger)
{
    return assay_registry_group(ledger->registry, ledger->group);
}

const struct assay_registry *service_ledger_registry(const struct service_ledger *ledger)
{
    return ledger->registry;
}

const uint8_t *service_ledger_chain(const struct service_ledger *ledger)
{
    return ledger->chain_id;
}

void service_ledger_node(uint32_t slot, uint8_t node[static 32])
{
    assay_bytes_zero(node, 32);
    node[0] = (uint8_t)(slot + 1);
    node[31] = 0x4e;
}

void service_ledger_measurement(uint8_t measurement[static 32])
{
    for (int i = 0; i < 32; i++)
        measurement[i] = 0x3d;
}

/* --- what is final */

static void say(struct program *p, const struct assay_service_message *m)
{
    if (p->blind) return;
    if (p->stream.fd >= 0 && assay_service_send(&p->stream, m) != ASSAY_OK)
        assay_service_stream_close(&p->stream);
}

static void put_moment(const struct service_ledger *l, struct assay_service_message *m)
{
    m->era = l->era;
    m->epoch = l->epoch;
    m->beacon[0] = (uint8_t)l->epoch;
    m->beacon[1] = 0xbe;
    m->other_weight = l->other_weight;
    m->members = ASSAY_REGISTRY_SLOTS_MAX;
    for (uint32_t i = 0; i < ASSAY_REGISTRY_SLOTS_MAX; i++) {
        m->member[i] = l->member[i];
        service_ledger_node(i, m->node[i]);
    }
}

void service_ledger_close_epoch(struct service_ledger *ledger)
{
    struct service_ledger *l = ledger;
    struct assay_service_message m = { .verb = ASSAY_SERVICE_CLOSE };
    l->epoch++;
    assay_registry_set_era(l->registry, l->era);
    assay_registry_set_other_weight(l->registry, l->other_weight);
    assay_registry_close_epoch(l->registry, l->epoch, l->member, ASSAY_REGISTRY_SLOTS_MAX,
                               &l->facts, NULL, NULL);
    assay_registry_check(l->registry);
    if (l->on_close != NULL) l->on_close(l->close_context);
    put_moment(l, &m);
    assay_bytes_zero(l->records, sizeof l->records);
    for (size_t i = 0; i < SERVICE_LEDGER_PROGRAMS; i++) {
        struct program *p = &l->programs[i];
        m.has_holders = p->service == ASSAY_SERVICE_IDENTITY;
        m.other_weight = m.has_holders ? l->other_weight : 0;
        if (m.has_holders && p->slot == l->distorted) m.other_weight += l->distorted_weight;
        if (p->service != 0) say(p, &m);
    }
}

void service_ledger_other_weight(struct service_ledger *ledger, uint64_t weight)
{
    ledger->other_weight = weight;
}

void service_ledger_distort(struct service_ledger *ledger, uint32_t slot, uint64_t weight)
{
    ledger->distorted = slot;
    ledger->distorted_weight = weight;
}

static void say_fence(const struct service_ledger *l, struct program *p)
{
    say(p,
        &(struct assay_service_message){ .verb = ASSAY_SERVICE_FENCE, .is_fenced = l->is_fenced });
}

void service_ledger_fence(struct service_ledger *ledger, bool is_fenced)
{
    ledger->is_fenced = is_fenced;
    for (size_t i = 0; i < SERVICE_LEDGER_PROGRAMS; i++)
        if (ledger->programs[i].service == ASSAY_SERVICE_IDENTITY)
            say_fence(ledger, &ledger->programs[i]);
}

void service_ledger_drain(struct service_ledger *ledger)
{
    for (size_t i = 0; i < SERVICE_LEDGER_PROGRAMS; i++)
        if (ledger->programs[i].service == ASSAY_SERVICE_CONTINUITY)
            say(&ledger->programs[i],
                &(struct assay_service_message){ .verb = ASSAY_SERVICE_DRAIN });
}

/* To the enclaves: each looks for its own. */
static void say_result(struct service_ledger *l, enum assay_service_kind kind,
                       struct assay_slice payload, const char *word)
{
    struct assay_service_message m = { .verb = ASSAY_SERVICE_RESULT,
                                       .kind = kind,
                                       .word = assay_slice_over(word, strlen(word)) };
    assay_sha256(payload.bytes, payload.len, m.root);
    for (size_t i = 0; i < SERVICE_LEDGER_PROGRAMS; i++)
        if (l->programs[i].is_enclave && l->programs[i].service == assay_service_of(kind))
            say(&l->programs[i], &m);
}

/* The checks of a ledger before it includes a record in a block. */
static void order(struct service_ledger *l, uint32_t slot, enum assay_service_kind kind,
                  struct assay_slice payload)
{
    struct assay_service_message m = {
        .verb = ASSAY_SERVICE_RECORD, .slot = slot, .kind = kind, .payload = payload
    };
    service_ledger_node(slot, m.node_id);
    if (assay_registry_check_record(&l->plan, l->chain_id, kind, payload) != ASSAY_OK) return;
    const char *const word =
        assay_registry_apply(l->registry, slot, m.node_id, kind, payload, &l->facts);
    assay_registry_check(l->registry);
    l->final[kind]++;
    l->records[assay_service_of(kind)]++;
    for (size_t i = 0; i < SERVICE_LEDGER_PROGRAMS; i++)
        if (l->programs[i].service == assay_service_of(kind) && !l->programs[i].is_enclave)
            say(&l->programs[i], &m);
    say_result(l, kind, payload, word);
}

void service_ledger_blind(struct service_ledger *ledger, uint32_t slot, bool blind)
{
    for (size_t i = 0; i < SERVICE_LEDGER_PROGRAMS; i++)
        if (ledger->programs[i].slot == slot) ledger->programs[i].blind = blind;
}

void service_ledger_hold(struct service_ledger *ledger, bool held)
{
    ledger->holds = held;
    for (size_t i = 0; !held && i < ledger->held_count; i++) {
        const struct held *h = &ledger->held[i];
        order(ledger, h->slot, h->kind, assay_slice_over(h->payload, h->len));
    }
    if (!held) ledger->held_count = 0;
}

bool service_ledger_holds(const struct service_ledger *ledger, uint32_t slot)
{
    for (size_t i = 0; i < ledger->held_count; i++)
        if (ledger->held[i].slot == slot) return true;
    return false;
}

/* --- programs */

static void begin(struct service_ledger *l, struct program *p,
                  const struct assay_service_message *follow)
{
    struct assay_service_message m = { .verb = ASSAY_SERVICE_BEGIN,
                                       .slot = p->slot < ASSAY_REGISTRY_SLOTS_MAX
                                                   ? p->slot
                                                   : ASSAY_REGISTRY_SLOTS_MAX,
                                       .plan = assay_slice_over(l->plan_bytes, l->plan_len) };
    if (l->shown_len > 0 && p->slot == l->misled)
        m.plan = assay_slice_over(l->shown_bytes, l->shown_len);
    struct assay_service_message document = { .verb = ASSAY_SERVICE_DOCUMENT };
    uint32_t numbers[ASSAY_REGISTRY_DOCUMENTS_MAX];
    p->service = follow->service;
    p->group = follow->group;
    m.records = l->records[p->service];
    m.has_holders = p->service == ASSAY_SERVICE_IDENTITY;
    m.count = p->is_enclave ? 0 : assay_service_documents(&l->plan, p->service, p->group, numbers);
    assay_bytes_copy(m.chain_id, 32, l->chain_id, 32);
    put_moment(l, &m);
    if (m.has_holders && l->is_fenced) say_fence(l, p);
    say(p, &m);
    for (document.index = 0; document.index < m.count; document.index++) {
        struct assay_writer w = assay_writer_over(l->document, sizeof l->document);
        const enum assay_status encoded =
            assay_registry_encode(l->registry, numbers[document.index], &w);
        const enum assay_status status = assay_writer_finish(&w, &document.document);
        ASSAY_ASSERT(encoded == ASSAY_OK && status == ASSAY_OK);
        say(p, &document);
    }
}

static void quote(struct service_ledger *l, struct program *p,
                  const struct assay_service_message *m)
{
    uint8_t bytes[EVIDENCE_LEN] = { 0 };
    service_ledger_node(p->slot, bytes);
    service_ledger_measurement(bytes + 32);
    if (l->tampered[p->slot]) bytes[32] ^= 1;
    assay_service_report_data(l->chain_id, m->purpose, m->statement, bytes + 64);
    const struct assay_service_message answer = { .verb = ASSAY_SERVICE_EVIDENCE,
                                                  .serial = m->serial,
                                                  .evidence =
                                                      assay_slice_over(bytes, sizeof bytes) };
    say(p, &answer);
}

/* Evidence of the tests: its node, its program and what it covers. */
static bool stands(const struct service_ledger *l, const struct assay_service_message *m)
{
    static const uint8_t nobody[32];
    uint8_t report_data[64], measurement[32];
    const uint8_t *bytes = m->evidence.bytes;
    if (m->evidence.len != EVIDENCE_LEN) return false;
    assay_service_report_data(l->chain_id, m->purpose, m->statement, report_data);
    service_ledger_measurement(measurement);
    if (m->measurement.len == 32) assay_bytes_copy(measurement, 32, m->measurement.bytes, 32);
    return (assay_bytes_equal(m->node_id, nobody, 32) ||
            assay_bytes_equal(bytes, m->node_id, 32)) &&
           assay_bytes_equal(bytes + 32, measurement, 32) &&
           assay_bytes_equal(bytes + 64, report_data, 64);
}

static void judge(struct service_ledger *l, struct program *p,
                  const struct assay_service_message *m)
{
    struct assay_service_message answer = { .verb = ASSAY_SERVICE_VERDICT,
                                            .serial = m->serial,
                                            .good = stands(l, m) };
    for (uint32_t i = 0; i < ASSAY_REGISTRY_SLOTS_MAX; i++) {
        uint8_t node[32];
        service_ledger_node(i, node);
        if (assay_bytes_equal(node, m->node_id, 32)) answer.standing = l->member[i].standing;
    }
    say(p, &answer);
}

static void submit(struct service_ledger *l, struct program *p,
                   const struct assay_service_message *m)
{
    uint8_t payload[ASSAY_SERVICE_PAYLOAD_MAX]; /* the stream may be closed under it */
    if (l->lost > 0) {
        l->lost--;
        l->lost_of[p->slot] = true;
        return;
    }
    assay_bytes_copy(payload, sizeof payload, m->payload.bytes, m->payload.len);
    if (l->misleads && p->is_enclave) {
        say_result(l, m->kind, assay_slice_over(payload, m->payload.len), "applied");
        return;
    }
    if (!l->holds) {
        order(l, p->slot, m->kind, assay_slice_over(payload, m->payload.len));
        return;
    }
    if (l->held_count == HELD_MAX) return;
    struct held *h = &l->held[l->held_count++];
    *h = (struct held){ .slot = p->slot, .kind = m->kind, .len = m->payload.len };
    assay_bytes_copy(h->payload, sizeof h->payload, payload, m->payload.len);
}

static void prove(struct service_ledger *l, struct program *p,
                  const struct assay_service_message *m)
{
    static const enum assay_service_verb answers[] = { [ASSAY_SERVICE_PROVE] = ASSAY_SERVICE_PROOF,
                                                       [ASSAY_SERVICE_LIST] = ASSAY_SERVICE_KEYS,
                                                       [ASSAY_SERVICE_SHOW] = ASSAY_SERVICE_SHOWN,
                                                       [ASSAY_SERVICE_ROW] = ASSAY_SERVICE_ROWED };
    struct assay_service_message answer = {
        .verb = answers[m->verb],
        .epoch = m->epoch,
    };
    assay_bytes_copy(answer.root, 32, m->root, 32);
    if (l->prover != NULL) l->prover(l->prover_context, p->slot, m, &answer);
    say(p, &answer);
}

static void take(struct service_ledger *l, struct program *p)
{
    const struct assay_service_message *m = &l->message;
    struct assay_service_message none = { .verb = ASSAY_SERVICE_ISSUED };
    if (m->verb == ASSAY_SERVICE_FOLLOW && l->catches_up) p->service = m->service;
    else if (m->verb == ASSAY_SERVICE_FOLLOW) begin(l, p, m);
    else if (m->verb == ASSAY_SERVICE_QUOTE) quote(l, p, m);
    else if (m->verb == ASSAY_SERVICE_VERIFY) judge(l, p, m);
    else if (m->verb == ASSAY_SERVICE_SUBMIT) submit(l, p, m);
    else if (m->verb == ASSAY_SERVICE_PROVE || m->verb == ASSAY_SERVICE_LIST ||
             m->verb == ASSAY_SERVICE_SHOW || m->verb == ASSAY_SERVICE_ROW)
        prove(l, p, m);
    else if (m->verb == ASSAY_SERVICE_ISSUED && l->prover != NULL)
        l->prover(l->prover_context, p->slot, m, &none);
}

void service_ledger_issue(struct service_ledger *ledger, uint32_t slot,
                          const struct assay_service_message *m)
{
    for (uint32_t i = 0; i < SERVICE_LEDGER_PROGRAMS; i++) {
        struct program *p = &ledger->programs[i];
        if (p->stream.fd >= 0 && p->slot == slot && p->service == ASSAY_SERVICE_IDENTITY) say(p, m);
    }
}

static void serve(struct service_ledger *l, struct program *p)
{
    enum assay_status status = assay_service_flush(&p->stream);
    while (status == ASSAY_OK) {
        status = assay_service_next(&p->stream, &l->message);
        if (status == ASSAY_OK) take(l, p);
        if (p->stream.fd < 0) break;
    }
    if (status != ASSAY_E_AGAIN) assay_service_stream_close(&p->stream);
    if (p->stream.fd < 0) p->service = 0;
}

static void admit(struct service_ledger *l, const struct daemon *d)
{
    const int fd = accept4(d->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    for (size_t i = 0; i < SERVICE_LEDGER_PROGRAMS; i++) {
        struct program *p = &l->programs[i];
        if (p->stream.fd >= 0) continue;
        const enum assay_status status = assay_service_stream_open(&p->stream, fd);
        ASSAY_ASSERT(status == ASSAY_OK);
        p->slot = d->slot == ANYBODY ? l->next_slot++ : d->slot;
        p->service = 0;
        p->blind = false;
        p->is_enclave = d->is_for_enclaves;
        return;
    }
    (void)close(fd);
}

void service_ledger_turn(struct service_ledger *ledger, int timeout_ms)
{
    struct pollfd fds[SERVICE_LEDGER_PROGRAMS + SERVICE_LEDGER_DAEMONS];
    const nfds_t all = SERVICE_LEDGER_PROGRAMS + ledger->daemon_count;
    for (size_t i = 0; i < SERVICE_LEDGER_PROGRAMS; i++) {
        const struct assay_service_stream *s = &ledger->programs[i].stream;
        const bool waits = s->fd >= 0 && assay_service_has_output(s);
        fds[i] =
            (struct pollfd){ .fd = s->fd, .events = (short)(waits ? POLLIN | POLLOUT : POLLIN) };
    }
    for (size_t i = 0; i < ledger->daemon_count; i++)
        fds[SERVICE_LEDGER_PROGRAMS + i] =
            (struct pollfd){ .fd = ledger->daemons[i].fd, .events = POLLIN };
    if (poll(fds, all, timeout_ms) <= 0) return;
    for (size_t i = 0; i < SERVICE_LEDGER_PROGRAMS; i++)
        if (fds[i].revents != 0 && ledger->programs[i].stream.fd == fds[i].fd)
            serve(ledger, &ledger->programs[i]);
    for (size_t i = 0; i < ledger->daemon_count; i++)
        if (fds[SERVICE_LEDGER_PROGRAMS + i].revents != 0) admit(ledger, &ledger->daemons[i]);
}
