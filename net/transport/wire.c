/*
 * net/transport/wire.c - codec between the core and the transport process. Numbers are
 * little-endian; texts have a length of two bytes.
 */
#include "net/transport/wire.h"

#include "base/assert.h"
#include "base/cursor.h"

#include <string.h>

/* ------------------------------------------------------------ parts */

static void write_text(struct assay_writer *w, const char *text, size_t capacity)
{
    ASSAY_ASSERT(capacity > 0 && capacity <= UINT16_MAX);
    const size_t len = strnlen(text, capacity - 1);
    assay_writer_u16le(w, (uint16_t)len);
    assay_writer_put(w, text, len);
}

static enum assay_status read_text(struct assay_cursor *in, char *text, size_t capacity)
{
    ASSAY_ASSERT(capacity > 0 && capacity <= UINT16_MAX);
    uint16_t len = 0;
    ASSAY_TRY(assay_cursor_u16le(in, &len));
    if (len >= capacity) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cursor_copy(in, text, len));
    text[len] = '\0';
    return strnlen(text, capacity) == len ? ASSAY_OK : ASSAY_E_ENCODING;
}

/* The text is shown to operators: in a log, on a page. */
static enum assay_status read_words(struct assay_cursor *in, char *text, size_t capacity)
{
    ASSAY_TRY(read_text(in, text, capacity));
    for (const char *c = text; *c != '\0'; c++)
        if (*c < ' ' || *c > '~') return ASSAY_E_ENCODING;
    return ASSAY_OK;
}

static enum assay_status read_flag(struct assay_cursor *in, bool *out)
{
    uint8_t value = 0;
    ASSAY_TRY(assay_cursor_u8(in, &value));
    if (value > 1) return ASSAY_E_RANGE;
    *out = value == 1;
    return ASSAY_OK;
}

static enum assay_status read_slot(struct assay_cursor *in, uint16_t *slot)
{
    ASSAY_TRY(assay_cursor_u16le(in, slot));
    return *slot < ASSAY_MEMBERS_MAX ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status read_rest(struct assay_cursor *in, size_t most, struct assay_slice *out)
{
    ASSAY_ASSERT(most <= ASSAY_TRANSPORT_RECORD_MAX);
    const size_t len = assay_cursor_left(in);
    return len <= most ? assay_cursor_slice(in, len, out) : ASSAY_E_RANGE;
}

/* ------------------------------------------------------------ orders */

static void write_numbers(struct assay_writer *w, const struct assay_resolver_answer *numbers)
{
    ASSAY_ASSERT(numbers->count <= ASSAY_RESOLVER_NUMBERS_MAX);
    write_text(w, numbers->host, sizeof numbers->host);
    assay_writer_u8(w, (uint8_t)numbers->count);
    for (size_t i = 0; i < numbers->count; i++)
        write_text(w, numbers->numbers[i], sizeof numbers->numbers[i]);
}

static enum assay_status read_numbers(struct assay_cursor *in,
                                      struct assay_resolver_answer *numbers)
{
    uint8_t count = 0;
    ASSAY_TRY(read_text(in, numbers->host, sizeof numbers->host));
    ASSAY_TRY(assay_cursor_u8(in, &count));
    if (count > ASSAY_RESOLVER_NUMBERS_MAX) return ASSAY_E_RANGE;
    for (size_t i = 0; i < count; i++)
        ASSAY_TRY(read_text(in, numbers->numbers[i], sizeof numbers->numbers[i]));
    numbers->count = count;
    return ASSAY_OK;
}

void assay_transport_order_encode(const struct assay_transport_order *order, struct assay_writer *w)
{
    assay_writer_u8(w, (uint8_t)order->kind);
    assay_writer_u16le(w, order->slot);
    switch (order->kind) {
    case ASSAY_TRANSPORT_ORDER_MEMBER:
        assay_writer_put(w, order->bootstrap, sizeof order->bootstrap);
        assay_writer_put(w, order->transport, sizeof order->transport);
        assay_writer_u8(w, order->gone);
        return;
    case ASSAY_TRANSPORT_ORDER_LIMITS:
        assay_writer_u64le(w, order->until_ms);
        assay_writer_u8(w, order->last);
        return;
    case ASSAY_TRANSPORT_ORDER_PEER:
    case ASSAY_TRANSPORT_ORDER_FRAME:
        assay_writer_put(w, order->bytes.bytes, order->bytes.len);
        return;
    case ASSAY_TRANSPORT_ORDER_TO:
    case ASSAY_TRANSPORT_ORDER_SPARE: assay_writer_u64le(w, order->relay); return;
    case ASSAY_TRANSPORT_ORDER_ADDRESSES: write_numbers(w, &order->numbers); return;
    case ASSAY_TRANSPORT_ORDER_LINGER: assay_writer_u32le(w, order->ms); return;
    case ASSAY_TRANSPORT_ORDER_START:
    case ASSAY_TRANSPORT_ORDER_FORGET: return;
    }
    ASSAY_UNREACHABLE("order");
}

static enum assay_status decode_order(struct assay_cursor *in, struct assay_transport_order *o)
{
    switch (o->kind) {
    case ASSAY_TRANSPORT_ORDER_MEMBER:
        ASSAY_TRY(assay_cursor_copy(in, o->bootstrap, sizeof o->bootstrap));
        ASSAY_TRY(assay_cursor_copy(in, o->transport, sizeof o->transport));
        return read_flag(in, &o->gone);
    case ASSAY_TRANSPORT_ORDER_LIMITS:
        ASSAY_TRY(assay_cursor_u64le(in, &o->until_ms));
        return read_flag(in, &o->last);
    case ASSAY_TRANSPORT_ORDER_PEER: return read_rest(in, ASSAY_TRANSPORT_TEXT_MAX - 1, &o->bytes);
    case ASSAY_TRANSPORT_ORDER_FRAME: return read_rest(in, ASSAY_FRAME_LEN_MAX, &o->bytes);
    case ASSAY_TRANSPORT_ORDER_TO:
    case ASSAY_TRANSPORT_ORDER_SPARE: return assay_cursor_u64le(in, &o->relay);
    case ASSAY_TRANSPORT_ORDER_ADDRESSES: return read_numbers(in, &o->numbers);
    case ASSAY_TRANSPORT_ORDER_LINGER: return assay_cursor_u32le(in, &o->ms);
    case ASSAY_TRANSPORT_ORDER_START:
    case ASSAY_TRANSPORT_ORDER_FORGET: return ASSAY_OK;
    }
    return ASSAY_E_TYPE;
}

enum assay_status assay_transport_order_decode(struct assay_slice bytes,
                                               struct assay_transport_order *order)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    uint8_t kind = 0;
    ASSAY_TRY(assay_cursor_u8(&in, &kind));
    order->kind = (enum assay_transport_order_kind)kind;
    ASSAY_TRY(read_slot(&in, &order->slot));
    ASSAY_TRY(decode_order(&in, order));
    return assay_cursor_end(&in);
}

