/*
 * tests/unit/net/transport/test_wire.c - orders, reports and packets: one meaning, one encoding,
 * and nothing out of its range.
 */
#include "net/transport/wire.h"

#include <criterion/criterion.h>
#include <string.h>

static uint8_t bytes[ASSAY_TRANSPORT_RECORD_MAX], again[ASSAY_TRANSPORT_RECORD_MAX];
static uint8_t frame[ASSAY_FRAME_LEN_MAX + 1];

static struct assay_slice order_of(const struct assay_transport_order *order)
{
    struct assay_slice out;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_transport_order_encode(order, &w);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    return out;
}

static void expect_same_order(const struct assay_transport_order *order)
{
    static struct assay_transport_order read;
    struct assay_slice out;
    const struct assay_slice in = order_of(order);
    cr_assert_eq(assay_transport_order_decode(in, &read), ASSAY_OK);
    struct assay_writer w = assay_writer_over(again, sizeof again);
    assay_transport_order_encode(&read, &w);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    cr_assert(out.len == in.len && assay_bytes_equal(out.bytes, in.bytes, in.len));
    if (order->kind == ASSAY_TRANSPORT_ORDER_FRAME || order->kind == ASSAY_TRANSPORT_ORDER_PEER)
        return; /* the rest */
    for (size_t len = 0; len < in.len; len++)
        cr_assert_neq(assay_transport_order_decode(assay_slice_over(in.bytes, len), &read),
                      ASSAY_OK);
    bytes[in.len] = 0;
    cr_assert_eq(assay_transport_order_decode(assay_slice_over(in.bytes, in.len + 1), &read),
                 ASSAY_E_TRAILING);
}

Test(net_transport_wire, every_order_reads_back)
{
    struct assay_transport_order o = { .slot = 7, .relay = 99, .ms = 12, .until_ms = 1234567,
                                       .last = true, .gone = true };
    memset(o.bootstrap, 3, sizeof o.bootstrap);
    o.bytes = assay_slice_over(frame, 1000);
    o.numbers = (struct assay_resolver_answer){ .count = 2, .host = "name.example",
                                                .numbers = { "127.0.0.1", "[::1]" } };
    for (int kind = ASSAY_TRANSPORT_ORDER_MEMBER; kind <= ASSAY_TRANSPORT_ORDER_LINGER; kind++) {
        o.kind = (enum assay_transport_order_kind)kind;
        expect_same_order(&o);
    }
}

Test(net_transport_wire, orders_out_of_range_are_refused)
{
    struct assay_transport_order o = { .kind = ASSAY_TRANSPORT_ORDER_LIMITS }, read;
    struct assay_slice in = order_of(&o);
    bytes[in.len - 1] = 2; /* a flag */
    cr_assert_eq(assay_transport_order_decode(in, &read), ASSAY_E_RANGE);
    bytes[0] = ASSAY_TRANSPORT_ORDER_LINGER + 1;
    cr_assert_eq(assay_transport_order_decode(in, &read), ASSAY_E_TYPE);
    bytes[0] = 0;
    cr_assert_eq(assay_transport_order_decode(in, &read), ASSAY_E_TYPE);
    o = (struct assay_transport_order){ .kind = ASSAY_TRANSPORT_ORDER_FORGET };
    in = order_of(&o);
    bytes[2] = ASSAY_MEMBERS_MAX >> 8; /* the slot behind the last one */
    cr_assert_eq(assay_transport_order_decode(in, &read), ASSAY_E_RANGE);
    bytes[0] = ASSAY_TRANSPORT_ORDER_ADDRESSES;
    bytes[1] = bytes[2] = bytes[3] = bytes[4] = 0;
    bytes[5] = ASSAY_RESOLVER_NUMBERS_MAX + 1;
    cr_assert_eq(assay_transport_order_decode(assay_slice_over(bytes, 6), &read), ASSAY_E_RANGE);
}

static struct assay_slice report_of(const struct assay_transport_report *report)
{
    struct assay_slice out;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_transport_report_encode(report, &w);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    return out;
}

