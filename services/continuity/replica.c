/*
 * services/continuity/replica.c - replica state machine: requests of enclaves (docs/services.md 1).
 * OPEN makes a promise, ADOPT and UPDATE write entries, CONFIRM and RECEIPT read them.
 */
#include "services/continuity/replica_internal.h"

#include "base/checked.h"

enum {
    PAUSE_MS = 50, /* interval of retransmission, doubled up to the longest */
    PAUSE_MS_MAX = 1000,
    TABLES = 3 + ASSAY_CONT_SEATS_MAX,
};

static size_t align_up(size_t len)
{
    return (len + 15) & ~(size_t)15;
}

size_t assay_cont_replica_size(uint32_t instances_max)
{
    return align_up(sizeof(struct assay_cont_replica)) +
           TABLES * align_up(2 * instances_max * sizeof(struct assay_cont_entry)) +
           align_up(instances_max * sizeof(struct known_session)) +
           align_up(ASSAY_CONT_RECEIPTS_MAX * instances_max * sizeof(struct receipt_request));
}

struct assay_cont_replica *assay_cont_replica_init(void *memory, size_t memory_len,
                                                   const struct assay_cont_replica_config *config)
{
    const uint32_t max = config->instances_max;
    ASSAY_ASSERT(max > 0 && max <= ASSAY_CONT_INSTANCES_MAX);
    ASSAY_ASSERT(memory_len >= assay_cont_replica_size(max));
    assay_bytes_zero(memory, assay_cont_replica_size(max));
    struct assay_cont_replica *r = memory;
    uint8_t *at = (uint8_t *)memory + align_up(sizeof *r);
    struct assay_cont_table *tables[TABLES] = { &r->table, &r->entered, &r->scratch };
    for (uint32_t i = 0; i < ASSAY_CONT_SEATS_MAX; i++)
        tables[3 + i] = &r->fin[i].table;
    for (uint32_t i = 0; i < TABLES; i++) {
        /* A table may have entries of rows that others know to be removed. */
        tables[i]->capacity = 2 * max;
        tables[i]->entry = (struct assay_cont_entry *)(void *)at;
        at += align_up(2 * max * sizeof(struct assay_cont_entry));
    }
    r->sessions = (struct known_session *)(void *)at;
    at += align_up(max * sizeof(struct known_session));
    r->request = (struct receipt_request *)(void *)at;
    r->instances_max = max;
    ASSAY_ASSERT((uint8_t *)(r->request + ASSAY_CONT_RECEIPTS_MAX * max) <=
                 (uint8_t *)memory + memory_len);
    r->home = config->home;
    assay_bytes_copy(r->key, sizeof r->key, config->key, sizeof config->key);
    return r;
}

struct assay_cont_send *assay_cont_replica_add_send(struct assay_cont_replica *r,
                                                    struct assay_cont_frame *frame,
                                                    struct assay_cont_effects *effects)
{
    ASSAY_ASSERT(effects->used <= sizeof effects->bytes);
    ASSAY_ASSERT(effects->count < ASSAY_CONT_SENDS_MAX);
    struct assay_slice out;
    frame->group = r->home.group;
    const enum assay_status status = assay_cont_frame_encode(
        frame, effects->bytes + effects->used, sizeof effects->bytes - effects->used, &out);
    ASSAY_ASSERT(status == ASSAY_OK); /* the sizes of effects cover every step */
    struct assay_cont_send *send = &effects->send[effects->count++];
    *send = (struct assay_cont_send){ .at = effects->used, .len = out.len };
    effects->used += out.len;
    return send;
}

static void effects_clear(struct assay_cont_effects *effects)
{
    effects->count = 0;
    effects->used = 0;
    effects->wake_at_ms = UINT64_MAX;
}

static bool resends(const struct assay_cont_replica *r)
{
    return r->pending || r->entering || assay_cont_replica_is_undone(r);
}

