/*
 * tests/links/packet.h - the little of IP that a hub of links reads and writes.
 *
 * Hosts are 10.77.0.N and fd77::N; nothing else is carried.
 */
#ifndef ASSAY_TESTS_LINKS_PACKET_H
#define ASSAY_TESTS_LINKS_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINK_PACKET_MAX = 65536, LINK_REFUSAL_MAX = 1280 };

/* Returns: the last number of where a packet goes; 0: not to a host of ours. */
uint32_t link_packet_target(const uint8_t *packet, size_t len);
/* What a router says of a packet that is too large for its next link (ICMP 3/4, ICMPv6 2): from
 * its target's address to its sender. Returns: its length; 0: of this packet nothing is said. */
size_t link_packet_refusal(const uint8_t *packet, size_t len, uint32_t mtu,
                           uint8_t out[static LINK_REFUSAL_MAX]);

#endif
