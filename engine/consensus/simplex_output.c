/*
 * engine/consensus/simplex_output.c - actions and their payload memory.
 *
 * Every payload is copied into an arena that the next step reuses: the tables behind it may change
 * within the same step. What must be durable before a vote is sent goes out before it
 * (docs/protocol.md 5.15: "a vote and the certificates that it relies on").
 */
#include "engine/consensus/simplex_internal.h"

/* A voter's slot, neighbours, or all members. */
static bool is_addressee(const struct assay_simplex *s, uint16_t to)
{
    return to == ASSAY_SLOT_ALL || to == ASSAY_SLOT_NEAR || to < s->config.voters_max;
}

bool assay_sx_has_room(const struct assay_simplex *s, const struct assay_simplex_actions *out,
                       size_t n, size_t len)
{
    if (out == NULL) return false; /* while restoring: nothing may go out */
    ASSAY_ASSERT(out->count <= ASSAY_SIMPLEX_ACTIONS_MAX);
    ASSAY_ASSERT(s->arena.used <= s->arena.capacity);
    return n <= ASSAY_SIMPLEX_ACTIONS_MAX - out->count && len <= s->arena.capacity - s->arena.used;
}

struct assay_simplex_action *assay_sx_add_action(struct assay_simplex_actions *out,
                                                 enum assay_simplex_action_kind kind)
{
    ASSAY_ASSERT((unsigned)kind <= ASSAY_SIMPLEX_NOTE);
    ASSAY_ASSERT(out->count < ASSAY_SIMPLEX_ACTIONS_MAX);
    struct assay_simplex_action *action = &out->items[out->count++];
    *action = (struct assay_simplex_action){ .kind = kind };
    return action;
}

struct assay_slice assay_sx_copy(struct assay_simplex *s, struct assay_slice bytes)
{
    ASSAY_ASSERT(bytes.len > 0 && bytes.len <= s->arena.capacity - s->arena.used);

    uint8_t *copy = s->arena.bytes + s->arena.used;
    assay_bytes_copy(copy, s->arena.capacity - s->arena.used, bytes.bytes, bytes.len);
    s->arena.used += bytes.len;
    return assay_slice_over(copy, bytes.len);
}

static struct assay_slice pin_block(struct assay_simplex *s, struct assay_block *block)
{
    ASSAY_ASSERT(block->used && block->payload_len > 0);
    if (!block->pinned) s->pinned++;
    block->pinned = true;
    ASSAY_ASSERT(s->pinned > 0 && s->pinned <= assay_blocks_count(s->config.blocks));
    return assay_slice_over(block->payload, block->payload_len);
}

bool assay_sx_send_block(struct assay_simplex *s, uint16_t to, struct assay_block *block,
                         struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(is_addressee(s, to));

    if (!assay_sx_has_room(s, out, 1 + SX_ROOM, 0)) return false;
    struct assay_simplex_action *action = assay_sx_add_action(out, ASSAY_SIMPLEX_SEND);
    action->effect.kind = ASSAY_EFFECT_SEND;
    action->effect.as.send.to = to;
    action->effect.as.send.except = ASSAY_SLOT_ALL;
    action->effect.as.send.message = ASSAY_MESSAGE_PROPOSAL;
    action->effect.as.send.payload = pin_block(s, block);
    return true;
}

/* What can be sent again later gives way to what cannot. */
void assay_sx_send(struct assay_simplex *s, uint16_t to, enum assay_message_kind kind,
                   struct assay_slice payload, struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(is_addressee(s, to));
    ASSAY_ASSERT(payload.len > 0);

    if (!assay_sx_has_room(s, out, 1 + SX_ROOM, payload.len)) return;
    struct assay_simplex_action *action = assay_sx_add_action(out, ASSAY_SIMPLEX_SEND);
    action->effect.kind = ASSAY_EFFECT_SEND;
    action->effect.as.send.to = to;
    action->effect.as.send.except = ASSAY_SLOT_ALL;
    action->effect.as.send.message = kind;
    action->effect.as.send.payload = assay_sx_copy(s, payload);
}

