/*
 * tests/links/packet.c - addresses of packets, and the refusal of one that is too large.
 */
#include "tests/links/packet.h"

#include "base/bytes.h"

enum { V4_LEN = 20, V6_LEN = 40, ICMP_LEN = 8 };

static const uint8_t net4[3] = { 10, 77, 0 };
static const uint8_t net6[15] = { 0xfd, 0x77 }; /* and zeros */

uint32_t link_packet_target(const uint8_t *packet, size_t len)
{
    if (len >= V4_LEN && packet[0] >> 4 == 4 && assay_bytes_equal(packet + 16, net4, sizeof net4))
        return packet[19];
    if (len >= V6_LEN && packet[0] >> 4 == 6 && assay_bytes_equal(packet + 24, net6, sizeof net6))
        return packet[39];
    return 0;
}

static uint32_t add(uint32_t sum, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
    return sum;
}

static void put_sum(uint8_t *at, uint32_t sum)
{
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    at[0] = (uint8_t)(~sum >> 8);
    at[1] = (uint8_t)~sum;
}

static void put16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static size_t refuse4(const uint8_t *packet, uint32_t mtu, uint8_t *out)
{
    const size_t quoted = V4_LEN + 8, icmp = ICMP_LEN + quoted, all = V4_LEN + icmp;
    assay_bytes_zero(out, all);
    out[0] = 0x45;
    put16(out + 2, all);
    out[8] = 64; /* hops */
    out[9] = 1;  /* ICMP */
    assay_bytes_copy(out + 12, 4, packet + 16, 4);
    assay_bytes_copy(out + 16, 4, packet + 12, 4);
    put_sum(out + 10, add(0, out, V4_LEN));
    out[V4_LEN] = 3;
    out[V4_LEN + 1] = 4;
    put16(out + V4_LEN + 6, mtu);
    assay_bytes_copy(out + V4_LEN + ICMP_LEN, quoted, packet, quoted);
    put_sum(out + V4_LEN + 2, add(0, out + V4_LEN, icmp));
    return all;
}

static size_t refuse6(const uint8_t *packet, size_t len, uint32_t mtu, uint8_t *out)
{
    const size_t room = LINK_REFUSAL_MAX - V6_LEN - ICMP_LEN;
    const size_t quoted = len < room ? len : room, icmp = ICMP_LEN + quoted;
    assay_bytes_zero(out, V6_LEN + ICMP_LEN);
    out[0] = 0x60;
    put16(out + 4, icmp);
    out[6] = 58; /* ICMPv6 */
    out[7] = 64;
    assay_bytes_copy(out + 8, 16, packet + 24, 16);
    assay_bytes_copy(out + 24, 16, packet + 8, 16);
    out[V6_LEN] = 2;
    put16(out + V6_LEN + 6, mtu);
    assay_bytes_copy(out + V6_LEN + ICMP_LEN, quoted, packet, quoted);
    /* Over the addresses, the length and the protocol as well. */
    uint32_t sum = add(0, out + 8, 32) + (uint32_t)icmp + 58;
    put_sum(out + V6_LEN + 2, add(sum, out + V6_LEN, icmp));
    return V6_LEN + icmp;
}

size_t link_packet_refusal(const uint8_t *packet, size_t len, uint32_t mtu,
                           uint8_t out[static LINK_REFUSAL_MAX])
{
    if (len >= V4_LEN + 8 && packet[0] == 0x45) return refuse4(packet, mtu, out);
    if (len >= V6_LEN + 8 && packet[0] >> 4 == 6) return refuse6(packet, len, mtu, out);
    return 0;
}
