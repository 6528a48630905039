/*
 * quote/eventlog/tcg.c - reader of the crypto-agile log of firmware: TCG2 of a TPM, CCEL of a TD.
 *
 * Little-endian throughout. The first event has the old form with a SHA-1 digest of zeros and names
 * the algorithms; every later one has a digest of each (PC Client Platform Firmware Profile, 10.2).
 */
#include "quote/eventlog/eventlog.h"

#include "base/assert.h"
#include "quote/tpm_format.h"

enum { SHA1_LEN = 20, SIGNATURE_LEN = 16, HEADER_REGISTER_MAX = 1 };

static const uint8_t signature_03[SIGNATURE_LEN] = "Spec ID Event03";

/*
 * EV_NO_ACTION, no digest: only then is what follows compared with the signature. The register of
 * this event means nothing (it extends none): PFP 10.2 has 0; the log of a TD has 1 where UEFI
 * firmware wrote it (EDK2, TdTcg2Dxe: RTMR0) and 0 where td-shim did (evidence-rules.md 6.1).
 */
static enum assay_status read_opening(struct assay_cursor *in, struct assay_cursor *header)
{
    uint32_t reg = 0;
    uint32_t type = 0;
    uint32_t len = 0;
    const uint8_t *digest = NULL;
    const uint8_t *signature = NULL;
    ASSAY_TRY(assay_cursor_u32le(in, &reg));
    ASSAY_TRY(assay_cursor_u32le(in, &type));
    ASSAY_TRY(assay_cursor_take(in, SHA1_LEN, &digest));
    ASSAY_TRY(assay_cursor_u32le(in, &len));
    if (reg > HEADER_REGISTER_MAX || type != ASSAY_EV_NO_ACTION ||
        !assay_bytes_all_zero(digest, SHA1_LEN))
        return ASSAY_E_UNSUPPORTED;
    struct assay_cursor look = *in;
    ASSAY_TRY(assay_cursor_take(&look, SIGNATURE_LEN, &signature));
    if (!assay_bytes_equal(signature, signature_03, SIGNATURE_LEN)) return ASSAY_E_UNSUPPORTED;
    return assay_cursor_child(in, len, header);
}

bool assay_eventlog_looks_tcg(const uint8_t *bytes, size_t len)
{
    enum { OPENING_LEN = 4 + 4 + SHA1_LEN + 4 + SIGNATURE_LEN };
    struct assay_cursor in = assay_cursor_over(bytes, len);
    struct assay_cursor header;
    /* A header that is longer than the log is a log all the same: one that was cut. */
    const enum assay_status status = read_opening(&in, &header);
    return status == ASSAY_OK || (status == ASSAY_E_TRUNCATED && len >= OPENING_LEN);
}

/* A known algorithm with another length of digest would shift everything behind it. */
static enum assay_status read_algs(struct assay_cursor *in, struct assay_eventlog *log)
{
    uint32_t count = 0;
    ASSAY_TRY(assay_cursor_u32le(in, &count));
    if (count < 1 || count > ASSAY_EVENT_ALGS_MAX) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < count; i++) {
        struct assay_event_alg *const alg = &log->algs[i];
        ASSAY_TRY(assay_cursor_u16le(in, &alg->id));
        ASSAY_TRY(assay_cursor_u16le(in, &alg->len));
        const size_t known = assay_tpm_hash_len(alg->id);
        if (known != 0 && known != alg->len) return ASSAY_E_RANGE;
        if (alg->len < 1 || alg->len > ASSAY_MEASUREMENT_MAX) return ASSAY_E_RANGE;
        for (uint32_t j = 0; j < i; j++)
            if (log->algs[j].id == alg->id) return ASSAY_E_DUPLICATE;
    }
    ASSAY_ASSERT(count <= sizeof log->algs / sizeof log->algs[0]);
    log->alg_count = count;
    return ASSAY_OK;
}

