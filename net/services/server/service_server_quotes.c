/*
 * net/services/server/service_server_quotes.c - queue of quotes, verdicts and proofs that programs
 * request, served round-robin (docs/services.md 4.1.2).
 */
#include "net/services/server/service_server_internal.h"

#include "base/assert.h"
#include "base/checked.h"
#include "net/system/connection_quota.h"

static void free_request(struct request *a)
{
    ASSAY_ASSERT(a->ticket != 0 && a->of->waiting > 0);
    a->of->waiting--;
    a->ticket = 0;
}

void server_cancel_requests(struct assay_service_server *d, const struct client *c)
{
    ASSAY_ASSERT(c->number > 0);
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_REQUESTS_MAX; i++)
        if (d->requests[i].ticket != 0 && d->requests[i].client == c->number &&
            !d->requests[i].sent)
            free_request(&d->requests[i]);
}

static struct client *find_client_by_number(struct assay_service_server *d, uint64_t number)
{
    ASSAY_ASSERT(number > 0);
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++)
        if (client_is_open(&d->clients[i]) && d->clients[i].number == number) return &d->clients[i];
    return NULL;
}

static enum assay_registry_standing get_standing(const struct assay_service_server *d,
                                                 const uint8_t node_id[static 32])
{
    for (uint32_t i = 0; i < d->epoch.members; i++)
        if (assay_bytes_equal(d->epoch.node_id[i], node_id, 32)) return d->epoch.member[i].standing;
    return ASSAY_REGISTRY_STAND_NONE;
}

static void send_shown(struct assay_service_server *d, struct client *c, const struct request *a,
                       bool is_empty)
{
    struct assay_service_message *m = server_new_message(d, ASSAY_SERVICE_SHOWN);
    m->epoch = a->epoch;
    if (!is_empty) {
        const struct assay_service_server_shown shown =
            d->callbacks.show(d->callbacks.context, a->epoch, NULL);
        m->proven = shown.standing;
        m->keys = shown.keys;
        m->declared = shown.declared;
    }
    server_send(d, c, m);
}

/* What a holder of the group key verifies by itself; empty: without reading the store. */
static void send_proof(struct assay_service_server *d, struct client *c, const struct request *a,
                       bool is_empty)
{
    if (a->verb == ASSAY_SERVICE_SHOW) {
        send_shown(d, c, a, is_empty);
        return;
    }
    if (a->verb == ASSAY_SERVICE_ROW) {
        server_send_row(d, c, a, is_empty);
        return;
    }
    const bool is_list = a->verb == ASSAY_SERVICE_LIST;
    struct assay_service_message *m =
        server_new_message(d, is_list ? ASSAY_SERVICE_KEYS : ASSAY_SERVICE_PROOF);
    m->epoch = a->epoch;
    assay_bytes_copy(m->root, 32, a->root, 32);
    if (is_list && !is_empty) {
        m->keys = d->callbacks.list(d->callbacks.context, a->slot, a->root);
    } else if (!is_empty) {
        const struct assay_service_server_boundary found =
            d->callbacks.prove(d->callbacks.context, a->era, a->epoch, a->with_voters);
        m->voters = found.voters;
        m->boundary = found.boundary;
        m->finality = found.finality;
    }
    server_send(d, c, m);
}

static void send_answer(struct assay_service_server *d, struct client *c, const struct request *a,
                        struct assay_slice evidence, bool good)
{
    ASSAY_ASSERT((unsigned)a->turn < ASSAY_USER_REQUESTS);
    if (a->turn == ASSAY_USER_REQUEST_PROOF) {
        send_proof(d, c, a, true);
        return;
    }
    const bool quote = a->turn == ASSAY_USER_REQUEST_QUOTE;
    struct assay_service_message *m =
        server_new_message(d, quote ? ASSAY_SERVICE_EVIDENCE : ASSAY_SERVICE_VERDICT);
    m->serial = a->serial;
    m->evidence = evidence;
    m->good = good;
    m->standing = get_standing(d, a->node_id);
    server_send(d, c, m);
}

static void complete_request(struct assay_service_server *d, struct request *a,
                             struct assay_slice evidence, bool good)
{
    ASSAY_ASSERT(a->ticket != 0 && evidence.len <= ASSAY_SERVICE_EVIDENCE_MAX);
    struct client *c = find_client_by_number(d, a->client);
    const struct request answered = *a;
    free_request(a);
    if (c != NULL) send_answer(d, c, &answered, evidence, good);
}