/* While a view changes, everything is resent until it has changed. */
static void set_wake(const struct assay_cont_replica *r, struct assay_cont_effects *effects)
{
    const uint64_t resend_at_ms = resends(r) ? r->resend_at_ms : UINT64_MAX;
    const uint64_t ping_at_ms = r->calls ? r->ping_at_ms : UINT64_MAX;
    effects->wake_at_ms =
        assay_min_u64(assay_min_u64(resend_at_ms, ping_at_ms), assay_cont_replica_receipts_due(r));
}

static void resend_soon(struct assay_cont_replica *r, uint64_t now_ms)
{
    r->pause_ms = PAUSE_MS;
    r->resend_at_ms = now_ms + PAUSE_MS;
}

/* --- sessions that are final */

struct known_session *assay_cont_replica_find_session(const struct assay_cont_replica *r,
                                                      const uint8_t instance[static 32])
{
    uint32_t low = 0, high = r->session_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (assay_bytes_compare(r->sessions[middle].instance, instance, 32) < 0) low = middle + 1;
        else high = middle;
    }
    if (low == r->session_count || !assay_bytes_equal(r->sessions[low].instance, instance, 32))
        return NULL;
    return &r->sessions[low];
}

/* The registry has the same limit of instances as a replica: one more belongs to another ledger,
 * and is not served. */
static struct known_session *session_need(struct assay_cont_replica *r,
                                          const uint8_t instance[static 32])
{
    struct known_session *found = assay_cont_replica_find_session(r, instance);
    if (found != NULL || r->session_count == r->instances_max) return found;
    ASSAY_ASSERT(r->session_count < r->instances_max);
    uint32_t at = r->session_count++;
    while (at > 0 && assay_bytes_compare(r->sessions[at - 1].instance, instance, 32) > 0) {
        r->sessions[at] = r->sessions[at - 1];
        at--;
    }
    ASSAY_ASSERT(at < r->session_count);
    r->sessions[at] = (struct known_session){ 0 };
    assay_bytes_copy(r->sessions[at].instance, 32, instance, 32);
    return &r->sessions[at];
}

/*
 * docs/services.md 1.2.4: an instance without a row can never have one again, so its entry is
 * useless. A table of others has no instance whose session was numbered after the view was decided,
 * so when the view is served here every row of it was reported.
 */
static void drop_unlisted_entries(struct assay_cont_replica *r)
{
    ASSAY_ASSERT(r->session_count <= r->instances_max);
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->session_count; i++) {
        if (!r->sessions[i].reported) continue;
        r->sessions[count] = r->sessions[i];
        r->sessions[count++].reported = false;
    }
    r->session_count = count;
    if (r->mode != MODE_ACTIVE) return; /* a last table stays as it was signed */
    count = 0;
    for (uint32_t i = 0; i < r->table.count; i++)
        if (assay_cont_replica_find_session(r, r->table.entry[i].instance) != NULL)
            r->table.entry[count++] = r->table.entry[i];
    r->table.count = count;
}

/* --- facts */

/*
 * Only once: an empty table is no table of a later view. But a RECOVER may undo that the group was
 * formed. Earlier births have then expired, and an instance with an earlier row starts from entries
 * alone (docs/services.md 1.3.2), so an empty table of the new era gives no instance an older
 * state.
 */
static void on_born(struct assay_cont_replica *r, const struct assay_cont_roster *roster)
{
    ASSAY_ASSERT(roster->count <= ASSAY_CONT_SEATS_MAX);
    if (r->born && (roster->view <= r->started.view || roster->view <= r->decided)) return;
    r->born = true;
    r->started = *roster;
    r->mode = MODE_OUT;
    r->table.count = 0;
    r->pending = r->entering = r->entered_whole = false;
    r->handover_count = 0;
    assay_cont_replica_receipts_drop(r);
    if (assay_cont_find_seat(roster, r->key) == roster->count) return;
    r->mode = MODE_ACTIVE;
    r->view = roster->view;
}

void assay_cont_replica_set_era(struct assay_cont_replica *r, uint64_t number)
{
    r->era = assay_max_u64(r->era, assay_cont_number_era(number));
}

