/*
 * net/services/server/issue_queue.c - table of certificates and tokens that are at work or were
 * issued lately.
 */
#include "net/services/server/issue_queue.h"

#include "base/assert.h"

#include <string.h>

static bool is_same(const struct assay_issuance_name *a, const struct assay_issuance_name *b)
{
    return a->product == b->product && assay_bytes_equal(a->node_id, b->node_id, 32) &&
           assay_bytes_equal(a->spki_sha256, b->spki_sha256, 32) && strcmp(a->name, b->name) == 0 &&
           strcmp(a->audience, b->audience) == 0;
}

static bool is_at_work(const struct assay_issuance *issue)
{
    return issue->state == ASSAY_ISSUANCE_WAITING || issue->state == ASSAY_ISSUANCE_SENT;
}

/* What holders refused is the answer until there is another one, also while it is requested again
 * and over closes (docs/identity.md 4.18): a client that was answered "at work" each time would
 * never get the reason. Without another refusal it expires. */
static bool has_refusal(const struct assay_issuance *issue, uint64_t now_ms)
{
    return issue->failures > 0 &&
           (issue->outcome == ASSAY_SERVICE_OUTCOME_NO_KEY ||
            issue->outcome == ASSAY_SERVICE_OUTCOME_FEW_HOLDERS) &&
           now_ms - issue->refused_ms < ASSAY_ISSUANCE_REFUSAL_MS;
}

static struct assay_issuance *find_issue(struct assay_issuance_queue *q,
                                         enum assay_issuance_lane lane,
                                         const struct assay_issuance_name *name)
{
    for (uint32_t i = 0; i < ASSAY_ISSUANCES_MAX; i++)
        if (q->issue[lane][i].state != ASSAY_ISSUANCE_FREE &&
            is_same(&q->issue[lane][i].name, name))
            return &q->issue[lane][i];
    return NULL;
}

static uint32_t count_at_work(const struct assay_issuance_queue *q, enum assay_issuance_lane lane)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < ASSAY_ISSUANCES_MAX; i++)
        count += is_at_work(&q->issue[lane][i]);
    return count;
}

/* What is not at work, unused for longest. */
static struct assay_issuance *find_place(struct assay_issuance_queue *q,
                                         enum assay_issuance_lane lane)
{
    _Static_assert((int)ASSAY_ISSUANCES_AT_WORK_MAX < (int)ASSAY_ISSUANCES_MAX,
                   "one is not at work");
    struct assay_issuance *place = NULL;
    for (uint32_t i = 0; i < ASSAY_ISSUANCES_MAX; i++) {
        struct assay_issuance *at = &q->issue[lane][i];
        if (at->state == ASSAY_ISSUANCE_FREE) return at;
        if (!is_at_work(at) && (place == NULL || at->used_ms < place->used_ms)) place = at;
    }
    ASSAY_ASSERT(place != NULL);
    return place;
}

/* What does not change within an epoch is final; another failure passes. */
static bool may_retry(const struct assay_issuance *issue, uint64_t now_ms)
{
    uint64_t wait_ms = ASSAY_ISSUANCE_AGAIN_MS;
    switch (issue->outcome) {
    case ASSAY_SERVICE_OUTCOME_DONE:
    case ASSAY_SERVICE_OUTCOME_BELOW_THRESHOLD:
    case ASSAY_SERVICE_OUTCOME_NO_ENTRY:
    case ASSAY_SERVICE_OUTCOME_NO_AUDIENCE:
    case ASSAY_SERVICE_OUTCOMES: return false;
    case ASSAY_SERVICE_OUTCOME_NEXT_EPOCH: /* the process may verify this epoch later */
    case ASSAY_SERVICE_OUTCOME_STALE:
    case ASSAY_SERVICE_OUTCOME_FENCED:
    case ASSAY_SERVICE_OUTCOME_NO_KEY:
    case ASSAY_SERVICE_OUTCOME_FEW_HOLDERS:
    case ASSAY_SERVICE_OUTCOME_BUSY: break;
    }
    for (uint32_t i = 1; i < issue->failures && wait_ms < ASSAY_ISSUANCE_AGAIN_MAX_MS; i++)
        wait_ms *= 2;
    return now_ms - issue->at_ms >= wait_ms;
}