static const struct assay_slice no_evidence;

/* Among all requests of a socket, or of one user there: the one that yields to another of that
 * user, or of that connection. A request that was sent to the node does not yield. */
static struct request *find_yielding(struct assay_service_server *d, const struct client *c,
                                     bool of_user)
{
    struct assay_connection_place places[ASSAY_SERVICE_SERVER_REQUESTS_EACH];
    struct request *requests[ASSAY_SERVICE_SERVER_REQUESTS_EACH];
    size_t count = 0;
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_REQUESTS_MAX; i++) {
        struct request *a = &d->requests[i];
        if (a->ticket == 0 || a->at != c->at || (of_user && a->of != c->of)) continue;
        ASSAY_ASSERT(count < ASSAY_SERVICE_SERVER_REQUESTS_EACH);
        places[count] = (struct assay_connection_place){ .holder = of_user ? a->client : a->of->uid,
                                                         .since = a->ticket,
                                                         .stays = a->sent };
        requests[count++] = a;
    }
    const size_t i = assay_connection_quota_yield(places, count, of_user ? c->number : c->of->uid);
    return i < count ? requests[i] : NULL;
}

/* A place for one more request, possibly that of a request of another user or connection that has
 * more of them. Returns: NULL: there is none. */
static struct request *find_request_place(struct assay_service_server *d, const struct client *c)
{
    struct request *place = NULL;
    uint32_t waiting = 0;
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_REQUESTS_MAX; i++) {
        if (d->requests[i].ticket == 0) place = &d->requests[i];
        else waiting += d->requests[i].at == c->at;
    }
    /* ASSAY_SERVICE_SERVER_REQUESTERS sockets have that many at most */
    ASSAY_ASSERT(place != NULL || waiting >= ASSAY_SERVICE_SERVER_REQUESTS_EACH);
    if (waiting < ASSAY_SERVICE_SERVER_REQUESTS_EACH) return place;
    struct request *given = find_yielding(d, c, false);
    if (given == NULL) given = find_yielding(d, c, true);
    if (given == NULL) return NULL;
    d->figures.requests_preempted++;
    complete_request(d, given, no_evidence, false);
    return given;
}

/* The least recently served comes first: of sockets, then of the users of a socket, then of a
 * user's connections; of one connection the oldest request. */
static bool is_request_before(const struct request *a, const struct request *b)
{
    ASSAY_ASSERT(a != b && a->turn == b->turn);
    const enum assay_user_request t = a->turn;
    const uint64_t x[] = { a->at->served[t], a->of->served[t], a->from->served[t] };
    const uint64_t y[] = { b->at->served[t], b->of->served[t], b->from->served[t] };
    if (a->at != b->at) return x[0] != y[0] ? x[0] < y[0] : a->at < b->at;
    if (a->of != b->of) return x[1] != y[1] ? x[1] < y[1] : a->of < b->of;
    if (a->from != b->from) return x[2] != y[2] ? x[2] < y[2] : a->client < b->client;
    return a->ticket < b->ticket;
}

static bool request_quote(struct assay_service_server *d, struct request *a)
{
    ASSAY_ASSERT(a->turn == ASSAY_USER_REQUEST_QUOTE && !a->sent);
    a->sent = d->callbacks.quote(d->callbacks.context, a->report_data);
    return a->sent;
}

static bool request_verdict(struct assay_service_server *d, struct request *a)
{
    ASSAY_ASSERT(a->turn == ASSAY_USER_REQUEST_VERDICT && !a->sent);
    const uint64_t ticket = a->ticket;
    struct assay_service_server_proof proof = { .has_measurement = a->has_measurement };
    proof.evidence = assay_slice_over(d->evidence[a - d->requests], a->evidence_len);
    assay_bytes_copy(proof.node_id, 32, a->node_id, 32);
    assay_bytes_copy(proof.report_data, 64, a->report_data, 64);
    assay_bytes_copy(proof.measurement, 32, a->measurement, 32);
    a->sent = true;
    if (d->callbacks.judge(d->callbacks.context, ticket, &proof)) return true;
    if (a->ticket == ticket)
        complete_request(d, a, no_evidence, false); /* not answered within the call */
    return true;
}