void assay_cont_replica_fact(struct assay_cont_replica *r, const struct assay_cont_fact *fact,
                             uint64_t now_ms, struct assay_cont_effects *effects)
{
    struct known_session *known = NULL;
    effects_clear(effects);
    assay_cont_replica_set_era(r, fact->roster.view);
    assay_cont_replica_set_era(r, fact->session);
    switch (fact->kind) {
    case ASSAY_CONT_BORN:
        resend_soon(r, now_ms);
        r->ledger_view = fact->roster.view;
        on_born(r, &fact->roster);
        break;
    case ASSAY_CONT_DECIDED:
        resend_soon(r, now_ms);
        assay_cont_replica_on_decided(r, fact, effects);
        break;
    case ASSAY_CONT_STARTED:
        resend_soon(r, now_ms);
        r->ledger_view = fact->roster.view;
        assay_cont_replica_on_started(r, fact, effects);
        break;
    case ASSAY_CONT_LOST: r->lost = true; break;
    case ASSAY_CONT_SESSION:
        known = session_need(r, fact->instance);
        if (known == NULL) break;
        if (fact->session > known->session) known->session = fact->session;
        break;
    case ASSAY_CONT_STANDING:
        known = session_need(r, fact->instance);
        if (known == NULL) break;
        known->reported = true;
        known->suspended = fact->suspended;
        known->retired = fact->retired;
        break;
    case ASSAY_CONT_ROWS:
        r->era = assay_max_u64(r->era, fact->era);
        drop_unlisted_entries(r);
        break;
    case ASSAY_CONT_OVER:
        known = session_need(r, fact->instance);
        if (known != NULL) known->retired = true;
        break;
    }
    assay_cont_replica_watch_fact(r, now_ms);
    set_wake(r, effects);
}

/* --- answers */

static struct assay_cont_frame answer_to(const struct assay_cont_frame *f,
                                         enum assay_cont_kind kind)
{
    struct assay_cont_frame answer = { .kind = kind, .view = f->view, .session = f->session };
    assay_bytes_copy(answer.instance, 32, f->instance, 32);
    assay_bytes_copy(answer.nonce, 32, f->nonce, 32);
    return answer;
}

static void add_reply(struct assay_cont_replica *r, struct assay_cont_frame *answer,
                      struct assay_cont_effects *effects)
{
    assay_cont_replica_add_send(r, answer, effects)->to = ASSAY_CONT_TO_SENDER;
}

static enum assay_status add_refusal(struct assay_cont_replica *r, const struct assay_cont_frame *f,
                                     enum assay_cont_reason reason, uint64_t value,
                                     struct assay_cont_effects *effects)
{
    struct assay_cont_frame answer = answer_to(f, ASSAY_CONT_REFUSED);
    answer.reason = reason;
    answer.value = value;
    add_reply(r, &answer, effects);
    return ASSAY_OK;
}

static enum assay_status add_ack(struct assay_cont_replica *r, const struct assay_cont_frame *f,
                                 const struct assay_cont_entry *entry,
                                 struct assay_cont_effects *effects)
{
    struct assay_cont_frame answer = answer_to(f, ASSAY_CONT_ACK);
    answer.index = entry->index;
    assay_bytes_copy(answer.digest, 32, entry->digest, 32);
    add_reply(r, &answer, effects);
    return ASSAY_OK;
}

static void entry_set(struct assay_cont_entry *entry, uint64_t writer, uint64_t index,
                      const uint8_t digest[static 32])
{
    ASSAY_ASSERT(writer > entry->writer || (writer == entry->writer && index >= entry->index));
    ASSAY_ASSERT(writer <= entry->promised);
    entry->writer = writer;
    entry->index = index;
    assay_bytes_copy(entry->digest, 32, digest, 32);
}

/*
 * docs/services.md 1.3.2: after a RECOVER a missing entry may be a lost one, with its promise; a
 * session of an earlier era creates none. Returns: NULL and *status: it is refused.
 */
static struct assay_cont_entry *entry_need(struct assay_cont_replica *r,
                                           const struct assay_cont_frame *f,
                                           enum assay_status *status)
{
    ASSAY_ASSERT(r->mode == MODE_ACTIVE);
    struct assay_cont_entry *entry = assay_cont_table_find(&r->table, f->instance);
    *status = ASSAY_E_STALE;
    if (entry == NULL && assay_cont_number_era(f->session) < r->era) return NULL;
    *status = ASSAY_E_FULL;
    return entry != NULL ? entry : assay_cont_table_need(&r->table, f->instance);
}

