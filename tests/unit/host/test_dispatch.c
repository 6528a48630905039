/*
 * tests/unit/host/test_dispatch.c - tests of event dispatch.
 *
 * The order of engine/messages/effect.h, told as a story: what the world of a dispatch sees, letter
 * by letter. e: an event is stepped, s: signed, p: put, c: commit, m: a message leaves, a: acted
 * on, r: rolled back.
 */
#include "host/dispatch.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

struct script {
    char told[256];
    size_t len;
    size_t signs;   /* effects SIGN of a step */
    size_t acts;    /* effects NOTE of a step */
    size_t vouches; /* effects VOUCH of a step, for one member */
    size_t sends;   /* effects SEND to one member */
    size_t affords; /* of which so many are in its budget */
    size_t to_come; /* steps that have effects; those after it have none */
    enum assay_status commit_says, put_says, sign_says;
    bool gone;        /* act says that the node is no more */
    size_t answers;   /* events that the next act queues */
    uint16_t from[8]; /* of the messages that were stepped */
    size_t from_count;
    struct assay_dispatch *dispatch;
};

static uint8_t body[96] = { 1, 2, 3 };

static void tell(struct script *s, char what)
{
    if (s->len + 1 < sizeof s->told) s->told[s->len++] = what;
}

static enum assay_status on_step(void *context, struct assay_event *event,
                                 struct assay_effects *effects)
{
    struct script *s = context;
    tell(s, 'e');
    if (event->kind == ASSAY_EVENT_MESSAGE && s->from_count < 8)
        s->from[s->from_count++] = event->as.message.from;
    effects->count = 0;
    if (s->to_come == 0) return ASSAY_OK;
    s->to_come--;
    for (size_t i = 0; i < s->signs; i++)
        effects->items[effects->count++] =
            (struct assay_effect){ .kind = ASSAY_EFFECT_SIGN,
                                   .as.sign = { .message = ASSAY_MESSAGE_VOTE,
                                                .payload = assay_slice_over(body, sizeof body),
                                                .signature_at = 16,
                                                .class_ = ASSAY_STORE_VOTE } };
    for (size_t i = 0; i < s->sends; i++)
        effects->items[effects->count++] =
            (struct assay_effect){ .kind = ASSAY_EFFECT_SEND,
                                   .as.send = { .to = 3,
                                                .message = ASSAY_MESSAGE_PROPOSAL,
                                                .payload = assay_slice_over(body, sizeof body) } };
    static uint8_t said[96];
    assay_bytes_copy(said, sizeof said, body, sizeof body);
    for (size_t i = 0; i < s->vouches; i++)
        effects->items[effects->count++] =
            (struct assay_effect){ .kind = ASSAY_EFFECT_CONFIRM,
                                   .as.confirm = { .to = 3,
                                                   .message = ASSAY_MESSAGE_FENCE,
                                                   .payload =
                                                       assay_slice_over(said, sizeof said) } };
    for (size_t i = 0; i < s->acts; i++)
        effects->items[effects->count++] = (struct assay_effect){ .kind = ASSAY_EFFECT_NOTE };
    return ASSAY_OK;
}

static enum assay_status on_sign(void *context, struct assay_effect *effect, uint8_t *payload)
{
    struct script *s = context;
    tell(s, 's');
    payload[effect->as.sign.signature_at] = 0xaa;
    return s->sign_says;
}

static enum assay_status on_put(void *context, enum assay_store_class class_,
                                const struct assay_store_key *key, struct assay_slice value)
{
    struct script *s = context;
    (void)key;
    cr_assert_eq(class_, ASSAY_STORE_VOTE);
    cr_assert(value.len == sizeof body && value.bytes[16] == 0xaa && value.bytes[0] == 1);
    tell(s, 'p');
    return s->put_says;
}

static enum assay_status on_prune(void *context, enum assay_store_class class_, uint32_t era,
                                  uint64_t epoch)
{
    (void)class_;
    (void)era;
    (void)epoch;
    tell(context, 'x');
    return ASSAY_OK;
}

