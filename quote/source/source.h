/*
 * quote/source/source.h - sources of evidence of a host: one interface, one driver per origin.
 *
 *     struct assay_source_config config = { .name = "tsm" };
 *     struct assay_source *source = NULL;
 *     char message[ASSAY_SOURCE_MESSAGE_LEN];
 *     if (assay_source_open(&config, &source, message) != ASSAY_OK) ...message has the remedy...
 *     struct assay_source_request request = { .deadline_ms = now_ms + 5000 }; ...report_data...
 *     struct assay_source_answer answer;
 *     if (assay_source_quote(source, &request, &answer, message) == ASSAY_OK) ...answer.evidence...
 *     assay_source_close(&source);
 *
 * For hosts and tools; the core never comes here. What a source returns is as hostile as anything
 * from the network: it is judged by quote/verify.h like everybody's.
 *
 * Calls block. One handle belongs to one thread at a time; different handles may be used by
 * different threads at once, of one device too. A call that has entered the kernel or a device is
 * not interrupted: the deadline is looked at between the steps and ends retries, so a caller that
 * must not wait for hardware calls from a thread of its own.
 */
#ifndef ASSAY_QUOTE_SOURCE_SOURCE_H
#define ASSAY_QUOTE_SOURCE_SOURCE_H

#include "base/writer.h"
#include "quote/source/calls.h"
#include "quote/verdict.h" /* ASSAY_EVIDENCE_LEN_MAX */

enum {
    ASSAY_SOURCE_MESSAGE_LEN = 320,
    ASSAY_SOURCE_REPORT_DATA_LEN = 64,
    ASSAY_SOURCE_AUXILIARY_LEN_MAX = 131072, /* certificate tables: genuine ones take 10 KB */
    ASSAY_SOURCE_MANIFEST_LEN_MAX = 16384,
    ASSAY_SOURCE_CERTIFICATES_MAX = 8,
    ASSAY_SOURCE_PUBLIC_KEY_LEN_MAX = 1024, /* the NSM's own bound */
    ASSAY_SOURCE_PROVIDER_LEN = 32,
};

/* What a certificate (or a revocation list) that came with evidence is for. Number, text. */
#define ASSAY_SOURCE_ROLE_LIST(X)                                                                  \
    X(ASSAY_SOURCE_VCEK, 0, "vcek")                                                                \
    X(ASSAY_SOURCE_VLEK, 1, "vlek")                                                                \
    X(ASSAY_SOURCE_ASK, 2, "ask") /* or ASVK, which signs VLEKs */                                 \
    X(ASSAY_SOURCE_ARK, 3, "ark")                                                                  \
    X(ASSAY_SOURCE_CRL, 4, "crl")                                                                  \
    X(ASSAY_SOURCE_AK, 5, "ak") /* TPM: certificate or public area of the attestation key */       \
    X(ASSAY_SOURCE_EK, 6, "ek") /* TPM: endorsement certificate */

#define ASSAY_SOURCE_ROLE_ENUM(symbol, number, text) symbol = number,
enum assay_source_role { ASSAY_SOURCE_ROLE_LIST(ASSAY_SOURCE_ROLE_ENUM) };
#undef ASSAY_SOURCE_ROLE_ENUM

/* Zero means the default everywhere; strings are copied by open. */
struct assay_source_config {
    const char *name; /* a driver: "tsm", "gramine", "nsm", "tpm", "recorded" */
    const char *path; /* folder, device or file; NULL: the driver's usual one. Of "tpm": the TCTI,
                         as "device:/dev/tpmrm0" or "swtpm:host=127.0.0.1,port=2321" */
    /* tsm */
    bool has_privilege_level;
    uint32_t privilege_level;     /* VMPL, 0..3; not under the provider's floor */
    const char *service_provider; /* "svsm": ask the service instead of the guest's own platform */
    const char *service_guid;     /* of one service; NULL: all of them */
    uint32_t service_manifest_version;
    /* A seam for tests, which put a platform of their own behind it. NULL: the operating system. */
    const struct assay_source_calls *calls;
    /* tpm */
    const char *state_dir; /* folder where a source keeps what it has provisioned */
    uint32_t pcr_mask;     /* PCRs to quote: bit i is PCR i; 0: the driver's choice */
};

struct assay_source_request {
    uint8_t report_data[ASSAY_SOURCE_REPORT_DATA_LEN]; /* docs/protocol.md 2.11, also for how kinds
                                                          with less room carry it */
    struct assay_slice public_key; /* NSM: put into the document; others ignore it; may be empty */
    uint64_t deadline_ms;          /* CLOCK_MONOTONIC; 0: none. Passed already: ASSAY_E_TIMEOUT */
};

struct assay_source_certificate {
    enum assay_source_role role;
    struct assay_slice bytes; /* DER */
};

