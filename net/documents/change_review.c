/*
 * net/documents/change_review.c - review of a change before it is in a block.
 */
#include "net/documents/change_review.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/ledger/fold/close.h"
#include "engine/ledger/records/key_change.h"
#include "engine/ledger/records/ledger.h"
#include "host/services.h"
#include "net/verifier/rule_documents.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { RECORD_CHANGE = 7 };

/* ------------------------------------------------------------ the file */

static enum assay_status read_signatures(struct assay_cursor *c, struct assay_change_draft *d)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_OPERATORS_MAX, &count));
    for (uint32_t i = 0; i < count; i++) {
        ASSAY_TRY(assay_cbor_array_exact(c, 2));
        ASSAY_TRY(assay_cbor_bytes_exact(c, d->signers[i], 32));
        ASSAY_TRY(assay_cbor_bytes_exact(c, d->signatures[i], ASSAY_P256_SIGNATURE_LEN));
        if (i > 0 && assay_bytes_compare(d->signers[i - 1], d->signers[i], 32) >= 0)
            return ASSAY_E_ENCODING;
    }
    d->signature_count = (uint32_t)count;
    return ASSAY_OK;
}

enum assay_status assay_draft_decode(struct assay_slice bytes, struct assay_change_draft *draft)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    uint64_t kind = 0;
    *draft = (struct assay_change_draft){ .bytes = bytes };
    if (bytes.len > ASSAY_CHANGE_RECORD_LEN_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_array_exact(&c, 3));
    ASSAY_TRY(assay_cbor_uint(&c, &kind));
    if (kind != RECORD_CHANGE) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_CHANGE_LEN_MAX, &draft->body));
    ASSAY_TRY(read_signatures(&c, draft));
    ASSAY_TRY(assay_cursor_end(&c));
    assay_sha256(draft->body.bytes, draft->body.len, draft->digest);
    return assay_change_decode(draft->body, &draft->change);
}

bool assay_draft_signature_is_valid(const struct assay_genesis *effective,
                                    const struct assay_change_draft *draft, uint32_t i)
{
    ASSAY_ASSERT(i < draft->signature_count);
    struct assay_p256 *key = NULL;
    const struct assay_genesis_operator *o = assay_operator_find(effective, draft->signers[i]);
    if (o == NULL || assay_p256_load(o->public_key, &key) != ASSAY_OK) return false;
    const bool good = assay_p256_verify(key, draft->digest, draft->signatures[i], ASSAY_S_LOW);
    assay_p256_free(&key);
    return good;
}

/* ------------------------------------------------------------ the basis */

static void *align_up(size_t len)
{
    return aligned_alloc(64, (len + 63) / 64 * 64);
}

static bool open_memory(struct assay_change_basis *b, uint32_t capacity)
{
    ASSAY_ASSERT(capacity > 0 && capacity <= ASSAY_MEMBERS_MAX + ASSAY_JOINS_MAX);
    b->state_memory = align_up(assay_state_memory_len(capacity));
    b->stage_memory = align_up(assay_state_memory_len(capacity));
    b->close_memory = align_up(assay_close_memory_len(capacity));
    b->groups_memory = align_up(assay_groups_memory_len(capacity));
    b->close = calloc(1, sizeof *b->close);
    b->pending_memory = malloc((size_t)ASSAY_PENDING_MAX * ASSAY_CHANGE_RECORD_LEN_MAX);
    if (b->state_memory == NULL || b->stage_memory == NULL || b->close_memory == NULL ||
        b->groups_memory == NULL || b->close == NULL || b->pending_memory == NULL)
        return false;
    assay_state_init(&b->state, b->state_memory, capacity);
    assay_state_init(&b->stage, b->stage_memory, capacity);
    assay_close_init(b->close, b->close_memory, capacity);
    return true;
}

static bool read_pending(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct assay_change_basis *b = context;
    ASSAY_ASSERT(b->state.pending_count <= ASSAY_PENDING_MAX);
    for (uint32_t i = 0; i < b->state.pending_count; i++) {
        uint8_t *own = b->pending_memory + (size_t)i * ASSAY_CHANGE_RECORD_LEN_MAX;
        if (!assay_bytes_equal(b->state.pending[i].digest, key->id, 32)) continue;
        if (value.len > ASSAY_CHANGE_RECORD_LEN_MAX) continue;
        assay_bytes_copy(own, ASSAY_CHANGE_RECORD_LEN_MAX, value.bytes, value.len);
        b->pending[i] = assay_slice_over(own, value.len);
    }
    return true;
}

