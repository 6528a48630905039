/*
 * net/tls/address.c - text of an address as a socket address.
 */
#include "net/tls/address.h"

#include "base/bytes.h"

#include <string.h>
#include <sys/socket.h>

static enum assay_status copy_part(char *out, size_t capacity, const char *from, size_t len)
{
    if (len == 0 || len >= capacity) return ASSAY_E_SYNTAX;
    assay_bytes_copy(out, capacity, from, len);
    out[len] = '\0';
    return ASSAY_OK;
}

enum assay_status assay_tls_address_parse(const char *list, uint32_t index,
                                          struct assay_tls_address *address)
{
    const char *at = list;
    for (; index > 0; index--) {
        at = strchr(at, ',');
        if (at == NULL) return ASSAY_E_NOT_FOUND;
        at++;
    }
    const size_t len = strcspn(at, ",");
    size_t colon = len;
    while (colon > 0 && at[colon - 1] != ':')
        colon--;
    if (colon == 0) return ASSAY_E_SYNTAX;
    ASSAY_TRY(copy_part(address->port, sizeof address->port, at + colon, len - colon));
    uint32_t port = 0;
    for (const char *digit = address->port; *digit != '\0'; digit++) {
        if (*digit < '0' || *digit > '9') return ASSAY_E_SYNTAX;
        port = port * 10 + (uint32_t)(*digit - '0');
    }
    if (port > UINT16_MAX) return ASSAY_E_SYNTAX;
    size_t host_len = colon - 1;
    if (host_len > 2 && at[0] == '[' && at[host_len - 1] == ']') {
        at++;
        host_len -= 2;
    }
    return copy_part(address->host, sizeof address->host, at, host_len);
}

struct addrinfo *assay_tls_address_find(const struct assay_tls_address *address, int flags)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC,
                                    .ai_socktype = SOCK_STREAM,
                                    .ai_flags = flags | AI_NUMERICSERV };
    struct addrinfo *found = NULL;
    /* Of an address to listen at, * is every address of the machine. */
    const bool is_any = (flags & AI_PASSIVE) != 0 && strcmp(address->host, "*") == 0;
    if (getaddrinfo(is_any ? NULL : address->host, address->port, &hints, &found) != 0) return NULL;
    return found;
}