/* docs/services.md 1.4: OPEN is answered with the promise that no older session is served here any
 * more. */
static enum assay_status on_open(struct assay_cont_replica *r, const struct assay_cont_frame *f,
                                 struct assay_cont_effects *effects)
{
    enum assay_status status = ASSAY_OK;
    struct assay_cont_entry *entry = entry_need(r, f, &status);
    if (entry == NULL) return status;
    if (f->session < entry->promised)
        return add_refusal(r, f, ASSAY_CONT_FENCED, entry->promised, effects);
    entry->promised = f->session;
    ASSAY_ASSERT(entry->promised >= entry->writer);
    struct assay_cont_frame answer = answer_to(f, ASSAY_CONT_OPENED);
    answer.writer = entry->writer;
    answer.index = entry->index;
    assay_bytes_copy(answer.digest, 32, entry->digest, 32);
    add_reply(r, &answer, effects);
    return ASSAY_OK;
}

/*
 * docs/services.md 1.5: the state that a session starts from, or that it has certified when this
 * replica lags. One session is one writer of one chain, so its later state supersedes its earlier
 * ones. It promises as OPEN does: a session whose OPEN was lost here would otherwise never be
 * served.
 */
static enum assay_status on_adopt(struct assay_cont_replica *r, const struct assay_cont_frame *f,
                                  struct assay_cont_effects *effects)
{
    enum assay_status status = ASSAY_OK;
    struct assay_cont_entry *entry = entry_need(r, f, &status);
    if (entry == NULL) return status;
    if (f->session < entry->promised)
        return add_refusal(r, f, ASSAY_CONT_FENCED, entry->promised, effects);
    if (entry->writer == f->session && entry->index == f->index &&
        !assay_bytes_equal(entry->digest, f->digest, 32))
        return ASSAY_E_INVALID; /* never another digest at an index */
    entry->promised = f->session;
    if (entry->writer < f->session || entry->index < f->index)
        entry_set(entry, f->session, f->index, f->digest);
    return add_ack(r, f, entry, effects);
}

/* docs/services.md 1.6: accepts only a continuation of the chain of the session that wrote last. */
static enum assay_status on_update(struct assay_cont_replica *r, const struct assay_cont_frame *f,
                                   struct assay_cont_effects *effects)
{
    struct assay_cont_entry *entry = assay_cont_table_find(&r->table, f->instance);
    if (entry == NULL) return add_refusal(r, f, ASSAY_CONT_GAP, 0, effects);
    ASSAY_ASSERT(f->count > 0 && f->index > 0);
    if (f->session < entry->promised)
        return add_refusal(r, f, ASSAY_CONT_FENCED, entry->promised, effects);
    /* Writer below session: its first state was not written here, regardless of the indices. */
    if (entry->writer < f->session) return add_refusal(r, f, ASSAY_CONT_GAP, 0, effects);
    const uint64_t first = f->index, last = first + f->count - 1;
    if (entry->index + 1 < first) return add_refusal(r, f, ASSAY_CONT_GAP, entry->index, effects);
    if (entry->index <= last) {
        const uint8_t *held = entry->index < first
                                  ? f->prev
                                  : assay_cont_frame_digest(f, (uint32_t)(entry->index - first));
        if (!assay_bytes_equal(entry->digest, held, 32)) return ASSAY_E_INVALID;
        entry_set(entry, f->session, last, assay_cont_frame_digest(f, f->count - 1));
    }
    return add_ack(r, f, entry, effects);
}

/* docs/services.md 1.7: a read is released only while no newer session was promised. */
static enum assay_status on_confirm(struct assay_cont_replica *r, const struct assay_cont_frame *f,
                                    struct assay_cont_effects *effects)
{
    const struct assay_cont_entry *entry = assay_cont_table_find(&r->table, f->instance);
    if (entry == NULL || entry->promised < f->session)
        return add_refusal(r, f, ASSAY_CONT_GAP, 0, effects);
    if (f->session < entry->promised)
        return add_refusal(r, f, ASSAY_CONT_FENCED, entry->promised, effects);
    ASSAY_ASSERT(entry->promised == f->session);
    struct assay_cont_frame answer = answer_to(f, ASSAY_CONT_CONFIRMED);
    add_reply(r, &answer, effects);
    return ASSAY_OK;
}

