/*
 * tests/links/test_packet.c - tests of packet forwarding and errors.
 *
 * Where packets go, and what is said of those that are too large: sums as a receiver checks them.
 */
#include "tests/links/packet.h"

#include "base/bytes.h"

#include <criterion/criterion.h>
#include <string.h>

static uint16_t sum_of(uint32_t sum, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

static void make4(uint8_t packet[static 1500])
{
    static const uint8_t head[20] = { 0x45, 0, 5, 0xdc, 0, 0, 0x40, 0, 64, 6,
                                      0,    0, 10, 77, 0, 1, 10, 77, 0, 2 };
    memset(packet, 0xab, 1500);
    assay_bytes_copy(packet, 1500, head, sizeof head);
}

static void make6(uint8_t packet[static 1500])
{
    memset(packet, 0, 1500);
    packet[0] = 0x60;
    packet[8] = packet[24] = 0xfd;
    packet[9] = packet[25] = 0x77;
    packet[23] = 3;
    packet[39] = 4;
    memset(packet + 40, 0xcd, 1460);
}

Test(links_packet, goes_to_a_host_or_to_nobody)
{
    uint8_t packet[1500];
    make4(packet);
    cr_assert_eq(link_packet_target(packet, sizeof packet), 2);
    cr_assert_eq(link_packet_target(packet, 19), 0);
    packet[17] = 78;
    cr_assert_eq(link_packet_target(packet, sizeof packet), 0);
    make6(packet);
    cr_assert_eq(link_packet_target(packet, sizeof packet), 4);
    cr_assert_eq(link_packet_target(packet, 39), 0);
    packet[30] = 1;
    cr_assert_eq(link_packet_target(packet, sizeof packet), 0);
}

Test(links_packet, a_refusal_goes_back_with_the_size_that_fits)
{
    uint8_t packet[1500], out[LINK_REFUSAL_MAX];
    make4(packet);
    cr_assert_eq(link_packet_refusal(packet, sizeof packet, 1280, out), 56);
    cr_assert_eq(out[19], 1, "to the sender");
    cr_assert(out[20] == 3 && out[21] == 4 && (out[26] << 8 | out[27]) == 1280);
    cr_assert(assay_bytes_equal(out + 28, packet, 28));
    cr_assert(sum_of(0, out, 20) == 0xffff && sum_of(0, out + 20, 36) == 0xffff);
    make6(packet);
    const size_t len = link_packet_refusal(packet, sizeof packet, 1280, out);
    cr_assert_eq(len, LINK_REFUSAL_MAX);
    cr_assert(out[39] == 3 && out[40] == 2 && (out[46] << 8 | out[47]) == 1280);
    cr_assert_eq(sum_of(sum_of(0, out + 8, 32) + (uint32_t)(len - 40) + 58, out + 40, len - 40),
                 0xffff);
    cr_assert_eq(link_packet_refusal(packet, 10, 1280, out), 0);
}