void assay_sx_note(struct assay_simplex *s, enum assay_note note, uint16_t slot, uint64_t a,
                   uint64_t b, struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(is_addressee(s, slot));

    if (!assay_sx_has_room(s, out, 1 + SX_ROOM, 0)) return;
    struct assay_simplex_action *action = assay_sx_add_action(out, ASSAY_SIMPLEX_NOTE);
    action->effect.kind = ASSAY_EFFECT_NOTE;
    action->effect.as.note.note = note;
    action->effect.as.note.slot = slot;
    action->effect.as.note.a = a;
    action->effect.as.note.b = b;
}

static void persist_item(struct assay_simplex *s, enum assay_store_class class_, uint64_t number,
                         const uint8_t id[static 32], struct assay_slice value,
                         struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(class_ == ASSAY_STORE_CERTIFICATE || class_ == ASSAY_STORE_PROPOSAL);
    ASSAY_ASSERT(value.len > 0);

    struct assay_simplex_action *action = assay_sx_add_action(out, ASSAY_SIMPLEX_PERSIST);
    struct assay_store_key key = { .era = s->base.era, .epoch = s->base.epoch, .number = number };
    assay_bytes_copy(key.id, sizeof key.id, id, 32);
    action->effect.kind = ASSAY_EFFECT_PERSIST;
    action->effect.as.persist.class_ = class_;
    action->effect.as.persist.key = key;
    action->effect.as.persist.value = value;
}

bool assay_sx_persist_certificates(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    for (uint32_t i; (i = assay_sx_find_unstored(s)) != SX_NONE;) {
        const struct sx_certificate *certificate = &s->certificates[i];
        if (!assay_sx_has_room(s, out, 2, certificate->payload_len + ASSAY_VOTE_LEN_MAX)) {
            s->starved = true;
            return false;
        }
        ASSAY_ASSERT(certificate->statement.epoch == s->base.epoch);
        ASSAY_ASSERT(certificate->payload_len > 0 &&
                     certificate->payload_len <= s->certificate_len);
        persist_item(
            s, ASSAY_STORE_CERTIFICATE, assay_vote_number(&certificate->statement),
            certificate->commitment,
            assay_sx_copy(s, assay_slice_over(certificate->payload, certificate->payload_len)),
            out);
        assay_sx_set_stored(s, i);
    }
    ASSAY_ASSERT(s->unstored == 0);
    return true;
}

bool assay_sx_persist_block(struct assay_simplex *s, struct assay_block *block,
                            struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(block->used && block->header.epoch == s->base.epoch);

    if (block->stored) return true;
    if (!assay_sx_has_room(s, out, 2, ASSAY_VOTE_LEN_MAX)) {
        s->starved = true;
        return false;
    }
    persist_item(s, ASSAY_STORE_PROPOSAL, block->header.view, block->id, pin_block(s, block), out);
    block->stored = true;
    return true;
}

bool assay_sx_is_proven(const struct assay_simplex *s, uint16_t slot, unsigned number)
{
    ASSAY_ASSERT(number >= 1 && number <= 4);
    ASSAY_ASSERT(slot < s->config.voters_max);
    return (s->proven[slot] >> number & 1) != 0;
}

void assay_sx_accuse(struct assay_simplex *s, uint16_t slot, unsigned number,
                     struct assay_slice first, struct assay_slice second,
                     struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(!assay_slice_equal(first, second));

    if (assay_sx_is_proven(s, slot, number)) return;
    if (!assay_sx_has_room(s, out, 2 + SX_ROOM, first.len + second.len)) return;
    struct assay_simplex_action *action = assay_sx_add_action(out, ASSAY_SIMPLEX_ACCUSE);
    action->slot = slot;
    action->proof_number = number;
    action->first = assay_sx_copy(s, first);
    action->second = assay_sx_copy(s, second);
    s->proven[slot] = (uint8_t)(s->proven[slot] | 1u << number);
}
