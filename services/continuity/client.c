/*
 * services/continuity/client.c - client state machine of an enclave's session (docs/services.md 1.4
 * to 1.8).
 */
#include "services/continuity/client_internal.h"

enum {
    RESEND_MS = 50,
    RECEIPT_MS = 1000, /* the limit of an instance's rate */
    DOUBT_MS = 1000,
};

void assay_cont_client_init(struct assay_cont_client *c,
                            const struct assay_cont_client_config *config)
{
    ASSAY_ASSERT(assay_cont_size_is_fit(config->roster.count));
    ASSAY_ASSERT(config->session > 0);
    assay_bytes_zero(c, sizeof *c);
    c->config = *config;
    c->resend_at_ms = UINT64_MAX;
}

static void clear_effects(struct assay_cont_outputs *outs)
{
    outs->count = 0;
    outs->events = 0;
    outs->used = 0;
    outs->wake_at_ms = UINT64_MAX;
}

static uint8_t all_seats(const struct assay_cont_client *c)
{
    return (uint8_t)((1u << c->config.roster.count) - 1);
}

static bool is_quorum(const struct assay_cont_client *c, uint8_t seats)
{
    ASSAY_ASSERT(seats >> c->config.roster.count == 0);
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->config.roster.count; i++)
        count += seats >> i & 1;
    return count >= assay_cont_quorum(c->config.roster.count);
}

static bool is_under_way(const struct assay_cont_client *c)
{
    if (c->phase == ASSAY_CONT_ENDED || c->lost) return false;
    if (c->phase == ASSAY_CONT_FOUND) return false;
    return c->phase != ASSAY_CONT_RUNNING || c->flight_last != 0 || c->confirm.asked ||
           c->ask_receipt.asked;
}

static void sent(struct assay_cont_client *c, uint64_t now_ms)
{
    c->resend_at_ms = now_ms + RESEND_MS;
    c->sent_at_ms = now_ms;
}

static void set_wake(const struct assay_cont_client *c, struct assay_cont_outputs *outs)
{
    outs->wake_at_ms = is_under_way(c) ? c->resend_at_ms : UINT64_MAX;
}

static void end_session(struct assay_cont_client *c, enum assay_cont_end why)
{
    ASSAY_ASSERT(why != ASSAY_CONT_END_NONE);
    c->phase = ASSAY_CONT_ENDED;
    c->end = why;
    c->flight_last = 0;
    c->confirm.asked = c->ask_receipt.asked = false;
}

/* --- calls of the application */

void assay_cont_client_open(struct assay_cont_client *c, const uint8_t nonce[static 32],
                            uint64_t now_ms, struct assay_cont_outputs *outs)
{
    ASSAY_ASSERT(c->phase == ASSAY_CONT_OPENING);
    clear_effects(outs);
    assay_bytes_copy(c->nonce, 32, nonce, 32);
    c->answered = c->forgot = 0;
    c->found = (struct assay_cont_entry){ 0 };
    assay_cont_client_send_open(c, all_seats(c), outs);
    sent(c, now_ms);
    set_wake(c, outs);
}

/* docs/services.md 1.4: only the state that a quorum has may be adopted. */
enum assay_status assay_cont_client_adopt(struct assay_cont_client *c, uint64_t index,
                                          const uint8_t prev[static 32],
                                          const uint8_t blob_hash[static 32], uint64_t now_ms,
                                          struct assay_cont_outputs *outs)
{
    uint8_t digest[32] = { 0 };
    clear_effects(outs);
    if (c->phase != ASSAY_CONT_FOUND) return ASSAY_E_INVALID;
    if (index > 0) assay_cont_state_digest(c->config.instance, index, prev, blob_hash, digest);
    if (index != c->found.index || !assay_bytes_equal(digest, c->found.digest, 32)) {
        end_session(c, ASSAY_CONT_END_ROLLBACK);
        return ASSAY_E_STALE;
    }
    c->certified = c->last = index;
    assay_bytes_copy(c->certified_digest, 32, digest, 32);
    assay_bytes_copy(c->last_digest, 32, digest, 32);
    c->phase = ASSAY_CONT_ADOPTING;
    c->adopted = 0;
    assay_cont_client_send_adopt(c, index, digest, all_seats(c), outs);
    sent(c, now_ms);
    set_wake(c, outs);
    return ASSAY_OK;
}

