/*
 * host/overlay/gossip.c - evidence fetches in flight, and the filter of seen messages.
 */
#include "host/overlay/gossip.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/crypto.h"
#include "base/cursor.h"
#include "base/sparse.h"
#include "quote/verify.h"

/* ------------------------------------------------------------ seen messages */

struct received {
    bool used;
    uint8_t again; /* times that it was noted after the first */
    uint64_t at_ms;
    uint8_t digest[32];
};

enum { AGAIN_MAX = 16, SEEN_WAYS = 4, SEEN_SETS = ASSAY_SEEN_MAX / SEEN_WAYS };

/* A digest has four places; the oldest of them makes room. Digests of accepted messages are no
 * attacker's free choice of place: each costs a valid signature. */
struct assay_seen {
    uint64_t life_ms;
    struct received sets[SEEN_SETS][SEEN_WAYS];
};

size_t assay_seen_size(void)
{
    return sizeof(struct assay_seen);
}

struct assay_seen *assay_seen_init(void *memory, uint64_t life_ms)
{
    ASSAY_ASSERT(memory != NULL && (uintptr_t)memory % 64 == 0);
    ASSAY_ASSERT(life_ms > 0);
    struct assay_seen *seen = memory;
    assay_bytes_zero(seen, sizeof *seen);
    seen->life_ms = life_ms;
    return seen;
}

static size_t digest_bucket(const uint8_t digest[static 32])
{
    return ((size_t)digest[0] << 8 | digest[1]) % SEEN_SETS;
}

static const struct received *find_received(const struct assay_seen *seen, uint64_t now_ms,
                                            const uint8_t digest[static 32])
{
    const struct received *set = seen->sets[digest_bucket(digest)];
    for (size_t i = 0; i < SEEN_WAYS; i++)
        if (set[i].used && now_ms - set[i].at_ms < seen->life_ms &&
            assay_bytes_equal(set[i].digest, digest, 32))
            return &set[i];
    return NULL;
}

bool assay_seen_has(const struct assay_seen *seen, uint64_t now_ms, const uint8_t digest[static 32])
{
    ASSAY_ASSERT(seen->life_ms > 0);
    return find_received(seen, now_ms, digest) != NULL;
}

bool assay_seen_has_within(const struct assay_seen *seen, uint64_t now_ms,
                           const uint8_t digest[static 32], uint64_t within_ms)
{
    const struct received *received = find_received(seen, now_ms, digest);
    return received != NULL && now_ms - received->at_ms < within_ms << received->again;
}

void assay_seen_add(struct assay_seen *seen, uint64_t now_ms, const uint8_t digest[static 32])
{
    ASSAY_ASSERT(seen->life_ms > 0);

    struct received *set = seen->sets[digest_bucket(digest)];
    struct received *place = &set[0];
    const bool again = assay_seen_has(seen, now_ms, digest);
    for (size_t i = 1; i < SEEN_WAYS && place->used; i++)
        if (!set[i].used || set[i].at_ms < place->at_ms) place = &set[i];
    for (size_t i = 0; i < SEEN_WAYS; i++) /* one place for one digest */
        if (set[i].used && assay_bytes_equal(set[i].digest, digest, 32)) place = &set[i];
    place->again = again ? (uint8_t)assay_min_u64(place->again + 1u, AGAIN_MAX) : 0;
    place->used = true;
    place->at_ms = now_ms;
    assay_bytes_copy(place->digest, sizeof place->digest, digest, 32);
    ASSAY_ASSERT(assay_seen_has(seen, now_ms, digest));
}

/* ------------------------------------------------------------ flights */

struct flight {
    bool used;
    struct assay_fetch_request request;
    uint32_t asked;
    uint16_t sources[ASSAY_FETCH_ASKED_MAX];
    uint64_t asked_ms[ASSAY_FETCH_ASKED_MAX]; /* when each of them was asked first */
    bool origin_again;                        /* asked a second time */
    struct assay_gossip_waiters waiters;
    uint64_t since_ms;
    uint64_t next_ms; /* time of the next request, or of the failure of the fetch */
};