/* ------------------------------------------------------------ reports */

void assay_transport_report_encode(const struct assay_transport_report *report,
                                   struct assay_writer *w)
{
    assay_writer_u8(w, (uint8_t)report->kind);
    assay_writer_u16le(w, report->slot);
    if (report->kind == ASSAY_TRANSPORT_REPORT_NAME) {
        write_text(w, report->host, sizeof report->host);
        return;
    }
    ASSAY_ASSERT(report->kind == ASSAY_TRANSPORT_REPORT_FRAME);
    assay_writer_u8(w, (uint8_t)report->which);
    assay_writer_put(w, report->key, sizeof report->key);
    assay_writer_put(w, report->bytes.bytes, report->bytes.len);
}

static enum assay_status decode_frame(struct assay_cursor *in, struct assay_transport_report *r)
{
    uint8_t which = 0;
    ASSAY_TRY(assay_cursor_u8(in, &which));
    if (which > ASSAY_ROSTER_TRANSPORT) return ASSAY_E_RANGE;
    r->which = (enum assay_roster_key)which;
    ASSAY_TRY(assay_cursor_copy(in, r->key, sizeof r->key));
    return read_rest(in, ASSAY_FRAME_LEN_MAX, &r->bytes);
}

enum assay_status assay_transport_report_decode(struct assay_slice bytes,
                                                struct assay_transport_report *report)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    uint8_t kind = 0;
    ASSAY_TRY(assay_cursor_u8(&in, &kind));
    report->kind = (enum assay_transport_report_kind)kind;
    ASSAY_TRY(read_slot(&in, &report->slot));
    if (report->kind == ASSAY_TRANSPORT_REPORT_FRAME) return decode_frame(&in, report);
    if (report->kind != ASSAY_TRANSPORT_REPORT_NAME) return ASSAY_E_TYPE;
    ASSAY_TRY(read_words(&in, report->host, sizeof report->host));
    return assay_cursor_end(&in);
}

/* ------------------------------------------------------------ packets */

static void encode_brief(struct assay_writer *w, const struct assay_transport_packet *p)
{
    assay_writer_u32le(w, p->members);
    assay_writer_u16le(w, p->self);
    assay_writer_u32le(w, p->handshake_ms);
    assay_writer_u32le(w, p->redial_ms);
    assay_writer_u32le(w, p->pause_ms_max);
    assay_writer_u8(w, p->self_test);
    assay_writer_put(w, p->secret.bytes, sizeof p->secret.bytes);
    assay_writer_put(w, p->public_key, sizeof p->public_key);
    write_text(w, p->text, sizeof p->text);
}

