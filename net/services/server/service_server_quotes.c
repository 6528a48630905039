/*
 * net/services/server/service_server_quotes.c - quotes and verdicts that programs ask for: who
 * waits, and whose turn it is (docs/services.md 4.1.2).
 */
#include "net/services/server/service_server_internal.h"

#include "base/assert.h"
#include "base/checked.h"
#include "net/system/connection_quota.h"

static void forget(struct ask *a)
{
    ASSAY_ASSERT(a->ticket != 0 && a->of->waiting > 0);
    a->of->waiting--;
    a->ticket = 0;
}

void desk_ask_forget(struct assay_service_server *d, const struct client *c)
{
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_ASKS_MAX; i++)
        if (d->asks[i].ticket != 0 && d->asks[i].client == c->number && !d->asks[i].sent)
            forget(&d->asks[i]);
}

static struct client *client_of(struct assay_service_server *d, uint64_t number)
{
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++)
        if (desk_is_open(&d->clients[i]) && d->clients[i].number == number) return &d->clients[i];
    return NULL;
}

static enum assay_registry_standing standing_of(const struct assay_service_server *d,
                                                const uint8_t node_id[static 32])
{
    for (uint32_t i = 0; i < d->moment.members; i++)
        if (assay_bytes_equal(d->moment.node_id[i], node_id, 32))
            return d->moment.member[i].standing;
    return ASSAY_REGISTRY_STAND_NONE;
}

static void tell_answer(struct assay_service_server *d, struct client *c, const struct ask *a,
                        struct assay_slice evidence, bool good)
{
    const bool quote = a->turn == ASSAY_TURN_QUOTE;
    struct assay_service_message *m =
        desk_fresh(d, quote ? ASSAY_SERVICE_EVIDENCE : ASSAY_SERVICE_VERDICT);
    m->serial = a->serial;
    m->evidence = evidence;
    m->good = good;
    m->standing = standing_of(d, a->node_id);
    desk_send(d, c, m);
}

/* The ask has its answer. */
static void answer(struct assay_service_server *d, struct ask *a, struct assay_slice evidence,
                   bool good)
{
    struct client *c = client_of(d, a->client);
    const struct ask answered = *a;
    forget(a);
    if (c != NULL) tell_answer(d, c, &answered, evidence, good);
}

static const struct assay_slice no_evidence;

/* Of all that wait at a socket, or of one user there: the one that is given up for one more of that
 * user, or of that connection. What the node is at is not given up. */
static struct ask *yielding(struct assay_service_server *d, const struct client *c, bool of_user)
{
    struct assay_place places[ASSAY_SERVICE_SERVER_ASKS_EACH];
    struct ask *asks[ASSAY_SERVICE_SERVER_ASKS_EACH];
    size_t count = 0;
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_ASKS_MAX; i++) {
        struct ask *a = &d->asks[i];
        if (a->ticket == 0 || a->at != c->at || (of_user && a->of != c->of)) continue;
        ASSAY_ASSERT(count < ASSAY_SERVICE_SERVER_ASKS_EACH);
        places[count] = (struct assay_place){ .holder = of_user ? a->client : a->of->uid,
                                              .since = a->ticket,
                                              .stays = a->sent };
        asks[count++] = a;
    }
    const size_t i = assay_connection_quota_yield(places, count, of_user ? c->number : c->of->uid);
    return i < count ? asks[i] : NULL;
}

/* A place for one more question, which may be one that another user or connection with more of them
 * gives up. Returns: it; NULL: there is none. */
static struct ask *place_for(struct assay_service_server *d, const struct client *c)
{
    struct ask *place = NULL;
    uint32_t waiting = 0;
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_ASKS_MAX; i++) {
        if (d->asks[i].ticket == 0) place = &d->asks[i];
        else waiting += d->asks[i].at == c->at;
    }
    /* ASSAY_SERVICE_SERVER_ASKERS sockets have that many at most */
    ASSAY_ASSERT(place != NULL || waiting >= ASSAY_SERVICE_SERVER_ASKS_EACH);
    if (waiting < ASSAY_SERVICE_SERVER_ASKS_EACH) return place;
    struct ask *given = yielding(d, c, false);
    if (given == NULL) given = yielding(d, c, true);
    if (given == NULL) return NULL;
    d->figures.asks_yielded++;
    answer(d, given, no_evidence, false);
    return given;
}

/* Who had its last turn longer ago comes first: of sockets, at a socket of users, of a user's
 * connections; of one the oldest question. */
static bool is_before(const struct ask *a, const struct ask *b)
{
    const enum assay_turn t = a->turn;
    const uint64_t x[] = { a->at->served[t], a->of->served[t], a->from->served[t] };
    const uint64_t y[] = { b->at->served[t], b->of->served[t], b->from->served[t] };
    if (a->at != b->at) return x[0] != y[0] ? x[0] < y[0] : a->at < b->at;
    if (a->of != b->of) return x[1] != y[1] ? x[1] < y[1] : a->of < b->of;
    if (a->from != b->from) return x[2] != y[2] ? x[2] < y[2] : a->client < b->client;
    return a->ticket < b->ticket;
}

static bool send_quote(struct assay_service_server *d, struct ask *a)
{
    a->sent = d->world.quote(d->world.context, a->report_data);
    return a->sent;
}