/* Group commit: one frame is in flight; states that arrive meanwhile go into the next. */
static void send_next_update(struct assay_cont_client *c, uint64_t now_ms,
                             struct assay_cont_outputs *outs)
{
    ASSAY_ASSERT(c->phase == ASSAY_CONT_RUNNING);
    assay_cont_client_start_update(c, c->last);
    if (c->flight_last == 0) return;
    assay_cont_client_send_update(c, all_seats(c), outs);
    sent(c, now_ms);
}

enum assay_status assay_cont_client_update(struct assay_cont_client *c,
                                           const uint8_t blob_hash[static 32], uint64_t now_ms,
                                           uint64_t *index, struct assay_cont_outputs *outs)
{
    clear_effects(outs);
    set_wake(c, outs);
    if (c->phase != ASSAY_CONT_RUNNING || c->last >= UINT64_MAX - 1) return ASSAY_E_INVALID;
    if (c->last - c->certified == ASSAY_CONT_QUEUE_MAX) return ASSAY_E_FULL;
    uint8_t digest[32];
    c->last++;
    assay_cont_state_digest(c->config.instance, c->last, c->last_digest, blob_hash, digest);
    assay_bytes_copy(c->last_digest, 32, digest, 32);
    assay_bytes_copy(c->queue[c->last % ASSAY_CONT_QUEUE_MAX], 32, digest, 32);
    *index = c->last;
    ASSAY_ASSERT(c->last - c->certified <= ASSAY_CONT_QUEUE_MAX);
    if (c->flight_last == 0 && !c->lost) send_next_update(c, now_ms, outs);
    set_wake(c, outs);
    return ASSAY_OK;
}

static enum assay_status send_request(struct assay_cont_client *c,
                                      struct assay_cont_question *question,
                                      enum assay_cont_kind kind, const uint8_t nonce[static 32],
                                      uint64_t now_ms, struct assay_cont_outputs *outs)
{
    ASSAY_ASSERT(question == &c->confirm || question == &c->ask_receipt);
    clear_effects(outs);
    set_wake(c, outs);
    if (c->phase != ASSAY_CONT_RUNNING) return ASSAY_E_INVALID;
    if (question->asked) return ASSAY_E_AGAIN;
    const bool alone = !is_under_way(c);
    *question = (struct assay_cont_question){ .asked = true };
    assay_bytes_copy(question->nonce, 32, nonce, 32);
    assay_cont_client_send_query(c, kind, question, all_seats(c), outs);
    if (alone) sent(c, now_ms);
    set_wake(c, outs);
    return ASSAY_OK;
}

enum assay_status assay_cont_client_confirm(struct assay_cont_client *c,
                                            const uint8_t nonce[static 32], uint64_t now_ms,
                                            struct assay_cont_outputs *outs)
{
    /* docs/services.md 1.7: a read is released by answers to a request that was made after it. */
    c->confirm.asked = false;
    return send_request(c, &c->confirm, ASSAY_CONT_CONFIRM, nonce, now_ms, outs);
}

enum assay_status assay_cont_client_receipt(struct assay_cont_client *c,
                                            const uint8_t nonce[static 32], uint64_t now_ms,
                                            struct assay_cont_outputs *outs)
{
    const bool asked = c->ask_receipt.asked;
    ASSAY_TRY(send_request(c, &c->ask_receipt, ASSAY_CONT_RECEIPT, nonce, now_ms, outs));
    ASSAY_ASSERT(!asked);
    c->receipt = (struct assay_cont_receipt){ .home = c->config.home,
                                              .view = c->config.roster.view };
    assay_bytes_copy(c->receipt.nonce, 32, nonce, 32);
    c->receipt_at_ms = now_ms + RECEIPT_MS;
    return ASSAY_OK;
}

