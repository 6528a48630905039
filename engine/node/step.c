/*
 * engine/node/step.c - one event in, effects out: the control flow of the engine (docs/protocol.md
 * 5).
 *
 * The event changes the state; the actions of Simplex are performed until none is left; then
 * everything that is due by time or state is done. refused[] counts by status: 0 for limits, k for
 * the INPUT status 100 + k, the last one for all that follow.
 */
#include "engine/parts/engine_internal.h"

#include "engine/evidence/pool.h"

enum { EFFECTS_SPARE = 8 }; /* maximum number of effects of one action of Simplex */

/* Between the start and the boundary to another engine. */
static bool is_running(const struct assay_engine *e)
{
    return e->start_state->started && !e->chain->turned;
}

static enum assay_status dispatch_message(struct assay_engine *e, uint16_t from,
                                          enum assay_message_kind kind, struct assay_slice payload)
{
    if (!e->start_state->started) return ASSAY_E_AGAIN;
    if (from >= e->members && from != ASSAY_SLOT_SELF) return ASSAY_E_STRANGER;
    if (e->newcomer && kind != ASSAY_MESSAGE_SYNC_ANSWER && kind != ASSAY_MESSAGE_FENCE &&
        (kind != ASSAY_MESSAGE_RECOVER || from != ASSAY_SLOT_SELF)) /* its operator's acceptance */
        return ASSAY_E_STALE;
    switch (kind) {
    case ASSAY_MESSAGE_PROPOSAL:
    case ASSAY_MESSAGE_VOTE:
    case ASSAY_MESSAGE_CERTIFICATE:
    case ASSAY_MESSAGE_CERTIFICATE_PULL:
    case ASSAY_MESSAGE_BLOCK_PULL:
    case ASSAY_MESSAGE_RESUME_ASK:
    case ASSAY_MESSAGE_RESUME_ANSWER:
    case ASSAY_MESSAGE_VOTE_INVENTORY:
    case ASSAY_MESSAGE_VOTE_REQUEST_MISSING:
        return assay_simplex_message(e->simplex, e->now_ms, from, kind, payload, e->actions);
    case ASSAY_MESSAGE_ENVELOPE: return assay_message_intake_on_envelope(e, from, payload);
    case ASSAY_MESSAGE_ENVELOPE_PULL: return assay_message_intake_on_pull(e, from, payload);
    case ASSAY_MESSAGE_RECORD: return assay_message_intake_on_record(e, from, payload);
    case ASSAY_MESSAGE_INVENTORY: return assay_inventory_on_announcement(e, from, payload);
    case ASSAY_MESSAGE_REQUEST_MISSING: return assay_inventory_on_request(e, from, payload);
    case ASSAY_MESSAGE_SYNC_ANSWER: return assay_sync_on_answer(e, from, payload);
    case ASSAY_MESSAGE_FENCE: return assay_era_receive_fence(e, from, payload);
    case ASSAY_MESSAGE_RECOVER: return assay_era_receive_recover(e, from, payload);
    case ASSAY_MESSAGE_SYNC_ASK: /* the host answers from the store */
    case ASSAY_MESSAGE_EVIDENCE_PULL:
    case ASSAY_MESSAGE_EVIDENCE:
    case ASSAY_MESSAGE_SERVICE_ASK:
    case ASSAY_MESSAGE_SERVICE_ANSWER:
    case ASSAY_MESSAGE_PAGE:
    case ASSAY_MESSAGE_DATE:
    case ASSAY_MESSAGE_ADDRESS:
    case ASSAY_MESSAGE_NEIGHBOUR:
    case ASSAY_MESSAGE_PRUNE: return ASSAY_E_UNSUPPORTED;
    }
    return ASSAY_E_UNSUPPORTED; /* a number from the wire */
}

static enum assay_status dispatch_event(struct assay_engine *e, const struct assay_event *event)
{
    if (e->chain->turned) return ASSAY_E_AGAIN;
    switch (event->kind) {
    case ASSAY_EVENT_RESTORE:
        return assay_restore_item(e, event->as.restore.class_, &event->as.restore.key,
                                  event->as.restore.value);
    case ASSAY_EVENT_START:
        if (!e->start_state->started) assay_restore_start(e);
        return ASSAY_OK;
    case ASSAY_EVENT_TICK: return ASSAY_OK; /* time is handled after every event */
    case ASSAY_EVENT_MESSAGE:
        return dispatch_message(e, event->as.message.from, event->as.message.kind,
                                event->as.message.payload);
    case ASSAY_EVENT_VERDICT:
        if (e->start_state->started)
            assay_evidence_verdict(e, event->as.verdict.digest, event->as.verdict.at_unix_s,
                                   event->as.verdict.before, event->as.verdict.verdict,
                                   event->as.verdict.asked);
        return ASSAY_OK;
    case ASSAY_EVENT_EVIDENCE:
        if (e->start_state->started)
            assay_pending_proofs_on_loaded(e, event->as.evidence.digest, event->as.evidence.bytes);
        return ASSAY_OK;
    case ASSAY_EVENT_QUOTE:
        if (e->start_state->started)
            assay_epoch_receive_quote(e, event->as.quote.epoch, event->as.quote.incarnation,
                                      event->as.quote.bytes);
        return ASSAY_OK;
    case ASSAY_EVENT_KEYS:
        assay_epoch_receive_keys(e, event->as.keys.voting_public, event->as.keys.transport_public);
        return ASSAY_OK;
    case ASSAY_EVENT_SUBMIT:
        return assay_services_submit(e, event->as.submit.kind, event->as.submit.payload);
    case ASSAY_EVENT_DECLARE: return assay_epoch_declare(e, event->as.declare.list);
    }
    return ASSAY_E_UNSUPPORTED;
}