static bool send_proof(struct assay_service_server *d, struct ask *a)
{
    const uint64_t ticket = a->ticket;
    struct assay_service_server_proof proof = { .has_measurement = a->has_measurement };
    proof.evidence = assay_slice_over(d->evidence[a - d->asks], a->evidence_len);
    assay_bytes_copy(proof.node_id, 32, a->node_id, 32);
    assay_bytes_copy(proof.report_data, 64, a->report_data, 64);
    assay_bytes_copy(proof.measurement, 32, a->measurement, 32);
    a->sent = true;
    if (d->world.judge(d->world.context, ticket, &proof)) return true;
    if (a->ticket == ticket) answer(d, a, no_evidence, false); /* not answered within the call */
    return true;
}

/* Returns: whether the next one may be asked for at once: this one has its answer. */
static bool take_turn(struct assay_service_server *d, struct ask *a)
{
    const enum assay_turn t = a->turn;
    struct listener *const at = a->at;
    struct assay_user *const of = a->of;
    struct client *const from = a->from;
    const uint64_t client = a->client, until_ms = d->now_ms + ASSAY_SERVICE_SERVER_PATIENCE_MS;
    const uint64_t ticket = a->ticket;
    if (!(t == ASSAY_TURN_QUOTE ? send_quote(d, a) : send_proof(d, a))) return false;
    at->served[t] = of->served[t] = ++d->turns;
    if (from->number == client) from->served[t] = d->turns;
    if (a->ticket != ticket) return true;
    a->until_ms = until_ms;
    return false;
}

/* One at a time of each kind. */
static void ask_next(struct assay_service_server *d, enum assay_turn turn)
{
    for (size_t n = 0; n < ASSAY_SERVICE_SERVER_ASKS_MAX; n++) {
        struct ask *first = NULL;
        for (size_t i = 0; i < ASSAY_SERVICE_SERVER_ASKS_MAX; i++) {
            struct ask *a = &d->asks[i];
            if (a->ticket == 0 || a->turn != turn) continue;
            if (a->sent) return;
            if (first == NULL || is_before(a, first)) first = a;
        }
        if (first == NULL || !take_turn(d, first)) return;
    }
}

/* Of too many the answer is none, at once: who waits asks again. */
void desk_ask_take(struct assay_service_server *d, struct client *c)
{
    const struct assay_service_message *m = &d->message;
    struct ask asked = { .client = c->number,
                         .from = c,
                         .at = c->at,
                         .of = c->of,
                         .serial = m->serial,
                         .until_ms = d->now_ms + ASSAY_SERVICE_SERVER_PATIENCE_MS,
                         .turn =
                             m->verb == ASSAY_SERVICE_QUOTE ? ASSAY_TURN_QUOTE : ASSAY_TURN_VERDICT,
                         .has_measurement = m->measurement.len == 32,
                         .evidence_len = m->evidence.len };
    assay_service_report_data(d->chain_id, m->purpose, m->statement, asked.report_data);
    assay_bytes_copy(asked.node_id, 32, m->node_id, 32);
    if (asked.has_measurement)
        assay_bytes_copy(asked.measurement, 32, m->measurement.bytes, m->measurement.len);
    struct ask *a = place_for(d, c);
    if (a == NULL) {
        d->figures.asks_refused++;
        tell_answer(d, c, &asked, no_evidence, false);
        return;
    }
    asked.ticket = ++d->tickets;
    *a = asked;
    c->of->waiting++;
    assay_bytes_copy(d->evidence[a - d->asks], ASSAY_SERVICE_EVIDENCE_MAX, m->evidence.bytes,
                     m->evidence.len);
    ask_next(d, asked.turn);
}

void assay_service_server_quoted(struct assay_service_server *desk, struct assay_slice bytes)
{
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_ASKS_MAX; i++) {
        struct ask *a = &desk->asks[i];
        if (a->ticket == 0 || a->turn != ASSAY_TURN_QUOTE || !a->sent) continue;
        if (bytes.len > 0) desk->figures.quotes++;
        answer(desk, a, bytes.len <= ASSAY_SERVICE_EVIDENCE_MAX ? bytes : no_evidence, false);
        break;
    }
}

void assay_service_server_judged(struct assay_service_server *desk, uint64_t ticket, bool good)
{
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_ASKS_MAX; i++) {
        struct ask *a = &desk->asks[i];
        if (a->ticket != ticket || ticket == 0 || a->turn != ASSAY_TURN_VERDICT) continue;
        desk->figures.verdicts++;
        answer(desk, a, no_evidence, good);
        return;
    }
}

void desk_ask_hand_over(struct assay_service_server *d)
{
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_ASKS_MAX; i++) {
        struct ask *a = &d->asks[i];
        if (a->ticket == 0 || !a->sent) continue;
        a->from = client_of(d, a->client);
        if (a->turn == ASSAY_TURN_VERDICT || a->from == NULL) answer(d, a, no_evidence, false);
        else a->sent = false; /* asked again of who is there now */
    }
}

static void give_up(struct assay_service_server *d)
{
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_ASKS_MAX; i++) {
        struct ask *a = &d->asks[i];
        if (a->ticket != 0 && d->now_ms >= a->until_ms) answer(d, a, no_evidence, false);
    }
}

void desk_ask_turn(struct assay_service_server *d)
{
    give_up(d);
    for (unsigned i = 0; i < ASSAY_TURNS; i++)
        ask_next(d, (enum assay_turn)i);
}

uint64_t assay_service_server_wake_at(const struct assay_service_server *desk)
{
    uint64_t wake = UINT64_MAX;
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_ASKS_MAX; i++)
        if (desk->asks[i].ticket != 0) wake = assay_min_u64(wake, desk->asks[i].until_ms);
    return wake;
}
