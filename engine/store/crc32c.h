/*
 * engine/store/crc32c.h - CRC-32C checksum of store rows (Castagnoli, reflected, RFC 3720 appendix
 * B.4). It detects disk errors, not forgery.
 */
#ifndef ASSAY_ENGINE_STORE_CRC32C_H
#define ASSAY_ENGINE_STORE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* What each byte at each of eight places adds: eight bytes go at once. */
struct assay_crc32c {
    uint32_t table[8][256];
};

/* Fills the tables. */
void assay_crc32c_init(struct assay_crc32c *c);
/*
 * crc:     of all bytes before; 0 where there are none
 * bytes:   [len], may be NULL where len is 0
 * Returns: the checksum of those before and these
 */
uint32_t assay_crc32c_add(const struct assay_crc32c *c, uint32_t crc, const uint8_t *bytes,
                          size_t len);

#endif