/* --- answers of replicas */

/*
 * docs/services.md 1.3.2: a RECOVER may restore a row that had left the table, whose entries
 * replicas have dropped. In an era after its birth an instance therefore starts from entries alone:
 * a missing entry does not mean state 0.
 */
static bool is_reborn(const struct assay_cont_client *c)
{
    return assay_cont_number_era(c->config.session) > c->config.birth_era;
}

static enum assay_status on_opened(struct assay_cont_client *c, uint32_t seat,
                                   const struct assay_cont_frame *f,
                                   struct assay_cont_outputs *outs)
{
    ASSAY_ASSERT(seat < c->config.roster.count);
    if (c->phase != ASSAY_CONT_OPENING || !assay_bytes_equal(f->nonce, c->nonce, 32))
        return ASSAY_E_STALE;
    if (f->writer == 0 && is_reborn(c)) {
        c->forgot |= (uint8_t)(1u << seat);
        if (is_quorum(c, c->forgot)) end_session(c, ASSAY_CONT_END_FORGOTTEN);
        return ASSAY_OK;
    }
    const struct assay_cont_entry theirs = { .writer = f->writer, .index = f->index };
    if (c->answered == 0 || assay_cont_is_newer(&theirs, &c->found)) {
        c->found = theirs;
        assay_bytes_copy(c->found.instance, 32, c->config.instance, 32);
        assay_bytes_copy(c->found.digest, 32, f->digest, 32);
    }
    c->answered |= (uint8_t)(1u << seat);
    if (!is_quorum(c, c->answered)) return ASSAY_OK;
    c->phase = ASSAY_CONT_FOUND;
    outs->events |= ASSAY_CONT_EVENT_FOUND;
    return ASSAY_OK;
}

/* The highest index that a quorum stores: each replica stores all earlier ones of this session. */
static uint64_t find_quorum_index(const struct assay_cont_client *c)
{
    uint64_t best = 0;
    for (uint32_t i = 0; i < c->config.roster.count; i++) {
        uint8_t seats = 0;
        for (uint32_t k = 0; k < c->config.roster.count; k++)
            if (c->acked[k] >= c->acked[i]) seats |= (uint8_t)(1u << k);
        if (c->acked[i] > best && is_quorum(c, seats)) best = c->acked[i];
    }
    return best;
}

static void certify(struct assay_cont_client *c, uint64_t now_ms, struct assay_cont_outputs *outs)
{
    const uint64_t held = find_quorum_index(c);
    if (held <= c->certified) return;
    ASSAY_ASSERT(held <= c->last);
    c->certified = held;
    assay_bytes_copy(c->certified_digest, 32, c->queue[held % ASSAY_CONT_QUEUE_MAX], 32);
    outs->events |= ASSAY_CONT_EVENT_CERTIFIED;
    if (c->flight_last <= held) send_next_update(c, now_ms, outs);
}

/* docs/services.md 1.6: q acknowledgements of one view. */
static enum assay_status on_ack(struct assay_cont_client *c, uint32_t seat,
                                const struct assay_cont_frame *f, uint64_t now_ms,
                                struct assay_cont_outputs *outs)
{
    ASSAY_ASSERT(seat < c->config.roster.count);
    if (c->phase == ASSAY_CONT_ADOPTING) {
        if (f->index != c->certified || !assay_bytes_equal(f->digest, c->certified_digest, 32))
            return ASSAY_E_INVALID;
        c->adopted |= (uint8_t)(1u << seat);
        if (!is_quorum(c, c->adopted)) return ASSAY_OK;
        c->phase = ASSAY_CONT_RUNNING;
        outs->events |= ASSAY_CONT_EVENT_ADOPTED;
        return ASSAY_OK;
    }
    if (c->phase != ASSAY_CONT_RUNNING) return ASSAY_E_STALE;
    if (f->index > c->last) return ASSAY_E_INVALID; /* never sent */
    if (f->index > c->certified &&
        !assay_bytes_equal(f->digest, c->queue[f->index % ASSAY_CONT_QUEUE_MAX], 32))
        return ASSAY_E_INVALID;
    if (f->index > c->acked[seat]) c->acked[seat] = f->index;
    certify(c, now_ms, outs);
    return ASSAY_OK;
}

