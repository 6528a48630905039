/*
 * What a ledger and programs say to each other, at its limits and one past them (docs/services.md
 * 4.1); and how a process may be reached.
 */
#include "net/services/wire.h"

#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

static struct assay_service_message message;

/* SUBMIT of so many bytes, by hand: the encoder refuses to write too many. */
static enum assay_status submit_of(size_t len)
{
    static uint8_t bytes[ASSAY_SERVICE_PAYLOAD_MAX + 16];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const uint8_t head[] = { 0x83, 5, 1, 0x59, (uint8_t)(len >> 8), (uint8_t)len };
    assay_writer_put(&w, head, sizeof head);
    assay_writer_zero(&w, len);
    return assay_service_decode(assay_slice_over(bytes, w.len), &message);
}

Test(services_wire, a_payload_has_its_limit)
{
    cr_expect_eq(submit_of(ASSAY_SERVICE_PAYLOAD_MAX), ASSAY_OK);
    cr_expect_neq(submit_of(ASSAY_SERVICE_PAYLOAD_MAX + 1), ASSAY_OK);
}

static enum assay_status close_of(uint8_t slots, uint8_t standing)
{
    uint8_t bytes[512];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const uint8_t head[] = { 0x84, 3, 9, 0x58, slots };
    const uint8_t scores[] = { 0x59, (uint8_t)(2 * slots >> 8), (uint8_t)(2 * slots) };
    assay_writer_put(&w, head, sizeof head);
    for (uint8_t i = 0; i < slots; i++)
        assay_writer_u8(&w, standing);
    assay_writer_put(&w, scores, sizeof scores);
    assay_writer_zero(&w, (size_t)2 * slots);
    return assay_service_decode(assay_slice_over(bytes, w.len), &message);
}

Test(services_wire, slots_and_standings_have_theirs)
{
    cr_expect_eq(close_of(ASSAY_CONT_SLOTS_MAX, ASSAY_CONT_STAND_FULL), ASSAY_OK);
    cr_expect_neq(close_of(ASSAY_CONT_SLOTS_MAX + 1, ASSAY_CONT_STAND_FULL), ASSAY_OK);
    cr_expect_neq(close_of(ASSAY_CONT_SLOTS_MAX, ASSAY_CONT_STAND_FULL + 1), ASSAY_OK);
}

/* What the length of a message makes of the stream. */
static enum assay_status stream_of(uint32_t len)
{
    struct assay_service_stream s;
    const uint8_t bytes[] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
                              (uint8_t)len };
    int pair[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    cr_assert_eq(assay_service_stream_open(&s, pair[0]), ASSAY_OK);
    cr_assert_eq(send(pair[1], bytes, sizeof bytes, 0), (ssize_t)sizeof bytes);
    const enum assay_status status = assay_service_next(&s, &message);
    assay_service_stream_close(&s);
    (void)close(pair[1]);
    return status;
}

Test(services_wire, a_message_has_its_limit_before_it_is_read)
{
    cr_expect_eq(stream_of(ASSAY_SERVICE_MESSAGE_MAX), ASSAY_E_AGAIN, "the rest may still come");
    cr_expect_eq(stream_of(ASSAY_SERVICE_MESSAGE_MAX + 1), ASSAY_E_RANGE);
    cr_expect_eq(stream_of(0), ASSAY_E_RANGE);
}

static enum assay_status contact_of(const char *address, size_t len)
{
    uint8_t bytes[160];
    struct assay_cont_contact contact;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const uint8_t head[] = { 0x58, 32 }, text[] = { 0x58, (uint8_t)len };
    assay_writer_put(&w, head, sizeof head);
    assay_writer_zero(&w, 32);
    if (len < 24) assay_writer_u8(&w, (uint8_t)(0x40 + len));
    else assay_writer_put(&w, text, sizeof text);
    assay_writer_put(&w, address, len);
    struct assay_cursor in = assay_cursor_over(bytes, w.len);
    return assay_cont_contact_take(&in, &contact);
}

Test(services_wire, an_address_is_text_of_a_length)
{
    char longest[ASSAY_CONT_ADDRESS_MAX + 1];
    for (size_t i = 0; i < sizeof longest; i++)
        longest[i] = 'h';
    cr_expect_eq(contact_of("host:7100", 9), ASSAY_OK);
    cr_expect_eq(contact_of(longest, ASSAY_CONT_ADDRESS_MAX), ASSAY_OK);
    cr_expect_neq(contact_of(longest, ASSAY_CONT_ADDRESS_MAX + 1), ASSAY_OK);
    cr_expect_eq(contact_of("", 0), ASSAY_E_INVALID);
    cr_expect_eq(contact_of("a b:1", 5), ASSAY_E_INVALID);
    cr_expect_eq(contact_of("a\0b:1", 5), ASSAY_E_INVALID);
}
