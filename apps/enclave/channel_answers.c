/* apps/enclave/channel_answers.c - answers of the enclave to a frame of its platform. */
#include "apps/enclave/channel_answers.h"

#include "base/assert.h"
#include "quote/result/report_data.h"

static struct assay_channel_frame *add_answer(struct channel_answers *answers,
                                              enum assay_channel_kind kind,
                                              const struct assay_channel_frame *frame)
{
    ASSAY_ASSERT(answers->count < CHANNEL_ANSWERS_MAX);
    struct assay_channel_frame *const answer = &answers->frames[answers->count++];
    *answer = *frame; /* same id and body */
    answer->kind = kind;
    return answer;
}

/* This is the consent: the parent process with the channel is our daemon, and report_data binds
 * its keys. A suspended enclave is attested too (docs/protocol.md 10.5). Report data that binds
 * workload keys is never the daemon's: it would choose them. */
static void answer_proposal(const struct assay_channel_frame *frame,
                            struct channel_answers *answers)
{
    if (assay_report_data_is_reserved(frame->body)) return;
    add_answer(answers, ASSAY_CHANNEL_QUOTE, frame);
}

/* The report data is hashed here, over the keys that are registered here (docs/identity.md 6.8):
 * the platform chooses neither. A statement for another member than before is not answered. */
static void answer_statement(const struct assay_channel_frame *frame, struct registrations *keys,
                             struct channel_answers *answers)
{
    _Static_assert((int)ASSAY_CHANNEL_KEYS_MAX == (int)ASSAY_DECLARED_KEYS_LEN_MAX, "one list");
    struct assay_channel_statement s;
    uint8_t report_data[64];
    assay_channel_statement_decode(frame->body, &s);
    const struct assay_binding binding = { .chain_id = s.chain_id,
                                           .era = s.era,
                                           .epoch = s.epoch,
                                           .beacon = s.beacon,
                                           .node_id = s.node_id,
                                           .incarnation = s.incarnation,
                                           .voting_public = s.voting_public,
                                           .transport_public = s.transport_public,
                                           .keys_root = s.keys_root };
    if (registrations_state(keys, &binding, report_data) != ASSAY_OK) return;
    struct assay_channel_frame *const list = add_answer(answers, ASSAY_CHANNEL_KEYS, frame);
    list->body_len = (uint16_t)registrations_issue(keys, list->body);
    struct assay_channel_frame *const quote = add_answer(answers, ASSAY_CHANNEL_QUOTE, frame);
    assay_bytes_copy(quote->body, sizeof quote->body, report_data, sizeof report_data);
}

void channel_answer(const struct assay_channel_frame *frame, struct counter *counter,
                    struct registrations *keys, struct channel_answers *answers)
{
    answers->count = 0;
    switch (frame->kind) {
    case ASSAY_CHANNEL_PROPOSE: answer_proposal(frame, answers); return;
    case ASSAY_CHANNEL_MODE:
        counter->mode = (enum assay_channel_mode)frame->body[0]; /* decode has checked it */
        add_answer(answers, ASSAY_CHANNEL_MODE_SET, frame);
        return;
    case ASSAY_CHANNEL_PING: add_answer(answers, ASSAY_CHANNEL_PONG, frame); return;
    case ASSAY_CHANNEL_STATEMENT: answer_statement(frame, keys, answers); return;
    case ASSAY_CHANNEL_HELLO:
    case ASSAY_CHANNEL_QUOTE:
    case ASSAY_CHANNEL_MODE_SET:
    case ASSAY_CHANNEL_KEYS:
    case ASSAY_CHANNEL_STATES:
    case ASSAY_CHANNEL_PONG: return; /* an enclave sends these; from a platform: ignored */
    }
    ASSAY_UNREACHABLE("a kind outside the list");
}
