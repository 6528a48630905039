/*
 * quote/eventlog/eventlog.h - readers of event logs: the event that extended each register.
 *
 * Sources: TCG, "PC Client Platform Firmware Profile Specification", 10.2 (the log; its first event
 * names the hash algorithms) and 10.4.1 (event types); UEFI 2.10, 38.1 and 38.4.1: the log of a
 * confidential guest (ACPI table CCEL) has the same form and counts measurement registers instead
 * of PCRs: 0 is MRTD, 1 to 4 are RTMR0 to RTMR3. Linux: Documentation/security/IMA-templates, and
 * ima_fs.c for the binary form.
 *
 * A log is no proof: it is not signed. It explains a register whose value was quoted, if its replay
 * matches (replay.h). evidence-rules.md 6.1 to 6.6.
 */
#ifndef ASSAY_QUOTE_EVENTLOG_EVENTLOG_H
#define ASSAY_QUOTE_EVENTLOG_EVENTLOG_H

#include "base/cursor.h"
#include "quote/verdict.h"

enum {
    ASSAY_EVENTLOG_LEN_MAX = 16 << 20, /* genuine: firmware 64 KiB, IMA some MiB */
    ASSAY_EVENTLOGS_MAX = 4,           /* of one piece of evidence: firmware, IMA, and room */
    ASSAY_EVENT_ALGS_MAX = 8,          /* of one TPM; genuine ones have two to four */
    ASSAY_EVENT_REGISTERS = 24,        /* PCRs of the PC client platform; a TD has fewer */
    ASSAY_EVENT_VENDOR_MAX = 255,
    ASSAY_IMA_NAME_MAX = 255,
};

/* Event types that mean something to us. The others are shown by number or name alone. */
#define ASSAY_EV_NO_ACTION UINT32_C(3)
#define ASSAY_EV_SEPARATOR UINT32_C(4)
/* Ours: entries of IMA have no event type; no specification gives this number away. */
#define ASSAY_EV_IMA UINT32_C(0xffff0a0a)

enum assay_eventlog_form { ASSAY_EVENTLOG_TCG = 1, ASSAY_EVENTLOG_IMA = 2 };

/* A hash algorithm by its number at TCG (quote/tpm/tpm.h) and its place in the log. */
struct assay_event_alg {
    uint16_t id;
    uint16_t len;
};

/* Slices borrow from the log. */
struct assay_boot_event {
    uint64_t index;  /* from 0; the header of a TCG log is not counted */
    uint32_t offset; /* in the log */
    uint32_t reg;    /* as the log counts: PCR, or measurement register of CCEL */
    uint32_t type;   /* ASSAY_EV_IMA for entries of IMA */
    size_t digest_count;
    struct {
        uint16_t alg;
        struct assay_slice bytes;
    } digests[ASSAY_EVENT_ALGS_MAX];
    struct assay_slice data; /* TCG: event data; IMA: template data, which is what is hashed */
    /* --- IMA alone */
    bool violation;               /* the file was open for writing: the kernel extends ones */
    bool is_legacy;               /* template "ima": data is hashed in another form */
    struct assay_slice template_; /* "ima-ng" */
    struct assay_slice file_name;
    struct assay_slice file_digest; /* empty where the template has none */
    uint16_t file_alg;              /* of file_digest; 0: none that policies have digests of */
};

struct assay_eventlog {
    enum assay_eventlog_form form;
    struct assay_cursor in;
    uint64_t count; /* of events read */
    /* --- TCG */
    size_t alg_count;
    struct assay_event_alg algs[ASSAY_EVENT_ALGS_MAX];
    /* --- IMA */
    bool big_endian;
    size_t template_digest_len; /* 20, 32, 48 or 64: one file of the kernel for each bank */
};

/*
 * assay_eventlog_open - recognise a log by its content.
 * In:      bytes[len], hostile
 * Out:     *log, written only on ASSAY_OK; borrows from bytes
 * Returns: ASSAY_OK | ASSAY_E_UNSUPPORTED (not a log that is read here) | ASSAY_E_RANGE (too long,
 *          or a number of the header) | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING | ASSAY_E_DUPLICATE
 *          (an algorithm twice)
 * Cost:    one look at the header, or at the first entry
 */
