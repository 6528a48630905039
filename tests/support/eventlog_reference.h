/*
 * tests/support/eventlog_reference.h - makers of event logs, and a replay that is slow and obvious.
 */
#ifndef ASSAY_TESTS_SUPPORT_EVENTLOG_REFERENCE_H
#define ASSAY_TESTS_SUPPORT_EVENTLOG_REFERENCE_H

#include "base/bytes.h"

enum { LOG_MAX = 8192, LOG_ALGS_MAX = 4 };

/* A log as it grows. */
struct made_log {
    size_t len;
    uint8_t bytes[LOG_MAX];
    size_t alg_count;
    uint16_t algs[LOG_ALGS_MAX];
    bool big_endian;      /* IMA */
    size_t template_hash; /* IMA: 20, 32, 48 or 64 */
};

void log_put(struct made_log *log, const void *bytes, size_t len);
void log_u16(struct made_log *log, uint16_t value);
void log_u32(struct made_log *log, uint32_t value); /* big-endian if log->big_endian */

/* The header of a TCG log of these algorithms; SHA-1 is 4, SHA-256 11, SHA-384 12, SHA-512 13. */
struct made_log log_tcg(const uint16_t *algs, size_t count);
/* An event whose digests are the hashes of its data (of SHA-1: 20 arbitrary bytes). */
void log_event(struct made_log *log, uint32_t reg, uint32_t type, const void *data, size_t len);
void log_locality(struct made_log *log, uint8_t locality);

/* A list of IMA; template_hash 20 has arbitrary digests, since the tests compute no SHA-1. */
struct made_log log_ima(size_t template_hash, bool big_endian);
/* template "ima-ng" or "ima-sig" (a signature of 9 bytes more); the file digest is SHA-256 of
 * content. */
void log_file(struct made_log *log, uint32_t reg, const char *template_, const char *name,
              const char *content);
/* "ima-sig" with a signature of len bytes, zeros at its end. */
void log_signed(struct made_log *log, uint32_t reg, const char *name, const char *content,
                size_t len);
/* "ima-ng" with a file digest of an algorithm's name: len times 0x64. */
void log_file_by(struct made_log *log, uint32_t reg, const char *name, const char *alg, size_t len);
void log_violation(struct made_log *log, uint32_t reg, const char *name);
/* Template "ima", the old one. */
void log_legacy(struct made_log *log, uint32_t reg, const char *name);

/* What one register holds after the first `events` events of a well-formed log; alg 11, 12 or 13.
 * Returns: the length of the value. */
size_t reference_replay(const struct made_log *log, uint32_t reg, uint16_t alg, size_t events,
                        uint8_t value[64]);

#endif