enum assay_status assay_issuance_request(struct assay_issuance_queue *q,
                                         enum assay_issuance_lane lane,
                                         const struct assay_issuance_name *name, uint64_t now_ms,
                                         const struct assay_issuance **issue)
{
    ASSAY_ASSERT(lane < ASSAY_ISSUANCE_LANES && name->name[0] != '\0');
    struct assay_issuance *at = find_issue(q, lane, name);
    *issue = at;
    if (at != NULL) at->used_ms = now_ms;
    const enum assay_status pending =
        at != NULL && has_refusal(at, now_ms) ? ASSAY_OK : ASSAY_E_AGAIN; /* the answer meanwhile */
    if (at != NULL && is_at_work(at)) return pending;
    if (at != NULL && at->state == ASSAY_ISSUANCE_ANSWERED && !may_retry(at, now_ms))
        return ASSAY_OK;
    if (count_at_work(q, lane) >= ASSAY_ISSUANCES_AT_WORK_MAX)
        return pending == ASSAY_OK ? ASSAY_OK : ASSAY_E_FULL;
    if (at == NULL) {
        at = find_place(q, lane);
        at->failures = 0;
        at->closes = 0;
    }
    at->name = *name;
    at->state = ASSAY_ISSUANCE_WAITING;
    at->at_ms = at->used_ms = now_ms;
    *issue = at;
    return pending;
}

static struct assay_issuance *find_oldest(struct assay_issuance_queue *q,
                                          enum assay_issuance_lane lane)
{
    struct assay_issuance *oldest = NULL;
    for (uint32_t i = 0; i < ASSAY_ISSUANCES_MAX; i++) {
        struct assay_issuance *at = &q->issue[lane][i];
        if (at->state == ASSAY_ISSUANCE_WAITING && (oldest == NULL || at->at_ms < oldest->at_ms))
            oldest = at;
    }
    return oldest;
}

static struct assay_issuance *find_sent(struct assay_issuance_queue *q)
{
    for (uint32_t lane = 0; lane < ASSAY_ISSUANCE_LANES; lane++)
        for (uint32_t i = 0; i < ASSAY_ISSUANCES_MAX; i++)
            if (q->issue[lane][i].state == ASSAY_ISSUANCE_SENT) return &q->issue[lane][i];
    return NULL;
}

const struct assay_issuance *assay_issuance_send_next(struct assay_issuance_queue *q,
                                                      uint64_t now_ms)
{
    if (find_sent(q) != NULL) return NULL;
    const enum assay_issuance_lane other =
        q->turn == ASSAY_ISSUANCE_OWN ? ASSAY_ISSUANCE_OTHERS : ASSAY_ISSUANCE_OWN;
    struct assay_issuance *next = find_oldest(q, q->turn);
    if (next == NULL) next = find_oldest(q, other);
    else q->turn = other;
    if (next == NULL) return NULL;
    next->state = ASSAY_ISSUANCE_SENT;
    next->serial = ++q->serials;
    next->at_ms = now_ms;
    return next;
}

static void end_issue(struct assay_issuance_queue *q, struct assay_issuance *at,
                      enum assay_service_outcome outcome, struct assay_slice bytes, uint64_t now_ms)
{
    ASSAY_ASSERT(bytes.len <= sizeof at->bytes && outcome < ASSAY_SERVICE_OUTCOMES);
    if (at->name.product != ASSAY_SERVICE_AUTHORITY) q->answers[outcome]++;
    const bool is_passing =
        outcome == ASSAY_SERVICE_OUTCOME_NEXT_EPOCH || outcome == ASSAY_SERVICE_OUTCOME_BUSY;
    const bool has_cause = has_refusal(at, now_ms);
    at->state = ASSAY_ISSUANCE_ANSWERED;
    at->at_ms = now_ms;
    at->closes = 0;
    at->failures += outcome == ASSAY_SERVICE_OUTCOME_DONE ? 0 : 1;
    if (is_passing && has_cause) return; /* a close ended the attempt: nothing new of the cause */
    at->outcome = outcome;
    at->refused_ms = now_ms;
    at->len = (uint16_t)bytes.len;
    assay_bytes_copy(at->bytes, sizeof at->bytes, bytes.bytes, bytes.len);
}

void assay_issuance_on_answer(struct assay_issuance_queue *q, uint64_t serial,
                              enum assay_service_outcome outcome, struct assay_slice bytes,
                              uint64_t now_ms)
{
    struct assay_issuance *at = find_sent(q);
    if (at == NULL || at->serial != serial || bytes.len > sizeof at->bytes) return;
    if (outcome == ASSAY_SERVICE_OUTCOME_DONE && bytes.len == 0)
        outcome = ASSAY_SERVICE_OUTCOME_FEW_HOLDERS; /* it is none */
    end_issue(q, at, outcome, bytes, now_ms);
}