struct announced {
    bool used;
    uint16_t from;
    uint8_t digest[32];
};

struct assay_gossip {
    struct assay_gossip_config config;
    struct assay_gossip_waiters waited; /* of the last completed fetch */
    bool measured;                      /* an answer has come so far */
    uint64_t mean_8, spread_4;          /* response time: in 1/8 ms, 1/4 ms */
    uint32_t announced_next;
    struct announced announced[ASSAY_ANNOUNCED_MAX]; /* a ring */
    struct announced replaced;                       /* by the newest of them */
    size_t count;
    size_t top; /* none is used from here on: searches end here */
    bool quiet; /* nothing is due before earliest_ms */
    uint64_t earliest_ms;
    struct flight flights[ASSAY_FETCHES_MAX];
};

static bool gossip_holds(const struct assay_gossip *gossip)
{
    if (gossip->top > ASSAY_FETCHES_MAX || gossip->count > gossip->top) return false;
    return gossip->top == 0 || gossip->flights[gossip->top - 1].used;
}

static bool flight_holds(const struct flight *flight)
{
    if (!flight->used || flight->asked > ASSAY_FETCH_ASKED_MAX) return false;
    return flight->request.len > 0 && flight->request.len <= ASSAY_EVIDENCE_LEN_MAX;
}

uint64_t assay_gossip_retry_ms(uint32_t epoch_ms)
{
    ASSAY_ASSERT(epoch_ms > 0);
    return assay_max_u64(10, assay_min_u64(ASSAY_FETCH_RETRY_MS, epoch_ms / 16));
}

uint64_t assay_gossip_retry_near_ms(uint32_t epoch_ms)
{
    ASSAY_ASSERT(epoch_ms > 0);
    return assay_max_u64(10, assay_min_u64(ASSAY_FETCH_RETRY_NEAR_MS, epoch_ms / 16));
}

uint64_t assay_gossip_retry_max_ms(uint32_t epoch_ms)
{
    return assay_gossip_patience_ms(epoch_ms) / ASSAY_FETCH_RETRIES;
}

uint64_t assay_gossip_patience_ms(uint32_t epoch_ms)
{
    ASSAY_ASSERT(epoch_ms > 0);
    return assay_min_u64(3000, (uint64_t)epoch_ms * 3 / 8);
}

/* docs/protocol.md 4.1.6: as TCP does it (RFC 6298), the mean and four times the spread. */
uint64_t assay_gossip_retry(const struct assay_gossip *gossip)
{
    const uint64_t least_ms = gossip->config.retry_ms;
    const uint64_t most_ms = assay_max_u64(least_ms, gossip->config.retry_max_ms);
    const uint64_t usual_ms = gossip->mean_8 / 8 + gossip->spread_4;
    return assay_max_u64(least_ms, assay_min_u64(most_ms, usual_ms));
}

/* The sender is known, so a response counts even after another source was asked. */
static void measure_latency(struct assay_gossip *gossip, const struct flight *flight,
                            uint64_t now_ms, uint16_t from)
{
    uint32_t i = 0;
    while (i < flight->asked && flight->sources[i] != from)
        i++;
    ASSAY_ASSERT(i < flight->asked);
    const uint64_t asked_ms = flight->asked_ms[i];
    const uint64_t most_ms = assay_max_u64(gossip->config.patience_ms, 1);
    const uint64_t took_ms = now_ms > asked_ms ? assay_min_u64(now_ms - asked_ms, most_ms) : 0;
    if (!gossip->measured) {
        gossip->measured = true;
        gossip->mean_8 = 8 * took_ms;
        gossip->spread_4 = 2 * took_ms;
        return;
    }
    const uint64_t mean_ms = gossip->mean_8 / 8;
    const uint64_t off_ms = took_ms > mean_ms ? took_ms - mean_ms : mean_ms - took_ms;
    gossip->spread_4 = gossip->spread_4 - gossip->spread_4 / 4 + off_ms;
    gossip->mean_8 = gossip->mean_8 - mean_ms + took_ms;
}

