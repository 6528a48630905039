/*
 * quote/eventlog/eventlog.c - code shared by both forms of event logs: detection, names, hashes.
 */
#include "quote/eventlog/eventlog.h"

#include "base/assert.h"
#include "quote/text.h"
#include "quote/tpm_format.h"

enum assay_status assay_eventlog_open(const uint8_t *bytes, size_t len, struct assay_eventlog *log)
{
    ASSAY_ASSERT(log != NULL);
    if (len > ASSAY_EVENTLOG_LEN_MAX) return ASSAY_E_RANGE;
    struct assay_eventlog made = { 0 };
    const struct assay_cursor in = assay_cursor_over(bytes, len);
    if (assay_eventlog_looks_tcg(bytes, len)) ASSAY_TRY(assay_eventlog_open_tcg(in, &made));
    else ASSAY_TRY(assay_eventlog_open_ima(in, &made));
    *log = made;
    return ASSAY_OK;
}

enum assay_status assay_eventlog_next(struct assay_eventlog *log, struct assay_boot_event *event)
{
    ASSAY_ASSERT(log != NULL);
    ASSAY_ASSERT(event != NULL);
    struct assay_boot_event made = { .index = log->count, .offset = (uint32_t)log->in.pos };
    ASSAY_TRY(log->form == ASSAY_EVENTLOG_TCG ? assay_eventlog_next_tcg(log, &made)
                                              : assay_eventlog_next_ima(log, &made));
    log->count += 1; /* an event takes bytes: the length of a log bounds it */
    ASSAY_ASSERT(log->in.pos > made.offset);
    ASSAY_ASSERT(made.digest_count <= ASSAY_EVENT_ALGS_MAX);
    *event = made;
    return ASSAY_OK;
}

size_t assay_event_hash_len(uint16_t alg)
{
    switch (alg) {
    case ASSAY_TPM_SHA256: return ASSAY_SHA256_LEN;
    case ASSAY_TPM_SHA384: return ASSAY_SHA384_LEN;
    case ASSAY_TPM_SHA512: return ASSAY_SHA512_LEN;
    }
    return 0;
}

size_t assay_event_hash(uint16_t alg, struct assay_slice bytes,
                        uint8_t digest[static ASSAY_MEASUREMENT_MAX])
{
    switch (alg) {
    case ASSAY_TPM_SHA256: assay_sha256(bytes.bytes, bytes.len, digest); return ASSAY_SHA256_LEN;
    case ASSAY_TPM_SHA384: assay_sha384(bytes.bytes, bytes.len, digest); return ASSAY_SHA384_LEN;
    case ASSAY_TPM_SHA512: assay_sha512(bytes.bytes, bytes.len, digest); return ASSAY_SHA512_LEN;
    }
    return 0;
}

bool assay_event_data_is_measured(const struct assay_boot_event *event, uint16_t alg)
{
    ASSAY_ASSERT(event->digest_count <= ASSAY_EVENT_ALGS_MAX);
    uint8_t digest[ASSAY_MEASUREMENT_MAX];
    const size_t len = assay_event_hash(alg, event->data, digest);
    for (size_t i = 0; i < event->digest_count && len > 0; i++) {
        const struct assay_slice given = event->digests[i].bytes;
        if (event->digests[i].alg != alg || given.len != len) continue;
        return assay_bytes_equal(given.bytes, digest, len);
    }
    return false;
}

bool assay_event_extends(const struct assay_boot_event *event)
{
    return event->type != ASSAY_EV_NO_ACTION;
}

/* --- names: TCG PC Client Platform Firmware Profile, 10.4.1 */
#define TYPE_LIST(X)                                                                               \
    X(0x00000000, "EV_PREBOOT_CERT")                                                               \
    X(0x00000001, "EV_POST_CODE")                                                                  \
    X(0x00000003, "EV_NO_ACTION")                                                                  \
    X(0x00000004, "EV_SEPARATOR")                                                                  \
    X(0x00000005, "EV_ACTION")                                                                     \
    X(0x00000006, "EV_EVENT_TAG")                                                                  \
    X(0x00000007, "EV_S_CRTM_CONTENTS")                                                            \
    X(0x00000008, "EV_S_CRTM_VERSION")                                                             \
    X(0x00000009, "EV_CPU_MICROCODE")                                                              \
    X(0x0000000a, "EV_PLATFORM_CONFIG_FLAGS")                                                      \
    X(0x0000000b, "EV_TABLE_OF_DEVICES")                                                           \
    X(0x0000000c, "EV_COMPACT_HASH")                                                               \
    X(0x0000000d, "EV_IPL")                                                                        \
    X(0x0000000e, "EV_IPL_PARTITION_DATA")                                                         \
    X(0x0000000f, "EV_NONHOST_CODE")                                                               \
    X(0x00000010, "EV_NONHOST_CONFIG")                                                             \
    X(0x00000011, "EV_NONHOST_INFO")                                                               \
    X(0x00000012, "EV_OMIT_BOOT_DEVICE_EVENTS")                                                    \
    X(0x00000013, "EV_POST_CODE2")                                                                 \
    X(0x80000001, "EV_EFI_VARIABLE_DRIVER_CONFIG")                                                 \
    X(0x80000002, "EV_EFI_VARIABLE_BOOT")                                                          \
    X(0x80000003, "EV_EFI_BOOT_SERVICES_APPLICATION")                                              \
    X(0x80000004, "EV_EFI_BOOT_SERVICES_DRIVER")                                                   \
    X(0x80000005, "EV_EFI_RUNTIME_SERVICES_DRIVER")                                                \
    X(0x80000006, "EV_EFI_GPT_EVENT")                                                              \
    X(0x80000007, "EV_EFI_ACTION")                                                                 \
    X(0x80000008, "EV_EFI_PLATFORM_FIRMWARE_BLOB")                                                 \
    X(0x80000009, "EV_EFI_HANDOFF_TABLES")                                                         \
    X(0x8000000a, "EV_EFI_PLATFORM_FIRMWARE_BLOB2")                                                \
    X(0x8000000b, "EV_EFI_HANDOFF_TABLES2")                                                        \
    X(0x8000000c, "EV_EFI_VARIABLE_BOOT2")                                                         \
    X(0x8000000d, "EV_EFI_GPT_EVENT2")                                                             \
    X(0x80000010, "EV_EFI_HCRTM_EVENT")                                                            \
    X(0x800000e0, "EV_EFI_VARIABLE_AUTHORITY")                                                     \
    X(0x800000e1, "EV_EFI_SPDM_FIRMWARE_BLOB")                                                     \
    X(0x800000e2, "EV_EFI_SPDM_FIRMWARE_CONFIG")                                                   \
    X(0xffff0a0a, "ima")

#define TYPE_NAME(number, name)                                                                    \
    case UINT32_C(number): return name;
const char *assay_event_type_name(uint32_t type)
{
    switch (type) {
        TYPE_LIST(TYPE_NAME)
    }
    return NULL;
}
#undef TYPE_NAME

static bool is_name(const char *name, size_t len, const char *known)
{
    return assay_text_len(known, len + 1) == len && assay_bytes_equal(known, name, len);
}

enum assay_status assay_event_type_parse(const char *name, size_t len, uint32_t *type)
{
#define TYPE_PARSE(number, known)                                                                  \
    if (is_name(name, len, known)) {                                                               \
        *type = UINT32_C(number);                                                                  \
        return ASSAY_OK;                                                                           \
    }
    TYPE_LIST(TYPE_PARSE)
#undef TYPE_PARSE
    return ASSAY_E_NOT_FOUND;
}
