/*
 * net/services/wire.c - messages between ledger and programs: both directions side by side
 * (docs/services.md 4.1).
 */
#include "net/services/wire.h"

#include "base/assert.h"
#include "base/cbor.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LENGTH_LEN = 4, ROOM = ASSAY_SERVICE_MESSAGE_MAX + LENGTH_LEN };

/* --- writing */

static void put_standings(struct assay_writer *w, const struct assay_service_message *m)
{
    ASSAY_ASSERT(m->slots <= ASSAY_CONT_SLOTS_MAX);
    assay_cbor_put_bytes_head(w, m->slots);
    for (uint32_t i = 0; i < m->slots; i++)
        assay_writer_u8(w, (uint8_t)m->standing[i]);
    assay_cbor_put_bytes_head(w, (uint64_t)2 * m->slots);
    for (uint32_t i = 0; i < m->slots; i++)
        assay_writer_u16be(w, m->score[i]);
}

static void put_payload(struct assay_writer *w, const struct assay_service_message *m)
{
    ASSAY_ASSERT(m->payload.len > 0 && m->payload.len <= ASSAY_SERVICE_PAYLOAD_MAX);
    assay_cbor_put_uint(w, (uint64_t)m->kind);
    assay_cbor_put_bytes(w, m->payload.bytes, m->payload.len);
}

static const uint8_t items_of[] = {
    [ASSAY_SERVICE_BEGIN] = 6,  [ASSAY_SERVICE_RECORD] = 4, [ASSAY_SERVICE_CLOSE] = 4,
    [ASSAY_SERVICE_FOLLOW] = 2, [ASSAY_SERVICE_SUBMIT] = 3,
};

enum assay_status assay_service_encode(const struct assay_service_message *m,
                                       struct assay_writer *w)
{
    struct assay_slice all;
    assay_cbor_put_array(w, items_of[m->verb]);
    assay_cbor_put_uint(w, (uint64_t)m->verb);
    switch (m->verb) {
    case ASSAY_SERVICE_BEGIN:
        assay_cbor_put_bytes(w, m->chain_id, 32);
        assay_cbor_put_uint(w, m->epoch);
        put_standings(w, m);
        assay_cbor_put_bytes(w, m->document.bytes, m->document.len);
        break;
    case ASSAY_SERVICE_RECORD:
        assay_cbor_put_uint(w, m->slot);
        put_payload(w, m);
        break;
    case ASSAY_SERVICE_CLOSE:
        assay_cbor_put_uint(w, m->epoch);
        put_standings(w, m);
        break;
    case ASSAY_SERVICE_FOLLOW: assay_cbor_put_uint(w, m->group); break;
    case ASSAY_SERVICE_SUBMIT: put_payload(w, m); break;
    }
    return assay_writer_finish(w, &all);
}

/* --- reading */

static enum assay_status read_standings(struct assay_cursor *c, struct assay_service_message *m)
{
    struct assay_slice standings, scores;
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_CONT_SLOTS_MAX, &standings));
    ASSAY_TRY(assay_cbor_bytes(c, 2 * standings.len, &scores));
    if (scores.len != 2 * standings.len) return ASSAY_E_RANGE;
    m->slots = (uint32_t)standings.len;
    for (uint32_t i = 0; i < m->slots; i++) {
        if (standings.bytes[i] > ASSAY_CONT_STAND_FULL) return ASSAY_E_RANGE;
        m->standing[i] = (enum assay_cont_standing)standings.bytes[i];
        m->score[i] = (uint16_t)(scores.bytes[2 * i] << 8 | scores.bytes[2 * i + 1]);
    }
    return ASSAY_OK;
}

static enum assay_status read_payload(struct assay_cursor *c, struct assay_service_message *m)
{
    uint64_t kind = 0;
    ASSAY_TRY(assay_cbor_uint(c, &kind));
    if (kind < ASSAY_SERVICE_REPLICA || kind > ASSAY_SERVICE_TABLE) return ASSAY_E_UNSUPPORTED;
    m->kind = (enum assay_service_kind)kind;
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_SERVICE_PAYLOAD_MAX, &m->payload));
    return m->payload.len > 0 ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status read_u32(struct assay_cursor *c, uint64_t max, uint32_t *out)
{
    uint64_t value = 0;
    ASSAY_TRY(assay_cbor_uint_max(c, max, &value));
    *out = (uint32_t)value;
    return ASSAY_OK;
}