size_t assay_gossip_size(void)
{
    return sizeof(struct assay_gossip);
}

struct assay_gossip *assay_gossip_init(void *memory, const struct assay_gossip_config *config)
{
    ASSAY_ASSERT(memory != NULL && (uintptr_t)memory % 64 == 0);
    ASSAY_ASSERT(config->self < config->members && config->counters != NULL);
    struct assay_gossip *gossip = memory;
    assay_bytes_zero_sparse(gossip, sizeof *gossip);
    gossip->config = *config;
    ASSAY_ASSERT(gossip_holds(gossip));
    return gossip;
}

static bool is_flight_of(const struct flight *flight, const uint8_t digest[static 32])
{
    return flight->used && flight->request.digest[0] == digest[0] &&
           assay_bytes_equal(flight->request.digest, digest, 32);
}

static struct flight *find_flight(struct assay_gossip *gossip, const uint8_t digest[static 32])
{
    for (size_t i = 0; i < gossip->top; i++)
        if (is_flight_of(&gossip->flights[i], digest)) return &gossip->flights[i];
    return NULL;
}

bool assay_gossip_has(const struct assay_gossip *gossip, const uint8_t digest[static 32])
{
    ASSAY_ASSERT(gossip_holds(gossip));
    for (size_t i = 0; i < gossip->top; i++)
        if (is_flight_of(&gossip->flights[i], digest)) return true;
    return false;
}

/* docs/protocol.md 4.1.7: a member that announces another one's evidence as its own takes neither
 * the place of that one's fetch nor its kind. */
static bool has_same_flight(const struct assay_gossip *gossip,
                            const struct assay_fetch_request *request)
{
    for (size_t i = 0; i < gossip->top; i++) {
        const struct assay_fetch_request *running = &gossip->flights[i].request;
        if (is_flight_of(&gossip->flights[i], request->digest) &&
            running->origin == request->origin && running->kind == request->kind)
            return true;
    }
    return false;
}

enum assay_status assay_gossip_fetch(struct assay_gossip *gossip, uint64_t now_ms,
                                     const struct assay_fetch_request *request)
{
    ASSAY_ASSERT(gossip_holds(gossip));
    if (request->len == 0 || request->len > ASSAY_EVIDENCE_LEN_MAX) return ASSAY_E_RANGE;
    if (has_same_flight(gossip, request)) return ASSAY_E_DUPLICATE;
    if (gossip->count == ASSAY_FETCHES_MAX) {
        assay_count(gossip->config.counters, ASSAY_COUNT_FETCH_FULL);
        return ASSAY_E_FULL;
    }
    struct flight *flight = gossip->flights;
    while (flight->used)
        flight++;
    *flight =
        (struct flight){ .used = true, .request = *request, .since_ms = now_ms, .next_ms = now_ms };
    gossip->count++;
    gossip->quiet = false;
    const size_t place = (size_t)(flight - gossip->flights);
    if (place >= gossip->top) gossip->top = place + 1;
    assay_count(gossip->config.counters, ASSAY_COUNT_FETCH_STARTED);
    ASSAY_ASSERT(gossip_holds(gossip) && flight_holds(flight));
    return ASSAY_OK;
}

static void end_flight(struct assay_gossip *gossip, struct flight *flight)
{
    ASSAY_ASSERT(flight->used && gossip->count > 0);
    if (flight->next_ms <= gossip->earliest_ms) gossip->quiet = false; /* look again */
    gossip->waited = flight->waiters;
    *flight = (struct flight){ 0 };
    gossip->count--;
    while (gossip->top > 0 && !gossip->flights[gossip->top - 1].used)
        gossip->top--;
    ASSAY_ASSERT(gossip_holds(gossip));
}

