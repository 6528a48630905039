/*
 * services/evm/rlp.h - encoder of recursive length prefixes (RLP), the encoding of transactions
 * (Ethereum yellow paper, appendix B). There is no decoder.
 */
#ifndef ASSAY_SERVICES_EVM_RLP_H
#define ASSAY_SERVICES_EVM_RLP_H

#include "base/writer.h"

/* Sets full when there is no room. */
void assay_rlp_put_bytes(struct assay_writer *w, const void *bytes, size_t len);
/* A number, big-endian, with or without leading zeros. */
void assay_rlp_put_number(struct assay_writer *w, const uint8_t *bytes, size_t len);
void assay_rlp_put_uint(struct assay_writer *w, uint64_t value);
/*
 * A list: begin, put its items, end, which moves them behind the head of the needed length. Lists
 * may be nested. Returns: of begin the start of the list.
 */
size_t assay_rlp_begin(const struct assay_writer *w);
void assay_rlp_end(struct assay_writer *w, size_t start);

#endif