static enum assay_status find_pending(struct assay_change_basis *b)
{
    const struct assay_store_key from = { 0 };
    struct assay_store_key to = { .era = UINT32_MAX,
                                  .epoch = ASSAY_STORE_NUMBER_MAX,
                                  .number = ASSAY_STORE_NUMBER_MAX };
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    return assay_store_scan(b->store, ASSAY_STORE_CHANGE, &from, &to, false, read_pending, b);
}

static void genesis_state(struct assay_change_basis *b)
{
    ASSAY_ASSERT(b->effective.state == NULL);
    struct assay_groups groups;
    struct assay_tolerance tolerance;
    const struct assay_close_rules rules = { .groups = &groups,
                                             .score = assay_score_rules_default() };
    b->state.member_count = b->genesis->member_count;
    assay_state_genesis(&b->state, b->genesis);
    assay_close_groups(&b->state, b->close->places, b->groups_memory, &groups);
    assay_close_genesis_weights(&rules, b->close, &b->state, &tolerance);
}

static enum assay_status open_basis(struct assay_change_basis *b)
{
    struct assay_writer w = assay_writer_over(b->operator_bytes, sizeof b->operator_bytes);
    b->effective_memory = align_up(assay_host_rules_size());
    if (b->effective_memory == NULL) return ASSAY_E_MEMORY;
    ASSAY_TRY(assay_host_rules_load(b->effective_memory, assay_host_rules_size(), b->genesis,
                                    b->store, &b->effective));
    ASSAY_ASSERT(b->effective.genesis != NULL);
    if (!open_memory(b, b->effective.genesis->member_count + ASSAY_JOINS_MAX))
        return ASSAY_E_MEMORY;
    if (b->effective.state != NULL) assay_state_copy(&b->state, b->effective.state);
    else genesis_state(b);
    assay_state_copy(&b->stage, &b->state);
    if (b->effective.genesis->operator_count > 0)
        ASSAY_TRY(assay_operators_encode(b->effective.genesis, &w));
    b->operators = assay_slice_over(w.bytes, w.len);
    return find_pending(b);
}

enum assay_status assay_draft_basis_open(const struct assay_genesis *genesis,
                                         struct assay_store *store, struct assay_change_basis **out)
{
    struct assay_change_basis *b = calloc(1, sizeof *b);
    if (b == NULL) return ASSAY_E_MEMORY;
    b->genesis = genesis;
    b->store = store;
    const enum assay_status status = open_basis(b);
    if (status != ASSAY_OK) assay_draft_basis_close(&b);
    ASSAY_ASSERT((status == ASSAY_OK) == (b != NULL));
    *out = b;
    return status;
}

void assay_draft_basis_close(struct assay_change_basis **basis)
{
    struct assay_change_basis *b = *basis;
    if (b == NULL) return;
    free(b->effective_memory);
    free(b->state_memory);
    free(b->stage_memory);
    free(b->close_memory);
    free(b->groups_memory);
    free(b->close);
    free(b->pending_memory);
    free(b);
    *basis = NULL;
}

/* ------------------------------------------------------------ judging */

enum assay_status assay_draft_refuse(char message[static ASSAY_CHANGE_MESSAGE],
                                     enum assay_status status, const char *format, ...)
{
    ASSAY_ASSERT(status != ASSAY_OK);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, ASSAY_CHANGE_MESSAGE, format, args);
    va_end(args);
    return status;
}

typedef unsigned long long llu;

