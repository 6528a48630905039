/*
 * engine/ledger/records/change.c - CHANGE: encoding, and its effect on a state (docs/protocol.md
 * 9.5 to 9.8).
 */
#include "engine/ledger/records/change.h"
#include "engine/ledger/records/key_change.h"
#include "engine/ledger/records/update.h"

#include "base/assert.h"
#include "base/cbor.h"

#include <string.h>

enum { RECORD_CHANGE = 7, DOCUMENT_LEN_MAX = ASSAY_CHANGE_LEN_MAX };

const char *assay_action_name(enum assay_action_kind kind)
{
#define ACTION_NAME(symbol, number, name)                                                          \
    case symbol: return name;
    switch (kind) {
        ASSAY_ACTION_LIST(ACTION_NAME)
    }
#undef ACTION_NAME
    return "unknown";
}

/* --- shape */

/* How many items an action's array has. */
static uint64_t item_count(enum assay_action_kind kind)
{
    if (kind == ASSAY_ACTION_OPERATOR_KEY) return 5;
    if (kind == ASSAY_ACTION_IDENTITY) return 4;
    return kind == ASSAY_ACTION_MAINTENANCE ? 3 : 2;
}

/* A subject, its new key, and the signature of that key. */
static enum assay_status decode_key(struct assay_cursor *c, struct assay_action *a)
{
    ASSAY_TRY(assay_cbor_bytes_exact(c, a->node_id, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(c, a->public_key, sizeof a->public_key));
    return assay_cbor_bytes_exact(c, a->signature, sizeof a->signature);
}

static void encode_key(struct assay_writer *w, const struct assay_action *a)
{
    assay_cbor_put_bytes(w, a->node_id, 32);
    assay_cbor_put_bytes(w, a->public_key, sizeof a->public_key);
    assay_cbor_put_bytes(w, a->signature, sizeof a->signature);
}

static enum assay_status decode_about(struct assay_cursor *c, struct assay_action *a)
{
    uint64_t epochs = 0;
    switch (a->kind) {
    case ASSAY_ACTION_JOIN: return assay_member_card_read(c, &a->card);
    case ASSAY_ACTION_LEAVE:
    case ASSAY_ACTION_REST:
    case ASSAY_ACTION_WAKE: return assay_cbor_bytes_exact(c, a->node_id, 32);
    case ASSAY_ACTION_MAINTENANCE:
        ASSAY_TRY(assay_cbor_bytes_exact(c, a->node_id, 32));
        ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_MAINTENANCE_EPOCHS, &epochs));
        a->epochs = (uint32_t)epochs;
        return epochs > 0 ? ASSAY_OK : ASSAY_E_RANGE;
    case ASSAY_ACTION_PARAMETERS: return assay_parameters_read(c, &a->parameters);
    case ASSAY_ACTION_POLICY:
    case ASSAY_ACTION_OPERATORS:
    case ASSAY_ACTION_ENDORSEMENTS: return assay_cbor_bytes(c, DOCUMENT_LEN_MAX, &a->document);
    case ASSAY_ACTION_SERVICES:
        return assay_cbor_bytes(c, ASSAY_SERVICES_PLAN_LEN_MAX, &a->document);
    case ASSAY_ACTION_COLLATERAL: return assay_cbor_bytes_exact(c, a->digest, 32);
    case ASSAY_ACTION_OPERATOR_KEY:
        ASSAY_TRY(assay_cbor_bytes(c, DOCUMENT_LEN_MAX, &a->document));
        return decode_key(c, a);
    case ASSAY_ACTION_IDENTITY: return decode_key(c, a);
    }
    return ASSAY_E_UNSUPPORTED; /* a number from the wire */
}

enum assay_status assay_action_next(struct assay_cursor *actions, struct assay_action *action)
{
    uint64_t items = 0;
    uint64_t kind = 0;
    assay_bytes_zero(action, sizeof *action);
    ASSAY_TRY(assay_cbor_array(actions, 5, &items));
    ASSAY_TRY(assay_cbor_uint_max(actions, UINT16_MAX, &kind));
    action->kind = (enum assay_action_kind)kind;
    if (items != item_count(action->kind)) return ASSAY_E_ENCODING;
    return decode_about(actions, action);
}