static bool was_asked(const struct flight *flight, uint16_t slot)
{
    ASSAY_ASSERT(flight->asked <= ASSAY_FETCH_ASKED_MAX);
    for (uint32_t i = 0; i < flight->asked; i++)
        if (flight->sources[i] == slot) return true;
    return false;
}

void assay_gossip_on_announcement(struct assay_gossip *gossip, const uint8_t digest[static 32],
                                  uint16_t from)
{
    ASSAY_ASSERT(from < gossip->config.members);
    struct announced *a = &gossip->announced[gossip->announced_next++ % ASSAY_ANNOUNCED_MAX];
    gossip->replaced = *a;
    *a = (struct announced){ .used = true, .from = from };
    assay_bytes_copy(a->digest, 32, digest, 32);
}

void assay_gossip_remove_announcement(struct assay_gossip *gossip, const uint8_t digest[static 32],
                                      uint16_t from)
{
    struct announced *a = &gossip->announced[(gossip->announced_next - 1) % ASSAY_ANNOUNCED_MAX];
    ASSAY_ASSERT(a->used && a->from == from && assay_bytes_equal(a->digest, digest, 32));
    *a = gossip->replaced;
    gossip->announced_next--;
}

bool assay_gossip_add_waiter(struct assay_gossip *gossip, const uint8_t digest[static 32],
                             uint16_t from)
{
    ASSAY_ASSERT(gossip_holds(gossip));
    const struct assay_overlay *view = gossip->config.view;
    struct flight *flight = NULL; /* the newest one: it waits longest */
    /* There are as many places as neighbours: others would keep those from waiting. */
    if (view != NULL && !assay_overlay_has(view, from)) return false;
    for (size_t i = 0; i < gossip->top; i++) {
        struct flight *running = &gossip->flights[i];
        if (!is_flight_of(running, digest)) continue;
        if (flight == NULL || running->since_ms > flight->since_ms) flight = running;
    }
    if (flight == NULL || flight->waiters.count == ASSAY_FETCH_WAITERS) return false;
    for (uint32_t i = 0; i < flight->waiters.count; i++)
        if (flight->waiters.slots[i] == from) return true;
    flight->waiters.slots[flight->waiters.count++] = from;
    return true;
}

const struct assay_gossip_waiters *assay_gossip_get_waiters(const struct assay_gossip *gossip)
{
    return &gossip->waited;
}

/* docs/protocol.md 4.12.8: the announcer, the origin, then the other neighbours. Returns: true and
 * *slot while there is a source. */
static bool next_near(const struct assay_gossip *gossip, const struct flight *flight,
                      uint16_t *slot)
{
    const struct assay_overlay *view = gossip->config.view;
    const uint8_t *digest = flight->request.digest;
    const uint32_t count = assay_overlay_count(view);
    for (size_t i = 0; i < ASSAY_ANNOUNCED_MAX && flight->asked == 0; i++) {
        const struct announced *a = &gossip->announced[i];
        if (!a->used || a->digest[0] != digest[0] || !assay_bytes_equal(a->digest, digest, 32))
            continue;
        if (!assay_overlay_has(view, a->from)) continue;
        *slot = a->from;
        return true;
    }
    *slot = flight->request.origin;
    if (assay_overlay_has(view, *slot) && !was_asked(flight, *slot)) return true;
    const uint32_t start = (uint32_t)digest[0] << 8 | digest[1];
    for (uint32_t i = 0; i < count; i++) {
        *slot = assay_overlay_get(view, (start + i) % count);
        if (*slot < gossip->config.members && !was_asked(flight, *slot)) return true;
    }
    return false;
}

/*
 * The origin first, then members from a place that the digest chooses, which spreads the load.
 * Returns: true and *slot while there is a source.
 */