static enum assay_status check_place(const struct assay_change_basis *b,
                                     const struct assay_change *c, bool is_signed, char *message)
{
    const struct assay_state *s = &b->state;
    const uint64_t running = s->epoch + 1;
    const uint64_t least = running + ASSAY_ACTIVATION_AHEAD_MIN;
    if (!assay_bytes_equal(c->chain_id, s->chain_id, 32))
        return assay_draft_refuse(message, ASSAY_E_CHAIN, "it is of another network");
    if (c->era != s->era)
        return assay_draft_refuse(message, ASSAY_E_CHAIN,
                                  "it is of era %u, the network is in era %u", (unsigned)c->era,
                                  (unsigned)s->era);
    if (c->sequence != 0 && c->sequence <= s->change_sequence)
        return assay_draft_refuse(message, ASSAY_E_DUPLICATE,
                                  "change number %llu is taken, the next one is %llu: draft and "
                                  "sign it again, unless it is "
                                  "the one that took it (assay change list)",
                                  (llu)c->sequence, (llu)s->change_sequence + 1);
    if (c->activation < least)
        return assay_draft_refuse(
            message, ASSAY_E_STALE,
            "activation in epoch %llu is too near: epoch %llu runs, %llu is the first "
            "possible one%s",
            (llu)c->activation, (llu)running, (llu)least,
            is_signed ? ": draft and sign it again" : "");
    if (c->activation > running + ASSAY_ACTIVATION_AHEAD_MAX)
        return assay_draft_refuse(
            message, ASSAY_E_INVALID,
            "activation in epoch %llu is too far away: epoch %llu runs, %llu is the last "
            "possible one",
            (llu)c->activation, (llu)running, (llu)running + ASSAY_ACTIVATION_AHEAD_MAX);
    return ASSAY_OK;
}

static enum assay_status check_signatures(const struct assay_change_basis *b,
                                          const struct assay_change_draft *d, bool whole,
                                          char *message)
{
    ASSAY_ASSERT(d->signature_count <= ASSAY_OPERATORS_MAX);
    const struct assay_genesis *effective = b->effective.genesis;
    const uint32_t needed = d->change.sequence == 0 ? 1 : effective->threshold;
    for (uint32_t i = 0; i < d->signature_count; i++) {
        char id[65];
        assay_hex_encode(d->signers[i], 32, id, sizeof id);
        if (assay_operator_find(effective, d->signers[i]) == NULL)
            return assay_draft_refuse(message, ASSAY_E_STRANGER,
                                      "signed by %.64s, which is not an operator", id);
        if (!assay_draft_signature_is_valid(effective, d, i))
            return assay_draft_refuse(message, ASSAY_E_SIGNATURE,
                                      "the signature of operator %.64s is wrong", id);
    }
    if (d->change.sequence == 0 && d->signature_count > 1)
        return assay_draft_refuse(message, ASSAY_E_SIGNATURE,
                                  "maintenance is signed by its one operator alone");
    if (whole && d->signature_count < needed)
        return assay_draft_refuse(message, ASSAY_E_SIGNATURE,
                                  "%u of %u signatures are there: assay change sign",
                                  (unsigned)d->signature_count, (unsigned)needed);
    return ASSAY_OK;
}

static enum assay_status check_documents(const struct assay_change *change, uint32_t level,
                                         char *message)
{
    struct assay_cursor c = assay_cursor_over(change->actions.bytes, change->actions.len);
    for (uint32_t i = 0; i < change->action_count; i++) {
        struct assay_action action;
        enum assay_status status = assay_action_next(&c, &action);
        if (status == ASSAY_OK &&
            (action.kind == ASSAY_ACTION_OPERATORS || action.kind == ASSAY_ACTION_OPERATOR_KEY))
            status = assay_operators_check(action.document);
        const bool is_policy = action.kind == ASSAY_ACTION_POLICY;
        uint32_t needed = 0;
        if (status == ASSAY_OK && (is_policy || action.kind == ASSAY_ACTION_ENDORSEMENTS))
            status = assay_rules_read_level(is_policy, action.document, &needed);
        if (status == ASSAY_OK && level < needed)
            return assay_draft_refuse(
                message, ASSAY_E_EARLY, "action %u (%s): devices of members: %s", (unsigned)i + 1,
                assay_action_name(action.kind), assay_change_level_needed(needed, level));
        if (status != ASSAY_OK)
            return assay_draft_refuse(
                message, status, "action %u (%s): the document cannot be used: %s", (unsigned)i + 1,
                assay_action_name(action.kind), assay_status_text(status));
    }
    return ASSAY_OK;
}