static enum assay_status on_confirmed(struct assay_cont_client *c, uint32_t seat,
                                      const struct assay_cont_frame *f,
                                      struct assay_cont_outputs *outs)
{
    ASSAY_ASSERT(seat < c->config.roster.count);
    if (!c->confirm.asked || !assay_bytes_equal(f->nonce, c->confirm.nonce, 32))
        return ASSAY_E_STALE;
    c->confirm.seats |= (uint8_t)(1u << seat);
    if (!is_quorum(c, c->confirm.seats)) return ASSAY_OK;
    c->confirm.asked = false;
    c->confirm.has_quorum = true;
    outs->events |= ASSAY_CONT_EVENT_CONFIRMED;
    return ASSAY_OK;
}

/* Signatures of one entry; a later entry restarts the collection, since replicas may have signed
 * between two. */
static enum assay_status on_signed(struct assay_cont_client *c, uint32_t seat,
                                   const struct assay_cont_frame *f,
                                   struct assay_cont_outputs *outs)
{
    ASSAY_ASSERT(seat < c->config.roster.count);
    struct assay_cont_entry entry = { .promised = f->promised, .writer = f->writer,
                                      .index = f->index };
    if (!c->ask_receipt.asked || !assay_bytes_equal(f->nonce, c->ask_receipt.nonce, 32))
        return ASSAY_E_STALE;
    assay_bytes_copy(entry.instance, 32, c->config.instance, 32);
    assay_bytes_copy(entry.digest, 32, f->digest, 32);
    if (!assay_cont_receipt_verify_place(&c->config.home, c->config.roster.view, &entry, f->nonce,
                                         &f->place, c->config.roster.key[seat], f->signature))
        return ASSAY_E_SIGNATURE;
    struct assay_cont_receipt *receipt = &c->receipt;
    const bool same = c->ask_receipt.seats != 0 && entry.promised == receipt->entry.promised &&
                      entry.writer == receipt->entry.writer &&
                      entry.index == receipt->entry.index &&
                      assay_bytes_equal(entry.digest, receipt->entry.digest, 32);
    if (same && c->ask_receipt.seats >> seat & 1) return ASSAY_OK;
    if (!same && c->ask_receipt.seats != 0 && !assay_cont_is_newer(&entry, &receipt->entry))
        return ASSAY_OK; /* it lags: requested again */
    if (!same) {
        receipt->count = 0;
        c->ask_receipt.seats = 0;
    }
    receipt->entry = entry;
    ASSAY_ASSERT(receipt->count < ASSAY_CONT_SEATS_MAX); /* a seat counts once */
    uint32_t at = receipt->count++;
    for (; at > 0 && receipt->seat[at - 1] > seat; at--) {
        receipt->seat[at] = receipt->seat[at - 1];
        receipt->place[at] = receipt->place[at - 1];
        assay_bytes_copy(receipt->signature[at], ASSAY_P256_SIGNATURE_LEN,
                         receipt->signature[at - 1], ASSAY_P256_SIGNATURE_LEN);
    }
    receipt->seat[at] = (uint8_t)seat;
    receipt->place[at] = f->place;
    assay_bytes_copy(receipt->signature[at], ASSAY_P256_SIGNATURE_LEN, f->signature,
                     ASSAY_P256_SIGNATURE_LEN);
    c->ask_receipt.seats |= (uint8_t)(1u << seat);
    if (!is_quorum(c, c->ask_receipt.seats)) return ASSAY_OK;
    c->ask_receipt.asked = false;
    outs->events |= ASSAY_CONT_EVENT_RECEIPT;
    return ASSAY_OK;
}