enum assay_status assay_change_decode(struct assay_slice body, struct assay_change *change)
{
    struct assay_cursor c = assay_cursor_over(body.bytes, body.len);
    uint64_t era = 0;
    uint64_t count = 0;
    *change = (struct assay_change){ 0 };
    ASSAY_TRY(assay_cbor_array_exact(&c, 7));
    ASSAY_TRY(assay_cbor_text_expect(&c, "assay/change/v1"));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, change->chain_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX, &era));
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &change->sequence));
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &change->activation));
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &change->forces));
    ASSAY_TRY(assay_cbor_array(&c, ASSAY_ACTIONS_MAX, &count));
    if (count == 0) return ASSAY_E_RANGE;
    change->era = (uint32_t)era;
    change->action_count = (uint32_t)count;
    const size_t start = c.pos;
    uint32_t joins = 0;
    for (uint64_t i = 0; i < count; i++) {
        struct assay_action action;
        ASSAY_TRY(assay_action_next(&c, &action));
        joins += action.kind == ASSAY_ACTION_JOIN;
        /* One operator may sign for its own members, and for their absence alone. */
        if ((change->sequence == 0) != (action.kind == ASSAY_ACTION_MAINTENANCE))
            return ASSAY_E_SYNTAX;
    }
    if (joins > ASSAY_JOINS_MAX) return ASSAY_E_RANGE;
    change->actions = assay_slice_over(body.bytes + start, c.pos - start);
    return assay_cursor_end(&c);
}

static void encode_action(struct assay_writer *w, const struct assay_action *a)
{
    assay_cbor_put_array(w, item_count(a->kind));
    assay_cbor_put_uint(w, (uint64_t)a->kind);
    switch (a->kind) {
    case ASSAY_ACTION_JOIN: assay_member_card_put(w, &a->card); return;
    case ASSAY_ACTION_LEAVE:
    case ASSAY_ACTION_REST:
    case ASSAY_ACTION_WAKE: assay_cbor_put_bytes(w, a->node_id, 32); return;
    case ASSAY_ACTION_MAINTENANCE:
        assay_cbor_put_bytes(w, a->node_id, 32);
        assay_cbor_put_uint(w, a->epochs);
        return;
    case ASSAY_ACTION_PARAMETERS: assay_parameters_put(w, &a->parameters); return;
    case ASSAY_ACTION_POLICY:
    case ASSAY_ACTION_OPERATORS:
    case ASSAY_ACTION_ENDORSEMENTS:
    case ASSAY_ACTION_SERVICES: assay_cbor_put_bytes(w, a->document.bytes, a->document.len); return;
    case ASSAY_ACTION_COLLATERAL: assay_cbor_put_bytes(w, a->digest, 32); return;
    case ASSAY_ACTION_OPERATOR_KEY:
        assay_cbor_put_bytes(w, a->document.bytes, a->document.len);
        encode_key(w, a);
        return;
    case ASSAY_ACTION_IDENTITY: encode_key(w, a); return;
    }
    ASSAY_UNREACHABLE("an action is of a listed kind");
}

enum assay_status assay_change_encode(const struct assay_change *change,
                                      const struct assay_action *actions, uint32_t count,
                                      struct assay_writer *w)
{
    struct assay_slice all;
    ASSAY_ASSERT(change != NULL && actions != NULL);
    if (count == 0 || count > ASSAY_ACTIONS_MAX) return ASSAY_E_RANGE;
    assay_cbor_put_array(w, 7);
    assay_cbor_put_text(w, "assay/change/v1");
    assay_cbor_put_bytes(w, change->chain_id, 32);
    assay_cbor_put_uint(w, change->era);
    assay_cbor_put_uint(w, change->sequence);
    assay_cbor_put_uint(w, change->activation);
    assay_cbor_put_uint(w, change->forces);
    assay_cbor_put_array(w, count);
    for (uint32_t i = 0; i < count; i++)
        encode_action(w, &actions[i]);
    return assay_writer_finish(w, &all);
}

enum assay_status assay_record_put_change(struct assay_writer *w, struct assay_slice body,
                                          const uint8_t (*operator_ids)[32],
                                          const uint8_t (*signatures)[ASSAY_P256_SIGNATURE_LEN],
                                          uint32_t count)
{
    struct assay_slice all;
    ASSAY_ASSERT(count == 0 || (operator_ids != NULL && signatures != NULL));
    if (count > ASSAY_OPERATORS_MAX) return ASSAY_E_RANGE;
    assay_cbor_put_array(w, 3);
    assay_cbor_put_uint(w, RECORD_CHANGE);
    assay_cbor_put_bytes(w, body.bytes, body.len);
    assay_cbor_put_array(w, count);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0 && assay_bytes_compare(operator_ids[i - 1], operator_ids[i], 32) >= 0)
            return ASSAY_E_RANGE;
        assay_cbor_put_array(w, 2);
        assay_cbor_put_bytes(w, operator_ids[i], 32);
        assay_cbor_put_bytes(w, signatures[i], ASSAY_P256_SIGNATURE_LEN);
    }
    return assay_writer_finish(w, &all);
}