static enum assay_status check_maintenance(const struct assay_change_basis *b,
                                           const struct assay_change_draft *d, char *message)
{
    ASSAY_ASSERT(d->change.sequence == 0);
    const struct assay_change *change = &d->change;
    struct assay_cursor c = assay_cursor_over(change->actions.bytes, change->actions.len);
    for (uint32_t i = 0; i < change->action_count; i++) {
        struct assay_action action;
        ASSAY_TRY(assay_action_next(&c, &action));
        const uint32_t slot = assay_state_slot_of(&b->state, action.node_id);
        if (slot == b->state.member_count)
            return assay_draft_refuse(message, ASSAY_E_INVALID, "action %u: no member has this id",
                                      (unsigned)i + 1);
        const struct assay_member *m = &b->state.members[slot];
        if (d->signature_count > 0 && !assay_bytes_equal(m->operator_id, d->signers[0], 32))
            return assay_draft_refuse(
                message, ASSAY_E_INVALID,
                "%s is another operator's: maintenance is announced by its own", m->name);
        if (!assay_maintenance_fits(m, change->activation, action.epochs))
            return assay_draft_refuse(message, ASSAY_E_INVALID,
                                      "%s: more than %d epochs in any %d, or two at a time",
                                      m->name, ASSAY_MAINTENANCE_EPOCHS, ASSAY_MAINTENANCE_SPAN);
    }
    return ASSAY_OK;
}

static enum assay_status check_queue(const struct assay_change_basis *b,
                                     const struct assay_change *c, char *message)
{
    ASSAY_ASSERT(c->sequence > b->state.change_sequence); /* check_place */
    const struct assay_state *s = &b->state;
    uint64_t last = assay_trial_runs(&s->trial) ? s->trial.epoch : 0;
    if (s->pending_count > 0) last = s->pending[s->pending_count - 1].activation;
    if (c->forces != 0 && c->forces != s->reverted_sequence)
        return assay_draft_refuse(
            message, ASSAY_E_INVALID,
            "it forces change %llu, which is not the one that was reverted last", (llu)c->forces);
    if (c->sequence > s->change_sequence + 1)
        return assay_draft_refuse(message, ASSAY_E_EARLY, "it waits for change %llu",
                                  (llu)s->change_sequence + 1);
    if (s->pending_count == ASSAY_PENDING_MAX)
        return assay_draft_refuse(message, ASSAY_E_EARLY,
                                  "%d changes wait for their epochs already: it waits",
                                  ASSAY_PENDING_MAX);
    if (last != 0 && c->activation < last + ASSAY_ACTIVATION_APART)
        return assay_draft_refuse(
            message, ASSAY_E_INVALID,
            "activation in epoch %llu is too near to the change before it: %llu is the first "
            "that can be",
            (llu)c->activation, (llu)last + ASSAY_ACTIVATION_APART);
    return ASSAY_OK;
}

struct assay_slice assay_draft_plan(const struct assay_change_basis *basis)
{
    ASSAY_ASSERT(basis->state.pending_count <= ASSAY_PENDING_MAX);
    struct assay_slice plan = basis->effective.genesis->services;
    for (uint32_t i = 0; i < basis->state.pending_count; i++) {
        struct assay_change pending;
        struct assay_action action;
        if (assay_change_record_read(basis->pending[i], &pending) != ASSAY_OK) continue;
        struct assay_cursor c = assay_cursor_over(pending.actions.bytes, pending.actions.len);
        for (uint32_t k = 0; k < pending.action_count; k++)
            if (assay_action_next(&c, &action) == ASSAY_OK && action.kind == ASSAY_ACTION_SERVICES)
                plan = action.document;
    }
    return plan;
}

/* names: what is there so far; as many more as fit. */
static void add_name(char *names, size_t size, const char *name)
{
    const size_t len = strlen(names), room = size - len;
    if (strlen(name) + sizeof ", ..., " <= room)
        (void)snprintf(names + len, room, "%s%s", len > 0 ? ", " : "", name);
    else if (len < 3 || strcmp(names + len - 3, "...") != 0)
        (void)snprintf(names + len, room, ", ...");
}

/* protocol.md 9.10: the voters that this action waits for; none where it raises no level. */
static void name_missing(const struct assay_state *state, const struct assay_change *change,
                         uint32_t number, char *names, size_t size)
{
    struct assay_action action = { .kind = (enum assay_action_kind)0 };
    struct assay_cursor c = assay_cursor_over(change->actions.bytes, change->actions.len);
    names[0] = '\0';
    for (uint32_t i = 0; i <= number && i < change->action_count; i++)
        if (assay_action_next(&c, &action) != ASSAY_OK) return;
    const uint32_t level = action.parameters.level;
    if (action.kind != ASSAY_ACTION_PARAMETERS || level != state->rules.parameters.level + 1)
        return;
    for (uint32_t i = 0; i < state->member_count; i++)
        if (state->members[i].weight > 0 && state->members[i].level < level)
            add_name(names, size, state->members[i].name);
}