static bool next_source(const struct assay_gossip *gossip, const struct flight *flight,
                        uint16_t *slot)
{
    ASSAY_ASSERT(flight_holds(flight));

    const uint32_t members = gossip->config.members;
    const uint16_t origin = flight->request.origin;
    ASSAY_ASSERT(members > 0 && gossip->config.self < members);
    if (gossip->config.view != NULL && assay_overlay_is_used(gossip->config.view))
        return next_near(gossip, flight, slot);
    if (flight->asked == 0 && origin < members && origin != gossip->config.self) {
        *slot = origin;
        return true;
    }
    const uint32_t start = (uint32_t)flight->request.digest[0] << 8 | flight->request.digest[1];
    for (uint32_t i = 0; i < members; i++) {
        const uint16_t s = (uint16_t)((start + i) % members);
        if (s == gossip->config.self || s == origin || was_asked(flight, s)) continue;
        *slot = s;
        return true;
    }
    return false;
}

/* Advances a fetch that is due. Returns: false when it only continues to wait. */
static bool ask_next_source(struct assay_gossip *gossip, struct flight *flight, uint64_t now_ms,
                            struct assay_gossip_action *action)
{
    ASSAY_ASSERT(flight->used && now_ms >= flight->next_ms);
    const uint16_t origin = flight->request.origin;
    const uint64_t end_ms = flight->since_ms + gossip->config.patience_ms;
    const bool patient = now_ms < end_ms;
    uint16_t to = 0;
    *action = (struct assay_gossip_action){ .kind = ASSAY_GOSSIP_PULL, .request = flight->request };
    if (flight->asked < (patient ? ASSAY_FETCH_ASKED_MAX : ASSAY_FETCH_ASKED) &&
        next_source(gossip, flight, &to)) {
        flight->asked_ms[flight->asked] = now_ms;
        flight->sources[flight->asked++] = to;
        flight->next_ms = now_ms + assay_gossip_retry(gossip);
        /* Beyond the end the least is enough. */
        if (flight->next_ms > end_ms && flight->asked >= ASSAY_FETCH_ASKED)
            flight->next_ms = assay_max_u64(end_ms, now_ms + gossip->config.retry_ms);
    } else if (patient && !flight->origin_again && was_asked(flight, origin)) {
        flight->origin_again = true;
        flight->next_ms = assay_max_u64(end_ms, now_ms + gossip->config.retry_ms);
        to = origin;
    } else if (patient) {
        flight->next_ms = end_ms;
        return false;
    } else {
        action->kind = ASSAY_GOSSIP_FAIL;
        action->asked = flight->asked;
        end_flight(gossip, flight);
        assay_count(gossip->config.counters, ASSAY_COUNT_FETCH_FAILED);
        return true;
    }
    ASSAY_ASSERT(flight_holds(flight) && to < gossip->config.members);
    action->to = to;
    action->asked = flight->asked;
    return true;
}

bool assay_gossip_next(struct assay_gossip *gossip, uint64_t now_ms,
                       struct assay_gossip_action *action)
{
    ASSAY_ASSERT(gossip_holds(gossip));
    if (gossip->quiet && now_ms < gossip->earliest_ms) return false;
    gossip->quiet = false;
    for (size_t i = 0; i < gossip->top; i++) {
        struct flight *flight = &gossip->flights[i];
        if (!flight->used || now_ms < flight->next_ms) continue;
        if (ask_next_source(gossip, flight, now_ms, action)) return true;
    }
    gossip->earliest_ms = assay_gossip_wake_at(gossip);
    gossip->quiet = true;
    return false;
}

void assay_gossip_on_pause(struct assay_gossip *gossip, uint64_t now_ms, uint64_t paused_ms)
{
    ASSAY_ASSERT(gossip_holds(gossip) && paused_ms <= now_ms);
    for (size_t i = 0; i < gossip->top; i++) {
        struct flight *flight = &gossip->flights[i];
        if (!flight->used) continue;
        flight->since_ms = assay_min_u64(now_ms, flight->since_ms + paused_ms);
        flight->next_ms += paused_ms;
        for (uint32_t k = 0; k < flight->asked; k++)
            flight->asked_ms[k] = assay_min_u64(now_ms, flight->asked_ms[k] + paused_ms);
    }
    gossip->quiet = false;
}