ASSAY_CHECKED enum assay_status assay_eventlog_open(const uint8_t *bytes, size_t len,
                                                    struct assay_eventlog *log);
/*
 * assay_eventlog_next - one event more.
 * Out:     *event, written only on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (the log ends here, as it should) | ASSAY_E_TRUNCATED |
 *          ASSAY_E_RANGE | ASSAY_E_TRAILING | ASSAY_E_DUPLICATE (a digest twice) | ASSAY_E_INVALID
 *          (digests of other algorithms than the header has, an entry of IMA that contradicts
 *          itself)
 */
ASSAY_CHECKED enum assay_status assay_eventlog_next(struct assay_eventlog *log,
                                                    struct assay_boot_event *event);
/* Returns: 32, 48 or 64; 0 for an algorithm that is not hashed here. */
size_t assay_event_hash_len(uint16_t alg);
/* Digest of bytes by the algorithm's number at TCG: SHA-256, SHA-384, SHA-512; SHA-1 is not hashed
 * here. Returns: its length; 0 for any other, digest untouched */
size_t assay_event_hash(uint16_t alg, struct assay_slice bytes,
                        uint8_t digest[static ASSAY_MEASUREMENT_MAX]);
/* Returns: true when the event's digest by alg is the hash of its data: then the data is proven,
 * too. */
bool assay_event_data_is_measured(const struct assay_boot_event *event, uint16_t alg);
/* Does the event extend a register? EV_NO_ACTION does not (10.4.1). Returns: true if so. */
bool assay_event_extends(const struct assay_boot_event *event);
/* Returns: "EV_SEPARATOR", "ima", ...; NULL for a type without a name. */
const char *assay_event_type_name(uint32_t type);
/* By name. Returns: ASSAY_OK | ASSAY_E_NOT_FOUND */
ASSAY_CHECKED enum assay_status assay_event_type_parse(const char *name, size_t len,
                                                       uint32_t *type);

/* The two readers behind open and next, quote/eventlog/tcg.c and ima.c. Each Returns: as those. */
ASSAY_CHECKED enum assay_status assay_eventlog_open_tcg(struct assay_cursor in,
                                                        struct assay_eventlog *log);
ASSAY_CHECKED enum assay_status assay_eventlog_open_ima(struct assay_cursor in,
                                                        struct assay_eventlog *log);
ASSAY_CHECKED enum assay_status assay_eventlog_next_tcg(struct assay_eventlog *log,
                                                        struct assay_boot_event *event);
ASSAY_CHECKED enum assay_status assay_eventlog_next_ima(struct assay_eventlog *log,
                                                        struct assay_boot_event *event);
/* Returns: true when the bytes open like a TCG log, well-formed or not. */
bool assay_eventlog_looks_tcg(const uint8_t *bytes, size_t len);
/* Do the bytes begin like a list of IMA as text (ascii_runtime_measurements)? */
bool assay_ima_text_looks(struct assay_slice text);
/*
 * assay_ima_text_encode - a list of IMA as text, in the binary form, little-endian: templates ima,
 * ima-ng, ima-sig, ima-buf, ima-ngv2, ima-sigv2.
 * In:      text, hostile; capacity: 2 * text.len always suffices
 * Out:     out[*len]
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_RANGE | ASSAY_E_TRAILING (a field more) |
 *          ASSAY_E_UNSUPPORTED (another template) | ASSAY_E_FULL
 */
ASSAY_CHECKED enum assay_status assay_ima_text_encode(struct assay_slice text, uint8_t *out,
                                                      size_t capacity, size_t *len);
/* What IMA extends a bank with: the hash of the template data, or ones. Returns: its length; 0 for
 * an algorithm that is not hashed here */
size_t assay_ima_digest(const struct assay_boot_event *event, uint16_t alg,
                        uint8_t digest[static ASSAY_MEASUREMENT_MAX]);

#endif
