/*
 * net/system/caller_site.h - site of a caller: what shares places with other callers.
 *
 * An address is one of IPv4, mapped into IPv6 or not, or a /64 of IPv6. A /48 of IPv6 is the usual
 * assignment of one subscriber: it contains 65,536 of these and counts as one site.
 */
#ifndef ASSAY_NET_SYSTEM_CALLER_SITE_H
#define ASSAY_NET_SYSTEM_CALLER_SITE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* Out: from: of IPv4 the first half is zero; all zero for other families. */
void assay_caller_site_read(const struct sockaddr_storage *at, uint8_t from[static 16]);
/* To the first address of its site. */
void assay_caller_site_reduce(uint8_t from[static 16]);
/* In: as assay_caller_site_read has written them. Returns: whether both are of one site. */
bool assay_caller_site_is_same(const uint8_t a[static 16], const uint8_t b[static 16]);

#endif