/* docs/services.md 1.9.8: a later view than the current one. Each seat is asked once per pause,
 * since one without a record answers with the same refusal. */
static void on_view_hint(struct assay_cont_client *c, uint8_t seat, uint64_t view,
                         struct assay_cont_outputs *outs)
{
    if (view > c->view_hint) c->view_hint = view;
    if (view <= c->config.roster.view || (c->asked_handover & seat) != 0) return;
    c->asked_handover |= seat;
    assay_cont_client_send_handover_get(c, seat, outs);
}

static enum assay_status on_refused(struct assay_cont_client *c, uint32_t seat,
                                    const struct assay_cont_frame *f,
                                    struct assay_cont_outputs *outs)
{
    ASSAY_ASSERT(seat < c->config.roster.count);
    const uint8_t only = (uint8_t)(1u << seat);
    switch (f->reason) {
    case ASSAY_CONT_FENCED:
        if (f->value <= c->config.session) return ASSAY_E_INVALID;
        end_session(c, ASSAY_CONT_END_FENCED);
        outs->events |= ASSAY_CONT_EVENT_FENCED;
        return ASSAY_OK;
    case ASSAY_CONT_VIEW: on_view_hint(c, only, f->value, outs); return ASSAY_OK;
    case ASSAY_CONT_GAP:
        /* It lags: resends from the last certified state, then the frame in flight. */
        if (c->phase != ASSAY_CONT_RUNNING || f->view != c->config.roster.view)
            return ASSAY_E_STALE;
        assay_cont_client_send_adopt(c, c->certified, c->certified_digest, only, outs);
        if (c->flight_last != 0) assay_cont_client_send_update(c, only, outs);
        return ASSAY_OK;
    case ASSAY_CONT_IS_RETIRED: end_session(c, ASSAY_CONT_END_RETIRED); return ASSAY_OK;
    case ASSAY_CONT_SUSPENDED: c->suspended = true; return ASSAY_OK;
    case ASSAY_CONT_UNKNOWN: return ASSAY_OK; /* its ledger lags: resent by tick */
    case ASSAY_CONT_HALTED: return ASSAY_OK;  /* only the ledger decides that: fact LOST */
    }
    ASSAY_UNREACHABLE("a reason that the decoder refuses");
}

/* Replicas that answered may have signed different states: all are asked again. */
static void request_receipt_again(struct assay_cont_client *c, uint64_t now_ms,
                                  struct assay_cont_outputs *outs)
{
    ASSAY_ASSERT(c->ask_receipt.asked);
    c->receipt_at_ms = now_ms + RECEIPT_MS;
    assay_cont_client_send_query(c, ASSAY_CONT_RECEIPT, &c->ask_receipt, all_seats(c), outs);
}

/* Everything that is not certified is resent in the new view, and counted there from zero. */
static void change_view(struct assay_cont_client *c, const struct assay_cont_roster *roster,
                        const struct assay_cont_contact contact[static ASSAY_CONT_SEATS_MAX],
                        uint64_t now_ms, struct assay_cont_outputs *outs)
{
    ASSAY_ASSERT(roster->view > c->config.roster.view);
    const uint64_t until = c->flight_last;
    c->config.roster = *roster;
    for (uint32_t i = 0; i < ASSAY_CONT_SEATS_MAX; i++)
        c->contact[i] = contact[i];
    c->asked_handover = 0;
    outs->events |= ASSAY_CONT_EVENT_VIEW;
    c->answered = c->adopted = c->forgot = 0;
    c->found = c->phase == ASSAY_CONT_OPENING ? (struct assay_cont_entry){ 0 } : c->found;
    for (uint32_t i = 0; i < ASSAY_CONT_SEATS_MAX; i++)
        c->acked[i] = 0;
    if (c->phase == ASSAY_CONT_OPENING) assay_cont_client_send_open(c, all_seats(c), outs);
    if (c->phase == ASSAY_CONT_ADOPTING)
        assay_cont_client_send_adopt(c, c->certified, c->certified_digest, all_seats(c), outs);
    if (c->phase == ASSAY_CONT_RUNNING && until != 0) {
        ASSAY_ASSERT(until > c->certified && until <= c->last);
        assay_cont_client_start_update(c, until); /* the same states, in a frame of this view */
        assay_cont_client_send_update(c, all_seats(c), outs);
    }
    c->confirm.seats = 0;
    if (c->confirm.asked)
        assay_cont_client_send_query(c, ASSAY_CONT_CONFIRM, &c->confirm, all_seats(c), outs);
    c->ask_receipt.seats = 0;
    c->receipt.count = 0;
    c->receipt.view = roster->view;
    if (c->ask_receipt.asked) request_receipt_again(c, now_ms, outs);
    c->resend_at_ms = now_ms + RESEND_MS;
}