/* The stage, as the changes that blocks have and that are not in force yet will leave it. */
static enum assay_status stage_pending(struct assay_change_basis *b, struct assay_staging *staging,
                                       char *message)
{
    struct assay_unfit unfit;
    *staging = (struct assay_staging){ .state = &b->stage,
                                       .operators = b->operators,
                                       .plan = b->effective.genesis->services,
                                       .follow = assay_host_services_follow };
    assay_state_copy(&b->stage, &b->state);
    for (uint32_t i = 0; i < b->state.pending_count; i++) {
        struct assay_change pending;
        if (b->pending[i].len == 0)
            return assay_draft_refuse(message, ASSAY_E_NOT_FOUND,
                                      "change %llu, which waits, is not in the store",
                                      (llu)b->state.pending[i].sequence);
        if (assay_change_record_read(b->pending[i], &pending) != ASSAY_OK)
            return assay_draft_refuse(message, ASSAY_E_INVALID,
                                      "change %llu, which waits, is no CHANGE record",
                                      (llu)b->state.pending[i].sequence);
        const enum assay_status status = assay_change_apply(staging, &pending, &unfit);
        if (status != ASSAY_OK)
            return assay_draft_refuse(message, status, "change %llu, which waits, does not fit: %s",
                                      (llu)pending.sequence, unfit.why);
    }
    return ASSAY_OK;
}

/* Of a change that waits: no later check stands between it and its signatures. An identity key
 * follows the one that changes in blocks leave in force; one that is to follow a key that no block
 * has yet is drafted after that change. */
static enum assay_status check_new_keys(struct assay_change_basis *b,
                                        const struct assay_change *change, char *message)
{
    struct assay_staging staging;
    struct assay_cursor c = assay_cursor_over(change->actions.bytes, change->actions.len);
    if (assay_change_level(change) < ASSAY_LEVEL_KEYS) return ASSAY_OK;
    ASSAY_TRY(stage_pending(b, &staging, message));
    for (uint32_t i = 0; i < change->action_count; i++) {
        struct assay_action action;
        const struct assay_member *member = NULL;
        ASSAY_TRY(assay_action_next(&c, &action));
        if (action.kind == ASSAY_ACTION_IDENTITY) {
            const uint32_t slot = assay_state_slot_of(&b->stage, action.node_id);
            if (slot == b->stage.member_count)
                return assay_draft_refuse(message, ASSAY_E_INVALID,
                                          "action %u: no member has this id", (unsigned)i + 1);
            member = &b->stage.members[slot];
        } else if (action.kind != ASSAY_ACTION_OPERATOR_KEY) {
            continue;
        }
        if (!assay_change_key_agrees(change, &action, member))
            return assay_draft_refuse(
                message, ASSAY_E_INVALID,
                "action %u: the new key has not signed that it takes this place%s by this change",
                (unsigned)i + 1, member != NULL ? " after the key in force" : "");
    }
    return ASSAY_OK;
}

enum assay_status assay_draft_stage(struct assay_change_basis *b, const struct assay_change *change,
                                    char message[static ASSAY_CHANGE_MESSAGE])
{
    struct assay_unfit unfit;
    struct assay_staging staging;
    ASSAY_TRY(stage_pending(b, &staging, message));
    const enum assay_status status = assay_change_apply(&staging, change, &unfit);
    if (status == ASSAY_OK) return status;
    char missing[ASSAY_CHANGE_MESSAGE / 2];
    name_missing(&b->stage, change, unfit.action, missing, sizeof missing);
    return assay_draft_refuse(message, status, "action %u: %s%s%s", (unsigned)unfit.action + 1,
                              unfit.why, missing[0] != '\0' ? ": missing " : "", missing);
}