static enum assay_status on_commit(void *context)
{
    struct script *s = context;
    tell(s, 'c');
    return s->commit_says;
}

static void on_rollback(void *context)
{
    tell(context, 'r');
}

static bool on_affords(void *context, uint16_t to, size_t len)
{
    struct script *s = context;
    cr_assert_eq(to, 3);
    cr_assert_eq(len, sizeof body);
    if (s->affords == 0) return false;
    s->affords--;
    return true;
}

static void on_send(void *context, struct assay_effect *effect)
{
    const struct assay_outbound_message letter = assay_dispatch_get_outbound(effect);
    if (effect->kind == ASSAY_EFFECT_SIGN) {
        cr_assert_eq(letter.to, ASSAY_SLOT_ALL);
        cr_assert_eq(letter.payload.bytes[16], 0xaa);
    }
    tell(context, 'm');
}

static void on_flush(void *context)
{
    tell(context, 'f');
}

static bool on_act(void *context, const struct assay_effect *effect)
{
    struct script *s = context;
    if (effect->kind == ASSAY_EFFECT_CONFIRM) {
        const struct assay_slice payload = effect->as.confirm.payload;
        cr_assert(payload.len == sizeof body && payload.bytes[2] == 3, "a copy of its own");
        tell(s, 'v');
        return true;
    }
    cr_assert_eq(effect->kind, ASSAY_EFFECT_NOTE);
    tell(s, 'a');
    for (; s->answers > 0; s->answers--) {
        const struct assay_event event = { .kind = ASSAY_EVENT_VERDICT };
        cr_assert_eq(assay_dispatch_queue(s->dispatch, &event), ASSAY_OK);
    }
    return !s->gone;
}

static struct assay_dispatch *make(struct script *s, uint32_t events_per_commit)
{
    const struct assay_dispatch_config config = {
        .world = { s, on_step, on_sign, on_put, on_prune, on_commit, on_rollback, on_affords,
                   on_send, on_flush, on_act },
        .events_per_commit = events_per_commit,
    };
    void *memory = aligned_alloc(64, assay_dispatch_size());
    cr_assert_eq(assay_dispatch_init(memory, 64, &config, &s->dispatch), ASSAY_E_FULL);
    cr_assert_eq(assay_dispatch_init(memory, assay_dispatch_size(), &config, &s->dispatch),
                 ASSAY_OK);
    return s->dispatch;
}

static enum assay_status run(struct script *s, uint32_t events_per_commit)
{
    struct assay_dispatch *d = make(s, events_per_commit);
    struct assay_event tick = { .kind = ASSAY_EVENT_TICK };
    cr_assert_eq(assay_dispatch_step(d, &tick), ASSAY_OK);
    const enum assay_status status = assay_dispatch_process(d);
    cr_assert_not(assay_dispatch_has_queued(d));
    return status;
}

Test(host_dispatch, signs_persists_sends_acts_and_then_hears_itself)
{
    struct script s = { .signs = 2, .acts = 1, .to_come = 1 };
    cr_assert_eq(run(&s, 1), ASSAY_OK);
    cr_assert_str_eq(s.told, "espspcmmfaee");
    cr_assert_eq(s.from_count, 2);
    cr_assert_eq(s.from[0], ASSAY_SLOT_SELF);
    free(s.dispatch);
}

/* What one member asks for is bounded before it is copied. */
Test(host_dispatch, sends_no_more_to_a_member_than_it_may_ask_for)
{
    struct script s = { .sends = 5, .affords = 2, .acts = 1, .to_come = 1 };
    cr_assert_eq(run(&s, 1), ASSAY_OK);
    cr_assert_str_eq(s.told, "emmfa");
    free(s.dispatch);
}

/* docs/protocol.md 9.16.7: what is signed for one member leaves behind what is durable, counts
 * against what that member may ask for, and is heard by nobody else. */