static enum assay_status read_fields(struct assay_cursor *c, struct assay_service_message *m)
{
    switch (m->verb) {
    case ASSAY_SERVICE_BEGIN:
        ASSAY_TRY(assay_cbor_bytes_exact(c, m->chain_id, 32));
        ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &m->epoch));
        ASSAY_TRY(read_standings(c, m));
        return assay_cbor_bytes(c, ASSAY_SERVICE_MESSAGE_MAX, &m->document);
    case ASSAY_SERVICE_RECORD:
        ASSAY_TRY(read_u32(c, ASSAY_CONT_SLOTS_MAX - 1, &m->slot));
        return read_payload(c, m);
    case ASSAY_SERVICE_CLOSE:
        ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &m->epoch));
        return read_standings(c, m);
    case ASSAY_SERVICE_FOLLOW: return read_u32(c, UINT32_MAX, &m->group);
    case ASSAY_SERVICE_SUBMIT: return read_payload(c, m);
    }
    ASSAY_UNREACHABLE("a verb");
}

enum assay_status assay_service_decode(struct assay_slice bytes, struct assay_service_message *m)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    uint64_t items = 0, verb = 0;
    ASSAY_TRY(assay_cbor_array(&c, 6, &items));
    ASSAY_TRY(assay_cbor_uint(&c, &verb));
    if (verb < ASSAY_SERVICE_BEGIN || verb > ASSAY_SERVICE_SUBMIT) return ASSAY_E_UNSUPPORTED;
    if (items != items_of[verb]) return ASSAY_E_RANGE;
    assay_bytes_zero(m, sizeof *m);
    m->verb = (enum assay_service_verb)verb;
    ASSAY_TRY(read_fields(&c, m));
    return assay_cursor_end(&c);
}

/* --- the stream */

enum assay_status assay_service_stream_open(struct assay_service_stream *s, int fd)
{
    *s = (struct assay_service_stream){ .fd = fd, .in = malloc(ROOM), .out = malloc(ROOM) };
    if (s->in != NULL && s->out != NULL) return ASSAY_OK;
    assay_service_stream_close(s);
    return ASSAY_E_MEMORY;
}

void assay_service_stream_close(struct assay_service_stream *s)
{
    if (s->in != NULL || s->out != NULL) (void)close(s->fd);
    free(s->in);
    free(s->out);
    *s = (struct assay_service_stream){ .fd = -1 };
}

bool assay_service_waits(const struct assay_service_stream *s)
{
    return s->out_len > 0;
}

/* What is behind the first `by` bytes moves to the front. */
static void shift(uint8_t *bytes, size_t by, size_t len)
{
    for (size_t i = 0; by > 0 && i < len; i++)
        bytes[i] = bytes[i + by];
}

enum assay_status assay_service_flush(struct assay_service_stream *s)
{
    while (s->out_len > 0) {
        const ssize_t put = send(s->fd, s->out, s->out_len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return ASSAY_OK;
        if (put <= 0) return ASSAY_E_IO;
        s->out_len -= (size_t)put;
        shift(s->out, (size_t)put, s->out_len);
    }
    return ASSAY_OK;
}

enum assay_status assay_service_send(struct assay_service_stream *s,
                                     const struct assay_service_message *m)
{
    struct assay_slice all;
    if (ROOM - s->out_len < LENGTH_LEN) return ASSAY_E_FULL;
    struct assay_writer w = assay_writer_over(s->out + s->out_len + LENGTH_LEN,
                                              ROOM - LENGTH_LEN - s->out_len);
    ASSAY_TRY(assay_service_encode(m, &w));
    ASSAY_TRY(assay_writer_finish(&w, &all));
    struct assay_writer length = assay_writer_over(s->out + s->out_len, LENGTH_LEN);
    assay_writer_u32be(&length, (uint32_t)all.len);
    s->out_len += LENGTH_LEN + all.len;
    return assay_service_flush(s);
}

static uint32_t length_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
           bytes[3];
}

/* What was handed out goes; what is behind it moves up. */
static void forget_taken(struct assay_service_stream *s)
{
    s->in_len -= s->taken;
    shift(s->in, s->taken, s->in_len);
    s->taken = 0;
}

static enum assay_status fill(struct assay_service_stream *s, size_t wanted)
{
    while (s->in_len < wanted) {
        const ssize_t got = recv(s->fd, s->in + s->in_len, wanted - s->in_len, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return ASSAY_E_AGAIN;
        if (got <= 0) return ASSAY_E_IO;
        s->in_len += (size_t)got;
    }
    return ASSAY_OK;
}

enum assay_status assay_service_next(struct assay_service_stream *s,
                                     struct assay_service_message *m)
{
    forget_taken(s);
    ASSAY_TRY(fill(s, LENGTH_LEN));
    const size_t len = length_at(s->in);
    if (len == 0 || len > ASSAY_SERVICE_MESSAGE_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(fill(s, LENGTH_LEN + len));
    s->taken = LENGTH_LEN + len;
    return assay_service_decode(assay_slice_over(s->in + LENGTH_LEN, len), m);
}