size_t assay_change_body_len_max(uint32_t signatures)
{
    /* The heads of the record and of its body, whose length has two bytes; of one signature its
     * head, id and signature, each of these with a head of two bytes. */
    enum { HEADS = 1 + 1 + 3, SIGNATURE = 1 + 2 + 32 + 2 + ASSAY_P256_SIGNATURE_LEN };
    ASSAY_ASSERT(signatures <= ASSAY_OPERATORS_MAX);
    const size_t head = signatures < 24 ? 1 : signatures < 256 ? 2 : 3;
    const size_t room = ASSAY_CHANGE_RECORD_LEN_MAX - HEADS - head - (size_t)SIGNATURE * signatures;
    return room < ASSAY_CHANGE_LEN_MAX ? room : ASSAY_CHANGE_LEN_MAX;
}

enum assay_status assay_change_record_read(struct assay_slice record, struct assay_change *change)
{
    struct assay_cursor c = assay_cursor_over(record.bytes, record.len);
    struct assay_slice body;
    uint64_t kind = 0, count = 0;
    if (record.len > ASSAY_CHANGE_RECORD_LEN_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_array_exact(&c, 3));
    ASSAY_TRY(assay_cbor_uint(&c, &kind));
    if (kind != RECORD_CHANGE) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_CHANGE_LEN_MAX, &body));
    ASSAY_TRY(assay_cbor_array(&c, ASSAY_OPERATORS_MAX, &count));
    for (uint64_t i = 0; i < count; i++) {
        uint8_t id[32], signature[ASSAY_P256_SIGNATURE_LEN];
        ASSAY_TRY(assay_cbor_array_exact(&c, 2));
        ASSAY_TRY(assay_cbor_bytes_exact(&c, id, sizeof id));
        ASSAY_TRY(assay_cbor_bytes_exact(&c, signature, sizeof signature));
    }
    ASSAY_TRY(assay_cursor_end(&c));
    return assay_change_decode(body, change);
}

void assay_change_of_record(struct assay_slice record, struct assay_change *change)
{
    const enum assay_status status = assay_change_record_read(record, change);
    ASSAY_ASSERT(status == ASSAY_OK); /* it stands in a final block */
}

/* --- maintenance */

bool assay_maintenance_fits(const struct assay_member *member, uint64_t from, uint32_t epochs)
{
    ASSAY_ASSERT(epochs > 0 && epochs <= ASSAY_MAINTENANCE_EPOCHS);
    const uint64_t until = from + epochs - 1;
    uint64_t announced = epochs;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < member->maintenance_count; i++) {
        const struct assay_maintenance *m = &member->maintenances[i];
        if (m->until >= from) return false; /* in order, and never twice */
        if (m->until + ASSAY_MAINTENANCE_SPAN <= until) continue;
        /* Counted whole even where the span cuts it: never more than 1 in 16, sometimes less. */
        announced += m->until - m->from + 1;
        kept++;
    }
    return announced <= ASSAY_MAINTENANCE_EPOCHS && kept < ASSAY_MAINTENANCES_MAX;
}

void assay_maintenance_add(struct assay_member *member, uint64_t closed, uint64_t from,
                           uint64_t until)
{
    ASSAY_ASSERT(from > closed && until >= from);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < member->maintenance_count; i++)
        if (member->maintenances[i].until + ASSAY_MAINTENANCE_SPAN > until)
            member->maintenances[kept++] = member->maintenances[i];
    ASSAY_ASSERT(kept < ASSAY_MAINTENANCES_MAX); /* fits */
    member->maintenances[kept++] = (struct assay_maintenance){ from, until };
    for (uint32_t i = kept; i < ASSAY_MAINTENANCES_MAX; i++)
        member->maintenances[i] = (struct assay_maintenance){ 0 };
    member->maintenance_count = kept;
}

/* --- what it makes of a state */

struct applying {
    const struct assay_change *change;
    struct assay_state *state;
    struct assay_slice operators, plan;
    assay_plan_follow *follow;
    struct assay_service_places places;
    uint32_t level; /* in force before it */
    uint64_t sequence, activation;
    const char *why;
};

static enum assay_status reject_action(struct applying *a, enum assay_status status,
                                       const char *why)
{
    a->why = why;
    return status;
}