/* Returns: whether the next one may start at once: this one is complete. */
static bool start_request(struct assay_service_server *d, struct request *a)
{
    ASSAY_ASSERT(a->ticket != 0 && !a->sent);
    const enum assay_user_request t = a->turn;
    struct listener *const at = a->at;
    struct assay_user *const of = a->of;
    struct client *const from = a->from;
    const uint64_t client = a->client,
                   until_ms = d->now_ms + ASSAY_SERVICE_SERVER_REQUEST_TIMEOUT_MS;
    const uint64_t ticket = a->ticket;
    if (!(t == ASSAY_USER_REQUEST_QUOTE ? request_quote(d, a) : request_verdict(d, a)))
        return false;
    at->served[t] = of->served[t] = ++d->turns;
    if (from->number == client) from->served[t] = d->turns;
    if (a->ticket != ticket) return true;
    a->until_ms = until_ms;
    return false;
}

/* One at a time of each kind. */
static void start_next_request(struct assay_service_server *d, enum assay_user_request turn)
{
    ASSAY_ASSERT((unsigned)turn < ASSAY_USER_REQUESTS);
    for (size_t n = 0; n < ASSAY_SERVICE_SERVER_REQUESTS_MAX; n++) {
        struct request *first = NULL;
        for (size_t i = 0; i < ASSAY_SERVICE_SERVER_REQUESTS_MAX; i++) {
            struct request *a = &d->requests[i];
            if (a->ticket == 0 || a->turn != turn) continue;
            if (a->sent) return;
            if (first == NULL || is_request_before(a, first)) first = a;
        }
        if (first == NULL || !start_request(d, first)) return;
    }
}

/* --- proofs */

static bool has_proof_window_ended(const struct assay_service_server *d, const struct listener *at)
{
    return d->now_ms - at->proofs_since_ms >= ASSAY_SERVICE_SERVER_PROOFS_WINDOW_MS;
}

static bool has_proof_quota(const struct assay_service_server *d, const struct request *a)
{
    ASSAY_ASSERT(a->of->connections > 0); /* it is cancelled with its connection */
    return has_proof_window_ended(d, a->at) ||
           a->of->proofs <
               ASSAY_SERVICE_SERVER_PROOFS_MAX / assay_users_count_present(a->at->users);
}

static void count_proof(struct assay_service_server *d, const struct request *a)
{
    struct listener *const at = a->at;
    if (has_proof_window_ended(d, at)) {
        at->proofs_since_ms = d->now_ms;
        for (size_t i = 0; i < ASSAY_USERS_MAX; i++)
            at->users[i].proofs = 0;
    }
    a->of->proofs += a->with_voters ? ASSAY_SERVICE_SERVER_PROOFS_OF_VOTERS : 1;
    at->served[a->turn] = a->of->served[a->turn] = a->from->served[a->turn] = ++d->turns;
}

/* The node does other things between two steps. */
static void answer_proofs(struct assay_service_server *d)
{
    for (unsigned n = 0; n < ASSAY_SERVICE_SERVER_PROOFS_PER_STEP; n++) {
        struct request *first = NULL;
        for (size_t i = 0; i < ASSAY_SERVICE_SERVER_REQUESTS_MAX; i++) {
            struct request *a = &d->requests[i];
            if (a->ticket == 0 || a->turn != ASSAY_USER_REQUEST_PROOF || !has_proof_quota(d, a))
                continue;
            if (first == NULL || is_request_before(a, first)) first = a;
        }
        if (first == NULL) return;
        struct client *const c = first->from;
        const struct request answered = *first;
        count_proof(d, first);
        free_request(first);
        send_proof(d, c, &answered, false);
    }
}

static enum assay_user_request turn_of(enum assay_service_verb verb)
{
    if (verb == ASSAY_SERVICE_QUOTE) return ASSAY_USER_REQUEST_QUOTE;
    return verb == ASSAY_SERVICE_VERIFY ? ASSAY_USER_REQUEST_VERDICT : ASSAY_USER_REQUEST_PROOF;
}

/* Of a quote or verdict: the 64 bytes that its evidence contains. */
static void set_statement(const struct assay_service_server *d, struct request *a)
{
    const struct assay_service_message *m = &d->message;
    if (a->turn == ASSAY_USER_REQUEST_PROOF) return;
    assay_service_report_data(d->chain_id, m->purpose, m->statement, a->report_data);
    assay_bytes_copy(a->node_id, 32, m->node_id, 32);
    if (a->has_measurement)
        assay_bytes_copy(a->measurement, 32, m->measurement.bytes, m->measurement.len);
}