/* docs/services.md 1.9.8: one step from the current view. A member of the new view can have entered
 * it only by the ledger, so the answer of its quorum is as good as after a fact. */
static enum assay_status on_handover(struct assay_cont_client *c, const struct assay_cont_frame *f,
                                     uint64_t now_ms, struct assay_cont_outputs *outs)
{
    struct assay_cont_handover h;
    ASSAY_TRY(assay_cont_handover_decode(f->list, &h));
    ASSAY_TRY(assay_cont_handover_check(&c->config.home, &c->config.roster, &h));
    change_view(c, &h.record.roster, h.contact, now_ms, outs);
    return ASSAY_OK;
}

enum assay_status assay_cont_client_frame(struct assay_cont_client *c, uint32_t seat,
                                          struct assay_slice bytes, uint64_t now_ms,
                                          struct assay_cont_outputs *outs)
{
    struct assay_cont_frame f;
    enum assay_status status = ASSAY_E_LANE;
    clear_effects(outs);
    set_wake(c, outs);
    ASSAY_TRY(assay_cont_frame_decode(bytes, &f));
    if (f.kind != ASSAY_CONT_OPENED && f.kind != ASSAY_CONT_ACK &&
        f.kind != ASSAY_CONT_CONFIRMED && f.kind != ASSAY_CONT_SIGNED &&
        f.kind != ASSAY_CONT_REFUSED && f.kind != ASSAY_CONT_HANDOVER)
        return ASSAY_E_LANE;
    if (seat >= c->config.roster.count || f.group != c->config.home.group ||
        f.session != c->config.session || !assay_bytes_equal(f.instance, c->config.instance, 32))
        return ASSAY_E_STRANGER;
    if (c->phase == ASSAY_CONT_ENDED) return ASSAY_E_STALE;
    if (f.view != c->config.roster.view && f.kind != ASSAY_CONT_REFUSED) return ASSAY_E_STALE;
    if (f.kind == ASSAY_CONT_OPENED) status = on_opened(c, seat, &f, outs);
    else if (f.kind == ASSAY_CONT_ACK) status = on_ack(c, seat, &f, now_ms, outs);
    else if (f.kind == ASSAY_CONT_CONFIRMED) status = on_confirmed(c, seat, &f, outs);
    else if (f.kind == ASSAY_CONT_SIGNED) status = on_signed(c, seat, &f, outs);
    else if (f.kind == ASSAY_CONT_HANDOVER) status = on_handover(c, &f, now_ms, outs);
    else status = on_refused(c, seat, &f, outs);
    set_wake(c, outs);
    return status;
}

/* --- facts and time */

void assay_cont_client_fact(struct assay_cont_client *c, const struct assay_cont_fact *fact,
                            uint64_t now_ms, struct assay_cont_outputs *outs)
{
    clear_effects(outs);
    if (fact->kind == ASSAY_CONT_LOST) c->lost = true;
    if (fact->kind == ASSAY_CONT_STARTED && fact->roster.view > c->config.roster.view &&
        c->phase != ASSAY_CONT_ENDED)
        change_view(c, &fact->roster, fact->contact, now_ms, outs);
    set_wake(c, outs);
}