/* Slices are borrowed from the source until its next quote or its close. */
struct assay_source_answer {
    char provider[ASSAY_SOURCE_PROVIDER_LEN]; /* provider: "tdx_guest", "dcap", ... */
    struct assay_slice evidence;              /* never empty; at most ASSAY_EVIDENCE_LEN_MAX */
    struct assay_slice auxiliary;             /* as it came; empty when there is none */
    enum assay_status auxiliary_status; /* why auxiliary is no table of certificates: the host sent
                                           nonsense, the evidence stands for itself */
    struct assay_slice manifest;        /* tsm: of the services (SVSM) */
    size_t certificate_count;
    struct assay_source_certificate certificates[ASSAY_SOURCE_CERTIFICATES_MAX];
    enum assay_evidence_kind package; /* kind whose certificates accompany it in a package;
                                         ASSAY_KIND_NONE: the evidence carries its own */
    bool is_recorded; /* not made for this report_data: no verdict can bind it */
};

/* --- what a driver brings; one row of the table in source.c each */
struct assay_source_driver {
    const char *name;
    const char *usual_path; /* NULL: a path must be given */
    const char *summary;    /* one line of text */
    /* Returns: as assay_source_open; *state is the driver's own, untouched unless ASSAY_OK */
    enum assay_status (*open)(const struct assay_source_config *config, void **state,
                              char message[static ASSAY_SOURCE_MESSAGE_LEN]);
    /* Fills *answer, which is zero. Returns: as assay_source_quote */
    enum assay_status (*quote)(void *state, const struct assay_source_request *request,
                               struct assay_source_answer *answer,
                               char message[static ASSAY_SOURCE_MESSAGE_LEN]);
    /* Releases everything. */
    void (*close)(void *state);
};

/* For drivers. Returns: in message, what printf makes of it, cut at its room. */
__attribute__((format(printf, 2, 3))) void assay_source_set_message(
    char message[static ASSAY_SOURCE_MESSAGE_LEN], const char *format, ...);

/* One driver each: tsm.c, gramine.c, nsm.c, recorded.c, tpm.c. Returns: static memory. */
const struct assay_source_driver *assay_source_tsm(void);
const struct assay_source_driver *assay_source_gramine(void);
const struct assay_source_driver *assay_source_nsm(void);
const struct assay_source_driver *assay_source_recorded(void);
const struct assay_source_driver *assay_source_tpm(void);

/* --- for hosts */
struct assay_source;

/* Row number index of this build, for going through all. Returns: NULL past the last. */
const struct assay_source_driver *assay_source_at(size_t index);
/* The row of a name. Returns: NULL when this build has none. */
const struct assay_source_driver *assay_source_find(const char *name);
/* Returns: "vcek", ...; NULL outside the list. */
const char *assay_source_role_text(enum assay_source_role role);
/*
 * assay_source_open - prepare a source; nothing is quoted yet.
 * In:      config->name may name any driver of this build
 * Out:     *out on ASSAY_OK; otherwise message has the expected and the found value, and the
 * remedy. On ASSAY_OK it is empty, or a warning to display ("recorded")
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no such driver, folder, device, file) |
 *          ASSAY_E_UNSUPPORTED (it is there, and is of a type that cannot quote) | ASSAY_E_RANGE
 *          (configuration) | ASSAY_E_INVALID (what is there is not what it should be) |
 *          ASSAY_E_IO | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_source_open(const struct assay_source_config *config,
                                                  struct assay_source **out,
                                                  char message[static ASSAY_SOURCE_MESSAGE_LEN]);
/*
 * assay_source_quote - evidence over request->report_data.
 * Out:     *answer on ASSAY_OK, borrowing from source; message otherwise. Zero bytes after the
 *          declared end of a quote are cut off (docs/protocol.md 3.5)
 * Returns: ASSAY_OK | ASSAY_E_TIMEOUT (deadline) | ASSAY_E_AGAIN (others kept interfering; busy) |
 *          ASSAY_E_UNSUPPORTED (the platform cannot, or in a format that is not known) |
 *          ASSAY_E_RANGE (evidence is too large) | ASSAY_E_INVALID and the other input errors (the
 *          platform's answer breaks its own format) | ASSAY_E_NOT_FOUND (it has gone, or nothing
 *          was recorded) | ASSAY_E_IO | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_source_quote(struct assay_source *source,
                                                   const struct assay_source_request *request,
                                                   struct assay_source_answer *answer,
                                                   char message[static ASSAY_SOURCE_MESSAGE_LEN]);
/*
 * assay_source_pack - the answer as one byte string, as networks carry it (quote/package.h): an SNP
 * report with its certificates; all other evidence is in that form already.
 * Returns: ASSAY_OK | ASSAY_E_FULL (the writer)
 */
ASSAY_CHECKED enum assay_status assay_source_pack(const struct assay_source_answer *answer,
                                                  struct assay_writer *w);
/* Returns: the driver of an open source, never NULL. */
const struct assay_source_driver *assay_source_driver_of(const struct assay_source *source);
/* Accepts a pointer to NULL; nulls it. */
void assay_source_close(struct assay_source **source);

#endif
