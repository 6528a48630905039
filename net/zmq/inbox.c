/*
 * net/zmq/inbox.c - bounded queue of received frames for each member, served round-robin.
 *
 * libzmq's own pipes have no bound here (census.c says why), so they are emptied whenever the link
 * has its turn. What one member makes us hold is bounded over all its connections, and a member
 * that floods waits behind its own frames alone, however it packs them.
 */
#include "net/zmq/link_internal.h"

#include "base/assert.h"

#include <stdlib.h>

enum assay_status assay_inbox_open(struct assay_link *link)
{
    ASSAY_ASSERT(link->inboxes == NULL);
    link->inboxes = calloc(link->config.roster->count, sizeof *link->inboxes);
    return link->inboxes == NULL ? ASSAY_E_MEMORY : ASSAY_OK;
}

void assay_inbox_close(struct assay_link *link)
{
    for (uint32_t s = 0; link->inboxes != NULL && s < link->config.roster->count; s++) {
        while (link->inboxes[s].first != NULL) {
            struct link_frame *frame = link->inboxes[s].first;
            link->inboxes[s].first = frame->next;
            (void)zmq_msg_close(&frame->message);
            free(frame);
        }
    }
    free(link->inboxes);
    link->inboxes = NULL;
}

bool assay_inbox_add(struct assay_link *link, uint16_t slot, zmq_msg_t *message)
{
    ASSAY_ASSERT(slot < link->config.roster->count);
    struct link_inbox *box = &link->inboxes[slot];
    const size_t len = zmq_msg_size(message);
    ASSAY_ASSERT(box->bytes <= LINK_INBOX_BYTES_MAX);
    if (box->count >= LINK_INBOX_FRAMES_MAX) return false;
    if (len > LINK_INBOX_BYTES_MAX - box->bytes) return false;
    struct link_frame *frame = malloc(sizeof *frame);
    if (frame == NULL) return false;
    frame->next = NULL;
    zmq_msg_init(&frame->message);
    (void)zmq_msg_move(&frame->message, message);
    frame->batch = assay_batch_init(assay_slice_over(zmq_msg_data(&frame->message), len));
    if (box->first == NULL) box->first = frame;
    else box->last->next = frame;
    box->last = frame;
    box->count += 1;
    box->bytes += len;
    link->waiting += 1;
    ASSAY_ASSERT(box->bytes <= LINK_INBOX_BYTES_MAX);
    return true;
}

uint64_t assay_link_get_bytes(const struct assay_link *link, uint16_t slot)
{
    ASSAY_ASSERT(slot < link->config.roster->count);
    return link->census.of_member[slot].held + link->inboxes[slot].bytes;
}

/* Moves the oldest frame into link->frame, which owns it until the next one. */
static void pop_frame(struct assay_link *link, struct link_inbox *box)
{
    ASSAY_ASSERT(box->first != NULL);
    struct link_frame *frame = box->first;
    const size_t len = zmq_msg_size(&frame->message);
    ASSAY_ASSERT(box->count > 0 && link->waiting > 0 && box->bytes >= len);
    box->first = frame->next;
    box->count -= 1;
    box->bytes -= len;
    link->waiting -= 1;
    (void)zmq_msg_move(&link->frame, &frame->message);
    (void)zmq_msg_close(&frame->message);
    free(frame);
}

/* The next member in turn: well-behaved ones first, others when none of these waits
 * (host/peers/peer_score.h). Returns: its slot, LINK_NOBODY when nothing waits. */
static uint16_t next_slot(const struct assay_link *link)
{
    ASSAY_ASSERT(link->turn < link->config.roster->count);
    const uint32_t members = link->config.roster->count;
    const struct assay_limit *limits = link->config.limits;
    uint16_t last = LINK_NOBODY;
    for (uint32_t i = 0; i < members && link->waiting > 0; i++) {
        const uint16_t slot = (uint16_t)((link->turn + i) % members);
        if (link->inboxes[slot].first == NULL) continue;
        if (limits == NULL ||
            !assay_peer_score_is_deprioritised(&limits[slot].peer_score, link->now_ms))
            return slot;
        if (last == LINK_NOBODY) last = slot;
    }
    return last;
}

enum assay_status assay_inbox_next(struct assay_link *link, zmq_msg_t **message,
                                   struct assay_slice *frame)
{
    const uint16_t slot = next_slot(link);
    if (slot == LINK_NOBODY) {
        ASSAY_ASSERT(link->waiting == 0);
        return ASSAY_E_AGAIN;
    }
    struct link_inbox *box = &link->inboxes[slot];
    ASSAY_ASSERT(box->first != NULL);
    struct link_frame *first = box->first;
    link->turn = (slot + 1U) % link->config.roster->count;
    const enum assay_status status = assay_batch_next(&first->batch, frame);
    *message = &first->message;
    if (status == ASSAY_OK && !assay_batch_is_empty(&first->batch)) return ASSAY_OK;
    const uint8_t *from = first->batch.bytes.bytes;
    pop_frame(link, box);
    *message = &link->frame;
    /* Moving a message may move its bytes, when they are few. */
    const uint8_t *moved = zmq_msg_data(&link->frame);
    if (status == ASSAY_OK) frame->bytes = moved + (frame->bytes - from);
    return status;
}