Test(net_transport_wire, reports_read_back_and_lies_do_not)
{
    struct assay_transport_report r = { .kind = ASSAY_TRANSPORT_REPORT_FRAME,
                                        .slot = 300,
                                        .which = ASSAY_ROSTER_TRANSPORT,
                                        .bytes = assay_slice_over(frame, ASSAY_FRAME_LEN_MAX) };
    struct assay_transport_report read;
    memset(r.key, 5, sizeof r.key);
    struct assay_slice in = report_of(&r);
    cr_assert_eq(assay_transport_report_decode(in, &read), ASSAY_OK);
    cr_assert(read.slot == 300 && read.which == ASSAY_ROSTER_TRANSPORT &&
              read.bytes.len == ASSAY_FRAME_LEN_MAX && assay_bytes_equal(read.key, r.key, 32));
    in.len++; /* one byte more than any frame */
    cr_assert_eq(assay_transport_report_decode(in, &read), ASSAY_E_RANGE);
    bytes[3] = 2; /* no such key */
    in.len = 40;
    cr_assert_eq(assay_transport_report_decode(in, &read), ASSAY_E_RANGE);
    r = (struct assay_transport_report){ .kind = ASSAY_TRANSPORT_REPORT_NAME,
                                         .host = "name.example" };
    in = report_of(&r);
    cr_assert_eq(assay_transport_report_decode(in, &read), ASSAY_OK);
    cr_assert_str_eq(read.host, "name.example");
    bytes[6] = '\0'; /* a text that ends within */
    cr_assert_eq(assay_transport_report_decode(in, &read), ASSAY_E_ENCODING);
    bytes[6] = '\n'; /* what nobody is to print */
    cr_assert_eq(assay_transport_report_decode(in, &read), ASSAY_E_ENCODING);
    bytes[0] = ASSAY_TRANSPORT_REPORT_NAME + 1;
    cr_assert_eq(assay_transport_report_decode(in, &read), ASSAY_E_TYPE);
}

static struct assay_slice packet_of(const struct assay_transport_packet *packet)
{
    struct assay_slice out;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_transport_packet_encode(packet, &w);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    return out;
}

Test(net_transport_wire, packets_read_back_and_lies_do_not)
{
    static struct assay_transport_packet p = { .members = 4, .self = 3, .redial_ms = 500,
                                               .pause_ms_max = 9, .self_test = true,
                                               .status = ASSAY_E_IO, .port = 7100,
                                               .text = "127.0.0.1:7100" };
    static struct assay_transport_packet read;
    for (int kind = ASSAY_PACKET_WAKE; kind <= ASSAY_PACKET_REFUSED; kind++) {
        struct assay_slice out;
        struct assay_writer w = assay_writer_over(again, sizeof again);
        p.kind = (enum assay_packet_kind)kind;
        const struct assay_slice in = packet_of(&p);
        cr_assert_leq(in.len, ASSAY_TRANSPORT_PACKET_MAX);
        cr_assert_eq(assay_transport_packet_decode(in, &read), ASSAY_OK, "%d", kind);
        assay_transport_packet_encode(&read, &w);
        cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
        cr_assert(out.len == in.len && assay_bytes_equal(out.bytes, in.bytes, in.len));
        for (size_t len = 0; len < in.len; len++)
            cr_assert_neq(assay_transport_packet_decode(assay_slice_over(in.bytes, len), &read),
                          ASSAY_OK);
    }
    p.kind = ASSAY_PACKET_BRIEF;
    p.self = 4; /* no member */
    cr_assert_eq(assay_transport_packet_decode(packet_of(&p), &read), ASSAY_E_RANGE);
    p.kind = ASSAY_PACKET_REFUSED;
    p.status = ASSAY_E_STRANGER; /* the link never says so */
    cr_assert_eq(assay_transport_packet_decode(packet_of(&p), &read), ASSAY_E_RANGE);
    p.kind = ASSAY_PACKET_READY;
    p.text[3] = '\x1b'; /* for a terminal */
    cr_assert_eq(assay_transport_packet_decode(packet_of(&p), &read), ASSAY_E_ENCODING);
}