enum assay_status assay_eventlog_open_tcg(struct assay_cursor in, struct assay_eventlog *log)
{
    enum { CLASS_AND_VERSION = 4 + 4 }; /* platform class; minor, major, errata, size of UINTN */
    struct assay_cursor header;
    uint8_t vendor_len = 0;
    ASSAY_TRY(read_opening(&in, &header));
    ASSAY_TRY(assay_cursor_skip(&header, SIGNATURE_LEN + CLASS_AND_VERSION));
    ASSAY_TRY(read_algs(&header, log));
    ASSAY_TRY(assay_cursor_u8(&header, &vendor_len));
    ASSAY_TRY(assay_cursor_skip(&header, vendor_len));
    ASSAY_TRY(assay_cursor_end(&header));
    ASSAY_ASSERT(log->alg_count > 0 && in.pos <= in.len);
    log->form = ASSAY_EVENTLOG_TCG;
    log->in = in;
    return ASSAY_OK;
}

/*
 * Firmware reserves room for a log and hands out all of it: what was not used is zeros or ones.
 * Neither can be an event: without digests there is none, and no register is number 2^32 - 1.
 */
static bool is_unused(struct assay_cursor in)
{
    struct assay_slice rest;
    if (assay_cursor_slice(&in, assay_cursor_left(&in), &rest) != ASSAY_OK) return false;
    for (size_t i = 0; i < rest.len; i++)
        if (rest.bytes[i] != rest.bytes[0] || (uint8_t)(rest.bytes[i] + 1) > 1) return false;
    return true;
}

static enum assay_status digest_len(const struct assay_eventlog *log, uint16_t alg, size_t *len)
{
    ASSAY_ASSERT(log->alg_count <= ASSAY_EVENT_ALGS_MAX);
    for (size_t i = 0; i < log->alg_count; i++) {
        if (log->algs[i].id != alg) continue;
        *len = log->algs[i].len;
        return ASSAY_OK;
    }
    return ASSAY_E_INVALID;
}

static enum assay_status read_digests(struct assay_eventlog *log, struct assay_boot_event *event)
{
    uint32_t count = 0;
    ASSAY_TRY(assay_cursor_u32le(&log->in, &count));
    if (count != log->alg_count) return ASSAY_E_INVALID;
    for (uint32_t i = 0; i < count; i++) {
        uint16_t alg = 0;
        size_t len = 0;
        ASSAY_TRY(assay_cursor_u16le(&log->in, &alg));
        ASSAY_TRY(digest_len(log, alg, &len));
        for (uint32_t j = 0; j < i; j++)
            if (event->digests[j].alg == alg) return ASSAY_E_DUPLICATE;
        event->digests[i].alg = alg;
        ASSAY_TRY(assay_cursor_slice(&log->in, len, &event->digests[i].bytes));
    }
    event->digest_count = count;
    return ASSAY_OK;
}

enum assay_status assay_eventlog_next_tcg(struct assay_eventlog *log,
                                          struct assay_boot_event *event)
{
    ASSAY_ASSERT(log->form == ASSAY_EVENTLOG_TCG);
    ASSAY_ASSERT(log->alg_count >= 1 && log->alg_count <= ASSAY_EVENT_ALGS_MAX);
    uint32_t len = 0;
    if (is_unused(log->in)) return ASSAY_E_NOT_FOUND;
    ASSAY_TRY(assay_cursor_u32le(&log->in, &event->reg));
    ASSAY_TRY(assay_cursor_u32le(&log->in, &event->type));
    /* EV_NO_ACTION may name any register, also none (2^32 - 1 in newer firmware). */
    if (event->reg >= ASSAY_EVENT_REGISTERS && event->type != ASSAY_EV_NO_ACTION)
        return ASSAY_E_RANGE;
    if (event->type == ASSAY_EV_IMA) return ASSAY_E_INVALID; /* ours, and no firmware's */
    ASSAY_TRY(read_digests(log, event));
    ASSAY_TRY(assay_cursor_u32le(&log->in, &len));
    return assay_cursor_slice(&log->in, len, &event->data);
}