void assay_issuance_expire(struct assay_issuance_queue *q, uint64_t now_ms)
{
    static const char why[] = "the holder's process did not answer in time";
    struct assay_issuance *at = find_sent(q);
    if (at != NULL && now_ms - at->at_ms >= ASSAY_ISSUANCE_TIMEOUT_MS)
        end_issue(q, at, ASSAY_SERVICE_OUTCOME_FEW_HOLDERS, assay_slice_over(why, sizeof why - 1),
                  now_ms);
}

void assay_issuance_on_disconnect(struct assay_issuance_queue *q)
{
    struct assay_issuance *at = find_sent(q);
    if (at != NULL) at->state = ASSAY_ISSUANCE_WAITING;
}

/* That the ledger still supports a product is examined by the caller, for each request. */
static bool is_fresh(const struct assay_issuance *issue, uint64_t now_ms)
{
    return issue->state == ASSAY_ISSUANCE_ANSWERED &&
           issue->outcome == ASSAY_SERVICE_OUTCOME_DONE &&
           now_ms - issue->at_ms < ASSAY_ISSUANCE_KEPT_MS;
}

/* Where holders hang, an attempt may last longer than a short epoch, and none would ever fail.
 * Returns: whether enough closes in a row have ended one. */
static bool ends_too_often(struct assay_issuance_queue *q, struct assay_issuance *at,
                           uint64_t now_ms)
{
    static const char why[] = "holders did not answer within an epoch, three times in a row";
    if (at->state == ASSAY_ISSUANCE_SENT) at->closes++;
    if (at->closes < ASSAY_ISSUANCE_CLOSES_MAX) return false;
    end_issue(q, at, ASSAY_SERVICE_OUTCOME_FEW_HOLDERS, assay_slice_over(why, sizeof why - 1),
              now_ms);
    return true;
}

/* The next request of it starts again, with the count of closes. */
static void end_attempt(struct assay_issuance *at)
{
    const struct assay_issuance ended = { .state = ASSAY_ISSUANCE_ENDED,
                                          .name = at->name,
                                          .closes = at->closes,
                                          .used_ms = at->used_ms };
    const bool was_sent = at->state == ASSAY_ISSUANCE_SENT;
    assay_bytes_zero(at, sizeof *at);
    if (was_sent) *at = ended;
}

void assay_issuance_on_close(struct assay_issuance_queue *q, uint64_t now_ms)
{
    for (uint32_t lane = 0; lane < ASSAY_ISSUANCE_LANES; lane++)
        for (uint32_t i = 0; i < ASSAY_ISSUANCES_MAX; i++) {
            struct assay_issuance *const at = &q->issue[lane][i];
            if (at->state == ASSAY_ISSUANCE_FREE || is_fresh(at, now_ms) ||
                ends_too_often(q, at, now_ms))
                continue;
            if (!has_refusal(at, now_ms)) {
                end_attempt(at);
                continue;
            }
            at->state = ASSAY_ISSUANCE_ANSWERED;
            at->failures = 1; /* with the close there may be a share, or another holder */
        }
}

void assay_issuance_clear(struct assay_issuance_queue *q)
{
    for (uint32_t lane = 0; lane < ASSAY_ISSUANCE_LANES; lane++)
        for (uint32_t i = 0; i < ASSAY_ISSUANCES_MAX; i++)
            if (q->issue[lane][i].state != ASSAY_ISSUANCE_FREE)
                assay_bytes_zero(&q->issue[lane][i], sizeof q->issue[lane][i]);
}

bool assay_issuance_is_waiting(const struct assay_issuance_queue *q)
{
    bool waits = false;
    for (uint32_t lane = 0; lane < ASSAY_ISSUANCE_LANES; lane++)
        for (uint32_t i = 0; i < ASSAY_ISSUANCES_MAX; i++) {
            if (q->issue[lane][i].state == ASSAY_ISSUANCE_SENT) return false;
            waits = waits || q->issue[lane][i].state == ASSAY_ISSUANCE_WAITING;
        }
    return waits;
}

uint64_t assay_issuance_wake_at(const struct assay_issuance_queue *q)
{
    for (uint32_t lane = 0; lane < ASSAY_ISSUANCE_LANES; lane++)
        for (uint32_t i = 0; i < ASSAY_ISSUANCES_MAX; i++)
            if (q->issue[lane][i].state == ASSAY_ISSUANCE_SENT)
                return q->issue[lane][i].at_ms + ASSAY_ISSUANCE_TIMEOUT_MS;
    return UINT64_MAX;
}
