/*
 * quote/request.h - inputs of an appraisal: the request, the endorsements, and the cache of proofs
 * that a caller lends (quote/verify.h).
 */
#ifndef ASSAY_QUOTE_REQUEST_H
#define ASSAY_QUOTE_REQUEST_H

#include "base/crypto.h"
#include "quote/verdict.h"

struct assay_collateral; /* quote/collateral/collateral.h */
struct assay_policy;     /* quote/accept/policy.h */
struct assay_eventlog_report; /* quote/eventlog/appraise.h */

enum {
    ASSAY_ENDORSEMENTS_MAX = 32, /* vendors times platform families of one network */
    ASSAY_VERIFIER_ENTRIES_MAX = 16384,
    ASSAY_VERIFIER_TABLED_MAX = 1024,
    /* Genuine quotes of a platform before its key gets a table: about as many as repay its making,
     * so that a sender of them costs at most two fifths more than without tables. */
    ASSAY_VERIFIER_HOT = 1000,
};

/* Bit of a kind in a mask of kinds. */
#define ASSAY_KIND_BIT(kind) (UINT32_C(1) << (unsigned)(kind))
#define ASSAY_KINDS_ALL      UINT32_MAX
/* Sets of kinds: families with a common name. */
#define ASSAY_KINDS_KNOWN (UINT32_C(0) ASSAY_KIND_LIST(ASSAY_KIND_IF_ANY))
#define ASSAY_KINDS_QUOTE (UINT32_C(0) ASSAY_KIND_LIST(ASSAY_KIND_IF_QUOTE))
#define ASSAY_KINDS_SGX   (UINT32_C(0) ASSAY_KIND_LIST(ASSAY_KIND_IF_SGX))
#define ASSAY_KINDS_TDX   (UINT32_C(0) ASSAY_KIND_LIST(ASSAY_KIND_IF_TDX))
#define ASSAY_KINDS_SNP   (UINT32_C(0) ASSAY_KIND_LIST(ASSAY_KIND_IF_SNP))
#define ASSAY_KINDS_TPM   (UINT32_C(0) ASSAY_KIND_LIST(ASSAY_KIND_IF_TPM))
#define ASSAY_KINDS_NITRO (UINT32_C(0) ASSAY_KIND_LIST(ASSAY_KIND_IF_NITRO))
#define ASSAY_KINDS_CCA   (UINT32_C(0) ASSAY_KIND_LIST(ASSAY_KIND_IF_CCA))
#define ASSAY_KINDS_NVIDIA (UINT32_C(0) ASSAY_KIND_LIST(ASSAY_KIND_IF_NVIDIA))
#define ASSAY_KINDS_SOFT  (UINT32_C(0) ASSAY_KIND_LIST(ASSAY_KIND_IF_SOFT))
/* Judged by Intel's TCB info and QE identity, or what a project makes of the same form. */
#define ASSAY_KINDS_DCAP (ASSAY_KINDS_SGX | ASSAY_KINDS_TDX)

#define ASSAY_KIND_IF(number, is) | ((is) != 0 ? UINT32_C(1) << (number) : 0)
#define ASSAY_KIND_IF_ANY(symbol, number, text, row, families) ASSAY_KIND_IF(number, 1)
#define ASSAY_KIND_IF_QUOTE(symbol, number, text, row, families)                                   \
    ASSAY_KIND_IF(number, (families) & ASSAY_FAMILY_QUOTE)
#define ASSAY_KIND_IF_SGX(symbol, number, text, row, families)                                     \
    ASSAY_KIND_IF(number, (families) & ASSAY_FAMILY_SGX)
#define ASSAY_KIND_IF_TDX(symbol, number, text, row, families)                                     \
    ASSAY_KIND_IF(number, (families) & ASSAY_FAMILY_TDX)
#define ASSAY_KIND_IF_SNP(symbol, number, text, row, families)                                     \
    ASSAY_KIND_IF(number, (families) & ASSAY_FAMILY_SNP)
#define ASSAY_KIND_IF_TPM(symbol, number, text, row, families)                                     \
    ASSAY_KIND_IF(number, (families) & ASSAY_FAMILY_TPM)
#define ASSAY_KIND_IF_NITRO(symbol, number, text, row, families)                                   \
    ASSAY_KIND_IF(number, (families) & ASSAY_FAMILY_NITRO)