static bool is_operator(struct assay_slice document, const uint8_t id[static 32])
{
    struct assay_cursor c;
    uint64_t number = 0;
    uint32_t threshold = 0, count = 0;
    if (assay_operators_open(document, &c, &number, &threshold, &count) != ASSAY_OK) return false;
    for (uint32_t i = 0; i < count; i++) {
        struct assay_genesis_operator o;
        if (assay_operators_next(&c, &o) != ASSAY_OK) return false;
        if (assay_bytes_equal(o.operator_id, id, 32)) return true;
    }
    return false;
}

/* A slot that nobody needs any more: proofs about its member are too old, and what is remembered of
 * its platform (docs/protocol.md 7.6: one offence is forgotten in 512 epochs) is forgotten. */
static bool is_free(const struct assay_member *m, uint64_t activation)
{
    const uint64_t kept = (uint64_t)ASSAY_RETAINED_EPOCHS + 512 * (uint64_t)m->trust.offences.count;
    return m->stage == ASSAY_STAGE_LEFT && m->stage_epoch + kept < activation;
}

static struct assay_offences find_remembered_offences(const struct assay_state *state,
                                                      const struct assay_genesis_member *card)
{
    struct assay_offences most = { 0 };
    const bool masked = assay_bytes_all_zero(card->platform_id, 32);
    for (uint32_t i = 0; i < state->member_count; i++) {
        const struct assay_member *m = &state->members[i];
        if (!assay_bytes_equal(m->platform_id, card->platform_id, 32)) continue;
        /* docs/protocol.md 6.2: masked ids share by operator and vendor root, and no others do. */
        if (masked && !assay_bytes_equal(m->vendor_root, card->vendor_root, 32)) continue;
        if (masked && !assay_bytes_equal(m->operator_id, card->operator_id, 32)) continue;
        most = assay_offences_worse(most, m->trust.offences);
    }
    return most;
}

/* docs/protocol.md 5.22: each operator with members has a seat of its own, so no more of them than
 * there are seats. slot: where the newcomer will be; what stands there is not counted. */
static bool has_seat_left(const struct assay_state *s, uint32_t slot,
                          const struct assay_genesis_member *card)
{
    uint32_t operators = 0;
    for (uint32_t i = 0; i < s->member_count; i++) {
        bool is_first = i != slot && s->members[i].stage != ASSAY_STAGE_LEFT;
        if (!is_first) continue;
        if (assay_bytes_equal(s->members[i].operator_id, card->operator_id, 32)) return true;
        for (uint32_t k = 0; k < i && is_first; k++)
            is_first = k == slot || s->members[k].stage == ASSAY_STAGE_LEFT ||
                       !assay_bytes_equal(s->members[i].operator_id, s->members[k].operator_id, 32);
        operators += is_first;
    }
    return operators < ASSAY_VOTERS_MAX;
}

/* docs/protocol.md 9.6.5. */
static bool has_name(const struct assay_member *m, struct assay_slice name)
{
    return strlen(m->name) == name.len && assay_bytes_equal(m->name, name.bytes, name.len);
}

static enum assay_status apply_join(struct applying *a, const struct assay_genesis_member *card)
{
    struct assay_state *s = a->state;
    uint32_t slot = s->member_count;
    bool comes_back = false;
    if (!is_operator(a->operators, card->operator_id))
        return reject_action(a, ASSAY_E_INVALID, "its operator is not one of the network's");
    for (uint32_t i = 0; i < s->member_count; i++) {
        const struct assay_member *m = &s->members[i];
        if (is_free(m, a->activation)) {
            /* docs/protocol.md 9.6.6: no id stands in two slots, whatever became of its member. */
            const bool is_own = assay_bytes_equal(m->node_id, card->node_id, 32);
            if (is_own || (!comes_back && slot == s->member_count)) slot = i;
            comes_back = comes_back || is_own;
            continue;
        }
        if (assay_bytes_equal(m->node_id, card->node_id, 32))
            return reject_action(a, ASSAY_E_DUPLICATE,
                                 m->stage == ASSAY_STAGE_LEFT ? "it left a moment ago: later"
                                                              : "it is a member already");
        if (assay_member_has_key(m, card->identity_public, card->bootstrap_public) ||
            assay_member_has_key(m, card->voting_public, card->transport_public))
            return reject_action(a, ASSAY_E_DUPLICATE, "another member has one of its keys");
        if (m->stage != ASSAY_STAGE_LEFT && has_name(m, card->name))
            return reject_action(a, ASSAY_E_DUPLICATE, "another member has its name");
    }
    if (assay_bytes_equal(card->identity_public, card->voting_public, ASSAY_P256_PUBLIC_LEN) ||
        assay_bytes_equal(card->bootstrap_public, card->transport_public, 32))
        return reject_action(a, ASSAY_E_DUPLICATE, "one key serves two purposes");
    /* Before there is one slot more: what stands in it is nobody's, and of no state. */
    const struct assay_offences offences = find_remembered_offences(s, card);
    if (slot == s->member_count) {
        if (slot >= s->capacity || slot >= ASSAY_MEMBERS_MAX)
            return reject_action(a, ASSAY_E_FULL, "the roster is full");
        s->member_count++;
    }
    if (!has_seat_left(s, slot, card))
        return reject_action(a, ASSAY_E_FULL, "as many operators have members as there are seats");
    assay_member_born(&s->members[slot], card);
    s->members[slot].lives[0].since_epoch = a->activation;
    s->members[slot].trust = assay_trust_newcomer(offences);
    s->members[slot].order_epoch = s->epoch; /* orders: docs/protocol.md 10.2 */
    s->members[slot].stage_epoch = a->activation;
    s->counters[slot] = 0;
    ASSAY_ASSERT(s->member_count <= s->capacity);
    return ASSAY_OK;
}