static enum assay_status on_receipt(struct assay_cont_replica *r, const struct assay_cont_frame *f,
                                    uint64_t now_ms, struct assay_cont_effects *effects)
{
    ASSAY_ASSERT(r->mode == MODE_ACTIVE);
    const struct assay_cont_entry *entry = assay_cont_table_find(&r->table, f->instance);
    struct known_session *known = assay_cont_replica_find_session(r, f->instance);
    if (entry == NULL || known == NULL) return add_refusal(r, f, ASSAY_CONT_GAP, 0, effects);
    return assay_cont_replica_add_receipt(r, known, f, entry, now_ms);
}

/* docs/services.md 1.9.8: an enclave with an older view receives the hand-over to the next one,
 * whichever view this replica serves. */
static bool has_handover(struct assay_cont_replica *r, const struct assay_cont_frame *f,
                         struct assay_cont_effects *effects)
{
    uint8_t bytes[ASSAY_CONT_HANDOVER_LEN_MAX];
    struct assay_cont_frame answer = answer_to(f, ASSAY_CONT_HANDOVER);
    if (f->kind != ASSAY_CONT_HANDOVER_GET) return false;
    if (assay_cont_replica_handover(r, f->view, bytes, sizeof bytes, &answer.list) != ASSAY_OK)
        return false;
    add_reply(r, &answer, effects);
    return true;
}

/* Reasons not to serve a session at all. */
static bool is_refused(struct assay_cont_replica *r, const struct assay_cont_frame *f,
                       struct assay_cont_effects *effects)
{
    const struct known_session *known = assay_cont_replica_find_session(r, f->instance);
    enum assay_cont_reason reason = ASSAY_CONT_HALTED;
    uint64_t value = 0;
    if (r->lost) reason = ASSAY_CONT_HALTED;
    else if (known == NULL || f->session > known->session) {
        reason = ASSAY_CONT_UNKNOWN; /* the ledger numbers successors: numbers cannot be guessed */
        value = known == NULL ? 0 : known->session;
    } else if (known->retired) reason = ASSAY_CONT_IS_RETIRED;
    else if (known->suspended) reason = ASSAY_CONT_SUSPENDED;
    else if (has_handover(r, f, effects)) return true;
    else if (r->mode != MODE_ACTIVE || f->view != r->view || f->kind == ASSAY_CONT_HANDOVER_GET) {
        reason = ASSAY_CONT_VIEW;
        value = r->mode == MODE_ACTIVE ? r->view : r->decided;
    } else return false;
    assay_status_ignore(add_refusal(r, f, reason, value, effects), "a refusal always fits");
    return true;
}

static enum assay_status on_enclave_frame(struct assay_cont_replica *r,
                                          const struct assay_cont_from *from,
                                          const struct assay_cont_frame *f, uint64_t now_ms,
                                          struct assay_cont_effects *effects)
{
    if (f->kind != ASSAY_CONT_OPEN && f->kind != ASSAY_CONT_ADOPT && f->kind != ASSAY_CONT_UPDATE &&
        f->kind != ASSAY_CONT_CONFIRM && f->kind != ASSAY_CONT_RECEIPT &&
        f->kind != ASSAY_CONT_HANDOVER_GET)
        return ASSAY_E_LANE;
    if (from->session != f->session || !assay_bytes_equal(from->instance, f->instance, 32))
        return ASSAY_E_STRANGER;
    if (is_refused(r, f, effects)) return ASSAY_OK;
    if (f->kind == ASSAY_CONT_OPEN) return on_open(r, f, effects);
    if (f->kind == ASSAY_CONT_ADOPT) return on_adopt(r, f, effects);
    if (f->kind == ASSAY_CONT_UPDATE) return on_update(r, f, effects);
    if (f->kind == ASSAY_CONT_CONFIRM) return on_confirm(r, f, effects);
    return on_receipt(r, f, now_ms, effects);
}

