/*
 * net/system/peer_site.h - site of a caller: what shares places with other callers.
 *
 * An address is one of IPv4, mapped into IPv6 or not, or a /64 of IPv6. A /48 of IPv6 is the usual
 * assignment of one subscriber: it contains 65,536 of these and counts as one site.
 */
#ifndef ASSAY_NET_SYSTEM_PEER_SITE_H
#define ASSAY_NET_SYSTEM_PEER_SITE_H

#include "base/bytes.h"

#include <netinet/in.h>
#include <sys/socket.h>

/* Out: from: of IPv4 the first half is zero; all zero for other families. */
static inline void assay_peer_site_read(const struct sockaddr_storage *at, uint8_t from[static 16])
{
    assay_bytes_zero(from, 16);
    if (at->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)at;
        assay_bytes_copy(from + 12, 4, &v4->sin_addr, 4);
    } else if (at->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)at;
        const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
        if (mapped) assay_bytes_copy(from + 12, 4, v6->sin6_addr.s6_addr + 12, 4);
        else assay_bytes_copy(from, 16, v6->sin6_addr.s6_addr, 8);
    }
}

enum { ASSAY_PEER_SITE_V4_HALF = 8, ASSAY_PEER_SITE_LEN = 6 };

static inline bool assay_peer_site_is_v4(const uint8_t from[static 16])
{
    return assay_bytes_all_zero(from, ASSAY_PEER_SITE_V4_HALF);
}

/* To the first address of its site. */
static inline void assay_peer_site_reduce(uint8_t from[static 16])
{
    if (!assay_peer_site_is_v4(from))
        assay_bytes_zero(from + ASSAY_PEER_SITE_LEN, 16 - ASSAY_PEER_SITE_LEN);
}

/* In: as assay_peer_site_read has written them. */
static inline bool assay_peer_site_is_same(const uint8_t a[static 16], const uint8_t b[static 16])
{
    const bool is_v4 = assay_peer_site_is_v4(a) || assay_peer_site_is_v4(b);
    return assay_bytes_equal(a, b, is_v4 ? 16 : ASSAY_PEER_SITE_LEN);
}

#endif