uint64_t assay_gossip_wake_at(const struct assay_gossip *gossip)
{
    ASSAY_ASSERT(gossip_holds(gossip));

    uint64_t wake = UINT64_MAX;
    if (gossip->quiet) return gossip->earliest_ms;
    for (size_t i = 0; i < gossip->top; i++)
        if (gossip->flights[i].used) wake = assay_min_u64(wake, gossip->flights[i].next_ms);
    ASSAY_ASSERT((wake == UINT64_MAX) == (gossip->count == 0));
    return wake;
}

/* Returns: a fetch for which that member was asked. */
static struct flight *find_asked(struct assay_gossip *gossip, const uint8_t digest[static 32],
                                 uint16_t from)
{
    for (size_t i = 0; i < gossip->top; i++) {
        struct flight *flight = &gossip->flights[i];
        if (is_flight_of(flight, digest) && was_asked(flight, from)) return flight;
    }
    return NULL;
}

static bool has_shape(enum assay_evidence_kind kind, struct assay_slice bytes)
{
    return bytes.bytes[bytes.len - 1] != 0 || assay_evidence_shape_ok(kind, bytes);
}

/* The same, for evidence of a kind that has this shape. */
static struct flight *find_asked_kind(struct assay_gossip *gossip, const uint8_t digest[static 32],
                                      uint16_t from, struct assay_slice bytes)
{
    for (size_t i = 0; i < gossip->top; i++) {
        struct flight *flight = &gossip->flights[i];
        if (is_flight_of(flight, digest) && was_asked(flight, from) &&
            has_shape(flight->request.kind, bytes))
            return flight;
    }
    return NULL;
}

/* The announcement named a kind that these bytes are not: no fault of the member that has them. */
static bool has_shape_of_another_kind(struct assay_slice bytes)
{
    for (unsigned kind = ASSAY_KIND_NONE + 1; kind < ASSAY_KIND_COUNT; kind++)
        if (has_shape((enum assay_evidence_kind)kind, bytes)) return true;
    return false;
}

/* Size, sender, digest, shape: cheap checks first. The digest alone binds evidence to its envelope:
 * a false announced length hides nothing (docs/protocol.md 3.9). */
static enum assay_status judge_answer(struct assay_gossip *gossip, const uint8_t named[static 32],
                                      uint16_t from, struct assay_slice bytes,
                                      struct flight **flight)
{
    struct assay_traffic_counters *counters = gossip->config.counters;
    uint8_t digest[32];
    if (bytes.len > ASSAY_EVIDENCE_LEN_MAX) {
        assay_count(counters, ASSAY_COUNT_EVIDENCE_OVERSIZE);
        return ASSAY_E_RANGE;
    }
    const struct flight *asked = find_asked(gossip, named, from);
    if (asked == NULL) {
        assay_count(counters, ASSAY_COUNT_EVIDENCE_UNSOLICITED);
        return ASSAY_E_NOT_FOUND;
    }
    assay_sha256(bytes.bytes, bytes.len, digest);
    if (!assay_bytes_equal(digest, named, sizeof digest)) {
        const bool length = bytes.len != asked->request.len;
        assay_count(counters, length ? ASSAY_COUNT_EVIDENCE_LENGTH : ASSAY_COUNT_EVIDENCE_DIGEST);
        return length ? ASSAY_E_RANGE : ASSAY_E_SIGNATURE;
    }
    *flight = find_asked_kind(gossip, named, from, bytes);
    if (*flight != NULL) return ASSAY_OK;
    assay_count(counters, ASSAY_COUNT_EVIDENCE_TAIL);
    return has_shape_of_another_kind(bytes) ? ASSAY_E_TYPE : ASSAY_E_TRAILING;
}

