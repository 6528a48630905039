/*
 * engine/store/crc32c.c - CRC-32C checksum, table-driven.
 */
#include "engine/store/crc32c.h"

enum { STRIDE = 8 };
static const uint32_t polynomial = 0x82f63b78;

void assay_crc32c_init(struct assay_crc32c *c)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ ((crc & 1) != 0 ? polynomial : 0);
        c->table[0][byte] = crc;
    }
    for (size_t place = 1; place < STRIDE; place++)
        for (size_t byte = 0; byte < 256; byte++) {
            const uint32_t before = c->table[place - 1][byte];
            c->table[place][byte] = before >> 8 ^ c->table[0][before & 255];
        }
}

uint32_t assay_crc32c_add(const struct assay_crc32c *c, uint32_t crc, const uint8_t *bytes,
                          size_t len)
{
    size_t at = 0;
    crc = ~crc;
    for (; len - at >= STRIDE; at += STRIDE) {
        const uint8_t *const b = bytes + at;
        const uint32_t first =
            crc ^ ((uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
                   (uint32_t)b[3] << 24);
        crc = c->table[7][first & 255] ^ c->table[6][first >> 8 & 255] ^
              c->table[5][first >> 16 & 255] ^ c->table[4][first >> 24] ^ c->table[3][b[4]] ^
              c->table[2][b[5]] ^ c->table[1][b[6]] ^ c->table[0][b[7]];
    }
    for (; at < len; at++)
        crc = crc >> 8 ^ c->table[0][(crc ^ bytes[at]) & 255];
    return ~crc;
}
