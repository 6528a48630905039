/*
 * base/writer.h - bounds-checked output into memory of the caller, the counterpart of the cursor.
 *
 * Writing past the capacity sets `full` and writes nothing more; the caller checks once at the end
 * with assay_writer_finish, so encoders read straight down.
 */
#ifndef ASSAY_BASE_WRITER_H
#define ASSAY_BASE_WRITER_H

#include "base/bytes.h"

struct assay_writer {
    uint8_t *bytes;
    size_t capacity;
    size_t len; /* len <= capacity always */
    bool full;  /* something did not fit; what was written so far is not a message */
};

/* Returns: an empty writer over bytes[capacity]. */
struct assay_writer assay_writer_over(void *bytes, size_t capacity);
/* Each sets full when there is no room. */
void assay_writer_put(struct assay_writer *w, const void *bytes, size_t len);
void assay_writer_zero(struct assay_writer *w, size_t len);
void assay_writer_u8(struct assay_writer *w, uint8_t value);
void assay_writer_u16le(struct assay_writer *w, uint16_t value);
void assay_writer_u32le(struct assay_writer *w, uint32_t value);
void assay_writer_u64le(struct assay_writer *w, uint64_t value);
void assay_writer_u16be(struct assay_writer *w, uint16_t value);
void assay_writer_u32be(struct assay_writer *w, uint32_t value);
void assay_writer_u64be(struct assay_writer *w, uint64_t value);
/* Returns: ASSAY_OK and what was written (borrowed from the buffer) | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_writer_finish(const struct assay_writer *w,
                                                    struct assay_slice *out);

#endif