/* Only a refusal of the last source advances a fetch: the others had their time. */
static bool note_refusal(struct assay_gossip *gossip, const uint8_t digest[static 32],
                         uint16_t from)
{
    bool asked = false;
    for (size_t i = 0; i < gossip->top; i++) {
        struct flight *flight = &gossip->flights[i];
        if (!is_flight_of(flight, digest) || !was_asked(flight, from)) continue;
        asked = true;
        if (flight->sources[flight->asked - 1] != from) continue;
        flight->next_ms = 0;
        gossip->quiet = false;
    }
    return asked;
}

enum assay_status assay_gossip_on_evidence(struct assay_gossip *gossip, uint64_t now_ms,
                                           uint16_t from, struct assay_slice payload,
                                           struct assay_fetch_request *request,
                                           struct assay_slice *bytes)
{
    ASSAY_ASSERT(from < gossip->config.members && request != NULL && bytes != NULL);
    struct assay_cursor in = assay_cursor_over(payload.bytes, payload.len);
    uint8_t digest[32];
    struct assay_slice rest = { 0 };
    if (assay_cursor_copy(&in, digest, sizeof digest) != ASSAY_OK) {
        assay_count(gossip->config.counters, ASSAY_COUNT_EVIDENCE_MALFORMED);
        return ASSAY_E_TRUNCATED;
    }
    ASSAY_TRY(assay_cursor_slice(&in, assay_cursor_left(&in), &rest));
    if (rest.len == 0 && note_refusal(gossip, digest, from)) {
        assay_count(gossip->config.counters, ASSAY_COUNT_EVIDENCE_NEGATIVE);
        return ASSAY_E_AGAIN;
    }
    struct flight *flight = NULL;
    ASSAY_TRY(judge_answer(gossip, digest, from, rest, &flight));
    ASSAY_ASSERT(flight_holds(flight) && rest.len > 0);
    *request = flight->request;
    *bytes = rest;
    measure_latency(gossip, flight, now_ms, from);
    end_flight(gossip, flight);
    assay_count(gossip->config.counters, ASSAY_COUNT_FETCH_DONE);
    ASSAY_ASSERT(gossip_holds(gossip));
    return ASSAY_OK;
}

bool assay_gossip_complete(struct assay_gossip *gossip, const uint8_t digest[static 32],
                           struct assay_fetch_request *request)
{
    ASSAY_ASSERT(gossip_holds(gossip));

    struct flight *flight = find_flight(gossip, digest);
    if (flight == NULL) return false;
    ASSAY_ASSERT(flight_holds(flight));
    *request = flight->request;
    end_flight(gossip, flight);
    return true;
}

void assay_gossip_remove_before(struct assay_gossip *gossip, uint64_t epoch)
{
    ASSAY_ASSERT(gossip_holds(gossip));

    for (size_t i = 0; i < ASSAY_FETCHES_MAX; i++) {
        struct flight *flight = &gossip->flights[i];
        if (flight->used && flight->request.epoch < epoch) end_flight(gossip, flight);
    }
    ASSAY_ASSERT(gossip->count <= gossip->top);
}

size_t assay_gossip_count(const struct assay_gossip *gossip)
{
    ASSAY_ASSERT(gossip_holds(gossip));
    return gossip->count;
}

/* ------------------------------------------------------------ payloads */

enum assay_status assay_pull_decode(struct assay_slice payload, uint8_t digest[32])
{
    struct assay_cursor in = assay_cursor_over(payload.bytes, payload.len);
    const uint8_t *bytes = NULL;
    ASSAY_TRY(assay_cursor_take(&in, ASSAY_PULL_LEN, &bytes));
    ASSAY_TRY(assay_cursor_end(&in));
    assay_bytes_copy(digest, 32, bytes, ASSAY_PULL_LEN);
    return ASSAY_OK;
}

void assay_pull_encode(const uint8_t digest[static 32], struct assay_writer *w)
{
    assay_writer_put(w, digest, ASSAY_PULL_LEN);
}

void assay_pull_answer_encode(const uint8_t digest[static 32], struct assay_slice bytes,
                              struct assay_writer *w)
{
    assay_writer_put(w, digest, 32);
    assay_writer_put(w, bytes.bytes, bytes.len);
}
