/*
 * tests/support/eventlog_reference.c - event logs encoded by hand: no cursor, no struct of quote/.
 */
#include "tests/support/eventlog_reference.h"

#include "base/assert.h"
#include "base/crypto.h"

#include <string.h>

/* --- hashes by number at TCG */
static size_t hash_len(uint16_t alg)
{
    return alg == 4 ? 20 : alg == 11 ? 32 : alg == 12 ? 48 : 64;
}

static void hash(uint16_t alg, const void *bytes, size_t len, uint8_t out[64])
{
    memset(out, 0, 64);
    if (alg == 4) memset(out, 0x51, 20); /* irrelevant: SHA-1 is not replayed */
    if (alg == 11) assay_sha256(bytes, len, out);
    if (alg == 12) assay_sha384(bytes, len, out);
    if (alg == 13) assay_sha512(bytes, len, out);
}

/* --- making */
void log_put(struct made_log *log, const void *bytes, size_t len)
{
    ASSAY_ASSERT(len <= LOG_MAX - log->len);
    if (len > 0) assay_bytes_copy(log->bytes + log->len, LOG_MAX - log->len, bytes, len);
    log->len += len;
}

void log_u16(struct made_log *log, uint16_t value)
{
    const uint8_t bytes[2] = { (uint8_t)value, (uint8_t)(value >> 8) };
    log_put(log, bytes, 2);
}

void log_u32(struct made_log *log, uint32_t value)
{
    uint8_t bytes[4];
    for (unsigned i = 0; i < 4; i++)
        bytes[log->big_endian ? 3 - i : i] = (uint8_t)(value >> 8 * i);
    log_put(log, bytes, 4);
}

struct made_log log_tcg(const uint16_t *algs, size_t count)
{
    static const uint8_t zero[20] = { 0 };
    struct made_log log = { .alg_count = count };
    log_u32(&log, 0);
    log_u32(&log, 3);
    log_put(&log, zero, 20);
    log_u32(&log, (uint32_t)(28 + 4 * count + 1));
    log_put(&log, "Spec ID Event03", 16);
    log_u32(&log, 0);
    log_put(&log, (const uint8_t[]){ 0, 2, 105, 2 }, 4);
    log_u32(&log, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        log.algs[i] = algs[i];
        log_u16(&log, algs[i]);
        log_u16(&log, (uint16_t)hash_len(algs[i]));
    }
    log_put(&log, zero, 1);
    return log;
}

void log_event(struct made_log *log, uint32_t reg, uint32_t type, const void *data, size_t len)
{
    uint8_t digest[64];
    log_u32(log, reg);
    log_u32(log, type);
    log_u32(log, (uint32_t)log->alg_count);
    for (size_t i = 0; i < log->alg_count; i++) {
        hash(log->algs[i], data, len, digest);
        if (type == 3) memset(digest, 0, sizeof digest); /* EV_NO_ACTION */
        log_u16(log, log->algs[i]);
        log_put(log, digest, hash_len(log->algs[i]));
    }
    log_u32(log, (uint32_t)len);
    log_put(log, data, len);
}

void log_locality(struct made_log *log, uint8_t locality)
{
    uint8_t data[17] = "StartupLocality";
    data[16] = locality;
    log_event(log, 0, 3, data, sizeof data);
}

struct made_log log_ima(size_t template_hash, bool big_endian)
{
    return (struct made_log){ .template_hash = template_hash, .big_endian = big_endian };
}

static uint16_t template_alg(const struct made_log *log)
{
    const size_t len = log->template_hash;
    return len == 20 ? 4 : len == 32 ? 11 : len == 48 ? 12 : 13;
}

static void put_entry(struct made_log *log, uint32_t reg, const uint8_t *digest,
                      const char *template_, const struct made_log *data)
{
    log_u32(log, reg);
    log_put(log, digest, log->template_hash);
    log_u32(log, (uint32_t)strlen(template_));
    log_put(log, template_, strlen(template_));
    if (strcmp(template_, "ima") != 0) log_u32(log, (uint32_t)data->len);
    log_put(log, data->bytes, data->len);
}

static struct made_log file_fields(const struct made_log *log, const char *template_,
                                   const char *name, const uint8_t *digest)
{
    struct made_log data = { .big_endian = log->big_endian };
    log_u32(&data, 8 + 32);
    log_put(&data, "sha256:", 8);
    log_put(&data, digest, 32);
    log_u32(&data, (uint32_t)strlen(name) + 1);
    log_put(&data, name, strlen(name) + 1);
    if (strcmp(template_, "ima-sig") != 0) return data;
    log_u32(&data, 9);
    log_put(&data, "signature", 9);
    return data;
}

void log_file(struct made_log *log, uint32_t reg, const char *template_, const char *name,
              const char *content)
{
    uint8_t digest[64];
    hash(11, content, strlen(content), digest);
    const struct made_log data = file_fields(log, template_, name, digest);
    hash(template_alg(log), data.bytes, data.len, digest);
    put_entry(log, reg, digest, template_, &data);
}

