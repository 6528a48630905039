/*
 * net/verifier/evidence_cache.h - in-memory cache of evidence and verdicts, keyed by digest.
 *
 * Two bounded caches in front of the store: bytes (the newest pieces: peers pull those of this
 * epoch and the one before) and verdicts by (digest, appraisal time). The store retains evidence
 * for ASSAY_EVIDENCE_EPOCHS epochs (docs/protocol.md 4.10); an added piece goes into the store's
 * open batch, which the runtime commits.
 */
#ifndef ASSAY_NET_VERIFIER_EVIDENCE_CACHE_H
#define ASSAY_NET_VERIFIER_EVIDENCE_CACHE_H

#include "engine/store/store.h"
#include "quote/verdict.h"

enum {
    ASSAY_EVIDENCE_CACHE_MAX = 512,       /* pieces */
    ASSAY_EVIDENCE_CACHE_BYTES = 8 << 20, /* of all pieces */
    ASSAY_EVIDENCE_CACHE_VERDICTS = 128, /* of 12 KB each */
};

struct assay_evidence_cache;

/* In: newest: the number of pieces and of verdicts to cache, at least 1, limited to
 * ASSAY_EVIDENCE_CACHE_MAX and ASSAY_EVIDENCE_CACHE_VERDICTS.
 * Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_evidence_cache_create(struct assay_store *store,
                                                            size_t newest,
                                                            struct assay_evidence_cache **out);
/* Accepts a pointer to NULL; nulls it. */
void assay_evidence_cache_destroy(struct assay_evidence_cache **cache);
/*
 * Caches bytes and, unless they are stored already, adds them to the store's open batch.
 * In:      digest = SHA-256 of the bytes (asserted by the caller); len 1..ASSAY_EVIDENCE_LEN_MAX
 * Returns: ASSAY_OK | ASSAY_E_RANGE | ASSAY_E_STORE | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_evidence_cache_add(struct assay_evidence_cache *cache,
                                                         uint32_t era, uint64_t epoch,
                                                         const uint8_t digest[static 32],
                                                         struct assay_slice bytes);
/* From the cache, else from the store. Out: *bytes, borrowed until the next call.
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status assay_evidence_cache_get(struct assay_evidence_cache *cache,
                                                         const uint8_t digest[static 32],
                                                         struct assay_slice *bytes);
void assay_evidence_cache_set_verdict(struct assay_evidence_cache *cache,
                                      const uint8_t digest[static 32], int64_t at_unix_s,
                                      const struct assay_verdict *verdict);
/* Returns: the borrowed verdict, or NULL. */
const struct assay_verdict *assay_evidence_cache_find_verdict(
    const struct assay_evidence_cache *cache, const uint8_t digest[static 32], int64_t at_unix_s);
/* Returns: bytes in the cache. */
size_t assay_evidence_cache_get_bytes(const struct assay_evidence_cache *cache);

#endif