enum assay_status assay_draft_review(struct assay_change_basis *basis,
                                     const struct assay_change_draft *draft, bool whole,
                                     char message[static ASSAY_CHANGE_MESSAGE])
{
    const struct assay_change *change = &draft->change;
    message[0] = '\0';
    if (basis->operators.len == 0)
        return assay_draft_refuse(message, ASSAY_E_UNSUPPORTED, "this network has no operators");
    ASSAY_TRY(check_place(basis, change, draft->signature_count > 0, message));
    ASSAY_TRY(check_signatures(basis, draft, whole, message));
    ASSAY_TRY(check_documents(change, basis->state.rules.parameters.level, message));
    if (change->sequence == 0) return check_maintenance(basis, draft, message);
    const enum assay_status place = check_queue(basis, change, message);
    if (place == ASSAY_E_EARLY) /* it is not staged */
        ASSAY_TRY(check_new_keys(basis, change, message));
    ASSAY_TRY(place);
    ASSAY_TRY(assay_draft_stage(basis, change, message));
    const uint32_t level = assay_change_level(change);
    if (basis->state.rules.parameters.level < level)
        return assay_draft_refuse(message, ASSAY_E_EARLY,
                                  "it waits until feature level %u is in force", (unsigned)level);
    return ASSAY_OK;
}

void assay_draft_compute_weights(struct assay_change_basis *b, struct assay_state *state,
                                 struct assay_tolerance *tolerance)
{
    ASSAY_ASSERT(state == &b->state || state == &b->stage);
    struct assay_groups groups;
    const struct assay_close_rules rules = { .groups = &groups,
                                             .score = assay_score_rules_default() };
    assay_close_groups(state, b->close->places, b->groups_memory, &groups);
    assay_close_tolerance(&rules, b->close, state, tolerance);
    for (uint32_t i = 0; i < state->member_count; i++)
        state->members[i].weight = b->close->weights_after[i];
    assay_close_seats(&groups, b->close, state);
}

/* Its weight returns with the change, or its row has no key: until it votes, the others have to be
 * a quorum. */
static bool is_silent(const struct assay_change_basis *b, const bool *absent, uint32_t slot)
{
    const bool old = slot < b->state.member_count;
    if (b->stage.members[slot].keyless) return true;
    if (!old || b->state.members[slot].weight == 0) return true;
    return absent != NULL && absent[slot];
}

void assay_draft_count_quorum(const struct assay_change_basis *b, const bool *absent,
                              struct assay_change_quorum *q)
{
    ASSAY_ASSERT(b->stage.member_count >= b->state.member_count);
    *q = (struct assay_change_quorum){ .total = 0 };
    for (uint32_t i = 0; i < b->stage.member_count; i++) {
        const uint32_t weight = assay_member_row_weight(&b->stage.members[i]);
        if (weight == 0) continue;
        q->voters++;
        q->total += weight;
        if (!is_silent(b, absent, i)) continue;
        q->silent_count++;
        q->silent += weight;
        add_name(q->names, sizeof q->names, b->stage.members[i].name);
    }
}

bool assay_draft_quorum_is_lost(const struct assay_change_quorum *q)
{
    return q->total > 0 && 3 * q->silent >= q->total;
}

/* ------------------------------------------------------------ words */

/* The options of the command line; on the wire they are REST and WAKE. */
static const char *stage_words(enum assay_action_kind kind)
{
    if (kind == ASSAY_ACTION_REST) return "drain";
    return kind == ASSAY_ACTION_WAKE ? "undrain" : assay_action_name(kind);
}

/* A name with its node_id whole. */
enum { NAMED_MAX = ASSAY_NAME_MAX + 72 };

static void name_of(const struct assay_state *state, const uint8_t node_id[static 32],
                    char name[static NAMED_MAX])
{
    char hex[65];
    assay_hex_encode(node_id, 32, hex, sizeof hex);
    const uint32_t slot = assay_state_slot_of(state, node_id);
    (void)snprintf(name, NAMED_MAX, "%s (%.64s)",
                   slot < state->member_count ? state->members[slot].name : "?", hex);
}

/* Its signer vouches for the platform as well. */
static void join_words(const struct assay_genesis_member *card,
                       char words[static ASSAY_CHANGE_WORDS])
{
    char node[65], by[65], platform[65], root[65];
    assay_hex_encode(card->node_id, 32, node, sizeof node);
    assay_hex_encode(card->operator_id, 32, by, sizeof by);
    assay_hex_encode(card->platform_id, 32, platform, sizeof platform);
    assay_hex_encode(card->vendor_root, 32, root, sizeof root);
    (void)snprintf(words, ASSAY_CHANGE_WORDS,
                   "join %.*s (%.64s) of operator %.64s: %s, platform %.64s, vendor root %.64s",
                   (int)card->name.len, (const char *)card->name.bytes, node, by,
                   assay_kind_text((enum assay_evidence_kind)card->evidence_kind), platform, root);
}