/* Without a place the answer is negative at once; the program retries. */
void server_add_request(struct assay_service_server *d, struct client *c)
{
    const struct assay_service_message *m = &d->message;
    ASSAY_ASSERT(m->evidence.len <= ASSAY_SERVICE_EVIDENCE_MAX);
    struct request added = { .client = c->number,
                             .from = c,
                             .at = c->at,
                             .of = c->of,
                             .serial = m->serial,
                             .until_ms = d->now_ms + ASSAY_SERVICE_SERVER_REQUEST_TIMEOUT_MS,
                             .turn = turn_of(m->verb),
                             .has_measurement = m->measurement.len == 32,
                             .evidence_len = m->evidence.len,
                             .verb = m->verb,
                             .era = m->era,
                             .epoch = m->epoch,
                             .with_voters = m->with_voters,
                             .slot = m->slot };
    assay_bytes_copy(added.root, 32, m->root, 32);
    set_statement(d, &added);
    struct request *a = find_request_place(d, c);
    if (a == NULL) {
        d->figures.requests_refused++;
        send_answer(d, c, &added, no_evidence, false);
        return;
    }
    added.ticket = ++d->tickets;
    *a = added;
    c->of->waiting++;
    assay_bytes_copy(d->evidence[a - d->requests], ASSAY_SERVICE_EVIDENCE_MAX, m->evidence.bytes,
                     m->evidence.len);
    if (added.turn != ASSAY_USER_REQUEST_PROOF) start_next_request(d, added.turn);
}

void assay_service_server_on_quote(struct assay_service_server *server, struct assay_slice bytes)
{
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_REQUESTS_MAX; i++) {
        struct request *a = &server->requests[i];
        if (a->ticket == 0 || a->turn != ASSAY_USER_REQUEST_QUOTE || !a->sent) continue;
        if (bytes.len > 0) server->figures.quotes++;
        complete_request(server, a, bytes.len <= ASSAY_SERVICE_EVIDENCE_MAX ? bytes : no_evidence,
                         false);
        break;
    }
}

void assay_service_server_on_verdict(struct assay_service_server *server, uint64_t ticket,
                                     bool good)
{
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_REQUESTS_MAX; i++) {
        struct request *a = &server->requests[i];
        if (a->ticket != ticket || ticket == 0 || a->turn != ASSAY_USER_REQUEST_VERDICT) continue;
        server->figures.verdicts++;
        complete_request(server, a, no_evidence, good);
        return;
    }
}

void server_reset_requests(struct assay_service_server *d)
{
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_REQUESTS_MAX; i++) {
        struct request *a = &d->requests[i];
        if (a->ticket == 0 || !a->sent) continue;
        a->from = find_client_by_number(d, a->client);
        if (a->turn == ASSAY_USER_REQUEST_VERDICT || a->from == NULL)
            complete_request(d, a, no_evidence, false);
        else a->sent = false; /* requested again from the new node */
    }
}

static void expire_requests(struct assay_service_server *d)
{
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_REQUESTS_MAX; i++) {
        struct request *a = &d->requests[i];
        if (a->ticket != 0 && d->now_ms >= a->until_ms) complete_request(d, a, no_evidence, false);
    }
}

void server_poll_requests(struct assay_service_server *d)
{
    expire_requests(d);
    start_next_request(d, ASSAY_USER_REQUEST_QUOTE);
    start_next_request(d, ASSAY_USER_REQUEST_VERDICT);
    answer_proofs(d);
}

uint64_t assay_service_server_wake_at(const struct assay_service_server *server)
{
    const bool accepts = !assay_accept_is_paused(&server->pause, server->now_ms);
    uint64_t wake = accepts ? UINT64_MAX : server->pause.until_ms;
    wake = assay_min_u64(wake, server_issues_wake_at(server));
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_REQUESTS_MAX; i++) {
        const struct request *a = &server->requests[i];
        if (a->ticket == 0) continue;
        wake = assay_min_u64(wake, a->until_ms);
        if (a->turn == ASSAY_USER_REQUEST_PROOF)
            wake = assay_min_u64(wake, has_proof_quota(server, a)
                                           ? server->now_ms
                                           : a->at->proofs_since_ms +
                                                 ASSAY_SERVICE_SERVER_PROOFS_WINDOW_MS);
    }
    return wake;
}