Test(host_dispatch, what_is_vouched_to_one_member_leaves_behind_the_commit)
{
    struct script s = { .signs = 1, .vouches = 3, .affords = 2, .to_come = 1 };
    cr_assert_eq(run(&s, 1), ASSAY_OK);
    cr_assert_str_eq(s.told, "espcmfvve");
    free(s.dispatch);
    struct script t = {
        .signs = 1, .vouches = 1, .affords = 1, .to_come = 1, .commit_says = ASSAY_E_STORE
    };
    cr_assert_eq(run(&t, 1), ASSAY_E_STORE);
    cr_assert_str_eq(t.told, "espcr");
    free(t.dispatch);
}

/* A proposal and our own vote for it in one commit: still nothing leaves before it. */
Test(host_dispatch, several_events_share_one_commit)
{
    struct script s = { .signs = 1, .acts = 1, .to_come = 3 };
    cr_assert_eq(run(&s, 64), ASSAY_OK);
    cr_assert_str_eq(s.told, "espespespecmmmfaaa");
    free(s.dispatch);
}

Test(host_dispatch, answers_of_acts_are_events_of_the_next_round)
{
    struct script s = { .acts = 1, .to_come = 1, .answers = 2 };
    cr_assert_eq(run(&s, 64), ASSAY_OK);
    cr_assert_str_eq(s.told, "eaee");
    free(s.dispatch);
}

Test(host_dispatch, nothing_leaves_when_the_commit_fails)
{
    struct script s = { .signs = 1, .acts = 1, .to_come = 1, .commit_says = ASSAY_E_STORE };
    const char *what = "";
    cr_assert_eq(run(&s, 1), ASSAY_E_STORE);
    cr_assert_str_eq(s.told, "espcr");
    cr_assert_eq(assay_dispatch_get_failure(s.dispatch, &what), ASSAY_E_STORE);
    cr_assert_str_eq(what, "store commit");
    struct assay_event tick = { .kind = ASSAY_EVENT_TICK };
    cr_assert_eq(assay_dispatch_step(s.dispatch, &tick), ASSAY_E_STORE); /* and stays so */
    cr_assert_str_eq(s.told, "espcr");
    free(s.dispatch);
}

Test(host_dispatch, nothing_leaves_when_a_put_or_a_signature_fails)
{
    struct script s = { .signs = 2, .to_come = 1, .put_says = ASSAY_E_STORE };
    cr_assert_eq(run(&s, 1), ASSAY_E_STORE);
    cr_assert_str_eq(s.told, "espr");
    free(s.dispatch);
    struct script t = { .signs = 2, .to_come = 1, .sign_says = ASSAY_E_CRYPTO };
    cr_assert_eq(run(&t, 1), ASSAY_E_CRYPTO);
    cr_assert_str_eq(t.told, "esr");
    free(t.dispatch);
}

Test(host_dispatch, what_waits_is_forgotten_when_the_node_is_gone)
{
    struct script s = { .signs = 1, .acts = 3, .to_come = 1, .gone = true };
    cr_assert_eq(run(&s, 1), ASSAY_OK);
    cr_assert_str_eq(s.told, "espcmfar");
    free(s.dispatch);
}

/* A full queue is a failure of the host, never an overrun; with the room that is asked for before
 * it does not happen. */
Test(host_dispatch, a_full_queue_stops_the_node)
{
    static uint8_t large[1 << 20];
    struct script s = { 0 };
    struct assay_dispatch *d = make(&s, 1);
    const struct assay_event quote = { .kind = ASSAY_EVENT_QUOTE,
                                       .as.quote.bytes = { large, sizeof large } };
    unsigned count = 0;
    while (assay_dispatch_has_room(d) && count < 100) {
        cr_assert_eq(assay_dispatch_queue(d, &quote), ASSAY_OK);
        count++;
    }
    cr_assert(count > 4 && count < 16);
    while (assay_dispatch_queue(d, &quote) == ASSAY_OK && count < 100)
        count++;
    cr_assert_lt(count, 17);
    cr_assert_eq(assay_dispatch_process(d), ASSAY_E_FULL);
    free(s.dispatch);
}