static void document_words(const struct assay_action *action, const char *what,
                           char words[static ASSAY_CHANGE_WORDS])
{
    uint8_t digest[32];
    char hex[65];
    assay_sha256(action->document.bytes, action->document.len, digest);
    assay_hex_encode(digest, sizeof digest, hex, sizeof hex);
    (void)snprintf(words, ASSAY_CHANGE_WORDS, "%s %.64s", what, hex);
}

/* The name is in the document, next to the new key. */
static void operator_key_words(const struct assay_action *action,
                               char words[static ASSAY_CHANGE_WORDS])
{
    struct assay_cursor c;
    struct assay_genesis_operator o;
    struct assay_slice name = { 0 };
    uint64_t number = 0;
    uint32_t threshold = 0, count = 0;
    char old[65], key[2 * ASSAY_P256_PUBLIC_LEN + 1];
    if (assay_operators_open(action->document, &c, &number, &threshold, &count) != ASSAY_OK)
        count = 0;
    for (uint32_t i = 0; i < count && assay_operators_next(&c, &o) == ASSAY_OK; i++)
        if (assay_bytes_equal(o.public_key, action->public_key, sizeof o.public_key)) name = o.name;
    if (!assay_name_is_fit(name)) name = assay_slice_over((const uint8_t *)"?", 1);
    assay_hex_encode(action->node_id, 32, old, sizeof old);
    assay_hex_encode(action->public_key, sizeof action->public_key, key, sizeof key);
    (void)snprintf(words, ASSAY_CHANGE_WORDS,
                   "new key of operator %.*s (in place of %.64s): %.128s; its members stay",
                   (int)name.len, (const char *)name.bytes, old, key);
}

static void parameter_words(const struct assay_genesis_parameters *p,
                            char words[static ASSAY_CHANGE_WORDS])
{
    (void)snprintf(
        words, ASSAY_CHANGE_WORDS,
        "parameters: epoch_ms %u, operator cap %u/%u, vendor cap %u/%u, block_len_max "
        "%u, feature level %u, collateral_delay %llu s, amplification %u %%, quiet "
        "floor %u %%%s",
        (unsigned)p->epoch_ms, (unsigned)p->operator_cap_num, (unsigned)p->operator_cap_den,
        (unsigned)p->vendor_cap_num, (unsigned)p->vendor_cap_den, (unsigned)p->block_len_max,
        (unsigned)p->level, (llu)assay_parameters_delay_ms(p) / 1000,
        (unsigned)assay_parameters_amplification(p), (unsigned)assay_parameters_quiet_floor(p),
        assay_bytes_all_zero(p->verifier_digest, 32) ? "" : ", one verifier is pinned");
}

__attribute__((format(printf, 3, 4))) static void set_parameter(struct assay_change_parameter *one,
                                                                const char *name,
                                                                const char *format, ...)
{
    va_list args;
    va_start(args, format);
    one->name = name;
    (void)vsnprintf(one->value, sizeof one->value, format, args);
    va_end(args);
}

void assay_draft_list_parameters(const struct assay_genesis_parameters *p,
                                 struct assay_change_parameter list[static ASSAY_CHANGE_PARAMETERS])
{
    char verifier[65] = "none";
    if (!assay_bytes_all_zero(p->verifier_digest, 32))
        assay_hex_encode(p->verifier_digest, 32, verifier, sizeof verifier);
    struct assay_change_parameter *one = list;
    set_parameter(one++, "epoch_ms", "%u", (unsigned)p->epoch_ms);
    set_parameter(one++, "operator_cap", "%u/%u", (unsigned)p->operator_cap_num,
                  (unsigned)p->operator_cap_den);
    set_parameter(one++, "vendor_cap", "%u/%u", (unsigned)p->vendor_cap_num,
                  (unsigned)p->vendor_cap_den);
    set_parameter(one++, "block_len_max", "%u", (unsigned)p->block_len_max);
    set_parameter(one++, "level", "%u", (unsigned)p->level);
    set_parameter(one++, "collateral_delay", "%llu", (llu)assay_parameters_delay_ms(p) / 1000);
    set_parameter(one++, "amplification_percent", "%u",
                  (unsigned)assay_parameters_amplification(p));
    set_parameter(one++, "quiet_floor_percent", "%u", (unsigned)assay_parameters_quiet_floor(p));
    set_parameter(one++, "verifier", "%.64s", verifier);
    ASSAY_ASSERT(one == list + ASSAY_CHANGE_PARAMETERS);
}