void log_signed(struct made_log *log, uint32_t reg, const char *name, const char *content,
                size_t len)
{
    uint8_t digest[64], signature[256] = { 3, 2, 4 };
    hash(11, content, strlen(content), digest);
    struct made_log data = file_fields(log, "ima-ng", name, digest);
    log_u32(&data, (uint32_t)len);
    log_put(&data, signature, len);
    hash(template_alg(log), data.bytes, data.len, digest);
    put_entry(log, reg, digest, "ima-sig", &data);
}

void log_file_by(struct made_log *log, uint32_t reg, const char *name, const char *alg, size_t len)
{
    uint8_t digest[64];
    struct made_log data = { .big_endian = log->big_endian };
    memset(digest, 0x64, sizeof digest);
    log_u32(&data, (uint32_t)(strlen(alg) + 2 + len));
    log_put(&data, alg, strlen(alg));
    log_put(&data, ":", 2);
    log_put(&data, digest, len);
    log_u32(&data, (uint32_t)strlen(name) + 1);
    log_put(&data, name, strlen(name) + 1);
    hash(template_alg(log), data.bytes, data.len, digest);
    put_entry(log, reg, digest, "ima-ng", &data);
}

void log_violation(struct made_log *log, uint32_t reg, const char *name)
{
    static const uint8_t zero[64] = { 0 };
    const struct made_log data = file_fields(log, "ima-ng", name, zero);
    put_entry(log, reg, zero, "ima-ng", &data);
}

void log_legacy(struct made_log *log, uint32_t reg, const char *name)
{
    uint8_t digest[64], padded[20 + 256] = { 0 };
    struct made_log data = { .big_endian = log->big_endian };
    memset(padded, 0x77, 20);
    assay_bytes_copy(padded + 20, 256, name, strlen(name));
    hash(template_alg(log), padded, sizeof padded, digest);
    log_put(&data, padded, 20);
    log_u32(&data, (uint32_t)strlen(name));
    log_put(&data, name, strlen(name));
    put_entry(log, reg, digest, "ima", &data);
}

/* --- the replay */
static uint32_t u32_at(const struct made_log *log, size_t at)
{
    const uint8_t *const b = log->bytes + at;
    if (log->big_endian)
        return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    return (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}

static void extend(uint16_t alg, uint8_t value[64], const uint8_t *digest)
{
    uint8_t both[128];
    assay_bytes_copy(both, 64, value, hash_len(alg));
    assay_bytes_copy(both + hash_len(alg), 64, digest, hash_len(alg));
    hash(alg, both, 2 * hash_len(alg), value);
}

/* One event of firmware; returns where the next one begins. */
static size_t replay_tcg(const struct made_log *log, size_t at, uint32_t reg, uint16_t alg,
                         uint8_t value[64])
{
    const bool ours = u32_at(log, at) == reg;
    const bool acts = u32_at(log, at + 4) != 3;
    at += 12;
    for (size_t i = 0; i < log->alg_count; i++) {
        if (log->algs[i] == alg && ours && acts) extend(alg, value, log->bytes + at + 2);
        at += 2 + hash_len(log->algs[i]);
    }
    const size_t len = u32_at(log, at);
    if (ours && !acts && reg == 0 && len == 17) value[hash_len(alg) - 1] = log->bytes[at + 4 + 16];
    return at + 4 + len;
}

static size_t replay_ima(const struct made_log *log, size_t at, uint32_t reg, uint16_t alg,
                         uint8_t value[64])
{
    uint8_t digest[64], padded[20 + 256] = { 0 };
    const bool ours = u32_at(log, at) == reg;
    bool violation = true;
    for (size_t i = 0; i < log->template_hash; i++)
        violation = violation && log->bytes[at + 4 + i] == 0;
    at += 4 + log->template_hash;
    const size_t name_len = u32_at(log, at);
    at += 4 + name_len;
    if (name_len == 3) {
        const size_t file_len = u32_at(log, at + 20);
        assay_bytes_copy(padded, 20, log->bytes + at, 20);
        assay_bytes_copy(padded + 20, 256, log->bytes + at + 24, file_len);
        hash(alg, padded, sizeof padded, digest);
        at += 24 + file_len;
    } else {
        const size_t len = u32_at(log, at);
        hash(alg, log->bytes + at + 4, len, digest);
        at += 4 + len;
    }
    if (violation) memset(digest, 0xff, sizeof digest);
    if (ours) extend(alg, value, digest);
    return at;
}

size_t reference_replay(const struct made_log *log, uint32_t reg, uint16_t alg, size_t events,
                        uint8_t value[64])
{
    size_t at = log->template_hash > 0 ? 0 : 32 + 28 + 4 * log->alg_count + 1;
    memset(value, 0, 64);
    for (size_t i = 0; i < events && at < log->len; i++)
        at = log->template_hash > 0 ? replay_ima(log, at, reg, alg, value)
                                    : replay_tcg(log, at, reg, alg, value);
    return hash_len(alg);
}