static enum assay_status apply_stage(struct applying *a, const uint8_t node_id[static 32],
                                     enum assay_stage from, enum assay_stage to, const char *why)
{
    struct assay_state *s = a->state;
    const uint32_t slot = assay_state_slot_of(s, node_id);
    if (slot == s->member_count) return reject_action(a, ASSAY_E_INVALID, "no member has this id");
    struct assay_member *m = &s->members[slot];
    if (m->stage_epoch == a->activation && m->stage_epoch != 0)
        return reject_action(a, ASSAY_E_DUPLICATE, "two actions about one member");
    if (to != ASSAY_STAGE_LEFT && m->stage != from) return reject_action(a, ASSAY_E_INVALID, why);
    m->stage = to;
    m->stage_epoch = a->activation;
    m->weight = m->seat_weight = 0; /* until the table is made */
    m->keyless = false;
    s->counters[slot] = 0;
    /* What is not attested is not trusted: back at work it earns A again, as after an absence. */
    if (to == ASSAY_STAGE_RESTING) assay_trust_rest(&m->trust);
    m->order_epoch = s->epoch; /* orders about it have a number of their own (10.2) */
    return ASSAY_OK;
}

/* docs/protocol.md 9.6.4: what operators sign names their document by its digest. With the number
 * of the change in it no document comes into force twice, also where the same operators come back:
 * what they signed before they were replaced is of nobody in force. */
static enum assay_status apply_operators(struct applying *a, struct assay_slice document)
{
    struct assay_state *s = a->state;
    struct assay_cursor c;
    uint64_t number = 0;
    uint32_t threshold = 0, count = 0;
    if (assay_operators_open(document, &c, &number, &threshold, &count) != ASSAY_OK ||
        number != a->sequence)
        return reject_action(
            a, ASSAY_E_INVALID,
            "the operators' document has another number than its change: draft and sign "
            "it anew");
    for (uint32_t i = 0; i < s->member_count; i++)
        if (s->members[i].stage != ASSAY_STAGE_LEFT &&
            !is_operator(document, s->members[i].operator_id))
            return reject_action(a, ASSAY_E_INVALID, "a member's operator is not in the new list");
    a->operators = document;
    assay_sha256(document.bytes, document.len, s->operators_digest);
    return ASSAY_OK;
}

/* docs/protocol.md 9.10: one level at a time, when every voter's build supports it. */
static enum assay_status apply_parameters(struct applying *a,
                                          const struct assay_genesis_parameters *parameters)
{
    struct assay_state *s = a->state;
    const uint32_t now = s->rules.parameters.level;
    if (parameters->seats_max != s->rules.parameters.seats_max)
        return reject_action(a, ASSAY_E_INVALID, "how many vote is fixed by genesis");
    if (parameters->level != now && parameters->level != now + 1)
        return reject_action(a, ASSAY_E_INVALID, "a feature level rises by one, and never falls");
    for (uint32_t i = 0; parameters->level > now && i < s->member_count; i++)
        if (s->members[i].weight > 0 && s->members[i].level < parameters->level)
            return reject_action(
                a, ASSAY_E_INVALID,
                "a voter's ballots have not announced this feature level: it needs a "
                "build that supports it, and one epoch (level of assay nodes --json)");
    s->rules.parameters = *parameters;
    return ASSAY_OK;
}