/* --- Simplex's actions */

static void copy_effect(struct assay_engine *e, const struct assay_effect *effect)
{
    ASSAY_ASSERT(effect->kind == ASSAY_EFFECT_SIGN || effect->kind == ASSAY_EFFECT_PERSIST ||
                 effect->kind == ASSAY_EFFECT_SEND || effect->kind == ASSAY_EFFECT_NOTE);
    struct assay_effect *copy = assay_eng_add_effect(e, effect->kind);
    ASSAY_ASSERT(copy != NULL); /* room is kept before actions are taken */
    *copy = *effect;
}

static void forward_note(struct assay_engine *e, const struct assay_effect *effect)
{
    copy_effect(e, effect);
    if (effect->as.note.note != ASSAY_NOTE_VIEW_NULLIFIED) return;
    assay_pool_on_nullified(e->pool, effect->as.note.a);
    assay_proposal_on_nullified(e, effect->as.note.a);
}

/* Returns: whether there was room; otherwise it is retried in the next step. */
static bool report_offence(struct assay_engine *e, const struct assay_simplex_action *a)
{
    const enum assay_status status =
        assay_message_intake_accuse(e, a->slot, a->proof_number, a->first, a->second);
    if (status == ASSAY_E_FULL) assay_simplex_clear_proven(e->simplex, a->slot, a->proof_number);
    return status != ASSAY_E_AGAIN;
}

static void perform_action(struct assay_engine *e, const struct assay_simplex_action *a)
{
    ASSAY_ASSERT((unsigned)a->kind <= ASSAY_SIMPLEX_NOTE);
    ASSAY_ASSERT(e->start_state->started);
    switch (a->kind) {
    case ASSAY_SIMPLEX_SIGN:
        /* Messages left over from a crowded step are not signed after a fence (docs/protocol.md
         * 9.12). */
        if (!e->era->fenced) copy_effect(e, &a->effect);
        return;
    case ASSAY_SIMPLEX_PERSIST:
    case ASSAY_SIMPLEX_SEND: copy_effect(e, &a->effect); return;
    case ASSAY_SIMPLEX_NOTE: forward_note(e, &a->effect); return;
    case ASSAY_SIMPLEX_PROPOSE: assay_proposal_make(e, a->view, a->id); return;
    case ASSAY_SIMPLEX_CHECK: assay_branch_check_block(e, a->id); return;
    case ASSAY_SIMPLEX_FINAL: assay_finalize_set_target(e, a->id, a->proof); return;
    case ASSAY_SIMPLEX_ACCUSE: break; /* by drain */
    case ASSAY_SIMPLEX_BEHIND: assay_sync_start(e, a->view); return;
    case ASSAY_SIMPLEX_ROLLED_BACK:
        /* Peers have votes of the listed key set. Unlisted keys have signed none: an answer about
         * the set that they replace does not retire them. */
        if (!e->key_state->listed) return;
        assay_keys_set_rolled_back(e);
        assay_order_derive(e);
        return;
    }
    ASSAY_UNREACHABLE("an action is of a listed kind");
}

/* Removes the first `count` actions; later ones move up. */
static void remove_first_actions(struct assay_simplex_actions *actions, size_t count)
{
    ASSAY_ASSERT(count <= actions->count);
    const size_t left = actions->count - count;
    for (size_t i = 0; i < left; i++)
        actions->items[i] = actions->items[count + i];
    actions->count = left;
}

/* Performing an action may append further actions of Simplex. Actions whose effects find no room
 * stay for the next step. */
