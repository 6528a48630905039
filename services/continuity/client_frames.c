/*
 * services/continuity/client_frames.c - encoder of an enclave's frames (docs/services.md 1.6).
 */
#include "services/continuity/client_internal.h"

static struct assay_cont_frame make_frame(const struct assay_cont_client *c,
                                          enum assay_cont_kind kind)
{
    ASSAY_ASSERT(c->config.session > 0);
    struct assay_cont_frame f = { .kind = kind };
    f.group = c->config.home.group;
    f.view = c->config.roster.view;
    f.session = c->config.session;
    assay_bytes_copy(f.instance, 32, c->config.instance, 32);
    return f;
}

static void add_send(struct assay_cont_outputs *outs, uint8_t seats, struct assay_slice frame)
{
    ASSAY_ASSERT(outs->count <= ASSAY_CONT_OUTPUTS_MAX && frame.len > 0);
    if (seats == 0) return;
    ASSAY_ASSERT(outs->count < ASSAY_CONT_OUTPUTS_MAX);
    outs->out[outs->count++] = (struct assay_cont_out){ .seats = seats, .frame = frame };
}

static void send_frame(const struct assay_cont_frame *f, uint8_t seats,
                       struct assay_cont_outputs *outs)
{
    ASSAY_ASSERT(outs->used <= sizeof outs->bytes);
    struct assay_slice frame;
    const enum assay_status status = assay_cont_frame_encode(
        f, outs->bytes + outs->used, sizeof outs->bytes - outs->used, &frame);
    ASSAY_ASSERT(status == ASSAY_OK); /* eight small frames fit */
    outs->used += frame.len;
    add_send(outs, seats, frame);
}

void assay_cont_client_send_open(struct assay_cont_client *c, uint8_t seats,
                                 struct assay_cont_outputs *outs)
{
    struct assay_cont_frame f = make_frame(c, ASSAY_CONT_OPEN);
    assay_bytes_copy(f.nonce, 32, c->nonce, 32);
    send_frame(&f, seats, outs);
}

void assay_cont_client_send_adopt(struct assay_cont_client *c, uint64_t index,
                                  const uint8_t digest[static 32], uint8_t seats,
                                  struct assay_cont_outputs *outs)
{
    struct assay_cont_frame f = make_frame(c, ASSAY_CONT_ADOPT);
    f.index = index;
    assay_bytes_copy(f.digest, 32, digest, 32);
    send_frame(&f, seats, outs);
}

void assay_cont_client_send_handover_get(struct assay_cont_client *c, uint8_t seats,
                                         struct assay_cont_outputs *outs)
{
    const struct assay_cont_frame f = make_frame(c, ASSAY_CONT_HANDOVER_GET);
    send_frame(&f, seats, outs);
}

void assay_cont_client_send_query(struct assay_cont_client *c, enum assay_cont_kind kind,
                                  const struct assay_cont_question *question, uint8_t seats,
                                  struct assay_cont_outputs *outs)
{
    ASSAY_ASSERT(kind == ASSAY_CONT_CONFIRM || kind == ASSAY_CONT_RECEIPT);
    struct assay_cont_frame f = make_frame(c, kind);
    assay_bytes_copy(f.nonce, 32, question->nonce, 32);
    send_frame(&f, seats, outs);
}

void assay_cont_client_send_update(struct assay_cont_client *c, uint8_t seats,
                                   struct assay_cont_outputs *outs)
{
    ASSAY_ASSERT(c->flight_last != 0);
    ASSAY_ASSERT(c->flight_len <= sizeof c->flight);
    add_send(outs, seats, assay_slice_over(c->flight, c->flight_len));
}

void assay_cont_client_start_update(struct assay_cont_client *c, uint64_t until)
{
    ASSAY_ASSERT(until >= c->certified && until - c->certified <= ASSAY_CONT_QUEUE_MAX);
    uint8_t digests[ASSAY_CONT_BATCH_MAX][32];
    struct assay_cont_frame f = make_frame(c, ASSAY_CONT_UPDATE);
    struct assay_slice frame;
    c->flight_last = 0;
    if (until == c->certified) return;
    f.index = c->certified + 1;
    assay_bytes_copy(f.prev, 32, c->certified_digest, 32);
    while (f.count < ASSAY_CONT_BATCH_MAX && f.index + f.count <= until) {
        assay_bytes_copy(digests[f.count], 32,
                         c->queue[(f.index + f.count) % ASSAY_CONT_QUEUE_MAX], 32);
        f.count++;
    }
    ASSAY_ASSERT(f.count > 0);
    f.list = assay_slice_over(digests, f.count * 32ULL);
    const enum assay_status status =
        assay_cont_frame_encode(&f, c->flight, sizeof c->flight, &frame);
    ASSAY_ASSERT(status == ASSAY_OK);
    c->flight_len = frame.len;
    c->flight_last = f.index + f.count - 1;
    ASSAY_ASSERT(c->flight_last > c->certified);
}