/* docs/protocol.md 12.7: the documents of the state are moved when the epoch before has closed. */
static enum assay_status apply_services(struct applying *a, struct assay_slice plan)
{
    if (a->level < ASSAY_LEVEL_SERVICES)
        return reject_action(a, ASSAY_E_INVALID,
                             assay_change_level_needed(ASSAY_LEVEL_SERVICES, a->level));
    if (a->follow == NULL)
        return reject_action(a, ASSAY_E_UNSUPPORTED, "services are not known here");
    if (a->places.count > 0) return reject_action(a, ASSAY_E_DUPLICATE, "two plans of services");
    const char *why = "";
    const enum assay_status status = a->follow(a->plan, plan, &a->places, &why);
    if (status != ASSAY_OK) return reject_action(a, status, why);
    if (a->level < a->places.level)
        return reject_action(a, ASSAY_E_INVALID,
                             assay_change_level_needed(a->places.level, a->level));
    ASSAY_ASSERT(a->places.count > 0 && a->places.count <= ASSAY_SERVICE_DOCUMENTS_MAX);
    a->plan = plan;
    assay_sha256(plan.bytes, plan.len, a->state->services.plan);
    return ASSAY_OK;
}

/* docs/protocol.md 9.6.7. A statement that does not verify has the status of a rule, not of a
 * signature: operators signed the change, so what relays it is at no fault. */
static enum assay_status apply_operator_key(struct applying *a, const struct assay_action *action)
{
    uint8_t id[32];
    if (a->level < ASSAY_LEVEL_KEYS)
        return reject_action(a, ASSAY_E_INVALID,
                             assay_change_level_needed(ASSAY_LEVEL_KEYS, a->level));
    if (!is_operator(a->operators, action->node_id))
        return reject_action(a, ASSAY_E_INVALID, "no operator in force has this key");
    assay_sha256(action->public_key, sizeof action->public_key, id);
    if (is_operator(a->operators, id))
        return reject_action(a, ASSAY_E_DUPLICATE, "the new key is an operator's already");
    if (!assay_operators_replace_key(a->operators, action->document, action->node_id,
                                     action->public_key))
        return reject_action(a, ASSAY_E_INVALID,
                             "the list differs from the one in force by more than the new key: "
                             "draft it again");
    if (!assay_change_key_agrees(a->change, action, NULL))
        return reject_action(a, ASSAY_E_INVALID,
                             "the new key has not signed that it takes this place by this change");
    /* Of every slot: what is remembered of one that left is remembered of this operator (6.2). */
    for (uint32_t i = 0; i < a->state->member_count; i++)
        if (assay_bytes_equal(a->state->members[i].operator_id, action->node_id, 32))
            assay_bytes_copy(a->state->members[i].operator_id, 32, id, 32);
    return apply_operators(a, action->document);
}

/* docs/protocol.md 9.6.8. */
static enum assay_status apply_identity(struct applying *a, const struct assay_action *action)
{
    struct assay_state *s = a->state;
    uint8_t id[32];
    const uint32_t slot = assay_state_slot_of(s, action->node_id);
    if (a->level < ASSAY_LEVEL_KEYS)
        return reject_action(a, ASSAY_E_INVALID,
                             assay_change_level_needed(ASSAY_LEVEL_KEYS, a->level));
    if (slot == s->member_count) return reject_action(a, ASSAY_E_INVALID, "no member has this id");
    assay_sha256(action->public_key, sizeof action->public_key, id);
    for (uint32_t i = 0; i < s->member_count; i++) {
        if (assay_member_has_p256(&s->members[i], action->public_key))
            return reject_action(a, ASSAY_E_DUPLICATE, "a member has the new identity key already");
        /* A key that named a member names it for life, in force or not. */
        if (assay_bytes_equal(s->members[i].node_id, id, 32))
            return reject_action(a, ASSAY_E_DUPLICATE, "the new identity key has named a member");
    }
    struct assay_member *m = &s->members[slot];
    if (!assay_change_key_agrees(a->change, action, m))
        return reject_action(a, ASSAY_E_INVALID,
                             "the new identity key has not signed that it follows the one in "
                             "force by this change");
    assay_bytes_copy(m->identity_public, ASSAY_P256_PUBLIC_LEN, action->public_key,
                     sizeof action->public_key);
    return ASSAY_OK;
}

