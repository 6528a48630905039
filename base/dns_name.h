/*
 * base/dns_name.h - form of DNS names in lower case (RFC 1123 2.1), for names in certificates.
 */
#ifndef ASSAY_BASE_DNS_NAME_H
#define ASSAY_BASE_DNS_NAME_H

#include "base/bytes.h"

enum { ASSAY_DNS_LABEL_MAX = 63 };

/* Letters, digits and inner hyphens. Returns: true for one label. */
bool assay_dns_is_label(struct assay_slice text);
/* Labels with a dot between two of them, none at the end. Returns: true for such a name of at most
 * len_max characters. */
bool assay_dns_is_name(struct assay_slice text, size_t len_max);

#endif