/* ------------------------------------------------------------ large messages */

static struct {
    uint8_t block[ASSAY_BLOCK_LEN_MAX];
    size_t sent, signed_, sends, signs; /* sends, signs: effects of the next step */
    size_t sign_len;
} large;

static enum assay_status step_large(void *context, struct assay_event *event,
                                    struct assay_effects *effects)
{
    (void)context;
    effects->count = 0;
    if (event->kind == ASSAY_EVENT_MESSAGE) return ASSAY_OK; /* its own */
    for (size_t i = 0; i < large.sends; i++)
        effects->items[effects->count++] = (struct assay_effect){
            .kind = ASSAY_EFFECT_SEND,
            .as.send = { .to = 3,
                         .message = ASSAY_MESSAGE_PROPOSAL,
                         .payload = assay_slice_over(large.block, sizeof large.block) }
        };
    for (size_t i = 0; i < large.signs; i++)
        effects->items[effects->count++] =
            (struct assay_effect){ .kind = ASSAY_EFFECT_SIGN,
                                   .as.sign = { .message = ASSAY_MESSAGE_PROPOSAL,
                                                .payload =
                                                    assay_slice_over(large.block, large.sign_len),
                                                .class_ = ASSAY_STORE_VOTE } };
    return ASSAY_OK;
}

static enum assay_status sign_large(void *context, struct assay_effect *effect, uint8_t *payload)
{
    (void)context;
    (void)effect;
    (void)payload;
    return ASSAY_OK;
}

static enum assay_status put_large(void *context, enum assay_store_class class_,
                                   const struct assay_store_key *key, struct assay_slice value)
{
    (void)context;
    (void)class_;
    (void)key;
    (void)value;
    return ASSAY_OK;
}

static bool affords_large(void *context, uint16_t to, size_t len)
{
    (void)context;
    (void)to;
    (void)len;
    return true;
}

static enum assay_status commit_large(void *context)
{
    (void)context;
    return ASSAY_OK;
}

static void send_large(void *context, struct assay_effect *effect)
{
    (void)context;
    if (effect->kind == ASSAY_EFFECT_SIGN) large.signed_++;
    else large.sent++;
}

static void nothing_large(void *context)
{
    (void)context;
}

/* Members request the largest block, each within its budget for answers, and one of the requests
 * arrives when the node is to propose. The block gives way: a proposal that cannot be signed would
 * stop the node. */
Test(host_dispatch, a_requested_block_takes_no_room_from_a_proposal)
{
    const struct assay_dispatch_config config = {
        .world = { .step = step_large,
                   .sign = sign_large,
                   .put = put_large,
                   .commit = commit_large,
                   .rollback = nothing_large,
                   .affords = affords_large,
                   .send = send_large,
                   .flush = nothing_large },
        .events_per_commit = 512,
    };
    void *memory = aligned_alloc(64, assay_dispatch_size());
    struct assay_dispatch *d = NULL;
    struct assay_event tick = { .kind = ASSAY_EVENT_TICK };
    cr_assert_eq(assay_dispatch_init(memory, assay_dispatch_size(), &config, &d), ASSAY_OK);
    large.sends = 1;
    for (int i = 0; i < 2; i++)
        cr_assert_eq(assay_dispatch_step(d, &tick), ASSAY_OK);
    large.signs = 1;
    large.sign_len = sizeof large.block;
    cr_assert_eq(assay_dispatch_step(d, &tick), ASSAY_OK);
    cr_assert_eq(assay_dispatch_process(d), ASSAY_OK);
    cr_expect_eq(large.signed_, 1);
    cr_expect_eq(large.sent, 2, "it is requested again");
    free(memory);
}