static enum assay_status apply_action(struct applying *a, const struct assay_action *action)
{
    struct assay_rules_in_force *rules = &a->state->rules;
    const struct assay_slice doc = action->document;
    switch (action->kind) {
    case ASSAY_ACTION_JOIN: return apply_join(a, &action->card);
    case ASSAY_ACTION_LEAVE:
        return apply_stage(a, action->node_id, ASSAY_STAGE_MEMBER, ASSAY_STAGE_LEFT, "");
    case ASSAY_ACTION_REST:
        return apply_stage(a, action->node_id, ASSAY_STAGE_MEMBER, ASSAY_STAGE_RESTING,
                           "it is drained already");
    case ASSAY_ACTION_WAKE:
        return apply_stage(a, action->node_id, ASSAY_STAGE_RESTING, ASSAY_STAGE_MEMBER,
                           "it is not drained");
    case ASSAY_ACTION_MAINTENANCE:
        return reject_action(a, ASSAY_E_INVALID, "maintenance stands alone");
    case ASSAY_ACTION_POLICY: assay_sha256(doc.bytes, doc.len, rules->policy_digest); break;
    case ASSAY_ACTION_ENDORSEMENTS:
        assay_sha256(doc.bytes, doc.len, rules->endorsements_digest);
        break;
    case ASSAY_ACTION_PARAMETERS: return apply_parameters(a, &action->parameters);
    case ASSAY_ACTION_OPERATORS: return apply_operators(a, doc);
    case ASSAY_ACTION_COLLATERAL:
        if (assay_update_force(a->state, action->digest) == ASSAY_OK) break;
        return reject_action(a, ASSAY_E_INVALID, "no such collateral waits or was reverted");
    case ASSAY_ACTION_SERVICES: return apply_services(a, doc);
    case ASSAY_ACTION_OPERATOR_KEY: return apply_operator_key(a, action);
    case ASSAY_ACTION_IDENTITY: return apply_identity(a, action);
    }
    return ASSAY_OK;
}

/* Has anybody that serves weight of its own, which the next table is made of? */
static bool earns_weight(const struct assay_state *state)
{
    for (uint32_t i = 0; i < state->member_count; i++)
        if (assay_member_serves(&state->members[i]) &&
            assay_trust_raw_weight(&state->members[i].trust) > 0)
            return true;
    return false;
}

/* Is anybody left of the table in force, which stays where nobody earns any? */
static bool has_weight(const struct assay_state *state)
{
    for (uint32_t i = 0; i < state->member_count; i++)
        if (assay_member_serves(&state->members[i]) && state->members[i].weight > 0) return true;
    return false;
}

/*
 * docs/protocol.md 9.5.1: at least one member can vote, by the table that follows (6.4). Where
 * nobody had raw weight before the change either, the table in force stays: then members with
 * weight in it are enough, else no change could repair a policy that fails all members. earned:
 * somebody had, before it. Returns: NULL, or why it does not fit.
 */
static const char *missing_voters_reason(const struct assay_state *state, bool earned)
{
    const bool earns = earns_weight(state);
    const bool holds = has_weight(state);
    if (earned ? !earns : !earns && !holds) return "no member of weight would be left";
    if (!earned && earns && holds)
        return "no serving member has weight of its own, so an undrained one would have that of "
               "all who "
               "vote: drain these in the same change, or undrain it when they have some again";
    return NULL;
}

enum assay_status assay_change_apply(struct assay_staging *staging,
                                     const struct assay_change *change, struct assay_unfit *why)
{
    ASSAY_ASSERT(assay_state_holds(staging->state) && change->sequence > 0);
    struct assay_cursor c = assay_cursor_over(change->actions.bytes, change->actions.len);
    struct applying a = { .change = change,
                          .state = staging->state,
                          .operators = staging->operators,
                          .plan = staging->plan,
                          .follow = staging->follow,
                          .level = staging->state->rules.parameters.level,
                          .sequence = change->sequence,
                          .activation = change->activation,
                          .why = "" };
    *why = (struct assay_unfit){ .why = "" };
    const bool earned = earns_weight(staging->state);
    for (uint32_t i = 0; i < change->action_count; i++) {
        struct assay_action action;
        const enum assay_status shape = assay_action_next(&c, &action);
        ASSAY_ASSERT(shape == ASSAY_OK); /* assay_change_decode */
        const enum assay_status status = apply_action(&a, &action);
        if (status != ASSAY_OK) {
            *why = (struct assay_unfit){ i, a.why };
            return status;
        }
    }
    staging->operators = a.operators;
    staging->plan = a.plan;
    staging->places = a.places;
    const char *const lacks = missing_voters_reason(staging->state, earned);
    if (lacks == NULL) return ASSAY_OK;
    *why = (struct assay_unfit){ 0, lacks };
    return ASSAY_E_INVALID;
}