void assay_draft_format_action(const struct assay_state *state, const struct assay_action *action,
                               char words[static ASSAY_CHANGE_WORDS])
{
    char name[NAMED_MAX];
    char hex[65], key[2 * ASSAY_P256_PUBLIC_LEN + 1];
    switch (action->kind) {
    case ASSAY_ACTION_JOIN: join_words(&action->card, words); return;
    case ASSAY_ACTION_LEAVE:
    case ASSAY_ACTION_REST:
    case ASSAY_ACTION_WAKE:
        name_of(state, action->node_id, name);
        (void)snprintf(words, ASSAY_CHANGE_WORDS, "%s %s", stage_words(action->kind), name);
        return;
    case ASSAY_ACTION_MAINTENANCE:
        name_of(state, action->node_id, name);
        (void)snprintf(words, ASSAY_CHANGE_WORDS, "maintenance of %s for %u epochs", name,
                       (unsigned)action->epochs);
        return;
    case ASSAY_ACTION_PARAMETERS: parameter_words(&action->parameters, words); return;
    case ASSAY_ACTION_POLICY: document_words(action, "policy", words); return;
    case ASSAY_ACTION_OPERATORS: document_words(action, "operators", words); return;
    case ASSAY_ACTION_ENDORSEMENTS: document_words(action, "endorsements", words); return;
    case ASSAY_ACTION_SERVICES: document_words(action, "services", words); return;
    case ASSAY_ACTION_OPERATOR_KEY: operator_key_words(action, words); return;
    case ASSAY_ACTION_IDENTITY:
        name_of(state, action->node_id, name);
        assay_hex_encode(action->public_key, sizeof action->public_key, key, sizeof key);
        (void)snprintf(words, ASSAY_CHANGE_WORDS, "new identity key of %s: %.128s", name, key);
        return;
    case ASSAY_ACTION_COLLATERAL:
        assay_hex_encode(action->digest, 32, hex, sizeof hex);
        (void)snprintf(words, ASSAY_CHANGE_WORDS, "collateral %.64s, without a trial", hex);
        return;
    }
    ASSAY_UNREACHABLE("an action is of a listed kind");
}

/* ------------------------------------------------------------ what is in force */

static const uint8_t *node_of(const struct assay_action *action)
{
    return action->kind == ASSAY_ACTION_JOIN ? action->card.node_id : action->node_id;
}

bool assay_draft_supersedes(const struct assay_action *later, const struct assay_action *earlier)
{
    uint8_t key[32];
    const enum assay_action_kind kind = later->kind;
    const bool is_same = assay_bytes_equal(node_of(later), node_of(earlier), 32);
    switch (earlier->kind) {
    case ASSAY_ACTION_PARAMETERS: /* replaced as a whole, as documents are */
    case ASSAY_ACTION_POLICY:
    case ASSAY_ACTION_ENDORSEMENTS:
    case ASSAY_ACTION_SERVICES: return kind == earlier->kind;
    case ASSAY_ACTION_OPERATORS: /* a new key is one in a new list */
        return kind == ASSAY_ACTION_OPERATORS || kind == ASSAY_ACTION_OPERATOR_KEY;
    case ASSAY_ACTION_OPERATOR_KEY:
        assay_sha256(earlier->public_key, sizeof earlier->public_key, key);
        return kind == earlier->kind && assay_bytes_equal(later->node_id, key, sizeof key);
    case ASSAY_ACTION_JOIN: return is_same && kind == ASSAY_ACTION_LEAVE;
    case ASSAY_ACTION_LEAVE: return is_same && kind == ASSAY_ACTION_JOIN;
    case ASSAY_ACTION_REST:
    case ASSAY_ACTION_WAKE:
        return is_same && (kind == ASSAY_ACTION_REST || kind == ASSAY_ACTION_WAKE ||
                           kind == ASSAY_ACTION_LEAVE);
    case ASSAY_ACTION_IDENTITY:
        return is_same && (kind == ASSAY_ACTION_IDENTITY || kind == ASSAY_ACTION_LEAVE);
    case ASSAY_ACTION_MAINTENANCE: /* is over by itself */
    case ASSAY_ACTION_COLLATERAL: return false;
    }
    ASSAY_UNREACHABLE("an action is of a listed kind");
}