static enum assay_status decode_brief(struct assay_cursor *in, struct assay_transport_packet *p)
{
    ASSAY_TRY(assay_cursor_u32le(in, &p->members));
    ASSAY_TRY(assay_cursor_u16le(in, &p->self));
    if (p->members == 0 || p->members > ASSAY_MEMBERS_MAX || p->self >= p->members)
        return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cursor_u32le(in, &p->handshake_ms));
    ASSAY_TRY(assay_cursor_u32le(in, &p->redial_ms));
    ASSAY_TRY(assay_cursor_u32le(in, &p->pause_ms_max));
    if (p->handshake_ms > INT32_MAX || p->redial_ms > INT32_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(read_flag(in, &p->self_test));
    ASSAY_TRY(assay_cursor_copy(in, p->secret.bytes, sizeof p->secret.bytes));
    ASSAY_TRY(assay_cursor_copy(in, p->public_key, sizeof p->public_key));
    return read_text(in, p->text, sizeof p->text);
}

void assay_transport_packet_encode(const struct assay_transport_packet *packet,
                                   struct assay_writer *w)
{
    assay_writer_u8(w, (uint8_t)packet->kind);
    switch (packet->kind) {
    case ASSAY_PACKET_WAKE: return;
    case ASSAY_PACKET_BRIEF: encode_brief(w, packet); return;
    case ASSAY_PACKET_IDENTIFY:
        assay_writer_put(w, packet->secret.bytes, sizeof packet->secret.bytes);
        assay_writer_put(w, packet->public_key, sizeof packet->public_key);
        return;
    case ASSAY_PACKET_READY:
        assay_writer_u32le(w, packet->walls);
        assay_writer_u32le(w, packet->landlock);
        assay_writer_u16le(w, packet->port);
        write_text(w, packet->text, ASSAY_LINK_ENDPOINT_MAX);
        return;
    case ASSAY_PACKET_REFUSED:
        assay_writer_u32le(w, (uint32_t)packet->status);
        write_text(w, packet->text, ASSAY_LINK_MESSAGE_LEN);
        return;
    }
    ASSAY_UNREACHABLE("packet");
}

static enum assay_status decode_ready(struct assay_cursor *in, struct assay_transport_packet *p)
{
    ASSAY_TRY(assay_cursor_u32le(in, &p->walls));
    ASSAY_TRY(assay_cursor_u32le(in, &p->landlock));
    ASSAY_TRY(assay_cursor_u16le(in, &p->port));
    return read_words(in, p->text, ASSAY_LINK_ENDPOINT_MAX);
}

/* Statuses of assay_link_open only. */
static enum assay_status decode_refused(struct assay_cursor *in, struct assay_transport_packet *p)
{
    static const enum assay_status said[] = { ASSAY_E_VERSION, ASSAY_E_IO,      ASSAY_E_INVALID,
                                              ASSAY_E_TIMEOUT, ASSAY_E_MEMORY };
    uint32_t status = 0;
    ASSAY_TRY(assay_cursor_u32le(in, &status));
    p->status = ASSAY_OK;
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
        if ((uint32_t)said[i] == status) p->status = said[i];
    if (p->status == ASSAY_OK) return ASSAY_E_RANGE;
    return read_words(in, p->text, ASSAY_LINK_MESSAGE_LEN);
}

enum assay_status assay_transport_packet_decode(struct assay_slice bytes,
                                                struct assay_transport_packet *packet)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    uint8_t kind = 0;
    ASSAY_TRY(assay_cursor_u8(&in, &kind));
    packet->kind = (enum assay_packet_kind)kind;
    switch (packet->kind) {
    case ASSAY_PACKET_WAKE: break;
    case ASSAY_PACKET_BRIEF: ASSAY_TRY(decode_brief(&in, packet)); break;
    case ASSAY_PACKET_IDENTIFY:
        ASSAY_TRY(assay_cursor_copy(&in, packet->secret.bytes, sizeof packet->secret.bytes));
        ASSAY_TRY(assay_cursor_copy(&in, packet->public_key, sizeof packet->public_key));
        break;
    case ASSAY_PACKET_READY: ASSAY_TRY(decode_ready(&in, packet)); break;
    case ASSAY_PACKET_REFUSED: ASSAY_TRY(decode_refused(&in, packet)); break;
    default: return ASSAY_E_TYPE;
    }
    return assay_cursor_end(&in);
}