/* A level rises by one (docs/protocol.md 9.10): the command is that of the next one. */
#define LEVEL_NEEDED(needed, now, how, next)                                                       \
    "needs feature level " needed ", level " now " is in force: raise it by " how                  \
    "assay change draft --parameter level=" next " --out level.change"
#define EACH "one change each, next: "

const char *assay_change_level_needed(uint32_t needed, uint32_t in_force)
{
    static const char *const texts[ASSAY_LEVEL_GROUP_KEY][ASSAY_LEVEL_GROUP_KEY] = {
        { LEVEL_NEEDED("1", "0", "a change: ", "1") },
        { LEVEL_NEEDED("2", "0", EACH, "1"), LEVEL_NEEDED("2", "1", "a change: ", "2") },
        { LEVEL_NEEDED("3", "0", EACH, "1"), LEVEL_NEEDED("3", "1", EACH, "2"),
          LEVEL_NEEDED("3", "2", "a change: ", "3") },
        { LEVEL_NEEDED("4", "0", EACH, "1"), LEVEL_NEEDED("4", "1", EACH, "2"),
          LEVEL_NEEDED("4", "2", EACH, "3"), LEVEL_NEEDED("4", "3", "a change: ", "4") },
        { LEVEL_NEEDED("5", "0", EACH, "1"), LEVEL_NEEDED("5", "1", EACH, "2"),
          LEVEL_NEEDED("5", "2", EACH, "3"), LEVEL_NEEDED("5", "3", EACH, "4"),
          LEVEL_NEEDED("5", "4", "a change: ", "5") },
        { LEVEL_NEEDED("6", "0", EACH, "1"), LEVEL_NEEDED("6", "1", EACH, "2"),
          LEVEL_NEEDED("6", "2", EACH, "3"), LEVEL_NEEDED("6", "3", EACH, "4"),
          LEVEL_NEEDED("6", "4", EACH, "5"), LEVEL_NEEDED("6", "5", "a change: ", "6") },
        { LEVEL_NEEDED("7", "0", EACH, "1"), LEVEL_NEEDED("7", "1", EACH, "2"),
          LEVEL_NEEDED("7", "2", EACH, "3"), LEVEL_NEEDED("7", "3", EACH, "4"),
          LEVEL_NEEDED("7", "4", EACH, "5"), LEVEL_NEEDED("7", "5", EACH, "6"),
          LEVEL_NEEDED("7", "6", "a change: ", "7") },
    };
    ASSAY_ASSERT(needed <= ASSAY_LEVEL_GROUP_KEY && in_force < needed);
    return texts[needed - 1][in_force];
}

uint32_t assay_change_level(const struct assay_change *change)
{
    uint32_t level = 0;
    struct assay_cursor c = assay_cursor_over(change->actions.bytes, change->actions.len);
    for (uint32_t i = 0; i < change->action_count; i++) {
        struct assay_action action;
        const enum assay_status shape = assay_action_next(&c, &action);
        ASSAY_ASSERT(shape == ASSAY_OK);
        if (action.kind == ASSAY_ACTION_SERVICES && level < ASSAY_LEVEL_SERVICES)
            level = ASSAY_LEVEL_SERVICES;
        if (action.kind == ASSAY_ACTION_OPERATOR_KEY || action.kind == ASSAY_ACTION_IDENTITY)
            level = ASSAY_LEVEL_KEYS;
    }
    return level;
}

bool assay_change_names_key(const struct assay_change *change,
                            const uint8_t p256[static ASSAY_P256_PUBLIC_LEN],
                            const uint8_t curve[static 32])
{
    struct assay_cursor c = assay_cursor_over(change->actions.bytes, change->actions.len);
    for (uint32_t i = 0; i < change->action_count; i++) {
        struct assay_action action;
        const enum assay_status shape = assay_action_next(&c, &action);
        ASSAY_ASSERT(shape == ASSAY_OK);
        const struct assay_genesis_member *card = &action.card;
        if (action.kind == ASSAY_ACTION_IDENTITY &&
            assay_bytes_equal(action.public_key, p256, ASSAY_P256_PUBLIC_LEN))
            return true;
        if (action.kind != ASSAY_ACTION_JOIN) continue;
        if (assay_bytes_equal(card->voting_public, p256, ASSAY_P256_PUBLIC_LEN) ||
            assay_bytes_equal(card->identity_public, p256, ASSAY_P256_PUBLIC_LEN) ||
            assay_bytes_equal(card->bootstrap_public, curve, 32) ||
            assay_bytes_equal(card->transport_public, curve, 32))
            return true;
    }
    return false;
}
