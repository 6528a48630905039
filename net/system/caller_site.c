/*
 * net/system/caller_site.c - addresses of callers as sites.
 */
#include "net/system/caller_site.h"

#include "base/bytes.h"

#include <netinet/in.h>

enum { V4_HALF = 8, SITE_LEN = 6 };

void assay_caller_site_read(const struct sockaddr_storage *at, uint8_t from[static 16])
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

static bool is_v4(const uint8_t from[static 16])
{
    return assay_bytes_all_zero(from, V4_HALF);
}

void assay_caller_site_reduce(uint8_t from[static 16])
{
    if (!is_v4(from)) assay_bytes_zero(from + SITE_LEN, 16 - SITE_LEN);
}

bool assay_caller_site_is_same(const uint8_t a[static 16], const uint8_t b[static 16])
{
    return assay_bytes_equal(a, b, is_v4(a) || is_v4(b) ? 16 : SITE_LEN);
}