#define ASSAY_KIND_IF_CCA(symbol, number, text, row, families)                                     \
    ASSAY_KIND_IF(number, (families) & ASSAY_FAMILY_CCA)
#define ASSAY_KIND_IF_NVIDIA(symbol, number, text, row, families)                                  \
    ASSAY_KIND_IF(number, (families) & ASSAY_FAMILY_NVIDIA)
#define ASSAY_KIND_IF_SOFT(symbol, number, text, row, families)                                    \
    ASSAY_KIND_IF(number, (families) & ASSAY_FAMILY_SOFT)

/* One pinned root key, what it may vouch for, and the collateral of one platform family under it.
 */
struct assay_endorsement {
    struct assay_key root;
    uint32_t kinds;                            /* ASSAY_KIND_BIT(...) | ... */
    const struct assay_collateral *collateral; /* NULL: none is known */
};

struct assay_endorsements {
    size_t count; /* several entries may share a root: one per FMSPC, TEE and CA */
    /*
     * The collateral is meant for this very evidence (command line): collateral of another platform
     * is then a mismatch. In a network (false) it only means that the right one is missing.
     */
    bool exact;
    struct assay_endorsement entries[ASSAY_ENDORSEMENTS_MAX];
};

struct assay_evidence_request {
    enum assay_evidence_kind kind;
    const uint8_t
        *bytes; /* hostile; exactly the declared length: a zero tail is the source's to cut */
    size_t len;
    int64_t at_unix_s; /* calendar time of the appraisal: floor(t0 / 1000) of the epoch */
    /* If the inputs of the verdict have expired by then, it is appraised at their last valid second
     * (docs/protocol.md 9.9: verdicts of replaced rules). */
    bool at_end;
    const struct assay_endorsements *endorsements;
    const struct assay_policy *policy;
    /* Nonce of the OCSP requests whose answers are in the endorsements: each must have it. Empty:
     * none was sent, or they were fetched earlier. */
    struct assay_slice ocsp_nonce;
    /* --- event logs of firmware and of IMA, hostile; none: NULL and 0 */
    const struct assay_slice *logs; /* at most ASSAY_EVENTLOGS_MAX (asserted) */
    size_t log_count;
    /* Findings as text, always written: empty when the evidence could not be read. NULL:
     * not wanted. */
    struct assay_eventlog_report *log_report;
};

/* Remembered chains and keys; opaque, in memory of the caller, one per thread. */
struct assay_verifier;

/* Returns: bytes needed for a verifier of that many entries (1..ASSAY_VERIFIER_ENTRIES_MAX,
 * asserted). */
size_t assay_verifier_size(size_t entries);
/*
 * assay_verifier_init - in memory of the caller, aligned for any type.
 * Returns: ASSAY_OK | ASSAY_E_FULL (memory_len below assay_verifier_size)
 */
ASSAY_CHECKED enum assay_status assay_verifier_init(void *memory, size_t memory_len, size_t entries,
                                                    struct assay_verifier **verifier);
/* Frees the decoded keys, not the memory; accepts NULL, sets *verifier to NULL.
 */
void assay_verifier_deinit(struct assay_verifier **verifier);

/*
 * assay_verifier_limit_tables - at most so many keys of platforms have a table of multiples
 * (base/crypto.h), 0 to ASSAY_VERIFIER_TABLED_MAX (asserted); after init: 0. A key gets one after
 * ASSAY_VERIFIER_HOT genuine quotes that were verified by it while it was remembered; the appraisal
 * that makes it takes 20 ms longer. If all tables are in use it replaces the one used longest ago,
 * unless that one was used since the first of these quotes. Surplus tables are freed at once.
 */
void assay_verifier_limit_tables(struct assay_verifier *verifier, size_t count);

/* What a verifier has done since init, and what it holds now. */
struct assay_verifier_counts {
    uint64_t hits; /* platforms found again: one signature is left to verify */
    uint64_t misses;
    uint64_t evictions; /* platforms thrown out for others */
    uint64_t authority_hits;
    uint64_t authority_misses;
    size_t entries_used;
    size_t tables_used;
    size_t key_bytes; /* decoded keys and their tables, in addition to assay_verifier_size */
};
/* */
void assay_verifier_count(const struct assay_verifier *verifier,
                          struct assay_verifier_counts *counts);

#endif