enum assay_status assay_cont_replica_frame(struct assay_cont_replica *r,
                                           const struct assay_cont_from *from,
                                           struct assay_slice bytes, uint64_t now_ms,
                                           struct assay_cont_effects *effects)
{
    struct assay_cont_frame f;
    effects_clear(effects);
    set_wake(r, effects);
    ASSAY_TRY(assay_cont_frame_decode(bytes, &f));
    if (f.group != r->home.group) return ASSAY_E_CHAIN;
    if (!from->replica) {
        ASSAY_TRY(on_enclave_frame(r, from, &f, now_ms, effects));
        set_wake(r, effects);
        return ASSAY_OK;
    }
    assay_cont_replica_mark_reachable(r, from, now_ms);
    if (f.kind == ASSAY_CONT_PING) return ASSAY_OK;
    if (f.kind == ASSAY_CONT_ROOT) {
        ASSAY_TRY(assay_cont_replica_on_root(r, from, &f, effects));
        set_wake(r, effects);
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_cont_replica_on_peer_frame(r, from, &f, effects));
    if (effects->count > 0) resend_soon(r, now_ms); /* progress: no urgent resend */
    set_wake(r, effects);
    return ASSAY_OK;
}

void assay_cont_replica_tick(struct assay_cont_replica *r, uint64_t now_ms,
                             struct assay_cont_effects *effects)
{
    effects_clear(effects);
    if (resends(r) && now_ms >= r->resend_at_ms) {
        assay_cont_replica_resend(r, effects);
        r->pause_ms = r->pause_ms * 2 > PAUSE_MS_MAX ? PAUSE_MS_MAX : r->pause_ms * 2;
        r->resend_at_ms = now_ms + r->pause_ms;
    }
    ASSAY_ASSERT(r->pause_ms <= PAUSE_MS_MAX);
    assay_cont_replica_watch_tick(r, now_ms, effects);
    if (r->mode == MODE_ACTIVE && !r->lost) assay_cont_replica_receipts_tick(r, now_ms, effects);
    else assay_cont_replica_receipts_drop(r);
    set_wake(r, effects);
}

struct assay_cont_status assay_cont_replica_status(const struct assay_cont_replica *r)
{
    return (struct assay_cont_status){
        .serves = r->mode == MODE_ACTIVE && !r->lost,
        .lost = r->lost,
        .leaving = r->mode == MODE_FINAL,
        .entering = r->entering,
        .view = r->view,
        .pending_view = r->pending ? r->decided : 0,
        .instances = r->table.count,
    };
}

const struct assay_cont_entry *assay_cont_replica_entry(const struct assay_cont_replica *r,
                                                        const uint8_t instance[static 32])
{
    return assay_cont_table_find(&r->table, instance);
}

void assay_cont_replica_check(const struct assay_cont_replica *r)
{
    ASSAY_ASSERT(r->table.count <= r->table.capacity);
    ASSAY_ASSERT(r->session_count <= r->instances_max);
    ASSAY_ASSERT(r->tree_count <= r->request_count && r->tree_given <= r->tree_count);
    for (uint32_t i = 0; i < r->table.count; i++) {
        const struct assay_cont_entry *entry = &r->table.entry[i];
        const struct known_session *known = assay_cont_replica_find_session(r, entry->instance);
        ASSAY_ASSERT(entry->writer <= entry->promised);
        /* Promised only, or from a table of others with a newer ledger. */
        if (r->mode == MODE_ACTIVE && r->view == 0)
            ASSAY_ASSERT(known != NULL && entry->promised <= known->session);
        if (i > 0)
            ASSAY_ASSERT(assay_bytes_compare(r->table.entry[i - 1].instance, entry->instance, 32) <
                         0);
    }
    if (r->mode == MODE_ACTIVE) ASSAY_ASSERT(r->born);
    if (r->pending) ASSAY_ASSERT(r->next.view == r->decided && r->base.view < r->decided);
    if (r->entering) ASSAY_ASSERT(r->mode != MODE_ACTIVE || r->view < r->started.view);
}
