/*
 * services/evm/rlp.h - recursive length prefixes, the encoding of transactions (Ethereum yellow
 * paper, appendix B). Written only: nothing that others encode so is read.
 */
#ifndef ASSAY_SERVICES_EVM_RLP_H
#define ASSAY_SERVICES_EVM_RLP_H

#include "base/writer.h"

/* Each Returns: nothing; sets full when there is no room. */
void assay_rlp_put_bytes(struct assay_writer *w, const void *bytes, size_t len);
/* A number, big-endian with zeros before it or not. */
void assay_rlp_put_number(struct assay_writer *w, const uint8_t *bytes, size_t len);
void assay_rlp_put_uint(struct assay_writer *w, uint64_t value);
/*
 * A list: begin, put its items, end, which moves them behind the head that their length asks for.
 * Lists may stand in lists. Returns: of begin where the list starts; of end nothing.
 */
size_t assay_rlp_begin(const struct assay_writer *w);
void assay_rlp_end(struct assay_writer *w, size_t start);

#endif