enum assay_status assay_cont_client_row(struct assay_cont_client *c, struct assay_slice head,
                                        struct assay_slice proof,
                                        struct assay_cont_row_proven *proven,
                                        struct assay_cont_outputs *outs)
{
    struct assay_cont_rows rows;
    struct assay_cont_row_proven said;
    clear_effects(outs);
    set_wake(c, outs);
    ASSAY_TRY(assay_cont_rows_read(c->config.home.group, head, &rows));
    ASSAY_TRY(assay_cont_row_verify(&rows, c->config.instance, proof, &said));
    if (said.has_row && said.row.session < c->config.session) return ASSAY_E_STALE;
    *proven = said;
    if (!said.has_row || c->phase == ASSAY_CONT_ENDED) return ASSAY_OK;
    if (said.row.session > c->config.session) {
        end_session(c, ASSAY_CONT_END_FENCED);
        outs->events |= ASSAY_CONT_EVENT_FENCED;
    } else if (said.row.retired) {
        end_session(c, ASSAY_CONT_END_RETIRED);
    }
    set_wake(c, outs);
    return ASSAY_OK;
}

void assay_cont_client_tick(struct assay_cont_client *c, uint64_t now_ms,
                            struct assay_cont_outputs *outs)
{
    ASSAY_ASSERT(c->flight_last == 0 || c->phase == ASSAY_CONT_RUNNING);
    clear_effects(outs);
    set_wake(c, outs);
    if (!is_under_way(c) || now_ms < c->resend_at_ms) return;
    c->asked_handover = 0;
    const uint8_t all = all_seats(c);
    if (c->phase == ASSAY_CONT_OPENING)
        assay_cont_client_send_open(c, (uint8_t)(all & ~c->answered), outs);
    if (c->phase == ASSAY_CONT_ADOPTING)
        assay_cont_client_send_adopt(c, c->certified, c->certified_digest,
                                     (uint8_t)(all & ~c->adopted), outs);
    uint8_t behind = 0;
    for (uint32_t i = 0; i < c->config.roster.count; i++)
        if (c->acked[i] < c->flight_last) behind |= (uint8_t)(1u << i);
    if (c->flight_last != 0) assay_cont_client_send_update(c, behind, outs);
    if (c->confirm.asked)
        assay_cont_client_send_query(c, ASSAY_CONT_CONFIRM, &c->confirm,
                                     (uint8_t)(all & ~c->confirm.seats), outs);
    if (c->ask_receipt.asked && now_ms >= c->receipt_at_ms) request_receipt_again(c, now_ms, outs);
    c->resend_at_ms = now_ms + RESEND_MS;
    set_wake(c, outs);
}

bool assay_cont_client_is_in_doubt(const struct assay_cont_client *c, uint64_t now_ms)
{
    return is_under_way(c) && now_ms >= c->sent_at_ms && now_ms - c->sent_at_ms >= DOUBT_MS;
}

void assay_cont_client_check(const struct assay_cont_client *c)
{
    ASSAY_ASSERT(c->certified <= c->last);
    ASSAY_ASSERT(c->last - c->certified <= ASSAY_CONT_QUEUE_MAX);
    if (c->flight_last != 0) {
        ASSAY_ASSERT(c->phase == ASSAY_CONT_RUNNING);
        ASSAY_ASSERT(c->flight_last > c->certified && c->flight_last <= c->last);
    }
    if (c->phase == ASSAY_CONT_ENDED) ASSAY_ASSERT(c->end != ASSAY_CONT_END_NONE);
    if (c->phase == ASSAY_CONT_RUNNING && c->last == c->certified)
        ASSAY_ASSERT(assay_bytes_equal(c->last_digest, c->certified_digest, 32));
}