static void perform_actions(struct assay_engine *e)
{
    for (;;) {
        if (e->chain->turned) {
            e->actions->count = 0;
            return;
        }
        size_t done = 0;
        while (done < e->actions->count && assay_eng_has_room(e, EFFECTS_SPARE)) {
            const struct assay_simplex_action action = e->actions->items[done];
            if (action.kind != ASSAY_SIMPLEX_ACCUSE) perform_action(e, &action);
            else if (!report_offence(e, &action)) break;
            done++;
        }
        remove_first_actions(e->actions, done);
        ASSAY_ASSERT(e->actions->count == 0 || e->output->crowded);
        if (e->actions->count > 0) return; /* assay_eng_has_room has scheduled another step */
        assay_finalize(e);                 /* may start an epoch, which appends actions */
        if (e->actions->count == 0) return;
    }
}

static void count_refused(struct assay_engine *e, enum assay_status status)
{
    ASSAY_ASSERT(status != ASSAY_OK);
    const unsigned number = (unsigned)status;
    unsigned index = 0;
    if (assay_status_class(status) == ASSAY_CLASS_INPUT) index = number - 100;
    if (index > 15) index = 15;
    e->refused[index]++;
    ASSAY_ASSERT(index < sizeof e->refused / sizeof e->refused[0]);
}

static uint64_t next_wake_ms(struct assay_engine *e)
{
    if (!is_running(e)) return UINT64_MAX;
    if (e->output->crowded) return e->now_ms;
    uint64_t wake = assay_simplex_wake_at(e->simplex);
    wake = assay_min_u64(wake, assay_epoch_wake(e));
    wake = assay_min_u64(wake, assay_inventory_wake_at(e));
    wake = assay_min_u64(wake, assay_sync_wake(e));
    wake = assay_min_u64(wake, assay_services_wake(e));
    wake = assay_min_u64(wake, assay_declared_lists_wake(e));
    wake = assay_min_u64(wake, e->branch->early_ms);
    /* Resends, proofs and retries need no finer clock than this. */
    return assay_min_u64(wake, e->now_ms + assay_max_u64(assay_eng_epoch_ms(e) / 16, 1));
}

static void run_due_work(struct assay_engine *e)
{
    ASSAY_ASSERT(e->start_state->started && e->chain->begun);

    assay_simplex_tick(e->simplex, e->now_ms, e->actions);
    perform_actions(e);
    if (e->chain->turned) return;
    if (e->now_ms >= e->branch->early_ms) assay_branch_recheck(e);
    assay_epoch_tick(e);
    assay_pending_proofs_scan(e);
    assay_pending_proofs_tick(e);
    assay_evidence_tick(e);
    assay_message_intake_resend(e);
    assay_inventory_tick(e);
    assay_services_tick(e);
    assay_declared_lists_tick(e);
    assay_sync_tick(e);
    assay_era_tick(e);
    assay_acceptance_tick(e);
    if (e->chain->turned) return;
    if (!e->chain->halted)
        assay_simplex_demand(e->simplex, e->now_ms, assay_proposal_demand(e), e->actions);
    perform_actions(e);
}

/* A step is scheduled every T/16 (next_wake_ms): one that is more than T/4 late was delayed by a
 * pause of the machine (SIGSTOP, a frozen VM, a migration). Nothing could arrive meanwhile, so
 * deadlines are extended. */
static void advance_time(struct assay_engine *e, uint64_t now_ms, struct assay_effects *effects)
{
    const uint64_t before_ms = e->now_ms;
    const uint64_t usual_ms = assay_max_u64(assay_eng_epoch_ms(e) / 4, 2);
    e->now_ms = assay_max_u64(before_ms, now_ms); /* monotonic, whatever the host passes */
    if (!is_running(e) || e->now_ms - before_ms <= usual_ms) return;
    effects->paused_ms = e->now_ms - before_ms;
    assay_epoch_on_pause(e, effects->paused_ms);
}

enum assay_status assay_engine_step(struct assay_engine *engine, const struct assay_event *event,
                                    struct assay_effects *effects)
{
    struct assay_engine *e = engine;
    ASSAY_ASSERT(e != NULL && event != NULL && effects != NULL);
    assay_output_begin(e, effects);
    advance_time(e, event->now_ms, effects);
    e->at_unix_ms = event->at_unix_ms;
    /* Not while actions of a crowded step are pending: their payloads would be released. */
    if (e->actions->count == 0) assay_simplex_release(e->simplex);
    if (is_running(e)) perform_actions(e); /* left over from a crowded step */
    const enum assay_status status = dispatch_event(e, event);
    if (status != ASSAY_OK && event->kind == ASSAY_EVENT_MESSAGE) count_refused(e, status);
    if (is_running(e)) perform_actions(e);
    if (is_running(e)) run_due_work(e);
    if (e->start_state->started) assay_restore_save_log(e);
    assay_output_end(e, next_wake_ms(e));
    ASSAY_ASSERT(e->output->effects == NULL && effects->count <= ASSAY_EFFECTS_MAX);
    return status;
}
