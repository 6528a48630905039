/*
 * base/dns_name.c - form of DNS names in lower case.
 */
#include "base/dns_name.h"

static bool is_label_byte(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-';
}

bool assay_dns_is_label(struct assay_slice text)
{
    if (text.len < 1 || text.len > ASSAY_DNS_LABEL_MAX) return false;
    if (text.bytes[0] == '-' || text.bytes[text.len - 1] == '-') return false;
    for (size_t i = 0; i < text.len; i++)
        if (!is_label_byte(text.bytes[i])) return false;
    return true;
}

bool assay_dns_is_name(struct assay_slice text, size_t len_max)
{
    size_t first = 0;
    if (text.len < 1 || text.len > len_max) return false;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.bytes[i] != '.') continue;
        if (!assay_dns_is_label(assay_slice_over(text.bytes + first, i - first))) return false;
        first = i + 1;
    }
    return true;
}
